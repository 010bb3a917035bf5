"""Drawings of the chapter on the plane of batch size and time steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from helpers import _arguments
from helpers.plots import _given
from helpers.plots._given import SMALL, TICKS
from helpers.plots._parts import new_axes
from helpers.plots.style import COLOURS, INK, MARKERS

ROLES = ("gradient", "time", "batch", "state")
LINES = ("-", "--", ":", "-.")


def window_shapes(shapes: Sequence[tuple[int, int]], ax: Axes | None = None) -> Axes:
    """Windows of equally many tokens side by side: B columns across, T rows down, to scale.

    Parameters
    ----------
    shapes : sequence of (B, T)
        Drawn from left to right; up to 12, with B and T up to 64.

    Raises
    ------
    ValueError
        If there is no shape, or one has another number of tokens than the first.
    """
    shapes = _given.pairs("shapes", shapes, most=12, least=1, limit=64)
    sizes = {B * T for B, T in shapes}
    if len(sizes) != 1:
        raise ValueError(f"shapes must all have the same B·T, got {sorted(sizes)}")
    gap, left = 8, 0.0
    deep = max(T for _, T in shapes)
    wide = sum(B for B, _ in shapes) + gap * (len(shapes) - 1)
    ax = new_axes(ax, figsize=(7, 7 * (deep + 11) / (wide + 8)))
    states = []
    for B, T in shapes:
        ax.add_patch(Rectangle((left, 0), B, T, facecolor="white", edgecolor=COLOURS["context"]))
        states += [[(left + b + 0.5, 0.15), (left + b + 0.5, T - 0.15)] for b in range(B)]
        ax.plot([left - 0.7, left + B + 0.7], [T, T], "--", color=COLOURS["cut"], lw=1.2)
        ax.text(left + B / 2, -1.4, f"{B} × {T}", ha="center", va="bottom", fontsize=10)
        ticks = "tick" if T == 1 else "ticks"
        ax.text(left + B / 2, T + 1.2, f"{T} {ticks}", ha="center", va="top", fontsize=9)
        left += B + gap
    ax.add_collection(LineCollection(states, colors=COLOURS["state"], linewidths=1.2))
    ax.set(xlim=(-4, wide + 4), ylim=(deep + 5.5, -5.5))
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def staircase(
    splits: Sequence[tuple[int, int]],
    curves: Mapping[str, Any],
    floors: Mapping[str, Any],
    ax: Axes | None = None,
    *,
    circled: int | None = None,
) -> Axes:
    """Loss at several points of the plane, one dot a network, over its floors.

    Parameters
    ----------
    splits : (n,) pairs (B, T)
        From left to right; up to 24.
    curves : mapping of (n, seeds)
        Label to losses in bits; the line joins the means. Up to two, of up to 100 networks.
    floors : mapping of (n,)
        Label to the least loss that is possible at each split. Up to two, the higher first.
    circled : int, optional
        Which point of the first curve to put a circle around.

    Raises
    ------
    ValueError
        If a curve or floor has another length than `splits`, or `circled` is no point.
    """
    splits = _given.pairs("splits", splits)
    at = np.arange(len(splits))
    curves = _given.tables("curves", curves, many=2, shape=(len(at), "seeds"), most=100)
    floors = _given.curves("floors", floors, fewest=0, many=2, places=len(at))
    if circled is not None:
        circled = _arguments.whole("circled", circled, least=0, most=len(at) - 1)
    ax = new_axes(ax, figsize=(7, 3.6))
    for values in floors.values():
        ax.hlines(values, at - 0.42, at + 0.42, color=COLOURS["context"], lw=1.2)
    for i, (label, floor) in enumerate(floors.items(), start=2 - len(floors)):
        middle = len(at) // 2 - 1  # the first of two floors has its name beside, the other below
        ax.annotate(label, (at[middle] + (-0.42, 0.42)[i], floor[middle]),
                    ((-4, 0), (0, -5))[i], textcoords="offset points", ha="right",
                    va=("center", "top")[i], color=INK["context"], fontsize=10)  # fmt: skip
    for i, (label, values) in enumerate(curves.items()):
        role = ("time", "state")[i]
        for x, seeds in zip(at, values, strict=True):
            ax.plot(np.full(len(seeds), x), seeds, MARKERS[role], color=COLOURS[role], ms=4,
                    alpha=0.6, mew=0)  # fmt: skip
        middle = np.mean(values, axis=1)
        ax.plot(at, middle, LINES[i], color=COLOURS[role])
        second = min(1, len(at) - 1)
        ax.annotate(label, (at[second], middle[second]), (8, 8), textcoords="offset points",
                    color=INK[role])  # fmt: skip
    if circled is not None:
        middle = np.mean(next(iter(curves.values())), axis=1)
        ax.plot([circled], [middle[circled]], "o", ms=15, mfc="none", mec=COLOURS["cut"], mew=1.5)
    size = 11 if len(splits) <= 8 else 9
    ax.set_xticks(at, [f"{B}×{T}" for B, T in splits], fontsize=size)
    low, high = ax.get_ylim()
    ax.set(xlabel="batch size × time steps", ylabel="held-out loss, bits",
           ylim=(low - 0.08 * (high - low), high))  # fmt: skip
    return ax


def loss_by_position(
    curves: Mapping[str, Any],
    floors: Mapping[str, Any],
    distances: Sequence[int],
    ax: Axes | None = None,
) -> Axes:
    """Loss at each place of a window, counted from 1, with the places where a memory comes in.

    Parameters
    ----------
    curves : mapping of (T,)
        Label to losses in bits. Up to two.
    floors : mapping of (T,)
        Label to the least loss that is possible at each place; up to four.
    distances : sequence of int
        Places to mark with a dotted line and a tick; up to 24.

    Raises
    ------
    ValueError
        If a curve or floor has another length than the first curve.
    """
    first = next(iter(_given.curves("curves", curves, many=2).values()))
    at = np.arange(1, 1 + len(first))
    curves = _given.curves("curves", curves, many=2, places=len(at))
    floors = _given.curves("floors", floors, fewest=0, places=len(at))
    places = _given.line("distances", distances, fewest=0, most=24, least=1, whole=True).tolist()
    ax = new_axes(ax)
    for place in places:
        ax.axvline(place, color=COLOURS["cut"], ls=":", lw=1)
    for label, values in floors.items():
        ax.step(at, values, where="mid", color=COLOURS["context"], lw=1.2)
        ax.annotate(label, (at[len(at) // 6], values[len(at) // 6]), (0, -5), va="top",
                    textcoords="offset points", color=INK["context"], fontsize=10)  # fmt: skip
    for i, (label, values) in enumerate(curves.items()):
        role = ("time", "state")[i]
        ax.plot(at, values, LINES[i], marker=MARKERS[role], color=COLOURS[role], ms=4)
        ax.annotate(label, (at[0], values[0]), (8, -2 if i == 0 else 8), va="center",
                    textcoords="offset points", color=INK[role])  # fmt: skip
    ax.set_xticks(sorted({*places, int(at[-1])}))
    ax.set(xlabel="place in the window, counted from 1", ylabel="loss, bits")
    return ax


def plane_maps(
    batch_sizes: Sequence[int],
    num_steps: Sequence[int],
    maps: Mapping[str, Any],
    texts: Mapping[str, Any],
    allowed: Mapping[str, Sequence[tuple[int, int]]],
    best: Mapping[str, tuple[int, int]],
    axes: Sequence[Axes] | None = None,
) -> Any:
    """Maps of the plane, batch size across and time steps down, with some cells framed.

    Parameters
    ----------
    batch_sizes, num_steps : (n,), (m,)
        Columns and rows, up to 16 of each.
    maps : mapping of (m, n)
        Label to what the shade shows; dark is small. Up to four.
    texts : mapping of (m, n)
        The same labels; what is written into each cell, at most 12 letters.
    allowed : mapping of lists of (B, T)
        The same labels; cells with a dashed frame.
    best : mapping of (B, T)
        The same labels; the one cell with a thick frame.
    axes : sequence of Axes, optional

    Returns
    -------
    array of Axes

    Raises
    ------
    ValueError
        If a map or its texts have another shape, or a cell to frame is not in the map.
    """
    across = _given.line("batch_sizes", batch_sizes, most=16, least=1, whole=True).tolist()
    down = _given.line("num_steps", num_steps, most=16, least=1, whole=True).tolist()
    shape = len(down), len(across)
    maps = _given.tables("maps", maps, shape=shape)
    texts = _written(maps, texts)
    allowed, best = _framed(maps, allowed, best, across, down)
    axes = _given.axes("axes", axes, (len(maps),))
    if axes is None:
        axes = plt.subplots(1, len(maps), figsize=(7, 3.1), sharey=True, squeeze=False)[1][0]
    for ax, (label, values) in zip(axes, maps.items(), strict=True):
        ax.imshow(values, cmap="cividis", interpolation="none", aspect="auto")
        middle = (values.min() + values.max()) / 2
        for (i, j), written in np.ndenumerate(np.asarray(texts[label], dtype=object)):
            ax.text(j, i, written, ha="center", va="center", fontsize=9,
                    color="white" if values[i, j] < middle else "black")  # fmt: skip
        for cell in (*allowed[label], best[label]):
            x, y = across.index(cell[0]), down.index(cell[1])
            is_best = cell == best[label]
            under, over = ("white", 4.5, "-"), (COLOURS["cut"], 2, "-")
            for colour, width, dashes in (under, over) if is_best else (("white", 1.3, "--"),):
                ax.add_patch(Rectangle((x - 0.44, y - 0.42), 0.88, 0.84, fill=False, ls=dashes,
                                       edgecolor=colour, lw=width))  # fmt: skip
        ax.set_xticks(range(shape[1]), [str(B) for B in across])
        ax.set_yticks(range(shape[0]), [str(T) for T in down])
        ax.set_xlabel(f"batch size B\n{label}")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    axes[0].set_ylabel("time steps T, down")
    return np.asarray(axes)


def _written(maps: Mapping[str, np.ndarray], texts: Any) -> dict[str, list[list[str]]]:
    given = _given.mapping("texts", texts, "tables")
    _given.same_labels(maps=maps, texts=given)
    written = {}
    for label, values in maps.items():
        written[label] = _given.rows(f"texts[{label!r}]", given[label], most=16)
        shape = len(written[label]), len(written[label][0])
        if shape != values.shape:
            raise ValueError(
                f"maps[{label!r}] and its texts must have the same shape, "
                f"got {values.shape} and {shape}"
            )
    return written


def _framed(
    maps: Mapping[str, np.ndarray], allowed: Any, best: Any, across: list[int], down: list[int]
) -> tuple[dict[str, list[tuple[int, int]]], dict[str, tuple[int, int]]]:
    allowed = _given.mapping("allowed", allowed, "lists of cells")
    best = _given.mapping("best", best, "cells")
    _given.same_labels(maps=maps, allowed=allowed)
    _given.same_labels(maps=maps, best=best)
    for label in maps:
        name = f"allowed[{label!r}]"
        allowed[label] = _given.pairs(name, allowed[label], fewest=0, most=256)
        best[label] = _given.pair(f"best[{label!r}]", best[label])
        for cell in (*allowed[label], best[label]):
            if cell[0] not in across or cell[1] not in down:
                raise ValueError(f"allowed and best must be cells of the map, got {cell}")
    return allowed, best


def throughput_by_axis(
    sizes: Sequence[int], curves: Mapping[str, tuple[Any, Any]], axes: Sequence[Axes] | None = None
) -> Any:
    """Tokens a second against B and against T, one panel a program, relative to the smallest.

    Parameters
    ----------
    sizes : (n,)
        What B, or T, is; on a logarithmic axis. Up to 64.
    curves : mapping of pairs (n,), (n,)
        Program to its tokens a second against B, and against T; up to four.
    axes : sequence of Axes, optional

    Returns
    -------
    array of Axes

    Raises
    ------
    ValueError
        If a curve has another length than `sizes`, or a value is not positive.
    """
    at = _given.line("sizes", sizes, most=TICKS, least=1, whole=True)
    pairs = {}
    for program, given in _given.mapping("curves", curves, "pairs of lines").items():
        name = f"curves[{program!r}]"
        pairs[program] = [
            _given.line(f"{name}[{i}]", rates, places=len(at), least=SMALL)
            for i, rates in enumerate(_given.items(name, given, fewest=2, most=2))
        ]
    axes = _given.axes("axes", axes, (len(pairs),))
    if axes is None:
        axes = plt.subplots(1, len(pairs), figsize=(7, 3), sharey=True, squeeze=False)[1][0]
    for ax, (program, pair) in zip(axes, pairs.items(), strict=True):
        for i, (label, values) in enumerate(zip(("more streams", "more steps"), pair, strict=True)):
            role = ("batch", "time")[i]
            relative = values / values[0]
            ax.plot(at, relative, LINES[i], marker=MARKERS[role], color=COLOURS[role])
            ax.annotate(label, (at[-1], relative[-1]), (0, 11 if i == 0 else -11), ha="right",
                        va="center", textcoords="offset points", color=INK[role])  # fmt: skip
        ax.set(xscale="log", yscale="log", xlabel="B, or T")
        ax.set_xticks(at[::2], [str(n) for n in at[::2]])
        ax.minorticks_off()
        ax.text(0.03, 0.97, program, transform=ax.transAxes, va="top")
    top = max(np.max(np.divide(rates, rates[0])) for pair in pairs.values() for rates in pair)
    axes[0].set(ylabel="tokens a second, relative", ylim=(0.9, 2 * top))
    axes[0].set_yticks([1, 3, 10, 30], ["1", "3", "10", "30"])
    return np.asarray(axes)


def bias_and_noise(
    splits: Sequence[tuple[int, int]],
    tasks: Mapping[str, Mapping[str, Any]],
    simulated: Mapping[str, Any],
    axes: Sequence[Axes] | None = None,
) -> Any:
    """Bias, noise and both together along the splits of one number of tokens, a panel a task.

    Parameters
    ----------
    splits : (n,) pairs (B, T)
        From left to right; up to 24.
    tasks : mapping of mappings of (n,)
        Panel label to the lines bias, noise and both, each a size. The least of the last is
        marked. Up to four panels.
    simulated : mapping of (n,)
        Panel label to the last of these as a simulation gives it.
    axes : sequence of Axes, optional

    Returns
    -------
    array of Axes

    Raises
    ------
    ValueError
        If a line has another length than `splits`, a value is below 0, or labels differ.
    """
    splits = _given.pairs("splits", splits)
    at = np.arange(len(splits))
    tasks = {
        task: _given.curves(f"tasks[{task!r}]", lines, many=3, places=len(at), least=0)
        for task, lines in _given.mapping("tasks", tasks, "panels").items()
    }
    simulated = _given.curves("simulated", simulated, places=len(at), least=0)
    _given.same_labels(tasks=tasks, simulated=simulated)
    axes = _given.axes("axes", axes, (len(tasks),))
    if axes is None:
        axes = plt.subplots(1, len(tasks), figsize=(7, 3.2), squeeze=False)[1][0]
    for ax, (task, lines) in zip(axes, tasks.items(), strict=True):
        for i, (label, values) in enumerate(lines.items()):
            role = ("time", "batch", "gradient")[i]
            ax.plot(at, values, ("--", ":", "-")[i], color=COLOURS[role], label=label)
        both = list(lines.values())[-1]
        ax.plot(at, simulated[task], MARKERS["gradient"], color=COLOURS["gradient"], ms=5)
        best = int(np.argmin(both))
        ax.plot([best], [both[best]], "o", ms=13, mfc="none", mec=COLOURS["cut"], mew=1.5)
        ax.set_xticks(at, [f"{B}×{T}" for B, T in splits], rotation=90, fontsize=9)
        ax.set(ylim=(0, None), xlabel=task)
    axes[0].set_ylabel("size of the error")
    axes[0].legend(fontsize=9)
    return np.asarray(axes)


def ratio_on_doubling(
    steps: Sequence[int], ratios: Mapping[str, Any], ax: Axes | None = None
) -> Axes:
    """What doubling T does to the variance of the gradient, with the half that doubling B gives.

    Parameters
    ----------
    steps : (n,)
        T before it is doubled; up to 64.
    ratios : mapping of (n,)
        Label to variance after, divided by variance before; up to three.

    Raises
    ------
    ValueError
        If a curve has another length than `steps`, or a value is below 0.
    """
    steps = _given.line("steps", steps, most=TICKS, least=1, whole=True).tolist()
    ratios = _given.curves("ratios", ratios, many=3, places=len(steps), least=0)
    ax = new_axes(ax)
    ax.axhline(1, color=COLOURS["context"], lw=1)
    ax.axhline(0.5, color=COLOURS["batch"], ls="--")
    ax.annotate("doubling B, always", (steps[0], 0.5), (0, -22), textcoords="offset points",
                va="top", color=INK["batch"])  # fmt: skip
    for i, (label, values) in enumerate(ratios.items()):
        role = ("time", "gradient", "state")[i]
        ax.plot(steps, values, LINES[i], marker=MARKERS[role], color=COLOURS[role])
        top = int(np.argmax(values))
        ax.annotate(label, (steps[top], values[top]), (8, 4), textcoords="offset points",
                    color=INK[role])  # fmt: skip
    ax.set(
        xscale="log", xlabel="from T to 2T, T =", ylabel="variance, after / before", ylim=(0, None)
    )
    ax.set_xticks(steps, [str(T) for T in steps])
    ax.minorticks_off()
    return ax


def noise_and_payoff(
    moments: Sequence[int],
    scales: Any,
    tokens: Sequence[int],
    losses: Any,
    floor: float,
    span: tuple[float, float],
    axes: Sequence[Axes] | None = None,
) -> Any:
    """Noise scale while a network learns, and what larger updates do to the held-out loss.

    Parameters
    ----------
    moments : (m,)
        Updates made.
    scales : (seeds, m)
        Noise scale in tokens, on a logarithmic axis; a line a network, up to 100.
    tokens : (n,)
        Tokens of an update, on a logarithmic axis; up to 64.
    losses : (n, seeds)
        Held-out loss in bits; the line joins the means.
    floor : float
        The least loss that is possible.
    span : (low, high)
        The noise scale in tokens, as a band among the updates.
    axes : two Axes, optional

    Returns
    -------
    array of two Axes

    Raises
    ------
    ValueError
        If the lengths differ, or a number of tokens is not positive.
    """
    moments = _given.line("moments", moments, most=100).tolist()
    scales = _given.table("scales", scales, shape=("seeds", len(moments)), most=100, least=SMALL)
    tokens = _given.line("tokens", tokens, most=TICKS, least=1, whole=True).tolist()
    losses = _given.table("losses", losses, shape=(len(tokens), "seeds"), most=100)
    floor = _given.number("floor", floor)
    low, high = _given.line("span", span, places=2, least=SMALL)
    axes = _given.axes("axes", axes, (2,))
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7, 3))[1]
    left, right = axes
    for network in scales:
        left.plot(moments, network, color=COLOURS["gradient"], lw=1, alpha=0.6,
                  marker=MARKERS["gradient"], ms=4)  # fmt: skip
    left.set(yscale="log", xlabel="updates made", ylabel="noise scale, tokens")
    right.axvspan(low, high, color=COLOURS["gradient"], alpha=0.15, lw=0)
    right.annotate("noise scale", (np.sqrt(low * high), 0.97), xycoords=("data", "axes fraction"),
                   rotation=90, ha="center", va="top", color=INK["gradient"])  # fmt: skip
    right.axhline(floor, color=COLOURS["context"], lw=1.2)
    right.annotate("floor", (tokens[0], floor), (0, -4), textcoords="offset points", va="top",
                   color=INK["context"], fontsize=10)  # fmt: skip
    for seed in losses.T:
        right.plot(tokens, seed, MARKERS["time"], color=COLOURS["time"], ms=4, alpha=0.6, mew=0)
    right.plot(tokens, np.mean(losses, axis=1), color=COLOURS["time"])
    right.set(xscale="log", xlabel="tokens an update, B·T", ylabel="held-out loss, bits")
    right.set_xticks(tokens, [str(n) for n in tokens], rotation=90, fontsize=9)
    right.minorticks_off()
    bottom, top = right.get_ylim()
    right.set_ylim(bottom - 0.08 * (top - bottom), top)
    return np.asarray(axes)
