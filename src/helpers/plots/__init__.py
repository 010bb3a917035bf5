"""Arrays in, Axes out: every drawing of the course, in one style.

A colour means the same thing in every figure; `style.COLOURS` says what.
"""

from helpers.plots.style import COLOURS, use_style

__all__ = ["COLOURS", "use_style"]
