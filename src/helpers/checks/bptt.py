"""Checks of the exercises of the chapter on the gradient through time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from helpers import _arguments, measure, rnn
from helpers.checks import Case, Mistake, report, report_function

STEPS = (5, 10, 20, 40, 80, 160)
"""Time steps of the exercise on clipping, each twice the one before."""


def two_steps(attempt: Any) -> None:
    """Say whether ``attempt(w, h0, x1, x2, y)`` is dL/dw of two scalar steps.

    Parameters
    ----------
    attempt : callable
        The states are h1 = tanh(w h0 + x1) and h2 = tanh(w h1 + x2), the loss
        half the square of h2 − y.
    """
    cases = []
    for w, h0, x1, x2, y in ((0.5, 1.0, 0.25, -0.5, 0.3), (-0.8, 0.6, 0.9, 0.2, -0.4)):
        a1 = w * h0 + x1
        h1 = math.tanh(a1)
        a2 = w * h1 + x2
        h2 = math.tanh(a2)
        s1, s2, e = 1 - h1 * h1, 1 - h2 * h2, h2 - y
        right = e * s2 * (h1 + w * s1 * h0)
        cases.append(
            Case(
                (w, h0, x1, x2, y),
                right,
                (
                    Mistake(
                        e * s2 * h1,
                        "this is the second use of w alone; w was used in the first step too, "
                        "and that use changes h1",
                    ),
                    Mistake(
                        e * s2 * w * s1 * h0,
                        "this is the first use of w alone; add the second one, where w "
                        "multiplies h1",
                    ),
                    Mistake(
                        e * s2 * (h1 + s1 * h0),
                        "the way from h2 back to h1 leads through the product w h1: it costs a "
                        "factor w",
                    ),
                    Mistake(
                        e * s2 * (h1 + w * h0),
                        "every tanh that is passed costs its slope, the one of the first step too",
                    ),
                    Mistake(
                        e * (h1 + w * s1 * h0),
                        "the slope of the last tanh is missing: it stands before both parts",
                    ),
                    Mistake(
                        e * (h1 + w * h0),
                        "no slope of the tanh appears: this is the linear network of the text",
                    ),
                    Mistake(
                        e * (1 - a2 * a2) * (h1 + w * (1 - a1 * a1) * h0),
                        "the slope of the tanh is 1 − h², with the value after the tanh, not "
                        "before it",
                    ),
                    Mistake(
                        -right,
                        "the sign is turned: the derivative of the loss with respect to h2 is "
                        "h2 − y",
                    ),
                    Mistake(2 * right, "twice too large: the half in the loss cancels the two"),
                ),
            )
        )
    report_function("two steps", attempt, cases)


def gate(attempt: Any) -> None:
    """Say whether ``attempt(dc, f, c_before)`` sends the gradient back through one gate.

    Parameters
    ----------
    attempt : callable
        Takes dloss/dc, the gate f = sigmoid(a) and the memory before the step,
        each (B, H), where c = f·c_before + (what is written). Returns dloss/da
        and dloss/dc_before.
    """
    rng = np.random.default_rng(7)
    cases = []
    for shape in ((1, 2), (3, 2)):
        dc, before = rng.normal(size=(2, *shape))
        f = 1 / (1 + np.exp(-rng.normal(size=shape)))
        da, back = dc * before * f * (1 - f), dc * f
        cases.append(
            Case(
                (dc, f, before),
                (da, back),
                (
                    Mistake((back, da), "swapped: the gate comes first, then the memory"),
                    Mistake(
                        (dc * before, back),
                        "the first is the derivative with respect to f; one factor more leads "
                        "through the sigmoid to a",
                    ),
                    Mistake(
                        (dc * before * (1 - f * f), back),
                        "1 − f² is the slope of a tanh; a sigmoid has the slope f (1 − f)",
                    ),
                    Mistake(
                        (dc * f * (1 - f), back),
                        "what the gate multiplies is the memory before the step: that is the "
                        "factor of its derivative",
                    ),
                    Mistake(
                        (dc * before * f * (1 - f), dc),
                        "the memory is multiplied by the gate on its way forward, so its "
                        "derivative is on its way back",
                    ),
                    Mistake(
                        (dc * before * f * (1 - f), dc * before),
                        "c depends on the memory before it with the factor f, not with the memory",
                    ),
                    Mistake(
                        (dc * before * f * (1 - f), dc * f * f * (1 - f)),
                        "the memory does not pass through the sigmoid: only the gate's own "
                        "derivative has the factor f (1 − f)",
                    ),
                    Mistake(
                        (da.mean(0), back.mean(0)),
                        "one row for each stream: nothing is averaged before the weights' gradient",
                    ),
                ),
            )
        )
    report_function("gate", attempt, cases)


def shortening(attempt: Any) -> None:
    """Say whether ``attempt(norm_of_mean, T, max_norm)`` is clipping's factor for the sum.

    Parameters
    ----------
    attempt : callable
        Takes the norm of the gradient of the mean over time, T and the norm
        that clipping allows; the loss is summed over time.
    """
    cases = []
    for norm, T, most in ((4.0, 10, 3.0), (0.5, 4, 5.0), (3.0, 1, 1.0), (8.0, 25, 10.0)):
        total = norm * T
        sign = (
            "a gradient that is short enough is left alone: the factor is never above 1"
            if total < most
            else "upside down: the long gradient is divided by its norm and multiplied by max_norm"
        )
        cases.append(
            Case(
                (norm, T, most),
                min(1.0, most / total),
                (
                    Mistake(most / total if total < most else total / most, sign),
                    Mistake(
                        min(1.0, most / norm),
                        "this is the factor for the mean; the sum over time is T times as long",
                    ),
                    Mistake(
                        min(1.0, most / (norm / T)),
                        "the sum over time is T times as long as the mean, not T times shorter",
                    ),
                    Mistake(
                        min(1.0, most / (norm * math.sqrt(T))),
                        "not the root of T: the sum is the mean times T, entry by entry",
                    ),
                    Mistake(
                        min(total, most),
                        "this is the norm after clipping; what is asked is the factor that the "
                        "gradient is multiplied by",
                    ),
                ),
            )
        )
    report_function("shortening", attempt, cases)


def first_clipped(attempt: Any, *, norm_of_mean: float, max_norm: float) -> None:
    """Say whether `attempt` is the first T of `STEPS` at which the sum is clipped.

    Parameters
    ----------
    attempt : int
        The prediction.
    norm_of_mean : float
        Norm of the gradient of the mean over time, taken as the same for all T.
    max_norm : float
        Norm that clipping allows.

    Raises
    ------
    ValueError
        If the sum is clipped at none of them, or a norm is no positive number.
    """
    norm_of_mean = _arguments.number("norm_of_mean", norm_of_mean, above=0)
    max_norm = _arguments.number("max_norm", max_norm, above=0)
    if not STEPS[-1] * norm_of_mean > max_norm:
        raise ValueError(f"max_norm must be below {STEPS[-1] * norm_of_mean:g}, got {max_norm!r}")
    right = next(T for T in STEPS if T * norm_of_mean > max_norm)
    mistakes = [
        Mistake(
            max((T for T in STEPS if right > T), default=0),
            "at this T the sum is still short enough: clipping bites at the next one",
        ),
        Mistake(
            2 * right,
            "half of this is clipped already: the sum grows in proportion to T",
        ),
        Mistake(
            0,
            "the mean would never be clipped; but the loss is summed over time here",
        ),
        Mistake(
            max_norm / norm_of_mean,
            "that is where the line is crossed; asked is the first T of the list beyond it",
        ),
        Mistake(
            next((T for T in STEPS if math.sqrt(T) * norm_of_mean > max_norm), -1),
            "not the root of T: the sum is the mean times T, entry by entry",
        ),
    ]
    report("first clipped", attempt, right, mistakes=mistakes)


def kept(attempt: Any) -> None:
    """Say whether ``attempt(B, T, H, D)`` counts the bytes that the tanh cell keeps.

    Parameters
    ----------
    attempt : callable
        Numbers are float64; each stored number counts once; weights and
        outputs do not count.
    """
    cases = []
    for B, T, H, D in ((1, 10, 32, 8), (4, 35, 16, 3), (2, 1, 5, 5)):
        right = 8 * B * (H * (T + 1) + D * T)
        cases.append(
            Case(
                (B, T, H, D),
                right,
                (
                    Mistake(
                        right - 8 * B * H,
                        "T steps have T + 1 states: the initial one is needed too, for the "
                        "first step's gradient of W_hh",
                    ),
                    Mistake(
                        8 * B * H * (T + 1),
                        "the inputs are kept too: the gradient of W_xh is a product with them",
                    ),
                    Mistake(8 * B * H * T, "the inputs and the initial state are kept too"),
                    Mistake(right / B, "this is one stream: each of the B has states of its own"),
                    Mistake(right / 8, "these are numbers; a float64 takes 8 bytes"),
                    Mistake(right / 2, "a float64 takes 8 bytes, not 4"),
                    Mistake(
                        8 * B * (2 * H * T + D * T),
                        "this is the plain sum over what is saved: it counts a state twice, "
                        "though it lies in memory once",
                    ),
                    Mistake(
                        8 * (H * (T + 1) + D * T + H * H + D * H + H) * B,
                        "weights do not count: they are there anyway, and once for all streams",
                    ),
                    Mistake(
                        8 * B * (H + D) * (T + 1),
                        "T + 1 states, but only T inputs: nothing is read before the first step",
                    ),
                ),
            )
        )
    report_function("kept", attempt, cases, within=1e-6)


def dominant(attempt: Any) -> None:
    """Say whether ``attempt(parts)`` gives the largest lag, and the depth that it needs.

    Parameters
    ----------
    attempt : callable
        Takes a list of gradients, one for each lag from 0, and returns
        (lag, depth).
    """
    cases = []
    for sizes, spike in (
        ((0.5, 0.9, 2.0, 0.3), 1),
        ((1.0, 0.2, 0.1), 0),
        ((0.1, 0.2, 0.3, 1.5), 3),
    ):
        parts = [_part(size, lag, spiked=lag == spike) for lag, size in enumerate(sizes)]
        norms = measure.norm_by_lag(parts)
        right = int(norms.argmax())
        flat = int(np.argmax([np.linalg.norm(p.flat()) for p in parts]))
        entry = int(np.argmax([abs(np.concatenate([p.W_xh.ravel(), p.W_hh.ravel(), p.b_h])).max()
                               for p in parts]))  # fmt: skip
        smallest = int(norms.argmin())
        mistakes = [
            Mistake(
                (right, right),
                "the loss's own cell is depth 1 and lag 0, so depth = lag + 1",
            ),
            Mistake((right + 1, right + 1), "lags are counted from 0: the own cell is lag 0"),
            Mistake((right + 1, right), "swapped: the lag comes first, then the depth"),
            Mistake((right, right + 2), "depth = lag + 1: only the own cell is added"),
            Mistake((smallest, smallest + 1), "this is the smallest part, not the largest"),
            Mistake(
                (flat, flat + 1),
                "the output layer does not look back and stands in lag 0 as a whole: leave it out",
            ),
            Mistake(
                (entry, entry + 1),
                "this is the largest single entry; the size of a part is its Euclidean norm",
            ),
            Mistake(right, "this is the lag: give the depth too, as (lag, depth)"),
        ]
        cases.append(Case((parts,), (right, right + 1), tuple(mistakes)))
    report_function("dominant", attempt, cases)


def _part(size: float, lag: int, *, spiked: bool) -> rnn.Params:
    """A gradient with the given norm, in one entry or spread; lag 0 has the output layer's."""
    matrix = np.full((3, 3), size / 3)
    if spiked:
        matrix = np.zeros((3, 3))
        matrix[1, 2] = size
    return rnn.Params(
        W_xh=np.zeros((2, 3)),
        W_hh=matrix,
        b_h=np.zeros(3),
        W_hy=np.full((3, 2), 0.0 if lag else 9.0),
        b_y=np.zeros(2),
    )
