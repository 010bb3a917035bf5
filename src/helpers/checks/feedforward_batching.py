"""Checks of the exercises of the chapter on the batch axis alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from helpers.checks import Case, Mistake, report_function


def combine(attempt: Any) -> None:
    """Say whether ``attempt(means, sizes)`` gives the gradient of the whole minibatch.

    Parameters
    ----------
    attempt : callable
        Takes the gradients of micro-batches (k, P) and their sizes (k,).
    """
    pieces = [
        (np.array([[1.0, 2.0], [5.0, -2.0], [2.0, 8.0]]), np.array([4, 1, 3])),
        (np.array([[1.0, 4.0], [3.0, 0.0]]), np.array([2, 2])),
    ]
    cases = []
    for means, sizes in pieces:
        weighted = (sizes[:, None] * means).sum(0)
        cases.append(
            Case(
                (means, sizes),
                weighted / sizes.sum(),
                (
                    Mistake(
                        means.mean(0),
                        "this is the plain mean of the means: a sample in a small micro-batch "
                        "counts for more than one in a large micro-batch",
                    ),
                    Mistake(
                        means.sum(0),
                        "this is the sum of the means: it grows with the number of micro-batches",
                    ),
                    Mistake(
                        weighted,
                        "this is the sum over all samples: divide by how many samples there are",
                    ),
                    Mistake(
                        weighted / len(sizes),
                        "divide by the number of samples, not by the number of micro-batches",
                    ),
                ),
            )
        )
    report_function("combine", attempt, cases)


def variance(attempt: Any) -> None:
    """Say whether ``attempt(trace, B, N)`` is the variance without replacement.

    Parameters
    ----------
    attempt : callable
        Takes the total variance of one sample's gradient, B and N.
    """
    cases = []
    for trace, B, N in ((10.0, 2, 5), (12.0, 3, 7), (5.0, 8, 8), (7.0, 1, 9)):
        right = trace / B * (N - B) / (N - 1)
        cases.append(
            Case(
                (trace, B, N),
                right,
                (
                    Mistake(
                        trace / B,
                        "this is with replacement: without it no sample comes twice, and at "
                        "B = N nothing is left to chance",
                    ),
                    Mistake(
                        trace / B * (N - B) / N,
                        "nearly: divide by N − 1, not by N, so that at B = 1 nothing is taken off",
                    ),
                    Mistake(
                        math.sqrt(right),
                        "this is the standard deviation: the variance is its square",
                    ),
                    *(
                        Mistake(
                            wrong,
                            "the variance of a mean falls as 1/B: the square root belongs to "
                            "the standard deviation",
                        )
                        for wrong in (trace / math.sqrt(B), right * math.sqrt(B))
                    ),
                    Mistake(
                        right * B,
                        "the mean of B samples is less noisy than one sample: divide by B",
                    ),
                    Mistake(
                        right / B,
                        "divided by B twice: the variance of a mean falls as 1/B, "
                        "not as 1/B squared",
                    ),
                    Mistake(
                        trace / B**2,
                        "divided by B twice: the variance of a mean falls as 1/B, "
                        "not as 1/B squared",
                    ),
                ),
            )
        )
    report_function("variance", attempt, cases)


def per_sample(attempt: Any) -> None:
    """Say whether ``attempt(w, b, x, y)`` gives one row (dw, db) for each sample.

    Parameters
    ----------
    attempt : callable
        Takes two numbers and two arrays (n,); the loss of one sample is half
        the square of w x + b − y.
    """
    cases = []
    for w, b, x, y in (
        (2.0, 1.0, np.array([1.0, -1.0, 3.0]), np.array([0.0, 2.0, 4.0])),
        (-1.0, 0.5, np.array([2.0, 4.0]), np.array([1.0, -3.0])),
    ):
        error = w * x + b - y
        right = np.stack([error * x, error], 1)
        once = "the rows are already divided by n: the minibatch's mean would divide again"
        cases.append(
            Case(
                (w, b, x, y),
                right,
                (
                    Mistake(
                        -right,
                        "the sign is turned: the error is prediction minus target, and the "
                        "update, not the gradient, has the minus",
                    ),
                    Mistake(2 * right, "twice too large: the half in the loss cancels the two"),
                    Mistake(right / len(x), once),
                    Mistake(
                        right.mean(0),
                        "this is the minibatch's gradient already: give one row for each sample",
                    ),
                    Mistake(
                        right.sum(0),
                        "this is the sum over the samples: give one row for each sample",
                    ),
                    Mistake(right[:, ::-1], "the columns are swapped: w comes first, then b"),
                    Mistake(right.T, "turned on its side: samples are rows, parameters columns"),
                    Mistake(
                        np.stack([error, error], 1),
                        "the chain rule has one more factor for w: a sample's own x",
                    ),
                ),
            )
        )
    report_function("per_sample", attempt, cases)


def count(attempt: Any) -> None:
    """Say whether ``attempt(N, B, E)`` gives the updates and samples of E epochs.

    Parameters
    ----------
    attempt : callable
        Takes samples, batch size and epochs; a short last minibatch is kept,
        and no minibatch reaches across the end of an epoch.
    """
    cases = []
    for N, B, E in ((256, 32, 3), (10, 4, 3), (7, 7, 2), (5, 8, 4)):
        updates = math.ceil(N / B) * E
        cases.append(
            Case(
                (N, B, E),
                (updates, N * E),
                (
                    Mistake(
                        (updates, updates * B),
                        "the updates are right, but the short last minibatch does not hold B "
                        "samples",
                    ),
                    Mistake(
                        (N // B * E, N * E),
                        "the short last minibatch is an update too: round up, not down",
                    ),
                    Mistake(
                        (N // B * E, N // B * E * B),
                        "the short last minibatch is kept: it is an update, and its samples count",
                    ),
                    Mistake(
                        (math.ceil(N * E / B), N * E),
                        "a minibatch does not reach across the end of an epoch: round up in each "
                        "epoch, then multiply",
                    ),
                    Mistake((math.ceil(N / B), N), "this is one epoch: multiply by E"),
                    Mistake((N * E, updates), "swapped: the updates come first, then the samples"),
                    Mistake(
                        updates,
                        "these are the updates: give the samples too, as (updates, samples)",
                    ),
                ),
            )
        )
    report_function("count", attempt, cases)
