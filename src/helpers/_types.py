"""Arguments are checked once, at the public door, by their types."""

import re
import typing
from collections.abc import Callable
from enum import Enum
from functools import wraps
from math import inf
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import numpy as np
from beartype import BeartypeConf, beartype
from beartype.vale import Is
from jaxtyping import AbstractArray, TypeCheckError, jaxtyped

F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    Size = int
    Count = int
    Real = float
    Rate = float
    Positive = float
    Share = float
else:
    _Whole = int | np.integer
    _Number = float | np.floating | _Whole
    Size = Annotated[_Whole, Is[lambda n: n >= 1 and n is not True]]
    Count = Annotated[_Whole, Is[lambda n: n >= 0 and not isinstance(n, bool)]]
    Real = Annotated[_Number, Is[lambda r: -inf < r < inf]]
    Rate = Annotated[_Number, Is[lambda r: 0 <= r < inf]]
    Positive = Annotated[_Number, Is[lambda r: 0 < r < inf]]
    Share = Annotated[_Number, Is[lambda r: 0 <= r <= 1]]

_WORDS = {
    Size: "an integer of at least 1",
    Count: "an integer of at least 0",
    Real: "a finite number",
    Rate: "a finite number of at least 0",
    Positive: "a finite number greater than 0",
    Share: "a number in 0..1",
    np.random.Generator: "a numpy generator, such as np.random.default_rng(0)",
    Callable: "a function",
    bool: "True or False",
    NoneType: "None",
}
_FOUND = re.compile(r"parameter '(\w+)'\.\nActual value: (.*)\nExpected type:", re.DOTALL)
_AXES = re.compile(r"^\w+=\d+$", re.MULTILINE)
_check = jaxtyped(typechecker=beartype(conf=BeartypeConf(is_pep484_tower=True)))


def _said(hint: Any) -> str:
    """A type in words."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint in _WORDS or origin in _WORDS:
        return _WORDS.get(hint) or _WORDS[origin]
    if origin is Literal:
        return "one of " + ", ".join(map(repr, parts))
    if origin in (typing.Union, UnionType):
        return " or ".join(map(_said, parts))
    if origin is not None:
        return f"{origin.__name__} of {', '.join(_said(part) for part in parts if part is not ...)}"
    if issubclass(hint, Enum):
        return " or ".join(map(str, hint))
    if issubclass(hint, AbstractArray):
        return f"a numpy array, {hint.__name__.partition('[')[0]} ({hint.dim_str})"
    return str(hint.__name__)


def _plain(value: Any) -> Any:
    """Numpy's integers as Python's, which do not wrap around."""
    return int(value) if isinstance(value, np.integer) else value


def checked(function: F) -> F:
    """`function`, which refuses what its types exclude: the argument, what works, what it got."""
    inner = _check(function)

    @wraps(function)
    def door(*args: Any, **kwargs: Any) -> Any:
        args = tuple(map(_plain, args))
        kwargs = {name: _plain(value) for name, value in kwargs.items()}
        try:
            return inner(*args, **kwargs)
        except TypeCheckError as error:
            found = _FOUND.search(str(error.__cause__))
            if found is None:  # what comes out is wrong: our mistake, not the caller's
                raise
            name, got = found.groups()
            wanted = _said(typing.get_type_hints(function, include_extras=True)[name])
            here = ", ".join(_AXES.findall(str(error)))
            here = f", with {here}" if here and "array" in wanted else ""
            got = " ".join(got.split())[:60]
            raise ValueError(f"{name} must be {wanted}{here}, got {got}") from None

    return door  # type: ignore[return-value]
