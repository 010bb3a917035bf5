"""Numbers on a page are given by it, or repeat a chapter's claim and name it."""

from __future__ import annotations

import math
from pathlib import Path

import nbformat
import pytest
from prose import claims, loose_numbers_of_page

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def claimed():
    notebooks = (ROOT / "notebooks").glob("*.ipynb")
    read = {path.stem: nbformat.read(path, as_version=4) for path in notebooks}
    return {slug: [c.phrase for c in claims(notebook)] for slug, notebook in read.items()}


@pytest.mark.parametrize("page", sorted((ROOT / "book").glob("*.md")), ids=lambda p: p.stem)
def test_every_number_of_a_page_is_given_or_names_its_claim(page, claimed):
    assert loose_numbers_of_page(page, claimed) == []


def test_the_constants_of_the_notation_are_right():
    text = (ROOT / "book/notation.md").read_text(encoding="utf-8")
    assert f"{1 / math.log(2):.3f}" in text
    assert f"{math.log(2):.3f}" in text
