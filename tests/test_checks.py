"""Answers are judged by what they hold, in one line, and claims hold the prose to the value."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers import checks
from helpers.checks import Case, Mistake, claim, difference, read_number, report, report_function


def said(capsys):
    text = capsys.readouterr().out
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return text[:-1]


@pytest.mark.parametrize(
    ("attempt", "line"),
    [
        (..., "x: to do"),
        (None, "x: to do"),
        (3, "x: correct"),
        (3.0, "x: correct"),
        (np.int64(3), "x: correct"),
        (np.array(3.0), "x: correct"),
        (torch.tensor(3.0, requires_grad=True), "x: correct"),
        (3 + 1e-12, "x: correct"),
        (4, "x: not yet, 4 is the batch"),
        (5, "x: not yet, it is 5 but should be 3"),
        ([3, 3], "x: not yet, the shape is (2,) but should be ()"),
        ("three", "x: not yet, 'three' is not a number"),
        (True, "x: not yet, True is not a number"),
        (float("nan"), "x: not yet, it is nan but should be 3"),
        (object, "x: not yet, <class 'object'> is not a number"),
        ([[1], [2, 3]], "x: not yet, [[1], [2, 3]] is not a number"),
    ],
)
def test_report_judges_a_number(capsys, attempt, line):
    report("x", attempt, 3, mistakes=[Mistake(4, "4 is the batch")])
    assert said(capsys) == line


@pytest.mark.parametrize(
    ("attempt", "expected", "line"),
    [
        ([1, 2], (1, 2), "x: correct"),
        (np.array([[1, 2]]), [[1, 3]], "x: not yet, entry (0, 1) is 2 but should be 3"),
        ([True, False], [True, True], "x: not yet, entry 1 is False but should be True"),
        ([1, 0], [True, False], "x: not yet, [1, 0] is not truth values of shape (2,)"),
        ("carry", "carry", "x: correct"),
        ("reset", "carry", "x: not yet, it is 'reset' but should be 'carry'"),
        (np.zeros(20), 0, "x: not yet, the shape is (20,) but should be ()"),
        ([np.inf], [np.inf], "x: correct"),
    ],
)
def test_report_judges_arrays_truth_values_and_words(capsys, attempt, expected, line):
    report("x", attempt, expected)
    assert said(capsys) == line


CASES = [Case((2, 3), 6, (Mistake(5, "that is the sum"),)), Case((2, 0), 0)]


@pytest.mark.parametrize(
    ("attempt", "line"),
    [
        (..., "f: to do"),
        (lambda a, b: ..., "f: to do"),
        (lambda a, b: None, "f: to do"),
        (lambda a, b: a * b, "f: correct"),
        (lambda a, b: a + b, "f: not yet, that is the sum"),
        (lambda a, b: a**b, "f: not yet, it is 8 but should be 6 (called with 2, 3)"),
        (lambda a, b: 6, "f: not yet, it is 6 but should be 0 (called with 2, 0)"),
        (lambda a: a, "f: not yet, it raised TypeError: "),
        (lambda a, b: 1 / 0, "f: not yet, it raised ZeroDivisionError: division by zero"),
        (6, "f: not yet, the answer should be a function, not 6"),
    ],
)
def test_report_function_tries_every_case(capsys, attempt, line):
    report_function("f", attempt, CASES)
    assert said(capsys).startswith(line)


def test_a_readers_function_cannot_change_the_next_case(capsys):
    data = np.ones(3)

    def spoil(a):
        a[:] = 0
        return 3.0

    report_function("f", spoil, [Case((data,), 3.0), Case((data,), 3.0)])
    assert said(capsys) == "f: correct"
    assert data.sum() == 3


@given(value=st.floats(-1e6, 1e6).map(lambda v: round(v, 3)))
def test_a_written_number_is_read_back(value):
    text = f"{value:,}".replace("-", "−")
    if "e" not in text:
        assert read_number(text) == value


def test_a_claim_is_held_to_its_number():
    claim("keeps 55 % of it", 55.3, within=0.5)
    claim("at least 10 times", 10.5, bound=">=")
    claim("below 1e-12", 1e-13, bound="<=")
    claim("a slope of −1.00", -0.999, within=0.005)


@pytest.mark.parametrize(
    ("phrase", "value", "how"),
    [
        ("keeps 55 % of it", 55.6, {"within": 0.5}),
        ("at least 10 times", 9.9, {"bound": ">="}),
        ("below 1e-12", 1e-11, {"bound": "<="}),
        ("a slope of −1.00", 1.0, {"within": 0.005}),
        ("keeps 55 % of it", float("nan"), {"within": 0.5}),
        ("keeps 55 % of it", float("nan"), {"bound": ">="}),
    ],
)
def test_a_false_claim_raises(phrase, value, how):
    with pytest.raises(AssertionError, match="the prose says"):
        claim(phrase, value, **how)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: claim("no number", 1, within=0), "exactly one number, got 0"),
        (lambda: claim("1 of 2", 1, within=0), "exactly one number, got 2"),
        (lambda: claim("1 x", 1), "either within or bound"),
        (lambda: claim("1 x", 1, within=0, bound=">="), "either within or bound"),
        (lambda: claim("1 x", 1, within=-1), "within must be at least 0, got -1"),
        (lambda: claim("1 x", 1, bound=">"), "bound must be one of '>=', '<=', got '>'"),
        (lambda: read_number("12,34"), "text must be a number such as"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_difference_compares_values_not_types():
    assert difference(np.float32(0.5), 0.5) is None
    assert difference((1, 2), np.array([1, 2])) is None


def test_every_chapter_module_of_checks_has_only_public_checks_with_docstrings():
    import importlib
    import pkgutil

    for module in pkgutil.iter_modules(checks.__path__):
        loaded = importlib.import_module(f"helpers.checks.{module.name}")
        own = [
            f
            for n, f in vars(loaded).items()
            if callable(f) and not n.startswith("_") and f.__module__ == loaded.__name__
        ]
        assert own
        assert all(f.__doc__ for f in own)
