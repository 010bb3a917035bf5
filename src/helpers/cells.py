"""What all recurrent cells share: forward, loss, backward, by lag."""

from itertools import repeat
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Integer
from numpy import add, dot

from helpers._types import Rate, Real, Size, checked
from helpers.ticks import (GRU, LSTM, RNN, Array, Cell, Params, State,
                           States, Tape, unless_reset)

__all__ = ["GRU", "LSTM", "RNN", "Cell", "Params", "State", "Tape"]


@checked
def init(cell: Cell, num_inputs: Size, hidden_size: Size,
         num_symbols: Size, rng: np.random.Generator, *,
         scale: Rate = 1.0, forget_bias: Real = 1.0) -> Params:
    """Random float64 weights; for float32 ``init(...).map(np.float32)``.

    Each block of W_hh is `scale` times an orthogonal matrix; W_xh and W_hy
    have variance 1/D and 1/H; biases are 0, but for a forget gate's.
    """
    D, H, V = num_inputs, hidden_size, num_symbols
    G = len(cell.blocks) * H
    b_h = np.zeros(G)
    if cell is LSTM:
        b_h[H : 2 * H] = forget_bias
    W_xh = rng.normal(0, D**-0.5, (D, G))
    W_hh = scale * np.hstack([orthogonal(H, rng) for _ in cell.blocks])
    W_hy = rng.normal(0, H**-0.5, (H, V))
    b_hn = np.zeros(H) if cell is GRU else None
    return Params(cell, W_xh, W_hh, b_h, W_hy, np.zeros(V), b_hn)


def orthogonal(size: int, rng: np.random.Generator) -> Float[Array, "H H"]:
    """Orthogonal matrix drawn evenly (Haar), after Mezzadri 2007."""
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return np.asarray(q * np.sign(np.diagonal(r)))


def forward(params: Params,
            x: Float[Array, "T B D"] | Integer[Array, "T B"],
            state: State | Array | None = None, *,
            reset: Bool[Array, "T B"] | None = None,
            out: Tape | None = None) -> Tape:
    """All T steps of B streams; the state after one enters the next.

    Ids look their row of W_xh up, as one-hot inputs would. The state is 0
    at first unless given (an array is an h without c), and before each step
    where `reset` is true. Memory of `out`, a tape nobody needs, is reused.
    """
    x, cell, (H, V) = np.asarray(x), params.cell, params.W_hy.shape
    if x.ndim not in (2, 3) or x.size == 0:
        raise ValueError(f"x must be (T, B) or (T, B, D), got {x.shape}")
    T, B = x.shape[:2]
    given = (state,) if isinstance(state, Array) else state or (0, 0)
    if state is not None:
        _check_shape("state", given, (cell.parts, B, H))
    if reset is not None:
        _check_shape("reset", reset, (T, B))
        reset = np.asarray(reset, bool)
    if out is None or (out.cell, out.logits.shape) != (cell, (T, B, V)):
        out = _empty(params, T, B)
    states, gates, logits = out.states, out.gates, out.logits
    for part, value in zip(states, given):
        part[0] = value
    if x.ndim == 3:
        _check_shape("x", x, (T, B, len(params.W_xh)))
        dot(_rows(x).astype(gates.dtype), params.W_xh, _rows(gates))
    else:
        _check_ids("x", x, len(params.W_xh), (T, B))
        np.take(params.W_xh, x, axis=0, out=gates, mode="clip")
    gates += params.b_h
    old, h_W = [part[0] for part in states], np.empty_like(gates[0])
    notes = repeat(None) if out.saved is None else out.saved
    resets = repeat(None) if reset is None else reset[..., None]
    after = [part[1:] for part in states]
    tick, W_hh, b_hn = cell.tick, params.W_hh, params.b_hn
    for a, saved, reset_t, *new in zip(gates, notes, resets, *after):
        if reset_t is not None:
            old = [np.where(reset_t, 0, part) for part in old]
        dot(old[0], W_hh, h_W)  # only this has to wait
        tick(a, h_W, old, new, saved, b_hn)
        old = new
    dot(_rows(out.h[1:]), params.W_hy, _rows(logits))
    logits += params.b_y
    return Tape(cell, x, states, gates, out.saved, logits, reset)


def cross_entropy(logits: Float[Array, "T B V"], y: Integer[Array, "T B"],
                  *, over_time: Literal["mean", "sum"] = "mean",
                  weight: Float[Array, "T B"] | None = None
                  ) -> tuple[float, Float[Array, "T B V"]]:
    """Loss in nats, and its derivative with respect to the logits.

    The loss is the mean over streams, and over time the mean, or the sum,
    which is T times larger, as is its gradient. Tokens of weight 0 are
    padding: each token's share of the mean is ``weight / weight.sum()``.
    """
    T, B, V = logits.shape
    _check_ids("y", y, V, (T, B))
    share = np.full((T, B), 1 / (T * B))
    if weight is not None:
        _check_shape("weight", weight, (T, B))
        if not (np.min(weight) >= 0 and 0 < np.max(weight) < np.inf):
            raise ValueError("weight must be at least 0, not always 0, got "
                             f"{np.min(weight):g} to {np.max(weight):g}")
        share = np.asarray(weight, float) / np.max(weight)
        share = share / share.sum()
    if over_time not in ("mean", "sum"):
        raise ValueError(f"over_time must be mean or sum, got {over_time}")
    share = share * T if over_time == "sum" else share
    d = logits - logits.max(-1, keepdims=True)
    at = (np.arange(T)[:, None], np.arange(B), y)
    picked = d[at]
    np.exp(d, out=d)
    total = d.sum(-1)
    loss = float((share * (np.log(total) - picked)).sum())
    d *= (share / total).astype(d.dtype)[..., None]
    d[at] -= share.astype(d.dtype)
    return loss, d


def backward(params: Params, tape: Tape, dlogits: Float[Array, "T B V"]
             ) -> tuple[Params, States]:
    """dloss/dparams, and dloss/dstate at all T + 1 positions.

    Entry t + 1 belongs to the state after step t, each part while the other
    is held; entry 0 to the initial state. After Werbos 1990.
    """
    _check_tape(params, tape, dlogits)
    dstates = tuple(np.zeros_like(part) for part in tape.states)
    dh = dstates[0]  # so nothing comes from beyond the last step: the cut
    dot(_rows(dlogits), params.W_hy.T, _rows(dh[1:]))
    da, *rest = params.cell.slopes(tape)  # slopes, until `back` is called
    back, transposed = params.cell.back, params.W_hh.T
    product = np.empty_like(dh[0])
    here = [*(each[::-1] for each in rest), *(d[:0:-1] for d in dstates)]
    reset, steps = tape.reset, range(len(da) - 1, -1, -1)
    for t, da_t, before, *each in zip(steps, da[::-1], dh[-2::-1], *here):
        direct, dc_before = back(da_t, *each)  # each: rest[t], d...[t + 1]
        dot(da_t, transposed, product)  # only this has to wait
        if direct is not None:
            add(product, direct, product)
        if reset is not None:
            product[reset[t]] = 0
        add(before, product, before)
        if dc_before is not None:
            dstates[1][t] = dc_before
    return _gradient(params, tape, da, rest, dh[1:], dlogits), dstates


def by_lag(params: Params, tape: Tape, dlogits: Float[Array, "T B V"]
           ) -> list[Params]:
    """The gradient split by how many steps it travelled: T parts.

    Part l is what reached the cell l steps before the loss's own; the
    output layer's is all in part 0. The parts sum to `backward`'s gradient.
    All losses step back together and are never merged: row t of `d` belongs
    to the loss at t + lag.
    """
    _check_tape(params, tape, dlogits)
    slopes, *rest = params.cell.slopes(tape)
    d = [np.zeros_like(part[1:]) for part in tape.states]
    d[0] = np.asarray(dlogits @ params.W_hy.T)
    parts: list[Params] = []
    for lag in range(len(slopes)):
        n = len(slopes) - lag  # losses that are `lag` steps from the start
        da, here = slopes[:n].copy(), [each[:n] for each in rest]
        direct, dc = params.cell.back(da, *here, *d)
        product = (_rows(da) @ params.W_hh.T).reshape(d[0].shape)
        if direct is not None:
            product += direct
        if tape.reset is not None:
            product[tape.reset[:n]] = 0
        douts = np.zeros_like(dlogits) if lag else dlogits
        parts.append(_gradient(params, tape, da, here, d[0], douts))
        d = [part[1:] for part in (product, dc) if part is not None]
    return parts


def _rows(array: Array) -> Array:
    return array.reshape(-1, array.shape[-1])  # one a token


def _empty(params: Params, T: int, B: int) -> Tape:
    (H, V), dtype, cell = params.W_hy.shape, params.W_hy.dtype, params.cell
    states = tuple(np.empty((cell.parts, T + 1, B, H), dtype))
    gates, saved = states[0][1:], None  # the tanh cell's share memory
    if cell is not RNN:
        gates = np.empty((T, B, len(params.b_h)), dtype)
        saved = np.empty((T, B, H), dtype)
    out = np.empty((T, B, V), dtype)
    return Tape(cell, out, states, gates, saved, out, None)


def _gradient(params: Params, tape: Tape, da: Array, rest: list[Array],
              dh: Array, dlogits: Array) -> Params:
    """Of each weight one product over the rows of all steps."""
    n, H = len(da), dh.shape[-1]  # n: T, or less by lag
    grads = params.map(lambda w: np.empty(w.shape, w.dtype))
    dot(_rows(unless_reset(tape, tape.h[:-1])[:n]).T, _rows(da), grads.W_hh)
    if grads.b_hn is not None:
        np.sum(_rows(da)[:, -H:], 0, out=grads.b_hn)
        da[..., -H:] = rest[-1] * dh  # from here on without the reset gate
    np.add.reduce(_rows(da), 0, out=grads.b_h)
    x, W_xh = tape.x[:n], grads.W_xh
    if x.ndim == 3:
        dot(_rows(x).astype(da.dtype).T, _rows(da), W_xh)
    elif len(W_xh) <= 128:  # then a product is quicker
        one_hot = np.zeros((x.size, len(W_xh)), da.dtype)
        one_hot[np.arange(x.size), x.ravel()] = 1
        dot(one_hot.T, _rows(da), W_xh)
    else:
        W_xh[...] = 0
        np.add.at(W_xh, x.ravel(), _rows(da))
    dot(_rows(tape.h[1:]).T, _rows(dlogits), grads.W_hy)
    np.add.reduce(_rows(dlogits), 0, out=grads.b_y)
    return grads


def _check_shape(name: str, value: Any, shape: tuple[int, ...]) -> None:
    if np.shape(value) != shape:
        raise ValueError(f"{name} must have shape {shape}, got shape "
                         f"{np.shape(value)}")


def _check_ids(name: str, ids: Any, below: int, shape: Any) -> None:
    _check_shape(name, ids, shape)
    if ids.dtype.kind not in "iu" or ids.min() < 0 or ids.max() >= below:
        got = f"{ids.dtype} in {ids.min()}..{ids.max()}"
        raise ValueError(f"{name} must be ids in 0..{below - 1}, got {got}")


def _check_tape(params: Params, tape: Tape, dlogits: Any) -> None:
    if tape.cell is not params.cell:
        raise ValueError(f"tape must be of this cell, got {tape.cell.name}")
    _check_shape("dlogits", dlogits, tape.logits.shape)
