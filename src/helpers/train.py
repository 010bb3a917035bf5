"""The training loop in sight: forward, loss, backward, clip, update."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from helpers import cells
from helpers._types import Positive, Rate, Size, checked
from helpers.layout import Window
from helpers.ticks import Array, Params
from helpers.truncation import Edge, next_state

Moments = tuple[int, Array, Array]  # of Adam: updates, mean, mean square


@dataclass
class Record:
    """What one update tells."""

    update: int  # from 1
    tokens: int  # targets seen so far
    loss: float  # of its window, before the update, in nats per token
    grad_norm: float  # before clipping
    weights: Params | None  # those in training, until the next update

    @property
    def params(self) -> Params:
        """The weights after the update (a copy)."""
        if self.weights is None:
            raise ValueError(
                f"params of update {self.update} must be read before the "
                "next is made, or kept by fit(..., keep=True), got none")
        return self.weights.map(np.copy)


@checked
def clip(grads: Params, max_norm: Positive) -> tuple[Params, float]:
    """The gradient, shortened to `max_norm` if longer, and its norm before.

    After Pascanu et al. 2013.
    """
    norm = float(np.linalg.norm(grads.flat()))
    if norm > max_norm:
        grads = grads.map(lambda g: g * float(max_norm / norm))
    return grads, norm


@checked
def sgd(params: Params, grads: Params, learning_rate: Rate) -> Params:
    """One step against the gradient."""
    return params.map(lambda p, g: p - float(learning_rate) * g, grads)


@checked
def adam(params: Params, grads: Params, state: Moments | None,
         learning_rate: Rate) -> tuple[Params, Moments]:
    """One step of Adam (Kingma and Ba 2015), and the state of the next."""
    vector, gradient = params.flat(), grads.flat()
    n, mean, square = state or (0, 0 * vector, 0 * vector)
    mean, square = mean.copy(), square.copy()
    _adam(vector, gradient, mean, square, n + 1, learning_rate)
    return params.like(vector), (n + 1, mean, square)


def _adam(p: Array, g: Array, mean: Array, square: Array, n: int,
          rate: float, b1: float = 0.9, b2: float = 0.999) -> None:
    mean *= b1
    mean += (1 - b1) * g
    square *= b2
    square += (1 - b2) * g * g
    root = np.sqrt(square / (1 - b2**n))
    p -= rate * (mean / (1 - b1**n)) / (root + 1e-8)


@checked
def fit(params: Params, windows: Iterable[Window], edge: Edge, *,
        learning_rate: Rate | Callable[[int], float],
        optimiser: Literal["sgd", "adam"] = "sgd",
        max_norm: Positive | None = 1.0, window_tokens: Size | None = None,
        keep: bool = False) -> Iterator[Record]:
    """Train, one update a window; the caller decides when to stop.

    The gradient of a window's mean loss is scaled by its tokens over
    `window_tokens` (the first window's unless given), so that each token
    of an epoch counts the same before clipping. The rate may be a function
    of the update, from 1. `keep` keeps the weights of each record.
    """

    def updates() -> Iterator[Record]:
        vector = params.flat()  # all weights, of which `live` is views
        live, mean, square = params.like(vector), 0 * vector, 0 * vector
        state = tape = record = None
        full, tokens = window_tokens, 0
        for n, w in enumerate(_some(windows), start=1):
            state = None if w.fresh else state  # numbers: its past is cut
            tape = cells.forward(live, w.x, state, out=tape)
            loss, dlogits = cells.cross_entropy(tape.logits, w.y)
            full = full or w.x.size
            if w.x.size != full:
                dlogits *= w.x.size / full
            grads = cells.backward(live, tape, dlogits)[0].flat()
            norm = float(np.linalg.norm(grads))
            if max_norm is not None and norm > max_norm:
                grads *= max_norm / norm
            if record is not None:
                record.weights = record.params if keep else None
            rate = learning_rate
            rate = rate(n) if callable(rate) else rate
            if optimiser == "adam":
                _adam(vector, grads, mean, square, n, rate)
            else:
                vector -= rate * grads
            state, tokens = next_state(edge, tape), tokens + w.x.size
            record = Record(n, tokens, loss, norm, live)
            yield record

    return updates()


@checked
def evaluate(params: Params, windows: Iterable[Window],
             edge: Edge) -> float:
    """Mean loss in nats per token, each token weighing the same."""
    state, total, tokens = None, 0.0, 0
    for w in _some(windows):
        tape = cells.forward(params, w.x, None if w.fresh else state)
        total += cells.cross_entropy(tape.logits, w.y)[0] * w.x.size
        tokens += w.x.size
        state = next_state(edge, tape)
    return total / tokens


def _some(windows: Iterable[Window]) -> Iterator[Window]:
    w = None
    for w in windows:
        yield w
    if w is None:
        raise ValueError(
            "windows must hold at least one window, got none; a generator "
            "gives its windows once, so make it anew for every epoch")
