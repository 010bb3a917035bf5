"""The time of one gradient along each of the two axes."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from helpers import cells, seeds
from helpers.tools import kept
from helpers.tools.kept import load as load
from helpers.tools.kept import machine as machine

NUM_STEPS = 16
HIDDEN_SIZE = 32
FACTORS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
ROUNDS, REPEATS = 5, 5  # the quickest counts: what else the machine does only slows a run down


@kept.result(timed=True)
def recurrence_seconds() -> dict[str, Any]:
    """Processor seconds of one gradient of ``torch.nn.RNN`` while T grows, and while B grows."""
    import torch

    from helpers.tools import torch_twin

    seeds.deterministic()
    params = cells.init(cells.RNN, HIDDEN_SIZE, HIDDEN_SIZE, 2, seeds.rng("weights"))
    layer, _ = torch_twin.to_torch(params)

    def gradient_of(num_steps: int, batch_size: int) -> Callable[[], None]:
        draws = seeds.rng("inputs").normal(size=(num_steps, batch_size, HIDDEN_SIZE))
        x = torch.tensor(np.ascontiguousarray(draws))

        def run() -> None:
            layer.zero_grad()
            layer(x)[0].sum().backward()

        return run

    by_time = {f"T{n}": gradient_of(NUM_STEPS * n, 1) for n in FACTORS}
    by_batch = {f"B{n}": gradient_of(NUM_STEPS, n) for n in FACTORS}
    taken: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, run in {**by_time, **by_batch}.items():
            run()  # once for nothing, so that a small window does not pay for a large one before it
            for _ in range(REPEATS):
                begin = time.process_time()
                run()
                seconds = time.process_time() - begin
                taken[name] = min(seconds, taken.get(name, seconds))
    return {
        "hidden_size": HIDDEN_SIZE,
        "num_steps": [NUM_STEPS * n for n in FACTORS],
        "batch_size": FACTORS,
        "seconds_by_time": [taken[f"T{n}"] for n in FACTORS],
        "seconds_by_batch": [taken[f"B{n}"] for n in FACTORS],
    }
