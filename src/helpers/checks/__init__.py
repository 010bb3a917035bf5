"""Tell a reader whether an answer is right, and where it is not; hold numbers to the prose.

One module a chapter holds that chapter's exercises; this one holds what they
share: `report` prints one stable line whatever the attempt, `claim` raises and
never prints.
"""

from __future__ import annotations

import contextlib
import math
import numbers
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from helpers import _arguments

NUMBER = re.compile(r"(?<![\w.,])[-−+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+−]?\d+)?(?![\w]|\.\d)")
"""A number as the prose writes it: ``1,225``, ``−0.5``, ``1e-12``."""


@dataclass(frozen=True)
class Mistake:
    """A plausible wrong answer, and what to say to who gives it."""

    answer: Any
    hint: str


@dataclass(frozen=True)
class Case:
    """One call of a reader's function: its arguments, its result, known mistakes."""

    arguments: tuple[Any, ...]
    expected: Any
    mistakes: tuple[Mistake, ...] = ()


def report(
    name: str,
    attempt: Any,
    expected: Any,
    *,
    mistakes: Sequence[Mistake] = (),
    within: float = 1e-9,
) -> None:
    """Print one line about an answer: to do, not yet (and why), or correct.

    Parameters
    ----------
    name : str
        Of the exercise; the line starts with it.
    attempt : object
        The reader's answer: a number, text, array, tensor or sequence of them.
        ``...`` and None mean that there is none yet.
    expected : object
        The right answer.
    mistakes : sequence of Mistake
        Wrong answers that have a hint of their own, looked at in order.
    within : float
        Largest difference at which two numbers count as equal.

    Raises
    ------
    ValueError
        If `name` is no text, `expected` is nothing that can be compared, `mistakes` is no list
        or tuple of Mistake, or `within` is negative; never for an attempt.

    Examples
    --------
    >>> report("ticks", ..., 3)
    ticks: to do
    >>> report("ticks", 4, 3, mistakes=[Mistake(4, "4 is the batch; time is axis 0")])
    ticks: not yet, 4 is the batch; time is axis 0
    >>> report("ticks", [1, 2], [1, 3])
    ticks: not yet, entry 1 is 2 but should be 3
    """
    _named(name)
    case = Case((), expected, _all("mistakes", mistakes, Mistake))
    print(f"{name}: {_verdict(lambda: attempt, [case], within)}")


def report_function(
    name: str, attempt: Any, cases: Sequence[Case], *, within: float = 1e-9
) -> None:
    """Print one line about a function that the reader wrote, tried on every case in order.

    Parameters
    ----------
    name : str
        Of the exercise.
    attempt : callable
        The reader's function. It is "to do" while it is ``...`` or returns
        ``...`` or None; what it raises is reported, never raised.
    cases : sequence of Case
        Each is called with copies of its arguments.
    within : float
        As for `report`.

    Raises
    ------
    ValueError
        As `report` does, or if `cases` is no list or tuple of Case; never for an attempt.

    Examples
    --------
    >>> report_function("half", lambda x: x / 2, [Case((4,), 2), Case((1,), 0.5)])
    half: correct
    >>> report_function("half", lambda x: x / 0, [Case((4,), 2)])
    half: not yet, it raised ZeroDivisionError: division by zero
    """
    _named(name)
    cases = _all("cases", cases, Case)
    if attempt is ... or attempt is None:
        print(f"{name}: to do")
    elif not callable(attempt):
        print(f"{name}: not yet, the answer should be a function, not {_say(attempt)}")
    else:
        print(f"{name}: {_verdict(attempt, cases, within)}")


def claim(
    phrase: str,
    value: float,
    *,
    within: float | None = None,
    bound: Literal[">=", "<="] | None = None,
) -> None:
    """Hold the one number in `phrase`, a phrase of the notebook's prose, to a measured value.

    Prints nothing. A test finds every claimed phrase word for word in the prose
    of the same notebook, and every number of the prose in a claimed phrase.

    Parameters
    ----------
    phrase : str
        Such as ``"keeps 55 % of the signal"``.
    value : float
        What was computed, in the unit of the phrase.
    within : float, optional
        Largest difference between the two; 0 for whole numbers.
    bound : {">=", "<="}, optional
        In place of `within`: `value` is at least, or at most, the number, as in
        ``claim("at least 10 times cheaper", ratio, bound=">=")``.

    Raises
    ------
    AssertionError
        If the value is not what the phrase says.
    ValueError
        If the phrase does not hold exactly one number, `value` is none, or not
        exactly one of `within` and `bound` is given.

    Examples
    --------
    >>> claim("keeps 55 % of the signal", 100 * 0.5503, within=0.5)
    >>> claim("all 1,225 cells", 1225, within=0)
    >>> claim("differ by at most 1e-12", 3e-16, bound="<=")
    """
    stated = NUMBER.findall(phrase) if isinstance(phrase, str) else []
    if len(stated) != 1:
        raise ValueError(
            f"phrase must hold exactly one number, got {len(stated)} in {_arguments.short(phrase)}"
        )
    if (within is None) == (bound is None):
        raise ValueError(f"give either within or bound, got within={within!r} and bound={bound!r}")
    said = read_number(stated[0])
    try:
        value = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"value must be a number, got {_arguments.short(value)}") from None
    if within is not None:
        within = _arguments.number("within", within, least=0)
        right = math.isfinite(value) and abs(value - said) <= within
        meant = f"within {within:g}"
    else:
        _arguments.one_of("bound", bound, (">=", "<="))
        right = value >= said if bound == ">=" else value <= said
        meant = f"{bound} {said:g}"
    if not right:
        raise AssertionError(f"the prose says {phrase!r} ({meant}), but the value is {value!r}")


def read_number(text: str) -> float:
    """A number as the prose writes it, read.

    Raises
    ------
    ValueError
        If `text` is not such a number.

    Examples
    --------
    >>> read_number("−1,225.5"), read_number("1e-12")
    (-1225.5, 1e-12)
    """
    if not isinstance(text, str) or not NUMBER.fullmatch(text):
        raise ValueError(
            f"text must be a number such as '1,225' or '-0.5', got {_arguments.short(text)}"
        )
    return float(text.replace(",", "").replace("−", "-"))


def difference(got: Any, expected: Any, *, within: float = 1e-9) -> str | None:
    """Where `got` first differs from `expected`, in words; None where they agree.

    Numbers, arrays, tensors and sequences are compared by shape, then entry by
    entry; text and truth values as they are. Types do not matter where the
    values agree, except that a truth value is no number.

    Raises
    ------
    ValueError
        If `within` is negative or no number, or `expected` is nothing that can be compared.

    Examples
    --------
    >>> difference(np.zeros((2, 3)), np.zeros((3, 2)))
    'the shape is (2, 3) but should be (3, 2)'
    """
    within = _arguments.number("within", within, least=0)
    if isinstance(expected, str):
        right = isinstance(got, str) and got == expected
        return None if right else f"it is {_say(got)} but should be {_say(expected)}"
    b = _expected(expected)
    try:
        a = _numbers(got)
    except (TypeError, ValueError, RuntimeError):
        return f"{_say(got)} is not {_kind(expected)}"
    if a.dtype.kind not in "biuf" or (b.dtype.kind == "b") != (a.dtype.kind == "b"):
        return f"{_say(got)} is not {_kind(expected)}"
    if a.shape != b.shape:
        return f"the shape is {a.shape} but should be {b.shape}"
    equal = np.isclose(a.astype(float), b.astype(float), rtol=0, atol=within)
    if equal.all():
        return None
    at = tuple(int(i) for i in np.argwhere(~equal)[0])
    where = "it" if not at else f"entry {at[0] if len(at) == 1 else at}"
    return f"{where} is {_say(a[at])} but should be {_say(b[at])}"


def _verdict(attempt: Callable[..., Any], cases: Sequence[Case], within: float) -> str:
    for case in cases:
        try:
            got = attempt(*(a.copy() if isinstance(a, np.ndarray) else a for a in case.arguments))
        except Exception as error:
            said = str(error).splitlines()
            return f"not yet, it raised {type(error).__name__}: {said[0] if said else ''}".rstrip(
                ": "
            )
        if got is ... or got is None:
            return "to do"
        wrong = difference(got, case.expected, within=within)
        if wrong is None:
            continue
        for mistake in case.mistakes:
            if difference(got, mistake.answer, within=within) is None:
                return f"not yet, {mistake.hint}"
        called = f" (called with {', '.join(map(_say, case.arguments))})" if case.arguments else ""
        return f"not yet, {wrong}{called}"
    return "correct"


def _numbers(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.asarray(value)


def _expected(value: Any) -> np.ndarray:
    try:
        array = _numbers(value)
    except (TypeError, ValueError, RuntimeError):
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        raise ValueError(
            "expected must be text, or a number, truth value, array or sequence of them, "
            f"got {_arguments.short(value)}"
        )
    return array


def _named(name: Any) -> None:
    if not isinstance(name, str):
        raise ValueError(f"name must be text, got {_arguments.short(name)}")


def _all(name: str, values: Any, of: type) -> tuple[Any, ...]:
    if not isinstance(values, list | tuple) or not all(isinstance(v, of) for v in values):
        raise ValueError(
            f"{name} must be a list or tuple of {of.__name__}, got {_arguments.short(values)}"
        )
    return tuple(values)


def _kind(expected: Any) -> str:
    array = _numbers(expected)
    if array.dtype.kind == "b":
        return "True or False" if array.ndim == 0 else f"truth values of shape {array.shape}"
    return "a number" if array.ndim == 0 else f"numbers of shape {array.shape}"


def _say(value: Any) -> str:
    if isinstance(value, bool | np.bool_ | str):
        return repr(value.item() if isinstance(value, np.bool_) else value)
    if isinstance(value, numbers.Real):
        # An int that is too large for a float; a span of time, which numpy counts as a number.
        with contextlib.suppress(OverflowError, TypeError):
            return f"{float(value):.6g}"
    if isinstance(value, np.ndarray) and value.size > 12:
        return f"an array of shape {value.shape}"
    return _arguments.short(value)
