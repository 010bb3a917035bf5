"""What the experiments measure: noise, bias, lags, bytes, seconds."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from helpers._types import Positive, Rate, Size, checked
from helpers.cells import Params


@checked
def numerical(
    loss_of: Callable[[Params], Any], params: Params, direction: Params, eps: Positive = 1e-5
) -> float:
    """Derivative of `loss_of` at `params` along `direction`, by central difference.

    The error is about ``eps**2`` times the third derivative, plus the rounding error of the loss
    divided by `eps`.
    """
    ahead = loss_of(params.map(lambda w, d: w + eps * d, direction))
    behind = loss_of(params.map(lambda w, d: w - eps * d, direction))
    return float(ahead - behind) / (2 * eps)


@dataclass(frozen=True)
class Noise:
    """How a gradient scatters over samples."""

    mean: Float[np.ndarray, " P"]  # the gradient of the whole set
    trace: float  # of the covariance Σ of one sample's gradient: the sum of its variances
    scale: float  # tr Σ / |mean|², in samples: the batch size at which noise equals signal


@checked
def gradient_noise(samples: Float[np.ndarray, "n P"]) -> Noise:
    """Mean, total variance and noise scale of n gradients, after McCandlish et al. 2018.

    >>> noise = gradient_noise(np.array([[1.0, 0.0], [3.0, 0.0]]))
    >>> noise.mean.tolist(), noise.trace, noise.scale
    ([2.0, 0.0], 1.0, 0.25)
    """
    mean = samples.mean(0)
    trace = float(((samples - mean) ** 2).sum() / len(samples))
    square = float(mean @ mean)
    return Noise(mean, trace, trace / square if square else float("inf"))


@checked
def minibatch_variance(trace: Rate, batch_size: Size, *, num_samples: Size | None = None) -> float:
    """Total variance of a minibatch gradient: tr Σ / B, times (N - B)/(N - 1) of N not put back.

    >>> minibatch_variance(6.0, 2), minibatch_variance(6.0, 4, num_samples=4)
    (3.0, 0.0)
    """
    B, N = batch_size, num_samples
    if N is None:
        return trace / B
    if B > N or N < 2:
        raise ValueError(
            f"batch_size must be at most num_samples, of which there are at least 2, since none "
            f"is drawn twice, got {B} of {N}"
        )
    return trace / B * (N - B) / (N - 1)


@checked
def slope(x: Sequence[Any] | np.ndarray, y: Sequence[Any] | np.ndarray) -> float:
    """Slope of the straight line through log y against log x, by least squares.

    >>> round(slope([1, 2, 4], [8.0, 4.0, 2.0]), 12)
    -1.0
    """
    a, b = np.asarray(x, float), np.asarray(y, float)
    if a.ndim != 1 or a.shape != b.shape or len(set(a)) < 2 or min(a.min(), b.min()) <= 0:
        raise ValueError(
            "x and y must be two lists of one length, positive to have logarithms, with two "
            f"different x at least, got {x} and {y}"
        )
    return float(np.polyfit(np.log(a), np.log(b), 1)[0])


def relative_error(estimate: Any, exact: Any) -> float:
    """Euclidean distance of two gradients (Params or arrays) in units of the exact one's norm.

    >>> relative_error(np.array([3.0, 1.0]), np.array([3.0, 0.0]))
    0.3333333333333333
    """
    a, b = _two(estimate, exact)
    norm = float(np.linalg.norm(b))
    if norm == 0:
        raise ValueError(
            "exact must not be all zero, since the error is taken relative to it, got norm 0"
        )
    return float(np.linalg.norm(a - b)) / norm


def cosine(a: Any, b: Any) -> float:
    """Cosine of the angle between two gradients (Params or arrays), in -1..1.

    >>> cosine(np.array([1.0, 0.0]), np.array([0.0, 2.0]))
    0.0
    """
    u, v = _two(a, b)
    norms = float(np.linalg.norm(u) * np.linalg.norm(v))
    if norms == 0:
        raise ValueError("a and b must not be all zero, since zero has no direction, got norm 0")
    return float(u @ v) / norms


@checked
def norm_by_lag(parts: list[Params]) -> Float[np.ndarray, " T"]:
    """Norm of each part from ``cells.by_lag``, without the output layer, which has no lag."""
    norms = []
    for part in parts:
        inner = [w for name, w in part.arrays().items() if name not in ("W_hy", "b_y")]
        norms.append(np.sqrt(sum(np.sum(w**2) for w in inner)))
    return np.array(norms)


def kept_bytes(*tapes: Any) -> int:
    """Bytes that tapes, parameters or arrays hold, each once: views share their owner's memory.

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


@checked
def seconds(runs: Mapping[Any, Callable[[], Any]], *, repeats: Size = 15) -> dict[Any, float]:
    """Median seconds of each function, called in turn so that a slow moment hits all.

    Never print them on a page: print ratios, with a margin.
    """
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(repeats):
        for name, run in runs.items():
            begin = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in taken.items()}


def _two(a: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:
    """Parameters flat, or what numpy makes of a value, in float64."""
    u, v = (np.asarray(w.flat() if isinstance(w, Params) else w, float) for w in (a, b))
    if u.shape != v.shape:
        raise ValueError(f"two gradients must have one shape, got {u.shape} and {v.shape}")
    return u.ravel(), v.ravel()


def _arrays(items: Any) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for item in items:
        if isinstance(item, np.ndarray):
            found.append(item)
        elif is_dataclass(item):
            found += _arrays(getattr(item, field.name) for field in fields(item))
        elif isinstance(item, tuple | list):
            found += _arrays(item)
    return found
