"""Drawing of the page of names: one window in the two orders of its axes."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from helpers.tools.drawing import COLOURS, INK, arrow, bare, box, new_axes

CELL = 0.62  # Side of a cell, where 1 is from one cell to the next


def axis_orders(tokens: Sequence[Sequence[str]], users: Mapping[str, Sequence[str]]) -> Axes:
    """One window (T, B) twice: with time as the first axis of its array, and with the batch first.

    `users` are the headings of the two, each with the lines that stand beside its table.
    """
    T, B = len(tokens), len(tokens[0])
    ax = new_axes(0.62 * (T + B) + 1.6)
    below = T + 1.2
    state: dict[str, Any] = {"colour": COLOURS["state"], "width": 2, "head": 10}
    cell: dict[str, Any] = {
        "size": (CELL, CELL),
        "colour": COLOURS["cut"],
        "lw": 0.8,
        "fontsize": 13,
    }
    for t in range(T):
        for b in range(B):
            box(ax, b, t, text=tokens[t][b], **cell)
            box(ax, t, below + b, text=tokens[t][b], **cell)
            if t + 1 < T:
                arrow(ax, (b, t + CELL / 2), (b, t + 1 - CELL / 2), **state)
                arrow(ax, (t + CELL / 2, below + b), (t + 1 - CELL / 2, below + b), **state)
    stream: dict[str, Any] = {"colour": COLOURS["batch"], "fill": False, "lw": 2.5}
    box(ax, 0, T / 2 - 0.5, (0.84, T - 0.16), **stream)
    box(ax, T / 2 - 0.5, below, (T - 0.16, 0.84), **stream)
    ax.text(0, T - 0.5, "stream 0", ha="center", va="top", color=INK["batch"])
    ax.text(T - 0.5, below, "stream 0", va="center", color=INK["batch"])
    side = max(T, B) + 0.9
    for top, height, (heading, lines) in zip((0, below), (T, B), users.items(), strict=True):
        middle = top + (height - 1) / 2
        ax.text(side, middle, "\n".join(lines), va="center", linespacing=1.45)
        ax.text(side, middle - 0.2 * len(lines), heading, va="bottom", weight="bold")
    for x, y, text, role, ha, va in (
        (-0.75, (T - 1) / 2, "axis 0\ntime", "time", "right", "center"),
        ((B - 1) / 2, -0.6, "axis 1: batch", "batch", "center", "bottom"),
        (-0.75, below + (B - 1) / 2, "axis 0\nbatch", "batch", "right", "center"),
        ((T - 1) / 2, below - 0.6, "axis 1: time", "time", "center", "bottom"),
    ):
        ax.text(x, y, text, color=INK[role], ha=ha, va=va)
    bare(ax, (-1.9, side + 4.1), (below + B - 0.4, -1.2))
    return ax
