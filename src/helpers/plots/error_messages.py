"""Drawings of the page of error messages: which way a backward pass goes, and tables of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers import _arguments
from helpers.plots import _given
from helpers.plots._parts import arrow
from helpers.plots.style import COLOURS, INK


@dataclass(frozen=True)
class Walk:
    """A backward pass over two windows that follow each other.

    `reach` cells are visited, counted from the last one; the first window's graph is `gone`; the
    weights were `changed` in between; the state is `cut` where the windows meet.

    Raises
    ------
    ValueError
        If `reach` is no whole number of at least 1, or another field no truth value.
    """

    reach: int
    gone: bool = False
    changed: bool = False
    cut: bool = False

    def __post_init__(self) -> None:
        _arguments.whole("reach", self.reach)
        for name in ("gone", "changed", "cut"):
            _arguments.flag(name, getattr(self, name))


def backward_walks(walks: Mapping[str, Walk], num_steps: int = 3, axes: Any = None) -> Any:
    """Two windows of one stream for each walk: what the backward pass meets on its way.

    Parameters
    ----------
    walks : mapping of Walk
        What stands beside each column, to its walk; 1 to 4.
    num_steps : int
        T, cells in each window, 2 to 4.
    axes : as many Axes, optional

    Returns
    -------
    array of Axes
        Cells whose graph is gone are dashed, those under changed weights are filled, and both
        are named. The arrow that enters the first of them ends in a cross.

    Raises
    ------
    ValueError
        If there are too many walks, or a number is out of range.
    """
    walks = _given.mapping("walks", walks, "walks")
    num_steps = _arguments.whole("num_steps", num_steps, least=2, most=4)
    for label, walk in walks.items():
        _arguments.instance(f"walks[{label!r}]", walk, Walk)
        if walk.reach > 2 * num_steps:
            raise ValueError(
                f"walks[{label!r}] must reach 1 to {2 * num_steps} cells, got {walk.reach}"
            )
    axes = _given.axes("axes", axes, (len(walks),))
    if axes is None:
        size = (2.3 * len(walks), 0.56 * 2 * num_steps + 0.9)
        axes = plt.subplots(1, len(walks), figsize=size, squeeze=False)[1][0]
    for ax, (label, walk) in zip(axes, walks.items(), strict=True):
        _walk(ax, label, walk, num_steps)
    _names(axes[0], num_steps)
    return np.asarray(axes)


def _walk(ax: Axes, label: str, walk: Walk, T: int) -> None:
    last = 2 * T - 1
    for t in range(2 * T):
        early = t < T
        style = "--" if early and walk.gone else "-"
        face = "#F6D5DA" if early and walk.changed else "white"
        ax.add_patch(Rectangle((-0.3, t - 0.28), 0.6, 0.56, facecolor=face, ls=style,
                               edgecolor=COLOURS["state"], lw=1.5))  # fmt: skip
        ax.text(0, t, f"$h_{{{t + 1}}}$", ha="center", va="center", fontsize=10)
        if t:
            arrow(ax, (-0.14, t - 0.72), (-0.14, t - 0.28), COLOURS["state"], width=1.2, head=8)
        if t and last - t < walk.reach - 1:
            arrow(ax, (0.14, t - 0.28), (0.14, t - 0.72), COLOURS["gradient"], width=2.4, head=8)
            if t == T and (walk.gone or walk.changed):
                ax.plot([0.14], [T - 0.72], marker="X", ms=9, color=COLOURS["gradient"])
    if walk.gone or walk.changed:
        ax.text(0.42, (T - 1) / 2, "freed" if walk.gone else "weights\nchanged", va="center",
                fontsize=10, color=INK["state"])  # fmt: skip
    if walk.cut:
        ax.plot([-0.8, 0.8], [T - 0.5] * 2, "--", color=COLOURS["cut"], lw=1.2)
    ax.text(0, -0.55, label, ha="center", va="bottom", fontsize=10, linespacing=1.3)
    ax.set(xlim=(-1.3, 1.3), ylim=(2 * T - 0.6, -1.7))
    ax.set_axis_off()


def _names(ax: Axes, T: int) -> None:
    """What the arrows and the two halves of a column are."""
    ax.text(-0.26, T + 0.5, "state", ha="right", va="center", fontsize=10, color=INK["state"])
    ax.text(0.26, T + 0.5, "gradient", va="center", fontsize=10, color=INK["gradient"])
    for half, word in enumerate(("first", "second")):
        ax.text(-1.12, half * T + (T - 1) / 2, f"{word} window", rotation=90, ha="center",
                va="center", fontsize=10)  # fmt: skip


def cell_tables(
    tables: Mapping[str, Sequence[Sequence[str]]],
    wrong: Mapping[str, Sequence[tuple[int, int]]] | None = None,
    axes: Any = None,
) -> Any:
    """Small tables side by side, each with its heading; cells that are wrong are marked.

    Parameters
    ----------
    tables : mapping of rows of str
        Heading to the cells of its table, row by row, all rows of one length; 1 to 5 tables of
        at most 12 rows and columns, with at most 12 letters in a cell.
    wrong : mapping of (row, column), optional
        Headings to the places that are crossed out.
    axes : as many Axes, optional

    Returns
    -------
    array of Axes

    Raises
    ------
    ValueError
        If there are too many tables, rows differ in length, or a marked place is not there.
    """
    given = _given.mapping("tables", tables, "tables", most=5)
    tables = {h: _given.rows(f"tables[{h!r}]", rows, most=12) for h, rows in given.items()}
    marked = _marked(tables, {} if wrong is None else wrong)
    axes = _given.axes("axes", axes, (len(tables),))
    tall = max(len(rows) for rows in tables.values())
    if axes is None:
        widths = [_width(heading, rows) for heading, rows in tables.items()]
        size = (min(7, 0.42 * sum(widths)), 0.42 * tall + 0.9)
        axes = plt.subplots(1, len(tables), figsize=size, squeeze=False, width_ratios=widths)[1][0]
    for ax, (heading, rows) in zip(axes, tables.items(), strict=True):
        _table(ax, heading, rows, marked.get(heading, ()), tall)
    return np.asarray(axes)


def _width(heading: str, rows: Sequence[Sequence[str]]) -> float:
    """Cells that a table takes with its heading, which is broken into lines."""
    letters = max(len(line) for line in heading.split("\n"))
    return max(len(rows[0]) + 1.0, 0.22 * letters + 0.3)


def _marked(
    tables: Mapping[str, Sequence[Sequence[str]]], wrong: Any
) -> dict[str, list[tuple[int, int]]]:
    marked = _given.mapping("wrong", wrong, "lists of places", fewest=0)
    if not marked.keys() <= tables.keys():
        among, got = (_arguments.short(sorted(names)) for names in (tables, marked))
        raise ValueError(f"wrong must name tables among {among}, got {got}")
    for heading, given in marked.items():
        tall, wide = len(tables[heading]), len(tables[heading][0])
        name = f"wrong[{heading!r}]"
        marked[heading] = _given.pairs(name, given, fewest=0, most=tall * wide)
        for row, column in marked[heading]:
            if not (row < tall and column < wide):
                raise ValueError(
                    f"{name} must be places in a table of {tall} × {wide}, got {(row, column)}"
                )
    return marked


def _table(
    ax: Axes,
    heading: str,
    rows: Sequence[Sequence[str]],
    wrong: Sequence[tuple[int, int]],
    tall: int,
) -> None:
    for r, row in enumerate(rows):
        for c, word in enumerate(row):
            bad = (r, c) in wrong
            ax.add_patch(Rectangle((c - 0.5, r - 0.5), 1, 1, facecolor="white", lw=1,
                                   edgecolor=COLOURS["context"]))  # fmt: skip
            ax.text(c, r, word, ha="center", va="center", fontsize=10,
                    color=INK["state"] if bad else "black",
                    weight="bold" if bad else "normal")  # fmt: skip
            if bad:
                ax.plot([c - 0.42, c + 0.42], [r + 0.38, r - 0.38], color=COLOURS["state"], lw=1.5)
    wide = len(rows[0])
    ax.text((wide - 1) / 2, -0.65, heading, ha="center", va="bottom", fontsize=10, linespacing=1.3)
    spare = (_width(heading, rows) - wide) / 2
    ax.set(xlim=(-0.5 - spare, wide - 0.5 + spare), ylim=(tall - 0.4, -2.1))
    ax.set_aspect("equal")
    ax.set_axis_off()
