"""What the chapter on recurrence asks."""

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers import cells, seeds
from helpers.tools.exercise import answer, exercise


def _drawn(T: int, B: int, D: int = 2, H: int = 3) -> tuple[np.ndarray, ...]:
    draw = seeds.rng(f"forward exercise {T} {B}").normal
    sizes: tuple[Any, ...] = ((D, H), (H, H), H, (T, B, D), (B, H))
    return tuple(draw(size=size) for size in sizes)

@exercise(_drawn(4, 3), _drawn(3, 3))
def forward(
    W_xh: np.ndarray, W_hh: np.ndarray, b_h: np.ndarray, x: np.ndarray, h0: np.ndarray
) -> np.ndarray:
    """The states (T, B, H) after each tick, from x (T, B, D) and h0 (B, H)."""
    h, states = h0, []
    for x_t in x:
        h = np.tanh(x_t @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return np.array(states)

def _ticks(tick: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """`forward` with another tick, of the input's part, the state, W_hh and b_h."""
    return lambda W_xh, W_hh, b_h, x, h: np.array([h := tick(u, h, W_hh, b_h) for u in x @ W_xh])

def _across(*given: Any) -> Any:
    """The states (B, T, H) of a walk over the streams, where the shapes allow it."""
    *weights, x, h0 = given
    return forward.right(*weights, x.swapaxes(0, 1), h0) if len(x) == len(h0) else None

_linear = _ticks(lambda a, h, W, b: a + h @ W + b)
forward.wrong = {
    "every tick starts from h0: hand the new state on to the next tick":
        lambda W_xh, W_hh, b_h, x, h0: np.tanh(x @ W_xh + h0 @ W_hh + b_h),
    "it starts from zeros, but an initial state h0 is given":
        lambda *given: forward.right(*given[:4], 0 * given[4]),
    "the state before is left out: add h @ W_hh inside the tanh":
        _ticks(lambda a, h, W, b: np.tanh(a + b)),
    "the tanh is missing": _linear,
    "the tanh is taken twice in each tick":
        _ticks(lambda a, h, W, b: np.tanh(np.tanh(a + h @ W + b))),
    "h @ W_hh belongs inside the tanh, together with the input":
        _ticks(lambda a, h, W, b: np.tanh(a + b) + h @ W),
    "the bias b_h is left out": _ticks(lambda a, h, W, b: np.tanh(a + h @ W)),
    "W_hh is turned: with streams in rows it is h @ W_hh":
        _ticks(lambda a, h, W, b: np.tanh(a + h @ W.T + b)),
    "every stream needs its own row of the state; here all rows start from one": [
        _ticks(lambda a, h, W, b: np.tanh(a + h[:1] @ W + b)),
        _ticks(lambda a, h, W, b: np.tanh(a + h.mean(0) @ W + b))],
    "the tanh belongs inside the loop: the next tick needs it":
        lambda *given: np.tanh(_linear(*given)),
    "the ticks run backwards; time starts at x[0]":
        lambda W_xh, W_hh, b_h, x, h0: forward.right(W_xh, W_hh, b_h, x[::-1], h0)[::-1],
    "the tanh is taken twice: the states are already squashed": forward.but(np.tanh),
    "that is the last state alone; return the state after every tick": [
        forward.but(lambda h: h[-1]), forward.but(lambda h: h[-1:])],
    "h0 was given, so it is no result: return the T states after the ticks":
        lambda *given: np.concatenate([given[4][None], forward.right(*given)]),
    "you keep the state before each tick; keep the one after it":
        lambda *given: np.concatenate([given[4][None], forward.right(*given)[:-1]]),
    "time comes first: the result is (T, B, H)": forward.but(lambda h: h.swapaxes(0, 1)),
    "you walk over the streams; x[t] is one tick, x[:, b] is one stream": [
        _across,
        lambda *given: None if _across(*given) is None else _across(*given).swapaxes(0, 1)],
}


def tick(shape: Any, calls: Any, updates: Any) -> None:
    """What the cell gets at a tick, its calls in a window, and updates in a pass.

    For N = 10,001, B = 20, T = 35 and D = 50.
    """
    tick_shape(shape)
    tick_calls(calls)
    tick_updates(updates)

def _unrounded(value: float) -> list[float]:
    """The number itself, and as it is copied from a calculator."""
    return [value, *(round(value, digits) for digits in (1, 2, 3, 4))]

tick_shape = answer("shape", (20, 50), {
    "35 is T: that is one stream's whole column, not one tick": (35, 50),
    "one word is not enough: every stream hands in its own": [(1, 50), (50,)],
    "that is a window's ids, batch first; one tick is one of T rows": (20, 35),
    "that is all ids of a window; the cell gets one row of it at a time": (35, 20),
    "that is the whole window; the cell gets it row by row": [(35, 20, 50), (20, 35, 50)],
    "700 = B times T is the whole window at once; time has to wait": (700, 50),
    "the streams come first, then the numbers that describe an input": (50, 20),
    "right streams, but each of its tokens is described by D numbers": (20,),
})
tick_calls = answer("calls", 35, {
    "20 is B: the streams are read side by side, in the same call": 20,
    "700 = B times T counts words; one call takes B of them": 700,
    "one call is one tick, and a window has T of them": 1,
    "that is every token of the corpus; only one window is asked for": 10_001,
    "500 is L, the positions in a whole stream; a window has fewer": 500,
    "the first tick counts too: it starts from the initial state": 34,
})
tick_updates = answer("updates", 15, {
    "the last window is short, but it makes an update too": 14,
    "round up: a short window is an update too": _unrounded(499 / 35),
    "L positions have L - 1 to predict; and round up: a short window is an update too":
        _unrounded(500 / 35),
    "499 would be one update for each tick; a window of T ticks makes one": 499,
    "500 is L; one update belongs to a window of T positions": 500,
    "you divided the whole corpus by T, but B streams are read side by side": [286, 285],
    "one update for each word is too many; a window of T times B makes one": [10_000, 10_001],
    "that is the number of targets; each window of them makes one update": 9_980,
    "you divided by B alone: that is positions, and a window has T of them": 501,
})


def _long_input(L: int, B: int, T: int) -> tuple[cells.Params, np.ndarray, int]:
    params = cells.init(cells.RNN, 2, 3, 2, seeds.rng("weights of in_windows"))
    return params, seeds.rng(f"inputs of in_windows {L}").normal(size=(L, B, 2)), T

# First windows of one length: a list of others raises before it can be looked at.
@exercise(_long_input(6, 3, 2), _long_input(7, 2, 3), _long_input(4, 1, 1))
def in_windows(params: cells.Params, x: np.ndarray, num_steps: int) -> np.ndarray:
    """The states (L, B, H) after every tick of x (L, B, D), read in windows."""
    return cells.forward(params, x).h[1:]

def _read(
    carry: Callable[[np.ndarray], Any] = lambda h: h[-1], *,
    keep: slice = slice(1, None), full: bool = False,
) -> Callable[..., np.ndarray]:
    """Windows that hand on what `carry` makes of their states; `full`: only those of T steps."""

    def run(params: cells.Params, x: np.ndarray, T: int) -> np.ndarray:
        state, states = None, []
        for start in range(0, len(x) - T + 1 if full else len(x), T):
            h = cells.forward(params, x[start : start + T], state).h
            states.append(h[keep])
            state = None if carry(h) is None else (carry(h),)
        return np.concatenate(states)

    return run

in_windows.wrong = {
    "every window starts from zeros: hand its last state on": _read(lambda h: None),
    "the state after the wrong tick is carried; the next window follows the last tick": [
        _read(lambda h: h[1]), _read(lambda h: h[-2])],
    "the last window is shorter than the others, but it counts too": _read(full=True),
    "each window's initial state is the last one's final state: keep h[1:] only":
        _read(keep=slice(None)),
    "you keep the states before the ticks; keep h[1:], those after them": _read(keep=slice(0, -1)),
    "that is one state for each window; keep all its ticks": _read(keep=slice(-1, None)),
    "a stream continues with its neighbour's state; row b goes on with row b":
        _read(lambda h: np.roll(h[-1], 1, axis=0)),
    "all streams go on from one mean state; row b goes on with row b":
        _read(lambda h: np.repeat(h[-1].mean(0, keepdims=True), h.shape[1], axis=0)),
    "that is a list of windows: join them with np.concatenate":
        lambda p, x, T: None if len(x) % T else np.split(in_windows.right(p, x, T), len(x) // T),
}


@exercise((4, 5, 1, 2), (5, 3, 2, 0), (3, 3, 0, 1))
def changed(num_steps: int, batch_size: int, t: int, b: int) -> list[list[bool]]:
    """Which states (T, B) move when the input of step t in stream b is changed."""
    return [[r >= t and c == b for c in range(batch_size)] for r in range(num_steps)]

def _table(reached: Callable[..., bool], kind: type) -> Callable[..., list[list[Any]]]:
    """Of `reached(row, column, t, b)`, T rows and B columns."""
    return lambda T, B, t, b: [[kind(reached(r, c, t, b)) for c in range(B)] for r in range(T)]

def _tables(*reached: Callable[..., bool]) -> list[Callable[..., list[list[Any]]]]:
    """Of truth values and of numbers."""
    return [_table(each, kind) for each in reached for kind in (bool, int)]

changed.wrong = {
    "right entries, but as numbers: make the table with dtype=bool":
        changed.but(lambda table: [[*map(int, row)] for row in table]),
    "the table has a row for each time step: its shape is (T, B)": [
        changed.but(lambda table: [*zip(*table)]),
        changed.but(lambda table: [[*map(int, column)] for column in zip(*table)])],
    "that is the whole row: streams do not see each other": _tables(lambda r, c, t, b: r == t),
    "only stream b changes: streams do not see each other": _tables(lambda r, c, t, b: r >= t),
    "what came before step t cannot change: time runs one way": _tables(lambda r, c, t, b: c == b),
    "the state is carried on, so later steps of the stream change too":
        _tables(lambda r, c, t, b: r == t and c == b),
    "step t itself reads the input, so it changes too":
        _tables(lambda r, c, t, b: r > t and c == b),
    "that is the past of step t; the future changes":
        _tables(lambda r, c, t, b: r <= t and c == b, lambda r, c, t, b: r < t and c == b),
    "only stream b changes, in row t as well":
        _tables(lambda r, c, t, b: r == t or (r > t and c == b)),
    "you ran along the batch axis; the state runs along time":
        _tables(lambda r, c, t, b: r == t and c >= b),
    "neighbours in the batch do not see each other: only column b":
        _tables(lambda r, c, t, b: r >= t and abs(c - b) <= 1),
    "only stream b changes, not those to its right": _tables(lambda r, c, t, b: r >= t and c >= b),
    "nothing before t, and no other stream, can change": _tables(lambda r, c, t, b: True),
    "that is what stays the same; True means that it changes":
        _tables(lambda r, c, t, b: r < t or c != b),
    "something does change: the state of stream b from step t on":
        _tables(lambda r, c, t, b: False),
}


TEACHERS = {
    "ex-recurrence-forward": (
        "the loop itself: the state that a tick leaves is the state that the next one gets.", """
def no_loop(W_xh, W_hh, b_h, x, h0):
    return np.tanh(x @ W_xh + h0 @ W_hh + b_h)


exercises.forward(no_loop)
"""),
    "ex-recurrence-tick": (
        "the whole question of this course in three numbers: what goes in, how often, and when "
        "the weights change.",
        "exercises.tick(shape=(1, 50), calls=700, updates=10_000)"),
    "ex-recurrence-carry": (
        "carrying the state from window to window, so that the windows do not show.", """
def fresh(params, x, T):
    pieces = [x[t : t + T] for t in range(0, len(x), T)]
    return np.concatenate([cells.forward(params, piece).h[1:] for piece in pieces])


exercises.in_windows(fresh)
"""),
    "ex-recurrence-reach": ("along time and never across: what one changed input can reach.", """
def whole_row(T, B, t, b):
    table = np.zeros((T, B), bool)
    table[t:] = True
    return table


exercises.changed(whole_row)
"""),
}
