"""Exercises of the chapter on truncation."""

from collections.abc import Iterator
from itertools import accumulate

import numpy as np

from helpers.tools.exercise import exercise


def _gradients(
    w: float, h0: float, P: int, k1: int, k2: int, *, every_loss: bool = False,
    last_only: bool = False, reset: bool = False, from_stop: bool = False,
) -> list[float]:
    """Of each update, with the slips that wrong answers make."""
    found = []
    for begin in range(0, P, k1):
        stop = min(begin + k1, P)
        first = max(0, (stop if from_stop else begin + k1) - k2)
        before, dh, total = (0.0 if reset and first else h0 * w**first), 0.0, 0.0
        for t in range(first, stop):
            dh = before + w * dh
            before = w * before
            if (t >= begin or every_loss) and (t == stop - 1 or not last_only):
                total += dh
        found.append(total)
    return found

@exercise((0.2, 0.9, 3, 1, 3), (0.5, 1.0, 7, 2, 4), (0.5, 2.0, 6, 3, 3), (0.8, 1.0, 5, 2, 3))
def updates(w: float, h0: float, P: int, k1: int, k2: int) -> list[float]:
    """The gradient of each update, where h_t = w·h_{t-1} and each position's loss is its state."""
    return _gradients(w, h0, P, k1, k2)

updates.wrong = {
    "0.288 is 0.108 and 0.18, a gradient that an earlier backward pass left behind: each update "
    "starts from zero": (0.9, 0.36, 0.288),
    "earlier losses are in it again: an update starts from zero, as after `zero_grad`, and counts "
    "its own new losses only": updates.but(lambda each: [*accumulate(each)]),
    "the backward pass stops after k1 cells: k1 says when to update, k2 how many cells to visit":
        lambda w, h0, P, k1, k2: _gradients(w, h0, P, k1, k1),
    "one cell too many: the loss's own cell is the first of the k2 cells":
        lambda w, h0, P, k1, k2: _gradients(w, h0, P, k1, k2 + 1),
    "one cell too few: the loss's own cell is the first of the k2 cells":
        lambda w, h0, P, k1, k2: _gradients(w, h0, P, k1, k2 - 1),
    "nothing is cut: the backward pass must stop after k2 cells":
        lambda w, h0, P, k1, k2: _gradients(w, h0, P, k1, 2 * P),
    "losses are counted twice: the backward pass visits k2 cells, but only the last k1 positions "
    "are new": lambda *plan: _gradients(*plan, every_loss=True),
    "only the last loss of each update is there: all k1 of them belong to it":
        lambda *plan: _gradients(*plan, last_only=True),
    "each loss has its own k2 cells here; in one backward pass all losses of an update share one "
    "cut, so the earlier ones visit fewer cells":
        lambda w, h0, P, k1, k2: [
            sum(_gradients(w, h0, P, 1, k2)[begin : begin + k1]) for begin in range(0, P, k1)],
    "the last, shorter update is missing: its losses count too":
        lambda w, h0, P, k1, k2: _gradients(w, h0, P // k1 * k1, k1, k2),
    "the last update is shorter: its backward pass begins k2 − k1 cells before its first loss, as "
    "every other one does": lambda *plan: _gradients(*plan, from_stop=True),
    "the state is reset where the backward pass begins: its value is carried, only its gradient "
    "is cut": lambda *plan: _gradients(*plan, reset=True),
}


@exercise((10, 4, 2), (12, 3, 3), (9, 5, 1), (7, 3, 1))
def starts(P: int, T: int, offset: int) -> list[int]:
    """The first positions of all windows, if the first window is `offset` steps long, 1 to T."""
    return [0, *range(offset, P, T)]

starts.wrong = {
    "the cuts still stand at the multiples of T: the first window must be `offset` steps long":
        lambda P, T, offset: [*range(0, P, T)],
    "the first positions are never read: a window starts at 0 too":
        lambda P, T, offset: [*range(offset, P, T)],
    "the first window is T + offset steps long: no window may exceed T":
        lambda P, T, offset: [0, *range(offset + T, P, T)],
    "nothing starts at position P, it is beyond the last one":
        lambda P, T, offset: [0, *range(offset, P, T), P],
    "the last window is missing: it may be short, but its losses count": [
        lambda P, T, offset: [0, *range(offset, P - T + 1, T)],
        starts.but(lambda at: at[:-1])],
    "positions are counted from 0, not from 1":
        lambda P, T, offset: [1, *range(offset + 1, P + 1, T)],
}


def _steps() -> Iterator[tuple[np.ndarray, ...]]:
    draw = np.random.default_rng(7)
    for B, H in ((2, 3), (3, 2), (1, 4)):
        before, after = np.tanh(draw.normal(size=(2, B, H)))
        yield before, after, draw.normal(size=(B, H))

@exercise(*_steps())
def one_step(before: np.ndarray, after: np.ndarray, dh: np.ndarray) -> np.ndarray:
    """The gradient of W_hh with T = 1, from the states (B, H) and the derivative of the latter."""
    return np.asarray(before.T @ (dh * (1 - after**2)))

one_step.wrong = {
    "not zero: no derivative travels back, but the carried state is a number that W_hh multiplies "
    "in this very cell": lambda before, after, dh: 0 * before.T @ before,
    "the slope of tanh is missing: da = dh · (1 − after²)": lambda before, after, dh: before.T @ dh,
    "the slope of tanh belongs to the state that this cell made, not to the one it was given":
        lambda before, _, dh: before.T @ (dh * (1 - before**2)),
    "W_hh multiplies the state that enters the cell: `before`, not `after`":
        lambda _, after, dh: after.T @ (dh * (1 - after**2)),
    "turned on its side: rows belong to the state that enters, columns to the one that leaves":
        one_step.but(lambda dW: dW.T),
    "divided by B once more: dh holds each stream's share of the mean already":
        lambda *given: one_step.right(*given) / len(given[0]),
}


def _mean_kept(depths: range, D: int) -> float:
    return sum(min(depth, D) for depth in depths) / len(depths) / D

@exercise((5, 6, 10), (8, 16, 10), (10, 10, 10), (1, 4, 8), (20, 20, 5))
def kept(k1: int, k2: int, D: int) -> float:
    """The share of the learning signal from D steps back that a plan keeps, far from the start."""
    return _mean_kept(range(k2 - k1 + 1, k2 + 1), D)

kept.wrong = {
    "more than all of the signal cannot be kept: a depth beyond D adds nothing":
        lambda k1, k2, D: (2 * k2 - k1 + 1) / 2 / D,
    "cap each depth at D first, then average: a deep loss does not make up for a shallow one":
        lambda k1, k2, D: min((2 * k2 - k1 + 1) / 2, D) / D,
    "this is the deepest loss alone: the losses of an update have the depths k2 − k1 + 1 to k2":
        lambda k1, k2, D: min(k2, D) / D,
    "not all or nothing: a backward pass of depth K < D keeps K/D": [0.0, 1.0],
    "these are lags: depth counts the loss's own cell, so it is one more":
        lambda k1, k2, D: _mean_kept(range(k2 - k1, k2), D),
    "these are windows of k2: with k1 < k2 the shallowest loss still visits k2 − k1 + 1 cells":
        lambda k1, k2, D: _mean_kept(range(1, k2 + 1), D),
}


TEACHERS = {
    "ex-truncation-updates": (
        "TBPTT(k1, k2) on one number, by hand: where a backward pass begins.", """
def nothing_cut(w, h0, P, k1, k2):
    slopes = [h0 * (t + 1) * w**t for t in range(P)]
    return [sum(slopes[s : s + k1]) for s in range(0, P, k1)]


exercises.updates(nothing_cut)
"""),
    "ex-truncation-offset": ("cuts that fall at other places in each epoch, and no token lost.",
        "exercises.starts(lambda P, T, offset: [*range(offset, P, T)])"),
    "ex-truncation-one-step": (
        "why a network can learn with one step at all: the carried state is an input.",
        "exercises.one_step(lambda before, after, dh: np.zeros((before.shape[1],) * 2))"),
    "ex-truncation-kept": ("how much of a signal a plan keeps, when depth is spread.",
        "exercises.kept(lambda k1, k2, D: min(k2, D) / D)"),
}
