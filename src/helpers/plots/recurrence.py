"""Drawings of the chapter on recurrence: time runs down, streams run across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullFormatter, NullLocator

from helpers import _arguments
from helpers.plots import _given
from helpers.plots._given import SMALL, TICKS
from helpers.plots._parts import new_axes
from helpers.plots.style import COLOURS, INK, MARKERS

CELL = 0.62
"""Side of a cell in the tables, where 1 is from one cell to the next."""


def tick_table(tokens: Sequence[Sequence[str]], tick: int, *, ax: Axes | None = None) -> Axes:
    """One window as a table: a token in each cell, the state running down each column.

    Parameters
    ----------
    tokens : T rows of B strings
        Row t is what the cell receives at tick t; at most 20 of each, of at most 12 letters.
    tick : int
        The row to frame, 0 to T - 1.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        With T·B cells, and T + 1 arrows down each of the B columns.

    Raises
    ------
    ValueError
        If the rows differ in length, or `tick` is no row.
    """
    tokens = _given.rows("tokens", tokens, most=20)
    T, B = len(tokens), len(tokens[0])
    tick = _arguments.whole("tick", tick, least=0, most=T - 1)
    ax = new_axes(ax, figsize=(7, 0.8 * T + 1.3))
    state = {"arrowstyle": "-|>", "color": COLOURS["state"], "lw": 2, "shrinkA": 0, "shrinkB": 0}
    for b in range(B):
        ax.text(b, -1.15, f"stream {b}", ha="center", va="bottom", color=INK["batch"])
        for t in range(T + 1):
            start = t - 1 + CELL / 2
            ax.annotate("", (b, t - CELL / 2), (b, start), arrowprops=state)
        for t in range(T):
            ax.add_patch(Rectangle((b - CELL / 2, t - CELL / 2), CELL, CELL, fc="white", ec="#222"))
            ax.text(b, t, tokens[t][b], ha="center", va="center", fontsize=13)
    for t in range(T):
        ax.text(-0.65, t, f"tick {t}", ha="right", va="center", color=COLOURS["time"])
    frame = (-0.47, tick - 0.44), B - 0.06, 0.88
    ax.add_patch(Rectangle(*frame, fill=False, ec=COLOURS["batch"], lw=2.5))
    side = B - 0.4
    ax.text(side, tick, "one tick", va="center", color=INK["batch"])
    free = -0.5 if tick else T - 0.5
    ax.text(side, free, "a state runs down\neach column", va="center", color=INK["state"])
    ax.set(xlim=(-1.5, B + 2.2), ylim=(T - 0.25, -1.5))
    ax.set_axis_off()
    return ax


def cold_start(
    carried: Sequence[float] | np.ndarray,
    cold: Sequence[float] | np.ndarray,
    guessing: float,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Loss by position in the window, with the state carried and with it zeroed.

    Parameters
    ----------
    carried, cold : (T,)
        In nats; T is at most 64.
    guessing : float
        The loss of a guess, in nats: a thin line for comparison.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        With the two curves and the line.

    Raises
    ------
    ValueError
        If the curves differ in length, or `guessing` is no positive number.
    """
    carried = _given.line("carried", carried, most=TICKS)
    cold = _given.line("cold", cold, most=TICKS)
    if len(carried) != len(cold):
        raise ValueError(f"carried and cold must be as long, got {len(carried)} and {len(cold)}")
    guessing = _given.number("guessing", guessing, least=SMALL)
    ax = new_axes(ax)
    position, last = np.arange(len(cold)), len(cold) - 1
    ax.axhline(guessing, color=COLOURS["context"], lw=1)
    beside: dict[str, Any] = {"in_layout": False}  # however far from the curves that is
    ax.text(last, guessing, "a blind guess", ha="right", va="bottom", color=COLOURS["context"])
    ax.plot(position, cold, "--", color=COLOURS["cut"], marker=MARKERS["time"])
    ax.plot(position, carried, color=COLOURS["state"], marker=MARKERS["state"])
    ax.text(min(1.55, last), cold[0] * 0.8, "from zeros", color=COLOURS["cut"], **beside)
    ax.text(last, carried[-1] - 0.07, "carried", ha="right", va="top", color=INK["state"], **beside)
    ax.set(xlabel="position in the window (time steps)", ylabel="loss (nats per token)")
    ax.set_xticks(position)
    ax.set_ylim(0, max(guessing, cold.max()) * 1.15)
    return ax


def change_map(change: np.ndarray, *, ax: Axes | None = None) -> Axes:
    """How much each state changed; exact zeros are left white.

    Parameters
    ----------
    change : (T, B)
        Absolute changes, at least 0 and not all 0; T and B are at most 200.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        With an image of T rows and B columns, logarithmic where not 0, and
        a colour bar.

    Raises
    ------
    ValueError
        If `change` is no table of such numbers.
    """
    change = _arguments.array("change", change, kind="floating", shape=("T", "B"))
    change = _given.table("change", change, shape=("T", "B"), most=200, least=0)
    if not change.any():
        raise ValueError("change must be at least 0, and not 0 everywhere, got 0 everywhere")
    T, B = change.shape
    ax = new_axes(ax, figsize=(7, 3.6))
    hidden = np.ma.masked_equal(change, 0)
    norm = LogNorm(float(hidden.min()), float(hidden.max()))
    ax.imshow(np.zeros((T, B)), cmap=ListedColormap(["white"]), aspect="auto")
    image = ax.imshow(hidden, norm=norm, cmap="cividis", interpolation="none", aspect="auto")
    for t in range(T + 1):
        ax.axhline(t - 0.5, color="#DDDDDD", lw=0.5)
    for b in range(B + 1):
        ax.axvline(b - 0.5, color="#DDDDDD", lw=0.5)
    ax.set(xlabel="stream", ylabel="time step")
    ax.set_xticks(range(0, B, max(1, B // 8)))
    ax.set_yticks(range(0, T, max(1, T // 6)))
    ax.figure.colorbar(image, ax=ax, label="change of the state")
    return ax


def three_shapes(num_tokens: int, drawn: int = 7, *, ax: Axes | None = None) -> Axes:
    """The same tokens as one tall window, as a wide one, and as windows of one token.

    Parameters
    ----------
    num_tokens : int
        How many there are, at least 2.
    drawn : int
        How many of them each shape shows at most, 2 to 100.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        Three sets of that many marks; a line where the state runs, dashes
        where the gradient is cut.

    Raises
    ------
    ValueError
        If `num_tokens` or `drawn` is below 2, or `drawn` above 100.
    """
    N = _arguments.whole("num_tokens", num_tokens, least=2)
    n = min(N, _arguments.whole("drawn", drawn, least=2, most=100))
    ax = new_axes(ax, figsize=(7, 4.2))
    along, middle = np.arange(n), (n - 1) / 2
    row, third = along + 4, n + 7
    dots: dict[str, Any] = {"ls": "none", "ms": 11, "zorder": 3}
    for left in (0, third):
        ax.plot(np.full(n, left), along, color=COLOURS["state"], lw=5, alpha=0.75)
        ax.plot(np.full(n, left), along, marker=MARKERS["time"], color=COLOURS["time"], **dots)
    edges = along[:-1] + 0.5
    ax.hlines(edges, third - 1, third + 1, color=COLOURS["cut"], lw=2, ls=(0, (3, 1.5)), zorder=4)
    ax.plot(row, np.full(n, middle), marker=MARKERS["batch"], color=COLOURS["batch"], **dots)
    said: dict[str, Any] = {"ha": "center", "va": "bottom", "color": "#222222"}
    ax.text(0, -0.8, f"first:\nT = {N}, B = 1", **said)
    ax.text(4 + middle, middle - 0.8, f"second:\nT = 1, B = {N}", **said)
    ax.text(third, -0.8, f"third:\nT = 1, B = 1,\n{N} times", **said)
    if n < N:
        note: dict[str, Any] = {"ha": "center", "va": "top", "color": "#595959"}
        for x, y in ((0, n - 0.3), (4 + middle, middle + 0.7), (third, n - 0.3)):
            ax.text(x, y, f"({n} of the {N} drawn)", **note)
    ax.set(xlim=(-2.6, third + 2.6), ylim=(n + 0.6, -2.8))
    ax.set_axis_off()
    return ax


def graph_growth(
    num_steps: Sequence[int],
    nodes: Mapping[int, Sequence[int]],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Nodes of the recorded graph against the time steps, one curve a batch size.

    Parameters
    ----------
    num_steps : sequence of int
        The values of T, with a tick at each; up to 64.
    nodes : mapping from B to counts
        One count for each T; up to 3 batch sizes.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        With one curve for each batch size, its marks the smaller the later.

    Raises
    ------
    ValueError
        If a curve does not hold one count for each T.
    """
    steps = _given.line("num_steps", num_steps, most=TICKS, least=1, whole=True)
    sizes = _given.mapping("nodes", nodes, "batch sizes", most=3, numbered=True)
    drawn = [
        _given.line(f"nodes[{size}]", sizes[size], places=len(steps), least=1, whole=True)
        for size in sizes
    ]
    ax = new_axes(ax)
    for i, counts in enumerate(drawn):
        style: dict[str, Any] = {"fillstyle": "none", "ms": 16 - 5.5 * i, "mew": 1.5}
        ax.plot(steps, counts, marker="s", color=COLOURS["batch"], lw=1, **style)
    listed = ", ".join(map(str, nodes))
    end = steps[-1], drawn[0][-1]
    said = f"batch size {listed}:\nthe same count"
    ax.annotate(said, end, (8, -34), textcoords="offset points", ha="right", va="top")
    ax.set(xlabel="time steps in the window", ylabel="nodes in the graph")
    ax.set_xticks(steps)
    ax.set_ylim(0, max(counts.max() for counts in drawn) * 1.12)
    return ax


def cost_by_axis(
    batch_size: Sequence[int],
    seconds_by_batch: Sequence[float],
    num_steps: Sequence[int],
    seconds_by_time: Sequence[float],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Time of one gradient where either axis grows, in units of the smallest window.

    Parameters
    ----------
    batch_size, num_steps : sequence of int
        Ascending; the first of each is the common smallest window.
    seconds_by_batch, seconds_by_time : sequence of float
        One for each of them, greater than 0; only ratios are drawn.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        Two curves on logarithmic axes that start at (1, 1).

    Raises
    ------
    ValueError
        If lengths differ or a number is not positive.
    """
    B = _given.line("batch_size", batch_size, least=SMALL)
    by_batch = _given.line("seconds_by_batch", seconds_by_batch, places=len(B), least=SMALL)
    T = _given.line("num_steps", num_steps, least=SMALL)
    by_time = _given.line("seconds_by_time", seconds_by_time, places=len(T), least=SMALL)
    ax = new_axes(ax, figsize=(7, 3.6))
    for role, label, sizes, seconds in (
        ("time", "more time steps", T, by_time),
        ("batch", "more streams", B, by_batch),
    ):
        x, y = sizes / sizes[0], seconds / seconds[0]
        ax.plot(x, y, marker=MARKERS[role], color=COLOURS[role])
        middle = len(x) // 2
        ax.annotate(
            label,
            (x[middle], y[middle]),
            (-8, 8),
            textcoords="offset points",
            ha="right",
            va="bottom",
            color=INK[role],
        )
    ax.set_xscale("log", base=2)
    ax.set_yscale("log", base=2)
    for axis in (ax.xaxis, ax.yaxis):
        low, high = axis.get_view_interval()
        ticks = [4.0**i for i in range(-1, 8) if low <= 4.0**i <= high]
        axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    ax.set(xlabel="times as many tokens in the window", ylabel="times as long")
    return ax
