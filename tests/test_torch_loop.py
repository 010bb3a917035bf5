"""The loop to copy makes the helpers' updates; the helpers' truncation is torch's, detached."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from helpers import gru, layout, lstm, rnn, torch_loop, torch_twin, train, truncation
from helpers.truncation import Edge

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of another library's own imports
    from ignite.contrib.engines.tbptt import Tbptt_Events, create_supervised_tbptt_trainer

V, H = 5, 4
FIELDS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


def model_of(params):
    """The same network for torch: one-hot inputs, and only as many biases as ours."""
    layer, head = torch_twin.to_torch(params)
    model = torch_loop.NextToken(
        nn.Embedding.from_pretrained(torch.eye(V, dtype=torch.float64)), layer, head
    )
    if isinstance(params, gru.Params):
        rows = torch.arange(3 * H) >= 2 * H
        layer.bias_hh_l0.register_hook(lambda g: g * rows)
    else:
        layer.bias_hh_l0.requires_grad_(False)
    return model


def weights(model):
    layer, head = model.layer, model.head
    found = (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, head.weight, head.bias)
    return [p.detach().numpy().T for p in found]


def learnable(model):
    return [p for p in model.parameters() if p.requires_grad]


@pytest.mark.parametrize("cell", [rnn, lstm, gru], ids=lambda c: c.__name__)
@pytest.mark.parametrize(("tokens", "num_steps"), [(91, 6), (91, 1), (93, 30), (80, 7)])
@pytest.mark.parametrize(("max_norm", "within"), [(1e6, 1e-12), (0.3, 1e-5)])
def test_the_loop_makes_the_updates_of_fit(cell, tokens, num_steps, max_norm, within):
    # Where torch clips, it divides by the norm plus 1e-6, so the updates differ by a millionth.
    rng = np.random.default_rng(3)
    params, ids = cell.init(V, H, V, rng), rng.integers(V, size=tokens)
    model = model_of(params)
    sgd = torch.optim.SGD(learnable(model), lr=0.7)
    loss = torch_loop.train_epoch(
        model, torch.tensor(ids), sgd, batch_size=3, num_steps=num_steps, max_norm=max_norm
    )
    windows = list(layout.windows(layout.to_streams(ids, 3), num_steps))
    records = list(
        train.fit(params, windows, Edge.CARRY, cell=cell, learning_rate=0.7, max_norm=max_norm)
    )
    mean = np.average([r.loss for r in records], weights=[w.x.size for w in windows])
    assert loss == pytest.approx(mean, abs=within)
    for name, got in zip(FIELDS, weights(model), strict=True):
        np.testing.assert_allclose(got, getattr(records[-1].params, name), rtol=0, atol=within)


def test_the_loop_learns_with_an_lstm_of_its_own():
    torch.manual_seed(0)
    model = torch_loop.NextToken(nn.Embedding(V, 6), nn.LSTM(6, 16), nn.Linear(16, V))
    ids = torch.arange(2000) % V
    adam = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = [
        torch_loop.train_epoch(model, ids, adam, batch_size=4, num_steps=10) for _ in range(3)
    ]
    assert losses[-1] < 0.1 < losses[0]


@given(
    N=st.integers(2, 60),
    batch_size=st.integers(1, 6),
    num_steps=st.integers(1, 12),
)
def test_the_loader_gives_the_windows_of_layout(N, batch_size, num_steps):
    ids = np.arange(max(N, 2 * batch_size))
    ours = list(layout.windows(layout.to_streams(ids, batch_size), num_steps))
    theirs = list(torch_loop.stream_windows(torch.tensor(ids), batch_size, num_steps))
    assert len(ours) == len(theirs)
    for window, (x, y) in zip(ours, theirs, strict=True):
        assert window.x.tolist() == x.tolist()
        assert window.y.tolist() == y.tolist()


def test_the_loader_gives_views():
    ids = torch.arange(20)
    assert all(x._base is ids for x, _ in torch_loop.stream_windows(ids, 2, 3))


def test_a_detached_state_keeps_its_value():
    h = torch.ones(2, requires_grad=True) * 3
    cut = torch_loop.detached((h, h))
    assert all(part.tolist() == [3, 3] and part.grad_fn is None for part in cut)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": torch.zeros(4, 2)}, r"ids must be a vector of at least 4 tokens, got \(4, 2\)"),
        ({"ids": torch.zeros(3)}, r"at least 4 tokens, got \(3,\)"),
        ({"ids": [1, 2, 3, 4]}, "at least 4 tokens, got list"),
        ({"batch_size": 0}, "batch_size must be an integer of at least 1, got 0"),
        ({"num_steps": 0}, "num_steps must be an integer of at least 1, got 0"),
        ({"max_norm": 0}, "max_norm must be greater than 0, got 0"),
    ],
)
def test_bad_arguments_are_refused(change, message):
    good = {"ids": torch.arange(9), "batch_size": 2, "num_steps": 3, "max_norm": 1.0}
    arguments = good | change
    model = model_of(rnn.init(V, H, V, np.random.default_rng(0)))
    sgd = torch.optim.SGD(learnable(model), lr=0.1)
    with pytest.raises(ValueError, match=message):
        torch_loop.train_epoch(model, arguments.pop("ids"), sgd, **arguments)


def torch_tbptt(params, x, y, k1, k2, edge):
    """TBPTT(k1, k2) by autograd, cell by cell, with every cut an explicit detach."""
    layer, head = torch_twin.to_torch(params)
    cell = nn.RNNCell(V, H, dtype=torch.float64)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    tokens, targets = torch.eye(V, dtype=torch.float64)[torch.tensor(x)], torch.tensor(y)
    P, B = x.shape
    states = [torch.zeros(B, H, dtype=torch.float64)]
    for t in range(P):
        states.append(cell(tokens[t], states[t]).detach())
    total = 0.0
    for begin in range(0, P, k1):
        stop = min(begin + k1, P)
        first = max(0, begin + k1 - k2)
        h = states[first] if edge is Edge.CARRY else torch.zeros_like(states[0])
        for t in range(first, stop):
            h = cell(tokens[t], h)
            if t >= begin:
                loss = nn.functional.cross_entropy(head(h), targets[t]) / P
                loss.backward(retain_graph=True)
                total += float(loss.detach())
    found = (cell.weight_ih, cell.weight_hh, cell.bias_ih, head.weight, head.bias)
    return total, [p.grad.numpy().T for p in found]


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_tbptt_of_the_helpers_equals_torch_with_explicit_detaches(data):
    L = data.draw(st.integers(2, 14))
    P, B = L - 1, data.draw(st.integers(1, 4))
    k1 = data.draw(st.integers(1, P))
    k2 = data.draw(st.integers(k1, P + 2))
    edge = data.draw(st.sampled_from(Edge))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    params, ids = rnn.init(V, H, V, rng), rng.integers(V, size=(L, B))
    loss, grads = truncation.tbptt(params, ids[:-1], ids[1:], k1=k1, k2=k2, edge=edge)
    expected, theirs = torch_tbptt(params, ids[:-1], ids[1:], k1, k2, edge)
    assert loss == pytest.approx(expected, abs=1e-12)
    for name, value in zip(FIELDS, theirs, strict=True):
        np.testing.assert_allclose(getattr(grads, name), value, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("P", "num_steps"), [(12, 4), (12, 1), (12, 12)])
def test_windows_give_the_gradients_of_ignites_truncated_trainer(P, num_steps):
    rng = np.random.default_rng(5)
    params, ids = rnn.init(V, H, V, rng), rng.integers(V, size=(P + 1, 3))
    model = model_of(params)
    still = torch.optim.SGD(learnable(model), lr=0.0)
    trainer, seen = ignites(model, still, num_steps)
    trainer.run([(torch.tensor(ids[:-1]), torch.tensor(ids[1:]))])
    _, grads = truncation.tbptt(
        params, ids[:-1], ids[1:], k1=num_steps, k2=num_steps, edge=Edge.CARRY
    )
    assert len(seen) == P // num_steps
    for i, name in enumerate(FIELDS):
        mean = np.mean([gradient[i] for gradient in seen], 0)
        np.testing.assert_allclose(mean, getattr(grads, name), rtol=0, atol=1e-12)


def test_windows_make_the_updates_of_ignites_truncated_trainer():
    rng = np.random.default_rng(6)
    params, ids = rnn.init(V, H, V, rng), rng.integers(V, size=39)
    streams = layout.to_streams(ids, 3)
    model = model_of(params)
    trainer, _ = ignites(model, torch.optim.SGD(learnable(model), lr=0.5), 4)
    trainer.run([(torch.tensor(streams[:-1]), torch.tensor(streams[1:]))])
    *_, last = train.fit(
        params, layout.windows(streams, 4), Edge.CARRY, learning_rate=0.5, max_norm=None
    )
    for name, got in zip(FIELDS, weights(model), strict=True):
        np.testing.assert_allclose(got, getattr(last.params, name), rtol=0, atol=1e-12)


def ignites(model, optimiser, num_steps):
    seen = []
    trainer = create_supervised_tbptt_trainer(
        model,
        optimiser,
        lambda logits, y: nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten()),
        num_steps,
    )
    layer, head = model.layer, model.head
    found = (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, head.weight, head.bias)
    trainer.add_event_handler(
        Tbptt_Events.TIME_ITERATION_COMPLETED,
        lambda engine: seen.append([p.grad.numpy().T.copy() for p in found]),
    )
    return trainer, seen
