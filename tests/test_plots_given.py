"""What drawings ask of their arguments: each check gives one form back, or refuses in words."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.plots import _given as given
from helpers.plots._parts import new_axes

pytestmark = pytest.mark.messages


@pytest.mark.parametrize("value", ["", "B × T", "two\nlines", r"$n^{-1/2}$", "5 $", "x" * 60])
def test_a_text_that_the_font_has_passes(value):
    assert given.text("label", value) is value


@pytest.mark.parametrize(
    "value", [3, b"a", "x" * 61, "a\0", "\ud800", "漢", "$\\nothing$", "fine\n$\\nothing$", None]
)
def test_a_text_that_cannot_be_drawn_is_refused(value):
    with pytest.raises(ValueError, match=r"^label must be a text of 0 to 60 characters .*, got "):
        given.text("label", value)


@pytest.mark.parametrize("value", [[1, 2], (1, 2), range(1, 3), np.array([1, 2], np.uint8)])
def test_a_line_of_integers_keeps_them(value):
    found = given.line("x", value)
    assert found.tolist() == [1, 2]
    assert found.dtype == int


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_a_line_of_floats_has_64_bits(dtype):
    given_line = np.array([0.5, 2.0], dtype)
    found = given.line("x", given_line)
    assert found.dtype == np.float64
    found[0] = 7
    assert given_line[0] == 0.5


def test_an_integer_beyond_64_bits_of_sign_becomes_a_float():
    assert given.line("x", np.array([2**64 - 1], np.uint64)).tolist() == [float(2**64)]


@pytest.mark.parametrize(
    ("value", "limits", "message"),
    [
        (
            [1.0, np.nan],
            {},
            r"x must be a list of 1 to 100000 finite numbers in .*, got nan\.\.nan",
        ),
        ([2e100], {}, r"x must be .* in -1e\+100\.\.1e\+100, got 2e\+100\.\.2e\+100"),
        ([-2e100], {}, "x must be"),
        ([0.0], {"least": 1e-100}, r"x must be .* positive numbers in 1e-100\.\..*, got 0\.\.0"),
        ([1, 2], {"limit": 1}, r"x must be .* in .*\.\.1, got 1\.\.2"),
        ([], {}, r"x must be a list of 1 to .* got \[\]"),
        ([1, 2], {"most": 1}, r"x must be a list of 1 to 1 finite numbers"),
        ([1, 2], {"places": 3}, r"x must have one value for each of the 3 places, got 2"),
        ([1.0], {"whole": True}, "x must be a list of 1 to 100000 integers in"),
        ([10**16], {"whole": True}, r"integers in .*\.\.1e\+15, got 1e\+16\.\.1e\+16"),
        ([[1]], {}, r"x must be a list .*, got \[\[1\]\]"),
        ([True], {}, "x must be a list"),
        ("12", {}, "x must be a list of .*, got '12'"),
        ({1}, {}, r"x must be a list of .*, got \{1\}"),
        ([[1], [1, 2]], {}, "x must be a list"),
        (np.ma.array([1]), {}, r"x must be a list of .*, got int64 with shape \(1,\)"),
        (np.array([1], "m8[s]"), {}, r"x must be a list of .*, got timedelta64\[s\] with shape"),
        (list(range(9)), {"most": 3}, "x must be a list of .*, got list of 9 entries"),
    ],
)
def test_what_is_no_line_is_refused(value, limits, message):
    with pytest.raises(ValueError, match=message):
        given.line("x", value, **limits)


def test_a_longer_float_is_refused_without_a_warning():
    if np.finfo(np.longdouble).max > np.finfo(float).max:
        with pytest.raises(ValueError, match=r"got inf\.\.inf"):
            given.line("x", np.array([np.longdouble("1e4000")]))


@pytest.mark.parametrize(
    ("value", "limits", "message"),
    [
        ([[1, 2]], {"shape": (2, "B")}, r"x must be .* with shape \(2, B\), .* got \[\[1, 2\]\]"),
        ([[1, 2]], {"shape": ("T", 1)}, r"with shape \(T, 1\)"),
        ([[1, 2]], {"most": 1}, "each side at least 1 and at most 1"),
        (np.ones((400, 400)), {}, r"x must be .*, got float64 with shape \(400, 400\)"),
        (np.ones((0, 2)), {}, "each side at least 1"),
        ([1, 2], {}, "x must be a table of finite numbers"),
        ([[np.inf]], {}, r"got inf\.\.inf"),
        ([[-1]], {"least": 0}, r"in 0\.\.1e\+100 .* got -1\.\.-1"),
    ],
)
def test_what_is_no_table_is_refused(value, limits, message):
    with pytest.raises(ValueError, match=message):
        given.table("x", value, **limits)


@pytest.mark.parametrize(
    "value", [["ab", "cd"], [["a", "b"], ("c", "d")], np.array([[*"ab"], [*"cd"]])]
)
def test_rows_are_lists_of_texts(value):
    assert given.rows("x", value, most=2) == [["a", "b"], ["c", "d"]]


def test_truth_values_may_be_written_as_numbers():
    for value in (np.eye(2), np.eye(2, dtype=bool), [[1, 0], [0, 1]]):
        found = given.truths("x", value, shape=("n", "m"), most=9)
        assert found.dtype == bool
        assert found.tolist() == [[True, False], [False, True]]
    with pytest.raises(ValueError, match=r"in 0\.\.1 .*, got 0\.\.2"):
        given.truths("x", [[0, 2]], shape=("n", "m"), most=9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: given.mapping("x", [1], "lines"), r"x must be a mapping of label to lines, got "),
        (lambda: given.mapping("x", {}, "lines"), "x must hold 1 to 4 lines, got 0"),
        (lambda: given.mapping("x", {"a": 1}, "lines", fewest=2, most=2), "hold 2 lines, got 1"),
        (lambda: given.mapping("x", {1: 1}, "lines"), "each label of x must be a text of 1 to 60"),
        (lambda: given.mapping("x", {"": 1}, "lines"), "each label of x must be a text of 1 to 60"),
        (lambda: given.mapping("x", {"_a": 1}, "lines"), "each label of x must not begin with _"),
        (
            lambda: given.mapping("x", {"a": 1}, "lines", numbered=True),
            "each number of x must be an integer of at least 0, got 'a'",
        ),
        (lambda: given.curves("x", {"a": [np.nan]}), r"x\['a'\] must be a list"),
        (lambda: given.tables("x", {"a": [1]}), r"x\['a'\] must be a table"),
        (lambda: given.bounds("x", {"a": "b"}), r"x\['a'\] must be a finite number"),
        (lambda: given.number("x", np.float16(2), most=1), "x must be .* at most 1, got 2.0"),
        (lambda: given.items("x", "ab"), "x must be a sequence of 1 to 64 entries, got 'ab'"),
        (lambda: given.items("x", np.array(1)), r"x must be a sequence .* with shape \(\)"),
        (lambda: given.texts("x", ["a", 1]), r"x\[1\] must be a text"),
        (lambda: given.texts("x", []), "x must be a sequence of 1 to 64 entries"),
        (lambda: given.rows("x", [["a"], ["b", "c"]], most=3), r"x must be rows .* of \[1, 2\]"),
        (lambda: given.rows("x", [3], most=3), r"x must be rows of one length, .* of \[0\]"),
        (lambda: given.rows("x", ["abcd"], most=3), "1 to 3 rows of 1 to 3 texts"),
        (lambda: given.rows("x", [["a", 1]], most=3), r"x\[0\]\[1\] must be a text of 0 to 12"),
        (lambda: given.pairs("x", [(1, 2), (1,)]), r"x\[1\] must be a sequence of 2 to 2"),
        (lambda: given.pair("x", (1, -1)), r"x\[1\] must be an integer of at least 0, got -1"),
        (lambda: given.pair("x", (0, 1), least=1, limit=9), r"x\[0\] must be .* in 1\.\.9, got 0"),
        (
            lambda: given.same_labels(a={"x": 1}, b={}),
            r"a and b must have .*, got \['x'\] and \[\]",
        ),
        (
            lambda: given.axes("axes", 3, (1,)),
            r"axes must be None, or Axes with shape \(1,\), got 3",
        ),
        (lambda: given.axes("axes", [3], (1,)), r"axes must be None, or Axes"),
        (lambda: new_axes(3), "ax must be None or a matplotlib Axes, got 3"),
    ],
)
def test_refusals_say_what_would_work(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_axes_that_are_given_are_used_and_those_of_another_number_refused(ax):
    assert new_axes(ax) is ax
    assert given.axes("axes", [ax], (1,)).tolist() == [ax]
    assert given.axes("axes", None, (2,)) is None
    with pytest.raises(ValueError, match=r"Axes with shape \(2,\)"):
        given.axes("axes", [ax], (2,))
    assert new_axes(None, figsize=(3, 2)).figure.get_size_inches().tolist() == [3, 2]
    assert len(plt.get_fignums()) == 2
