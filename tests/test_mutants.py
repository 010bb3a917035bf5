"""What makes mutants makes the same ones each time, leaves text alone, and ends what hangs."""

import ast
import json
import subprocess

import mutants
from tools import tool

ROOT = mutants.ROOT


def test_a_sample_holds_one_change_of_a_place_and_is_the_same_each_time():
    places = [mutants.Place(n // 3, 0, f"operator {n % 3}", n) for n in range(300)]
    drawn = mutants.sample(places, 40, "layout")
    assert drawn == mutants.sample(places, 40, "layout")
    assert drawn != mutants.sample(places, 40, "rnn")
    assert len({place.line for place in drawn}) == len(drawn) == 40
    assert len(mutants.sample(places, 1000, "layout")) == 100


def test_annotations_texts_of_errors_and_cases_to_try_are_left_as_they_are():
    text = (
        "def f(x: int | None = 1) -> 3:\n    é: 4 = 5\n    raise ValueError(f'{x + 1}') or 6\n"
        "for a, b in ((7, 8), (9, 10)):\n    print(11)\nfor a in (12, 13):\n    print(14)\n"
    )
    lines = text.splitlines()
    found = {lines[a - 1][m:n] for (a, m), (_, n) in mutants._left_alone(text)}
    assert found == {"int | None", "3", "4", "f'{x + 1}'", "(7, 8)", "(9, 10)"}


def test_what_hangs_is_ended_and_what_ends_says_how(tmp_path):
    def spin():
        while True:
            pass

    log = tmp_path / "log"
    assert mutants.forked(lambda: 5, log, 9)[0] == 5
    assert mutants.forked(lambda: 1 // 0, log, 9)[0] == 70
    status, used = mutants.forked(spin, log, 1)
    assert status in mutants.TOO_LONG
    assert 0.5 < used < 5


def test_tests_that_import_another_src_are_told_from_tests_that_fail(tmp_path):
    (tmp_path / "src/helpers").mkdir(parents=True)
    (tmp_path / "src/helpers/__init__.py").touch()
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_one.py").write_text("def test_one():\n    import helpers\n")
    files = ["test_one.py"]
    log = tmp_path / "log"

    def elsewhere():
        import helpers  # noqa: F401

        return mutants.run_tests(tmp_path, files)

    status, _ = mutants.forked(elsewhere, log, 60)
    assert status == mutants.ANOTHER_SOURCE, log.read_text()


def test_the_tool_gives_mutants_of_a_module_that_are_other_programs():
    python = tool("python")
    script = [python, mutants.__file__, "seeds", "--write", "--most", "6"]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    places, *lines = done.stdout.splitlines()
    text = (ROOT / "src/helpers/seeds.py").read_text("utf-8")
    assert int(places) >= 10
    assert len(lines) == 6
    for mutant in map(json.loads, lines):
        assert mutant["text"] != text
        assert mutant["before"] != mutant["after"]
        ast.parse(mutant["text"])
