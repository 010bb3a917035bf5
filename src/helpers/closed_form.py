"""The scalar linear model, whose truncation bias and gradient noise are known exactly.

One hidden unit without a squashing function, h_t = a·h_{t-1} + x_t, reads white noise of
variance one and is asked for the input that came `distance` steps before: y_t = x_{t-distance}.
The loss is ½·(h_t - y_t)², averaged over the window's T·B tokens, and the gradient is its
derivative with respect to the one weight `a`, in units of loss per unit of `a`.

Windows follow one another: the state's value is carried across the edge, its gradient is cut
there. The stream has been read for ever, so the carried state is stationary, with mean zero and
variance 1/(1 - a²).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Integer

from helpers import _arguments


def signal_kept(depth: int, distance: int) -> float:
    """Share of the learning signal that survives a cut at one depth.

    Parameters
    ----------
    depth : int
        Cells that the backward pass visits, the loss's own cell included; at least 1.
    distance : int
        Steps between the input and the target that asks for it; at least 1.

    Returns
    -------
    float
        min(depth, distance) / distance, between 0 and 1.

    Raises
    ------
    ValueError
        If `depth` or `distance` is no integer of at least 1.

    Notes
    -----
    Explained in notebooks/truncation.ipynb.

    To be useful after D steps an input passes D factors `a`, each in another cell, and the
    derivative a^(D-1) of the product arrives once through every one of them. A backward pass
    of depth K < D reaches K of the D cells: it keeps K/D, not nothing. The statement is about
    this model, where inputs have unit variance and enter with weight one.

    Examples
    --------
    >>> signal_kept(depth=5, distance=10)
    0.5
    >>> signal_kept(depth=20, distance=10)
    1.0
    """
    K = _arguments.whole("depth", depth)
    D = _arguments.whole("distance", distance)
    return min(K, D) / D


def signal_kept_by_windows(num_steps: int, distance: int) -> float:
    """Share of the learning signal that windows of `num_steps` keep.

    Parameters
    ----------
    num_steps : int
        Time steps in a window, T; at least 1.
    distance : int
        Steps between the input and the target that asks for it, D; at least 1.

    Returns
    -------
    float
        Between 0 and 1: (T + 1)/(2D) for T ≤ D, and 1 - (D - 1)/(2T) for T ≥ D.

    Raises
    ------
    ValueError
        If `num_steps` or `distance` is no integer of at least 1.

    Notes
    -----
    The loss at position t of a window visits t cells, so a window holds each of the depths
    1..T once, and keeps the mean of `signal_kept` over them.

    Examples
    --------
    A window as long as the distance keeps little more than half:

    >>> signal_kept_by_windows(num_steps=10, distance=10)
    0.55
    """
    T = _arguments.whole("num_steps", num_steps)
    D = _arguments.whole("distance", distance)
    return float(np.minimum(np.arange(1, T + 1), D).mean() / D)


def gradient_mean(a: float, distance: int, depth: int | None = None) -> float:
    """Expected gradient of one token's loss, truncated at one depth.

    Parameters
    ----------
    a : float
        Recurrent weight, -1 < a < 1.
    distance : int
        Steps between the input and the target that asks for it, D; at least 1.
    depth : int, optional
        Cells that the backward pass visits, K; at least 1. Left out, all of them: the full
        gradient.

    Returns
    -------
    float
        Loss per unit of `a`: a·(1 - a^(2K))/(1 - a²)² - min(K, D)·a^(D-1).

    Raises
    ------
    ValueError
        If `a` is not strictly between -1 and 1, or `distance` or `depth` no integer of at
        least 1.

    Notes
    -----
    Explained in notebooks/truncation.ipynb.

    The cell s adds h_{s-1} to the derivative of its own state, and each later cell multiplies
    by `a`. A backward pass of depth K therefore takes dh_t/da as the sum of a^j·h_{t-1-j} over
    j = 0..K-1, and the gradient is this sum times the error h_t - x_{t-D}. The state is
    stationary, h_t = Σ a^i·x_{t-i}, so two expectations suffice:

    * E[h_t·h_{t-1-j}] = a^(j+1)/(1 - a²); summed with a^j, a·(1 - a^(2K))/(1 - a²)²;
    * E[x_{t-D}·h_{t-1-j}] = a^(D-1-j) for j < D, else 0; summed with a^j, min(K, D)·a^(D-1).

    The second is the learning signal of `signal_kept`. With K without limit the first becomes
    a/(1 - a²)² and the second D·a^(D-1): the derivative of the expected loss
    ½·(1/(1 - a²) - 2·a^D + 1).

    Examples
    --------
    >>> print(f"{gradient_mean(0.8, distance=10):.3f}")
    4.831
    >>> print(f"{gradient_mean(0.8, distance=10, depth=1):.3f}")
    2.088
    """
    a = _weight(a)
    D = _arguments.whole("distance", distance)
    if depth is None:
        return a / (1 - a**2) ** 2 - D * a ** (D - 1)
    K = _arguments.whole("depth", depth)
    return float(_mean_at(a, D, np.array([K]))[0])


def gradient_mean_by_windows(a: float, distance: int, num_steps: int) -> float:
    """Expected gradient of a window: `gradient_mean` averaged over depths 1..T.

    Parameters
    ----------
    a : float
        Recurrent weight, -1 < a < 1.
    distance : int
        Steps between the input and the target that asks for it; at least 1.
    num_steps : int
        Time steps in a window, T; at least 1.

    Returns
    -------
    float
        Loss per unit of `a`. Whatever the number of streams: they have equal means.

    Raises
    ------
    ValueError
        If `a` is not strictly between -1 and 1, or `distance` or `num_steps` no integer of at
        least 1.

    Examples
    --------
    >>> print(f"{gradient_mean_by_windows(0.8, distance=10, num_steps=8):.3f}")
    4.236
    """
    a = _weight(a)
    D = _arguments.whole("distance", distance)
    T = _arguments.whole("num_steps", num_steps)
    return float(_mean_at(a, D, np.arange(1, T + 1)).mean())


def bias(a: float, distance: int, num_steps: int) -> float:
    """Expected gradient of a window minus the full gradient.

    Parameters
    ----------
    a : float
        Recurrent weight, -1 < a < 1.
    distance : int
        Steps between the input and the target that asks for it; at least 1.
    num_steps : int
        Time steps in a window, T; at least 1.

    Returns
    -------
    float
        Loss per unit of `a`; goes to 0 as 1/T. More streams do not change it.

    Raises
    ------
    ValueError
        If `a` is not strictly between -1 and 1, or `distance` or `num_steps` no integer of at
        least 1.

    Examples
    --------
    >>> print(f"{bias(0.8, distance=10, num_steps=8):.3f}")
    -0.595
    """
    return gradient_mean_by_windows(a, distance, num_steps) - gradient_mean(a, distance)


def deviation(a: float, distance: int, batch_size: int, num_steps: int) -> float:
    """Standard deviation of the gradient of one window, exactly.

    Parameters
    ----------
    a : float
        Recurrent weight, -1 < a < 1.
    distance : int
        Steps between the input and the target that asks for it, D; at least 1.
    batch_size : int
        Independent streams, B; at least 1.
    num_steps : int
        Time steps in a window, T; at least 1.

    Returns
    -------
    float
        Loss per unit of `a`; falls as 1/√B.

    Raises
    ------
    ValueError
        If `a` is not strictly between -1 and 1, or another argument no integer of at least 1.

    Notes
    -----
    Explained in notebooks/plane.ipynb.

    Everything that one stream's window sees is a linear function of 1 + D + T independent
    standard normal numbers: the T inputs of the window; the D inputs before it, which the
    first targets ask for and which the carried state still holds; and all that is older,
    which reaches the window only through the state D steps before it, of variance 1/(1 - a²).
    So the errors are E·u and the truncated derivatives G·u, the gradient is the quadratic form
    uᵀMu with M = EᵀG/T, and its variance is 2·tr(S²) with S = (M + Mᵀ)/2 (Isserlis' theorem).
    The mean over B independent streams divides it by B.

    Examples
    --------
    Twice the streams halve the variance; twice the steps need not lower it:

    >>> print(f"{deviation(0.8, 10, 1, 1) ** 2 / deviation(0.8, 10, 2, 1) ** 2:.2f}")
    2.00
    >>> print(f"{deviation(0.8, 10, 1, 2) ** 2 / deviation(0.8, 10, 1, 1) ** 2:.2f}")
    1.51
    """
    a = _weight(a)
    D = _arguments.whole("distance", distance)
    B = _arguments.whole("batch_size", batch_size)
    T = _arguments.whole("num_steps", num_steps)
    errors, derivatives = _window(a, D, np.eye(1 + D + T))
    M = errors.T @ derivatives / T
    S = (M + M.T) / 2
    return float(np.sqrt(2 * np.sum(S * S) / B))


def root_mean_square(a: float, distance: int, batch_size: int, num_steps: int) -> float:
    """Typical distance of a window's gradient from the full one: bias and noise together.

    Parameters
    ----------
    a : float
        Recurrent weight, -1 < a < 1.
    distance : int
        Steps between the input and the target that asks for it; at least 1.
    batch_size : int
        Independent streams, B; at least 1.
    num_steps : int
        Time steps in a window, T; at least 1.

    Returns
    -------
    float
        √(`bias`² + `deviation`²), loss per unit of `a`.

    Raises
    ------
    ValueError
        If `a` is not strictly between -1 and 1, or another argument no integer of at least 1.

    Examples
    --------
    Among the splits of 64 tokens the best is neither all streams nor all steps:

    >>> splits = [(64, 1), (16, 4), (1, 64)]
    >>> [f"{root_mean_square(0.8, 10, B, T):.2f}" for B, T in splits]
    ['2.78', '1.92', '3.00']
    """
    noise = deviation(a, distance, batch_size, num_steps)
    return float(np.hypot(bias(a, distance, num_steps), noise))


def simulate(
    a: float,
    distance: int,
    batch_size: int,
    num_steps: int,
    draws: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, " draws"]:
    """Gradients of `draws` independent windows, by running the recurrence.

    Parameters
    ----------
    a : float
        Recurrent weight, -1 < a < 1.
    distance : int
        Steps between the input and the target that asks for it; at least 1.
    batch_size : int
        Independent streams in each window, B; at least 1.
    num_steps : int
        Time steps in a window, T; at least 1.
    draws : int
        Windows; at least 1. Memory: about 32·draws·B·(distance + T) bytes.
    rng : np.random.Generator
        Source of the inputs and of the carried states.

    Returns
    -------
    (draws,)
        Loss per unit of `a`. Their mean estimates `gradient_mean_by_windows`, their standard
        deviation `deviation`.

    Raises
    ------
    ValueError
        If `a` is not strictly between -1 and 1, `rng` no generator, or another argument no
        integer of at least 1.

    Examples
    --------
    >>> gradients = simulate(0.8, 10, 16, 4, draws=20_000, rng=np.random.default_rng(0))
    >>> bool(abs(gradients.mean() - gradient_mean_by_windows(0.8, 10, 4)) < 0.05)
    True
    """
    a = _weight(a)
    D = _arguments.whole("distance", distance)
    B = _arguments.whole("batch_size", batch_size)
    T = _arguments.whole("num_steps", num_steps)
    draws = _arguments.whole("draws", draws)
    rng = _arguments.generator("rng", rng)
    errors, derivatives = _window(a, D, rng.standard_normal((1 + D + T, draws, B)))
    gradients: np.ndarray = (errors * derivatives).mean(axis=(0, 2))
    return gradients


def _weight(a: float) -> float:
    return _arguments.number("a", a, above=-1.0, below=1.0)


def _mean_at(a: float, distance: int, depths: Integer[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
    """`gradient_mean` at several depths at once."""
    D = distance
    forgetting = a * (1 - a ** (2 * depths)) / (1 - a**2) ** 2
    signal = np.minimum(depths, D) * a ** (D - 1)
    means: np.ndarray = forgetting - signal
    return means


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
