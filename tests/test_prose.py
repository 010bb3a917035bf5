"""The reader of prose finds the numbers that a reader of the book would take for facts."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from prose import clean, loose_numbers, loose_numbers_of_page, missing_phrases


@pytest.fixture
def write(tmp_path):
    def write(*cells):
        path = tmp_path / "chapter.ipynb"
        nbformat.write(new_notebook(cells=list(cells)), path)
        return path

    return write


def test_a_number_without_a_claim_is_found(write):
    path = write(new_markdown_cell("Doubling B\nmakes it 1.4 times smaller."))
    assert [n.split()[0] for n in loose_numbers(path)] == ["1.4"]


def test_a_claimed_number_is_held_even_across_a_line_break(write):
    path = write(
        new_markdown_cell("Doubling B makes it **1.4** times\nsmaller."),
        new_code_cell("claim('makes it 1.4 times smaller', 2**0.5, within=0.05)"),
    )
    assert loose_numbers(path) == []
    assert missing_phrases(path) == []


def test_a_claim_holds_its_own_place_only(write):
    path = write(
        new_markdown_cell("It is 1.4 times smaller here. Elsewhere 1.4 is a guess."),
        new_code_cell("claim('1.4 times smaller', 2**0.5, within=0.05)"),
    )
    assert len(loose_numbers(path)) == 1


def test_a_phrase_that_does_not_stand_in_the_prose_is_found(write):
    path = write(
        new_markdown_cell("It is 1.5 times smaller."),
        new_code_cell("claim('1.4 times smaller', 2**0.5, within=0.05)"),
    )
    assert missing_phrases(path) == ["1.4 times smaller"]


def test_captions_and_alternative_texts_are_prose(write):
    cell = new_code_cell("ax = draw()")
    cell.metadata["mystnb"] = {
        "figure": {"caption": "It falls to 17."},
        "image": {"alt": "A line that falls to 18."},
    }
    assert [n.split()[0] for n in loose_numbers(write(cell))] == ["17", "18"]


def test_settings_are_exempt_but_the_numbers_of_a_claim_are_no_settings(write):
    path = write(
        new_markdown_cell("With 32 streams of 500 it is 7 or 9."),
        new_code_cell("batch_size = 32\nrun(num_tokens=500)\nx = y[7]"),
        new_code_cell("claim('it is 9', 9, within=0)"),
    )
    assert [n.split()[0] for n in loose_numbers(path)] == ["7", "9"]


def test_a_setting_does_not_excuse_a_measurement_of_the_same_size(write):
    path = write(
        new_markdown_cell("With 16 streams it is 16 times slower, 16 % worse and costs 16 nats."),
        new_code_cell("batch_size = 16"),
    )
    assert [n.split()[0] for n in loose_numbers(path)] == ["16"] * 3


@pytest.mark.parametrize(
    "text",
    [
        "As in 2018, see `x[3]` and [the table](page.md#part-3) or https://example.org/4.",
        "1. first\n2. second",
        "```python\nx = 17\n```",
        "$h_1 = 2 h_0$ and $$1/2$$",
        "about 25 minutes",
        ":::{exercise} Title\n:label: ex-3\nText\n:::",
        "{cite:t}`elman1990` and {eq}`eq-3` and {numref}`fig-4`",
        "(label-5)=\n## Heading",
    ],
)
def test_what_is_exempt_is_no_number(write, text):
    assert loose_numbers(write(new_markdown_cell(text))) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("$10^{-12}$", ["10", "-12"]),
        ("`0.55` of it", ["0.55"]),
        ("{term}`the 3 streams <stream>`", ["3"]),
        ("[17 of them](page.md)", ["17"]),
        ("<details><summary>It is 24.</summary></details>", ["24"]),
        ("| 3.5 | 1,225 |", ["3.5", "1,225"]),
        ("It is 1 of 25.", ["1", "25"]),
    ],
)
def test_what_is_not_exempt_is_a_number(write, text, numbers):
    assert [n.split()[0] for n in loose_numbers(write(new_markdown_cell(text)))] == numbers


def test_clean_keeps_words():
    assert clean("A {term}`stream` of *length* $T$.") == "A stream of length T."


def test_a_page_names_the_claims_it_repeats(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "% given: 24\n% claim: bptt: at least 12 times\n24 tokens, at least 12 times, not 13.\n"
    )
    known = {"bptt": ["at least 12 times"]}
    assert [n.split()[0] for n in loose_numbers_of_page(page, known)] == ["13"]
    assert any("no such claim" in n for n in loose_numbers_of_page(page, {}))
