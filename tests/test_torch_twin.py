"""Our gradients are autograd's, and what autograd keeps is counted right."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import CELLS, Shape, distance, problem
from strategies import problems, shapes
from torch import nn

from helpers import bptt, gru, lstm, rnn, torch_twin

few = settings(max_examples=40)
each_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__name__)


@few
@given(problems(), st.booleans(), st.booleans())
def test_loss_and_all_gradients_are_those_of_autograd(p, with_h0, with_ids):
    x, h0 = (p.ids if with_ids else p.x), (p.h0 if with_h0 else None)
    loss, grads = torch_twin.gradients(p.params, x, p.y, h0)
    tape = p.forward(x=x, h0=h0)
    assert loss == pytest.approx(rnn.cross_entropy(tape.logits, p.y)[0], abs=1e-12)
    ours = p.gradient(x=x, h0=h0)
    assert type(grads) is type(ours)
    for name, array in vars(ours).items():
        assert distance(array, getattr(grads, name)) <= 1e-12, name
        assert getattr(grads, name).dtype == np.float64


@few
@given(problems())
def test_layer_gives_the_same_states_without_any_transpose(p):
    layer, head = torch_twin.to_torch(p.params)
    h0 = p.h0 if p.cell is lstm else (p.h0,)
    first = tuple(torch.tensor(h)[None] for h in h0)
    with torch.no_grad():
        states, _ = layer(torch.tensor(p.x), first if p.cell is lstm else first[0])
        logits = head(states).numpy()
    tape = p.forward()
    assert distance(tape.h[1:], states.numpy()) <= 1e-12
    assert distance(tape.logits, logits) <= 1e-12


@each_cell
def test_derivative_of_the_first_state_is_that_of_autograd(cell):
    p = problem(cell)
    layer, head = torch_twin.to_torch(p.params)
    h0 = [torch.tensor(h, requires_grad=True) for h in (p.h0 if cell is lstm else (p.h0,))]
    states, _ = layer(
        torch.tensor(p.x), tuple(h[None] for h in h0) if cell is lstm else h0[0][None]
    )
    logits = head(states).reshape(-1, p.shape.V)
    nn.functional.cross_entropy(logits, torch.tensor(p.y).reshape(-1)).backward()
    tape = p.forward()
    dlogits = rnn.cross_entropy(tape.logits, p.y)[1]
    _, dh = bptt.of(cell).backward(p.params, tape, dlogits)
    for ours, theirs in zip(dh if cell is lstm else (dh,), h0, strict=True):
        assert distance(ours[0], theirs.grad.numpy()) <= 1e-12


@each_cell
def test_layers_follow_the_dtype_and_draw_nothing(cell):
    before = torch.get_rng_state()
    p = problem(cell).params
    kind = {rnn: nn.RNN, lstm: nn.LSTM, gru: nn.GRU}[cell]
    for given_, dtype in ((p, torch.float64), (p.map(np.float32), torch.float32)):
        layer, head = torch_twin.to_torch(given_)
        assert type(layer) is kind
        assert {w.dtype for m in (layer, head) for w in m.parameters()} == {dtype}
    assert (torch.get_rng_state() == before).all()
    second = layer.bias_hh_l0.detach().numpy()
    assert not second[: 2 * 4].any()
    assert second.any() == (cell is gru)


@each_cell
def test_gradients_in_float32(cell):
    p = problem(cell)
    loss, grads = torch_twin.gradients(p.params.map(np.float32), p.x, p.y, p.h0)
    assert grads.flat().dtype == np.float32
    assert distance(grads, p.gradient()) < 1e-5
    assert loss == pytest.approx(p.loss(), abs=1e-5)


def test_gradients_leave_the_weights_alone():
    p = problem(rnn)
    before = p.params.flat()
    _, grads = torch_twin.gradients(p.params, p.x, p.y)
    assert (p.params.flat() == before).all()
    assert not np.shares_memory(grads.W_hh, p.params.W_hh)


@few
@given(problems(rnn), st.booleans(), st.booleans())
def test_loop_gives_our_logits_and_gradient(p, with_h0, with_ids):
    x, h0 = (p.ids if with_ids else p.x), (p.h0 if with_h0 else None)
    logits = torch_twin.loop(p.params, x, h0)
    assert distance(p.forward(x=x, h0=h0).logits, logits.detach().numpy()) <= 1e-12


@settings(max_examples=15)
@given(shapes)
def test_unrolled_loop_has_8T_and_8_nodes_whatever_else(shape):
    p = problem(rnn, shape)
    output = torch_twin.loop(p.params, p.x, p.h0)
    assert torch_twin.graph_nodes(output) == 8 * shape.T + 7
    assert torch_twin.graph_nodes(output.sum()) == 8 * shape.T + 8


def test_graph_of_80_steps():
    p = problem(rnn, Shape(T=80, H=16))
    assert torch_twin.graph_nodes(torch_twin.loop(p.params, p.x).sum()) == 648


def test_graph_nodes_by_hand():
    w = torch.ones(3, requires_grad=True)
    assert torch_twin.graph_nodes(w * 2) == 2  # the product and w
    twice = (w * 2).tanh()
    assert torch_twin.graph_nodes(twice + twice) == 4  # shared nodes count once


@pytest.mark.parametrize("T", [1, 2, 10])
@pytest.mark.parametrize("B", [1, 4])
def test_bytes_that_an_rnn_layer_saves(T, B):
    D, H = 8, 32
    p = problem(rnn, Shape(T=T, B=B, D=D, H=H))
    layer, _ = torch_twin.to_torch(p.params)
    inputs = torch.tensor(p.x)
    saved = torch_twin.saved_bytes(lambda: layer(inputs))
    assert saved.distinct == 8 * B * (H * (T + 1) + D * T)
    assert saved.summed == 8 * B * (2 * H * T + D * T)


def test_bytes_of_ten_steps():
    p = problem(rnn, Shape(T=10, B=1, D=8, H=32))
    layer, _ = torch_twin.to_torch(p.params)
    saved = torch_twin.saved_bytes(lambda: layer(torch.tensor(p.x)))
    assert saved == torch_twin.SavedBytes(distinct=3456, summed=5760)


def test_saved_bytes_by_hand():
    w, x = nn.Parameter(torch.ones(4)), torch.ones(4)

    def forward():
        kept = torch.tanh(x * w)  # x and the tanh; the parameter is left out
        return kept * kept  # the tanh twice more

    assert torch_twin.saved_bytes(forward) == torch_twin.SavedBytes(32, 64)
    matrix = nn.Parameter(torch.ones(4, 4))
    assert torch_twin.saved_bytes(lambda: x @ matrix.T) == torch_twin.SavedBytes(16, 16)
    with torch.no_grad():
        assert torch_twin.saved_bytes(forward) == torch_twin.SavedBytes(0, 0)


def test_saved_bytes_counts_memory_that_was_released_meanwhile():
    """Two tensors may stand in the same place one after the other; they are two all the same."""
    w = nn.Parameter(torch.ones(1000))
    saved = torch_twin.saved_bytes(
        lambda: [(torch.ones(1000) * w).sum() and None for _ in range(5)]
    )
    assert saved == torch_twin.SavedBytes(5 * 4000, 5 * 4000)


def test_backward_works_under_the_hooks():
    w, x = nn.Parameter(torch.ones(4)), torch.ones(4)
    torch_twin.saved_bytes(lambda: (x * w).tanh().sum().backward())
    assert w.grad == pytest.approx(1 - np.tanh(1) ** 2)


P = problem(rnn)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: torch_twin.to_torch(P.x),
            "params must be Params of rnn, lstm or gru, got numpy.ndarray",
        ),
        (lambda: torch_twin.gradients(P.params, P.x[0], P.y), r"x must .*\(T, B, 4\)"),
        (
            lambda: torch_twin.gradients(P.params, P.x, P.y[1:]),
            r"y must .*\(5, 3\), got .*\(4, 3\)",
        ),
        (lambda: torch_twin.gradients(P.params, P.x, P.y + 3), "y must hold ids in 0..2, got"),
        (
            lambda: torch_twin.gradients(P.params, P.x, P.y, P.h0[1:]),
            r"h0 must .*\(3, 4\), got .*\(2, 4\)",
        ),
        (
            lambda: torch_twin.gradients(problem(lstm).params, P.x, P.y, P.h0),
            r"h0 must be a pair \(h, c\) of arrays, got ndarray",
        ),
        (  # two streams, and so two rows
            lambda: torch_twin.gradients(
                problem(lstm).params, P.x[:, :2], P.y[:, :2], np.zeros((2, 4))
            ),
            r"h0 must be a pair \(h, c\) of arrays, got ndarray",
        ),
        (
            lambda: torch_twin.loop(problem(gru).params, P.x),
            "params must be rnn.Params, got helpers.gru.Params",
        ),
        (
            lambda: torch_twin.graph_nodes(torch.ones(2)),
            "output must be a tensor with a graph, .* got Tensor",
        ),
        (lambda: torch_twin.graph_nodes(P.x), "output must be .* got ndarray"),
        (lambda: torch_twin.saved_bytes(3), "function must be callable, got int"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
