"""What crosses a window's edge, and how far back a loss is felt."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from jaxtyping import Float, Integer

from helpers import cells
from helpers._types import Size, checked
from helpers.ticks import Array, Params, State, Tape


class Edge(Enum):
    """What happens to the state's value at an edge; its gradient is cut.

    Carrying the gradient too would be no third edge but a longer window.
    """

    RESET = "reset"
    CARRY = "carry"


@dataclass(frozen=True)
class Segment:
    """One update of a plan: positions of losses, from 0."""

    first: int  # the earliest cell, where the backward pass ends
    first_loss: int  # the losses before belong to earlier updates
    stop: int  # one beyond the last loss and the last cell


@checked
def next_state(edge: Edge, tape: Tape) -> State | None:
    """Initial state of the window after `tape`: a value, None for 0."""
    return tape.state(len(tape.x)) if edge is Edge.CARRY else None


@checked
def segments(num_positions: Size, k1: Size, k2: Size) -> list[Segment]:
    """Plan of TBPTT(k1, k2): an update every k1 losses visits k2 cells.

    (T, T) is windows of T, (1, k) sliding, (P, P) full. Where k1 does not
    divide P the last update is shorter: it keeps the k2 - k1 cells before
    its first loss. After Williams and Peng 1990.
    """
    P = num_positions
    if k2 < k1:
        raise ValueError(f"k2 must be at least k1 = {k1}, got {k2}")
    return [Segment(max(0, i + k1 - k2), i, min(i + k1, P))
            for i in range(0, P, k1)]


def depths(num_positions: int, k1: int, k2: int) -> Integer[Array, " P"]:
    """Cells that each position's loss visits, its own included."""
    plan = segments(num_positions, k1, k2)
    return np.concatenate(
        [np.arange(s.first_loss, s.stop) - s.first + 1 for s in plan])


def cells_visited(num_positions: int, k1: int, k2: int) -> int:
    """Cells that all backward passes visit together: the plan's cost."""
    return sum(s.stop - s.first for s in segments(num_positions, k1, k2))


@checked
def tbptt(params: Params, x: Float[Array, "P B D"] | Integer[Array, "P B"],
          y: Integer[Array, "P B"], *, k1: Size, k2: Size, edge: Edge,
          state: State | Array | None = None) -> tuple[float, Params]:
    """Mean loss and truncated gradient of one long window, weights frozen.

    The gradient is the sum over the plan's updates on the scale of that
    loss, so it may be compared with the full one, which is (P, P). CARRY
    starts each segment from the state that the long window has there.
    """
    whole = cells.forward(params, x, state)
    P, B = y.shape
    loss, total = 0.0, params.map(np.zeros_like)
    for s in segments(P, k1, k2):
        inside = slice(s.first, s.stop)
        carried = edge is Edge.CARRY or s.first == 0
        start = whole.state(s.first) if carried else None
        tape = cells.forward(params, x[inside], start)
        counts = np.arange(s.first, s.stop) >= s.first_loss
        weight = np.repeat(counts[:, None].astype(float), B, axis=1)
        part, dlogits = cells.cross_entropy(tape.logits, y[inside],
                                            weight=weight)
        share = float(weight.sum()) / (P * B)
        loss += share * part
        grads, _ = cells.backward(params, tape, dlogits * share)
        total = total.map(np.add, grads)
    return loss, total
