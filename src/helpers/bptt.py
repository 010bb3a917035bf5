"""Backpropagation through time: the gradient, the gradient by lag, a numerical check."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float

from helpers import _arguments, rnn
from helpers.rnn import Params, Tape, W, Weights


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
        From ``rnn.forward``.
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

    Notes
    -----
    Explained in notebooks/bptt.ipynb, after :cite:t:`werbos1990`. Only the
    product with the transpose of W_hh is taken step by step; each weight's
    gradient is one product over all T·B rows.
    """
    T, B, H = _checked(params, tape, dlogits)
    V, dtype = dlogits.shape[-1], tape.h.dtype
    if out is None:
        out = zeros_like(params), np.empty((T + 1, B, H), dtype)
    else:
        checked_out(params, tape, out)
    grads, dh = out
    states, douts = tape.h[1:].reshape(T * B, H), dlogits.reshape(T * B, V)
    np.dot(douts, params.W_hy.T, dh[1:].reshape(T * B, H))
    dh[0] = 0
    da = tape.h[1:] * tape.h[1:]
    np.subtract(1, da, da)
    dot, add, multiply, reset = np.dot, np.add, np.multiply, tape.reset
    transposed, product, after = params.W_hh.T, np.empty((B, H), dtype), dh[T]
    for back, (current, before) in enumerate(zip(da[::-1], dh[-2::-1], strict=True), start=1):
        multiply(after, current, current)
        dot(current, transposed, product)
        if reset is not None:
            product[reset[T - back]] = 0
        add(before, product, before)
        after = before
    rows = da.reshape(T * B, H)
    np.dot(previous_states(tape.h, tape.reset).T, rows, grads.W_hh)
    np.dot(states.T, douts, grads.W_hy)
    into_input_weights(tape.x, rows, out=grads.W_xh)
    np.add.reduce(rows, 0, out=grads.b_h)
    np.add.reduce(douts, 0, out=grads.b_y)
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
        of the cell l steps before the loss's own cell. The output layer does
        not look back, so its whole gradient is in entry 0.

    Raises
    ------
    ValueError
        As `backward` does.

    Notes
    -----
    Explained in notebooks/bptt.ipynb. Costs T times `backward`: every loss's
    derivative is walked back on its own.
    """
    T, B, H = _checked(params, tape, dlogits)
    slope = 1 - tape.h[1:] ** 2
    before = previous_states(tape.h, tape.reset).reshape(T, B, H)
    inflow = np.asarray(dlogits @ params.W_hy.T)  # entry i arrives at the state of step i
    entries = []
    for lag in range(T):
        steps = T - lag
        da = (inflow * slope[:steps]).reshape(steps * B, H)
        grads = zeros_like(params)
        np.dot(before[:steps].reshape(steps * B, H).T, da, grads.W_hh)
        into_input_weights(tape.x[:steps], da, out=grads.W_xh)
        np.sum(da, 0, out=grads.b_h)
        entries.append(grads)
        inflow = (da @ params.W_hh.T).reshape(steps, B, H)
        if tape.reset is not None:
            inflow[tape.reset[:steps]] = 0
        inflow = inflow[1:]
    states, douts = tape.h[1:].reshape(T * B, H), dlogits.reshape(T * B, -1)
    np.dot(states.T, douts, entries[0].W_hy)
    np.sum(douts, 0, out=entries[0].b_y)
    return entries


def numerical(
    loss_of: Callable[[Any], float], params: Any, direction: Any, eps: float = 1e-5
) -> float:
    """Derivative of `loss_of` at `params` along `direction`, by central difference.

    Parameters
    ----------
    loss_of : callable
        Takes parameters, returns the loss.
    params : Params
        Where to differentiate; those of the gated cells work too.
    direction : Params
        Which way to go, not normalised.
    eps : float
        Step, greater than 0. The error is about ``eps**2`` times the third
        derivative plus the rounding error of the loss divided by `eps`.

    Returns
    -------
    float
        ``(loss_of(params + eps * direction) - loss_of(params - eps * direction)) / (2 * eps)``.

    Raises
    ------
    ValueError
        If `loss_of` cannot be called, `direction` has not the type and shapes of `params`, or
        `eps` is not positive.

    Examples
    --------
    >>> p = rnn.init(2, 3, 2, np.random.default_rng(0))
    >>> round(numerical(lambda q: float((q.b_h**2 + q.b_h).sum()), p, p.map(np.ones_like)), 6)
    3.0
    """
    _arguments.function("loss_of", loss_of)
    rnn.checked_like("direction", direction, rnn.checked_weights("params", params))
    eps = _arguments.number("eps", eps, above=0)
    ahead = loss_of(params.map(lambda w, d: w + eps * d, direction))
    behind = loss_of(params.map(lambda w, d: w - eps * d, direction))
    return float(ahead - behind) / (2 * eps)


def of(cell: ModuleType) -> ModuleType:
    """The module that holds the backward pass of `cell`: itself, or this one for ``rnn``.

    Raises
    ------
    ValueError
        If `cell` is no cell of this package.

    Examples
    --------
    >>> of(rnn).__name__
    'helpers.bptt'
    """
    module = sys.modules[__name__] if cell is rnn else cell
    if not hasattr(cell, "forward") or not hasattr(module, "by_lag"):
        raise ValueError(
            f"cell must be one of the modules rnn, lstm, gru, got {_arguments.short(cell)}"
        )
    return module


def zeros_like(params: W) -> W:
    """Zeros in the shapes of `params`, in rows: a product can be written there.

    Weights may lie in columns, as the transpose of a torch layer's do.
    """
    return params.map(lambda w: np.zeros(w.shape, w.dtype))


def previous_states(
    h: Float[np.ndarray, "states B H"], reset: np.ndarray | None
) -> Float[np.ndarray, "TB H"]:
    """The state that entered each step, one row a token: 0 where it was reset."""
    before = h[:-1] if reset is None else np.where(reset[..., None], 0, h[:-1])
    return np.asarray(before).reshape(-1, h.shape[-1])


ONE_HOT_UP_TO = 128
"""Up to so many symbols a product with one-hot rows is quicker than sorting the ids."""


def into_input_weights(x: np.ndarray, da: Float[np.ndarray, "TB G"], *, out: np.ndarray) -> None:
    """Write the gradient of the input weights, whose rows were looked up or multiplied."""
    if x.ndim == 3:
        rows = np.asarray(x, da.dtype).reshape(len(da), -1)
        np.dot(rows.T, da, out)
        return
    ids = x.reshape(-1)
    if len(out) <= ONE_HOT_UP_TO:
        rows = np.zeros((len(da), len(out)), da.dtype)
        rows[np.arange(len(da)), ids] = 1
        np.dot(rows.T, da, out)
        return
    order = np.argsort(ids, kind="stable")
    symbols, first = np.unique(ids[order], return_index=True)
    out[...] = 0
    out[symbols] = np.add.reduceat(da[order], first, axis=0)


def checked_tape(params: Weights, tape: Any, dlogits: Any) -> tuple[int, int, int]:
    """T, B and H of a tape of any cell, if it, the weights and `dlogits` fit each other."""
    logits, x = tape.logits, tape.x
    if logits.shape[-1] != len(params.b_y):
        raise ValueError(
            f"tape must come from weights with V = {len(params.b_y)} symbols, "
            f"got logits with shape {logits.shape}"
        )
    dlogits = _arguments.array("dlogits", dlogits, kind="floating", shape=logits.shape)
    if dlogits.dtype != logits.dtype:
        raise ValueError(f"dlogits must be {logits.dtype} like the tape, got {dlogits.dtype}")
    T, B = x.shape[:2]
    D, H = len(params.W_xh), len(params.W_hh)
    if tape.h.shape != (T + 1, B, H):
        raise ValueError(
            f"tape must come from weights with H = {H} hidden units, "
            f"got states with shape {tape.h.shape}"
        )
    used = x.shape[2] if x.ndim == 3 else int(np.maximum.reduce(x, axis=None)) + 1
    if used > D or (x.ndim == 3 and used < D):
        raise ValueError(f"tape must come from weights with D = {D} inputs, got {used}")
    if logits.dtype != params.W_hh.dtype:
        raise ValueError(f"tape must come from {params.W_hh.dtype} weights, got {logits.dtype}")
    return T, B, H


def checked_out(params: Weights, tape: Any, out: Any) -> None:
    """Refuse what is no earlier result of `backward`, of any cell, with memory of its own."""
    pair = isinstance(out, tuple) and len(out) == 2
    if not pair or out[0] is params:
        got = "the weights" if pair else type(out).__name__
        raise ValueError(f"out must be a pair (gradients, dh) from backward, got {got}")
    rnn.checked_like("out[0]", out[0], params)
    for name, weight in vars(out[0]).items():
        if weight.dtype != params.W_hh.dtype or not weight.flags.carray:
            raise ValueError(
                f"out[0].{name} must be {params.W_hh.dtype}, writeable and contiguous, got "
                f"{weight.dtype} with strides {weight.strides}"
            )
    if not hasattr(tape, "c"):
        _checked_derivative("out[1]", out[1], tape.h)
    elif not isinstance(out[1], tuple) or len(out[1]) != 2:
        raise ValueError(f"out[1] must be a pair (dh, dc), got {type(out[1]).__name__}")
    else:
        _checked_derivative("out[1][0]", out[1][0], tape.h)
        _checked_derivative("out[1][1]", out[1][1], tape.c)


def _checked_derivative(name: str, value: Any, states: np.ndarray) -> None:
    rnn.checked_buffer(name, value, states.shape, states.dtype, apart_from=states)


def _checked(params: Params, tape: Tape, dlogits: Any) -> tuple[int, int, int]:
    if not isinstance(tape, Tape):
        raise ValueError(f"tape must come from rnn.forward, got {type(tape).__name__}")
    _arguments.instance("params", params, Params)
    return checked_tape(params, tape, dlogits)
