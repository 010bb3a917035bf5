"""Results that take longer than a notebook may: computed once, kept with their settings.

``python -m helpers.experiments`` (``make experiments``) computes what is missing
or stale into ``notebooks/results/*.json``; names on the command line choose
some of them. A notebook reads a result with `load`, recomputes one cell of it
live and asserts that the two agree. A test refuses a result whose sources have
changed since.

One module a chapter registers its experiments with `experiment`.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import os
import pkgutil
import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import _arguments

RESULTS = Path(__file__).parents[3] / "notebooks" / "results"
"""Where the results lie; the package is installed in place, so this is the checkout."""

PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Experiment:
    """A function without arguments whose result is kept as JSON."""

    name: str
    compute: Callable[[], dict[str, Any]]
    timed: bool
    """The result holds seconds, so the machine is named and nobody expects them again."""


EXPERIMENTS: dict[str, Experiment] = {}


def experiment(*, timed: bool = False) -> Callable[[Callable[[], dict[str, Any]]], Any]:
    """Register the decorated function under its own name."""

    def register(compute: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        EXPERIMENTS[compute.__name__] = Experiment(compute.__name__, compute, timed)
        return compute

    return register


def load(name: str) -> dict[str, Any]:
    """A kept result, as its experiment returned it; `timed` ones also name the machine.

    Raises
    ------
    ValueError
        If there is no such experiment, or it has not been computed yet.
    """
    return dict(_read(name)["result"])


def machine(name: str) -> str:
    """The machine that a kept result was computed on, in words.

    Raises
    ------
    ValueError
        As `load` does.
    """
    return str(_read(name)["machine"])


def is_stale(name: str) -> bool:
    """Whether the sources that a kept result depends on have changed since.

    Comments, docstrings and blank lines do not count.

    Raises
    ------
    ValueError
        As `load` does.
    """
    return bool(_read(name)["sources"] != fingerprint(_known(name).compute.__module__))


def run(name: str) -> Path:
    """Compute a result and keep it; an interrupted run leaves the old file as it was.

    Raises
    ------
    ValueError
        If there is no such experiment.
    """
    chosen = _known(name)
    content = {
        "experiment": name,
        "machine": describe_machine() if chosen.timed else "any",
        "sources": fingerprint(chosen.compute.__module__),
        "result": chosen.compute(),
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    with tempfile.NamedTemporaryFile("w", dir=RESULTS, delete=False, encoding="utf-8") as file:
        file.write(json.dumps(content, indent=1) + "\n")
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
    return path


def fingerprint(module: str) -> str:
    """Hash of a module's source and of all modules of this package that it imports.

    Refusals of wrong arguments change no result: `_arguments` is left out, and so is
    each ``if`` that does nothing but raise.
    """
    waiting, seen = [module], dict[str, str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        text = _source_of(name).read_text(encoding="utf-8")
        seen[name] = _code_alone(text)
        waiting += [m for m in _imports(text) if m not in (__name__, "helpers._arguments")]
    joined = "\n".join(f"{name}\n{seen[name]}" for name in sorted(seen))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def describe_machine() -> str:
    """Processor and number of cores, such as a figure's caption may name them."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} cores, {platform.system()}"


def register_all() -> None:
    """Import every module of this folder, so that its experiments are known."""
    for found in pkgutil.iter_modules(__path__):
        if found.name != "__main__":
            importlib.import_module(f"{__name__}.{found.name}")


def _known(name: str) -> Experiment:
    register_all()
    if not isinstance(name, str) or name not in EXPERIMENTS:
        known = ", ".join(sorted(EXPERIMENTS))
        raise ValueError(f"name must be one of {known}, got {_arguments.short(name)}")
    return EXPERIMENTS[name]


def _read(name: str) -> dict[str, Any]:
    _known(name)
    path = RESULTS / f"{name}.json"
    if not path.exists():
        raise ValueError(
            f"name must be a result that has been computed, got {name!r}; `make experiments` "
            f"computes all"
        )
    try:
        content = dict(json.loads(path.read_text(encoding="utf-8")))
        return {key: content[key] for key in ("machine", "sources", "result")}
    except (ValueError, KeyError) as damage:
        raise ValueError(
            f"name must be a result whose file can be read, got {name!r}: {damage!r}; "
            "`make experiments` computes it anew once the file is deleted"
        ) from None


def _source_of(module: str) -> Path:
    path = PACKAGE.parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imports(text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [n if _source_of(n).exists() else str(node.module) for n in names]
        elif isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] == "helpers"]
    return found


def _code_alone(text: str) -> str:
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and (_is_docstring(node) or _is_refusal(node)):
            first, last = node.lineno - 1, node.end_lineno or node.lineno
            lines[first:last] = [""] * (last - first)
    stripped = (line.strip() for line in lines)
    return "\n".join(line for line in stripped if line and not line.startswith("#"))


def _is_docstring(node: ast.stmt) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _is_refusal(node: ast.stmt) -> bool:
    """Whether it does nothing but raise; one that also names a value, with ``:=``, does more."""
    if not isinstance(node, ast.If) or node.orelse or not isinstance(node.body[0], ast.Raise):
        return False
    return not any(isinstance(part, ast.NamedExpr) for part in ast.walk(node.test))
