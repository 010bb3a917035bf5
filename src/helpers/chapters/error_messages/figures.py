"""Drawings of the page of error messages: which way a backward pass goes, and tables of cells."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from helpers.tools.drawing import COLOURS, INK, arrow, bare, box, cut

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Walk:
    """A backward pass over two windows that follow each other.

    `reach` cells are visited, counted from the last one; the first window's graph is `gone`; the
    weights were `changed` in between; the state is `cut` where the windows meet.
    """

    reach: int
    gone: bool = False
    changed: bool = False
    cut: bool = False


def backward_walks(walks: Mapping[str, Walk], num_steps: int = 3) -> np.ndarray:
    """Two windows of one stream for each walk: what the backward pass meets on its way.

    Cells whose graph is gone are dashed, those under changed weights are filled. The arrow that
    enters the first of them ends in a cross.
    """
    size = 2.3 * len(walks), 0.56 * 2 * num_steps + 0.9
    axes = plt.subplots(1, len(walks), figsize=size)[1]
    for ax, (label, walk) in zip(axes, walks.items(), strict=True):
        _walk(ax, label, walk, num_steps)
    first, at = axes[0], num_steps + 0.5
    first.text(-0.26, at, "state", ha="right", va="center", fontsize=10, color=INK["state"])
    first.text(0.26, at, "gradient", va="center", fontsize=10, color=INK["gradient"])
    turned = {"rotation": 90, "ha": "center", "va": "center", "fontsize": 10}
    for half, word in enumerate(("first", "second")):
        first.text(-1.12, half * num_steps + (num_steps - 1) / 2, f"{word} window", **turned)
    return np.asarray(axes)


def _walk(ax: Axes, label: str, walk: Walk, T: int) -> None:
    for t in range(2 * T):
        style = "--" if t < T and walk.gone else "-"
        face = "#F6D5DA" if t < T and walk.changed else "white"
        how: dict[str, Any] = {"fc": face, "ls": style, "fontsize": 10}
        box(ax, 0, t, (0.6, 0.56), COLOURS["state"], f"$h_{{{t + 1}}}$", **how)
        if t:
            arrow(ax, (-0.14, t - 0.72), (-0.14, t - 0.28), COLOURS["state"], width=1.2, head=8)
        if t and t > 2 * T - walk.reach:
            arrow(ax, (0.14, t - 0.28), (0.14, t - 0.72), COLOURS["gradient"], width=2.4, head=8)
            if t == T and (walk.gone or walk.changed):
                ax.plot([0.14], [T - 0.72], marker="X", ms=9, color=COLOURS["gradient"])
    if walk.gone or walk.changed:
        said = "freed" if walk.gone else "weights\nchanged"
        ax.text(0.42, (T - 1) / 2, said, va="center", fontsize=10, color=INK["state"])
    if walk.cut:
        cut(ax, -0.8, 0.8, T - 0.5)
    ax.text(0, -0.55, label, ha="center", va="bottom", fontsize=10, linespacing=1.3)
    bare(ax, (-1.3, 1.3), (2 * T - 0.6, -1.7))


def cell_tables(
    tables: Mapping[str, Rows], wrong: Mapping[str, Collection[tuple[int, int]]] | None = None
) -> np.ndarray:
    """Small tables side by side, each with its heading; a `wrong` (row, column) is crossed."""
    tall = max(len(rows) for rows in tables.values())
    widths = [_width(heading, rows) for heading, rows in tables.items()]
    size = min(7, 0.42 * sum(widths)), 0.42 * tall + 0.9
    axes = plt.subplots(1, len(tables), figsize=size, width_ratios=widths)[1]
    for ax, (heading, rows), width in zip(axes, tables.items(), widths, strict=True):
        for (r, c), word in np.ndenumerate(rows):
            _cell(ax, r, c, word, (r, c) in (wrong or {}).get(heading, ()))
        middle, spare = (len(rows[0]) - 1) / 2, width / 2
        ax.text(middle, -0.65, heading, ha="center", va="bottom", fontsize=10, linespacing=1.3)
        ax.set_aspect("equal")
        bare(ax, (middle - spare, middle + spare), (tall - 0.4, -2.1))
    return np.asarray(axes)


def _width(heading: str, rows: Rows) -> float:
    """Cells that a table takes with its heading, which is broken into lines."""
    letters = max(len(line) for line in heading.split("\n"))
    return max(len(rows[0]) + 1.0, 0.22 * letters + 0.3)


def _cell(ax: Axes, row: int, column: int, word: str, is_wrong: bool) -> None:
    font = {"color": INK["state"], "weight": "bold"} if is_wrong else {}
    box(ax, column, row, (1, 1), COLOURS["context"], word, lw=1, fontsize=10, **font)
    if is_wrong:
        across, up = [column - 0.42, column + 0.42], [row + 0.38, row - 0.38]
        ax.plot(across, up, color=COLOURS["state"], lw=1.5)
