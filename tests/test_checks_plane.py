"""The exercises on the plane accept what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from helpers import budget, closed_form
from helpers.checks import plane as check

RIGHT = (209, 1200, 40, 4 * 24 * (128 * 251 + 60 * 50) + 8 * 1200, 25.5)
NAMES = ("updates", "tokens", "dropped", "bytes", "depth")


def said(capsys):
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    return text[:-1]


def lines(capsys):
    return dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize("form", [lambda n: n, float, np.array, torch.tensor])
def test_the_right_arithmetic_is_accepted(capsys, form):
    check.arithmetic(*map(form, RIGHT))
    assert lines(capsys) == dict.fromkeys(NAMES, "correct")


@pytest.mark.parametrize(
    ("name", "wrong", "hint"),
    [
        ("updates", 208, "round up"),
        ("updates", 5000, "B streams are read side by side"),
        ("updates", 10_415, "T steps make one update"),
        ("updates", 10_416, "T steps make one update"),
        ("updates", 250_000, "an update sees B·T tokens"),
        ("updates", 210, "it is 210 but should be 209"),
        ("tokens", 24, "that is one tick"),
        ("tokens", 50, "that is one stream"),
        ("tokens", 74, "the two axes multiply"),
        ("tokens", 1200 * 128, "H does not count here"),
        ("tokens", 24 * 51, "an input only"),
        ("dropped", 17, "each stream's first token is no target either"),
        ("dropped", 41, "only N − 1 have one before them"),
        ("dropped", 0, "N is no multiple of B"),
        ("dropped", 15 * 24, "the short last window is read"),
        ("dropped", 250_000 - 208 * 1200, "the short last window is read"),
        ("bytes", RIGHT[3] // 24, "that is one stream"),
        ("bytes", (RIGHT[3] - 9600) // 4, "each takes 4 bytes, and an id 8"),
        ("bytes", (RIGHT[3] - 9600) // 4 + 1200, "each takes 4 bytes, and an id 8"),
        ("bytes", RIGHT[3] - 4800, "an id takes 8 bytes"),
        ("bytes", RIGHT[3] - 9600, "the ids are missing"),
        ("bytes", RIGHT[3] - 4 * 24 * 128, "the initial state is missing"),
        ("bytes", RIGHT[3] + 4 * 24 * 512, "only h stands at T + 1 places"),
        ("bytes", RIGHT[3] - 4 * 24 * 3000, "the logits are missing: V numbers"),
        ("bytes", RIGHT[3] - 4 * 24 * 3000 - 9600, "the logits and the ids are missing"),
        ("bytes", 2 * RIGHT[3] - 9600, "4 bytes a number, not 8"),
        ("bytes", 4 * 24 * (128 * 352 + 3000) + 9600, "that is the LSTM"),
        ("bytes", 4 * 24 * (128 * 51 + 3000) + 9600, "that is the plain cell"),
        ("depth", 50, "only the last loss of a window is T deep"),
        ("depth", 25, "from 1 to T, not from 0"),
        ("depth", 24.5, "those are lags"),
    ],
)
def test_wrong_arithmetic_is_refused_with_its_hint(capsys, name, wrong, hint):
    answers = dict(zip(NAMES, RIGHT, strict=True)) | {name: wrong}
    check.arithmetic(*answers.values())
    found = lines(capsys)
    assert found.pop(name).startswith("not yet")
    assert set(found.values()) == {"correct"}
    check.arithmetic(*answers.values())
    assert hint in lines(capsys)[name]


def at(k, period, distances):
    return (period - 1 - len(distances) + sum(d > k for d in distances)) / period


def floor(T, period, distances, shift=0):
    return np.mean([at(k + shift, period, distances) for k in range(1, T + 1)])


@pytest.mark.parametrize(
    "attempt",
    [floor, lambda *a: torch.tensor(floor(*a)), lambda *a: float(floor(*a))],
)
def test_the_right_floor_is_accepted(capsys, attempt):
    check.reset_floor(attempt)
    assert said(capsys) == "reset_floor: correct"


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda T, P, d: at(T, P, d), "average over all T of them"),
        (lambda T, P, d: at(99, P, d), "the floor of a state that is carried"),
        (lambda *a: floor(*a, shift=-1), "one character too few"),
        (lambda *a: floor(*a, shift=1), "one character too many"),
        (lambda T, P, d: floor(T, P, d) * P / (P - 1), "divide by the period"),
        (lambda T, P, d: floor(T, P, d) * T, "bits per character are its mean"),
        (lambda T, P, d: floor(T, P, d) + 1 / P, "the space is no call"),
        (lambda T, P, d: floor(T, P, d) - at(99, P, d), "the calls are missing"),
        (lambda *a: floor(*a) * np.log(2), "these are nats"),
        (lambda T, P, d: [at(k, P, d) for k in range(1, T + 1)], "the shape is (2,)"),
        (lambda *a: 1.0, "it is 1 but should be"),
    ],
)
def test_wrong_floors_are_refused_with_their_hint(capsys, attempt, hint):
    check.reset_floor(attempt)
    line = said(capsys)
    assert line.startswith("reset_floor: not yet")
    assert hint in line


def variance(a, D, T, B=1):
    return closed_form.deviation(a, D, B, T) ** 2


def ratio(a, D, T):
    return variance(a, D, 2 * T) / variance(a, D, T)


def by_simulation(a, D, T):
    draw = np.random.default_rng(5)
    one, two = (closed_form.simulate(a, D, 1, t, 40_000, draw) for t in (T, 2 * T))
    return two.var() / one.var()


def of_squares(a, D, T):
    one, two = (
        variance(a, D, t) + closed_form.gradient_mean_by_windows(a, D, t) ** 2 for t in (T, 2 * T)
    )
    return two / one


@pytest.mark.parametrize("attempt", [ratio, by_simulation, lambda *a: torch.tensor(ratio(*a))])
def test_the_right_ratio_is_accepted(capsys, attempt):
    check.ratio(attempt)
    assert said(capsys) == "ratio: correct"


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda a, D, T: 0.5, "one half is what doubling B gives"),
        (lambda a, D, T: variance(a, D, T, 2) / variance(a, D, T), "what doubling B gives"),
        (lambda *a: 1 / ratio(*a), "upside down"),
        (lambda *a: np.sqrt(ratio(*a)), "square them"),
        (lambda a, D, T: 2 * ratio(a, D, T), "B was halved at the same time"),
        (lambda a, D, T: ratio(a, D, T) / 2, "B was doubled at the same time"),
        (lambda *a: 4 * ratio(*a), "added, not averaged"),
        (of_squares, "the mean square is no variance"),
        (lambda *a: -1.0, "it is -1 but should be"),
    ],
)
def test_wrong_ratios_are_refused_with_their_hint(capsys, attempt, hint):
    check.ratio(attempt)
    line = said(capsys)
    assert line.startswith("ratio: not yet")
    assert hint in line


def least(N, tick, token, seconds):
    return int(np.ceil(N * tick / (seconds - N * token)))


@pytest.mark.parametrize("attempt", [least, lambda *a: float(least(*a))])
def test_the_least_number_of_streams_is_accepted(capsys, attempt):
    check.least_streams(attempt)
    assert said(capsys) == "least_streams: correct"


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda N, a, b, s: N * a / (s - N * b), "B is a whole number: round up"),
        (lambda N, a, b, s: int(N * a / (s - N * b)), "round up, not down"),
        (lambda N, a, b, s: N * a / s, "the tokens' own time is missing"),
        (lambda N, a, b, s: int(np.ceil(N * a / s)), "the tokens' own time is missing"),
        (lambda N, a, b, s: int(np.ceil(N * (a + b) / s)), "a token's own part is not"),
        (lambda N, a, b, s: int(np.ceil(N * a / (s + N * b))), "not added to them"),
        (lambda *a: 1, "it is 1 but should be"),
    ],
)
def test_wrong_numbers_of_streams_are_refused_with_their_hint(capsys, attempt, hint):
    check.least_streams(attempt)
    line = said(capsys)
    assert line.startswith("least_streams: not yet")
    assert hint in line


@pytest.mark.parametrize("choice", [(10, 12), (15, 8), (12, 10), (np.int64(20), 6)])
def test_good_choices_are_accepted(capsys, choice):
    check.choose(*choice)
    assert said(capsys) == "choose: correct"


@pytest.mark.parametrize(
    ("choice", "hints"),
    [
        ((99, 1), ["nearly all of it is bias", "take more steps"]),
        ((40, 1), ["nearly all of it is bias", "more than half of the bytes are left"]),
        ((1, 110), ["nearly all of it is noise", "take more streams"]),
        ((1, 12), ["nearly all of it is noise", "more than half of the bytes are left"]),
        ((29, 4), ["1.2 times the least one", "nearly all of it is bias"]),
        ((7, 16), ["1.1 times the least one", "nearly all of it is noise"]),
        ((8, 6), ["% of its square is bias and the rest is noise"]),
        ((20, 20), ["over the budget", "500,000 are there"]),
        ((13, 10), ["over the budget", "this window keeps 532,272"]),
        ((0, 5), ["whole numbers of at least 1"]),
        ((2.5, 5), ["whole numbers"]),
        (("10", 12), ["whole numbers"]),
        ((True, 12), ["whole numbers"]),
    ],
)
def test_bad_choices_are_refused_with_their_reason(capsys, choice, hints):
    check.choose(*choice)
    line = said(capsys)
    assert line.startswith("choose: not yet")
    for hint in hints:
        assert hint in line


def test_the_best_choice_is_the_best_of_all_that_fit():
    def error(B, T):
        return closed_form.root_mean_square(check.HIDDEN_A, check.DISTANCE, B, T)

    B, T = check.best()
    assert check.bytes_of(B, T) <= check.MOST_BYTES < check.bytes_of(B + 1, T)
    for other in range(1, 60):
        most = check.MOST_BYTES // check.bytes_of(1, other)
        assert error(most, other) >= error(B, T)
    assert check.bytes_of(3, 5) == budget.kept_bytes(3, 5, 64, num_symbols=50)


@pytest.mark.parametrize("name", ["reset_floor", "ratio", "least_streams"])
@pytest.mark.parametrize("attempt", [..., None, lambda *a: ...])
def test_nothing_yet_is_to_do(capsys, name, attempt):
    getattr(check, name)(attempt)
    assert said(capsys) == f"{name}: to do"


def test_no_numbers_yet_are_to_do(capsys):
    check.arithmetic(*[...] * 5)
    assert set(lines(capsys).values()) == {"to do"}
    for choice in ((..., ...), (None, 3), (4, ...)):
        check.choose(*choice)
        assert said(capsys) == "choose: to do"
