"""A labelled section is proven by a cell below its own heading, and by no other."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sections import asserts, sections


def test_a_section_ends_at_the_next_heading_of_its_level():
    cells = [
        new_markdown_cell("# Title\n\n(one)=\n## One"),
        new_code_cell("print(1)"),
        new_markdown_cell("Words.\n\n(two)=\n## Two\n\n(inner)=\n### Inner"),
        new_code_cell("assert 1"),
        new_markdown_cell("## Three"),
        new_code_cell("claim('1 x', 1, within=0)"),
    ]
    found = sections(new_notebook(cells=cells))
    assert found == {"one": False, "two": True, "inner": True}


@pytest.mark.parametrize(
    ("tag", "proven"),
    [("hide-cell", True), ("hide-input", True), ("remove-cell", False), ("remove-input", False)],
)
def test_an_assertion_may_be_folded_and_not_removed(tag, proven):
    check = new_code_cell("assert 1", metadata={"tags": [tag]})
    assert sections(new_notebook(cells=[new_markdown_cell("(one)=\n# One"), check])) == {
        "one": proven
    }


def test_a_claim_and_an_assertion_assert_and_a_print_does_not():
    assert asserts("x = 1\nassert x")
    assert asserts("if x:\n    claim('1 x', 1, within=0)")
    assert not asserts("print(x == 1)  # assert")
