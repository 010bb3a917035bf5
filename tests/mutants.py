"""Mutation tests: small mistakes in `src/helpers/`, one at a time, and what the tests say to them.

``make mutants MODULE=layout`` draws a sample of one module's mutants, the same each time, and runs
that module's tests on each of them in a copy of the course whose own ``src`` they import. Without
MODULE it does so for all of them. What survives is printed; ``mutants.md`` says why it may.

Cosmic Ray, in ``.venv-tools``, knows which mistakes there are. The tests run in ``.venv``, in a
process that has imported what they need and is forked for each mutant: that is several times as
fast as Cosmic Ray's own loop, which starts a new Python each time. A drawing is judged by its
notebook, too, whose stored pictures it must give again.

A *place* is an operator, a number, a word such as ``not``, a decorator or a loop; of what Cosmic
Ray can put in one place, one is drawn. Annotations are left as they are, for they are no code;
so is what stands inside the text of an error message, and so are the cases that a loop tries one
after the other, for another case is no mistake. Cosmic Ray changes no text of its own accord.
"""

from __future__ import annotations

import argparse
import ast
import gc
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
HELPERS = "src/helpers"
TOOLS = ROOT / ".venv-tools/bin/python"
TOO_LONG = (-signal.SIGXCPU, -signal.SIGALRM)
ANOTHER_SOURCE = 71
"""Exit status of tests that imported some other `src/` than their copy's."""

OTHER_TESTS = {
    "_arguments": ["loaders", "texts"],
    "bptt": ["truncation", "train", "refusals"],
    "checks/__init__": ["checks_layout", "checks_recurrence"],
    "closed_form": ["checks_plane"],
    "corpus": ["refusals"],
    "experiments/plane": ["experiments_plane"],
    "gru": ["rnn", "bptt", "torch_twin", "refusals"],
    "layout": ["refusals"],
    "lstm": ["rnn", "bptt", "torch_twin", "refusals"],
    "measure": ["refusals"],
    "plots/__init__": ["plots_layout"],
    "plots/_given": ["plots_given", "plots_layout", "plots_plane", "plots_truncation"],
    "plots/_parts": ["plots_given"],
    "rnn": ["bptt", "torch_twin", "refusals"],
    "sequences": ["refusals", "checks_ragged"],
    "torch_twin": ["refusals"],
    "train": ["refusals"],
    "truncation": ["refusals"],
}
"""What runs after a module's own tests, because it is there that they are written."""

DRAWN = {"plots/_parts": "recurrence", "plots/style": "layout"}
"""Which notebook stores pictures by a module of drawings that has no chapter of its own."""


@dataclass(frozen=True)
class Place:
    """Where Cosmic Ray would change something, and how it finds that again."""

    line: int
    column: int
    operator: str
    index: int


@dataclass(frozen=True)
class Mutant:
    """One mistake: where it is, what it does, and the whole text of the module with it."""

    line: int
    operator: str
    before: str
    after: str
    text: str


# Which mutants there are (runs in .venv-tools)


def all_places(text: str) -> list[Place]:
    """Every possible change of a module's text, except in annotations and the text of errors."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(get_ast(text)))
    left_alone = list(_left_alone(text))
    found = []
    for name in sorted(operator_names()):
        if name.startswith("core/Variable"):  # these want to be told which variable
            continue
        operator = get_operator(name)()
        spans = (span for node in nodes for span in _at(operator, node))
        for index, (start, end) in enumerate(spans):
            if not any(first <= start and end <= last for first, last in left_alone):
                found.append(Place(*start, name, index))
    return found


def mutate(text: str, place: Place) -> Mutant | None:
    """What Cosmic Ray makes of a text in one place; None where it cannot."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    try:
        changed = mutate_code(text, get_operator(place.operator)(), place.index)
    except AttributeError:  # Cosmic Ray knows no exception with a dot in its name
        return None
    name = place.operator.removeprefix("core/")
    return Mutant(place.line, name, *_lines(text, changed), changed)


def _at(operator, node) -> Iterator[tuple]:
    """Where in the text an operator of Cosmic Ray would change a node."""
    for place in operator.mutation_positions(node):
        yield place[:2]


def _lines(text: str, changed: str) -> tuple[str, str]:
    """The first line that differs, before and after."""
    pairs = zip(text.splitlines(), changed.splitlines(), strict=False)
    return next(((a.strip(), b.strip()) for a, b in pairs if a != b), ("", ""))


def _left_alone(text: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations stand, the text of an error, and the cases that an answer is tried on."""
    lines = text.splitlines()

    def place(line: int, in_bytes: int) -> tuple[int, int]:
        return line, len(lines[line - 1].encode()[:in_bytes].decode())

    for node in ast.walk(ast.parse(text)):
        found: list[ast.AST | None] = []
        if isinstance(node, ast.arg | ast.AnnAssign):
            found = [node.annotation]
        elif isinstance(node, ast.FunctionDef):
            found = [node.returns]
        elif isinstance(node, ast.Raise):
            found = [each for each in ast.walk(node) if isinstance(each, ast.JoinedStr)]
        elif isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple | ast.List):
            found = [each for each in node.iter.elts if isinstance(each, ast.Tuple)]
        for each in found:
            if each is not None:
                yield (
                    place(each.lineno, each.col_offset),
                    place(each.end_lineno, each.end_col_offset),
                )


def sample(places: list[Place], most: int, seed: str) -> list[Place]:
    """One change in each place, and at most so many places: the same ones each time."""
    draw = random.Random(seed)
    by_place: dict[tuple[int, int], list[Place]] = {}
    for place in places:
        by_place.setdefault((place.line, place.column), []).append(place)
    ones = [draw.choice(by_place[where]) for where in sorted(by_place)]
    drawn = draw.sample(ones, min(most, len(ones)))
    return sorted(drawn, key=lambda place: (place.line, place.column))


def write_mutants(module: str, most: int, line: int | None) -> None:
    """Print how many places a module has, and the mutants to try, one a line, as JSON."""
    text = (ROOT / HELPERS / f"{module}.py").read_text("utf-8")
    places = all_places(text)
    print(len({(place.line, place.column) for place in places}))
    if line is None:
        chosen = sample(places, most, module)
    else:
        chosen = [place for place in places if place.line == line]
    for mutant in (mutate(text, place) for place in chosen):
        if mutant is not None:
            print(json.dumps(vars(mutant)))


# What the tests say to them (runs in .venv)


def tests_of(module: str) -> list[str]:
    """The tests that stand for a module, its own first."""
    stem = module.removesuffix("/__init__").replace("/", "_").strip("_")
    names = [stem, *OTHER_TESTS.get(module, [])]
    if module.startswith("experiments/"):
        names.append("experiments")
    names.append("records")
    files = dict.fromkeys(f"tests/test_{name}.py" for name in names)
    return [each for each in files if (ROOT / each).exists()]


def copy_course(folder: Path) -> None:
    """The files that tests of the helpers read."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def forked(work: Callable[[], int], log: Path, seconds: int) -> tuple[int, float]:
    """Do `work` in a copy of this process: its exit status and its seconds of processor time.

    Whoever else uses the machine makes no test late: `seconds` are of the processor. A test that
    waits instead of computing is ended after twenty times as long.
    """
    child = os.fork()
    if child == 0:
        status = 70
        try:
            os.setpgid(0, 0)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
            signal.alarm(20 * seconds)
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1)
            os.dup2(out, 2)
            status = work()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    _, status, used = os.wait4(child, 0)
    _end(child)
    return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime


def _end(group: int) -> None:
    """End what a forked process has started and left running."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


class NoShrinking:
    """A plugin of pytest: whoever only asks whether a test fails needs no smallest example."""

    def pytest_configure(self) -> None:
        import hypothesis

        found = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile("mutants", hypothesis.settings.default, phases=found)
        hypothesis.settings.load_profile("mutants")


def run_tests(folder: Path, files: list[str], imported: Path | None = None) -> int:
    """Run tests in a copy, stopping at the first that fails; the status of pytest."""
    import pytest

    os.chdir(folder)
    sys.path[:] = [str(folder / "src"), str(folder / "tests"), *_without_ours()]
    os.environ["PYTHONPATH"] = str(folder / "src")  # for programs and kernels that tests start
    options = ["-q", "-x", "--tb=line", "--show-capture=no", "-p", "no:randomly"]
    options += ["-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    status = pytest.main([*options, *files], plugins=[NoShrinking()])
    import helpers

    if not Path(helpers.__file__).is_relative_to(folder):
        print("THE TESTS IMPORTED ANOTHER src:", helpers.__file__)
        return ANOTHER_SOURCE
    if imported is not None:
        imported.write_text(json.dumps([n for n in sys.modules if not _ours(n)]), "utf-8")
    return int(status)


def _without_ours() -> list[str]:
    """The path of imports without this checkout's own folders."""
    ours = [str(ROOT / each) for each in ("src", "tests", ".")]
    return [each for each in sys.path if each and str(Path(each)) not in ours]


def _ours(name: str) -> bool:
    """Modules that a forked process has to import anew, from its copy."""
    top = name.split(".")[0]
    known = getattr(sys.modules.get(name), "__file__", None) or ""
    return top in ("helpers", "conftest") or known.startswith(str(Path.cwd()))


def warm(names: list[str]) -> None:
    """Import what the tests will import, so that no mutant has to wait for it."""
    import importlib
    import warnings

    for name in names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                importlib.import_module(name)
            except Exception:
                continue
    gc.collect()
    gc.freeze()


def notebook_of(module: str) -> str | None:
    """The notebook whose stored pictures a module has drawn."""
    if not module.startswith("plots/"):
        return None
    path = f"notebooks/{DRAWN.get(module, module.removeprefix('plots/'))}.ipynb"
    return path if (ROOT / path).exists() else None


def same_pictures(folder: Path, notebook: str) -> bool:
    """Whether the notebook's cells give what is stored, as ``make check`` compares it."""
    options = ["--nbval", "--nbval-current-env", "-x", "-q", "-o", "addopts=", "-p", "no:randomly"]
    sanitize = f"--nbval-sanitize-with={folder}/tests/nbval_sanitize.cfg"
    command = [sys.executable, "-m", "pytest", *options, sanitize, notebook]
    env = os.environ | {"PYTHONPATH": str(folder / "src")}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True).returncode == 0


def try_module(module: str, most: int, line: int | None = None) -> None:
    """Try a sample of a module's mutants, or all those of a line; print those that live."""
    which = ["--most", str(most)] if line is None else ["--line", str(line)]
    listing = subprocess.run(
        [TOOLS, __file__, module, "--write", *which], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    places, chosen = listing[0], [Mutant(**json.loads(each)) for each in listing[1:]]
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        folder, log = Path(place).resolve() / "course", Path(place) / "log"
        copy_course(folder)
        own, *others = tests_of(module)
        doctests = f"{HELPERS}/{module}.py"
        steps = [[own, doctests], others] if others else [[own, doctests]]
        pictures = notebook_of(module)
        if pictures is not None and not same_pictures(folder, pictures):
            raise SystemExit(f"{pictures} fails without a mutant")
        limits: dict[int, int] = {}
        changed = folder / HELPERS / f"{module}.py"
        text = changed.read_text("utf-8")
        for number, mutant in enumerate(chosen):
            word = "alive"
            for step, files in enumerate(steps):
                if step not in limits:
                    changed.write_text(text, "utf-8")
                    limits[step] = unchanged(module, folder, files, log)
                changed.write_text(mutant.text, "utf-8")
                os.utime(changed, (number, number))  # no compiled file of another is taken
                status, _ = forked(lambda files=files: run_tests(folder, files), log, limits[step])
                if status == ANOTHER_SOURCE:
                    raise SystemExit(log.read_text("utf-8")[-300:])
                if status != 0:
                    word = "late" if status in TOO_LONG else "killed"
                    break
            if word == "alive" and pictures is not None and not same_pictures(folder, pictures):
                word = "killed"
            counts[word] += 1
            if word == "alive":
                print(f"  {module}.py:{mutant.line}  {mutant.operator}")
                print(f"    - {mutant.before}\n    + {mutant.after}", flush=True)
    tried = sum(counts.values())
    share = 100 * (tried - counts["alive"]) / max(tried, 1)
    print(
        f"{module}: {places} places, {tried} tried, {counts['killed']} killed, "
        f"{counts['late']} ended late, {counts['alive']} alive: {share:.0f} % caught",
        flush=True,
    )


def unchanged(module: str, folder: Path, files: list[str], log: Path) -> int:
    """Import what the tests import; the seconds that a mutant may take: three times theirs."""
    names = folder / "imported.json"
    collect = ["--collect-only", *files]
    status, took = forked(lambda: run_tests(folder, collect, names), log, 300)
    if status == 0:
        warm(json.loads(names.read_text("utf-8")))
        status, took = forked(lambda: run_tests(folder, files), log, 300)
    if status != 0:
        text = log.read_text("utf-8")[-3000:]
        raise SystemExit(f"{module}: its tests fail without a mutant:\n{text}")
    return int(3 * took) + 5


def modules() -> list[str]:
    """Every module of the helpers that has code, by its path below them."""
    found = sorted((ROOT / HELPERS).rglob("*.py"))
    names = [path.relative_to(ROOT / HELPERS).with_suffix("").as_posix() for path in found]
    return [name for name in names if name not in ("__init__", "experiments/__main__", "bench")]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("module", nargs="*", help="such as layout or checks/ragged")
    parser.add_argument("--most", type=int, default=80, help="places tried in one module")
    parser.add_argument("--line", type=int, help="try everything in one line instead")
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.write:
        write_mutants(given.module[0], given.most, given.line)
        return 0
    for module in given.module or modules():
        if module not in modules():
            parser.error(f"no module {module!r}; there are {', '.join(modules())}")
        # Each in a process of its own: no module's tests find what another's have imported.
        child = os.fork()
        if child == 0:
            try:
                try_module(module, given.most, given.line)
                os._exit(0)
            except BaseException as failure:
                print(failure, flush=True)
                os._exit(1)
        if os.waitpid(child, 0)[1] != 0:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
