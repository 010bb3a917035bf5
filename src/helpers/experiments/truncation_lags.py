"""Where the gradient of a memory sits while the network begins to learn it: nine networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers import corpus, layout, lstm, measure, rnn, train
from helpers.experiments import experiment
from helpers.experiments.truncation import DIGITS, MOST_MOVED, initial
from helpers.seeds import deterministic, rng
from helpers.truncation import Edge

SEEDS = tuple(range(1, 10))
DISTANCES = (2, 5, 10)
LAGS = 16
LEARNED_AT = 0.9
"""Bits for each response: a tenth of the bit has been learned."""

LOOK_EVERY = 4
MOST_UPDATES = 400


def held_out() -> np.ndarray:
    """Thirty-two streams of 33 characters."""
    return layout.to_streams(corpus.call_and_response(32 * 33, rng("truncation held out")), 32)


def response_loss(params: lstm.Params, distance: int) -> tuple[lstm.Tape, float, np.ndarray]:
    """Forward pass over the held-out text, and the loss of the responses of one distance alone.

    The first twelve positions are left out: their calls may stand before the text.
    """
    streams = held_out()
    tape, y = lstm.forward(params, streams[:-1]), streams[1:]
    at = [place for place, d in corpus.ALPHABET.responses if d == distance]
    weight = np.isin(y % corpus.ALPHABET.period, at).astype(float)
    weight[:12] = 0
    loss, dlogits = rnn.cross_entropy(tape.logits, y, weight=weight)
    return tape, loss / float(np.log(2)), dlogits


def sizes(seed: int, nudge: int = 0, distances: tuple[int, ...] = DISTANCES) -> dict[int, Any]:
    """Size of the gradient at each lag, relative to lag 0, when a distance begins to be learned.

    Values are pairs: the update, and the sizes.
    """
    alphabet = corpus.ALPHABET
    ids = corpus.call_and_response(250_001, rng("truncation lags", seed), alphabet)
    windows = layout.windows(layout.to_streams(ids, 16), 32)
    params = initial(len(alphabet.symbols), seed, nudge)
    found: dict[int, Any] = {}
    for record in train.fit(
        params, windows, Edge.CARRY, cell=lstm, optimiser="adam", learning_rate=0.01
    ):
        for distance in distances if record.update % LOOK_EVERY == 0 else ():
            if distance in found:
                continue
            tape, bits, dlogits = response_loss(record.params, distance)
            if bits < LEARNED_AT:
                norms = measure.norm_by_lag(lstm.by_lag(record.params, tape, dlogits))
                found[distance] = record.update, norms[:LAGS] / norms[0]
        if len(found) == len(distances) or record.update == MOST_UPDATES:
            break
    return found


@experiment()
def truncation_lags() -> dict[str, Any]:
    """Size of the gradient by lag at the first sign of learning, for each distance and seed."""
    deterministic()
    kept: dict[str, Any] = {str(d): [] for d in DISTANCES}
    updates: dict[str, Any] = {str(d): [] for d in DISTANCES}
    for seed in SEEDS:
        first, nudged = sizes(seed), sizes(seed, 4)
        for d in DISTANCES:
            if first[d][0] != nudged[d][0] or np.abs(first[d][1] - nudged[d][1]).max() > MOST_MOVED:
                raise ValueError(f"a nudge of the weights moved seed {seed}: the run is chaotic")
            updates[str(d)].append(first[d][0])
            kept[str(d)].append([round(float(size), DIGITS) for size in first[d][1]])
    return {"distances": DISTANCES, "seeds": SEEDS, "updates": updates, "sizes": kept}
