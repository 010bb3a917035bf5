"""Colours with a fixed meaning, and the settings that make drawings repeatable."""

from __future__ import annotations

from types import MappingProxyType

import matplotlib as mpl
from cycler import cycler

COLOURS = MappingProxyType(
    {
        "batch": "#B8860B",
        "time": "#0077BB",
        "gradient": "#882255",
        "state": "#EE6677",
        "cut": "#222222",
        "context": "#767676",
    }
)
"""Role to colour. Context is for thin lines beside the data, never for data."""

INK = MappingProxyType({**COLOURS, "batch": "#8A6508", "state": "#C33A4C"})
"""Role to colour of letters: as `COLOURS`, but darker where a thin letter would be hard to read."""

MARKERS = MappingProxyType({"batch": "s", "time": "o", "gradient": "^", "state": "D"})
"""Role to marker, so that no meaning rests on colour alone."""


def use_style() -> None:
    """Set the course's style, and SVG output that is the same on every run.

    In a notebook figures become SVG without date and with fixed ids, on a
    canvas that is not cropped, so that a drawing changes only with its data.
    """
    mpl.rcParams.update(
        {
            "figure.figsize": (7, 3),
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "axes.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": cycler(
                color=[COLOURS[k] for k in ("batch", "time", "gradient", "state")]
            ),
            "axes.titlesize": 11,
            "axes.labelsize": 11,
            "font.size": 11,
            "font.family": "DejaVu Sans",
            "lines.linewidth": 2,
            "lines.markersize": 5,
            "legend.frameon": False,
            "savefig.bbox": None,
            "svg.fonttype": "path",
            "svg.hashsalt": "two axes",
        }
    )
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    set_matplotlib_formats("svg", bbox_inches=None, metadata={"Date": None})
