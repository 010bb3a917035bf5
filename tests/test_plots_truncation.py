"""The drawings of the truncation chapter show what they are given."""

from __future__ import annotations

import numpy as np
import pytest
from drawings import texts
from matplotlib.patches import FancyArrowPatch

from helpers import plots


def data(line):
    return np.column_stack(line.get_data()).tolist()


def test_cut_triangles_draws_each_mask_and_its_counts():
    masks = {"full": np.tril(np.ones((3, 3), bool)), "own cell": np.eye(3, dtype=bool)}
    counts = {"full": [0, 1, 1, 1], "own cell": [0, 3, 0, 0]}
    axes = plots.cut_triangles(masks, counts)
    assert axes.shape == (2, 2)
    for (above, below), label in zip(axes.T, masks, strict=True):
        assert above.images[0].get_array().tolist() == masks[label].tolist()
        assert above.yaxis_inverted(), "time runs down"
        assert texts(above) == [label]
        bars = {round(p.get_x() + p.get_width() / 2): p.get_height() for p in below.patches}
        assert bars == {d: n for d, n in enumerate(counts[label]) if n}


@pytest.mark.parametrize(
    ("masks", "counts"),
    [
        ({"a": np.eye(2)}, {"b": [0, 2, 0]}),
        ({"a": np.ones((2, 3))}, {"a": [0, 2, 0]}),
        ({"a": np.eye(2)}, {"a": [0, 2]}),
    ],
)
def test_cut_triangles_refuses_what_does_not_fit(masks, counts):
    with pytest.raises(ValueError, match=r"labels|square"):
        plots.cut_triangles(masks, counts)


@pytest.mark.parametrize("num_steps", [2, 3, 4])
def test_edges_diagram_lets_the_right_arrows_cross(num_steps):
    crossing = {"no cut": (1, 1), "carry": (1, 0), "reset": (0, 0)}
    for ax, (label, (state, gradient)) in zip(
        plots.edges_diagram(num_steps), crossing.items(), strict=True
    ):
        assert label in texts(ax)
        arrows = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
        inside = 2 * (num_steps - 1)
        found = {"down": 0, "up": 0}
        for arrow in arrows:
            (_, start), (_, stop) = arrow._posA_posB
            found["down" if stop > start else "up"] += 1
        assert found == {"down": inside + state, "up": inside + gradient}
        dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
        assert len(dashed) == 1 - gradient
        assert all(set(line.get_ydata()) == {num_steps - 0.5} for line in dashed)


@pytest.mark.parametrize("num_steps", [1, 5])
def test_edges_diagram_refuses_what_cannot_be_read(num_steps):
    with pytest.raises(
        ValueError, match=rf"num_steps must be an integer in 2\.\.4, got {num_steps}"
    ):
        plots.edges_diagram(num_steps)


def test_signal_by_steps_draws_the_belief_the_line_and_the_marks(ax):
    plots.signal_by_steps([1, 2, 4], [0.5, 0.75, 0.9], [0.52, 0.74, 0.9], 2, ax=ax)
    belief, line, marks = ax.lines
    assert data(belief) == [[0, 0], [2, 0], [2, 1], [4, 1]]
    assert data(line) == [[1, 0.5], [2, 0.75], [4, 0.9]]
    assert data(marks) == [[1, 0.52], [2, 0.74], [4, 0.9]]
    assert marks.get_linestyle() == "None"


def test_errors_by_depth_draws_a_panel_for_each_network():
    panels = {"old": {"a": [0.5, 0.2]}, "new": {"a": [0.4, 0.1], "b": [0.3, 0.05]}}
    left, right = plots.errors_by_depth([1, 8], panels)
    assert [data(line) for line in left.lines] == [[[1, 0.5], [8, 0.2]]]
    assert [data(line) for line in right.lines] == [[[1, 0.4], [8, 0.1]], [[1, 0.3], [8, 0.05]]]
    assert {"a", "b", "new"} == set(texts(right))
    assert left.get_yscale() == "log"
    assert [t.get_text() for t in left.get_xticklabels()] == ["1", "8"]


def test_lags_by_distance_marks_the_lag_one_below_the_distance():
    norms = {1: [1.0, 0.5, 0.2], 3: [1.0, 0.5, 2.0]}
    for ax, (distance, values) in zip(plots.lags_by_distance(norms), norms.items(), strict=True):
        mark, line = ax.lines
        assert set(mark.get_xdata()) == {distance - 1}
        assert data(line) == [[lag, v] for lag, v in enumerate(values)]
        assert {f"distance {distance}", f"lag {distance - 1}"} == set(texts(ax))
        assert ax.get_ylim()[1] > 2.0, "nothing is cut off"


@pytest.mark.parametrize("distance", [0, 4])
def test_lags_by_distance_refuses_a_distance_beyond_its_lags(distance):
    with pytest.raises(ValueError, match=r"must reach lag"):
        plots.lags_by_distance({distance: [1.0, 0.5, 0.2]})


def test_phase_picture_writes_each_share_and_marks_where_depth_reaches():
    shares = {"reset": [[-0.03, 0.5, 1.0], [0.0, 0.0, 0.25]]}
    (ax,) = plots.phase_picture([2, 4], [1, 2, 4], shares)
    assert ax.images[0].get_array().tolist() == shares["reset"]
    assert ax.images[0].get_clim() == (0, 1)
    written = {tuple(t.get_position()): t.get_text() for t in ax.texts}
    assert written == {
        (0, 0): "0", (1, 0): "50", (2, 0): "100", (0, 1): "0", (1, 1): "0", (2, 1): "25",
    }  # fmt: skip
    marks = {(line.get_ydata()[0], line.get_xdata()[0]) for line in ax.lines}
    assert marks == {(-0.5, 0.5), (0.5, 1.5)}, "T = 2 reaches distance 2, T = 4 distance 4"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2", "4"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2", "4"]


def test_phase_picture_refuses_another_shape():
    with pytest.raises(ValueError, match=r"shares\['carry'\] must be .* with shape \(2, 1\)"):
        plots.phase_picture([2, 4], [1], {"carry": [[0.5]]})


def test_shares_by_distance_draws_a_bar_for_each_value(ax):
    plots.shares_by_distance([2, 5], {"a": [0.9, 0.5], "b": [0.6, 0.2]}, ax=ax)
    heights = [[p.get_height() for p in bars] for bars in ax.containers]
    assert heights == [[0.9, 0.5], [0.6, 0.2]]
    assert texts(ax) == ["0.90", "0.50", "0.60", "0.20"]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b"]
    left, right = (bars[0].get_x() for bars in ax.containers)
    assert left < 0 <= right


def test_mean_of_draws_draws_the_guide_the_fixed_cut_and_the_means(ax):
    plots.mean_of_draws([1, 4], [0.5, 0.25], 0.4, [0.5, 0.24], ax=ax)
    guide, fixed, means = ax.lines
    assert data(guide) == [[1, 0.5], [4, 0.24]]
    assert set(fixed.get_ydata()) == {0.4}
    assert data(means) == [[1, 0.5], [4, 0.25]]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_spread_by_length_and_derivative_by_depth_draw_each_curve():
    spread = plots.spread_by_length([1, 2, 3], {"a": [1, 2, 4], "b": [1, 1, 1]})
    assert [line.get_ydata().tolist() for line in spread.lines] == [[1, 2, 4], [1, 1, 1]]
    assert spread.get_yscale() == "log"
    assert texts(spread) == ["a", "b"]
    derivative = plots.derivative_by_depth([1, 2, 3], {"a": [-1, -2, 6]}, 6.0)
    zero, true, line = derivative.lines
    assert (set(zero.get_ydata()), set(true.get_ydata())) == ({0}, {6.0})
    assert data(line) == [[1, -1], [2, -2], [3, 6]]
    assert derivative.get_ylim()[0] < -2


def test_descents_draws_paths_of_different_lengths_and_the_target(ax):
    plots.descents({"away": [0.0, -0.5, -2.0], "there": [0.0, 0.1, 0.2, 0.2]}, 0.2, ax=ax)
    target, away, there = ax.lines
    assert set(target.get_ydata()) == {0.2}
    assert away.get_ydata().tolist() == [0.0, -0.5, -2.0]
    assert there.get_ydata().tolist() == [0.0, 0.1, 0.2, 0.2]
    assert ax.get_ylim() == (-1, 1)


@pytest.mark.parametrize(
    ("draw", "arguments"),
    [
        (plots.signal_by_steps, ([1, 2], [0.5], [0.5, 0.6], 2)),
        (plots.signal_by_steps, ([1, 2], [0.5, 0.6], [0.5], 2)),
        (plots.errors_by_depth, ([1, 2], {"p": {"a": [0.5]}})),
        (plots.shares_by_distance, ([1, 2], {"a": [0.5]})),
        (plots.mean_of_draws, ([1, 2], [0.5], 0.1, [0.5, 0.4])),
        (plots.mean_of_draws, ([1, 2], [0.5, 0.4], 0.1, [0.5])),
        (plots.spread_by_length, ([1, 2], {"a": [0.5]})),
        (plots.derivative_by_depth, ([1, 2], {"a": [0.5]}, 1.0)),
        (plots.descents, ({"a": [[0.5]]}, 1.0)),
        (plots.descents, ({"a": []}, 1.0)),
        (plots.descents, ({"a": [2.0]}, 1.0)),
    ],
)
def test_lengths_that_differ_are_refused(draw, arguments):
    with pytest.raises(ValueError, match=r"must (have|be)"):
        draw(*arguments)


@pytest.mark.messages
def test_distances_are_whole_numbers():
    with pytest.raises(ValueError, match="distances must be a list of 1 to 24 integers"):
        plots.shares_by_distance([1.5], {"carried": [0.5]})
