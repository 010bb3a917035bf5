"""Kept results belong to the code that is there now."""

from __future__ import annotations

import json
import runpy

import experiments
import pytest

from helpers.tools import kept

kept.register_all()


@pytest.mark.parametrize("name", sorted(kept.KNOWN))
def test_a_kept_result_is_there_and_not_stale(name):
    assert not experiments.is_stale(name), f"run: python tests/experiments.py {name}"
    assert (kept.machine(name) != "any") == kept.KNOWN[name].timed


def test_every_file_has_its_function_and_names_the_code_that_ran():
    assert {path.stem for path in kept.RESULTS.glob("*")} == set(kept.KNOWN)
    ran = json.loads((kept.RESULTS / "plane_headline.json").read_text())["sources"]
    assert {"fit", "evaluate", "Record.params", "_adam"} <= set(ran["train"])
    assert {"STEPS", "split"} <= set(ran["chapters.plane.results"]) - {"line"}


CODE = '''
from helpers.tools import kept
STEP, OTHER = 1, 1
FAR = 5
def tick(x: int) -> int:
    """One step."""
    if x > 99:
        raise ValueError("x is too large")
    return x + STEP
def rest(x):
    return x
@kept.result()
def answer():
    return {"value": tick(41)}
@kept.result(real_text=True)
def story():
    raise KeyboardInterrupt
'''


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    for name, value in (("PACKAGE", tmp_path), ("RESULTS", tmp_path), ("KNOWN", {})):
        monkeypatch.setattr(kept, name, value)
    monkeypatch.setattr(kept, "register_all", lambda: None)
    monkeypatch.delenv(kept.TEXTS, raising=False)
    path = tmp_path / "chapter.py"
    path.write_text(CODE)
    runpy.run_path(str(path))
    experiments.run("answer")
    return path


CHANGED = {"x + STEP": "x - STEP", "STEP, OTHER = 1": "STEP, OTHER = 2", "tick": "advance"}
SAME = {
    "def rest": "def more(x):\n    return 2 * x\ndef rest",
    "    return x\n": "    return 2 * x\n",
    "FAR = 5": "FAR = 6",
    '"""One step."""': '"""A step."""  # on',
    "x is too large": "x must be at most 99",
    "x: int": "x: float",
}


@pytest.mark.parametrize("old", [*CHANGED, *SAME])
def test_changed_code_that_ran_makes_a_result_stale_and_nothing_else(chapter, old):
    chapter.write_text(CODE.replace(old, {**CHANGED, **SAME}[old]))
    assert experiments.is_stale("answer") == (old in CHANGED)


def test_only_what_is_stale_and_can_be_read_is_computed(chapter, capsys):
    experiments.main([])
    left = "story: left as it is, since COURSE_TEXTS names no folder of real texts\n"
    assert capsys.readouterr().out == f"answer: up to date\n{left}"
    chapter.write_text(CODE.replace("x + STEP", "STEP + x"))
    experiments.main([])
    assert capsys.readouterr().out == f"answer: computed in 0 s\n{left}"
    assert not experiments.is_stale("answer")
    kept.KNOWN["answer"] = kept.KNOWN["story"]
    with pytest.raises(KeyboardInterrupt):
        experiments.run("answer")
    assert kept.load("answer") == {"value": 42}, "an interrupted run leaves the old result"


def test_what_is_not_there_is_refused_with_the_way_out(chapter):
    with pytest.raises(ValueError, match=r"one of answer, .*got 'story'.*story` computes"):
        kept.load("story")
    with pytest.raises(ValueError, match="name must be one of answer, story, got 'poem'"):
        experiments.run("poem")
