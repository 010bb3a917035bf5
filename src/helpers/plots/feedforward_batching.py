"""Drawings of the chapter on the batch axis alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.plots.style import COLOURS, INK, MARKERS, arrow, new_axes, same_length

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
    if not 2 <= num_samples <= 8:
        raise ValueError(f"num_samples must be in 2..8 to be readable, got {num_samples!r}")
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
        Grid of the two parameters.
    loss : (Q, P)
        Loss on that grid, positive; drawn as contours at powers of two.
    paths : mapping of (K + 1, 2)
        Label to the points (w, b) that were visited.
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
    w, b = np.asarray(w, float), np.asarray(b, float)
    # Points of a contour lie nearly in line, and the last digits would decide which are kept.
    loss = np.asarray(loss, np.float32).astype(float)
    if loss.shape != (len(b), len(w)):
        raise ValueError(f"loss must have shape ({len(b)}, {len(w)}), got {loss.shape}")
    if not (loss > 0).all():
        raise ValueError("loss must be positive, its contours stand at powers of two")
    for label, path in paths.items():
        if np.ndim(path) != 2 or np.shape(path)[1] != 2:
            raise ValueError(f"paths[{label!r}] must have shape (K + 1, 2), got {np.shape(path)}")
    if axes is None:
        axes = plt.subplots(1, len(paths), figsize=(7, 3), sharex=True, sharey=True, squeeze=False)[
            1
        ][0]
    low, high = np.log2(loss.min()), np.log2(loss.max())
    levels = 2.0 ** np.arange(np.ceil(low), np.floor(high) + 1)
    for ax, (label, path) in zip(axes, paths.items(), strict=True):
        path = np.asarray(path, float)
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
        ax.plot(*best, "x", color=COLOURS["cut"], markersize=8, mew=2)
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
        B, on a logarithmic axis.
    measured, predicted : mapping of (n,)
        Label to variances, the same labels in both. Where the prediction is 0
        an arrow that leaves the logarithmic axis is drawn.

    Raises
    ------
    ValueError
        If labels or lengths differ.
    """
    sizes = np.asarray(batch_sizes)
    if list(measured) != list(predicted):
        raise ValueError(
            f"measured and predicted must have the same labels, "
            f"got {list(measured)} and {list(predicted)}"
        )
    for name, curves in (("measured", measured), ("predicted", predicted)):
        same_length(curves, sizes, name=name)
    ax = new_axes(ax)
    for i, label in enumerate(measured):
        line, marks = np.asarray(predicted[label], float), np.asarray(measured[label], float)
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
        B.
    seconds : mapping of (n,)
        Label to the seconds of one update.
    axes : two Axes, optional

    Returns
    -------
    array of two Axes

    Raises
    ------
    ValueError
        If a list has another length than `batch_sizes`.
    """
    sizes = np.asarray(batch_sizes)
    same_length(seconds, sizes, name="seconds")
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7, 3))[1]
    for i, (label, values) in enumerate(seconds.items()):
        micro = 1e6 * np.asarray(values, float)
        colour = (COLOURS["batch"], COLOURS["gradient"])[i % 2]
        marker = (MARKERS["batch"], MARKERS["gradient"])[i % 2]
        for ax, y in zip(axes, (micro, micro / sizes), strict=True):
            ax.plot(sizes, y, LINES[i % 3], marker=marker, color=colour, label=label)
        each = micro / sizes
        if i % 2:
            place, ha = (sizes[-1], 1.25 * each[-1]), "right"
        else:
            place, ha = (sizes[0], 1.25 * each.min()), "left"
        axes[1].text(*place, label, ha=ha, va="bottom" if i % 2 else "center", color=_ink(colour))
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
        B, the updates needed, and the curve fitted to them.
    marks : mapping of float
        Label to a batch size that is marked by a vertical line.
    axes : two Axes, optional

    Returns
    -------
    array of two Axes

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    sizes = np.asarray(batch_sizes)
    same_length({"updates": updates, "fitted": fitted}, sizes, name="curves")
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7, 3))[1]
    for ax, factor, what in zip(
        axes, (np.ones(len(sizes)), sizes), ("updates", "samples"), strict=True
    ):
        ax.plot(sizes, factor * np.asarray(fitted), color=COLOURS["context"], lw=1, label="fitted")
        ax.plot(
            sizes,
            factor * np.asarray(updates),
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
        B, starting at 1.
    rates : mapping of (n,)
        Label to learning rates.
    marks : mapping of float
        Label to a batch size that is marked by a vertical line.

    Raises
    ------
    ValueError
        If a list has another length than `batch_sizes`.
    """
    sizes = np.asarray(batch_sizes)
    same_length(rates, sizes, name="rates")
    ax = new_axes(ax)
    top = 2 * max(np.max(values) for values in rates.values())
    for i, (label, values) in enumerate(rates.items()):
        values = np.asarray(values, float)
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
