"""The one place where randomness enters the course, and where it is held still."""

import sys

import numpy as np
from threadpoolctl import threadpool_limits

from helpers._types import Count, checked

SEED = 20250  # Seed of every draw in the course, unless a function is given another


@checked
def rng(name: str, seed: Count = SEED) -> np.random.Generator:
    """Numpy's generator for a named use, so that a new draw moves no other experiment's numbers.

    >>> bool((rng("weights").random(5) == rng("weights").random(5)).all())
    True
    >>> bool((rng("weights").random(5) == rng("data").random(5)).any())
    False
    """
    if not name:
        raise ValueError("name must say what the draws are for, as in rng('weights'), got ''")
    return np.random.default_rng([int(seed), *name.encode()])


def deterministic() -> None:
    """One thread for numpy, and for torch where it is loaded: sums in one order, so one result."""
    threadpool_limits(1)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
