"""Exercises of the chapter on the gradient through time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import sqrt, tanh
from typing import Any

import numpy as np

from helpers import cells
from helpers.tools.exercise import exercise

STEPS = (5, 10, 20, 40, 80, 160)
"""Time steps of the exercise on clipping, each twice the one before."""


@exercise((0.5, 1.0, 0.25, -0.5, 0.3), (-0.8, 0.6, 0.9, 0.2, -0.4), name="two steps")
def two_steps(w: float, h0: float, x1: float, x2: float, y: float) -> float:
    """dL/dw for h1 = tanh(w h0 + x1), h2 = tanh(w h1 + x2), and L half the square of h2 − y."""
    h1 = tanh(w * h0 + x1)
    h2 = tanh(w * h1 + x2)
    da2 = (h2 - y) * (1 - h2**2)
    da1 = da2 * w * (1 - h1**2)
    return da2 * h1 + da1 * h0

def _with(**slips: float) -> Callable[..., float]:
    """The derivative with other values for some of its factors."""

    def slope(w: float, h0: float, x1: float, x2: float, y: float) -> float:
        h1 = tanh(w * h0 + x1)
        h2 = tanh(w * h1 + x2)
        f = {"e": h2 - y, "s2": 1 - h2**2, "h1": h1, "w": w, "s1": 1 - h1**2, "h0": h0} | slips
        return f["e"] * f["s2"] * (f["h1"] + f["w"] * f["s1"] * f["h0"])

    return slope

def _slope_before_tanh(w: float, h0: float, x1: float, x2: float, y: float) -> float:
    a1 = w * h0 + x1
    a2 = w * tanh(a1) + x2
    return (tanh(a2) - y) * (1 - a2**2) * (tanh(a1) + w * (1 - a1**2) * h0)

two_steps.wrong = {
    "this is the second use of w alone; w was used in the first step too, and that use changes h1":
        _with(h0=0),
    "this is the first use of w alone; add the second one, where w multiplies h1": _with(h1=0),
    "the way from h2 back to h1 leads through the product w h1: it costs a factor w": _with(w=1),
    "every tanh that is passed costs its slope, the one of the first step too": _with(s1=1),
    "the slope of the last tanh is missing: it stands before both parts": _with(s2=1),
    "no slope of the tanh appears: this is the linear network of the text": _with(s1=1, s2=1),
    "the slope of the tanh is 1 − h², with the value after the tanh, not before it":
        _slope_before_tanh,
    "the sign is turned: the derivative of the loss with respect to h2 is h2 − y":
        two_steps.but(lambda dw: -dw),
    "twice too large: the half in the loss cancels the two": two_steps.but(lambda dw: 2 * dw),
}


def _gates() -> Iterator[tuple[np.ndarray, ...]]:
    rng = np.random.default_rng(7)
    for shape in ((1, 2), (3, 2)):
        dc, before = rng.normal(size=(2, *shape))
        yield dc, 1 / (1 + np.exp(-rng.normal(size=shape))), before

@exercise(*_gates())
def gate(dc: np.ndarray, f: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, ...]:
    """dloss/da and dloss/dc, all (B, H): the next memory is f·c + ..., the gate f = sigmoid(a)."""
    return dc * c * f * (1 - f), dc * f

gate.wrong = {
    "swapped: the gate comes first, then the memory": gate.but(lambda both: both[::-1]),
    "the first is the derivative with respect to f; one factor more leads through the sigmoid to a":
        lambda dc, f, c: (dc * c, dc * f),
    "1 − f² is the slope of a tanh; a sigmoid has the slope f (1 − f)":
        lambda dc, f, c: (dc * c * (1 - f * f), dc * f),
    "what the gate multiplies is the memory before the step: that is the factor of its derivative":
        lambda dc, f, c: (dc * f * (1 - f), dc * f),
    "the memory is multiplied by the gate on its way forward, so its derivative is on its way back":
        lambda dc, f, c: (dc * c * f * (1 - f), dc),
    "c depends on the memory before it with the factor f, not with the memory":
        lambda dc, f, c: (dc * c * f * (1 - f), dc * c),
    "the memory does not pass through the sigmoid: only the gate's own derivative has the factor "
    "f (1 − f)": lambda dc, f, c: (dc * c * f * (1 - f), dc * f * f * (1 - f)),
    "one row for each stream: nothing is averaged before the weights' gradient":
        gate.but(lambda both: [each.mean(0) for each in both]),
}


@exercise((4.0, 10, 3.0), (0.5, 4, 5.0), (3.0, 1, 1.0), (8.0, 25, 10.0))
def shortening(norm_of_mean: float, T: int, max_norm: float) -> float:
    """Clipping's factor for the sum over time, from the norm of the gradient of the mean."""
    return min(1.0, max_norm / (T * norm_of_mean))

shortening.wrong = {
    "a gradient that is short enough is left alone: the factor is never above 1":
        lambda norm, T, most: most / (T * norm),
    "upside down: the long gradient is divided by its norm and multiplied by max_norm":
        lambda norm, T, most: max(T * norm / most, most / (T * norm)),
    "this is the factor for the mean; the sum over time is T times as long":
        lambda norm, T, most: min(1.0, most / norm),
    "the sum over time is T times as long as the mean, not T times shorter":
        lambda norm, T, most: min(1.0, most / (norm / T)),
    "not the root of T: the sum is the mean times T, entry by entry":
        lambda norm, T, most: min(1.0, most / (norm * sqrt(T))),
    "this is the norm after clipping; what is asked is the factor that the gradient is multiplied "
    "by": lambda norm, T, most: min(T * norm, most),
}


@exercise((0.77, 9), name="first clipped", function=False)
def first_beyond(norm_of_mean: float, max_norm: float) -> int:
    """The first T of `STEPS` at which the gradient of the sum is longer than `max_norm`."""
    return next(T for T in STEPS if T * norm_of_mean > max_norm)

first_beyond.wrong = {
    "at this T the sum is still short enough: clipping bites at the next one":
        lambda norm, most: max((T for T in STEPS if T * norm <= most), default=0),
    "half of this is clipped already: the sum grows in proportion to T":
        first_beyond.but(lambda T: 2 * T),
    "the mean would never be clipped; but the loss is summed over time here": 0,
    "that is where the line is crossed; asked is the first T of the list beyond it":
        lambda norm, most: most / norm,
    "not the root of T: the sum is the mean times T, entry by entry":
        lambda norm, most: next((T for T in STEPS if sqrt(T) * norm > most), -1),
}

def first_clipped(attempt: object, *, norm_of_mean: float, max_norm: float) -> None:
    """Say whether the predicted T is `first_beyond` of these norms."""
    replace(first_beyond, inputs=((norm_of_mean, max_norm),))(attempt)


@exercise((1, 10, 32, 8), (4, 35, 16, 3), (2, 1, 5, 5), within=1e-6)
def kept(B: int, T: int, H: int, D: int) -> int:
    """Bytes that the tanh cell keeps: float64, each number once, no weights and no outputs."""
    return 8 * B * (H * (T + 1) + D * T)

kept.wrong = {
    "T steps have T + 1 states: the initial one is needed too, for the first step's gradient of "
    "W_hh": lambda B, T, H, D: 8 * B * (H + D) * T,
    "the inputs are kept too: the gradient of W_xh is a product with them":
        lambda B, T, H, D: 8 * B * H * (T + 1),
    "the inputs and the initial state are kept too": lambda B, T, H, D: 8 * B * H * T,
    "this is one stream: each of the B has states of its own":
        lambda B, T, H, D: kept.right(1, T, H, D),
    "these are numbers; a float64 takes 8 bytes": kept.but(lambda n: n / 8),
    "a float64 takes 8 bytes, not 4": kept.but(lambda n: n / 2),
    "this is the plain sum over what is saved: it counts a state twice, though it lies in memory "
    "once": lambda B, T, H, D: 8 * B * (2 * H * T + D * T),
    "weights do not count: they are there anyway, and once for all streams":
        lambda B, T, H, D: kept.right(B, T, H, D) + 8 * B * (H * H + D * H + H),
    "T + 1 states, but only T inputs: nothing is read before the first step":
        lambda B, T, H, D: 8 * B * (H + D) * (T + 1),
}


def _parts(sizes: Sequence[float], *, spiked: int) -> list[cells.Params]:
    """A gradient of each norm, in one entry or spread; that of lag 0 has the output layer's."""
    found = []
    for lag, size in enumerate(sizes):
        W_hh = np.full((3, 3), size / 3)
        if lag == spiked:
            W_hh = np.zeros((3, 3))
            W_hh[1, 2] = size
        W_hy = np.full((3, 2), 0.0 if lag else 9.0)
        weights = np.zeros((2, 3)), W_hh, np.zeros(3), W_hy, np.zeros(2)
        found.append(cells.Params(cells.RNN, *weights))
    return found

def _longest(parts: list[cells.Params], size: Callable[[cells.Params], Any]) -> tuple[int, int]:
    lag = max(range(len(parts)), key=lambda lag: size(parts[lag]))
    return lag, lag + 1

def _recurrent(part: cells.Params) -> np.ndarray:
    return np.concatenate([part.W_xh.ravel(), part.W_hh.ravel(), part.b_h])

def _norm(part: cells.Params) -> Any:
    return np.linalg.norm(_recurrent(part))

@exercise((_parts((0.5, 0.9, 2.0, 0.3), spiked=1),), (_parts((1.0, 0.2, 0.1), spiked=0),),
    (_parts((0.1, 0.2, 0.3, 1.5), spiked=3),))
def dominant(parts: list[cells.Params]) -> tuple[int, int]:
    """The lag whose gradient is the longest, and the depth that it needs."""
    return _longest(parts, _norm)

def _shifted(lag: int, depth: int) -> Callable[..., tuple[int, int]]:
    return dominant.but(lambda both: (both[0] + lag, both[1] + depth))

dominant.wrong = {
    "the loss's own cell is depth 1 and lag 0, so depth = lag + 1": _shifted(0, -1),
    "lags are counted from 0: the own cell is lag 0": _shifted(1, 0),
    "swapped: the lag comes first, then the depth": _shifted(1, -1),
    "depth = lag + 1: only the own cell is added": _shifted(0, 1),
    "this is the smallest part, not the largest":
        lambda parts: _longest(parts, lambda part: -_norm(part)),
    "the output layer does not look back and stands in lag 0 as a whole: leave it out":
        lambda parts: _longest(parts, lambda part: np.linalg.norm(part.flat())),
    "this is the largest single entry; the size of a part is its Euclidean norm":
        lambda parts: _longest(parts, lambda part: abs(_recurrent(part)).max()),
    "this is the lag: give the depth too, as (lag, depth)": dominant.but(lambda both: both[0]),
}


TEACHERS = {
    "ex-bptt-two-steps": ("one weight used twice: a gradient has a share from each use.", """
def last_step_only(w, h0, x1, x2, y):
    h1 = np.tanh(w * h0 + x1)
    h2 = np.tanh(w * h1 + x2)
    return (h2 - y) * (1 - h2**2) * h1


exercises.two_steps(last_step_only)
"""),
    "ex-bptt-gate": ("the derivative of a product, and that a gate is computed, not given.",
        "exercises.gate(lambda dc, f, c_before: (dc * c_before, dc * f))"),
    "ex-bptt-clip": ("sum against mean over time, and what it does to clipping.", """
exercises.shortening(lambda norm_of_mean, T, max_norm: max_norm / (T * norm_of_mean))
exercises.first_clipped(10, norm_of_mean=0.77, max_norm=9)
"""),
    "ex-bptt-bytes": ("what a window keeps in memory, each number counted once.",
        "exercises.kept(lambda B, T, H, D: 8 * B * T * (H + D))"),
    "ex-bptt-dominant": ("lag against depth, and that the output layer does not look back.", """
def by_norm(parts):
    lag = int(np.argmax([np.linalg.norm(part.flat()) for part in parts]))
    return lag, lag + 1


exercises.dominant(by_norm)
"""),
}
