"""The plane itself: every B with every T, carried, one pass over the same text.

Each cell chooses its learning rate on a validation text, which is neither the text that it
learns from nor the one that it is tested on: without that, a cell may look bad only because a
rate was chosen for another.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from helpers import corpus, lstm
from helpers.experiments import experiment
from helpers.experiments.plane import (
    SYMBOLS,
    bits,
    of_seeds,
    rounded,
    tape_bytes,
    trained,
    updates_of,
)
from helpers.experiments.truncation import TOKENS, initial, text
from helpers.seeds import deterministic, rng
from helpers.truncation import Edge

BATCH_SIZES = (1, 4, 16, 64)
NUM_STEPS = (1, 4, 16, 64)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
TRIED = 4
"""Rates that one cell tries, next to each other in the list."""

SEEDS = (1, 2, 3)
VALIDATION_TOKENS = 20_001


def rates_of(batch_size: int, num_steps: int) -> tuple[float, ...]:
    """The rates that a cell tries: the more tokens in an update, the higher.

    Examples
    --------
    >>> rates_of(1, 1), rates_of(64, 64)
    ((0.001, 0.003, 0.01, 0.03), (0.01, 0.03, 0.1, 0.3))
    """
    tokens = batch_size * num_steps
    first = sum(tokens >= least for least in (64, 256))
    return RATES[first : first + TRIED]


@cache
def network(batch_size: int, num_steps: int, peak: float, seed: int, nudge: int = 0) -> lstm.Params:
    """A cell's network after its pass; two who ask for the same get the same."""
    ids = text(seed, corpus.ALPHABET)[0]
    start = initial(SYMBOLS, seed, nudge)
    return trained(ids, start, batch_size, num_steps, Edge.CARRY, peak)


def validation_bits(batch_size: int, num_steps: int, peak: float, seed: int) -> float:
    """What a rate is chosen by."""
    ids = corpus.call_and_response(VALIDATION_TOKENS, rng("plane validation", seed))
    return bits(network(batch_size, num_steps, peak, seed), ids, Edge.CARRY, num_steps)


def held_out_bits(
    batch_size: int, num_steps: int, peak: float, seed: int, nudge: int = 0
) -> list[float]:
    """Held-out bits of a cell at one learning rate."""
    params = network(batch_size, num_steps, peak, seed, nudge)
    return [bits(params, text(seed, corpus.ALPHABET)[1], Edge.CARRY, num_steps)]


def tried(
    batch_size: int, num_steps: int, rates: tuple[float, ...], seeds: tuple[int, ...]
) -> tuple[dict[float, float], dict[float, float]]:
    """Validation bits of each rate with the first seed, and of the two best as a mean of all seeds.

    One seed alone would choose rates so high that the next seed fails at them.
    """
    cell = batch_size, num_steps
    first = {rate: validation_bits(*cell, rate, seeds[0]) for rate in rates}
    best = sorted(sorted(first, key=lambda rate: first[rate])[:2])
    return first, {
        rate: float(np.mean([validation_bits(*cell, rate, seed) for seed in seeds]))
        for rate in best
    }


@experiment()
def plane_grid() -> dict[str, Any]:
    """Held-out bits of every cell at the rate that suits it, with its updates and bytes.

    `validation` stands in the order of `rates`, with None for a rate that the cell did not try;
    `finalists` are its two best rates, `final` their means over the seeds, of which the lower is
    `best_rate`. `moved` says how far a nudge of the weights moves the test bits of the first
    seed: with many updates at a high rate the digits beyond it are chance.
    """
    deterministic()
    names = ("validation", "finalists", "final", "best_rate", "test", "moved", "updates", "bytes")
    kept: dict[str, Any] = {name: [] for name in names}
    for B in BATCH_SIZES:
        for name in names:
            kept[name].append([])
        for T in NUM_STEPS:
            first, final = tried(B, T, rates_of(B, T), SEEDS)
            best = min(final, key=lambda rate: final[rate])
            tested, moved = of_seeds(held_out_bits, SEEDS, B, T, best, most=np.inf)
            network.cache_clear()
            cell = {
                "validation": [rounded([first[r]])[0] if r in first else None for r in RATES],
                "finalists": list(final),
                "final": rounded(final.values()),
                "best_rate": best,
                "test": [result[0] for result in tested],
                "moved": moved,
                "updates": updates_of(TOKENS, B, T),
                "bytes": tape_bytes(B, T),
            }
            for name in names:
                kept[name][-1].append(cell[name])
    axes = {"batch_sizes": BATCH_SIZES, "num_steps": NUM_STEPS, "rates": RATES, "seeds": SEEDS}
    return {**axes, **kept}
