"""What a reader does with the course: the list of chapters, and the work that a page has.

``:::{chapters}`` lists the chapters in the order of ``_toc.yml``, each with its question, what it
needs and how long it takes, as its first cell says it; nothing is written twice. A chapter is a
notebook in the part "The two axes"; a notebook in another part is a page to look things up.

Each chapter gets a list of its exercises near the top, a box to tick at each exercise, and its
questions as groups whose choices know whether they are right. ``book/_static/course.js`` marks
them; without scripts the list is a list, and the choices open as they are.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PART = "The two axes"
"""Caption of the part whose notebooks are the chapters."""

EXERCISE = re.compile(
    r'<div class="exercise admonition" id="(?P<id>[^"]+)">\s*<p class="admonition-title">'
    r'<span class="caption-number">(?P<number>[^<]+?)\s*</span>(?: \((?P<title>.*?)\))?</p>'
)
QUESTION = re.compile(
    r"<p>(?P<text><strong>(?:(?!</p>).)*</strong>(?:(?!</p>).)*)</p>\s*"
    r"(?P<choices>(?:<details>(?:(?!</details>).)*</details>\s*)+)",
    re.DOTALL,
)
CHOICE = re.compile(
    r"<details>(?P<rest>.*?</summary>\s*(?:<p>)?\s*(?P<word>\w+).*?</details>)", re.DOTALL
)


@dataclass(frozen=True)
class Chapter:
    """What the first cell of a chapter says about it, and how much work it has."""

    page: str
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
    return Chapter(
        page=page,
        question=question[1].replace("\n", " "),
        needs=from_anywhere(needs[1].replace("\n", " ")),
        minutes=int(minutes[1]),
        exercises=sum(text.count("{exercise}") for text in texts),
        questions=sum(len(re.findall(r"^\*\*.*\*\*\s*\n+<details", text, re.M)) for text in texts),
    )


def from_anywhere(text: str) -> str:
    """Links between chapters, written so that they lead there from every page."""
    return re.sub(r"\{doc\}`(?![/<])([^`]+)`", r"{doc}`/notebooks/\1`", text)


class Chapters(SphinxDirective):
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
            time = f"{about.minutes} minutes"
            lines = [
                f"{{doc}}`/{page}`",
                "",
                f"*{about.question}*",
                "",
                f"{time}. You need: {about.needs}.",
            ]
            item = nodes.list_item()
            self.state.nested_parse(StringList(lines, source=page), 0, item)
            place = record(page, about.exercises, about.questions)
            item += nodes.raw("", place, format="html")
            items += item
        forget = f'<p class="pst-js-only">{button("", "Forget what I have done")}</p>'
        return [items, nodes.raw("", forget, format="html")]


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
    after, questions = group_questions(after)
    if not exercises and not questions:
        return body
    body = before + heading + after
    if questions:
        end = body.find("</section>", len(before))
        body = body[:end] + '<p class="score pst-js-only" role="status"></p>\n' + body[end:]
    for found in exercises:
        box = (
            f'<label class="done pst-js-only"><input type="checkbox" '
            f'data-exercise="{found["id"]}" /> I have done it</label>'
        )
        close = body.find("</section>\n</div>", body.find(f'id="{found["id"]}"'))
        body = body[:close] + "</section>\n" + box + body[close + len("</section>") :]
    opening = body.find("</h1>") + len("</h1>")
    first = re.compile(r'<div class="cell|<section id=').search(body, opening)
    place = first.start() if first else len(body)
    return body[:place] + overview(page, exercises, questions) + body[place:]


def group_questions(body: str) -> tuple[str, int]:
    """Put each question and its choices into a group; say of each choice whether it is right."""
    count = 0

    def choice(found: re.Match[str]) -> str:
        verdict = "right" if found["word"] == "Right" else "wrong"
        return f'<details data-answer="{verdict}">{found["rest"]}'

    def group(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        name = f"question-{count}"
        choices = CHOICE.sub(choice, found["choices"])
        return (
            f'<div class="question" role="group" aria-labelledby="{name}" data-question="{name}">'
            f'<p id="{name}">{found["text"]}</p>\n{choices}</div>\n'
        )

    section, end, rest = body.partition("</section>")
    return QUESTION.sub(group, section) + end + rest, count


def overview(page: str, exercises: list[re.Match[str]], questions: int) -> str:
    """The list of what there is to do on a page."""
    items = [
        f'<li><a href="#{each["id"]}">{each["title"] or escape(each["number"])}</a></li>'
        for each in exercises
    ]
    if questions:
        many = "1 question" if questions == 1 else f"{questions} questions"
        items.append(f'<li><a href="#check-yourself">{many} to check yourself</a></li>')
    return (
        '<nav class="work" aria-labelledby="work-title" data-page="{page}">\n'
        '<p class="work-title" id="work-title">To do on this page</p>\n<ul>{items}</ul>\n'
        '<div class="work-record">{record}<span class="pst-js-only">{button}</span></div></nav>\n'
    ).format(
        page=page,
        items="".join(items),
        record=record(page, len(exercises), questions),
        button=button(page, "Forget this page"),
    )


def add_work(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Do it for each chapter."""
    if pagename.startswith("notebooks/") and context.get("body"):
        context["body"] = mark_work(context["body"], pagename)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the list of chapters and the step for each page."""
    app.add_directive("chapters", Chapters)
    app.connect("html-page-context", add_work)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
