"""What a reader does with the course: the list of chapters, and the work that a page has.

``:::{chapters}`` lists the chapters in the order of ``_toc.yml``, each with its question, what it
needs and how long it takes, as its first cell says it; nothing is written twice. A chapter is a
notebook in the part "The two axes"; a notebook in another part is a page to look things up.
``:::{exercises-table} layout`` says to teachers what each exercise of a chapter tests, and what
its check prints for a wrong answer, which is run while the book is built.

Each chapter gets a list of its exercises near the top, a box to tick at each exercise, and its
questions as groups whose choices know whether they are right. ``book/_static/course.js`` marks
them; without scripts the list is a list, and the choices open as they are.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import re
from dataclasses import dataclass
from html import escape
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PART = "The two axes"  # whose notebooks are the chapters

EXERCISE = re.compile(
    r'<div class="exercise admonition" id="(?P<id>[^"]+)">\s*<p class="admonition-title">'
    r'<span class="caption-number">(?P<number>[^<]+?)\s*</span>(?: \((?P<title>.*?)\))?</p>'
)
STATED = re.compile(r"^:::\{exercise\} (.+)\n:label: (\S+)$", re.MULTILINE)
QUESTION = re.compile(
    r"<p>(?P<text><strong>(?:(?!</p>).)*</strong>(?:(?!</p>).)*)</p>\s*"
    r"(?P<choices>(?:<details>(?:(?!</details>).)*</details>\s*)+)",
    re.DOTALL,
)
CHOICE = re.compile(r"<details>(.*?</summary>\s*(?:<p>)?\s*(\w+).*?</details>)", re.DOTALL)


@dataclass(frozen=True)
class Chapter:
    """What the first cell of a chapter says about it, and how much work it has."""

    question: str
    needs: str
    minutes: int
    exercises: int
    questions: int


def chapters_in_order(root: Path) -> list[str]:
    """Names of the pages that are chapters, in the order of the table of contents."""
    parts = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))["parts"]
    own = [part["chapters"] for part in parts if part["caption"] == PART]
    if not own:
        raise ValueError(f"_toc.yml has no part {PART!r}, where the chapters stand")
    return [each["file"] for each in own[0] if each["file"].startswith("notebooks/")]


def chapter(root: Path, page: str) -> Chapter:
    """Read one chapter; refuse one whose first cell does not say what a reader must know."""
    cells = json.loads((root / f"{page}.ipynb").read_text("utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    opening = texts[0]
    question = re.search(r"^\*(?!\*)(.+?)\*\s*$", opening, re.MULTILINE | re.DOTALL)
    needs = re.search(r"You need: (.+?)(?:\.(?=\s)|; about \d+ minutes)", opening, re.DOTALL)
    minutes = re.search(r"about (\d+) minutes", opening)
    if question is None or needs is None or minutes is None:
        raise ValueError(
            f"{page}: the first cell must hold the question in italics, a sentence that begins "
            '"You need:", and "about … minutes"'
        )
    # Links between chapters are to lead there from every page.
    anywhere = re.sub(r"\{doc\}`(?![/<])([^`]+)`", r"{doc}`/notebooks/\1`", needs[1])
    return Chapter(
        question=question[1].replace("\n", " "),
        needs=anywhere.replace("\n", " "),
        minutes=int(minutes[1]),
        exercises=sum(text.count("{exercise}") for text in texts),
        questions=sum(len(re.findall(r"^\*\*.*\*\*\s*\n+<details", text, re.M)) for text in texts),
    )


class Written(SphinxDirective):
    """Markdown that is made while the book is built."""

    def parsed(self, markdown: str, source: str) -> list[nodes.Node]:
        """What a page shows of it."""
        whole = nodes.Element()
        self.state.nested_parse(StringList(markdown.splitlines(), source=source), 0, whole)
        return whole.children


class Chapters(Written):
    """The chapters as a list, from their own first cells."""

    def run(self) -> list[nodes.Node]:
        """One item for each chapter."""
        root = Path(self.env.srcdir)
        items = nodes.enumerated_list(classes=["chapters"])
        for page in chapters_in_order(root):
            self.env.note_dependency(f"{root}/{page}.ipynb")
            try:
                about = chapter(root, page)
            except ValueError as error:
                raise self.error(str(error)) from None
            text = f"{{doc}}`/{page}`\n\n*{about.question}*\n\n{about.minutes} minutes."
            place = record(page, about.exercises, about.questions)
            shown = self.parsed(f"{text} You need: {about.needs}.", page)
            items += nodes.list_item("", *shown, nodes.raw("", place, format="html"))
        forget = f'<p class="pst-js-only">{button("", "Forget what I have done")}</p>'
        return [items, nodes.raw("", forget, format="html")]


def teachers_table(root: Path, slug: str) -> str:
    """What each exercise of a chapter tests, with a wrong answer and its lines, as Markdown.

    Order and titles are the notebook's. `TEACHERS` in the chapter's ``exercises`` says by label
    what is tested, and gives a common wrong answer, as code that a student would run; the lines
    are what that code prints.
    """
    module = importlib.import_module(f"helpers.chapters.{slug}.exercises")
    cells = json.loads((root / f"notebooks/{slug}.ipynb").read_text("utf-8"))["cells"]
    entries = []
    for title, label in STATED.findall("\n".join("".join(cell["source"]) for cell in cells)):
        tests, handed_in = module.TEACHERS[label]
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(handed_in, {"np": np, **vars(module), "exercises": module})
        lines = "\n".join(f"- `{line}`" for line in said.getvalue().splitlines())
        head = f"**{{ref}}`{title} <{label}>`** tests {tests}"
        entries.append(f"{head}\n\n```python\n{handed_in.strip()}\n```\n\n{lines}\n")
    return "\n".join(entries)


class ExercisesTable(Written):
    """What each exercise of a chapter tests, with a wrong answer and what is printed for it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """All of them, in the order of the chapter."""
        (slug,), root = self.arguments, Path(self.env.srcdir)
        for source in (f"src/helpers/chapters/{slug}/exercises.py", f"notebooks/{slug}.ipynb"):
            self.env.note_dependency(f"{root}/{source}")
        return self.parsed(teachers_table(root, slug), f"exercises of {slug}")


def record(page: str, exercises: int, questions: int) -> str:
    """The place where the script says what a reader has done on a page."""
    counts = f'data-exercises="{exercises}" data-questions="{questions}"'
    return f'<p class="record pst-js-only" role="status" data-page="{page}" {counts}></p>'


def button(page: str, words: str) -> str:
    """The button that forgets what was done on a page, or on all."""
    return f'<button type="button" class="forget" data-page="{page}">{words}</button>'


def mark_work(body: str, page: str) -> str:
    """List the work of a chapter, and make its exercises and questions ready to be marked."""
    exercises = list(EXERCISE.finditer(body))
    before, heading, after = body.partition('<section id="check-yourself">')
    section, end, rest = after.partition("</section>")
    section, questions = group_questions(section)
    if not exercises and not questions:
        return body
    score = '<p class="score pst-js-only" role="status"></p>\n' if questions else ""
    body = before + heading + section + score + end + rest
    for found in exercises:
        box = (
            f'<label class="done pst-js-only"><input type="checkbox" '
            f'data-exercise="{found["id"]}" /> I have done it</label>'
        )
        close = body.find("</section>\n</div>", body.find(f'id="{found["id"]}"'))
        body = body[:close] + "</section>\n" + box + body[close + len("</section>") :]
    first = re.compile(r'<div class="cell|<section id=').search(body, body.find("</h1>"))
    place = first.start() if first else len(body)
    return body[:place] + overview(page, exercises, questions) + body[place:]


def group_questions(section: str) -> tuple[str, int]:
    """Put each question and its choices into a group; say of each choice whether it is right."""
    numbers = count(1)

    def choice(found: re.Match[str]) -> str:
        verdict = "right" if found[2] == "Right" else "wrong"
        return f'<details data-answer="{verdict}">{found[1]}'

    def group(found: re.Match[str]) -> str:
        name = f"question-{next(numbers)}"
        return (
            f'<div class="question" role="group" aria-labelledby="{name}" data-question="{name}">'
            f'<p id="{name}">{found["text"]}</p>\n{CHOICE.sub(choice, found["choices"])}</div>\n'
        )

    return QUESTION.sub(group, section), next(numbers) - 1


def overview(page: str, exercises: list[re.Match[str]], questions: int) -> str:
    """The list of what there is to do on a page."""
    links = [(each["id"], each["title"] or escape(each["number"])) for each in exercises]
    if questions:
        many = "1 question" if questions == 1 else f"{questions} questions"
        links.append(("check-yourself", f"{many} to check yourself"))
    items = "".join(f'<li><a href="#{at}">{words}</a></li>' for at, words in links)
    return (
        f'<nav class="work" aria-labelledby="work-title" data-page="{page}">\n'
        f'<p class="work-title" id="work-title">To do on this page</p>\n<ul>{items}</ul>\n'
        f'<div class="work-record">{record(page, len(exercises), questions)}'
        f'<span class="pst-js-only">{button(page, "Forget this page")}</span></div></nav>\n'
    )


def add_work(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Do it for each chapter."""
    if pagename.startswith("notebooks/") and context.get("body"):
        context["body"] = mark_work(context["body"], pagename)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the lists and the step for each page."""
    app.add_directive("chapters", Chapters)
    app.add_directive("exercises-table", ExercisesTable)
    app.connect("html-page-context", add_work)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
