"""Streams are pieces of the corpus, and windows conserve tokens."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpers import layout

sizes = st.tuples(st.integers(2, 90), st.integers(1, 7), st.integers(1, 12))


def corpus(num_tokens):
    """Every token is its own position, so that one can see where it went."""
    return np.arange(num_tokens)


@given(sizes, st.sampled_from([np.int64, np.uint8]))
def test_each_stream_is_a_contiguous_piece_of_the_corpus_itself(size, dtype):
    N, B, _ = size
    assume(N // B >= 2)
    ids = corpus(N).astype(dtype)
    streams = layout.to_streams(ids, B)
    L = N // B
    assert streams.T.tolist() == [list(range(b * L, (b + 1) * L)) for b in range(B)]
    assert np.shares_memory(streams, ids)
    assert all(np.shares_memory(w.y, ids) for w in layout.windows(streams, 3))


@given(sizes)
def test_windows_conserve_tokens(size):
    N, B, T = size
    assume(N // B >= 2)
    streams = layout.to_streams(corpus(N), B)
    seen = list(layout.windows(streams, T))
    assert np.array_equal(np.concatenate([w.x for w in seen]), streams[:-1])
    assert np.array_equal(np.concatenate([w.y for w in seen]), streams[1:])
    assert [w.start for w in seen] == list(range(0, len(streams) - 1, T))
    assert [w.fresh for w in seen] == [True] + [False] * (len(seen) - 1)
    assert all(len(w.x) == T for w in seen[:-1])
    assert 1 <= len(seen[-1].x) <= T


@given(sizes)
def test_drop_last_leaves_out_the_short_window_alone(size):
    N, B, T = size
    assume(N // B - 1 >= T)
    streams = layout.to_streams(corpus(N), B)
    full = [w for w in layout.windows(streams, T) if len(w.x) == T]
    kept = list(layout.windows(streams, T, drop_last=True))
    assert [w.x.tolist() for w in kept] == [w.x.tolist() for w in full]
    assert [w.y.tolist() for w in kept] == [w.y.tolist() for w in full]


IDS = np.arange(20)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layout.to_streams(IDS * 1.0, 2), r"ids must be a numpy array, Integer \(N\), got"),
        (lambda: layout.to_streams([1, 2], 1), r"ids must be a numpy array, .* got \[1, 2\]"),
        (lambda: layout.to_streams(IDS, 0), "batch_size must be an integer of at least 1, got 0"),
        (
            lambda: layout.to_streams(IDS[:11], 6),
            "batch_size must be at most 5 for 11 tokens, since a stream needs 2 .* got 6",
        ),
        (lambda: layout.windows(IDS, 2), r"streams must be a numpy array, Integer \(L B\), got "),
        (lambda: layout.windows(IDS[:1, None], 1), "must be at most 0 for streams of 1 .* got 1"),
        (
            lambda: layout.windows(IDS[:, None], 20, drop_last=True),
            "num_steps must be at most 19 for streams of 20 positions when .* short, got 20",
        ),
    ],
)  # fmt: skip
def test_refusals_say_what_would_work(call, message):
    with pytest.raises(ValueError, match=message):
        call()
