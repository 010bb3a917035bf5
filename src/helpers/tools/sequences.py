"""Text that does not fit the rectangle: many lengths, document ends, other batch sizes.

Which targets count is a `weight` of 0 or 1 for each place of the rectangle, as
``cells.cross_entropy`` takes it; whose past is in the state, a `reset` for each place, as
``cells.forward`` takes it, or a choice of the state's rows.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Bool, Float, Integer

from helpers._types import Count, Size, checked
from helpers.cells import State, Tape

Padded = tuple[
    Integer[np.ndarray, "T B"], Integer[np.ndarray, "T B"], Float[np.ndarray, "T B"]
]  # inputs, targets, weight

FILLER = 0  # Id that fills up short sequences. Any id would do, since its weight is 0


def pad(sequences: Iterable[Integer[np.ndarray, " _"]]) -> Padded:
    """Sequences of different lengths side by side, filled up at the end: inputs, targets, weight.

    No real step sees the filling, so the weight alone makes loss and gradient those of the single
    sequences. The state after the last row is another matter, see `last_states`.

    >>> x, y, weight = pad([np.array([5, 6, 7]), np.array([8, 9])])
    >>> x.tolist(), y.tolist(), weight.tolist()
    ([[5, 8], [6, 0]], [[6, 9], [7, 0]], [[1.0, 1.0], [1.0, 0.0]])
    """
    given = [np.asarray(ids) for ids in sequences]
    wrong = [ids for ids in given if ids.ndim != 1 or len(ids) < 2 or ids.dtype.kind not in "iu"]
    if wrong or not given:
        raise ValueError(
            "sequences must be vectors of at least 2 ids, one to predict from the other, got "
            f"{wrong[0] if wrong else 'none'}"
        )
    T, B = max(map(len, given)) - 1, len(given)
    x, y, weight = np.full((T, B), FILLER), np.full((T, B), FILLER), np.zeros((T, B))
    for b, ids in enumerate(given):
        steps = len(ids) - 1
        x[:steps, b], y[:steps, b], weight[:steps, b] = ids[:-1], ids[1:], 1
    return x, y, weight


@checked
def last_states(tape: Tape, steps: Integer[np.ndarray, " B"]) -> State:
    """State of every stream after its own last step, of `steps`, not after the filling below it.

    Torch's recurrent layers give the same as their last state where the input was packed.
    """
    T, B = tape.x.shape[:2]
    if steps.shape != (B,) or steps.min() < 0 or steps.max() > T:
        raise ValueError(f"steps must be one number in 0..{T} for each of {B} streams, got {steps}")
    return tuple(part[steps, np.arange(B)] for part in tape.states)


@checked
def reset_before(streams: Integer[np.ndarray, "L B"], end: Count) -> Bool[np.ndarray, "L B"]:
    """Where the state must be zeroed before the step: in the first row, and below every `end`.

    Take slices of the result for windows: the first row of a window cannot know what stood above
    it. The target below an `end` belongs to another document: give it the weight 0.

    >>> streams = np.array([[3, 1], [9, 2], [4, 9], [5, 3]])   # 9 ends a document
    >>> reset_before(streams, end=9).astype(int).tolist()
    [[1, 1], [0, 0], [1, 0], [0, 1]]
    """
    reset = np.ones(streams.shape, bool)
    reset[1:] = streams[:-1] == end
    return reset


@checked
def keep_streams(
    state: State, streams: Sequence[Count | None]
) -> tuple[Float[np.ndarray, "K H"], ...]:
    """State for new streams: each names the old one that it continues, or None to start anew.

    >>> keep_streams((np.array([[1.0], [2.0], [3.0]]),), [2, None, 0])[0].tolist()
    [[3.0], [0.0], [1.0]]
    """
    B = len(state[0])
    if not streams or any(old is not None and not 0 <= old < B for old in streams):
        raise ValueError(
            f"streams must each name one of the {B} streams of the state, counted from 0, or be "
            f"None for a new one, got {streams}"
        )
    kept = tuple(np.zeros((len(streams), part.shape[1]), part.dtype) for part in state)
    for new, old in enumerate(streams):
        if old is not None:
            for there, part in zip(kept, state, strict=True):
                there[new] = part[old]
    return kept


@checked
def overlapping(ids: Integer[np.ndarray, " N"], batch_size: Size, warm_up: Count) -> Padded:
    """Streams for an evaluation that does not depend on their number, padded as by `pad`.

    Each reads up to `warm_up` steps before its first target counts; each of the N - 1 targets
    counts in exactly one stream. It costs at most B·warm_up steps more.

    >>> x, y, weight = overlapping(np.arange(7), batch_size=2, warm_up=2)
    >>> x.T.tolist(), weight.T.tolist()
    ([[0, 1, 2, 0, 0], [1, 2, 3, 4, 5]], [[1.0, 1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0, 1.0]])
    """
    targets, B = len(ids) - 1, batch_size
    if targets < B:
        raise ValueError(f"batch_size must be at most {targets} for {targets} targets, got {B}")
    edges = [b * targets // B for b in range(B + 1)]
    starts = [max(0, edge - warm_up) for edge in edges[:-1]]
    x, y, weight = pad(ids[start : stop + 1] for start, stop in zip(starts, edges[1:], strict=True))
    for b, (start, edge) in enumerate(zip(starts, edges[:-1], strict=True)):
        weight[: edge - start, b] = 0
    return x, y, weight
