"""The LSTM by hand, and what only this cell has; what all cells share is in test_rnn, test_bptt."""

import numpy as np
import pytest
from problems import Shape, problem

from helpers import lstm, rnn

LN2, LN3 = np.log(2), np.log(3)


def tiny():
    """One unit, weights 0: i = sigmoid(ln 3) = 3/4, f = 1/2, g = tanh(ln 2) = 3/5, o = 3/4."""
    return lstm.Params(
        W_xh=np.zeros((1, 4)),
        W_hh=np.array([[0.0, 0.0, 1.0, 0.0]]),
        b_h=np.array([LN3, 0, LN2, LN3]),
        W_hy=np.array([[2.0, 0.0]]),
        b_y=np.zeros(2),
    )


def start():
    """The memory that becomes ln 2, whose tanh is 3/5; the state is 0."""
    return np.zeros((1, 1)), np.array([[2 * (LN2 - 0.45)]])


def test_step_by_hand():
    h, c = lstm.step(tiny(), np.zeros((1, 1)), start())
    np.testing.assert_allclose(c, [[LN2]], atol=1e-15)
    np.testing.assert_allclose(h, [[0.45]], atol=1e-15)


def test_forward_by_hand():
    tape = lstm.forward(tiny(), np.zeros((1, 1, 1)), start())
    np.testing.assert_allclose(tape.gates[0, 0], [0.75, 0.5, 0.6, 0.75], atol=1e-15)
    np.testing.assert_allclose(tape.tanh_c[0, 0], [0.6], atol=1e-15)
    np.testing.assert_allclose(tape.h[1, 0], [0.45], atol=1e-15)
    np.testing.assert_allclose(tape.logits[0, 0], [0.9, 0], atol=1e-15)


def test_backward_by_hand():
    """The state's derivative is 2; to the memory 2·o·(1 - tanh²) = 2·(3/4)·(16/25) = 0.96."""
    tape = lstm.forward(tiny(), np.zeros((1, 1, 1)), start())
    grads, (dh, dc) = lstm.backward(tiny(), tape, np.array([[[1.0, 0.0]]]))
    c0 = 2 * (LN2 - 0.45)
    i, f, g = 0.96 * 0.6 * 0.75 * 0.25, 0.96 * c0 / 4, 0.96 * 0.75 * 0.64
    o = 2 * 0.6 * 0.75 * 0.25
    np.testing.assert_allclose(grads.b_h, [i, f, g, o], atol=1e-14)
    np.testing.assert_allclose(dc[:, 0, 0], [0.96 / 2, 0], atol=1e-14)
    np.testing.assert_allclose(dh[:, 0, 0], [g, 2], atol=1e-14)
    np.testing.assert_allclose(grads.W_hy, [[0.45, 0]], atol=1e-14)
    (only,) = lstm.by_lag(tiny(), tape, np.array([[[1.0, 0.0]]]))
    np.testing.assert_allclose(only.flat(), grads.flat(), atol=1e-15)


def test_memory_passes_the_forget_gate_alone():
    """With the state shut off by the output gate, the derivative is the product of the gates."""
    p = problem(lstm, Shape(T=4, B=1, H=2))
    shut = p.params.map(np.copy)
    shut.W_hh[:] = 0
    tape = lstm.forward(shut, p.x, p.h0)
    dlogits = np.zeros_like(tape.logits)
    dlogits[-1] = rnn.cross_entropy(tape.logits, p.y)[1][-1]
    _, (_, dc) = lstm.backward(shut, tape, dlogits)
    forget = tape.gate("forget")
    for t in (0, 1, 2):
        np.testing.assert_allclose(dc[t], dc[t + 1] * forget[t], atol=1e-15)
    assert np.abs(dc[3]).min() > 0


def test_gates_by_name_are_views_in_the_order_of_torch():
    tape = problem(lstm).forward()
    assert lstm.GATES == ("input", "forget", "cell", "output")
    for i, name in enumerate(lstm.GATES):
        assert np.shares_memory(tape.gate(name), tape.gates)
        assert (tape.gate(name) == tape.gates[..., 4 * i : 4 * i + 4]).all()
    for name in ("input", "forget", "output"):
        assert tape.gate(name).min() > 0
        assert tape.gate(name).max() < 1
    assert tape.gate("cell").min() < 0


def test_memory_of_the_tape():
    """8·B·H·(7·T + 2) bytes in float64 beside inputs and logits."""
    T, B, H = 10, 3, 32
    tape = problem(lstm, Shape(T=T, B=B, H=H)).forward()
    held = sum(a.nbytes for a in (tape.h, tape.c, tape.gates, tape.tanh_c))
    assert held == 8 * B * H * (7 * T + 2)


def test_forget_bias_is_that_of_the_forget_gate():
    rng = np.random.default_rng
    b_h = lstm.init(2, 3, 2, rng(0)).b_h
    np.testing.assert_array_equal(b_h.reshape(4, 3).T, [[0, 1, 0, 0]] * 3)
    assert lstm.init(2, 3, 2, rng(0), forget_bias=-2).b_h[3:6].tolist() == [-2] * 3
    params = lstm.init(2, 3, 2, rng(0), scale=0, forget_bias=2)
    tape = lstm.forward(params, np.zeros((1, 1, 2)))
    np.testing.assert_allclose(tape.gate("forget"), 1 / (1 + np.exp(-2)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_inputs_saturate_without_a_warning(dtype):
    params = lstm.init(1, 2, 2, np.random.default_rng(0)).map(lambda w: w.astype(dtype))
    x = np.array([[[1e6]], [[-1e6]]], dtype)
    tape = lstm.forward(params, x)
    assert np.isin(tape.gate("input"), [0, 1]).all()
    assert np.isfinite(tape.logits).all()
    h, _ = lstm.step(params, x[0], tape.state(0))
    assert np.isfinite(h).all()


P = problem(lstm).params
X = np.zeros((5, 3, 4))
TAPE = problem(lstm).forward()
H0 = (np.zeros((3, 4)), np.zeros((3, 4)))
D = TAPE.logits
RNG = np.random.default_rng(0)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lstm.init(0, 1, 1, RNG), "num_inputs must be an integer of at least 1, got 0"),
        (lambda: lstm.init(1, 0, 1, RNG), "hidden_size must be an integer of at least 1, got 0"),
        (lambda: lstm.init(1, 1, 0, RNG), "num_symbols must be an integer of at least 1, got 0"),
        (lambda: lstm.init(1, 1, 1, RNG, scale=-1), "scale must be at least 0, got -1"),
        (
            lambda: lstm.init(1, 1, 1, RNG, forget_bias=np.inf),
            "forget_bias must be a finite number, got inf",
        ),
        (lambda: lstm.init(1, 1, 1, 7), "rng must be a numpy generator, .*got 7"),
        (lambda: lstm.step(P, np.zeros((3, 2)), H0), r"x must .*\(B, 4\), got .*\(3, 2\)"),
        (lambda: lstm.step(P, X[0], H0[0]), r"h must be a pair \(h, c\) of arrays, got ndarray"),
        (lambda: lstm.step(P, X[0], (H0[0], H0[1][1:])), r"h\[1\] must .*\(3, 4\), got .*\(2, 4\)"),
        (lambda: lstm.forward(P, X[0]), r"x must .*\(T, B, 4\), got .*\(3, 4\)"),
        (lambda: lstm.forward(P, X, H0[0]), r"h0 must be a pair \(h, c\) of arrays, got ndarray"),
        (lambda: lstm.forward(P, X, (H0[0], None)), r"h0\[1\] must .*\(3, 4\), got NoneType"),
        (lambda: lstm.forward(P, X, reset=X[..., 0]), r"reset must .*booleans .*\(5, 3\)"),
        (
            lambda: lstm.forward(P, X, out=problem(rnn).forward()),
            "out must come from lstm.forward, got Tape",
        ),
        (lambda: lstm.forward(P, X[1:], out=TAPE), r"out.h must .*\(5, 3, 4\), got .*\(6, 3, 4\)"),
        (
            lambda: lstm.forward(P.map(np.float32), X, out=TAPE),
            "out must hold float32 like the weights, got float64",
        ),
        (lambda: TAPE.state(6), r"position must be an integer in 0..5, got 6"),
        (lambda: TAPE.gate("keep"), "name must be one of 'input', 'forget', .*, got 'keep'"),
        (lambda: lstm.backward(P, None, D), "tape must come from lstm.forward, got NoneType"),
        (lambda: lstm.backward(P, TAPE, D[1:]), r"dlogits must .*\(5, 3, 3\), got .*\(4, 3, 3\)"),
        (
            lambda: lstm.backward(problem(lstm, Shape(H=5)).params, TAPE, D),
            "tape must come from weights with H = 5 hidden",
        ),
        (
            lambda: lstm.backward(P, TAPE, D, out=(P.map(np.copy), (TAPE.h[1:], TAPE.h))),
            r"out\[1\]\[0\] must .*\(6, 3, 4\), got .*\(5, 3, 4\)",
        ),
        (
            lambda: lstm.backward(P, TAPE, D, out=(P.map(np.copy), (TAPE.h + 0, TAPE.h[1:]))),
            r"out\[1\]\[1\] must .*\(6, 3, 4\), got .*\(5, 3, 4\)",
        ),
        (lambda: lstm.by_lag(P, None, D), "tape must come from lstm.forward, got NoneType"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
