"""Loaders that others use, and loaders that are broken: all from ids to windows.

Each takes the corpus, the batch size and the number of time steps, and gives `layout.Window` s.
Read with a corpus whose tokens are their own positions, ``np.arange(N)``, every loader shows what
it does: `continuation` and `audit` read it off.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
from jaxtyping import Integer

from helpers import layout
from helpers._types import Count, Size, checked
from helpers.layout import Window

Ids = Integer[np.ndarray, " N"]
Loader = Literal["streams", "shuffled", "ptb", "fastai", "sequential", "overlapping"]


@checked
def streams(ids: Ids, batch_size: Size, num_steps: Size) -> Iterator[Window]:
    """Contiguous streams, the short last window kept: our own, and PyTorch's example."""
    return layout.windows(layout.to_streams(ids, batch_size), num_steps)


@checked
def ptb(ids: Ids, batch_size: Size, num_steps: Size) -> Iterator[Window]:
    """Contiguous streams, the short last window dropped: TensorFlow's PTB tutorial."""
    laid = layout.to_streams(ids, batch_size)
    return _read(laid[:-1], laid[1:], num_steps, keep_short=False)


@checked
def fastai(ids: Ids, batch_size: Size, num_steps: Size) -> Iterator[Window]:
    """Streams whose last target is the next stream's first token, short window kept: fastai."""
    x, y = (part.reshape(batch_size, -1).T for part in _neighbours(ids, batch_size))
    return _read(x, y, num_steps, keep_short=True)


@checked
def sequential(ids: Ids, batch_size: Size, num_steps: Size) -> Iterator[Window]:
    """As `fastai`, the short window dropped: the older loader of Dive into Deep Learning."""
    x, y = (part.reshape(batch_size, -1).T for part in _neighbours(ids, batch_size))
    return _read(x, y, num_steps, keep_short=False)


@checked
def overlapping(ids: Ids, batch_size: Size, num_steps: Size) -> Iterator[Window]:
    """Every stretch of T tokens, B at a time, the last minibatch smaller: its newer loader."""
    return _gather(ids, np.arange(len(ids) - num_steps), batch_size, num_steps)


@checked
def dealt(ids: Ids, batch_size: Size, num_steps: Size) -> Iterator[Window]:
    """Pieces of T steps dealt to the B columns in turn, as cards: no column continues itself."""
    pieces = (len(ids) - 1) // num_steps // batch_size * batch_size
    return _gather(ids, np.arange(pieces) * num_steps, batch_size, num_steps)


@checked
def strided(ids: Ids, batch_size: Size, num_steps: Size) -> Iterator[Window]:
    """Broken: stream b reads every B-th token, ids[b::B], and targets are true neighbours."""
    x, y = (part.reshape(-1, batch_size) for part in _neighbours(ids, batch_size))
    return _read(x, y, num_steps, keep_short=True)


@checked
def viewed(ids: Ids, batch_size: Size, num_steps: Size) -> Iterator[Window]:
    """Broken: the right shape by a view where a transpose was needed; targets lie B tokens on."""
    laid = ids[: len(ids) // batch_size * batch_size].reshape(-1, batch_size)
    return _read(laid[:-1], laid[1:], num_steps, keep_short=True)


@checked
def wrapped(ids: Ids, batch_size: Size, num_steps: Size) -> Iterator[Window]:
    """Broken: the last target of each window is the window's own first input."""
    right = streams(ids, batch_size, num_steps)
    return (replace(window, y=np.roll(window.x, -1, axis=0)) for window in right)


@checked
def shuffled(ids: Ids, batch_size: Size, num_steps: Size) -> Iterator[Window]:
    """Broken: shuffled pieces that say they go on, so that the state is carried."""
    return shuffled_windows(ids, batch_size, num_steps, np.random.default_rng(0), fresh=False)


LOADERS = MappingProxyType({f.__name__: f for f in (streams, ptb, fastai, sequential, overlapping)})
"""The five loaders by the names that `account` has for them."""

SUSPECTS = MappingProxyType(
    dict(zip("ABCDEF", (strided, overlapping, wrapped, streams, viewed, shuffled), strict=True))
)
"""Six loaders, five of them at fault; which is which is for the reader to find out."""


@checked
def shuffled_windows(
    ids: Ids, batch_size: Size, num_steps: Size, rng: np.random.Generator, *, fresh: bool = True
) -> Iterator[Window]:
    """Disjoint pieces of T steps in random order, B at a time, what fills no minibatch left out.

    Each is fresh, since no row continues the row before; `fresh` = False denies it, to show what
    goes wrong when the state is carried all the same.
    """
    N, B, T = len(ids), batch_size, num_steps
    pieces = (N - 1) // T
    if pieces < B:
        raise ValueError(
            f"batch_size must be at most {max(pieces, 0)} for {N} tokens in pieces of num_steps "
            f"{T} and their targets, got {B}; a smaller num_steps gives more pieces"
        )

    def drawn() -> Iterator[Window]:
        order = rng.permutation(pieces) * T
        for w in _gather(ids, order[: pieces // B * B], B, T):
            yield replace(w, fresh=fresh)

    return drawn()


@dataclass(frozen=True)
class Accounting:
    """What one epoch of a loader does with the N - 1 targets of a corpus."""

    targets: int  # losses that are computed
    updates: int  # windows, each of which makes one update
    dropped: int  # targets that are never predicted: N - 1 less the distinct ones
    repeated: int  # losses beyond the first for the same target


@checked
def account(
    num_tokens: Size,
    batch_size: Size,
    num_steps: Size,
    *,
    loader: Loader = "streams",
) -> Accounting:
    """Count what one epoch computes, drops and repeats.

    >>> account(10_001, 20, 35)
    Accounting(targets=9980, updates=15, dropped=20, repeated=0)
    """
    N, B, T = int(num_tokens), int(batch_size), int(num_steps)
    own, borrowed, pieces = N // B - 1, (N - 1) // B, max(N - T, 0)
    steps = {  # of one stream in the epoch; the last target may be the next stream's first token
        "streams": own,
        "ptb": own // T * T,
        "fastai": borrowed,
        "sequential": borrowed // T * T,
        "shuffled": (N - 1) // T // B * T,
        "overlapping": 0,
    }[loader]
    targets, updates, distinct = steps * B, -(-steps // T), steps * B
    if loader == "overlapping":
        targets, updates, distinct = pieces * T, -(-pieces // B), N - 1
    if targets <= 0:
        raise ValueError(
            f"num_tokens must leave the loader {loader!r} something to predict with "
            f"batch_size {B} and num_steps {T}, got {N}"
        )
    return Accounting(targets, updates, N - 1 - distinct, targets - distinct)


@checked
def stream_length(num_tokens: Size, batch_size: Size) -> int:
    """Positions of a contiguous stream: L = N // B."""
    N, B = int(num_tokens), int(batch_size)
    if N // B < 2:
        raise ValueError(
            f"batch_size must be at most {N // 2} for {N} tokens, since a stream needs 2, got {B}"
        )
    return N // B


@checked
def place(
    token: Count, num_tokens: Size, batch_size: Size, num_steps: Size
) -> tuple[int, int, int] | None:
    """Stream, window and step at which contiguous streams read a token; None for no input.

    No input are the last token of each stream, which is only a target, and the tokens left over.

    >>> place(25, 32, 3, 4), token_at(2, 1, 1, 32, 3, 4)
    ((2, 1, 1), 25)
    """
    L = stream_length(num_tokens, batch_size)
    if token >= num_tokens:
        raise ValueError(f"token must be in 0..{num_tokens - 1}, got {token}")
    b, position = divmod(token, L)
    if b >= batch_size or position == L - 1:
        return None
    return b, position // num_steps, position % num_steps


@checked
def token_at(
    stream: Count, window: Count, step: Count, num_tokens: Size, batch_size: Size, num_steps: Size
) -> int:
    """Position in the corpus of what a stream reads at a step of a window: inverse of `place`."""
    L = stream_length(num_tokens, batch_size)
    position = window * num_steps + step
    if stream >= batch_size or step >= num_steps or position >= L - 1:
        raise ValueError(
            f"stream, window and step must be a place in {batch_size} streams of {L} positions "
            f"in windows of {num_steps}, got {stream}, {window}, {step}"
        )
    return stream * L + position


@checked
def continuation(windows: Iterable[Window]) -> float:
    """Share of the columns that continue the same column of the window before: 1, carry the state.

    Windows are of ``np.arange(N)``. Columns that the window before does not have continue nothing.

    >>> ids = np.arange(61)
    >>> continuation(streams(ids, 3, 5)), continuation(dealt(ids, 3, 5))
    (1.0, 0.0)
    """
    goes_on, columns, before = 0, 0, None
    for window in windows:
        if before is not None:
            both = min(len(before), window.x.shape[1])
            goes_on += int(np.sum(window.x[0, :both] == before[:both] + 1))
            columns += window.x.shape[1]
        before = window.x[-1].astype(np.int64)
    if not columns:
        raise ValueError("windows must hold at least 2, one to continue the other, got fewer")
    return goes_on / columns


@dataclass(frozen=True)
class Audit:
    """What windows do with a corpus whose tokens are their own positions."""

    next_target: float  # share of the targets that follow their input in the corpus
    next_step: float  # share of the steps inside windows that follow the step above
    continues: float  # `continuation` of the windows
    repeated: int  # targets beyond the first for the same token


@checked
def audit(windows: Iterable[Window]) -> Audit:
    """Four answers about one epoch of ``np.arange(N)``: 1, 1, 1, 0 where the state may be carried.

    >>> audit(viewed(np.arange(100), 4, 6))
    Audit(next_target=0.0, next_step=0.0, continues=0.0, repeated=0)
    """
    seen = list(windows)
    score = continuation(seen)
    targets = np.concatenate([(w.y == w.x.astype(np.int64) + 1).ravel() for w in seen])
    steps = np.concatenate([(np.diff(w.x.astype(np.int64), axis=0) == 1).ravel() for w in seen])
    if not steps.size:
        raise ValueError("windows must have more than 1 step to look inside them, got 1 each")
    predicted = np.concatenate([w.y.ravel() for w in seen])
    repeated = predicted.size - np.unique(predicted).size
    return Audit(float(targets.mean()), float(steps.mean()), score, repeated)


def _neighbours(ids: np.ndarray, B: int) -> tuple[np.ndarray, np.ndarray]:
    n = (len(ids) - 1) // B * B
    return ids[:n], ids[1 : n + 1]


def _read(x: np.ndarray, y: np.ndarray, T: int, *, keep_short: bool) -> Iterator[Window]:
    rows = len(x) if keep_short else len(x) // T * T
    if rows <= 0:
        _too_few(x.shape[1], T)
    return (Window(x[i : i + T], y[i : i + T], i, i == 0) for i in range(0, rows, T))


def _gather(ids: np.ndarray, starts: np.ndarray, B: int, T: int) -> Iterator[Window]:
    if not starts.size:
        _too_few(B, T)
    steps = np.arange(T)[:, None]
    places = ((i, steps + starts[i : i + B]) for i in range(0, len(starts), B))
    return (Window(ids[at], ids[at + 1], -1, i == 0) for i, at in places)


def _too_few(B: int, T: int) -> None:
    raise ValueError(
        f"ids must be enough for one window of batch_size {B} and num_steps {T}, got too few"
    )
