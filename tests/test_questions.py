"""The page of questions: each has an address that stays, and an answer that a cell proves."""

import re
from pathlib import Path

import addresses
import pytest
from sections import labelled
from test_site import pages

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "book/questions.md").read_text("utf-8")

# In the order of the page. A link from elsewhere may lead to each: rename none, remove none.
ADDRESSES = re.findall(
    r"\S+",
    """
    q-which-is-which q-one-word-or-many q-units-and-steps q-copies q-features q-steps-per-epoch
    q-carry-or-reset q-rows q-one-state-or-many q-same-sentence
    q-padding q-documents q-epoch
    q-second-time q-retain-graph q-detach q-batch-first q-fixed-batch-size q-expected-hidden q-view
    q-columns q-order q-shuffle q-overlap q-wrapped-target
    q-beyond q-one-step q-two-lengths q-how-long q-memory-left q-sum-or-mean
    q-score q-another-batch-size
    q-several-gpus q-reinforcement q-mamba
    """,
)

# Until a chapter shows them, these rest on what others have written.
FROM_SOURCES = {"q-several-gpus", "q-reinforcement", "q-mamba"}


def questions() -> dict[str, str]:
    """What stands below the label of each question, up to the next heading."""
    parts = re.split(r"^\((q-[\w-]+)\)=\n(?=### .+\?$)", TEXT, flags=re.M)
    bodies = [re.split(r"^## ", body, flags=re.M)[0] for body in parts[2::2]]
    return dict(zip(parts[1::2], bodies, strict=True))


def answer(label: str) -> str:
    """The sentences of an answer, without its heading, its links to chapters and its claims."""
    body = re.sub(r"^### .*$|^%.*$|^\*\*Shown at\*\*.*$", "", questions()[label], flags=re.M)
    return " ".join(body.split())


def test_there_are_36_questions_each_at_its_own_address():
    assert list(questions()) == ADDRESSES
    assert len(set(ADDRESSES)) == TEXT.count("\n### ") == 36


@pytest.mark.parametrize("label", ADDRESSES)
def test_an_answer_is_a_few_sentences_long(label):
    words = answer(label)
    assert 2 <= len(re.findall(r"[.?:](?: |$)", words)) <= 8, words
    assert 35 <= len(words.split()) <= 130, f"{len(words.split())} words"


@pytest.mark.parametrize("label", [each for each in ADDRESSES if each not in FROM_SOURCES])
def test_a_question_leads_to_a_section_with_a_cell_that_asserts(label):
    shown = re.search(r"^\*\*Shown at\*\* (.+)$", questions()[label], re.M)
    assert shown, "no line that begins with **Shown at**"
    sections = re.findall(r"\{ref\}`([\w-]+)`", shown[1])
    assert sections
    for section in sections:
        assert section in labelled(), f"{section} is no labelled section of a notebook"
        assert labelled()[section][1], f"no cell below {section} asserts something"


@pytest.mark.parametrize("label", [each for each in ADDRESSES if each not in FROM_SOURCES])
def test_an_answer_has_a_number_that_a_cell_holds_or_a_picture_or_shapes(label):
    assert re.search(r"^% claim: |\{numref\}|`\(\d+(?:, \d+)+\)`", questions()[label], re.M)


@pytest.mark.parametrize("label", sorted(FROM_SOURCES))
def test_a_question_about_practice_today_cites_its_sources(label):
    cited = re.findall(r"\{cite(?::t)?\}`([\w,]+)`", questions()[label])
    listed = (ROOT / "book/references.bib").read_text("utf-8")
    assert len(cited) >= 2
    assert all(f"{{{key}," in listed for keys in cited for key in keys.split(","))


def test_the_mark_behind_a_heading_names_the_label():
    body = (
        '<a href="#one">One</a><section id="one">\n<span id="id3"></span><span id="q-one"></span>'
        '<h3>One<a class="headerlink" href="#one">#</a></h3></section>'
        '<section id="two"><span id="id4"></span><h3><a href="#two">#</a></h3></section>'
    )
    assert re.findall('href="#(.*?)"', addresses.lasting(body)) == ["q-one", "q-one", "two"]


def test_the_marks_and_the_list_of_the_page_lead_to_the_addresses(html):
    (page,) = (page for path, page in pages(html).items() if path.match("book/questions.html"))
    marks = [mark["href"][1:] for mark in page.select("section section section > h3 a.headerlink")]
    assert marks == ADDRESSES
    listed = [link["href"][1:] for link in page.select("nav.contents li li a")]
    assert listed == ADDRESSES
