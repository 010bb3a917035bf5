"""Every test can fail, and none is switched off."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FILES = sorted(Path(__file__).parent.glob("*.py"))
EACH = pytest.mark.parametrize(
    "path", [path for path in FILES if path.stem.startswith("test_")], ids=lambda path: path.stem
)
LOOKS = ("raises", "warns", "fail", "claim")
"""What looks at something without the word assert; a claim raises where it is false."""


def functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def called(function: ast.AST) -> set[str]:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {getattr(call, "attr", getattr(call, "id", "")) for call in calls}


def looks(function: ast.AST) -> bool:
    """Whether it asserts something itself, or runs a program that has to succeed."""
    names = called(function)
    checked = any(
        isinstance(node, ast.keyword) and node.arg == "check" and ast.unparse(node.value) == "True"
        for node in ast.walk(function)
    )
    asserts = any(isinstance(node, ast.Assert) for node in ast.walk(function))
    return asserts or checked or any(n in LOOKS or n.startswith("assert_") for n in names)


def names_of_decorators(function: ast.FunctionDef) -> list[str]:
    calls = [getattr(each, "func", each) for each in function.decorator_list]
    return [ast.unparse(call).rpartition(".")[2] for call in calls]


@EACH
def test_every_test_can_fail(path):
    shared = {f.name for file in FILES for f in functions(file) if looks(f)}
    own = [f for f in functions(path) if f.name.startswith("test_")]
    blind = [f.name for f in own if not looks(f) and not called(f) & shared]
    assert blind == []


@EACH
def test_no_test_is_switched_off(path):
    off = [f.name for f in functions(path) if {"skip", "xfail"} & set(names_of_decorators(f))]
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            off += [word for word in ("skip", "xfail") if f".{word}" in ast.unparse(node.value)]
    assert off == []
