"""The drawings of the chapter on the batch axis: they show what they are given, and no more."""

from __future__ import annotations

import io

import matplotlib as mpl
import matplotlib.colors as mcolors
import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawings import first_difference, texts
from inside import nudged
from matplotlib.patches import FancyArrowPatch, Rectangle

from helpers import plots, seeds

SIZES = np.array([1, 2, 4, 8])


def lines(ax):
    return {line.get_label(): line for line in ax.lines}


@pytest.mark.parametrize("num_samples", [2, 5, 8])
def test_a_minibatch_has_four_boxes_a_sample_and_one_mean(num_samples):
    ax = plots.minibatch_diagram(num_samples)
    boxes = [p for p in ax.patches if isinstance(p, Rectangle)]
    arrows = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    assert len(boxes) == 4 * num_samples + 1
    assert len(arrows) == 4 * num_samples
    assert f"$g_{{{num_samples - 1}}}$" in texts(ax)


def test_no_arrow_of_a_minibatch_joins_two_samples():
    ax = plots.minibatch_diagram(4)
    for arrow in (p for p in ax.patches if isinstance(p, FancyArrowPatch)):
        (x0, y0), (x1, _) = arrow._posA_posB
        assert x0 == x1 or y0 < -3, "only the last arrows lean, towards the mean"


@pytest.mark.parametrize("num_samples", [1, 9])
@pytest.mark.messages
def test_a_minibatch_that_cannot_be_read_is_refused(num_samples):
    with pytest.raises(ValueError, match=r"num_samples must be an integer in 2\.\.8"):
        plots.minibatch_diagram(num_samples)


def test_each_walk_has_a_panel_with_its_points_start_end_and_the_best():
    paths = {"one": np.array([[0.0, 1.0], [2.0, 3.0], [1.0, 1.0]]), "all": np.zeros((2, 2))}
    axes = plots.loss_paths(np.arange(3), np.arange(4), np.ones((4, 3)) * 2.5, paths, (1.5, 0.5))
    assert len(axes) == 2
    for ax, (label, path) in zip(axes, paths.items(), strict=True):
        walk, start, end, best = ax.lines
        assert np.array_equal(walk.get_xydata(), path)
        assert np.array_equal(start.get_xydata()[0], path[0])
        assert np.array_equal(end.get_xydata()[0], path[-1])
        assert best.get_xydata().tolist() == [[1.5, 0.5]]
        assert texts(ax) == [label]


def test_last_digits_of_the_losses_move_no_contour():
    u = seeds.rng("feedforward line").normal(0.5, 1, 256)
    v = 2 * u - 1 + seeds.rng("feedforward line noise").normal(0, 1, 256)
    w, b = np.linspace(-2, 4, 61), np.linspace(-3, 3, 61)
    drawings = []
    for choice in range(4):
        x, y = (nudged(values, choice) if choice else values for values in (u, v))
        loss = ((w[None, :, None] * x + b[:, None, None] - y) ** 2).mean(axis=2) / 2
        with mpl.rc_context():
            plots.use_style()
            plots.loss_paths(w, b, loss, {"a": np.zeros((2, 2))}, (2, -1))
            file = io.StringIO()
            plt.savefig(file, format="svg", metadata={"Date": None})
        drawings.append(file.getvalue())
    assert [first_difference(drawings[0], other) for other in drawings[1:]] == [None] * 3


def test_contours_stand_at_powers_of_two_within_the_losses():
    loss = np.array([[0.6, 1.5], [3.0, 9.0]])
    axes = plots.loss_paths([0, 1], [0, 1], loss, {"a": np.zeros((2, 2))}, (0, 0))
    assert axes[0].collections[0].levels.tolist() == [1, 2, 4, 8]


@pytest.mark.messages
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": np.ones((2, 3))}, r"loss must be .* with shape \(4, 3\)"),
        ({"loss": np.zeros((4, 3))}, "loss must be a table of positive"),
        ({"paths": {"a": np.zeros((2, 3))}}, r"paths\['a'\] must be .* with shape \(K \+ 1, 2\)"),
    ],
)
def test_a_landscape_that_does_not_fit_is_refused(change, message):
    given = {"w": np.arange(3), "b": np.arange(4), "loss": np.ones((4, 3))}
    given |= {"paths": {"a": np.zeros((2, 2))}, "best": (0, 0)}
    with pytest.raises(ValueError, match=message):
        plots.loss_paths(**(given | change))


def test_variances_are_marks_on_lines_and_a_zero_is_an_arrow():
    measured = {"with": [8.0, 4.1, 2.1, 1.1], "without": [8.1, 3.0, 1.0, 0.0]}
    predicted = {"with": [8.0, 4.0, 2.0, 1.0], "without": [8.0, 3.1, 1.1, 0.0]}
    ax = plots.variance_by_batch(SIZES, measured, predicted)
    line, marks, line_without, marks_without = ax.lines
    assert line.get_ydata().tolist() == predicted["with"]
    assert marks.get_ydata().tolist() == measured["with"]
    assert line_without.get_ydata().tolist() == predicted["without"][:3]
    assert marks_without.get_ydata().tolist() == measured["without"][:3]
    assert ax.get_xscale() == ax.get_yscale() == "log"
    (zero,) = (text for text in ax.texts if text.get_text() == "0 at B = 8")
    assert ax.get_ylim()[0] < zero.get_position()[1], "the note lies inside the axes"
    assert {"with", "without"} <= set(texts(ax))


def test_costs_are_microseconds_an_update_and_a_sample():
    seconds = {"small": [1e-6, 2e-6, 4e-6, 8e-6], "large": [4e-6, 4e-6, 4e-6, 4e-6]}
    update, sample = plots.cost_by_batch(SIZES, seconds)
    assert np.allclose(lines(update)["large"].get_ydata(), [4, 4, 4, 4])
    assert np.allclose(lines(sample)["large"].get_ydata(), [4, 2, 1, 0.5])
    assert np.allclose(lines(sample)["small"].get_ydata(), [1, 1, 1, 1])
    assert texts(sample) == ["small", "large"]
    assert update.get_ylabel() == "microseconds per update"


def test_samples_are_updates_times_batch_and_marks_are_vertical():
    left, right = plots.updates_and_samples(SIZES, [8, 4, 3, 3], [8, 5, 4, 3], {"bend": 3.0})
    assert lines(left)["updates"].get_ydata().tolist() == [8, 4, 3, 3]
    assert lines(left)["fitted"].get_ydata().tolist() == [8, 5, 4, 3]
    assert lines(right)["samples"].get_ydata().tolist() == [8, 8, 12, 24]
    assert lines(right)["fitted"].get_ydata().tolist() == [8, 10, 16, 24]
    assert [list(ax.lines[2].get_xdata()) for ax in (left, right)] == [[3, 3], [3, 3]]
    assert texts(right) == ["bend"]


def test_rates_come_with_the_linear_rule_through_their_first_point():
    ax = plots.rates_by_batch(SIZES, {"stable": [0.3, 0.5, 0.6, 0.6]}, {"turn": 3.0})
    rule, rates, mark = ax.lines
    assert rates.get_ydata().tolist() == [0.3, 0.5, 0.6, 0.6]
    assert np.allclose(rule.get_xydata(), [[1, 0.3], [2, 0.6]]), "up to twice the largest rate"
    assert list(mark.get_xdata()) == [3, 3]
    assert texts(ax) == ["stable", "turn"]


def contrast_on_white(colour):
    r, g, b = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in mcolors.to_rgb(colour)
    )
    return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)


def test_letters_can_be_read_on_white():
    two = {"a": SIZES, "b": SIZES}
    ends_in_zero = {"a": SIZES, "b": SIZES[::-1] - 1}
    drawn = [
        plots.minibatch_diagram(3),
        plots.variance_by_batch(SIZES, ends_in_zero, ends_in_zero),
        plots.cost_by_batch(SIZES, two)[1],
        plots.rates_by_batch(SIZES, two, {}),
    ]
    for ax in drawn:
        assert ax.texts
        for text in ax.texts:
            assert contrast_on_white(text.get_color()) >= 4.5, text.get_text()


@pytest.mark.messages
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (
            lambda: plots.variance_by_batch(SIZES, {"a": SIZES}, {"b": SIZES}),
            "measured and predicted must have the same labels",
        ),
        (
            lambda: plots.variance_by_batch(SIZES, {"a": SIZES[1:]}, {"a": SIZES}),
            r"measured\['a'\] must have one value for each of the 4 places",
        ),
        (
            lambda: plots.variance_by_batch(SIZES, {"a": SIZES}, {"a": 0 * SIZES}),
            r"predicted\['a'\] must be positive somewhere",
        ),
        (lambda: plots.cost_by_batch(SIZES, {"a": [1]}), r"seconds\['a'\] must have one value"),
        (
            lambda: plots.updates_and_samples(SIZES, [1], SIZES, {}),
            "updates must have one value",
        ),
        (lambda: plots.rates_by_batch(SIZES, {"a": [1]}, {}), r"rates\['a'\] must have one value"),
    ],
)
def test_curves_of_another_length_are_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plots.minibatch_diagram(3, ax=ax),
        lambda ax: plots.variance_by_batch(SIZES, {"a": SIZES}, {"a": SIZES}, ax=ax),
        lambda ax: plots.rates_by_batch(SIZES, {"a": SIZES}, {}, ax=ax),
    ],
)
def test_given_axes_are_used(draw):
    ax = plt.subplots()[1]
    assert draw(ax) is ax


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: plots.cost_by_batch(SIZES, {"a": SIZES}, axes=axes),
        lambda axes: plots.updates_and_samples(SIZES, SIZES, SIZES, {}, axes=axes),
        lambda axes: plots.loss_paths(
            [0, 1], [0, 1], np.ones((2, 2)) * 3,
            {"a": np.zeros((2, 2)), "b": np.zeros((2, 2))}, (0, 0), axes=axes,
        ),
    ],
)  # fmt: skip
def test_given_pairs_of_axes_are_used(draw):
    axes = plt.subplots(1, 2)[1]
    assert list(draw(axes)) == list(axes)
