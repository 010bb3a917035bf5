"""How noisy the gradient is, in tokens, and where more tokens in an update stop paying.

A sample is one window of 16 steps of one stream, its state carried in from what the stream read
before. Its gradient is that of the mean loss of its 16 tokens, cut where the window begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers import corpus, layout, lstm, train
from helpers.experiments import experiment
from helpers.experiments.plane import SYMBOLS, of_seeds, rounded, updates_of
from helpers.experiments.plane_gradients import sample_gradients, scale_in_tokens
from helpers.experiments.plane_grid import held_out_bits, network, tried
from helpers.experiments.truncation import TOKENS, initial, learning_rate, text
from helpers.seeds import deterministic, rng
from helpers.truncation import Edge

NUM_STEPS = 16
BATCH_SIZES = (8, 16, 32, 64, 128, 256)
RATES = (0.003, 0.01, 0.03, 0.1, 0.3)
SEEDS = (1, 2, 3, 4, 5)
MOMENTS = (0, 50, 100, 200, 400, 600, 782)
"""Updates made before the noise is measured, of the 782 with 128 tokens each."""

STREAMS = 64
WARM_UP = 3
WINDOWS = 16
"""Of each stream, after as many as `WARM_UP` that only fill the state."""


def noise_along_training(seed: int, nudge: int = 0) -> list[float]:
    """Noise scale in tokens at each of `MOMENTS`, of a network trained at 128 tokens an update."""
    return [scale_in_tokens(samples, NUM_STEPS) for samples in _moments(seed, nudge)]


@experiment()
def plane_noise() -> dict[str, Any]:
    """Noise scale in tokens while a network learns, and held-out bits against tokens an update.

    `scale` is [seed][moment]. `validation` is [B][rate] of the first seed, `final` the mean of
    all seeds at the two best rates, `test` [B][seed] at the better of them. All have read the same
    text once, so more tokens in an update are fewer updates.
    """
    deterministic()
    scale = [noise_along_training(seed) for seed in SEEDS]
    moved = np.abs(np.divide(noise_along_training(SEEDS[0], 4), scale[0]) - 1).max()
    if moved > 1e-6:
        raise ValueError(f"a nudge moved the noise scale by {moved:.1e} of itself: chaotic")
    names = ("validation", "finalists", "final", "best_rate", "test", "moved", "updates")
    kept: dict[str, Any] = {name: [] for name in names}
    for B in BATCH_SIZES:
        first, final = tried(B, NUM_STEPS, RATES, SEEDS)
        best = min(final, key=lambda rate: final[rate])
        tested, far = of_seeds(held_out_bits, SEEDS, B, NUM_STEPS, best, most=np.inf)
        network.cache_clear()
        kept["validation"].append(rounded(first.values()))
        kept["finalists"].append(list(final))
        kept["final"].append(rounded(final.values()))
        kept["best_rate"].append(best)
        kept["test"].append([result[0] for result in tested])
        kept["moved"].append(far)
        kept["updates"].append(updates_of(TOKENS, B, NUM_STEPS))
    return {
        "seeds": SEEDS,
        "moments": MOMENTS,
        "scale": [[float(f"{value:.4g}") for value in values] for values in scale],
        "num_steps": NUM_STEPS,
        "batch_sizes": BATCH_SIZES,
        "rates": RATES,
        **kept,
    }


def _moments(seed: int, nudge: int) -> Any:
    B = 128 // NUM_STEPS
    ids = text(seed, corpus.ALPHABET)[0]
    params = initial(SYMBOLS, seed, nudge)
    fresh = corpus.call_and_response(
        STREAMS * ((WARM_UP + WINDOWS) * NUM_STEPS + 1), rng("plane noise", seed)
    )
    looked = list(layout.windows(layout.to_streams(fresh, STREAMS), NUM_STEPS))
    yield sample_gradients(params, looked, WARM_UP, None)
    for record in train.fit(
        params,
        layout.windows(layout.to_streams(ids, B), NUM_STEPS),
        Edge.CARRY,
        cell=lstm,
        optimiser="adam",
        learning_rate=learning_rate(updates_of(len(ids), B, NUM_STEPS)),
    ):
        if record.update in MOMENTS:
            yield sample_gradients(record.params, looked, WARM_UP, None)
