"""Compute the kept results, and tell which have to be computed anew.

``make experiments`` computes what is missing or stale, ``python tests/experiments.py NAME ...``
the results that are named.
"""

import ast
import cProfile
import hashlib
import json
import os
import platform
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from helpers.tools import kept

Sources = dict[str, dict[str, str]]  # module -> function or constant -> hash of its code


def is_stale(name: str) -> bool:
    """Whether the code of a function that ran for a kept result, or its constants, changed since.

    Docstrings, comments, annotations, decorators and refusals do not count.
    """
    content = kept.read(name)
    now = {module: _pieces(module) for module in content["sources"]}
    return content["machine"] == "any" and any(
        _hash(now[module].get(piece)) != before
        for module, pieces in content["sources"].items()
        for piece, before in pieces.items()
    )


def run(name: str) -> Path:
    """Compute a result and keep it; an interrupted run leaves the old file as it was."""
    chosen, profile = kept.known(name), cProfile.Profile(builtins=False)
    found = chosen.compute() if chosen.timed else profile.runcall(chosen.compute)
    content = {
        "name": name,
        "machine": _this_machine() if chosen.timed else "any",
        "engine": kept.ENGINE,
        "sources": sources(entry.code for entry in profile.getstats()),
        "result": found,
    }
    path = kept.RESULTS / f"{name}.part"
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path.replace(path.with_suffix(".json"))


def sources(ran: Iterable[Any]) -> dict[str, dict[str, str]]:
    """Of each module the hashes of what ran: its functions, and the constants that they name."""
    chosen = set()
    for code in ran:
        path = Path(getattr(code, "co_filename", "built in"))
        if path.is_relative_to(kept.PACKAGE) and path not in (
            kept.PACKAGE / "_types.py",
            Path(kept.__file__),
        ):
            module = ".".join(path.relative_to(kept.PACKAGE).with_suffix("").parts)
            chosen.add((module, code.co_qualname.split(".<locals>")[0]))
    every = {module: _pieces(module) for module, _ in chosen}
    chosen = {(module, piece) for module, piece in chosen if piece in every[module]}
    waiting = list(chosen)
    while waiting:
        module, piece = waiting.pop()
        named = set(re.findall(r"\w+", ast.unparse(every[module][piece])))
        used = {
            (other, name)
            for other, pieces in every.items()
            for name in named & pieces.keys()
            if not isinstance(pieces[name], ast.FunctionDef)
        }
        waiting += used - chosen
        chosen |= used
    return {
        module: {p: _hash(pieces[p]) for p in sorted(pieces) if (module, p) in chosen}
        for module, pieces in sorted(every.items())
    }


def main(names: list[str]) -> None:
    """Compute `names`, or without any all results that are missing or stale."""
    kept.register_all()
    for name in names or sorted(kept.KNOWN):
        chosen = kept.known(name)
        print(f"{name}: ", end="", flush=True)
        if chosen.real_text and kept.TEXTS not in os.environ:
            print(f"left as it is, since {kept.TEXTS} names no folder of real texts")
        elif not names and (kept.RESULTS / f"{name}.json").exists() and not is_stale(name):
            print("up to date")
        else:
            begin = time.perf_counter()
            run(name)
            print(f"computed in {time.perf_counter() - begin:.0f} s")


def _this_machine() -> str:
    info = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*: (.*)", info.read_text() if info.exists() else "")
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, {platform.system()}"


class _Bare(ast.NodeTransformer):
    """Leaves out of code what changes no result."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list, node.returns = [], None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        value = node.value
        return None if isinstance(value, ast.Constant) and isinstance(value.value, str) else node

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """One that does nothing but raise is a refusal, unless it names a value too."""
        refuses = isinstance(node.body[-1], ast.Raise) and not node.orelse
        if refuses and ":=" not in ast.unparse(node.test):
            return None
        return self.generic_visit(node)


def _pieces(module: str) -> dict[str, ast.stmt]:
    """Functions, methods ("Class.method"), classes without them, and constants of a module."""
    path = kept.PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
    tree = _Bare().visit(ast.parse(path.read_text(encoding="utf-8") if path.exists() else ""))
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            found |= {f"{node.name}.{part.name}": part for part in methods}
            node.body = [part for part in node.body if part not in methods]
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
            found |= {part.id: node for part in names if isinstance(part.ctx, ast.Store)}
    return found


def _hash(node: ast.stmt | None) -> str:
    if node is None:
        return "gone"
    code = re.sub(r"[\"'\\]+", "'", ast.unparse(node))  # Pythons choose the quotes of f-strings
    return hashlib.sha256(code.encode()).hexdigest()[:12]


if __name__ == "__main__":
    main(sys.argv[1:])
