"""The gradient: by hand, against differences, lag by lag, stream by stream, for every cell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import CELLS, Shape, distance, flat, problem, streams_of
from strategies import problems
from test_rnn import tiny

from helpers import bptt, gru, lstm, rnn

few = settings(max_examples=30)
each_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__name__)


def derivatives_and_tape(p, **changes):
    tape = p.forward(**changes)
    return rnn.cross_entropy(tape.logits, p.y)[1], tape


def by_hand():
    """Only the second logit row has a derivative: dh2 = 2, da2 = 2·3/4, dh1 = da2/2."""
    tape = rnn.forward(tiny(), np.array([[0], [1]]))
    return tiny(), tape, np.array([[[0.0, 0.0]], [[1.0, 0.0]]])


def test_backward_by_hand():
    grads, dh = bptt.backward(*by_hand())
    np.testing.assert_allclose(dh[:, 0, 0], [0.48 / 2, 0.75, 2], atol=1e-14)
    np.testing.assert_allclose(grads.W_xh, [[0.75 * 0.64], [1.5]], atol=1e-14)
    np.testing.assert_allclose(grads.W_hh, [[0.6 * 1.5]], atol=1e-14)
    np.testing.assert_allclose(grads.b_h, [0.48 + 1.5], atol=1e-14)
    np.testing.assert_allclose(grads.W_hy, [[0.5, 0]], atol=1e-14)
    np.testing.assert_allclose(grads.b_y, [1, 0], atol=1e-14)


def test_lags_by_hand():
    own, earlier = bptt.by_lag(*by_hand())
    np.testing.assert_allclose(own.W_xh, [[0], [1.5]], atol=1e-14)
    np.testing.assert_allclose(own.W_hh, [[0.9]], atol=1e-14)
    np.testing.assert_allclose(own.W_hy, [[0.5, 0]], atol=1e-14)
    np.testing.assert_allclose(earlier.W_xh, [[0.48], [0]], atol=1e-14)
    np.testing.assert_allclose(earlier.b_h, [0.48], atol=1e-14)
    for silent in (earlier.W_hh, earlier.W_hy, earlier.b_y):
        assert not silent.any()


def test_numerical_by_hand():
    p = tiny()
    slope = bptt.numerical(lambda q: float(q.W_hh[0, 0] ** 2), p, p.map(lambda w: 3 + 0 * w))
    assert slope == pytest.approx(2 * 0.5 * 3)
    coarse = bptt.numerical(lambda q: float(q.W_hh[0, 0] ** 3), p, p.map(np.ones_like), eps=0.1)
    assert coarse == pytest.approx(3 * 0.25 + 0.01)


@few
@given(problems(), st.sampled_from(["mean", "sum"]))
def test_derivative_along_a_direction_is_the_central_difference(p, over_time):
    rng = np.random.default_rng(0)
    direction = p.params.map(lambda w: rng.normal(size=w.shape))
    length = np.linalg.norm(direction.flat())
    direction = direction.map(lambda d: d / length)
    grads = p.gradient(over_time).flat()
    slope = bptt.numerical(lambda q: p.loss(q, over_time), p.params, direction)
    assert abs(grads @ direction.flat() - slope) <= 1e-6 * np.linalg.norm(grads)


@few
@given(problems(), st.booleans(), st.booleans())
def test_lags_sum_to_the_full_gradient(p, with_ids, with_resets):
    changes = {"x": p.ids if with_ids else p.x, "reset": p.resets() if with_resets else None}
    dlogits, tape = derivatives_and_tape(p, **changes)
    parts = bptt.of(p.cell).by_lag(p.params, tape, dlogits)
    assert len(parts) == p.shape.T
    assert distance(sum(part.flat() for part in parts), p.gradient(**changes)) <= 1e-12


@each_cell
def test_a_lag_is_what_one_loss_sends_so_far(cell):
    """Weights of one cell alone are nudged: the loss at p feels lag l through cell p - l."""
    p = problem(cell, Shape(T=4, B=2))
    tape, last = p.forward(), 3
    dlogits = np.zeros_like(tape.logits)
    dlogits[last] = rnn.cross_entropy(tape.logits, p.y)[1][last]
    parts = bptt.of(cell).by_lag(p.params, tape, dlogits)
    rng = np.random.default_rng(0)
    direction = p.params.map(lambda w: rng.normal(size=w.shape))

    def loss_with(params, nudged):
        state = p.h0
        for t in range(last + 1):
            state = cell.step(params if t == nudged else p.params, p.x[t], state)
        h = state[0] if cell is lstm else state
        used = params if nudged == last else p.params
        logits = (h @ used.W_hy + used.b_y)[None]
        return rnn.cross_entropy(logits, p.y[last:])[0] / p.shape.T

    for lag, part in enumerate(parts):
        nudged = last - lag
        slope = bptt.numerical(lambda q, at=nudged: loss_with(q, at), p.params, direction)
        assert part.flat() @ direction.flat() == pytest.approx(slope, abs=1e-8)


@few
@given(problems())
def test_minibatch_is_the_mean_of_its_sequences(p):
    alone = [
        p.gradient(
            x=p.x[:, b : b + 1], y=p.y[:, b : b + 1], h0=streams_of(p.h0, slice(b, b + 1))
        ).flat()
        for b in range(p.shape.B)
    ]
    assert distance(np.mean(alone, axis=0), p.gradient()) <= 1e-12


@few
@given(problems())
def test_permuted_streams_have_the_same_gradient(p):
    order = np.random.default_rng(0).permutation(p.shape.B)
    moved = p.gradient(x=p.x[:, order], y=p.y[:, order], h0=streams_of(p.h0, order))
    assert distance(moved, p.gradient()) <= 1e-12


@few
@given(problems())
def test_sum_over_time_multiplies_the_gradient_by_T(p):
    assert distance(p.gradient("sum"), p.shape.T * p.gradient().flat()) <= 1e-12


@each_cell
@pytest.mark.parametrize("up_to", [0, 128])
def test_gradient_of_ids_is_that_of_one_hot_inputs(cell, up_to, monkeypatch):
    monkeypatch.setattr(bptt, "ONE_HOT_UP_TO", up_to)
    p = problem(cell, Shape(T=6, D=7))
    ids = p.ids.copy()
    ids[ids == 3] = 2  # an id that never comes up gets no gradient
    grads = p.gradient(x=ids)
    assert distance(grads, p.gradient(x=np.eye(7)[ids])) <= 1e-12
    assert not grads.W_xh[3].any()
    assert grads.W_xh[2].any()
    p.forward(x=ids.astype(np.uint16))


@few
@given(problems())
def test_gradient_with_resets_is_that_of_separate_sequences(p):
    resets = p.resets()
    total = p.params.map(np.zeros_like)
    dlogits, tape = derivatives_and_tape(p, reset=resets)
    backward = bptt.of(p.cell).backward
    for b, steps, alone in p.pieces(resets):
        part = np.ascontiguousarray(dlogits[steps, b : b + 1])
        total = total.map(np.add, backward(p.params, alone, part)[0])
    assert distance(backward(p.params, tape, dlogits)[0], total) <= 1e-12


@each_cell
def test_no_gradient_crosses_a_reset(cell):
    p = problem(cell, Shape(T=6))
    resets = np.zeros((6, 3), dtype=bool)
    resets[3, 1] = True
    dlogits, tape = derivatives_and_tape(p, reset=resets)
    dlogits[:3] = 0  # so whatever reaches step 2 has come from beyond the reset
    _, dh = bptt.of(cell).backward(p.params, tape, dlogits)
    for part in dh if cell is lstm else (dh,):
        assert not part[:4, 1].any()
        assert part[3, 0].any()
    parts = bptt.of(cell).by_lag(p.params, tape, dlogits * (np.arange(3) == 1)[:, None])
    assert parts[2].W_xh.any()
    for beyond in parts[3:]:
        assert not beyond.flat().any()


@few
@given(problems())
def test_dh_is_the_derivative_with_respect_to_the_states(p):
    """The state before step t, as if it were the first state of the steps that remain."""
    dlogits, tape = derivatives_and_tape(p)
    backward = bptt.of(p.cell).backward
    _, dh = backward(p.params, tape, dlogits)
    parts = dh if p.cell is lstm else (dh,)
    for t in range(p.shape.T):
        rest = p.forward(x=p.x[t:], h0=tape.state(t))
        _, later = backward(p.params, rest, dlogits[t:])
        first = [part[0] for part in (later if p.cell is lstm else (later,))]
        if t > 0:
            first[0] = first[0] + dlogits[t - 1] @ p.params.W_hy.T
        for part, wanted in zip(parts, first, strict=True):
            assert distance(part[t], wanted) <= 1e-12


@each_cell
def test_dh_of_the_first_state_is_the_central_difference(cell):
    p = problem(cell)
    dlogits, tape = derivatives_and_tape(p)
    _, dh = bptt.of(cell).backward(p.params, tape, dlogits)
    first = np.concatenate([part[0].ravel() for part in (dh if cell is lstm else (dh,))])
    start = flat(p.h0)

    def loss_from(vector):
        halves = vector.reshape(-1, p.shape.B, p.shape.H)
        tape = p.forward(h0=tuple(halves) if cell is lstm else halves[0])
        return rnn.cross_entropy(tape.logits, p.y)[0]

    for i in range(len(start)):
        nudge = 1e-5 * np.eye(len(start))[i]
        slope = (loss_from(start + nudge) - loss_from(start - nudge)) / 2e-5
        assert first[i] == pytest.approx(slope, abs=1e-8)


@each_cell
def test_out_gives_the_same_and_reuses_the_memory(cell):
    p, q = problem(cell, seed=1), problem(cell, seed=2)
    backward = bptt.of(cell).backward
    dlogits, tape = derivatives_and_tape(q)
    buffer = backward(q.params, tape, dlogits)
    dlogits, tape = derivatives_and_tape(p)
    fresh, given = backward(p.params, tape, dlogits), backward(p.params, tape, dlogits, out=buffer)
    for one, other, kept in zip(fresh, given, buffer, strict=True):
        assert (flat(one) == flat(other)).all()
        for name, array in vars(one).items() if isinstance(one, rnn.Weights) else ():
            assert np.shares_memory(getattr(other, name), getattr(kept, name)), name
            assert not np.shares_memory(array, getattr(kept, name)), name
    for part, kept in zip(
        *((d if cell is lstm else (d,)) for d in (given[1], buffer[1])), strict=True
    ):
        assert np.shares_memory(part, kept)


@each_cell
def test_backward_leaves_tape_and_weights_alone(cell):
    p = problem(cell)
    dlogits, tape = derivatives_and_tape(p)
    before = {k: v.copy() for k, v in vars(tape).items() if v is not None}
    weights, given = p.params.flat(), dlogits.copy()
    bptt.of(cell).backward(p.params, tape, dlogits)
    bptt.of(cell).by_lag(p.params, tape, dlogits)
    assert all((before[k] == getattr(tape, k)).all() for k in before)
    assert (weights == p.params.flat()).all()
    assert (given == dlogits).all()


def test_of_names_the_home_of_each_backward_pass():
    assert bptt.of(rnn) is bptt
    assert bptt.of(lstm) is lstm
    assert bptt.of(gru) is gru


TAPE = problem(rnn).forward()
PARAMS = problem(rnn).params
D = TAPE.logits


@pytest.mark.messages
@pytest.mark.parametrize("function", [bptt.backward, bptt.by_lag])
@pytest.mark.parametrize(
    ("params", "tape", "dlogits", "message"),
    [
        (PARAMS, problem(gru).forward(), D, "tape must come from rnn.forward, got Tape"),
        (PARAMS, None, D, "tape must come from rnn.forward, got NoneType"),
        (PARAMS, TAPE, D[1:], r"dlogits must .*\(5, 3, 3\), got .*\(4, 3, 3\)"),
        (PARAMS, TAPE, D.tolist(), r"dlogits must .*got list"),
        (PARAMS, TAPE, D.astype(np.float32), "dlogits must be float64 like the tape, got float32"),
        (
            problem(rnn, Shape(V=4)).params,
            TAPE,
            D,
            "tape must come from weights with V = 4 symbols",
        ),
        (problem(rnn, Shape(H=5)).params, TAPE, D, "tape must come from weights with H = 5 hidden"),
    ],
)
def test_refusals(function, params, tape, dlogits, message):
    with pytest.raises(ValueError, match=message):
        function(params, tape, dlogits)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bptt.numerical(float, PARAMS, PARAMS, 0), "eps must be greater than 0, got 0"),
        (
            lambda: bptt.numerical(float, PARAMS, problem(gru).params),
            "direction must be of type helpers.rnn.Params, got helpers.gru.Params",
        ),
        (
            lambda: bptt.of(np),
            "cell must be one of the modules rnn, lstm, gru, got <module 'numpy'",
        ),
        (
            lambda: bptt.backward(
                PARAMS, TAPE, D, out=(PARAMS.map(np.empty_like), np.empty((2, 3, 4)))
            ),
            r"out\[1\] must .*\(6, 3, 4\), got .*\(2, 3, 4\)",
        ),
    ],
)
def test_refusals_of_the_others(call, message):
    with pytest.raises(ValueError, match=message):
        call()
