"""The drawings of the chapter on the plane show what they are given."""

from __future__ import annotations

import numpy as np
import pytest
from drawings import texts
from matplotlib.patches import Rectangle

from helpers import plots
from helpers.plots.style import MARKERS


def data(line):
    return np.column_stack(line.get_data()).tolist()


def boxes(ax):
    return [p for p in ax.patches if isinstance(p, Rectangle)]


def test_window_shapes_draws_each_shape_to_scale_with_a_state_in_each_stream(ax):
    shapes = [(4, 1), (2, 2), (1, 4)]
    plots.window_shapes(shapes, ax=ax)
    assert [(p.get_width(), p.get_height()) for p in boxes(ax)] == shapes
    assert ax.yaxis_inverted(), "time runs down"
    assert ax.get_aspect() == 1
    (states,) = ax.collections
    ends = [path.vertices for path in states.get_paths()]
    assert len(ends) == 4 + 2 + 1
    for x, begin, stop in ((e[0, 0], e[0, 1], e[1, 1]) for e in ends):
        box = next(p for p in boxes(ax) if p.get_x() < x < p.get_x() + p.get_width())
        assert 0 < begin < stop < box.get_height()
    edges = [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == "--"]
    assert edges == [1, 2, 4]
    assert texts(ax) == ["4 × 1", "1 tick", "2 × 2", "2 ticks", "1 × 4", "4 ticks"]
    right = [p.get_x() + p.get_width() for p in boxes(ax)]
    assert all(a < p.get_x() for a, p in zip(right, boxes(ax)[1:], strict=False))


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([], r"shapes must be a sequence of 1 to 12 entries, got \[\]"),
        ([(4, 1), (2, 3)], r"shapes must all have the same B·T, got \[4, 6\]"),
        ([(4, 65)], r"shapes\[0\]\[1\] must be an integer in 1\.\.64, got 65"),
    ],
)
def test_window_shapes_refuses_other_numbers_of_tokens(shapes, message):
    with pytest.raises(ValueError, match=message):
        plots.window_shapes(shapes)


def test_staircase_draws_each_network_the_means_and_the_floors(ax):
    curves = {"reset": [[3, 1, 5], [0, 3, 0]], "carry": [[1, 1, 1], [0.5, 0.25, 0.75]]}
    plots.staircase([(2, 1), (1, 2)], curves, {"low": [0.5, 0.1]}, ax=ax)
    lines = {ls: [data(x) for x in ax.lines if x.get_linestyle() == ls] for ls in ("-", "--")}
    assert lines == {"-": [[[0, 3], [1, 1]]], "--": [[[0, 1], [1, 0.5]]]}
    dots = [data(x) for x in ax.lines if x.get_linestyle() == "None"]
    assert dots[0] == [[0, 3], [0, 1], [0, 5]]
    assert dots[3] == [[1, 0.5], [1, 0.25], [1, 0.75]]
    (steps,) = ax.collections
    assert [path.vertices[0, 1] for path in steps.get_paths()] == [0.5, 0.1]
    assert set(texts(ax)) == {"low", "reset", "carry"}
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2×1", "1×2"]


def test_staircase_circles_a_point_of_the_first_curve(ax):
    curves = {"a": [[3, 1, 5], [0, 1, 0]], "b": [[5, 5, 5], [6, 6, 6]]}
    plots.staircase([(2, 1), (1, 2)], curves, {}, ax=ax, circled=0)
    (circle,) = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    assert data(circle) == [[0, 3]]


def test_loss_by_position_counts_from_one_and_marks_the_distances(ax):
    plots.loss_by_position({"a": [3, 2, 1], "b": [1, 1, 1]}, {"least": [2, 1, 0]}, (2,), ax=ax)
    mark, floor, a, b = ax.lines
    assert set(mark.get_xdata()) == {2}
    assert data(floor) == [[1, 2], [2, 1], [3, 0]]
    assert floor.get_drawstyle() == "steps-mid"
    assert data(a) == [[1, 3], [2, 2], [3, 1]]
    assert data(b) == [[1, 1], [2, 1], [3, 1]]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2", "3"]
    assert set(texts(ax)) == {"least", "a", "b"}


PLANE = {
    "maps": {"here": [[1, 2, 3], [4, 5, 6]]},
    "texts": {"here": [["a", "b", "c"], ["d", "e", "f"]]},
    "allowed": {"here": [(1, 8), (2, 4)]},
    "best": {"here": (2, 4)},
}


def test_plane_maps_writes_each_cell_and_frames_the_right_ones():
    (ax,) = plots.plane_maps([1, 2, 4], [4, 8], **PLANE)
    assert ax.images[0].get_array().tolist() == PLANE["maps"]["here"]
    written = {tuple(t.get_position()): t.get_text() for t in ax.texts}
    assert written == {(0, 0): "a", (1, 0): "b", (2, 0): "c", (0, 1): "d", (1, 1): "e", (2, 1): "f"}
    at = [(round(p.get_x() + 0.44), round(p.get_y() + 0.42), p.get_linestyle()) for p in boxes(ax)]
    assert set(at) == {(0, 1, "--"), (1, 0, "-")}
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2", "4"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["4", "8"]
    assert "here" in ax.get_xlabel()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"maps": {"here": [[1, 2, 3]]}},
            r"maps\['here'\] .* shape \(2, 3\).* got \[\[1, 2, 3\]\]",
        ),
        ({"texts": {"here": [["a"]]}}, r"maps\['here'\] and its texts must have the same shape"),
        ({"best": {"here": (3, 4)}}, r"must be cells of the map, got \(3, 4\)"),
        ({"allowed": {"here": [(1, 5)]}}, r"must be cells of the map, got \(1, 5\)"),
    ],
)
def test_plane_maps_refuses_what_does_not_fit(change, message):
    with pytest.raises(ValueError, match=message):
        plots.plane_maps([1, 2, 4], [4, 8], **PLANE | change)


def test_throughput_by_axis_is_relative_to_the_smallest_size():
    (ax,) = plots.throughput_by_axis([1, 2], {"ours": ([10, 30], [20, 25])})
    streams, steps = ax.lines
    assert data(streams) == [[1, 1], [2, 3]]
    assert data(steps) == [[1, 1], [2, 1.25]]
    assert (streams.get_marker(), steps.get_marker()) == (MARKERS["batch"], MARKERS["time"])
    assert set(texts(ax)) == {"more streams", "more steps", "ours"}


def test_bias_and_noise_circles_the_least_of_both():
    tasks = {"one": {"bias": [3, 0], "noise": [1, 2], "both": [4, 2]}}
    (ax,) = plots.bias_and_noise([(2, 1), (1, 2)], tasks, {"one": [3.9, 2.1]})
    bias, noise, both, marks, circle = ax.lines
    assert [data(line) for line in (bias, noise, both)] == [
        [[0, 3], [1, 0]], [[0, 1], [1, 2]], [[0, 4], [1, 2]],
    ]  # fmt: skip
    assert data(marks) == [[0, 3.9], [1, 2.1]]
    assert data(circle) == [[1, 2]]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["bias", "noise", "both"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2×1", "1×2"]


def test_ratio_on_doubling_draws_the_half_and_each_task(ax):
    plots.ratio_on_doubling([1, 2, 4], {"a": [2, 1, 0.5], "b": [0.4, 0.5, 0.5]}, ax=ax)
    one, half, a, b = ax.lines
    assert (set(one.get_ydata()), set(half.get_ydata())) == ({1}, {0.5})
    assert half.get_linestyle() == "--"
    assert data(a) == [[1, 2], [2, 1], [4, 0.5]]
    assert data(b) == [[1, 0.4], [2, 0.5], [4, 0.5]]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2", "4"]
    assert ax.get_ylim()[0] == 0


def test_noise_and_payoff_draws_each_network_and_the_range_of_the_noise_scale():
    axes = plots.noise_and_payoff(
        [0, 5], [[1, 4], [3, 8], [2, 6]], [8, 16], [[1, 2, 6]] * 2, 0.5, (2, 6)
    )
    left, right = axes
    assert [data(line) for line in left.lines] == [
        [[0, 1], [5, 4]], [[0, 3], [5, 8]], [[0, 2], [5, 6]],
    ]  # fmt: skip
    assert (left.get_yscale(), right.get_xscale()) == ("log", "log")
    (span,) = right.patches
    assert (span.get_x(), span.get_x() + span.get_width()) == (2, 6)
    floor, *dots, middle = right.lines
    assert set(floor.get_ydata()) == {0.5}
    assert [data(line) for line in dots] == [[[8, n], [16, n]] for n in (1, 2, 6)]
    assert data(middle) == [[8, 3], [16, 3]]


@pytest.mark.parametrize(
    ("draw", "arguments"),
    [
        (plots.noise_and_payoff, ([0], [[1, 2]], [1], [[1]], 0, (1, 2))),
        (plots.noise_and_payoff, ([0], [[1]], [1, 2], [[1]], 0, (1, 2))),
        (plots.staircase, ([(1, 1)], {"a": [[1], [2]]}, {})),
        (plots.staircase, ([(1, 1)], {"a": [[1]]}, {"floor": [1, 2]})),
        (plots.loss_by_position, ({"a": [1, 2], "b": [1]}, {}, ())),
        (plots.loss_by_position, ({"a": [1, 2]}, {"floor": [1]}, ())),
        (plots.throughput_by_axis, ([1, 2], {"a": ([1, 2], [1])})),
        (plots.bias_and_noise, ([(1, 1)], {"a": {"both": [1, 2]}}, {"a": [1]})),
        (plots.bias_and_noise, ([(1, 1)], {"a": {"both": [1]}}, {"a": [1, 2]})),
        (plots.ratio_on_doubling, ([1, 2], {"a": [1]})),
    ],
)
def test_lengths_that_differ_are_refused(draw, arguments):
    with pytest.raises(
        ValueError, match=r"must have one value for each of the|with shape \(.*(seeds|\d)\)"
    ):
        draw(*arguments)


@pytest.mark.messages
def test_bias_and_noise_refuses_a_fourth_line():
    lines = {"bias": [1], "noise": [1], "both": [2], "more": [3]}
    with pytest.raises(ValueError, match=r"tasks\['one'\] must hold 1 to 3 lines, got 4"):
        plots.bias_and_noise([(1, 1)], {"one": lines}, {"one": [2]})
