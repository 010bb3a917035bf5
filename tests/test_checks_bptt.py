"""The checks of the chapter on the gradient through time: right passes, wrong gets its hint."""

from __future__ import annotations

import math

import numpy as np
import pytest

from helpers import measure
from helpers.checks import bptt as check


def verdict(capsys):
    return capsys.readouterr().out


NAMES = {
    check.two_steps: "two steps",
    check.gate: "gate",
    check.shortening: "shortening",
    check.kept: "kept",
    check.dominant: "dominant",
}


@pytest.mark.parametrize("checked", NAMES)
@pytest.mark.parametrize("stub", [..., None, lambda *arguments: ..., lambda *arguments: None])
def test_a_stub_is_to_do(checked, stub, capsys):
    checked(stub)
    assert verdict(capsys) == f"{NAMES[checked]}: to do\n"


@pytest.mark.parametrize("checked", NAMES)
def test_an_answer_that_fails_or_is_no_function_is_told_so(checked, capsys):
    checked(lambda *arguments: 1 / 0)
    assert "it raised ZeroDivisionError" in verdict(capsys)
    checked(3)
    assert "the answer should be a function" in verdict(capsys)


def chain(w, h0, x1, x2, y):
    """All that two scalar steps consist of: h1, h2, both slopes, the error."""
    h1 = math.tanh(w * h0 + x1)
    h2 = math.tanh(w * h1 + x2)
    return h1, h2, 1 - h1 * h1, 1 - h2 * h2, h2 - y


def slope(w, h0, x1, x2, y):
    h1, _, s1, s2, e = chain(w, h0, x1, x2, y)
    return e * s2 * (h1 + w * s1 * h0)


def slope_by_torch(w, h0, x1, x2, y):
    import torch

    w = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    loss = 0.5 * (torch.tanh(w * torch.tanh(w * h0 + x1) + x2) - y) ** 2
    return torch.autograd.grad(loss, w)[0]


def gate_by_torch(dc, f, before):
    import torch

    a = torch.tensor(np.log(f / (1 - f)), requires_grad=True)
    memory = torch.tensor(before, requires_grad=True)
    c = torch.sigmoid(a) * memory
    return torch.autograd.grad(c, (a, memory), torch.tensor(dc))


def entries(part):
    return np.concatenate([part.W_xh.ravel(), part.W_hh.ravel(), part.b_h])


def longest(sizes):
    lag = int(np.argmax(sizes))
    return lag, lag + 1


RIGHT = [
    (check.two_steps, slope),
    (check.two_steps, lambda *a: np.float64(slope(*a))),
    (check.two_steps, slope_by_torch),
    (check.gate, lambda dc, f, c: (dc * c * f * (1 - f), dc * f)),
    (check.gate, lambda dc, f, c: [(dc * c * f * (1 - f)).tolist(), (f * dc).tolist()]),
    (check.gate, lambda dc, f, c: np.stack([dc * c * f * (1 - f), dc * f])),
    (check.gate, gate_by_torch),
    (check.shortening, lambda g, T, m: min(1.0, m / (T * g))),
    (check.shortening, lambda g, T, m: m / max(m, T * g)),
    (check.kept, lambda B, T, H, D: 8 * B * (H * (T + 1) + D * T)),
    (check.kept, lambda B, T, H, D: np.zeros((T + 1, B, H)).nbytes + np.zeros((T, B, D)).nbytes),
    (check.dominant, lambda parts: longest(measure.norm_by_lag(parts))),
    (check.dominant, lambda parts: np.array(longest([np.linalg.norm(entries(p)) for p in parts]))),
]


@pytest.mark.parametrize(("checked", "answer"), RIGHT)
def test_a_right_answer_is_accepted(checked, answer, capsys):
    checked(answer)
    assert verdict(capsys) == f"{NAMES[checked]}: correct\n"


def parts_of_slope(combine):
    def attempt(w, h0, x1, x2, y):
        return combine(*chain(w, h0, x1, x2, y), w, h0)

    return attempt


def before_tanh(w, h0, x1, x2, y):
    a1 = w * h0 + x1
    a2 = w * math.tanh(a1) + x2
    return (math.tanh(a2) - y) * (1 - a2**2) * (math.tanh(a1) + w * (1 - a1**2) * h0)


WRONG = [
    (
        check.two_steps,
        "second use of w alone",
        parts_of_slope(lambda h1, h2, s1, s2, e, w, h0: e * s2 * h1),
    ),
    (
        check.two_steps,
        "first use of w alone",
        parts_of_slope(lambda h1, h2, s1, s2, e, w, h0: e * s2 * w * s1 * h0),
    ),
    (
        check.two_steps,
        "costs a factor w",
        parts_of_slope(lambda h1, h2, s1, s2, e, w, h0: e * s2 * (h1 + s1 * h0)),
    ),
    (
        check.two_steps,
        "the one of the first step too",
        parts_of_slope(lambda h1, h2, s1, s2, e, w, h0: e * s2 * (h1 + w * h0)),
    ),
    (
        check.two_steps,
        "slope of the last tanh is missing",
        parts_of_slope(lambda h1, h2, s1, s2, e, w, h0: e * (h1 + w * s1 * h0)),
    ),
    (
        check.two_steps,
        "the linear network of the text",
        parts_of_slope(lambda h1, h2, s1, s2, e, w, h0: e * (h1 + w * h0)),
    ),
    (check.two_steps, "not before it", before_tanh),
    (check.two_steps, "the sign is turned", lambda *a: -slope(*a)),
    (check.two_steps, "twice too large", lambda *a: 2 * slope(*a)),
    (check.two_steps, "it is", lambda *a: slope(*a) + 1),
    (check.gate, "swapped", lambda dc, f, c: (dc * f, dc * c * f * (1 - f))),
    (check.gate, "through the sigmoid to a", lambda dc, f, c: (dc * c, dc * f)),
    (check.gate, "the slope of a tanh", lambda dc, f, c: (dc * c * (1 - f * f), dc * f)),
    (check.gate, "the memory before the step", lambda dc, f, c: (dc * f * (1 - f), dc * f)),
    (check.gate, "so its derivative is", lambda dc, f, c: (dc * c * f * (1 - f), dc)),
    (check.gate, "not with the memory", lambda dc, f, c: (dc * c * f * (1 - f), dc * c)),
    (
        check.gate,
        "does not pass through the sigmoid",
        lambda dc, f, c: (dc * c * f * (1 - f), dc * f * f * (1 - f)),
    ),
    (
        check.gate,
        "one row for each stream",
        lambda dc, f, c: ((dc * c * f * (1 - f)).mean(0), (dc * f).mean(0)),
    ),
    (check.shortening, "the factor for the mean", lambda g, T, m: min(1.0, m / g)),
    (check.shortening, "not T times shorter", lambda g, T, m: min(1.0, m * T / g)),
    (check.shortening, "not the root of T", lambda g, T, m: min(1.0, m / (g * math.sqrt(T)))),
    (check.shortening, "upside down", lambda g, T, m: T * g / m),
    (check.shortening, "never above 1", lambda g, T, m: m / (T * g)),
    (check.shortening, "the norm after clipping", lambda g, T, m: min(T * g, m)),
    (check.kept, "T + 1 states: the initial", lambda B, T, H, D: 8 * B * T * (H + D)),
    (check.kept, "the inputs are kept too", lambda B, T, H, D: 8 * B * H * (T + 1)),
    (check.kept, "the inputs and the initial", lambda B, T, H, D: 8 * B * H * T),
    (check.kept, "this is one stream", lambda B, T, H, D: 8 * (H * (T + 1) + D * T)),
    (check.kept, "these are numbers", lambda B, T, H, D: B * (H * (T + 1) + D * T)),
    (check.kept, "8 bytes, not 4", lambda B, T, H, D: 4 * B * (H * (T + 1) + D * T)),
    (check.kept, "counts a state twice", lambda B, T, H, D: 8 * B * (2 * H * T + D * T)),
    (check.kept, "but only T inputs", lambda B, T, H, D: 8 * B * (H + D) * (T + 1)),
    (
        check.kept,
        "weights do not count",
        lambda B, T, H, D: 8 * (B * (H * (T + 1) + D * T) + H * H + D * H + H),
    ),
    (
        check.dominant,
        "depth = lag + 1",
        lambda parts: (longest(measure.norm_by_lag(parts))[0],) * 2,
    ),
    (
        check.dominant,
        "lags are counted from 0",
        lambda parts: (longest(measure.norm_by_lag(parts))[1],) * 2,
    ),
    (
        check.dominant,
        "only the own cell is added",
        lambda parts: np.add(longest(measure.norm_by_lag(parts)), (0, 1)),
    ),
    (check.dominant, "swapped", lambda parts: longest(measure.norm_by_lag(parts))[::-1]),
    (
        check.dominant,
        "the output layer does not look back",
        lambda parts: longest([np.linalg.norm(p.flat()) for p in parts]),
    ),
    (
        check.dominant,
        "largest single entry",
        lambda parts: longest([abs(entries(p)).max() for p in parts]),
    ),
    (check.dominant, "the smallest part", lambda parts: longest(-measure.norm_by_lag(parts))),
    (check.dominant, "give the depth too", lambda parts: longest(measure.norm_by_lag(parts))[0]),
]


@pytest.mark.parametrize(("checked", "hint", "answer"), WRONG)
def test_a_wrong_answer_is_refused_with_its_own_hint(checked, hint, answer, capsys):
    checked(answer)
    said = verdict(capsys)
    assert said.startswith(f"{NAMES[checked]}: not yet, ")
    assert hint in said


def first_clipped(attempt):
    check.first_clipped(attempt, norm_of_mean=0.77, max_norm=9)


def test_the_first_clipped_window_is_recognised(capsys):
    first_clipped(...)
    first_clipped(20)
    first_clipped(np.int64(20))
    assert verdict(capsys).splitlines() == ["first clipped: to do", *["first clipped: correct"] * 2]


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (10, "still short enough"),
        (40, "half of this is clipped already"),
        (0, "the mean would never be clipped"),
        (9 / 0.77, "first T of the list beyond it"),
        (160, "not the root of T"),
        (5, "it is 5 but should be 20"),
    ],
)
def test_a_wrong_prediction_is_refused_with_its_own_hint(attempt, hint, capsys):
    first_clipped(attempt)
    said = verdict(capsys)
    assert said.startswith("first clipped: not yet, ")
    assert hint in said


def test_a_limit_that_is_never_reached_is_refused():
    with pytest.raises(ValueError, match="max_norm must be below"):
        check.first_clipped(5, norm_of_mean=0.01, max_norm=9)


def test_only_the_longest_window_may_be_clipped(capsys):
    check.first_clipped(160, norm_of_mean=1.0, max_norm=159.0)
    assert verdict(capsys) == "first clipped: correct\n"
    check.first_clipped(1, norm_of_mean=1.0, max_norm=159.0)
    assert "root" not in verdict(capsys)
