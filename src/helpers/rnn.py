"""The recurrent network with a tanh cell: parameters, one step, forward pass, loss.

A feed-forward network is the same `forward` with one time step and no initial
state, so the two axes of the course meet in one function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
from jaxtyping import Bool, Float, Integer

from helpers import _arguments

W = TypeVar("W", bound="Weights")


@dataclass(frozen=True)
class Weights:
    """What the parameters of every cell can do; a gradient has the same type.

    Raises
    ------
    ValueError
        If an array does not fit the others, or not all are float32, or all float64.
    """

    BLOCKS: ClassVar[int] = 1
    """How many blocks of H columns W_xh, W_hh and b_h have."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    W_hy: np.ndarray
    b_y: np.ndarray

    def __post_init__(self) -> None:
        H = len(_arguments.array("W_hh", self.W_hh, kind="floating", shape=("H", "G")))
        G = self.BLOCKS * H
        V = _arguments.array("W_hy", self.W_hy, kind="floating", shape=(H, "V")).shape[1]
        shapes: dict[str, tuple[Any, ...]] = {
            "W_xh": ("D", G),
            "W_hh": (H, G),
            "b_h": (G,),
            "W_hy": (H, V),
            "b_y": (V,),
            "b_hn": (H,),
        }
        for name, value in vars(self).items():
            weight = _arguments.array(name, value, kind="floating", shape=shapes[name])
            if weight.dtype != self.W_hh.dtype or weight.dtype not in (np.float32, np.float64):
                raise ValueError(
                    f"{name} must be float32 or float64, the same for all weights, got "
                    f"{weight.dtype} beside {self.W_hh.dtype} in W_hh"
                )
            if weight.size == 0:
                raise ValueError(f"{name} must hold at least one number, got shape {weight.shape}")

    def map(self: W, f: Callable[..., Any], *others: W) -> W:
        """Apply `f` array by array: ``p.map(lambda w, g: w - 0.1 * g, grads)``.

        Raises
        ------
        ValueError
            If `f` cannot be called or does not return weights, or one of `others` is not of
            this type, or its arrays have other shapes.
        """
        _arguments.function("f", f)
        for other in others:
            checked_like("others", other, self)
        names = [field.name for field in fields(self)]
        return type(self)(*(f(*(getattr(p, n) for p in (self, *others))) for n in names))

    def flat(self) -> Float[np.ndarray, " P"]:
        """All entries in one vector, in the order of the fields (a copy)."""
        return np.concatenate([getattr(self, field.name).ravel() for field in fields(self)])


@dataclass(frozen=True)
class Params(Weights):
    """Weights of the tanh network: D inputs, H hidden units, V symbols."""

    W_xh: Float[np.ndarray, "D H"]
    W_hh: Float[np.ndarray, "H H"]
    b_h: Float[np.ndarray, " H"]
    W_hy: Float[np.ndarray, "H V"]
    b_y: Float[np.ndarray, " V"]


@dataclass(frozen=True)
class Tape:
    """All that the backward pass needs of a forward pass over T steps of B streams.

    ``h[0]`` is the initial state and ``h[t + 1]`` the state after step t.
    Inputs that were ids are kept as ids.
    """

    x: Float[np.ndarray, "T B D"] | Integer[np.ndarray, "T B"]
    h: Float[np.ndarray, "T+1 B H"]
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


def checked_weights(name: str, value: Any) -> Any:
    """`value`, if it is parameters, or a gradient, of a cell."""
    if not isinstance(value, Weights):
        raise ValueError(
            f"{name} must be Params of rnn, lstm or gru, got {type(value).__module__}."
            f"{type(value).__name__}"
        )
    return value


def checked_like(name: str, value: Any, params: Any) -> Any:
    """`value`, if it has the type and the shapes of `params`."""
    _arguments.instance(name, value, type(params))
    for field, wanted in vars(params).items():
        got = getattr(value, field)
        if got.shape != wanted.shape:
            raise ValueError(
                f"{name} must have the shapes of the weights, {field} {wanted.shape}, "
                f"got {got.shape}"
            )
    return value


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
        W_hh is `scale` times an orthogonal matrix, so `scale` is its spectral
        radius and every one of its singular values.

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
    >>> p.W_xh.shape, p.W_hh.shape, p.W_hy.shape
    ((3, 4), (4, 4), (4, 5))
    """
    D = _arguments.whole("num_inputs", num_inputs)
    H = _arguments.whole("hidden_size", hidden_size)
    V = _arguments.whole("num_symbols", num_symbols)
    rng = _arguments.generator("rng", rng)
    scale = _arguments.number("scale", scale, least=0)
    return Params(
        W_xh=rng.normal(0, D**-0.5, (D, H)),
        W_hh=scale * orthogonal(H, rng),
        b_h=np.zeros(H),
        W_hy=rng.normal(0, H**-0.5, (H, V)),
        b_y=np.zeros(V),
    )


def orthogonal(size: int, rng: np.random.Generator) -> Float[np.ndarray, "H H"]:
    """Orthogonal matrix drawn evenly (Haar), after :cite:t:`mezzadri2007`.

    Raises
    ------
    ValueError
        If `size` is below 1, or `rng` is no generator.
    """
    size, rng = _arguments.whole("size", size), _arguments.generator("rng", rng)
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return np.asarray(q * np.sign(np.diagonal(r)))


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
    Explained in notebooks/recurrence.ipynb: h_t = tanh(x_t W_xh + h_{t-1} W_hh + b_h),
    after :cite:t:`elman1990`.
    """
    _arguments.instance("params", params, Params)
    D, H = params.W_xh.shape
    x = _arguments.array("x", x, kind="floating", shape=("B", D))
    h = _arguments.array("h", h, kind="floating", shape=(len(x), H))
    return np.asarray(np.tanh(x @ params.W_xh + h @ params.W_hh + params.b_h))


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
        Inputs, or ids in 0..D-1 whose row of W_xh is looked up, which is what
        a one-hot input would select.
    h0 : (B, H), optional
        Initial state; zeros without it. A value: it is copied.
    reset : (T, B), optional
        True zeroes that stream's state before that step.
    out : Tape, optional
        A tape of the same shapes to write into, and to return. Its earlier
        content is lost: never pass a tape that is still needed.

    Returns
    -------
    Tape
        Inputs, states ``(T + 1, B, H)`` and logits ``(T, B, V)``.

    Raises
    ------
    ValueError
        If an argument does not fit the weights or the other arguments.

    Notes
    -----
    Explained in notebooks/recurrence.ipynb. The products with W_xh and W_hy do
    not depend on the previous step, so they are one product over all T·B rows;
    only the product with W_hh must wait for its turn.

    Examples
    --------
    >>> p = init(3, 4, 5, np.random.default_rng(0))
    >>> tape = forward(p, np.array([[0, 2], [1, 1]]))   # two steps of two streams
    >>> tape.h.shape, tape.logits.shape
    ((3, 2, 4), (2, 2, 5))
    """
    _arguments.instance("params", params, Params)
    D, H = params.W_xh.shape
    V = len(params.b_y)
    x, reset = checked_inputs(x, reset, num_inputs=D)
    T, B = x.shape[:2]
    if h0 is not None:
        h0 = _arguments.array("h0", h0, kind="floating", shape=(B, H))
    dtype = params.W_hh.dtype
    if out is None:
        out = Tape(x, np.empty((T + 1, B, H), dtype), np.empty((T, B, V), dtype), reset)
    else:
        if not isinstance(out, Tape):
            raise ValueError(f"out must come from rnn.forward, got {type(out).__name__}")
        checked_buffer("out.h", out.h, (T + 1, B, H), dtype, apart_from=x)
        checked_buffer("out.logits", out.logits, (T, B, V), dtype, apart_from=x)
        out = Tape(x, out.h, out.logits, reset)
    h, logits = out.h, out.logits
    h[0] = 0 if h0 is None else h0
    inputs_to_hidden(params, x, out=h[1:])
    dot, add, tanh = np.dot, np.add, np.tanh
    product, matrix, previous = np.empty((B, H), dtype), params.W_hh, h[0]
    for t, current in enumerate(h[1:]):
        if reset is not None:
            previous = np.where(reset[t, :, None], 0, previous)
        dot(previous, matrix, product)
        add(current, product, current)
        tanh(current, current)
        previous = current
    np.dot(h[1:].reshape(T * B, H), params.W_hy, logits.reshape(T * B, V))
    logits += params.b_y
    return out


def checked_inputs(
    x: Any, reset: Any, *, num_inputs: int
) -> tuple[np.ndarray, Bool[np.ndarray, "T B"] | None]:
    """Inputs and resets of a forward pass, if they fit each other and the weights."""
    if isinstance(x, np.ndarray) and x.dtype.kind in "iu":
        x = _arguments.ids("x", x, num_symbols=num_inputs, shape=("T", "B"))
    else:
        x = _arguments.array("x", x, kind="floating", shape=("T", "B", num_inputs))
    if min(x.shape[:2]) < 1:
        raise ValueError(f"x must hold at least one step of one stream, got shape {x.shape}")
    if reset is not None:
        reset = _arguments.array("reset", reset, kind="boolean", shape=x.shape[:2])
    return x, reset


def checked_buffer(
    name: str, value: Any, shape: tuple[int, ...], dtype: np.dtype[Any], *, apart_from: np.ndarray
) -> None:
    """Refuse memory where results of that shape and dtype cannot be written, or spoil an input."""
    value = _arguments.array(name, value, kind="floating", shape=shape)
    if value.dtype != dtype:
        raise ValueError(f"out must hold {dtype} like the weights, got {value.dtype} in {name}")
    if not value.flags.carray:
        raise ValueError(
            f"{name} must be writeable and contiguous, as numpy.empty gives it, got strides "
            f"{value.strides} and writeable={value.flags.writeable}"
        )
    if np.may_share_memory(value, apart_from):
        raise ValueError(
            f"{name} must have memory of its own, got that of an input; another tape, or None, "
            "would work"
        )


def inputs_to_hidden(params: Weights, x: np.ndarray, *, out: np.ndarray) -> None:
    """Write x W_xh + b_h of all steps into `out`; ids look their row up."""
    T, B = x.shape[:2]
    if x.ndim == 2:
        if len(params.W_xh) > T * B:
            np.take(params.W_xh, x, axis=0, out=out, mode="clip")
            out += params.b_h
        else:
            np.take(params.W_xh + params.b_h, x, axis=0, out=out, mode="clip")
    else:
        rows = np.asarray(x, params.W_xh.dtype).reshape(T * B, -1)
        np.dot(rows, params.W_xh, out.reshape(T * B, -1))
        out += params.b_h


def cross_entropy(
    logits: Float[np.ndarray, "T B V"],
    y: Integer[np.ndarray, "T B"],
    *,
    over_time: Literal["mean", "sum"] = "mean",
    weight: Float[np.ndarray, "T B"] | None = None,
) -> tuple[float, Float[np.ndarray, "T B V"]]:
    """Loss in nats and its derivative with respect to the logits.

    Parameters
    ----------
    logits : (T, B, V)
        Unnormalised log-probabilities.
    y : (T, B)
        Targets in 0..V-1.
    over_time : {"mean", "sum"}
        The loss is always the mean over streams. Over time it is the mean or
        the sum; the sum is larger by exactly T, and so is its gradient.
    weight : (T, B), optional
        Weight of each token, at least 0: ones count, zeros are padding. The
        mean is then over the weights: each token's share of the loss is
        ``weight / weight.sum()``, and with the sum over time T times that.

    Returns
    -------
    loss : float
        In nats per token (or per stream, for the sum over time).
    dlogits : (T, B, V)
        dloss/dlogits.

    Raises
    ------
    ValueError
        If shapes differ, a target is out of range, or the weights are negative
        or all zero.

    Examples
    --------
    >>> loss, dlogits = cross_entropy(np.zeros((1, 1, 2)), np.array([[1]]))
    >>> round(loss, 6), dlogits.tolist()
    (0.693147, [[[0.5, -0.5]]])
    """
    logits = _arguments.array("logits", logits, kind="floating", shape=("T", "B", "V"))
    T, B, V = logits.shape
    if min(T, B, V) < 1:
        raise ValueError(f"logits must hold at least one token, got shape {logits.shape}")
    y = _arguments.ids("y", y, num_symbols=V, shape=(T, B))
    _arguments.one_of("over_time", over_time, ("mean", "sum"))
    share = np.full((T, B), 1 / (T * B)) if weight is None else _shares(weight, (T, B))
    if over_time == "sum":
        share = share * T
    d = logits - logits.max(-1, keepdims=True)
    at = (np.arange(T)[:, None], np.arange(B), y)
    picked = d[at]
    np.exp(d, out=d)
    total = d.sum(-1)
    loss = float((share * (np.log(total) - picked)).sum())
    d *= (share / total).astype(d.dtype)[..., None]
    d[at] -= share.astype(d.dtype)
    return loss, d


def _shares(weight: Any, shape: tuple[int, int]) -> np.ndarray:
    given = _arguments.array("weight", weight, kind="number", shape=shape)
    weight = np.asarray(given, float)  # a sum of float16 would overflow
    if not np.isfinite(weight).all() or weight.min() < 0 or weight.max() == 0:
        raise ValueError(
            f"weight must be finite, at least 0 and not all 0, got values in "
            f"{weight.min():g}..{weight.max():g}"
        )
    weight = weight / weight.max()  # nor do large ones then
    return np.asarray(weight / weight.sum())
