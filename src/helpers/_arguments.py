"""Refusals with three parts: the argument's name, what it got, what would work.

Every public function checks its arguments once, through these; inner code
trusts its input. The only module that every other may import.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

LARGEST = 10**15
"""The largest whole number that any argument may be: more tokens or bytes than anybody has."""


def whole(name: str, value: Any, *, least: int = 1, most: int | None = None) -> int:
    """`value` as an int, if it is a whole number in range."""
    allowed = (
        f"an integer of at least {least}" if most is None else f"an integer in {least}..{most}"
    )
    # A span of time is an integer to numpy, and no number.
    no_number = bool | np.bool_ | np.timedelta64
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, no_number)
    if most is None and is_whole and value > LARGEST:
        raise ValueError(f"{name} must be {allowed} and at most 10**15, got {short(value)}")
    if not is_whole or value < least or (most is not None and value > most):
        raise ValueError(f"{name} must be {allowed}, got {short(value)}")
    return int(value)


def number(
    name: str,
    value: Any,
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
    most: float | None = None,
) -> float:
    """`value` as a float, if it is finite and in range; `above` and `below` exclude the bound."""
    limits = [("greater than", above), ("at least", least), ("less than", below), ("at most", most)]
    said = " and ".join(f"{word} {limit:g}" for word, limit in limits if limit is not None)
    is_number = isinstance(value, int | float | np.integer | np.floating)
    no_number = bool | np.bool_ | np.timedelta64
    if isinstance(value, no_number) or not is_number or not _is_finite(value):
        raise ValueError(
            f"{name} must be a finite number {said}".rstrip() + f", got {short(value)}"
        )
    inside = (
        (above is None or value > above)
        and (least is None or value >= least)
        and (below is None or value < below)
        and (most is None or value <= most)
    )
    if not inside:
        raise ValueError(f"{name} must be {said}, got {short(value)}")
    return float(value)


def flag(name: str, value: Any) -> bool:
    """`value` as a bool, if it is one."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {short(value)}")
    return bool(value)


def function(name: str, value: Any) -> Any:
    """`value`, if it can be called."""
    if not callable(value):
        raise ValueError(f"{name} must be callable, got {type(value).__name__}")
    return value


def one_of(name: str, value: Any, allowed: tuple[Any, ...]) -> Any:
    """`value`, if it is one of `allowed`."""
    if not any(value is a or (type(value) is type(a) and value == a) for a in allowed):
        raise ValueError(
            f"{name} must be one of {', '.join(map(repr, allowed))}, got {short(value)}"
        )
    return value


_KINDS = {
    "integer": ("integers", "iu"),
    "floating": ("floating-point numbers", "f"),
    "boolean": ("booleans", "b"),
    "number": ("numbers", "iuf"),
}


def array(name: str, value: Any, *, kind: str, shape: tuple[Any, ...] | None = None) -> np.ndarray:
    """`value`, if it is a numpy array of that kind and shape.

    Entries of `shape` are sizes that must match, or letters that may be any
    size and only name the axis in the message.
    """
    right = isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray)
    fits = right and (shape is None or value.shape == shape or _fits(value.shape, shape))
    if fits and value.dtype.kind in _KINDS[kind][1] and value.itemsize <= 8:
        return np.asarray(value)
    wanted = f"a numpy array of {_KINDS[kind][0]}"
    if right and value.dtype.kind == "f" and value.itemsize > 8:
        wanted += " of at most 64 bits"
    if shape is not None:
        wanted += f" with shape ({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
    if not right:
        raise ValueError(f"{name} must be {wanted}, got {type(value).__name__}: {short(value)}")
    raise ValueError(f"{name} must be {wanted}, got {value.dtype} with shape {value.shape}")


def ids(name: str, value: Any, *, num_symbols: int, shape: tuple[Any, ...] | None) -> np.ndarray:
    """`value`, if it is an integer array of that shape with all entries in 0..num_symbols-1."""
    value = array(name, value, kind="integer", shape=shape)
    # Read without its sign a negative id is one of the upper half, so one pass finds both.
    unsigned = value.view(f"{value.dtype.byteorder}u{value.itemsize}")
    half = 1 << 8 * value.itemsize - 1
    limit = num_symbols if value.dtype.kind == "u" else min(num_symbols, half)
    if value.size and np.maximum.reduce(unsigned, axis=None) >= limit:
        bad = value.max() if value.max() >= num_symbols else value.min()
        raise ValueError(f"{name} must hold ids in 0..{num_symbols - 1}, got {bad}")
    return np.asarray(value)


def instance(name: str, value: Any, of: type) -> Any:
    """`value`, if it is of that type."""
    if not isinstance(value, of):
        got = type(value)
        raise ValueError(
            f"{name} must be of type {of.__module__}.{of.__name__}, "
            f"got {got.__module__}.{got.__name__}"
        )
    return value


def generator(name: str, value: Any) -> np.random.Generator:
    """`value`, if it is one of numpy's generators."""
    if not isinstance(value, np.random.Generator):
        raise ValueError(
            f"{name} must be a numpy generator, as from seeds.rng('data'), got {short(value)}"
        )
    return value


def short(value: Any) -> str:
    """`value` as a message shows it: one line, at most 60 characters."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an int with more digits than Python writes out
        text = f"{type(value).__name__} of more digits than can be written out"
    return text if len(text) <= 60 else text[:57] + "..."


def _fits(shape: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    if len(shape) != len(wanted):
        return False
    for size, name in zip(shape, wanted, strict=True):
        if size != name and type(name) is not str:
            return False
    return True


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int that is too large for a float
        return False
