"""Whether two SVG drawings are the same drawing: same skeleton, numbers within half a pixel."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import matplotlib.image
import numpy as np

HALF_A_PIXEL = 0.375
"""In points, the unit of Matplotlib's SVG: 96 pixels and 72 points make an inch."""

A_SHADE = 0.02
"""Largest difference of an embedded picture's channel, where 1 is from black to white."""

COORDINATES = re.compile(
    r'(?P<before>\s(?:d|x|y|x1|x2|y1|y2|cx|cy|points|width|height)="|translate\()'
    r'(?P<values>[^")]*)'
)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
HASHED = re.compile(r"(?<=[#\"])[A-Za-z]+[0-9a-f]{10}\b")
PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")


class Drawing(str):
    """An SVG text that equals another one where a reader would see no difference."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and first_difference(self, other) is None

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def first_difference(a: str, b: str) -> str | None:
    """The first place where two drawings differ, in words; None where they are the same."""
    (bones_a, points_a, pictures_a), (bones_b, points_b, pictures_b) = map(_parts, (a, b))
    for line_a, line_b in zip(bones_a, bones_b, strict=False):
        if line_a != line_b:
            return f"{line_a.strip()!r} against {line_b.strip()!r}"
    if len(bones_a) != len(bones_b):
        return f"{len(bones_a)} against {len(bones_b)} lines"
    far = np.abs(points_a - points_b) > HALF_A_PIXEL
    if far.any():
        at = int(np.argmax(far))
        return f"number {at} is {points_a[at]:g} against {points_b[at]:g}"
    for one, two in zip(pictures_a, pictures_b, strict=True):
        if one.shape != two.shape or np.abs(one - two).max() > A_SHADE:
            return "an embedded picture"
    return None


def _parts(svg: str) -> tuple[list[str], np.ndarray, list[np.ndarray]]:
    points: list[float] = []
    pictures: list[np.ndarray] = []

    def keep_picture(match: re.Match[str]) -> str:
        data = base64.b64decode(re.sub(r"\s", "", match[1]))
        pictures.append(matplotlib.image.imread(io.BytesIO(data)))
        return "PICTURE"

    def keep_points(match: re.Match[str]) -> str:
        points.extend(float(n) for n in NUMBER.findall(match["values"]))
        return match["before"] + NUMBER.sub("N", match["values"])

    svg = PICTURE.sub(keep_picture, svg)
    svg = HASHED.sub("ID", svg)
    svg = COORDINATES.sub(keep_points, svg)
    return svg.splitlines(), np.array(points), pictures


def texts(ax: Any) -> list[str]:
    """All that is written into a drawing, beside its axes' labels."""
    return [text.get_text() for text in ax.texts]
