"""Three cells: their formulas, their loss, and a gradient held against differences."""

from itertools import pairwise

import numpy as np
import pytest
from beartype import beartype
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import jaxtyped
from problems import CELLS, distance, each_cell, few, flat, problem, problems

from helpers import cells
from helpers.cells import GRU, LSTM, RNN, Params
from helpers.tools.measure import numerical


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def textbook(p, x, h, c=None):
    """One step, each block for itself, as the papers write it."""
    k = len(p.cell.blocks)
    xs, hs = np.split(x @ p.W_xh + p.b_h, k, -1), np.split(h @ p.W_hh, k, -1)
    if p.cell is RNN:
        return (np.tanh(xs[0] + hs[0]),)
    if p.cell is GRU:
        r, z = (sigmoid(xs[k] + hs[k]) for k in range(2))
        n = np.tanh(xs[2] + r * (hs[2] + p.b_hn))
        return ((1 - z) * n + z * h,)
    i, f, o = (sigmoid(xs[k] + hs[k]) for k in (0, 1, 3))
    c = f * c + i * np.tanh(xs[2] + hs[2])
    return o * np.tanh(c), c


def test_two_steps_by_hand():
    """One unit: tanh(ln 2) = 3/5 and tanh(ln 3 / 2) = 1/2; dh2 = 2, da2 = 2·3/4, dh1 = da2/2."""
    W_xh = np.array([[np.log(2)], [np.log(3) / 2 - 0.3]])
    W_hh, W_hy = np.array([[0.5]]), np.array([[2.0, 0.0]])
    p = Params(RNN, W_xh, W_hh, np.zeros(1), W_hy, np.array([0.0, 1.0]))
    tape = cells.forward(p, np.array([[0], [1]]))
    np.testing.assert_allclose(tape.h[:, 0, 0], [0, 0.6, 0.5], atol=1e-15)
    np.testing.assert_allclose(tape.logits[:, 0], [[1.2, 1], [1, 1]], atol=1e-15)
    grads, (dh,) = cells.backward(p, tape, np.array([[[0.0, 0.0]], [[1.0, 0.0]]]))
    np.testing.assert_allclose(dh[:, 0, 0], [0.24, 0.75, 2], atol=1e-14)
    np.testing.assert_allclose(grads.W_xh, [[0.48], [1.5]], atol=1e-14)
    np.testing.assert_allclose(grads.W_hh, [[0.9]], atol=1e-14)
    np.testing.assert_allclose(grads.W_hy, [[0.5, 0]], atol=1e-14)


@few
@given(problems)
def test_forward_is_the_textbook_step_after_step(p):
    tape, state = p.forward(), p.state
    for t, x in enumerate(p.x):
        assert distance(tape.state(t), state) <= 1e-12
        state = textbook(p.params, x, *state)
        logits = state[0] @ p.params.W_hy + p.params.b_y
        assert distance(tape.logits[t], logits) <= 1e-12
    zeros = tuple(map(np.zeros_like, p.state))
    assert (p.forward(state=None).logits == p.forward(state=zeros).logits).all()


@each_cell
@pytest.mark.parametrize(("D", "dtype"), [(5, np.int64), (5, np.uint8), (200, np.int64)])
def test_ids_are_one_hot_inputs(cell, D, dtype):
    p = problem(cell, D=D, T=6)
    ids, vectors = p.run(x=p.ids.astype(dtype)), p.run(x=np.eye(D)[p.ids])
    assert distance(ids[1].logits, vectors[1].logits) <= 1e-12
    assert distance(cells.backward(*ids)[0], cells.backward(*vectors)[0]) <= 1e-12


@few
@given(problems, st.booleans())
def test_lags_sum_to_the_gradient_and_a_reset_makes_separate_sequences(p, with_ids):
    """Values, gradients and lags are those of the pieces, each run by itself."""
    whole = p.run(x=p.ids if with_ids else p.x, reset=p.reset)
    before = [array.copy() for array in (*whole[1].states, whole[1].gates, whole[2])]
    T, B = p.y.shape
    lags = np.zeros((T, len(p.params.flat())))
    for b in range(B):
        for first, stop in pairwise(sorted({0, *np.flatnonzero(p.reset[:, b]).tolist(), T})):
            piece = p.of(slice(b, b + 1), slice(first, stop))
            state = None if piece.reset[0, 0] else piece.state
            params, tape, _ = piece.run(x=piece.ids if with_ids else piece.x, state=state)
            assert distance(whole[1].logits[first:stop, b], tape.logits[:, 0]) <= 1e-12
            parts = cells.by_lag(params, tape, whole[2][first:stop, b : b + 1])
            lags[: stop - first] += [part.flat() for part in parts]
    assert distance(cells.backward(*whole)[0], lags.sum(0)) <= 1e-12
    as_numbers = p.run(x=p.ids if with_ids else p.x, reset=p.reset.astype(int))
    assert distance(cells.backward(*as_numbers)[0], lags.sum(0)) <= 1e-12
    assert distance([part.flat() for part in cells.by_lag(*whole)], lags) <= 1e-12
    after = (*whole[1].states, whole[1].gates, whole[2])
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


@each_cell
def test_an_old_tapes_memory_is_reused_and_states_are_copies(cell):
    p, old = problem(cell, seed=1), problem(cell, seed=2)
    buffer = old.forward(reset=old.reset)
    last = buffer.state(5)
    wanted = p.forward(state=last).logits
    tape = p.forward(state=last, out=buffer)
    assert (tape.logits == wanted).all()
    assert tape.reset is None
    assert all(np.shares_memory(a, b) for a, b in zip(tape.states, buffer.states))
    assert not any(np.shares_memory(a, b) for a, b in zip(tape.states, tape.state(0)))
    assert np.shares_memory(tape.gate(cell.blocks[-1]), tape.gates)
    short = p.of(slice(3), slice(2)).forward(out=tape)
    assert (short.logits == p.forward().logits[:2]).all()
    for other in map(problem, CELLS):
        assert (p.forward(state=last, out=other.forward()).logits == wanted).all()


@each_cell
def test_float32_stays_float32_and_annotations_are_true(cell):
    p = problem(cell)
    small = p.params.map(np.float32)
    forward, cross_entropy, backward, by_lag = (
        jaxtyped(typechecker=beartype)(getattr(cells, name))
        for name in ("forward", "cross_entropy", "backward", "by_lag")
    )
    for x in (p.x, p.ids):
        tape = forward(small, x, p.state, reset=p.reset)
        _, dlogits = cross_entropy(tape.logits, p.y, weight=np.ones(p.y.shape))
        grads, dstates = backward(small, tape, dlogits)
        lags = map(flat, by_lag(small, tape, dlogits))
        arrays = [*tape.states, tape.gates, tape.logits, dlogits, *dstates, *lags]
        assert {a.dtype for a in [*arrays, *grads.arrays().values()]} == {np.dtype(np.float32)}
        assert distance(grads, p.gradient(x=x, reset=p.reset)) < 1e-5


@each_cell
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_inputs_saturate_without_a_warning(cell, dtype):
    params = problem(cell, D=1).params.map(lambda w: w.astype(dtype))
    tape = cells.forward(params, np.array([[[1e6]], [[-1e6]]], dtype))
    assert np.isfinite(tape.logits).all()
    loss, dlogits = cells.cross_entropy(np.array([[[1e4, -1e4]]], dtype), np.array([[1]]))
    assert (loss, dlogits.tolist()) == (2e4, [[[1, -1]]])


@each_cell
def test_init_draws_what_it_says(cell):
    D, H, V = 50, 20, 30
    p = cells.init(cell, D, H, V, np.random.default_rng(0), scale=0.5, forget_bias=2)
    for block in np.split(p.W_hh, len(cell.blocks), axis=1):
        np.testing.assert_allclose(block @ block.T, 0.25 * np.eye(H), atol=1e-14)
    assert p.W_xh.std() == pytest.approx(D**-0.5, rel=0.05)
    assert p.W_hy.std() == pytest.approx(H**-0.5, rel=0.1)
    assert (p.b_h.reshape(-1, H) == [[2 * (name == "forget")] for name in cell.blocks]).all()
    assert (p.b_hn is None) is (cell is not GRU)
    drawn = np.array([cells.orthogonal(2, np.random.default_rng(i)) for i in range(400)])
    assert np.abs(drawn.mean(0)).max() < 0.15  # no sign is preferred


@each_cell
def test_params_map_flat_and_like_take_every_array(cell):
    p, q = problem(cell, seed=1).params, problem(cell, seed=2).params
    assert (p.map(lambda a, b: a - 2 * b, q).flat() == p.flat() - 2 * q.flat()).all()
    assert len(p.flat()) == sum(a.size for a in p.arrays().values())
    views = p.like(vector := q.flat())
    assert all((a == b).all() for a, b in zip(views.arrays().values(), q.arrays().values()))
    assert all(np.shares_memory(a, vector) for a in views.arrays().values())


@few
@given(problems, st.integers(0, 9))
def test_weight_is_each_tokens_share_of_the_loss(p, seed):
    weight = np.random.default_rng(seed).integers(3, size=p.y.shape).astype(float)
    weight[0, 0] = 1
    logits = p.forward().logits
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    one_hot, share = np.eye(logits.shape[-1])[p.y], (weight / weight.sum())[..., None]
    loss, dlogits = cells.cross_entropy(logits, p.y, weight=weight)
    assert loss == pytest.approx(-(share * one_hot * log_p).sum())
    assert distance(dlogits, share * (np.exp(log_p) - one_hot)) <= 1e-15
    total, dtotal = cells.cross_entropy(logits, p.y, weight=weight, over_time="sum")
    assert total == pytest.approx(len(p.y) * loss)
    assert distance(dtotal, len(p.y) * dlogits) <= 1e-15


@few
@given(problems, st.sampled_from(["mean", "sum"]))
def test_directional_derivative_is_the_central_difference(p, over_time):
    rng = np.random.default_rng(0)
    direction = p.params.map(lambda w: rng.normal(size=w.shape))
    length = np.linalg.norm(direction.flat())
    slope = numerical(lambda q: p.loss(q, over_time), p.params, direction, 1e-5 / length)
    grads = p.gradient(over_time)
    assert abs(grads @ direction.flat() - slope) <= 1e-6 * np.linalg.norm(grads) * length


@few
@given(problems)
def test_dstates_are_derivatives_with_respect_to_the_states(p):
    """Of the product with dlogits, held as they are; a state feeds its own logits and the rest."""
    params, tape, dlogits = p.run()
    _, dstates = cells.backward(params, tape, dlogits)
    for t in range(len(p.x)):
        nudge = tuple(np.random.default_rng(t).normal(size=part.shape) for part in p.state)
        ends = []
        for eps in (1e-5, -1e-5):
            state = tuple(part + eps * n for part, n in zip(tape.state(t), nudge))
            rest = cells.forward(params, p.x[t:], state).logits
            ends.append((rest * dlogits[t:]).sum())
            if t > 0:
                ends[-1] += (state[0] @ params.W_hy * dlogits[t - 1]).sum()
        slope = sum((d[t] * n).sum() for d, n in zip(dstates, nudge))
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-7)


@few
@given(problems)
def test_streams_are_averaged_and_their_order_does_not_matter(p):
    B = p.y.shape[1]
    alone = [p.of(slice(b, b + 1)).gradient() for b in range(B)]
    assert distance(np.mean(alone, axis=0), p.gradient()) <= 1e-12
    order = np.random.default_rng(0).permutation(B)
    moved = p.of(order)
    assert distance(moved.gradient(), p.gradient()) <= 1e-12
    for one, other in zip(moved.forward().states, p.forward().states):
        assert distance(one, other[:, order]) <= 1e-12


P = problem(LSTM)
LOGITS = P.forward().logits


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: P.forward(x=P.ids[:, 0]), r"x must be \(T, B\) or \(T, B, D\), got \(5,\)"),
        (lambda: P.forward(x=P.ids + 4), r"x must be ids in 0\.\.3, got int64 in 4\.\.7"),
        (lambda: P.forward(x=P.ids - 1), r"x must be ids in 0\.\.3, got int64 in -1\.\.2"),
        (lambda: P.forward(x=P.ids * 1.0), r"x must be ids in 0\.\.3, got float64"),
        (lambda: P.forward(x=P.x[..., 1:]), r"x must have shape \(5, 3, 4\), got .*\(5, 3, 3\)"),
        (lambda: P.forward(state=P.state[0]), r"state must have shape \(2, 3, 4\), got .*\(1, 3"),
        (lambda: P.of([0, 1]).forward(state=P.state), r"state must have shape \(2, 2, 4\), got"),
        (lambda: P.forward(reset=P.reset.T), r"reset must have shape \(5, 3\), got .*\(3, 5\)"),
        (lambda: P.forward().state(6), r"position must be in 0\.\.5, got 6"),
        (lambda: cells.cross_entropy(LOGITS, P.y.T), r"y must have shape \(5, 3\), got .*\(3, 5"),
        (lambda: cells.cross_entropy(LOGITS, P.y + 3), r"y must be ids in 0\.\.2, got int64 in"),
        (lambda: cells.cross_entropy(LOGITS, P.y, over_time="max"), "must be mean or sum, got max"),
        (lambda: cells.cross_entropy(LOGITS, P.y, weight=np.ones(3)), r"weight must have shape"),
        (lambda: cells.cross_entropy(LOGITS, P.y, weight=0.0 * P.y), "weight must be .* got 0 to"),
        (lambda: cells.by_lag(P.params, problem(GRU).forward(), LOGITS), "tape must .* got GRU"),
        (lambda: cells.backward(P.params, P.forward(), LOGITS[1:]), r"dlogits must have shape"),
    ],
)  # fmt: skip
def test_refusals_say_what_would_work(call, message):
    with pytest.raises(ValueError, match=message):
        call()
