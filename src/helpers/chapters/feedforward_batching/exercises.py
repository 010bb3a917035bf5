"""What the chapter on the batch axis alone asks."""

from collections.abc import Callable
from math import sqrt
from typing import Any

from helpers.tools.exercise import as_arrays, exercise


@exercise(([[1.0, 2.0], [5.0, -2.0], [2.0, 8.0]], [4, 1, 3]), ([[1.0, 4.0], [3.0, 0.0]], [2, 2]),
    handed=as_arrays)
def combine(means: list[list[float]], sizes: list[int]) -> list[float]:
    """Gradient of the whole minibatch from those of its micro-batches, and their sizes."""
    return [entry / sum(sizes) for entry in _weighted(means, sizes)]

def _weighted(means: list[list[float]], sizes: list[int]) -> list[float]:
    rows = [[n * entry for entry in row] for row, n in zip(means, sizes)]
    return [sum(column) for column in zip(*rows)]

combine.wrong = {
    "this is the plain mean of the means: a sample in a small micro-batch counts for more than "
    "one in a large micro-batch": lambda means, sizes: combine.right(means, [1] * len(sizes)),
    "this is the sum of the means: it grows with the number of micro-batches":
        lambda means, sizes: _weighted(means, [1] * len(sizes)),
    "this is the sum over all samples: divide by how many samples there are": _weighted,
    "divide by the number of samples, not by the number of micro-batches":
        lambda means, sizes: [entry / len(sizes) for entry in _weighted(means, sizes)],
}


@exercise((10.0, 2, 5), (12.0, 3, 7), (5.0, 8, 8), (7.0, 1, 9))
def variance(trace: float, B: int, N: int) -> float:
    """Variance of a mean of B samples without replacement; `trace` is that of one of the N."""
    return trace / B * (N - B) / (N - 1)

variance.wrong = {
    "this is with replacement: without it no sample comes twice, and at B = N nothing is left to "
    "chance": lambda trace, B, N: trace / B,
    "nearly: divide by N − 1, not by N, so that at B = 1 nothing is taken off":
        lambda trace, B, N: trace / B * (N - B) / N,
    "this is the standard deviation: the variance is its square": variance.but(sqrt),
    "the variance of a mean falls as 1/B: the square root belongs to the standard deviation": [
        lambda trace, B, N: trace / sqrt(B),
        lambda trace, B, N: variance.right(trace, B, N) * sqrt(B)],
    "the mean of B samples is less noisy than one sample: divide by B":
        lambda trace, B, N: variance.right(trace, B, N) * B,
    "divided by B twice: the variance of a mean falls as 1/B, not as 1/B squared": [
        lambda trace, B, N: variance.right(trace, B, N) / B,
        lambda trace, B, N: trace / B**2],
}


@exercise((2.0, 1.0, [1.0, -1.0, 3.0], [0.0, 2.0, 4.0]), (-1.0, 0.5, [2.0, 4.0], [1.0, -3.0]),
    handed=as_arrays)
def per_sample(w: float, b: float, x: list[float], y: list[float]) -> list[list[float]]:
    """One row (dw, db) for each sample; a sample's loss is half the square of w x + b − y."""
    return [[(w * p + b - q) * p, w * p + b - q] for p, q in zip(x, y)]

def _each(changed: Callable[[float, float], Any]) -> Callable[..., list[Any]]:
    return per_sample.but(lambda rows: [changed(dw, db) for dw, db in rows])

def _both(changed: Callable[[tuple[float, ...]], Any]) -> Callable[..., list[Any]]:
    return per_sample.but(lambda rows: [changed(column) for column in zip(*rows)])

per_sample.wrong = {
    "the sign is turned: the error is prediction minus target, and the update, not the gradient, "
    "has the minus": _each(lambda dw, db: (-dw, -db)),
    "twice too large: the half in the loss cancels the two": _each(lambda dw, db: (2 * dw, 2 * db)),
    "the rows are already divided by n: the minibatch's mean would divide again":
        lambda w, b, x, y: [(dw / len(x), db / len(x)) for dw, db in per_sample.right(w, b, x, y)],
    "this is the minibatch's gradient already: give one row for each sample":
        _both(lambda d: sum(d) / len(d)),
    "this is the sum over the samples: give one row for each sample": _both(sum),
    "the columns are swapped: w comes first, then b": _each(lambda dw, db: (db, dw)),
    "turned on its side: samples are rows, parameters columns": _both(list),
    "the chain rule has one more factor for w: a sample's own x": _each(lambda _, db: (db, db)),
}


@exercise((256, 32, 3), (10, 4, 3), (7, 7, 2), (5, 8, 4))
def count(N: int, B: int, E: int) -> tuple[int, int]:
    """Updates and samples of E epochs that keep their short last minibatch."""
    return -(-N // B) * E, N * E

count.wrong = {
    "the updates are right, but the short last minibatch does not hold B samples":
        lambda N, B, E: (-(-N // B) * E, -(-N // B) * E * B),
    "the short last minibatch is an update too: round up, not down":
        lambda N, B, E: (N // B * E, N * E),
    "the short last minibatch is kept: it is an update, and its samples count":
        lambda N, B, E: (N // B * E, N // B * E * B),
    "a minibatch does not reach across the end of an epoch: round up in each epoch, then multiply":
        lambda N, B, E: (-(-N * E // B), N * E),
    "this is one epoch: multiply by E": lambda N, B, E: (-(-N // B), N),
    "swapped: the updates come first, then the samples": lambda N, B, E: (N * E, -(-N // B) * E),
    "these are the updates: give the samples too, as (updates, samples)":
        lambda N, B, E: -(-N // B) * E,
}


TEACHERS = {
    "ex-feedforward-combine": ("averages of averages: a mean must know of how many it is.",
        "exercises.combine(lambda means, sizes: means.mean(axis=0))"),
    "ex-feedforward-variance": (
        "the one over B, and the factor that makes the noise vanish when the batch is everything.",
        "exercises.variance(lambda trace, B, N: trace / B)"),
    "ex-feedforward-gradients": (
        "one gradient for each sample, with the chain rule on paper; the sum is not the rows.",
        "exercises.per_sample(lambda w, b, x, y: np.stack([w * x + b - y] * 2, axis=1))"),
    "ex-feedforward-count": ("updates against samples, and the short last minibatch.",
        "exercises.count(lambda N, B, E: (N // B * E, N * E))"),
}
