"""The tool that runs the notebooks elsewhere tells a difference from none, and what it tried."""

import configparser
import re

import numpy as np
import pytest
import same
from inside import MOST, nudged
from same import Outcome, Setting

RECURRENCE = same.ROOT / "notebooks" / "recurrence.ipynb"
LAYOUT = same.ROOT / "notebooks" / "layout.ipynb"
NUDGED = Setting("nudged", {same.inside.NUDGE: "1"})
OPENBLAS = Setting("openblas Zen", {}, {"openblas": ["Zen"]})

IGNORED: dict[str, str] = {}
"""Each rule of `nbval_sanitize.cfg` and each tag that hides an output, and why it must be there."""


def test_nothing_is_ignored_but_what_is_counted_here_with_its_reason():
    rules = configparser.RawConfigParser()
    assert rules.read(same.TESTS / "nbval_sanitize.cfg", encoding="utf-8")
    tags = {
        f"{path.stem}: {tag}"
        for path in same.NOTEBOOKS
        for tag in re.findall(r'"(nbval-[\w-]+|raises-exception)"', path.read_text("utf-8"))
    }
    assert set(rules.sections()) | tags == set(IGNORED)
    assert all(len(reason) > 20 for reason in IGNORED.values())


def test_notebooks_are_compared_as_by_make_check():
    makefile = (same.ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")
    command = re.search(r"^NBVAL := .* pytest (.*)$", makefile, re.MULTILINE)[1]
    assert command.split() == same.NBVAL
    threads = re.search(r"^ONE_THREAD := (.*)$", makefile, re.MULTILINE)[1]
    assert {f"{k}={v}" for k, v in same.ONE_THREAD.items()} <= set(threads.split())


def test_what_needs_torch_is_found_by_what_is_imported():
    assert same.needs_torch(RECURRENCE)
    assert not same.needs_torch(LAYOUT)
    assert same.needs_torch(same.ROOT / "src/helpers/torch_loop.py")
    assert not same.needs_torch(same.ROOT / "src/helpers/train.py")
    assert same.is_numpy_only(same.TESTS / "test_rnn.py")
    assert not same.is_numpy_only(same.TESTS / "test_torch_twin.py")
    assert not same.is_numpy_only(same.TESTS / "test_site.py")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_nudge_moves_by_units_in_the_last_place_and_leaves_equals_equal(dtype):
    values = np.random.default_rng(0).normal(size=(40, 50)).astype(dtype)
    values[0] = 0
    moved = nudged(values, 1)
    units = (moved - values)[1:] / np.spacing(values[1:])
    assert moved.dtype == dtype
    assert np.abs(units).max() == MOST
    assert (units != 0).mean() > 0.8
    assert (moved[0] == 0).all()
    assert np.array_equal(nudged(values.T, 1), moved.T)
    assert not np.array_equal(nudged(values, 2), moved)


def test_a_setting_that_the_kernel_does_not_confirm_is_not_available():
    told = {"seen": {"openblas": ["Haswell"]}, "nudges": {}}
    assert same.judge((), told, OPENBLAS, LAYOUT) == Outcome(same.MISSING)
    told["seen"]["openblas"] = ["Zen"]
    assert same.judge((), told, OPENBLAS, LAYOUT) == Outcome(same.SAME)
    assert not same.judge((), {}, OPENBLAS, LAYOUT).good


def test_a_notebook_in_which_nothing_was_nudged_has_failed():
    told = {"seen": {}, "nudges": {}}
    assert not same.judge((), told, NUDGED, RECURRENCE).good
    assert same.judge((), told | {"nudges": {"init": 3}}, NUDGED, RECURRENCE).good


def test_cells_that_differ_are_named_as_a_reader_sees_them(tmp_path):
    path = tmp_path / "verdicts.xml"
    fault = "<failure>Cell outputs differ\n- 1.0\n+ 2.0\n</failure>"
    path.write_text(
        f'<t><testcase name="Cell 0"/><testcase name="Cell 3">{fault}</testcase></t>', "utf-8"
    )
    assert same.read_verdicts(path) == ("In [4]: - 1.0  |  + 2.0",)
    path.write_text("<t></t>", "utf-8")
    assert same.read_verdicts(path) == ("no cell was run",)
    assert same.read_verdicts(tmp_path / "none.xml", "why") == ("pytest ended early: why",)


def test_repeated_runs_count_those_that_differ():
    good, bad = Outcome(same.SAME), Outcome("1 differ", ("In [4]: x",))
    assert same.together([good] * 3).verdict == "same 3 times"
    assert same.together([good, bad, good]) == Outcome("1 of 3", bad.cells)


def test_settings_are_chosen_by_name_or_by_a_part_of_it():
    known = [Setting("default"), Setting("torch default"), Setting("torch avx2")]
    assert [s.name for s in same.chosen(known, ["default"])] == ["default"]
    assert [s.name for s in same.chosen(known, ["torch"])] == ["torch default", "torch avx2"]
    assert same.chosen(known, []) == known
    with pytest.raises(SystemExit, match="No setting has 'zen'"):
        same.chosen(known, ["zen"])


def test_the_table_has_a_line_a_setting_and_names_what_differs():
    bad = Outcome("1 differ", ("In [4]: x",))
    lines = same.table({"default": {"layout": Outcome(same.SAME), "plane": bad}}).splitlines()
    assert lines[0].split() == ["layout", "plane"]
    assert re.split(r"\s{2,}", lines[1]) == ["default", "same", "1 differ"]
    assert lines[2] == "default, plane, In [4]: x"
