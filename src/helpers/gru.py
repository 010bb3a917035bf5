"""The GRU: a cell that decides how much of its state to keep, and its own backward pass.

The same functions with the same arguments as the tanh cell. Blocks stand in
the order reset, update, candidate, as in ``torch.nn.GRU``: G = 3·H columns.

Two variants share the name. Here, as in PyTorch and cuDNN, the reset gate
multiplies the *product* of the state with its weights; in :cite:t:`cho2014`
it multiplies the state before that product. The first allows all three
products in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float, Integer

from helpers import _arguments, bptt, rnn

GATES = ("reset", "update", "candidate")
"""In the order of the columns. The third is no gate but the state that may come."""


@dataclass(frozen=True)
class Params(rnn.Weights):
    """Weights of the GRU: D inputs, H hidden units, V symbols, G = 3·H.

    `b_h` is added before the gates act; `b_hn` to the state's part of the
    candidate, so that the reset gate scales it as well.
    """

    BLOCKS: ClassVar[int] = 3

    W_xh: Float[np.ndarray, "D G"]
    W_hh: Float[np.ndarray, "H G"]
    b_h: Float[np.ndarray, " G"]
    W_hy: Float[np.ndarray, "H V"]
    b_y: Float[np.ndarray, " V"]
    b_hn: Float[np.ndarray, " H"]


@dataclass(frozen=True)
class Tape:
    """All that the backward pass needs of a forward pass over T steps of B streams.

    ``h[0]`` is the initial state and ``h[t + 1]`` the state after step t.
    `gates` holds the values after the sigmoid or tanh, and `recalled` what the
    reset gate multiplies: h_{t-1} W_hn + b_hn. Inputs that were ids are kept
    as ids.
    """

    x: Float[np.ndarray, "T B D"] | Integer[np.ndarray, "T B"]
    h: Float[np.ndarray, "T+1 B H"]
    gates: Float[np.ndarray, "T B G"]
    recalled: Float[np.ndarray, "T B H"]
    logits: Float[np.ndarray, "T B V"]
    reset: Bool[np.ndarray, "T B"] | None = None

    def state(self, position: int) -> Float[np.ndarray, "B H"]:
        """The state that enters step `position` (T: the one after the last step), as a copy.

        Raises
        ------
        ValueError
            If `position` is not in 0..T.
        """
        position = _arguments.whole("position", position, least=0, most=len(self.x))
        return np.array(self.h[position])

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

    Returns
    -------
    Params
        W_xh and W_hy normal with variance 1/D and 1/H, biases zero.

    Raises
    ------
    ValueError
        If a size is below 1, `scale` is negative or not finite, or `rng` is no
        generator.

    Examples
    --------
    >>> p = init(3, 4, 5, np.random.default_rng(0))
    >>> p.W_xh.shape, p.W_hh.shape, p.b_hn.shape
    ((3, 12), (4, 12), (4,))
    """
    D = _arguments.whole("num_inputs", num_inputs)
    H = _arguments.whole("hidden_size", hidden_size)
    V = _arguments.whole("num_symbols", num_symbols)
    rng = _arguments.generator("rng", rng)
    scale = _arguments.number("scale", scale, least=0)
    return Params(
        W_xh=rng.normal(0, D**-0.5, (D, 3 * H)),
        W_hh=scale * np.hstack([rnn.orthogonal(H, rng) for _ in GATES]),
        b_h=np.zeros(3 * H),
        W_hy=rng.normal(0, H**-0.5, (H, V)),
        b_y=np.zeros(V),
        b_hn=np.zeros(H),
    )


def step(
    params: Params, x: Float[np.ndarray, "B D"], h: Float[np.ndarray, "B H"]
) -> Float[np.ndarray, "B H"]:
    """State after one tick: one input and one state of each of B streams.

    Raises
    ------
    ValueError
        If `x` or `h` does not fit the weights, or their B differ.

    Notes
    -----
    r and z are the sigmoid of their blocks of x_t W_xh + h_{t-1} W_hh + b_h,
    n_t = tanh(x_t W_xn + b_n + r·(h_{t-1} W_hn + b_hn)), and
    h_t = (1 − z)·n_t + z·h_{t-1}. Which variant this is: see the module.
    """
    _arguments.instance("params", params, Params)
    D, H = len(params.W_xh), len(params.W_hh)
    x = _arguments.array("x", x, kind="floating", shape=("B", D))
    h = _arguments.array("h", h, kind="floating", shape=(len(x), H))
    from_x = x @ params.W_xh + params.b_h
    from_h = h @ params.W_hh
    r = _sigmoid(from_x[:, :H] + from_h[:, :H])
    z = _sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    n = np.tanh(from_x[:, 2 * H :] + r * (from_h[:, 2 * H :] + params.b_hn))
    return np.asarray((1 - z) * n + z * h)


def forward(
    params: Params,
    x: Float[np.ndarray, "T B D"] | Integer[np.ndarray, "T B"],
    h0: Float[np.ndarray, "B H"] | None = None,
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
    h0 : (B, H), optional
        Initial state; zeros without it. A value: it is copied.
    reset : (T, B), optional
        True zeroes that stream's state before that step; no relation to the
        reset gate, which the network sets itself.
    out : Tape, optional
        A tape of the same shapes to write into. Its earlier content is lost:
        never pass a tape that is still needed.

    Returns
    -------
    Tape
        Inputs, states ``(T + 1, B, H)``, gates ``(T, B, 3·H)`` and logits
        ``(T, B, V)``.

    Raises
    ------
    ValueError
        If an argument does not fit the weights or the other arguments.

    Examples
    --------
    >>> p = init(3, 4, 5, np.random.default_rng(0))
    >>> tape = forward(p, np.array([[0, 2], [1, 1]]))   # two steps of two streams
    >>> tape.h.shape, tape.gate("update").shape, tape.logits.shape
    ((3, 2, 4), (2, 2, 4), (2, 2, 5))
    """
    _arguments.instance("params", params, Params)
    D, H, V = len(params.W_xh), len(params.W_hh), len(params.b_y)
    x, reset = rnn.checked_inputs(x, reset, num_inputs=D)
    T, B = x.shape[:2]
    if h0 is not None:
        h0 = _arguments.array("h0", h0, kind="floating", shape=(B, H))
    dtype = params.W_hh.dtype
    out = _tape(x, reset, (T, B, H, V), dtype, out)
    h, gates, logits = out.h, out.gates, out.logits
    h[0] = 0 if h0 is None else h0
    rnn.inputs_to_hidden(params, x, out=gates)
    product, part, previous = np.empty((B, 3 * H), dtype), np.empty((B, H), dtype), h[0]
    for t, (a, recalled, current) in enumerate(zip(gates, out.recalled, h[1:], strict=True)):
        if reset is not None:
            previous = np.where(reset[t, :, None], 0, previous)
        np.dot(previous, params.W_hh, product)
        switches, candidate = a[:, : 2 * H], a[:, 2 * H :]
        # sigmoid(a) = (tanh(a / 2) + 1) / 2 never overflows.
        np.add(switches, product[:, : 2 * H], switches)
        np.multiply(switches, 0.5, switches)
        np.tanh(switches, switches)
        np.add(switches, 1, switches)
        np.multiply(switches, 0.5, switches)
        np.add(product[:, 2 * H :], params.b_hn, recalled)
        np.multiply(a[:, :H], recalled, part)
        np.add(candidate, part, candidate)
        np.tanh(candidate, candidate)
        np.subtract(previous, candidate, part)
        np.multiply(a[:, H : 2 * H], part, part)
        np.add(candidate, part, current)
        previous = current
    np.dot(h[1:].reshape(T * B, H), params.W_hy, logits.reshape(T * B, V))
    logits += params.b_y
    return out


def backward(
    params: Params,
    tape: Tape,
    dlogits: Float[np.ndarray, "T B V"],
    *,
    out: tuple[Params, Float[np.ndarray, "T+1 B H"]] | None = None,
) -> tuple[Params, Float[np.ndarray, "T+1 B H"]]:
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
    dh : (T + 1, B, H)
        ``dh[t + 1]`` is the derivative of the loss with respect to the state
        after step t; ``dh[0]`` with respect to the initial state.

    Raises
    ------
    ValueError
        If `tape`, `dlogits` or `out` does not fit the weights.
    """
    T, B, H = _checked(params, tape, dlogits)
    V, dtype = dlogits.shape[-1], tape.h.dtype
    if out is None:
        out = bptt.zeros_like(params), np.empty((T + 1, B, H), dtype)
    else:
        bptt.checked_out(params, tape, out)
    grads, dh = out
    states, douts = tape.h[1:].reshape(T * B, H), dlogits.reshape(T * B, V)
    np.dot(douts, params.W_hy.T, dh[1:].reshape(T * B, H))
    dh[0] = 0
    da, to_candidate = _slopes(tape)
    keep, transposed = tape.gate("update"), params.W_hh.T
    product, kept = np.empty((B, H), dtype), np.empty((B, H), dtype)
    for t in range(T - 1, -1, -1):
        current = da[t]
        np.multiply(current, dh[t + 1][:, None], current)
        np.dot(current.reshape(B, 3 * H), transposed, product)
        np.multiply(dh[t + 1], keep[t], kept)
        np.add(product, kept, product)
        if tape.reset is not None:
            product[tape.reset[t]] = 0
        np.add(dh[t], product, dh[t])
    to_candidate *= dh[1:]
    rows = da.reshape(T * B, 3 * H)
    np.dot(bptt.previous_states(tape.h, tape.reset).T, rows, grads.W_hh)
    np.sum(rows[:, 2 * H :], 0, out=grads.b_hn)
    da[:, :, 2] = to_candidate
    bptt.into_input_weights(tape.x, rows, out=grads.W_xh)
    np.sum(rows, 0, out=grads.b_h)
    np.dot(states.T, douts, grads.W_hy)
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
        of the cell l steps before the loss's own cell. The whole gradient of
        the output layer is in entry 0.

    Raises
    ------
    ValueError
        As `backward` does.
    """
    T, B, H = _checked(params, tape, dlogits)
    slopes, to_candidate = _slopes(tape)
    keep = tape.gate("update")
    before = bptt.previous_states(tape.h, tape.reset).reshape(T, B, H)
    inflow = np.asarray(dlogits @ params.W_hy.T)  # entry i arrives at the state of step i
    entries = []
    for lag in range(T):
        steps = T - lag
        blocks = slopes[:steps] * inflow[:, :, None]
        rows = blocks.reshape(steps * B, 3 * H)
        grads = bptt.zeros_like(params)
        np.dot(before[:steps].reshape(steps * B, H).T, rows, grads.W_hh)
        np.sum(rows[:, 2 * H :], 0, out=grads.b_hn)
        outflow = (rows @ params.W_hh.T).reshape(steps, B, H) + inflow * keep[:steps]
        blocks[:, :, 2] = to_candidate[:steps] * inflow
        bptt.into_input_weights(tape.x[:steps], rows, out=grads.W_xh)
        np.sum(rows, 0, out=grads.b_h)
        entries.append(grads)
        if tape.reset is not None:
            outflow[tape.reset[:steps]] = 0
        inflow = outflow[1:]
    states, douts = tape.h[1:].reshape(T * B, H), dlogits.reshape(T * B, -1)
    np.dot(states.T, douts, entries[0].W_hy)
    np.sum(douts, 0, out=entries[0].b_y)
    return entries


def _slopes(tape: Tape) -> tuple[np.ndarray, np.ndarray]:
    """What the state's derivative is multiplied by on its way to each block.

    The blocks (T, B, 3, H) lead to the product with W_hh; the second array
    (T, B, H) to the candidate, which the inputs reach without the reset gate.
    """
    T, B, H = tape.recalled.shape
    r, z, n = (tape.gate(name) for name in GATES)
    before = bptt.previous_states(tape.h, tape.reset).reshape(T, B, H)
    to_candidate = (1 - z) * (1 - n * n)
    slopes = np.empty((T, B, 3, H), tape.h.dtype)
    slopes[:, :, 0] = to_candidate * tape.recalled * r * (1 - r)
    slopes[:, :, 1] = (before - n) * z * (1 - z)
    slopes[:, :, 2] = to_candidate * r
    return slopes, to_candidate


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * a)))


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
        "gates": (T, B, 3 * H),
        "recalled": (T, B, H),
        "logits": (T, B, V),
    }
    if out is None:
        buffers = {name: np.empty(shape, dtype) for name, shape in shapes.items()}
        return Tape(x=x, reset=reset, **buffers)
    if not isinstance(out, Tape):
        raise ValueError(f"out must come from gru.forward, got {type(out).__name__}")
    buffers = {name: getattr(out, name) for name in shapes}
    for name, shape in shapes.items():
        rnn.checked_buffer(f"out.{name}", buffers[name], shape, dtype, apart_from=x)
    return Tape(x=x, reset=reset, **buffers)


def _checked(params: Params, tape: Any, dlogits: Any) -> tuple[int, int, int]:
    if not isinstance(tape, Tape):
        raise ValueError(f"tape must come from gru.forward, got {type(tape).__name__}")
    _arguments.instance("params", params, Params)
    return bptt.checked_tape(params, tape, dlogits)
