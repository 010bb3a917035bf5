"""Lay a corpus out on two axes: time steps run down, streams across."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Integer

from helpers._types import Size, checked

Array = np.ndarray


@dataclass(frozen=True)
class Window:
    """T consecutive steps of B streams: what one update sees."""

    x: Integer[Array, "T B"]  # row t: what one tick receives
    y: Integer[Array, "T B"]  # the token after each input, in its stream
    start: int  # position of the first row inside the streams
    fresh: bool  # nothing came before, so the state starts anew


@checked
def to_streams(ids: Integer[Array, " N"], batch_size: Size
               ) -> Integer[Array, "L B"]:
    """Cut the corpus once into B contiguous pieces, one a column.

    L = N // B. A view of `ids`; its last N - L·B tokens are left out.

    >>> to_streams(np.arange(7), 2)
    array([[0, 3],
           [1, 4],
           [2, 5]])
    """
    N, B = len(ids), batch_size
    L = N // B
    if L < 2:
        raise ValueError(
            f"batch_size must be at most {N // 2} for {N} tokens, since a "
            f"stream needs 2 to predict one from the other, got {B}")
    return ids[: L * B].reshape(B, L).T


@checked
def windows(streams: Integer[Array, "L B"], num_steps: Size, *,
            drop_last: bool = False) -> Iterator[Window]:
    """Walk down the streams, T steps at a time, in order.

    Each window continues the one before it, row by row, so the state may be
    carried; only the first is fresh. The last is as short as it must be, or
    is left out.

    >>> for w in windows(to_streams(np.arange(10), 2), 3):
    ...     print(w.start, w.fresh, w.x.T.tolist(), w.y.T.tolist())
    0 True [[0, 1, 2], [5, 6, 7]] [[1, 2, 3], [6, 7, 8]]
    3 False [[3], [8]] [[4], [9]]
    """
    T, last = num_steps, len(streams) - 1
    if last < (T if drop_last else 1):
        raise ValueError(
            f"num_steps must be at most {last} for streams of {last + 1} "
            f"positions when no window may be short, got {T}")

    def walk() -> Iterator[Window]:
        for i in range(0, last - T + 1 if drop_last else last, T):
            j = min(i + T, last)
            yield Window(streams[i:j], streams[i + 1 : j + 1], i, i == 0)

    return walk()
