"""Who may import whom: modules follow the stages of the data, and torch stays outside."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[1] / "src" / "helpers"
CELLS = {"rnn", "lstm", "gru"}
CORE = CELLS | {"bptt", "truncation", "layout", "corpus", "seeds", "closed_form", "measure"}
CORE |= {"budget", "loaders"}
CORE |= {"sequences"}
ALLOWED = {
    "seeds": set(),
    "corpus": set(),
    "layout": set(),
    "sequences": set(),
    "rnn": set(),
    "closed_form": set(),
    "lstm": {"rnn", "bptt"},
    "gru": {"rnn", "bptt"},
    "bptt": {"rnn"},
    "truncation": {"rnn", "bptt"},
    "budget": {"layout", "truncation"},
    "loaders": {"layout"},
    "torch_twin": CELLS,
    "torch_loop": set(),
    "measure": CELLS | {"bptt", "truncation"},
    "train": CELLS | {"layout", "corpus", "bptt", "truncation"},
    "progress": set(),
    "texts": {"corpus", "progress"},
    "plots": set(),
    "checks": CORE | {"train"},
    "experiments": CORE | {"train", "torch_twin", "progress"},
    "bench": CORE,
}
"""Beside these, every module may import `_arguments`, and a package its own parts."""

TORCH = {"torch_twin", "torch_loop"}
"""The modules that import torch at top level; all others work without it."""

EVERY = sorted(SOURCES.rglob("*.py"))


def part(path: Path) -> str:
    return path.relative_to(SOURCES).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "helpers":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("helpers.")}
    return found


@pytest.mark.parametrize("path", EVERY, ids=lambda p: str(p.relative_to(SOURCES)))
def test_arrows_go_where_they_may(path):
    name = part(path)
    if name in ("__init__", "_arguments"):
        assert imported(path) == set()
    else:
        assert imported(path) <= ALLOWED[name] | {"_arguments", name}


@pytest.mark.parametrize("path", EVERY, ids=lambda p: str(p.relative_to(SOURCES)))
def test_only_two_modules_import_torch_at_top_level(path):
    top = ast.parse(path.read_text(encoding="utf-8")).body
    names = {a.name.split(".")[0] for n in top if isinstance(n, ast.Import) for a in n.names}
    names |= {(n.module or "").split(".")[0] for n in top if isinstance(n, ast.ImportFrom)}
    assert ("torch" in names) == (part(path) in TORCH)


def test_importing_the_helpers_does_not_load_torch():
    modules = ", ".join(sorted(ALLOWED.keys() - TORCH))
    code = f"import sys; from helpers import {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
