"""Drawings of the chapter on the plane of batch size and time steps."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from helpers.tools.drawing import COLOURS, INK, LINES, Curves, bare, box, cut, look, new_axes
from helpers.tools.drawing import panels, table, tick_each, write

Split = tuple[int, int]  # Batch size B and time steps T of a window

A_SEED: dict[str, Any] = {"ls": "none", "ms": 4, "alpha": 0.6, "mew": 0}
"""A mark for each network, beside the line of their mean."""


def window_shapes(shapes: Sequence[Split]) -> Axes:
    """Windows of equally many tokens side by side: B columns across, T rows down, to scale."""
    gap, left = 8, 0
    deep = max(T for _, T in shapes)
    wide = sum(B for B, _ in shapes) + gap * (len(shapes) - 1)
    ax = new_axes(7 * (deep + 11) / (wide + 8))
    states = []
    for B, T in shapes:
        middle = left + B / 2
        box(ax, middle, T / 2, (B, T), COLOURS["context"], lw=1)
        states += [[(left + b + 0.5, 0.15), (left + b + 0.5, T - 0.15)] for b in range(B)]
        cut(ax, left - 0.7, left + B + 0.7, T)
        ax.text(middle, -1.4, f"{B} × {T}", ha="center", va="bottom", fontsize=10)
        ticks = "1 tick" if T == 1 else f"{T} ticks"
        ax.text(middle, T + 1.2, ticks, ha="center", va="top", fontsize=9)
        left += B + gap
    ax.add_collection(LineCollection(states, colors=COLOURS["state"], linewidths=1.2))
    ax.set_aspect("equal")
    bare(ax, (-4, wide + 4), (deep + 5.5, -5.5))
    return ax


def staircase(
    splits: Sequence[Split], curves: Curves, floors: Curves, *, circled: int | None = None
) -> Axes:
    """Losses in bits (n, seeds) at n splits, a dot a network; of two floors the higher first."""
    ax = new_axes(3.6)
    at = np.arange(len(splits))
    middle = len(at) // 2 - 1
    beside, below = (-0.42, (-4, 0), "center"), (0.42, (0, -5), "top")
    places = (beside, below)[-len(floors) :]  # one floor alone has its name below
    for (dx, offset, va), (label, floor) in zip(places, floors.items(), strict=True):
        ax.hlines(floor, at - 0.42, at + 0.42, color=COLOURS["context"], lw=1.2)
        how: dict[str, Any] = {"ha": "right", "va": va, "fontsize": 10}
        write(ax, label, (at[middle] + dx, floor[middle]), offset, INK["context"], **how)
    for role, line, (label, losses) in zip(("time", "state"), LINES, curves.items(), strict=False):
        for x, seeds in zip(at, losses, strict=True):
            ax.plot(np.full(len(seeds), x), seeds, **look(role), **A_SEED)
        mean = np.mean(losses, axis=1)
        ax.plot(at, mean, line, color=COLOURS[role])
        write(ax, label, (at[1], mean[1]), (8, 8), INK[role])
    if circled is not None:
        mean = np.mean(next(iter(curves.values())), axis=1)
        _circle(ax, circled, mean[circled], 15)
    ax.set_xticks(at, _names(splits), fontsize=11 if len(splits) <= 8 else 9)
    ax.set(xlabel="batch size × time steps", ylabel="held-out loss, bits")
    _more_room_below(ax)
    return ax


def _names(splits: Iterable[Split]) -> list[str]:
    return [f"{B}×{T}" for B, T in splits]


def _circle(ax: Axes, x: float, y: float, size: float) -> None:
    ax.plot([x], [y], "o", ms=size, mfc="none", mec=COLOURS["cut"], mew=1.5)


def _more_room_below(ax: Axes) -> None:
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.08 * (high - low), high)


def loss_by_position(curves: Curves, floors: Curves, distances: Sequence[int]) -> Axes:
    """Loss in bits at each place of a window, with the places where a memory comes in."""
    ax = new_axes()
    places = np.arange(1, 1 + len(next(iter(curves.values()))))
    for distance in distances:
        ax.axvline(distance, color=COLOURS["cut"], ls=":", lw=1)
    named = len(places) // 6
    for label, values in floors.items():
        ax.step(places, values, where="mid", color=COLOURS["context"], lw=1.2)
        at = places[named], values[named]
        write(ax, label, at, (0, -5), INK["context"], va="top", fontsize=10)
    of_each = (("time", -2), ("state", 8))
    for (role, dy), line, (label, values) in zip(of_each, LINES, curves.items(), strict=False):
        ax.plot(places, values, line, **look(role), ms=4)
        write(ax, label, (places[0], values[0]), (8, dy), INK[role], va="center")
    ax.set_xticks([*distances, places[-1]])
    ax.set(xlabel="place in the window, counted from 1", ylabel="loss, bits")
    return ax


def plane_maps(
    batch_sizes: Sequence[int],
    num_steps: Sequence[int],
    maps: Mapping[str, np.ndarray],
    texts: Mapping[str, Sequence[Sequence[str]]],
    allowed: Mapping[str, Sequence[Split]],
    best: Mapping[str, Split],
) -> np.ndarray:
    """Maps (m, n) of the plane, T down and B across: dashed cells are allowed, one is best."""
    axes = panels(len(maps), 3.1, sharey=True)
    dashed, thick = [("white", 1.3, "--")], [("white", 4.5, "-"), (COLOURS["cut"], 2, "-")]
    for ax, (label, values) in zip(axes, maps.items(), strict=True):
        middle = (values.min() + values.max()) / 2
        table(ax, values, texts[label], num_steps, batch_sizes, white_below=middle)
        for B, T in (*allowed[label], best[label]):
            for colour, width, line in thick if best[label] == (B, T) else dashed:
                at = batch_sizes.index(B), num_steps.index(T)
                box(ax, *at, (0.88, 0.84), colour, fill=False, lw=width, ls=line)
        ax.set_xlabel(f"batch size B\n{label}")
    axes[0].set_ylabel("time steps T, down")
    return axes


def throughput_by_axis(sizes: Any, curves: Mapping[str, tuple[Any, Any]]) -> np.ndarray:
    """Tokens a second against B and against T, one panel a program, relative to the smallest."""
    axes = panels(len(curves), sharey=True)
    names = (("batch", "more streams", 11), ("time", "more steps", -11))
    top = 0.0
    for ax, (program, pair) in zip(axes, curves.items(), strict=True):
        for (role, label, dy), line, rates in zip(names, LINES, pair, strict=False):
            relative = np.divide(rates, rates[0])
            top = max(top, relative.max())
            ax.plot(sizes, relative, line, **look(role))
            end = sizes[-1], relative[-1]
            write(ax, label, end, (0, dy), INK[role], ha="right", va="center")
        ax.set(xscale="log", yscale="log", xlabel="B, or T")
        tick_each(ax, sizes[::2])
        ax.text(0.03, 0.97, program, transform=ax.transAxes, va="top")
    axes[0].set(ylabel="tokens a second, relative", ylim=(0.9, 2 * top))
    axes[0].set_yticks([1, 3, 10, 30], ["1", "3", "10", "30"])
    return axes


def bias_and_noise(
    splits: Sequence[Split], tasks: Mapping[str, Curves], simulated: Curves
) -> np.ndarray:
    """Bias, noise and both by split, a panel a task: lines, and marks of simulations."""
    axes = panels(len(tasks), 3.2)
    at = range(len(splits))
    looks = (("time", "--"), ("batch", ":"), ("gradient", "-"))
    for ax, (task, curves) in zip(axes, tasks.items(), strict=True):
        for (role, line), (label, values) in zip(looks, curves.items(), strict=True):
            ax.plot(at, values, line, color=COLOURS[role], label=label)
        ax.plot(at, simulated[task], **look("gradient"), ls="none", ms=5)
        best = int(np.argmin(curves["both"]))
        _circle(ax, best, curves["both"][best], 13)
        ax.set_xticks(at, _names(splits), rotation=90, fontsize=9)
        ax.set(ylim=(0, None), xlabel=task)
    axes[0].set_ylabel("size of the error")
    axes[0].legend(fontsize=9)
    return axes


def ratio_on_doubling(steps: Sequence[int], ratios: Curves) -> Axes:
    """What doubling T does to the variance of the gradient, with the half that doubling B gives."""
    ax = new_axes()
    ax.axhline(1, color=COLOURS["context"], lw=1)
    ax.axhline(0.5, color=COLOURS["batch"], ls="--")
    write(ax, "doubling B, always", (steps[0], 0.5), (0, -22), INK["batch"], va="top")
    roles = ("time", "gradient", "state")
    for role, line, (label, values) in zip(roles, LINES, ratios.items(), strict=False):
        ax.plot(steps, values, line, **look(role))
        top = int(np.argmax(values))
        write(ax, label, (steps[top], values[top]), (8, 4), INK[role])
    ax.set(xscale="log", xlabel="from T to 2T, T =", ylabel="variance, after / before")
    ax.set_ylim(0, None)
    tick_each(ax, steps)
    return ax


def noise_and_payoff(
    moments: Sequence[int],
    scales: np.ndarray,
    tokens: Sequence[int],
    losses: np.ndarray,
    floor: float,
    span: tuple[float, float],
) -> np.ndarray:
    """Noise scale (seeds, m) while networks learn; losses (n, seeds), with it as a band."""
    axes = left, right = panels(2)
    for network in scales:
        left.plot(moments, network, **look("gradient"), lw=1, alpha=0.6, ms=4)
    left.set(yscale="log", xlabel="updates made", ylabel="noise scale, tokens")
    right.axvspan(*span, color=COLOURS["gradient"], alpha=0.15, lw=0)
    upright: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "rotation": 90}
    middle = np.sqrt(span[0] * span[1]), 0.97
    write(right, "noise scale", middle, (0, 0), INK["gradient"], **upright, ha="center", va="top")
    right.axhline(floor, color=COLOURS["context"], lw=1.2)
    write(right, "floor", (tokens[0], floor), (0, -4), INK["context"], va="top", fontsize=10)
    for seed in np.transpose(losses):
        right.plot(tokens, seed, **look("time"), **A_SEED)
    right.plot(tokens, np.mean(losses, axis=1), color=COLOURS["time"])
    right.set(xscale="log", xlabel="tokens an update, B·T", ylabel="held-out loss, bits")
    tick_each(right, tokens, rotation=90, fontsize=9)
    _more_room_below(right)
    return axes
