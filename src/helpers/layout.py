"""Lay a corpus out on the two axes: time steps run down, streams run across."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Integer

from helpers import _arguments


@dataclass(frozen=True)
class Window:
    """T consecutive steps of B streams: what one update sees."""

    x: Integer[np.ndarray, "T B"]
    """Input ids; row t is what one tick receives, one token of each stream."""

    y: Integer[np.ndarray, "T B"]
    """Target ids: the token that follows each input in its own stream."""

    start: int
    """Position of the first row inside the streams."""

    fresh: bool
    """Nothing came before, so the state starts anew."""


@dataclass(frozen=True)
class Accounting:
    """What one epoch of a loader does with the N - 1 targets of a corpus."""

    targets: int
    """Losses that are computed."""

    updates: int
    """Windows, each of which makes one update."""

    dropped: int
    """Targets that are never predicted: N - 1 less the distinct ones."""

    repeated: int
    """Losses beyond the first for the same target."""


def to_streams(ids: Integer[np.ndarray, " N"], batch_size: int) -> Integer[np.ndarray, "L B"]:
    """Cut the corpus once into B contiguous pieces, one a column.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size : int
        B, from 1 to N // 2: a stream of one token has nothing to predict.

    Returns
    -------
    (L, B)
        L = N // B positions of B streams: a view of `ids`, not a copy. Column b
        holds tokens b·L to (b + 1)·L - 1. The last N - L·B tokens are dropped.

    Raises
    ------
    ValueError
        If `ids` is no vector of at least 2 integers, or a stream would be shorter than 2.

    Notes
    -----
    Explained in notebooks/layout.ipynb.

    Examples
    --------
    >>> to_streams(np.arange(7), 2)
    array([[0, 3],
           [1, 4],
           [2, 5]])
    """
    ids = _corpus(ids)
    B = _arguments.whole("batch_size", batch_size)
    L = len(ids) // B
    if L < 2:
        _too_many_streams(len(ids), B)
    return ids[: L * B].reshape(B, L).T


def windows(
    streams: Integer[np.ndarray, "L B"], num_steps: int, *, drop_last: bool = False
) -> Iterator[Window]:
    """Walk down the streams, T steps at a time, in order.

    Parameters
    ----------
    streams : (L, B)
        From `to_streams`.
    num_steps : int
        T, at least 1.
    drop_last : bool
        Leave out the last window where fewer than T steps remain. Without it
        the last window is as short as it must be.

    Yields
    ------
    Window
        Views of the streams. Each continues the one before it, row by row, so
        the state may be carried; only the first is fresh.

    Raises
    ------
    ValueError
        If `streams` has no two positions or no stream, `num_steps` is below 1,
        `drop_last` is no bool, or leaves nothing.

    Examples
    --------
    >>> for w in windows(to_streams(np.arange(10), 2), 3):
    ...     print(w.start, w.fresh, w.x.T.tolist(), w.y.T.tolist())
    0 True [[0, 1, 2], [5, 6, 7]] [[1, 2, 3], [6, 7, 8]]
    3 False [[3], [8]] [[4], [9]]
    """
    streams = _arguments.array("streams", streams, kind="integer", shape=("L", "B"))
    T = _arguments.whole("num_steps", num_steps)
    drop_last = _arguments.flag("drop_last", drop_last)
    L = len(streams)
    if L < 2:
        raise ValueError(f"streams must hold at least 2 positions, got {L}")
    if streams.shape[1] < 1:
        raise ValueError(f"streams must hold at least 1 stream, got shape {streams.shape}")
    if drop_last and L - 1 < T:
        raise ValueError(
            f"num_steps must be at most {L - 1} for streams of {L} positions "
            f"when drop_last is set, got {T}"
        )
    return _walk(streams, T, drop_last)


def _walk(streams: np.ndarray, T: int, drop_last: bool) -> Iterator[Window]:
    last = len(streams) - 1
    for start in range(0, last - T + 1 if drop_last else last, T):
        stop = min(start + T, last)
        yield Window(streams[start:stop], streams[start + 1 : stop + 1], start, start == 0)


def shuffled_windows(
    ids: Integer[np.ndarray, " N"],
    batch_size: int,
    num_steps: int,
    rng: np.random.Generator,
    *,
    fresh: bool = True,
) -> Iterator[Window]:
    """Cut the corpus into pieces of T steps, shuffle them, take B at a time.

    Parameters
    ----------
    ids : (N,)
        The corpus.
    batch_size, num_steps : int
        B and T, each at least 1; B pieces of T steps must fit.
    rng : np.random.Generator
        Draws the order, once, when the first window is asked for.
    fresh : bool
        Whether the windows say that nothing came before. Nothing did: row b of
        a window does not continue row b of the window before it. False is for
        showing what goes wrong when the state is carried all the same.

    Yields
    ------
    Window
        Copies. `start` is -1: the pieces come from different places. Pieces
        that do not fill a last minibatch are left out.

    Raises
    ------
    ValueError
        If `ids` is no vector of at least 2 integers, a size is below 1, fewer than B
        pieces of T steps fit, `rng` is no generator, or `fresh` no bool.
    """
    ids = _corpus(ids)
    B = _arguments.whole("batch_size", batch_size)
    T = _arguments.whole("num_steps", num_steps)
    _pieces(len(ids), B, T)
    rng, fresh = _arguments.generator("rng", rng), _arguments.flag("fresh", fresh)
    return _draw(ids, B, T, rng, fresh)


def _draw(
    ids: np.ndarray, B: int, T: int, rng: np.random.Generator, fresh: bool
) -> Iterator[Window]:
    pieces = (len(ids) - 1) // T
    order = rng.permutation(pieces) * T
    for i in range(0, pieces - B + 1, B):
        at = np.arange(T)[:, None] + order[i : i + B]
        yield Window(ids[at], ids[at + 1], -1, fresh)


LOADERS = ("streams", "shuffled", "ptb", "fastai", "sequential", "overlapping")


def account(
    num_tokens: int, batch_size: int, num_steps: int, *, loader: str = "streams"
) -> Accounting:
    """Count what one epoch computes, drops and repeats.

    Parameters
    ----------
    num_tokens, batch_size, num_steps : int
        N, B and T.
    loader : str
        ``"streams"``: `to_streams` and `windows`, as in PyTorch's language-model
        example; ``"shuffled"``: `shuffled_windows`; ``"ptb"``: the reader of
        TensorFlow's PTB tutorial, which drops a short last window; ``"fastai"``:
        one more target per stream, taken from the next stream; ``"sequential"``:
        the older sequential loader of Dive into Deep Learning, at offset 0;
        ``"overlapping"``: every window of T steps, as its newer one builds them,
        the last minibatch smaller.

    Returns
    -------
    Accounting
        Targets, updates, dropped and repeated targets of one epoch.

    Raises
    ------
    ValueError
        If a size is below 1, the loader is unknown, or nothing is left to predict.

    Notes
    -----
    Explained in notebooks/layout.ipynb.

    Examples
    --------
    >>> account(10_001, 20, 35)
    Accounting(targets=9980, updates=15, dropped=20, repeated=0)
    """
    N = _arguments.whole("num_tokens", num_tokens, least=2)
    B = _arguments.whole("batch_size", batch_size)
    T = _arguments.whole("num_steps", num_steps)
    _arguments.one_of("loader", loader, LOADERS)
    L, distinct = N // B, None
    if loader == "streams":
        if L < 2:
            _too_many_streams(N, B)
        targets, updates = (L - 1) * B, -(-(L - 1) // T)
    elif loader == "shuffled":
        updates = _pieces(N, B, T) // B
        targets = updates * B * T
    elif loader == "ptb":
        updates = (L - 1) // T if L else 0
        targets = updates * T * B
    elif loader == "fastai":
        per_stream = (N - 1) // B
        targets, updates = per_stream * B, -(-per_stream // T)
    elif loader == "sequential":
        updates = (N - 1) // B // T
        targets = updates * T * B
    else:
        pieces = max(N - T, 0)
        targets, updates, distinct = pieces * T, -(-pieces // B), N - 1 if pieces else 0
    if targets == 0:
        raise ValueError(
            f"num_tokens must leave the loader {loader!r} something to predict with "
            f"batch_size {B} and num_steps {T}, got {N}"
        )
    distinct = targets if distinct is None else distinct
    return Accounting(targets, updates, N - 1 - distinct, targets - distinct)


def _corpus(ids: Any) -> np.ndarray:
    corpus = _arguments.array("ids", ids, kind="integer", shape=("N",))
    if len(corpus) < 2:
        raise ValueError(
            f"ids must hold at least 2 tokens, one to predict from the other, got {len(corpus)}"
        )
    return corpus


def _too_many_streams(N: int, B: int) -> NoReturn:
    raise ValueError(
        f"batch_size must be at most {N // 2} for {N} tokens, since a stream needs 2 to predict "
        f"one from the other, got {B}"
    )


def _pieces(N: int, B: int, T: int) -> int:
    """How many disjoint pieces of T steps, each with its targets, N tokens hold."""
    pieces = (N - 1) // T
    if pieces == 0:
        raise ValueError(
            f"num_steps must be less than the number of tokens, since every step has a target "
            f"that follows it, got num_steps {T} for {N} tokens"
        )
    if pieces < B:
        raise ValueError(
            f"batch_size must be at most {pieces} for {N} tokens in pieces of num_steps {T}, "
            f"got {B}; a smaller num_steps gives more pieces"
        )
    return pieces
