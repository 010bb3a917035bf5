"""The labelled sections of the chapters, and which of them hold a cell that asserts something."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import nbformat

CHAPTERS = Path(__file__).parents[1] / "notebooks"


@cache
def labelled() -> dict[str, tuple[str, bool]]:
    """Each label above a heading: its chapter, and whether a cell below it asserts."""
    found: dict[str, tuple[str, bool]] = {}
    for path in sorted(CHAPTERS.glob("*.ipynb")):
        asserting = sections(nbformat.read(path, as_version=4))
        found |= {label: (path.stem, proven) for label, proven in asserting.items()}
    return found


def sections(notebook: nbformat.NotebookNode) -> dict[str, bool]:
    """Labels of a notebook's sections, and whether a cell of the section asserts something.

    A section ends at the next heading of its own level or above it.
    """
    found: dict[str, bool] = {}
    open_ones: list[tuple[int, str | None]] = []  # level and label of each heading still open
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for label, marks in re.findall(r"^(?:\(([\w-]+)\)=\n)?(#+) ", cell.source, re.M):
                open_ones = [one for one in open_ones if one[0] < len(marks)]
                open_ones.append((len(marks), label or None))
                if label:
                    found[label] = False
        elif cell.cell_type == "code" and seen(cell) and asserts(cell.source):
            found |= {label: True for _, label in open_ones if label}
    return found


def seen(cell: nbformat.NotebookNode) -> bool:
    """Whether a reader can see the code of a cell: folded it may be, but not removed."""
    return not {"remove-cell", "remove-input"} & set(cell.metadata.get("tags", []))


def asserts(source: str) -> bool:
    """Whether code asserts: by the statement, or by a claim that holds the prose to a value."""
    return any(
        isinstance(node, ast.Assert)
        or (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "claim")
        for node in ast.walk(ast.parse(source))
    )
