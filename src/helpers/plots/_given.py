"""What the drawings ask of their arguments: numbers and words that a picture can show.

Like `helpers._arguments`: each gives back what it was given, in one form, or refuses it with the
argument's name, what it got and what would work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.font_manager import findfont, get_font
from matplotlib.mathtext import MathTextParser

from helpers import _arguments

T = TypeVar("T")

SMALL, GREAT = 1e-100, 1e100
"""The least and the greatest size of a number that is drawn; beyond, sums of axes overflow."""

MOST = 100_000
"""The most numbers in one line or table."""

TICKS = 64
"""The most places of an axis that has a tick at each."""


def text(name: str, value: Any, *, fewest: int = 0, most: int = 60) -> str:
    """`value`, if it can be written into a drawing."""
    if not isinstance(value, str) or not fewest <= len(value) <= most or not _can_be_set(value):
        raise ValueError(
            f"{name} must be a text of {fewest} to {most} characters that the font has, "
            f"got {_arguments.short(value)}"
        )
    return value


def items(name: str, value: Any, *, fewest: int = 1, most: int = TICKS) -> list[Any]:
    """The entries of a sequence."""
    is_sequence = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    if not (is_sequence or _is_array(value)) or not fewest <= len(value) <= most:
        raise ValueError(
            f"{name} must be a sequence of {fewest} to {most} entries, got {_seen(value)}"
        )
    return list(value)


def texts(name: str, value: Any, *, fewest: int = 1, most: int = TICKS) -> list[str]:
    """The texts of a sequence."""
    found = items(name, value, fewest=fewest, most=most)
    return [text(f"{name}[{i}]", entry) for i, entry in enumerate(found)]


def rows(name: str, value: Any, *, most: int, longest: int = 12) -> list[list[str]]:
    """Rows of texts, all as long as the first; the letters of a text are a row too."""
    found = items(name, value, most=most)
    lines = [list(row) if isinstance(row, str) else _entries(row) for row in found]
    wide = len(lines[0])
    if not 1 <= wide <= most or any(len(row) != wide for row in lines):
        raise ValueError(
            f"{name} must be rows of one length, 1 to {most} rows of 1 to {most} texts, "
            f"got rows of {_arguments.short([len(row) for row in lines])}"
        )
    for r, row in enumerate(lines):
        for c, word in enumerate(row):
            text(f"{name}[{r}][{c}]", word, most=longest)
    return lines


def mapping(
    name: str, value: Any, what: str, *, fewest: int = 1, most: int = 4, numbered: bool = False
) -> dict[Any, Any]:
    """A mapping from labels, or with `numbered` from whole numbers, to so many of `what`."""
    key = "number" if numbered else "label"
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a mapping of {key} to {what}, got {_seen(value)}")
    if not fewest <= len(value) <= most:
        count = f"{fewest} to {most}" if fewest < most else f"{most}"
        raise ValueError(f"{name} must hold {count} {what}, got {len(value)}")
    for label in value:
        if numbered:
            _arguments.whole(f"each {key} of {name}", label, least=0)
        elif text(f"each {key} of {name}", label, fewest=1).startswith("_"):
            raise ValueError(f"each label of {name} must not begin with _, got {label!r}")
    return dict(value)


def number(name: str, value: Any, *, least: float = -GREAT, most: float = GREAT) -> float:
    """`value` as a float, if it can be drawn."""
    value = _arguments.number(name, value)  # the limits overflow a float16
    return _arguments.number(name, value, least=least, most=most)


def line(
    name: str,
    value: Any,
    *,
    places: int | None = None,
    fewest: int = 1,
    most: int = MOST,
    least: float = -GREAT,
    limit: float = GREAT,
    whole: bool = False,
) -> np.ndarray:
    """A list of numbers from `least` to `limit`, as many as `places` if that is given."""
    array = _read(value, 1, "iu" if whole else "iuf")
    limit = min(limit, _arguments.LARGEST) if whole else limit
    wanted = f"a list of {fewest} to {most} {_range(least, limit, whole)}"
    if array is None or not fewest <= array.size <= most:
        raise ValueError(f"{name} must be {wanted}, got {_seen(value)}")
    if places is not None and len(array) != places:
        raise ValueError(
            f"{name} must have one value for each of the {places} places, got {len(array)}"
        )
    return _inside(name, array, wanted, least, limit)


def table(
    name: str,
    value: Any,
    *,
    shape: tuple[int | str, int | str] = ("n", "m"),
    most: int = MOST,
    least: float = -GREAT,
    limit: float = GREAT,
) -> np.ndarray:
    """A table of numbers of that shape, of which letters stand for any size, `most` at most."""
    array = _read(value, 2, "iuf")
    wanted = f"a table of {_range(least, limit, False)} with shape ({shape[0]}, {shape[1]})"
    fits = array is not None and all(
        isinstance(size, str) or size == found
        for size, found in zip(shape, array.shape, strict=True)
    )
    if array is None or not fits or not array.size or max(array.shape) > most or array.size > MOST:
        raise ValueError(
            f"{name} must be {wanted}, each side at least 1 and at most {most}, got {_seen(value)}"
        )
    return _inside(name, array, wanted, least, limit)


def curves(
    name: str, value: Any, *, fewest: int = 1, many: int = 4, **limits: Any
) -> dict[str, np.ndarray]:
    """Labelled lines; `limits` are those of `line`."""
    return _each(name, mapping(name, value, "lines", fewest=fewest, most=many), line, limits)


def tables(
    name: str, value: Any, *, fewest: int = 1, many: int = 4, **limits: Any
) -> dict[str, np.ndarray]:
    """Labelled tables; `limits` are those of `table`."""
    return _each(name, mapping(name, value, "tables", fewest=fewest, most=many), table, limits)


def bounds(name: str, value: Any, **limits: Any) -> dict[str, float]:
    """Labelled numbers, each of which becomes a straight line; there may be none."""
    return _each(name, mapping(name, value, "numbers", fewest=0, most=8), number, limits)


def truths(name: str, value: Any, *, shape: tuple[int | str, int | str], most: int) -> np.ndarray:
    """A table of truth values, which may be written as 0 and 1."""
    array = np.asarray(value) if _is_array(value) else None
    if array is not None and array.dtype.kind == "b":
        value = array.astype(int)
    return np.asarray(table(name, value, shape=shape, most=most, least=0, limit=1) != 0)


def pairs(
    name: str, value: Any, *, fewest: int = 1, most: int = 24, **limits: int
) -> list[tuple[int, int]]:
    """Pairs of whole numbers, such as (B, T) or (row, column); `limits` are those of `pair`."""
    found = items(name, value, fewest=fewest, most=most)
    return [pair(f"{name}[{i}]", entry, **limits) for i, entry in enumerate(found)]


def pair(name: str, value: Any, *, least: int = 0, limit: int | None = None) -> tuple[int, int]:
    """Two whole numbers from `least` to `limit`."""
    a, b = items(name, value, fewest=2, most=2)
    first = _arguments.whole(f"{name}[0]", a, least=least, most=limit)
    return first, _arguments.whole(f"{name}[1]", b, least=least, most=limit)


def same_labels(**given: Mapping[str, Any]) -> None:
    """Refuse two mappings that do not have the same labels in the same order."""
    (a, first), (b, second) = given.items()
    if list(first) != list(second):
        raise ValueError(
            f"{a} and {b} must have the same labels, got {_arguments.short(list(first))} "
            f"and {_arguments.short(list(second))}"
        )


def axes(name: str, value: Any, shape: tuple[int, ...]) -> Any:
    """An array of that many Axes, or None where none are given."""
    if value is None:
        return None
    try:
        array = np.asarray(value, object)
    except Exception:  # whatever an object raises that does not want to be an array
        array = np.empty(0, object)
    if array.shape != shape or not all(isinstance(ax, Axes) for ax in array.flat):
        raise ValueError(
            f"{name} must be None, or Axes with shape {shape}, got {_arguments.short(value)}"
        )
    return array


def _each(
    name: str, given: Mapping[str, Any], check: Callable[..., T], limits: dict[str, Any]
) -> dict[str, T]:
    return {label: check(f"{name}[{label!r}]", value, **limits) for label, value in given.items()}


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0 and value.dtype.names is None


def _entries(row: Any) -> list[Any]:
    return list(row) if isinstance(row, Sequence) or _is_array(row) else []


def _read(value: Any, ndim: int, kinds: str) -> np.ndarray | None:
    """An array of integers or floats; None where it is something else."""
    if isinstance(value, np.ma.MaskedArray | str | bytes):
        return None
    try:
        array = np.asarray(value)
    except Exception:  # whatever an object raises that does not want to be an array
        return None
    is_right = array.ndim == ndim and (array.dtype.kind in kinds or not array.size)
    return array if is_right else None


def _range(least: float, limit: float, whole: bool) -> str:
    kind = "integers" if whole else "positive numbers" if least > 0 else "finite numbers"
    return f"{kind} in {least:g}..{limit:g}"


def _inside(name: str, array: np.ndarray, wanted: str, least: float, limit: float) -> np.ndarray:
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # of more than 64 bits, and so beyond `limit`
            array = array.astype(float)
    low, high = (array.min().item(), array.max().item()) if array.size else (least, least)
    if not least <= low <= high <= limit:
        raise ValueError(f"{name} must be {wanted}, got {low:g}..{high:g}")
    large = max(-low, high) > _arguments.LARGEST
    return array.astype(float if large or array.dtype.kind == "f" else int)


def _seen(value: Any) -> str:
    """What a message shows of a value of the wrong kind, or with too many entries."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} with shape {value.shape}"
    if isinstance(value, Sequence | Mapping) and len(value) > 8:
        return f"{type(value).__name__} of {len(value)} entries"
    return _arguments.short(value)


def _can_be_set(text: str) -> bool:
    if not set(map(ord, text)) <= _characters() | {10}:
        return False
    try:
        for row in filter(is_math_text, text.split("\n")):
            MathTextParser("path").parse(row)
    except ValueError:
        return False
    return True


@cache
def _characters() -> frozenset[int]:
    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
