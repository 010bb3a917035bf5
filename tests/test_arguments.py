"""A refusal names the argument, what it got, and what would work."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import _arguments as arguments

pytestmark = pytest.mark.messages


@pytest.mark.parametrize("value", [1, 7, np.int32(3), np.uint8(3)])
def test_whole_numbers_become_ints(value):
    got = arguments.whole("batch_size", value, most=7)
    assert type(got) is int
    assert got == value


@pytest.mark.parametrize("value", [0, 8, 2.0, "3", None, True, np.bool_(True), float("nan")])
def test_what_is_no_whole_number_in_range_is_refused(value):
    with pytest.raises(ValueError, match=r"^batch_size must be an integer in 1\.\.7, got ") as info:
        arguments.whole("batch_size", value, most=7)
    assert repr(value) in str(info.value)


def test_a_bound_belongs_to_its_range_or_not_as_said():
    assert arguments.number("rate", 0, least=0) == 0
    assert arguments.number("rate", 1, most=1) == 1
    for bounds in ({"above": 0}, {"below": 0}):
        with pytest.raises(ValueError, match=r"rate must be (greater|less) than 0, got 0"):
            arguments.number("rate", 0, **bounds)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), "1", None, True, 1j])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValueError, match="rate must be a finite number at least 0, got "):
        arguments.number("rate", value, least=0)


@pytest.mark.parametrize("value", ["Mean", 1, None, ["mean"]])
def test_what_is_not_in_the_list_is_refused(value):
    with pytest.raises(ValueError, match="over_time must be one of 'mean', 'sum', got "):
        arguments.one_of("over_time", value, ("mean", "sum"))


@pytest.mark.parametrize(
    ("value", "kind", "shape", "message"),
    [
        ([1, 2], "integer", None, "x must be a numpy array of integers, got list: "),
        (np.ones(2), "integer", ("N",), r"integers with shape \(N,\), got float64 with shape \(2,"),
        (
            np.ones((2, 3)),
            "floating",
            (2, 4),
            r"with shape \(2, 4\), got float64 with shape \(2, 3",
        ),
        (np.ones(2), "floating", ("T", "B"), r"with shape \(T, B\), got float64"),
        (np.ones(2, int), "floating", (2,), "of floating-point numbers with shape"),
        (np.ones(2), "boolean", (2,), "of booleans with shape"),
        (np.ones(2, bool), "number", (2,), "of numbers with shape"),
    ],
)
def test_arrays_are_refused_by_type_kind_and_shape(value, kind, shape, message):
    with pytest.raises(ValueError, match=message):
        arguments.array("x", value, kind=kind, shape=shape)


def test_a_fitting_array_is_passed_through_without_a_copy():
    x = np.ones((2, 3))
    assert arguments.array("x", x, kind="floating", shape=("T", 3)) is x
    assert arguments.array("x", x, kind="floating", shape=(2, 3)) is x


def test_an_array_of_any_shape_will_do_where_none_is_asked_for():
    for x in (np.ones(()), np.ones((2, 3, 4))):
        assert arguments.array("x", x, kind="floating") is x


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int64])
def test_a_negative_id_is_refused_however_many_symbols_there_are(dtype):
    with pytest.raises(ValueError, match=r"y must hold ids in 0\.\.99999, got -1"):
        arguments.ids("y", np.array([0, -1], dtype), num_symbols=100_000, shape=None)
    right = np.array([0, 127], dtype)
    assert arguments.ids("y", right, num_symbols=100_000, shape=None).tolist() == [0, 127]


def test_a_value_of_another_type_is_refused_with_both_names():
    assert arguments.instance("x", True, int) is True
    with pytest.raises(ValueError, match=r"^x must be of type builtins\.int, got builtins\.str$"):
        arguments.instance("x", "3", int)


def test_an_int_too_large_for_a_float_is_no_finite_number():
    with pytest.raises(ValueError, match=r"rate must be a finite number.*, got 1000"):
        arguments.number("rate", 10**400)


@pytest.mark.parametrize("bad", [-1, 3])
def test_ids_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match=rf"y must hold ids in 0\.\.2, got {bad}"):
        arguments.ids("y", np.array([0, bad, 2]), num_symbols=3, shape=("N",))


def test_a_long_value_is_shortened_in_the_message():
    with pytest.raises(ValueError, match="x must be") as info:
        arguments.array("x", list(range(1000)), kind="integer")
    assert len(str(info.value)) < 150


@pytest.mark.parametrize("value", [np.timedelta64(2), np.timedelta64(2, "s")])
def test_a_span_of_time_is_no_number(value):
    with pytest.raises(ValueError, match="n must be an integer"):
        arguments.whole("n", value)
    with pytest.raises(ValueError, match="n must be a finite number"):
        arguments.number("n", value)


def test_an_int_that_python_does_not_write_out_is_named_by_its_type():
    assert arguments.short(10**5000) == "int of more digits than can be written out"


@pytest.mark.parametrize("power", [16, 19, 400, 5000])
def test_a_number_beyond_all_use_is_refused_before_it_overflows(power):
    with pytest.raises(ValueError, match=r"^n must be .* at most 10\*\*15, got ") as info:
        arguments.whole("n", 10**power)
    assert len(str(info.value)) < 150
    assert arguments.whole("n", 10**15) == 10**15


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="no longer floats here")
def test_floats_of_more_than_64_bits_are_refused():
    with pytest.raises(ValueError, match="of at most 64 bits with shape"):
        arguments.array("x", np.ones(2, np.longdouble), kind="floating", shape=("N",))
