"""Seeded faults: each is made alone in a copy of the course, and a named check must notice it.

``make faults`` makes all of the catalogue in ``catalogue.py``, ``make faults FAULT=name`` one. A
fault counts as caught only if the part of the test command that is named for it fails, and if
that failure names the test and says the words that the fault expects. The whole copy passes the
same part first, and the copy's own ``src`` is what its tests and its notebooks' kernels import.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from javascript import BROWSERS

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
LONGEST = 900
"""Seconds that one part may take."""

NBVAL = (
    *("--nbval", "--nbval-current-env", "--nbval-cell-timeout=120"),
    *("--nbval-sanitize-with=tests/nbval_sanitize.cfg", "-o", "addopts=", "-p", "no:randomly"),
)
"""How `make test` checks notebooks; a test holds this to the Makefile."""


class NothingToChange(ValueError):
    """The text that a fault changes is not there, or not once."""


@dataclass(frozen=True)
class Part:
    """A part of the test command, and what it needs that not every machine has."""

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """What pytest is given, where it is pytest: files, or names of tests."""


@dataclass(frozen=True)
class Edit:
    """What happens to one file."""

    path: str
    change: Callable[[str], str]


@dataclass(frozen=True)
class Fault:
    """One mistake, and who has to notice it."""

    name: str
    story: str
    """What went wrong, in a few words."""

    edits: tuple[Edit, ...]
    part: Part
    by: str
    """Beginning of the name of a test that fails, as pytest's summary gives it, or ""."""

    says: str = ""
    """A regular expression that the output of the failing part holds."""

    hole: str = ""
    """Why no check can notice it; such a fault is listed, and must not be caught."""


@dataclass(frozen=True)
class Outcome:
    passed: bool
    output: str
    seconds: float


@dataclass(frozen=True)
class Verdict:
    fault: Fault
    word: str
    """caught, NOT CAUGHT, hole, skipped or ERROR."""

    reason: str
    seconds: float = 0.0


# Parts of the test command


def pytest(*files: str, needs: tuple[str, ...] = ()) -> Part:
    """Named files, or tests, of ``python -m pytest``."""
    shown = ("-q", "--color=no", "-rfE", "-p", "no:randomly", "-p", "no:cacheprovider")
    short = " ".join(file.removeprefix("tests/").removeprefix("src/helpers/") for file in files)
    return Part(short, (sys.executable, "-m", "pytest", *shown, *files), needs, files)


def judges(fault: Fault) -> Part:
    """The part that has to catch a fault: of pytest's files, the one test that is named."""
    named = re.match(r"(test_\w+\.py)::(test_\w+)", fault.by)
    if named is None or not fault.part.files:
        return fault.part
    text = (ROOT / "tests" / named[1]).read_text("utf-8")
    if not re.search(rf"^def {named[2]}\(", text, re.M):
        return fault.part
    return pytest(f"tests/{named[1]}::{named[2]}", needs=fault.part.needs)


def notebook(slug: str) -> Part:
    """The stored outputs of one notebook."""
    shown = ("-q", "--color=no", "-rfE", "-p", "no:cacheprovider")
    file = f"notebooks/{slug}.ipynb"
    return Part(f"{slug}.ipynb", (sys.executable, "-m", "pytest", *shown, *NBVAL, file))


LINT = Part("ruff check", (str(BIN / "ruff"), "check", "--output-format=concise"))
FORMAT = Part("ruff format", (str(BIN / "ruff"), "format", "--check"))
TYPES = Part("mypy", (str(BIN / "mypy"), "--no-color-output", "--no-pretty"))


# Edits


def swap(path: str, old: str, new: str) -> Edit:
    """`new` for `old`, which has to stand in the file exactly once."""

    def change(text: str) -> str:
        return once(text, old, new, path)

    return Edit(path, change)


def add(path: str, more: str) -> Edit:
    """Something at the end of a file."""
    return Edit(path, lambda text: text + more)


def cell(slug: str, mark: str, old: str, new: str) -> Edit:
    """`new` for `old` in the source of the one cell that holds `mark`."""

    def change(found: dict) -> None:
        found["source"] = lines(once("".join(found["source"]), old, new, slug))

    return _in_cell(slug, mark, change)


def printed(slug: str, mark: str, old: str, new: str) -> Edit:
    """The same in what the cell has printed."""

    def change(found: dict) -> None:
        (stream,) = [each for each in found["outputs"] if each["output_type"] == "stream"]
        stream["text"] = lines(once("".join(stream["text"]), old, new, slug))

    return _in_cell(slug, mark, change)


def figure(slug: str, name: str, change: Callable[[dict], None]) -> Edit:
    """A change of the metadata of the cell that draws a figure."""

    def has_the_name(found: dict) -> bool:
        about = found["metadata"].get("mystnb", {})
        return bool(about.get("figure", {}).get("name") == name)

    return _in_cells(slug, name, has_the_name, change)


def drawing(slug: str, name: str, change: Callable[[str], str]) -> Edit:
    """A change of a figure's stored drawing."""

    def in_the_drawing(found: dict) -> None:
        (data,) = [each["data"] for each in found["outputs"] if "image/svg+xml" in each["data"]]
        before = "".join(data["image/svg+xml"])
        after = change(before)
        if after == before:
            raise NothingToChange(f"{slug}: nothing to change in the drawing {name}")
        data["image/svg+xml"] = lines(after)

    return figure(slug, name, in_the_drawing)


def tagged(slug: str, mark: str, tag: str) -> Edit:
    """One more tag on a cell."""

    def change(found: dict) -> None:
        found["metadata"].setdefault("tags", []).append(tag)

    return _in_cell(slug, mark, change)


def _in_cell(slug: str, mark: str, change: Callable[[dict], None]) -> Edit:
    return _in_cells(slug, mark, lambda found: mark in "".join(found["source"]), change)


def _in_cells(
    slug: str, mark: str, which: Callable[[dict], bool], change: Callable[[dict], None]
) -> Edit:
    def in_the_notebook(text: str) -> str:
        book = json.loads(text)
        found = [each for each in book["cells"] if which(each)]
        if len(found) != 1:
            raise NothingToChange(f"{slug}: {mark!r} marks {len(found)} cells, not one")
        change(found[0])
        return json.dumps(book, indent=1, ensure_ascii=False) + "\n"

    return Edit(f"notebooks/{slug}.ipynb", in_the_notebook)


def once(text: str, old: str, new: str, where: str) -> str:
    """`new` for `old`, if it stands there exactly once and the two differ."""
    if text.count(old) != 1 or old == new:
        raise NothingToChange(f"{where}: {old!r} stands there {text.count(old)} times, not once")
    return text.replace(old, new)


def lines(text: str) -> list[str]:
    """Text as notebooks store it."""
    return text.splitlines(keepends=True)


def seed(fault: Fault, folder: Path) -> None:
    """Make a fault in a copy; every file that it names has to change."""
    for edit in fault.edits:
        path = folder / edit.path
        before = path.read_text("utf-8") if path.exists() else ""
        after = edit.change(before)
        if after == before:
            raise NothingToChange(f"{edit.path}: nothing changes")
        path.write_text(after, "utf-8")


# Copies


def copy_checkout(folder: Path) -> None:
    """What is, or would be, in the repository, as it stands, as a checkout of its own."""
    which = ["--cached", "--others", "--exclude-standard", "-z"]
    git = ["git", "-C", str(ROOT), "ls-files", *which]
    listed = subprocess.run(git, capture_output=True, text=True)
    if listed.returncode:
        raise SystemExit("Faults need a git checkout: only git knows which files belong to it.")
    for name in sorted(set(filter(None, listed.stdout.split("\0")))):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    if (axe := ROOT / "tests" / "node_modules").is_dir():
        (folder / "tests" / "node_modules").symlink_to(axe)
    for done in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", "-C", str(folder), *done], check=True, capture_output=True)


def surroundings(folder: Path) -> dict[str, str]:
    """Variables under which a copy imports its own sources, and keeps no compiled ones.

    The environment's own link to the sources, made when the package was installed for editing,
    comes after PYTHONPATH. Compiled files are told apart by the second of a change and its
    length, which two copies may have in common.
    """
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    own = {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    quiet = {"COURSE_PROGRESS": "off", "COLUMNS": "500", "NO_COLOR": "1"}
    dropped = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "PYTEST_ADDOPTS")
    here = {name: value for name, value in os.environ.items() if name not in dropped}
    return here | one | own | quiet


def run(part: Part, folder: Path) -> Outcome:
    """Run a part of the test command in a copy."""
    begin = time.monotonic()
    try:
        done = subprocess.run(
            part.command,
            cwd=folder,
            env=surroundings(folder),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST,
        )
        passed, output = done.returncode == 0, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        passed, output = False, f"it ran for more than {LONGEST} seconds"
    return Outcome(passed, output, time.monotonic() - begin)


def prove_own_sources(folder: Path) -> None:
    """Refuse a copy whose Python, or whose notebooks' kernel, imports other sources."""
    where = "import helpers\nfrom pathlib import Path\nprint(Path(helpers.__file__).parents[1])"
    own = str((folder / "src").resolve())
    asked = Part("own sources", (sys.executable, "-c", where))
    if (found := run(asked, folder)).output.strip() != own:
        raise SystemExit(f"A copy must import {own}, but it imports {found.output.strip()}")
    stream = {"output_type": "stream", "name": "stdout", "text": [own + "\n"]}
    about = {"cell_type": "code", "id": "where", "metadata": {}, "execution_count": 1}
    book = {
        "cells": [about | {"source": lines(where), "outputs": [stream]}],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = folder / "notebooks" / "proof.ipynb"
    path.write_text(json.dumps(book), "utf-8")
    found = run(notebook("proof"), folder)
    path.unlink()
    if not found.passed:
        raise SystemExit(f"A notebook of a copy must import {own}, but:\n{found.output}")


# Judging


def failures(output: str) -> list[str]:
    """Lines of pytest's summary that name a test that failed or could not begin."""
    named = re.findall(r"^(?:FAILED|ERROR) (?:tests/|notebooks/|src/helpers/)?(.*)$", output, re.M)
    return [line.rstrip() for line in named]


def judge(fault: Fault, outcome: Outcome) -> tuple[str, str]:
    """Whether a failure names what it had to name: a word, and by what, or why not."""
    if outcome.passed:
        word, reason = "NOT CAUGHT", f"{judges(fault).name} passes"
    else:
        right = [line for line in failures(outcome.output) if line.startswith(fault.by)]
        said = re.search(fault.says, outcome.output)
        if fault.by and not right:
            got = failures(outcome.output)[:1] or outcome.output.strip().splitlines()[-1:]
            word, reason = "NOT CAUGHT", f"not by {fault.by}, but: {'; '.join(got)[:150]}"
        elif said is None:
            word, reason = "NOT CAUGHT", f"the failure does not say {fault.says!r}"
        else:
            found = f"{fault.part.name}: {' '.join(said[0].split())}"
            word, reason = "caught", right[0].split(" - ")[0] if fault.by else found
    if not fault.hole:
        return word, reason
    if word == "caught":
        return "ERROR", f"listed as a hole, but caught by {reason}"
    return "hole", fault.hole


def missing(part: Part) -> list[str]:
    """What a part needs and this machine lacks."""
    browser = any(map(shutil.which, BROWSERS)) and shutil.which("chromedriver")
    there = {
        "a browser": browser,
        "node or a browser": shutil.which("node") or browser,
        "axe-core": (ROOT / "tests/node_modules/axe-core").is_dir(),
    }
    return [need for need in part.needs if not there[need]]


def try_parts(parts: Iterable[Part], whole: Path, pool: Executor) -> dict[Part, str | None]:
    """Why a part cannot judge a fault: it fails in the whole copy. None where it can.

    The tests of one file run together, and those that need the book's pages too: it is built once.
    """
    groups: dict[str, list[Part]] = {}
    for part in parts:
        file = " ".join(sorted({each.partition("::")[0] for each in part.files}))
        text = "".join((whole / each).read_text("utf-8") for each in file.split())
        needs_pages = "test_site" in text or re.search(r"^def test_\w+\(.*\bhtml\b", text, re.M)
        groups.setdefault("pages" if needs_pages else file or part.name, []).append(part)
    found: dict[Part, str | None] = {}
    for reasons in pool.map(lambda group: _try_group(group, whole), groups.values()):
        found |= reasons
    return found


def _try_group(parts: list[Part], whole: Path) -> dict[Part, str | None]:
    together = parts[0]
    if together.files:
        together = pytest(*dict.fromkeys(file for part in parts for file in part.files))
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        outcome = run(together, _copy(whole, Path(name)))
    if outcome.passed:
        return dict.fromkeys(parts)
    named = failures(outcome.output) or outcome.output.strip().splitlines()[-1:]
    why = f"without any fault, {together.name} fails: {'; '.join(named)}"[:300]
    return dict.fromkeys(parts, why)


def try_fault(fault: Fault, whole: Path, broken: dict[Part, str | None]) -> Verdict:
    """Make one fault in a fresh copy and run its part there."""
    part = judges(fault)
    if lacking := missing(part):
        return Verdict(fault, "skipped", f"this machine has no {' and no '.join(lacking)}")
    if why := broken[part]:
        return Verdict(fault, "ERROR", why)
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = _copy(whole, Path(name))
        try:
            seed(fault, folder)
        except NothingToChange as error:
            return Verdict(fault, "ERROR", str(error))
        outcome = run(part, folder)
    return Verdict(fault, *judge(fault, outcome), outcome.seconds)


def _copy(whole: Path, place: Path) -> Path:
    return Path(shutil.copytree(whole, place / "copy", symlinks=True))


def try_all(faults: Iterable[Fault], *, jobs: int) -> Iterator[Verdict]:
    """A verdict on every fault, as they are reached."""
    faults = list(faults)
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as name,
        ThreadPoolExecutor(max_workers=jobs) as pool,
    ):
        whole = Path(name) / "whole"
        whole.mkdir()
        copy_checkout(whole)
        prove_own_sources(whole)
        parts = [p for p in dict.fromkeys(map(judges, faults)) if not missing(p)]
        broken = try_parts(parts, whole, pool)
        for done in as_completed([pool.submit(try_fault, f, whole, broken) for f in faults]):
            yield done.result()


def main(arguments: list[str]) -> int:
    from catalogue import FAULTS

    parser = argparse.ArgumentParser(description="Seed faults; each must be caught.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these faults")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    given = parser.parse_args(arguments)
    known = {fault.name: fault for fault in FAULTS}
    if unknown := [name for name in given.names if name not in known]:
        print(f"No such fault: {', '.join(unknown)}. There are:", *known, sep="\n  ")
        return 2
    chosen = [known[name] for name in given.names] or FAULTS
    width = max(len(fault.name) for fault in chosen)
    begin, words = time.monotonic(), Counter[str]()
    for verdict in try_all(chosen, jobs=given.jobs):
        words[verdict.word] += 1
        taken = f"{verdict.seconds:4.0f} s"
        print(f"{verdict.fault.name:{width}}  {verdict.word:10}  {taken}  {verdict.reason}")
        sys.stdout.flush()
    whole = ", ".join(f"{number} {word}" for word, number in sorted(words.items()))
    number = f"{len(chosen)} fault{'s' if len(chosen) > 1 else ''}"
    print(f"\n{number}: {whole}; {time.monotonic() - begin:.0f} seconds")
    return int(bool(words["NOT CAUGHT"] or words["ERROR"]))


if __name__ == "__main__":
    import faults  # the module that the catalogue knows, not a second one named __main__

    sys.exit(faults.main(sys.argv[1:]))
