"""The headline of the plane: 128 tokens an update, from 128 streams of one step to 1 of 128 steps.

The networks are those of the experiments on truncation: the call-and-response text, an LSTM with
32 hidden units, Adam, gradients clipped at 1, one pass. The carried state is evaluated on two long
streams, so that hardly a loss is paid for the zeros that a stream starts from.

What the other experiments of the chapter share stands here too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers import corpus, layout, lstm, measure, train, truncation
from helpers.experiments import experiment
from helpers.experiments.truncation import DIGITS, HIDDEN, MOST_MOVED, initial, text
from helpers.seeds import deterministic, rng
from helpers.truncation import Edge

TOKENS_AN_UPDATE = 128
STEPS = (1, 2, 4, 8, 16, 32, 64, 128)
SPLITS = tuple((TOKENS_AN_UPDATE // T, T) for T in STEPS)
"""Pairs (B, T)."""

SEEDS = (1, 2, 3, 4, 5)
POSITIONS_STEPS = 32
POSITIONS_TOKENS = 100_001
SYMBOLS = len(corpus.ALPHABET.symbols)
BITS = 1 / float(np.log(2))
"""In a nat."""


def peak_rate(batch_size: int, num_steps: int) -> float:
    """Learning rate in proportion to the tokens of an update, up to six times the one for 128."""
    return 0.01 * min(6.0, batch_size * num_steps / 128)


def trained(
    ids: np.ndarray, params: lstm.Params, batch_size: int, num_steps: int, edge: Edge, peak: float
) -> lstm.Params:
    """The network after one pass; the rate is `peak` for half of it, then falls to a fiftieth."""
    streams = layout.to_streams(ids, batch_size)
    updates = updates_of(len(ids), batch_size, num_steps)

    def rate(update: int) -> float:
        return peak * min(1.0, 0.02 + 1.96 * (1 - update / updates))

    for record in train.fit(
        params,
        layout.windows(streams, num_steps),
        edge,
        cell=lstm,
        optimiser="adam",
        learning_rate=rate,
    ):
        params = record.params
    return params


def bits(params: lstm.Params, ids: np.ndarray, edge: Edge, num_steps: int) -> float:
    """Loss in bits a character; the time steps count only where the state is reset."""
    reset = edge is Edge.RESET
    windows = layout.windows(layout.to_streams(ids, 16 if reset else 2), num_steps if reset else 64)
    return train.evaluate(params, windows, edge, cell=lstm) * BITS


def updates_of(num_tokens: int, batch_size: int, num_steps: int) -> int:
    """Updates of one pass, a short last one included."""
    return layout.account(num_tokens, batch_size, num_steps).updates


def tape_bytes(
    batch_size: int, num_steps: int, hidden_size: int = HIDDEN, num_symbols: int = SYMBOLS
) -> int:
    """Bytes that the LSTM keeps for the backward pass of one window; the weights are left out.

    Measured on a tape: states, memories, gates, their tanh, logits and ids.

    Examples
    --------
    >>> tape_bytes(4, 32) == 8 * 4 * (32 * (7 * 32 + 2) + 25 * 32 + 32)
    True
    """
    params = lstm.init(num_symbols, hidden_size, num_symbols, rng("plane bytes"))
    window = np.zeros((num_steps, batch_size), dtype=np.int64)
    return measure.kept_bytes(lstm.forward(params, window))


def of_seeds(
    run: Callable[..., list[float]],
    seeds: tuple[int, ...],
    *setting: Any,
    most: float = MOST_MOVED,
) -> tuple[list[list[float]], float]:
    """Rounded results of all seeds, and how far a nudge of the weights moves those of the first.

    `run` takes the setting, the seed, and by how many units in the last place all initial
    weights are moved. More than `most` is refused.
    """
    results = [run(*setting, seed) for seed in seeds]
    moved = float(np.abs(np.subtract(results[0], run(*setting, seeds[0], 4))).max())
    if not moved <= most:
        raise ValueError(f"a nudge moved {results[0]} by {moved:.1e} at {setting}: chaotic")
    return [rounded(result) for result in results], moved


def rounded(values: Any) -> list[float]:
    """As they are kept."""
    return [round(float(value), DIGITS) for value in values]


def split(num_steps: int, edge: Edge, seed: int, nudge: int = 0) -> list[float]:
    """Held-out bits of a network trained at 128 tokens an update, evaluated as it was trained."""
    learned, held_out = text(seed, corpus.ALPHABET)
    B = TOKENS_AN_UPDATE // num_steps
    start = initial(SYMBOLS, seed, nudge)
    params = trained(learned, start, B, num_steps, edge, peak_rate(B, num_steps))
    return [bits(params, held_out, edge, num_steps)]


def column(num_steps: int, seed: int = SEEDS[0]) -> dict[str, float]:
    """Of one split and one seed, the two numbers that `plane_headline` keeps; takes seconds."""
    return {edge.value: rounded(split(num_steps, edge, seed))[0] for edge in Edge}


def by_position(num_steps: int, edge: Edge, seed: int, nudge: int = 0) -> list[float]:
    """Bits at each position of the window on a new text, after training with the same windows."""
    B = TOKENS_AN_UPDATE // num_steps
    start = initial(SYMBOLS, seed, nudge)
    ids = text(seed, corpus.ALPHABET)[0]
    params = trained(ids, start, B, num_steps, edge, peak_rate(B, num_steps))
    return positions(params, fresh_text(seed), num_steps, edge)


def fresh_text(seed: int) -> np.ndarray:
    """Long enough that each position of a window has thousands of losses."""
    return corpus.call_and_response(POSITIONS_TOKENS, rng("plane positions", seed))


def positions(params: lstm.Params, ids: np.ndarray, num_steps: int, edge: Edge) -> list[float]:
    """Bits at each position of a window of T steps, mean over all windows but each first one."""
    losses, state = [], None
    streams = layout.to_streams(ids, 16)
    for window in layout.windows(streams, num_steps, drop_last=True):
        tape = lstm.forward(params, window.x, state)
        if not window.fresh:
            losses.append(token_bits(tape.logits, window.y).mean(axis=1))
        state = truncation.next_state(edge, tape)
    return [float(loss) for loss in np.mean(losses, axis=0)]


def token_bits(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Loss of each token in bits: what the mean of a cross-entropy is taken over."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    chosen = np.take_along_axis(shifted, y[..., None], axis=-1)[..., 0]
    return np.asarray((np.log(np.exp(shifted).sum(axis=-1)) - chosen) * BITS)


@experiment()
def plane_headline() -> dict[str, Any]:
    """Held-out bits along the splits of 128 tokens, with the state carried and reset."""
    deterministic()
    kept: dict[str, Any] = {}
    moved = 0.0
    for edge in Edge:
        kept[edge.value] = []
        for T in STEPS:
            results, far = of_seeds(split, SEEDS, T, edge)
            kept[edge.value].append([result[0] for result in results])
            moved = max(moved, far)
    N = len(text(SEEDS[0], corpus.ALPHABET)[0])
    return {
        "splits": SPLITS,
        "seeds": SEEDS,
        "updates": [updates_of(N, B, T) for B, T in SPLITS],
        "bytes": [tape_bytes(B, T) for B, T in SPLITS],
        **kept,
        "moved": moved,
    }


@experiment()
def plane_positions() -> dict[str, Any]:
    """Bits at each position of a window of 32, with the state reset and carried."""
    deterministic()
    kept: dict[str, Any] = {}
    moved = 0.0
    for edge in Edge:
        kept[edge.value], far = of_seeds(by_position, SEEDS, POSITIONS_STEPS, edge)
        moved = max(moved, far)
    return {"steps": POSITIONS_STEPS, "seeds": SEEDS, **kept, "moved": moved}
