"""A reader who waits sees how far it is; a notebook that is checked or stored never does."""

import itertools
import re
import subprocess
import sys
import time
from types import SimpleNamespace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from helpers import progress

SLOW = "from helpers import progress\nfor i in progress.bar([7, 8], 'waiting', after=0): print(i)"


@pytest.fixture
def looking_on(monkeypatch):
    monkeypatch.setenv(progress.VARIABLE, "on")


@pytest.fixture
def clock(monkeypatch):
    """Every look at the clock finds one second gone."""
    seconds = itertools.count()
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))


@given(items=st.lists(st.integers()))
def test_items_come_through_as_they_are(items):
    assert list(progress.bar(items, "passing")) == items


@pytest.mark.usefixtures("looking_on")
def test_items_come_through_as_they_are_with_the_line_too(capsys):
    assert list(progress.bar(iter("abc"), "passing", after=0)) == ["a", "b", "c"]
    assert "passing: 0 done, 0 s" in capsys.readouterr().out


@pytest.mark.usefixtures("looking_on", "clock")
def test_the_line_by_hand(capsys):
    assert list(progress.bar([1, 2, 3, 4], "training", after=0)) == [1, 2, 3, 4]
    states = capsys.readouterr().out.split("\r")
    assert [state.rstrip() for state in states] == [
        "",
        "training [....................] 0 %",
        "training [#####...............] 25 %, 6 s left",
        "training [##########..........] 50 %, 3 s left",
        "training [###############.....] 75 %, 1 s left",
        "",
        "",
    ]


@pytest.mark.usefixtures("looking_on", "clock")
def test_a_total_that_was_too_small_is_no_error(capsys):
    assert list(progress.bar([1, 2, 3], "reading", total=1, after=0)) == [1, 2, 3]
    said = capsys.readouterr().out
    assert "reading [####################] 100 %, 0 s left" in said
    assert "200 %" not in said


@pytest.mark.usefixtures("looking_on")
def test_the_line_comes_after_half_a_second(capsys, monkeypatch):
    quarters = (n / 4 for n in range(9))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(quarters))
    assert list(progress.bar("abcd", "reading")) == ["a", "b", "c", "d"]
    assert "reading [#####...............] 25 %" in capsys.readouterr().out


@pytest.mark.usefixtures("looking_on")
def test_a_quick_loop_writes_nothing(capsys):
    assert len(list(progress.bar(range(1000), "counting", after=60))) == 1000
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("looking_on")
def test_the_line_is_not_written_more_often_than_it_can_be_read(capsys):
    for _ in progress.bar(range(100_000), "counting", after=0):
        pass
    written = capsys.readouterr().out.count("counting")
    assert written < 50


@pytest.mark.usefixtures("looking_on")
@pytest.mark.parametrize("end", ["break", "error"])
def test_the_line_goes_away_however_the_loop_ends(capsys, end):
    items = progress.bar(range(9), "counting", after=0)
    try:
        for _ in items:
            if end == "error":
                raise RuntimeError("on purpose")
            break
    except RuntimeError:
        pass
    items.close()
    written = capsys.readouterr().out
    assert re.search(r"counting.*\r +\r$", written)
    assert len(written.split("\r")[2]) >= len("counting")


def test_items_are_taken_one_by_one():
    """A loop that stops early has not run the rest."""
    taken = []
    items = progress.bar((taken.append(i) or i for i in range(9)), "counting")
    assert [next(items), next(items)] == [0, 1]
    assert taken == [0, 1]


@pytest.mark.parametrize(
    ("said", "seen"), [("off", False), ("ON", True), ("", False), ("x", False)]
)
def test_the_environment_variable_decides(monkeypatch, said, seen):
    monkeypatch.setenv(progress.VARIABLE, said)
    assert progress.shown() is seen


def test_a_program_that_is_no_notebook_is_silent():
    code = f"import IPython\n{SLOW}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "7\n8\n"


@pytest.fixture
def _decided_by_the_kernel(monkeypatch):
    monkeypatch.delenv(progress.VARIABLE, raising=False)


def printed(client) -> str:
    """What the cell has printed, as a front end gets it."""
    text = ""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        message = client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "stream":
            text += message["content"]["text"]
        if message["msg_type"] == "error":
            pytest.fail("\n".join(message["content"]["traceback"]))
        if message["content"].get("execution_state") == "idle":
            return text
    pytest.fail("the kernel gave no answer")


@pytest.mark.usefixtures("_decided_by_the_kernel")
def test_a_front_end_shows_the_line_and_a_check_of_the_notebook_does_not():
    """As JupyterLab asks for a cell, then as nbval and as a program that asks nothing does."""
    manager = KernelManager()
    manager.start_kernel(extra_arguments=["--log-level=ERROR"])
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        for asks, history, seen in [
            (True, True, True),
            (False, False, False),
            (False, True, False),
        ]:
            client.execute(SLOW, allow_stdin=asks, store_history=history)
            assert ("waiting" in printed(client)) is seen
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.usefixtures("_decided_by_the_kernel")
@pytest.mark.parametrize(
    ("request_", "looks_on"),
    [
        ({}, False),
        ({"content": {}}, False),
        ({"content": {"store_history": True}}, False),
        ({"content": {"allow_stdin": True}}, True),
        ({"content": {"allow_stdin": True, "store_history": False}}, False),
    ],
)
def test_a_front_end_that_leaves_something_unsaid_means_what_the_protocol_says(
    monkeypatch, request_, looks_on
):
    kernel = SimpleNamespace(get_parent=lambda: request_)
    ipython = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=kernel))
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert progress.shown() is looks_on


@pytest.mark.usefixtures("_decided_by_the_kernel")
def test_nbconvert_and_the_book_store_nothing_of_the_line():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SLOW)])
    NotebookClient(notebook, timeout=60).execute()
    assert [output.text for output in notebook.cells[0].outputs] == ["7\n8\n"]


@pytest.mark.usefixtures("_decided_by_the_kernel")
def test_nbval_sees_nothing_of_the_line(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SLOW)])
    notebook.cells[0].execution_count = 1
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text="7\n8\n")]
    nbformat.write(notebook, tmp_path / "slow.ipynb")
    check = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:randomly"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: progress.bar(3, "counting"),
            "items must be something to run over such as a list or a generator, got 3",
        ),
        (
            lambda: progress.bar([], " "),
            "what must say in a few words what takes so long, as in 'training', got ' '",
        ),
        (
            lambda: progress.bar([], None),
            "what must say in a few words what takes so long, as in 'training', got None",
        ),
        (
            lambda: progress.bar([], "counting", total=-1),
            "total must be an integer of at least 0, got -1",
        ),
        (
            lambda: progress.bar([], "counting", after=-1),
            "after must be at least 0, got -1",
        ),
    ],
)
def test_refusals_name_argument_value_and_remedy(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()
