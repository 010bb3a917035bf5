"""The shape checks are on in every test but those of error messages; a skip may be forbidden."""

import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import jaxtyping
import numpy as np
import pytest

from helpers import corpus

WRONG = np.array([0.5])  # ids are integers


def test_shape_checks_are_on():
    with pytest.raises(jaxtyping.TypeCheckError):
        corpus.one_hot(WRONG, 3)
    with pytest.raises(jaxtyping.TypeCheckError):
        corpus.Text(WRONG, "ab")


@pytest.mark.messages
def test_shape_checks_are_off_in_tests_of_messages():
    with pytest.raises(ValueError, match="ids must be"):
        corpus.one_hot(WRONG, 3)
    corpus.Text(WRONG, "ab")


def test_draws_repeat_and_know_no_deadline():
    assert hypothesis.settings().derandomize
    assert hypothesis.settings().deadline is None


@pytest.mark.parametrize(("required", "code"), [("", 0), ("1", 1)])
def test_a_skip_is_a_failure_where_a_browser_is_required(tmp_path, required, code):
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\ndef test_it():\n    pytest.skip('none')\n"
    )
    run = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "conftest",
        "-p",
        "no:randomly",
        str(tmp_path),
    ]
    here = {"PYTHONPATH": str(Path(__file__).parent), "REQUIRE_BROWSER": required}
    done = subprocess.run(run, cwd=tmp_path, env=os.environ | here, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("REQUIRE_BROWSER is set" in done.stdout) == bool(required)
