"""How near the heart comes to its own matrix products, and how it stands beside torch.

`make bench` prints two tables for the tanh cell: forward and backward, and a whole update (look-up,
forward, loss, backward, clip, Adam: one step of ``train.fit``). Float32, one thread, medians of
interleaved runs in one process; times are never part of a page.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

from helpers import cells, train
from helpers.layout import Window
from helpers.seeds import rng
from helpers.tools import measure
from helpers.truncation import Edge

V = 64
ALLOWED = {(100, 1, 25): 2.4, (100, 32, 25): 1.4, (256, 32, 35): 1.15, (512, 64, 64): 1.15}
"""(H, B, T), and the multiple of the products' time that forward and backward may take."""

Run = Callable[[], object]


def problem(H: int, B: int, T: int) -> tuple[cells.Params, np.ndarray, np.ndarray, np.ndarray]:
    """Weights, ids, targets, and a derivative of the logits."""
    draw = rng("bench")
    params = cells.init(cells.RNN, V, H, V, draw).map(np.float32)
    x, y = draw.integers(0, V, (2, T, B))
    return params, x, y, draw.normal(size=(T, B, V)).astype(np.float32) / (T * B)


def products(H: int, B: int, T: int) -> Run:
    """The bound: all matrix products of forward and backward; ids are looked up, without one."""
    draw = rng("bench products")
    shapes = (T * B, H), (H, H), (H, V), (T * B, V)
    h, W_hh, W_hy, dlogits = (draw.normal(size=shape).astype(np.float32) for shape in shapes)
    dh, dW_hh, dW_hy, logits = (np.empty_like(array) for array in (h, W_hh, W_hy, dlogits))
    rows, one = list(h.reshape(T, B, H)), np.empty((B, H), np.float32)

    def run() -> None:
        for row in rows:
            np.dot(row, W_hh, one)
        np.dot(h, W_hy, logits)
        np.dot(dlogits, W_hy.T, dh)
        for row in rows:
            np.dot(row, W_hh.T, one)
        np.dot(h.T, dh, dW_hh)
        np.dot(h.T, dlogits, dW_hy)

    return run


def ours(H: int, B: int, T: int) -> Run:
    """Forward and backward, the tape's memory used again."""
    params, x, _, dlogits = problem(H, B, T)
    tape = cells.forward(params, x)

    def run() -> None:
        cells.backward(params, cells.forward(params, x, out=tape), dlogits)

    return run


def theirs(H: int, B: int, T: int) -> Run:
    """Forward and backward through ``nn.RNN``, ``nn.Linear`` and autograd."""
    _, x, _, dlogits = problem(H, B, T)
    layer, head = nn.RNN(V, H), nn.Linear(H, V)
    inputs, pull = torch.eye(V)[torch.tensor(x)], torch.tensor(dlogits)
    weights = [*layer.parameters(), *head.parameters()]
    return lambda: torch.autograd.grad(head(layer(inputs)[0]), weights, pull)


def our_update(H: int, B: int, T: int) -> Run:
    """One step of ``train.fit`` with Adam, the state carried."""
    params, x, y, _ = problem(H, B, T)
    windows = repeat(Window(x, y, 0, False))
    records = train.fit(params, windows, Edge.CARRY, learning_rate=1e-3, optimiser="adam")
    return lambda: next(records)


def their_update(H: int, B: int, T: int) -> Run:
    """The same in torch, with Adam's own defaults."""
    _, x, y, _ = problem(H, B, T)
    layer, head = nn.RNN(V, H), nn.Linear(H, V)
    ids, targets, one_hot = torch.tensor(x), torch.tensor(y).flatten(), torch.eye(V)
    weights = [*layer.parameters(), *head.parameters()]
    optimiser, state = torch.optim.Adam(weights), torch.zeros(1, B, H)

    def run() -> None:
        nonlocal state
        states, state = layer(one_hot[ids], state.detach())
        loss = nn.functional.cross_entropy(head(states).flatten(0, 1), targets)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        loss.item()

    return run


def timed(size: tuple[int, int, int], makers: dict[str, Callable[..., Run]]) -> dict[str, float]:
    """Seconds of one call of each; a short one is repeated, as a training loop meets it, warm."""
    H, B, T = size
    number = max(1, round(1e8 / (T * B * H * H)))

    def repeated(run: Run) -> Run:
        return lambda: [run() for _ in range(number)]

    runs = {name: repeated(make(*size)) for name, make in makers.items()}
    return {name: s / number for name, s in measure.seconds(runs, repeats=31).items()}


def main() -> None:
    """Print both tables, a line a size, times in microseconds."""
    threadpool_limits(1)
    torch.set_num_threads(1)
    print(f"tanh cell, float32, one thread, V = {V}; µs a call")
    print(
        "forward and backward\n     H, B, T   products       ours      torch  ours/products allowed"
    )
    for size, allowed in ALLOWED.items():
        t = timed(size, {"products": products, "ours": ours, "torch": theirs})
        times = "".join(f"{1e6 * s:11.0f}" for s in t.values())
        ratio = t["ours"] / t["products"]
        print(f"{'{}, {}, {}'.format(*size):>12}{times}{ratio:15.2f}{allowed:8.2f}")
    print("a whole update\n     H, B, T       ours      torch     torch/ours")
    for size in ALLOWED:
        t = timed(size, {"ours": our_update, "torch": their_update})
        times = "".join(f"{1e6 * s:11.0f}" for s in t.values())
        print(f"{'{}, {}, {}'.format(*size):>12}{times}{t['torch'] / t['ours']:15.2f}")


if __name__ == "__main__":
    main()
