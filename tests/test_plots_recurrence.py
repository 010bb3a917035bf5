"""The drawings of the recurrence chapter show what they are given."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawings import texts
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation

from helpers import plots


@pytest.mark.parametrize(("T", "B", "tick"), [(4, 3, 1), (2, 5, 1), (1, 1, 0)])
def test_tick_table_has_a_cell_for_each_token_and_states_down_each_column(ax, T, B, tick):
    tokens = [[f"w{t}{b}" for b in range(B)] for t in range(T)]
    assert plots.tick_table(tokens, tick, ax=ax) is ax
    squares = [p for p in ax.patches if isinstance(p, Rectangle)]
    assert len(squares) == T * B + 1
    place = {t.get_text(): t.get_position() for t in ax.texts}
    assert all(place[tokens[t][b]] == (b, t) for t in range(T) for b in range(B))
    arrows = [a for a in ax.texts if isinstance(a, Annotation) and a.arrow_patch]
    assert len(arrows) == B * (T + 1)
    for arrow in arrows:
        assert arrow.xy[0] == arrow.xyann[0], "no state crosses from stream to stream"
        assert arrow.xy[1] > arrow.xyann[1], "the state runs down"
    frame = squares[-1]
    assert frame.get_y() < tick < frame.get_y() + frame.get_height()
    assert frame.get_x() < 0 <= B - 1 < frame.get_x() + frame.get_width()
    assert ax.yaxis_inverted()
    assert "one tick" in texts(ax)


def test_cold_start_draws_both_curves_and_the_guess(ax):
    plots.cold_start([0.4, 0.3, 0.35], [1.4, 0.3, 0.36], 1.39, ax=ax)
    line, cold, carried = ax.lines
    assert set(line.get_ydata()) == {1.39}
    assert cold.get_ydata().tolist() == [1.4, 0.3, 0.36]
    assert carried.get_ydata().tolist() == [0.4, 0.3, 0.35]
    assert carried.get_xdata().tolist() == [0, 1, 2]
    assert carried.get_color() == plots.COLOURS["state"]
    assert {"from zeros", "carried"} <= set(texts(ax))


def test_change_map_shows_the_table_and_leaves_zeros_white(ax):
    change = np.zeros((4, 5))
    change[1:, 2] = [0.5, 0.2, 0.1]
    plots.change_map(change, ax=ax)
    shown = ax.images[-1].get_array()
    assert shown.shape == (4, 5)
    assert (shown.mask == (change == 0)).all()
    assert shown[1:, 2].tolist() == [0.5, 0.2, 0.1]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "time runs down"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("stream", "time step")


@pytest.mark.parametrize(("N", "drawn"), [(6, 7), (35, 6)])
def test_three_shapes_draws_the_tokens_three_times(ax, N, drawn):
    plots.three_shapes(N, drawn, ax=ax)
    dots = [line for line in ax.lines if line.get_marker() in ("o", "s")]
    spans = [(np.ptp(d.get_xdata()), np.ptp(d.get_ydata())) for d in dots]
    assert [len(d.get_xdata()) for d in dots] == [6, 6, 6]
    assert sorted(spans) == [(0, 5), (0, 5), (5, 0)]
    states = [line for line in ax.lines if line.get_color() == plots.COLOURS["state"]]
    assert len(states) == 2
    (cuts,) = ax.collections
    assert len(cuts.get_segments()) == 5
    said = texts(ax)
    assert f"first:\nT = {N}, B = 1" in said
    assert f"second:\nT = 1, B = {N}" in said
    assert f"third:\nT = 1, B = 1,\n{N} times" in said
    notes = [text for text in said if "drawn" in text]
    assert notes == ([f"({drawn} of the {N} drawn)"] * 3 if drawn < N else [])


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plots.tick_table([["a"]], 0, ax=ax),
        lambda ax: plots.cold_start([0.4, 0.3], [1.4, 0.3], 1.39, ax=ax),
        lambda ax: plots.cost_by_axis([1, 4], [2.0, 2.0], [16, 64], [2.0, 8.0], ax=ax),
        lambda ax: plots.three_shapes(6, ax=ax),
    ],
)
def test_no_text_has_the_light_gold_or_red_of_lines(ax, draw):
    light = {plots.COLOURS["batch"], plots.COLOURS["state"]}
    assert not light & {text.get_color() for text in draw(ax).texts if text.get_text()}


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.tick_table([["a"]], 0),
        lambda: plots.cold_start([1.0], [1.0], 1.0),
        lambda: plots.change_map(np.ones((1, 1))),
        lambda: plots.three_shapes(2),
        lambda: plots.graph_growth([1], {1: [2]}),
        lambda: plots.cost_by_axis([1], [1.0], [1], [1.0]),
    ],
)
def test_without_axes_a_figure_is_made(draw):
    assert len(draw().figure.axes) >= 1
    assert len(plt.get_fignums()) == 1


@pytest.mark.messages
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.tick_table([], 0), "tokens must be a sequence of 1 to 20 entries"),
        (lambda: plots.tick_table([["a"], ["b", "c"]], 0), "tokens must be rows of one length"),
        (lambda: plots.tick_table([["a"]], 1), r"tick must be an integer in 0\.\.0, got 1"),
        (lambda: plots.cold_start([1.0], [1.0, 2.0], 1.0), "as long, got 1 and 2"),
        (
            lambda: plots.cold_start([np.nan], [1.0], 1.0),
            "carried must be a list of 1 to 64 finite",
        ),
        (lambda: plots.cold_start([1.0], [[1.0]], 1.0), "cold must be a list of 1 to 64 finite"),
        (lambda: plots.cold_start([1.0], [1.0], 0), "guessing must be at least 1e-100"),
        (lambda: plots.change_map(np.zeros((2, 2))), "not 0 everywhere"),
        (lambda: plots.change_map(-np.ones((2, 2))), r"finite numbers in 0\.\."),
        (lambda: plots.change_map(np.ones(2)), "change must be a numpy array"),
        (lambda: plots.three_shapes(1), "num_tokens must be an integer of at least 2, got 1"),
        (lambda: plots.three_shapes(9, 1), r"drawn must be an integer in 2\.\.100, got 1"),
        (
            lambda: plots.graph_growth([1, 2], {1: [3]}),
            r"nodes\[1\] must have one value for each of the 2 places, got 1",
        ),
        (lambda: plots.graph_growth([1], {}), "nodes must hold 1 to 3 batch sizes, got 0"),
        (
            lambda: plots.cost_by_axis([1], [1.0, 2.0], [1], [1.0]),
            "seconds_by_batch must have one value for each of the 1 places",
        ),
        (
            lambda: plots.cost_by_axis([1], [1.0], [1], [0.0]),
            r"seconds_by_time must be a list .* positive numbers .* got 0\.\.0",
        ),
    ],
)
def test_bad_input_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
