"""Colours that can be told apart and read, which the comparison of stored drawings cannot see."""

import re
from itertools import combinations, product
from pathlib import Path

import numpy as np
from matplotlib.colors import to_hex, to_rgb

from helpers.tools.drawing import COLOURS, INK, MARKERS

STYLE = Path(__file__).parents[1] / "book/_static/course.css"
# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
EYES = {
    "all cones": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
TO_XYZ = np.array([[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0178, 0.1095, 0.8730]])


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def test_roles_are_told_apart_by_colour_whatever_cones_an_eye_has():
    for eye, pair in product(EYES, combinations(MARKERS, 2)):
        seen = np.clip([EYES[eye] @ linear(COLOURS[role]) for role in pair], 0, 1)
        x, y, z = np.cbrt(TO_XYZ @ seen.T)
        assert np.linalg.norm(np.diff([116 * y, 500 * (x - y), 200 * (y - z)])) > 30, (eye, pair)


def test_lines_stand_out_from_white_and_letters_can_be_read():
    for colours, least in ((COLOURS, 3), (INK, 4.5)):
        assert all(1.05 / (TO_XYZ[1] @ linear(c) + 0.05) >= least for c in colours.values())


def test_the_swatches_of_the_notation_page_have_the_colours_of_the_drawings():
    shown = dict(re.findall(r"\.swatch-(\w+) \{ --course-swatch: (#\w+); \}", STYLE.read_text()))
    assert shown == {role: to_hex(colour) for role, colour in COLOURS.items()}
