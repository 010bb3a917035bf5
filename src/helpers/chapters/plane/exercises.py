"""Exercises of the chapter on the plane of batch size and time steps."""

from functools import cache
from math import ceil, floor, hypot, inf, log, sqrt
from numbers import Integral
from operator import mul
from typing import Any

from helpers.tools.exercise import answer, exercise

N, B, T, H, V = 250_001, 24, 50, 128, 60
"""Sizes of `arithmetic`: tokens, streams, steps, hidden units of a GRU in float32, symbols."""

L = N // B

def arithmetic(*answers: Any) -> None:
    """Say of the updates, tokens, dropped targets, bytes and mean depth whether they are right."""
    for each, attempt in zip((updates, tokens, dropped, kept_bytes, depth), answers, strict=True):
        each(attempt)

updates = answer("updates", ceil((L - 1) / T), {
    "the short last window makes an update too: round up": (L - 1) // T,
    "that is one stream: B streams are read side by side": ceil((N - 1) / T),
    "that is a window of one step: T steps make one update": [L - 1, L],
    "that is one stream and one step: an update sees B·T tokens": N - 1,
})
tokens = answer("tokens", B * T, {
    "that is one tick: a window has T of them": B,
    "that is one stream: there are B of them": T,
    "the two axes multiply: T rows of B columns": B + T,
    "tokens, not numbers: H does not count here": B * T * H,
    "a window has T targets a stream; the T + 1st is an input only": B * (T + 1),
})
dropped = answer("dropped", N - 1 - (L - 1) * B, {
    "each stream's first token is no target either: ask for N − 1 targets less (L − 1)·B":
        N - L * B,
    "of N tokens only N − 1 have one before them": N - (L - 1) * B,
    "N is no multiple of B, and no target crosses from stream to stream": 0,
    "the short last window is read: its targets are not dropped": [
        (L - 1) % T * B,
        N - 1 - (L - 1) // T * T * B],
})
numbers = H * (5 * T + 1) + V * T
kept_bytes = answer("bytes", B * (4 * numbers + 8 * T), {
    "that is one stream: there are B of them": 4 * numbers + 8 * T,
    "those are numbers: each takes 4 bytes, and an id 8": [B * numbers, B * (numbers + T)],
    "an id takes 8 bytes, whatever the weights take": B * 4 * (numbers + T),
    "the ids are missing: 8 bytes for each of the B·T inputs": B * 4 * numbers,
    "the initial state is missing: h stands at T + 1 places": B * (4 * (numbers - H) + 8 * T),
    "only h stands at T + 1 places: gates are made at the T steps":
        B * (4 * (numbers + 4 * H) + 8 * T),
    "the logits are missing: V numbers for each of the B·T tokens":
        B * (4 * (numbers - V * T) + 8 * T),
    "the logits and the ids are missing": B * 4 * (numbers - V * T),
    "float32 was asked for: 4 bytes a number, not 8": B * (8 * numbers + 8 * T),
    "that is the LSTM: the GRU has no memory c, and three gates":
        B * (4 * (H * (7 * T + 2) + V * T) + 8 * T),
    "that is the plain cell: the GRU keeps four more arrays of H at each step":
        B * (4 * (H * (T + 1) + V * T) + 8 * T),
})
depth = answer("depth", (T + 1) / 2, {
    "only the last loss of a window is T deep: average over 1 to T": T,
    "depth counts cells, from 1 to T, not from 0": T / 2,
    "those are lags: depth counts the loss's own cell too": (T - 1) / 2,
})


def _bits(sight: float, period: int, distances: list[int]) -> float:
    """Of a loss that sees so many characters: one a call, one a response to an unseen call."""
    return (period - 1 - sum(distance <= sight for distance in distances)) / period

def _mean_bits(T: int, period: int, distances: list[int], *, more: int = 0) -> float:
    return sum(_bits(t + more, period, distances) for t in range(1, T + 1)) / T

@exercise((2, 13, [3, 2]), (6, 11, [2, 4, 4]), (20, 19, [7, 7, 12]), within=1e-6)
def reset_floor(T: int, period: int, distances: list[int]) -> float:
    """The floor with the state reset, for an alphabet's cycle with responses at `distances`."""
    return _mean_bits(T, period, distances)

reset_floor.wrong = {
    "that is the last loss of the window: average over all T of them": _bits,
    "that is the floor of a state that is carried: after a reset a call may lie before the window":
        lambda T, *cycle: _bits(inf, *cycle),
    "one character too few: the first loss of a window sees one character, its own input":
        lambda T, p, d: _mean_bits(T, p, d, more=-1),
    "one character too many: the first loss of a window sees one character":
        lambda *given: _mean_bits(*given, more=1),
    "the space counts: divide by the period":
        lambda T, period, d: _mean_bits(T, period, d) * period / (period - 1),
    "a sum over the window: bits per character are its mean":
        lambda T, period, d: _mean_bits(T, period, d) * T,
    "the space is no call: of the period's characters one has no case":
        lambda T, period, d: _mean_bits(T, period, d) + 1 / period,
    "the calls are missing: each costs one bit, whatever is in sight":
        lambda T, *cycle: _mean_bits(T, *cycle) - _bits(inf, *cycle),
    "these are nats; a coin costs one bit": reset_floor.but(lambda bits: bits * log(2)),
}


@cache
def _moments(a: float, D: int, T: int) -> tuple[float, float]:
    """Mean and variance of a window's gradient for one stream, in the scalar model.

    The state before the window, the D inputs since and the T in it are independent normal
    numbers u; errors and truncated derivatives are linear in them, so the gradient is uᵀMu, of
    mean tr(M) and variance 2·tr(S²) with S = (M + Mᵀ)/2 (Isserlis' theorem).
    """
    h, dh = [1 / sqrt(1 - a**2)] + [0.0] * (D + T), [0.0] * (1 + D + T)
    errors, slopes = [], []
    for t in range(1, 1 + D + T):
        if t > D:
            dh = [before + a * d for before, d in zip(h, dh)]
            slopes.append(dh)
        h = [a * before for before in h]
        h[t] += 1
        if t > D:
            errors.append([*h[: t - D], h[t - D] - 1, *h[t - D + 1 :]])
    M = [[sum(map(mul, e, s)) / T for s in zip(*slopes)] for e in zip(*errors)]
    all_u = range(1 + D + T)
    variance = sum(M[i][j] * (M[i][j] + M[j][i]) for i in all_u for j in all_u)
    return sum(M[i][i] for i in all_u), variance

@exercise((0.85, 6, 3), (0.8, 6, 16), (0.6, 4, 1), within=0.045)
def ratio(a: float, D: int, T: int) -> float:
    """Variance of the gradient with 2T steps over that with T, for one stream.

    A simulation with some ten thousand windows is exact enough.
    """
    return _moments(a, D, 2 * T)[1] / _moments(a, D, T)[1]

def _squares(a: float, D: int, T: int) -> float:
    return _moments(a, D, T)[0] ** 2 + _moments(a, D, T)[1]

ratio.wrong = {
    "one half is what doubling B gives, where the new streams are independent and no deeper: the "
    "new steps are neither": 0.5,
    "twice the tokens are averaged, not added: divide by 2T": 2.0,
    "upside down: after, divided by before": ratio.but(lambda r: 1 / r),
    "the mean square is no variance: take the square of the mean away first":
        lambda a, D, T: _squares(a, D, 2 * T) / _squares(a, D, T),
    "those are standard deviations: square them, a variance is asked for":
        ratio.but(sqrt),
    "B was halved at the same time: this is the same number of tokens; leave B as it is":
        ratio.but(lambda r: 2 * r),
    "B was doubled at the same time: leave B as it is": ratio.but(lambda r: r / 2),
    "the window's losses are added, not averaged: divide by 2T and by T":
        ratio.but(lambda r: 4 * r),
}


@exercise((1_000_000, 2e-5, 4e-6, 4.7), (200_000, 1e-4, 5e-6, 2.95), (50_000, 1e-4, 1e-6, 10.0))
def least_streams(N: int, tick: float, token: float, seconds: float) -> int:
    """The least B whose pass over N tokens takes at most `seconds`."""
    return ceil(N * tick / (seconds - N * token))

least_streams.wrong = {
    "B is a whole number: round up": lambda N, tick, token, s: N * tick / (s - N * token),
    "a little too slow: round up, not to the nearest":
        lambda N, tick, token, s: round(N * tick / (s - N * token)),
    "a little too slow: B is a whole number, so round up, not down":
        lambda N, tick, token, s: floor(N * tick / (s - N * token)),
    "the tokens' own time is missing: N·token seconds pass whatever B is":
        lambda N, tick, token, s: ceil(N * tick / s),
    "the tokens' own time is missing, and B is a whole number":
        lambda N, tick, token, s: N * tick / s,
    "a tick's fixed part is shared by B tokens, a token's own part is not":
        lambda N, tick, token, s: ceil(N * (tick + token) / s),
    "the tokens' own time is taken from the seconds, not added to them":
        lambda N, tick, token, s: ceil(N * tick / (s + N * token)),
}


MOST_BYTES = 500_000
DISTANCE = 6
HIDDEN_A = 0.85
"""What the scalar model of `choose` keeps from one step to the next; the reader is not told."""

GOOD_ENOUGH = 1.1  # Times the least error within the bytes

def choose(batch_size: Any, num_steps: Any) -> None:
    """Say how far a choice of B and T is from the best one within the bytes, and why."""
    print(f"choose: {_judged(batch_size, num_steps)}")

def _judged(B: Any, T: Any) -> str:
    if any(n is ... or n is None for n in (B, T)):
        return "to do"
    # A span of time is an integer to numpy, and True one to Python; neither is written in digits.
    if not all(isinstance(n, Integral) and str(n).isdigit() and int(n) for n in (B, T)):
        return "not yet, B and T are whole numbers of at least 1"
    B, T = int(B), int(T)
    kept = _lstm_bytes(B, T)
    if kept > MOST_BYTES:
        over = f"this window keeps {kept:,} bytes, and {MOST_BYTES:,} are there"
        return f"not yet, over the budget: {over}"
    most = {t: MOST_BYTES // _lstm_bytes(1, t) for t in range(1, 8 * DISTANCE)}
    times = _error(B, T) / min(_error(b, t) for t, b in most.items())
    if times <= GOOD_ENOUGH:
        return "correct"
    share = _bias(T) ** 2 / _error(B, T) ** 2
    if share > 0.8:
        why = "nearly all of it is bias: no number of streams removes it, so take more steps"
    elif share < 0.2:
        why = "nearly all of it is noise: take more streams, and fewer steps if you must"
    else:
        why = f"{100 * share:.0f} % of its square is bias and the rest is noise"
    left = "; more than half of the bytes are left" if kept < MOST_BYTES / 2 else ""
    return f"not yet, the error is {times:.1f} times the least one: {why}{left}"

def _lstm_bytes(B: int, T: int) -> int:
    """Of an LSTM with 64 hidden units that reads 50 symbols, in float64."""
    return 8 * B * (64 * (7 * T + 2) + 50 * T + T)

def _bias(T: int) -> float:
    """Expected gradient of a window minus the full one."""
    full = HIDDEN_A / (1 - HIDDEN_A**2) ** 2 - DISTANCE * HIDDEN_A ** (DISTANCE - 1)
    return _moments(HIDDEN_A, DISTANCE, T)[0] - full

def _error(B: int, T: int) -> float:
    """Typical distance of a window's gradient from the full one: bias and noise together."""
    return hypot(_bias(T), sqrt(_moments(HIDDEN_A, DISTANCE, T)[1] / B))


TEACHERS = {
    "ex-plane-arithmetic": ("everything about a choice of B and T that a pencil can know.",
        "exercises.arithmetic(208, 1_200, 17, ..., 50)"),
    "ex-plane-floor": ("the least possible loss, counted before anything is trained.", """
def seen_at_the_end(T, period, distances):
    unseen = sum(distance > T for distance in distances)
    return (period - 1 - len(distances) + unseen) / period


exercises.reset_floor(seen_at_the_end)
"""),
    "ex-plane-ratio": ("that doubling T is not doubling B.",
        "exercises.ratio(lambda a, D, T: 0.5)"),
    "ex-plane-streams": ("what of a pass can be shared out by more streams, and what cannot.", """
def no_token_time(N, tick, token, seconds):
    return int(np.ceil(N * tick / seconds))


exercises.least_streams(no_token_time)
"""),
    "ex-plane-choose": ("a choice under a budget, judged by bias and noise together.", """
exercises.choose(99, 1)
exercises.choose(1, 99)
"""),
}
