"""What the chapter on the way from a corpus to windows asks."""

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.tools.exercise import Exercise, answer, exercise

FAULTS = {
    "right": "each target is the next number, each column counts up by one, and goes on where it "
    "stopped",
    "view": "a column counts in steps of 2, which is B, and so do the targets",
    "strided": "a column counts in steps of 2, which is B, but each target is the next number",
    "wrapped": "the last target of each window is the window's own first input",
    "shuffled": "inside a window all is well, but the next window begins somewhere else",
    "overlapping": "the second stream starts one token after the first, so they read the same text",
}
"""The words that `faults` takes, and what each would look like."""

def _suspect(letter: str, truth: str) -> Exercise:
    said = {f"if it were {w!r}: {seen}; look again": w for w, seen in FAULTS.items() if w != truth}
    return answer(letter, truth, said)

A, B, C = _suspect("A", "strided"), _suspect("B", "overlapping"), _suspect("C", "wrapped")
D, E, F = _suspect("D", "right"), _suspect("E", "view"), _suspect("F", "shuffled")

def faults(**named: Any) -> None:
    """The fault, one of `FAULTS`, of each of the six loaders in the line-up, A to F."""
    suspects = {suspect.name: suspect for suspect in (A, B, C, D, E, F)}
    for letter, said in named.items():
        if letter not in suspects:
            print(f"{letter}: not yet, the suspects are {', '.join(suspects)}")
        elif said is not ... and said is not None and said not in list(FAULTS):
            print(f"{letter}: not yet, the words are {', '.join(FAULTS)}")
        else:
            suspects[letter](said)


def predicted(attempt: Any, *, never: Any) -> None:
    """Where a token is predicted, and how many never are, for N = 10,001 and B = 20."""
    predicted_at(attempt)
    predicted_never(never)

@exercise((28, 10, 4), (25, 10, 4), (9, 10, 4), (9_101, 500, 35), (39, 10, 3), name="predicted")
def predicted_at(token: int, L: int, T: int) -> tuple[int, int, int]:
    """Stream, window and step whose target the token at this position is."""
    return token // L, (token % L - 1) // T, (token % L - 1) % T

def _place(place: Callable[..., tuple[int, ...]]) -> Callable[..., tuple[int, ...]]:
    """Of the stream b, the position p in it, and T."""
    return lambda token, L, T: place(token // L, token % L, T)

def _changed(change: Callable[..., tuple[int, ...]]) -> Callable[..., tuple[int, ...]]:
    """What is made of the right stream, window and step."""
    return predicted_at.but(lambda place: change(*place))

predicted_at.wrong = {
    "this is where the token is read; it is predicted one step earlier":
        _place(lambda b, p, T: (b, p // T, p % T)),
    "one step earlier can be in the window before: go one position back first, and divide then":
        _place(lambda b, p, T: (b, p // T, p % T - 1)),
    "a token is predicted before it is read, not after":
        _place(lambda b, p, T: (b, (p + 1) // T, (p + 1) % T)),
    "windows and steps are counted inside the stream: take away b·L first": [
        lambda token, L, T: (token // L, (token - 1) // T, (token - 1) % T),
        lambda token, L, T: (token // L, token // T, token % T),
        lambda token, L, T: (token // L, (token % L - 1) // T, (token - 1) % T)],
    "window and step have changed places": _changed(lambda b, w, s: (b, s, w)),
    "the order is stream, window, step": [
        _changed(lambda b, w, s: (w, b, s)), _changed(lambda b, w, s: (s, w, b)),
        _changed(lambda b, w, s: (s, b, w)), _changed(lambda b, w, s: (w, s, b))],
    "all three are counted from 0": _changed(lambda b, w, s: (b + 1, w + 1, s + 1)),
    "windows are counted from 0": _changed(lambda b, w, s: (b, w + 1, s)),
    "whole streams lie before the token: the stream is token // L": [
        lambda token, L, T: (token % L, *predicted_at.right(token, L, T)[1:]),
        lambda token, L, T: (token // T, *predicted_at.right(token, L, T)[1:])],
    "this is the position in the stream: now divide it by T": _place(lambda b, p, T: (b, p - 1)),
    "the step inside the window is missing": _changed(lambda b, w, s: (b, w)),
}
predicted_never = answer("never", 20, {
    "the first tokens of the streams, yes; but 10,001 is 20 times 500 and a rest of 1, which is "
    "in no stream": 19,
    "nobody can predict the first token of the corpus: leave it out": 21,
    "the token left over, yes; but a stream's first token has none before it": 1,
    "a stream's first token has nothing before it in its own stream": 0,
    "this is how many are predicted: now the others": 9_980,
    "that is all that could be predicted: which of them are not?": 10_000,
    "the last token of a stream is a target; only its first is none": [40, 41],
})


def repaired(view: Any, strided: Any, wrapped: Any, fresh: Any) -> None:
    """Four functions, a line each, that mend four broken loaders."""
    repaired_view(view)
    repaired_strided(strided)
    repaired_wrapped(wrapped)
    repaired_fresh(fresh)

@exercise(*((np.arange(n), B) for n, B in ((12, 3), (23, 4), (6, 2))), name="view")
def repaired_view(ids: np.ndarray, B: int) -> np.ndarray:
    """The streams (L, B) of ids (N,)."""
    return ids[: len(ids) // B * B].reshape(B, -1).T

repaired_view.wrong = {
    "this is the fault itself: the right shape, and columns that count in steps of B":
        lambda ids, B: ids[: len(ids) // B * B].reshape(-1, B),
    "turned, but still cut in steps of B: cut into B pieces first, then turn":
        lambda ids, B: ids[: len(ids) // B * B].reshape(-1, B).T,
    "the streams are rows here: time runs down, so turn them": repaired_view.but(lambda x: x.T),
    "keep the start of the corpus and leave out the end that is over":
        lambda ids, B: repaired_view.right(ids[len(ids) % B :], B),
    "the last row is missing: it is a target": repaired_view.but(lambda x: x[:-1]),
    "stream 0 is the first piece of the corpus": repaired_view.but(lambda x: x[:, ::-1]),
    "cut it into B pieces, and stand them side by side": lambda ids, B: ids[: len(ids) // B * B],
}


@exercise(*((np.arange(n), B) for n, B in ((13, 3), (12, 3), (23, 4), (7, 2))), name="strided")
def repaired_strided(ids: np.ndarray, B: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of ids (N,), each ((N - 1) // B, B)."""
    return repaired_view.right(ids[:-1], B), repaired_view.right(ids[1:], B)

def _pair(cut: Callable[[np.ndarray, int], np.ndarray]) -> Callable[..., list[np.ndarray]]:
    """Inputs and targets that are cut another way."""
    return lambda ids, B: [cut(part[: len(part) // B * B], B) for part in (ids[:-1], ids[1:])]

repaired_strided.wrong = {
    "this is the fault itself: true neighbours, but columns in steps of B":
        _pair(lambda ids, B: ids.reshape(-1, B)),
    "the streams are rows here: time runs down, so turn them":
        _pair(lambda ids, B: ids.reshape(B, -1)),
    "inputs first, then targets": repaired_strided.but(lambda both: both[::-1]),
    "a target is the token after its input": repaired_strided.but(lambda both: both[:1] * 2),
    "now cut each into B pieces, and stand them side by side": _pair(lambda ids, B: ids),
    "inputs and targets: two arrays": repaired_strided.but(lambda both: both[0]),
    "that is the other good layout, which drops the last target of each stream; here keep it":
        lambda ids, B: (repaired_view.right(ids, B)[:-1], repaired_view.right(ids, B)[1:]),
}


def _streams(n: int, B: int) -> np.ndarray:
    return np.arange(n * B).reshape(B, n).T

@exercise((_streams(10, 2), 0, 4), (_streams(10, 2), 4, 8), (_streams(10, 3), 8, 9), name="wrapped")
def repaired_wrapped(streams: np.ndarray, start: int, stop: int) -> np.ndarray:
    """The targets of ``streams[start:stop]``."""
    return streams[start + 1 : stop + 1]

repaired_wrapped.wrong = {
    "this is the fault itself: the last target is the window's own first input":
        lambda streams, start, stop: np.roll(streams[start:stop], -1, axis=0),
    "these are the inputs: a target stands one row below":
        lambda streams, start, stop: streams[start:stop],
    "the last target is missing: it stands in the row below the window":
        lambda streams, start, stop: streams[start + 1 : stop],
    "that goes the other way: a target comes later": [
        lambda streams, start, stop: np.roll(streams[start:stop], 1, axis=0),
        lambda streams, start, stop: streams[max(start - 1, 0) : stop - 1]],
    "the last target repeats the last input: it stands in the row below the window":
        lambda streams, start, stop: streams[[*range(start + 1, stop), stop - 1]],
    "the last target is known: it stands in the row below the window":
        lambda streams, start, stop: np.vstack([streams[start + 1 : stop], 0 * streams[:1]]),
    "that is the next window's input: a target stands one row below, not T":
        lambda streams, start, stop: streams[stop : 2 * stop - start],
}


@exercise((4,), (2,), (7,), name="fresh")
def repaired_fresh(windows: int) -> list[bool]:
    """Whether the state starts anew at each window of shuffled pieces."""
    return [True] * windows

repaired_fresh.wrong = {
    "that is right for streams in order; here no window goes on where the one before it stopped":
        lambda windows: [window == 0 for window in range(windows)],
    "that carries the state into every window, and none belongs to it":
        lambda windows: [False] * windows,
    "that says the opposite: True where the state starts anew":
        lambda windows: [window > 0 for window in range(windows)],
    "one for each window, the first one too": lambda windows: [True] * (windows - 1),
    "truth values, please: True or False for each window": lambda windows: [1] * windows,
    "one for each window: a list": True,
}


def _dealt(streams: int, pieces: int) -> list[int]:
    """Streams of so many pieces each, side by side, row after row."""
    return [stream * pieces + piece for piece in range(pieces) for stream in range(streams)]

@exercise((12, 3), (12, 4), (11, 3), (10, 2), (7, 3))
def feed_order(num_pieces: int, B: int) -> list[int]:
    """Order of the pieces for a library that makes a minibatch of each B in turn."""
    return _dealt(B, num_pieces // B)

feed_order.wrong = {
    "in reading order the pieces of one minibatch follow each other, so none continues itself: "
    "place b of the next minibatch must continue place b": [
        lambda M, B: [*range(M)],
        lambda M, B: [*range(M // B * B)]],
    "the pieces that do not fill the streams evenly have to stay away": [
        lambda M, B: [*feed_order.right(M, B), *range(M // B * B, M)],
        lambda M, B: [piece for first in range(M // B) for piece in range(first, M, M // B)]],
    "the last minibatch is missing": lambda M, B: feed_order.right(M, B)[:-B],
    "the first minibatch is missing": lambda M, B: feed_order.right(M, B)[B:],
    "right, but as a table: one list, minibatch after minibatch":
        lambda M, B: [[*range(first, M // B * B, M // B)] for first in range(M // B)],
    "that works too, with the streams the other way round; here stream 0 comes first":
        lambda M, B: [b * (M // B) + k for k in range(M // B) for b in reversed(range(B))],
    "the streams have B pieces each: they should be B streams of num_pieces // B pieces":
        lambda M, B: _dealt(M // B, B),
    "pieces are counted from 0": feed_order.but(lambda order: [piece + 1 for piece in order]),
}


@exercise((11, 3, 1), (11, 3, 3), (12, 3, 2), (30, 4, 6), (50, 5, 5), (21, 4, 3))
def strides(N: int, T: int, stride: int) -> tuple[int, int]:
    """Targets of windows that start a stride apart, and the different tokens among them."""
    return _targets(range(0, N - T, stride), T)

def _targets(starts: Any, T: int) -> tuple[int, int]:
    return len(starts) * T, len({start + 1 + t for start in starts for t in range(T)})

def _counted(change: Callable[..., Any]) -> Callable[..., Any]:
    """What is made of the targets, of the different tokens, and of N, T and stride."""
    return lambda N, T, stride: change(*strides.right(N, T, stride), N, T, stride)

strides.wrong = {
    "where windows overlap, a token is predicted more than once: count it once":
        _counted(lambda all, new, N, T, stride: (all, all)),
    "the other way round: all targets first": _counted(lambda all, new, N, T, stride: (new, all)),
    "not every token is reached: look at the end, and between windows that stand apart":
        _counted(lambda all, new, N, T, stride: (all, N - 1)),
    "the first token is never a target": _counted(lambda all, new, N, T, stride: (all, N)),
    "that is how many windows there are; each has T targets":
        _counted(lambda all, new, N, T, stride: (all // T, new)),
    "that is the quotient: give both numbers": _counted(lambda all, new, N, T, stride: all / new),
    "one window too many: its last target would lie behind the corpus": [
        lambda N, T, stride: _targets(range(0, N - T + 1, stride), T),
        _counted(lambda all, new, N, T, stride: (len(range(0, N - T + 1, stride)) * T, new))],
    "the last window must end before the corpus does: it starts at N - T - 1 or earlier": [
        _counted(lambda all, new, N, T, stride: (N // stride * T, new)),
        _counted(lambda all, new, N, T, stride: ((N - 1) // stride * T, new))],
    "round up: the window at 0 counts too": [
        _counted(lambda all, new, N, T, stride: ((N - T) // stride * T, new)),
        lambda N, T, stride: _targets(range(0, (N - T) // stride * stride, stride), T)],
}


TEACHERS = {
    "ex-layout-faults": ("reading a loader's output: six loaders, five faults, no error message.",
        'exercises.faults(A="view", B="overlapping", C="wrapped", D="right", E="strided", '
        'F="shuffled")'),
    "ex-layout-predicted": ("the place of a token as a *target*, and which tokens have none.",
        "exercises.predicted(lambda i, L, T: (i // L, i % L // T, i % L % T), never=1)"),
    "ex-layout-repaired": ("mending each fault with one line.", """
exercises.repaired(
    view=lambda ids, B: ids[: len(ids) // B * B].reshape(-1, B),
    strided=...,
    wrapped=...,
    fresh=lambda windows: [True] + [False] * (windows - 1),
)
"""),
    "ex-layout-feed": ("the order in which a stateful layer must be fed.",
        "exercises.feed_order(lambda num_pieces, B: list(range(num_pieces // B * B)))"),
    "ex-layout-strides": ("what an epoch is when pieces overlap.", """
def all_new(N, T, stride):
    targets = len(range(0, N - T, stride)) * T
    return targets, targets


exercises.strides(all_new)
"""),
}
