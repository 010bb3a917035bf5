"""The door at which arguments are checked, and how large the house may grow."""

from pathlib import Path

import numpy as np
import pytest
from jaxtyping import Float, TypeCheckError

import helpers
from helpers._types import Count, Rate, Size, checked

Vector = Float[np.ndarray, "N"]


@checked
def door(size: Size, x: Vector, y: Vector, rate: Rate | None, many: list[Count]) -> int:
    """The size."""
    return size if size < 100 else "large"


RIGHT = {"size": np.uint8(3), "x": np.ones(2), "y": np.ones(2), "rate": 0, "many": [np.int64(1)]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"size": 0}, r"^size must be an integer of at least 1, got 0$"),
        ({"size": True}, r"^size must be an integer of at least 1, got True$"),
        ({"size": 2.0}, r"^size must be an integer of at least 1, got 2.0$"),
        ({"rate": float("nan")}, r"^rate must be a finite number of at least 0 or None, got nan$"),
        ({"many": [-1]}, r"^many must be list of an integer of at least 0, got \[-1\]$"),
        ({"y": np.ones(3)}, r"^y must be a numpy array, Float \(N\), with N=2"),
        ({"x": np.arange(2)}, r"^x must be a numpy array, Float \(N\).*, got i64\[2\]"),
    ],
)
def test_a_refusal_names_the_argument_what_works_and_what_it_got(given, message):
    with pytest.raises(ValueError, match=message):
        door(**(RIGHT | given))


def test_what_is_right_comes_through_and_a_wrong_result_is_our_own_mistake():
    assert door(**RIGHT) == 3
    assert door.__doc__ == "The size."
    with pytest.raises(TypeCheckError):
        door(**(RIGHT | {"size": 100}))
    with pytest.raises(TypeError, match="missing a required argument: 'size'"):
        door(rate=3)


def test_the_heart_can_be_shown_on_a_page_and_read_in_an_hour():
    src = Path(helpers.__file__).parent
    heart = [src / f"{name}.py" for name in ("layout", "ticks", "cells", "truncation", "train")]
    lines = {
        path: path.read_text("utf-8").splitlines() for path in [*heart, *src.glob("tools/*.py")]
    }
    assert sum(len(lines[path]) for path in heart) <= 750
    assert [line for path in heart for line in lines[path] if len(line) > 76] == []
    allowed = {"audit.py": 400}
    assert [p.name for p in lines if len(lines[p]) > allowed.get(p.name, 330)] == []
