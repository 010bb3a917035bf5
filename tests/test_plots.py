"""One style: colours that can be told apart, drawings that repeat."""

from __future__ import annotations

import importlib
import inspect
import io
import itertools
import pkgutil
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from helpers import plots
from helpers.plots.style import INK

DATA = ("batch", "time", "gradient", "state")
# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    ) @ np.clip(rgb, 0, 1)
    f = xyz / [0.95047, 1, 1.08883]
    f = np.where(f > (6 / 29) ** 3, np.cbrt(f), f / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("pair", list(itertools.combinations(DATA, 2)), ids="-".join)
def test_the_colours_of_data_can_be_told_apart(vision, pair):
    a, b = (lab(VISION[vision] @ linear(plots.COLOURS[role])) for role in pair)
    assert np.linalg.norm(a - b) > 30


@pytest.mark.parametrize("role", plots.COLOURS)
def test_every_colour_stands_out_from_white(role):
    luminance = np.array([0.2126, 0.7152, 0.0722]) @ linear(plots.COLOURS[role])
    assert 1.05 / (luminance + 0.05) > 3


@pytest.mark.parametrize("role", INK)
def test_letters_in_every_colour_can_be_read_on_white(role):
    luminance = np.array([0.2126, 0.7152, 0.0722]) @ linear(INK[role])
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_a_drawing_made_twice_is_the_same_file():
    files = []
    with mpl.rc_context():
        plots.use_style()
        for _ in range(2):
            fig, ax = plt.subplots()
            ax.plot([1, 2, 4])
            file = io.BytesIO()
            fig.savefig(file, format="svg", metadata={"Date": None})
            plt.close(fig)
            files.append(file.getvalue())
    assert files[0] == files[1]
    width = ElementTree.fromstring(files[0]).get("width")
    assert width == "504pt"


def drawings():
    for module in pkgutil.iter_modules(plots.__path__):
        if module.name.startswith("_"):
            continue
        loaded = importlib.import_module(f"helpers.plots.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            is_own = function.__module__ == loaded.__name__ and not name.startswith("_")
            if is_own and module.name != "style":
                yield pytest.param(name, function, id=f"{module.name}.{name}")


@pytest.mark.parametrize(("name", "function"), list(drawings()))
def test_every_drawing_is_documented_exported_and_takes_axes(name, function):
    assert function.__doc__
    assert {"ax", "axes"} & set(inspect.signature(function).parameters)
    assert getattr(plots, name) is inspect.unwrap(function) or getattr(plots, name) is function
    assert name in plots.__all__
