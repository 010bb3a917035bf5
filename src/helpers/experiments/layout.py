"""What the order of feeding and a broken loader do to a trained network, five seeds each.

The text, the network and the plan of the learning rate are those of the chapter on truncation:
call and response, an LSTM with 32 hidden units, Adam, 128 tokens an update.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from helpers import layout, loaders, lstm, train
from helpers.corpus import ALPHABET
from helpers.experiments import experiment
from helpers.experiments import truncation as runs
from helpers.layout import Window
from helpers.seeds import deterministic, rng
from helpers.truncation import Edge

SEEDS = (1, 2, 3, 4, 5)
STREAMS, STEPS = 8, 16
DIGITS = 4
"""Kept of every loss."""

MOST_MOVED = 1e-6
"""How far weights nudged by four units in the last place may move a loss."""

LAST = 100
"""Updates over which the loss at the end of training is averaged."""

Loader = Callable[[np.ndarray, int, int], Iterator[Window]]


def shuffled(fresh: bool, seed: int) -> Loader:
    """Loader of shuffled pieces, which say or deny that nothing came before."""

    def loader(ids: np.ndarray, batch_size: int, num_steps: int) -> Iterator[Window]:
        order = rng("layout order", seed)
        return layout.shuffled_windows(ids, batch_size, num_steps, order, fresh=fresh)

    return loader


def learn(
    loader: Loader, edge: Edge, seed: int, *, nudge: int = 0
) -> tuple[lstm.Params, list[float]]:
    """Weights after one pass over the text, and the loss of each update in bits a character."""
    windows = list(loader(runs.text(seed, ALPHABET)[0], STREAMS, STEPS))
    params = runs.initial(len(ALPHABET.symbols), seed, nudge)
    rate = runs.learning_rate(len(windows))
    settings: dict[str, Any] = {"cell": lstm, "optimiser": "adam", "learning_rate": rate}
    losses = []
    for record in train.fit(params, windows, edge, **settings):
        params = record.params
        losses.append(record.loss / float(np.log(2)))
    return params, losses


def outcome(loader: Loader, edge: Edge, seed: int, nudge: int = 0) -> list[float]:
    """Bits at the end of training, and held out on the right layout: as trained, and carried."""
    params, losses = learn(loader, edge, seed, nudge=nudge)
    held_out = [runs.held_out_bits(params, STEPS, e, seed) for e in (edge, Edge.CARRY)]
    return [float(np.mean(losses[-LAST:])), *held_out]


@experiment()
def layout_shuffling() -> dict[str, Any]:
    """Streams in order and shuffled pieces, each with the state carried and reset."""
    deterministic()
    bits = {}
    for edge in Edge:
        in_order: list[Loader] = [loaders.streams for _ in SEEDS]
        at_random = [shuffled(edge is Edge.RESET, seed) for seed in SEEDS]
        bits[f"in order, {edge.value}"] = _of_seeds(in_order, edge)
        bits[f"shuffled, {edge.value}"] = _of_seeds(at_random, edge)
    return {"seeds": SEEDS, "bits": bits}


@experiment()
def layout_suspects() -> dict[str, Any]:
    """Broken loaders, the state carried: the loss that training shows, and the held-out loss."""
    deterministic()
    chosen = (loaders.streams, loaders.wrapped, loaders.dealt, loaders.strided, loaders.viewed)
    bits = {loader.__name__: _of_seeds([loader for _ in SEEDS], Edge.CARRY) for loader in chosen}
    return {"seeds": SEEDS, "bits": bits}


def _of_seeds(chosen: list[Loader], edge: Edge) -> list[list[float]]:
    """Rounded results of all seeds, each of them run again with the weights nudged."""
    pairs = list(zip(chosen, SEEDS, strict=True))
    results = [outcome(loader, edge, seed) for loader, seed in pairs]
    again = [outcome(loader, edge, seed, nudge=4) for loader, seed in pairs]
    if np.abs(np.subtract(results, again)).max() > MOST_MOVED:
        raise ValueError(f"a nudge moved {results} to {again}: chaotic")
    return [[round(value, DIGITS) for value in result] for result in results]
