"""Chapters import tools, tools import the heart, and no chapter knows another."""

import ast
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[1] / "src"
HEART = ["_types", "seeds", "corpus", "layout", "ticks", "cells", "truncation", "train"]
"""Each may import those before it, numpy and jaxtyping."""

ALONE = {"helpers.tools.audit", "helpers.tools.torch_loop"}
"""They import nothing of ours, so that each can be copied by itself."""

MODULES = {
    ".".join(path.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((SOURCES / "helpers").rglob("*.py"))
}


def imported(path: Path, *, at_once: bool = False) -> set[str]:
    """Every module that a file imports, or that it imports as soon as it is imported itself."""
    tree, found = ast.parse(path.read_text("utf-8")), set()
    for node in tree.body if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= inside or {node.module or ""}
    return found


@pytest.mark.parametrize("name", [each for each in MODULES if each != "helpers"])
def test_arrows_go_where_they_may(name):
    part, ours = name.split(".")[1], {each for each in imported(MODULES[name]) if "helpers" in each}
    if name in ALONE:
        may: tuple[str, ...] = ()
    elif part in HEART:
        may = tuple(f"helpers.{each}" for each in HEART[: HEART.index(part)])
    else:
        heart = tuple(f"helpers.{each}" for each in HEART)
        chapter = ".".join(name.split(".")[:3])
        may = (*heart, "helpers.tools", *([chapter] if part == "chapters" else []))
    assert [each for each in ours if not each.startswith(may)] == [], f"{name} may import {may}"


@pytest.mark.parametrize("name", MODULES)
def test_torch_is_loaded_by_what_is_about_torch_alone(name):
    loads = any(each.split(".")[0] == "torch" for each in imported(MODULES[name], at_once=True))
    assert not loads or name.startswith(("helpers.tools.torch_", "helpers.tools.audit"))
