"""Checks of the exercises of the chapter on truncation."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers.checks import Case, Mistake, report_function


def updates(attempt: Any) -> None:
    """Say whether ``attempt(w, h0, P, k1, k2)`` gives the gradient of each update.

    Parameters
    ----------
    attempt : callable
        Takes the weight w, the initial state, the number of positions and the
        plan; h_t = w·h_{t-1}, and the loss at each position is the state
        itself, so that each update sums derivatives of states with respect to w.
    """
    cases = []
    for w, h0, P, k1, k2 in (
        (0.2, 0.9, 3, 1, 3),
        (0.5, 1.0, 7, 2, 4),
        (0.5, 2.0, 6, 3, 3),
        (0.8, 1.0, 5, 2, 3),
    ):
        cases.append(
            Case(
                (w, h0, P, k1, k2),
                _gradients(w, h0, P, k1, k2),
                (
                    Mistake(
                        [0.9, 0.36, 0.288],
                        "0.288 is 0.108 and 0.18, a gradient that an earlier backward pass left "
                        "behind: each update starts from zero",
                    ),
                    Mistake(
                        np.cumsum(_gradients(w, h0, P, k1, k2)),
                        "earlier losses are in it again: an update starts from zero, as after "
                        "`zero_grad`, and counts its own new losses only",
                    ),
                    Mistake(
                        _gradients(w, h0, P, k1, k1),
                        "the backward pass stops after k1 cells: k1 says when to update, k2 how "
                        "many cells to visit",
                    ),
                    Mistake(
                        _gradients(w, h0, P, k1, k2 + 1),
                        "one cell too many: the loss's own cell is the first of the k2 cells",
                    ),
                    Mistake(
                        _gradients(w, h0, P, k1, k2 - 1),
                        "one cell too few: the loss's own cell is the first of the k2 cells",
                    ),
                    Mistake(
                        _gradients(w, h0, P, k1, 2 * P),
                        "nothing is cut: the backward pass must stop after k2 cells",
                    ),
                    Mistake(
                        _gradients(w, h0, P, k1, k2, every_loss=True),
                        "losses are counted twice: the backward pass visits k2 cells, but only "
                        "the last k1 positions are new",
                    ),
                    Mistake(
                        _gradients(w, h0, P, k1, k2, last_only=True),
                        "only the last loss of each update is there: all k1 of them belong to it",
                    ),
                    Mistake(
                        _sliding(w, h0, P, k1, k2),
                        "each loss has its own k2 cells here; in one backward pass all losses of "
                        "an update share one cut, so the earlier ones visit fewer cells",
                    ),
                    Mistake(
                        _gradients(w, h0, P // k1 * k1, k1, k2),
                        "the last, shorter update is missing: its losses count too",
                    ),
                    Mistake(
                        _gradients(w, h0, P, k1, k2, from_stop=True),
                        "the last update is shorter: its backward pass begins k2 − k1 cells "
                        "before its first loss, as every other one does",
                    ),
                    Mistake(
                        _gradients(w, h0, P, k1, k2, reset=True),
                        "the state is reset where the backward pass begins: its value is "
                        "carried, only its gradient is cut",
                    ),
                ),
            )
        )
    report_function("updates", attempt, cases)


def starts(attempt: Any) -> None:
    """Say whether ``attempt(P, T, offset)`` gives the first positions of all windows.

    Parameters
    ----------
    attempt : callable
        Takes the number of positions, the time steps and the length of the
        first window, 1 to T.
    """
    cases = []
    for P, T, offset in ((10, 4, 2), (12, 3, 3), (9, 5, 1), (7, 3, 1)):
        right = [0, *range(offset, P, T)]
        short = [0, *range(offset, P - T + 1, T)]
        cases.append(
            Case(
                (P, T, offset),
                right,
                (
                    Mistake(
                        list(range(0, P, T)),
                        "the cuts still stand at the multiples of T: the first window must be "
                        "`offset` steps long",
                    ),
                    Mistake(
                        right[1:],
                        "the first positions are never read: a window starts at 0 too",
                    ),
                    Mistake(
                        [0, *range(offset + T, P, T)],
                        "the first window is T + offset steps long: no window may exceed T",
                    ),
                    Mistake(
                        [*right, P],
                        "nothing starts at position P, it is beyond the last one",
                    ),
                    Mistake(
                        short,
                        "the last window is missing: it may be short, but its losses count",
                    ),
                    Mistake(
                        right[:-1],
                        "the last window is missing: it may be short, but its losses count",
                    ),
                    Mistake(
                        [start + 1 for start in right],
                        "positions are counted from 0, not from 1",
                    ),
                ),
            )
        )
    report_function("starts", attempt, cases)


def one_step(attempt: Any) -> None:
    """Say whether ``attempt(before, after, dh)`` is the gradient of W_hh with T = 1.

    Parameters
    ----------
    attempt : callable
        Takes the carried state (B, H), the state after the one step (B, H) and
        the derivative of the loss with respect to the latter (B, H).
    """
    cases = []
    draw = np.random.default_rng(7)
    for B, H in ((2, 3), (3, 2), (1, 4)):
        before, after = np.tanh(draw.normal(size=(2, B, H)))
        dh = draw.normal(size=(B, H))
        da = dh * (1 - after**2)
        right = before.T @ da
        cases.append(
            Case(
                (before, after, dh),
                right,
                (
                    Mistake(
                        np.zeros((H, H)),
                        "not zero: no derivative travels back, but the carried state is a number "
                        "that W_hh multiplies in this very cell",
                    ),
                    Mistake(
                        before.T @ dh,
                        "the slope of tanh is missing: da = dh · (1 − after²)",
                    ),
                    Mistake(
                        before.T @ (dh * (1 - before**2)),
                        "the slope of tanh belongs to the state that this cell made, not to the "
                        "one it was given",
                    ),
                    Mistake(
                        after.T @ da,
                        "W_hh multiplies the state that enters the cell: `before`, not `after`",
                    ),
                    Mistake(
                        right.T,
                        "turned on its side: rows belong to the state that enters, columns to "
                        "the one that leaves",
                    ),
                    Mistake(
                        right / B,
                        "divided by B once more: dh holds each stream's share of the mean already",
                    ),
                ),
            )
        )
    report_function("one_step", attempt, cases)


def kept(attempt: Any) -> None:
    """Say whether ``attempt(k1, k2, D)`` is the share of the learning signal that a plan keeps.

    Parameters
    ----------
    attempt : callable
        Takes the plan and the distance, in the scalar model, far from the
        start of the stream.
    """
    cases = []
    for k1, k2, D in ((5, 6, 10), (8, 16, 10), (10, 10, 10), (1, 4, 8), (20, 20, 5)):
        depth = np.arange(k2 - k1 + 1, k2 + 1)
        nothing_or_all = "not all or nothing: a backward pass of depth K < D keeps K/D"
        cases.append(
            Case(
                (k1, k2, D),
                float(np.minimum(depth, D).mean() / D),
                (
                    Mistake(
                        float(depth.mean() / D),
                        "more than all of the signal cannot be kept: a depth beyond D adds nothing",
                    ),
                    Mistake(
                        float(min(depth.mean(), D) / D),
                        "cap each depth at D first, then average: a deep loss does not make up "
                        "for a shallow one",
                    ),
                    Mistake(
                        min(k2, D) / D,
                        "this is the deepest loss alone: the losses of an update have the depths "
                        "k2 − k1 + 1 to k2",
                    ),
                    Mistake(0.0, nothing_or_all),
                    Mistake(1.0, nothing_or_all),
                    Mistake(
                        float(np.minimum(depth - 1, D).mean() / D),
                        "these are lags: depth counts the loss's own cell, so it is one more",
                    ),
                    Mistake(
                        float(np.minimum(np.arange(1, k2 + 1), D).mean() / D),
                        "these are windows of k2: with k1 < k2 the shallowest loss still visits "
                        "k2 − k1 + 1 cells",
                    ),
                ),
            )
        )
    report_function("kept", attempt, cases)


def _gradients(
    w: float,
    h0: float,
    P: int,
    k1: int,
    k2: int,
    *,
    every_loss: bool = False,
    last_only: bool = False,
    reset: bool = False,
    from_stop: bool = False,
) -> list[float]:
    h = h0 * w ** np.arange(P + 1)
    found = []
    for begin in range(0, P, k1):
        stop = min(begin + k1, P)
        first = max(0, (stop if from_stop else begin + k1) - k2)
        before, dh, total = (0.0 if reset and first else h[first]), 0.0, 0.0
        for t in range(first, stop):
            dh = before + w * dh
            before = w * before
            if (t >= begin or every_loss) and (t == stop - 1 or not last_only):
                total += dh
        found.append(total)
    return found


def _sliding(w: float, h0: float, P: int, k1: int, k2: int) -> list[float]:
    each = _gradients(w, h0, P, 1, k2)
    return [sum(each[i : i + k1]) for i in range(0, P, k1)]
