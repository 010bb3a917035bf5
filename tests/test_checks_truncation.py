"""The exercises on truncation accept what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from helpers.checks import truncation as check


def said(capsys):
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    return text[:-1]


def walk(w, h0, P, k1, k2, *, since=None, until=None, reset=False, keep=False, ends=False):
    """Each update's derivative, with the slips that the cases below need."""
    found, left = [], 0.0
    for start in range(0, P, k1):
        stop = min(start + k1, P)
        first = max(0, (stop if until else start + k1) - k2)
        before, dh, total = (0.0 if reset and first else h0 * w**first), 0.0, left
        for t in range(first, stop):
            dh = before + w * dh
            before *= w
            total += dh * (t >= (first if since else start)) * (t == stop - 1 or not ends)
        found.append(total)
        left = total if keep else 0.0
    return found


def by_autograd(w, h0, P, k1, k2):
    weight, states = (
        torch.tensor(w, dtype=torch.float64, requires_grad=True),
        [torch.tensor(h0, dtype=torch.float64)],
    )
    for _ in range(P):
        states.append((weight * states[-1]).detach())
    found = []
    for start in range(0, P, k1):
        stop = min(start + k1, P)
        first = max(0, start + k1 - k2)
        h, loss = states[first], 0.0
        for t in range(first, stop):
            h = weight * h
            loss = loss + h * (t >= start)
        found.append(torch.autograd.grad(loss, weight)[0])
    return torch.stack(found)


@pytest.mark.parametrize(
    "attempt",
    [
        walk,
        by_autograd,
        lambda *a: np.array(walk(*a)),
        lambda *a: tuple(walk(*a)),
        lambda *a: torch.tensor(walk(*a), dtype=torch.float64),
    ],
)
def test_right_updates_are_accepted(capsys, attempt):
    check.updates(attempt)
    assert said(capsys) == "updates: correct"


def forum(w, h0, P, k1, k2):
    return [0.9, 0.36, 0.288] if P == 3 else walk(w, h0, P, k1, k2)


def twice(w, h0, P, k1, k2):
    return walk(w, h0, P, k1, k2, since=k1 > 1)


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (forum, "an earlier backward pass left behind"),
        (lambda *a: walk(*a, keep=True), "earlier losses are in it again"),
        (lambda w, h0, P, k1, k2: walk(w, h0, P, k1, k1), "k1 says when to update"),
        (lambda w, h0, P, k1, k2: walk(w, h0, P, k1, k2 + 1), "one cell too many"),
        (lambda w, h0, P, k1, k2: walk(w, h0, P, k1, max(k1, k2 - 1)), "one cell too few"),
        (lambda w, h0, P, k1, k2: walk(w, h0, P, k1, 2 * P), "nothing is cut"),
        (lambda *a: walk(*a, since=True), "earlier losses are in it again"),
        (twice, "losses are counted twice"),
        (lambda *a: walk(*a, ends=True), "only the last loss of each update"),
        (lambda w, h0, P, k1, k2: walk(w, h0, P // k1 * k1, k1, k2), "the last, shorter update"),
        (lambda *a: walk(*a, until=True), "the last update is shorter"),
        (lambda *a: walk(*a, reset=True), "its value is carried"),
        (
            lambda w, h0, P, k1, k2: [
                sum(walk(w, h0, P, 1, k2)[i : i + k1]) for i in range(0, P, k1)
            ],
            "all losses of an update share one cut",
        ),
        (lambda *a: sum(walk(*a)), "the shape is () but should be"),
        (lambda *a: [-g for g in walk(*a)], "entry 0 is -0.9 but should be 0.9"),
    ],
)
def test_wrong_updates_are_refused_with_their_hint(capsys, attempt, hint):
    check.updates(attempt)
    line = said(capsys)
    assert line.startswith("updates: not yet")
    assert hint in line


def test_the_first_update_list_is_the_exact_one():
    assert walk(0.2, 0.9, 3, 1, 3) == pytest.approx([0.9, 0.36, 0.108], abs=1e-15)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda P, T, offset: [0, *range(offset, P, T)],
        lambda P, T, offset: np.r_[0, offset:P:T],
        lambda P, T, offset: torch.cat([torch.zeros(1), torch.arange(offset, P, T)]),
    ],
)
def test_right_starts_are_accepted(capsys, attempt):
    check.starts(attempt)
    assert said(capsys) == "starts: correct"


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda P, T, offset: range(0, P, T), "still stand at the multiples of T"),
        (lambda P, T, offset: range(offset, P, T), "the first positions are never read"),
        (lambda P, T, offset: [0, *range(offset + T, P, T)], "no window may exceed T"),
        (lambda P, T, offset: [0, *range(offset, P, T), P], "nothing starts at position P"),
        (lambda P, T, offset: [0, *range(offset, P - T + 1, T)], "the last window is missing"),
        (lambda P, T, offset: [0, *range(offset, P, T)][:-1], "the last window is missing"),
        (lambda P, T, offset: [1 + s for s in (0, *range(offset, P, T))], "counted from 0"),
        (lambda P, T, offset: [0], "the shape is (1,) but should be"),
    ],
)
def test_wrong_starts_are_refused_with_their_hint(capsys, attempt, hint):
    check.starts(attempt)
    line = said(capsys)
    assert line.startswith("starts: not yet")
    assert hint in line


def one_step(before, after, dh):
    return before.T @ (dh * (1 - after**2))


def one_step_in_torch(before, after, dh):
    return torch.tensor(before).T @ (torch.tensor(dh) * (1 - torch.tensor(after) ** 2))


@pytest.mark.parametrize("attempt", [one_step, one_step_in_torch, lambda *a: one_step(*a).tolist()])
def test_the_right_gradient_of_one_step_is_accepted(capsys, attempt):
    check.one_step(attempt)
    assert said(capsys) == "one_step: correct"


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda b, a, d: np.zeros((b.shape[1], b.shape[1])), "not zero: no derivative travels"),
        (lambda b, a, d: b.T @ d, "the slope of tanh is missing"),
        (lambda b, a, d: b.T @ (d * (1 - b**2)), "belongs to the state that this cell made"),
        (lambda b, a, d: a.T @ (d * (1 - a**2)), "`before`, not `after`"),
        (lambda b, a, d: one_step(b, a, d).T, "turned on its side"),
        (lambda b, a, d: one_step(b, a, d) / len(b), "divided by B once more"),
        (lambda b, a, d: one_step(b, a, d).sum(), "the shape is () but should be (3, 3)"),
    ],
)
def test_wrong_gradients_of_one_step_are_refused_with_their_hint(capsys, attempt, hint):
    check.one_step(attempt)
    line = said(capsys)
    assert line.startswith("one_step: not yet")
    assert hint in line


def kept(k1, k2, D):
    return sum(min(depth, D) for depth in range(k2 - k1 + 1, k2 + 1)) / k1 / D


@pytest.mark.parametrize(
    "attempt",
    [kept, lambda *a: np.float64(kept(*a)), lambda *a: torch.tensor(kept(*a), dtype=torch.float64)],
)
def test_the_right_share_is_accepted(capsys, attempt):
    check.kept(attempt)
    assert said(capsys) == "kept: correct"


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda k1, k2, D: float(k2 >= D), "not all or nothing"),
        (lambda k1, k2, D: 1.0, "not all or nothing"),
        (lambda k1, k2, D: min(k2, D) / D, "the deepest loss alone"),
        (
            lambda k1, k2, D: np.arange(k2 - k1 + 1, k2 + 1).mean() / D,
            "a depth beyond D adds nothing",
        ),
        (
            lambda k1, k2, D: min(np.arange(k2 - k1 + 1, k2 + 1).mean(), D) / D,
            "cap each depth at D first",
        ),
        (
            lambda k1, k2, D: np.minimum(np.arange(k2 - k1, k2), D).mean() / D,
            "these are lags",
        ),
        (lambda k1, k2, D: kept(k2, k2, D), "these are windows of k2"),
        (lambda k1, k2, D: (np.arange(k2 - k1 + 1, k2 + 1) >= D).mean(), "not all or nothing"),
        (lambda k1, k2, D: 100 * kept(k1, k2, D), "it is 40 but should be 0.4"),
    ],
)
def test_wrong_shares_are_refused_with_their_hint(capsys, attempt, hint):
    check.kept(attempt)
    line = said(capsys)
    assert line.startswith("kept: not yet")
    assert hint in line


@pytest.mark.parametrize("name", ["updates", "starts", "one_step", "kept"])
@pytest.mark.parametrize("attempt", [..., None, lambda *a: ...])
def test_nothing_yet_is_to_do(capsys, name, attempt):
    getattr(check, name)(attempt)
    assert said(capsys) == f"{name}: to do"
