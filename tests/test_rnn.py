"""The tanh cell by hand, the loss, and what every cell's forward pass must do."""

import numpy as np
import pytest
from hypothesis import given, settings
from problems import CELLS, SHAPE, Shape, distance, flat, problem, streams_of
from strategies import problems

from helpers import bptt, lstm, rnn

few = settings(max_examples=30)
each_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__name__)


def tiny():
    """One unit: tanh(ln 2) = 3/5 and tanh(ln 3 / 2) = 1/2."""
    return rnn.Params(
        W_xh=np.array([[np.log(2)], [np.log(3) / 2 - 0.3]]),
        W_hh=np.array([[0.5]]),
        b_h=np.zeros(1),
        W_hy=np.array([[2.0, 0.0]]),
        b_y=np.array([0.0, 1.0]),
    )


def test_step_by_hand():
    after_one = rnn.step(tiny(), np.array([[1.0, 0.0]]), np.array([[0.0]]))
    np.testing.assert_allclose(after_one, [[0.6]], atol=1e-15)
    after_two = rnn.step(tiny(), np.array([[0.0, 1.0]]), after_one)
    np.testing.assert_allclose(after_two, [[0.5]], atol=1e-15)


def test_forward_by_hand():
    tape = rnn.forward(tiny(), np.array([[0], [1]]))
    np.testing.assert_allclose(tape.h[:, 0, 0], [0, 0.6, 0.5], atol=1e-15)
    np.testing.assert_allclose(tape.logits[:, 0], [[1.2, 1], [1, 1]], atol=1e-15)


@few
@given(problems())
def test_forward_is_one_step_after_another(p):
    tape = p.forward()
    state = p.h0
    assert distance(tape.state(0), state) == 0
    for t, x in enumerate(p.x):
        state = p.cell.step(p.params, x, state)
        assert distance(tape.state(t + 1), state) <= 1e-12
        h = state[0] if p.cell is lstm else state
        assert distance(tape.logits[t], h @ p.params.W_hy + p.params.b_y) <= 1e-12


@few
@given(problems())
def test_no_first_state_means_zeros(p):
    zeros = np.zeros((p.shape.B, p.shape.H))
    h0 = (zeros, zeros) if p.cell is lstm else zeros
    assert distance(p.forward(h0=None).logits, p.forward(h0=h0).logits) == 0


@few
@given(problems())
def test_ids_are_one_hot_inputs(p):
    one_hot = np.eye(p.shape.D)[p.ids]
    assert distance(p.forward(x=p.ids).logits, p.forward(x=one_hot).logits) <= 1e-12
    for dtype in (np.int32, np.uint8):
        assert distance(p.forward(x=p.ids.astype(dtype)).logits, p.forward(x=p.ids).logits) == 0


@few
@given(problems())
def test_permuted_streams_give_permuted_states(p):
    order = np.random.default_rng(0).permutation(p.shape.B)
    tape, moved = p.forward(), p.forward(x=p.x[:, order], h0=streams_of(p.h0, order))
    for t in range(p.shape.T + 1):
        assert distance(moved.state(t), streams_of(tape.state(t), order)) <= 1e-12


@few
@given(problems())
def test_streams_do_not_see_each_other(p):
    others = p.x.copy()
    others[:, 0] += 1
    one, other = p.forward(), p.forward(x=others)
    assert (one.logits[:, 1:] == other.logits[:, 1:]).all()
    assert (one.logits[:, 0] != other.logits[:, 0]).any()


@few
@given(problems())
def test_reset_means_separate_sequences(p):
    resets = p.resets()
    tape = p.forward(reset=resets)
    for b, steps, alone in p.pieces(resets):
        assert distance(tape.logits[steps, b], alone.logits[:, 0]) <= 1e-12


@each_cell
def test_nothing_crosses_a_reset(cell):
    p = problem(cell, Shape(T=6))
    resets = np.zeros((6, 3), dtype=bool)
    resets[3, 1] = True
    before = p.x.copy()
    before[:3, 1] += 1
    one, other = p.forward(reset=resets), p.forward(x=before, reset=resets)
    assert (one.logits[3:] == other.logits[3:]).all()
    assert (one.logits[:3, 1] != other.logits[:3, 1]).any()
    free = p.forward()
    assert (free.logits[3:, 1] != one.logits[3:, 1]).any()


@each_cell
def test_out_gives_the_same_and_reuses_the_memory(cell):
    p, q = problem(cell, seed=1), problem(cell, seed=2)
    buffer = q.forward(reset=q.resets())
    tape = p.forward(out=buffer)
    fresh = p.forward()
    arrays = [
        name for name, value in vars(fresh).items() if name != "x" and isinstance(value, np.ndarray)
    ]
    assert len(arrays) >= 2
    for name in arrays:
        assert np.shares_memory(getattr(tape, name), getattr(buffer, name)), name
        assert (getattr(tape, name) == getattr(fresh, name)).all(), name
    assert tape.x is p.x
    assert tape.reset is None


@each_cell
def test_tape_is_not_overwritten_by_the_first_state_it_is_given(cell):
    p = problem(cell)
    tape = p.forward()
    wanted = p.forward(h0=tape.state(SHAPE.T)).logits
    last = (tape.h[-1], tape.c[-1]) if cell is lstm else tape.h[-1]
    assert (p.forward(h0=last, out=tape).logits == wanted).all()


@each_cell
def test_state_is_a_copy(cell):
    tape = problem(cell).forward()
    state = tape.state(2)
    for part in state if cell is lstm else (state,):
        assert not any(np.shares_memory(part, a) for a in (tape.h, getattr(tape, "c", tape.h)))
    assert (flat(tape.state(0)) == flat(problem(cell).h0)).all()


@each_cell
def test_float32_stays_float32(cell):
    p = problem(cell)
    params = p.params.map(np.float32)
    h0 = tuple(h.astype(np.float32) for h in p.h0) if cell is lstm else p.h0.astype(np.float32)
    for x in (p.x.astype(np.float32), p.ids, p.x):
        tape = cell.forward(params, x, h0)
        assert {v.dtype for k, v in vars(tape).items() if k not in ("x", "reset")} == {
            np.dtype(np.float32)
        }
        _, dlogits = rnn.cross_entropy(tape.logits, p.y)
        assert dlogits.dtype == np.float32
        grads, dh = bptt.of(cell).backward(params, tape, dlogits)
        assert grads.flat().dtype == np.float32
        assert flat(dh).dtype == np.float32
        assert {g.flat().dtype for g in bptt.of(cell).by_lag(params, tape, dlogits)} == {
            np.dtype(np.float32)
        }
    stepped = cell.step(params, p.x[0].astype(np.float32), h0)
    assert flat(stepped).dtype == np.float32
    weights = params.map(np.float64)
    assert distance(tape.logits, cell.forward(weights, p.x, p.h0).logits) < 1e-4


def test_one_step_without_a_state_is_a_feed_forward_network():
    p = problem(rnn, Shape(T=1))
    hidden = np.tanh(p.x[0] @ p.params.W_xh + p.params.b_h)
    logits = p.forward(h0=None).logits[0]
    np.testing.assert_allclose(logits, hidden @ p.params.W_hy + p.params.b_y, atol=1e-14)


@each_cell
def test_init_draws_what_it_says(cell):
    D, H, V = 50, 20, 30
    params = cell.init(D, H, V, np.random.default_rng(0), scale=0.5)
    for block in np.split(params.W_hh, params.W_hh.shape[1] // H, axis=1):
        np.testing.assert_allclose(block @ block.T, 0.25 * np.eye(H), atol=1e-14)
    assert params.W_xh.std() == pytest.approx(D**-0.5, rel=0.05)
    assert params.W_hy.std() == pytest.approx(H**-0.5, rel=0.1)
    assert params.W_hy.shape == (H, V)
    assert not params.b_y.any()
    assert params.flat().dtype == np.float64
    again = cell.init(D, H, V, np.random.default_rng(0), scale=0.5)
    assert (params.flat() == again.flat()).all()


@each_cell
def test_unless_told_otherwise_the_recurrent_weights_keep_lengths_and_biases_are_zero(cell):
    params = cell.init(50, 20, 30, np.random.default_rng(0))
    for block in np.split(params.W_hh, params.W_hh.shape[1] // 20, axis=1):
        np.testing.assert_allclose(block @ block.T, np.eye(20), atol=1e-14)
    assert abs(params.W_xh.mean()) < 4 * 50**-0.5 / params.W_xh.size**0.5
    assert abs(params.W_hy.mean()) < 4 * 20**-0.5 / params.W_hy.size**0.5
    assert cell is lstm or not params.b_h.any()


def test_orthogonal_has_both_determinants():
    signs = {
        round(np.linalg.det(rnn.orthogonal(3, np.random.default_rng(seed)))) for seed in range(20)
    }
    assert signs == {-1, 1}


def test_orthogonal_is_drawn_evenly():
    rng = np.random.default_rng(0)
    drawn = np.array([rnn.orthogonal(2, rng) for _ in range(400)])
    assert np.abs(drawn.mean(0)).max() < 0.15  # without the signs, one diagonal entry never is > 0


@each_cell
def test_map_and_flat_take_every_array(cell):
    p, q = problem(cell, seed=1).params, problem(cell, seed=2).params
    np.testing.assert_array_equal(p.map(lambda a, b: a - 2 * b, q).flat(), p.flat() - 2 * q.flat())
    assert len(p.flat()) == sum(a.size for a in vars(p).values())
    assert not np.shares_memory(p.flat(), p.b_y)


# The loss


def test_cross_entropy_by_hand():
    logits = np.log(np.array([[[1.0, 3.0]], [[1.0, 1.0]]]))
    loss, dlogits = rnn.cross_entropy(logits, np.array([[1], [0]]))
    assert loss == pytest.approx((np.log(4 / 3) + np.log(2)) / 2)
    np.testing.assert_allclose(dlogits[:, 0] * 2, [[0.25, -0.25], [-0.5, 0.5]])


def test_sum_over_time_is_larger_by_exactly_T():
    p = problem(rnn, Shape(T=4))
    logits = p.forward().logits
    mean, dmean = rnn.cross_entropy(logits, p.y)
    total, dtotal = rnn.cross_entropy(logits, p.y, over_time="sum")
    assert total == 4 * mean
    assert (dtotal == 4 * dmean).all()


def test_weight_is_each_tokens_share():
    p = problem(rnn, Shape(T=4, B=2))
    logits = p.forward().logits
    weight = np.array([[1.0, 2], [0, 1], [3, 1], [0, 2]])
    loss, dlogits = rnn.cross_entropy(logits, p.y, weight=weight)
    parts = [
        [rnn.cross_entropy(logits[t : t + 1, b : b + 1], p.y[t : t + 1, b : b + 1]) for b in (0, 1)]
        for t in range(4)
    ]
    assert loss == pytest.approx(
        sum(weight[t, b] * parts[t][b][0] for t in range(4) for b in (0, 1)) / 10
    )
    for t in range(4):
        for b in (0, 1):
            np.testing.assert_allclose(dlogits[t, b], weight[t, b] / 10 * parts[t][b][1][0, 0])
    assert not dlogits[1, 0].any()
    total, dtotal = rnn.cross_entropy(logits, p.y, weight=weight, over_time="sum")
    assert total == pytest.approx(4 * loss)
    np.testing.assert_allclose(dtotal, 4 * dlogits)


def test_equal_weights_change_nothing():
    p = problem(rnn)
    logits = p.forward().logits
    loss, dlogits = rnn.cross_entropy(logits, p.y)
    weighted, dweighted = rnn.cross_entropy(logits, p.y, weight=np.full(p.y.shape, 0.3))
    assert weighted == pytest.approx(loss, abs=1e-15)
    np.testing.assert_allclose(dweighted, dlogits, atol=1e-16)


def test_padding_counts_for_nothing():
    p = problem(rnn, Shape(T=5))
    logits = p.forward().logits
    weight = np.ones(p.y.shape)
    weight[3:] = 0
    loss, dlogits = rnn.cross_entropy(logits, p.y, weight=weight)
    short, dshort = rnn.cross_entropy(logits[:3], p.y[:3])
    assert loss == pytest.approx(short, abs=1e-15)
    np.testing.assert_allclose(dlogits[:3], dshort, atol=1e-16)
    assert not dlogits[3:].any()


def test_huge_logits_do_not_overflow():
    loss, dlogits = rnn.cross_entropy(np.array([[[1e4, -1e4]]]), np.array([[1]]))
    assert loss == 2e4
    np.testing.assert_array_equal(dlogits, [[[1, -1]]])


def test_cross_entropy_leaves_the_logits_alone():
    logits = np.ones((1, 1, 3))
    rnn.cross_entropy(logits, np.array([[1]]))
    assert (logits == 1).all()


# Refusals

P = problem(rnn).params
X = np.zeros((2, 1, 4))
IDS = np.zeros((2, 1), dtype=int)
LOGITS = np.zeros((2, 1, 3))
RNG = np.random.default_rng(0)
small = rnn.forward(P, X)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rnn.init(0, 1, 1, RNG), "num_inputs must be an integer of at least 1, got 0"),
        (lambda: rnn.init(1, 2.0, 1, RNG), "hidden_size must be .* got 2.0"),
        (lambda: rnn.init(1, 1, True, RNG), "num_symbols must be .* got True"),
        (lambda: rnn.init(1, 1, 1, RNG, scale=-1), "scale must be at least 0, got -1"),
        (lambda: rnn.init(1, 1, 1, RNG, scale=np.nan), "scale must be a finite .* got nan"),
        (lambda: rnn.init(1, 1, 1, 7), r"rng must be a numpy generator, .*got 7"),
        (lambda: rnn.orthogonal(0, RNG), "size must be an integer of at least 1, got 0"),
        (lambda: rnn.orthogonal(2, None), "rng must be a numpy generator, .*got None"),
        (lambda: rnn.step(P, np.zeros((1, 3)), np.zeros((1, 4))), r"x must .*\(B, 4\).*\(1, 3\)"),
        (lambda: rnn.step(P, X[0], np.zeros((2, 4))), r"h must .*\(1, 4\).*\(2, 4\)"),
        (lambda: rnn.forward(P, [[0]]), r"x must .*\(T, B, 4\), got list: \[\[0\]\]"),
        (lambda: rnn.forward(P, X[0]), r"x must .*\(T, B, 4\), got float64 .*\(1, 4\)"),
        (lambda: rnn.forward(P, IDS + 4), r"x must hold ids in 0..3, got 4"),
        (lambda: rnn.forward(P, IDS - 1), r"x must hold ids in 0..3, got -1"),
        (
            lambda: rnn.forward(P, X[:0]),
            r"x must hold at least one step of one stream, .*\(0, 1, 4",
        ),
        (lambda: rnn.forward(P, X, np.zeros((2, 4))), r"h0 must .*\(1, 4\), got .*\(2, 4\)"),
        (lambda: rnn.forward(P, X, reset=IDS), r"reset must .*booleans .*\(2, 1\), got int64"),
        (lambda: rnn.forward(P, X[:1], out=small), r"out.h must .*\(2, 1, 4\), got .*\(3, 1, 4\)"),
        (
            lambda: rnn.forward(P.map(np.float32), X, out=small),
            "out must hold float32 like the weights, got float64",
        ),
        (lambda: small.state(3), "position must be an integer in 0..2, got 3"),
        (lambda: P.map(np.add, problem(lstm).params), "others must be .*rnn.Params, .*lstm.Params"),
        (lambda: rnn.cross_entropy(X[0], IDS), r"logits must .*\(T, B, V\), got .*\(1, 4\)"),
        (lambda: rnn.cross_entropy(LOGITS[:0], IDS[:0]), r"logits must hold at least one token"),
        (lambda: rnn.cross_entropy(LOGITS, IDS.T), r"y must .*\(2, 1\), got .*\(1, 2\)"),
        (lambda: rnn.cross_entropy(LOGITS, IDS + 3), "y must hold ids in 0..2, got 3"),
        (
            lambda: rnn.cross_entropy(LOGITS, IDS, over_time="max"),
            "over_time must be one of 'mean', 'sum', got 'max'",
        ),
        (
            lambda: rnn.cross_entropy(LOGITS, IDS, weight=np.zeros((2, 1))),
            r"weight must be finite, at least 0 and not all 0, got values in 0..0",
        ),
        (
            lambda: rnn.cross_entropy(LOGITS, IDS, weight=np.array([[2.0], [-1.0]])),
            r"weight must be .* got values in -1..2",
        ),
        (
            lambda: rnn.cross_entropy(LOGITS, IDS, weight=np.array([[np.nan], [1.0]])),
            "weight must be finite",
        ),
        (lambda: rnn.cross_entropy(LOGITS, IDS, weight=np.ones(2)), r"weight must .*\(2, 1\)"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
