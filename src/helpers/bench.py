"""How near forward and backward come to the time of their own matrix products.

``python -m helpers.bench`` (``make bench``) prints the table. Times are medians
of interleaved runs in one process, on one thread, in float32; they are never
part of a page.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from helpers import _arguments, bptt, measure, rnn, seeds

NUM_SYMBOLS = 64
SIZES = {
    (100, 1, 25): 2.4,
    (100, 32, 25): 1.4,
    (256, 32, 35): 1.15,
    (512, 64, 64): 1.15,
}
"""(H, B, T), and the multiple of the products' time that is allowed there."""


def products(H: int, B: int, T: int, V: int = NUM_SYMBOLS) -> Callable[[], None]:
    """The bound: all matrix products of one forward and backward pass, and nothing else.

    Ids are looked up, so there is no product with the inputs.

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    H, B, T, V = _sizes(H, B, T, V)
    random = seeds.rng("bench")

    def draw(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    h, W_hh, W_hy, dlogits = draw(T * B, H), draw(H, H), draw(H, V), draw(T * B, V)
    one, logits = draw(B, H), draw(T * B, V)
    dh, dW_hh, dW_hy = draw(T * B, H), draw(H, H), draw(H, V)
    rows = [h[t * B : (t + 1) * B] for t in range(T)]

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


def ours(H: int, B: int, T: int, V: int = NUM_SYMBOLS) -> Callable[[], None]:
    """Forward and backward of ``rnn`` and ``bptt``, into buffers that are used again.

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    H, B, T, V = _sizes(H, B, T, V)
    params, ids, dlogits = _problem(H, B, T, V)
    tape = rnn.forward(params, ids)
    buffers = bptt.backward(params, tape, dlogits)

    def run() -> None:
        bptt.backward(params, rnn.forward(params, ids, out=tape), dlogits, out=buffers)

    return run


def theirs(H: int, B: int, T: int, V: int = NUM_SYMBOLS) -> Callable[[], None]:
    """The same through ``torch.nn.RNN`` and autograd.

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    import torch

    H, B, T, V = _sizes(H, B, T, V)
    torch.set_num_threads(1)
    _, ids, dlogits = _problem(H, B, T, V)
    hidden, output = torch.nn.RNN(V, H), torch.nn.Linear(H, V)
    x = torch.nn.functional.one_hot(torch.from_numpy(ids), V).float()
    slope = torch.from_numpy(dlogits)
    weights = [*hidden.parameters(), *output.parameters()]

    def run() -> None:
        torch.autograd.grad(output(hidden(x)[0]), weights, slope)

    return run


def repeated(run: Callable[[], None], number: int) -> Callable[[], None]:
    """`run`, `number` times: a short function is timed as a training loop meets it, warm.

    Raises
    ------
    ValueError
        If `run` cannot be called, or `number` is below 1.
    """
    _arguments.function("run", run)
    number = _arguments.whole("number", number)

    def runs() -> None:
        for _ in range(number):
            run()

    return runs


def main() -> None:
    """Print the table, one line a size."""
    seeds.deterministic()
    print(f"forward and backward of the tanh cell, float32, one thread, V = {NUM_SYMBOLS}")
    print(f"{'H, B, T':>14} {'products':>10} {'ours':>10} {'torch':>10}", end="")
    print(f" {'ours/products':>14} {'allowed':>8} {'torch/ours':>11}")
    for (H, B, T), allowed in SIZES.items():
        runs = {"products": products(H, B, T), "ours": ours(H, B, T), "torch": theirs(H, B, T)}
        number = max(1, round(2e8 / (T * B * H * H)))
        calls = {name: repeated(run, number) for name, run in runs.items()}
        seconds = measure.seconds(calls, repeats=31)
        tokens = {name: number * T * B / value / 1000 for name, value in seconds.items()}
        print(f"{f'{H}, {B}, {T}':>14}", *(f"{k:>9.0f}k" for k in tokens.values()), end=" ")
        ratio = seconds["ours"] / seconds["products"]
        print(f"{ratio:>14.2f} {allowed:>8.2f} {seconds['torch'] / seconds['ours']:>11.2f}")
    print("columns 2 to 4 in tokens a second")


def _sizes(H: int, B: int, T: int, V: int) -> tuple[int, int, int, int]:
    given = {"H": H, "B": B, "T": T, "V": V}
    H, B, T, V = (_arguments.whole(name, size) for name, size in given.items())
    return H, B, T, V


def _problem(H: int, B: int, T: int, V: int) -> tuple[rnn.Params, np.ndarray, np.ndarray]:
    random = seeds.rng("bench")
    params = rnn.init(V, H, V, random).map(np.float32)
    ids = random.integers(0, V, (T, B))
    return params, ids, random.normal(size=(T, B, V)).astype(np.float32) / (T * B)


if __name__ == "__main__":
    main()
