"""Public functions say what they take, give and refuse, and cite what is in the bibliography."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import helpers

ROOT = Path(__file__).parents[1]


def public():
    for module in pkgutil.walk_packages(helpers.__path__, "helpers."):
        if any(part.startswith("_") for part in module.name.split(".")):
            continue
        loaded = importlib.import_module(module.name)
        for name, value in vars(loaded).items():
            own = getattr(value, "__module__", None) == module.name
            if (
                own
                and not name.startswith("_")
                and (inspect.isfunction(value) or inspect.isclass(value))
            ):
                yield pytest.param(value, id=f"{module.name.removeprefix('helpers.')}.{name}")


PUBLIC = list(public())


@pytest.mark.parametrize("value", PUBLIC)
def test_it_has_a_docstring_whose_first_line_is_short(value):
    doc = inspect.getdoc(value)
    assert doc
    assert len(doc.splitlines()[0]) <= 96
    assert doc.splitlines()[0].endswith((".", "?", ":"))


FUNCTIONS = [p for p in PUBLIC if inspect.isfunction(p.values[0])]


def documented(value):
    """Each parameter that the docstring lists, and what it says of it."""
    doc = inspect.getdoc(value) or ""
    section = re.search(r"Parameters\n-+\n(.*?)(?:\n\n[A-Z]\w+\n-+\n|\Z)", doc, re.S)
    entry = r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: :.*)?$(?:\n {4}.*|\n(?=\n {4}))*"
    named = re.finditer(entry, section[1] if section else "", re.M)
    return {n.strip().lstrip("*"): found[0] for found in named for n in found[1].split(",")}


@pytest.mark.parametrize("value", FUNCTIONS)
def test_documented_parameters_are_those_of_the_signature(value):
    taken = set(inspect.signature(value).parameters)
    named = set(documented(value))
    assert not named or named | {"ax", "axes"} & taken == taken  # every drawing takes axes


@pytest.mark.parametrize("value", FUNCTIONS)
def test_every_array_has_its_shape_in_the_docstring(value):
    for name, parameter in inspect.signature(value).parameters.items():
        array = re.match(r"(?:Float|Integer|Int|Bool|Shaped)\[", str(parameter.annotation))
        if array and name in (entries := documented(value)):
            told = entries[name]
            assert re.search(r" : .*(?:\(.*\)|shape)|\n    As for `", told), f"{name}: {told}"


@pytest.mark.parametrize("path", sorted((ROOT / "src").rglob("*.py")), ids=lambda p: p.stem)
def test_what_it_cites_is_in_the_bibliography(path):
    known = set(
        re.findall(r"^@\w+\{(\w+),", (ROOT / "book/references.bib").read_text("utf-8"), re.M)
    )
    cited = set(re.findall(r":cite:[tp]:`(\w+)`", path.read_text(encoding="utf-8")))
    assert cited <= known
