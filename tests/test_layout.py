"""Windows conserve tokens, and what an epoch drops or repeats is what `account` says."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpers import layout

sizes = st.tuples(st.integers(2, 90), st.integers(1, 7), st.integers(1, 12))


def corpus(num_tokens):
    """Every token is its own position, so that one can see where it went."""
    return np.arange(num_tokens)


def counted(pairs, num_tokens):
    """Accounting of a loader's minibatches (inputs, targets), token by token."""
    pairs = list(pairs)
    targets = [int(t) for _, y in pairs for t in np.ravel(y)]
    for x, y in pairs:
        assert (np.asarray(y) == np.asarray(x) + 1).all()
    distinct = set(targets)
    assert distinct <= set(range(1, num_tokens))
    return layout.Accounting(
        targets=len(targets),
        updates=len(pairs),
        dropped=num_tokens - 1 - len(distinct),
        repeated=len(targets) - len(distinct),
    )


def streams(N, B, T):
    return [(w.x, w.y) for w in layout.windows(layout.to_streams(corpus(N), B), T)]


def shuffled(N, B, T):
    rng = np.random.default_rng(0)
    return [(w.x, w.y) for w in layout.shuffled_windows(corpus(N), B, T, rng)]


def ptb(N, B, T):
    """One row a stream; a window only where all its targets are inside."""
    length = N // B
    rows = corpus(N)[: B * length].reshape(B, length)
    for i in range((length - 1) // T):
        yield rows[:, i * T : (i + 1) * T], rows[:, i * T + 1 : (i + 1) * T + 1]


def fastai(N, B, T):
    """Streams share the corpus but for its last token; the last target is the next stream's."""
    length = (N - 1) // B
    for start in range(0, length, T):
        steps = np.arange(start, min(start + T, length))
        at = np.arange(B)[:, None] * length + steps
        yield corpus(N)[at], corpus(N)[at + 1]


def sequential(N, B, T):
    """Two flat copies, one shifted, cut into rows; windows that are not full are left out."""
    used = (N - 1) // B * B
    xs, ys = corpus(N)[:used].reshape(B, -1), corpus(N)[1 : used + 1].reshape(B, -1)
    for i in range(0, xs.shape[1] // T * T, T):
        yield xs[:, i : i + T], ys[:, i : i + T]


def overlapping(N, B, T):
    """Every stretch of T + 1 tokens, in minibatches of B."""
    pieces = [corpus(N)[i : i + T + 1] for i in range(N - T)]
    for i in range(0, len(pieces), B):
        minibatch = np.array(pieces[i : i + B])
        yield minibatch[:, :-1], minibatch[:, 1:]


LOADERS = {f.__name__: f for f in (streams, shuffled, ptb, fastai, sequential, overlapping)}


def test_every_loader_is_restated_here():
    assert tuple(LOADERS) == layout.LOADERS


@pytest.mark.parametrize("loader", LOADERS)
@given(sizes)
def test_account_is_what_one_counts(loader, size):
    N, B, T = size
    try:
        said = layout.account(N, B, T, loader=loader)
    except ValueError:
        if loader in ("streams", "shuffled"):
            with pytest.raises(ValueError, match="must be"):
                LOADERS[loader](N, B, T)
        else:
            assert not list(LOADERS[loader](N, B, T))
        return
    assert said == counted(LOADERS[loader](N, B, T), N)


@pytest.mark.parametrize(
    ("loader", "targets", "updates"),
    [
        ("streams", 9980, 15),
        ("shuffled", 9800, 14),
        ("ptb", 9800, 14),
        ("fastai", 10000, 15),
        ("sequential", 9800, 14),
        ("overlapping", 348810, 499),
    ],
)
def test_figures_of_ten_thousand_tokens(loader, targets, updates):
    said = layout.account(10_001, 20, 35, loader=loader)
    assert (said.targets, said.updates) == (targets, updates)
    distinct = min(targets, 10_000)
    assert (said.dropped, said.repeated) == (10_000 - distinct, targets - distinct)


def test_account_by_hand():
    """Eleven tokens, two streams of five: eight targets in windows of 3 and 1."""
    assert layout.account(11, 2, 3) == layout.Accounting(8, 2, dropped=2, repeated=0)
    # nine stretches of 3 tokens, two targets each: 2 and 10 once, the eight between twice
    assert layout.account(11, 2, 2, loader="overlapping") == layout.Accounting(18, 5, 0, 8)


@given(sizes)
def test_each_stream_is_a_contiguous_piece(size):
    N, B, _ = size
    assume(N // B >= 2)
    laid = layout.to_streams(corpus(N), B)
    assert laid.shape == (N // B, B)
    for b in range(B):
        assert laid[:, b].tolist() == list(range(b * (N // B), (b + 1) * (N // B)))


@given(sizes)
def test_windows_conserve_tokens(size):
    N, B, T = size
    assume(N // B >= 2)
    laid = layout.to_streams(corpus(N), B)
    seen = list(layout.windows(laid, T))
    np.testing.assert_array_equal(np.concatenate([w.x for w in seen]), laid[:-1])
    np.testing.assert_array_equal(np.concatenate([w.y for w in seen]), laid[1:])
    assert [w.start for w in seen] == list(range(0, len(laid) - 1, T))
    assert [w.fresh for w in seen] == [True] + [False] * (len(seen) - 1)
    assert all(len(w.x) == T for w in seen[:-1])
    assert 1 <= len(seen[-1].x) <= T


@given(sizes)
def test_drop_last_leaves_out_the_short_window_alone(size):
    N, B, T = size
    assume(N // B - 1 >= T)
    laid = layout.to_streams(corpus(N), B)
    full = [w for w in layout.windows(laid, T) if len(w.x) == T]
    kept = list(layout.windows(laid, T, drop_last=True))
    assert len(kept) == len(full) == (N // B - 1) // T
    for one, other in zip(kept, full, strict=True):
        assert (one.x == other.x).all()
        assert (one.y == other.y).all()


@given(sizes, st.integers(0, 2**32 - 1))
def test_shuffled_windows_use_no_position_twice(size, seed):
    N, B, T = size
    assume((N - 1) // T >= B)
    seen = list(layout.shuffled_windows(corpus(N), B, T, np.random.default_rng(seed)))
    x, y = (np.concatenate([getattr(w, axis).ravel() for w in seen]) for axis in "xy")
    assert len(set(x.tolist())) == len(x)
    assert len(set(y.tolist())) == len(y)
    for w in seen:
        assert w.x.shape == w.y.shape == (T, B)
        assert (w.y == w.x + 1).all()
        assert (np.diff(w.x, axis=0) == 1).all()
        assert (w.x[0] % T == 0).all()
        assert (w.start, w.fresh) == (-1, True)


def test_shuffled_windows_are_shuffled_anew():
    def orders(rng, **changes):
        return [w.x.tolist() for w in layout.shuffled_windows(corpus(101), 2, 5, rng, **changes)]

    rng = np.random.default_rng(0)
    first, second = orders(rng), orders(rng)
    assert first != second
    assert first == orders(np.random.default_rng(0))
    in_order = [np.arange(5)[:, None] + np.array([i, i + 5]) for i in range(0, 100, 10)]
    assert first != [window.tolist() for window in in_order]
    stale = layout.shuffled_windows(corpus(101), 2, 5, rng, fresh=False)
    assert not any(w.fresh for w in stale)


def test_the_order_is_drawn_when_the_first_window_is_asked_for():
    rng = np.random.default_rng(0)
    waiting = layout.shuffled_windows(corpus(101), 2, 5, rng)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state
    next(waiting)
    assert rng.bit_generator.state != np.random.default_rng(0).bit_generator.state


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.uint16])
def test_streams_and_windows_are_views(dtype):
    ids = corpus(101).astype(dtype)
    laid = layout.to_streams(ids, 4)
    assert np.shares_memory(laid, ids)
    for w in layout.windows(laid, 6):
        assert np.shares_memory(w.x, ids)
        assert np.shares_memory(w.y, ids)
        assert w.x.dtype == dtype


def test_windows_by_hand():
    laid = layout.to_streams(corpus(11), 2)
    assert laid.T.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    first, last = layout.windows(laid, 3)
    assert (first.x.T.tolist(), first.y.T.tolist()) == (
        [[0, 1, 2], [5, 6, 7]],
        [[1, 2, 3], [6, 7, 8]],
    )
    assert (last.x.T.tolist(), last.y.T.tolist()) == ([[3], [8]], [[4], [9]])


IDS = np.arange(20)
RNG = np.random.default_rng(0)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layout.to_streams(IDS * 1.0, 2), r"ids must .*integers .*\(N,\), got float64"),
        (lambda: layout.to_streams([1, 2], 1), r"ids must .*got list: \[1, 2\]"),
        (lambda: layout.to_streams(IDS[None], 1), r"ids must .*\(N,\), got int64 .*\(1, 20\)"),
        (lambda: layout.to_streams(IDS, 0), "batch_size must be an integer of at least 1, got 0"),
        (
            lambda: layout.to_streams(IDS, 11),
            "batch_size must be at most 10 for 20 tokens.* got 11",
        ),
        (lambda: layout.to_streams(IDS[:1], 1), "batch_size must be impossible|ids must hold"),
        (lambda: layout.windows(IDS, 2), r"streams must .*\(L, B\), got int64 .*\(20,\)"),
        (
            lambda: layout.windows(IDS[:, None], 0),
            "num_steps must be an integer of at least 1, got 0",
        ),
        (lambda: layout.windows(IDS[:1, None], 1), "streams must hold at least 2 positions, got 1"),
        (
            lambda: layout.windows(IDS[:, None], 20, drop_last=True),
            "num_steps must be at most 19 for streams of 20 .* when drop_last is set, got 20",
        ),
        (lambda: layout.shuffled_windows(IDS, 0, 2, RNG), "batch_size must be .* got 0"),
        (lambda: layout.shuffled_windows(IDS, 2, 0, RNG), "num_steps must be .* got 0"),
        (
            lambda: layout.shuffled_windows(IDS, 1, 20, RNG),
            "num_steps must be less than the number of tokens, .* got num_steps 20 for 20 tokens",
        ),
        (
            lambda: layout.shuffled_windows(IDS, 5, 5, RNG),
            "batch_size must be at most 3 for 20 tokens in pieces of num_steps 5, got 5",
        ),
        (lambda: layout.shuffled_windows(IDS, 1, 1, 7), "rng must be a numpy generator, .*got 7"),
        (lambda: layout.account(1, 1, 1), "num_tokens must be an integer of at least 2, got 1"),
        (lambda: layout.account(9, 0, 1), "batch_size must be an integer of at least 1, got 0"),
        (lambda: layout.account(9, 1, 0), "num_steps must be an integer of at least 1, got 0"),
        (
            lambda: layout.account(9, 1, 1, loader="torch"),
            "loader must be one of 'streams', .*'torch'",
        ),
        (lambda: layout.account(9, 5, 1), "batch_size must be at most 4 for 9 tokens"),
        (
            lambda: layout.account(9, 1, 9, loader="ptb"),
            "num_tokens must leave the loader 'ptb' something .* num_steps 9, got 9",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
