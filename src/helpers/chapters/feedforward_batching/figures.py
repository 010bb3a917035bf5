"""Drawings of the chapter on the batch axis alone."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from helpers.tools.drawing import COLOURS, INK, LINES, MARKERS, ON_WHITE, Curves, arrow, bare, box
from helpers.tools.drawing import look, name_end, new_axes, panels, tick_each, write

ROLES = ("gradient", "batch")
SAMPLES = "batch size B, samples"
AT_HEIGHT = ("data", "axes fraction")


def minibatch_diagram(num_samples: int) -> Axes:
    """One minibatch without time: samples side by side, one gradient each, one update."""
    ax = new_axes(3.4)
    middle = (num_samples - 1) / 2
    rows = {"x": "context", "h": "state", "y": "context", "g": "gradient"}
    for n in range(num_samples):
        for i, (name, role) in enumerate(rows.items()):
            box(ax, n, -i, (0.64, 0.64), COLOURS[role], f"${name}_{{{n}}}$")
            if i:
                down = COLOURS["gradient" if name == "g" else "state"]
                arrow(ax, (n, 0.68 - i), (n, 0.32 - i), down)
        into = middle + 0.18 * (n - middle), -3.98
        arrow(ax, (n, -3.32), into, COLOURS["gradient"])
    together = "all gradients together: one update"
    box(ax, middle, -4.3, (3.4, 0.64), COLOURS["gradient"], together)
    across = {"arrowstyle": "->", "color": COLOURS["batch"], "lw": 2}
    ax.annotate("", (num_samples - 0.6, 0.62), (-0.4, 0.62), arrowprops=across)
    said = "batch: n counts samples"
    ax.text(middle, 0.7, said, ha="center", va="bottom", color=INK["batch"])
    for i, text in enumerate(("input", "hidden, $f(x_n)$", "output, $g(h_n)$", "its gradient")):
        ax.text(-0.6, -i, text, ha="right", va="center")
    bare(ax, (-2.3, num_samples - 0.3), (-4.75, 1.2))
    return ax


def loss_paths(w: Any, b: Any, loss: np.ndarray, paths: Curves, best: Any) -> np.ndarray:
    """Walks (w, b) over one loss surface (Q, P), a panel each; contours at powers of two."""
    # Points of a contour lie nearly in line, and the last digits would decide which are kept.
    loss = loss.astype(np.float32).astype(float)
    levels = 2.0 ** np.arange(np.ceil(np.log2(loss.min())), np.floor(np.log2(loss.max())) + 1)
    axes = panels(len(paths), sharex=True, sharey=True)
    for ax, (label, path) in zip(axes, paths.items(), strict=True):
        ax.contour(w, b, loss, levels=levels, colors=COLOURS["context"], linewidths=0.6)
        how = {"lw": 0.5} if len(path) > 200 else {"lw": 1.5, "marker": ".", "ms": 4}
        ax.plot(*np.transpose(path), color=COLOURS["gradient"], **how)
        ax.plot(*path[0], "o", color=COLOURS["cut"], ms=6)
        ax.plot(*path[-1], MARKERS["gradient"], color=COLOURS["gradient"], mec="white", ms=9)
        ax.plot(*best, "x", color=COLOURS["cut"], ms=8, mew=2)
        ground = {**ON_WHITE, "pad": 2}
        ax.text(0.97, 0.97, label, transform=ax.transAxes, ha="right", va="top", bbox=ground)
        ax.set_xlabel("slope w")
    axes[0].set_ylabel("intercept b")
    return axes


def variance_by_batch(batch_sizes: Any, measured: Curves, predicted: Curves) -> Axes:
    """Variance of the minibatch gradient against B: marks measured, lines predicted.

    Where the prediction is 0 an arrow leaves the logarithmic axis.
    """
    ax = new_axes()
    for i, (role, label) in enumerate(zip(ROLES, measured, strict=True)):
        line, colour = predicted[label], COLOURS[role]
        shown = line > 0
        ax.plot(batch_sizes[shown], line[shown], LINES[i], color=colour)
        ax.plot(batch_sizes[shown], measured[label][shown], MARKERS[role], color=colour)
        if not shown.all():
            at, last = batch_sizes[~shown][0], line[shown][-1]
            leaves = {"arrowstyle": "->", "color": colour, "lw": 1.5}
            ax.annotate("", (at, last / 8), (at, last * 0.7), arrowprops=leaves)
            said = f"0 at B = {at}"
            ax.text(0.85 * at, last / 4, said, color=INK[role], ha="right", va="center")
            ax.set_ylim(bottom=last / 10)
        at = shown.sum() - 3
        offset, ha = ((8, 10), "left") if i == 0 else ((-8, -12), "right")
        write(ax, label, (batch_sizes[at], line[at]), offset, INK[role], ha=ha, va="center")
    ax.set(xscale="log", yscale="log", xlabel=SAMPLES, ylabel="variance of the gradient")
    tick_each(ax, batch_sizes)
    return ax


def cost_by_batch(batch_sizes: Any, seconds: Curves) -> np.ndarray:
    """Microseconds of one update, and the same for each sample, against B."""
    axes = panels(2)
    names = (("left", "center"), ("right", "bottom"))
    for i, (label, values) in enumerate(seconds.items()):
        role, (ha, va) = ("batch", "gradient")[i], names[i]
        micro = 1e6 * np.asarray(values)
        each = micro / batch_sizes
        for ax, y in zip(axes, (micro, each), strict=True):
            ax.plot(batch_sizes, y, LINES[i], **look(role))
        x, y = (batch_sizes[-1], each[-1]) if i else (batch_sizes[0], each.min())
        axes[1].text(x, 1.25 * y, label, ha=ha, va=va, color=INK[role], in_layout=False)
    for ax, what in zip(axes, ("update", "sample"), strict=True):
        ax.set(xscale="log", yscale="log", xlabel=SAMPLES, ylabel=f"microseconds per {what}")
        tick_each(ax, batch_sizes[::3])
    return axes


def updates_and_samples(batch_sizes: Any, updates: Any, fitted: Any, marks: Curves) -> np.ndarray:
    """Updates, and samples, that training needs against B, with the fitted curve."""
    axes = panels(2)
    factors = {"updates": 1, "samples": batch_sizes}
    for ax, (what, factor) in zip(axes, factors.items(), strict=True):
        ax.plot(batch_sizes, factor * fitted, color=COLOURS["context"], lw=1)
        ax.plot(batch_sizes, factor * updates, MARKERS["batch"], color=COLOURS["batch"])
        for ls, size in zip(("--", ":"), marks.values(), strict=True):
            ax.axvline(size, color=COLOURS["cut"], lw=1, ls=ls)
        ax.set(xscale="log", yscale="log", xlabel=SAMPLES, ylabel=f"{what} needed")
        tick_each(ax, batch_sizes[::3])
    for (label, size), dx, ha in zip(marks.items(), (-6, 6), ("right", "left"), strict=True):
        write(axes[1], label, (size, 0.97), (dx, 0), xycoords=AT_HEIGHT, ha=ha, va="top")
    return axes


def rates_by_batch(batch_sizes: Any, rates: Curves, marks: Curves) -> Axes:
    """Learning rates against B, each with the straight line of the linear rule."""
    ax = new_axes()
    top = 2 * max(np.max(values) for values in rates.values())
    for role, dy, (label, values) in zip(ROLES, (12, -14), rates.items(), strict=True):
        rule = values[0] * batch_sizes / batch_sizes[0]
        ax.plot(batch_sizes[rule < top], rule[rule < top], color=COLOURS["context"], lw=1)
        ax.plot(batch_sizes, values, **look(role))
        name_end(ax, label, batch_sizes, values, INK[role], (0, dy), ha="right")
    for ls, (label, size) in zip(("--", ":"), marks.items(), strict=True):
        ax.axvline(size, color=COLOURS["cut"], lw=1, ls=ls)
        write(ax, label, (size, 0.04), (6, 0), xycoords=AT_HEIGHT, va="bottom")
    ax.set(xscale="log", yscale="log", xlabel=SAMPLES, ylabel="learning rate")
    tick_each(ax, batch_sizes)
    return ax
