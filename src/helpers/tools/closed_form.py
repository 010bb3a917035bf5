"""The scalar linear model, whose truncation bias and gradient noise are known exactly.

One hidden unit, h_t = a·h_{t-1} + x_t, reads white noise of variance one and is asked for the
input of `distance` steps before: y_t = x_{t-distance}. The loss ½·(h_t - y_t)² is averaged over
the window's T·B tokens; a gradient is its derivative with respect to `a`, in loss per unit of `a`.
The state is carried across the edge and its gradient cut. The stream has been read for ever, so
the carried state is stationary, with mean zero and variance 1/(1 - a²).
"""

import numpy as np
from jaxtyping import Float, Integer

from helpers._types import Real, Size, checked


@checked
def signal_kept(depth: Size, distance: Size) -> float:
    """Share of the learning signal that survives a cut at one depth, in cells.

    Notes
    -----
    To be useful after D steps an input passes D factors `a`, each in another cell, and the
    derivative a^(D-1) of the product arrives once through every one of them. A backward pass of
    depth K < D reaches K of the D cells: it keeps K/D, not nothing.
    """
    return min(depth, distance) / distance


@checked
def signal_kept_by_windows(num_steps: Size, distance: Size) -> float:
    """Share that windows keep, whose losses have each of the depths 1..T once.

    >>> signal_kept_by_windows(num_steps=10, distance=10)  # little more than half
    0.55
    """
    return float(np.minimum(np.arange(1, num_steps + 1), distance).mean() / distance)


@checked
def gradient_mean(a: Real, distance: Size, depth: Size | None = None) -> float:
    """Expected gradient of one token's loss, truncated at one depth; in full without it.

    Notes
    -----
    Each cell s adds h_{s-1} to the derivative of its own state, and each later cell multiplies by
    `a`: depth K takes dh_t/da as the sum of a^j·h_{t-1-j} over j < K. The gradient is this sum
    times the error h_t - x_{t-D}, and h_t = Σ a^i·x_{t-i}, so two expectations suffice:

    * E[h_t·h_{t-1-j}] = a^(j+1)/(1 - a²); summed with a^j, a·(1 - a^(2K))/(1 - a²)²;
    * E[x_{t-D}·h_{t-1-j}] = a^(D-1-j) for j < D, else 0; summed with a^j, min(K, D)·a^(D-1).
    """
    _stable(a)
    if depth is None:
        return float(a / (1 - a**2) ** 2 - distance * a ** (distance - 1))
    return float(_mean_at(a, distance, np.array([depth]))[0])


@checked
def gradient_mean_by_windows(a: Real, distance: Size, num_steps: Size) -> float:
    """Expected gradient of a window, whatever the number of streams: the mean over depths 1..T."""
    _stable(a)
    return float(_mean_at(a, distance, np.arange(1, num_steps + 1)).mean())


@checked
def bias(a: Real, distance: Size, num_steps: Size) -> float:
    """Expected gradient of a window minus the full one; goes to 0 as 1/T, whatever B is."""
    return gradient_mean_by_windows(a, distance, num_steps) - gradient_mean(a, distance)


@checked
def deviation(a: Real, distance: Size, batch_size: Size, num_steps: Size) -> float:
    """Standard deviation of the gradient of one window, exactly; falls as 1/√B.

    Twice the streams halve the variance; twice the steps need not lower it:

    >>> print(f"{deviation(0.8, 10, 1, 2) ** 2 / deviation(0.8, 10, 1, 1) ** 2:.2f}")
    1.51
    """
    _stable(a)
    errors, derivatives = _window(a, distance, np.eye(1 + distance + num_steps))
    M = errors.T @ derivatives / num_steps
    S = (M + M.T) / 2
    return float(np.sqrt(2 * np.sum(S * S) / batch_size))  # Isserlis' theorem


@checked
def root_mean_square(a: Real, distance: Size, batch_size: Size, num_steps: Size) -> float:
    """Typical distance of a window's gradient from the full one: √(bias² + deviation²).

    >>> splits = [(64, 1), (16, 4), (1, 64)]  # of 64 tokens
    >>> [f"{root_mean_square(0.8, 10, B, T):.2f}" for B, T in splits]
    ['2.78', '1.92', '3.00']
    """
    noise = deviation(a, distance, batch_size, num_steps)
    return float(np.hypot(bias(a, distance, num_steps), noise))


@checked
def simulate(
    a: Real,
    distance: Size,
    batch_size: Size,
    num_steps: Size,
    draws: Size,
    rng: np.random.Generator,
) -> Float[np.ndarray, " draws"]:
    """Gradients of `draws` independent windows by running the recurrence."""
    _stable(a)
    size = (1 + distance + num_steps, draws, batch_size)
    errors, derivatives = _window(a, distance, rng.standard_normal(size))
    return np.asarray((errors * derivatives).mean(axis=(0, 2)))


def _stable(a: float) -> None:
    if not -1 < a < 1:
        raise ValueError(f"a must be between -1 and 1, or the state grows without end, got {a}")


def _mean_at(a: float, distance: int, depths: Integer[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
    """`gradient_mean` at several depths at once."""
    forgetting = a * (1 - a ** (2 * depths)) / (1 - a**2) ** 2
    signal = np.minimum(depths, distance) * a ** (distance - 1)
    return np.asarray(forgetting - signal)


def _window(
    a: float, distance: int, u: Float[np.ndarray, "n ..."]
) -> tuple[Float[np.ndarray, "T ..."], Float[np.ndarray, "T ..."]]:
    """Errors and truncated derivatives dh/da at each position, from 1 + D + T normal numbers.

    u[0] makes the state D steps before the window, u[1:] are the inputs since; the state's
    derivative starts at zero where the window does.
    """
    D = distance
    h = u[0] / np.sqrt(1 - a**2)
    for x in u[1 : D + 1]:
        h = a * h + x
    dh = np.zeros_like(h)
    errors, derivatives = np.empty_like(u[D + 1 :]), np.empty_like(u[D + 1 :])
    for t, (x, y) in enumerate(zip(u[D + 1 :], u[1:], strict=False)):
        dh = h + a * dh
        h = a * h + x
        errors[t], derivatives[t] = h - y, dh
    return errors, derivatives
