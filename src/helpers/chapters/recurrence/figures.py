"""Drawings of the chapter on recurrence: time runs down, streams run across."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.ticker import NullFormatter, NullLocator

from helpers.tools.drawing import COLOURS, INK, MARKERS, bare, box, look, new_axes, shade, write

CELL = 0.62  # Side of a cell in the tables, where 1 is from one cell to the next


def tick_table(tokens: Sequence[Sequence[str]], tick: int) -> Axes:
    """One window of T rows and B columns: the state runs down each column, one row is framed."""
    T, B = len(tokens), len(tokens[0])
    ax = new_axes(0.8 * T + 1.3)
    state = {"arrowstyle": "-|>", "color": COLOURS["state"], "lw": 2, "shrinkA": 0, "shrinkB": 0}
    for b in range(B):
        ax.text(b, -1.15, f"stream {b}", ha="center", va="bottom", color=INK["batch"])
        for t in range(T + 1):
            ax.annotate("", (b, t - CELL / 2), (b, t - 1 + CELL / 2), arrowprops=state)
        for t in range(T):
            box(ax, b, t, (CELL, CELL), COLOURS["cut"], tokens[t][b], lw=1, fontsize=13)
    for t in range(T):
        ax.text(-0.65, t, f"tick {t}", ha="right", va="center", color=COLOURS["time"])
    box(ax, B / 2 - 0.5, tick, (B - 0.06, 0.88), COLOURS["batch"], fill=False, lw=2.5)
    ax.text(B - 0.4, tick, "one tick", va="center", color=INK["batch"])
    runs = "a state runs down\neach column"
    ax.text(B - 0.4, -0.5, runs, va="center", color=INK["state"])
    bare(ax, (-1.5, B + 2.2), (T - 0.25, -1.5))
    return ax


def cold_start(carried: Any, cold: Any, guessing: float) -> Axes:
    """Loss in nats by position in the window, with the state carried and with it zeroed."""
    ax = new_axes()
    position, last = np.arange(len(cold)), len(cold) - 1
    ax.axhline(guessing, color=COLOURS["context"], lw=1)
    ax.text(last, guessing, "a blind guess", ha="right", va="bottom", color=COLOURS["context"])
    ax.plot(position, cold, "--", color=COLOURS["cut"], marker=MARKERS["time"])
    ax.plot(position, carried, **look("state"))
    beside: dict[str, Any] = {"in_layout": False}  # however far from the curves that is
    ax.text(1.55, cold[0] * 0.8, "from zeros", color=COLOURS["cut"], **beside)
    ax.text(last, carried[-1] - 0.07, "carried", ha="right", va="top", color=INK["state"], **beside)
    ax.set(xlabel="position in the window (time steps)", ylabel="loss (nats per token)")
    ax.set_xticks(position)
    ax.set_ylim(0, max(guessing, *cold) * 1.15)
    return ax


def change_map(change: np.ndarray) -> Axes:
    """How much each state (T, B) changed, on a logarithmic scale; exact zeros are left white."""
    T, B = change.shape
    ax = new_axes(3.6)
    hidden = np.ma.masked_equal(change, 0)
    norm = LogNorm(float(hidden.min()), float(hidden.max()))
    ax.imshow(np.zeros((T, B)), cmap=ListedColormap(["white"]), aspect="auto")
    image = shade(ax, hidden, norm=norm)
    for t in range(T + 1):
        ax.axhline(t - 0.5, color="#DDDDDD", lw=0.5)
    for b in range(B + 1):
        ax.axvline(b - 0.5, color="#DDDDDD", lw=0.5)
    ax.set(xlabel="stream", ylabel="time step")
    ax.set_xticks(range(0, B, max(1, B // 8)))
    ax.set_yticks(range(0, T, max(1, T // 6)))
    ax.figure.colorbar(image, ax=ax, label="change of the state")
    return ax


def three_shapes(num_tokens: int, drawn: int = 7) -> Axes:
    """The same tokens as one tall window, as a wide one, and as windows of one token."""
    N, n = num_tokens, drawn
    ax = new_axes(4.2)
    along, middle, third = np.arange(n), (n - 1) / 2, n + 7
    dots: dict[str, Any] = {"ls": "none", "ms": 11, "zorder": 3}
    for left in (0, third):
        ax.plot(np.full(n, left), along, color=COLOURS["state"], lw=5, alpha=0.75)
        ax.plot(np.full(n, left), along, **look("time"), **dots)
    cuts: dict[str, Any] = {"color": COLOURS["cut"], "lw": 2, "ls": (0, (3, 1.5)), "zorder": 4}
    ax.hlines(along[:-1] + 0.5, third - 1, third + 1, **cuts)
    ax.plot(along + 4, np.full(n, middle), **look("batch"), **dots)
    said: dict[str, Any] = {"ha": "center", "va": "bottom", "color": COLOURS["cut"]}
    ax.text(0, -0.8, f"first:\nT = {N}, B = 1", **said)
    ax.text(4 + middle, middle - 0.8, f"second:\nT = 1, B = {N}", **said)
    ax.text(third, -0.8, f"third:\nT = 1, B = 1,\n{N} times", **said)
    for x, y in ((0, n - 0.3), (4 + middle, middle + 0.7), (third, n - 0.3)):
        ax.text(x, y, f"({n} of the {N} drawn)", ha="center", va="top", color="#595959")
    bare(ax, (-2.6, third + 2.6), (n + 0.6, -2.8))
    return ax


def graph_growth(num_steps: Sequence[int], nodes: dict[int, Sequence[int]]) -> Axes:
    """Nodes of the recorded graph against the time steps, one curve a batch size."""
    ax = new_axes()
    for i, counts in enumerate(nodes.values()):
        marks: dict[str, Any] = {"fillstyle": "none", "ms": 16 - 5.5 * i, "mew": 1.5}
        ax.plot(num_steps, counts, **look("batch"), lw=1, **marks)
    end = num_steps[-1], next(iter(nodes.values()))[-1]
    said = f"batch size {', '.join(map(str, nodes))}:\nthe same count"
    write(ax, said, end, (8, -34), ha="right", va="top")
    ax.set(xlabel="time steps in the window", ylabel="nodes in the graph")
    ax.set_xticks(num_steps)
    ax.set_ylim(0, max(max(counts) for counts in nodes.values()) * 1.12)
    return ax


def cost_by_axis(
    batch_size: Any, seconds_by_batch: Any, num_steps: Any, seconds_by_time: Any
) -> Axes:
    """Time of one gradient where either axis grows, in units of the smallest window."""
    ax = new_axes(3.6)
    for role, label, sizes, seconds in (
        ("time", "more time steps", num_steps, seconds_by_time),
        ("batch", "more streams", batch_size, seconds_by_batch),
    ):
        x, y = np.divide(sizes, sizes[0]), np.divide(seconds, seconds[0])
        ax.plot(x, y, **look(role))
        middle = len(x) // 2
        write(ax, label, (x[middle], y[middle]), (-8, 8), INK[role], ha="right", va="bottom")
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
