"""Processor seconds of one update on the plane, ours in numpy and torch's, one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import repeat
from typing import Any

import numpy as np

from helpers import lstm, train
from helpers.experiments import experiment
from helpers.experiments.plane import SYMBOLS
from helpers.experiments.truncation import HIDDEN, initial
from helpers.layout import Window
from helpers.seeds import deterministic, rng
from helpers.truncation import Edge

BATCH_SIZES = (1, 4, 16, 64)
NUM_STEPS = (1, 4, 16, 64)
"""Those of the grid."""

ALONG_BATCH = tuple((2**k, 32) for k in range(9))
ALONG_STEPS = tuple((16, 2**k) for k in range(9))
"""Pairs (B, T): one axis grows, the other stands still."""

ROUNDS = 15
"""All settings in turn, so often; the quickest counts, since other work only ever adds time."""

LEAST = 0.005
"""Seconds that one measurement lasts at least."""


def window(batch_size: int, num_steps: int) -> Window:
    """Random ids that count as the continuation of a text."""
    draws = rng("plane seconds").integers(SYMBOLS, size=(num_steps + 1, batch_size))
    return Window(draws[:-1], draws[1:], 0, False)


def ours(batch_size: int, num_steps: int) -> Callable[[], Any]:
    """One update of our LSTM a call: forward, loss, backward, clip, Adam, next state."""
    windows = repeat(window(batch_size, num_steps))
    records = train.fit(
        initial(SYMBOLS, 1), windows, Edge.CARRY, cell=lstm, optimiser="adam", learning_rate=1e-6
    )
    return lambda: next(records)


def torchs(batch_size: int, num_steps: int) -> Callable[[], Any]:
    """The same update with ``torch.nn.LSTM``, its Adam and its clipping; gives the output layer."""
    import torch
    from torch import nn

    from helpers import torch_twin

    both = window(batch_size, num_steps)
    x, y = torch.from_numpy(both.x), torch.from_numpy(both.y)
    layer, head = torch_twin.to_torch(initial(SYMBOLS, 1))
    rows = torch.eye(SYMBOLS, dtype=torch.float64)
    weights = [*layer.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(weights, lr=1e-6)
    state: Any = None

    def update() -> nn.Linear:
        nonlocal state
        states, after = layer(rows[x], state)
        loss = nn.functional.cross_entropy(head(states).flatten(0, 1), y.flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        state = tuple(part.detach() for part in after)
        return head

    return update


def quickest(
    runs: Mapping[Any, Callable[[], Any]], rounds: int = ROUNDS, least: float = LEAST
) -> dict[Any, float]:
    """Processor seconds of one call of each, the quickest of all rounds."""
    calls: dict[Any, int] = {}
    for name, run in runs.items():
        run()
        calls[name] = max(1, round(least / _seconds(run, 3)))
    taken = [
        {name: _seconds(run, calls[name]) for name, run in runs.items()} for _ in range(rounds)
    ]
    return {name: float(f"{min(round[name] for round in taken):.3g}") for name in runs}


def line(
    batch_sizes: tuple[int, ...], num_steps: tuple[int, ...], seconds: list[list[float]]
) -> dict[str, float]:
    """Seconds of an update as ``update + T·(tick + B·token)``: the least relative error.

    Examples
    --------
    >>> costs = line((1, 2), (1, 3), [[7.0, 15.0], [8.0, 18.0]])
    >>> {name: round(cost, 6) for name, cost in costs.items()}
    {'update': 3.0, 'tick': 3.0, 'token': 1.0, 'off': 0.0}
    """
    B, T = np.meshgrid(batch_sizes, num_steps, indexing="ij")
    terms = np.stack([np.ones(B.size), T.ravel(), (B * T).ravel()], axis=1)
    relative = terms / np.ravel(seconds)[:, None]
    costs = np.linalg.lstsq(relative, np.ones(B.size), rcond=None)[0]
    off = float(np.abs(relative @ costs - 1).max())
    return {**dict(zip(("update", "tick", "token"), map(float, costs), strict=True)), "off": off}


@experiment(timed=True)
def plane_seconds() -> dict[str, Any]:
    """Seconds of one update: all cells of the grid, and along each axis beside torch.

    `fit` describes the grid in three costs: of an update, of a tick and of a token; `off` is its
    largest relative error. `tokens_a_second` stand in the order of their axis.
    """
    import torch  # noqa: F401  # before the threads are set

    deterministic()
    grid = quickest({(B, T): ours(B, T) for B in BATCH_SIZES for T in NUM_STEPS})
    seconds = [[grid[B, T] for T in NUM_STEPS] for B in BATCH_SIZES]
    kept: dict[str, Any] = {
        "batch_sizes": BATCH_SIZES,
        "num_steps": NUM_STEPS,
        "hidden_size": HIDDEN,
        "seconds": seconds,
        "fit": {k: float(f"{v:.3g}") for k, v in line(BATCH_SIZES, NUM_STEPS, seconds).items()},
    }
    for name, axis in (("along_batch", ALONG_BATCH), ("along_steps", ALONG_STEPS)):
        kept[name] = {"batch_sizes": [B for B, _ in axis], "num_steps": [T for _, T in axis]}
        for label, update in (("numpy", ours), ("torch", torchs)):
            taken = quickest({cell: update(*cell) for cell in axis})
            kept[name][f"{label}_tokens_a_second"] = [round(B * T / taken[B, T]) for B, T in axis]
    return kept


def _seconds(run: Callable[[], Any], calls: int) -> float:
    begin = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - begin) / calls
