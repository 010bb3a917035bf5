"""What the experiments measure: noise, bias, lags, bytes, seconds, cells visited."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from helpers import _arguments, rnn, truncation


@dataclass(frozen=True)
class Noise:
    """How a gradient scatters over samples."""

    mean: Float[np.ndarray, " P"]
    """The gradient of the whole set."""

    trace: float
    """Trace of the covariance Σ of one sample's gradient: the sum of its variances."""

    scale: float
    """tr Σ / |mean|², in samples: the batch size at which noise equals signal."""


def gradient_noise(samples: Float[np.ndarray, "n P"]) -> Noise:
    """Mean, total variance and noise scale of the gradients of single samples.

    Parameters
    ----------
    samples : (n, P)
        One flat gradient a row, of all n samples there are: the variances
        divide by n.

    Returns
    -------
    Noise
        See its fields. The scale is ``inf`` where the mean is 0.

    Raises
    ------
    ValueError
        If there are fewer than 2 rows, or no column.

    Notes
    -----
    The simple noise scale of :cite:t:`mccandlish2018`.

    Examples
    --------
    >>> noise = gradient_noise(np.array([[1.0, 0.0], [3.0, 0.0]]))
    >>> noise.mean.tolist(), noise.trace, noise.scale
    ([2.0, 0.0], 1.0, 0.25)
    """
    samples = _arguments.array("samples", samples, kind="floating", shape=("n", "P"))
    if len(samples) < 2 or samples.shape[1] < 1:
        raise ValueError(
            f"samples must hold at least 2 gradients of at least 1 entry, got shape {samples.shape}"
        )
    mean = samples.mean(0)
    trace = float(((samples - mean) ** 2).sum() / len(samples))
    square = float(mean @ mean)
    return Noise(mean, trace, trace / square if square else float("inf"))


def minibatch_variance(trace: float, batch_size: int, *, num_samples: int | None = None) -> float:
    """Total variance of a minibatch gradient, predicted from single samples.

    Parameters
    ----------
    trace : float
        Of the covariance of one sample's gradient, at least 0.
    batch_size : int
        B, samples in the minibatch.
    num_samples : int, optional
        N, where the minibatch is drawn from so many without replacement;
        without it, draws are with replacement.

    Returns
    -------
    float
        tr Σ / B, and without replacement (N − B)/(N − 1) times that, which is
        0 for B = N.

    Raises
    ------
    ValueError
        If `trace` is negative, `batch_size` below 1, or above `num_samples`.

    Examples
    --------
    >>> minibatch_variance(6.0, 2), minibatch_variance(6.0, 4, num_samples=4)
    (3.0, 0.0)
    """
    trace = _arguments.number("trace", trace, least=0)
    if num_samples is None:
        return trace / _arguments.whole("batch_size", batch_size)
    N = _arguments.whole("num_samples", num_samples, least=2)
    B = _arguments.whole("batch_size", batch_size, most=N)
    return trace / B * (N - B) / (N - 1)


def slope(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> float:
    """Slope of the straight line through log y against log x, by least squares.

    Raises
    ------
    ValueError
        If the two are no numbers, differ in length, hold fewer than 2 points
        or a value that is not positive, or all x are equal.

    Examples
    --------
    >>> round(slope([1, 2, 4], [8.0, 4.0, 2.0]), 12)
    -1.0
    """
    a, b = _numbers("x", x), _numbers("y", y)
    if a.ndim != 1 or a.shape != b.shape or len(a) < 2:
        raise ValueError(
            f"x and y must be two lists of one length, at least 2, got {a.shape} and {b.shape}"
        )
    if not (a > 0).all() or not (b > 0).all() or not np.isfinite([a, b]).all():
        both = np.concatenate([a, b])
        raise ValueError(
            "x and y must be positive and finite to have logarithms, got values in "
            f"{both.min():g}..{both.max():g}"
        )
    if np.ptp(a) == 0:
        raise ValueError(f"x must hold at least two different values, got {a[0]:g} only")
    return float(np.polyfit(np.log(a), np.log(b), 1)[0])


def relative_error(estimate: Any, exact: Any) -> float:
    """Euclidean distance between two gradients, in units of the exact one's norm.

    Parameters
    ----------
    estimate, exact : Params or array
        Two of the same form.

    Raises
    ------
    ValueError
        If one holds no numbers, the shapes differ, or `exact` is all zero.

    Examples
    --------
    >>> relative_error(np.array([3.0, 1.0]), np.array([3.0, 0.0]))
    0.3333333333333333
    """
    a, b = _two("estimate", estimate, "exact", exact)
    norm = float(np.linalg.norm(b))
    if norm == 0:
        raise ValueError(
            "exact must not be all zero, since the error is taken relative to it, got norm 0"
        )
    return float(np.linalg.norm(a - b)) / norm


def cosine(a: Any, b: Any) -> float:
    """Cosine of the angle between two gradients, in -1..1.

    Raises
    ------
    ValueError
        If one holds no numbers, the shapes differ, or one is all zero.

    Examples
    --------
    >>> cosine(np.array([1.0, 0.0]), np.array([0.0, 2.0]))
    0.0
    """
    u, v = _two("a", a, "b", b)
    norms = float(np.linalg.norm(u) * np.linalg.norm(v))
    if norms == 0:
        raise ValueError("a and b must not be all zero, since zero has no direction, got norm 0")
    return float(u @ v) / norms


def norm_by_lag(parts: Sequence[Any]) -> Float[np.ndarray, " T"]:
    """Euclidean norm of each part of a gradient that was split by lag.

    Parameters
    ----------
    parts : sequence of Params
        From ``by_lag``; the output layer, which has no lag, is left out.

    Returns
    -------
    (T,)
        Norm of the part that travelled 0, 1, ... steps.

    Raises
    ------
    ValueError
        If there is no part, or one is no gradient or not of the cell of the first.
    """
    if not isinstance(parts, list | tuple) or len(parts) == 0:
        got = "none" if isinstance(parts, list | tuple) else type(parts).__name__
        raise ValueError(
            f"parts must hold at least one gradient, in the list that by_lag returns, got {got}"
        )
    for i, part in enumerate(parts):
        rnn.checked_like(f"parts[{i}]", part, rnn.checked_weights("parts[0]", parts[0]))
    names = [f.name for f in fields(parts[0]) if f.name not in ("W_hy", "b_y")]
    return np.array([np.sqrt(sum(np.sum(getattr(p, n) ** 2) for n in names)) for p in parts])


def cell_backwards(num_positions: int, k1: int, k2: int) -> int:
    """Cells that the backward passes of TBPTT(k1, k2) visit; see ``truncation``.

    Raises
    ------
    ValueError
        If a number is below 1 or k2 is below k1.
    """
    return truncation.cells_visited(num_positions, k1, k2)


def kept_bytes(*tapes: Any) -> int:
    """Bytes that tapes, parameters or arrays hold, each stored number once.

    Views share their memory with the array that owns it, so two views of one
    array count its bytes once.

    Raises
    ------
    ValueError
        If something else is passed.

    Examples
    --------
    >>> a = np.zeros((10, 4))
    >>> kept_bytes(a), kept_bytes(a, a[2:], a.T)
    (320, 320)
    """
    owners: dict[int, int] = {}
    for array in _arrays(tapes):
        while isinstance(array.base, np.ndarray):
            array = array.base
        owners[id(array)] = array.nbytes
    return sum(owners.values())


def seconds(runs: Mapping[str, Callable[[], Any]], *, repeats: int = 15) -> dict[str, float]:
    """Median seconds of each function, measured in turn so that a slow moment hits all.

    Parameters
    ----------
    runs : mapping of functions
        Each is called once before the measurement, then `repeats` times.
    repeats : int
        At least 1.

    Returns
    -------
    dict of float
        In seconds. Never print them on a page: print ratios, with a margin.

    Raises
    ------
    ValueError
        If `repeats` is below 1, or `runs` no mapping of functions, or empty.
    """
    repeats = _arguments.whole("repeats", repeats)
    if not isinstance(runs, Mapping):
        raise ValueError(
            "runs must be a mapping such as {'name': function}, got " + type(runs).__name__
        )
    if not runs:
        raise ValueError("runs must hold at least one function, got none")
    for name, run in runs.items():
        _arguments.function(f"runs[{name!r}]", run)
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(repeats):
        for name, run in runs.items():
            begin = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in taken.items()}


def _two(name_a: str, a: Any, name_b: str, b: Any) -> tuple[np.ndarray, np.ndarray]:
    u, v = _numbers(name_a, a), _numbers(name_b, b)
    if u.shape != v.shape:
        raise ValueError(f"{name_a} and {name_b} must have one shape, got {u.shape} and {v.shape}")
    return u.ravel(), v.ravel()


def _numbers(name: str, value: Any) -> np.ndarray:
    """Parameters flat, or what numpy makes of `value`, in float64."""
    try:
        found = value.flat() if isinstance(value, rnn.Weights) else np.asarray(value)
    except (TypeError, ValueError, RuntimeError):  # ragged, or a tensor that has a graph
        found = np.empty(0, object)
    if found.dtype.kind not in "iuf" or isinstance(value, np.ma.MaskedArray):
        raise ValueError(
            f"{name} must be an array of numbers, or Params of rnn, lstm or gru, got "
            f"{type(value).__name__}: {_arguments.short(value)}"
        )
    return np.asarray(found, float)


def _arrays(items: Any) -> list[np.ndarray]:
    found = []
    for item in items:
        if isinstance(item, np.ndarray):
            found.append(item)
        elif is_dataclass(item) and not isinstance(item, type):
            values = (getattr(item, f.name) for f in fields(item))
            found += _arrays([v for v in values if v is not None])
        elif isinstance(item, tuple | list):
            found += _arrays(item)
        else:
            raise ValueError(
                f"tapes must be tapes, parameters or arrays, got {_arguments.short(item)}"
            )
    return found
