"""Drawings of the page of error messages: which way a backward pass goes, and tables of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.plots.style import COLOURS, INK, arrow


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
        Cells whose graph is gone are dashed, those under changed weights are filled. An arrow
        that enters a cell whose graph is gone ends in a cross.

    Raises
    ------
    ValueError
        If there are too many walks, or a number is out of range.
    """
    if not 1 <= len(walks) <= 4:
        raise ValueError(f"walks must be 1 to 4 to stand side by side, got {len(walks)}")
    if num_steps not in (2, 3, 4):
        raise ValueError(f"num_steps must be in 2..4 to be readable, got {num_steps!r}")
    for label, walk in walks.items():
        if not 1 <= walk.reach <= 2 * num_steps:
            raise ValueError(
                f"walks[{label!r}] must reach 1 to {2 * num_steps} cells, got {walk.reach!r}"
            )
    if axes is None:
        size = (7, 0.56 * 2 * num_steps + 0.9)
        axes = plt.subplots(1, len(walks), figsize=size, squeeze=False)[1][0]
    for ax, (label, walk) in zip(axes, walks.items(), strict=True):
        _walk(ax, label, walk, num_steps)
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
                ax.plot([0.62], [T - 1], marker="X", ms=9, color=COLOURS["gradient"])
    if walk.cut:
        ax.plot([-0.8, 0.8], [T - 0.5] * 2, "--", color=COLOURS["cut"], lw=1.2)
    ax.text(0, -0.55, label, ha="center", va="bottom", fontsize=10, linespacing=1.3)
    ax.set(xlim=(-1.3, 1.3), ylim=(2 * T - 0.6, -1.7))
    ax.set_axis_off()


def cell_tables(
    tables: Mapping[str, Sequence[Sequence[str]]],
    wrong: Mapping[str, Sequence[tuple[int, int]]] | None = None,
    axes: Any = None,
) -> Any:
    """Small tables side by side, each with its heading; cells that are wrong are marked.

    Parameters
    ----------
    tables : mapping of rows of str
        Heading to the cells of its table, row by row, all rows of one length; 1 to 4.
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
    if not 1 <= len(tables) <= 4:
        raise ValueError(f"tables must be 1 to 4 to stand side by side, got {len(tables)}")
    marked = dict(wrong or {})
    if not marked.keys() <= tables.keys():
        raise ValueError(
            f"wrong must name tables among {sorted(tables)}, got {sorted(marked.keys())}"
        )
    for heading, rows in tables.items():
        if not len(rows) or not len(rows[0]) or len({len(row) for row in rows}) != 1:
            raise ValueError(
                f"tables[{heading!r}] must hold rows of one length, at least one of one cell, "
                f"got the lengths {[len(row) for row in rows]}"
            )
        for row, column in marked.get(heading, ()):
            if not (0 <= row < len(rows) and 0 <= column < len(rows[0])):
                raise ValueError(
                    f"wrong[{heading!r}] must be places in a table of {len(rows)} × "
                    f"{len(rows[0])}, got {(row, column)}"
                )
    tall = max(len(rows) for rows in tables.values())
    if axes is None:
        widths = [max(2.4, len(rows[0])) for rows in tables.values()]
        axes = plt.subplots(
            1, len(tables), figsize=(7, 0.42 * tall + 0.9), squeeze=False, width_ratios=widths
        )[1][0]
    for ax, (heading, rows) in zip(axes, tables.items(), strict=True):
        _table(ax, heading, rows, marked.get(heading, ()), tall)
    return np.asarray(axes)


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
    spare = max(0.0, 2.4 - wide) / 2
    ax.set(xlim=(-0.6 - spare, wide - 0.4 + spare), ylim=(tall - 0.4, -2.1))
    ax.set_aspect("equal")
    ax.set_axis_off()
