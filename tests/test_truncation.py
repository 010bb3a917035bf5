"""What a cut keeps: the same loss, and of the gradient the lags within each position's depth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import distance, each_cell, few, problem, problems

from helpers import cells, truncation
from helpers.truncation import Edge, Segment

steps = st.tuples(st.integers(1, 8), st.integers(0, 8)).map(lambda k: (k[0], k[0] + k[1]))


def tbptt(p, k1, k2, edge=Edge.CARRY, params=None, x=None):
    x = p.x if x is None else x
    params = params or p.params
    return truncation.tbptt(params, x, p.y, k1=k1, k2=k2, edge=edge, state=p.state)


@given(st.integers(1, 40), st.integers(1, 45), st.integers(0, 45))
def test_segments_count_every_loss_once_and_depths_their_cells(P, k1, more):
    plan = (P, k1, k1 + more)
    segments = truncation.segments(*plan)
    visits = [0] * P
    for i, s in enumerate(segments):
        assert (s.first_loss, s.stop) == (i * k1, min((i + 1) * k1, P))
        assert s.first == max(0, s.first_loss - more)
        for position in range(s.first_loss, s.stop):
            visits[position] += position - s.first + 1
    assert segments[-1].stop == P
    assert truncation.depths(*plan).tolist() == visits
    assert truncation.cells_visited(*plan) == sum(s.stop - s.first for s in segments)


def test_plans_by_hand():
    assert truncation.segments(7, 3, 5) == [Segment(0, 0, 3), Segment(1, 3, 6), Segment(4, 6, 7)]
    assert truncation.depths(7, 3, 5).tolist() == [1, 2, 3, 3, 4, 5, 3]
    assert truncation.cells_visited(7, 3, 5) == 3 + 5 + 3
    # (T, T) is windows also where the last is short, and (1, k) slides
    assert truncation.depths(5, 2, 2).tolist() == [1, 2, 1, 2, 1]
    assert truncation.depths(5, 1, 3).tolist() == [1, 2, 3, 3, 3]
    assert truncation.cells_visited(49, 7, 14) == 91


@few
@given(problems, st.integers(1, 8))
def test_carried_windows_have_the_loss_of_one_long_window(p, T):
    state, total = p.state, 0.0
    for i in range(0, len(p.x), T):
        tape = cells.forward(p.params, p.x[i : i + T], state)
        y = p.y[i : i + T]
        total += cells.cross_entropy(tape.logits, y)[0] * y.size
        state = truncation.next_state(Edge.CARRY, tape)
        assert truncation.next_state(Edge.RESET, tape) is None
        assert not any(np.shares_memory(a, b) for a, b in zip(state, tape.states))
    assert abs(total / p.y.size - p.loss()) <= 1e-12


@few
@given(problems, steps, st.booleans())
def test_carried_gradient_is_the_sum_of_the_lags_within_each_depth(p, k, with_ids):
    x = p.ids if with_ids else p.x
    params, tape, dlogits = p.run(x=x)
    wanted = 0
    for position, depth in enumerate(truncation.depths(len(p.x), *k)):
        alone = np.zeros_like(dlogits)
        alone[position] = dlogits[position]
        lags = cells.by_lag(params, tape, alone)
        wanted += sum(lag.flat() for lag in lags[:depth])
    loss, grads = tbptt(p, *k, x=x)
    assert abs(loss - p.loss(x=x)) <= 1e-12
    assert distance(grads, wanted) <= 1e-12


@few
@given(problems, steps)
def test_reset_starts_each_segment_from_zeros(p, k):
    loss = wanted = 0
    for s in truncation.segments(len(p.x), *k):
        inside = slice(s.first, s.stop)
        tape = cells.forward(p.params, p.x[inside], p.state if s.first == 0 else None)
        own = np.repeat(np.arange(s.first, s.stop)[:, None] >= s.first_loss, p.y.shape[1], 1)
        part, d = cells.cross_entropy(tape.logits, p.y[inside], weight=own.astype(float))
        loss += part * own.sum() / p.y.size
        wanted += cells.backward(p.params, tape, d * own.sum() / p.y.size)[0].flat()
    ours = tbptt(p, *k, Edge.RESET)
    assert abs(ours[0] - loss) <= 1e-12
    assert distance(ours[1], wanted) <= 1e-12


@each_cell
def test_full_cut_and_reset_gradients_differ_as_they_should(cell):
    p = problem(cell, T=6)
    before = [p.params.flat(), *(part.copy() for part in p.state)]
    cut, reset = tbptt(p, 2, 2)[1], tbptt(p, 2, 2, Edge.RESET)[1]
    assert min(distance(cut, p.gradient()), distance(cut, reset)) > 1e-3
    assert distance(tbptt(p, 1, 6)[1], p.gradient()) <= 1e-12
    assert distance(tbptt(p, 6, 6, Edge.RESET)[1], p.gradient()) <= 1e-12
    single = tbptt(p, 2, 2, params=p.params.map(np.float32))[1].flat()
    assert single.dtype == np.float32
    assert distance(single, cut) < 1e-5
    assert all((a == b).all() for a, b in zip(before, [p.params.flat(), *p.state]))


P = problem(cells.LSTM)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: truncation.segments(5, 3, 2), "k2 must be at least k1 = 3, got 2"),
        (lambda: truncation.depths(5, 0, 1), "k1 must be an integer of at least 1, got 0"),
        (lambda: truncation.cells_visited(0, 1, 1), "num_positions must be .* got 0"),
        (lambda: truncation.next_state("carry", P.forward()), "edge must be .*Edge.*, got 'carry'"),
        (lambda: tbptt(P, 1, 1, x=P.x[1:]), r"y must be a numpy array, Integer \(P B\), with P=4"),
        (lambda: tbptt(P.of([0]), 1, 1, x=P.x), r"y must be .*, with P=5\nB=3|P=5, B=3"),
    ],
)  # fmt: skip
def test_refusals_say_what_would_work(call, message):
    with pytest.raises(ValueError, match=message):
        call()
