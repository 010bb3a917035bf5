"""The list of chapters and the work on a page come from the chapters themselves."""

import re
from pathlib import Path

import nbformat
import pytest
import study
from test_book import ROOT
from test_book import chapters_in_toc as chapters
from test_site import pages

OPENING = """# A title

*What is it,
and why?*

You need: {doc}`recurrence`, and {doc}`/book/notation`.
It takes about 45 minutes.
"""


def write(folder: Path, *cells: str) -> None:
    made = [nbformat.v4.new_markdown_cell(cell) for cell in cells]
    book = nbformat.v4.new_notebook(cells=made)
    (folder / "notebooks").mkdir()
    nbformat.write(book, folder / "notebooks" / "one.ipynb")


def test_a_chapter_says_its_question_needs_and_minutes(tmp_path):
    exercise = ":::{exercise} One\n:label: ex-one\n:::"
    quiz = "**Which?**\n\n<details><summary>this</summary>\n\nRight.\n\n</details>"
    write(tmp_path, OPENING, exercise, exercise, f"## Check yourself\n\n{quiz}\n\n{quiz}")
    about = study.chapter(tmp_path, "notebooks/one")
    assert about.question == "What is it, and why?"
    assert about.needs == "{doc}`/notebooks/recurrence`, and {doc}`/book/notation`"
    assert (about.minutes, about.exercises, about.questions) == (45, 2, 2)


@pytest.mark.parametrize("lost", ["*", "You need:", "45 minutes"])
def test_a_chapter_that_does_not_say_them_is_refused(tmp_path, lost):
    write(tmp_path, OPENING.replace(lost, ""))
    with pytest.raises(ValueError, match="first cell must hold"):
        study.chapter(tmp_path, "notebooks/one")


TOC = """
parts:
  - caption: Start
    chapters: [{file: book/setup}]
  - caption: The two axes
    chapters: [{file: notebooks/two}, {file: notebooks/one}]
  - caption: Look it up
    chapters: [{file: book/questions}, {file: notebooks/names}]
"""


def test_only_notebooks_of_the_part_of_the_chapters_are_chapters(tmp_path):
    (tmp_path / "_toc.yml").write_text(TOC)
    assert study.chapters_in_order(tmp_path) == ["notebooks/two", "notebooks/one"]
    (tmp_path / "_toc.yml").write_text(TOC.replace("The two axes", "Chapters"))
    with pytest.raises(ValueError, match="no part 'The two axes'"):
        study.chapters_in_order(tmp_path)


def test_the_first_page_lists_every_chapter_with_what_it_needs_and_its_minutes(html):
    (index,) = (page for path, page in pages(html).items() if path.match("book/index.html"))
    items = index.select("ol.chapters > li")
    links = [item.select_one("a")["href"] for item in items]
    assert links == [f"../{page}.html" for page in chapters()]
    for item, page in zip(items, chapters(), strict=True):
        about = study.chapter(ROOT, page)
        said = item.get_text(" ", strip=True)
        assert f"{about.minutes} minutes. You need:" in said, page
        plain = re.sub(r"[$*`]", "", about.question)
        assert plain.split()[0] in said, page
        assert int(item.select_one(".record")["data-exercises"]) == about.exercises, page
        assert int(item.select_one(".record")["data-questions"]) == about.questions, page


def test_each_chapter_lists_its_exercises_and_questions(html):
    for path, page in pages(html).items():
        if path.relative_to(html).with_suffix("").as_posix() not in chapters():
            continue
        boxes = [box["id"] for box in page.select("div.exercise")]
        links = [link["href"] for link in page.select("nav.work li a")]
        assert links == [*(f"#{name}" for name in boxes), "#check-yourself"], path.name
        assert [tick["data-exercise"] for tick in page.select("label.done input")] == boxes
        assert page.select("div.exercise label.done") == page.select("label.done"), path.name
        about = study.chapter(ROOT, f"notebooks/{path.stem}")
        assert about.exercises == len(boxes) >= 3, path.name
        assert about.questions == len(page.select(".question")) >= 3, path.name


def test_each_question_has_one_right_choice_and_a_reason_for_each(html):
    for path, page in pages(html).items():
        section = page.select_one("#check-yourself")
        if section is None:
            continue
        assert len(section.select(".question > details")) == len(section.select("details"))
        for question in section.select(".question"):
            where = f"{path.name}: {question.get_text()[:50]}"
            answers = [choice["data-answer"] for choice in question.select("details")]
            assert sorted(answers).count("right") == 1, where
            assert len(answers) >= 2, where
            for choice in question.select("details"):
                choice.select_one("summary").extract()
                reason = choice.get_text(" ", strip=True)
                assert re.match("Right|Wrong", reason), f"{where}: {reason}"
                assert len(reason.split()) >= 4, f"{where}: {reason}"


def test_a_page_without_work_stays_as_it_is():
    body = '<section id="a"><h1>A</h1><p>Words.</p></section>'
    assert study.mark_work(body, "notebooks/a") == body


def test_no_two_places_of_a_page_have_the_same_name(html):
    for path, page in pages(html).items():
        names = [tag["id"] for tag in page.find_all(id=True)]
        assert sorted(set(names)) == sorted(names), path.name
