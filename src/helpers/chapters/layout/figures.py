"""Drawings of the chapter on the way from a corpus to windows: time runs down, streams across."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.tools.drawing import COLOURS, INK, LINES, MARKERS, ON_WHITE, Curves, arrow, bare, box
from helpers.tools.drawing import cut, name_end, new_axes, write

ROLES = ("time", "gradient", "batch", "state")
SPARE = "#E4E4E4"
"""Fill of what is not read as an input."""


def numbered_corpus(num_tokens: int, batch_size: int, num_steps: int, *, tick: int = 0) -> Axes:
    """A corpus whose tokens are numbered: one ribbon, cut into streams, cut into windows."""
    B, L, T = batch_size, num_tokens // batch_size, num_steps
    ax = new_axes(0.4 * L + 2.1)
    _ribbon(ax, num_tokens, B, L)
    for b in range(B):
        ax.text(b, -0.72, f"stream {b}", ha="center", va="bottom", color=INK["batch"])
        for p in range(L):
            how: dict[str, Any] = {"fc": "white" if p < L - 1 else SPARE, "lw": 0.8, "fontsize": 12}
            box(ax, b, p, (0.6, 0.72), COLOURS["cut"], f"{b * L + p}", **how)
    for w, start in enumerate(range(0, L - 1, T)):
        stop = min(start + T, L - 1)
        cut(ax, -0.45, B + 0.1, stop - 0.5, width=1.4)
        ax.plot([-0.45] * 2, [start - 0.36, stop - 0.64], color=COLOURS["time"], lw=3)
        said = f"window {w}\n{stop - start} × {B}"
        middle = (start + stop - 1) / 2
        ax.text(-0.58, middle, said, ha="right", va="center", color=COLOURS["time"])
    box(ax, B / 2 - 0.5, tick, (B - 0.24, 0.88), COLOURS["batch"], fill=False, lw=2.5)
    ax.text(B - 0.25, tick, "one tick: these meet", va="center", color=INK["batch"])
    ax.text(B - 0.45, L - 1, "only targets", va="center")
    bare(ax, (-1.5, B + 1.35), (L - 0.4, -4.3))
    return ax


def _ribbon(ax: Axes, N: int, B: int, L: int) -> None:
    left, right, top = -1.4, B + 1.25, -3.9
    width = (right - left) / N
    for i in range(N):
        fill = "white" if i < L * B else SPARE
        middle = left + (i + 0.5) * width
        box(ax, middle, top + 0.4, (width, 0.8), COLOURS["context"], fc=fill, lw=0.6)
    for b in range(B):
        start, stop = left + b * L * width, left + (b + 1) * L * width
        middle, said = (start + stop) / 2, f"{b * L} … {(b + 1) * L - 1}"
        ax.plot([stop] * 2, [top - 0.25, top + 1.05], color=COLOURS["cut"], lw=2)
        ax.text(middle, top + 0.4, said, ha="center", va="center", bbox=ON_WHITE)
        arrow(ax, (middle, top + 1), (b, -1.5), COLOURS["batch"], width=1.5, head=12)
    ax.text(right, top + 1.2, "left over", ha="right", va="top")


def reading_order(targets: Mapping[str, Sequence[Any]], num_tokens: int) -> np.ndarray:
    """Which token is predicted in which update: a panel for each loader, a bar for each stream."""
    rows = -(-len(targets) // 3)
    axes = plt.subplots(rows, 3, figsize=(7, 2.1 * rows), sharex=True, squeeze=False)[1]
    for i, ax in enumerate(axes.flat):
        if i >= len(targets):
            ax.set_axis_off()
        elif i + 3 >= len(targets):
            ax.set_xlabel("token predicted")
            ax.tick_params(labelbottom=True)
    for ax, (label, windows) in zip(axes.flat, targets.items(), strict=False):
        height = min(0.8, len(windows) / 20)
        for update, y in enumerate(windows):
            for column in y.T:
                corner = column[0] - 0.5, update - height / 2
                bar = Rectangle(corner, len(column), height, fc=COLOURS["time"], alpha=0.75, lw=0)
                ax.add_patch(bar)
        last = len(windows) - 1
        ax.set(xlim=(-1, num_tokens + 1), ylim=(last + 0.6, -0.6), yticks=sorted({0, last}))
        ax.set_title(label, loc="left")
    for ax in axes[:, 0]:
        ax.set_ylabel("update")
    return axes


def bits_by_row(
    rows: Mapping[str, Curves], lines: Mapping[str, float], *, log: bool = False
) -> Axes:
    """Bits of several networks: a row for each way of training, a mark for each network.

    What was measured is told apart by colour, mark and height; the first row names it. `lines` are
    bounds, upright.
    """
    kinds = list(dict.fromkeys(kind for row in rows.values() for kind in row))
    ax = new_axes(0.65 * len(rows) + 1.2)
    above: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "ha": "center", "va": "bottom"}
    for label, bound in lines.items():
        ax.axvline(bound, color=COLOURS["context"], lw=1, zorder=0)
        write(ax, label, (bound, 1), (0, 3), **above, fontsize=10)
    for i, row in enumerate(rows.values()):
        for kind, bits in row.items():
            place = kinds.index(kind)
            at, role = i + 0.34 * (place - (len(kinds) - 1) / 2), ROLES[place]
            marks: dict[str, Any] = {"color": COLOURS[role], "ms": 6, "alpha": 0.8}
            ax.plot(bits, np.full(len(bits), at), MARKERS[role], **marks)
            if i == 0:
                write(ax, kind, (max(bits), at), (9, 0), INK[role], va="center", fontsize=10)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel="bits per character")
    if log:
        ax.set_xscale("log", base=2)
        ax.set_xticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
        ax.minorticks_off()
    return ax


def losses_by_update(updates: Any, curves: Curves, lines: Mapping[str, float]) -> Axes:
    """Training loss against updates, one curve for each loader; `lines` are bounds, level."""
    ax = new_axes()
    for label, bound in lines.items():
        ax.axhline(bound, color=COLOURS["context"], lw=1)
        write(ax, label, (updates[len(updates) // 3], bound), (0, -3), va="top", fontsize=10)
    for role, line, (label, values) in zip(ROLES, LINES, curves.items(), strict=False):
        ax.plot(updates, values, line, color=COLOURS[role])
        name_end(ax, label, updates, values, INK[role], (0, 5), ha="right", va="bottom")
    ax.set(xlabel="updates", ylabel="training loss\n(bits per character)", ylim=(0, None))
    return ax
