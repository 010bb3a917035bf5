"""Results that take longer than a notebook may: computed once, kept with what they depend on.

``make experiments`` (``tests/experiments.py``) computes what is missing or stale into
``notebooks/results/*.json``. A notebook reads one with `load`, recomputes a part of it live and
asserts that the two agree.
"""

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
RESULTS = PACKAGE.parents[1] / "notebooks" / "results"
ENGINE = "second"  # three cells over one forward; the first had a module for each
TEXTS = "COURSE_TEXTS"  # the environment variable that names the folder of real texts

Compute = Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Result:
    """A function without arguments whose result is kept."""

    compute: Compute
    timed: bool  # it holds seconds: the machine is named, and nobody expects them again
    real_text: bool  # it reads texts that do not lie in this repository


KNOWN: dict[str, Result] = {}


def result(*, timed: bool = False, real_text: bool = False) -> Callable[[Compute], Compute]:
    """Keep what the decorated function returns, under the function's name."""

    def register(compute: Compute) -> Compute:
        KNOWN[compute.__name__] = Result(compute, timed, real_text)
        return compute

    return register


def load(name: str) -> dict[str, Any]:
    """A kept result, as its function returned it."""
    return dict(read(name)["result"])


def machine(name: str) -> str:
    """The machine that a kept result was computed on; "any" unless it holds seconds."""
    return str(read(name)["machine"])


def register_all() -> None:
    """Import the modules of the chapters that keep results."""
    for path in sorted(PACKAGE.glob("chapters/*/*.py")):
        if "@kept.result(" in path.read_text(encoding="utf-8"):
            importlib.import_module(f"helpers.chapters.{path.parent.name}.{path.stem}")


def known(name: str) -> Result:
    """The function behind a name."""
    register_all()
    if name not in KNOWN:
        raise ValueError(f"name must be one of {', '.join(sorted(KNOWN))}, got {name!r}")
    return KNOWN[name]


def read(name: str) -> dict[str, Any]:
    """All of a kept file."""
    try:
        content = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        return {key: content[key] for key in ("machine", "engine", "sources", "result")}
    except (OSError, ValueError, KeyError) as damage:
        there = ", ".join(sorted(path.stem for path in RESULTS.glob("*.json")))
        raise ValueError(
            f"name must be one of {there}, each in a file that can be read, got {name!r} "
            f"({damage!r}); `python tests/experiments.py {name}` computes it"
        ) from None
