"""Each loader does what its definition says and `layout.account` counts; broken ones are broken."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpers import layout, loaders
from helpers.layout import Window

sizes = st.tuples(st.integers(2, 90), st.integers(1, 7), st.integers(1, 12))
BROKEN = (loaders.dealt, loaders.strided, loaders.viewed, loaders.wrapped, loaders.shuffled)


def numbered(num_tokens):
    """Every token is its own position."""
    return np.arange(num_tokens)


def pairs(loader, N, B, T, **settings):
    """All (input, target) positions of a loader, window by window, and stream by stream."""
    return [
        [list(zip(x, y, strict=True)) for x, y in zip(w.x.T.tolist(), w.y.T.tolist(), strict=True)]
        for w in loader(numbered(N), B, T, **settings)
    ]


# Definitions, restated position by position


def streams(N, B, T):
    L = N // B
    return [
        [[(b * L + p, b * L + p + 1) for p in range(s, min(s + T, L - 1))] for b in range(B)]
        for s in range(0, L - 1, T)
    ]


def ptb(N, B, T):
    return [w for w in streams(N, B, T) if len(w[0]) == T]


def fastai(N, B, T):
    L = (N - 1) // B
    return [
        [[(b * L + p, b * L + p + 1) for p in range(s, min(s + T, L))] for b in range(B)]
        for s in range(0, L, T)
    ]


def sequential(N, B, T):
    return [w for w in fastai(N, B, T) if len(w[0]) == T]


def overlapping(N, B, T):
    pieces = [[(i + t, i + t + 1) for t in range(T)] for i in range(N - T)]
    return [pieces[i : i + B] for i in range(0, len(pieces), B)]


DEFINITIONS = {f.__name__: f for f in (streams, ptb, fastai, sequential, overlapping)}


def loaded(loader, *size):
    """What a loader gives, or None where it refuses the size."""
    try:
        return pairs(loader, *size)
    except ValueError:
        return None


def test_the_five_loaders_are_those_of_the_accounting():
    assert list(loaders.LOADERS) == list(DEFINITIONS)
    assert set(layout.LOADERS) == {*loaders.LOADERS, "shuffled"}


@pytest.mark.parametrize("name", DEFINITIONS)
@given(sizes)
def test_a_loader_is_what_its_definition_says(name, size):
    expected = DEFINITIONS[name](*size)
    assert (loaded(loaders.LOADERS[name], *size) or []) == expected


@pytest.mark.parametrize("name", DEFINITIONS)
@given(sizes)
def test_a_loader_counts_as_the_accounting_does(name, size):
    N, B, T = size
    got = loaded(loaders.LOADERS[name], *size)
    if got is None:
        with pytest.raises(ValueError, match="must"):
            layout.account(N, B, T, loader=name)
        return
    targets = [y for window in got for row in window for _, y in row]
    distinct = len(set(targets))
    counted = layout.Accounting(
        len(targets), len(got), dropped=N - 1 - distinct, repeated=len(targets) - distinct
    )
    assert counted == layout.account(N, B, T, loader=name)


@given(sizes, st.integers(0, 12))
def test_an_offset_leaves_out_the_first_tokens(size, offset):
    N, B, T = size
    assume(N - offset >= B * T + 1)
    got = pairs(loaders.sequential, N, B, T, offset=offset)
    moved = [[[(x + offset, y + offset) for x, y in r] for r in w] for w in
             sequential(N - offset, B, T)]  # fmt: skip
    assert got == moved


@pytest.mark.parametrize("name", ["streams", "ptb", "fastai", "sequential"])
@given(sizes)
def test_only_the_first_window_of_streams_is_fresh_and_starts_are_positions(name, size):
    N, B, T = size
    assume(loaded(loaders.LOADERS[name], *size))
    seen = list(loaders.LOADERS[name](numbered(N), B, T))
    assert [w.fresh for w in seen] == [i == 0 for i in range(len(seen))]
    assert [w.start for w in seen] == [i * T for i in range(len(seen))]
    for w in seen:
        assert np.shares_memory(w.x, seen[0].x.base)


@pytest.mark.parametrize("loader", [loaders.overlapping, loaders.dealt])
def test_windows_of_picked_positions_say_that_only_the_first_is_fresh(loader):
    seen = list(loader(numbered(40), 3, 4))
    assert [w.fresh for w in seen] == [i == 0 for i in range(len(seen))]
    assert {w.start for w in seen} == {-1}


# Broken ones


@given(sizes)
def test_dealt_gives_the_pieces_in_reading_order_to_the_rows_in_turn(size):
    N, B, T = size
    assume(N >= B * T + 1)
    got = pairs(loaders.dealt, N, B, T)
    pieces = [[(i + t, i + t + 1) for t in range(T)] for i in range(0, N - T, T)]
    assert got == [pieces[i : i + B] for i in range(0, len(pieces) - B + 1, B)]


@given(sizes)
def test_strided_streams_take_every_bth_token_with_its_own_neighbour(size):
    N, B, T = size
    assume(N >= B + 1)
    x = np.concatenate([w.x for w in loaders.strided(numbered(N), B, T)])
    y = np.concatenate([w.y for w in loaders.strided(numbered(N), B, T)])
    used = (N - 1) // B * B
    for b in range(B):
        assert x[:, b].tolist() == list(range(b, used, B))
    np.testing.assert_array_equal(y, x + 1)


@given(st.integers(2, 90), st.integers(1, 7))
def test_dealt_in_single_steps_is_strided(N, B):
    assume(N >= B + 1)
    assert pairs(loaders.dealt, N, B, 1) == pairs(loaders.strided, N, B, 1)


@given(sizes)
def test_viewed_has_the_shapes_of_streams_and_targets_that_are_b_further(size):
    N, B, T = size
    assume(N >= 2 * B)
    ids = numbered(N)
    for wrong, right in zip(loaders.viewed(ids, B, T), loaders.streams(ids, B, T), strict=True):
        assert wrong.x.shape == right.x.shape == wrong.y.shape
        assert (wrong.y == wrong.x + B).all()
        assert (np.diff(wrong.x, axis=0) == B).all()
        assert (wrong.start, wrong.fresh) == (right.start, right.fresh)


@given(sizes)
def test_wrapped_is_wrong_in_the_last_row_of_targets_alone(size):
    N, B, T = size
    assume(N >= 2 * B)
    ids = numbered(N)
    for wrong, right in zip(loaders.wrapped(ids, B, T), loaders.streams(ids, B, T), strict=True):
        np.testing.assert_array_equal(wrong.x, right.x)
        np.testing.assert_array_equal(wrong.y[:-1], right.y[:-1])
        np.testing.assert_array_equal(wrong.y[-1], right.x[0])


@given(sizes)
def test_shuffled_reads_the_same_pieces_in_another_order_and_denies_it(size):
    N, B, T = size
    assume(N >= B * T + 1)
    seen = list(loaders.shuffled(numbered(N), B, T))
    assert not any(w.fresh for w in seen)
    starts = np.concatenate([w.x[0] for w in seen])
    assert set(starts) <= set(range(0, N - T, T))
    assert len(set(starts)) == len(starts)
    assert all((w.y == w.x + 1).all() for w in seen)


def test_shuffled_is_not_in_order():
    starts = np.concatenate([w.x[0] for w in loaders.shuffled(numbered(401), 2, 4)])
    assert (np.diff(starts) != 4).mean() > 0.9


# Places


@given(sizes)
def test_place_and_token_are_inverse_and_every_place_is_taken_once(size):
    N, B, T = size
    assume(N // B >= 2)
    L = N // B
    places = {i: loaders.place(i, N, B, T) for i in range(N)}
    taken = {i: p for i, p in places.items() if p is not None}
    assert len(set(taken.values())) == len(taken) == B * (L - 1)
    for i, p in taken.items():
        assert loaders.token_at(*p, N, B, T) == i
    without = set(places) - set(taken)
    assert without == {b * L + L - 1 for b in range(B)} | set(range(L * B, N))
    for w, window in enumerate(layout.windows(layout.to_streams(numbered(N), B), T)):
        for t, b in np.ndindex(window.x.shape):
            assert loaders.token_at(b, w, t, N, B, T) == window.x[t, b]


def test_a_place_by_hand():
    """32 tokens, three streams of ten: token 25 is position 5 of the last one."""
    assert loaders.place(25, 32, 3, 4) == (2, 1, 1)
    assert loaders.token_at(2, 1, 1, 32, 3, 4) == 2 * 10 + 1 * 4 + 1
    assert [i for i in range(32) if loaders.place(i, 32, 3, 4) is None] == [9, 19, 29, 30, 31]


# Scores


@pytest.mark.parametrize("name", ["streams", "ptb", "fastai", "sequential"])
@given(sizes)
def test_streams_continue_and_pass_the_audit(name, size):
    N, B, T = size
    got = loaded(loaders.LOADERS[name], *size)
    assume(got and len(got) > 1)
    read = loaders.LOADERS[name]
    assert loaders.continuation(read(numbered(N), B, T)) == 1.0
    assume(T > 1)
    assert loaders.audit(read(numbered(N), B, T)) == loaders.Audit(1.0, 1.0, 1.0, 0)


@given(sizes)
def test_pieces_in_reading_order_continue_only_in_a_single_stream(size):
    N, B, T = size
    assume(N >= 2 * B * T + 1)
    assert loaders.continuation(loaders.dealt(numbered(N), B, T)) == float(B == 1)


@given(sizes)
def test_overlapping_windows_continue_only_where_there_are_as_many_as_steps(size):
    N, B, T = size
    assume(N - T > B)
    assert loaders.continuation(loaders.overlapping(numbered(N), B, T)) == float(B == T)


@pytest.mark.parametrize("loader", [loaders.strided, loaders.viewed])
@given(sizes)
def test_neither_strided_nor_viewed_streams_continue(loader, size):
    N, B, T = size
    assume(B > 1 and N // B - 1 > T)
    assert loaders.continuation(loader(numbered(N), B, T)) == 0.0


def test_continuation_by_hand():
    """Stream 0 goes on in window 1, stream 1 does not; in window 2 it is the other way round."""
    rows = [[[0, 1], [10, 11]], [[2, 3], [20, 21]], [[30, 31], [22, 23]]]
    seen = [Window(np.array(r).T, np.array(r).T + 1, -1, False) for r in rows]
    assert loaders.continuation(seen) == 2 / 4
    assert loaders.continuation(seen[:2]) == 1 / 2


def test_continuation_counts_the_rows_of_the_later_window():
    def window(*rows):
        return Window(np.array(rows).T, np.array(rows).T + 1, -1, False)

    two, one = window([0, 1], [10, 11]), window([2, 3])
    assert loaders.continuation([two, one]) == 1.0
    assert loaders.continuation([one, window([4, 5], [6, 7])]) == 0.5


def test_small_unsigned_positions_do_not_wrap_around():
    ids = np.arange(256, dtype=np.uint8)
    assert loaders.continuation(loaders.streams(ids, 4, 5)) == 1.0
    assert loaders.audit(loaders.streams(ids, 1, 5)) == loaders.Audit(1.0, 1.0, 1.0, 0)
    jump = [Window(np.array([[p]], np.uint8), np.array([[p]], np.uint8), -1, False)
            for p in (255, 0)]  # fmt: skip
    assert loaders.continuation(jump) == 0.0
    column = np.array([[254], [255]], np.uint8)
    wrapped_around = Window(column, column + np.uint8(1), -1, False)
    assert loaders.audit([wrapped_around] * 2).next_target == 0.5


def test_every_fault_has_a_signature_of_its_own():
    """97 tokens, 3 streams, windows of 4."""
    found = {name: loaders.audit(f(numbered(97), 3, 4)) for name, f in loaders.SUSPECTS.items()}
    sound = {name: (a.next_target == 1, a.next_step == 1, a.continues == 1, a.repeated == 0)
             for name, a in found.items()}  # fmt: skip
    assert sound == {
        "A": (True, False, False, True),
        "B": (True, True, False, False),
        "C": (False, True, True, True),
        "D": (True, True, True, True),
        "E": (False, False, False, True),
        "F": (True, True, False, True),
    }
    assert found["C"].next_target == pytest.approx(23 / 31), "one row of each of 8 windows"
    assert found["B"].repeated == 93 * 4 - 96
    assert found["F"].continues < 0.2


IDS = np.arange(20)
FEW = {
    loaders.streams: (5, 3, 1, 6),
    loaders.ptb: (11, 3, 3, 12),
    loaders.fastai: (3, 3, 9, 4),
    loaders.sequential: (9, 3, 3, 10),
    loaders.overlapping: (3, 9, 3, 4),
    loaders.dealt: (9, 3, 3, 10),
    loaders.strided: (3, 3, 9, 4),
    loaders.viewed: (5, 3, 1, 6),
    loaders.wrapped: (5, 3, 1, 6),
    loaders.shuffled: (9, 3, 3, 10),
}


def test_every_loader_has_its_least_size_here():
    assert set(FEW) == {*loaders.LOADERS.values(), *loaders.SUSPECTS.values(), *BROKEN}


@pytest.mark.messages
@pytest.mark.parametrize("loader", FEW, ids=lambda f: f.__name__)
def test_too_few_ids_are_refused_and_just_enough_are_read(loader):
    few, B, T, enough = FEW[loader]
    message = f"ids must hold at least {enough} tokens for batch_size {B} .* got {few}"
    with pytest.raises(ValueError, match=message):
        loader(np.arange(few), B, T)
    assert list(loader(np.arange(enough), B, T))


@pytest.mark.messages
@pytest.mark.parametrize("loader", FEW, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((IDS * 1.0, 2, 3), r"ids must .*integers .*\(N,\), got float64"),
        (([1, 2, 3], 2, 3), r"ids must .*got list: \[1, 2, 3\]"),
        ((IDS, 0, 3), "batch_size must be an integer of at least 1, got 0"),
        ((IDS, 2, 0), "num_steps must be an integer of at least 1, got 0"),
        ((IDS, 2, 1.5), "num_steps must be an integer of at least 1, got 1.5"),
    ],
)
def test_a_loader_refuses_before_the_first_window(loader, arguments, message):
    with pytest.raises(ValueError, match=message):
        loader(*arguments)


TABLE = np.arange(6).reshape(3, 2)


def of(x, y=None):
    return Window(x, x if y is None else y, 0, True)


def one_step():
    return loaders.streams(IDS, 2, 1)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: loaders.sequential(IDS, 2, 3, offset=-1), "offset must be .* got -1"),
        (lambda: loaders.sequential(IDS, 2, 3, offset=14), "ids must hold at least 21 tokens"),
        (lambda: loaders.place(20, 20, 2, 3), r"token must be an integer in 0..19, got 20"),
        (lambda: loaders.place(0, 1, 1, 3), "num_tokens must be .* at least 2, got 1"),
        (lambda: loaders.place(0, 20, 11, 3), "batch_size must be at most 10 for 20 tokens.*11"),
        (lambda: loaders.token_at(2, 0, 0, 20, 2, 3), r"stream must be .* in 0..1, got 2"),
        (lambda: loaders.token_at(0, 3, 0, 20, 2, 3), r"window must be .* in 0..2, got 3"),
        (lambda: loaders.token_at(0, 0, 3, 20, 2, 3), r"step must be .* in 0..2, got 3"),
        (lambda: loaders.token_at(0, 2, 3, 20, 2, 3), r"step must be .* in 0..2, got 3"),
        (lambda: loaders.token_at(0, 2, 1, 20, 2, 4), r"step must be .* in 0..0, got 1"),
        (lambda: loaders.continuation(3), "windows must be an iterable .* got int"),
        (lambda: loaders.continuation([3]), "windows must hold layout.Window, got 3"),
        (lambda: loaders.continuation([]), "windows must hold at least 2, .* got 0"),
        (lambda: loaders.continuation(loaders.streams(IDS, 2, 9)), "at least 2, .* got 1"),
        (lambda: loaders.audit(one_step()), "windows must have more than 1 step .* got 1 each"),
        (
            lambda: loaders.sequential(np.arange(20), 2, 3, offset=14),
            "ids must hold at least 21 tokens .* after an offset of 14, got 20",
        ),
        (lambda: loaders.audit([1]), "windows must hold layout.Window, got 1"),
        (
            lambda: loaders.continuation([of(IDS)] * 2),
            r"window.x must be .*\(T, B\), got .*\(\d+,\)",
        ),
        (lambda: loaders.continuation([of([[1]])] * 2), "window.x must be .* got list"),
        (
            lambda: loaders.continuation([of(np.ones((2, 2)))] * 2),
            "window.x must be .* got float64",
        ),
        (lambda: loaders.continuation([of(TABLE[:, :0])] * 2), "window.x must hold at least one"),
        (lambda: loaders.audit([of(TABLE, TABLE[:1])] * 2), r"window.y must be .*\(3, 2\), got"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
