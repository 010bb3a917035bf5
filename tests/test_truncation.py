"""What a cut keeps: the same loss, and of the gradient the lags within each position's depth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import CELLS, Shape, distance, flat, problem, streams_of
from strategies import problems

from helpers import bptt, lstm, rnn, torch_twin, truncation
from helpers.truncation import Edge, Segment

few = settings(max_examples=30)
each_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__name__)
plans = st.tuples(st.integers(1, 40), st.integers(1, 45), st.integers(0, 45)).map(
    lambda drawn: (drawn[0], drawn[1], drawn[1] + drawn[2])
)
steps = st.tuples(st.integers(1, 8), st.integers(0, 8)).map(lambda k: (k[0], k[0] + k[1]))


def tbptt(p, k1, k2, edge=Edge.CARRY, **changes):
    given_ = {"params": p.params, "x": p.x, "y": p.y, "h0": p.h0} | changes
    params, x, y = (given_.pop(name) for name in ("params", "x", "y"))
    return truncation.tbptt(params, x, y, k1=k1, k2=k2, edge=edge, cell=p.cell, **given_)


def test_next_state_by_hand():
    p = problem(rnn)
    tape = p.forward()
    assert truncation.next_state(Edge.RESET, tape) is None
    state = truncation.next_state(Edge.CARRY, tape)
    assert (state == tape.h[5]).all()
    assert not np.shares_memory(state, tape.h)


@each_cell
def test_next_state_continues_the_sequence(cell):
    p = problem(cell, Shape(T=6))
    first = p.forward(x=p.x[:4])
    rest = p.forward(x=p.x[4:], h0=truncation.next_state(Edge.CARRY, first))
    assert distance(rest.logits, p.forward().logits[4:]) <= 1e-12


@given(plans)
def test_every_loss_is_counted_once(plan):
    P, k1, k2 = plan
    counted = [i for s in truncation.segments(P, k1, k2) for i in range(s.first_loss, s.stop)]
    assert counted == list(range(P))


@given(plans)
def test_segments_follow_the_plan(plan):
    P, k1, k2 = plan
    segments = truncation.segments(P, k1, k2)
    assert len(segments) == -(-P // k1)
    for i, s in enumerate(segments):
        assert (s.first_loss, s.stop) == (i * k1, min((i + 1) * k1, P))
        assert s.first == max(0, s.first_loss - (k2 - k1))
        assert s.first <= s.first_loss < s.stop


@given(st.integers(1, 40), st.integers(1, 45))
def test_sliding_gives_each_loss_its_last_k_cells(P, k):
    for p, s in enumerate(truncation.segments(P, 1, k)):
        assert (s.first_loss, s.stop) == (p, p + 1)
        assert s.stop - s.first == min(k, p + 1)
    assert truncation.depths(P, 1, k).tolist() == [min(k, p + 1) for p in range(P)]


@given(plans)
def test_depths_and_cells_visited_count_the_segments(plan):
    P, k1, k2 = plan
    depths = np.zeros(P, dtype=int)
    visited = 0
    for s in truncation.segments(P, k1, k2):
        for cell in range(s.first, s.stop):
            visited += 1
            depths[max(cell, s.first_loss) : s.stop] += 1
    assert truncation.depths(*plan).tolist() == depths.tolist()
    assert truncation.cells_visited(*plan) == visited


def test_plans_by_hand():
    assert truncation.segments(7, 3, 5) == [Segment(0, 0, 3), Segment(1, 3, 6), Segment(4, 6, 7)]
    assert truncation.depths(7, 3, 5).tolist() == [1, 2, 3, 3, 4, 5, 3]
    assert truncation.cells_visited(7, 3, 5) == 3 + 5 + 3
    # a short last update is a short last window: (T, T) never looks over an edge
    assert truncation.depths(5, 2, 2).tolist() == [1, 2, 1, 2, 1]
    assert truncation.depths(4, 4, 4).tolist() == [1, 2, 3, 4]
    assert truncation.segments(3, 9, 9) == [Segment(0, 0, 3)]


@pytest.mark.parametrize(
    ("k1", "k2", "cells"), [(49, 49, 49), (7, 7, 49), (1, 7, 322), (7, 14, 91), (1, 49, 1225)]
)
def test_cost_of_plans_over_49_positions(k1, k2, cells):
    assert truncation.cells_visited(49, k1, k2) == cells


@few
@given(problems(), st.integers(1, 8))
def test_carried_windows_have_the_loss_of_one_long_window(p, T):
    state, total = p.h0, 0.0
    for start in range(0, p.shape.T, T):
        window = slice(start, start + T)
        tape = p.forward(x=p.x[window], h0=state)
        loss, _ = rnn.cross_entropy(tape.logits, p.y[window])
        total += loss * p.y[window].size
        state = truncation.next_state(Edge.CARRY, tape)
    assert abs(total / p.y.size - p.loss()) <= 1e-12


@few
@given(problems(), steps, st.booleans())
def test_carried_plans_have_the_loss_of_one_long_window(p, k, with_ids):
    x = p.ids if with_ids else p.x
    long = rnn.cross_entropy(p.forward(x=x).logits, p.y)[0]
    assert abs(tbptt(p, *k, x=x)[0] - long) <= 1e-12


@few
@given(problems(), steps, st.booleans())
def test_carried_gradient_is_the_sum_of_the_lags_within_each_depth(p, k, with_ids):
    x = p.ids if with_ids else p.x
    tape = p.forward(x=x)
    _, dlogits = rnn.cross_entropy(tape.logits, p.y)
    wanted = np.zeros_like(p.params.flat())
    for position, depth in enumerate(truncation.depths(p.shape.T, *k)):
        alone = np.zeros_like(dlogits)
        alone[position] = dlogits[position]
        lags = bptt.of(p.cell).by_lag(p.params, tape, alone)
        wanted += sum(lag.flat() for lag in lags[:depth])
    assert distance(tbptt(p, *k, x=x)[1], wanted) <= 1e-12


@few
@given(problems())
def test_one_long_window_is_the_full_gradient(p):
    for edge in Edge:
        assert distance(tbptt(p, p.shape.T, p.shape.T, edge)[1], p.gradient()) <= 1e-12
        assert distance(tbptt(p, 1, p.shape.T)[1], p.gradient()) <= 1e-12


@few
@given(problems(), steps)
def test_reset_plans_start_each_segment_from_zeros(p, k):
    loss, wanted = 0.0, np.zeros_like(p.params.flat())
    for s in truncation.segments(p.shape.T, *k):
        inside = slice(s.first, s.stop)
        tape = p.forward(x=p.x[inside], h0=p.h0 if s.first == 0 else None)
        losses = [
            rnn.cross_entropy(tape.logits[i : i + 1], p.y[s.first + i : s.first + i + 1])
            for i in range(s.stop - s.first)
        ]
        dlogits = np.zeros_like(tape.logits)
        for position in range(s.first_loss, s.stop):
            one, d = losses[position - s.first]
            loss += one / p.shape.T
            dlogits[position - s.first] = d[0] / p.shape.T
        wanted += bptt.of(p.cell).backward(p.params, tape, dlogits)[0].flat()
    ours = tbptt(p, *k, Edge.RESET)
    assert abs(ours[0] - loss) <= 1e-12
    assert distance(ours[1], wanted) <= 1e-12


@settings(max_examples=15)
@given(problems(), st.integers(1, 4))
def test_windows_are_those_of_torch_with_the_state_detached(p, T):
    state, loss, total = p.h0, 0.0, np.zeros_like(p.params.flat())
    for start in range(0, p.shape.T, T):
        window = slice(start, start + T)
        share = p.y[window].size / p.y.size
        part, grads = torch_twin.gradients(p.params, p.x[window], p.y[window], state)
        loss, total = loss + share * part, total + share * grads.flat()
        state = p.forward(x=p.x[window], h0=state).state(len(p.x[window]))
    ours = tbptt(p, T, T)
    assert abs(ours[0] - loss) <= 1e-12
    assert distance(ours[1], total) <= 1e-12


@each_cell
def test_cut_and_reset_differ_from_the_full_gradient(cell):
    p = problem(cell, Shape(T=6))
    cut, reset = tbptt(p, 2, 2)[1].flat(), tbptt(p, 2, 2, Edge.RESET)[1].flat()
    assert distance(cut, p.gradient()) > 1e-3
    assert distance(cut, reset) > 1e-3


@each_cell
def test_truncated_gradient_in_float32(cell):
    p = problem(cell)
    params = p.params.map(np.float32)
    loss, grads = tbptt(p, 2, 3, params=params)
    assert grads.flat().dtype == np.float32
    exact = tbptt(p, 2, 3)
    assert distance(grads, exact[1]) < 1e-5
    assert loss == pytest.approx(exact[0], abs=1e-5)


@each_cell
def test_tbptt_changes_nothing_it_is_given(cell):
    p = problem(cell)
    before = [flat(v).copy() for v in (p.params, p.x, p.y, p.h0)]
    tbptt(p, 2, 3)
    for value, old in zip((p.params, p.x, p.y, p.h0), before, strict=True):
        assert (flat(value) == old).all()


@each_cell
def test_streams_of_a_truncated_gradient_are_averaged(cell):
    p = problem(cell)
    parts = [
        tbptt(
            p,
            2,
            3,
            x=p.x[:, b : b + 1],
            y=p.y[:, b : b + 1],
            h0=streams_of(p.h0, slice(b, b + 1)),
        )[1].flat()
        for b in range(p.shape.B)
    ]
    assert distance(np.mean(parts, axis=0), tbptt(p, 2, 3)[1]) <= 1e-12


P = problem(rnn)


@pytest.mark.messages
@pytest.mark.parametrize(
    "function", [truncation.segments, truncation.depths, truncation.cells_visited]
)
@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ((0, 1, 1), "num_positions must be an integer of at least 1, got 0"),
        ((5, 0, 1), "k1 must be an integer of at least 1, got 0"),
        ((5, 1, 1.5), "k2 must be an integer of at least 1, got 1.5"),
        ((5, 3, 2), "k2 must be at least k1 = 3, or losses are left out, got 2"),
    ],
)
def test_impossible_plans_are_refused(function, plan, message):
    with pytest.raises(ValueError, match=message):
        function(*plan)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: truncation.next_state("carry", P.forward()),
            "edge must be Edge.CARRY or Edge.RESET, got 'carry'",
        ),
        (lambda: tbptt(P, 1, 1, "reset"), "edge must be Edge.CARRY or Edge.RESET, got 'reset'"),
        (lambda: tbptt(P, 2, 1), "k2 must be at least k1 = 2"),
        (lambda: tbptt(P, 1, 1, y=P.y[1:]), r"y must .*\(5, 3\), got .*\(4, 3\)"),
        (lambda: tbptt(P, 1, 1, y=P.y + 3), "y must hold ids in 0..2, got"),
        (lambda: tbptt(P, 1, 1, h0=P.h0[1:]), r"h0 must .*\(3, 4\), got .*\(2, 4\)"),
        (lambda: tbptt(problem(lstm), 1, 1, h0=P.h0), r"h0 must be a pair \(h, c\)"),
        (
            lambda: truncation.tbptt(P.params, P.x, P.y, k1=1, k2=1, edge=Edge.CARRY, cell=np),
            "cell must be one of the modules rnn, lstm, gru, got <module 'numpy'",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
