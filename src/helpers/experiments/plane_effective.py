"""How much T adjacent tokens of one stream are worth, counted in independent tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers import corpus, layout, lstm, measure
from helpers.experiments import experiment
from helpers.experiments.plane import SYMBOLS, peak_rate, trained
from helpers.experiments.plane_gradients import sample_gradients
from helpers.experiments.truncation import initial, text
from helpers.layout import Window
from helpers.seeds import deterministic, rng
from helpers.truncation import Edge

NUM_STEPS = 64
STREAMS = 1024
SEEDS = (1, 2, 3)
LOUD = 3.0
"""Factor of the output weights of the network that writes a text: its letters are no fair dice."""


def effective(params: lstm.Params, windows: list[Window], seed: int) -> float:
    """Independent tokens that average as well as the T adjacent ones of a window.

    A window's gradient is the mean of its T tokens' gradients, each of which goes back to where
    the window begins. With Σ₁ the covariance of the gradient of one token, drawn at random from
    a random window, n independent tokens would have a mean with covariance Σ₁/n. So the window
    is worth n = tr Σ₁ / tr Σ_window of them. The state is carried in.

    Where the network is the true source of the text, n = T exactly: given the past, a token's
    gradient is zero on average, since the network's probabilities are the token's own; so the
    gradients of two tokens are uncorrelated, however much the tokens depend on each other.
    """
    together = sample_gradients(params, windows, 1, None)
    alone = sample_gradients(params, windows, 1, rng("plane effective tokens", seed))
    return measure.gradient_noise(alone).trace / measure.gradient_noise(together).trace


def written(params: lstm.Params, num_tokens: int, streams: int, seed: int) -> np.ndarray:
    """Streams (num_tokens, streams) that a network writes: each letter drawn as it foretells."""
    draw = rng("plane written text", seed)
    ids = draw.integers(len(params.b_y), size=(1, streams))
    state: Any = None
    lines = [ids]
    for _ in range(num_tokens - 1):
        tape = lstm.forward(params, lines[-1], state)
        state = tape.state(1)
        # The largest of logits plus Gumbel noise is distributed as the softmax says.
        lines.append((tape.logits + draw.gumbel(size=tape.logits.shape)).argmax(axis=-1))
    return np.concatenate(lines)


def writer(seed: int) -> lstm.Params:
    """A network with louder output weights, whose own text is no noise."""
    params = initial(SYMBOLS, 100 + seed)
    return lstm.Params(params.W_xh, params.W_hh, params.b_h, LOUD * params.W_hy, params.b_y)


def reader(seed: int) -> lstm.Params:
    """The network of the split 8×16 after its pass over the call-and-response text."""
    ids = text(seed, corpus.ALPHABET)[0]
    return trained(ids, initial(SYMBOLS, seed), 8, 16, Edge.CARRY, peak_rate(8, 16))


def call_and_response_streams(num_tokens: int, streams: int, seed: int) -> np.ndarray:
    """A new text in streams (num_tokens, streams)."""
    ids = corpus.call_and_response(num_tokens * streams, rng("plane effective", seed))
    return layout.to_streams(ids, streams)


def cases(seed: int, streams: int = STREAMS) -> dict[str, float]:
    """Effective number of tokens in 64 for each network and text."""
    L = 2 * NUM_STEPS + 1
    own = list(layout.windows(written(writer(seed), L, streams, seed), NUM_STEPS))
    call = list(layout.windows(call_and_response_streams(L, streams, seed), NUM_STEPS))
    pairs = {
        "the text's own source": (writer(seed), own),
        "another network, same text": (writer(seed + 1), own),
        "untrained, call and response": (initial(SYMBOLS, seed), call),
        "trained, call and response": (reader(seed), call),
    }
    return {label: effective(params, windows, seed) for label, (params, windows) in pairs.items()}


@experiment()
def plane_effective() -> dict[str, Any]:
    """What 64 adjacent tokens are worth in independent ones: `effective` is [case][seed]."""
    deterministic()
    found = [cases(seed) for seed in SEEDS]
    return {
        "num_steps": NUM_STEPS,
        "streams": STREAMS,
        "seeds": SEEDS,
        "cases": list(found[0]),
        "effective": [[round(values[label], 2) for values in found] for label in found[0]],
    }
