"""Whether every notebook gives its stored output everywhere: other kernels, threads, weights.

``make same`` runs every notebook under every setting below, as ``make check`` does, and prints
which cells differ; ``NB`` and ``SETTINGS`` choose. A setting that this processor or this build of
a library does not have is "not available", never "same": the kernel itself tells what is in
effect. Where the setting is "nudged", whatever a training run starts from is moved by a few units
in the last place, as another processor would, and all printed digits and claims must hold.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "-o", "addopts="]
NBVAL += ["-p", "no:randomly", "-p", "no:cacheprovider", "-q", "--color=no"]
MOST = 4
"""Units in the last place by which a nudge moves a number, at the most."""

Seen = Callable[[dict[str, Any]], bool]


def settings() -> dict[str, tuple[dict[str, str], Seen]]:
    """Variables of each setting, and whether what the kernel saw is what they ask for."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    found: dict[str, tuple[dict[str, str], Seen]] = {"default": ({}, bool)}
    for name in ("DEFAULT", "AVX2", "AVX512"):
        found[f"torch {name}"] = (
            {"ATEN_CPU_CAPABILITY": name.lower()},
            lambda seen, name=name: seen.get("torch", name) == name,
        )
    for name in ("Haswell", "SkylakeX", "Sandybridge", "Zen", "Nehalem"):
        found[f"openblas {name}"] = (
            {"OPENBLAS_CORETYPE": name},
            lambda seen, name=name: name in seen["openblas"],
        )
    off = {"NPY_DISABLE_CPU_FEATURES": " ".join(effect()["numpy"])}
    found["numpy plain"] = (off, lambda seen: not seen["numpy"])
    two = dict.fromkeys(threads, "2")
    found["threads 2"] = (two | {"SAME_THREADS": "2"}, lambda seen: seen["threads"] == 2)
    for i in ("1", "2", "3"):
        found[f"nudged {i}"] = ({"SAME_NUDGE": i}, bool)
    return found


# In the kernel of a notebook: look what is in effect, and nudge if asked


def effect() -> dict[str, Any]:
    """Of what the settings change, that which is in effect in this process."""
    import numpy  # noqa: F401
    from numpy._core import _multiarray_umath as core
    from threadpoolctl import threadpool_info

    pools, torch = threadpool_info(), sys.modules.get("torch")
    has = [name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)]
    openblas = [pool["architecture"] for pool in pools if pool["internal_api"] == "openblas"]
    counts = [pool["num_threads"] for pool in pools] + ([torch.get_num_threads()] if torch else [])
    found = {"numpy": has, "openblas": openblas, "threads": max(counts, default=1)}
    return found | ({"torch": torch.backends.cpu.get_cpu_capability()} if torch else {})


def nudged(values: Any, choice: int) -> Any:
    """`values`, each but 0 moved by up to `MOST` units; its own bits say which way."""
    import numpy as np

    values = np.asarray(values)
    bits = np.frombuffer(values.tobytes(), f"u{values.itemsize}").astype(np.uint64)
    mixed = (bits ^ np.uint64(choice)) * np.uint64(0x9E3779B97F4A7C15)
    steps = (mixed >> np.uint64(33)).astype(np.int64) % (2 * MOST + 1) - MOST
    moved = values + steps.reshape(values.shape).astype(values.dtype) * np.spacing(values)
    return np.where(values == 0, values, moved)


def nudge_everything(choice: int, counts: Counter[str]) -> Callable[[], None]:
    """Nudge where a run gets its weights or draws; the result does so in torch."""
    import numpy as np

    from helpers import cells, seeds, train

    def move(values: Any, place: str) -> Any:
        counts[place] += 1
        whole = hasattr(values, "map")
        return values.map(lambda w: nudged(w, choice)) if whole else nudged(values, choice)

    init = cells.init
    cells.init = wraps(init)(lambda *a, **k: move(init(*a, **k), "init"))
    fit = train.fit
    train.fit = wraps(fit)(
        lambda params, *a, **k: fit(
            move(params, "fit") if hasattr(params, "map") else params, *a, **k
        )
    )

    class Nudging(np.random.Generator):
        def normal(self, *arguments: Any, **options: Any) -> Any:
            drawn = move(super().normal(*arguments, **options), "draws")
            return drawn if drawn.ndim else float(drawn)

    rng = seeds.rng
    seeds.rng = wraps(rng)(lambda *a, **k: Nudging(rng(*a, **k).bit_generator))

    def nudge_torch() -> None:
        torch = sys.modules.get("torch")
        if torch is None or hasattr(torch.optim.Optimizer.__init__, "__wrapped__"):
            return
        begin = torch.optim.Optimizer.__init__

        @wraps(begin)
        def begin_nudged(self: Any, *arguments: Any, **options: Any) -> None:
            begin(self, *arguments, **options)
            with torch.no_grad():
                for weight in (w for group in self.param_groups for w in group["params"]):
                    weight.data.copy_(torch.from_numpy(move(weight.numpy(), "optimiser")))

        torch.optim.Optimizer.__init__ = begin_nudged

    return nudge_torch


def keep_threads(count: int) -> None:
    """Let `seeds.deterministic` set that many threads in place of one."""
    from threadpoolctl import threadpool_limits

    from helpers import seeds

    def deterministic() -> None:
        threadpool_limits(count)
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(count)
            torch.use_deterministic_algorithms(True)

    seeds.deterministic = wraps(seeds.deterministic)(deterministic)


def start() -> None:
    """Watch every cell of this kernel."""
    from IPython import get_ipython

    events, counts = get_ipython().events, Counter[str]()
    if count := os.environ.get("SAME_THREADS"):
        keep_threads(int(count))
    if choice := os.environ.get("SAME_NUDGE"):
        nudge_torch = nudge_everything(int(choice), counts)
        events.register("pre_run_cell", lambda info: nudge_torch())
    report = Path(os.environ["SAME_REPORT"])
    told = lambda result: report.write_text(json.dumps(effect() | {"nudges": counts}), "utf-8")  # noqa: E731
    events.register("post_run_cell", told)


# Outside: run each notebook, and judge


def attempt(slug: str, environ: dict[str, str], wanted: Seen) -> tuple[str, list[str]]:
    """A verdict on a notebook under a setting, and the cells that differ."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        startup = folder / "profile_default/startup"
        startup.mkdir(parents=True)
        inside = f"__import__('runpy').run_path({__file__!r}, run_name='__kernel__')\n"
        (startup / "00-same.py").write_text(inside, "utf-8")
        report, verdicts = folder / "report.json", folder / "verdicts.xml"
        ours = {"IPYTHONDIR": name, "SAME_REPORT": str(report), "TQDM_DISABLE": "1"}
        run = [sys.executable, "-m", "pytest", *NBVAL, f"--junitxml={verdicts}"]
        done = subprocess.run([*run, f"notebooks/{slug}.ipynb"], cwd=ROOT, text=True,
                              env=os.environ | ours | environ, capture_output=True)  # fmt: skip
        if not report.exists() or not verdicts.exists():
            return "failed", [done.stdout[-1000:] + done.stderr[-1000:]]
        seen = json.loads(report.read_text("utf-8"))
        cases = list(ElementTree.parse(verdicts).iter("testcase"))
    if not wanted(seen):
        return "not available", []
    differ = [
        f"{case.get('name')}: {' '.join((fault.text or '').split())[:300]}"
        for case in cases
        for fault in [*case.iter("failure"), *case.iter("error")]
    ]
    moved = sum(seen["nudges"].values())
    if "SAME_NUDGE" in environ and not differ:
        return (f"same, {moved} nudged" if moved else "nothing to nudge"), []
    return (f"{len(differ)} of {len(cases)} differ" if differ else "same"), differ


def main() -> int:
    parser = argparse.ArgumentParser(description="Do the stored outputs hold everywhere?")
    slugs = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    parser.add_argument("--notebooks", nargs="*", choices=slugs, default=slugs)
    parser.add_argument("--settings", nargs="*", default=[""], help="beginnings of their names")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    given = parser.parse_args()
    chosen = {k: v for k, v in settings().items() if k.startswith(tuple(given.settings))}
    bad = 0
    with ThreadPoolExecutor(given.jobs) as pool:
        for setting, (environ, wanted) in chosen.items():
            outcomes = pool.map(lambda slug: attempt(slug, environ, wanted), given.notebooks)  # noqa: B023
            for slug, (verdict, cells) in zip(given.notebooks, outcomes, strict=True):
                print(f"{setting:20} {slug:22} {verdict}", *cells, sep="\n    ", flush=True)
                bad += len(cells)
    print(f"{bad} cells differ" if bad else "every notebook gives its stored output everywhere")
    return int(bad > 0)


if __name__ == "__kernel__":
    start()
elif __name__ == "__main__":
    sys.exit(main())
