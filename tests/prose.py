"""Read the prose of a notebook or page, and hold the numbers in it to claims.

The rule: a number in prose stands inside a phrase that a `claim` of the same notebook holds to
a computed value. Exempt are

- years, the numbers of list items, and reading times in minutes;
- what is code: code blocks, inline code with a letter or an operator in it, addresses, link
  targets, labels and options of directives;
- 0, 1 and 2 inside a formula;
- settings: numbers that a code cell of the notebook assigns or passes to a function, but not
  those that only pick an entry; and not before a unit of what is measured, as in "16 times" or
  "2 %". On a page they are listed in a comment, ``% given: 24, 8``.

A page that repeats a chapter's number names the claim in a comment,
``% claim: slug: the phrase``, and holds the phrase word for word.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from nbformat import NotebookNode

from helpers.tools.exercise import NUMBER, read_number

GAP = "¤"  # stands where something exempt was taken out, so that numbers beside it stay apart

MEASURED = re.compile(r"\s?(?:%|times\b|nats?\b|bits?\b|(?:milli|micro)?seconds?\b)")
"""What follows a number that was measured. A setting that equals it by chance says nothing."""


@dataclass(frozen=True)
class Claim:
    """A phrase of the prose that a cell holds to a value."""

    phrase: str
    count: int
    """The number that a reader sees beside the cell."""

    tags: tuple[str, ...]
    within: float | None
    """Its margin, where it has one that is written as a number."""


def faults(notebook: NotebookNode) -> list[str]:
    """What is wrong with the numbers of a notebook, the remedy first; nothing where all is well."""
    known, given, texts = claims(notebook), settings(notebook), prose(notebook)
    found, explained = [], []
    for claim in known:
        where = f"the claim in In [{claim.count}]"
        if not any(plain(claim.phrase) in text for _, text in texts):
            others = {plain(each.phrase) for each in known}
            changed = [each for each in _numbers_aside(claim.phrase, texts) if each not in others]
            explained += changed
            wrote = f"You wrote “{changed[0]}”, but" if changed else "No text says it any more, but"
            found.append(
                f"{wrote} {where} holds the prose to “{claim.phrase}”: change the words back, "
                "or the phrase of the claim too, and `make refresh` shows whether it is true."
            )
        if claim.within is not None and claim.within > _allowed(claim) * (1 + 1e-9):
            found.append(
                f"Give {where} within={_allowed(claim):g} or less: “{claim.phrase}” may be off by "
                f"a unit of its last digit or a tenth, and {claim.within} would hold anything."
            )
        if "hide-cell" not in claim.tags:
            found.append(
                f'Fold In [{claim.count}], which claims: give the cell the tag "hide-cell".'
            )
    held = [claim.phrase for claim in known]
    for where, text in texts:
        for number, around, few in loose(text, held, given, unless=MEASURED):
            if not any(number in each and each in text for each in explained):
                found.append(
                    f"Hold {number} by a claim, or leave it out: no cell computes it, and {where} "
                    f"says “…{around}…”. In a cell with the tag hide-cell: "
                    f'claim("{few}", value, within=...).'
                )
    return found


def faults_of_page(text: str, claimed: dict[str, list[str]]) -> list[str]:
    """The same for a page; `claimed` maps each notebook's slug to its claimed phrases."""
    given = {
        read_number(number.strip())
        for line in re.findall(r"^% given: (.*)$", text, re.M)
        for number in line.split(",")
    }
    found, held, cleaned = [], [], clean(text)
    for slug, phrase in re.findall(r"^% claim: ([\w-]+): (.*?) *$", text, re.M):
        if phrase not in claimed.get(slug, []):
            found.append(f"Mend “% claim: {slug}: {phrase}”: no cell of {slug} claims that.")
        elif plain(phrase) not in cleaned:
            found.append(f"Write “{phrase}” as {slug} claims it, or take its % claim away.")
        else:
            held.append(phrase)
    for number, around, _ in loose(cleaned, held, given):
        found.append(
            f"Say where {number} in “…{around}…” comes from, in a comment of the page: "
            f"“% claim: slug: the phrase” if a chapter measured it, “% given: {number}” if not."
        )
    return found


def loose(
    text: str, held: Iterable[str], given: set[float], unless: re.Pattern[str] | None = None
) -> Iterator[tuple[str, str, str]]:
    """Numbers of a cleaned text that nothing holds, with much and with few of the words around.

    >>> text = clean("**1.4** times, 16 streams, 16 %.")
    >>> [number for number, *_ in loose(text, [], {16}, MEASURED)]
    ['1.4', '16']
    >>> list(loose("it is 1.4 times smaller", ["1.4 times smaller"], set()))
    []
    """
    covered = [m.span() for p in held for m in re.finditer(re.escape(plain(p)), text)]
    for match in NUMBER.finditer(text):
        inside = any(a <= match.start() and match.end() <= b for a, b in covered)
        is_set = abs(read_number(match[0])) in given
        if unless is not None and unless.match(text, match.end()):
            is_set = False
        if not inside and not is_set:
            before, after = text[: match.start()], text[match.end() :]
            close = re.split(r"[.:;?!¤]", before)[-1].split()[-2:]
            few = " ".join([*close, match[0], *re.split(r"[.:;?!¤]", after)[0].split()[:2]])
            yield match[0], f"{before[-40:]}{match[0]}{after[:40]}", few


def claims(notebook: NotebookNode) -> list[Claim]:
    """All claims of a notebook; the phrase must be a plain text, so that it can be looked for."""
    found = []
    for cell in notebook.cells:
        for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
            if _is_call_of(node, "claim"):
                phrase = node.args[0] if node.args else None
                if not isinstance(phrase, ast.Constant) or not isinstance(phrase.value, str):
                    raise ValueError(f"a claim begins with a plain text: {ast.unparse(node)}")
                margin = {k.arg: k.value for k in node.keywords}.get("within")
                within = margin.value if isinstance(margin, ast.Constant) else None
                tags = tuple(cell.metadata.get("tags", []))
                found.append(Claim(phrase.value, cell.execution_count, tags, within))
    return found


def settings(notebook: NotebookNode) -> set[float]:
    """Numbers that code cells assign, or pass to a function other than `claim`."""
    found: set[float] = set()
    for cell in notebook.cells:
        for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
            if isinstance(node, ast.Assign | ast.AnnAssign):
                found |= _constants(node.value)
            elif isinstance(node, ast.Call) and not _is_call_of(node, "claim"):
                for argument in [*node.args, *(k.value for k in node.keywords)]:
                    found |= _constants(argument)
            elif isinstance(node, ast.For | ast.comprehension):
                found |= _constants(node.iter)
    return found


def prose(notebook: NotebookNode) -> list[tuple[str, str]]:
    """Cleaned text of each Markdown cell, caption and alternative text, and where it stands."""
    texts = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            texts.append(("the text", cell.source))
        about = cell.metadata.get("mystnb", {})
        figure, image = about.get("figure", {}), about.get("image", {})
        of = f"of {figure.get('name', 'a figure')} in the cell's metadata"
        texts.append((f"the caption {of}", figure.get("caption", "")))
        texts.append((f"the alternative text {of}", image.get("alt", "")))
    return [(where, clean(text)) for where, text in texts if text]


def clean(text: str) -> str:
    """Markdown without what is exempt whatever it says, on one line.

    >>> clean("A {term}`stream` of *length* $T$, [17 of them](page.md#part-3), `0.55` of `x[3]`.")
    'A stream of length T, 17 of them, 0.55 of ¤.'
    >>> clean("1. As in 2018, $h_1 = 10^{-12} h_0$, {numref}`fig-4`, about 25 minutes")
    'As in ¤, h_¤ = 10^{-12} h_¤, ¤, about ¤'
    """
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


def _numbers_aside(phrase: str, texts: list[tuple[str, str]]) -> list[str]:
    """Where the prose says a phrase with other numbers in it."""
    words = NUMBER.split(plain(phrase))
    pattern = NUMBER.pattern.join(map(re.escape, words))
    return [match[0] for _, text in texts for match in re.finditer(pattern, text)]


def _allowed(claim: Claim) -> float:
    """Half a unit of the last digit is rounding; "about 250" may be off by a tenth."""
    (stated,) = NUMBER.findall(claim.phrase)
    exponent = Decimal(stated.replace(",", "").replace("−", "-")).as_tuple().exponent
    return max(10.0**exponent, abs(read_number(stated)) / 10)


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
