"""Whether every notebook gives its stored output everywhere: other kernels, threads, versions.

``make same`` runs every notebook under every setting below, compares with the stored output as
``make check`` does, and prints which cells differ. ``NB``, ``SETTINGS`` and ``REPEAT`` choose.

Each setting is proved to be in effect, by the kernel itself: one that this processor or this
build of a library does not have is "not available", never "same". A notebook that does not load
torch is not run for torch's settings. Two kinds of setting go beyond the environment:

- "nudged": the weights at the start of every training run are moved by a few units in the last
  place (`inside.py` says where), and all printed digits and claims must hold. A notebook in
  which nothing was moved has not been tested, and counts as a failure if it draws weights.
- "Python ...": the notebooks and tests that need no torch, on every Python from 3.11 on that is
  found, with the oldest and the newest numpy and Matplotlib that ``pyproject.toml`` allows.
  Another Matplotlib draws letters along other lines, so of its drawings the words are compared.
  Its environments are in ``.venv-same/``; delete the folder to have them made anew.
"""

from __future__ import annotations

import argparse
import ast
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import inside
import numpy  # noqa: F401  # so that `inside.seen` finds what it is able to

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ENVIRONMENTS = ROOT / ".venv-same"
MINORS = range(11, 16)
"""Of Python 3, those that are looked for."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=120"]
NBVAL += ["--nbval-sanitize-with=tests/nbval_sanitize.cfg", "-o", "addopts=", "-p", "no:randomly"]
"""As in the Makefile; a test compares them."""

START = f"__import__('runpy').run_path({str(TESTS / 'inside.py')!r}, run_name='__kernel__')\n"
"""An expression, so that no name of it is left in the notebook."""

FREE = {
    "numpy",
    "matplotlib",
    "cycler",
    "jaxtyping",
    "threadpoolctl",
    "pytest",
    "hypothesis",
    "beartype",
}
"""What a notebook or test may import to count as one that needs numpy alone."""

OTHER_PROGRAMS = {"javascript"}
"""Modules of the tests that start a program which has no version of numpy."""

SAME, MISSING, NO_TORCH = "same", "not available", "no torch"


@dataclass(frozen=True)
class Setting:
    """One way to run the notebooks."""

    name: str
    environ: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, Any] = field(default_factory=dict)
    """What `inside.seen` must find."""

    for_torch: bool = False
    """It changes torch alone."""

    python: Path = Path(sys.executable)

    @property
    def nudges(self) -> bool:
        """Whether weights are moved."""
        return inside.NUDGE in self.environ

    @property
    def versions(self) -> bool:
        """Whether other versions are tried, so that only what needs no torch can run."""
        return self.python != Path(sys.executable)


@dataclass(frozen=True)
class Outcome:
    """What came of one notebook, or of the tests, under one setting."""

    verdict: str
    cells: tuple[str, ...] = ()
    """Those that differ, each with the first line of the difference."""

    nudges: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Nothing differs, as far as the setting could be tried."""
        return not self.cells


def settings() -> list[Setting]:
    """All settings but those of other versions, which need environments of their own."""
    found = [Setting("default")]
    found += [
        Setting(f"torch {name}", {"ATEN_CPU_CAPABILITY": name}, {"torch": name.upper()}, True)
        for name in ("default", "avx2", "avx512")
    ]
    found += [
        Setting(f"openblas {name}", {"OPENBLAS_CORETYPE": name}, {"openblas": [name]})
        for name in ("Haswell", "SkylakeX", "Sandybridge", "Zen", "Nehalem")
    ]
    features = " ".join(inside.seen()["numpy"])
    off = {"NPY_DISABLE_CPU_FEATURES": features} if features else {}
    found.append(Setting("numpy plain", off, {"numpy": []} if features else {"numpy": None}))
    for count in (1, 2):
        found.append(Setting(f"threads {count}", dict.fromkeys(ONE_THREAD, str(count))))
    two = dict.fromkeys(ONE_THREAD, "2") | {inside.THREADS: "2"}
    found.append(Setting("threads 2 kept", two, {"threads": 2}))
    found += [Setting(f"nudged {i}", {inside.NUDGE: str(i)}) for i in (1, 2, 3)]
    return found


def environment(setting: Setting) -> dict[str, str]:
    """The variables of this process without those that settings change, then the setting's."""
    changed = {name for other in settings() for name in other.environ}
    kept = {k: v for k, v in os.environ.items() if k not in changed | {inside.REPORT}}
    ours = {"COURSE_PROGRESS": "off", "COURSE_DRAWINGS": "words" if setting.versions else "all"}
    return kept | ONE_THREAD | ours | setting.environ


def takes_effect(setting: Setting) -> bool:
    """Whether a process of its own finds in effect what the setting asks for."""
    if setting.nudges or inside.THREADS in setting.environ:
        return True  # the kernel alone can tell
    modules = "numpy, torch" if setting.for_torch else "numpy"
    code = f"import {modules}, json, inside; print(json.dumps(inside.seen()))"
    done = subprocess.run(
        [str(setting.python), "-c", code],
        env=environment(setting) | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
    )
    return done.returncode == 0 and agrees(json.loads(done.stdout), setting)


def agrees(seen: dict[str, Any], setting: Setting) -> bool:
    """Whether what was seen is what the setting wants, where it was seen at all."""
    return all(seen[name] == value for name, value in setting.wanted.items() if name in seen)


def try_notebook(notebook: Path, setting: Setting) -> Outcome:
    """Run a notebook under a setting and compare its outputs with the stored ones."""
    if setting.for_torch and not needs_torch(notebook):
        return Outcome(NO_TORCH)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        startup = folder / "profile_default" / "startup"
        startup.mkdir(parents=True)
        start = (
            f"__import__('runpy').run_path({str(TESTS / 'inside.py')!r}, run_name='__kernel__')\n"
        )
        (startup / "00-inside.py").write_text(start, "utf-8")
        report, verdicts = folder / "report.json", folder / "verdicts.xml"
        extra = {"IPYTHONDIR": name, inside.REPORT: str(report)}
        said = _pytest(setting, [*NBVAL, str(notebook)], verdicts, extra)
        told = json.loads(report.read_text("utf-8")) if report.exists() else {}
        return judge(read_verdicts(verdicts, said), told, setting, notebook)


def judge(
    cells: tuple[str, ...], told: dict[str, Any], setting: Setting, notebook: Path
) -> Outcome:
    """The outcome, from the cells that differ and from what the kernel told."""
    nudges = told.get("nudges", {})
    if not told:
        return Outcome("failed", cells or ("the kernel told nothing",))
    if not agrees(told["seen"], setting):
        return Outcome(MISSING)
    if setting.nudges and not nudges and draws_weights(notebook):
        return Outcome("failed", (*cells, "nothing was nudged"))
    return Outcome(f"{len(cells)} differ" if cells else SAME, cells, nudges)


def _pytest(
    setting: Setting, arguments: Sequence[str], verdicts: Path, extra: dict[str, str]
) -> str:
    """Run pytest with the setting's Python; what it said, for where it wrote no verdicts."""
    quiet = ["-q", "--color=no", "-p", "no:cacheprovider", f"--junitxml={verdicts}"]
    if setting.versions:
        quiet += ["-o", "filterwarnings=default"]  # an old library's quarrel with a new one
    command = [str(setting.python), "-m", "pytest", *arguments, *quiet]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(setting) | extra, capture_output=True, text=True
    )
    return done.stdout[-2000:] + done.stderr[-2000:]


def read_verdicts(path: Path, said: str = "") -> tuple[str, ...]:
    """From pytest's report, the cases that failed; all is one failure where there is none."""
    if not path.exists():
        return (f"pytest ended early: {said}",)
    root = ElementTree.parse(path).getroot()
    found = []
    for case in root.iter("testcase"):
        fault = case.find("failure")
        fault = case.find("error") if fault is None else fault
        if fault is not None:
            found.append(f"{_cell(case.get('name', ''))}: {_difference(fault.text or '')}")
    if not any(True for _ in root.iter("testcase")):
        return ("no cell was run",)
    return tuple(found)


def _cell(name: str) -> str:
    """The number that a reader sees beside the cell."""
    found = re.fullmatch(r"Cell (\d+)", name)
    return f"In [{int(found[1]) + 1}]" if found else name


def _difference(text: str) -> str:
    """The lines that differ, or the error."""
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if re.match(r"[-+] \S|\w*(Error|Exception)\b", line)]
    return "  |  ".join(line[:100] for line in told[:2]) or " ".join(text.split())[:200]


def needs_torch(path: Path) -> bool:
    """Whether a notebook or module imports torch, itself or through a helper."""
    return "torch" in _imports(path)


def is_numpy_only(path: Path) -> bool:
    """Whether a test needs numpy, and no package beside those in `FREE`."""
    found = _imports(path)
    outside = found - FREE - set(sys.stdlib_module_names)
    return "numpy" in found and not outside and not _starts_programs(path)


def _starts_programs(path: Path) -> bool:
    return bool(OTHER_PROGRAMS & set(_imported(path)))


@functools.cache
def _imports(path: Path) -> frozenset[str]:
    """All packages that are imported, also through our own modules."""
    waiting, read, found = [path], set(), set()
    while waiting:
        here = waiting.pop()
        if here in read:
            continue
        read.add(here)
        for name in _imported(here):
            ours = _ours(name)
            if ours is None:
                found.add(name.split(".")[0])
            elif ours.exists():
                waiting.append(ours)
    return frozenset(found - {"helpers"})


def _ours(name: str) -> Path | None:
    """The file of a module of this course, None for any other."""
    if name.split(".")[0] == "helpers":
        path = (ROOT / "src").joinpath(*name.split("."))
        return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    path = TESTS / f"{name.split('.')[0]}.py"
    return path if path.exists() else None


def _imported(path: Path) -> list[str]:
    """Names of what a notebook or module imports; of a helper that which it imports at once."""
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    tree = ast.parse(text)
    found = []
    for node in tree.body if path.is_relative_to(ROOT / "src") else ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
            if node.module.split(".")[0] == "helpers":
                found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "importorskip":
            found.append(ast.literal_eval(node.args[0]))
    return found


def draws_weights(notebook: Path) -> bool:
    """Whether a notebook's own cells start a training run or draw weights for one."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    return re.search(r"\binit\(|\bfit\(|\boptim\.|\bruns\.|\.normal\(", code) is not None


def pythons() -> dict[str, Path]:
    """Every Python from 3.11 on that is on the path or kept by pyenv, by its version."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep) if p]
    folders += sorted(pyenv.glob("versions/*/bin"))
    found: dict[str, Path] = {}
    code = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    for minor in MINORS:
        for folder in folders:
            python = folder / f"python3.{minor}"
            if not python.exists() or folder.is_relative_to(ROOT):
                continue
            done = subprocess.run([python, "-c", code], capture_output=True, text=True)
            if done.returncode == 0:
                found.setdefault(done.stdout.strip(), python)
    return found


def absent(found: Iterable[str]) -> list[str]:
    """Versions of Python that were looked for in vain."""
    have = {version.rsplit(".", 1)[0] for version in found}
    return [f"3.{minor}" for minor in MINORS if f"3.{minor}" not in have]


def requirements() -> list[str]:
    """What the environments of other versions need: our claims, and the tests' tools as pinned."""
    claimed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    pins = "".join((ROOT / f"requirements{n}.txt").read_text("utf-8") for n in ("", "-notebooks"))
    tools = ("pytest", "hypothesis", "beartype", "nbval", "ipykernel", "nbformat")
    return [*claimed, *(re.search(rf"^{tool}==\S+$", pins, re.MULTILINE)[0] for tool in tools)]


def other_versions() -> list[Setting]:
    """For each Python the settings with the oldest and the newest packages."""
    return [
        Setting(f"Python {version} {age}", {}, {"python": version}, False, made)
        for version, python in pythons().items()
        for age in ("oldest", "newest")
        for made in [ENVIRONMENTS / f"{version}-{age}" / "bin" / "python"]
        if python
    ]


def make_environment(setting: Setting) -> str:
    """Make a setting's environment, once; its numpy and Matplotlib in words, or the failure."""
    folder = setting.python.parents[1]
    version, age = folder.name.split("-")
    wanted, stamp = "\n".join(requirements()), folder / "requirements.txt"
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        uv = _uv()
        resolution = {"oldest": "lowest-direct", "newest": "highest"}[age]
        install = [uv, "pip", "install", "--quiet", "--python", setting.python]
        install += ["--resolution", resolution, "--only-binary", ":all:", *requirements()]
        for command in ([pythons()[version], "-m", "venv", folder], install):
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
            if done.returncode:
                raise OSError(f"{setting.name} could not be made: {done.stderr[-1000:]}")
        site = next(folder.glob("lib/python*/site-packages"))
        (site / "course.pth").write_text(f"{ROOT / 'src'}\n", "utf-8")
        stamp.write_text(wanted, "utf-8")
    code = "import numpy, matplotlib as m; print(f'numpy {numpy.__version__}, m{m.__version__}')"
    told = subprocess.run([setting.python, "-c", code], capture_output=True, text=True, check=True)
    return told.stdout.strip().replace(", m", ", Matplotlib ")


def _uv() -> Path:
    """The installer that can choose the oldest versions, with its pin, in a place of its own."""
    folder = ENVIRONMENTS / "uv"
    if not (folder / "bin" / "uv").exists():
        tools = (ROOT / "requirements-tools.txt").read_text("utf-8")
        pin = re.search(r"^uv==\S+$", tools, re.MULTILINE)[0]
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", pin]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    return folder / "bin" / "uv"


def try_tests(setting: Setting) -> Outcome:
    """Run the tests that need numpy alone, and the examples in the helpers."""
    tests = [str(p) for p in sorted(TESTS.glob("test_*.py")) if is_numpy_only(p)]
    helpers = sorted((ROOT / "src" / "helpers").rglob("*.py"))
    examples = [str(p) for p in helpers if not needs_torch(p) and "__main__" not in p.name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "verdicts.xml"
        said = _pytest(setting, [*tests, *examples], path, {})
        cells = read_verdicts(path, said)
        count = len(list(ElementTree.parse(path).iter("testcase"))) if path.exists() else 0
    return Outcome(f"{len(cells)} of {count}" if cells else f"{count} pass", cells)


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome of a repeated run."""
    bad = [outcome for outcome in outcomes if not outcome.good]
    if len(outcomes) == 1:
        return outcomes[0]
    if not bad:
        return Outcome(f"{outcomes[0].verdict} {len(outcomes)} times", (), outcomes[0].nudges)
    cells = tuple(dict.fromkeys(cell for outcome in bad for cell in outcome.cells))
    return Outcome(f"{len(bad)} of {len(outcomes)}", cells)


def table(outcomes: dict[str, dict[str, Outcome]]) -> str:
    """A line a setting, a column a notebook, and below what differs."""
    columns = list(dict.fromkeys(name for row in outcomes.values() for name in row))
    rows = [["", *columns]]
    for setting, row in outcomes.items():
        rows.append([setting, *(row[c].verdict if c in row else "-" for c in columns)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    for setting, row in outcomes.items():
        for name, outcome in row.items():
            lines += [f"{setting}, {name}, {cell}" for cell in outcome.cells]
            if outcome.nudges:
                counts = ", ".join(f"{place} {n}" for place, n in sorted(outcome.nudges.items()))
                lines.append(f"{setting}, {name}: nudged {counts}")
    return "\n".join(lines)


def chosen(known: Sequence[Setting], texts: Sequence[str]) -> list[Setting]:
    """The settings whose name holds one of the texts; all without any."""
    for text in texts:
        if not any(text in setting.name for setting in known):
            names = ", ".join(setting.name for setting in known)
            raise SystemExit(f"No setting has {text!r} in its name. There are: {names}")
    names = {setting.name for setting in known}
    return [
        s
        for s in known
        if not texts or any(s.name == t if t in names else t in s.name for t in texts)
    ]


def run(
    setting: Setting, notebooks: Sequence[Path], repeat: int = 1, tests: bool = True
) -> dict[str, Outcome]:
    """One line of the table."""
    try:
        if setting.versions:
            print(f"{setting.name}: {make_environment(setting)}", flush=True)
            notebooks = [path for path in notebooks if not needs_torch(path)]
        there = takes_effect(setting)
    except OSError as problem:
        return {path.stem: Outcome("failed", (str(problem),)) for path in notebooks}
    row = {}
    for path in notebooks:
        tries = [try_notebook(path, setting) for _ in range(repeat)] if there else []
        row[path.stem] = together(tries) if tries else Outcome(MISSING)
        tell(setting, path.stem, row[path.stem])
    if setting.versions and tests:
        row["tests"] = try_tests(setting)
        tell(setting, "tests", row["tests"])
    return row


def tell(setting: Setting, name: str, outcome: Outcome) -> None:
    """Say an outcome as soon as it is known: the whole table takes an hour."""
    print(f"{setting.name}, {name}: {outcome.verdict}", flush=True)
    for cell in outcome.cells:
        print(f"    {cell}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 where something differs."""
    parser = argparse.ArgumentParser(description="Do the stored outputs hold everywhere?")
    parser.add_argument("--settings", nargs="*", default=[], help="parts of their names")
    parser.add_argument("--notebooks", nargs="*", default=[], help="slugs")
    parser.add_argument("--repeat", type=int, default=1, help="of the default setting, if no other")
    options = parser.parse_args(arguments)
    wanted = options.settings or (["default"] if options.repeat > 1 else [])
    notebooks = [p for p in NOTEBOOKS if p.stem in options.notebooks or not options.notebooks]
    unknown = set(options.notebooks) - {path.stem for path in NOTEBOOKS}
    if unknown:
        raise SystemExit(f"There is no notebook {', '.join(sorted(unknown))}.")
    found = other_versions()
    print("Looked for in vain:", ", ".join(f"Python {v}" for v in absent(pythons())))
    outcomes = {
        setting.name: run(setting, notebooks, options.repeat, not options.notebooks)
        for setting in chosen([*settings(), *found], wanted)
    }
    print("\n" + table(outcomes))
    return int(any(not outcome.good for row in outcomes.values() for outcome in row.values()))


if __name__ == "__main__":
    sys.exit(main())
