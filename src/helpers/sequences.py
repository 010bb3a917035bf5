"""Text that does not fit the rectangle: many lengths, document ends, other batch sizes.

Two questions run through all of it. Which targets count: a `weight` of 0 or 1 for each place of
the rectangle, as ``rnn.cross_entropy`` takes it. And whose past is in the state: a `reset` for
each place, as ``forward`` of every cell takes it, or the choice of a state's rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Integer

from helpers import _arguments

Padded = tuple[
    Integer[np.ndarray, "T B"], Integer[np.ndarray, "T B"], Float[np.ndarray, "T B"]
]  # inputs, targets, weight

FILLER = 0
"""Id that fills up short sequences. Any id would do, since its weight is 0."""


def pad(sequences: Iterable[Integer[np.ndarray, " _"]]) -> Padded:
    """Put sequences of different lengths side by side, filled up at the end.

    Parameters
    ----------
    sequences : iterable of (n,)
        Token ids, at least 2 each: n tokens give n - 1 targets.

    Returns
    -------
    x, y : (T, B)
        Inputs and targets, T those of the longest sequence; below the end of a
        shorter one stands `FILLER`.
    weight : (T, B)
        1 where there is a target and 0 where there is filling, so that
        ``weight.sum(axis=0)`` are the steps of each stream.

    Raises
    ------
    ValueError
        If there is no sequence, or one is no vector of at least 2 integers, all below 2**63.

    Notes
    -----
    Explained in notebooks/ragged.ipynb. With the filling at the end no real
    step ever sees it, so the weight alone makes loss and gradient those of the
    single sequences. The state after the last row is another matter, see
    `last_states`.

    Examples
    --------
    >>> x, y, weight = pad([np.array([5, 6, 7]), np.array([8, 9])])
    >>> x.tolist(), y.tolist(), weight.tolist()
    ([[5, 8], [6, 0]], [[6, 9], [7, 0]], [[1.0, 1.0], [1.0, 0.0]])
    """
    given = [
        _arguments.array(f"sequences[{i}]", ids, kind="integer", shape=("n",))
        for i, ids in enumerate(_listed("sequences", sequences))
    ]
    if not given:
        raise ValueError("sequences must hold at least one sequence, got none")
    for i, ids in enumerate(given):
        if len(ids) < 2:
            raise ValueError(
                f"sequences[{i}] must hold at least 2 tokens, one to predict from the other, "
                f"got {len(ids)}"
            )
        if ids.dtype.kind == "u" and ids.max() > np.iinfo(np.int64).max:
            raise ValueError(f"sequences[{i}] must hold ids below 2**63, got {ids.max()}")
    T, B = max(map(len, given)) - 1, len(given)
    x, y, weight = np.full((T, B), FILLER), np.full((T, B), FILLER), np.zeros((T, B))
    for b, ids in enumerate(given):
        steps = len(ids) - 1
        x[:steps, b], y[:steps, b], weight[:steps, b] = ids[:-1], ids[1:], 1
    return x, y, weight


def last_states(tape: Any, steps: Integer[np.ndarray, " B"]) -> Any:
    """State of every stream after its own last step, not after the filling below it.

    Parameters
    ----------
    tape : Tape
        Of a padded forward pass, from any cell.
    steps : (B,)
        How many steps of each stream are real, 0 to T; 0 gives its initial state.

    Returns
    -------
    (B, H)
        A copy; for the LSTM a pair of them.

    Raises
    ------
    ValueError
        If `tape` is no tape, or `steps` is out of range or no integer for each stream.

    Notes
    -----
    Explained in notebooks/ragged.ipynb. Torch's recurrent layers give the same
    as their last state where the input was packed.

    Examples
    --------
    >>> from helpers import rnn
    >>> p = rnn.init(3, 1, 3, np.random.default_rng(0))
    >>> tape = rnn.forward(p, np.array([[1, 2], [1, 0]]))
    >>> last = last_states(tape, np.array([2, 1]))
    >>> bool(last[0] == tape.h[2, 0]), bool(last[1] == tape.h[1, 1])
    (True, True)
    """
    if not all(isinstance(getattr(tape, name, None), np.ndarray) for name in ("x", "h")):
        raise ValueError(
            f"tape must come from forward of rnn, lstm or gru, got {type(tape).__name__}"
        )
    T, B = tape.x.shape[:2]
    steps = _arguments.array("steps", steps, kind="integer", shape=(B,))
    if steps.min() < 0 or steps.max() > T:
        raise ValueError(f"steps must be in 0..{T}, got {steps.min()} to {steps.max()}")
    parts = (tape.h, tape.c) if hasattr(tape, "c") else (tape.h,)
    found = tuple(part[steps, np.arange(B)] for part in parts)
    return found if len(found) > 1 else found[0]


def reset_before(streams: Integer[np.ndarray, "L B"], end: int) -> Bool[np.ndarray, "L B"]:
    """Where a stream's state must be zeroed before the step: at the first token of a document.

    Parameters
    ----------
    streams : (L, B)
        Whole streams, from ``layout.to_streams``, in which documents follow
        each other. Take slices of the result for windows: the first row of a
        window cannot know what stood above it.
    end : int
        Id of the symbol that ends a document.

    Returns
    -------
    (L, B)
        True in the first row, since nothing came before, and below every `end`
        of the same stream; never because another stream's document ended.

    Raises
    ------
    ValueError
        If `streams` is no array of integers of that shape, or `end` no integer of at least 0.

    Notes
    -----
    Explained in notebooks/ragged.ipynb. The target below an `end` belongs to
    another document than its input: give it the weight 0.

    Examples
    --------
    >>> streams = np.array([[3, 1], [9, 2], [4, 9], [5, 3]])   # 9 ends a document
    >>> reset_before(streams, end=9).astype(int).tolist()
    [[1, 1], [0, 0], [1, 0], [0, 1]]
    """
    streams = _arguments.array("streams", streams, kind="integer", shape=("L", "B"))
    end = _arguments.whole("end", end, least=0)
    reset = np.ones(streams.shape, bool)
    reset[1:] = streams[:-1] == end
    return reset


def keep_streams(state: Any, streams: Sequence[int | None]) -> Any:
    """State for another set of streams: some go on, some have ended, some are new.

    Parameters
    ----------
    state : (B, H)
        One row for each of the B old streams; for the LSTM a pair of them.
    streams : sequence of int or None
        For each new stream the old one that it continues, or None where it
        starts anew. An old stream may continue in more than one place.

    Returns
    -------
    (len(streams), H)
        A copy; zeros where a stream is new. For the LSTM a pair.

    Raises
    ------
    ValueError
        If `state` is no such array or pair, or `streams` is empty or names a stream that is not
        there.

    Notes
    -----
    Explained in notebooks/ragged.ipynb. There is no way to mix streams here,
    such as their mean: a row belongs to one past.

    Examples
    --------
    >>> keep_streams(np.array([[1.0], [2.0], [3.0]]), [2, None, 0]).tolist()
    [[3.0], [0.0], [1.0]]
    """
    streams = _listed("streams", streams)
    if not streams:
        raise ValueError("streams must name at least one stream, or None for a new one, got none")
    if not isinstance(state, tuple):
        return _kept(_arguments.array("state", state, kind="floating", shape=("B", "H")), streams)
    if len(state) != 2:
        raise ValueError(f"state must be an array or a pair of them, got {len(state)} parts")
    h = _arguments.array("state[0]", state[0], kind="floating", shape=("B", "H"))
    c = _arguments.array("state[1]", state[1], kind="floating", shape=h.shape)
    return _kept(h, streams), _kept(c, streams)


def overlapping(ids: Integer[np.ndarray, " N"], batch_size: int, warm_up: int) -> Padded:
    """Streams for an evaluation that does not depend on their number: read sooner than counted.

    Parameters
    ----------
    ids : (N,)
        Held-out text, in order.
    batch_size : int
        B, from 1 to N - 1.
    warm_up : int
        Steps that each stream reads before its first target counts, at least 0;
        fewer where the text begins.

    Returns
    -------
    x, y, weight : (T, B)
        As `pad` gives them. Each of the N - 1 targets of the text has the
        weight 1 in exactly one stream, whatever B is.

    Raises
    ------
    ValueError
        If `ids` is no vector of at least 2 integers, or a number is out of range.

    Notes
    -----
    Explained in notebooks/ragged.ipynb. It costs at most B·warm_up steps more. Where the
    warm-up is longer than the streams, most of the rectangle is filling: T is then about
    `warm_up` and its size B·warm_up, however short the text.

    Examples
    --------
    >>> x, y, weight = overlapping(np.arange(7), batch_size=2, warm_up=2)
    >>> x.T.tolist(), weight.T.tolist()
    ([[0, 1, 2, 0, 0], [1, 2, 3, 4, 5]], [[1.0, 1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0, 1.0]])
    """
    ids = _arguments.array("ids", ids, kind="integer", shape=("N",))
    if len(ids) < 2:
        raise ValueError(
            f"ids must hold at least 2 tokens, one to predict from the other, got {len(ids)}"
        )
    targets = len(ids) - 1
    B = _arguments.whole("batch_size", batch_size, most=targets)
    warm_up = _arguments.whole("warm_up", warm_up, least=0)
    edges = [b * targets // B for b in range(B + 1)]
    starts = [max(0, edge - warm_up) for edge in edges[:-1]]
    x, y, weight = pad(ids[start : stop + 1] for start, stop in zip(starts, edges[1:], strict=True))
    for b, (start, edge) in enumerate(zip(starts, edges[:-1], strict=True)):
        weight[: edge - start, b] = 0
    return x, y, weight


def _kept(state: np.ndarray, streams: list[Any]) -> np.ndarray:
    kept = np.zeros((len(streams), state.shape[1]), state.dtype)
    for new, old in enumerate(streams):
        if old is not None:
            b = _arguments.whole(f"streams[{new}]", old, least=0)
            if b >= len(state):
                raise ValueError(
                    f"streams[{new}] must name one of the {len(state)} streams of the state, "
                    f"counted from 0, or be None for a new one, got {_arguments.short(old)}"
                )
            kept[new] = state[b]
    return kept


def _listed(name: str, value: Any) -> list[Any]:
    try:
        each = iter(value)
    except TypeError:
        each = None
    if each is None or isinstance(value, set | frozenset | dict | str | bytes):
        raise ValueError(f"{name} must be a sequence such as a list, got {type(value).__name__}")
    return list(each)
