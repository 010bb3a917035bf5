"""What crosses a window's edge, and how far back a loss sends its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from helpers import _arguments, bptt, rnn


class Edge(Enum):
    """What happens to the state's value at a window's edge; its gradient is always cut.

    Carrying the gradient too would be no third edge but a longer window.
    """

    RESET = "reset"
    CARRY = "carry"


@dataclass(frozen=True)
class Segment:
    """One update of a plan: positions are those of the losses, from 0."""

    first: int
    """The first cell that the backward pass visits."""

    first_loss: int
    """The first loss of this update; those before it belong to earlier updates."""

    stop: int
    """One beyond the last loss and the last cell."""


def next_state(edge: Edge, tape: Any) -> Any:
    """Initial state of the window after `tape`: a value, so its gradient is cut.

    Parameters
    ----------
    edge : Edge
        Whether the state is carried or reset.
    tape : Tape
        Of the window before, from any cell.

    Returns
    -------
    (B, H), or None
        A copy of the state after the tape's last step (for the LSTM a pair of
        them), or None where it is reset.

    Raises
    ------
    ValueError
        If `edge` is no Edge, or `tape` no tape.
    """
    if not hasattr(tape, "state"):
        raise ValueError(
            f"tape must come from forward of rnn, lstm or gru, got {type(tape).__name__}"
        )
    return tape.state(len(tape.x)) if checked_edge(edge) is Edge.CARRY else None


def segments(num_positions: int, k1: int, k2: int) -> list[Segment]:
    """Plan of TBPTT(k1, k2): every k1 positions an update that visits k2 cells.

    Parameters
    ----------
    num_positions : int
        P, losses in the long window, at least 1.
    k1 : int
        Positions between updates, at least 1.
    k2 : int
        Cells that a backward pass visits, at least k1 so that no loss is left out.

    Returns
    -------
    list of Segment
        ⌈P / k1⌉ of them. (T, T) is windows of T, (1, k) sliding, (P, P) full.
        Where k1 does not divide P the last update is shorter: it keeps the k2 - k1
        cells before its first loss and visits fewer in all, as a short last
        window does.

    Raises
    ------
    ValueError
        If a number is below 1 or k2 is below k1.

    Notes
    -----
    Explained in notebooks/truncation.ipynb, after :cite:t:`williams1990`.

    Examples
    --------
    >>> segments(5, 2, 3)
    [Segment(first=0, first_loss=0, stop=2), Segment(first=1, first_loss=2, stop=4), \
Segment(first=3, first_loss=4, stop=5)]
    """
    P = _arguments.whole("num_positions", num_positions)
    k1 = _arguments.whole("k1", k1)
    k2 = _arguments.whole("k2", k2)
    if k2 < k1:
        raise ValueError(f"k2 must be at least k1 = {k1}, or losses are left out, got {k2}")
    return [Segment(max(0, i + k1 - k2), i, min(i + k1, P)) for i in range(0, P, k1)]


def depths(num_positions: int, k1: int, k2: int) -> Integer[np.ndarray, " P"]:
    """Cells that each position's loss visits under `segments`; its own is the first.

    The lag that the loss reaches is one less.

    Raises
    ------
    ValueError
        As `segments` does.

    Examples
    --------
    >>> depths(6, 3, 3).tolist()
    [1, 2, 3, 1, 2, 3]
    """
    plan = segments(num_positions, k1, k2)
    return np.concatenate([np.arange(s.first_loss, s.stop) - s.first + 1 for s in plan])


def cells_visited(num_positions: int, k1: int, k2: int) -> int:
    """Cells that all backward passes of `segments` visit together: the cost of the plan.

    Raises
    ------
    ValueError
        As `segments` does.

    Examples
    --------
    >>> cells_visited(49, 49, 49), cells_visited(49, 7, 7), cells_visited(49, 1, 7)
    (49, 49, 322)
    """
    return sum(s.stop - s.first for s in segments(num_positions, k1, k2))


def tbptt(
    params: Any,
    x: Float[np.ndarray, "P B D"] | Integer[np.ndarray, "P B"],
    y: Integer[np.ndarray, "P B"],
    *,
    k1: int,
    k2: int,
    edge: Edge,
    h0: Any = None,
    cell: ModuleType = rnn,
) -> tuple[float, Any]:
    """The truncated gradient of one long window, at frozen weights.

    Parameters
    ----------
    params : Params
        Weights of `cell`.
    x, y : (P, B, ...) and (P, B)
        Inputs and targets of the long window.
    k1, k2 : int
        The plan, see `segments`.
    edge : Edge
        CARRY starts every segment from the state that the long window has
        there; RESET starts it from zeros.
    h0 : (B, H), optional
        Initial state of the long window, in the form of the cell.
    cell : module
        ``rnn``, ``lstm`` or ``gru``.

    Returns
    -------
    loss : float
        Mean over all P·B tokens, in nats.
    gradients : Params
        Sum over the plan's updates, on the scale of that loss, so that it may
        be compared with the full gradient, which is (P, P).

    Raises
    ------
    ValueError
        If the plan is impossible or the arrays do not fit.
    """
    checked_edge(edge)
    backward = bptt.of(cell).backward
    whole = cell.forward(params, x, h0)
    P, B, V = whole.logits.shape
    y = _arguments.ids("y", y, num_symbols=V, shape=(P, B))
    loss, total = 0.0, params.map(np.zeros_like)
    for segment in segments(P, k1, k2):
        inside = slice(segment.first, segment.stop)
        carried = edge is Edge.CARRY or segment.first == 0
        tape = cell.forward(params, x[inside], whole.state(segment.first) if carried else None)
        counts = np.arange(segment.first, segment.stop) >= segment.first_loss
        weight = np.repeat(counts[:, None].astype(float), B, axis=1)
        share = float(weight.sum()) / (P * B)  # a numpy float64 would widen float32
        part, dlogits = rnn.cross_entropy(tape.logits, y[inside], weight=weight)
        loss += share * part
        total = total.map(np.add, backward(params, tape, dlogits * share)[0])
    return loss, total


def checked_edge(edge: Any) -> Edge:
    """`edge`, if it is one."""
    if not isinstance(edge, Edge):
        raise ValueError(f"edge must be Edge.CARRY or Edge.RESET, got {_arguments.short(edge)}")
    return edge
