"""The sources of the book as tests read them: notebooks, pages, and what may be linked to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import yaml

ROOT = Path(__file__).parents[1]
SLUGS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
PAGES = sorted(path.stem for path in (ROOT / "book").glob("*.md"))
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
BASE = urlsplit(CONFIG["html"].get("baseurl") or "").path.strip("/")
"""The folder in which the book stands at its host: `html.baseurl` says it."""

CHAPTERS = "The two axes"
"""The part of the table of contents whose notebooks are chapters."""


@cache
def notebook(slug: str) -> nbformat.NotebookNode:
    """A notebook as it is stored."""
    return nbformat.read(ROOT / f"notebooks/{slug}.ipynb", as_version=4)


def page(name: str) -> str:
    """The Markdown of a page."""
    return (ROOT / f"book/{name}.md").read_text("utf-8")


def contents() -> list[str]:
    """Every page of the book in the order of the menu, as `book/setup` or `notebooks/layout`."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [toc["root"], *(each["file"] for part in toc["parts"] for each in part["chapters"])]


def chapters() -> list[str]:
    """Slugs of the notebooks that are chapters, in the order of the menu."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    parts = [part for part in toc["parts"] if part["caption"] == CHAPTERS]
    return [Path(each["file"]).name for part in parts for each in part["chapters"]]


@cache
def markdown() -> dict[str, str]:
    """All Markdown of each page and notebook, by its path from the root."""
    found = {f"book/{name}.md": page(name) for name in PAGES}
    for slug in SLUGS:
        texts = []
        for cell in notebook(slug).cells:
            about = cell.metadata.get("mystnb", {})
            texts += [cell.source] if cell.cell_type == "markdown" else []
            texts += [about.get("figure", {}).get("caption", "")]
        found[f"notebooks/{slug}.ipynb"] = "\n\n".join(texts)
    return found


@cache
def proven() -> dict[str, bool]:
    """Each label above a heading of a notebook: whether a cell of the section asserts something.

    A section ends at the next heading of its own level or above it.
    """
    found: dict[str, bool] = {}
    for slug in SLUGS:
        within: list[tuple[int, str]] = []
        for cell in notebook(slug).cells:
            if cell.cell_type == "markdown":
                for label, marks in re.findall(r"^(?:\(([\w-]+)\)=\n)?(#+) ", cell.source, re.M):
                    within = [one for one in within if one[0] < len(marks)]
                    within.append((len(marks), label))
                    found |= {label: False} if label else {}
            elif seen(cell) and any(map(asserts, ast.walk(ast.parse(cell.source)))):
                found |= {label: True for _, label in within if label}
    return found


def seen(cell: nbformat.NotebookNode) -> bool:
    """Whether a reader can see the code of a cell: folded it may be, but not removed."""
    return not {"remove-cell", "remove-input"} & set(cell.metadata.get("tags", []))


def asserts(node: ast.AST) -> bool:
    """Whether this is an assertion, or a claim that holds the prose to a value."""
    if isinstance(node, ast.Assert):
        return True
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "claim"


def labels() -> Iterator[tuple[str, str]]:
    """Everything that `ref` and `numref` may lead to, with the file that it stands in."""
    blocks = r"^:{3,}\{(?:figure|play|exercise)\}.*\n(?::.*\n)*?:(?:name|label): (\S+)$"
    for path, text in markdown().items():
        for label in re.findall(rf"^\(([\w-]+)\)=$|{blocks}", text, re.M):
            yield "".join(label), path
    for slug in SLUGS:
        for cell in notebook(slug).cells:
            if name := cell.metadata.get("mystnb", {}).get("figure", {}).get("name"):
                yield name, f"notebooks/{slug}.ipynb"
