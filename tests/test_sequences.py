"""Padding, resets and rows of a state: equal to single sequences, whatever the layout."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from problems import CELLS, distance, flat
from strategies import seeds
from torch.nn.utils.rnn import pack_padded_sequence

from helpers import bptt, lstm, rnn, sequences, torch_twin

D, H, V = 5, 4, 5
cells = pytest.mark.parametrize("cell", CELLS)
lengths = st.lists(st.integers(2, 8), min_size=1, max_size=5)


def drawn(seed, sizes):
    rng = np.random.default_rng(seed)
    return [rng.integers(V, size=n) for n in sizes], rng


def gradient(cell, params, x, y, weight, reset=None):
    tape = cell.forward(params, x, reset=reset)
    loss, dlogits = rnn.cross_entropy(tape.logits, y, weight=weight)
    return loss, bptt.of(cell).backward(params, tape, dlogits)[0].flat()


def one_by_one(cell, params, texts):
    """Loss and gradient of a loop over single sequences, every target weighing the same."""
    targets = sum(len(ids) - 1 for ids in texts)
    loss, total = 0.0, 0.0
    for ids in texts:
        one, g = gradient(cell, params, ids[:-1, None], ids[1:, None], None)
        loss, total = loss + one * (len(ids) - 1) / targets, total + g * (len(ids) - 1) / targets
    return loss, total


# pad


@cells
@given(sizes=lengths, seed=seeds)
def test_padding_with_weights_gives_the_loss_and_gradient_of_single_sequences(cell, sizes, seed):
    texts, rng = drawn(seed, sizes)
    params = cell.init(D, H, V, rng)
    loss, grads = gradient(cell, params, *sequences.pad(texts))
    wanted, exact = one_by_one(cell, params, texts)
    assert loss == pytest.approx(wanted, abs=1e-12)
    np.testing.assert_allclose(grads, exact, rtol=0, atol=1e-12)


def test_padding_by_hand():
    x, y, weight = sequences.pad([np.array([7, 8]), np.array([1, 2, 3, 4])])
    assert x.T.tolist() == [[7, 0, 0], [1, 2, 3]]
    assert y.T.tolist() == [[8, 0, 0], [2, 3, 4]]
    assert weight.T.tolist() == [[1, 0, 0], [1, 1, 1]]
    assert weight.dtype == np.float64


def test_sequences_may_come_from_a_generator_and_in_any_integer_type():
    texts = [np.array([1, 2], np.uint8), np.array([3, 4, 5], np.int32)]
    for a, b in zip(sequences.pad(iter(texts)), sequences.pad(texts), strict=True):
        assert (a == b).all()


# last_states


@cells
@given(sizes=lengths, seed=seeds)
def test_last_states_are_those_of_single_sequences_and_of_packing(cell, sizes, seed):
    texts, rng = drawn(seed, sizes)
    params = cell.init(D, H, V, rng)
    x, _, weight = sequences.pad(texts)
    steps = weight.sum(axis=0).astype(int)
    last = sequences.last_states(cell.forward(params, x), steps)
    alone = [cell.forward(params, ids[:-1, None]).state(len(ids) - 1) for ids in texts]
    parts = zip(*alone, strict=True) if cell is lstm else [alone]
    alone = tuple(np.vstack(part) for part in parts)
    assert distance(last, alone if cell is lstm else alone[0]) < 1e-12
    layer, _ = torch_twin.to_torch(params)
    inputs = torch.tensor(np.eye(D)[x])
    packed = pack_padded_sequence(inputs, torch.tensor(steps), enforce_sorted=False)
    theirs = layer(packed)[1]
    theirs = theirs if cell is lstm else (theirs,)
    for ours, state in zip(alone, theirs, strict=True):
        np.testing.assert_allclose(state[0].detach().numpy(), ours, rtol=0, atol=1e-12)


def test_no_steps_give_the_initial_state_and_results_are_copies():
    params = rnn.init(D, H, V, np.random.default_rng(0))
    h0 = np.full((2, H), 0.5)
    tape = rnn.forward(params, np.zeros((3, 2), int), h0)
    last = sequences.last_states(tape, np.array([0, 3]))
    assert (last[0] == 0.5).all()
    last[:] = 9
    assert (tape.h != 9).all()


@cells
def test_last_states_are_those_of_a_pass_over_vectors_too(cell):
    rng = np.random.default_rng(0)
    params = cell.init(D, H, V, rng)
    ids = rng.integers(D, size=(3, 2))
    steps = np.array([1, 3])
    of_vectors = sequences.last_states(cell.forward(params, np.eye(D)[ids]), steps)
    assert distance(of_vectors, sequences.last_states(cell.forward(params, ids), steps)) < 1e-12


# reset_before


@cells
@given(sizes=st.lists(st.integers(1, 6), min_size=2, max_size=8), seed=seeds)
def test_documents_in_streams_with_mask_and_weight_are_documents_alone(cell, sizes, seed):
    rng = np.random.default_rng(seed)
    end = V - 1
    ids = np.concatenate([np.append(rng.integers(end, size=n), end) for n in sizes])
    B = 2
    streams = ids[: len(ids) // B * B].reshape(B, -1).T
    params = cell.init(D, H, V, rng)
    reset = sequences.reset_before(streams, end)
    pieces = [
        piece
        for column, marks in zip(streams.T, reset.T, strict=True)
        for piece in np.split(column, np.flatnonzero(marks)[1:])
        if len(piece) > 1
    ]
    weight = 1.0 * (streams[:-1] != end)
    if not pieces:
        return
    loss, grads = gradient(cell, params, streams[:-1], streams[1:], weight, reset[:-1])
    wanted, exact = one_by_one(cell, params, pieces)
    assert loss == pytest.approx(wanted, abs=1e-12)
    np.testing.assert_allclose(grads, exact, rtol=0, atol=1e-12)


def test_a_reset_mask_by_hand_knows_only_its_own_stream():
    streams = np.array([[9, 1], [2, 9], [9, 9], [3, 4]])
    assert sequences.reset_before(streams, 9).T.astype(int).tolist() == [[1, 1, 0, 1], [1, 0, 1, 1]]


# keep_streams


def test_rows_go_with_their_streams_and_new_ones_are_zero():
    state = np.arange(8.0).reshape(4, 2)
    kept = sequences.keep_streams(state, [3, None, 0, 3])
    assert kept.tolist() == [[6, 7], [0, 0], [0, 1], [6, 7]]
    kept[:] = 9
    assert (state != 9).all()
    pair = sequences.keep_streams((state, -state), (1,))
    assert [part.tolist() for part in pair] == [[[2, 3]], [[-2, -3]]]
    assert sequences.keep_streams(state.astype(np.float32), [0]).dtype == np.float32


@cells
@given(seed=seeds, streams=st.permutations(range(4)))
def test_recordings_that_go_on_are_read_as_if_alone(cell, seed, streams):
    rng = np.random.default_rng(seed)
    params, ids = cell.init(D, H, V, rng), rng.integers(V, size=(6, 4))
    go_on = streams[:2]
    state = sequences.keep_streams(cell.forward(params, ids[:3]).state(3), go_on)
    later = cell.forward(params, ids[3:, go_on], state).logits
    alone = cell.forward(params, ids[:, go_on]).logits[3:]
    assert distance(later, alone) < 1e-12


# overlapping


@given(N=st.integers(2, 30), B=st.integers(1, 6), warm_up=st.integers(0, 9), seed=seeds)
def test_overlapping_streams_count_every_target_once_and_read_what_precedes_it(N, B, warm_up, seed):
    B = min(B, N - 1)
    ids = np.arange(N)
    x, y, weight = sequences.overlapping(ids, B, warm_up)
    assert sorted(y[weight == 1].tolist()) == list(range(1, N))
    assert set(np.unique(weight)) <= {0.0, 1.0}
    for b in range(B):
        rows = np.flatnonzero(weight[:, b])
        assert (np.diff(rows) == 1).all()
        top, first = int(rows[0]), int(x[rows[0], b])
        assert x[: rows[-1] + 1, b].tolist() == list(range(first - top, first + len(rows)))
        assert top == min(warm_up, first)


def test_a_long_warm_up_makes_the_loss_independent_of_the_number_of_streams():
    rng = np.random.default_rng(0)
    params, ids = lstm.init(D, H, V, rng), rng.integers(V, size=41)
    of = [gradient(lstm, params, *sequences.overlapping(ids, B, 40))[0] for B in (1, 3, 8)]
    assert np.ptp(of) < 1e-12
    cold = [gradient(lstm, params, *sequences.overlapping(ids, B, 0))[0] for B in (1, 8)]
    assert np.ptp(cold) > 1e-4


# Refusals


STATE = np.zeros((3, 2))
TAPE = rnn.forward(rnn.init(D, H, V, np.random.default_rng(0)), np.zeros((3, 2), int))
TEXT = np.array([1, 2, 3])


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sequences.pad(3), "sequences must be a sequence .* got int"),
        (lambda: sequences.pad([]), "sequences must hold at least one sequence, got none"),
        (lambda: sequences.pad([TEXT, [1, 2]]), r"sequences\[1\] must be .*\(n,\), got list"),
        (lambda: sequences.pad([TEXT / 2]), r"sequences\[0\] must be .*integers.*got float64"),
        (lambda: sequences.pad([TEXT, TEXT[:1]]), r"sequences\[1\] must hold at least 2 .* got 1"),
        (lambda: sequences.last_states(TAPE.h, np.array([1, 1])), "tape must come .* got ndarray"),
        (lambda: sequences.last_states(TAPE, np.array([1])), r"steps must be .*\(2,\), got .*\(1,"),
        (
            lambda: sequences.last_states(TAPE, np.array([1, 4])),
            "steps must be in 0..3, got 1 to 4",
        ),
        (
            lambda: sequences.last_states(TAPE, np.array([-1, 3])),
            "steps must be in 0..3, got -1 to",
        ),
        (lambda: sequences.last_states(TAPE, np.ones(2)), "steps must be .*integers.* got float64"),
        (lambda: sequences.reset_before(TEXT, 1), r"streams must be .*\(L, B\), got .*\(3,\)"),
        (lambda: sequences.reset_before(TEXT[:, None], -1), "end must be an integer of at least 0"),
        (lambda: sequences.keep_streams(STATE, 2), "streams must be a sequence .* got int"),
        (lambda: sequences.keep_streams(STATE, []), "streams must name at least one .* got none"),
        (
            lambda: sequences.keep_streams(STATE, [0, 3]),
            r"streams\[1\] must name one of the 3 .* got 3",
        ),
        (lambda: sequences.keep_streams(STATE, [-1]), r"streams\[0\] must be .* got -1"),
        (lambda: sequences.keep_streams(STATE, [True]), r"streams\[0\] must be .* got True"),
        (lambda: sequences.keep_streams(STATE[0], [0]), r"state must be .*\(B, H\), got .*\(2,\)"),
        (
            lambda: sequences.keep_streams((STATE,), [0]),
            "state must be an array or a pair .* got 1",
        ),
        (lambda: sequences.keep_streams(None, [0]), "state must be .*got NoneType"),
        (lambda: sequences.keep_streams(STATE, {2, 0}), "streams must be a sequence .* got set"),
        (
            lambda: sequences.keep_streams((STATE, STATE[:2]), [0]),
            r"state\[1\] must be .* shape \(3, ",
        ),
        (
            lambda: sequences.keep_streams(((STATE, STATE), STATE), [0]),
            r"state\[0\] must be .* got tuple",
        ),
        (
            lambda: sequences.pad([TEXT, np.array([1, 2**63], np.uint64)]),
            r"sequences\[1\] must hold ids below 2\*\*63, got 9223372036854775808",
        ),
        (lambda: sequences.last_states(rnn.Tape, np.array([1])), "tape must come .* got type"),
        (
            lambda: sequences.overlapping(TEXT[:1], 1, 0),
            "ids must hold at least 2 tokens, .* got 1",
        ),
        (lambda: sequences.overlapping(TEXT, 3, 0), "batch_size must be an integer in 1..2, got 3"),
        (lambda: sequences.overlapping(TEXT, 0, 0), "batch_size must be an integer in 1..2, got 0"),
        (lambda: sequences.overlapping(TEXT, 1, -1), "warm_up must be an integer of at least 0"),
        (lambda: sequences.overlapping([1, 2], 1, 0), "ids must be .* got list"),
    ],
)
def test_what_does_not_fit_is_refused_in_three_parts(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.messages
def test_an_iterator_names_the_streams_of_both_parts_of_a_state():
    h, c = sequences.keep_streams((STATE, 2 * STATE), iter([2, None]))
    assert (h[0] == STATE[2]).all()
    assert (c == 2 * h).all()


def test_an_error_of_the_callers_own_iterator_is_not_hidden():
    def broken():
        yield TEXT
        raise TypeError("its own")

    with pytest.raises(TypeError, match="its own"):
        sequences.pad(broken())


def test_flat_sees_both_parts_of_a_state():
    assert len(flat((STATE, STATE))) == 12
