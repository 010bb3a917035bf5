"""Faults that would mislead a reader, made one at a time in a copy: does a check notice each?

``make faults`` makes them all, ``make faults FAULT=name`` one. A fault is caught where its check
passes without it and fails with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTEST = f"{sys.executable} -m pytest -q -x --color=no -p no:randomly -p no:cacheprovider"
NBVAL = f"{PYTEST} --nbval --nbval-current-env -o addopts= notebooks/recurrence.ipynb"
RULES = f"{PYTEST} tests/test_notebooks.py tests/test_pages.py"
HEART = f"{PYTEST} tests src/helpers"
"""The default run without the notebooks."""

BUILT = f"{Path(sys.executable).parent}/jupyter-book build . -W -n --keep-going --quiet && {PYTEST}"
SITE = f"{BUILT} tests/nightly/test_site.py"
BROWSER = f"{BUILT} tests/nightly/test_browser.py -k setup"
PLAY = f"{PYTEST} tests/nightly/test_play.py"

RECURRENCE = "notebooks/recurrence.ipynb"
CELLS, LAYOUT = "src/helpers/cells.py", "src/helpers/layout.py"
TRUNCATION, TRAIN = "src/helpers/truncation.py", "src/helpers/train.py"
EXERCISE = "src/helpers/tools/exercise.py"


@dataclass(frozen=True)
class Fault:
    name: str
    path: str
    check: str
    edits: tuple[tuple[str, str], ...]
    """Each old text, which stands in the file, with the new one; "" stands at its end."""


def fault(name: str, path: str, check: str, *edits: tuple[str, str]) -> Fault:
    return Fault(name, path, check, edits)


FAULTS = [
    # What a notebook has stored
    fault("stored-number", RECURRENCE, NBVAL, ("reset, off by 1.3", "reset, off by 1.4")),
    fault("stored-figure", RECURRENCE, NBVAL, ("M 91.450901 75.080131", "M 91.450901 77.080131")),
    fault("code-without-its-output", RECURRENCE, NBVAL, ("task(32_001, 3,", "task(32_001, 2,")),
    # Numbers in the prose
    fault("number-without-a-claim", RECURRENCE, RULES, ("The zeros tell", "These 3.7 zeros tell")),
    fault("measurement-like-a-setting", RECURRENCE, RULES,
          ("The zeros tell", "16 times they tell")),
    fault("number-but-not-its-claim", RECURRENCE, RULES,
          ("differ by less than 0.1 nats.", "differ by less than 0.01 nats.")),
    fault("claim-with-a-wide-margin", RECURRENCE, RULES,
          ("mean(), within=0.1", "mean(), within=9")),
    fault("claim-that-is-false", RECURRENCE, NBVAL, ("has 11,100 weights", "has 11,200 weights")),
    fault("claim-that-holds-anything", EXERCISE, HEART, ("if not right:", "if False:")),
    fault("number-on-a-page", "book/errata.md", RULES,
          ("perplexity of 1.82", "perplexity of 1.92")),
    # Exercises
    fault("solution-that-fails", RECURRENCE, NBVAL,
          ("np.tanh(x_t @ W_xh + h @ W_hh + b_h)", "np.tanh(x_t @ W_xh + h @ W_hh.T + b_h)")),
    fault("solution-in-sight", RECURRENCE, RULES, (":class: dropdown", ":class: open")),
    fault("answer-right-in-one-entry", EXERCISE, HEART, ("if equal.all():", "if equal.any():")),
    # The heart
    fault("sign-of-the-gradient", CELLS, HEART,
          ("add(before, product, before)", "np.subtract(before, product, before)")),
    fault("transpose-forgotten", CELLS, HEART,
          ("params.cell.back, params.W_hh.T", "params.cell.back, params.W_hh")),
    fault("loss-without-its-mean", CELLS, HEART,
          ("share = np.full((T, B), 1 / (T * B))", "share = np.full((T, B), 1 / T)")),
    fault("lag-off-by-one", CELLS, HEART,
          ("d = [part[1:] for part in", "d = [part[:-1] for part in")),
    fault("cut-forgotten", TRUNCATION, HEART, ("Segment(max(0, i + k1 - k2), i,", "Segment(0, i,")),
    fault("state-not-carried", TRAIN, HEART,
          ("state, tokens = next_state(edge, tape), tokens", "state, tokens = None, tokens")),
    fault("streams-by-a-view", LAYOUT, HEART, (".reshape(B, L).T", ".reshape(L, B)")),
    fault("target-that-is-the-input", LAYOUT, HEART, ("streams[i + 1 : j + 1]", "streams[i:j]")),
    # Pages and figures to play with
    fault("link-to-nowhere", "book/setup.md", RULES, ("", "\nSee {ref}`no-such-section`.\n")),
    fault("anchor-that-is-missing", "book/setup.md", SITE,
          ("", '\n<a href="notation.html#nowhere">here</a>\n')),
    fault("words-too-pale-to-read", "book/_static/course.css", BROWSER,
          ("", "\n.bd-article p { color: #c8c8c8; }\n")),
    fault("script-that-counts-otherwise", "book/_static/play/triangle.js", PLAY,
          ("firstLoss + i - first + 1)", "firstLoss + i - first)")),
]  # fmt: skip


def copy(folder: Path) -> None:
    """What is, or would be, in the repository, as a checkout of its own."""
    which = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(which, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(lambda name: (ROOT / name).is_file(), listed.splitlines()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    for done in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *done], cwd=folder, check=True, capture_output=True)


def run(check: str, seed: Fault | None) -> tuple[bool, str]:
    """Whether a check passes in a copy with a fault, and the first line that says why not.

    The copy imports its own sources, which come before those of the installed package.
    """
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        copy(folder := Path(name))
        for old, new in seed.edits if seed else ():
            path = folder / seed.path
            text = path.read_text("utf-8")
            if old not in text:
                return True, f"ERROR: {seed.path} does not hold {old!r}"
            path.write_text(text.replace(old, new) if old else text + new, "utf-8")
        own = {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "300"}
        own |= {"TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(check, shell=True, cwd=folder, env=os.environ | own,
                              capture_output=True, text=True, errors="replace")  # fmt: skip
    lines = (done.stdout + done.stderr).splitlines()
    named = [line for line in lines if line.startswith(("FAILED", "ERROR"))] or lines[-1:]
    return done.returncode == 0, " ".join(named)[:120]


whole = cache(lambda check: run(check, None))


def judge(fault: Fault) -> bool:
    """Print a line about a fault; whether it was caught."""
    begin = time.monotonic()
    (sound, before), (missed, why) = whole(fault.check), run(fault.check, fault)
    caught = sound and not missed
    word = "caught" if caught else "NOT CAUGHT" if sound else "the check fails without it"
    seconds = f"{time.monotonic() - begin:.0f} s"
    print(f"{fault.name:30} {word:12} {seconds:>6}  {why if sound else before}", flush=True)
    return caught


def main(names: list[str]) -> int:
    chosen = [each for each in FAULTS if not names or each.name in names]
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        caught = sum(pool.map(judge, chosen))
    print(f"{caught} of {len(chosen)} faults caught")
    return int(not caught == len(chosen) > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
