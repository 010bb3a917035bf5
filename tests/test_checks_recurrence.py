"""The checks of the recurrence chapter accept what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import rnn
from helpers.checks import recurrence as check


def verdict(capsys, function, *answers):
    function(*answers)
    return capsys.readouterr().out


def cell(W_xh, W_hh, b_h, x, h):
    return np.tanh(x @ W_xh + h @ W_hh + b_h)


def loop(W_xh, W_hh, b_h, x, h0, *, tick=cell, after=lambda h: h):
    h, states = h0, []
    for x_t in x:
        h = after(tick(W_xh, W_hh, b_h, x_t, h))
        states.append(h)
    return np.array(states)


def as_list(*args):
    return loop(*args).tolist()


def as_tensor(*args):
    torch = pytest.importorskip("torch")
    return torch.tensor(loop(*args))


def with_buffer(W_xh, W_hh, b_h, x, h0):
    h = np.empty((len(x) + 1, *h0.shape))
    h[0] = h0
    for t in range(len(x)):
        h[t + 1] = cell(W_xh, W_hh, b_h, x[t], h[t])
    return h[1:]


@pytest.mark.parametrize("answer", [loop, as_list, as_tensor, with_buffer])
def test_forward_accepts_what_is_right(capsys, answer):
    assert verdict(capsys, check.forward, answer) == "forward: correct\n"


WRONG_FORWARD = {
    "hand the new state on": lambda *a: np.array([cell(*a[:3], x, a[4]) for x in a[3]]),
    "the state before is left out": lambda W, U, b, x, h: np.tanh(x @ W + b),
    "an initial state h0 is given": lambda *a: loop(*a[:4], np.zeros_like(a[4])),
    "the tanh is missing": lambda *a: loop(*a, tick=lambda W, U, b, x, h: x @ W + h @ U + b),
    "the tanh belongs inside": lambda *a: np.tanh(
        loop(*a, tick=lambda W, U, b, x, h: x @ W + h @ U + b)
    ),
    "taken twice in each tick": lambda *a: loop(*a, after=np.tanh),
    "already squashed": lambda *a: np.tanh(loop(*a)),
    "together with the input": lambda *a: loop(
        *a, tick=lambda W, U, b, x, h: np.tanh(x @ W + b) + h @ U
    ),
    "the bias b_h is left out": lambda W, U, b, x, h: loop(W, U, 0, x, h),
    "its own row of the state": lambda *a: loop(
        *a, tick=lambda W, U, b, x, h: cell(W, U, b, x, h[:1].repeat(len(h), 0))
    ),
    "all rows start from one": lambda *a: loop(
        *a, tick=lambda W, U, b, x, h: cell(W, U, b, x, h.mean(0))
    ),
    "W_hh is turned": lambda W, U, b, x, h: loop(W, U.T, b, x, h),
    "last state alone": lambda *a: loop(*a)[-1],
    "so it is no result": lambda *a: np.concatenate([a[4][None], loop(*a)]),
    "keep the one after it": lambda *a: np.concatenate([a[4][None], loop(*a)[:-1]]),
    "the result is (T, B, H)": lambda *a: loop(*a).swapaxes(0, 1),
    "run backwards": lambda W, U, b, x, h: loop(W, U, b, x[::-1], h)[::-1],
    "it raised": lambda *a: loop(*a[:3], a[3].swapaxes(0, 1), a[4]),
}


@pytest.mark.parametrize("hint", WRONG_FORWARD)
def test_forward_names_the_mistake(capsys, hint):
    said = verdict(capsys, check.forward, WRONG_FORWARD[hint])
    assert said.startswith("forward: not yet, ")
    assert hint in said


def test_forward_sees_a_walk_over_the_streams_where_it_raises_no_error(capsys):
    def over_streams(W, U, b, x, h):
        T, B, _ = x.shape
        if T != B:
            return loop(W, U, b, x, h)
        return loop(W, U, b, x.swapaxes(0, 1), h)

    assert "x[t] is one tick" in verdict(capsys, check.forward, over_streams)


def test_forward_is_to_do_while_nothing_is_written(capsys):
    assert verdict(capsys, check.forward, lambda *a: ...) == "forward: to do\n"
    assert verdict(capsys, check.forward, ...) == "forward: to do\n"


@pytest.mark.parametrize("shape", [(20, 50), [20, 50], np.array([20, 50])])
@pytest.mark.parametrize("calls", [35, 35.0, np.int64(35)])
def test_tick_accepts_what_is_right(capsys, shape, calls):
    said = verdict(capsys, check.tick, shape, calls, 15)
    assert said == "shape: correct\ncalls: correct\nupdates: correct\n"


WRONG_TICK = [
    ("shape", (35, 50), "one stream's whole column"),
    ("shape", (1, 50), "every stream hands in its own"),
    ("shape", (50,), "every stream hands in its own"),
    ("shape", (20, 35), "a window's ids, batch first"),
    ("shape", (35, 20), "one row of it at a time"),
    ("shape", (35, 20, 50), "the whole window"),
    ("shape", (20, 35, 50), "the whole window"),
    ("shape", (700, 50), "time has to wait"),
    ("shape", (50, 20), "streams come first"),
    ("shape", (20,), "described by D numbers"),
    ("shape", (20, 51), "entry 1 is 51 but should be 50"),
    ("calls", 20, "side by side"),
    ("calls", 700, "counts words"),
    ("calls", 1, "a window has T of them"),
    ("calls", 10_001, "every token of the corpus"),
    ("calls", 500, "positions in a whole stream"),
    ("calls", 34, "the first tick counts"),
    ("calls", 36, "it is 36 but should be 35"),
    ("updates", 14, "the last window is short"),
    ("updates", 499 / 35, "round up: a short window"),
    ("updates", 14.26, "round up: a short window"),
    ("updates", 14.3, "round up: a short window"),
    ("updates", 500 / 35, "L - 1 to predict; and round up"),
    ("updates", 14.29, "L - 1 to predict; and round up"),
    ("updates", 499, "one update for each tick"),
    ("updates", 500, "500 is L"),
    ("updates", 286, "B streams are read side by side"),
    ("updates", 10_001, "one update for each word"),
    ("updates", 9_980, "number of targets"),
    ("updates", 501, "divided by B alone"),
    ("updates", 16, "it is 16 but should be 15"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG_TICK)
def test_tick_names_the_mistake(capsys, name, answer, hint):
    answers = {"shape": (20, 50), "calls": 35, "updates": 15} | {name: answer}
    lines = verdict(capsys, check.tick, *answers.values()).splitlines()
    said = next(line for line in lines if line.startswith(name))
    assert said.startswith(f"{name}: not yet, ")
    assert hint in said
    assert sum("correct" in line for line in lines) == 2


def windows(
    params, x, num_steps, *, carry=lambda h: h[-1], keep=slice(1, None), drop=False, h=None
):
    states = []
    for begin in range(0, len(x) - num_steps + 1 if drop else len(x), num_steps):
        tape = rnn.forward(params, x[begin : begin + num_steps], h)
        states.append(tape.h[keep])
        h = carry(tape.h)
    return np.concatenate(states)


def changed_by(**how):
    return lambda params, x, num_steps: windows(params, x, num_steps, **how)


RIGHT_WINDOWS = [
    windows,
    lambda params, x, num_steps: windows(params, x, num_steps).tolist(),
    lambda params, x, num_steps: windows(params, x, num_steps, h=np.zeros((x.shape[1], 3))),
    lambda params, x, num_steps: rnn.forward(params, x).h[1:],
]


@pytest.mark.parametrize("answer", RIGHT_WINDOWS)
def test_in_windows_accepts_what_is_right(capsys, answer):
    assert verdict(capsys, check.in_windows, answer) == "in_windows: correct\n"


WRONG_WINDOWS = {
    "every window starts from zeros: hand": changed_by(carry=lambda h: None),
    "every window starts from zeros: ": changed_by(carry=lambda h: h[0]),
    "the state after the wrong tick": changed_by(carry=lambda h: h[1]),
    "the next window follows the last tick": changed_by(carry=lambda h: h[-2]),
    "but it counts too": changed_by(drop=True),
    "hand its last state on": changed_by(drop=True, carry=lambda h: None),
    "keep h[1:] only": changed_by(keep=slice(None)),
    "the states before the ticks": changed_by(keep=slice(0, -1)),
    "one state for each window": changed_by(keep=slice(-1, None)),
    "with its neighbour's state": changed_by(carry=lambda h: np.roll(h[-1], 1, axis=0)),
    "one mean state": changed_by(carry=lambda h: np.tile(h[-1].mean(0), (h.shape[1], 1))),
}


@pytest.mark.parametrize("hint", WRONG_WINDOWS)
def test_in_windows_names_the_mistake(capsys, hint):
    said = verdict(capsys, check.in_windows, WRONG_WINDOWS[hint])
    assert said.startswith("in_windows: not yet, ")
    assert hint in said


def listed(params, x, num_steps):
    joined = windows(params, x, num_steps)
    return [joined[begin : begin + num_steps] for begin in range(0, len(x), num_steps)]


@pytest.mark.parametrize("answer", [listed, lambda *a: np.array(listed(*a))])
def test_in_windows_says_how_to_join_a_list_of_windows(capsys, answer):
    said = verdict(capsys, check.in_windows, answer)
    assert said.startswith("in_windows: not yet, ")
    assert "join them with np.concatenate" in said


def test_in_windows_is_to_do_while_nothing_is_written(capsys):
    assert verdict(capsys, check.in_windows, lambda *a: ...) == "in_windows: to do\n"


def table(rows, columns, *, dtype=bool):
    def answer(num_steps, batch_size, t, b):
        mask = np.zeros((num_steps, batch_size), dtype)
        mask[rows(t), columns(b)] = True
        return mask

    return answer


def from_here(t):
    return slice(t, None)


def here(i):
    return i


def everywhere(_):
    return slice(None)


RIGHT_CHANGED = [
    table(from_here, here),
    lambda *a: table(from_here, here)(*a).tolist(),
    lambda T, B, t, b: (np.arange(T)[:, None] >= t) & (np.arange(B) == b),
]


@pytest.mark.parametrize("answer", RIGHT_CHANGED)
def test_changed_accepts_what_is_right(capsys, answer):
    assert verdict(capsys, check.changed, answer) == "changed: correct\n"


WRONG_CHANGED = {
    "that is the whole row": table(here, everywhere),
    "only stream b changes: streams": table(from_here, everywhere),
    "time runs one way": table(everywhere, here),
    "the state is carried on": table(here, here),
    "step t itself reads the input": table(lambda t: slice(t + 1, None), here),
    "that is the past of step t": table(lambda t: slice(0, t + 1), here),
    "along the batch axis": table(here, from_here),
    "neighbours in the batch": table(from_here, lambda b: slice(max(0, b - 1), b + 2)),
    "not those to its right": table(from_here, from_here),
    "and no other stream": table(everywhere, everywhere),
    "in row t as well": lambda *a: table(from_here, here)(*a) | table(here, everywhere)(*a),
    "its shape is (T, B)": lambda *a: table(from_here, here)(*a).T,
    "that is what stays the same": lambda *a: ~table(from_here, here)(*a),
    "something does change": lambda T, B, t, b: np.zeros((T, B), bool),
    "make the table with dtype=bool": table(from_here, here, dtype=float),
    "as numbers: make": table(from_here, here, dtype=int),
    "not truth values": lambda T, B, t, b: np.full((T, B), 0.5),
}


@pytest.mark.parametrize("hint", WRONG_CHANGED)
def test_changed_names_the_mistake(capsys, hint):
    said = verdict(capsys, check.changed, WRONG_CHANGED[hint])
    assert said.startswith("changed: not yet, ")
    assert hint in said


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (table(here, everywhere, dtype=float), "that is the whole row"),
        (table(here, here, dtype=float), "the state is carried on"),
        (table(lambda t: slice(t + 1, None), here, dtype=int), "step t itself reads"),
    ],
)
def test_changed_names_the_mistake_before_the_type(capsys, answer, hint):
    assert hint in verdict(capsys, check.changed, answer)


def test_changed_is_to_do_while_nothing_is_written(capsys):
    assert verdict(capsys, check.changed, lambda *a: ...) == "changed: to do\n"


def test_no_recognised_mistake_is_a_right_answer():
    for case in (check._forward_case(4, 3), check._forward_case(3, 3)):
        for mistake in case.mistakes:
            assert not (
                mistake.answer.shape == case.expected.shape
                and np.allclose(mistake.answer, case.expected)
            ), mistake.hint
