"""The training loop in sight: layout, forward, loss, backward, clip, update, record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from helpers import _arguments, bptt, rnn, truncation
from helpers.layout import Window
from helpers.truncation import Edge


@dataclass(frozen=True)
class Record:
    """What one update tells."""

    update: int
    """Counted from 1."""

    tokens: int
    """Targets seen so far, this update's included."""

    loss: float
    """Of this update's window before the update, in nats per token."""

    grad_norm: float
    """Euclidean, before clipping."""

    params: Any
    """The weights after the update."""


@dataclass(frozen=True)
class Moments:
    """Running means of the gradient and of its square: the state of `adam`."""

    updates: int
    mean: Any
    square: Any


def clip(grads: Any, max_norm: float) -> tuple[Any, float]:
    """Shorten the gradient to `max_norm` where it is longer; its direction stays.

    Parameters
    ----------
    grads : Params
        Of any cell.
    max_norm : float
        Greater than 0.

    Returns
    -------
    grads : Params
        The same object where nothing had to be shortened.
    norm : float
        The Euclidean norm before clipping.

    Raises
    ------
    ValueError
        If `max_norm` is not positive, or `grads` is of no cell.

    Notes
    -----
    After :cite:t:`pascanu2013`.
    """
    max_norm = _arguments.number("max_norm", max_norm, above=0)
    flat = rnn.checked_weights("grads", grads).flat()
    with np.errstate(over="ignore"):
        norm = float(np.linalg.norm(flat))
    if norm == np.inf and np.isfinite(flat).all():  # only the squares are too large
        largest = float(np.abs(flat).max())
        part = float(np.linalg.norm(flat / largest))
        shorter = grads.map(lambda g: g / largest * (max_norm / part))
        return (shorter if largest * part > max_norm else grads), largest * part
    return (grads.map(lambda g: g * (max_norm / norm)) if norm > max_norm else grads), norm


def sgd(params: Any, grads: Any, learning_rate: float) -> Any:
    """One step against the gradient.

    Raises
    ------
    ValueError
        If `learning_rate` is negative, `params` is of no cell, or `grads` does not fit it.
    """
    rnn.checked_like("grads", grads, rnn.checked_weights("params", params))
    rate = _arguments.number("learning_rate", learning_rate, least=0)
    return params.map(lambda p, g: p - rate * g, grads)


def adam(
    params: Any,
    grads: Any,
    state: Moments | None,
    learning_rate: float,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Any, Moments]:
    """One step of Adam :cite:p:`kingma2015`.

    Parameters
    ----------
    params, grads : Params
        Of any cell.
    state : Moments, optional
        What the step before returned; None at the first.
    learning_rate : float
        At least 0.
    beta1, beta2 : float
        Decay of the running means, in [0, 1).
    eps : float
        Added to the root of the mean square, greater than 0.

    Returns
    -------
    params : Params
        After the step.
    state : Moments
        For the next step.

    Raises
    ------
    ValueError
        If a number is out of range, `params` is of no cell, or `grads` or `state` does not
        fit it.
    """
    rnn.checked_like("grads", grads, rnn.checked_weights("params", params))
    rate = _arguments.number("learning_rate", learning_rate, least=0)
    b1 = _arguments.number("beta1", beta1, least=0, below=1)
    b2 = _arguments.number("beta2", beta2, least=0, below=1)
    eps = _arguments.number("eps", eps, above=0)
    zeros = params.map(np.zeros_like)
    old = (
        Moments(0, zeros, zeros) if state is None else _arguments.instance("state", state, Moments)
    )
    _arguments.whole("state.updates", old.updates, least=0)
    rnn.checked_like("state.mean", old.mean, params)
    rnn.checked_like("state.square", old.square, params)
    n = old.updates + 1
    mean = old.mean.map(lambda m, g: b1 * m + (1 - b1) * g, grads)
    square = old.square.map(lambda s, g: b2 * s + (1 - b2) * g * g, grads)

    def step(p: np.ndarray, m: np.ndarray, s: np.ndarray) -> np.ndarray:
        return p - rate * (m / (1 - b1**n)) / (np.sqrt(s / (1 - b2**n)) + eps)

    return params.map(step, mean, square), Moments(n, mean, square)


def fit(
    params: Any,
    windows: Iterable[Window],
    edge: Edge,
    *,
    cell: ModuleType = rnn,
    optimiser: str = "sgd",
    learning_rate: float | Callable[[int], float],
    max_norm: float | None = 1.0,
) -> Iterator[Record]:
    """Train, one update a window; yields after each, so the caller decides when to stop.

    Parameters
    ----------
    params : Params
        Initial weights of `cell`; they are not changed.
    windows : iterable of Window
        From ``layout``. The state starts anew at each fresh one.
    edge : Edge
        What happens to the state's value between windows.
    cell : module
        ``rnn``, ``lstm`` or ``gru``.
    optimiser : {"sgd", "adam"}
        Adam with its usual constants.
    learning_rate : float or callable
        A number, or a function of the update, counted from 1.
    max_norm : float, optional
        Gradients longer than this are shortened to it; None leaves them.

    Yields
    ------
    Record
        One an update.

    Raises
    ------
    ValueError
        If an argument is out of range, there is no window, or one does not fit the weights or,
        where the state is carried, the window before it.

    Notes
    -----
    The loss is the mean over a window's tokens. A window with fewer tokens than
    the first counts for fewer: its gradient is scaled by the ratio, so every
    token of an epoch weighs the same.
    """
    rnn.checked_weights("params", params)
    windows = _checked(windows, edge)
    bptt.of(cell)
    _arguments.one_of("optimiser", optimiser, ("sgd", "adam"))
    if not callable(learning_rate):
        _arguments.number("learning_rate", learning_rate, least=0)
    if max_norm is not None:
        _arguments.number("max_norm", max_norm, above=0)
    return _updates(params, windows, edge, cell, optimiser, learning_rate, max_norm)


def _updates(
    params: Any,
    windows: Iterable[Window],
    edge: Edge,
    cell: ModuleType,
    optimiser: str,
    learning_rate: float | Callable[[int], float],
    max_norm: float | None,
) -> Iterator[Record]:
    backward = bptt.of(cell).backward
    state, moments, tokens, full = None, None, 0, None
    tape, buffer = None, None
    for update, window in enumerate(windows, start=1):
        if window.fresh:
            state = None
        if tape is None or tape.x.shape[:2] != window.x.shape:
            tape, buffer = None, None
        tape = cell.forward(params, window.x, state, out=tape)
        loss, dlogits = rnn.cross_entropy(tape.logits, window.y)
        full = full or window.x.size
        if window.x.size != full:
            dlogits *= window.x.size / full
        buffer = backward(params, tape, dlogits, out=buffer)
        grads, norm = clip(buffer[0], np.finfo(float).max if max_norm is None else max_norm)
        rate = learning_rate(update) if callable(learning_rate) else learning_rate
        if optimiser == "sgd":
            params = sgd(params, grads, rate)
        else:
            params, moments = adam(params, grads, moments, rate)
        state = truncation.next_state(edge, tape)
        tokens += window.x.size
        yield Record(update, tokens, loss, norm, params)


def evaluate(
    params: Any, windows: Iterable[Window], edge: Edge, *, cell: ModuleType = rnn
) -> float:
    """Mean loss with frozen weights, every token weighing the same.

    Parameters
    ----------
    params : Params
        Weights of `cell`.
    windows : iterable of Window
        Of held-out text.
    edge : Edge
        Whether the state is carried between windows; training and evaluation
        should agree.
    cell : module
        ``rnn``, ``lstm`` or ``gru``.

    Returns
    -------
    float
        In nats per token.

    Raises
    ------
    ValueError
        If there is no window, or one does not fit the weights or, where the state is carried,
        the window before it.
    """
    bptt.of(cell)
    state, total, tokens = None, 0.0, 0
    for window in _checked(windows, edge):
        tape = cell.forward(params, window.x, None if window.fresh else state)
        total += rnn.cross_entropy(tape.logits, window.y)[0] * window.x.size
        tokens += window.x.size
        state = truncation.next_state(edge, tape)
    return total / tokens


def _checked(windows: Any, edge: Any) -> Iterator[Window]:
    truncation.checked_edge(edge)
    try:
        each = iter(windows)
    except TypeError:
        raise ValueError(
            "windows must be an iterable of layout.Window, as layout.windows gives it, got "
            f"{type(windows).__name__}"
        ) from None
    return _walk(each, edge)


def _walk(windows: Iterator[Any], edge: Edge) -> Iterator[Window]:
    """The windows as they are, if there are any and the state can be carried through them."""
    streams = None
    for window in windows:
        if not isinstance(window, Window):
            raise ValueError(f"windows must hold layout.Window, got {_arguments.short(window)}")
        B = _arguments.array("window.x", window.x, kind="integer", shape=("T", "B")).shape[1]
        fresh = _arguments.flag("window.fresh", window.fresh) or edge is Edge.RESET
        if not fresh and streams not in (None, B):
            raise ValueError(
                f"windows must keep their {streams} streams while the state is carried, got a "
                f"window of {B} that is not fresh; Edge.RESET, or a fresh window, would work"
            )
        streams = B
        yield window
    if streams is None:
        raise ValueError(
            "windows must hold at least one window, got none; a generator gives its windows only "
            "once, so it must be made anew for every epoch"
        )
