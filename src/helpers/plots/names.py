"""Drawing of the page of names: one window in the two orders of its axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.plots import _given
from helpers.plots._parts import arrow, new_axes
from helpers.plots.style import COLOURS, INK

CELL = 0.62
"""Side of a cell, where 1 is from one cell to the next."""


def axis_orders(
    tokens: Sequence[Sequence[str]], users: Mapping[str, Sequence[str]], *, ax: Axes | None = None
) -> Axes:
    """One window twice: with time as the first axis of its array, and with the batch first.

    Parameters
    ----------
    tokens : T rows of B strings
        Row t is what the cell receives at tick t; at most 12 of each, of at most 12 letters.
    users : mapping of sequences of str
        Two headings, each to the lines that stand beside its table: time-major first, then
        batch-major; at most 12 lines.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        With 2·T·B cells, the state's arrows along time in both tables, and one stream framed
        in both.

    Raises
    ------
    ValueError
        If the rows differ in length or are too many, or there are not two headings.

    Examples
    --------
    >>> ax = axis_orders(["ac", "bd"], {"time-major": ["torch"], "batch-major": ["Keras"]})
    """
    tokens = _given.rows("tokens", tokens, most=12)
    T, B = len(tokens), len(tokens[0])
    headings = _given.mapping("users", users, "headings", fewest=2, most=2)
    users = {h: _given.texts(f"users[{h!r}]", headings[h], fewest=0, most=12) for h in headings}
    ax = new_axes(ax, figsize=(7, 0.62 * (T + B) + 1.6))
    below = T + 1.2
    for t in range(T):
        for b in range(B):
            _cell(ax, b, t, tokens[t][b])
            _cell(ax, t, below + b, tokens[t][b])
            if t + 1 < T:
                _step(ax, (b, t), (b, t + 1))
                _step(ax, (t, below + b), (t + 1, below + b))
    _frame(ax, (-0.42, -0.42), 0.84, T - 0.16)
    _frame(ax, (-0.42, below - 0.42), T - 0.16, 0.84)
    _axis(ax, (0, T - 0.5), "stream 0", "batch", ha="center", va="top")
    _axis(ax, (T - 0.5, below), "stream 0", "batch", ha="left", va="center")
    side = max(T, B) + 0.9
    for top, height, (heading, lines) in zip((0, below), (T, B), users.items(), strict=True):
        middle = top + (height - 1) / 2
        text = "\n".join(lines)
        ax.text(side, middle, text, va="center", linespacing=1.45)
        first = middle - 0.2 * len(lines)
        ax.text(side, first, heading, va="bottom", weight="bold")
    _axis(ax, (-0.75, (T - 1) / 2), "axis 0\ntime", "time", ha="right", va="center")
    _axis(ax, ((B - 1) / 2, -0.6), "axis 1: batch", "batch", ha="center", va="bottom")
    _axis(ax, (-0.75, below + (B - 1) / 2), "axis 0\nbatch", "batch", ha="right", va="center")
    _axis(ax, ((T - 1) / 2, below - 0.6), "axis 1: time", "time", ha="center", va="bottom")
    ax.set(xlim=(-1.9, side + 4.1), ylim=(below + B - 0.4, -1.2))
    ax.set_axis_off()
    return ax


def _cell(ax: Axes, x: float, y: float, token: str) -> None:
    ax.add_patch(Rectangle((x - CELL / 2, y - CELL / 2), CELL, CELL, fc="white",
                           ec=COLOURS["cut"], lw=0.8))  # fmt: skip
    ax.text(x, y, token, ha="center", va="center", fontsize=13)


def _step(ax: Axes, start: tuple[float, float], stop: tuple[float, float]) -> None:
    along = [(b - a) * CELL / 2 for a, b in zip(start, stop, strict=True)]
    tail, head = (
        (start[0] + along[0], start[1] + along[1]),
        (stop[0] - along[0], stop[1] - along[1]),
    )
    arrow(ax, tail, head, COLOURS["state"], width=2, head=10)


def _frame(ax: Axes, corner: tuple[float, float], width: float, height: float) -> None:
    ax.add_patch(Rectangle(corner, width, height, fill=False, ec=COLOURS["batch"], lw=2.5))


def _axis(ax: Axes, at: tuple[float, float], text: str, role: str, *, ha: str, va: str) -> None:
    ax.text(*at, text, color=INK[role], ha=ha, va=va)
