"""Drawings of the chapter on the gradient through time."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from helpers.tools.drawing import COLOURS, LINES, Curves, arrow, bare, box, look, name_end
from helpers.tools.drawing import new_axes, shade, write

GRADIENT = COLOURS["gradient"]


def backward_diagram(num_steps: int, *, loss: int | None = None, state: int | None = None) -> Axes:
    """The unrolled network with time running down, and the way of the gradient up.

    Shown is the whole way back of the loss after step `loss` with its lags, or the two arrows that
    reach the state after step `state`.
    """
    ax = new_axes(0.8 + 0.75 * num_steps)
    for t in range(num_steps + 1):
        box(ax, 0, -t, (0.66, 0.6), COLOURS["state"], f"$h_{t}$")
        if t:
            box(ax, -1.6, -t, (0.66, 0.6), COLOURS["context"], f"$x_{t}$")
            box(ax, 1.6, -t, (0.66, 0.6), COLOURS["context"], f"$L_{t}$")
            arrow(ax, (-1.27, -t), (-0.33, -t), COLOURS["state"], head=10)
            arrow(ax, (0.33, 0.1 - t), (1.27, 0.1 - t), COLOURS["state"], head=10)
            arrow(ax, (-0.12, 0.7 - t), (-0.12, 0.3 - t), COLOURS["state"], head=10)
    at = loss or state or 0
    arrow(ax, (1.27, -0.1 - at), (0.33, -0.1 - at), GRADIENT, width=2.5, head=14.5)
    for t in range(loss or 0, 0, -1):
        arrow(ax, (0.12, 0.3 - t), (0.12, 0.7 - t), GRADIENT, width=2.5, head=14.5)
        ax.text(-2.1, -t, f"lag {at - t}", ha="right", va="center", color=GRADIENT)
    if state:
        arrow(ax, (0.12, -0.7 - state), (0.12, -0.3 - state), GRADIENT, width=2.5, head=14.5)
        ax.text(2.1, -state, "from its own loss", va="center", color=GRADIENT)
        ax.text(0.3, -0.5 - state, "from all that comes later", va="center", color=GRADIENT)
    down = {"arrowstyle": "->", "color": COLOURS["time"], "lw": 2}
    ax.annotate("", (-3.15, -num_steps), (-3.15, -0.2), arrowprops=down)
    turned: dict[str, Any] = {"rotation": 90, "ha": "right", "va": "center"}
    ax.text(-3.25, -num_steps / 2, "time", color=COLOURS["time"], **turned)
    bare(ax, (-3.7, 3.7), (-num_steps - 0.45, 0.45))
    return ax


def step_size_curve(steps: np.ndarray, errors: np.ndarray, sides: Curves) -> Axes:
    """Error of a numerical derivative against its step, with the two lines that make the V.

    Of the lines, the falling one first, only what is near the errors is shown.
    """
    ax = new_axes()
    beside = (("--", (-8, 8), "right"), (":", (8, 8), "left"))
    for (line, offset, ha), (label, values) in zip(beside, sides.items(), strict=True):
        shown = np.flatnonzero((values < 10) & (values > errors.min() / 10))
        ax.plot(steps[shown], values[shown], line, color=COLOURS["context"], lw=1.2)
        middle = shown[len(shown) // 2]
        write(ax, label, (steps[middle], values[middle]), offset, ha=ha)
    ax.plot(steps, errors, **look("gradient"))
    ax.set(xscale="log", yscale="log", xlabel="step size", ylabel="relative error")
    return ax


def gradient_triangle(norms: np.ndarray) -> Axes:
    """Size of the derivative of each loss with respect to each state h_s: (T, T + 1)."""
    T = len(norms)
    ax = new_axes(4.6)
    seen = np.ma.masked_equal(norms, 0)
    extent = (-0.5, T + 0.5, T + 0.5, 0.5)
    image = shade(ax, seen, norm=LogNorm(seen.min(), seen.max()), aspect=None, extent=extent)
    ax.figure.colorbar(image, ax=ax, label=r"size of $\partial L_t / \partial h_s$")
    ax.set(xlabel="state s", ylabel="loss t, time runs down")
    ax.set_xticks(range(0, T + 1, max(1, T // 5)))
    ax.set_yticks(range(1, T + 1, max(1, (T - 1) // 5)))
    return ax


def norms_by_lag(
    curves: Curves,
    *,
    ylabel: str = "size of the gradient's part",
    xlabel: str = "lag, steps back",
) -> Axes:
    """Sizes at lags 0, 1, ..., on a logarithmic axis, one labelled line each."""
    ax = new_axes()
    for line, (label, values) in zip(LINES, curves.items(), strict=False):
        ax.plot(values, line, color=GRADIENT)
        name_end(ax, label, range(len(values)), values, GRADIENT, (5, 0))
    longest = max(len(values) for values in curves.values())
    ax.set(yscale="log", xlabel=xlabel, ylabel=ylabel, xlim=(0, 1.22 * (longest - 1)))
    return ax


def decay_by_radius(radii: Any, rates: Curves) -> Axes:
    """What one step back does to the gradient, against the spectral radius of W_hh."""
    ax = new_axes(3.4)
    ax.axhline(1, color=COLOURS["cut"], lw=1, ls="--")
    ax.axvline(1, color=COLOURS["cut"], lw=1, ls="--")
    for line, (label, values) in zip(LINES, rates.items(), strict=False):
        ax.plot(radii, values, line, **look("gradient"))
        name_end(ax, label, radii, values, GRADIENT)
    ax.text(radii[0], 1.02, "grows", va="bottom")
    ax.text(radii[0], 0.98, "fades", va="top")
    ax.set(xlabel="spectral radius of W_hh", ylabel="factor per step back")
    ax.set_xlim(radii[0] - 0.05, radii[-1] + 0.45)
    return ax


def gate_histogram(edges: np.ndarray, shares: Curves) -> np.ndarray:
    """Shares of a gate's values in percent, in bins between 0 and 1, one panel above another."""
    size = 7, 1.5 * len(shares) + 0.5
    axes = plt.subplots(len(shares), 1, figsize=size, sharex=True)[1]
    bars: dict[str, Any] = {"align": "edge", "color": COLOURS["state"], "edgecolor": "white"}
    for ax, (label, values) in zip(axes, shares.items(), strict=True):
        ax.bar(edges[:-1], values, np.diff(edges), **bars)
        ax.text(0.02, 0.95, label, transform=ax.transAxes, va="top")
        ax.set(ylabel="% of values", xlim=(edges[0], edges[-1]))
    axes[-1].set_xlabel("value of the forget gate")
    return np.asarray(axes)


def gates_by_letter(values: np.ndarray, letters: Sequence[str]) -> Axes:
    """Mean value of each unit's gate at each letter of the cycle (P, H); time runs down."""
    ax = new_axes(3.6)
    image = shade(ax, values, vmin=0, vmax=1)
    ax.figure.colorbar(image, ax=ax, label="forget gate")
    ax.set(xlabel="hidden unit", ylabel="letter read, time runs down")
    ax.set_yticks(range(len(letters)), letters)
    return ax
