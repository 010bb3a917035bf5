"""What windows of T steps let a network learn: trained networks, several seeds each.

Every update sees 128 tokens, so that every run makes the same number of updates.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from helpers import cells, corpus, layout, train, truncation
from helpers.cells import Params, Tape
from helpers.corpus import ALPHABET, Alphabet
from helpers.seeds import deterministic, rng
from helpers.tools import kept, measure, recipe
from helpers.tools.kept import load as load
from helpers.tools.recipe import BITS, DIGITS, MOST_MOVED, initial, of_seeds, text
from helpers.truncation import Edge

TOKENS_AN_UPDATE = 128
SEEDS = (1, 2, 3, 4, 5)
PHASE_DISTANCES = (2, 4, 8, 12)
PHASE_STEPS = (1, 2, 4, 8, 16, 32, 64)
PHASE_SEEDS = (1, 2, 3)
MISMATCH_STEPS = (1, 16)
BEYOND = {"all weights": (1, False), "output layer only": (1, True), "T = 16": (16, False)}
LAG_SEEDS = tuple(range(1, 10))
DISTANCES = (2, 5, 10)
LAGS = 16
LEARNED_AT = 0.9  # bits for each response: a tenth of the bit has been learned
LOOK_EVERY = 4
MOST_UPDATES = 400


def network(
    num_steps: int,
    edge: Edge,
    seed: int,
    alphabet: Alphabet = ALPHABET,
    *,
    nudge: int = 0,
    readout_only: bool = False,
) -> Params:
    """An LSTM after one pass over the text, in windows of `num_steps`."""
    ids, B = text(seed, alphabet)[0], TOKENS_AN_UPDATE // num_steps
    params = initial(len(alphabet.symbols), seed, nudge)
    learn = _readout if readout_only else recipe.trained
    return learn(ids, params, B, num_steps, edge)


def held_out_bits(
    params: Params, num_steps: int, edge: Edge, seed: int, alphabet: Alphabet = ALPHABET
) -> float:
    """Loss on the held-out text in bits per character."""
    return recipe.bits(params, text(seed, alphabet)[1], edge, num_steps)


def responses(y: np.ndarray, distance: int) -> np.ndarray:
    """1 where a target is a response of this distance, else 0."""
    at = [place for place, d in ALPHABET.responses if d == distance]
    return np.isin(y % ALPHABET.period, at).astype(float)


def recovered(params: Params, seed: int) -> list[float]:
    """Of the bit that a response of each distance costs without memory, the share that is saved."""
    streams = layout.to_streams(text(seed)[1], 16)
    logits, y = cells.forward(params, streams[:-1]).logits, streams[1:]
    each = [cells.cross_entropy(logits, y, weight=responses(y, d))[0] for d in DISTANCES]
    return [1 - loss * BITS for loss in each]


@kept.result()
def truncation_phase() -> dict[str, Any]:
    """Share of the memory learned, over the distance and the time steps, reset and carried."""
    deterministic()
    found: dict[str, Any] = {}
    for edge in Edge:
        found[edge.value] = []
        for D in PHASE_DISTANCES:
            row = [of_seeds(learned, PHASE_SEEDS, D, T, edge)[0] for T in PHASE_STEPS]
            found[edge.value].append([[shares[0] for shares in seeds] for seeds in row])
    return {"distances": PHASE_DISTANCES, "steps": PHASE_STEPS, "seeds": PHASE_SEEDS, **found}


@kept.result()
def truncation_mismatch() -> dict[str, Any]:
    """Held-out bits after training with the state carried or reset, evaluated both ways."""
    deterministic()
    bits = {
        f"T = {T}, {edge.value}": of_seeds(mismatch, SEEDS, T, edge)[0]
        for T in MISMATCH_STEPS
        for edge in Edge
    }
    return {"steps": MISMATCH_STEPS, "seeds": SEEDS, "bits": bits}


@kept.result()
def truncation_beyond() -> dict[str, Any]:
    """Share of the memory at each distance that a carried state recovers, T = 1 and longer."""
    deterministic()
    shares = {label: of_seeds(beyond, SEEDS, *setting)[0] for label, setting in BEYOND.items()}
    return {"distances": DISTANCES, "seeds": SEEDS, "recovered": shares}


def learned(distance: int, num_steps: int, edge: Edge, seed: int, nudge: int = 0) -> list[float]:
    """Share of the memory at one distance that a network has learned to use.

    Its text has four responses in nineteen characters, all at that distance.
    """
    alphabet = corpus.cover(19, (distance,), 4)
    params = network(num_steps, edge, seed, alphabet, nudge=nudge)
    bits = held_out_bits(params, num_steps, edge, seed, alphabet)
    without, best = corpus.floor_bits(1, alphabet), corpus.floor_bits(distance, alphabet)
    return [(without - bits) / (without - best)]


def mismatch(num_steps: int, edge: Edge, seed: int, nudge: int = 0) -> list[float]:
    """Held-out bits of one network with the state reset, and with the state carried."""
    params = network(num_steps, edge, seed, nudge=nudge)
    return [held_out_bits(params, num_steps, evaluated, seed) for evaluated in Edge]


def beyond(num_steps: int, readout_only: bool, seed: int, nudge: int = 0) -> list[float]:
    """Shares recovered at the distances 2, 5 and 10 with the state carried."""
    params = network(num_steps, Edge.CARRY, seed, nudge=nudge, readout_only=readout_only)
    return recovered(params, seed)


def _readout(
    ids: np.ndarray, params: Params, batch_size: int, num_steps: int, edge: Edge
) -> Params:
    """Train the output layer alone; the recurrent weights stay as they were drawn."""
    rate = recipe.learning_rate(recipe.updates_of(len(ids), batch_size, num_steps))
    windows = layout.windows(layout.to_streams(ids, batch_size), num_steps)
    state, moments = None, None
    for update, window in enumerate(windows, start=1):
        tape = cells.forward(params, window.x, state)
        _, dlogits = cells.cross_entropy(tape.logits, window.y)
        grads, _ = cells.backward(params, tape, dlogits)
        still = {name: 0 * getattr(grads, name) for name in ("W_xh", "W_hh", "b_h")}
        grads, _ = train.clip(replace(grads, **still), 1.0)
        params, moments = train.adam(params, grads, moments, rate(update))
        state = truncation.next_state(edge, tape)
    return params


def response_loss(params: Params, distance: int) -> tuple[Tape, float, np.ndarray]:
    """Forward pass over a held-out text, and the loss of the responses of one distance alone.

    The first twelve positions are left out: their calls may stand before the text.
    """
    ids = corpus.call_and_response(32 * 33, rng("truncation held out"))
    streams = layout.to_streams(ids, 32)
    tape, y = cells.forward(params, streams[:-1]), streams[1:]
    weight = responses(y, distance)
    weight[:12] = 0
    loss, dlogits = cells.cross_entropy(tape.logits, y, weight=weight)
    return tape, loss * BITS, dlogits


def sizes(seed: int, nudge: int = 0, distances: tuple[int, ...] = DISTANCES) -> dict[int, Any]:
    """Size of the gradient at each lag, relative to lag 0, when a distance begins to be learned.

    Values are pairs: the update, and the sizes.
    """
    ids = corpus.call_and_response(250_001, rng("truncation lags", seed))
    windows = layout.windows(layout.to_streams(ids, 16), 32)
    start = initial(recipe.SYMBOLS, seed, nudge)
    found: dict[int, Any] = {}
    for record in recipe.records(start, windows, Edge.CARRY, 0.01):
        for distance in distances if record.update % LOOK_EVERY == 0 else ():
            if distance in found:
                continue
            params = record.params
            tape, bits, dlogits = response_loss(params, distance)
            if bits < LEARNED_AT:
                norms = measure.norm_by_lag(cells.by_lag(params, tape, dlogits))
                found[distance] = record.update, norms[:LAGS] / norms[0]
        if len(found) == len(distances) or record.update == MOST_UPDATES:
            break
    return found


@kept.result()
def truncation_lags() -> dict[str, Any]:
    """Size of the gradient by lag at the first sign of learning, for each distance and seed."""
    deterministic()
    found: dict[str, Any] = {str(d): [] for d in DISTANCES}
    updates: dict[str, Any] = {str(d): [] for d in DISTANCES}
    for seed in LAG_SEEDS:
        first, nudged = sizes(seed), sizes(seed, 4)
        for d in DISTANCES:
            if first[d][0] != nudged[d][0] or np.abs(first[d][1] - nudged[d][1]).max() > MOST_MOVED:
                raise ValueError(f"a nudge of the weights moved seed {seed}: the run is chaotic")
            updates[str(d)].append(first[d][0])
            found[str(d)].append([round(float(size), DIGITS) for size in first[d][1]])
    return {"distances": DISTANCES, "seeds": LAG_SEEDS, "updates": updates, "sizes": found}
