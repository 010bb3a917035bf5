"""Kept results belong to the sources that are there now."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from helpers import experiments

experiments.register_all()


@pytest.mark.parametrize("name", sorted(experiments.EXPERIMENTS))
def test_a_kept_result_is_there_and_not_stale(name):
    assert not experiments.is_stale(name), f"run: python -m helpers.experiments {name}"
    assert experiments.load(name)
    assert (experiments.machine(name) != "any") == experiments.EXPERIMENTS[name].timed


def test_every_results_file_has_its_experiment():
    kept = {path.stem for path in experiments.RESULTS.glob("*.json")}
    assert kept == set(experiments.EXPERIMENTS)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(experiments, "PACKAGE", tmp_path / "helpers")
    monkeypatch.setattr(experiments, "EXPERIMENTS", {})
    monkeypatch.setattr(experiments, "register_all", lambda: None)
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text("")
    (tmp_path / "helpers" / "rnn.py").write_text('"""Cell."""\nx = 1\n')
    (tmp_path / "helpers" / "trial.py").write_text("from helpers import rnn\ny = rnn.x\n")

    @experiments.experiment()
    def answer():
        return {"value": 42}

    answer.__module__ = "helpers.trial"
    return tmp_path


def test_a_result_is_kept_and_read_back(place):
    path = experiments.run("answer")
    assert experiments.load("answer") == {"value": 42}
    assert experiments.machine("answer") == "any"
    assert not experiments.is_stale("answer")
    assert [p.name for p in path.parent.iterdir()] == ["answer.json"]
    assert json.loads(path.read_text())["experiment"] == "answer"
    assert path.read_text().splitlines()[1] == ' "experiment": "answer",'


@pytest.mark.parametrize(
    ("file", "text", "stale"),
    [
        ("rnn.py", '"""Cell."""\nx = 2\n', True),
        ("trial.py", "from helpers import rnn\ny = rnn.x + 1\n", True),
        ("rnn.py", '"""Another docstring."""\n\n# why\nx = 1\n', False),
        ("rnn.py", "x = 1\nif x > 2:\n    raise ValueError(x)\n", False),
        ("rnn.py", "x = 1\nif x > 2:\n    raise ValueError(x)\nelse:\n    x = 2\n", True),
        ("rnn.py", "x = 1\nif x > 0:\n    x = 2\n", True),
        ("rnn.py", "x = 1\nif (x := 2) > 2:\n    raise ValueError(x)\n", True),
        ("other.py", "z = 3\n", False),
    ],
)
def test_a_changed_source_makes_a_result_stale(place, file, text, stale):
    experiments.run("answer")
    (place / "helpers" / file).write_text(text)
    assert experiments.is_stale("answer") == stale


def test_an_interrupted_run_leaves_the_old_result(place):
    experiments.run("answer")

    @experiments.experiment()
    def answer():
        raise KeyboardInterrupt

    answer.__module__ = "helpers.trial"
    with pytest.raises(KeyboardInterrupt):
        experiments.run("answer")
    assert experiments.load("answer") == {"value": 42}


def test_a_missing_result_is_refused_with_the_way_out(place):
    with pytest.raises(ValueError, match="got 'answer'; `make experiments` computes all"):
        experiments.load("answer")
    with pytest.raises(ValueError, match="name must be one of answer, got 'question'"):
        experiments.load("question")


@pytest.mark.parametrize("text", ["{", '{"machine": "any"}'], ids=["half a file", "no result"])
def test_a_result_that_cannot_be_read_is_refused_with_the_way_out(place, text):
    experiments.run("answer").write_text(text)
    with pytest.raises(ValueError, match="name must be a result whose file can be read, got 'ans"):
        experiments.load("answer")


def test_the_machine_is_named_by_its_processor():
    described = experiments.describe_machine()
    assert re.fullmatch(r".+, \d+ cores, \w+", described)
    known = Path("/proc/cpuinfo")
    if known.exists() and "model name" in known.read_text("utf-8"):
        assert f": {described.split(', ')[0]}\n" in known.read_text("utf-8")
