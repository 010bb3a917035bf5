"""Drawings of the chapter on cutting the gradient."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from helpers.tools.drawing import COLOURS, LINES, ON_WHITE, Curves, arrow, bare, box, cut, look
from helpers.tools.drawing import name_end, new_axes, panels, shade, table, tick_each, write

ROLES = ("gradient", "time", "batch", "state")
HATCHES = ("", "//", "..", "xx")
GRADIENT = COLOURS["gradient"]


def cut_triangles(masks: Mapping[str, np.ndarray], counts: Curves) -> np.ndarray:
    """Which cells each loss visits, (P, P), and how many losses have which depth, (P + 1,)."""
    shared: dict[str, Any] = {"sharex": "row", "sharey": "row", "height_ratios": (1.5, 1)}
    axes = plt.subplots(2, len(masks), figsize=(7, 3.9), squeeze=False, **shared)[1]
    two: dict[str, Any] = {"cmap": ListedColormap(["white", GRADIENT]), "vmin": 0, "vmax": 1}
    for above, below, (label, mask) in zip(*axes, masks.items(), strict=True):
        P = len(mask)
        shade(above, mask, **two, aspect=None, extent=(0.5, P + 0.5, P + 0.5, 0.5))
        above.plot([0.5, P + 0.5], [0.5, P + 0.5], color=COLOURS["context"], lw=0.8)
        above.text(P, 2, label, ha="right", va="top")
        above.set_xlabel("cell")
        depth = np.flatnonzero(counts[label])
        below.bar(depth, counts[label][depth], color=GRADIENT, width=1)
        below.set_xlabel("depth, cells")
    axes[0, 0].set_ylabel("loss, time down")
    axes[1, 0].set_ylabel("losses")
    return np.asarray(axes)


def edges_diagram(num_steps: int = 3) -> np.ndarray:
    """No cut, carry and reset: what the state and the gradient do where two windows meet."""
    T = num_steps
    axes = panels(3, 1.24 * T + 0.5)
    crosses = {"no cut": (True, True), "carry": (True, False), "reset": (False, False)}
    for ax, (label, (value, slope)) in zip(axes, crosses.items(), strict=True):
        for t in range(2 * T):
            box(ax, 0, t, (0.56, 0.56), COLOURS["state"], f"$h_{{{t + 1}}}$", fontsize=10)
            if t and (value or t != T):
                arrow(ax, (-0.14, t - 0.72), (-0.14, t - 0.28), COLOURS["state"], width=1.2, head=8)
            if t and (slope or t != T):
                arrow(ax, (0.14, t - 0.28), (0.14, t - 0.72), GRADIENT, width=2.4, head=8)
        said = f"value {'crosses' if value else 'starts anew'}\n"
        said += f"gradient {'crosses' if slope else 'stops'}"
        if slope:
            ax.text(0.42, T - 0.5, said, fontsize=9, va="center")
        else:
            cut(ax, -1, 1, T - 0.5)
            ax.text(0.42, T - 0.6, said, fontsize=9, va="bottom")
        ax.text(-0.42, -0.05, label, ha="right", va="center", fontsize=11)
        bare(ax, (-1.2, 1.9), (2 * T - 0.6, -0.5))
    return axes


def signal_by_steps(steps: np.ndarray, kept: Any, measured: Any, distance: int) -> Axes:
    """Share of a signal that windows of T keep: in closed form, simulated, and as believed."""
    ax = new_axes()
    ax.plot([0, distance, distance, steps.max()], [0, 0, 1, 1], color=COLOURS["context"], lw=1)
    ax.plot(steps, kept, color=GRADIENT)
    ax.plot(steps, measured, **look("gradient"), ls="none", ms=6)
    belief = "all or nothing:\na belief"
    ax.text(distance - 0.4, 0.93, belief, ha="right", va="top", in_layout=False)
    at = len(steps) // 2
    said = "line: closed form\nmarks: simulated"
    write(ax, said, (steps[at], kept[at]), (10, -14), GRADIENT, va="top")
    ax.set(xlabel="time steps T", ylabel="share of the signal kept", ylim=(-0.03, 1.06))
    return ax


def errors_by_depth(depths: Any, networks: Mapping[str, Curves]) -> np.ndarray:
    """Relative error of the truncated gradient against the depth k2, one panel a network."""
    axes = panels(len(networks), sharey=True)
    at = len(depths) // 2
    beside = (((4, 8), "left", "bottom"), ((-4, -8), "right", "top"))
    for ax, (network, lines) in zip(axes, networks.items(), strict=True):
        named = zip(ROLES, LINES, beside, lines.items(), strict=False)
        for role, line, (offset, ha, va), (label, values) in named:
            ax.plot(depths, values, line, **look(role))
            write(ax, label, (depths[at], values[at]), offset, COLOURS[role], ha=ha, va=va)
        ax.set(xscale="log", yscale="log", xlabel="depth k2, cells")
        tick_each(ax, depths)
        ax.text(0.03, 0.04, network, transform=ax.transAxes, va="bottom")
    axes[0].set_ylabel("relative error")
    return axes


def lags_by_distance(norms: Mapping[int, np.ndarray]) -> np.ndarray:
    """Size of the gradient at lags 0, 1, ..., one panel for each distance of the data."""
    axes = panels(len(norms), 2.8, sharey=True)
    for ax, (distance, values) in zip(axes, norms.items(), strict=True):
        lag = distance - 1
        ax.axvline(lag, color=COLOURS["cut"], ls="--", lw=1)
        ax.plot(values, **look("gradient"))
        corner: dict[str, Any] = {"transform": ax.transAxes, "ha": "right", "va": "top"}
        ax.text(0.97, 0.97, f"distance {distance}", **corner, bbox=ON_WHITE)
        write(ax, f"lag {lag}", (lag, 0), (4, 4))
        ax.set_xlabel("lag, steps")
    most = max(values.max() for values in norms.values())
    axes[0].set(ylabel="size, relative to lag 0", ylim=(0, 1.25 * most))
    return axes


def phase_picture(
    distances: Sequence[int], steps: Sequence[int], shares: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Percent of a memory learned by distance (down) and T; right of the dashes T reaches it."""
    axes = panels(len(shares), 2.7, sharey=True)
    for ax, (label, values) in zip(axes, shares.items(), strict=True):
        percent = np.rint(100 * np.maximum(values, 0)).astype(int)
        table(ax, values, percent, distances, steps, white_below=0.6, vmin=0, vmax=1)
        for i, distance in enumerate(distances):
            at = sum(distance > T for T in steps) - 0.5
            for colour, width in (("white", 2.5), (COLOURS["cut"], 1.2)):
                ax.plot([at, at], [i - 0.5, i + 0.5], "--", color=colour, lw=width)
        ax.set_xlabel(f"time steps T, state {label}")
    axes[0].set_ylabel("distance")
    return axes


def shares_by_distance(distances: Sequence[int], shares: Curves) -> Axes:
    """Share of the memory recovered at each distance: one group a distance, one bar a network."""
    ax = new_axes()
    width = 0.8 / len(shares)
    for i, (label, values) in enumerate(shares.items()):
        at = np.arange(len(distances)) + (i - (len(shares) - 1) / 2) * width
        fill: dict[str, Any] = {"color": COLOURS[ROLES[i]], "hatch": HATCHES[i]}
        bars = ax.bar(at, values, 0.92 * width, label=label, edgecolor="white", **fill)
        ax.bar_label(bars, [f"{share:.2f}" for share in values], fontsize=9)
    ax.legend(loc="lower center", fontsize=9, ncols=len(shares), bbox_to_anchor=(0.5, 1.0))
    ax.set_xticks(range(len(distances)), [str(distance) for distance in distances])
    ax.set(xlabel="distance", ylabel="share recovered", ylim=(0, 1.15))
    return ax


def mean_of_draws(draws: Any, random_cuts: Any, fixed: float, guide: Any) -> Axes:
    """Error of the mean of n randomly cut gradients, beside that of a fixed cut."""
    ax = new_axes()
    ax.plot(draws, guide, color=COLOURS["context"], lw=1)
    ax.axhline(fixed, color=COLOURS["cut"], ls="--")
    ax.plot(draws, random_cuts, **look("gradient"))
    write(ax, "fixed cuts", (draws[-1], fixed), (0, 5), ha="right")
    below: dict[str, Any] = {"ha": "right", "va": "top"}
    name_end(ax, "$n^{-1/2}$", draws, guide, COLOURS["context"], (0, -6), **below)
    middle = len(draws) // 2
    at = draws[middle], random_cuts[middle]
    write(ax, "random cuts, reweighted", at, (8, 4), GRADIENT)
    ax.set(xscale="log", yscale="log", xlabel="draws n", ylabel="relative error of the mean")
    return ax


def spread_by_length(lengths: Any, spreads: Curves) -> Axes:
    """Spread of a randomly cut derivative against the length of the stream, one line a choice."""
    ax = new_axes()
    named = zip(ROLES, LINES, (-8, 0, 8, 0), spreads.items(), strict=False)
    for role, line, dy, (label, values) in named:
        ax.plot(lengths, values, line, color=COLOURS[role])
        name_end(ax, label, lengths, values, COLOURS[role], (4, dy))
    ax.set(yscale="log", xlabel="steps since the start", ylabel="standard deviation")
    ax.set_xlim(0, 1.35 * lengths[-1])
    return ax


def derivative_by_depth(depths: Any, curves: Curves, true: float) -> Axes:
    """A derivative against the depth of the cut, with 0 and the true value marked."""
    ax = new_axes()
    ax.axhline(0, color=COLOURS["context"], lw=1)
    ax.axhline(true, color=COLOURS["cut"], ls="--", lw=1)
    write(ax, "without a cut", (0, true), (4, 4))
    for role, line, (label, values) in zip(ROLES, LINES, curves.items(), strict=False):
        ax.plot(depths, values, line, color=COLOURS[role])
        lowest = int(np.argmin(values))
        at = depths[lowest], values[lowest]
        write(ax, label, at, (12, -2), COLOURS[role], va="top")
    least = min(np.min(values) for values in curves.values())
    ax.set(xlabel="depth, cells", ylabel="derivative", ylim=(1.25 * least, 1.5 * true))
    return ax


def descents(paths: Curves, target: float) -> Axes:
    """A weight against the updates, a line a way to cut, named at its end or where it leaves."""
    ax = new_axes()
    ax.axhline(target, color=COLOURS["cut"], ls="--", lw=1)
    for i, (label, path) in enumerate(paths.items()):
        colour = COLOURS[ROLES[i]]
        ax.plot(path, LINES[i], color=colour)
        last = np.flatnonzero(np.abs(path) < 0.9)[-1]  # in the picture with its name
        if last < len(path) - 1:
            write(ax, label, (last, path[last]), (6, 10), colour, va="top")
        else:
            dy, va = ((-6, "top"), (6, "bottom"))[i % 2]
            write(ax, label, (last, path[last]), (-4, dy), colour, ha="right", va=va)
    ax.set(xlabel="updates", ylabel=r"weight $\theta$", ylim=(-1, 1))
    return ax
