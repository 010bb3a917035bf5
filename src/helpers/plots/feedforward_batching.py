"""Drawings of the chapter on the batch axis alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers import _arguments
from helpers.plots import _given
from helpers.plots._given import SMALL, TICKS
from helpers.plots._parts import arrow, new_axes
from helpers.plots.style import COLOURS, INK, MARKERS

LINES = ("-", "--", ":")


def minibatch_diagram(num_samples: int, ax: Axes | None = None) -> Axes:
    """One minibatch without time: samples side by side, one gradient each, one update.

    Parameters
    ----------
    num_samples : int
        Columns to draw, 2 to 8.

    Raises
    ------
    ValueError
        If `num_samples` is not in 2..8.
    """
    num_samples = _arguments.whole("num_samples", num_samples, least=2, most=8)
    ax = new_axes(ax, figsize=(7, 3.4))
    rows = ("x", "h", "y", "g")
    colours = ("context", "state", "context", "gradient")
    for n in range(num_samples):
        for i, (name, colour) in enumerate(zip(rows, colours, strict=True)):
            _box(ax, n, -i, f"${name}_{{{n}}}$", COLOURS[colour])
            if i:
                down = "gradient" if name == "g" else "state"
                arrow(ax, (n, 0.68 - i), (n, 0.32 - i), COLOURS[down])
        arrow(
            ax,
            (n, -3.32),
            (num_samples / 2 - 0.5 + 0.18 * (n - num_samples / 2 + 0.5), -3.98),
            COLOURS["gradient"],
        )
    _box(
        ax,
        num_samples / 2 - 0.5,
        -4.3,
        "all gradients together: one update",
        COLOURS["gradient"],
        width=min(3.4, num_samples - 0.2),
    )
    ax.annotate(
        "",
        (num_samples - 0.6, 0.62),
        (-0.4, 0.62),
        arrowprops={"arrowstyle": "->", "color": COLOURS["batch"], "lw": 2},
    )
    ax.text(
        num_samples / 2 - 0.5,
        0.7,
        "batch: n counts samples",
        ha="center",
        va="bottom",
        color=_ink(COLOURS["batch"]),
    )
    for i, text in enumerate(("input", "hidden, $f(x_n)$", "output, $g(h_n)$", "its gradient")):
        ax.text(-0.6, -i, text, ha="right", va="center")
    ax.set(xlim=(-2.3, num_samples - 0.3), ylim=(-4.75, 1.2))
    ax.set_axis_off()
    return ax


def loss_paths(
    w: Any,
    b: Any,
    loss: Any,
    paths: Mapping[str, Any],
    best: Sequence[float],
    axes: Sequence[Axes] | np.ndarray | None = None,
) -> Any:
    """Walks over the same loss surface of two parameters, one panel each.

    Parameters
    ----------
    w, b : (P,), (Q,)
        Grid of the two parameters, 2 to 300 places each.
    loss : (Q, P)
        Loss on that grid, from 1e-30 to 1e30; drawn as contours at powers of two.
    paths : mapping of (K + 1, 2)
        Label to the points (w, b) that were visited; up to four.
    best : (2,)
        The lowest point.
    axes : sequence of Axes, optional
        One for each path.

    Returns
    -------
    array of Axes

    Raises
    ------
    ValueError
        If `loss` does not fit the grid, or a path is no list of points.
    """
    w, b = (_given.line(name, x, fewest=2, most=300) for name, x in (("w", w), ("b", b)))
    loss = _given.table("loss", loss, shape=(len(b), len(w)), least=1e-30, limit=1e30)
    # Points of a contour lie nearly in line, and the last digits would decide which are kept.
    loss = loss.astype(np.float32).astype(float)
    paths = _given.tables("paths", paths, shape=("K + 1", 2))
    lowest = _given.line("best", best, places=2)
    axes = _given.axes("axes", axes, (len(paths),))
    if axes is None:
        axes = plt.subplots(1, len(paths), figsize=(7, 3), sharex=True, sharey=True, squeeze=False)[
            1
        ][0]
    low, high = np.log2(loss.min()), np.log2(loss.max())
    levels = 2.0 ** np.arange(np.ceil(low), np.floor(high) + 1)
    for ax, (label, path) in zip(axes, paths.items(), strict=True):
        ax.contour(w, b, loss, levels=levels, colors=COLOURS["context"], linewidths=0.6)
        many = len(path) > 200
        ax.plot(
            *path.T,
            color=COLOURS["gradient"],
            lw=0.5 if many else 1.5,
            label=label,
            marker="" if many else ".",
            markersize=4,
        )
        ax.plot(*path[0], "o", color=COLOURS["cut"], markersize=6)
        ax.plot(*path[-1], MARKERS["gradient"], color=COLOURS["gradient"], mec="white", ms=9)
        ax.plot(*lowest, "x", color=COLOURS["cut"], markersize=8, mew=2)
        ax.text(
            0.97,
            0.97,
            label,
            transform=ax.transAxes,
            ha="right",
            va="top",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 2},
        )
        ax.set_xlabel("slope w")
    axes[0].set_ylabel("intercept b")
    return np.asarray(axes)


def variance_by_batch(
    batch_sizes: Any,
    measured: Mapping[str, Any],
    predicted: Mapping[str, Any],
    ax: Axes | None = None,
) -> Axes:
    """Variance of the minibatch gradient against B: marks measured, lines predicted.

    Parameters
    ----------
    batch_sizes : (n,)
        B, on a logarithmic axis with a tick at each; up to 64.
    measured, predicted : mapping of (n,)
        Label to variances, the same labels in both; up to four. Where the prediction is 0
        an arrow that leaves the logarithmic axis is drawn.

    Raises
    ------
    ValueError
        If labels or lengths differ, a value is below 0, or a prediction 0 everywhere.
    """
    sizes = _given.line("batch_sizes", batch_sizes, most=TICKS, least=SMALL)
    measured = _given.curves("measured", measured, places=len(sizes), least=0)
    predicted = _given.curves("predicted", predicted, places=len(sizes), least=0)
    _given.same_labels(measured=measured, predicted=predicted)
    for label, line in predicted.items():
        if not line.any():
            raise ValueError(f"predicted[{label!r}] must be positive somewhere, got only 0")
    ax = new_axes(ax)
    for i, label in enumerate(measured):
        line, marks = predicted[label], measured[label]
        shown, colour = line > 0, (COLOURS["gradient"], COLOURS["batch"])[i % 2]
        ax.plot(sizes[shown], line[shown], LINES[i % 3], color=colour, label=label)
        ax.plot(
            sizes[shown], marks[shown], (MARKERS["gradient"], MARKERS["batch"])[i % 2], color=colour
        )
        if not shown.all():
            at, last = sizes[~shown][0], line[shown][-1]
            arrow = {"arrowstyle": "->", "color": colour, "lw": 1.5}
            ax.annotate("", (at, last / 8), (at, last * 0.7), arrowprops=arrow)
            ax.text(
                0.85 * at, last / 4, f"0 at B = {at}", color=_ink(colour), ha="right", va="center"
            )
            ax.set_ylim(bottom=last / 10)
        at = max(0, int(shown.sum()) - 3)
        ax.annotate(
            label,
            (sizes[at], line[at]),
            (8, 10) if i == 0 else (-8, -12),
            textcoords="offset points",
            color=_ink(colour),
            ha="left" if i == 0 else "right",
            va="center",
        )
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="batch size B, samples",
        ylabel="variance of the gradient",
    )
    _powers_of_two(ax, sizes)
    return ax


def cost_by_batch(
    batch_sizes: Any, seconds: Mapping[str, Any], axes: Sequence[Axes] | np.ndarray | None = None
) -> Any:
    """Microseconds of one update, and the same for each sample, against B.

    Parameters
    ----------
    batch_sizes : (n,)
        B, up to 64.
    seconds : mapping of (n,)
        Label to the seconds of one update; up to four.
    axes : two Axes, optional

    Returns
    -------
    array of two Axes

    Raises
    ------
    ValueError
        If a list has another length than `batch_sizes`, or a value is not positive.
    """
    sizes = _given.line("batch_sizes", batch_sizes, most=TICKS, least=SMALL)
    seconds = _given.curves("seconds", seconds, places=len(sizes), least=SMALL)
    axes = _given.axes("axes", axes, (2,))
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7, 3))[1]
    for i, (label, values) in enumerate(seconds.items()):
        micro = 1e6 * values
        colour = (COLOURS["batch"], COLOURS["gradient"])[i % 2]
        marker = (MARKERS["batch"], MARKERS["gradient"])[i % 2]
        for ax, y in zip(axes, (micro, micro / sizes), strict=True):
            ax.plot(sizes, y, LINES[i % 3], marker=marker, color=colour, label=label)
        each = micro / sizes
        if i % 2:
            place, ha = (sizes[-1], 1.25 * each[-1]), "right"
        else:
            place, ha = (sizes[0], 1.25 * each.min()), "left"
        va = "bottom" if i % 2 else "center"
        axes[1].text(*place, label, ha=ha, va=va, color=_ink(colour), in_layout=False)
    for ax, what in zip(axes, ("update", "sample"), strict=True):
        ax.set(
            xscale="log",
            yscale="log",
            xlabel="batch size B, samples",
            ylabel=f"microseconds per {what}",
        )
        _powers_of_two(ax, sizes, every=3)
    return np.asarray(axes)


def updates_and_samples(
    batch_sizes: Any,
    updates: Any,
    fitted: Any,
    marks: Mapping[str, float],
    axes: Sequence[Axes] | np.ndarray | None = None,
) -> Any:
    """Updates, and samples, that training needs against B, with the fitted curve.

    Parameters
    ----------
    batch_sizes, updates, fitted : (n,)
        B, up to 64, the updates needed, and the curve fitted to them.
    marks : mapping of float
        Label to a batch size that is marked by a vertical line; up to 8.
    axes : two Axes, optional

    Returns
    -------
    array of two Axes

    Raises
    ------
    ValueError
        If the lengths differ, or a value is not positive.
    """
    sizes = _given.line("batch_sizes", batch_sizes, most=TICKS, least=SMALL)
    updates = _given.line("updates", updates, places=len(sizes), least=SMALL)
    fitted = _given.line("fitted", fitted, places=len(sizes), least=SMALL)
    marks = _given.bounds("marks", marks, least=SMALL)
    axes = _given.axes("axes", axes, (2,))
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7, 3))[1]
    for ax, factor, what in zip(
        axes, (np.ones(len(sizes)), sizes), ("updates", "samples"), strict=True
    ):
        ax.plot(sizes, factor * fitted, color=COLOURS["context"], lw=1, label="fitted")
        ax.plot(
            sizes,
            factor * updates,
            MARKERS["batch"],
            color=COLOURS["batch"],
            label=what,
        )
        for i, (label, size) in enumerate(marks.items()):
            ax.axvline(size, color=COLOURS["cut"], lw=1, ls=("--", ":")[i % 2])
            if what == "samples":
                ax.annotate(
                    label,
                    (size, 0.97),
                    (6 if i % 2 else -6, 0),
                    ha="left" if i % 2 else "right",
                    va="top",
                    xycoords=("data", "axes fraction"),
                    textcoords="offset points",
                )
        ax.set(xscale="log", yscale="log", xlabel="batch size B, samples", ylabel=f"{what} needed")
        _powers_of_two(ax, sizes, every=3)
    return np.asarray(axes)


def rates_by_batch(
    batch_sizes: Any,
    rates: Mapping[str, Any],
    marks: Mapping[str, float],
    ax: Axes | None = None,
) -> Axes:
    """Learning rates against B, each with the straight line of the linear rule.

    Parameters
    ----------
    batch_sizes : (n,)
        B, starting at 1; up to 64.
    rates : mapping of (n,)
        Label to learning rates; up to four.
    marks : mapping of float
        Label to a batch size that is marked by a vertical line; up to 8.

    Raises
    ------
    ValueError
        If a list has another length than `batch_sizes`, or a value is not positive.
    """
    sizes = _given.line("batch_sizes", batch_sizes, most=TICKS, least=SMALL)
    rates = _given.curves("rates", rates, places=len(sizes), least=SMALL)
    marks = _given.bounds("marks", marks, least=SMALL)
    ax = new_axes(ax)
    top = 2 * max(np.max(values) for values in rates.values())
    for i, (label, values) in enumerate(rates.items()):
        colour = (COLOURS["gradient"], COLOURS["batch"])[i % 2]
        rule = values[0] * sizes / sizes[0]
        ax.plot(sizes[rule < top], rule[rule < top], color=COLOURS["context"], lw=1)
        ax.plot(
            sizes,
            values,
            marker=(MARKERS["gradient"], MARKERS["batch"])[i % 2],
            color=colour,
            label=label,
        )
        ax.annotate(
            label,
            (sizes[-1], values[-1]),
            (0, -14 if i % 2 else 12),
            textcoords="offset points",
            color=_ink(colour),
            ha="right",
            va="center",
        )
    for i, (label, size) in enumerate(marks.items()):
        ax.axvline(size, color=COLOURS["cut"], lw=1, ls=("--", ":")[i % 2])
        ax.annotate(
            label,
            (size, 0.04),
            (6, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="bottom",
        )
    ax.set(xscale="log", yscale="log", xlabel="batch size B, samples", ylabel="learning rate")
    _powers_of_two(ax, sizes)
    return ax


def _box(ax: Axes, x: float, y: float, text: str, colour: str, *, width: float = 0.64) -> None:
    ax.add_patch(
        Rectangle(
            (x - width / 2, y - 0.32), width, 0.64, facecolor="white", edgecolor=colour, lw=1.5
        )
    )
    ax.text(x, y, text, ha="center", va="center")


def _ink(colour: str) -> str:
    return next((INK[role] for role, line in COLOURS.items() if line == colour), colour)


def _powers_of_two(ax: Axes, sizes: np.ndarray, *, every: int = 1) -> None:
    ax.set_xticks(sizes[::every], [str(size) for size in sizes[::every]])
    ax.minorticks_off()
