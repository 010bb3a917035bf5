"""Drawings of the chapter on the gradient through time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle

from helpers import _arguments
from helpers.plots import _given
from helpers.plots._given import SMALL, TICKS
from helpers.plots._parts import arrow, new_axes
from helpers.plots.style import COLOURS, INK, MARKERS

LINES = ("-", "--", ":", "-.")


def backward_diagram(
    num_steps: int, *, loss: int | None = None, state: int | None = None, ax: Axes | None = None
) -> Axes:
    """The unrolled network with time running down, and the way of the gradient up.

    Parameters
    ----------
    num_steps : int
        Cells to draw, 2 to 6.
    loss : int, optional
        Show the whole way back of this loss, 1 to `num_steps`, with its lags.
    state : int, optional
        Show the two arrows that reach this state, 1 to `num_steps` - 1.

    Raises
    ------
    ValueError
        If `num_steps` is not in 2..6, or not exactly one of `loss` and `state`
        is given, or it is out of range.
    """
    num_steps = _arguments.whole("num_steps", num_steps, least=2, most=6)
    if (loss is None) == (state is None):
        said = [_arguments.short(value) for value in (loss, state)]
        raise ValueError(f"give either loss or state, got loss={said[0]} and state={said[1]}")
    if loss is not None:
        loss = _arguments.whole("loss", loss, most=num_steps)
    if state is not None:
        state = _arguments.whole("state", state, most=num_steps - 1)
    ax = new_axes(ax, figsize=(7, 0.8 + 0.75 * num_steps))
    for t in range(num_steps + 1):
        _node(ax, 0, -t, f"$h_{t}$", COLOURS["state"])
        if t:
            _node(ax, -1.6, -t, f"$x_{t}$", COLOURS["context"])
            _node(ax, 1.6, -t, f"$L_{t}$", COLOURS["context"])
            arrow(ax, (-1.27, -t), (-0.33, -t), COLOURS["state"], width=1, head=10)
            arrow(ax, (0.33, 0.1 - t), (1.27, 0.1 - t), COLOURS["state"], width=1, head=10)
            arrow(ax, (-0.12, 0.7 - t), (-0.12, 0.3 - t), COLOURS["state"], width=1, head=10)
    gradient = COLOURS["gradient"]
    if loss is not None:
        arrow(ax, (1.27, -0.1 - loss), (0.33, -0.1 - loss), gradient, width=2.5, head=14.5)
        for t in range(loss, 0, -1):
            arrow(ax, (0.12, 0.3 - t), (0.12, 0.7 - t), gradient, width=2.5, head=14.5)
            ax.text(-2.1, -t, f"lag {loss - t}", ha="right", va="center", color=gradient)
    if state is not None:
        arrow(ax, (1.27, -0.1 - state), (0.33, -0.1 - state), gradient, width=2.5, head=14.5)
        arrow(ax, (0.12, -0.7 - state), (0.12, -0.3 - state), gradient, width=2.5, head=14.5)
        ax.text(2.1, -state, "from its own loss", va="center", color=gradient)
        ax.text(0.3, -0.5 - state, "from all that comes later", va="center", color=gradient)
    ax.annotate("", (-3.15, -num_steps), (-3.15, -0.2),
                arrowprops={"arrowstyle": "->", "color": COLOURS["time"], "lw": 2})  # fmt: skip
    ax.text(-3.25, -num_steps / 2, "time", rotation=90, ha="right", va="center",
            color=COLOURS["time"])  # fmt: skip
    ax.set(xlim=(-3.7, 3.7), ylim=(-num_steps - 0.45, 0.45))
    ax.set_axis_off()
    return ax


def step_size_curve(
    steps: Any, errors: Any, sides: Mapping[str, Any], ax: Axes | None = None
) -> Axes:
    """Error of a numerical derivative against its step, with the two lines that make the V.

    Parameters
    ----------
    steps, errors : (n,)
        Step sizes and relative errors, positive.
    sides : mapping of (n,)
        Label to a line beside the marks; two of them, the falling one first. Shown is what is
        below 10 and not below all errors by a factor of ten.

    Raises
    ------
    ValueError
        If lengths differ, a value is not positive, or nothing of a side would be shown.
    """
    steps = _given.line("steps", steps, least=SMALL)
    errors = _given.line("errors", errors, places=len(steps), least=SMALL)
    sides = _given.curves("sides", sides, fewest=2, many=2, places=len(steps), least=0)
    low = errors.min() / 10
    for label, values in sides.items():
        if not ((values < 10) & (values > low)).any():
            raise ValueError(
                f"sides[{label!r}] must have a value between {low:g} and 10, "
                f"got {values.min():g}..{values.max():g}"
            )
    ax = new_axes(ax)
    for i, (label, values) in enumerate(sides.items()):
        shown = np.flatnonzero((values < 10) & (values > low))
        ax.plot(steps[shown], values[shown], LINES[1 + i], color=COLOURS["context"], lw=1.2)
        middle = shown[len(shown) // 2]
        ax.annotate(label, (steps[middle], values[middle]), (-8, 8) if i == 0 else (8, 8),
                    textcoords="offset points", ha="right" if i == 0 else "left")  # fmt: skip
    ax.plot(steps, errors, MARKERS["gradient"] + "-", color=COLOURS["gradient"])
    ax.set(xscale="log", yscale="log", xlabel="step size", ylabel="relative error")
    return ax


def gradient_triangle(norms: Any, ax: Axes | None = None) -> Axes:
    """Size of the derivative of each loss with respect to each state: a lower triangle.

    Parameters
    ----------
    norms : (T, T + 1)
        Row t belongs to the loss after step t, column s to the state h_s; what
        is 0 is left white. T is at most 300.

    Raises
    ------
    ValueError
        If `norms` is no matrix with one column more than rows, or holds nothing
        positive, or something above the diagonal that ends at the own state.
    """
    norms = _given.table("norms", norms, shape=("T", "T + 1"), most=301, least=0).astype(float)
    T = len(norms)
    if norms.shape[1] != T + 1:
        raise ValueError(f"norms must have shape (T, T + 1), got {norms.shape}")
    if not norms.any() or np.triu(norms, 2).any():
        raise ValueError(
            f"norms must be somewhere positive, and 0 above the triangle, got {norms.max():g} "
            f"at most, and {np.triu(norms, 2).max():g} above the triangle"
        )
    ax = new_axes(ax, figsize=(7, 4.6))
    seen = np.ma.masked_equal(norms, 0)
    image = ax.imshow(seen, norm=LogNorm(seen.min(), seen.max()), cmap="cividis",
                      interpolation="none", extent=(-0.5, T + 0.5, T + 0.5, 0.5))  # fmt: skip
    ax.figure.colorbar(image, ax=ax, label=r"size of $\partial L_t / \partial h_s$")
    ax.set(xlabel="state s", ylabel="loss t, time runs down")
    ax.set_xticks(range(0, T + 1, max(1, T // 5)))
    ax.set_yticks(range(1, T + 1, max(1, (T - 1) // 5)))
    return ax


def norms_by_lag(
    curves: Mapping[str, Any],
    *,
    ylabel: str = "size of the gradient's part",
    xlabel: str = "lag, steps back",
    ax: Axes | None = None,
) -> Axes:
    """Sizes against the steps they travelled, on a logarithmic axis, one labelled line each.

    Parameters
    ----------
    curves : mapping of (n,)
        Label to positive values at lags 0, 1, ...; up to four.
    ylabel, xlabel : str
        What the axes show.

    Raises
    ------
    ValueError
        If there are more than four curves, or a value is not positive.
    """
    curves = _given.curves("curves", curves, least=SMALL)
    xlabel, ylabel = _given.text("xlabel", xlabel), _given.text("ylabel", ylabel)
    ax = new_axes(ax)
    for i, (label, values) in enumerate(curves.items()):
        colour = COLOURS["gradient"]
        ax.plot(values, LINES[i], color=colour, label=label)
        ax.annotate(label, (len(values) - 1, values[-1]), (5, 0), textcoords="offset points",
                    color=colour, va="center", annotation_clip=False)  # fmt: skip
    longest = max(len(values) for values in curves.values())
    ax.set(yscale="log", xlabel=xlabel, ylabel=ylabel, xlim=(0, 1.22 * max(1, longest - 1)))
    return ax


def decay_by_radius(radii: Any, rates: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """What one step back does to the gradient, against the spectral radius of W_hh.

    Parameters
    ----------
    radii : (n,)
        Spectral radii, from 0 to 1000.
    rates : mapping of (n,)
        Label to factors per step; up to four lines.

    Raises
    ------
    ValueError
        If a list has another length than `radii`, a radius is out of range, or there are more
        than four lines.
    """
    radii = _given.line("radii", radii, least=0, limit=1000)
    rates = _given.curves("rates", rates, places=len(radii))
    ax = new_axes(ax, figsize=(7, 3.4))
    ax.axhline(1, color=COLOURS["cut"], lw=1, ls="--")
    ax.axvline(1, color=COLOURS["cut"], lw=1, ls="--")
    for i, (label, values) in enumerate(rates.items()):
        colour, marker = COLOURS["gradient"], MARKERS["gradient"]
        ax.plot(radii, values, LINES[i], marker=marker, color=colour, label=label)
        ax.annotate(label, (radii[-1], values[-1]), (8, 0), va="center",
                    textcoords="offset points", color=colour, annotation_clip=False)  # fmt: skip
    ax.text(radii[0], 1.02, "grows", va="bottom")
    ax.text(radii[0], 0.98, "fades", va="top")
    ax.set(xlabel="spectral radius of W_hh", ylabel="factor per step back",
           xlim=(radii[0] - 0.05, radii[-1] + 0.45))  # fmt: skip
    return ax


def bytes_by_steps(
    num_steps: Any, measured: Mapping[str, Any], formula: Mapping[str, Any], ax: Axes | None = None
) -> Axes:
    """Bytes kept for the backward pass against T: marks measured, lines from the formula.

    Parameters
    ----------
    num_steps : (n,)
        T, with a tick at each; up to 64.
    measured, formula : mapping of (n,)
        Label to bytes, the same labels in both; up to four.

    Raises
    ------
    ValueError
        If labels or lengths differ, or there are more than four lines.
    """
    T = _given.line("num_steps", num_steps, most=TICKS, least=SMALL)
    measured = _given.curves("measured", measured, places=len(T), least=0)
    formula = _given.curves("formula", formula, places=len(T), least=0)
    _given.same_labels(measured=measured, formula=formula)
    ax = new_axes(ax)
    for i, (label, values) in enumerate(measured.items()):
        colour = COLOURS["batch"]
        ax.plot(T, formula[label] / 1000, LINES[i], color=colour, lw=1.2)
        ax.plot(T, values / 1000, MARKERS["batch"], color=colour, label=label)
        ax.annotate(label, (T[-1], values[-1] / 1000), (8, 0), va="center",
                    textcoords="offset points", color=INK["batch"],
                    annotation_clip=False)  # fmt: skip
    ax.set(xlabel="time steps T", ylabel="kept, thousand bytes", ylim=(0, None),
           xlim=(0, 1.2 * T[-1]))  # fmt: skip
    ax.set_xticks(T)
    return ax


def norms_by_steps(
    num_steps: Any, norms: Mapping[str, Any], max_norm: float, ax: Axes | None = None
) -> Axes:
    """Length of the gradient against T, with the length above which it is clipped.

    Parameters
    ----------
    num_steps : (n,)
        T, whole numbers on a logarithmic axis, with a tick at each; up to 64.
    norms : mapping of (n,)
        Label to lengths; up to four.
    max_norm : float
        Where clipping begins.

    Raises
    ------
    ValueError
        If lengths differ, a value is not positive, or there are more than four lines.
    """
    T = _given.line("num_steps", num_steps, most=TICKS, least=1, whole=True)
    norms = _given.curves("norms", norms, places=len(T), least=SMALL)
    max_norm = _given.number("max_norm", max_norm, least=SMALL)
    ax = new_axes(ax)
    colour = COLOURS["gradient"]
    for i, (label, values) in enumerate(norms.items()):
        ax.plot(T, values, LINES[i], marker=MARKERS["gradient"], color=colour, label=label)
        ax.annotate(label, (T[-1], values[-1]), (8, 0), textcoords="offset points", va="center",
                    color=colour, annotation_clip=False)  # fmt: skip
    ax.axhline(max_norm, color=COLOURS["cut"], ls="--", lw=1)
    ax.annotate("clipped above this line", (1, max_norm), (0, -4), ha="right", va="top",
                xycoords=("axes fraction", "data"), textcoords="offset points")  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="time steps T", ylabel="length of the gradient",
           xlim=(0.9 * T[0], 3 * T[-1]))  # fmt: skip
    ax.set_xticks(T, [str(t) for t in T])
    ax.minorticks_off()
    return ax


def gate_histogram(edges: Any, shares: Mapping[str, Any], axes: Any = None) -> Any:
    """Shares of a gate's values between 0 and 1, one panel each, under one another.

    Parameters
    ----------
    edges : (n + 1,)
        Where the bins begin and end, ascending; up to 1000.
    shares : mapping of (n,)
        Label to the share of the values in each bin, in percent; up to four.
    axes : sequence of Axes, optional
        One for each label.

    Returns
    -------
    array of Axes

    Raises
    ------
    ValueError
        If a list does not fit the edges, or they do not ascend.
    """
    edges = _given.line("edges", edges, fewest=2, most=1000)
    if not (np.diff(edges) > 0).all():
        raise ValueError(f"edges must ascend, got a step of {np.diff(edges).min():g}")
    shares = _given.curves("shares", shares, places=len(edges) - 1, least=0, limit=100)
    axes = _given.axes("axes", axes, (len(shares),))
    if axes is None:
        axes = plt.subplots(
            len(shares), 1, figsize=(7, 1.5 * len(shares) + 0.5), sharex=True, squeeze=False
        )[1][:, 0]
    for ax, (label, values) in zip(axes, shares.items(), strict=True):
        ax.bar(edges[:-1], values, np.diff(edges), align="edge", color=COLOURS["state"],
               edgecolor="white", label=label)  # fmt: skip
        ax.text(0.02, 0.95, label, transform=ax.transAxes, va="top")
        ax.set(ylabel="% of values", xlim=(edges[0], edges[-1]))
    axes[-1].set_xlabel("value of the forget gate")
    return np.asarray(axes)


def gates_by_letter(values: Any, letters: Sequence[str], ax: Axes | None = None) -> Axes:
    """Mean value of each unit's gate at each letter of the cycle; time runs down.

    Parameters
    ----------
    values : (P, H)
        Between 0 and 1, row p for the letter at place p; H is at most 1000.
    letters : sequence of str
        P labels, at most 64.

    Raises
    ------
    ValueError
        If `values` does not have one row for each letter, or leaves 0..1.
    """
    letters = _given.texts("letters", letters)
    shape = len(letters), "H"
    values = _given.table("values", values, shape=shape, most=1000, least=0, limit=1)
    ax = new_axes(ax, figsize=(7, 3.6))
    image = ax.imshow(values, vmin=0, vmax=1, cmap="cividis", interpolation="none", aspect="auto")
    ax.figure.colorbar(image, ax=ax, label="forget gate")
    ax.set(xlabel="hidden unit", ylabel="letter read, time runs down")
    ax.set_yticks(range(len(letters)), letters)
    return ax


def _node(ax: Axes, x: float, y: float, text: str, colour: str) -> None:
    ax.add_patch(Rectangle((x - 0.33, y - 0.3), 0.66, 0.6, facecolor="white", edgecolor=colour,
                           lw=1.5))  # fmt: skip
    ax.text(x, y, text, ha="center", va="center")
