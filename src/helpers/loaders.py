"""Loaders that others use, and loaders that are broken, all from ids to windows.

Each takes the corpus, the batch size and the number of time steps, as ``layout`` does, and gives
``layout.Window`` s. Read with a corpus whose tokens are their own positions, ``np.arange(N)``, and
every loader shows what it does: `continuation` and `audit` read it off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Integer

from helpers import _arguments, layout
from helpers.layout import Window

Ids = Integer[np.ndarray, " N"]


def place(
    token: int, num_tokens: int, batch_size: int, num_steps: int
) -> tuple[int, int, int] | None:
    """Stream, window and step at which a token of the corpus is read.

    Parameters
    ----------
    token : int
        Its position in the corpus, 0 to N - 1.
    num_tokens, batch_size, num_steps : int
        N, B and T.

    Returns
    -------
    (stream, window, step) or None
        None for a token that is no input: the last one of each stream, which is only a target,
        and the N - L·B tokens that are left over.

    Raises
    ------
    ValueError
        If a size is below 1, a stream would be shorter than 2, or `token` is no position.

    Notes
    -----
    Explained in notebooks/layout.ipynb. The inverse of `token_at`.

    Examples
    --------
    Three streams of 10 in windows of 4; token 25 is in the last stream, position 5 of it:

    >>> place(25, 32, 3, 4), token_at(2, 1, 1, 32, 3, 4)
    ((2, 1, 1), 25)
    >>> place(9, 32, 3, 4), place(31, 32, 3, 4)
    (None, None)
    """
    N, B, T, L = _sizes(num_tokens, batch_size, num_steps)
    b, position = divmod(_arguments.whole("token", token, least=0, most=N - 1), L)
    if b >= B or position == L - 1:
        return None
    return b, position // T, position % T


def token_at(
    stream: int, window: int, step: int, num_tokens: int, batch_size: int, num_steps: int
) -> int:
    """Position in the corpus of the token that a stream reads at a step of a window.

    Parameters
    ----------
    stream, window, step : int
        b, w and t, each counted from 0.
    num_tokens, batch_size, num_steps : int
        N, B and T.

    Returns
    -------
    int
        b·L + w·T + t, with L = N // B.

    Raises
    ------
    ValueError
        If a size is below 1, a stream would be shorter than 2, or there is no such place.

    Notes
    -----
    Explained in notebooks/layout.ipynb. The inverse of `place`.
    """
    _, B, T, L = _sizes(num_tokens, batch_size, num_steps)
    b = _arguments.whole("stream", stream, least=0, most=B - 1)
    w = _arguments.whole("window", window, least=0, most=(L - 2) // T)
    t = _arguments.whole("step", step, least=0, most=min(T, L - 1 - w * T) - 1)
    return b * L + w * T + t


def streams(ids: Ids, batch_size: int, num_steps: int) -> Iterator[Window]:
    """Contiguous streams, the short last window kept: our own, and PyTorch's example.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size, num_steps : int
        B and T; N must be at least 2·B.

    Yields
    ------
    Window
        As `layout.windows` gives them: views.

    Raises
    ------
    ValueError
        If `ids` is no vector of integers, a size is below 1, or there are too few ids.

    Notes
    -----
    Explained in notebooks/layout.ipynb.

    Examples
    --------
    Ten tokens, two streams, windows of three:

    >>> show = lambda loader: [(w.x.T.tolist(), w.y.T.tolist()) for w in loader]
    >>> show(streams(np.arange(10), 2, 3))[1]
    ([[3], [8]], [[4], [9]])
    """
    ids, B, T = _checked(ids, batch_size, num_steps, least=lambda B, T: 2 * B)
    return layout.windows(layout.to_streams(ids, B), T)


def ptb(ids: Ids, batch_size: int, num_steps: int) -> Iterator[Window]:
    """Contiguous streams, the short last window dropped: TensorFlow's PTB tutorial.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size, num_steps : int
        B and T; N must be at least B·(T + 1).

    Yields
    ------
    Window
        Of T steps each.

    Raises
    ------
    ValueError
        If `ids` is no vector of integers, a size is below 1, or there are too few ids.

    Notes
    -----
    Explained in notebooks/layout.ipynb. The reader of :cite:t:`ptbreader`, restated.
    """
    ids, B, T = _checked(ids, batch_size, num_steps, least=lambda B, T: B * (T + 1))
    laid = layout.to_streams(ids, B)
    return _read(laid[:-1], laid[1:], T, keep_short=False)


def fastai(ids: Ids, batch_size: int, num_steps: int) -> Iterator[Window]:
    """Streams whose last target is the next stream's first token, short window kept: fastai.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size, num_steps : int
        B and T; N must be at least B + 1.

    Yields
    ------
    Window
        The last may be shorter than T.

    Raises
    ------
    ValueError
        If `ids` is no vector of integers, a size is below 1, or there are too few ids.

    Notes
    -----
    Explained in notebooks/layout.ipynb. The LMDataLoader of :cite:t:`fastaitext`, restated.
    """
    ids, B, T = _checked(ids, batch_size, num_steps, least=lambda B, T: B + 1)
    n = (len(ids) - 1) // B * B
    return _read(ids[:n].reshape(B, -1).T, ids[1 : n + 1].reshape(B, -1).T, T, keep_short=True)


def sequential(ids: Ids, batch_size: int, num_steps: int, *, offset: int = 0) -> Iterator[Window]:
    """As `fastai`, but the short window dropped: the older loader of Dive into Deep Learning.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size, num_steps : int
        B and T; N - offset must be at least B·T + 1.
    offset : int
        Tokens to leave out at the start, at least 0; the book draws 0 to T anew in each epoch.

    Yields
    ------
    Window
        Of T steps each.

    Raises
    ------
    ValueError
        If `ids` is no vector of integers, a size is below 1, or there are too few ids.

    Notes
    -----
    Explained in notebooks/layout.ipynb. The loader of :cite:t:`d2l2021`, restated.
    """
    offset = _arguments.whole("offset", offset, least=0)
    ids, B, T = _checked(ids, batch_size, num_steps, least=lambda B, T: B * T + 1, offset=offset)
    n = (len(ids) - 1) // B * B
    return _read(ids[:n].reshape(B, -1).T, ids[1 : n + 1].reshape(B, -1).T, T, keep_short=False)


def overlapping(ids: Ids, batch_size: int, num_steps: int) -> Iterator[Window]:
    """Every stretch of T tokens and their targets, B at a time, in order.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size, num_steps : int
        B and T; N must be at least T + 1.

    Yields
    ------
    Window
        Copies; the last may hold fewer than B stretches. `start` is -1.

    Raises
    ------
    ValueError
        If `ids` is no vector of integers, a size is below 1, or there are too few ids.

    Notes
    -----
    Explained in notebooks/layout.ipynb. One pass predicts nearly every token T times.
    """
    ids, B, T = _checked(ids, batch_size, num_steps, least=lambda B, T: T + 1)
    return _gather(ids, np.arange(len(ids) - T), B, T)


LOADERS: MappingProxyType[str, Callable[[Ids, int, int], Iterator[Window]]] = MappingProxyType(
    {
        "streams": streams,
        "ptb": ptb,
        "fastai": fastai,
        "sequential": sequential,
        "overlapping": overlapping,
    }
)
"""The five loaders by the names that `layout.account` has for them."""


def dealt(ids: Ids, batch_size: int, num_steps: int) -> Iterator[Window]:
    """Pieces of T steps dealt to the B columns in turn, as cards: no column continues itself.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size, num_steps : int
        B and T; N must be at least B·T + 1.

    Yields
    ------
    Window
        Copies. All but the first say that they go on, and for B above 1 none does.

    Raises
    ------
    ValueError
        If `ids` is no vector of integers, a size is below 1, or there are too few ids.

    Notes
    -----
    Explained in notebooks/layout.ipynb. What a library makes of pieces in reading order, if it
    takes B samples after each other for a minibatch.
    """
    ids, B, T = _checked(ids, batch_size, num_steps, least=lambda B, T: B * T + 1)
    pieces = (len(ids) - 1) // T // B * B
    return _gather(ids, np.arange(pieces) * T, B, T)


def strided(ids: Ids, batch_size: int, num_steps: int) -> Iterator[Window]:
    """Broken: stream b reads every B-th token, ids[b::B], and targets are true neighbours.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size, num_steps : int
        B and T; N must be at least B + 1.

    Yields
    ------
    Window
        The last may be shorter than T.

    Raises
    ------
    ValueError
        If `ids` is no vector of integers, a size is below 1, or there are too few ids.

    Notes
    -----
    Explained in notebooks/layout.ipynb.
    """
    ids, B, T = _checked(ids, batch_size, num_steps, least=lambda B, T: B + 1)
    n = (len(ids) - 1) // B * B
    return _read(ids[:n].reshape(-1, B), ids[1 : n + 1].reshape(-1, B), T, keep_short=True)


def viewed(ids: Ids, batch_size: int, num_steps: int) -> Iterator[Window]:
    """Broken: the right shape by a view where a transpose was needed; targets lie B tokens on.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size, num_steps : int
        B and T; N must be at least 2·B.

    Yields
    ------
    Window
        The last may be shorter than T.

    Raises
    ------
    ValueError
        If `ids` is no vector of integers, a size is below 1, or there are too few ids.

    Notes
    -----
    Explained in notebooks/layout.ipynb.
    """
    ids, B, T = _checked(ids, batch_size, num_steps, least=lambda B, T: 2 * B)
    laid = ids[: len(ids) // B * B].reshape(-1, B)
    return _read(laid[:-1], laid[1:], T, keep_short=True)


def wrapped(ids: Ids, batch_size: int, num_steps: int) -> Iterator[Window]:
    """Broken: the last target of each window is the window's own first input.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size, num_steps : int
        B and T; N must be at least 2·B.

    Yields
    ------
    Window
        As `streams` gives them, but for the last row of the targets.

    Raises
    ------
    ValueError
        If `ids` is no vector of integers, a size is below 1, or there are too few ids.

    Notes
    -----
    Explained in notebooks/layout.ipynb.
    """
    right = streams(ids, batch_size, num_steps)
    return (replace(window, y=np.roll(window.x, -1, axis=0)) for window in right)


def shuffled(ids: Ids, batch_size: int, num_steps: int) -> Iterator[Window]:
    """Broken: shuffled pieces that say they go on, so that the state is carried.

    Parameters
    ----------
    ids : (N,)
        The corpus, in order.
    batch_size, num_steps : int
        B and T; N must be at least B·T + 1.

    Yields
    ------
    Window
        Those of `layout.shuffled_windows` in one fixed order, none of them fresh.

    Raises
    ------
    ValueError
        If `ids` is no vector of integers, a size is below 1, or there are too few ids.

    Notes
    -----
    Explained in notebooks/layout.ipynb.
    """
    ids, B, T = _checked(ids, batch_size, num_steps, least=lambda B, T: B * T + 1)
    return layout.shuffled_windows(ids, B, T, np.random.default_rng(0), fresh=False)


SUSPECTS: MappingProxyType[str, Callable[[Ids, int, int], Iterator[Window]]] = MappingProxyType(
    {
        "A": strided,
        "B": overlapping,
        "C": wrapped,
        "D": streams,
        "E": viewed,
        "F": shuffled,
    }
)
"""Six loaders, five of them at fault; which is which is for the reader to find out."""


def continuation(windows: Iterable[Window]) -> float:
    """Share of the columns of windows that continue the same column of the window before.

    Parameters
    ----------
    windows : iterable of Window
        Read from a corpus whose tokens are their own positions; at least 2. A column of `x` is
        what one stream reads in one window.

    Returns
    -------
    float
        1 where the state may be carried, 0 where no state belongs to the text that it meets.

    Raises
    ------
    ValueError
        If there are fewer than 2 windows, or something else than windows.

    Notes
    -----
    Explained in notebooks/layout.ipynb. A column continues another if its first token follows
    the other's last one in the corpus. Of a window with more streams than the one before it, the
    additional ones continue nothing.

    Examples
    --------
    >>> ids = np.arange(61)
    >>> continuation(streams(ids, 3, 5)), continuation(dealt(ids, 3, 5))
    (1.0, 0.0)
    """
    goes_on, columns, before = 0, 0, None
    for window in _windows(windows):
        if before is not None:
            both = min(len(before), window.x.shape[1])
            goes_on += int(np.sum(window.x[0, :both] == before[:both] + 1))
            columns += window.x.shape[1]
        before = window.x[-1].astype(np.int64)
    if not columns:
        raise ValueError(
            "windows must hold at least 2, one to continue the other, "
            f"got {int(before is not None)}"
        )
    return goes_on / columns


@dataclass(frozen=True)
class Audit:
    """What windows do with a corpus whose tokens are their own positions."""

    next_target: float
    """Share of the targets that follow their input in the corpus."""

    next_step: float
    """Share of the steps, but for the first of a window, that follow the step above."""

    continues: float
    """`continuation` of the windows."""

    repeated: int
    """Targets beyond the first for the same token."""


def audit(windows: Iterable[Window]) -> Audit:
    """Four answers about a loader, from windows of a corpus ``np.arange(N)``.

    Parameters
    ----------
    windows : iterable of Window
        All windows of one epoch, at least 2, some of more than one step.

    Returns
    -------
    Audit
        Of a loader whose state may be carried: 1, 1, 1 and 0.

    Raises
    ------
    ValueError
        If there are fewer than 2 windows, all have one step, or something else is given.

    Notes
    -----
    Explained in notebooks/layout.ipynb.

    Examples
    --------
    >>> audit(streams(np.arange(100), 4, 6))
    Audit(next_target=1.0, next_step=1.0, continues=1.0, repeated=0)
    >>> audit(viewed(np.arange(100), 4, 6))
    Audit(next_target=0.0, next_step=0.0, continues=0.0, repeated=0)
    """
    seen = list(_windows(windows))
    score = continuation(seen)
    targets = np.concatenate([(w.y == w.x.astype(np.int64) + 1).ravel() for w in seen])
    steps = np.concatenate([(np.diff(w.x.astype(np.int64), axis=0) == 1).ravel() for w in seen])
    if not steps.size:
        raise ValueError("windows must have more than 1 step to look inside them, got 1 each")
    predicted = np.concatenate([w.y.ravel() for w in seen])
    repeated = predicted.size - np.unique(predicted).size
    return Audit(float(targets.mean()), float(steps.mean()), score, repeated)


def _sizes(num_tokens: Any, batch_size: Any, num_steps: Any) -> tuple[int, int, int, int]:
    N = _arguments.whole("num_tokens", num_tokens, least=2)
    B = _arguments.whole("batch_size", batch_size)
    T = _arguments.whole("num_steps", num_steps)
    if N // B < 2:
        raise ValueError(
            f"batch_size must be at most {N // 2} for {N} tokens, since a stream needs 2, got {B}"
        )
    return N, B, T, N // B


def _checked(
    ids: Any,
    batch_size: Any,
    num_steps: Any,
    *,
    least: Callable[[int, int], int],
    offset: int = 0,
) -> tuple[np.ndarray, int, int]:
    """The ids from `offset` on, B and T, if there are enough of them."""
    ids = _arguments.array("ids", ids, kind="integer", shape=("N",))
    B = _arguments.whole("batch_size", batch_size)
    T = _arguments.whole("num_steps", num_steps)
    needed = least(B, T) + offset
    if len(ids) < needed:
        after = f" after an offset of {offset}" if offset else ""
        raise ValueError(
            f"ids must hold at least {needed} tokens for batch_size {B} and num_steps {T} "
            f"in this loader{after}, got {len(ids)}"
        )
    return ids[offset:], B, T


def _read(x: np.ndarray, y: np.ndarray, T: int, *, keep_short: bool) -> Iterator[Window]:
    for start in range(0, len(x) if keep_short else len(x) // T * T, T):
        yield Window(x[start : start + T], y[start : start + T], start, start == 0)


def _gather(ids: np.ndarray, starts: np.ndarray, B: int, T: int) -> Iterator[Window]:
    for i in range(0, len(starts), B):
        at = np.arange(T)[:, None] + starts[i : i + B]
        yield Window(ids[at], ids[at + 1], -1, i == 0)


def _windows(windows: Any) -> Iterator[Window]:
    try:
        each = iter(windows)
    except TypeError:
        raise ValueError(
            f"windows must be an iterable of layout.Window, got {type(windows).__name__}"
        ) from None
    for window in each:
        if not isinstance(window, Window):
            raise ValueError(f"windows must hold layout.Window, got {_arguments.short(window)}")
        x = _arguments.array("window.x", window.x, kind="integer", shape=("T", "B"))
        _arguments.array("window.y", window.y, kind="integer", shape=x.shape)
        if x.size == 0:
            raise ValueError(f"window.x must hold at least one token, got shape {x.shape}")
        yield window
