"""Seconds of one update of a network without time, against the batch size."""

from functools import partial
from typing import Any

import numpy as np

from helpers import cells
from helpers.cells import Params
from helpers.seeds import deterministic, rng
from helpers.tools import kept, measure
from helpers.tools.kept import load as load
from helpers.tools.kept import machine as machine

SIZES = {"16 hidden units": (10, 16, 4), "256 hidden units": (256, 256, 10)}  # D, H, V
BATCH_SIZES = tuple(2**k for k in range(11))
ROUNDS = 150  # all batch sizes in turn: other work on the machine only ever adds time


def gradients(p: Params, x: np.ndarray, y: np.ndarray) -> Params:
    """Gradient of the mean loss of a minibatch, as the chapter writes it: no product with W_hh."""
    h = np.tanh(x @ p.W_xh + p.b_h)
    e = np.exp(h @ p.W_hy + p.b_y)
    dy = (e / e.sum(1, keepdims=True) - np.eye(len(p.b_y))[y]) / len(y)
    da = dy @ p.W_hy.T * (1 - h * h)
    return Params(p.cell, x.T @ da, np.zeros_like(p.W_hh), da.sum(0), h.T @ dy, dy.sum(0))


@kept.result(timed=True)
def feedforward_seconds() -> dict[str, Any]:
    """Seconds of one forward and backward pass in float64, one thread: the fastest of many."""
    deterministic()
    found: dict[str, list[float]] = {}
    for label, (num_inputs, hidden_size, num_symbols) in SIZES.items():
        draw = rng(f"feedforward seconds {label}")
        params = cells.init(cells.RNN, num_inputs, hidden_size, num_symbols, draw)
        x = draw.normal(size=(BATCH_SIZES[-1], num_inputs))
        y = draw.integers(num_symbols, size=BATCH_SIZES[-1])
        runs = {str(B): partial(gradients, params, x[:B], y[:B]) for B in BATCH_SIZES}
        rounds = [measure.seconds(runs, repeats=1) for _ in range(ROUNDS)]
        fastest = [min(taken[str(B)] for taken in rounds) for B in BATCH_SIZES]
        found[label] = [float(f"{seconds:.3g}") for seconds in fastest]
    return {"batch_sizes": BATCH_SIZES, "sizes": SIZES, "seconds": found}
