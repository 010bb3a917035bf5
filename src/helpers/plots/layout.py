"""Drawings of the chapter on the way from a corpus to windows: time runs down, streams across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers import _arguments
from helpers.plots import _given
from helpers.plots._given import SMALL
from helpers.plots._parts import arrow, new_axes
from helpers.plots.style import COLOURS, INK, MARKERS

ROLES = ("time", "gradient", "batch", "state")
SPARE = "#E4E4E4"
"""Fill of what is not read as an input."""


def numbered_corpus(
    num_tokens: int, batch_size: int, num_steps: int, *, tick: int = 0, ax: Axes | None = None
) -> Axes:
    """A corpus whose tokens are numbered: one ribbon, cut into streams, cut into windows.

    Parameters
    ----------
    num_tokens, batch_size, num_steps : int
        N, B and T: 2 to 5 streams of 2 to 14 positions can be read.
    tick : int
        The row of the table to frame, 0 to L - 2.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        A ribbon of N cells above a table of L rows and B columns of numbers, with a dashed line
        where a window ends.

    Raises
    ------
    ValueError
        If there are too few or too many streams, positions or steps, or `tick` is no input row.
    """
    N = _arguments.whole("num_tokens", num_tokens, least=4)
    B = _arguments.whole("batch_size", batch_size, least=2, most=5)
    L = _arguments.whole("num_tokens // batch_size", N // B, least=2, most=14)
    T = _arguments.whole("num_steps", num_steps)
    tick = _arguments.whole("tick", tick, least=0, most=L - 2)
    ax = new_axes(ax, figsize=(7, 0.4 * L + 2.1))
    _ribbon(ax, N, B, L)
    for b in range(B):
        ax.text(b, -0.72, f"stream {b}", ha="center", va="bottom", color=INK["batch"])
        for p in range(L):
            read = p < L - 1
            ax.add_patch(Rectangle((b - 0.3, p - 0.36), 0.6, 0.72, fc="white" if read else SPARE,
                                   ec=COLOURS["cut"], lw=0.8))  # fmt: skip
            ax.text(b, p, f"{b * L + p}", ha="center", va="center", fontsize=12)
    for w, start in enumerate(range(0, L - 1, T)):
        stop = min(start + T, L - 1)
        ax.plot([-0.45, B + 0.1], [stop - 0.5] * 2, "--", color=COLOURS["cut"], lw=1.4)
        ax.plot([-0.45] * 2, [start - 0.36, stop - 0.64], color=COLOURS["time"], lw=3)
        ax.text(-0.58, (start + stop - 1) / 2, f"window {w}\n{stop - start} × {B}", ha="right",
                va="center", color=COLOURS["time"])  # fmt: skip
    frame = (-0.38, tick - 0.44), B - 0.24, 0.88
    ax.add_patch(Rectangle(*frame, fill=False, ec=COLOURS["batch"], lw=2.5))
    ax.text(B - 0.25, tick, "one tick: these meet", va="center", color=INK["batch"])
    ax.text(B - 0.45, L - 1, "only targets", va="center")
    ax.set(xlim=(-1.5, B + 1.35), ylim=(L - 0.4, -4.3))
    ax.set_axis_off()
    return ax


def _ribbon(ax: Axes, N: int, B: int, L: int) -> None:
    left, right, top = -1.4, B + 1.25, -3.9
    width = (right - left) / N
    for i in range(N):
        ax.add_patch(Rectangle((left + i * width, top), width, 0.8, ec=COLOURS["context"], lw=0.6,
                               fc="white" if i < L * B else SPARE))  # fmt: skip
    for b in range(B):
        start, stop = left + b * L * width, left + (b + 1) * L * width
        ax.plot([stop] * 2, [top - 0.25, top + 1.05], color=COLOURS["cut"], lw=2)
        ax.text((start + stop) / 2, top + 0.4, f"{b * L} … {(b + 1) * L - 1}", ha="center",
                va="center", bbox={"fc": "white", "ec": "none", "pad": 1})  # fmt: skip
        arrow(ax, ((start + stop) / 2, top + 1), (b, -1.5), COLOURS["batch"], width=1.5, head=12)
    if L * B < N:
        ax.text(right, top + 1.2, "left over", ha="right", va="top")


def reading_order(
    targets: Mapping[str, Sequence[Any]], num_tokens: int, *, axes: Any = None
) -> Any:
    """Which token is predicted in which update, one panel for each loader.

    Parameters
    ----------
    targets : mapping of sequences of (T, B)
        Label to the positions of the targets, one array for each update; up to 9 labels, 100
        updates and 16 streams.
    num_tokens : int
        N.
    axes : (rows, 3) Axes, optional
        Room for one for each label.

    Returns
    -------
    array of Axes
        In each a bar for every stream of every update, from its first target to its last.

    Raises
    ------
    ValueError
        If an array is no table of positions, or there are too many.
    """
    N = _arguments.whole("num_tokens", num_tokens)
    tables = _given.mapping("targets", targets, "lists of tables", most=9)
    targets = {label: _positions(label, tables[label], N) for label in tables}
    rows = -(-len(targets) // 3)
    axes = _given.axes("axes", axes, (rows, 3))
    if axes is None:
        axes = plt.subplots(rows, 3, figsize=(7, 2.1 * rows), sharex=True, squeeze=False)[1]
    flat = np.ravel(axes)
    for ax, (label, windows) in zip(flat, targets.items(), strict=False):
        most = len(windows)
        for update, y in enumerate(windows):
            height = min(0.8, most / 20)
            for column in y.T:
                ax.add_patch(Rectangle((column[0] - 0.5, update - height / 2), len(column), height,
                                       fc=COLOURS["time"], ec="none", alpha=0.75))  # fmt: skip
        ax.set(xlim=(-1, N + 1), ylim=(most - 0.4, -0.6), yticks=sorted({0, most - 1}))
        ax.set_title(label, loc="left")
    for ax in flat[len(targets) :]:
        ax.set_axis_off()
    for row in np.atleast_2d(axes):
        row[0].set_ylabel("update")
    for i, ax in enumerate(flat[: len(targets)]):
        if i + 3 >= len(targets):
            ax.set_xlabel("token predicted")
            ax.tick_params(labelbottom=True)
    return axes


def _positions(label: str, given: Any, N: int) -> list[np.ndarray]:
    tables = []
    for update, window in enumerate(_given.items(f"targets[{label!r}]", given, most=100)):
        name = f"targets[{label!r}][{update}]"
        y = _arguments.ids(name, window, num_symbols=N, shape=("T", "B")).astype(int)
        if not y.size or y.shape[1] > 16:
            raise ValueError(f"{name} must have 1 to 16 streams of 1 or more, got {y.shape}")
        tables.append(y)
    return tables


def bits_by_row(
    rows: Mapping[str, Mapping[str, Any]],
    lines: Mapping[str, float],
    *,
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Bits of several networks, one row for each way of training, one mark a network.

    Parameters
    ----------
    rows : mapping of mappings of (n,)
        Row label to what was measured to one value for each network; the kinds are told apart
        by colour, mark and height, and the first row names them. Up to 20 rows and 4 kinds.
    lines : mapping of float
        Label to a bound, drawn as a thin upright line; up to 8.
    log : bool
        Whether the axis of bits is logarithmic.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        The rows from top to bottom.

    Raises
    ------
    ValueError
        If there is no row, or there are too many, or a value is not positive and finite.
    """
    given = _given.mapping("rows", rows, "rows", most=20)
    rows = {h: _given.curves(f"rows[{h!r}]", given[h], least=SMALL) for h in given}
    kinds = list(dict.fromkeys(kind for row in rows.values() for kind in row))
    if len(kinds) > 4:
        raise ValueError(f"rows must hold at most 4 kinds, got {_arguments.short(kinds)}")
    lines = _given.bounds("lines", lines, least=SMALL)
    log = _arguments.flag("log", log)
    ax = new_axes(ax, figsize=(7, 0.65 * len(rows) + 1.2))
    for label, bound in lines.items():
        ax.axvline(bound, color=COLOURS["context"], lw=1, zorder=0)
        ax.annotate(label, (bound, 1), (0, 3), xycoords=("data", "axes fraction"), ha="center",
                    textcoords="offset points", va="bottom", fontsize=10)  # fmt: skip
    for i, row in enumerate(rows.values()):
        for kind, x in row.items():
            place = kinds.index(kind)
            at, role = i + 0.34 * (place - (len(kinds) - 1) / 2), ROLES[place]
            ax.plot(x, np.full(len(x), at), MARKERS[role], color=COLOURS[role], ms=6, alpha=0.8)
            if i == 0:
                ax.annotate(kind, (x.max(), at), (9, 0), textcoords="offset points", va="center",
                            color=INK[role], fontsize=10)  # fmt: skip
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel="bits per character")
    if log:
        ax.set_xscale("log", base=2)
        ax.set_xticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
        ax.minorticks_off()
    return ax


def losses_by_update(
    updates: Any, curves: Mapping[str, Any], lines: Mapping[str, float], *, ax: Axes | None = None
) -> Axes:
    """Training loss against updates, one curve for each loader.

    Parameters
    ----------
    updates : (n,)
        Where the values stand.
    curves : mapping of (n,)
        Label to bits per character; at most four, each named beside its last value.
    lines : mapping of float
        Label to a bound, drawn as a thin level line; up to 8.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        With a level line for each bound, and then the curves.

    Raises
    ------
    ValueError
        If a curve does not have one value for each place, or a value is below 0.
    """
    updates = _given.line("updates", updates)
    curves = _given.curves("curves", curves, places=len(updates), least=0)
    lines = _given.bounds("lines", lines, least=0)
    ax = new_axes(ax)
    for label, bound in lines.items():
        ax.axhline(bound, color=COLOURS["context"], lw=1)
        ax.annotate(label, (updates[len(updates) // 3], bound), (0, -3), va="top", fontsize=10,
                    textcoords="offset points")  # fmt: skip
    for i, (label, values) in enumerate(curves.items()):
        role = ROLES[i]
        ax.plot(updates, values, color=COLOURS[role], ls=("-", "--", ":", "-.")[i])
        ax.annotate(label, (updates[-1], values[-1]), (0, 5), textcoords="offset points",
                    ha="right", va="bottom", color=INK[role])  # fmt: skip
    ax.set(xlabel="updates", ylabel="training loss\n(bits per character)", ylim=(0, None))
    return ax
