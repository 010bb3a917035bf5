"""The GRU by hand, and what only this cell has; what all cells share is in test_rnn, test_bptt."""

import numpy as np
import pytest
from problems import Shape, problem

from helpers import gru, rnn

LN2, LN3 = np.log(2), np.log(3)


def tiny():
    """One unit with h0 = 0.8: r = 3/4, z = 1/2, recalled 0.8/2 + 0.4 = 0.8, n = tanh(ln 2)."""
    return gru.Params(
        W_xh=np.zeros((1, 3)),
        W_hh=np.array([[0.0, 0.0, 0.5]]),
        b_h=np.array([LN3, 0, LN2 - 0.6]),
        W_hy=np.array([[2.0, 0.0]]),
        b_y=np.zeros(2),
        b_hn=np.array([0.4]),
    )


H0 = np.array([[0.8]])


def test_step_by_hand():
    """h = (1 - z)·n + z·h0 = 0.3 + 0.4; were the state reset before its product, n would differ."""
    np.testing.assert_allclose(gru.step(tiny(), np.zeros((1, 1)), H0), [[0.7]], atol=1e-15)


def test_forward_by_hand():
    tape = gru.forward(tiny(), np.zeros((1, 1, 1)), H0)
    np.testing.assert_allclose(tape.gates[0, 0], [0.75, 0.5, 0.6], atol=1e-15)
    np.testing.assert_allclose(tape.recalled[0, 0], [0.8], atol=1e-15)
    np.testing.assert_allclose(tape.h[:, 0, 0], [0.8, 0.7], atol=1e-15)
    np.testing.assert_allclose(tape.logits[0, 0], [1.4, 0], atol=1e-15)


def test_backward_by_hand():
    """The state's derivative is 2; before the tanh of the candidate 2·(1 - z)·(1 - n²) = 0.64."""
    tape = gru.forward(tiny(), np.zeros((1, 1, 1)), H0)
    grads, dh = gru.backward(tiny(), tape, np.array([[[1.0, 0.0]]]))
    r, z = 0.64 * 0.8 * 0.75 * 0.25, 2 * (0.8 - 0.6) * 0.25
    np.testing.assert_allclose(grads.b_h, [r, z, 0.64], atol=1e-14)
    np.testing.assert_allclose(grads.b_hn, [0.64 * 0.75], atol=1e-14)
    np.testing.assert_allclose(grads.W_hh, [[0.8 * r, 0.8 * z, 0.8 * 0.48]], atol=1e-14)
    np.testing.assert_allclose(dh[:, 0, 0], [2 * 0.5 + 0.48 * 0.5, 2], atol=1e-14)
    np.testing.assert_allclose(grads.W_hy, [[0.7, 0]], atol=1e-14)
    (only,) = gru.by_lag(tiny(), tape, np.array([[[1.0, 0.0]]]))
    np.testing.assert_allclose(only.flat(), grads.flat(), atol=1e-15)


def test_an_open_update_gate_keeps_the_state():
    p = problem(gru)
    params = p.params.map(np.copy)
    params.b_h[4:8] = 1e3
    tape = p.forward(params=params)
    np.testing.assert_allclose(tape.h[-1], p.h0, atol=1e-12)


def test_gates_by_name_are_views_in_the_order_of_torch():
    tape = problem(gru).forward()
    assert gru.GATES == ("reset", "update", "candidate")
    for i, name in enumerate(gru.GATES):
        assert np.shares_memory(tape.gate(name), tape.gates)
        assert (tape.gate(name) == tape.gates[..., 4 * i : 4 * i + 4]).all()
    for name in ("reset", "update"):
        assert tape.gate(name).min() > 0
        assert tape.gate(name).max() < 1
    assert tape.gate("candidate").min() < 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_inputs_saturate_without_a_warning(dtype):
    params = gru.init(1, 2, 2, np.random.default_rng(0)).map(lambda w: w.astype(dtype))
    x = np.array([[[1e6]], [[-1e6]]], dtype)
    tape = gru.forward(params, x)
    assert np.isin(tape.gate("update"), [0, 1]).all()
    assert np.isfinite(tape.logits).all()
    assert np.isfinite(gru.step(params, x[0], tape.state(0))).all()


P = problem(gru).params
X = np.zeros((5, 3, 4))
TAPE = problem(gru).forward()
D = TAPE.logits
RNG = np.random.default_rng(0)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gru.init(0, 1, 1, RNG), "num_inputs must be an integer of at least 1, got 0"),
        (lambda: gru.init(1, 0, 1, RNG), "hidden_size must be an integer of at least 1, got 0"),
        (lambda: gru.init(1, 1, 0, RNG), "num_symbols must be an integer of at least 1, got 0"),
        (lambda: gru.init(1, 1, 1, RNG, scale=-1), "scale must be at least 0, got -1"),
        (lambda: gru.init(1, 1, 1, 7), "rng must be a numpy generator, .*got 7"),
        (lambda: gru.step(P, np.zeros((3, 2)), X[0]), r"x must .*\(B, 4\), got .*\(3, 2\)"),
        (lambda: gru.step(P, X[0], X[0, 1:]), r"h must .*\(3, 4\), got .*\(2, 4\)"),
        (lambda: gru.forward(P, X[0]), r"x must .*\(T, B, 4\), got .*\(3, 4\)"),
        (lambda: gru.forward(P, X, X[0, 1:]), r"h0 must .*\(3, 4\), got .*\(2, 4\)"),
        (lambda: gru.forward(P, X, reset=X[..., 0]), r"reset must .*booleans .*\(5, 3\)"),
        (
            lambda: gru.forward(P, X, out=problem(rnn).forward()),
            "out must come from gru.forward, got Tape",
        ),
        (lambda: gru.forward(P, X[1:], out=TAPE), r"out.h must .*\(5, 3, 4\), got .*\(6, 3, 4\)"),
        (
            lambda: gru.forward(P.map(np.float32), X, out=TAPE),
            "out must hold float32 like the weights, got float64",
        ),
        (lambda: TAPE.state(-1), r"position must be an integer in 0..5, got -1"),
        (lambda: TAPE.gate("keep"), "name must be one of 'reset', 'update', .*, got 'keep'"),
        (lambda: gru.backward(P, None, D), "tape must come from gru.forward, got NoneType"),
        (lambda: gru.backward(P, TAPE, D[1:]), r"dlogits must .*\(5, 3, 3\), got .*\(4, 3, 3\)"),
        (
            lambda: gru.backward(problem(gru, Shape(H=5)).params, TAPE, D),
            "tape must come from weights with H = 5 hidden",
        ),
        (
            lambda: gru.backward(P, TAPE, D, out=(P.map(np.copy), TAPE.h[1:])),
            r"out\[1\] must .*\(6, 3, 4\), got .*\(5, 3, 4\)",
        ),
        (lambda: gru.by_lag(P, None, D), "tape must come from gru.forward, got NoneType"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
