"""Read the prose of a notebook or page, and the numbers that stand in it.

The rule: a number in prose stands inside a phrase that a `claim` of the same
notebook holds to a computed value. Exempt are

- years, the numbers of list items, and reading times in minutes;
- what is code: code blocks, inline code with a letter or an operator in it,
  addresses, link targets, labels and options of directives;
- 0, 1 and 2 inside a formula;
- settings: numbers that a code cell of the notebook assigns or passes to a
  function, but not those that only pick an entry; and not before a unit of what
  is measured, as in "16 times" or "2 %". On a page they are listed in a comment,
  ``% given: 24, 8``.

A page that repeats a chapter's number names the claim in a comment,
``% claim: slug: the phrase``, and holds the phrase word for word.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from helpers.checks import NUMBER, read_number

GAP = "¤"  # stands where something exempt was taken out, so that numbers beside it stay apart

MEASURED = re.compile(r"\s?(?:%|times\b|nats?\b|bits?\b|(?:milli|micro)?seconds?\b)")
"""What follows a number that was measured. A setting that equals it by chance says nothing."""


@dataclass(frozen=True)
class Claim:
    phrase: str
    cell: int
    within: float | None
    """Its margin, where it has one that is written as a number."""


def loose_numbers(path: Path) -> list[str]:
    """Numbers of a notebook's prose that no claim holds, each with its surroundings."""
    notebook = nbformat.read(path, as_version=4)
    held = [c.phrase for c in claims(notebook)]
    return _loose(prose(notebook), held, settings(notebook), unless=MEASURED)


def loose_numbers_of_page(path: Path, claimed: dict[str, list[str]]) -> list[str]:
    """The same for a page; `claimed` maps each notebook's slug to its claimed phrases."""
    text = path.read_text(encoding="utf-8")
    given = {
        read_number(n.strip())
        for line in re.findall(r"^% given: (.*)$", text, re.M)
        for n in line.split(",")
    }
    held, wrong = [], []
    for slug, phrase in re.findall(r"^% claim: ([\w-]+): (.*?) *$", text, re.M):
        known = phrase in claimed.get(slug, [])
        (held if known else wrong).append(phrase)
    cleaned = [clean(text)]
    wrong += [p for p in held if plain(p) not in cleaned[0]]
    return [f"no such claim: {p}" for p in wrong] + _loose(cleaned, held, given)


def missing_phrases(path: Path) -> list[str]:
    """Claimed phrases that do not stand word for word in the notebook's prose."""
    notebook = nbformat.read(path, as_version=4)
    everything = prose(notebook)
    return [c.phrase for c in claims(notebook) if not any(plain(c.phrase) in p for p in everything)]


def claims(notebook: nbformat.NotebookNode) -> list[Claim]:
    """All claims of a notebook; the phrase must be a plain text, so that it can be looked for."""
    found = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if _is_call_of(node, "claim"):
                first = node.args[0]
                if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
                    raise ValueError(f"cell {number}: the phrase of a claim must be a plain text")
                margin = {k.arg: k.value for k in node.keywords}.get("within")
                plainly = isinstance(margin, ast.Constant)
                found.append(Claim(first.value, number, margin.value if plainly else None))
    return found


def settings(notebook: nbformat.NotebookNode) -> set[float]:
    """Numbers that code cells assign, or pass to a function other than `claim`."""
    found: set[float] = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Assign | ast.AnnAssign):
                    found |= _constants(node.value)
                elif isinstance(node, ast.Call) and not _is_call_of(node, "claim"):
                    for argument in [*node.args, *(k.value for k in node.keywords)]:
                        found |= _constants(argument)
                elif isinstance(node, ast.For | ast.comprehension):
                    found |= _constants(node.iter)
    return found


def prose(notebook: nbformat.NotebookNode) -> list[str]:
    """Cleaned text of each Markdown cell, caption and alternative text."""
    texts = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            texts.append(cell.source)
        about = cell.metadata.get("mystnb", {})
        texts += [about.get("figure", {}).get("caption", ""), about.get("image", {}).get("alt", "")]
    return [clean(text) for text in texts if text]


def clean(text: str) -> str:
    """Markdown without what is exempt whatever it says, on one line."""
    text = re.sub(r"^(`{3,}|~{3,}).*?^\1\s*$", GAP, text, flags=re.M | re.S)
    text = re.sub(r"^%.*$|^:[\w-]+:.*$|^\([\w-]+\)=\s*$", GAP, text, flags=re.M)
    targets = "solution-start|solution-end|include|figure|image"
    text = re.sub(rf"^(:{{3,}})\{{(?:{targets})\}}.*$", GAP, text, flags=re.M)
    text = re.sub(r"\{[\w:-]+\}`([^`<]+?)\s*<[^`>]*>`", r"\1", text)
    text = re.sub(r"\{(?:term|abbr)\}`([^`]*)`", r"\1", text)
    text = re.sub(r"\{[\w:-]+\}`[^`]*`", GAP, text)
    text = re.sub(r"\$\$(.*?)\$\$|\$([^$\n]+)\$", _formula, text, flags=re.S)
    text = re.sub(r"`([^`]*)`", lambda m: m[1] if NUMBER.fullmatch(m[1]) else GAP, text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<https?://[^>]*>|https?://\S+", GAP, text)
    text = re.sub(r"<[^>]+>", " ", text)
    text = re.sub(r"^(\s*(?:>\s*)?)(?:#+\s*)?\d+\.\s", r"\1", text, flags=re.M)
    text = re.sub(r"\b(?:1[89]|20)\d\d\b(?![.,]\d)", GAP, text)
    text = re.sub(r"\b\d+(?: to \d+)? minutes\b", GAP, text)
    return plain(text)


def plain(text: str) -> str:
    """Text without emphasis and dollar signs, with single spaces."""
    return " ".join(re.sub(r"[*$]", "", text).split())


def _loose(
    texts: list[str], held: list[str], given: set[float], unless: re.Pattern[str] | None = None
) -> list[str]:
    found = []
    for text in texts:
        covered = [m.span() for p in held for m in re.finditer(re.escape(plain(p)), text)]
        for match in NUMBER.finditer(text):
            inside = any(a <= match.start() and match.end() <= b for a, b in covered)
            is_set = abs(read_number(match[0])) in given
            if unless is not None and unless.match(text, match.end()):
                is_set = False
            if not inside and not is_set:
                around = text[max(0, match.start() - 40) : match.end() + 40]
                found.append(f"{match[0]} in “…{around}…”")
    return found


def _formula(match: re.Match[str]) -> str:
    inside = match[1] if match[1] is not None else match[2]
    return re.sub(r"(?<![\d.,])[012](?![\d.,])", GAP, inside)


def _constants(node: ast.AST) -> set[float]:
    if isinstance(node, ast.Constant):
        return {abs(float(node.value))} if type(node.value) in (int, float) else set()
    parts = [node.value] if isinstance(node, ast.Subscript) else ast.iter_child_nodes(node)
    return set().union(*(_constants(part) for part in parts))


def _is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and (
        getattr(node.func, "id", None) == name or getattr(node.func, "attr", None) == name
    )
