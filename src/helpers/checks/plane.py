"""Checks of the exercises of the chapter on the plane of batch size and time steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers import budget, closed_form
from helpers.checks import Case, Mistake, report, report_function

CORPUS = 250_001, 24, 50, 128
"""N, B, T and H of `arithmetic`."""

SYMBOLS = 60
MOST_BYTES = 500_000
DISTANCE = 6
HIDDEN_A = 0.85
"""What the simulator of `choose` keeps from one step to the next; the reader is not told."""

GOOD_ENOUGH = 1.1
"""Times the least error within the bytes."""


def arithmetic(updates: Any, tokens: Any, dropped: Any, kept: Any, depth: Any) -> None:
    """Say of each number of the calculator's exercise whether it is right.

    Parameters
    ----------
    updates, tokens, dropped, kept, depth : int or float
        Updates in an epoch, targets of a full update, targets that no window predicts, bytes
        that a full window's tape holds, and the mean depth of a full window's losses.
    """
    N, B, T, H = CORPUS
    right = budget.work_out(*CORPUS, num_symbols=SYMBOLS, cell="gru", number_bytes=4)
    L = N // B
    report(
        "updates",
        updates,
        right.updates,
        mistakes=[
            Mistake((L - 1) // T, "the short last window makes an update too: round up"),
            Mistake(-(-(N - 1) // T), "that is one stream: B streams are read side by side"),
            Mistake(L - 1, "that is a window of one step: T steps make one update"),
            Mistake(L, "that is a window of one step: T steps make one update"),
            Mistake(N - 1, "that is one stream and one step: an update sees B·T tokens"),
        ],
    )
    report(
        "tokens",
        tokens,
        right.tokens,
        mistakes=[
            Mistake(B, "that is one tick: a window has T of them"),
            Mistake(T, "that is one stream: there are B of them"),
            Mistake(B + T, "the two axes multiply: T rows of B columns"),
            Mistake(B * T * H, "tokens, not numbers: H does not count here"),
            Mistake(B * (T + 1), "a window has T targets a stream; the T + 1st is an input only"),
        ],
    )
    report(
        "dropped",
        dropped,
        right.dropped,
        mistakes=[
            Mistake(
                N - L * B,
                "each stream's first token is no target either: ask for N − 1 "
                "targets less (L − 1)·B",
            ),
            Mistake(N - (L - 1) * B, "of N tokens only N − 1 have one before them"),
            Mistake(0, "N is no multiple of B, and no target crosses from stream to stream"),
            Mistake((L - 1) % T * B, "the short last window is read: its targets are not dropped"),
            Mistake(
                N - 1 - (L - 1) // T * T * B,
                "the short last window is read: its targets are not dropped",
            ),
        ],
    )
    numbers = H * (5 * T + 1) + SYMBOLS * T
    report(
        "bytes",
        kept,
        right.kept_bytes,
        mistakes=[
            Mistake(4 * numbers + 8 * T, "that is one stream: there are B of them"),
            Mistake(B * numbers, "those are numbers: each takes 4 bytes, and an id 8"),
            Mistake(B * (numbers + T), "those are numbers: each takes 4 bytes, and an id 8"),
            Mistake(4 * B * (numbers + T), "an id takes 8 bytes, whatever the weights take"),
            Mistake(4 * B * numbers, "the ids are missing: 8 bytes for each of the B·T inputs"),
            Mistake(
                4 * B * (numbers - H) + 8 * B * T,
                "the initial state is missing: h stands at T + 1 places",
            ),
            Mistake(
                4 * B * (numbers + 4 * H) + 8 * B * T,
                "only h stands at T + 1 places: gates are made at the T steps",
            ),
            Mistake(
                4 * B * H * (5 * T + 1) + 8 * B * T,
                "the logits are missing: V numbers for each of the B·T tokens",
            ),
            Mistake(4 * B * H * (5 * T + 1), "the logits and the ids are missing"),
            Mistake(8 * B * numbers + 8 * B * T, "float32 was asked for: 4 bytes a number, not 8"),
            Mistake(
                budget.kept_bytes(B, T, H, num_symbols=SYMBOLS, number_bytes=4),
                "that is the LSTM: the GRU has no memory c, and three gates",
            ),
            Mistake(
                budget.kept_bytes(B, T, H, num_symbols=SYMBOLS, cell="rnn", number_bytes=4),
                "that is the plain cell: the GRU keeps four more arrays of H at each step",
            ),
        ],
    )
    report(
        "depth",
        depth,
        (T + 1) / 2,
        mistakes=[
            Mistake(T, "only the last loss of a window is T deep: average over 1 to T"),
            Mistake(T / 2, "depth counts cells, from 1 to T, not from 0"),
            Mistake((T - 1) / 2, "those are lags: depth counts the loss's own cell too"),
        ],
    )


def reset_floor(attempt: Any) -> None:
    """Say whether ``attempt(T, period, distances)`` is the floor with the state reset.

    Parameters
    ----------
    attempt : callable
        Takes the time steps, the characters in a cycle of the alphabet and the list of the
        distances of its responses, one entry a response.
    """
    cases = []
    for T, period, distances in ((2, 13, [3, 2]), (6, 11, [2, 4, 4]), (20, 19, [7, 7, 12])):
        calls = period - 1 - len(distances)

        def at(k: int, calls: int = calls, period: int = period, d: Any = distances) -> float:
            return float(calls + sum(distance > k for distance in d)) / period

        known = range(1, T + 1)
        right = float(np.mean([at(k) for k in known]))
        late = float(np.mean([at(k - 1) for k in known]))
        cases.append(
            Case(
                (T, period, list(distances)),
                right,
                (
                    Mistake(
                        at(T),
                        "that is the last loss of the window: average over all T of them",
                    ),
                    Mistake(
                        calls / period,
                        "that is the floor of a state that is carried: after a reset a call may "
                        "lie before the window",
                    ),
                    Mistake(
                        late,
                        "one character too few: the first loss of a window sees one character, "
                        "its own input",
                    ),
                    Mistake(
                        float(np.mean([at(k + 1) for k in known])),
                        "one character too many: the first loss of a window sees one character",
                    ),
                    Mistake(
                        right * period / (period - 1), "the space counts: divide by the period"
                    ),
                    Mistake(right * T, "a sum over the window: bits per character are its mean"),
                    Mistake(
                        right + 1 / period,
                        "the space is no call: of the period's characters one has no case",
                    ),
                    Mistake(
                        right - calls / period,
                        "the calls are missing: each costs one bit, whatever is in sight",
                    ),
                    Mistake(right * np.log(2), "these are nats; a coin costs one bit"),
                ),
            )
        )
    report_function("reset_floor", attempt, cases, within=1e-6)


def ratio(attempt: Any) -> None:
    """Say whether ``attempt(a, D, T)`` is what doubling T does to the variance of the gradient.

    Parameters
    ----------
    attempt : callable
        Takes the weight and the distance of the scalar model and T; gives the variance with 2T
        steps divided by that with T, for one stream. A simulation with some ten thousand
        windows is exact enough.
    """
    cases = []
    for a, D, T in ((0.85, 6, 3), (0.8, 6, 16), (0.6, 4, 1)):
        before, after = (closed_form.deviation(a, D, 1, t) ** 2 for t in (T, 2 * T))
        right = after / before
        means = [closed_form.gradient_mean_by_windows(a, D, t) for t in (T, 2 * T)]
        square = (after + means[1] ** 2) / (before + means[0] ** 2)
        cases.append(
            Case(
                (a, D, T),
                right,
                (
                    Mistake(
                        0.5,
                        "one half is what doubling B gives, where the new streams are "
                        "independent and no deeper: the new steps are neither",
                    ),
                    Mistake(2.0, "twice the tokens are averaged, not added: divide by 2T"),
                    Mistake(1 / right, "upside down: after, divided by before"),
                    Mistake(
                        square,
                        "the mean square is no variance: take the square of the mean away first",
                    ),
                    Mistake(
                        np.sqrt(right),
                        "those are standard deviations: square them, a variance is asked for",
                    ),
                    Mistake(
                        2 * right,
                        "B was halved at the same time: this is the same number of tokens; "
                        "leave B as it is",
                    ),
                    Mistake(
                        right / 2,
                        "B was doubled at the same time: leave B as it is",
                    ),
                    Mistake(
                        4 * right,
                        "the window's losses are added, not averaged: divide by 2T and by T",
                    ),
                ),
            )
        )
    report_function("ratio", attempt, cases, within=0.045)


def least_streams(attempt: Any) -> None:
    """Say whether ``attempt(N, tick, token, seconds)`` is the least B that makes it in time.

    Parameters
    ----------
    attempt : callable
        Takes the tokens of a pass, the seconds of a tick whatever B is, the seconds of a token
        on top, and the seconds that the pass may take.
    """
    cases = []
    for N, tick, token, seconds in (
        (1_000_000, 2e-5, 4e-6, 4.7),
        (200_000, 1e-4, 5e-6, 2.95),
        (50_000, 1e-4, 1e-6, 10.0),
    ):
        exact = N * tick / (seconds - N * token)
        without = N * tick / seconds
        cases.append(
            Case(
                (N, tick, token, seconds),
                int(np.ceil(exact)),
                (
                    Mistake(exact, "B is a whole number: round up"),
                    Mistake(
                        int(np.floor(exact)),
                        "a little too slow: B is a whole number, so round up, not down",
                    ),
                    Mistake(round(exact), "a little too slow: round up, not to the nearest"),
                    Mistake(
                        int(np.ceil(without)),
                        "the tokens' own time is missing: N·token seconds pass whatever B is",
                    ),
                    Mistake(without, "the tokens' own time is missing, and B is a whole number"),
                    Mistake(
                        int(np.ceil(N * (tick + token) / seconds)),
                        "a tick's fixed part is shared by B tokens, a token's own part is not",
                    ),
                    Mistake(
                        int(np.ceil(N * tick / (seconds + N * token))),
                        "the tokens' own time is taken from the seconds, not added to them",
                    ),
                ),
            )
        )
    report_function("least_streams", attempt, cases)


def choose(batch_size: Any, num_steps: Any) -> None:
    """Say how far a choice of B and T is from the best one within the bytes, and why.

    A hidden simulator: the scalar model with a distance of `DISTANCE` and a weight that the
    reader does not know gives the error of the gradient, and ``budget.kept_bytes`` the bytes.

    Parameters
    ----------
    batch_size, num_steps : int
        B and T.
    """
    choice = batch_size, num_steps
    if any(n is ... or n is None for n in choice):
        report("choose", ..., 0)
        return
    no_number = bool | np.timedelta64
    whole = [isinstance(n, int | np.integer) and not isinstance(n, no_number) for n in choice]
    if not all(whole) or min(choice) < 1:
        _refuse(choice, "B and T are whole numbers of at least 1")
        return
    B, T = int(batch_size), int(num_steps)
    kept = bytes_of(B, T)
    if kept > MOST_BYTES:
        _refuse(
            choice,
            f"over the budget: this window keeps {kept:,} bytes, and {MOST_BYTES:,} are there",
        )
        return
    found, least = _error(B, T), _error(*best())
    if found <= GOOD_ENOUGH * least:
        report("choose", choice, choice)
        return
    share = closed_form.bias(HIDDEN_A, DISTANCE, T) ** 2 / found**2
    if share > 0.8:
        why = "nearly all of it is bias: no number of streams removes it, so take more steps"
    elif share < 0.2:
        why = "nearly all of it is noise: take more streams, and fewer steps if you must"
    else:
        why = f"{100 * share:.0f} % of its square is bias and the rest is noise"
    if kept < MOST_BYTES / 2:
        why += "; more than half of the bytes are left"
    _refuse(choice, f"the error is {found / least:.1f} times the least one: {why}")


def bytes_of(batch_size: int, num_steps: int) -> int:
    """Of the network of `choose`: an LSTM with 64 hidden units that reads 50 symbols.

    Examples
    --------
    >>> bytes_of(12, 10)
    491328
    """
    return budget.kept_bytes(batch_size, num_steps, 64, num_symbols=50)


def best() -> tuple[int, int]:
    """The B and T of least error that the bytes of `choose` allow.

    Examples
    --------
    >>> B, T = best()
    >>> bytes_of(B, T) <= MOST_BYTES
    True
    """
    steps = range(1, 8 * DISTANCE)
    each = [(MOST_BYTES // bytes_of(1, T), T) for T in steps]
    return min(each, key=lambda pair: _error(*pair))


def _error(batch_size: int, num_steps: int) -> float:
    return closed_form.root_mean_square(HIDDEN_A, DISTANCE, batch_size, num_steps)


def _refuse(choice: tuple[Any, Any], hint: str) -> None:
    report("choose", "this", "", mistakes=[Mistake("this", hint)])
