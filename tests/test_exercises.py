"""Every exercise: right answers pass in any form, each wrong one earns its own hint."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from sources import ROOT
from study import teachers_table

from helpers import chapters
from helpers.tools import exercise as tool
from helpers.tools.exercise import Exercise, claim

SLUGS = sorted(path.parent.name for path in Path(chapters.__path__[0]).glob("*/exercises.py"))
MODULES = {slug: importlib.import_module(f"helpers.chapters.{slug}.exercises") for slug in SLUGS}
EVERY = [
    pytest.param(value, id=f"{slug}-{name}")
    for slug, module in MODULES.items()
    for name, value in vars(module).items()
    if isinstance(value, Exercise)
]


def said(exercise: Exercise, *answers: object) -> str:
    """What is said of these answers, one for each of the inputs."""
    each = iter(answers)
    return exercise.verdict((lambda *given: next(each)) if exercise.function else answers[0])


def right(exercise: Exercise) -> list[object]:
    return [exercise.answer(given) for given in exercise.inputs]


def forms(value: object) -> list[object]:
    """The same answer as array, list, tensor, generator and in single precision."""
    if isinstance(value, str):
        return [value]
    array = np.asarray(value)
    single = array.astype(np.float32) if array.dtype != bool else array
    tensor = torch.tensor(array, requires_grad=array.dtype == float)
    many = [tuple(single), list(tensor), (row for row in array.tolist())] if array.ndim else []
    return [value, array, array.tolist(), array[()], single, torch.tensor(single), tensor, *many]


@pytest.mark.parametrize("exercise", EVERY)
def test_a_right_answer_passes_in_any_form(exercise):
    for answers in zip(*map(forms, right(exercise)), strict=True):
        assert said(exercise, *answers) == "correct"


@pytest.mark.parametrize("exercise", EVERY)
def test_each_wrong_answer_earns_its_own_hint(exercise):
    earned = set()
    for at, given in enumerate(exercise.inputs):
        for wrong, hint in exercise.hints(given):
            answers = right(exercise)
            answers[at] = wrong
            if said(exercise, *answers) == f"not yet, {hint}":
                earned.add(hint)
    assert earned == set(exercise.wrong)


@pytest.mark.parametrize("exercise", EVERY)
def test_a_stub_is_to_do_and_what_is_raised_is_said(exercise):
    for stub in (..., None):
        assert exercise.verdict(stub) == "to do"
        assert said(exercise, stub) == "to do"
    if exercise.function:
        assert exercise.verdict(3) == "not yet, the answer should be a function, not 3"
        raised = exercise.verdict(lambda *given: 1 / 0)
        assert raised == "not yet, it raised ZeroDivisionError: division by zero"


@pytest.mark.parametrize("exercise", EVERY)
def test_as_data_it_says_the_same(exercise):
    data = json.loads(json.dumps(exercise.as_data(), allow_nan=False))
    assert said(exercise, *(case["right"] for case in data["cases"])) == "correct"
    for at, (given, case) in enumerate(zip(exercise.inputs, data["cases"], strict=True)):
        for (wrong, hint), (written, also) in zip(
            exercise.hints(given), case["hints"], strict=True
        ):
            before, after = right(exercise), right(exercise)
            before[at], after[at] = wrong, written
            assert hint == also
            if np.size(wrong):  # of an empty array no shape is written
                assert said(exercise, *before) == said(exercise, *after)


@pytest.mark.parametrize(
    ("choice", "line"),
    [
        ((..., 3), "to do"),
        ((True, 3), "not yet, B and T are whole numbers of at least 1"),
        ((13, 10), "this window keeps 532,272 bytes, and 500,000 are there"),
        ((np.int64(10), 12), "correct"),
        ((99, 1), "the error is 1.7 times the least one: nearly all of it is bias"),
        ((1, 99), "the error is 1.5 times the least one: nearly all of it is noise"),
        ((8, 6), "51 % of its square is bias and the rest is noise; more than half of the bytes"),
    ],
)
def test_a_choice_of_batch_size_and_steps_is_judged(capsys, choice, line):
    MODULES["plane"].choose(*choice)
    assert line in capsys.readouterr().out


@pytest.mark.parametrize("slug", SLUGS)
def test_teachers_have_every_exercise_of_the_notebook_in_order(slug):
    text = (ROOT / "notebooks" / f"{slug}.ipynb").read_text("utf-8")
    stated = re.findall(r":::\{exercise\} .+\n.*:label: (ex-[\w-]+)", text)
    assert list(MODULES[slug].TEACHERS) == stated
    assert all("not yet" in entry for entry in teachers_table(ROOT, slug).split("**{ref}")[1:])


WRONG = {5: "it is 5 but should be 3", (3, 3): "the shape is (2,) but should be ()"}
WRONG |= {True: "True is not a number", np.nan: "it is nan but should be 3"}


@pytest.mark.parametrize("attempt", WRONG)
def test_the_first_wrong_place_is_said_with_the_arguments(attempt):
    assert tool.answer("x", 3, {}).verdict(attempt) == f"not yet, {WRONG[attempt]}"
    triple = tool.exercise(([1.0],), handed=tool.as_arrays)(lambda x: 3 * x[0])
    said = triple.verdict(lambda x: attempt)
    assert said == f"not yet, {WRONG[attempt]} (called with array([1.]))"


def test_a_claim_is_held_to_its_number():
    claim("at least 1,000 times", 1000.5, bound=">=")
    claim("a slope of −1.00", -0.999, within=0.005)
    for value, how in ((55.6, {"within": 0.5}), (54, {"bound": ">="}), (np.nan, {"bound": "<="})):
        with pytest.raises(AssertionError, match="the prose says 'keeps 55 % of it'"):
            claim("keeps 55 % of it", value, **how)
    refused = [("no number", {"within": 0}), ("1 of 2", {"within": 0}), ("1 x", {})]
    for phrase, how in (*refused, ("1 x", {"within": -1}), ("1 x", {"bound": ">"})):
        with pytest.raises(ValueError, match=r"exactly one number|within|bound"):
            claim(phrase, 1, **how)
