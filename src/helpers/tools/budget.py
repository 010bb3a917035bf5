"""The arithmetic of the plane: what a choice of B and T costs, before anything is run."""

from dataclasses import dataclass
from typing import Any, Literal

from helpers._types import Positive, Size, checked
from helpers.tools import loaders

Cell = Literal["rnn", "lstm", "gru"]

_OF_CELL = {"rnn": (1, 1, 1, 0), "lstm": (7, 2, 4, 0), "gru": (5, 1, 3, 1)}
"""In units of H: numbers kept at each step of a stream; numbers kept once, for its initial state;
columns of the weights; biases beside them."""

ID_BYTES = 8  # Of a token id: int64, as ``corpus`` gives them


@dataclass(frozen=True)
class Budget:
    """What one choice of B and T makes of a corpus, for one epoch in contiguous streams."""

    stream_length: int  # positions in a stream, L
    tokens: int  # targets of one full update, B·T; fewer where streams are shorter than a window
    updates: int  # windows in the epoch, a short last one included
    last_steps: int  # time steps of the last window
    targets: int  # losses in the epoch
    dropped: int  # targets of the corpus that no window predicts
    losses_by_depth: tuple[int, ...]  # entry d - 1: losses whose backward pass visits d cells
    kept_bytes: int  # for the backward pass of one full window, the weights not counted
    parameters: int  # weights and biases, which do not depend on B or T

    @property
    def mean_depth(self) -> float:
        """Cells that the backward pass of a loss visits, on average over the epoch."""
        return sum(d * n for d, n in enumerate(self.losses_by_depth, start=1)) / self.targets


@checked
def work_out(
    num_tokens: Size,
    batch_size: Size,
    num_steps: Size,
    hidden_size: Size,
    *,
    number_bytes: Size = 8,
    **network: Any,
) -> Budget:
    """Updates, tokens, drops, depths and bytes of one choice of B and T.

    `network`: num_symbols, cell, num_layers, num_inputs, as for `parameters`.

    >>> found = work_out(100_001, 16, 32, 32, num_symbols=25)
    >>> found.updates, found.tokens, found.dropped, round(found.mean_depth, 2)
    (196, 512, 16, 16.48)
    """
    N, B, T = int(num_tokens), int(batch_size), int(num_steps)
    L = loaders.stream_length(N, B)
    account = loaders.account(N, B, T)
    steps = min(T, L - 1)
    full, rest = divmod(L - 1, T)
    return Budget(
        stream_length=L,
        tokens=B * steps,
        updates=account.updates,
        last_steps=(L - 2) % T + 1,
        targets=account.targets,
        dropped=account.dropped,
        # Every full window has one loss of each depth a stream, a short one the first few.
        losses_by_depth=tuple(B * (full + (d <= rest)) for d in range(1, steps + 1)),
        kept_bytes=kept_bytes(B, steps, hidden_size, number_bytes=number_bytes, **network),
        parameters=parameters(hidden_size, **network),
    )


@checked
def kept_bytes(
    batch_size: Size,
    num_steps: Size,
    hidden_size: Size,
    *,
    num_symbols: Size,
    cell: Cell = "lstm",
    num_layers: Size = 1,
    num_inputs: Size | None = None,
    number_bytes: Size = 8,
) -> int:
    """Bytes of the tape of one window: what the backward pass needs, but for the weights.

    For the LSTM and ids: number_bytes·B·(H·(7·T + 2) + V·T) + 8·B·T. The states h and c are kept
    at T + 1 places, the four gates and the tanh of c at T, and the logits at T. With `num_inputs`
    the vectors are counted, not the ids of an embedding that made them. While it runs, the
    backward pass takes one to two times that size again.
    """
    B, T, H = int(batch_size), int(num_steps), int(hidden_size)
    each, once, _, _ = _OF_CELL[cell]
    numbers = num_layers * H * (each * T + once) + num_symbols * T
    if num_inputs is None:
        return int(B * (number_bytes * numbers + ID_BYTES * T))
    return int(B * number_bytes * (numbers + num_inputs * T))


@checked
def parameters(
    hidden_size: Size,
    *,
    num_symbols: Size,
    cell: Cell = "lstm",
    num_layers: Size = 1,
    num_inputs: Size | None = None,
) -> int:
    """Weights and biases of all layers and the output layer: the same whatever B and T are.

    Inputs are ids, whose row the first layer looks up, or vectors of `num_inputs` numbers, as an
    embedding gives them; its table is not counted.
    """
    H, V = int(hidden_size), int(num_symbols)
    _, _, columns, biases = _OF_CELL[cell]
    reading = (V if num_inputs is None else num_inputs) + (num_layers - 1) * H
    recurrent = columns * H * (reading + num_layers * H) + num_layers * (columns + biases) * H
    return int(recurrent + H * V + V)


@checked
def choose(
    distance: Size,
    noise_tokens: Positive,
    most_bytes: Size,
    hidden_size: Size,
    *,
    least_streams: Size = 1,
    most_streams: Size | None = None,
    number_bytes: Size = 8,
    **network: Any,
) -> tuple[int, int]:
    """B and T to begin with: time steps for the memory, then streams for the noise.

    T is twice the distance, or what the bytes allow with `least_streams`. B is what the bytes
    allow with that T, at most noise_tokens / T (a larger update gains little), within its bounds:
    with fewer streams a pass takes too long, with more the machine gains nothing.

    >>> choose(10, 500, 2_000_000, 32, num_symbols=25)
    (25, 20)
    >>> choose(10, 500, 50_000, 32, num_symbols=25, least_streams=4)
    (4, 5)
    """
    least = least_streams

    def of(B: int, T: int) -> int:
        return kept_bytes(B, T, hidden_size, number_bytes=number_bytes, **network)

    if most_streams is not None and most_streams < least:
        raise ValueError(
            f"most_streams must be at least least_streams = {least}, got {most_streams}"
        )
    one, step = of(least, 1), of(least, 2) - of(least, 1)
    if one > most_bytes:
        raise ValueError(
            f"most_bytes must hold one step of {least} streams, {one} bytes, got {most_bytes}; "
            "fewer streams, fewer hidden units or smaller numbers would take less"
        )
    T = int(min(2 * distance, 1 + (most_bytes - one) // step))
    B = int(min(most_bytes // of(1, T), max(int(noise_tokens) // T, least)))
    return (B if most_streams is None else min(B, most_streams)), T
