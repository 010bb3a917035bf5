import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import closed_form

weights = st.floats(-0.9, 0.9)
distances = st.integers(1, 15)
sizes = st.integers(1, 20)

PLANE = [(64, 1), (32, 2), (16, 4), (8, 8), (4, 16), (2, 32), (1, 64)]


def expected_loss(a, distance, num_steps, *, carried_with):
    """Mean loss of a window run with `a`, whose state was made with the weight `carried_with`.

    By hand: h_t = a^t·h_0 + Σ a^i·x_{t-i}, i < t, with h_0 = Σ carried_with^i·x_{-i}.
    """
    t = np.arange(1, num_steps + 1)
    power = a ** (2 * t) / (1 - carried_with**2) + np.array(
        [np.sum(a ** (2.0 * np.arange(n))) for n in t]
    )
    inside = a**distance
    before = a**t * carried_with ** np.maximum(distance - t, 0)
    return np.mean(power - 2 * np.where(distance < t, inside, before) + 1) / 2


def windows_by_hand(a, distance, num_steps, count, rng):
    """Gradients of single streams: a long past, one step at a time, and the chain rule."""
    past = 200 + distance
    x = rng.standard_normal((past + num_steps, count))
    h = np.zeros((past + num_steps + 1, count))
    for t, now in enumerate(x):
        h[t + 1] = a * h[t] + now
    gradients = np.zeros(count)
    for t in range(past, past + num_steps):
        error = h[t + 1] - x[t - distance]
        for lag in range(t - past + 1):
            gradients += error * a**lag * h[t - lag] / num_steps
    return gradients


@given(depth=sizes, distance=distances)
def test_a_cut_keeps_the_share_of_the_cells_it_reaches(depth, distance):
    reached = set(range(distance)) & set(range(depth))
    assert closed_form.signal_kept(depth, distance) == pytest.approx(len(reached) / distance)


@given(num_steps=st.integers(1, 60), distance=distances)
def test_windows_keep_what_the_two_formulas_say(num_steps, distance):
    T, D = num_steps, distance
    kept = closed_form.signal_kept_by_windows(T, D)
    assert kept == pytest.approx((T + 1) / (2 * D) if T <= D else 1 - (D - 1) / (2 * T))
    one_by_one = [closed_form.signal_kept(K, D) for K in range(1, T + 1)]
    assert kept == pytest.approx(np.mean(one_by_one))


def test_signal_kept_by_hand():
    assert closed_form.signal_kept(3, 4) == 0.75
    assert closed_form.signal_kept(4, 4) == closed_form.signal_kept(9, 4) == 1
    assert closed_form.signal_kept_by_windows(2, 4) == pytest.approx((1 / 4 + 2 / 4) / 2)
    kept = [closed_form.signal_kept_by_windows(T, 10) for T in (1, 5, 10, 20, 40)]
    np.testing.assert_allclose(kept, [0.10, 0.30, 0.55, 0.775, 0.8875])


@given(a=weights, distance=distances, num_steps=sizes)
def test_mean_of_windows_is_the_derivative_of_the_loss_with_the_state_held(a, distance, num_steps):
    eps = 1e-5

    def loss(weight):
        return expected_loss(weight, distance, num_steps, carried_with=a)

    slope = (loss(a + eps) - loss(a - eps)) / (2 * eps)
    mean = closed_form.gradient_mean_by_windows(a, distance, num_steps)
    assert mean == pytest.approx(slope, rel=1e-6, abs=1e-7)


@given(a=weights, distance=distances)
def test_full_gradient_is_the_derivative_of_the_stationary_loss(a, distance):
    eps = 1e-5

    def loss(weight):
        return (1 / (1 - weight**2) - 2 * weight**distance + 1) / 2

    slope = (loss(a + eps) - loss(a - eps)) / (2 * eps)
    assert closed_form.gradient_mean(a, distance) == pytest.approx(slope, rel=1e-6, abs=1e-7)


@given(a=weights, distance=distances)
def test_deep_cuts_reach_the_full_gradient(a, distance):
    full = closed_form.gradient_mean(a, distance)
    assert closed_form.gradient_mean(a, distance, depth=500) == pytest.approx(full, abs=1e-9)
    # The bias falls as 1/T: what is missing is the same sum, shared out over more steps.
    missing = [T * closed_form.bias(a, distance, T) for T in (1000, 4000)]
    assert missing[0] == pytest.approx(missing[1], abs=1e-8)


@given(a=weights, distance=distances, num_steps=sizes)
def test_bias_and_root_mean_square_are_what_their_names_say(a, distance, num_steps):
    bias = closed_form.bias(a, distance, num_steps)
    mean = closed_form.gradient_mean_by_windows(a, distance, num_steps)
    assert bias == pytest.approx(mean - closed_form.gradient_mean(a, distance))
    squared = bias**2 + closed_form.deviation(a, distance, 3, num_steps) ** 2
    assert closed_form.root_mean_square(a, distance, 3, num_steps) ** 2 == pytest.approx(squared)


def test_gradient_mean_by_hand():
    # a = 1/2: a/(1 - a²)² = 8/9; depth 1 leaves (1 - a²) of it; the signal at D = 2 is K·1/2.
    assert closed_form.gradient_mean(0.5, 2) == pytest.approx(8 / 9 - 1)
    assert closed_form.gradient_mean(0.5, 2, depth=1) == pytest.approx(2 / 3 - 1 / 2)
    assert closed_form.gradient_mean(0.5, 2, depth=2) == pytest.approx(8 / 9 * 15 / 16 - 1)
    in_windows = closed_form.gradient_mean_by_windows(0.5, 2, 2)
    assert in_windows == pytest.approx((1 / 6 - 1 / 6) / 2)
    assert closed_form.gradient_mean(0.0, 1) == -1


@given(a=weights, distance=distances, num_steps=sizes, batch_size=sizes)
def test_streams_divide_the_variance(a, distance, num_steps, batch_size):
    one = closed_form.deviation(a, distance, 1, num_steps)
    many = closed_form.deviation(a, distance, batch_size, num_steps)
    assert many**2 * batch_size == pytest.approx(one**2)


@given(a=weights)
def test_deviation_of_one_step_by_hand(a):
    # T = D = 1: the gradient is e·h with e = a·h + x_1 - x_0, and h holds x_0 once.
    h = 1 / (1 - a**2)
    e = a**2 * h + 2 - 2 * a
    both = a * h - 1
    assert closed_form.deviation(a, 1, 1, 1) ** 2 == pytest.approx(e * h + both**2)


def test_deviation_by_hand():
    assert closed_form.deviation(0.5, 1, 4, 1) ** 2 == pytest.approx(17 / 9 / 4)


@settings(max_examples=15)
@given(a=weights, distance=distances, num_steps=sizes)
def test_deviation_is_that_of_a_past_written_out(a, distance, num_steps):
    past = 350  # 0.9**350 < 1e-16
    x = np.eye(past + num_steps)
    h = np.zeros((past + num_steps + 1, past + num_steps))
    for t, now in enumerate(x):
        h[t + 1] = a * h[t] + now
    form = np.zeros_like(x)
    for t in range(past, past + num_steps):
        arrived = sum(a**lag * h[t - lag] for lag in range(t - past + 1))
        form += np.outer(h[t + 1] - x[t - distance], arrived) / num_steps
    variance = np.sum(form * form) + np.sum(form * form.T)
    assert closed_form.deviation(a, distance, 1, num_steps) ** 2 == pytest.approx(variance)
    mean = closed_form.gradient_mean_by_windows(a, distance, num_steps)
    assert mean == pytest.approx(np.trace(form), abs=1e-9)


@pytest.mark.parametrize(
    ("a", "distance", "num_steps"), [(0.8, 10, 4), (0.5, 3, 8), (-0.7, 2, 2), (0.8, 1, 6)]
)
def test_mean_and_deviation_are_those_of_windows_run_by_hand(a, distance, num_steps):
    draws = windows_by_hand(a, distance, num_steps, 20_000, np.random.default_rng(1))
    mean = closed_form.gradient_mean_by_windows(a, distance, num_steps)
    deviation = closed_form.deviation(a, distance, 1, num_steps)
    assert abs(draws.mean() - mean) < 4 * deviation / np.sqrt(len(draws))
    # The gradients' tails are heavy: 20 000 draws tell their variance to about 3 %.
    assert draws.var() == pytest.approx(deviation**2, rel=0.12)


@pytest.mark.parametrize(("batch_size", "num_steps"), [(8, 2), (2, 8), (1, 1)])
def test_simulation_agrees_with_the_closed_form(batch_size, num_steps):
    rng = np.random.default_rng(2)
    draws = closed_form.simulate(0.8, 5, batch_size, num_steps, 20_000, rng)
    mean = closed_form.gradient_mean_by_windows(0.8, 5, num_steps)
    deviation = closed_form.deviation(0.8, 5, batch_size, num_steps)
    assert draws.shape == (20_000,)
    assert abs(draws.mean() - mean) < 4 * deviation / np.sqrt(len(draws))
    # Four times the standard error of a standard deviation from 20 000 draws with heavy tails.
    assert draws.std() == pytest.approx(deviation, rel=0.05)


def test_simulation_repeats_with_its_generator():
    first, again, other = (
        closed_form.simulate(0.5, 2, 3, 4, 5, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other).any()


def test_the_plane_of_64_tokens():
    # Tolerances here and below: the course prints these figures to as many digits.
    means = [closed_form.gradient_mean_by_windows(0.8, 10, T) for _, T in PLANE]
    noise = [closed_form.deviation(0.8, 10, B, T) for B, T in PLANE]
    errors = [closed_form.root_mean_square(0.8, 10, B, T) for B, T in PLANE]
    written = [2.088, 2.732, 3.554, 4.236, 4.523, 4.676, 4.754]
    np.testing.assert_allclose(means, written, rtol=0, atol=6e-4)
    written = [0.472, 0.821, 1.428, 2.175, 2.623, 2.878, 3.001]
    np.testing.assert_allclose(noise, written, rtol=0, atol=6e-4)
    assert closed_form.gradient_mean(0.8, 10) == pytest.approx(4.831, abs=5e-4)
    assert closed_form.bias(0.8, 10, 64) == pytest.approx(-0.077, abs=5e-4)
    assert PLANE[np.argmin(errors)] == (16, 4)


@pytest.mark.parametrize(
    ("a", "distance", "written"),
    [
        (0.8, 10, [1.51, 1.51, 1.16, 0.73, 0.60, 0.54]),
        (0.5, 3, [0.71, 0.42, 0.43, 0.46, 0.48, 0.49]),
    ],
)
def test_doubling_the_steps_halves_the_variance_only_beyond_the_memory(a, distance, written):
    variances = np.array([closed_form.deviation(a, distance, 1, 2**i) ** 2 for i in range(7)])
    np.testing.assert_allclose(variances[1:] / variances[:-1], written, rtol=0, atol=6e-3)


def test_another_task_has_another_best_cell():
    errors = [closed_form.root_mean_square(0.9, 10, B, T) for B, T in PLANE]
    assert PLANE[np.argmin(errors)] == (8, 8)
    assert min(errors) == pytest.approx(10.81, abs=5e-3)


RNG = np.random.default_rng(0)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: closed_form.signal_kept(0, 3), "depth must be an integer of at least 1, got 0"),
        (
            lambda: closed_form.signal_kept(1, 2.5),
            "distance must be an integer of at least 1, got 2.5",
        ),
        (
            lambda: closed_form.signal_kept_by_windows(-1, 3),
            "num_steps must be an integer of at least 1, got -1",
        ),
        (
            lambda: closed_form.signal_kept_by_windows(3, 0),
            "distance must be an integer of at least 1, got 0",
        ),
        (
            lambda: closed_form.gradient_mean(1.0, 3),
            "a must be greater than -1 and less than 1, got 1.0",
        ),
        (
            lambda: closed_form.gradient_mean("x", 3),
            "a must be a finite number greater than -1 and less than 1, got 'x'",
        ),
        (
            lambda: closed_form.gradient_mean(0.5, 0),
            "distance must be an integer of at least 1, got 0",
        ),
        (
            lambda: closed_form.gradient_mean(0.5, 3, 0),
            "depth must be an integer of at least 1, got 0",
        ),
        (
            lambda: closed_form.gradient_mean_by_windows(-1, 3, 2),
            "a must be greater than -1 and less than 1, got -1",
        ),
        (
            lambda: closed_form.gradient_mean_by_windows(0.5, 3, 0),
            "num_steps must be an integer of at least 1, got 0",
        ),
        (
            lambda: closed_form.bias(float("nan"), 3, 2),
            "a must be a finite number greater than -1 and less than 1, got nan",
        ),
        (
            lambda: closed_form.bias(0.5, 3, 1.5),
            "num_steps must be an integer of at least 1, got 1.5",
        ),
        (
            lambda: closed_form.deviation(0.5, 3, 0, 2),
            "batch_size must be an integer of at least 1, got 0",
        ),
        (
            lambda: closed_form.deviation(0.5, 3, 1, True),
            "num_steps must be an integer of at least 1, got True",
        ),
        (
            lambda: closed_form.root_mean_square(2, 3, 1, 1),
            "a must be greater than -1 and less than 1, got 2",
        ),
        (
            lambda: closed_form.simulate(0.5, 3, 1, 2, 0, RNG),
            "draws must be an integer of at least 1, got 0",
        ),
        (
            lambda: closed_form.simulate(0.5, 3, 0, 2, 5, RNG),
            "batch_size must be an integer of at least 1, got 0",
        ),
        (
            lambda: closed_form.simulate(0.5, 3, 1, 2, 5, 42),
            "rng must be a numpy generator, as from seeds.rng('data'), got 42",
        ),
    ],
)
def test_refusals_name_argument_value_and_remedy(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()
