"""The pages for people who arrive by a search keep what they promise, entry by entry."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml
from sections import labelled
from test_book import ROOT, pages_in_toc
from test_site import pages

from helpers import rnn

VERDICTS = {"wrong", "half right", "right, but", "right", "good question", "never asked"}
CLAIMS = [f"answer-a{i}" for i in range(1, 12)] + [f"answer-b{i}" for i in range(1, 13)]
VERSION = re.compile(r"\b(?:[0-9a-f]{40}|20\d\d|\d+\.\d+\.\d+)\b")


@cache
def text(page: str) -> str:
    return (ROOT / f"book/{page}.md").read_text("utf-8")


def entries(page: str, prefix: str) -> dict[str, str]:
    """Label of each entry, a heading of the third level, and what stands below its label."""
    parts = re.split(rf"^\(({prefix}-[\w-]+)\)=\n(?=### )", text(page), flags=re.M)
    bodies = [re.split(r"^## |^\([\w-]+\)=$", part, flags=re.M)[0] for part in parts]
    return dict(zip(parts[1::2], bodies[2::2], strict=True))


def refs(markdown: str) -> list[str]:
    return re.findall(r"\{ref\}`(?:[^`<]*<)?([\w-]+)>?`", markdown)


def proven(markdown: str) -> list[str]:
    """Sections of chapters that are linked and hold a cell that asserts something."""
    return [label for label in refs(markdown) if labelled().get(label, ("", False))[1]]


def exercises() -> dict[str, tuple[str, str]]:
    """Label of each exercise of the course, in order: its chapter and its title."""
    found = {}
    for page in pages_in_toc():
        if not page.startswith("notebooks/"):
            continue
        for cell in nbformat.read(ROOT / f"{page}.ipynb", as_version=4).cells:
            for title, label in re.findall(
                r"^:::\{exercise\} (.+)\n:label: (\S+)$", cell.source, re.M
            ):
                found[label] = (page.removeprefix("notebooks/"), title)
    return found


def chapters() -> list[str]:
    """The chapters on the two axes, in order, without what is looked up."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    (part,) = (part for part in toc["parts"] if part["caption"] == "The two axes")
    return [Path(chapter["file"]).name for chapter in part["chapters"]]


def verdict(body: str) -> str:
    return re.search(r"^\*\*(.+?)\*\*", body, re.M)[1].rstrip(".").lower()


def test_the_answer_has_every_belief_and_claim_at_an_address_of_its_own():
    assert list(entries("original_answer", "answer")) == CLAIMS


@pytest.mark.parametrize("label", CLAIMS)
def test_a_claim_has_a_verdict_a_reason_and_a_section_that_proves_it(label):
    body = entries("original_answer", "answer")[label]
    assert verdict(body) in VERDICTS
    told = re.sub(r"^%.*$|^###.*$", "", body, flags=re.M)
    assert 20 <= len(told.split()) <= 150
    assert proven(body), "a link to a labelled section that asserts something"


@pytest.mark.parametrize("label", CLAIMS)
def test_the_verdict_at_a_glance_is_the_verdict_below(label):
    name = label.removeprefix("answer-").upper()
    row = re.search(
        rf"^\| {{ref}}`{name} <{label}>` \| .+ \| (.+) \|$", text("original_answer"), re.M
    )
    below = verdict(entries("original_answer", "answer")[label])
    assert row[1].removesuffix(" …") == below


ERRATA = list(entries("errata", "errata"))


def test_there_are_errata_and_a_way_to_report_some_of_ours():
    assert len(ERRATA) >= 20
    ours = text("errata").split("(errata-here)=\n")[1]
    assert "Open issue" in ours
    assert len(re.findall(r"^\d\. ", ours, re.M)) >= 3


@pytest.mark.parametrize("label", ERRATA)
def test_an_erratum_has_a_place_a_version_and_a_section_that_proves_it(label):
    body = entries("errata", "errata")[label]
    where, says, fact, shown = re.split(r"^- \*\*", body, flags=re.M)[1:]
    assert where.startswith("Where.**")
    assert re.search(r"\]\(https://[^)\s]+\)", where), "a link to the place"
    assert VERSION.search(where), "the version that was read"
    assert says.startswith("It says")
    assert fact.startswith("In fact:**")
    assert shown.startswith("Shown at**")
    assert proven(shown), "a link to a labelled section that asserts something"


def test_a_commit_that_is_named_is_one_that_is_linked():
    named = re.findall(r"`([0-9a-f]{12})`", text("errata"))
    linked = re.findall(r"/blob/([0-9a-f]{40})/", text("errata"))
    assert named
    for short in named:
        assert any(commit.startswith(short) for commit in linked), short


@pytest.mark.parametrize(
    ("lesson", "first", "last"), [("ten", 0, 10), ("fifty", 0, 50), ("ninety", 40, 90)]
)
def test_a_lesson_fills_its_time_without_a_gap(lesson, first, last):
    plan = text("teachers").split(f"(teach-{lesson})=\n")[1].split("\n## ")[0]
    steps = re.findall(r"^(\d+) to (\d+) minutes\n: ", plan, re.M)
    times = [(int(a), int(b)) for a, b in steps]
    assert times[0][0] == first
    assert times[-1][1] == last
    assert all(before[1] == after[0] for before, after in pairwise(times))
    assert all(1 < b - a <= 12 for a, b in times)
    assert plan.count("\n: **Ask:** ") >= 4
    assert plan.count("\n: **Be ready for:** ") >= 4


def taught() -> dict[str, tuple[str, str, list[str]]]:
    """Each exercise on the page for teachers: its title, a wrong answer, and the hints."""
    found = {}
    pattern = (
        r"^\*\*\{ref\}`(.+) <(ex-[\w-]+)>`\*\* tests .+\n\n"
        r"```python\n([\s\S]+?)\n```\n\n((?:- `.+`\n)+)"
    )
    for title, label, wrong, hints in re.findall(pattern, text("teachers"), re.M):
        found[label] = (title, wrong, re.findall(r"^- `(.+)`$", hints, re.M))
    return found


def test_the_page_for_teachers_has_every_exercise_in_order():
    titles = [(label, title) for label, (_, title) in exercises().items()]
    assert len(titles) > 20
    assert [(label, title) for label, (title, _, _) in taught().items()] == titles


@pytest.mark.parametrize("label", exercises())
def test_a_wrong_answer_gets_the_hint_that_is_printed_on_the_page(label):
    _, wrong, hints = taught()[label]
    check = importlib.import_module(f"helpers.checks.{exercises()[label][0]}")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(wrong, {"np": np, "rnn": rnn, "check": check})
    assert said.getvalue().splitlines() == hints
    assert any("not yet" in hint for hint in hints)


def test_every_claim_and_every_chapter_stand_in_the_table_of_beliefs():
    table = text("teachers").split("## Which belief each chapter ends\n")[1].split("\n(")[0]
    assert re.findall(r"^\| \{doc\}`/notebooks/(\w+)`", table, re.M) == chapters()
    assert sorted(label for label in refs(table) if label in CLAIMS) == sorted(CLAIMS)
    assert all(label in ERRATA for label in refs(table) if label.startswith("errata-"))


def test_the_figures_for_slides_come_from_every_chapter_with_their_licence():
    slides = text("teachers").split("(teach-figures)=\n")[1]
    listed = re.findall(r"^\| \{numref\}`(fig-[\w-]+)` \| (.+) \|$", slides, re.M)
    assert len({name for name, _ in listed}) == len(listed) >= 12
    assert all(len(words.split()) >= 6 for _, words in listed)
    drawn = {
        name: path.stem for path in (ROOT / "notebooks").glob("*.ipynb") for name in named(path)
    }
    assert {drawn[name] for name, _ in listed if name in drawn} == set(chapters())
    licence = (ROOT / "LICENSE-text").read_text("utf-8")
    assert "CC BY 4.0" in slides
    assert "CC BY 4.0" in licence
    assert re.search(r"https://creativecommons.org/licenses/by/4.0/", slides)[0] in licence


def test_every_entry_has_its_address_and_every_slide_is_a_drawing(html):
    built = {path.relative_to(html).as_posix(): page for path, page in pages(html).items()}
    for page, prefix in (("original_answer", "answer"), ("errata", "errata")):
        for label in entries(page, prefix):
            assert built[f"book/{page}.html"].find(id=label) is not None, label
    slides = text("teachers").split("(teach-figures)=\n")[1]
    for name in re.findall(r"^\| \{numref\}`(fig-[\w-]+)`", slides, re.M):
        (figure,) = (found for page in built.values() if (found := page.find(id=name)))
        assert figure.img["src"].endswith(".svg"), name


def named(path: Path) -> list[str]:
    cells = nbformat.read(path, as_version=4).cells
    figures = [cell.metadata.get("mystnb", {}).get("figure", {}) for cell in cells]
    return [figure["name"] for figure in figures if "name" in figure]
