"""The LSTM: a cell with a memory beside its state, and its own backward pass.

The same functions with the same arguments as the tanh cell, but the state is
a pair: ``(h, c)``, the output of the cell and its memory. Gates stand in the
order input, forget, cell, output, as in ``torch.nn.LSTM``: G = 4·H columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float, Integer

from helpers import _arguments, bptt, rnn

GATES = ("input", "forget", "cell", "output")
"""In the order of the columns. The third is no gate but what may be written to the memory."""

State = tuple[Float[np.ndarray, "B H"], Float[np.ndarray, "B H"]]


@dataclass(frozen=True)
class Params(rnn.Weights):
    """Weights of the LSTM: D inputs, H hidden units, V symbols, G = 4·H."""

    BLOCKS: ClassVar[int] = 4

    W_xh: Float[np.ndarray, "D G"]
    W_hh: Float[np.ndarray, "H G"]
    b_h: Float[np.ndarray, " G"]
    W_hy: Float[np.ndarray, "H V"]
    b_y: Float[np.ndarray, " V"]


@dataclass(frozen=True)
class Tape:
    """All that the backward pass needs of a forward pass over T steps of B streams.

    ``h[0]``, ``c[0]`` are the initial state and ``h[t + 1]``, ``c[t + 1]`` the
    one after step t. `gates` holds the values after the sigmoid or tanh, and
    `tanh_c` the tanh of the memory after each step. Inputs that were ids are
    kept as ids.
    """

    x: Float[np.ndarray, "T B D"] | Integer[np.ndarray, "T B"]
    h: Float[np.ndarray, "T+1 B H"]
    c: Float[np.ndarray, "T+1 B H"]
    gates: Float[np.ndarray, "T B G"]
    tanh_c: Float[np.ndarray, "T B H"]
    logits: Float[np.ndarray, "T B V"]
    reset: Bool[np.ndarray, "T B"] | None = None

    def state(self, position: int) -> State:
        """The pair (h, c) that enters step `position` (T: after the last step), as copies.

        Raises
        ------
        ValueError
            If `position` is not in 0..T.
        """
        position = _arguments.whole("position", position, least=0, most=len(self.x))
        return np.array(self.h[position]), np.array(self.c[position])

    def gate(self, name: str) -> Float[np.ndarray, "T B H"]:
        """Values of one gate at every step, as a view; `name` is one of `GATES`.

        Raises
        ------
        ValueError
            If there is no such gate.
        """
        i = GATES.index(_arguments.one_of("name", name, GATES))
        H = self.h.shape[-1]
        return np.asarray(self.gates[..., i * H : (i + 1) * H])


def init(
    num_inputs: int,
    hidden_size: int,
    num_symbols: int,
    rng: np.random.Generator,
    *,
    scale: float = 1.0,
    forget_bias: float = 1.0,
) -> Params:
    """Random weights in float64; for float32 use ``init(...).map(np.float32)``.

    Parameters
    ----------
    num_inputs, hidden_size, num_symbols : int
        D, H and V, each at least 1.
    rng : np.random.Generator
        Where the draws come from, such as ``seeds.rng("weights")``.
    scale : float
        The block of W_hh of each gate is `scale` times an orthogonal matrix.
    forget_bias : float
        Bias of the forget gate. A large one keeps the gate open, so that the
        memory lasts from the start; sigmoid(1) = 0.73, sigmoid(2) = 0.88 a step.

    Returns
    -------
    Params
        W_xh and W_hy normal with variance 1/D and 1/H, other biases zero.

    Raises
    ------
    ValueError
        If a size is below 1, `scale` is negative, a number is not finite, or
        `rng` is no generator.

    Examples
    --------
    >>> p = init(3, 2, 5, np.random.default_rng(0))
    >>> p.W_xh.shape, p.W_hh.shape, p.b_h.tolist()
    ((3, 8), (2, 8), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    """
    D = _arguments.whole("num_inputs", num_inputs)
    H = _arguments.whole("hidden_size", hidden_size)
    V = _arguments.whole("num_symbols", num_symbols)
    rng = _arguments.generator("rng", rng)
    scale = _arguments.number("scale", scale, least=0)
    b_h = np.zeros(4 * H)
    b_h[H : 2 * H] = _arguments.number("forget_bias", forget_bias)
    return Params(
        W_xh=rng.normal(0, D**-0.5, (D, 4 * H)),
        W_hh=scale * np.hstack([rnn.orthogonal(H, rng) for _ in GATES]),
        b_h=b_h,
        W_hy=rng.normal(0, H**-0.5, (H, V)),
        b_y=np.zeros(V),
    )


def step(params: Params, x: Float[np.ndarray, "B D"], h: State) -> State:
    """State after one tick: one input and one state (h, c) of each of B streams.

    Raises
    ------
    ValueError
        If `x` or `h` does not fit the weights, or their B differ.

    Notes
    -----
    With a_t = x_t W_xh + h_{t-1} W_hh + b_h in four blocks: i, f and o are the
    sigmoid of theirs, g is the tanh; c_t = f·c_{t-1} + i·g and
    h_t = o·tanh(c_t). After :cite:t:`hochreiter1997`, with the forget gate
    that was added later.
    """
    _arguments.instance("params", params, Params)
    D, H = len(params.W_xh), len(params.W_hh)
    x = _arguments.array("x", x, kind="floating", shape=("B", D))
    before, memory = _checked_state("h", h, (len(x), H))
    i, f, g, o = np.split(x @ params.W_xh + before @ params.W_hh + params.b_h, 4, axis=1)
    c = _sigmoid(f) * memory + _sigmoid(i) * np.tanh(g)
    return np.asarray(_sigmoid(o) * np.tanh(c)), np.asarray(c)


def forward(
    params: Params,
    x: Float[np.ndarray, "T B D"] | Integer[np.ndarray, "T B"],
    h0: State | None = None,
    *,
    reset: Bool[np.ndarray, "T B"] | None = None,
    out: Tape | None = None,
) -> Tape:
    """All T steps of B streams; the state of one step is the next one's input.

    Parameters
    ----------
    params : Params
        The weights; their dtype is the dtype of the result.
    x : (T, B, D) or (T, B)
        Inputs, or ids in 0..D-1 whose row of W_xh is looked up.
    h0 : pair of (B, H), optional
        Initial state (h, c); zeros without it. Values: they are copied.
    reset : (T, B), optional
        True zeroes that stream's state and memory before that step.
    out : Tape, optional
        A tape of the same shapes to write into. Its earlier content is lost:
        never pass a tape that is still needed.

    Returns
    -------
    Tape
        Inputs, states and memories ``(T + 1, B, H)``, gates ``(T, B, 4·H)``
        and logits ``(T, B, V)``.

    Raises
    ------
    ValueError
        If an argument does not fit the weights or the other arguments.

    Examples
    --------
    >>> p = init(3, 4, 5, np.random.default_rng(0))
    >>> tape = forward(p, np.array([[0, 2], [1, 1]]))   # two steps of two streams
    >>> tape.h.shape, tape.c.shape, tape.gate("forget").shape
    ((3, 2, 4), (3, 2, 4), (2, 2, 4))
    """
    _arguments.instance("params", params, Params)
    D, H, V = len(params.W_xh), len(params.W_hh), len(params.b_y)
    x, reset = rnn.checked_inputs(x, reset, num_inputs=D)
    T, B = x.shape[:2]
    if h0 is not None:
        h0 = _checked_state("h0", h0, (B, H))
    dtype = params.W_hh.dtype
    out = _tape(x, reset, (T, B, H, V), dtype, out)
    h, c, gates, logits = out.h, out.c, out.gates, out.logits
    h[0], c[0] = (0, 0) if h0 is None else h0
    rnn.inputs_to_hidden(params, x, out=gates)
    # sigmoid(a) = (tanh(a / 2) + 1) / 2 never overflows, so one tanh serves all four blocks.
    half = np.full(4 * H, 0.5, dtype)
    half[2 * H : 3 * H] = 1
    rest = 1 - half
    product, written = np.empty((B, 4 * H), dtype), np.empty((B, H), dtype)
    for t, (a, squashed) in enumerate(zip(gates, out.tanh_c, strict=True)):
        before, memory = h[t], c[t]
        if reset is not None:
            before = np.where(reset[t, :, None], 0, before)
            memory = np.where(reset[t, :, None], 0, memory)
        np.dot(before, params.W_hh, product)
        np.add(a, product, a)
        np.multiply(a, half, a)
        np.tanh(a, a)
        np.multiply(a, half, a)
        np.add(a, rest, a)
        np.multiply(a[:, :H], a[:, 2 * H : 3 * H], written)
        np.multiply(a[:, H : 2 * H], memory, c[t + 1])
        np.add(c[t + 1], written, c[t + 1])
        np.tanh(c[t + 1], squashed)
        np.multiply(a[:, 3 * H :], squashed, h[t + 1])
    np.dot(h[1:].reshape(T * B, H), params.W_hy, logits.reshape(T * B, V))
    logits += params.b_y
    return out


Derivatives = tuple[Float[np.ndarray, "T+1 B H"], Float[np.ndarray, "T+1 B H"]]


def backward(
    params: Params,
    tape: Tape,
    dlogits: Float[np.ndarray, "T B V"],
    *,
    out: tuple[Params, Derivatives] | None = None,
) -> tuple[Params, Derivatives]:
    """Gradient of the loss through all T steps of the tape.

    Parameters
    ----------
    params : Params
        The weights that made the tape.
    tape : Tape
        From `forward`.
    dlogits : (T, B, V)
        dloss/dlogits, from ``rnn.cross_entropy``.
    out : pair, optional
        An earlier result with the same shapes to write into, and to return.

    Returns
    -------
    gradients : Params
        dloss/dparams.
    dh : pair of (T + 1, B, H)
        ``(dh, dc)``: entry t + 1 is the derivative with respect to the state
        after step t and to the memory after step t, each while the other is
        held; entry 0 belongs to the initial state. The last of `dc` is 0:
        after the last step nobody reads the memory.

    Raises
    ------
    ValueError
        If `tape`, `dlogits` or `out` does not fit the weights.

    Notes
    -----
    The memory's derivative is only multiplied by the forget gate on its way
    back, the reason for this cell :cite:p:`hochreiter1997`.
    """
    T, B, H = _checked(params, tape, dlogits)
    V, dtype = dlogits.shape[-1], tape.h.dtype
    if out is None:
        dh, dc = np.empty((T + 1, B, H), dtype), np.empty((T + 1, B, H), dtype)
        out = bptt.zeros_like(params), (dh, dc)
    else:
        bptt.checked_out(params, tape, out)
    grads, (dh, dc) = out
    states, douts = tape.h[1:].reshape(T * B, H), dlogits.reshape(T * B, V)
    np.dot(douts, params.W_hy.T, dh[1:].reshape(T * B, H))
    dh[0] = dc[T] = 0
    da, through_output = _slopes(tape)
    forget, transposed = tape.gate("forget"), params.W_hh.T
    product, memory = np.empty((B, H), dtype), np.empty((B, H), dtype)
    for t in range(T - 1, -1, -1):
        current = da[t]
        np.multiply(dh[t + 1], through_output[t], memory)
        np.add(memory, dc[t + 1], memory)
        np.multiply(current[:, :3], memory[:, None], current[:, :3])
        np.multiply(current[:, 3], dh[t + 1], current[:, 3])
        np.dot(current.reshape(B, 4 * H), transposed, product)
        np.multiply(memory, forget[t], dc[t])
        if tape.reset is not None:
            product[tape.reset[t]] = 0
            dc[t, tape.reset[t]] = 0
        np.add(dh[t], product, dh[t])
    rows = da.reshape(T * B, 4 * H)
    np.dot(bptt.previous_states(tape.h, tape.reset).T, rows, grads.W_hh)
    np.dot(states.T, douts, grads.W_hy)
    bptt.into_input_weights(tape.x, rows, out=grads.W_xh)
    np.sum(rows, 0, out=grads.b_h)
    np.sum(douts, 0, out=grads.b_y)
    return out


def by_lag(params: Params, tape: Tape, dlogits: Float[np.ndarray, "T B V"]) -> list[Params]:
    """Split the gradient by how far it travelled; the parts sum to `backward`'s.

    Parameters
    ----------
    params, tape, dlogits
        As for `backward`.

    Returns
    -------
    list of Params
        T entries. Entry l collects, over all losses, what reached the weights
        of the cell l steps before the loss's own cell, through state and
        memory. The whole gradient of the output layer is in entry 0.

    Raises
    ------
    ValueError
        As `backward` does.
    """
    T, B, H = _checked(params, tape, dlogits)
    slopes, through_output = _slopes(tape)
    forget = tape.gate("forget")
    before = bptt.previous_states(tape.h, tape.reset).reshape(T, B, H)
    dh = np.asarray(dlogits @ params.W_hy.T)  # entry i arrives at the state of step i
    dc = np.zeros_like(dh)
    entries = []
    for lag in range(T):
        steps = T - lag
        memory = dc + dh * through_output[:steps]
        blocks = np.stack([memory, memory, memory, dh], axis=2) * slopes[:steps]
        rows = blocks.reshape(steps * B, 4 * H)
        grads = bptt.zeros_like(params)
        np.dot(before[:steps].reshape(steps * B, H).T, rows, grads.W_hh)
        bptt.into_input_weights(tape.x[:steps], rows, out=grads.W_xh)
        np.sum(rows, 0, out=grads.b_h)
        entries.append(grads)
        dh = (rows @ params.W_hh.T).reshape(steps, B, H)
        dc = memory * forget[:steps]
        if tape.reset is not None:
            dh[tape.reset[:steps]] = 0
            dc[tape.reset[:steps]] = 0
        dh, dc = dh[1:], dc[1:]
    states, douts = tape.h[1:].reshape(T * B, H), dlogits.reshape(T * B, -1)
    np.dot(states.T, douts, entries[0].W_hy)
    np.sum(douts, 0, out=entries[0].b_y)
    return entries


def _slopes(tape: Tape) -> tuple[np.ndarray, np.ndarray]:
    """What the derivatives are multiplied by on their way to each block and to the memory.

    The first three blocks (T, B, 4, H) multiply the memory's derivative, the
    fourth the state's; the second array (T, B, H) leads from state to memory.
    """
    T, B, H = tape.tanh_c.shape
    i, f, g, o = (tape.gate(name) for name in GATES)
    memory = bptt.previous_states(tape.c, tape.reset).reshape(T, B, H)
    slopes = np.empty((T, B, 4, H), tape.h.dtype)
    slopes[:, :, 0] = g * i * (1 - i)
    slopes[:, :, 1] = memory * f * (1 - f)
    slopes[:, :, 2] = i * (1 - g * g)
    slopes[:, :, 3] = tape.tanh_c * o * (1 - o)
    return slopes, o * (1 - tape.tanh_c * tape.tanh_c)


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * a)))


def _checked_state(name: str, value: Any, shape: tuple[int, int]) -> State:
    if not isinstance(value, tuple) or len(value) != 2:
        raise ValueError(f"{name} must be a pair (h, c) of arrays, got {type(value).__name__}")
    h = _arguments.array(f"{name}[0]", value[0], kind="floating", shape=shape)
    return h, _arguments.array(f"{name}[1]", value[1], kind="floating", shape=shape)


def _tape(
    x: np.ndarray,
    reset: np.ndarray | None,
    sizes: tuple[int, int, int, int],
    dtype: np.dtype[Any],
    out: Tape | None,
) -> Tape:
    T, B, H, V = sizes
    shapes = {
        "h": (T + 1, B, H),
        "c": (T + 1, B, H),
        "gates": (T, B, 4 * H),
        "tanh_c": (T, B, H),
        "logits": (T, B, V),
    }
    if out is None:
        buffers = {name: np.empty(shape, dtype) for name, shape in shapes.items()}
        return Tape(x=x, reset=reset, **buffers)
    if not isinstance(out, Tape):
        raise ValueError(f"out must come from lstm.forward, got {type(out).__name__}")
    buffers = {name: getattr(out, name) for name in shapes}
    for name, shape in shapes.items():
        rnn.checked_buffer(f"out.{name}", buffers[name], shape, dtype, apart_from=x)
    return Tape(x=x, reset=reset, **buffers)


def _checked(params: Params, tape: Any, dlogits: Any) -> tuple[int, int, int]:
    if not isinstance(tape, Tape):
        raise ValueError(f"tape must come from lstm.forward, got {type(tape).__name__}")
    _arguments.instance("params", params, Params)
    return bptt.checked_tape(params, tape, dlogits)
