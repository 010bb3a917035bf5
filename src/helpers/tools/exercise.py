"""Exercises: what is right, and which wrong answer earns which hint; numbers held to the prose."""

import contextlib
import numbers
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

NUMBER = re.compile(r"(?<![\w.,])[-−+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+−]?\d+)?(?![\w]|\.\d)")
"""A number as the prose writes it: ``1,225``, ``−0.5``, ``1e-12``."""


@dataclass
class Exercise:
    """One printed line about an attempt: to do, not yet (and why), or correct.

    `right` is a function of the inputs, or the answer itself. `wrong` maps a hint to such a
    function or answer that is wrong, or to a list of several; the first match counts. A wrong
    function returns None where its mistake cannot show.
    """

    name: str
    right: Any
    inputs: tuple[tuple[Any, ...], ...] = ((),)
    wrong: dict[str, Any] = field(default_factory=dict)
    within: float = 1e-9
    handed: Callable[..., tuple[Any, ...]] = lambda *given: given
    """How the reader's function gets the inputs: as they are, or `as_arrays`."""
    function: bool = True
    """Whether the reader writes a function; otherwise the attempt is the answer."""

    def __call__(self, attempt: Any) -> None:
        """Print the line."""
        print(f"{self.name}: {self.verdict(attempt)}")

    def verdict(self, attempt: Any) -> str:
        """What is said of the attempt, on the first inputs where it is wrong."""
        if attempt is ... or attempt is None:
            return "to do"
        if self.function and not callable(attempt):
            return f"not yet, the answer should be a function, not {_say(attempt)}"
        for given in self.inputs:
            arguments = self.handed(*map(_copy, given)) if self.function else ()
            try:
                got = _listed(attempt(*map(_copy, arguments)) if self.function else attempt)
            except Exception as error:
                first = f"{type(error).__name__}: {[*str(error).splitlines(), ''][0]}"
                return f"not yet, it raised {first}".rstrip(": ")
            if got is ... or got is None:
                return "to do"
            found = difference(got, self.answer(given), within=self.within)
            if found is None:
                continue
            for answer, hint in self.hints(given):
                if difference(got, answer, within=self.within) is None:
                    return f"not yet, {hint}"
            called = f" (called with {', '.join(map(_say, arguments))})" if arguments else ""
            return f"not yet, {found}{called}"
        return "correct"

    def answer(self, given: tuple[Any, ...]) -> Any:
        """The right one for these inputs."""
        return self.right(*given) if callable(self.right) else self.right

    def hints(self, given: tuple[Any, ...]) -> list[tuple[Any, str]]:
        """Wrong answers for these inputs, each with its hint, in order of precedence."""
        several = [(w if isinstance(w, list) else [w], hint) for hint, w in self.wrong.items()]
        each = [(w(*given) if callable(w) else w, hint) for ws, hint in several for w in ws]
        return [(answer, hint) for answer, hint in each if answer is not None]

    def but(self, change: Callable[[Any], Any]) -> Callable[..., Any]:
        """A wrong function: what `change` makes of the right answer."""
        return lambda *given: change(self.right(*given))

    def as_data(self) -> dict[str, Any]:
        """The exercise for JSON: of each inputs the right answer, and wrong ones with hints."""
        cases = [(given, self.answer(given), self.hints(given)) for given in self.inputs]
        named = [dict(zip(("arguments", "right", "hints"), _plain(case))) for case in cases]
        return {"name": self.name, "within": self.within, "cases": named}


def exercise(*inputs: tuple[Any, ...], **how: Any) -> Callable[[Callable[..., Any]], Exercise]:
    """The decorated reference function as an exercise of its name, tried on `inputs` in order.

    Examples
    --------
    >>> @exercise((4.0,), (1.0,))
    ... def half(x: float) -> float:
    ...     return x / 2
    >>> half.wrong = {"this is the double: divide by 2": lambda x: 2 * x}
    >>> half(lambda x: x + x)
    half: not yet, this is the double: divide by 2
    """
    return lambda right: Exercise(**{"name": right.__name__, **how}, right=right, inputs=inputs)


def answer(name: str, right: Any, wrong: dict[str, Any]) -> Exercise:
    """An exercise whose attempt is a number, text, truth value or sequence, and no function."""
    return Exercise(name, right, wrong=wrong, function=False)


def as_arrays(*given: Any) -> tuple[Any, ...]:
    """The inputs with an array in place of each list."""
    return tuple(np.array(value) if isinstance(value, list) else value for value in given)


def difference(got: Any, expected: Any, *, within: float = 1e-9) -> str | None:
    """Where `got` first differs from `expected`, in words; None where they agree.

    Types do not matter where the values agree, except that a truth value is no number. Numbers in
    single or half precision may be off by 32 of their roundings.

    Examples
    --------
    >>> difference(np.zeros((2, 3)), np.zeros((3, 2)))
    'the shape is (2, 3) but should be (3, 2)'
    """
    if isinstance(expected, str):
        right = isinstance(got, str) and got == expected
        return None if right else f"it is {_say(got)} but should be {_say(expected)}"
    b = _numbers(expected)
    one, many = ("True or False", "truth values") if b.dtype == bool else ("a number", "numbers")
    try:
        a = _numbers(got)
    except (TypeError, ValueError, RuntimeError):
        a = np.array(None)
    if a.dtype.kind not in "biuf" or (a.dtype == bool) != (b.dtype == bool):
        return f"{_say(got)} is not {f'{many} of shape {b.shape}' if b.ndim else one}"
    if a.shape != b.shape:
        return f"the shape is {a.shape} but should be {b.shape}"
    rounding = 32 * _rounding(got) if b.dtype.kind == "f" else 0
    equal = np.isclose(a.astype(float), b.astype(float), rtol=rounding, atol=max(within, rounding))
    if equal.all():
        return None
    at = tuple(int(i) for i in np.argwhere(~equal)[0])
    where = "it" if not at else f"entry {at[0] if len(at) == 1 else at}"
    return f"{where} is {_say(a[at])} but should be {_say(b[at])}"


def claim(
    phrase: str, value: float, *, within: float | None = None, bound: str | None = None
) -> None:
    """Hold the one number in `phrase`, a phrase of the notebook's prose, to a measured value.

    `value` is as near as `within`, or on the side that `bound` says. Prints nothing; an
    AssertionError says what is wrong. A test finds every claimed phrase word for word in the
    prose of the same notebook, and every number of the prose in a claimed phrase.

    Examples
    --------
    >>> claim("keeps 55 % of the signal", 100 * 0.5503, within=0.5)
    >>> claim("all 1,225 cells", 1225, within=0)
    >>> claim("differ by at most 1e-12", 3e-16, bound="<=")
    """
    stated = NUMBER.findall(phrase) if isinstance(phrase, str) else []
    if len(stated) != 1:
        held = f"{len(stated)} in {_short(phrase)}"
        raise ValueError(f"phrase must hold exactly one number, got {held}")
    said = read_number(stated[0])
    if bound is None and within is not None and within >= 0:
        right, meant = abs(value - said) <= within, f"within {within:g}"
    elif within is None and bound in (">=", "<="):
        right, meant = value >= said if bound == ">=" else value <= said, f"{bound} {said:g}"
    else:
        either = "either within (at least 0) or bound ('>=' or '<=')"
        raise ValueError(f"give {either}, got within={within!r} and bound={bound!r}")
    if not right:
        got = float(value)
        raise AssertionError(f"the prose says {phrase!r} ({meant}), but the value is {got!r}")


def read_number(text: str) -> float:
    """A number as the prose writes it, read.

    Examples
    --------
    >>> read_number("−1,225.5"), read_number("1e-12")
    (-1225.5, 1e-12)
    """
    if not isinstance(text, str) or not NUMBER.fullmatch(text):
        raise ValueError(f"text must be a number such as '1,225' or '-0.5', got {_short(text)}")
    return float(text.replace(",", "").replace("−", "-"))


def _copy(value: Any) -> Any:
    if isinstance(value, list):
        return [_copy(each) for each in value]
    return value.copy() if isinstance(value, np.ndarray) else value


def _listed(value: Any) -> Any:
    """`value` with a list in place of each generator, so that it can be looked at twice."""
    if isinstance(value, Iterator):
        value = list(islice(value, 10**5))
    return type(value)(map(_listed, value)) if type(value) in (list, tuple) else value


def _numbers(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.asarray([*map(_numbers, value)] if isinstance(value, list | tuple) else value)


def _rounding(value: Any) -> float:
    """Of the coarsest floating-point numbers in it, if they are coarser than Python's."""
    if isinstance(value, list | tuple):
        return max(map(_rounding, value), default=0.0)
    dtype = _numbers(value).dtype
    return float(np.finfo(dtype).eps) if dtype in (np.float16, np.float32) else 0.0


def _plain(value: Any) -> Any:
    """Lists and Python's own numbers in place of arrays; weights by their names."""
    if hasattr(value, "arrays"):
        return {name: array.tolist() for name, array in value.arrays().items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _short(value: Any) -> str:
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an int with more digits than Python writes out
        text = f"{type(value).__name__} of more digits than can be written out"
    return text if len(text) <= 60 else text[:57] + "..."


def _say(value: Any) -> str:
    if isinstance(value, bool | np.bool_ | str):
        return repr(bool(value) if isinstance(value, np.bool_) else value)
    if isinstance(value, numbers.Real):
        # An int that is too large for a float; a span of time, which numpy counts as a number.
        with contextlib.suppress(OverflowError, TypeError):
            return f"{float(value):.6g}"
    if isinstance(value, np.ndarray) and value.size > 12:
        return f"an array of shape {value.shape}"
    return _short(value)
