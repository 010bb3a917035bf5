"""What several drawings are made of."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch

from helpers import _arguments


def new_axes(ax: Any, *, figsize: tuple[float, float] = (7, 3)) -> Axes:
    """`ax`, if it is one, or the axes of a new figure of `figsize` inches."""
    if ax is None:
        return plt.subplots(figsize=figsize)[1]
    if not isinstance(ax, Axes):
        raise ValueError(f"ax must be None or a matplotlib Axes, got {_arguments.short(ax)}")
    return ax


def arrow(
    ax: Axes,
    start: tuple[float, float],
    stop: tuple[float, float],
    colour: str,
    *,
    width: float = 1.0,
    head: float = 9.0,
) -> None:
    """Draw an arrow from `start` to `stop`, in the coordinates of the data."""
    ax.add_patch(FancyArrowPatch(start, stop, arrowstyle="-|>", mutation_scale=head,
                                 color=colour, lw=width, shrinkA=0, shrinkB=0))  # fmt: skip
