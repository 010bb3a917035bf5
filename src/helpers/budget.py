"""The arithmetic of the plane: what a choice of B and T costs, before anything is run."""

from __future__ import annotations

from dataclasses import dataclass

from helpers import _arguments, layout

CELLS = ("rnn", "lstm", "gru")
"""The modules whose tapes are counted."""

_OF_CELL = {"rnn": (1, 1, 1, 0), "lstm": (7, 2, 4, 0), "gru": (5, 1, 3, 1)}
"""In units of H: numbers kept at each step of a stream; numbers kept once, for its initial state;
columns of the weights; biases beside them."""

ID_BYTES = 8
"""Of a token id: int64, as ``corpus`` gives them."""

MOST_STEPS = 10_000_000
"""Of one window, since the losses are counted for every depth."""


@dataclass(frozen=True)
class Budget:
    """What one choice of B and T makes of a corpus, for one epoch in contiguous streams."""

    stream_length: int
    """Positions in a stream, L."""

    tokens: int
    """Targets of one full update, B·T; fewer where the streams are shorter than a window."""

    updates: int
    """Windows in the epoch, a short last one included."""

    last_steps: int
    """Time steps of the last window."""

    targets: int
    """Losses in the epoch."""

    dropped: int
    """Targets of the corpus that no window predicts."""

    losses_by_depth: tuple[int, ...]
    """Entry d - 1 counts the losses of the epoch whose backward pass visits d cells."""

    kept_bytes: int
    """Held for the backward pass of one full window, the weights not counted."""

    parameters: int
    """Weights and biases. They do not depend on B or T."""

    @property
    def mean_depth(self) -> float:
        """Cells that the backward pass of a loss visits, on average over the epoch."""
        return sum(d * n for d, n in enumerate(self.losses_by_depth, start=1)) / self.targets


def work_out(
    num_tokens: int,
    batch_size: int,
    num_steps: int,
    hidden_size: int,
    *,
    num_symbols: int,
    cell: str = "lstm",
    num_layers: int = 1,
    num_inputs: int | None = None,
    number_bytes: int = 8,
) -> Budget:
    """Updates, tokens, drops, depths and bytes of one choice of B and T.

    Parameters
    ----------
    num_tokens, batch_size, num_steps : int
        N, B and T. A window may have at most `MOST_STEPS` steps.
    hidden_size : int
        H, of each layer.
    num_symbols : int
        V, of the output layer.
    cell : {"rnn", "lstm", "gru"}
        As in the modules of these names.
    num_layers : int
        Recurrent layers, each reading the states of the one below.
    num_inputs : int, optional
        D, numbers that describe one input, as an embedding gives them. Left out, the inputs
        are ids, and the first layer looks their row up (D = V).
    number_bytes : int
        Of one number: 8 for float64, 4 for float32, 2 for half precision.

    Returns
    -------
    Budget
        See its fields.

    Raises
    ------
    ValueError
        If a size is below 1, `cell` is unknown, a stream would be shorter than 2, or a window
        longer than `MOST_STEPS`.

    Notes
    -----
    Explained in notebooks/plane.ipynb.

    Examples
    --------
    >>> found = work_out(100_001, 16, 32, 32, num_symbols=25)
    >>> found.updates, found.tokens, found.dropped, round(found.mean_depth, 2)
    (196, 512, 16, 16.48)
    >>> found.kept_bytes
    1032192
    """
    N = _arguments.whole("num_tokens", num_tokens, least=2)
    B = _arguments.whole("batch_size", batch_size)
    T = _arguments.whole("num_steps", num_steps)
    account = layout.account(N, B, T)
    L = N // B
    steps = min(T, L - 1)
    if steps > MOST_STEPS:
        raise ValueError(
            f"num_steps must be at most {MOST_STEPS:,} where the streams are as long, got "
            f"{_arguments.short(num_steps)}; more streams would work too"
        )
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
        kept_bytes=kept_bytes(
            B,
            steps,
            hidden_size,
            num_symbols=num_symbols,
            cell=cell,
            num_layers=num_layers,
            num_inputs=num_inputs,
            number_bytes=number_bytes,
        ),
        parameters=parameters(
            hidden_size,
            num_symbols=num_symbols,
            cell=cell,
            num_layers=num_layers,
            num_inputs=num_inputs,
        ),
    )


def kept_bytes(
    batch_size: int,
    num_steps: int,
    hidden_size: int,
    *,
    num_symbols: int,
    cell: str = "lstm",
    num_layers: int = 1,
    num_inputs: int | None = None,
    number_bytes: int = 8,
) -> int:
    """Bytes of the tape of one window: what the backward pass needs, but for the weights.

    Parameters
    ----------
    batch_size, num_steps, hidden_size : int
        B, T and H.
    num_symbols, cell, num_layers, num_inputs, number_bytes
        As for `work_out`.

    Returns
    -------
    int
        In proportion to B, and a straight line in T.

    Raises
    ------
    ValueError
        If a size is below 1 or `cell` is unknown.

    Notes
    -----
    For the LSTM and ids: number_bytes·B·(H·(7·T + 2) + V·T) + 8·B·T. The states h and c are
    kept at T + 1 places, the four gates and the tanh of c at T, and the logits at T. With
    `num_inputs` the vectors are counted, not the ids of an embedding that made them; a mask of
    resets would add B·T bytes. The backward pass takes working memory of one to two times that
    size again while it runs.

    Examples
    --------
    >>> kept_bytes(1, 10, 32, num_symbols=5, cell="rnn")
    3296
    """
    B = _arguments.whole("batch_size", batch_size)
    T = _arguments.whole("num_steps", num_steps)
    H = _arguments.whole("hidden_size", hidden_size)
    V = _arguments.whole("num_symbols", num_symbols)
    layers = _arguments.whole("num_layers", num_layers)
    size = _arguments.whole("number_bytes", number_bytes)
    each, once, _, _ = _OF_CELL[_arguments.one_of("cell", cell, CELLS)]
    numbers = layers * H * (each * T + once) + V * T
    if num_inputs is None:
        return B * (size * numbers + ID_BYTES * T)
    return B * size * (numbers + _arguments.whole("num_inputs", num_inputs) * T)


def parameters(
    hidden_size: int,
    *,
    num_symbols: int,
    cell: str = "lstm",
    num_layers: int = 1,
    num_inputs: int | None = None,
) -> int:
    """Weights and biases of the network: the same number whatever B and T are.

    Parameters
    ----------
    hidden_size : int
        H.
    num_symbols, cell, num_layers, num_inputs
        As for `work_out`; the table of an embedding is not counted.

    Returns
    -------
    int
        Of all layers and of the output layer.

    Raises
    ------
    ValueError
        If a size is below 1 or `cell` is unknown.

    Examples
    --------
    >>> parameters(100, num_symbols=4, cell="rnn", num_inputs=10) - 100 * 4 - 4
    11100
    """
    H = _arguments.whole("hidden_size", hidden_size)
    V = _arguments.whole("num_symbols", num_symbols)
    layers = _arguments.whole("num_layers", num_layers)
    D = V if num_inputs is None else _arguments.whole("num_inputs", num_inputs)
    _, _, columns, biases = _OF_CELL[_arguments.one_of("cell", cell, CELLS)]
    reading = D + (layers - 1) * H
    recurrent = columns * H * (reading + layers * H) + layers * (columns + biases) * H
    return recurrent + H * V + V


def choose(
    distance: int,
    noise_tokens: float,
    most_bytes: int,
    hidden_size: int,
    *,
    num_symbols: int,
    least_streams: int = 1,
    most_streams: int | None = None,
    cell: str = "lstm",
    num_layers: int = 1,
    num_inputs: int | None = None,
    number_bytes: int = 8,
) -> tuple[int, int]:
    """B and T to begin with: time steps for the memory, then streams for the noise.

    Parameters
    ----------
    distance : int
        D, how far back lies what a target needs.
    noise_tokens : float
        Noise scale, in tokens: an update of more tokens gains little.
    most_bytes : int
        For the backward pass of one window.
    hidden_size : int
        H.
    least_streams, most_streams : int, optional
        Bounds on B: with fewer the pass takes longer than there is time, with more the
        machine gains nothing.
    num_symbols, cell, num_layers, num_inputs, number_bytes
        As for `work_out`.

    Returns
    -------
    batch_size, num_steps : int
        T is twice the distance, or what the bytes allow with `least_streams`. B is what the
        bytes allow with that T, at most `noise_tokens` / T, within the bounds.

    Raises
    ------
    ValueError
        If a number is out of range, `most_streams` is below `least_streams`, or the bytes do
        not hold a single step of `least_streams` streams.

    Notes
    -----
    Explained in notebooks/plane.ipynb, with a case on which it was tried and with its limits.
    The learning rate has still to be tuned, and a longer T to be tried.

    Examples
    --------
    >>> choose(10, 500, 2_000_000, 32, num_symbols=25)
    (25, 20)
    >>> choose(10, 500, 50_000, 32, num_symbols=25)
    (1, 20)
    >>> choose(10, 500, 50_000, 32, num_symbols=25, least_streams=4)
    (4, 5)
    """
    D = _arguments.whole("distance", distance)
    noise = _arguments.number("noise_tokens", noise_tokens, above=0)
    least = _arguments.whole("least_streams", least_streams)
    if most_streams is not None:
        most_streams = _arguments.whole("most_streams", most_streams, least=least)
    most_bytes = _arguments.whole("most_bytes", most_bytes)

    def of(B: int, T: int) -> int:
        return kept_bytes(
            B,
            T,
            hidden_size,
            num_symbols=num_symbols,
            cell=cell,
            num_layers=num_layers,
            num_inputs=num_inputs,
            number_bytes=number_bytes,
        )

    one, step = of(least, 1), of(least, 2) - of(least, 1)
    if one > most_bytes:
        raise ValueError(
            f"most_bytes must hold one step of {least} streams, {one} bytes, got {most_bytes}; "
            "fewer streams, fewer hidden units or smaller numbers would take less"
        )
    T = min(2 * D, 1 + (most_bytes - one) // step)
    B = min(most_bytes // of(1, T), max(int(noise) // T, least))
    return (B if most_streams is None else min(B, most_streams)), T
