"""Drawings of the chapter on cutting the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Rectangle

from helpers import _arguments
from helpers.plots import _given
from helpers.plots._given import SMALL, TICKS
from helpers.plots._parts import arrow, new_axes
from helpers.plots.style import COLOURS, MARKERS

ROLES = ("gradient", "time", "batch", "state")
LINES = ("-", "--", ":", "-.")


def cut_triangles(masks: Mapping[str, Any], counts: Mapping[str, Any], axes: Any = None) -> Any:
    """One triangle under several masks, and below each how many losses have which depth.

    Parameters
    ----------
    masks : mapping of (P, P)
        Label to truth values: row is the loss, column the cell, True where the
        backward pass of the loss visits the cell. Up to four, of P up to 300.
    counts : mapping of (P + 1,)
        The same labels; entry d says how many losses visit d cells.
    axes : array of Axes, optional
        Two rows, one column a mask.

    Returns
    -------
    array of Axes

    Raises
    ------
    ValueError
        If the labels or sizes differ, or a mask is not square.
    """
    given = _given.mapping("masks", masks, "tables")
    masks = {a: _given.truths(f"masks[{a!r}]", given[a], shape=("P", "P"), most=300) for a in given}
    counts = _given.curves("counts", counts, least=0)
    _given.same_labels(masks=masks, counts=counts)
    for label, mask in masks.items():
        if mask.shape != (len(mask),) * 2 or len(counts[label]) != len(mask) + 1:
            raise ValueError(
                f"masks[{label!r}] must be square and counts one longer, "
                f"got {mask.shape} and {counts[label].shape}"
            )
    axes = _given.axes("axes", axes, (2, len(masks)))
    if axes is None:
        axes = plt.subplots(2, len(masks), figsize=(7, 3.9), squeeze=False, sharex="row",
                            sharey="row", height_ratios=(1.5, 1))[1]  # fmt: skip
    for (above, below), (label, mask) in zip(np.transpose(axes), masks.items(), strict=True):
        count, P = counts[label], len(mask)
        colours = ListedColormap(["white", COLOURS["gradient"]])
        above.imshow(mask, cmap=colours, vmin=0, vmax=1, interpolation="none",
                     extent=(0.5, P + 0.5, P + 0.5, 0.5))  # fmt: skip
        above.plot([0.5, P + 0.5], [0.5, P + 0.5], color=COLOURS["context"], lw=0.8)
        above.text(P, 2, label, ha="right", va="top")
        above.set_xlabel("cell")
        depth = np.flatnonzero(count)
        below.bar(depth, count[depth], color=COLOURS["gradient"], width=1)
        below.set_xlabel("depth, cells")
    axes[0][0].set_ylabel("loss, time down")
    axes[1][0].set_ylabel("losses")
    return axes


def edges_diagram(num_steps: int = 3, axes: Sequence[Axes] | None = None) -> Any:
    """No cut, carry and reset: what the state and the gradient do where two windows meet.

    Parameters
    ----------
    num_steps : int
        T, cells in each of the two windows, 2 to 4.
    axes : three Axes, optional

    Returns
    -------
    array of three Axes

    Raises
    ------
    ValueError
        If `num_steps` is not in 2..4.
    """
    num_steps = _arguments.whole("num_steps", num_steps, least=2, most=4)
    axes = _given.axes("axes", axes, (3,))
    if axes is None:
        axes = plt.subplots(1, 3, figsize=(7, 0.62 * 2 * num_steps + 0.5))[1]
    crossing = {"no cut": (True, True), "carry": (True, False), "reset": (False, False)}
    for ax, (label, (state, gradient)) in zip(axes, crossing.items(), strict=True):
        for t in range(2 * num_steps):
            ax.add_patch(Rectangle((-0.28, t - 0.28), 0.56, 0.56, facecolor="white",
                                   edgecolor=COLOURS["state"], lw=1.5))  # fmt: skip
            ax.text(0, t, f"$h_{{{t + 1}}}$", ha="center", va="center", fontsize=10)
            edge = t == num_steps
            if t and (state or not edge):
                arrow(ax, (-0.14, t - 0.72), (-0.14, t - 0.28), COLOURS["state"], width=1.2, head=8)
            if t and (gradient or not edge):
                arrow(
                    ax, (0.14, t - 0.28), (0.14, t - 0.72), COLOURS["gradient"], width=2.4, head=8
                )
        if not gradient:
            ax.plot([-1, 1], [num_steps - 0.5] * 2, "--", color=COLOURS["cut"], lw=1.2)
        value, slope = ("crosses" if state else "starts anew"), ("crosses" if gradient else "stops")
        ax.text(0.42, num_steps - (0.5 if gradient else 0.6), f"value {value}\ngradient {slope}",
                fontsize=9, va="center" if gradient else "bottom")  # fmt: skip
        ax.text(-0.42, -0.05, label, ha="right", va="center", fontsize=11)
        ax.set(xlim=(-1.2, 1.9), ylim=(2 * num_steps - 0.6, -0.5))
        ax.set_axis_off()
    return np.asarray(axes)


def signal_by_steps(
    steps: Any, kept: Any, measured: Any, distance: int, ax: Axes | None = None
) -> Axes:
    """Share of a signal that windows of T keep, and what one would believe without counting.

    Parameters
    ----------
    steps, kept : (n,)
        T, and the share in closed form.
    measured : (n,)
        The share in a simulation.
    distance : int
        Of the signal; a step from 0 to 1 stands there.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    steps = _given.line("steps", steps)
    kept = _given.line("kept", kept, places=len(steps))
    measured = _given.line("measured", measured, places=len(steps))
    distance = _arguments.whole("distance", distance)
    ax = new_axes(ax)
    ax.plot([0, distance, distance, steps.max()], [0, 0, 1, 1], color=COLOURS["context"], lw=1)
    ax.plot(steps, kept, color=COLOURS["gradient"])
    ax.plot(steps, measured, MARKERS["gradient"], color=COLOURS["gradient"], ms=6)
    ax.text(distance - 0.4, 0.93, "all or nothing:\na belief", ha="right", va="top",
            in_layout=False)  # fmt: skip
    last = len(steps) // 2
    ax.annotate("line: closed form\nmarks: simulated", (steps[last], kept[last]),
                (10, -14), textcoords="offset points", va="top",
                color=COLOURS["gradient"])  # fmt: skip
    ax.set(xlabel="time steps T", ylabel="share of the signal kept", ylim=(-0.03, 1.06))
    return ax


def errors_by_depth(
    depths: Any, panels: Mapping[str, Mapping[str, Any]], axes: Sequence[Axes] | None = None
) -> Any:
    """Relative error of the truncated gradient against the depth, one panel a network.

    Parameters
    ----------
    depths : (n,)
        k2, on a logarithmic axis with a tick at each; up to 64.
    panels : mapping of mappings of (n,)
        Panel label to line label to errors, positive; up to four each.
    axes : sequence of Axes, optional

    Returns
    -------
    array of Axes

    Raises
    ------
    ValueError
        If a line has another length than `depths`, or a value is not positive.
    """
    depths = _given.line("depths", depths, most=TICKS, least=SMALL)
    given = _given.mapping("panels", panels, "panels")
    panels = {
        label: _given.curves(f"panels[{label!r}]", lines, places=len(depths), least=SMALL)
        for label, lines in given.items()
    }
    axes = _given.axes("axes", axes, (len(panels),))
    if axes is None:
        axes = plt.subplots(1, len(panels), figsize=(7, 3), sharey=True, squeeze=False)[1][0]
    for ax, (panel, lines) in zip(axes, panels.items(), strict=True):
        for i, (label, values) in enumerate(lines.items()):
            role = ROLES[i]
            ax.plot(depths, values, LINES[i], marker=MARKERS[role], color=COLOURS[role])
            at = len(depths) // 2
            ax.annotate(label, (depths[at], values[at]), (4, 8) if i == 0 else (-4, -8),
                        textcoords="offset points", ha="left" if i == 0 else "right",
                        va="bottom" if i == 0 else "top", color=COLOURS[role])  # fmt: skip
        ax.set(xscale="log", yscale="log", xlabel="depth k2, cells")
        ax.set_xticks(depths, [str(d) for d in depths])
        ax.minorticks_off()
        ax.text(0.03, 0.04, panel, transform=ax.transAxes, va="bottom")
    axes[0].set_ylabel("relative error")
    return np.asarray(axes)


def lags_by_distance(norms: Mapping[int, Any], axes: Sequence[Axes] | None = None) -> Any:
    """Size of the gradient by lag, one panel for each distance of the data.

    Parameters
    ----------
    norms : mapping of (n,)
        Distance to the size at lag 0, 1, ...; a dashed line marks the lag that
        is one less than the distance. Up to four, with up to 1000 lags.
    axes : sequence of Axes, optional

    Returns
    -------
    array of Axes

    Raises
    ------
    ValueError
        If a distance has no lag among the values, or a value is below 0.
    """
    given = _given.mapping("norms", norms, "distances", numbered=True)
    norms = {d: _given.line(f"norms[{d}]", given[d], most=1000, least=0) for d in given}
    for distance, values in norms.items():
        if not 1 <= distance <= len(values):
            raise ValueError(f"norms[{distance}] must reach lag {distance - 1}, got {len(values)}")
    axes = _given.axes("axes", axes, (len(norms),))
    if axes is None:
        axes = plt.subplots(1, len(norms), figsize=(7, 2.8), sharey=True, squeeze=False)[1][0]
    for ax, (distance, values) in zip(axes, norms.items(), strict=True):
        ax.axvline(distance - 1, color=COLOURS["cut"], ls="--", lw=1)
        ax.plot(values, color=COLOURS["gradient"], marker=MARKERS["gradient"])
        ax.text(0.97, 0.97, f"distance {distance}", transform=ax.transAxes, ha="right", va="top",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
        ax.annotate(f"lag {distance - 1}", (distance - 1, 0), (4, 4), textcoords="offset points")
        ax.set_xlabel("lag, steps")
    most = max(float(np.max(values)) for values in norms.values())
    axes[0].set(ylabel="size, relative to lag 0", ylim=(0, 1.25 * (most or 1)))
    return np.asarray(axes)


def phase_picture(
    distances: Sequence[int],
    steps: Sequence[int],
    shares: Mapping[str, Any],
    axes: Sequence[Axes] | None = None,
) -> Any:
    """Share of a memory learned over its distance (down) and the time steps (across).

    Parameters
    ----------
    distances, steps : (n,), (m,)
        Rows and columns, up to 24 each; a dashed line separates T below from T at least the
        distance.
    shares : mapping of (n, m)
        Label to shares from -1 to 1, drawn from 0 to 1 and written into each cell; up to four.
    axes : sequence of Axes, optional

    Returns
    -------
    array of Axes

    Raises
    ------
    ValueError
        If shares have another shape, or are beyond -1 or 1.
    """
    rows = _given.line("distances", distances, most=24, least=1, whole=True)
    columns = _given.line("steps", steps, most=24, least=1, whole=True)
    shape = len(rows), len(columns)
    shares = _given.tables("shares", shares, shape=shape, least=-1, limit=1)
    axes = _given.axes("axes", axes, (len(shares),))
    if axes is None:
        axes = plt.subplots(1, len(shares), figsize=(7, 2.7), sharey=True, squeeze=False)[1][0]
    for ax, (label, values) in zip(axes, shares.items(), strict=True):
        ax.imshow(values, cmap="cividis", vmin=0, vmax=1, interpolation="none", aspect="auto")
        for (i, j), share in np.ndenumerate(values):
            percent = round(100 * max(share, 0))
            ax.text(j, i, f"{percent}", ha="center", va="center", fontsize=9,
                    color="white" if share < 0.6 else "black")  # fmt: skip
        for i, distance in enumerate(rows):
            at = sum(distance > T for T in columns) - 0.5
            ax.plot([at, at], [i - 0.5, i + 0.5], "--", color="white", lw=2.5)
            ax.plot([at, at], [i - 0.5, i + 0.5], "--", color=COLOURS["cut"], lw=1.2)
        ax.set_xticks(range(len(columns)), [str(T) for T in columns])
        ax.set_yticks(range(len(rows)), [str(D) for D in rows])
        ax.set_xlabel(f"time steps T, state {label}")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    axes[0].set_ylabel("distance")
    return np.asarray(axes)


def shares_by_distance(
    distances: Sequence[int], shares: Mapping[str, Any], ax: Axes | None = None
) -> Axes:
    """Share of the memory recovered at each distance: one group a distance, one bar a network.

    Parameters
    ----------
    distances : (n,)
        One group each, up to 24.
    shares : mapping of (n,)
        Label to shares from -1 to 1; up to four.

    Raises
    ------
    ValueError
        If a list has another length than `distances`, or a share is beyond -1 or 1.
    """
    groups = _given.line("distances", distances, most=24, least=1, whole=True)
    shares = _given.curves("shares", shares, places=len(groups), least=-1, limit=1)
    ax = new_axes(ax)
    width = 0.8 / len(shares)
    for i, (label, values) in enumerate(shares.items()):
        at = np.arange(len(groups)) + (i - (len(shares) - 1) / 2) * width
        bars = ax.bar(at, values, 0.92 * width, color=COLOURS[ROLES[i]],
                      hatch=("", "//", "..", "xx")[i % 4], edgecolor="white",
                      label=label)  # fmt: skip
        ax.bar_label(bars, [f"{v:.2f}" for v in values], fontsize=9)
    ax.legend(loc="lower center", fontsize=9, ncols=len(shares), bbox_to_anchor=(0.5, 1.0))
    ax.set_xticks(range(len(groups)), [str(D) for D in groups])
    ax.set(xlabel="distance", ylabel="share recovered", ylim=(0, 1.15))
    return ax


def mean_of_draws(
    draws: Any, random_cuts: Any, fixed: float, guide: Any, ax: Axes | None = None
) -> Axes:
    """Error of the mean of n randomly cut gradients, against the error of a fixed cut.

    Parameters
    ----------
    draws, random_cuts, guide : (n,)
        Numbers of draws, the error of their mean, and a line to compare with.
    fixed : float
        Error of the fixed cut, which no mean makes smaller.

    Raises
    ------
    ValueError
        If the lengths differ, or a value is not positive.
    """
    draws = _given.line("draws", draws, least=SMALL)
    random_cuts = _given.line("random_cuts", random_cuts, places=len(draws), least=SMALL)
    fixed = _given.number("fixed", fixed, least=SMALL)
    guide = _given.line("guide", guide, places=len(draws), least=SMALL)
    ax = new_axes(ax)
    ax.plot(draws, guide, color=COLOURS["context"], lw=1)
    ax.axhline(fixed, color=COLOURS["cut"], ls="--")
    ax.plot(draws, random_cuts, marker=MARKERS["gradient"], color=COLOURS["gradient"])
    ax.annotate("fixed cuts", (draws[-1], fixed), (0, 5), textcoords="offset points", ha="right")
    ax.annotate("$n^{-1/2}$", (draws[-1], guide[-1]), (0, -6), color=COLOURS["context"],
                textcoords="offset points", ha="right", va="top")  # fmt: skip
    middle = len(draws) // 2
    ax.annotate("random cuts, reweighted", (draws[middle], random_cuts[middle]),
                (8, 4), textcoords="offset points", color=COLOURS["gradient"])  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="draws n", ylabel="relative error of the mean")
    return ax


def spread_by_length(lengths: Any, spreads: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Spread of a randomly cut derivative against the length of the stream, one line a choice.

    Parameters
    ----------
    lengths : (n,)
        Steps since the stream began, at least 1.
    spreads : mapping of (n,)
        Label to standard deviations, at least 0; up to four.

    Raises
    ------
    ValueError
        If a line has another length than `lengths`, or a value is too small.
    """
    lengths = _given.line("lengths", lengths, least=1)
    spreads = _given.curves("spreads", spreads, places=len(lengths), least=0)
    ax = new_axes(ax)
    for i, (label, values) in enumerate(spreads.items()):
        role = ROLES[i]
        ax.plot(lengths, values, LINES[i], color=COLOURS[role])
        ax.annotate(label, (lengths[-1], values[-1]), (4, (-8, 0, 8, 0)[i]),
                    textcoords="offset points", va="center", color=COLOURS[role])  # fmt: skip
    ax.set(yscale="log", xlabel="steps since the start", ylabel="standard deviation",
           xlim=(0, 1.35 * lengths[-1]))  # fmt: skip
    return ax


def derivative_by_depth(
    depths: Any, curves: Mapping[str, Any], true: float, ax: Axes | None = None
) -> Axes:
    """A derivative against the depth of the cut, with 0 and the true value marked.

    Parameters
    ----------
    depths : (n,)
        Cells visited.
    curves : mapping of (n,)
        Label to derivatives; up to four.
    true : float
        Without a cut, positive.

    Raises
    ------
    ValueError
        If a curve has another length than `depths`, or `true` is not positive.
    """
    depths = _given.line("depths", depths)
    curves = _given.curves("curves", curves, places=len(depths))
    true = _given.number("true", true, least=SMALL)
    ax = new_axes(ax)
    ax.axhline(0, color=COLOURS["context"], lw=1)
    ax.axhline(true, color=COLOURS["cut"], ls="--", lw=1)
    ax.annotate("without a cut", (0, true), (4, 4), textcoords="offset points")
    for i, (label, values) in enumerate(curves.items()):
        role = ROLES[i]
        ax.plot(depths, values, LINES[i], color=COLOURS[role])
        at = int(np.argmin(values))
        ax.annotate(label, (depths[at], values[at]), (12, -2), textcoords="offset points",
                    va="top", color=COLOURS[role])  # fmt: skip
    ax.set(
        xlabel="depth, cells",
        ylabel="derivative",
        ylim=(1.25 * min(0, *(np.min(values) for values in curves.values())), 1.5 * true),
    )
    return ax


def descents(
    paths: Mapping[str, Any], target: float, ax: Axes | None = None, *, shown: float = 1.0
) -> Axes:
    """A weight against the updates, one line a way to cut, with the right value marked.

    Parameters
    ----------
    paths : mapping of (n,)
        Label to the weight after each update; lengths may differ. Up to four.
    target : float
        The best value.
    shown : float
        The drawing ends at plus and minus this value, which is positive; paths may leave it.

    Raises
    ------
    ValueError
        If a path is no list of numbers, or has no value within 0.9 of what is shown.
    """
    paths = _given.curves("paths", paths)
    target = _given.number("target", target)
    shown = _given.number("shown", shown, least=SMALL)
    for label, path in paths.items():
        if np.abs(path).min() >= 0.9 * shown:
            raise ValueError(
                f"paths[{label!r}] must have a value nearer to 0 than {0.9 * shown:g}, "
                f"got {np.abs(path).min():g} at the nearest"
            )
    ax = new_axes(ax)
    ax.axhline(target, color=COLOURS["cut"], ls="--", lw=1)
    for i, (label, path) in enumerate(paths.items()):
        role = ROLES[i]
        ax.plot(path, LINES[i], color=COLOURS[role], label=label)
        inside = np.flatnonzero(np.abs(path) < 0.9 * shown)
        at = inside[-1]
        ends = at == len(path) - 1
        ax.annotate(label, (at, path[at]), (-4, 6 if i % 2 else -6) if ends else (6, 10),
                    textcoords="offset points", ha="right" if ends else "left",
                    va="bottom" if ends and i % 2 else "top", color=COLOURS[role])  # fmt: skip
    ax.set(xlabel="updates", ylabel=r"weight $\theta$", ylim=(-shown, shown))
    return ax
