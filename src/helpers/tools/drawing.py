"""One style for every drawing of the course, and the few idioms that several of them share.

A colour means the same thing in every figure.
"""

import sys
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

COLOURS = {
    "batch": "#B8860B",
    "time": "#0077BB",
    "gradient": "#882255",
    "state": "#EE6677",
    "cut": "#222222",
    "context": "#767676",
}
"""Role to colour. Context is for thin lines beside the data, never for data."""

INK = {**COLOURS, "batch": "#8A6508", "state": "#C33A4C"}
"""Role to colour of letters: darker where a thin letter would be hard to read."""

MARKERS = {"batch": "s", "time": "o", "gradient": "^", "state": "D"}
"""Role to marker, so that no meaning rests on colour alone."""

LINES = ("-", "--", ":", "-.")  # What tells several lines of one role apart

ON_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1}
"""The ground of letters that stand on a line."""

Point = tuple[float, float]
Curves = Mapping[str, Any]  # Label to an array, drawn in this order


def _use_style() -> None:
    """Set the course's style: in notebooks SVG without date, that changes only with its data."""
    colours = [COLOURS[role] for role in ("batch", "time", "gradient", "state")]
    mpl.rc("figure", figsize=(7, 3), facecolor="white")
    mpl.rc("figure.constrained_layout", use=True)
    mpl.rc("axes", facecolor="white", prop_cycle=cycler(color=colours), titlesize=11, labelsize=11)
    mpl.rc("axes.spines", top=False, right=False)
    mpl.rc("font", size=11, family="DejaVu Sans")
    mpl.rc("lines", linewidth=2, markersize=5)
    mpl.rc("legend", frameon=False)
    mpl.rc("savefig", bbox=None)
    mpl.rc("svg", fonttype="path", hashsalt="two axes")
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", bbox_inches=None, metadata={"Date": None})


_use_style()


def new_axes(height: float = 3) -> Axes:
    """The axes of a new figure as wide as the page, `height` inches high."""
    return plt.subplots(figsize=(7, height))[1]


def panels(count: int, height: float = 3, **options: Any) -> np.ndarray:
    """Axes side by side in a new figure; `options` are those of `plt.subplots`."""
    return np.asarray(plt.subplots(1, count, figsize=(7, height), squeeze=False, **options)[1][0])


def look(role: str) -> dict[str, Any]:
    """Marker and colour of a line that shows data of this role."""
    return {"marker": MARKERS[role], "color": COLOURS[role]}


def write(ax: Axes, text: str, at: Point, offset: Point, colour: str = "k", **how: Any) -> None:
    """Write beside a point of the data, `offset` in points."""
    ax.annotate(text, at, offset, textcoords="offset points", color=colour, **how)


def name_end(
    ax: Axes, name: str, x: Any, y: Any, colour: str, offset: Point = (8, 0), **how: Any
) -> None:
    """Write a line's name at its end."""
    how = {"va": "center", "annotation_clip": False, **how}
    write(ax, name, (x[-1], y[-1]), offset, colour, **how)


def arrow(
    ax: Axes, start: Point, stop: Point, colour: str, *, width: float = 1, head: float = 9
) -> None:
    """Draw an arrow from `start` to `stop`, in the coordinates of the data."""
    how: dict[str, Any] = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0}
    ax.add_patch(FancyArrowPatch(start, stop, mutation_scale=head, color=colour, lw=width, **how))


def box(ax: Axes, x: float, y: float, size: Point, colour: str, text: str = "", **how: Any) -> None:
    """Draw a box around (x, y), with a text in its middle; `how` are options of either."""
    font = {key: how.pop(key) for key in ("fontsize", "color", "weight") if key in how}
    corner = x - size[0] / 2, y - size[1] / 2
    ax.add_patch(Rectangle(corner, *size, **{"fc": "white", "ec": colour, "lw": 1.5, **how}))
    ax.text(x, y, text, ha="center", va="center", **font)


def cut(ax: Axes, left: float, right: float, y: float, width: float = 1.2) -> None:
    """Draw the dashed line at which the gradient stops."""
    ax.plot([left, right], [y, y], "--", color=COLOURS["cut"], lw=width)


def bare(ax: Axes, xlim: Point, ylim: Point) -> None:
    """Leave only what was drawn within these limits."""
    ax.set(xlim=xlim, ylim=ylim)
    ax.set_axis_off()


def shade(ax: Axes, values: Any, **options: Any) -> Any:
    """Draw a table as a picture: dark is small."""
    how = {"cmap": "cividis", "interpolation": "none", "aspect": "auto", **options}
    return ax.imshow(values, **how)


def unframed(ax: Axes) -> None:
    """Take away the frame and the ticks, but not what is written beside them."""
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def table(
    ax: Axes,
    values: Any,
    texts: Any,
    rows: Any,
    columns: Any,
    *,
    white_below: float,
    **options: Any,
) -> None:
    """Draw a table as a picture with a text in each cell, white where the value is small."""
    shade(ax, values, **options)
    for (i, j), text in np.ndenumerate(texts):
        colour = "white" if values[i, j] < white_below else "black"
        ax.text(j, i, text, ha="center", va="center", fontsize=9, color=colour)
    ax.set_xticks(range(len(columns)), [str(column) for column in columns])
    ax.set_yticks(range(len(rows)), [str(row) for row in rows])
    unframed(ax)


def tick_each(ax: Axes, values: Any, **font: Any) -> None:
    """Put a tick below each of these values, and no other."""
    ax.set_xticks(values, [str(value) for value in values], **font)
    ax.minorticks_off()


def norms_by_steps(num_steps: Any, norms: Curves, max_norm: float) -> Axes:
    """Length of the gradient against T, with the length above which it is clipped."""
    ax = new_axes()
    for line, (name, values) in zip(LINES, norms.items(), strict=False):
        ax.plot(num_steps, values, line, **look("gradient"))
        name_end(ax, name, num_steps, values, INK["gradient"])
    ax.axhline(max_norm, color=COLOURS["cut"], ls="--", lw=1)
    edge: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "top"}
    write(ax, "clipped above this line", (1, max_norm), (0, -4), **edge)
    ax.set(xscale="log", yscale="log", xlabel="time steps T", ylabel="length of the gradient")
    ax.set_xlim(0.9 * num_steps[0], 3 * num_steps[-1])
    tick_each(ax, num_steps)
    return ax


def bytes_by_steps(num_steps: Any, measured: Curves, formula: Curves) -> Axes:
    """Bytes kept for the backward pass against T: marks measured, lines from the formula."""
    ax = new_axes()
    for line, (name, values) in zip(LINES, measured.items(), strict=False):
        kept = np.divide(values, 1000)
        ax.plot(num_steps, np.divide(formula[name], 1000), line, color=COLOURS["batch"], lw=1.2)
        ax.plot(num_steps, kept, MARKERS["batch"], color=COLOURS["batch"])
        name_end(ax, name, num_steps, kept, INK["batch"])
    ax.set(xlabel="time steps T", ylabel="kept, thousand bytes", ylim=(0, None))
    ax.set_xlim(0, 1.2 * num_steps[-1])
    ax.set_xticks(num_steps)
    return ax
