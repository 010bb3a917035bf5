"""Exercises of the chapter on recurrence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers import rnn, seeds
from helpers.checks import Case, Mistake, report, report_function


def forward(attempt: Any) -> None:
    """Check a function that returns the T states of B streams.

    Parameters
    ----------
    attempt : callable
        Takes W_xh (D, H), W_hh (H, H), b_h (H,), x (T, B, D) and h0 (B, H);
        returns the states after each tick, (T, B, H).

    Examples
    --------
    >>> forward(...)
    forward: to do
    """
    report_function("forward", attempt, [_forward_case(4, 3), _forward_case(3, 3)])


def tick(shape: Any, calls: Any, updates: Any) -> None:
    """Check what the cell gets, and how often, for N = 10,001, B = 20, T = 35, D = 50.

    Parameters
    ----------
    shape : tuple of int
        Of the inputs that the cell gets at one tick.
    calls : int
        How often the cell is called while one window is read.
    updates : int
        Updates in one pass over the corpus.

    Examples
    --------
    >>> tick((20, 50), 35, ...)
    shape: correct
    calls: correct
    updates: to do
    """
    report(
        "shape",
        shape,
        (20, 50),
        mistakes=[
            Mistake((35, 50), "35 is T: that is one stream's whole column, not one tick"),
            Mistake((1, 50), "one word is not enough: every stream hands in its own"),
            Mistake((50,), "one word is not enough: every stream hands in its own"),
            Mistake((20, 35), "that is a window's ids, batch first; one tick is one of T rows"),
            Mistake((35, 20), "that is all ids of a window; the cell gets one row of it at a time"),
            Mistake((35, 20, 50), "that is the whole window; the cell gets it row by row"),
            Mistake((20, 35, 50), "that is the whole window; the cell gets it row by row"),
            Mistake((700, 50), "700 = B times T is the whole window at once; time has to wait"),
            Mistake((50, 20), "the streams come first, then the numbers that describe an input"),
            Mistake((20,), "right streams, but each of its tokens is described by D numbers"),
        ],
    )
    report(
        "calls",
        calls,
        35,
        mistakes=[
            Mistake(20, "20 is B: the streams are read side by side, in the same call"),
            Mistake(700, "700 = B times T counts words; one call takes B of them"),
            Mistake(1, "one call is one tick, and a window has T of them"),
            Mistake(10_001, "that is every token of the corpus; only one window is asked for"),
            Mistake(500, "500 is L, the positions in a whole stream; a window has fewer"),
            Mistake(34, "the first tick counts too: it starts from the initial state"),
        ],
    )
    report(
        "updates",
        updates,
        15,
        mistakes=[
            Mistake(14, "the last window is short, but it makes an update too"),
            *_unrounded(499 / 35, "round up: a short window is an update too"),
            *_unrounded(
                500 / 35,
                "L positions have L - 1 to predict; and round up: a short window is an update too",
            ),
            Mistake(499, "499 would be one update for each tick; a window of T ticks makes one"),
            Mistake(500, "500 is L; one update belongs to a window of T positions"),
            Mistake(286, "you divided the whole corpus by T, but B streams are read side by side"),
            Mistake(285, "you divided the whole corpus by T, but B streams are read side by side"),
            Mistake(
                10_000, "one update for each word is too many; a window of T times B makes one"
            ),
            Mistake(
                10_001, "one update for each word is too many; a window of T times B makes one"
            ),
            Mistake(9_980, "that is the number of targets; each window of them makes one update"),
            Mistake(501, "you divided by B alone: that is positions, and a window has T of them"),
        ],
    )


def in_windows(attempt: Any) -> None:
    """Check a function that reads a long input in windows and carries the state.

    Parameters
    ----------
    attempt : callable
        Takes params, x (L, B, D) and num_steps; returns the states after
        every tick, (L, B, H).

    Examples
    --------
    >>> in_windows(lambda params, x, num_steps: rnn.forward(params, x).h[1:])
    in_windows: correct
    """
    params = rnn.init(2, 3, 2, seeds.rng("weights of in_windows"))
    cases = []  # first windows of one length: a list of others raises before it can be looked at
    for L, B, T in ((6, 3, 2), (7, 2, 3), (4, 1, 1)):
        x = seeds.rng(f"inputs of in_windows {L}").normal(size=(L, B, 2))
        cases.append(_windows_case(params, x, T))
    report_function("in_windows", attempt, cases)


def changed(attempt: Any) -> None:
    """Check a function that says which states move when one input is changed.

    Parameters
    ----------
    attempt : callable
        Takes num_steps, batch_size, t and b; returns (T, B) truth values.

    Examples
    --------
    >>> changed(lambda num_steps, batch_size, t, b: ...)
    changed: to do
    """
    cases = [_changed_case(4, 5, 1, 2), _changed_case(5, 3, 2, 0), _changed_case(3, 3, 0, 1)]
    report_function("changed", attempt, cases)


def _forward_case(T: int, B: int) -> Case:
    D, H = 2, 3
    draw = seeds.rng(f"forward exercise {T} {B}").normal
    W_xh, W_hh, b_h = draw(size=(D, H)), draw(size=(H, H)), draw(size=H)
    x, h0 = draw(size=(T, B, D)), draw(size=(B, H))
    zeros = np.zeros_like(h0)

    def run(step: Callable[[Any, Any], Any], h: Any = h0, inputs: Any = x) -> np.ndarray:
        states = []
        for x_t in inputs:
            h = step(x_t, h)
            states.append(h)
        return np.array(states)

    def right(x_t: Any, h: Any) -> Any:
        return np.tanh(x_t @ W_xh + h @ W_hh + b_h)

    expected = run(right)
    always_h0 = np.array([right(x_t, h0) for x_t in x])
    forgets = np.array([np.tanh(x_t @ W_xh + b_h) for x_t in x])
    linear = run(lambda x_t, h: x_t @ W_xh + h @ W_hh + b_h)
    twice = run(lambda x_t, h: np.tanh(right(x_t, h)))
    late = run(lambda x_t, h: np.tanh(x_t @ W_xh + b_h) + h @ W_hh)
    no_bias = run(lambda x_t, h: np.tanh(x_t @ W_xh + h @ W_hh))
    shared_first = run(lambda x_t, h: right(x_t, np.broadcast_to(h[:1], (B, H))))
    shared_mean = run(lambda x_t, h: right(x_t, np.broadcast_to(h.mean(0), (B, H))))
    turned = run(lambda x_t, h: np.tanh(x_t @ W_xh + h @ W_hh.T + b_h))
    one_state = "every stream needs its own row of the state; here all rows start from one"
    mistakes = [
        Mistake(always_h0, "every tick starts from h0: hand the new state on to the next tick"),
        Mistake(forgets, "the state before is left out: add h @ W_hh inside the tanh"),
        Mistake(run(right, zeros), "it starts from zeros, but an initial state h0 is given"),
        Mistake(linear, "the tanh is missing"),
        Mistake(np.tanh(linear), "the tanh belongs inside the loop: the next tick needs it"),
        Mistake(twice, "the tanh is taken twice in each tick"),
        Mistake(np.tanh(expected), "the tanh is taken twice: the states are already squashed"),
        Mistake(late, "h @ W_hh belongs inside the tanh, together with the input"),
        Mistake(no_bias, "the bias b_h is left out"),
        Mistake(shared_first, one_state),
        Mistake(shared_mean, one_state),
        Mistake(turned, "W_hh is turned: with streams in rows it is h @ W_hh"),
        Mistake(expected[-1], "that is the last state alone; return the state after every tick"),
        Mistake(expected[-1:], "that is the last state alone; return the state after every tick"),
        Mistake(
            np.concatenate([h0[None], expected]),
            "h0 was given, so it is no result: return the T states after the ticks",
        ),
        Mistake(
            np.concatenate([h0[None], expected[:-1]]),
            "you keep the state before each tick; keep the one after it",
        ),
        Mistake(expected.swapaxes(0, 1), "time comes first: the result is (T, B, H)"),
        Mistake(run(right, inputs=x[::-1])[::-1], "the ticks run backwards; time starts at x[0]"),
    ]
    if T == B:
        across = run(right, inputs=x.swapaxes(0, 1))
        over = "you walk over the streams; x[t] is one tick, x[:, b] is one stream"
        mistakes += [Mistake(across, over), Mistake(across.swapaxes(0, 1), over)]
    return Case((W_xh, W_hh, b_h, x, h0), expected, tuple(mistakes))


def _windows_case(params: rnn.Params, x: np.ndarray, T: int) -> Case:
    def read(
        carry: Callable[[np.ndarray], Any], *, keep: slice = slice(1, None), full: bool = False
    ) -> np.ndarray:
        h, states = None, []
        for start in range(0, len(x) - T + 1 if full else len(x), T):
            tape = rnn.forward(params, x[start : start + T], h)
            states.append(tape.h[keep])
            h = carry(tape.h)
        return np.concatenate(states)

    def last(h: np.ndarray) -> np.ndarray:
        return np.asarray(h[-1])

    expected = rnn.forward(params, x).h[1:]
    mixed = "the state after the wrong tick is carried; the next window follows the last tick"
    mistakes: tuple[Mistake, ...] = (
        Mistake(read(lambda h: None), "every window starts from zeros: hand its last state on"),
        Mistake(read(lambda h: h[1]), mixed),
        Mistake(read(lambda h: h[-2]), mixed),
        Mistake(
            read(last, full=True), "the last window is shorter than the others, but it counts too"
        ),
        Mistake(
            read(last, keep=slice(None)),
            "each window's initial state is the last one's final state: keep h[1:] only",
        ),
        Mistake(
            read(last, keep=slice(0, -1)),
            "you keep the states before the ticks; keep h[1:], those after them",
        ),
        Mistake(
            read(last, keep=slice(-1, None)),
            "that is one state for each window; keep all its ticks",
        ),
        Mistake(
            read(lambda h: np.roll(h[-1], 1, axis=0)),
            "a stream continues with its neighbour's state; row b goes on with row b",
        ),
        Mistake(
            read(lambda h: np.broadcast_to(h[-1].mean(0), h[-1].shape)),
            "all streams go on from one mean state; row b goes on with row b",
        ),
    )
    if len(x) % T == 0:  # the windows are as long as each other, so a list of them is an array
        listed = expected.reshape(-1, T, *expected.shape[1:])
        hint = "that is a list of windows: join them with np.concatenate"
        mistakes = (*mistakes, Mistake(listed, hint))
    return Case((params, x, T), expected, _different(mistakes, expected))


def _changed_case(T: int, B: int, t: int, b: int) -> Case:
    def mask(*at: Any) -> np.ndarray:
        table = np.zeros((T, B), bool)
        for rows, columns in at:
            table[rows, columns] = True
        return table

    on, every = slice(t, None), slice(None)
    expected = mask((on, b))
    both = slice(max(0, b - 1), b + 2)
    mistakes = (
        Mistake(mask((t, every)), "that is the whole row: streams do not see each other"),
        Mistake(mask((on, every)), "only stream b changes: streams do not see each other"),
        Mistake(mask((every, b)), "what came before step t cannot change: time runs one way"),
        Mistake(mask((t, b)), "the state is carried on, so later steps of the stream change too"),
        Mistake(mask((slice(t + 1, None), b)), "step t itself reads the input, so it changes too"),
        Mistake(mask((slice(0, t + 1), b)), "that is the past of step t; the future changes"),
        Mistake(mask((slice(0, t), b)), "that is the past of step t; the future changes"),
        Mistake(mask((t, every), (on, b)), "only stream b changes, in row t as well"),
        Mistake(
            mask((t, slice(b, None))), "you ran along the batch axis; the state runs along time"
        ),
        Mistake(mask((on, both)), "neighbours in the batch do not see each other: only column b"),
        Mistake(mask((on, slice(b, None))), "only stream b changes, not those to its right"),
        Mistake(mask((every, every)), "nothing before t, and no other stream, can change"),
        Mistake(expected.T, "the table has a row for each time step: its shape is (T, B)"),
        Mistake(~expected, "that is what stays the same; True means that it changes"),
        Mistake(mask(), "something does change: the state of stream b from step t on"),
    )
    wrong = _different(mistakes, expected)
    as_numbers = (Mistake(m.answer.astype(float), m.hint) for m in wrong)
    hint = "right entries, but as numbers: make the table with dtype=bool"
    known = (*wrong, Mistake(expected.astype(float), hint), *as_numbers)
    return Case((T, B, t, b), expected, known)


def _unrounded(value: float, hint: str) -> list[Mistake]:
    """The number itself, and as it is copied from a calculator."""
    return [Mistake(v, hint) for v in (value, *(round(value, digits) for digits in (1, 2, 3, 4)))]


def _different(mistakes: tuple[Mistake, ...], expected: np.ndarray) -> tuple[Mistake, ...]:
    """Those that are wrong here: with one stream or one step some mistakes cannot show."""
    return tuple(m for m in mistakes if not np.array_equal(m.answer, expected))
