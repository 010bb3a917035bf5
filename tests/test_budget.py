"""The arithmetic of the plane, held to real tapes, real windows and real plans."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import budget, gru, layout, lstm, measure, rnn, truncation

CELLS = {"rnn": rnn, "lstm": lstm, "gru": gru}
each_cell = pytest.mark.parametrize("name", CELLS)
sizes = st.integers(1, 6)


def stack(name, layers, D, H, V):
    """Weights of each layer, and as many as the reader's network has in all."""
    draw, cell = np.random.default_rng(0), CELLS[name]
    weights = [cell.init(D if i == 0 else H, H, V, draw) for i in range(layers)]
    count = sum(len(w.flat()) for w in weights) - (layers - 1) * (H * V + V)
    return weights, count


def tapes_of(name, weights, x):
    """The arrays that a stack keeps; only the top layer has an output layer."""
    kept = []
    for i, params in enumerate(weights):
        tape = CELLS[name].forward(params, x)
        names = [n for n in vars(tape) if n != "reset" and (n != "logits" or i == len(weights) - 1)]
        kept += [getattr(tape, n) for n in names]
        x = tape.h[1:]
    return kept


@each_cell
@given(B=sizes, T=sizes, H=sizes, V=sizes, layers=st.integers(1, 3), vectors=st.booleans())
def test_its_bytes_are_those_of_a_real_tape(name, B, T, H, V, layers, vectors):
    D = V + 2 if vectors else V
    weights, count = stack(name, layers, D, H, V)
    x = np.ones((T, B, D)) if vectors else np.zeros((T, B), int)
    about = {"num_symbols": V, "cell": name, "num_layers": layers}
    about["num_inputs"] = D if vectors else None
    assert budget.kept_bytes(B, T, H, **about) == measure.kept_bytes(*tapes_of(name, weights, x))
    assert budget.parameters(H, **about) == count


@each_cell
def test_the_tape_itself_is_counted_and_float32_takes_half(name):
    draw = np.random.default_rng(0)
    params = CELLS[name].init(5, 4, 5, draw)
    ids = draw.integers(5, size=(7, 3))
    tape = CELLS[name].forward(params, ids)
    assert budget.kept_bytes(3, 7, 4, num_symbols=5, cell=name) == measure.kept_bytes(tape)
    small = CELLS[name].forward(params.map(np.float32), ids)
    found = budget.kept_bytes(3, 7, 4, num_symbols=5, cell=name, number_bytes=4)
    assert found == measure.kept_bytes(small)


@given(N=st.integers(2, 300), B=st.integers(1, 20), T=st.integers(1, 40))
def test_its_counts_are_those_of_the_windows_and_of_the_plan(N, B, T):
    if N // B < 2:
        return
    found = budget.work_out(N, B, T, 3, num_symbols=4)
    account = layout.account(N, B, T)
    assert (found.updates, found.targets) == (account.updates, account.targets)
    assert found.dropped == account.dropped
    windows = list(layout.windows(layout.to_streams(np.arange(N), B), T))
    assert found.stream_length == N // B
    assert (found.tokens, found.last_steps) == (windows[0].x.size, len(windows[-1].x))
    assert found.kept_bytes == budget.kept_bytes(B, len(windows[0].x), 3, num_symbols=4)
    depths = np.repeat(truncation.depths(N // B - 1, T, T), B)
    assert found.losses_by_depth == tuple(np.bincount(depths)[1:])
    assert sum(found.losses_by_depth) == found.targets
    assert found.mean_depth == pytest.approx(depths.mean())


def test_a_long_corpus_in_single_steps_is_worked_out_at_once():
    found = budget.work_out(10**12, 1, 1, 4, num_symbols=5)
    assert found.losses_by_depth == (10**12 - 1,)
    assert found.mean_depth == 1


@pytest.mark.messages
def test_sizes_of_any_integer_type_give_plain_numbers():
    sizes = (np.int64(1_000), np.uint8(20), np.uint64(7), np.int16(4))
    found = budget.work_out(*sizes, num_symbols=np.int32(5))
    assert found == budget.work_out(1_000, 20, 7, 4, num_symbols=5)
    assert {type(value) for value in vars(found).values()} == {int, tuple}


def test_one_example_by_hand():
    found = budget.work_out(11, 2, 3, 2, num_symbols=3, cell="rnn")
    assert (found.stream_length, found.updates, found.tokens, found.last_steps) == (5, 2, 6, 1)
    assert (found.targets, found.dropped) == (8, 2)
    assert found.losses_by_depth == (4, 2, 2)
    assert found.mean_depth == 14 / 8
    assert found.kept_bytes == 8 * 2 * (2 * 4 + 3 * 3) + 8 * 6
    assert found.parameters == 3 * 2 + 2 * 2 + 2 + 2 * 3 + 3


@given(
    D=st.integers(1, 40),
    noise=st.floats(1, 1e5),
    spare=st.integers(0, 10**7),
    least=st.integers(1, 9),
    extra=st.integers(0, 9) | st.none(),
)
def test_a_choice_fits_its_bounds_and_wastes_no_bytes(D, noise, spare, least, extra):
    about = {"num_symbols": 5, "cell": "gru"}
    most = budget.kept_bytes(least, 1, 8, **about) + spare
    top = None if extra is None else least + extra
    bounds = {"least_streams": least, "most_streams": top}
    B, T = budget.choose(D, noise, most, 8, **bounds, **about)
    assert budget.kept_bytes(B, T, 8, **about) <= most
    assert least <= B <= (top or B)
    assert 1 <= T <= 2 * D
    if T < 2 * D:
        assert budget.kept_bytes(least, T + 1, 8, **about) > most
    assert least == B or noise >= B * T
    room = (top or B + 1) >= B + 1 and noise >= (B + 1) * T
    assert not room or budget.kept_bytes(B + 1, T, 8, **about) > most


def test_a_choice_is_rounded_down_to_whole_streams_of_whole_steps():
    found = budget.choose(10, 59.9, 2_000_000, 32, num_symbols=25)
    assert found == (2, 20)
    assert [type(number) for number in found] == [int, int]


def test_the_longest_window_that_is_counted_is_counted(monkeypatch):
    monkeypatch.setattr(budget, "MOST_STEPS", 5)
    assert len(budget.work_out(7, 1, 5, 1, num_symbols=5).losses_by_depth) == 5
    assert len(budget.work_out(6, 1, 9, 1, num_symbols=5).losses_by_depth) == 5
    with pytest.raises(ValueError, match="num_steps must be at most 5"):
        budget.work_out(7, 1, 6, 1, num_symbols=5)


WORK = {"num_symbols": 5}


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: budget.work_out(1, 1, 1, 1, **WORK), "num_tokens must be .* at least 2, got 1"),
        (lambda: budget.work_out(9, 5, 1, 1, **WORK), "batch_size must be at most 4 .* got 5"),
        (lambda: budget.work_out(9, 1, 0, 1, **WORK), "num_steps must be .* at least 1, got 0"),
        (
            lambda: budget.work_out(10**9, 1, 10**8, 1, **WORK),
            "num_steps must be at most 10,000,000 .* got 100000000; more streams",
        ),
        (lambda: budget.work_out(9, 1, 1, 0, **WORK), "hidden_size must be .* got 0"),
        (lambda: budget.work_out(9, 1, 1, 1, num_symbols=0), "num_symbols must be .* got 0"),
        (lambda: budget.kept_bytes(0, 1, 1, **WORK), "batch_size must be .* got 0"),
        (lambda: budget.kept_bytes(1, 1.5, 1, **WORK), "num_steps must be .* got 1.5"),
        (lambda: budget.kept_bytes(1, 1, 1, cell="elman", **WORK), "cell must be one of 'rnn'"),
        (lambda: budget.kept_bytes(1, 1, 1, num_layers=0, **WORK), "num_layers must be .* got 0"),
        (lambda: budget.kept_bytes(1, 1, 1, num_inputs=0, **WORK), "num_inputs must be .* got 0"),
        (lambda: budget.kept_bytes(1, 1, 1, number_bytes=0, **WORK), "number_bytes .* got 0"),
        (lambda: budget.parameters(0, **WORK), "hidden_size must be .* got 0"),
        (lambda: budget.parameters(1, num_inputs=0, **WORK), "num_inputs must be .* got 0"),
        (lambda: budget.parameters(1, cell=rnn, **WORK), "cell must be one of .* got <module"),
        (lambda: budget.choose(0, 9, 999, 1, **WORK), "distance must be .* got 0"),
        (lambda: budget.choose(1, 0, 999, 1, **WORK), "noise_tokens must be .* 0, got 0"),
        (lambda: budget.choose(10**12, 5.0, 9, 1, **WORK), "most_bytes must hold one step"),
        (lambda: budget.choose(1, 9, 0, 1, **WORK), "most_bytes must be .* got 0"),
        (
            lambda: budget.choose(1, 9, 99, 9, **WORK),
            "most_bytes must hold one step .* got 99; few",
        ),
        (lambda: budget.choose(1, 9, 999, 1, least_streams=0, **WORK), "least_streams .* got 0"),
        (
            lambda: budget.choose(1, 9, 999, 1, least_streams=3, most_streams=2, **WORK),
            "most_streams must be an integer of at least 3, got 2",
        ),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
