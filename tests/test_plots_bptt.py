"""The drawings of the chapter on the gradient through time show what they are given."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawings import texts
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyArrowPatch, Rectangle

from helpers import plots


def gradient_arrows(ax):
    gradient = to_rgba(plots.COLOURS["gradient"])
    arrows = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    return [a for a in arrows if a.get_edgecolor() == gradient]


def ends(arrow):
    (x0, y0), (x1, y1) = arrow._posA_posB
    return x0, y0, x1, y1


@pytest.mark.parametrize("num_steps", [2, 4, 6])
def test_the_diagram_walks_back_from_one_loss_through_every_cell_above(ax, num_steps):
    for loss in range(1, num_steps + 1):
        ax.clear()
        assert plots.backward_diagram(num_steps, loss=loss, ax=ax) is ax
        boxes = [p for p in ax.patches if isinstance(p, Rectangle)]
        assert len(boxes) == 3 * num_steps + 1
        arrows = gradient_arrows(ax)
        assert len(arrows) == 1 + loss
        for x0, y0, x1, y1 in map(ends, arrows[1:]):
            assert x0 == x1
            assert y1 > y0, "against time, which runs down"
        lags = {t.get_text(): t.get_position()[1] for t in ax.texts if "lag" in t.get_text()}
        assert lags == {f"lag {loss - t}": -t for t in range(1, loss + 1)}


def test_the_diagram_shows_the_two_arrows_that_reach_a_state(ax):
    plots.backward_diagram(4, state=2, ax=ax)
    own, later = map(ends, gradient_arrows(ax))
    assert own[0] > own[2]
    assert own[1] == own[3]
    assert later[0] == later[2]
    assert later[1] < later[3] < -2, "from below, to the lower edge of state 2"
    assert {"from its own loss", "from all that comes later"} <= set(texts(ax))


def test_the_step_size_curve_draws_the_marks_and_both_sides(ax):
    steps, errors = 10.0 ** -np.arange(4), np.array([1e-2, 1e-4, 1e-5, 1e-3])
    sides = {"bend": 1e-2 * steps**2, "rounding": 1e-6 / steps}
    plots.step_size_curve(steps, errors, sides, ax=ax)
    bend, rounding, marks = ax.lines
    assert np.allclose(marks.get_xydata(), np.stack([steps, errors], 1))
    for line, side in ((bend, sides["bend"]), (rounding, sides["rounding"])):
        drawn = dict(zip(*line.get_data(), strict=True))
        assert all(np.isclose(drawn[x], dict(zip(steps, side, strict=True))[x]) for x in drawn)
    assert texts(ax) == ["bend", "rounding"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_the_triangle_shows_every_entry_and_leaves_the_upper_half_white(ax):
    norms = np.tril(np.arange(1.0, 13).reshape(3, 4), 1)
    plots.gradient_triangle(norms, ax=ax)
    shown = ax.images[0].get_array()
    assert np.array_equal(shown.filled(0), norms)
    assert np.array_equal(shown.mask, norms == 0)
    left, right, bottom, top = ax.images[0].get_extent()
    assert (left, right) == (-0.5, 3.5), "states 0 to T"
    assert (bottom, top) == (3.5, 0.5), "losses 1 to T, downwards"


def test_norms_by_lag_starts_at_lag_0_and_labels_each_line_at_its_end(ax):
    curves = {"one": [4.0, 2.0, 1.0], "two": [3.0, 1.0]}
    plots.norms_by_lag(curves, ylabel="size", xlabel="steps", ax=ax)
    for line, (label, values) in zip(ax.lines, curves.items(), strict=True):
        assert np.array_equal(line.get_xydata(), list(enumerate(values)))
        assert line.get_label() == label
    assert [t.xy for t in ax.texts] == [(2, 1.0), (1, 1.0)]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("size", "steps")
    assert len({line.get_linestyle() for line in ax.lines}) == 2, "told apart without colour"


def test_decay_by_radius_draws_each_line_and_where_growing_begins(ax):
    rates = {"linear": [0.5, 1.0, 1.5], "tanh": [0.4, 0.6, 0.9]}
    plots.decay_by_radius([0.5, 1.0, 1.5], rates, ax=ax)
    level, edge, *lines = ax.lines
    assert set(level.get_ydata()) == {1}
    assert set(edge.get_xdata()) == {1}
    for line, values in zip(lines, rates.values(), strict=True):
        assert np.array_equal(line.get_xydata(), np.stack([[0.5, 1.0, 1.5], values], 1))
    assert {"linear", "tanh", "grows", "fades"} == set(texts(ax))


def test_bytes_by_steps_draws_the_formula_as_line_and_the_measured_as_marks(ax):
    measured, formula = {"B = 1": [1000, 2000]}, {"B = 1": [1100, 2200]}
    plots.bytes_by_steps([10, 20], measured, formula, ax=ax)
    line, marks = ax.lines
    assert np.allclose(line.get_xydata(), [(10, 1.1), (20, 2.2)])
    assert np.allclose(marks.get_xydata(), [(10, 1), (20, 2)])
    assert (line.get_marker(), marks.get_linestyle()) == ("None", "None")
    assert ax.get_ylim()[0] == 0


def test_norms_by_steps_draws_the_lengths_and_the_limit(ax):
    norms = {"sum": [1.0, 2.0, 4.0], "mean": [1.0, 1.0, 1.0]}
    plots.norms_by_steps([1, 2, 4], norms, max_norm=3, ax=ax)
    *lines, limit = ax.lines
    for line, values in zip(lines, norms.values(), strict=True):
        assert np.array_equal(line.get_xydata(), np.stack([[1, 2, 4], values], 1))
    assert set(limit.get_ydata()) == {3}
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2", "4"]


def test_gate_histogram_draws_one_panel_of_bars_for_each_label():
    edges, shares = [0.0, 0.5, 1.0], {"before": [20.0, 80.0], "after": [60.0, 40.0]}
    axes = plots.gate_histogram(edges, shares)
    for ax, (label, values) in zip(axes, shares.items(), strict=True):
        assert [bar.get_height() for bar in ax.patches] == values
        assert [bar.get_x() for bar in ax.patches] == edges[:-1]
        assert texts(ax) == [label]
    own = plt.subplots(2)[1]
    assert list(plots.gate_histogram(edges, shares, axes=own)) == list(own)


def test_gates_by_letter_shows_every_value_with_its_letter(ax):
    values = np.arange(6).reshape(3, 2) / 10
    plots.gates_by_letter(values, ["a", "b", "space"], ax=ax)
    image = ax.images[0]
    assert np.array_equal(image.get_array(), values)
    assert image.get_clim() == (0, 1)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "space"]
    assert ax.yaxis_inverted()


many = {str(i): [1.0, 2.0] for i in range(5)}


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.backward_diagram(1, loss=1), r"num_steps must be an integer in 2\.\.6"),
        (lambda: plots.backward_diagram(4), "either loss or state"),
        (lambda: plots.backward_diagram(4, loss=1, state=1), "either loss or state"),
        (lambda: plots.backward_diagram(4, loss=5), "in 1..4"),
        (lambda: plots.backward_diagram(4, state=4), "in 1..3"),
        (lambda: plots.step_size_curve([1, 0], [1, 1], {"a": [1, 1], "b": [1, 1]}), "steps must"),
        (lambda: plots.step_size_curve([1, 2], [1, 1], {"a": [1, 1]}), "2 lines"),
        (lambda: plots.step_size_curve([1, 2], [1], {"a": [1, 1], "b": [1, 1]}), "errors must"),
        (lambda: plots.gradient_triangle(np.ones((3, 3))), r"shape \(T, T \+ 1\)"),
        (lambda: plots.gradient_triangle(np.ones((3, 4))), "0 above the triangle"),
        (lambda: plots.gradient_triangle(np.zeros((3, 4))), "somewhere positive"),
        (lambda: plots.gate_histogram([0, 1, 1], {"a": [1, 1]}), "edges must ascend, got .* 0"),
        (
            lambda: plots.step_size_curve([1], [1], {"a": [1], "b": [20]}),
            r"sides\['b'\] must have a value between 0.1 and 10, got 20..20",
        ),
        (lambda: plots.norms_by_lag({}), "1 to 4 lines"),
        (lambda: plots.norms_by_lag(many), "1 to 4 lines"),
        (lambda: plots.norms_by_lag({"a": [1.0, 0.0]}), "positive"),
        (lambda: plots.decay_by_radius([1, 2], {"a": [1]}), "each of the 2 places"),
        (lambda: plots.decay_by_radius([1, 2], many), "1 to 4 lines"),
        (lambda: plots.decay_by_radius([1e9], {"a": [1]}), r"radii must be .* in 0\.\.1000, got"),
        (lambda: plots.bytes_by_steps([1, 2], {"a": [1, 2]}, {"b": [1, 2]}), "same labels"),
        (lambda: plots.bytes_by_steps([1, 2], {"a": [1]}, {"a": [1, 2]}), "each of the 2 places"),
        (lambda: plots.bytes_by_steps([1, 2], {"a": [1, 2]}, {"a": [1]}), "each of the 2 places"),
        (lambda: plots.bytes_by_steps([1, 2], many, many), "1 to 4 lines"),
        (lambda: plots.norms_by_steps([1, 2], {"a": [1]}, 1), "each of the 2 places"),
        (lambda: plots.norms_by_steps([1, 2], {"a": [1, -1]}, 1), "positive"),
        (lambda: plots.norms_by_steps([1, 2], many, 1), "1 to 4 lines"),
        (lambda: plots.gate_histogram([0, 0.5, 1], {"a": [1]}), "each of the 2 places"),
        (lambda: plots.gates_by_letter([[0.5]], ["a", "b"]), r"shape \(2, H\)"),
        (lambda: plots.gates_by_letter([[1.5]], ["a"]), r"in 0\.\.1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
