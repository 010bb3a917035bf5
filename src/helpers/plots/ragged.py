"""Drawings of the chapter on ends, resets and evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers import _arguments
from helpers.plots import _given
from helpers.plots._given import SMALL, TICKS
from helpers.plots._parts import new_axes
from helpers.plots.style import COLOURS, INK, MARKERS

ROLES = ("state", "gradient", "time", "batch")
LINES = ("-", "--", ":", "-.")
FILLING = "#DDDDDD"


def ragged_tables(
    steps: Sequence[int], starts: Any, num_steps: int, axes: Sequence[Axes] | None = None
) -> Any:
    """Padded sequences; beside them streams with document ends and a short last window.

    Parameters
    ----------
    steps : (B,)
        Real steps of each padded sequence, at most 60 of each.
    starts : (L, B)
        True where a document begins in the streams; at most 60 of each.
    num_steps : int
        T, rows of a full window of the streams.
    axes : two Axes, optional

    Returns
    -------
    array of two Axes

    Raises
    ------
    ValueError
        If there are no steps, a number is below 1 or too large, or `starts` is no table.
    """
    lengths = _given.line("steps", steps, most=60, least=1, limit=60, whole=True).tolist()
    starts = _given.truths("starts", starts, shape=("L", "B"), most=60)
    num_steps = _arguments.whole("num_steps", num_steps)
    axes = _given.axes("axes", axes, (2,))
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7, 3.3))[1]
    left, right = axes
    T = max(lengths)
    for b, n in enumerate(lengths):
        for t in range(T):
            _square(left, b, t, "white" if t < n else FILLING, COLOURS["time"])
        left.plot(b, n - 1, MARKERS["state"], color=COLOURS["state"], ms=6)
        left.plot([b, b], [0, n - 1], color=COLOURS["state"], lw=1.5)
    left.set(xlabel=f"{len(lengths)} sequences, filled up to {T} steps")
    L, B = starts.shape
    for b in range(B):
        tops = [*np.flatnonzero(starts[:, b]), L]
        for t in range(L):
            _square(right, b, t, "white", COLOURS["time"])
        for top, stop in zip([0, *tops[:-1]], tops, strict=True):
            if stop > top:
                right.plot([b, b], [top - 0.2, stop - 0.8], color=COLOURS["state"], lw=1.5)
        for top in tops[:-1]:
            right.plot(b, top, MARKERS["state"], ms=6, mfc="white", color=COLOURS["state"])
    for edge in range(num_steps, L, num_steps):
        right.plot([-0.75, B - 0.25], [edge - 0.5] * 2, "--", color=COLOURS["cut"], lw=1.5)
    rest = L % num_steps
    if rest:
        right.text(B - 0.2, L - rest / 2 - 0.5, "short last\nwindow", va="center", fontsize=10)
    right.set(xlabel=f"{B} streams, windows of {num_steps}")
    for ax, rows, columns in ((left, T, len(lengths)), (right, L, B + 2.2 * bool(rest))):
        ax.set(xlim=(-0.8, columns - 0.2), ylim=(rows - 0.3, -0.7), xticks=[], yticks=[],
               aspect="equal")  # fmt: skip
        ax.spines[:].set_visible(False)
    left.set_ylabel("time, down")
    return np.asarray(axes)


def weights_by_position(
    weights: Any, edges: Any, labels: Mapping[int, str], ax: Axes | None = None
) -> Axes:
    """Weight of each position of a stream, relative to its fair share.

    Parameters
    ----------
    weights : (P,)
        One a position, at least 0; 1 is fair.
    edges : (n,)
        Where a window ends, between two positions; up to 1000 thin dashed lines.
    labels : mapping of int to str
        Position to what is written above its weight; up to 8.

    Raises
    ------
    ValueError
        If a label's position is not there, or a weight is below 0.
    """
    weights = _given.line("weights", weights, least=0)
    edges = _given.line("edges", edges, fewest=0, most=1000)
    labels = _given.mapping("labels", labels, "texts", fewest=0, most=8, numbered=True)
    for position, text in labels.items():
        if position >= len(weights):
            raise ValueError(f"labels must name positions below {len(weights)}, got {position}")
        _given.text(f"labels[{position}]", text)
    ax = new_axes(ax, figsize=(7, 2.6))
    ax.axhline(1, color=COLOURS["context"], lw=1)
    ax.vlines(edges, 0, 1.08 * weights.max(), color=COLOURS["cut"], ls="--", lw=0.6)
    ax.stairs(weights, np.arange(len(weights) + 1) - 0.5, color=COLOURS["time"], lw=2.5)
    for position, text in labels.items():
        ax.annotate(text, (position, weights[position]), (-6, 5), textcoords="offset points",
                    ha="right", color=COLOURS["time"],
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
    ax.set(xlabel="position in the stream", ylabel="weight, fair share = 1", ylim=(0, None))
    return ax


def leak_maps(maps: Mapping[str, Any], axes: Sequence[Axes] | None = None) -> Any:
    """How far each state is from the right one, time down and streams across, one panel a way.

    Parameters
    ----------
    maps : mapping of (T, B)
        Label to differences, at least 0; all panels share one scale from 0. Up to four tables,
        of up to 300 steps and 64 streams.
    axes : sequence of Axes, optional

    Returns
    -------
    array of Axes

    Raises
    ------
    ValueError
        If the panels differ in shape.
    """
    maps = _given.tables("maps", maps, shape=("T", "B"), most=300, least=0)
    shapes = {values.shape for values in maps.values()}
    if len(shapes) != 1 or min(shapes)[1] > TICKS:
        raise ValueError(
            f"maps must be tables of one shape (T, B) with at most {TICKS} streams, "
            f"got {sorted(shapes)}"
        )
    axes = _given.axes("axes", axes, (len(maps),))
    if axes is None:
        axes = plt.subplots(1, len(maps), figsize=(7, 3.2), sharey=True, squeeze=False)[1][0]
    most = max(float(np.max(values)) for values in maps.values())
    for ax, (label, values) in zip(axes, maps.items(), strict=True):
        shown = ax.imshow(values, cmap="cividis", vmin=0, vmax=most or 1, aspect="auto",
                          interpolation="none")  # fmt: skip
        ax.set_xlabel(f"stream\n{label}")
        ax.set_xticks(range(np.shape(values)[1]))
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    axes[0].set_ylabel("step, time down")
    axes[0].figure.colorbar(shown, ax=list(axes), label="off by", shrink=0.9)
    return np.asarray(axes)


def loss_by_place(curves: Mapping[str, Any], floor: Any, ax: Axes | None = None) -> Axes:
    """Loss against the place in the document, one line a way to treat its start.

    Parameters
    ----------
    curves : mapping of (n,)
        Label to bits at the places 1, 2, ...; the lowest line first. Up to four.
    floor : (n,)
        What no network can beat; up to 64 places.

    Raises
    ------
    ValueError
        If a curve is not as long as the floor, or a value is not positive.
    """
    floor = _given.line("floor", floor, most=TICKS, least=SMALL)
    curves = _given.curves("curves", curves, places=len(floor), least=SMALL)
    ax = new_axes(ax)
    places = np.arange(1, len(floor) + 1)
    ax.step(places, floor, where="mid", color=COLOURS["context"], lw=1)
    middle = len(floor) // 2
    ax.annotate("floor", (places[middle], floor[middle]), (0, -4), textcoords="offset points",
                va="top", ha="right")  # fmt: skip
    for i, (label, values) in enumerate(curves.items()):
        role = ROLES[i]
        ax.plot(places, values, LINES[i], color=COLOURS[role], marker=MARKERS[role])
        at = min(1 + i, len(places) - 1)
        ax.annotate(label, (places[at], values[at]), (-4, 10) if i == 0 else (8, 4),
                    textcoords="offset points", color=INK[role])  # fmt: skip
    ax.set(xlabel="place in the document", ylabel="bits per letter", yscale="log")
    ticks = [tick for tick in (0.25, 0.5, 1, 2, 4, 8, 16) if tick >= 0.9 * floor.min()]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    most = max(float(np.max(values)) for values in (floor, *curves.values()))
    ax.set_ylim(0.75 * floor.min(), 1.25 * most)
    ax.set_xticks(places[:: 1 if len(places) < 20 else 2])
    return ax


def excess_by_cold_starts(
    cold_starts: Any, curves: Mapping[str, Any], floor: float, ax: Axes | None = None
) -> Axes:
    """Bits that a file costs more when it is read in B streams, against the cold starts B - 1.

    Parameters
    ----------
    cold_starts : (n,)
        B - 1, from 0.
    curves : mapping of (n,)
        Label to the excess in bits; up to four.
    floor : float
        The least that a cold start can cost; a thin line of this slope.

    Raises
    ------
    ValueError
        If a curve has another length than `cold_starts`, or a value is below 0.
    """
    cold_starts = _given.line("cold_starts", cold_starts, least=0)
    curves = _given.curves("curves", curves, places=len(cold_starts), least=0)
    floor = _given.number("floor", floor, least=0)
    ax = new_axes(ax)
    ax.plot(cold_starts, floor * cold_starts, color=COLOURS["context"], lw=1)
    ax.annotate("floor", (cold_starts[-1], floor * cold_starts[-1]), (4, -7),
                textcoords="offset points", va="center")  # fmt: skip
    for i, (label, values) in enumerate(curves.items()):
        role = ROLES[i]
        ax.plot(cold_starts, values, LINES[i], color=COLOURS[role], marker=MARKERS[role])
        at = len(cold_starts) - (2 if i == 0 else 1)
        ax.annotate(label, (cold_starts[at], values[at]), (-8, 6), textcoords="offset points",
                    ha="right", va="bottom", color=INK[role])  # fmt: skip
    ax.set(xlabel="cold starts, B − 1", ylabel="excess, bits a file",
           xlim=(0, 1.12 * (cold_starts[-1] or 1)), ylim=(0, None))  # fmt: skip
    return ax


def _square(ax: Axes, b: int, t: int, colour: str, edge: str) -> None:
    ax.add_patch(Rectangle((b - 0.4, t - 0.4), 0.8, 0.8, facecolor=colour, edgecolor=edge, lw=0.6))
