"""The checks of the chapter on the batch axis: right answers pass, wrong ones get their hint."""

from __future__ import annotations

import math

import numpy as np
import pytest

from helpers.checks import feedforward_batching as check
from helpers.experiments import feedforward_batching as experiments


def verdict(capsys):
    return capsys.readouterr().out


CHECKS = [check.combine, check.variance, check.per_sample, check.count]


@pytest.mark.parametrize("checked", CHECKS)
@pytest.mark.parametrize("stub", [..., None, lambda *arguments: ..., lambda *arguments: None])
def test_a_stub_is_to_do(checked, stub, capsys):
    checked(stub)
    assert verdict(capsys) == f"{checked.__name__}: to do\n"


@pytest.mark.parametrize("checked", CHECKS)
def test_an_answer_that_fails_or_is_no_function_is_told_so(checked, capsys):
    checked(lambda *arguments: 1 / 0)
    assert "it raised ZeroDivisionError" in verdict(capsys)
    checked(3)
    assert "the answer should be a function" in verdict(capsys)


def error(w, b, x, y):
    return w * x + b - y


RIGHT = [
    (check.combine, lambda m, n: n @ m / n.sum()),
    (check.combine, lambda m, n: np.average(m, axis=0, weights=n)),
    (check.combine, lambda m, n: [sum(a * b for a, b in zip(n, c)) / sum(n) for c in m.T]),  # noqa: B905
    (check.variance, lambda t, B, N: t / B * (N - B) / (N - 1)),
    (check.variance, lambda t, B, N: np.float64(t) * (1 / B) * (1 - (B - 1) / (N - 1))),
    (check.per_sample, lambda w, b, x, y: np.stack([error(w, b, x, y) * x, error(w, b, x, y)], 1)),
    (
        check.per_sample,
        lambda w, b, x, y: [[(w * p + b - q) * p, w * p + b - q] for p, q in zip(x, y)],  # noqa: B905
    ),
    (check.count, lambda N, B, E: (-(-N // B) * E, N * E)),
    (check.count, lambda N, B, E: [E * math.ceil(N / B), E * N]),
    (check.count, lambda N, B, E: np.array([E * len(range(0, N, B)), N * E])),
]


@pytest.mark.parametrize(("checked", "answer"), RIGHT)
def test_a_right_answer_is_accepted(checked, answer, capsys):
    checked(answer)
    assert verdict(capsys) == f"{checked.__name__}: correct\n"


def test_a_right_answer_in_torch_is_accepted(capsys):
    torch = pytest.importorskip("torch")
    check.combine(lambda m, n: torch.tensor(n).double() @ torch.tensor(m) / n.sum())
    assert verdict(capsys) == "combine: correct\n"


def rows(w, b, x, y):
    return np.stack([error(w, b, x, y) * x, error(w, b, x, y)], 1)


def without(t, B, N):
    return t / B * (N - B) / (N - 1)


WRONG = [
    (check.combine, lambda m, n: m.mean(0), "plain mean of the means"),
    (check.combine, lambda m, n: m.sum(0), "sum of the means"),
    (check.combine, lambda m, n: n @ m, "divide by how many samples"),
    (check.combine, lambda m, n: n @ m / len(n), "not by the number of micro-batches"),
    (check.combine, lambda m, n: m[0], "entry"),
    (check.combine, lambda m, n: (n @ m / n.sum()).sum(), "shape"),
    (check.variance, lambda t, B, N: t / B, "with replacement"),
    (check.variance, lambda t, B, N: t / B * (N - B) / N, "divide by N − 1"),
    (check.variance, lambda t, B, N: without(t, B, N) ** 0.5, "standard deviation"),
    (check.variance, lambda t, B, N: t / np.sqrt(B), "square root belongs to"),
    (check.variance, lambda t, B, N: without(t, B, N) * B**0.5, "square root belongs to"),
    (check.variance, lambda t, B, N: t * (N - B) / (N - 1), "less noisy than one sample"),
    (check.variance, lambda t, B, N: without(t, B, N) / B, "divided by B twice"),
    (check.variance, lambda t, B, N: t / B**2, "divided by B twice"),
    (check.variance, lambda t, B, N: t / N, "should be"),
    (check.per_sample, lambda *a: -rows(*a), "sign is turned"),
    (check.per_sample, lambda *a: 2 * rows(*a), "twice too large"),
    (check.per_sample, lambda *a: rows(*a) / len(a[2]), "would divide again"),
    (check.per_sample, lambda *a: rows(*a).mean(0), "one row for each sample"),
    (check.per_sample, lambda *a: rows(*a).sum(0), "sum over the samples"),
    (check.per_sample, lambda *a: rows(*a)[:, ::-1], "columns are swapped"),
    (check.per_sample, lambda *a: rows(*a).T, "samples are rows"),
    (check.per_sample, lambda *a: np.stack([error(*a)] * 2, 1), "a sample's own x"),
    (check.count, lambda N, B, E: (-(-N // B) * E, -(-N // B) * E * B), "does not hold B samples"),
    (check.count, lambda N, B, E: (N // B * E, N * E), "round up, not down"),
    (check.count, lambda N, B, E: (N // B * E, N // B * E * B), "its samples count"),
    (check.count, lambda N, B, E: (-(-N * E // B), N * E), "end of an epoch"),
    (check.count, lambda N, B, E: (-(-N // B), N), "this is one epoch"),
    (check.count, lambda N, B, E: (N * E, -(-N // B) * E), "swapped"),
    (check.count, lambda N, B, E: -(-N // B) * E, "give the samples too"),
]


@pytest.mark.parametrize(("checked", "answer", "hint"), WRONG)
def test_a_wrong_answer_is_refused_with_its_own_hint(checked, answer, hint, capsys):
    checked(answer)
    said = verdict(capsys)
    assert said.startswith(f"{checked.__name__}: not yet, ")
    assert hint in said


def test_the_timed_gradient_is_the_gradient():
    from helpers import bptt, measure, rnn

    draw = np.random.default_rng(0)
    params, x, y = rnn.init(5, 4, 3, draw), draw.normal(size=(6, 5)), draw.integers(3, size=6)
    tape = rnn.forward(params, x[None])
    expected, _ = bptt.backward(params, tape, rnn.cross_entropy(tape.logits, y[None])[1])
    assert measure.relative_error(experiments.gradients(params, x, y), expected) < 1e-12
