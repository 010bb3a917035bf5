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


@pytest.mark.parametrize("value", [p for p in PUBLIC if inspect.isfunction(p.values[0])])
def test_documented_parameters_are_those_of_the_signature(value):
    doc = inspect.getdoc(value) or ""
    section = re.search(r"Parameters\n-+\n(.*?)(?:\n\n[A-Z]\w+\n-+\n|\Z)", doc, re.S)
    if section is None:
        return
    named = re.findall(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: :.*)?$", section[1], re.M)
    documented = {n.strip().lstrip("*") for line in named for n in line.split(",")}
    taken = set(inspect.signature(value).parameters)
    assert documented | {"ax", "axes"} & taken == taken  # every drawing takes axes


@pytest.mark.parametrize("path", sorted((ROOT / "src").rglob("*.py")), ids=lambda p: p.stem)
def test_what_it_cites_is_in_the_bibliography(path):
    known = set(
        re.findall(r"^@\w+\{(\w+),", (ROOT / "book/references.bib").read_text("utf-8"), re.M)
    )
    cited = set(re.findall(r":cite:[tp]:`(\w+)`", path.read_text(encoding="utf-8")))
    assert cited <= known
