"""What windows of T steps let a network learn: trained networks, several seeds each.

All use the call-and-response text, whose floors are known, an LSTM with 32 hidden units, Adam,
and 128 tokens an update, so that every run makes the same number of updates. The first seed of
every setting is run twice, the second time with all initial weights moved by four units in the
last place; a result whose digits that would change is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from helpers import corpus, layout, lstm, rnn, train, truncation
from helpers.corpus import Alphabet
from helpers.experiments import experiment
from helpers.layout import Window
from helpers.seeds import deterministic, rng
from helpers.truncation import Edge

HIDDEN = 32
TOKENS = 100_001
HELD_OUT = 20_001
TOKENS_AN_UPDATE = 128
PEAK_RATE = 0.01
DIGITS = 4
"""Kept of every loss."""

MOST_MOVED = 1e-6
"""How far the nudge may move a loss."""

PHASE_DISTANCES = (2, 4, 8, 12)
PHASE_STEPS = (1, 2, 4, 8, 16, 32, 64)
PHASE_SEEDS = (1, 2, 3)
SEEDS = (1, 2, 3, 4, 5)
MISMATCH_STEPS = (1, 16)
BEYOND = {"all weights": (1, False), "output layer only": (1, True), "T = 16": (16, False)}
"""Label to the time steps, and whether only the output layer learns."""


def initial(num_symbols: int, seed: int, nudge: int = 0, forget_bias: float = 2.0) -> lstm.Params:
    """Weights to start from; `nudge` moves each by so many units in the last place.

    An input picks one row of W_xh, so the rows get variance 1 and not 1/V.
    """
    draw = rng("truncation weights", seed)
    params = lstm.init(num_symbols, HIDDEN, num_symbols, draw, forget_bias=forget_bias)
    params = replace(params, W_xh=params.W_xh * np.sqrt(num_symbols))
    return params.map(lambda w: w + nudge * np.spacing(w))


def learning_rate(updates: int) -> Callable[[int], float]:
    """Constant at first, then in a straight line down to a fiftieth from half way on."""
    return lambda update: PEAK_RATE * min(1.0, 0.02 + 1.96 * (1 - update / updates))


def text(seed: int, alphabet: Alphabet) -> tuple[np.ndarray, np.ndarray]:
    """Ids to learn from and ids held out: the first part of one text, and the rest."""
    both = corpus.call_and_response(TOKENS + HELD_OUT, rng("truncation text", seed), alphabet)
    return both[:TOKENS], both[TOKENS:]


def trained(
    num_steps: int,
    edge: Edge,
    seed: int,
    alphabet: Alphabet = corpus.ALPHABET,
    *,
    nudge: int = 0,
    readout_only: bool = False,
) -> lstm.Params:
    """An LSTM after one pass over the text, in windows of `num_steps`."""
    streams = layout.to_streams(text(seed, alphabet)[0], TOKENS_AN_UPDATE // num_steps)
    params = initial(len(alphabet.symbols), seed, nudge)
    rate = learning_rate(-(-(len(streams) - 1) // num_steps))
    windows = layout.windows(streams, num_steps)
    if readout_only:
        return _readout(params, windows, rate)
    for record in train.fit(params, windows, edge, cell=lstm, optimiser="adam", learning_rate=rate):
        params = record.params
    return params


def held_out_bits(
    params: lstm.Params, num_steps: int, edge: Edge, seed: int, alphabet: Alphabet = corpus.ALPHABET
) -> float:
    """Loss on the held-out text in bits per character."""
    streams = layout.to_streams(text(seed, alphabet)[1], 16)
    windows = layout.windows(streams, num_steps if edge is Edge.RESET else 64)
    return train.evaluate(params, windows, edge, cell=lstm) / float(np.log(2))


def recovered(
    params: lstm.Params, seed: int, alphabet: Alphabet = corpus.ALPHABET
) -> dict[int, float]:
    """Of the bit that a response of each distance costs without memory, the share that is saved."""
    streams = layout.to_streams(text(seed, alphabet)[1], 16)
    logits = lstm.forward(params, streams[:-1]).logits
    y = streams[1:]
    place = y % alphabet.period
    saved = {}
    for distance in sorted({d for _, d in alphabet.responses}):
        at = [position for position, d in alphabet.responses if d == distance]
        weight = np.isin(place, at).astype(float)
        saved[distance] = 1 - rnn.cross_entropy(logits, y, weight=weight)[0] / float(np.log(2))
    return saved


def phase_alphabet(distance: int) -> Alphabet:
    """Four responses in nineteen characters, all at one distance."""
    return corpus.cover(19, (distance,), 4)


@experiment()
def truncation_phase() -> dict[str, Any]:
    """Share of the memory learned, over the distance and the time steps, reset and carried."""
    deterministic()
    kept: dict[str, Any] = {}
    for edge in Edge:
        kept[edge.value] = []
        for D in PHASE_DISTANCES:
            row = [_of_seeds(learned, PHASE_SEEDS, D, T, edge) for T in PHASE_STEPS]
            kept[edge.value].append([[shares[0] for shares in seeds] for seeds in row])
    return {"distances": PHASE_DISTANCES, "steps": PHASE_STEPS, "seeds": PHASE_SEEDS, **kept}


@experiment()
def truncation_mismatch() -> dict[str, Any]:
    """Held-out bits after training with the state carried or reset, evaluated both ways."""
    deterministic()
    bits = {
        f"T = {T}, {edge.value}": _of_seeds(mismatch, SEEDS, T, edge)
        for T in MISMATCH_STEPS
        for edge in Edge
    }
    return {"steps": MISMATCH_STEPS, "seeds": SEEDS, "bits": bits}


@experiment()
def truncation_beyond() -> dict[str, Any]:
    """Share of the memory at each distance that a carried state recovers, T = 1 and longer."""
    deterministic()
    shares = {
        label: _of_seeds(beyond, SEEDS, T, readout_only)
        for label, (T, readout_only) in BEYOND.items()
    }
    return {"distances": (2, 5, 10), "seeds": SEEDS, "recovered": shares}


def learned(distance: int, num_steps: int, edge: Edge, seed: int, nudge: int = 0) -> list[float]:
    """Share of the memory at one distance that a network has learned to use."""
    alphabet = phase_alphabet(distance)
    params = trained(num_steps, edge, seed, alphabet, nudge=nudge)
    bits = held_out_bits(params, num_steps, edge, seed, alphabet)
    without, best = corpus.floor_bits(1, alphabet), corpus.floor_bits(distance, alphabet)
    return [(without - bits) / (without - best)]


def mismatch(num_steps: int, edge: Edge, seed: int, nudge: int = 0) -> list[float]:
    """Held-out bits of one network with the state reset, and with the state carried."""
    params = trained(num_steps, edge, seed, nudge=nudge)
    return [held_out_bits(params, num_steps, evaluated, seed) for evaluated in Edge]


def beyond(num_steps: int, readout_only: bool, seed: int, nudge: int = 0) -> list[float]:
    """Shares recovered at the distances 2, 5 and 10 with the state carried."""
    params = trained(num_steps, Edge.CARRY, seed, nudge=nudge, readout_only=readout_only)
    return list(recovered(params, seed).values())


def _of_seeds(
    run: Callable[..., list[float]], seeds: tuple[int, ...], *setting: Any
) -> list[list[float]]:
    """Rounded results of all seeds; the first is run again with the weights nudged."""
    results = [run(*setting, seed) for seed in seeds]
    nudged = run(*setting, seeds[0], 4)
    if np.abs(np.subtract(results[0], nudged)).max() > MOST_MOVED:
        raise ValueError(f"a nudge moved {results[0]} to {nudged} at {setting}: chaotic")
    return [[round(float(value), DIGITS) for value in result] for result in results]


def _readout(
    params: lstm.Params, windows: Iterator[Window], rate: Callable[[int], float]
) -> lstm.Params:
    """Train the output layer alone; the recurrent weights stay as they were drawn."""
    state, moments = None, None
    for update, window in enumerate(windows, start=1):
        tape = lstm.forward(params, window.x, state)
        _, dlogits = rnn.cross_entropy(tape.logits, window.y)
        grads, _ = lstm.backward(params, tape, dlogits)
        still = {name: np.zeros_like(getattr(grads, name)) for name in ("W_xh", "W_hh", "b_h")}
        grads, _ = train.clip(replace(grads, **still), 1.0)
        params, moments = train.adam(params, grads, moments, rate(update))
        state = truncation.next_state(Edge.CARRY, tape)
    return params
