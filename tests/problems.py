"""Random small problems for the tests: weights, inputs, targets and a first state of any cell."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np

from helpers import bptt, gru, lstm, rnn

CELLS = (rnn, lstm, gru)


@dataclass(frozen=True)
class Shape:
    """Sizes of a problem; D inputs are also the number of ids that may come in."""

    T: int = 5
    B: int = 3
    D: int = 4
    H: int = 4
    V: int = 3


SHAPE = Shape()


@dataclass(frozen=True)
class Problem:
    cell: ModuleType
    shape: Shape
    params: Any
    x: np.ndarray
    ids: np.ndarray
    y: np.ndarray
    h0: Any

    def forward(self, **changes: Any) -> Any:
        """Tape of the whole problem, unless an argument is given anew."""
        given = {"params": self.params, "x": self.x, "h0": self.h0} | changes
        return self.cell.forward(given.pop("params"), given.pop("x"), given.pop("h0"), **given)

    def gradient(self, over_time: str = "mean", y: Any = None, **changes: Any) -> Any:
        """Gradient of the loss, after `forward` with the same changes."""
        tape = self.forward(**changes)
        y = self.y if y is None else y
        _, dlogits = rnn.cross_entropy(tape.logits, y, over_time=over_time)
        params = changes.get("params", self.params)
        return bptt.of(self.cell).backward(params, tape, dlogits)[0]

    def loss(self, params: Any = None, over_time: str = "mean") -> float:
        tape = self.forward(params=self.params if params is None else params)
        return rnn.cross_entropy(tape.logits, self.y, over_time=over_time)[0]

    def pieces(self, resets: np.ndarray) -> Iterator[tuple[int, slice, Any]]:
        """Stream, steps and tape of each sequence that the resets cut out, run by itself."""
        for b in range(self.shape.B):
            starts = np.flatnonzero(resets[:, b])
            cuts = sorted({0, *starts.tolist(), self.shape.T})
            for first, stop in pairwise(cuts):
                one, steps = slice(b, b + 1), slice(first, stop)
                h0 = None if resets[first, b] else streams_of(self.h0, one)
                yield b, steps, self.forward(x=self.x[steps, one], h0=h0)

    def resets(self, seed: int = 0) -> np.ndarray:
        """A mask (T, B) in which some steps of some streams start anew."""
        drawn = np.random.default_rng(seed).random((self.shape.T, self.shape.B))
        return np.asarray(drawn < 0.3)


def problem(cell: ModuleType, shape: Shape = SHAPE, seed: int = 0) -> Problem:
    """Weights with biases that are not 0, so that no term of a gradient is hidden."""
    rng = np.random.default_rng(seed)
    T, B, D, H, V = (getattr(shape, field.name) for field in fields(shape))
    params = cell.init(D, H, V, rng, scale=0.9)
    params = params.map(lambda w: w + rng.normal(0, 0.3, w.shape))
    x = rng.normal(size=(T, B, D))
    ids, y = rng.integers(D, size=(T, B)), rng.integers(V, size=(T, B))
    states = [rng.normal(0, 0.7, (B, H)) for _ in range(2)]
    return Problem(cell, shape, params, x, ids, y, tuple(states) if cell is lstm else states[0])


def streams_of(h0: Any, which: Any) -> Any:
    """Those streams of a state, in the form of the cell."""
    return tuple(h[which] for h in h0) if isinstance(h0, tuple) else h0[which]


def distance(a: Any, b: Any) -> float:
    """Greatest difference of two gradients, or states, relative where they are above 1."""
    a, b = flat(a), flat(b)
    assert a.shape == b.shape
    return float(np.abs(a - b).max() / max(1, np.abs(b).max()))


def flat(value: Any) -> np.ndarray:
    if isinstance(value, rnn.Weights):
        return value.flat()
    if isinstance(value, tuple):
        return np.concatenate([v.ravel() for v in value])
    return np.asarray(value).ravel()
