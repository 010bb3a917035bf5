"""Exercises of the chapter on the way from a corpus to windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers import loaders
from helpers.checks import Case, Mistake, report, report_function

FAULTS = ("right", "view", "strided", "wrapped", "shuffled", "overlapping")
"""The words that `faults` takes."""

_CULPRITS: dict[Any, str] = {
    loaders.streams: "right",
    loaders.viewed: "view",
    loaders.strided: "strided",
    loaders.wrapped: "wrapped",
    loaders.shuffled: "shuffled",
    loaders.overlapping: "overlapping",
}

_EVIDENCE = {
    "right": "each target is the next number, each column counts up by one, and goes on where "
    "it stopped",
    "view": "a column counts in steps of 2, which is B, and so do the targets",
    "strided": "a column counts in steps of 2, which is B, but each target is the next number",
    "wrapped": "the last target of each window is the window's own first input",
    "shuffled": "inside a window all is well, but the next window begins somewhere else",
    "overlapping": "the second stream starts one token after the first, so they read the same text",
}


def predicted(attempt: Any, *, never: Any) -> None:
    """Check where a token is predicted, and how many of 10,001 tokens never are in 20 streams.

    Parameters
    ----------
    attempt : callable
        Takes a token's position, L and T; returns the (stream, window, step) whose target it is.
    never : int
        Tokens after the first of the corpus that are no target, for N = 10,001 and B = 20.

    Examples
    --------
    >>> predicted(lambda token, L, T: ..., never=20)
    predicted: to do
    never: correct
    """
    cases = []
    for token, L, T in ((28, 10, 4), (25, 10, 4), (9, 10, 4), (9_101, 500, 35), (39, 10, 3)):
        b, p = divmod(token, L)
        q = p - 1
        streams = "whole streams lie before the token: the stream is token // L"
        inside = "windows and steps are counted inside the stream: take away b·L first"
        order = "the order is stream, window, step"
        cases.append(
            Case(
                (token, L, T),
                (b, q // T, q % T),
                (
                    Mistake(
                        (b, p // T, p % T),
                        "this is where the token is read; it is predicted one step earlier",
                    ),
                    Mistake(
                        (b, p // T, p % T - 1),
                        "one step earlier can be in the window before: go one position back "
                        "first, and divide then",
                    ),
                    Mistake((b, (p + 1) // T, (p + 1) % T), "a token is predicted before it is "
                                                            "read, not after"),
                    Mistake((b, (token - 1) // T, (token - 1) % T), inside),
                    Mistake((b, token // T, token % T), inside),
                    Mistake((b, q // T, (token - 1) % T), inside),
                    Mistake((b, q % T, q // T), "window and step have changed places"),
                    Mistake((q // T, b, q % T), order),
                    Mistake((q % T, q // T, b), order),
                    Mistake((q % T, b, q // T), order),
                    Mistake((q // T, q % T, b), order),
                    Mistake((b + 1, q // T + 1, q % T + 1), "all three are counted from 0"),
                    Mistake((b, q // T + 1, q % T), "windows are counted from 0"),
                    Mistake((token % L, q // T, q % T), streams),
                    Mistake((token // T, q // T, q % T), streams),
                    Mistake((b, q), "this is the position in the stream: now divide it by T"),
                    Mistake((b, q // T), "the step inside the window is missing"),
                ),
            )
        )  # fmt: skip
    report_function("predicted", attempt, cases)
    left = "10,001 is 20 times 500 and a rest of 1, which is in no stream"
    report(
        "never",
        never,
        20,
        mistakes=[
            Mistake(19, f"the first tokens of the streams, yes; but {left}"),
            Mistake(21, "nobody can predict the first token of the corpus: leave it out"),
            Mistake(1, "the token left over, yes; but a stream's first token has none before it"),
            Mistake(0, "a stream's first token has nothing before it in its own stream"),
            Mistake(9_980, "this is how many are predicted: now the others"),
            Mistake(10_000, "that is all that could be predicted: which of them are not?"),
            Mistake(40, "the last token of a stream is a target; only its first is none"),
            Mistake(41, "the last token of a stream is a target; only its first is none"),
        ],
    )  # fmt: skip


def faults(**named: Any) -> None:
    """Check the names of the faults of the six loaders in the line-up.

    Parameters
    ----------
    **named : str
        A to F; each one of `FAULTS`.

    Examples
    --------
    >>> faults(D="right", E=...)
    D: correct
    E: to do
    """
    for letter, said in named.items():
        if letter not in loaders.SUSPECTS:
            print(f"{letter}: not yet, the suspects are {', '.join(loaders.SUSPECTS)}")
            continue
        truth = _CULPRITS[loaders.SUSPECTS[letter]]
        if said is not ... and said is not None and said not in FAULTS:
            print(f"{letter}: not yet, the words are {', '.join(FAULTS)}")
            continue
        hints = [
            Mistake(word, f"if it were {word!r}: {_EVIDENCE[word]}; look again")
            for word in FAULTS
            if word != truth
        ]
        report(letter, said, truth, mistakes=hints)


def repaired(view: Any, strided: Any, wrapped: Any, fresh: Any) -> None:
    """Check four lines that mend four broken loaders.

    Parameters
    ----------
    view : callable
        Takes ids (N,) and B; returns the streams, (L, B).
    strided : callable
        Takes ids (N,) and B; returns inputs and targets, each ((N - 1) // B, B).
    wrapped : callable
        Takes streams (L, B), start and stop; returns the targets of ``streams[start:stop]``.
    fresh : callable
        Takes how many windows there are, of shuffled pieces; returns for each of them whether
        the state starts anew there.

    Examples
    --------
    >>> repaired(..., ..., lambda streams, start, stop: streams[start + 1 : stop + 1], ...)
    view: to do
    strided: to do
    wrapped: correct
    fresh: to do
    """
    report_function("view", view, [_view_case(n, B) for n, B in ((12, 3), (23, 4), (6, 2))])
    sizes = ((13, 3), (12, 3), (23, 4), (7, 2))
    report_function("strided", strided, [_strided_case(n, B) for n, B in sizes])
    cuts = ((10, 2, 0, 4), (10, 2, 4, 8), (10, 3, 8, 9))
    report_function("wrapped", wrapped, [_wrapped_case(*cut) for cut in cuts])
    cases = []
    for n in (4, 2, 7):
        first = [True] + [False] * (n - 1)
        cases.append(
            Case(
                (n,),
                [True] * n,
                (
                    Mistake(first, "that is right for streams in order; here no window goes on "
                                   "where the one before it stopped"),
                    Mistake([False] * n, "that carries the state into every window, and none "
                                         "belongs to it"),
                    Mistake([not f for f in first], "that says the opposite: True where the state "
                                                    "starts anew"),
                    Mistake([True] * (n - 1), "one for each window, the first one too"),
                    Mistake([1] * n, "truth values, please: True or False for each window"),
                    Mistake(True, "one for each window: a list"),
                ),
            )
        )  # fmt: skip
    report_function("fresh", fresh, cases)


def feed_order(attempt: Any) -> None:
    """Check in which order the pieces of a corpus must be fed.

    Parameters
    ----------
    attempt : callable
        Takes how many pieces there are, numbered as they stand in the corpus, and B; returns the
        order for a library that makes one minibatch of B pieces after each other.

    Examples
    --------
    >>> feed_order(lambda num_pieces, B: list(range(num_pieces)))
    feed_order: not yet, in reading order the pieces of one minibatch follow each other, so none \
continues itself: place b of the next minibatch must continue place b
    """
    cases = []
    for M, B in ((12, 3), (12, 4), (11, 3), (10, 2), (7, 3)):
        K = M // B
        table = np.arange(K * B).reshape(B, K)
        right = table.T.ravel()
        cases.append(
            Case(
                (M, B),
                right,
                (
                    Mistake(
                        np.arange(M),
                        "in reading order the pieces of one minibatch follow each other, so none "
                        "continues itself: place b of the next minibatch must continue place b",
                    ),
                    Mistake(
                        np.arange(K * B),
                        "in reading order the pieces of one minibatch follow each other, so none "
                        "continues itself: place b of the next minibatch must continue place b",
                    ),
                    Mistake(
                        np.concatenate([right, np.arange(K * B, M)]),
                        "the pieces that do not fill the streams evenly have to stay away",
                    ),
                    Mistake(
                        np.concatenate([np.arange(k, M, K) for k in range(K)]),
                        "the pieces that do not fill the streams evenly have to stay away",
                    ),
                    Mistake(right[:-B], "the last minibatch is missing"),
                    Mistake(right[B:], "the first minibatch is missing"),
                    Mistake(
                        table.T,
                        "right, but as a table: one list, minibatch after minibatch",
                    ),
                    Mistake(
                        table[::-1].T.ravel(),
                        "that works too, with the streams the other way round; here stream 0 "
                        "comes first",
                    ),
                    Mistake(
                        np.arange(K * B).reshape(K, B).T.ravel(),
                        "the streams have B pieces each: they should be B streams of "
                        "num_pieces // B pieces",
                    ),
                    Mistake(right + 1, "pieces are counted from 0"),
                ),
            )
        )
    report_function("feed_order", attempt, cases)


def strides(attempt: Any) -> None:
    """Check what windows at regular distances predict: how much, and how many different tokens.

    Parameters
    ----------
    attempt : callable
        Takes N, T and the stride from one window's start to the next; returns the number of
        targets, and the number of different tokens among them.

    Examples
    --------
    >>> strides(lambda N, T, stride: ...)
    strides: to do
    """
    cases = []
    for N, T, stride in ((11, 3, 1), (11, 3, 3), (12, 3, 2), (30, 4, 6), (50, 5, 5), (21, 4, 3)):
        starts = range(0, N - T, stride)
        windows, unseen = len(starts), len(range(0, N - T + 1, stride))
        covered = {i + 1 + t for i in starts for t in range(T)}
        targets, distinct = windows * T, len(covered)
        cases.append(
            Case(
                (N, T, stride),
                (targets, distinct),
                (
                    Mistake((targets, targets), "where windows overlap, a token is predicted more "
                                                "than once: count it once"),
                    Mistake((distinct, targets), "the other way round: all targets first"),
                    Mistake((targets, N - 1), "not every token is reached: look at the end, and "
                                              "between windows that stand apart"),
                    Mistake((targets, N), "the first token is never a target"),
                    Mistake((windows, distinct), "that is how many windows there are; each has T "
                                                 "targets"),
                    Mistake(targets / distinct, "that is the quotient: give both numbers"),
                    Mistake((unseen * T, len({i + 1 + t for i in range(0, N - T + 1, stride)
                                              for t in range(T)})),
                            "one window too many: its last target would lie behind the corpus"),
                    Mistake((unseen * T, distinct),
                            "one window too many: its last target would lie behind the corpus"),
                    Mistake((N // stride * T, distinct), "the last window must end before the "
                                                         "corpus does: it starts at N - T - 1 or "
                                                         "earlier"),
                    Mistake(((N - 1) // stride * T, distinct),
                            "the last window must end before the corpus does: it starts at "
                            "N - T - 1 or earlier"),
                    Mistake(((N - T) // stride * T, distinct),
                            "round up: the window at 0 counts too"),
                    Mistake(((N - T) // stride * T, len({i * stride + 1 + t for t in range(T)
                                                         for i in range((N - T) // stride)})),
                            "round up: the window at 0 counts too"),
                ),
            )
        )  # fmt: skip
    report_function("strides", attempt, cases)


def _view_case(n: int, B: int) -> Case:
    ids = np.arange(n)
    L = n // B
    right = ids[: L * B].reshape(B, L).T
    return Case(
        (ids, B),
        right,
        (
            Mistake(ids[: L * B].reshape(L, B), "this is the fault itself: the right shape, and "
                                                "columns that count in steps of B"),
            Mistake(ids[: L * B].reshape(L, B).T, "turned, but still cut in steps of B: cut into "
                                                  "B pieces first, then turn"),
            Mistake(right.T, "the streams are rows here: time runs down, so turn them"),
            Mistake(ids[-L * B :].reshape(B, L).T, "keep the start of the corpus and leave out the "
                                                   "end that is over"),
            Mistake(right[:-1], "the last row is missing: it is a target"),
            Mistake(right[:, ::-1], "stream 0 is the first piece of the corpus"),
            Mistake(ids[: L * B], "cut it into B pieces, and stand them side by side"),
        ),
    )  # fmt: skip


def _strided_case(n: int, B: int) -> Case:
    ids = np.arange(n)
    used = (n - 1) // B * B
    x, y = ids[:used], ids[1 : used + 1]
    right = x.reshape(B, -1).T, y.reshape(B, -1).T
    laid = ids[: n // B * B].reshape(B, -1).T
    return Case(
        (ids, B),
        right,
        (
            Mistake((x.reshape(-1, B), y.reshape(-1, B)), "this is the fault itself: true "
                                                          "neighbours, but columns in steps of B"),
            Mistake((x.reshape(B, -1), y.reshape(B, -1)), "the streams are rows here: time runs "
                                                          "down, so turn them"),
            Mistake((right[1], right[0]), "inputs first, then targets"),
            Mistake((right[0], right[0]), "a target is the token after its input"),
            Mistake((x, y), "now cut each into B pieces, and stand them side by side"),
            Mistake(right[0], "inputs and targets: two arrays"),
            Mistake((laid[:-1], laid[1:]), "that is the other good layout, which drops the last "
                                           "target of each stream; here keep it"),
        ),
    )  # fmt: skip


def _wrapped_case(n: int, B: int, start: int, stop: int) -> Case:
    streams = np.arange(n * B).reshape(B, n).T
    x, right = streams[start:stop], streams[start + 1 : stop + 1]
    return Case(
        (streams, start, stop),
        right,
        (
            Mistake(np.roll(x, -1, axis=0), "this is the fault itself: the last target is the "
                                            "window's own first input"),
            Mistake(x, "these are the inputs: a target stands one row below"),
            Mistake(x[1:], "the last target is missing: it stands in the row below the window"),
            Mistake(streams[start + 1 : stop], "the last target is missing: it stands in the row "
                                               "below the window"),
            Mistake(np.roll(x, 1, axis=0), "that goes the other way: a target comes later"),
            Mistake(streams[max(start - 1, 0) : stop - 1], "that goes the other way: a target "
                                                           "comes later"),
            Mistake(np.vstack([x[1:], x[-1:]]), "the last target repeats the last input: it "
                                                "stands in the row below the window"),
            Mistake(np.vstack([x[1:], 0 * x[:1]]), "the last target is known: it stands in the "
                                                   "row below the window"),
            Mistake(streams[stop : 2 * stop - start], "that is the next window's input: a target "
                                                      "stands one row below, not T"),
        ),
    )  # fmt: skip
