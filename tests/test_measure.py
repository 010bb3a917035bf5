"""What the experiments measure is what its name says."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import bptt, measure, rnn, seeds

sizes = st.integers(2, 6)


@given(n=sizes, p=st.integers(1, 4), b=st.integers(1, 6), seed=st.integers(0, 20))
def test_minibatch_variance_is_what_all_minibatches_show(n, p, b, seed):
    """Every ordered draw with replacement, and every subset without, counted out."""
    import itertools

    b = min(b, n, 3)
    samples = seeds.rng("samples", seed).normal(size=(n, p))
    noise = measure.gradient_noise(samples)

    def spread(index):
        means = np.array([samples[list(i)].mean(0) for i in index])
        return float(((means - samples.mean(0)) ** 2).sum(1).mean())

    with_replacement = spread(itertools.product(range(n), repeat=b))
    without = spread(itertools.combinations(range(n), b))
    assert measure.minibatch_variance(noise.trace, b) == pytest.approx(with_replacement, abs=1e-12)
    predicted = measure.minibatch_variance(noise.trace, b, num_samples=n)
    assert predicted == pytest.approx(without, abs=1e-12)


def test_the_whole_set_has_no_variance_and_the_scale_is_in_samples():
    noise = measure.gradient_noise(np.array([[1.0, 4.0], [3.0, 0.0]]))
    assert noise.mean.tolist() == [2, 2]
    assert noise.trace == 1 + 4
    assert noise.scale == 5 / 8
    assert measure.minibatch_variance(noise.trace, 2, num_samples=2) == 0
    assert measure.gradient_noise(np.array([[1.0], [-1.0]])).scale == float("inf")


@given(power=st.floats(-3, 3), factor=st.floats(0.1, 10))
def test_slope_finds_a_power_law(power, factor):
    x = np.array([1.0, 2, 4, 8])
    assert measure.slope(x, factor * x**power) == pytest.approx(power, abs=1e-9)


def test_errors_and_angles_are_relative_and_symmetric():
    a, b = np.array([1.0, 1.0]), np.array([1.0, 0.0])
    assert measure.relative_error(a, b) == 1
    assert measure.relative_error(b, a) == pytest.approx(0.5**0.5)
    assert measure.cosine(a, b) == measure.cosine(b, a) == pytest.approx(0.5**0.5)
    p = rnn.init(2, 3, 2, seeds.rng("p"))
    assert measure.relative_error(p.map(lambda w: 1.5 * w), p) == pytest.approx(0.5)


def test_norm_by_lag_leaves_the_output_layer_out():
    p = rnn.init(2, 3, 2, seeds.rng("p"))
    zero = p.map(np.zeros_like)
    part = rnn.Params(zero.W_xh + 1, zero.W_hh + 2, zero.b_h, zero.W_hy + 99, zero.b_y + 99)
    assert measure.norm_by_lag([part, zero]).tolist() == [(6 * 1 + 9 * 4) ** 0.5, 0]


def test_norms_by_lag_of_one_lag_are_the_norm_of_the_gradient():
    p, r = rnn.init(2, 3, 2, seeds.rng("p")), seeds.rng("r")
    tape = rnn.forward(p, r.integers(0, 2, (1, 4)))
    _, d = rnn.cross_entropy(tape.logits, r.integers(0, 2, (1, 4)))
    grads, _ = bptt.backward(p, tape, d)
    recurrent = np.concatenate([grads.W_xh.ravel(), grads.W_hh.ravel(), grads.b_h])
    assert measure.norm_by_lag(bptt.by_lag(p, tape, d)) == pytest.approx(np.linalg.norm(recurrent))


def test_bytes_of_a_tape_are_counted_once():
    p = rnn.init(5, 4, 3, seeds.rng("p"))
    tape = rnn.forward(p, np.zeros((6, 2, 5)))
    assert measure.kept_bytes(tape) == 8 * (6 * 2 * 5 + 7 * 2 * 4 + 6 * 2 * 3)
    assert measure.kept_bytes(tape, tape, tape.h[1:]) == measure.kept_bytes(tape)


def test_cells_are_counted():
    assert measure.cell_backwards(49, 7, 14) == 91


def test_seconds_are_seconds():
    assert 0.01 < measure.seconds({"nap": lambda: time.sleep(0.01)}, repeats=3)["nap"] < 1


def test_seconds_measures_each_in_turn():
    order = []
    taken = measure.seconds(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=3
    )
    assert order == ["a", "b"] * 4
    assert set(taken) == {"a", "b"}
    assert min(taken.values()) >= 0


@dataclass
class Unrelated:
    x: int = 3


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: measure.gradient_noise([1, 2]), "samples must be a numpy array .* got list"),
        (lambda: measure.gradient_noise(np.ones((1, 2))), "at least 2 gradients"),
        (lambda: measure.minibatch_variance(-1.0, 2), "trace must be at least 0, got -1"),
        (lambda: measure.minibatch_variance(1.0, 0), "batch_size must be an integer of at least 1"),
        (lambda: measure.minibatch_variance(1.0, 5, num_samples=4), r"batch_size .* in 1\.\.4"),
        (lambda: measure.minibatch_variance(1.0, 1, num_samples=1), "num_samples must be"),
        (lambda: measure.slope([1, 2], [1]), "x and y must be two lists of one length"),
        (lambda: measure.slope([1, 2], [1, 0]), "must be positive and finite"),
        (lambda: measure.slope([0, 2], [1, 2]), "must be positive and finite"),
        (lambda: measure.slope([2, 2], [1, 3]), "at least two different values, got 2 only"),
        (lambda: measure.relative_error(np.ones(2), np.zeros(2)), "exact must not be all zero"),
        (lambda: measure.relative_error(np.ones(2), np.ones(3)), "estimate and exact must have"),
        (lambda: measure.cosine(np.zeros(2), np.ones(2)), "zero has no direction"),
        (lambda: measure.norm_by_lag([]), "parts must hold at least one gradient"),
        (lambda: measure.kept_bytes(3), "must be tapes, parameters or arrays, got 3"),
        (lambda: measure.kept_bytes(Unrelated()), "must be tapes, parameters or arrays"),
        (lambda: measure.seconds({}), "runs must hold at least one function"),
        (lambda: measure.seconds({"a": print}, repeats=0), "repeats must be an integer"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
