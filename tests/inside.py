"""What `same.py` starts in a notebook's kernel: it looks what is in effect, and nudges if asked.

IPython runs it before the first cell, from a start-up script that `same.py` writes, so neither
the notebooks nor the helpers know of it. After each cell it writes what it saw.

The nudge moves numbers by up to `MOST` units in the last place, as another processor or another
library would: initial weights, the weights that enter `train.fit` or an optimiser of torch, and
what is drawn from the normal distribution. Which way a number moves hangs on its own bits, so
equal weights stay equal.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPORT = "SAME_REPORT"
"""Environment variable: the file to write to."""

NUDGE = "SAME_NUDGE"
"""Environment variable: a whole number that chooses the nudge; none without it."""

THREADS = "SAME_THREADS"
"""Environment variable: the threads that `seeds.deterministic` shall set in place of one."""

MOST = 4
"""Units in the last place."""

nudges: Counter[str] = Counter()
"""How often something was moved, by the place."""


def seen() -> dict[str, Any]:
    """Of what the settings change, that which is in effect in this process."""
    from threadpoolctl import threadpool_info

    pools, found = threadpool_info(), {}
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    threads = [pool["num_threads"] for pool in pools]
    if numpy is not None:
        from numpy._core import _multiarray_umath as core

        has = core.__cpu_features__
        found["numpy"] = [name for name in core.__cpu_dispatch__ if has.get(name)]
        found["openblas"] = [p["architecture"] for p in pools if p["internal_api"] == "openblas"]
    if torch is not None:
        found["torch"] = torch.backends.cpu.get_cpu_capability()
        threads.append(torch.get_num_threads())
    found["threads"] = max(threads, default=1)
    found["python"] = ".".join(map(str, sys.version_info[:3]))
    for name in ("numpy", "matplotlib"):
        if name in sys.modules:
            found[f"version of {name}"] = sys.modules[name].__version__
    return found


def nudged(values: Any, choice: int) -> Any:
    """`values`, each but 0 moved by up to `MOST` units in the last place."""
    import numpy as np

    values = np.asarray(values)
    bits = np.frombuffer(values.tobytes(), f"u{values.itemsize}").astype(np.uint64)
    mixed = (bits ^ np.uint64(choice)) * np.uint64(0x9E3779B97F4A7C15)
    steps = (mixed >> np.uint64(33)).astype(np.int64) % (2 * MOST + 1) - MOST
    moved = values + steps.reshape(values.shape).astype(values.dtype) * np.spacing(values)
    return np.where(values == 0, values, moved)


def nudge_everything(choice: int) -> Callable[[], None]:
    """Wrap where a training run gets its weights; the result does so in torch, when it is there."""
    import numpy as np

    from helpers import gru, lstm, rnn, seeds, train

    def move(values: Any, place: str) -> Any:
        moved = nudged(values, choice)
        if (moved != values).any():
            nudges[place] += 1
        return moved

    def move_weights(params: Any, place: str) -> Any:
        moved = params.map(lambda w: nudged(w, choice))
        if (moved.flat() != params.flat()).any():
            nudges[place] += 1
        return moved

    for cell in (rnn, lstm, gru):

        def init(*arguments: Any, _init: Any = cell.init, **options: Any) -> Any:
            return move_weights(_init(*arguments, **options), "init")

        cell.init = functools.wraps(cell.init)(init)

    fit = train.fit

    @functools.wraps(fit)
    def fit_nudged(params: Any, *arguments: Any, **options: Any) -> Any:
        known = isinstance(params, rnn.Weights)
        return fit(move_weights(params, "fit") if known else params, *arguments, **options)

    train.fit = fit_nudged

    class Nudging(np.random.Generator):
        def normal(self, *arguments: Any, **options: Any) -> Any:
            drawn = move(super().normal(*arguments, **options), "draws")
            return drawn if drawn.ndim else float(drawn)

    rng = seeds.rng

    @functools.wraps(rng)
    def rng_nudged(*arguments: Any, **options: Any) -> np.random.Generator:
        return Nudging(rng(*arguments, **options).bit_generator)

    seeds.rng = rng_nudged

    def nudge_torch() -> None:
        torch = sys.modules.get("torch")
        if torch is None or hasattr(torch.optim.Optimizer.__init__, "__wrapped__"):
            return
        begin = torch.optim.Optimizer.__init__

        @functools.wraps(begin)
        def begin_nudged(self: Any, *arguments: Any, **options: Any) -> None:
            begin(self, *arguments, **options)
            with torch.no_grad():
                for weight in (w for group in self.param_groups for w in group["params"]):
                    weight.data.copy_(torch.from_numpy(move(weight.numpy(), "optimiser")))

        torch.optim.Optimizer.__init__ = begin_nudged

    return nudge_torch


def keep_threads(count: int) -> None:
    """Let `seeds.deterministic` set that many threads."""
    from threadpoolctl import threadpool_limits

    from helpers import seeds

    def deterministic() -> None:
        threadpool_limits(count)
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.set_num_threads(count)
            torch.use_deterministic_algorithms(True)

    seeds.deterministic = functools.wraps(seeds.deterministic)(deterministic)


def start() -> None:
    """Watch every cell of this kernel, and nudge or keep threads where the environment says so."""
    from IPython import get_ipython

    events = get_ipython().events
    if os.environ.get(THREADS):
        keep_threads(int(os.environ[THREADS]))
    if os.environ.get(NUDGE):
        nudge_torch = nudge_everything(int(os.environ[NUDGE]))
        events.register("pre_run_cell", lambda info: nudge_torch())

    def write(result: Any) -> None:
        report = {"seen": seen(), "nudges": nudges}
        Path(os.environ[REPORT]).write_text(json.dumps(report), "utf-8")

    events.register("post_run_cell", write)


if __name__ == "__kernel__":
    start()
