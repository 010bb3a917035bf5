"""The drawing of the page of names shows one window in both orders."""

from __future__ import annotations

import pytest
from drawings import texts
from matplotlib.patches import FancyArrowPatch, Rectangle

from helpers import plots

USERS = {"time-major": ["torch", "ignite"], "batch-major": ["Keras"]}


@pytest.mark.parametrize(("T", "B"), [(4, 3), (2, 2), (1, 3), (3, 1)])
def test_each_token_stands_in_both_tables_with_its_axes_exchanged(ax, T, B):
    tokens = [[f"w{t}{b}" for b in range(B)] for t in range(T)]
    assert plots.axis_orders(tokens, USERS, ax=ax) is ax
    below = {}
    for t in range(T):
        for b in range(B):
            above, under = (x.get_position() for x in ax.texts if x.get_text() == tokens[t][b])
            assert above == (b, t)
            below[t, b] = under
    first = below[0, 0]
    assert first[1] > T - 1, "the second table lies below the first"
    assert all(at == (first[0] + t, first[1] + b) for (t, b), at in below.items())


@pytest.mark.parametrize(("T", "B"), [(4, 3), (1, 2)])
def test_the_state_goes_along_time_in_both_tables_and_never_from_stream_to_stream(ax, T, B):
    plots.axis_orders(["x" * B] * T, USERS, ax=ax)
    ways = [a._posA_posB for a in ax.patches if isinstance(a, FancyArrowPatch)]
    down = [(a, b) for a, b in ways if a[0] == b[0]]
    right = [(a, b) for a, b in ways if a[1] == b[1]]
    assert len(down) == len(right) == (T - 1) * B
    assert len(ways) == 2 * (T - 1) * B
    assert all(b[1] > a[1] for a, b in down)
    assert all(b[0] > a[0] for a, b in right)


def test_one_stream_is_framed_in_both_tables(ax):
    plots.axis_orders(["ab", "cd", "ef"], USERS, ax=ax)
    squares = [p for p in ax.patches if isinstance(p, Rectangle)]
    frames = [p for p in squares if not p.get_fill()]
    assert len(squares) == 2 * 3 * 2 + 2
    column, row = frames
    assert column.get_height() > 2 > 1 > column.get_width()
    assert row.get_width() > 2 > 1 > row.get_height()
    assert texts(ax).count("stream 0") == 2


def test_each_heading_stands_with_its_lines_beside_its_own_table(ax):
    plots.axis_orders(["ab", "cd", "ef"], USERS, ax=ax)
    at = {t.get_text(): t.get_position()[1] for t in ax.texts}
    assert at["time-major"] < at["torch\nignite"] < 3 < at["batch-major"] < at["Keras"]
    assert {"axis 0\ntime", "axis 1: batch", "axis 0\nbatch", "axis 1: time"} <= set(at)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("tokens", "users", "said"),
    [
        ([], USERS, "tokens must be a sequence of 1 to 12 entries"),
        (["ab", "c"], USERS, "tokens must be rows of one length"),
        (["ab"], {"one": []}, "users must hold 2 headings, got 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(tokens, users, said):
    with pytest.raises(ValueError, match=said):
        plots.axis_orders(tokens, users)
