"""The case on which the chapter tries its recipe: repeated symbols, so many bytes, so many seconds.

The text repeats, mostly, the symbol seven places earlier; nothing else in it can be foretold.
A split (B, T) reads as many tokens as a simple cost model grants it in the seconds of the budget,
so nobody's result hangs on how busy a machine was.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from helpers import corpus, layout, lstm, measure, rnn, train
from helpers.experiments import experiment
from helpers.experiments.plane import bits, of_seeds, rounded, tape_bytes, trained, updates_of
from helpers.experiments.plane_gradients import sample_gradients, scale_in_tokens
from helpers.experiments.truncation import HIDDEN
from helpers.seeds import deterministic, rng
from helpers.truncation import Edge

DISTANCE = 7
NUM_SYMBOLS = 3
MOST_BYTES = 300_000
SECONDS = 1.0
COSTS = {"update": 3.5e-4, "tick": 1.5e-5, "token": 2.5e-6}
"""Seconds of one update of our LSTM: update + T·(tick + B·token), as `plane_seconds` found them."""

STEPS = (1, 2, 4, 7, 10, 14, 21, 28, 56, 164)
OTHERS = ((5, 14),)
"""Splits beside those that use all the bytes."""

RATES = (0.003, 0.01, 0.03)
SEEDS = (1, 2, 3)
HELD_OUT = 20_001
PROBE = (4, 32)
PROBE_UPDATES = (50, 300)
LAGS = 16


def most_streams(num_steps: int) -> int:
    """As many streams as the bytes allow; no number where not even one fits."""
    return MOST_BYTES // tape_bytes(1, num_steps, HIDDEN, NUM_SYMBOLS)


def tokens_within(batch_size: int, num_steps: int) -> int:
    """Tokens that a split reads in the seconds of the budget."""
    a_token = (
        COSTS["tick"] / batch_size + COSTS["token"] + COSTS["update"] / (batch_size * num_steps)
    )
    return int(SECONDS / a_token)


def splits() -> tuple[tuple[int, int], ...]:
    """The pairs (B, T) that are tried, the shortest windows first."""
    return tuple(sorted([(most_streams(T), T) for T in STEPS] + list(OTHERS), key=lambda s: s[1]))


def source(num_tokens: int, use: str, seed: int) -> np.ndarray:
    """A text of the case; each use has its own."""
    return corpus.copy_task(num_tokens, DISTANCE, NUM_SYMBOLS, rng(f"plane recipe {use}", seed))


def start(seed: int, nudge: int = 0) -> lstm.Params:
    """Initial weights."""
    p = lstm.init(
        NUM_SYMBOLS, HIDDEN, NUM_SYMBOLS, rng("plane recipe weights", seed), forget_bias=2
    )
    p = lstm.Params(np.sqrt(NUM_SYMBOLS) * p.W_xh, p.W_hh, p.b_h, p.W_hy, p.b_y)
    return p.map(lambda w: w + nudge * np.spacing(w))


@cache
def network(batch_size: int, num_steps: int, peak: float, seed: int, nudge: int = 0) -> lstm.Params:
    """A split's network when its seconds are over."""
    ids = source(tokens_within(batch_size, num_steps), "learned", seed)
    return trained(ids, start(seed, nudge), batch_size, num_steps, Edge.CARRY, peak)


def held_out_bits(
    batch_size: int, num_steps: int, peak: float, seed: int, nudge: int = 0, use: str = "held out"
) -> list[float]:
    """Bits a symbol on a text that no network has seen."""
    params = network(batch_size, num_steps, peak, seed, nudge)
    return [bits(params, source(HELD_OUT, use, seed), Edge.CARRY, num_steps)]


def validation_bits(batch_size: int, num_steps: int, peak: float) -> float:
    """What a rate is chosen by: the mean over the seeds, on a third text."""
    each = [held_out_bits(batch_size, num_steps, peak, s, use="validation") for s in SEEDS]
    return float(np.mean(each))


def probe(seed: int, nudge: int = 0) -> list[tuple[np.ndarray, float]]:
    """A short look at an unknown text, after each number of `PROBE_UPDATES`.

    Returns
    -------
    list of pairs
        Size of the gradient at lags 0, 1, ..., relative to lag 0; and the noise scale in tokens.
    """
    B, T = PROBE
    learned = layout.to_streams(source(PROBE_UPDATES[-1] * B * T + B, "learned", seed), B)
    looked = layout.to_streams(source(64 * (8 * T + 1), "probe", seed), 64)
    found = []
    for record in train.fit(
        start(seed, nudge),
        layout.windows(learned, T),
        Edge.CARRY,
        cell=lstm,
        optimiser="adam",
        learning_rate=0.01,
    ):
        if record.update in PROBE_UPDATES:
            tape = lstm.forward(record.params, looked[: 2 * T])
            _, dlogits = rnn.cross_entropy(tape.logits, looked[1 : 2 * T + 1])
            norms = measure.norm_by_lag(lstm.by_lag(record.params, tape, dlogits))
            samples = sample_gradients(record.params, list(layout.windows(looked, T)), 1, None)
            found.append((norms[:LAGS] / norms[0], scale_in_tokens(samples, T)))
    return found


@experiment()
def plane_recipe() -> dict[str, Any]:
    """Held-out bits of every split within one budget, and what a short look tells beforehand.

    `lags` is [seed][lag] after the first of `probe_updates`, `noise_tokens` is [seed][moment].
    `validation` is [split][rate], `test` is [split][seed].
    """
    deterministic()
    looks = [probe(seed) for seed in SEEDS]
    if np.abs(probe(SEEDS[0], 4)[0][0] - looks[0][0][0]).max() > 1e-6:
        raise ValueError("a nudge moved the gradient by lag: the probe is chaotic")
    names = ("validation", "best_rate", "test", "moved", "tokens", "updates", "bytes")
    kept: dict[str, Any] = {name: [] for name in names}
    for B, T in splits():
        found = [validation_bits(B, T, rate) for rate in RATES]
        best = RATES[int(np.argmin(found))]
        tested, moved = of_seeds(held_out_bits, SEEDS, B, T, best, most=np.inf)
        network.cache_clear()
        kept["validation"].append(rounded(found))
        kept["best_rate"].append(best)
        kept["test"].append([result[0] for result in tested])
        kept["moved"].append(moved)
        kept["tokens"].append(tokens_within(B, T))
        kept["updates"].append(updates_of(tokens_within(B, T), B, T))
        kept["bytes"].append(tape_bytes(B, T, HIDDEN, NUM_SYMBOLS))
    return {
        "distance": DISTANCE,
        "num_symbols": NUM_SYMBOLS,
        "hidden_size": HIDDEN,
        "floor": round(corpus.copy_floor_bits(DISTANCE, DISTANCE, NUM_SYMBOLS), 4),
        "most_bytes": MOST_BYTES,
        "seconds": SECONDS,
        "costs": COSTS,
        "probe": PROBE,
        "probe_updates": PROBE_UPDATES,
        "lags": [rounded(look[0][0]) for look in looks],
        "noise_tokens": [[float(f"{scale:.3g}") for _, scale in look] for look in looks],
        "splits": splits(),
        "rates": RATES,
        "seeds": SEEDS,
        **kept,
    }
