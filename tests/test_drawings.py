"""The comparison of drawings sees what a reader sees, and only that."""

from __future__ import annotations

import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawings import Drawing, first_difference, words

from helpers import plots


@pytest.fixture(autouse=True)
def _style():
    with mpl.rc_context():
        plots.use_style()
        yield


def draw(y, *, label="loss", colour="#0077BB", picture=None):
    fig, ax = plt.subplots()
    ax.plot(y, color=colour, marker="o")
    ax.set(xlabel=label, ylim=(0, 10))
    if picture is not None:
        ax.imshow(picture, extent=(0, 1, 0, 1), vmin=0, vmax=1)
    file = io.StringIO()
    fig.savefig(file, format="svg", metadata={"Date": None})
    plt.close(fig)
    return Drawing(file.getvalue())


def test_the_same_drawing_twice_is_the_same():
    assert draw([1, 2, 3]) == draw([1, 2, 3])


def test_rounding_noise_is_no_difference():
    assert draw([1, 2, 3]) == draw([1, 2 + 1e-6, 3])


@pytest.mark.parametrize(
    "other",
    [
        {"y": [1, 2.5, 3]},
        {"y": [1, 2, 3, 4]},
        {"y": [1, 2, 3], "label": "bits"},
        {"y": [1, 2, 3], "colour": "#0077BC"},
    ],
)
def test_what_a_reader_would_see_is_a_difference(other):
    assert draw([1, 2, 3]) != draw(**other)
    assert first_difference(draw([1, 2, 3]), draw(**other))


def test_words_are_the_same_however_they_are_drawn():
    assert words(draw([1, 2, 3])) == words(draw([1, 2.5, 3], colour="#0077BC"))
    assert "loss" in words(draw([1, 2, 3])).splitlines()
    assert words(draw([1, 2, 3])) != words(draw([1, 2, 3], label="bits"))


def test_embedded_pictures_are_compared_by_shade():
    picture = np.linspace(0, 1, 64).reshape(8, 8)
    changed = picture.copy()
    changed[3, 3] = 0
    assert draw([1, 2], picture=picture) == draw([1, 2], picture=picture + 1e-9)
    assert draw([1, 2], picture=picture) != draw([1, 2], picture=changed)
