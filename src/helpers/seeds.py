"""The one place where randomness enters the course, and where it is held still."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from helpers import _arguments

if TYPE_CHECKING:
    import torch

SEED = 20250
"""Seed of every draw in the course, unless a function is given another."""


def rng(name: str, seed: int = SEED) -> np.random.Generator:
    """Numpy's generator that belongs to a named use.

    Two uses with two names never share draws, so a draw added to one
    experiment moves no other experiment's numbers.

    Parameters
    ----------
    name : str
        What the draws are for, such as ``"initial weights"``.
    seed : int
        At least 0. Other seeds repeat the same experiment with fresh draws.

    Returns
    -------
    np.random.Generator
        PCG64, whose stream is the same on every platform.

    Raises
    ------
    ValueError
        If `name` is empty or no text, or `seed` is negative or no integer.

    Examples
    --------
    >>> bool((rng("weights").random(5) == rng("weights").random(5)).all())
    True
    >>> bool((rng("weights").random(5) == rng("data").random(5)).any())
    False
    """
    return np.random.default_rng(_entropy(name, seed))


def torch_generator(name: str, seed: int = SEED) -> torch.Generator:
    """Torch's generator on the CPU that belongs to a named use; see `rng`.

    Raises
    ------
    ValueError
        As `rng` does.
    """
    import torch

    state = np.random.SeedSequence(_entropy(name, seed)).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state >> np.uint64(1)))


def deterministic() -> None:
    """Hold still what would change printed digits from one run to the next.

    Sums are taken in an order that depends on the number of threads, so numpy's
    and torch's are set to one. Torch is touched only where it is already
    imported: importing it takes seconds.
    """
    threadpool_limits(1)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)


def _entropy(name: str, seed: int) -> list[int]:
    if not isinstance(name, str) or not name:
        raise ValueError(
            f"name must say what the draws are for, as in rng('weights'), "
            f"got {_arguments.short(name)}"
        )
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise ValueError(
            f"name must be text that UTF-8 can write, without half a character, "
            f"got {_arguments.short(name)}"
        )
    return [_arguments.whole("seed", seed, least=0), *name.encode()]
