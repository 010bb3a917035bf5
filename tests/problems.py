"""Small problems for the tests, and what hypothesis draws them from: a cell, sizes, a seed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from helpers import cells
from helpers.cells import Params, Tape

CELLS = (cells.RNN, cells.LSTM, cells.GRU)
each_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
few = settings(max_examples=25)
seeds = st.integers(0, 2**32 - 1)


@dataclass(frozen=True)
class Problem:
    """Weights, inputs as vectors and as ids, targets, a first state, and steps that start anew."""

    params: Params
    x: np.ndarray
    ids: np.ndarray
    y: np.ndarray
    state: tuple[np.ndarray, ...]
    reset: np.ndarray

    def forward(self, params: Params | None = None, **changes: Any) -> Tape:
        """Tape of the whole problem, unless an argument is given anew."""
        given = {"x": self.x, "state": self.state} | changes
        return cells.forward(self.params if params is None else params, **given)

    def loss(self, params: Params | None = None, over_time: str = "mean", **changes: Any) -> float:
        logits = self.forward(params, **changes).logits
        return cells.cross_entropy(logits, self.y, over_time=over_time)[0]

    def run(self, **changes: Any) -> tuple[Params, Tape, np.ndarray]:
        """What ``backward`` and ``by_lag`` take."""
        tape = self.forward(**changes)
        return self.params, tape, cells.cross_entropy(tape.logits, self.y)[1]

    def gradient(self, over_time: str = "mean", **changes: Any) -> np.ndarray:
        tape = self.forward(**changes)
        dlogits = cells.cross_entropy(tape.logits, self.y, over_time=over_time)[1]
        return cells.backward(self.params, tape, dlogits)[0].flat()

    def of(self, streams: Any, steps: Any = slice(None)) -> "Problem":
        """Some of the streams, for some of the steps."""
        parts = (part[steps][:, streams] for part in (self.x, self.ids, self.y))
        state = tuple(part[streams] for part in self.state)
        return Problem(self.params, *parts, state, self.reset[steps][:, streams])


def problem(
    cell: cells.Cell, T: int = 5, B: int = 3, D: int = 4, H: int = 4, V: int = 3, seed: int = 0
) -> Problem:
    """Weights with biases that are not 0, so that no term of a gradient is hidden."""
    rng = np.random.default_rng(seed)
    params = cells.init(cell, D, H, V, rng, scale=0.9)
    params = params.map(lambda w: w + rng.normal(0, 0.3, w.shape))
    ids, y = rng.integers(D, size=(T, B)), rng.integers(V, size=(T, B))
    state = tuple(rng.normal(0, 0.7, (B, H)) for _ in range(cell.parts))
    reset = rng.random((T, B)) < 0.3
    return Problem(params, rng.normal(size=(T, B, D)), ids, y, state, reset)


of_sizes = {"T": (1, 7), "B": (1, 5), "D": (1, 5), "H": (1, 6), "V": (2, 5)}
sizes = {letter: st.integers(*bounds) for letter, bounds in of_sizes.items()}
problems = st.builds(problem, st.sampled_from(CELLS), **sizes, seed=seeds)


def distance(a: Any, b: Any) -> float:
    """Greatest difference of two gradients, or states, relative where they are above 1."""
    a, b = flat(a), flat(b)
    assert a.shape == b.shape
    return float(np.abs(a - b).max() / max(1, np.abs(b).max()))


def flat(value: Any) -> np.ndarray:
    if isinstance(value, Params):
        return value.flat()
    if isinstance(value, tuple | list):
        return np.concatenate([flat(v) for v in value])
    return np.asarray(value).ravel()
