"""Our gradients are autograd's; the loop to copy and ignite's trainer make our updates."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import CELLS, distance, each_cell, few, problem, problems
from torch import nn

from helpers import cells, layout, train, truncation
from helpers.tools import torch_loop, torch_twin
from helpers.truncation import Edge

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of another library's own imports
    from ignite.contrib.engines.tbptt import Tbptt_Events, create_supervised_tbptt_trainer

V, H = 5, 4


@few
@given(problems, st.booleans(), st.booleans())
def test_loss_and_all_gradients_are_those_of_autograd(p, with_state, with_ids):
    x, state = (p.ids if with_ids else p.x), (p.state if with_state else None)
    loss, grads = torch_twin.gradients(p.params, x, p.y, state)
    assert loss == pytest.approx(p.loss(x=x, state=state), abs=1e-12)
    assert distance(grads.flat(), p.gradient(x=x, state=state)) <= 1e-12


@each_cell
def test_derivative_of_the_first_state_is_that_of_autograd(cell):
    p = problem(cell)
    layer, head = torch_twin.to_torch(p.params)
    first = [torch.tensor(part, requires_grad=True) for part in p.state]
    state = tuple(part[None] for part in first)
    states, _ = layer(torch.tensor(p.x), state if cell is cells.LSTM else state[0])
    logits = head(states).flatten(0, 1)
    nn.functional.cross_entropy(logits, torch.tensor(p.y).flatten()).backward()
    for ours, theirs in zip(cells.backward(*p.run())[1], first, strict=True):
        assert distance(ours[0], theirs.grad.numpy()) <= 1e-12


@each_cell
def test_layers_follow_the_dtype_and_draw_nothing(cell):
    before, params = torch.get_rng_state(), problem(cell).params
    for weights, dtype in ((params, torch.float64), (params.map(np.float32), torch.float32)):
        layer, head = torch_twin.to_torch(weights)
        assert {w.dtype for m in (layer, head) for w in m.parameters()} == {dtype}
    assert (torch.get_rng_state() == before).all()


@settings(max_examples=10)
@given(T=st.integers(1, 9), B=st.integers(1, 4))
def test_the_loop_over_cells_gives_our_logits_in_8T_and_8_nodes(T, B):
    p = problem(cells.RNN, T=T, B=B)
    logits = torch_twin.loop(p.params, p.x, p.state)
    assert distance(p.forward().logits, logits.detach().numpy()) <= 1e-12
    assert torch_twin.graph_nodes(logits.sum()) == 8 * T + 8


@pytest.mark.parametrize("T", [1, 10])
@pytest.mark.parametrize("B", [1, 4])
def test_bytes_that_an_rnn_layer_saves(T, B):
    p = problem(cells.RNN, T=T, B=B, D=8, H=32)
    layer, inputs = torch_twin.to_torch(p.params)[0], torch.tensor(p.x)
    saved = torch_twin.saved_bytes(lambda: layer(inputs))
    assert saved.distinct == 8 * B * (32 * (T + 1) + 8 * T)
    assert saved.summed == 8 * B * (2 * 32 * T + 8 * T)


def test_saved_bytes_and_nodes_by_hand():
    w, x = nn.Parameter(torch.ones(4)), torch.ones(4)

    def forward():
        kept = torch.tanh(x * w)  # x and the tanh; the parameter is left out
        return kept * kept  # the tanh twice more

    assert torch_twin.saved_bytes(forward) == torch_twin.SavedBytes(32, 64)
    assert torch_twin.graph_nodes(forward()) == 4  # two products, the tanh, and w
    with torch.no_grad():
        assert torch_twin.saved_bytes(forward) == torch_twin.SavedBytes(0, 0)


# The loop to copy


def model_of(params):
    """The same network for torch: one-hot inputs, and only as many biases as ours."""
    layer, head = torch_twin.to_torch(params)
    one_hot = nn.Embedding.from_pretrained(torch.eye(V, dtype=torch.float64))
    if params.b_hn is None:
        layer.bias_hh_l0.requires_grad_(False)
    else:
        rows = torch.arange(3 * H) >= 2 * H
        layer.bias_hh_l0.register_hook(lambda g: g * rows)
    model = torch_loop.NextToken(one_hot, layer, head)
    return model, [p for p in model.parameters() if p.requires_grad]


def in_torchs_order(params):
    """Gradients or weights as `model_of` lists what is learnt, flat."""
    arrays = params.arrays()
    second = [np.concatenate([np.zeros(2 * H), arrays["b_hn"]])] if "b_hn" in arrays else []
    inner = [arrays["W_xh"].T, arrays["W_hh"].T, arrays["b_h"], *second]
    return np.concatenate([w.ravel() for w in (*inner, arrays["W_hy"].T, arrays["b_y"])])


def flat(tensors):
    return torch.cat([w.detach().flatten() for w in tensors]).numpy().copy()


@settings(max_examples=60)
@given(
    cell=st.sampled_from(CELLS),
    num_tokens=st.integers(6, 60),
    num_steps=st.integers(1, 40),  # longer than the streams too
    window_tokens=st.none() | st.integers(1, 60),
    clip=st.sampled_from([(1e6, 1e-12), (0.3, 1e-5)]),
)
def test_the_loop_makes_the_updates_of_fit(cell, num_tokens, num_steps, window_tokens, clip):
    # Where torch clips, it divides by the norm plus 1e-6, so the updates differ by a millionth.
    max_norm, within = clip
    rng = np.random.default_rng(3)
    params, ids = cells.init(cell, V, H, V, rng), rng.integers(V, size=num_tokens)
    model, learnt = model_of(params)
    options = {"max_norm": max_norm, "window_tokens": window_tokens}
    sgd = torch.optim.SGD(learnt, lr=0.1)
    size = {"batch_size": 3, "num_steps": num_steps}
    loss = torch_loop.train_epoch(model, torch.tensor(ids), sgd, **size, **options)
    windows = list(layout.windows(layout.to_streams(ids, 3), num_steps))
    records = list(train.fit(params, windows, Edge.CARRY, learning_rate=0.1, **options))
    losses = [r.loss for r in records]
    assert loss == pytest.approx(
        np.average(losses, weights=[w.x.size for w in windows]), abs=within
    )
    difference = flat(learnt) - in_torchs_order(records[-1].params)
    assert np.abs(difference).max() <= within


@given(N=st.integers(2, 60), B=st.integers(1, 6), T=st.integers(1, 70))
def test_its_windows_are_those_of_layout(N, B, T):
    ids = np.arange(max(N, 2 * B))
    ours = layout.windows(layout.to_streams(ids, B), T)
    for w, (x, y) in zip(ours, torch_loop.stream_windows(torch.tensor(ids), B, T), strict=True):
        assert (w.x.tolist(), w.y.tolist()) == (x.tolist(), y.tolist())


def test_a_detached_state_keeps_its_value():
    h = torch.ones(2, requires_grad=True) * 3
    cut = torch_loop.detached((h, h))
    assert all(part.tolist() == [3, 3] and part.grad_fn is None for part in cut)


@pytest.mark.parametrize(("P", "T", "rate"), [(12, 4, 0), (12, 1, 0), (12, 12, 0), (12, 4, 0.5)])
def test_windows_are_ignites_truncated_trainer(P, T, rate):
    rng = np.random.default_rng(5)
    params, ids = cells.init(cells.RNN, V, H, V, rng), rng.integers(V, size=(P + 1, 3))
    model, learnt = model_of(params)

    def loss_of(logits, y):
        return nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())

    seen = []
    sgd = torch.optim.SGD(learnt, lr=float(rate))
    trainer = create_supervised_tbptt_trainer(model, sgd, loss_of, T)
    trainer.add_event_handler(
        Tbptt_Events.TIME_ITERATION_COMPLETED, lambda _: seen.append(flat(p.grad for p in learnt))
    )
    trainer.run([(torch.tensor(ids[:-1]), torch.tensor(ids[1:]))])
    if rate == 0:  # the gradients of all windows at the same weights
        grads = truncation.tbptt(params, ids[:-1], ids[1:], k1=T, k2=T, edge=Edge.CARRY)[1]
        assert np.abs(np.mean(seen, 0) - in_torchs_order(grads)).max() <= 1e-12
    rest = {"learning_rate": rate, "max_norm": None}
    *_, last = train.fit(params, layout.windows(ids, T), Edge.CARRY, **rest)
    assert np.abs(flat(learnt) - in_torchs_order(last.params)).max() <= 1e-12
