"""The tool that seeds faults calls nothing caught that is not, and the catalogue is up to date."""

from __future__ import annotations

import json
import re
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import faults
import pytest
from catalogue import FAULTS
from faults import FORMAT, Fault, NothingToChange, Outcome, Part, add, cell, judge, seed, swap
from test_book import ROOT, tracked_files

PYTHON = sys.executable
FORM = replace(FORMAT, command=(*FORMAT.command, "src/helpers/seeds.py"))
SPACING = Fault(
    "spacing",
    "a file is not in the common form",
    (swap("src/helpers/seeds.py", "SEED = 20250\n", "SEED=20250\n"),),
    FORM,
    "",
    r"would be reformatted\s+--> src/helpers/seeds\.py",
)
PASSING = Part("passing", (PYTHON, "-c", "pass"))


def failing(words: str) -> Outcome:
    return Outcome(False, words, 0.0)


def test_notebooks_are_checked_as_make_test_does():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (line,) = re.findall(r"^NBVAL := \$\(BIN\)/python -m pytest ((?:.*\\\n)*.*)$", makefile, re.M)
    assert tuple(line.replace("\\\n", " ").split()) == faults.NBVAL


def test_every_fault_has_a_name_of_its_own():
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_finds_what_it_changes_and_who_catches_it(fault, tmp_path):
    """A text that has changed meanwhile needs its fault changed too, in tests/catalogue.py."""
    for edit in fault.edits:
        (tmp_path / edit.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / edit.path).write_bytes((ROOT / edit.path).read_bytes())
    seed(fault, tmp_path)
    file, _, function = fault.by.partition("::")
    if file.startswith("test_"):
        defined = re.findall(r"^def (\w+)", (ROOT / "tests" / file).read_text("utf-8"), re.M)
        assert any(name.startswith(function.partition("[")[0]) for name in defined)
    assert fault.by or fault.says


@pytest.mark.parametrize("text", ["nothing", "old and old"])
def test_a_fault_that_finds_not_one_place_is_an_error(tmp_path, text):
    (tmp_path / "file.txt").write_text(text)
    with pytest.raises(NothingToChange, match="times, not once"):
        seed(replace(SPACING, edits=(swap("file.txt", "old", "new"),)), tmp_path)
    with pytest.raises(NothingToChange):
        swap("file.txt", "old", "old").change("old")
    with pytest.raises(NothingToChange, match="nothing changes"):
        seed(replace(SPACING, edits=(add("file.txt", ""),)), tmp_path)


def test_a_cell_is_changed_alone_and_the_notebook_stays_in_normal_form():
    before = (ROOT / "notebooks/recurrence.ipynb").read_text("utf-8")
    after = cell("recurrence", "Not one more.", "Not one more.", "One more.").change(before)
    assert after == before.replace("Not one more.", "One more.")
    assert after == json.dumps(json.loads(after), indent=1, ensure_ascii=False) + "\n"
    with pytest.raises(NothingToChange, match="marks 0 cells"):
        cell("recurrence", "no such words", "a", "b").change(before)


SUMMARY = "noise\nFAILED tests/test_a.py::test_right[1] - assert 1 == 2\nwords of it\n"


@pytest.mark.parametrize(
    ("outcome", "by", "says", "word"),
    [
        (failing(SUMMARY), "test_a.py::test_right", "", "caught"),
        (failing(SUMMARY), "test_a.py::test_right[1]", "words", "caught"),
        (failing(SUMMARY), "test_a.py::test_wrong", "", "NOT CAUGHT"),
        (failing(SUMMARY), "test_a.py::test_right", "other words", "NOT CAUGHT"),
        (failing("words"), "", "words", "caught"),
        (failing("it broke: test_a.py::test_right"), "test_a.py::test_right", "", "NOT CAUGHT"),
        (failing(""), "test_a.py::test_right", "", "NOT CAUGHT"),
        (Outcome(True, SUMMARY, 0.0), "test_a.py::test_right", "", "NOT CAUGHT"),
    ],
)
def test_caught_is_only_what_the_right_test_catches_with_the_right_words(outcome, by, says, word):
    assert judge(replace(SPACING, by=by, says=says), outcome)[0] == word


def test_a_known_hole_is_listed_and_must_not_be_caught():
    hole = replace(SPACING, hole="nobody can know", says="words")
    assert judge(hole, Outcome(True, "", 0.0)) == ("hole", "nobody can know")
    assert judge(hole, failing("words"))[0] == "ERROR"


def test_a_setup_that_fails_is_named_too():
    assert faults.failures("ERROR tests/test_site.py::test_a - x\n") == ["test_site.py::test_a - x"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    if not tracked_files():
        pytest.skip("nothing to copy")
    folder = tmp_path_factory.mktemp("whole")
    faults.copy_checkout(folder)
    return folder


@pytest.fixture
def pool():
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_the_tests_of_a_file_are_tried_together_and_judge_alone(whole, pool, tmp_path):
    file = whole / "tests/test_pair.py"
    file.write_text("def test_a():\n    pass\ndef test_b():\n    pass\n")
    both = [faults.pytest(f"tests/test_pair.py::test_{name}") for name in "ab"]
    assert faults.try_parts(both, whole, pool) == dict.fromkeys(both)
    (whole / "tests/test_pair.py").write_text(
        "def test_a():\n    pass\ndef test_b():\n    assert 0"
    )
    reasons = faults.try_parts(both, whole, pool)
    file.unlink()
    assert list(reasons) == both
    assert all("test_pair.py::test_b - assert 0" in reason for reason in reasons.values())


def test_a_fault_is_judged_by_the_test_that_is_named_for_it():
    (fault,) = (fault for fault in FAULTS if fault.name == "transpose-forgotten")
    assert faults.judges(fault).files == (f"tests/{fault.by}",)
    assert faults.judges(replace(fault, by="test_bptt.py::")) is fault.part
    assert faults.judges(SPACING) is FORM


def test_a_copy_holds_what_git_would_and_imports_its_own_sources(whole):
    assert (whole / "src/helpers/rnn.py").read_bytes() == (ROOT / "src/helpers/rnn.py").read_bytes()
    assert not (whole / ".venv").exists()
    faults.prove_own_sources(whole)
    assert not (whole / "notebooks/proof.ipynb").exists()


def test_a_copy_that_imports_other_sources_is_refused(whole, monkeypatch):
    """Without the path, the environment's link to this checkout is what is imported."""
    right = faults.surroundings(whole)
    monkeypatch.setattr(faults, "surroundings", lambda folder: right | {"PYTHONPATH": ""})
    with pytest.raises(SystemExit, match="A copy must import"):
        faults.prove_own_sources(whole)


def test_a_kernel_that_imports_other_sources_is_refused(whole, monkeypatch):
    def only_scripts(part, folder):
        inside = faults.surroundings(folder) if part.name == "own sources" else {}
        with monkeypatch.context() as changed:
            changed.setattr(faults, "surroundings", lambda _: inside or {**right, "PYTHONPATH": ""})
            return run(part, folder)

    right, run = faults.surroundings(whole), faults.run
    monkeypatch.setattr(faults, "run", only_scripts)
    with pytest.raises(SystemExit, match="A notebook of a copy must import"):
        faults.prove_own_sources(whole)
    (whole / "notebooks/proof.ipynb").unlink(missing_ok=True)


def test_a_fault_is_made_in_a_copy_only_and_caught_there(whole, pool):
    before = (whole / "src/helpers/seeds.py").read_bytes()
    verdict = faults.try_fault(SPACING, whole, faults.try_parts([FORM], whole, pool))
    assert (verdict.word, verdict.reason) == (
        "caught",
        "ruff format: would be reformatted --> src/helpers/seeds.py",
    )
    assert (whole / "src/helpers/seeds.py").read_bytes() == before


def test_a_fault_that_nobody_notices_is_not_caught(whole):
    unseen = replace(SPACING, part=PASSING)
    verdict = faults.try_fault(unseen, whole, {PASSING: None})
    assert (verdict.word, verdict.reason) == ("NOT CAUGHT", "passing passes")


def test_a_part_that_fails_without_a_fault_judges_nothing(whole, pool):
    part = Part("failing", (PYTHON, "-c", "raise SystemExit('it always fails')"))
    (reason,) = faults.try_parts([part], whole, pool).values()
    assert "without any fault, failing fails: it always fails" in reason
    verdict = faults.try_fault(replace(SPACING, part=part), whole, {part: reason})
    assert (verdict.word, verdict.reason) == ("ERROR", reason)


def test_a_part_that_this_machine_cannot_run_is_skipped_with_a_reason(whole, monkeypatch):
    monkeypatch.setattr(faults.shutil, "which", lambda name: None)
    part = replace(PASSING, needs=("a browser",))
    verdict = faults.try_fault(replace(SPACING, part=part), whole, {})
    assert (verdict.word, verdict.reason) == ("skipped", "this machine has no a browser")


@pytest.mark.parametrize(("word", "status"), [("caught", 0), ("NOT CAUGHT", 1), ("ERROR", 1)])
def test_the_exit_tells_whether_all_was_caught(monkeypatch, capsys, word, status):
    verdicts = lambda chosen, jobs: (faults.Verdict(f, word, "because") for f in chosen)  # noqa: E731
    monkeypatch.setattr(faults, "try_all", verdicts)
    assert faults.main(["stored-number"]) == status
    first, *_, last = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"stored-number  {word} +0 s  because", first)
    assert last.startswith(f"1 fault: 1 {word};")


def test_the_script_is_the_module_that_the_catalogue_knows(monkeypatch, capsys):
    monkeypatch.setattr(faults, "try_all", lambda chosen, jobs: ())
    monkeypatch.setattr(sys, "argv", ["faults.py", "stored-number"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "tests/faults.py"), run_name="__main__")
    assert ended.value.code == 0
    assert "1 fault" in capsys.readouterr().out


def test_an_unknown_name_is_answered_with_the_known_ones(capsys):
    assert faults.main(["nonsense"]) == 2
    assert "stored-number" in capsys.readouterr().out
