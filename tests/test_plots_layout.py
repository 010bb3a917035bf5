"""The drawings of the layout chapter show what they are given."""

from __future__ import annotations

import numpy as np
import pytest
from drawings import texts
from matplotlib.patches import FancyArrowPatch, Rectangle

from helpers import loaders, plots


def data(line):
    return np.column_stack(line.get_data()).tolist()


def test_numbered_corpus_draws_each_token_cut_and_window(ax):
    plots.numbered_corpus(32, 3, 4, tick=4, ax=ax)
    assert ax.yaxis_inverted(), "time runs down"
    places = {t.get_text(): t.get_position() for t in ax.texts}
    for i in range(30):
        assert places[str(i)] == (i // 10, i % 10)
    assert "30" not in places
    cuts = [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == "--"]
    assert cuts == [3.5, 7.5, 8.5]
    windows = [t for t in texts(ax) if t.startswith("window")]
    assert windows == ["window 0\n4 × 3", "window 1\n4 × 3", "window 2\n1 × 3"]
    spare = [p for p in ax.patches if p.get_facecolor()[0] < 0.95 and isinstance(p, Rectangle)
             and p.get_fill()]  # fmt: skip
    assert len(spare) == 3 + 2, "three that are only targets, two that are left over"
    (frame,) = [p for p in ax.patches if isinstance(p, Rectangle) and not p.get_fill()]
    assert frame.get_y() < 4 < frame.get_y() + frame.get_height()
    assert sum(isinstance(p, FancyArrowPatch) for p in ax.patches) == 3
    assert {"0 … 9", "10 … 19", "20 … 29", "left over"} <= set(texts(ax))


def test_numbered_corpus_says_left_over_only_where_something_is(ax):
    plots.numbered_corpus(30, 3, 4, ax=ax)
    assert "left over" not in texts(ax)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((32, 1, 4), "batch_size must be an integer in 2..5, got 1"),
        ((32, 6, 4), "batch_size must be an integer in 2..5, got 6"),
        ((45, 3, 4), r"num_tokens // batch_size must be an integer in 2..14, got 15"),
        ((5, 3, 4), r"num_tokens // batch_size must be .* got 1"),
        ((32, 3, 0), "num_steps must be an integer of at least 1, got 0"),
    ],
)
def test_numbered_corpus_refuses_what_cannot_be_read(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.numbered_corpus(*arguments)


def test_numbered_corpus_frames_input_rows_only():
    with pytest.raises(ValueError, match=r"tick must be an integer in 0..8, got 9"):
        plots.numbered_corpus(32, 3, 4, tick=9)


def bars(ax):
    return [(p.get_y() + p.get_height() / 2, p.get_x() + 0.5, p.get_width()) for p in ax.patches]


def test_reading_order_draws_a_bar_for_each_stream_of_each_update():
    given = {
        "ours": [w.y for w in loaders.streams(np.arange(20), 2, 4)],
        "every": [w.y for w in loaders.overlapping(np.arange(20), 3, 4)],
    }
    axes = plots.reading_order(given, 20)
    assert axes.shape == (1, 3)
    for ax, (label, windows) in zip(axes[0], given.items(), strict=False):
        assert ax.get_title(loc="left") == label
        assert ax.yaxis_inverted()
        expected = [(u, y[0], len(y)) for u, w in enumerate(windows) for y in w.T]
        assert bars(ax) == pytest.approx(np.array(expected))
    assert not axes[0][2].axison


def test_reading_order_refuses_what_is_no_table():
    with pytest.raises(ValueError, match=r"targets\['a'\]\[1\] must be .*\(T, B\)"):
        plots.reading_order({"a": [np.zeros((2, 2), int), np.zeros(2, int)]}, 5)


def test_bits_by_row_draws_a_mark_for_each_network():
    rows = {"a": {"one": [0.5, 0.6], "two": [1.0, 1.1]}, "b": {"two": [8.0]}}
    ax = plots.bits_by_row(rows, {"best": 0.46}, log=True)
    bound, *marks = ax.lines
    assert set(bound.get_xdata()) == {0.46}
    assert [line.get_xdata().tolist() for line in marks] == [[0.5, 0.6], [1.0, 1.1], [8.0]]
    heights = [line.get_ydata()[0] for line in marks]
    assert np.round(heights).tolist() == [0, 0, 1]
    assert heights[0] < heights[1]
    assert heights[2] - 1 == pytest.approx(heights[1]), "one kind, one height within a row"
    assert marks[1].get_marker() == marks[2].get_marker() != marks[0].get_marker()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert {"best", "one", "two"} == set(texts(ax))
    assert ax.get_xscale() == "log"
    assert plots.bits_by_row(rows, {}).get_xscale() == "linear"


@pytest.mark.parametrize("values", [[0.5, 0.0], [np.nan], []])
def test_bits_by_row_refuses_what_are_no_bits(values):
    with pytest.raises(
        ValueError, match=r"rows\['a'\]\['one'\] must be a list of .* positive numbers .* got"
    ):
        plots.bits_by_row({"a": {"one": values}}, {})


def test_bits_by_row_refuses_no_rows():
    with pytest.raises(ValueError, match=r"rows must hold 1 to 20 rows, got 0"):
        plots.bits_by_row({}, {})


def test_losses_by_update_draws_each_curve_and_bound(ax):
    plots.losses_by_update([10, 30], {"a": [4.0, 0.5], "b": [4.5, 0.9]}, {"best": 0.46}, ax=ax)
    bound, a, b = ax.lines
    assert set(bound.get_ydata()) == {0.46}
    assert (data(a), data(b)) == ([[10, 4.0], [30, 0.5]], [[10, 4.5], [30, 0.9]])
    assert a.get_linestyle() != b.get_linestyle()
    assert set(texts(ax)) == {"best", "a", "b"}
    assert ax.get_ylim()[0] == 0


def test_losses_by_update_refuses_curves_of_another_length():
    with pytest.raises(ValueError, match=r"curves\['a'\] must have one value for each of the 2"):
        plots.losses_by_update([10, 30], {"a": [4.0]}, {})
