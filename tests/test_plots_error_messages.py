"""Drawings of the page of error messages: what they mark, and what they refuse."""

import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, Rectangle

from helpers.plots import Walk, backward_walks, cell_tables
from helpers.plots.style import COLOURS


def arrows(ax, role):
    found = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    return [p for p in found if to_hex(p.get_edgecolor()).upper() == COLOURS[role].upper()]


def cells(ax):
    return [p for p in ax.patches if isinstance(p, Rectangle)]


def test_a_walk_visits_as_many_cells_as_it_reaches():
    axes = backward_walks({"all": Walk(6), "cut": Walk(3, cut=True), "own": Walk(1)})
    assert [len(arrows(ax, "gradient")) for ax in axes] == [5, 2, 0]
    assert [len(arrows(ax, "state")) for ax in axes] == [5, 5, 5]
    assert [len(ax.lines) for ax in axes] == [0, 1, 0]
    assert axes[1].lines[0].get_linestyle() == "--"


def test_a_graph_that_is_gone_is_dashed_and_entered_at_a_cross():
    gone, changed = backward_walks({"gone": Walk(4, gone=True), "new": Walk(4, changed=True)})
    assert [c.get_linestyle() for c in cells(gone)] == ["--"] * 3 + ["-"] * 3
    assert len({to_hex(c.get_facecolor()) for c in cells(changed)}) == 2
    for ax in (gone, changed):
        (cross,) = ax.lines
        assert cross.get_marker() == "X"
        (tip,) = [p for p in arrows(ax, "gradient") if p.get_path().get_extents().y0 < 2.5]
        assert tip.get_path().contains_point((cross.get_xdata()[0], cross.get_ydata()[0]), radius=1)
    assert "freed" in {t.get_text() for t in gone.texts}
    assert "weights\nchanged" in {t.get_text() for t in changed.texts}
    assert {"state", "gradient", "first window"} < {t.get_text() for t in gone.texts}
    assert "state" not in {t.get_text() for t in changed.texts}


def test_tables_hold_their_words_and_cross_out_what_is_wrong():
    first, second = cell_tables({"a": [["x", "y"]], "b": [["z"], ["w"]]}, {"b": [(1, 0)]})
    assert [t.get_text() for t in first.texts] == ["x", "y", "a"]
    assert len(cells(first)) == len(cells(second)) == 2
    assert len(first.lines) == 0
    (stroke,) = second.lines
    assert max(stroke.get_ydata()) > 1
    assert [t.get_weight() for t in second.texts][:2] == ["normal", "bold"]


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: backward_walks({}), "walks must hold 1 to 4 walks, got 0"),
        (
            lambda: backward_walks({"a": Walk(1)}, 5),
            "num_steps must be an integer in 2..4, got 5",
        ),
        (lambda: Walk(0), "reach must be an integer of at least 1, got 0"),
        (lambda: Walk(1, cut=1), "cut must be True or False, got 1"),
        (lambda: backward_walks({"a": Walk(9)}), "walks['a'] must reach 1 to 6 cells, got 9"),
        (lambda: cell_tables({}), "tables must hold 1 to 5 tables, got 0"),
        (
            lambda: cell_tables({"a": [["x"], []]}),
            "tables['a'] must be rows of one length, 1 to 12 rows of 1 to 12 texts, "
            "got rows of [1, 0]",
        ),
        (
            lambda: cell_tables({"a": [["x"]]}, {"b": []}),
            "wrong must name tables among ['a'], got ['b']",
        ),
        (
            lambda: cell_tables({"a": [["x"]]}, {"a": [(0, 1)]}),
            "wrong['a'] must be places in a table of 1 × 1, got (0, 1)",
        ),
    ],
)
def test_refusals_say_what_would_work(call, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call()
    assert str(caught.value) == message
