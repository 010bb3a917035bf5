"""What kept results share: an LSTM, one pass over a text, bits, and digits that stay.

Unless a result says otherwise: the call-and-response text, whose floors are known, 32 hidden
units, Adam, gradients clipped at 1. The first seed of every setting is run twice, the second time
with all initial weights moved by four units in the last place; where that moves a digit that is
kept, the result is refused.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from helpers import cells, corpus, layout, train
from helpers.cells import Params
from helpers.corpus import Alphabet
from helpers.layout import Window
from helpers.seeds import rng
from helpers.train import Record
from helpers.truncation import Edge

HIDDEN = 32
SYMBOLS = len(corpus.ALPHABET.symbols)
TOKENS = 100_001
HELD_OUT = 20_001
PEAK_RATE = 0.01
BITS = 1 / float(np.log(2))  # in a nat
DIGITS = 4  # kept of every loss
MOST_MOVED = 1e-6  # how far the nudge may move a loss


def initial(
    num_symbols: int,
    seed: int,
    nudge: int = 0,
    *,
    hidden_size: int = HIDDEN,
    use: str = "truncation weights",
) -> Params:
    """Weights to start from; `nudge` moves each by so many units in the last place.

    An input picks one row of W_xh, so the rows get variance 1 and not 1/V.
    """
    V = num_symbols
    params = cells.init(cells.LSTM, V, hidden_size, V, rng(use, seed), forget_bias=2.0)
    params = replace(params, W_xh=params.W_xh * np.sqrt(V))
    return params.map(lambda w: w + nudge * np.spacing(w))


def learning_rate(updates: int, peak: float = PEAK_RATE) -> Callable[[int], float]:
    """Constant at first, then in a straight line down to a fiftieth from half way on."""
    return lambda update: peak * min(1.0, 0.02 + 1.96 * (1 - update / updates))


def text(seed: int, alphabet: Alphabet = corpus.ALPHABET) -> tuple[np.ndarray, np.ndarray]:
    """Ids to learn from and ids held out: the first part of one text, and the rest."""
    both = corpus.call_and_response(TOKENS + HELD_OUT, rng("truncation text", seed), alphabet)
    return both[:TOKENS], both[TOKENS:]


def updates_of(num_tokens: int, batch_size: int, num_steps: int) -> int:
    """Updates of one pass, a short last one included."""
    return -(-(num_tokens // batch_size - 1) // num_steps)


def records(
    params: Params, windows: Iterable[Window], edge: Edge, rate: float | Callable[[int], float]
) -> Iterator[Record]:
    """One record an update."""
    return train.fit(params, windows, edge, optimiser="adam", learning_rate=rate)


def trained(
    ids: np.ndarray,
    params: Params,
    batch_size: int,
    num_steps: int,
    edge: Edge,
    peak: float = PEAK_RATE,
) -> Params:
    """The network after one pass."""
    windows = layout.windows(layout.to_streams(ids, batch_size), num_steps)
    rate = learning_rate(updates_of(len(ids), batch_size, num_steps), peak)
    return deque(records(params, windows, edge, rate), 1)[0].params


def bits(params: Params, ids: np.ndarray, edge: Edge, num_steps: int, streams: int = 16) -> float:
    """Loss in bits a token; the time steps count only where the state is reset."""
    T = num_steps if edge is Edge.RESET else 64
    return train.evaluate(params, layout.windows(layout.to_streams(ids, streams), T), edge) * BITS


def token_bits(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Loss of each token in bits: what the mean of a cross-entropy is taken over."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    chosen = np.take_along_axis(shifted, y[..., None], axis=-1)[..., 0]
    return np.asarray((np.log(np.exp(shifted).sum(axis=-1)) - chosen) * BITS)


def rounded(values: Iterable[float]) -> list[float]:
    """As they are kept."""
    return [round(float(value), DIGITS) for value in values]


def of_seeds(
    run: Callable[..., list[float]],
    seeds: tuple[int, ...],
    *setting: Any,
    most: float = MOST_MOVED,
) -> tuple[list[list[float]], float]:
    """Rounded results of all seeds, and how far a nudge of the weights moves those of the first.

    `run` takes the setting, the seed, and the nudge. More than `most` is refused.
    """
    results = [run(*setting, seed) for seed in seeds]
    moved = float(np.abs(np.subtract(results[0], run(*setting, seeds[0], 4))).max())
    if not moved <= most:
        raise ValueError(f"a nudge moved {results[0]} by {moved:.1e} at {setting}: chaotic")
    return [rounded(result) for result in results], moved
