"""The drawings of the chapter on ends, resets and evaluation show what they are given."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from drawings import texts
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from helpers import plots
from helpers.plots.ragged import FILLING


def data(line):
    return np.column_stack(line.get_data()).tolist()


def squares(ax):
    """Place of each square, (stream, step), to whether it is filling."""
    return {
        (round(p.get_x() + 0.4), round(p.get_y() + 0.4)): p.get_facecolor() == to_rgba(FILLING)
        for p in ax.patches
        if isinstance(p, Rectangle)
    }


def test_ragged_tables_draws_filling_last_steps_ends_and_the_short_window():
    starts = np.zeros((5, 2), bool)
    starts[3, 0] = True
    left, right = plots.ragged_tables([3, 1], starts, 2)
    wanted = {(b, t): t >= n for b, n in enumerate((3, 1)) for t in range(3)}
    assert squares(left) == wanted
    assert [0.0, 2.0] in [data(line)[0] for line in left.lines], "last real step of the first"
    assert [1.0, 0.0] in [data(line)[0] for line in left.lines]
    assert not any(squares(right).values())
    assert len(squares(right)) == 10
    assert [[0.0, 3.0]] in [data(line) for line in right.lines], "a document begins"
    edges = {line.get_ydata()[0] for line in right.lines if line.get_linestyle() == "--"}
    assert edges == {1.5, 3.5}
    assert texts(right) == ["short last\nwindow"]
    assert left.yaxis_inverted()
    assert right.yaxis_inverted()


def test_ragged_tables_breaks_the_state_where_a_document_begins():
    starts = np.zeros((4, 1), bool)
    starts[2, 0] = True
    _, right = plots.ragged_tables([1], starts, 2)
    spans = [
        data(line) for line in right.lines if line.get_linestyle() == "-" and len(data(line)) == 2
    ]
    assert spans == [[[0, -0.2], [0, 1.2]], [[0, 1.8], [0, 3.2]]]
    assert texts(right) == [], "4 steps in windows of 2 leave no rest"


@pytest.mark.parametrize(
    ("steps", "starts", "num_steps", "message"),
    [
        ([], np.zeros((2, 1)), 1, "steps must"),
        ([2, 0], np.zeros((2, 1)), 1, "steps must"),
        ([2], np.zeros(2), 1, "starts must"),
        ([2], np.zeros((2, 1)), 0, "num_steps must"),
    ],
)
def test_ragged_tables_refuses_what_cannot_be_drawn(steps, starts, num_steps, message):
    with pytest.raises(ValueError, match=message):
        plots.ragged_tables(steps, starts, num_steps)


def test_weights_by_position_draws_each_weight_and_the_windows(ax):
    plots.weights_by_position([0.9, 0.9, 1.8], [1.5], {2: "twice"}, ax=ax)
    (steps,) = ax.patches
    assert steps.get_data().values.tolist() == [0.9, 0.9, 1.8]
    assert steps.get_data().edges.tolist() == [-0.5, 0.5, 1.5, 2.5]
    assert [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()] == [[1.5, 1.5]]
    assert texts(ax) == ["twice"]
    assert ax.texts[0].xy == (2, 1.8)
    assert set(ax.lines[0].get_ydata()) == {1}


def test_weights_by_position_refuses_a_label_beyond_the_end():
    with pytest.raises(ValueError, match="positions below 2, got 2"):
        plots.weights_by_position([1, 1], [], {2: "nothing"})


def test_leak_maps_share_one_scale():
    maps = {"a": [[0.0, 0.5], [0.1, 0.0]], "b": np.zeros((2, 2))}
    axes = plots.leak_maps(maps)
    for ax, (label, values) in zip(axes, maps.items(), strict=True):
        assert ax.images[0].get_array().tolist() == np.asarray(values).tolist()
        assert ax.images[0].get_clim() == (0, 0.5)
        assert ax.get_xlabel() == f"stream\n{label}"
        assert ax.yaxis_inverted()
    assert plots.leak_maps({"none": np.zeros((2, 2))})[0].images[0].get_clim() == (0, 1)


@pytest.mark.parametrize("maps", [{"a": [[1.0]], "b": [[1.0], [2.0]]}, {"a": [1.0]}])
def test_leak_maps_refuses_tables_of_different_shapes(maps):
    with pytest.raises(ValueError, match=r"must be .* \(T, B\).*, got"):
        plots.leak_maps(maps)


def test_loss_by_place_draws_each_curve_over_the_floor(ax):
    plots.loss_by_place({"low": [1.1, 0.6], "high": [6.0, 1.0]}, [0.9, 0.5], ax=ax)
    floor, low, high = ax.lines
    assert floor.get_ydata().tolist() == [0.9, 0.5]
    assert data(low) == [[1, 1.1], [2, 0.6]]
    assert data(high) == [[1, 6.0], [2, 1.0]]
    assert texts(ax) == ["floor", "low", "high"]
    assert ax.get_yscale() == "log"
    assert ax.get_ylim()[0] < 0.5
    assert ax.get_ylim()[1] > 6, "nothing is cut off"
    assert [t.get_text() for t in ax.get_yticklabels()][:2] == ["0.5", "1"]


def test_excess_by_cold_starts_draws_the_floor_as_a_line_through_the_origin(ax):
    plots.excess_by_cold_starts([0, 1, 3], {"a": [0, 10, 31], "b": [0, 3, 7]}, 2.0, ax=ax)
    floor, a, b = ax.lines
    assert data(floor) == [[0, 0], [1, 2], [3, 6]]
    assert data(a) == [[0, 0], [1, 10], [3, 31]]
    assert data(b) == [[0, 0], [1, 3], [3, 7]]
    assert texts(ax) == ["floor", "a", "b"]


@pytest.mark.parametrize(
    ("draw", "arguments"),
    [
        (plots.loss_by_place, ({"a": [1.0]}, [1.0, 2.0])),
        (plots.excess_by_cold_starts, ([0, 1], {"a": [1.0]}, 1.0)),
    ],
)
def test_lengths_that_differ_are_refused(draw, arguments):
    with pytest.raises(ValueError, match=r"curves\['a'\] must have"):
        draw(*arguments)


def test_one_stream_alone_has_no_cold_start_and_is_drawn(ax):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.excess_by_cold_starts([0], {"cold": [0.0]}, 1.0, ax=ax)
    assert ax.get_xlim()[1] > 1
