"""Drawings of the chapter on ends, resets and evaluation."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from helpers.tools.drawing import COLOURS, INK, LINES, ON_WHITE, Curves, box, cut, look, name_end
from helpers.tools.drawing import new_axes, panels, shade, unframed, write

ROLES = ("state", "gradient", "time", "batch")
FILLING = "#DDDDDD"
"""Fill of a step that belongs to no sequence."""


def ragged_tables(steps: Sequence[int], starts: np.ndarray, num_steps: int) -> np.ndarray:
    """Padded sequences; beside them streams (L, B) of documents, whose last window is short."""
    axes = panels(2, 3.3)
    _padded(axes[0], steps)
    _streams(axes[1], starts, num_steps)
    axes[0].set_ylabel("time, down")
    return axes


def _padded(ax: Axes, steps: Sequence[int]) -> None:
    T = max(steps)
    for b, n in enumerate(steps):
        for t in range(T):
            _step(ax, b, t, "white" if t < n else FILLING)
        ax.plot(b, n - 1, **look("state"), ls="none", ms=6)
        ax.plot([b, b], [0, n - 1], color=COLOURS["state"], lw=1.5)
    ax.set_xlabel(f"{len(steps)} sequences, filled up to {T} steps")
    _limits(ax, T, len(steps))


def _streams(ax: Axes, starts: np.ndarray, num_steps: int) -> None:
    L, B = starts.shape
    for b in range(B):
        for t in range(L):
            _step(ax, b, t, "white")
        tops = np.flatnonzero(starts[:, b])
        for top, stop in zip([0, *tops], [*tops, L], strict=True):
            ax.plot([b, b], [top - 0.2, stop - 0.8], color=COLOURS["state"], lw=1.5)
        for top in tops:
            ax.plot(b, top, **look("state"), ls="none", ms=6, mfc="white")
    for edge in range(num_steps, L, num_steps):
        cut(ax, -0.75, B - 0.25, edge - 0.5, width=1.5)
    middle = L - (L % num_steps) / 2 - 0.5
    ax.text(B - 0.2, middle, "short last\nwindow", va="center", fontsize=10)
    ax.set_xlabel(f"{B} streams, windows of {num_steps}")
    _limits(ax, L, B + 2.2)


def _step(ax: Axes, b: int, t: int, fill: str) -> None:
    box(ax, b, t, (0.8, 0.8), COLOURS["time"], fc=fill, lw=0.6)


def _limits(ax: Axes, rows: int, columns: float) -> None:
    ax.set(xlim=(-0.8, columns - 0.2), ylim=(rows - 0.3, -0.7), xticks=[], yticks=[])
    ax.set_aspect("equal")
    unframed(ax)


def weights_by_position(weights: np.ndarray, edges: Any, labels: Mapping[int, str]) -> Axes:
    """Weight of each position of a stream, relative to its fair share; windows end at `edges`."""
    ax = new_axes(2.6)
    ax.axhline(1, color=COLOURS["context"], lw=1)
    ax.vlines(edges, 0, 1.08 * weights.max(), color=COLOURS["cut"], ls="--", lw=0.6)
    ax.stairs(weights, np.arange(len(weights) + 1) - 0.5, color=COLOURS["time"], lw=2.5)
    for position, text in labels.items():
        at = position, weights[position]
        write(ax, text, at, (-6, 5), COLOURS["time"], ha="right", bbox=ON_WHITE)
    ax.set(xlabel="position in the stream", ylabel="weight, fair share = 1", ylim=(0, None))
    return ax


def leak_maps(maps: Mapping[str, np.ndarray]) -> np.ndarray:
    """How far each state (T, B) is from the right one, one panel a way, all on one scale from 0."""
    axes = panels(len(maps), 3.2, sharey=True)
    most = max(np.max(values) for values in maps.values())
    for ax, (label, values) in zip(axes, maps.items(), strict=True):
        shown = shade(ax, values, vmin=0, vmax=most)
        ax.set_xlabel(f"stream\n{label}")
        ax.set_xticks(range(values.shape[1]))
        unframed(ax)
    axes[0].set_ylabel("step, time down")
    axes[0].figure.colorbar(shown, ax=list(axes), label="off by", shrink=0.9)
    return axes


def loss_by_place(curves: Curves, floor: Sequence[float]) -> Axes:
    """Loss by place in the document, a line a way to treat its start, the lowest first."""
    ax = new_axes()
    places = np.arange(1, len(floor) + 1)
    ax.step(places, floor, where="mid", color=COLOURS["context"], lw=1)
    middle = len(floor) // 2
    write(ax, "floor", (places[middle], floor[middle]), (0, -4), va="top", ha="right")
    for i, (label, values) in enumerate(curves.items()):
        role = ROLES[i]
        ax.plot(places, values, LINES[i], **look(role))
        at, offset = (places[1 + i], values[1 + i]), (8, 4) if i else (-4, 10)
        write(ax, label, at, offset, INK[role])
    ax.set(xlabel="place in the document", ylabel="bits per letter", yscale="log")
    least, most = min(floor), max(np.max(values) for values in (floor, *curves.values()))
    ax.set_yticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
    ax.minorticks_off()
    ax.set_ylim(0.75 * least, 1.25 * most)
    ax.set_xticks(places)
    return ax


def excess_by_cold_starts(cold_starts: np.ndarray, curves: Curves, floor: float) -> Axes:
    """Bits that a file costs more in B streams, over the least that a cold start can cost."""
    ax = new_axes()
    least = floor * cold_starts
    ax.plot(cold_starts, least, color=COLOURS["context"], lw=1)
    name_end(ax, "floor", cold_starts, least, "k", (4, -7))
    for i, (label, values) in enumerate(curves.items()):
        role, at = ROLES[i], -1 if i else -2
        ax.plot(cold_starts, values, LINES[i], **look(role))
        end = cold_starts[at], values[at]
        write(ax, label, end, (-8, 6), INK[role], ha="right", va="bottom")
    ax.set(xlabel="cold starts, B − 1", ylabel="excess, bits a file", ylim=(0, None))
    ax.set_xlim(0, 1.12 * cold_starts[-1])
    return ax
