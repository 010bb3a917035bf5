"""What runs at the host of the repository: pinned, with few rights, and checked by linters.

Nothing here runs a workflow: only the host can.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from tools import tool

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def workflow(path):
    return yaml.safe_load(path.read_text("utf-8"))


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_the_course_is_tested_and_published_at_every_push_and_checked_weekly():
    triggers = {}
    for path in WORKFLOWS:
        # YAML 1.1 reads the key `on` as true.
        triggers[path.stem] = set(yaml.safe_load(path.read_text("utf-8"))[True])
    assert triggers == {
        "publish": {"push", "pull_request"},
        "weekly": {"schedule", "workflow_dispatch"},
    }


def test_every_action_is_pinned_by_digest_and_says_its_version(path):
    named = re.findall(r"^\s*(?:- )?uses: (.+)$", path.read_text("utf-8"), re.MULTILINE)
    assert named
    for use in named:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use), use


def test_one_action_has_one_digest():
    digests = {}
    for path in WORKFLOWS:
        for action, digest in re.findall(r"uses: (\S+)@(\S+)", path.read_text("utf-8")):
            digests.setdefault(action, set()).add(digest)
    assert {action: len(found) for action, found in digests.items() if len(found) > 1} == {}


def test_no_job_may_do_more_than_it_says(workflow):
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"], name
        assert 0 < job["timeout-minutes"] <= 90, name
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_only_the_main_branch_is_published_after_the_tests():
    jobs = yaml.safe_load((FOLDER / "workflows/publish.yml").read_text("utf-8"))["jobs"]
    main = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]["branch"]
    only = f"github.ref == 'refs/heads/{main}' && github.event_name == 'push'"
    assert jobs["publish"]["needs"] == "test"
    assert jobs["publish"]["if"] == only
    handed = [s for s in jobs["test"]["steps"] if "artifact" in str(s.get("run", s.get("uses")))]
    assert [step["if"] for step in handed] == [only, only]
    assert "continue-on-error" not in str(jobs)


def test_the_lax_job_runs_everything_on_both_other_systems():
    lax = yaml.safe_load((FOLDER / "workflows/publish.yml").read_text("utf-8"))["jobs"]["lax"]
    assert lax["strategy"]["matrix"]["system"] == ["macos-latest", "windows-latest"]
    commands = "\n".join(step.get("run", "") for step in lax["steps"])
    assert "pip install -r requirements.txt" in commands
    assert re.search(r"python -m pytest$", commands, re.MULTILINE)
    assert re.search(r"python -m pytest --nbval-lax .* notebooks$", commands, re.MULTILINE)


def test_every_job_has_the_python_of_the_course(workflow):
    wanted = (ROOT / "binder/runtime.txt").read_text("utf-8").strip().removeprefix("python-")
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/setup-python@"):
            assert step["with"]["python-version"] == wanted


def test_what_a_step_calls_is_there_and_its_shell_can_be_read(workflow, tmp_path):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for step in steps(workflow):
        run = step.get("run", "")
        for target in re.findall(r"\bmake ([a-z]+)", run):
            assert target in targets, run
        for script in re.findall(r"^(\.\S+)", run, re.MULTILINE):
            assert os.access(ROOT / script, os.X_OK), script
        assert "${{" not in run, "a value from outside goes through the environment"
        subprocess.run(["bash", "-n"], input=run, text=True, check=True)


def test_the_linter_of_workflows_finds_nothing():
    lint = [tool("zizmor"), "--offline", "--no-progress", "--persona=pedantic", FOLDER]
    done = subprocess.run(lint, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflows_have_the_form_that_the_host_reads():
    check = [tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *WORKFLOWS]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# What stands for the host's own program: it writes down what it was asked, and answers.
GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >>calls
case "$1 $2" in "issue list") printf '%s' "$ALREADY" ;; *) cp "${@: -1}" body ;; esac
"""


@pytest.mark.parametrize(
    ("already", "last"),
    [("", "issue create --title Links are broken"), ("7", "issue comment 7")],
    ids=["new", "known"],
)
def test_a_report_opens_one_issue_and_adds_to_it_later(tmp_path, already, last):
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "links.txt").write_text("a line\n" * 200 + "the last `line` $HOME\n")
    inside = os.environ | {"ALREADY": already, "RUN": "its address"}
    inside["PATH"] = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    report = [FOLDER / "report", "Links are broken", "links.txt"]
    subprocess.run(report, cwd=tmp_path, env=inside, check=True)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len(calls) == 2
    assert calls[1].startswith(f"{last} --body-file ")
    body = (tmp_path / "body").read_text()
    assert body.startswith("Found by the weekly run: its address\n")
    assert body.endswith("the last `line` $HOME\n```\n")
    assert body.count("a line\n") == 99


def test_a_report_without_its_file_says_so(tmp_path):
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    inside = os.environ | {"ALREADY": "", "RUN": "its address"}
    inside["PATH"] = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    report = [FOLDER / "report", "Links are broken", "missing.txt"]
    subprocess.run(report, cwd=tmp_path, env=inside, check=True)
    assert "It failed before it could say more." in (tmp_path / "body").read_text()
