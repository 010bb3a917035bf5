"""Whatever a public function is given: a result of the documented kind, or a refusal in words."""

from __future__ import annotations

import collections
import contextlib
import inspect
import io
import os
import re
import resource
import time
import typing
import warnings
from dataclasses import fields, is_dataclass
from itertools import islice

import fuzzing
import fuzzing_drawings
import jaxtyping
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from beartype.door import is_bearable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from problems import problem
from strategies import cells, seeds, shapes

from helpers import plots

pytestmark = pytest.mark.messages

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
PUBLIC = dict(fuzzing.public())
SECONDS = 5
ROOM = 1 << 28
"""Bytes of address space that a call may take."""


@pytest.fixture(autouse=True)
def _style():
    """Drawings are laid out as in the notebooks."""
    with mpl.rc_context():
        plots.use_style()
        yield


def frozen(value):
    """A copy to compare with, of all that a call could change."""
    if isinstance(value, torch.Tensor):
        return frozen(value.detach().numpy())
    if isinstance(value, np.ndarray) and value.dtype == object:
        return frozen(value.tolist())
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tolist().__repr__()
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(frozen(getattr(value, f.name)) for f in fields(value))
    if isinstance(value, list | tuple):
        return [frozen(v) for v in value]
    if isinstance(value, dict):
        return {k: frozen(v) for k, v in value.items()}
    return id(value)


@contextlib.contextmanager
def little_memory():
    """A size that no machine has fails at once, in place of filling this one."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def hints_of(function):
    target = inspect.unwrap(function)
    try:
        return typing.get_type_hints(target)
    except (NameError, TypeError):
        return {}


def names_of(function, arguments):
    """What a refusal may name: an argument, or a field of one."""
    names = set(inspect.signature(function).parameters) | {"W_hh", "W_xh", "W_hy", "b_h", "b_y"}
    for value in arguments.values():
        if is_dataclass(value) and not isinstance(value, type):
            names |= {f.name for f in fields(value)}
    return names | {"window", "cell"}


def no_room(error):
    """Whether memory was short, which Python and numpy say each in its own way."""
    return isinstance(error, MemoryError) or "array is too big" in str(error)


def refusal_fault(function, arguments, error):
    text = str(error)
    words = set(re.findall(r"\w+", text))
    if len(text) > 400:
        return f"a refusal of {len(text)} characters: {text[:100]}"
    if not words & names_of(function, arguments):
        return f"a refusal that names no argument: {text}"
    if not re.search(r"\b(must|give)\b", text) or "got" not in words:
        return f"a refusal without its three parts: {text}"
    return None


def result_fault(function, arguments, result):
    hints = hints_of(function)
    if "return" not in hints or inspect.isclass(function):
        return None
    with jaxtyping.jaxtyped("context"):
        fit = True
        for name, value in arguments.items():
            if name in hints and name != "tapes":
                fit &= _bears(value, hints[name]) is not False
        fits = _bears(result, hints["return"])
    return f"a result of another kind: {type(result)} {str(result)[:80]}" if fits is False else None


def _bears(value, hint):
    try:
        return is_bearable(value, hint)
    except Exception:  # a size such as T+1 where no argument says T
        return None


def call(function, arguments):
    given = dict(arguments)
    args = [given.pop("self")] if "self" in given else []
    parameters = inspect.signature(function).parameters
    for name, p in parameters.items():
        if p.kind is p.VAR_POSITIONAL and name in given:
            args.append(given.pop(name))
    result = function(*args, **given)
    if isinstance(result, collections.abc.Iterator):
        for _ in islice(result, 20):
            pass
    return result


def fault_of(name, arguments, done=()):
    """What is wrong with this call of that function, in words; None where nothing is.

    `done` says what of the arguments is odd.
    """
    odd = {what.split(" = ", 1)[1] for what in done}
    function = PUBLIC[name]
    kept = {k: v for k, v in arguments.items() if k not in ("out", "rng", "model", "optimiser")}
    before = frozen(kept)
    start = time.perf_counter()
    said = None
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            little_memory(),
        ):
            warnings.simplefilter("error")
            large = any("1e308" in what for what in odd) and not name.startswith("plots.")
            if large:  # this becomes inf, and then nan, as IEEE 754 says
                warnings.filterwarnings(
                    "ignore", "(overflow|invalid value) encountered", RuntimeWarning
                )
            jaxtyping.config.update("jaxtyping_disable", True)
            result = call(function, arguments)
            fuzzing_drawings.show_all()
        jaxtyping.config.update("jaxtyping_disable", False)
        said = result_fault(function, arguments, result)
    except (ValueError, MemoryError) as error:
        if name in fuzzing.TOO_LARGE and "2**31" in odd and no_room(error):
            start = time.perf_counter()  # it took as long as it takes to fill the room
        else:
            said = refusal_fault(function, arguments, error)
    except AssertionError:
        said = None if name == "checks.claim" else "AssertionError"
    except Exception as error:
        said = f"{type(error).__name__}: {str(error)[:150]}"
    finally:
        jaxtyping.config.update("jaxtyping_disable", True)
        plt.close("all")
    if said is None and frozen(kept) != before:
        said = "an argument was changed"
    if said is None and time.perf_counter() - start > SECONDS:
        said = f"it took {time.perf_counter() - start:.1f} s"
    return said


def swap(function, arguments, name, odd):
    """The same call with one argument replaced; what is done to it, in words."""
    value = arguments[name]
    if isinstance(value, dict | list) and value and odd % 2:  # one of its entries
        entries = dict(value if isinstance(value, dict) else enumerate(value))
        key = list(entries)[odd // 2 % len(entries)]
        entries, what = swap(function, entries, key, odd // 2)
        new = entries if isinstance(value, dict) else list(entries.values())
        return arguments | {name: new}, what and f"{name}[{what.replace(' = ', '] = ', 1)}"
    makers = dict(fuzzing.PLAIN)
    if isinstance(value, np.ndarray):
        makers |= {f"its {k}": (lambda f=f: f(value)) for k, f in fuzzing.OF_ARRAY.items()}
    if callable(value) or (function, name) in fuzzing.MAY_CALL:
        makers = {k: make for k, make in makers.items() if not callable(make())}
    keys = list(makers)
    key = keys[odd % len(keys)]
    try:
        new = makers[key]()
    except (ValueError, TypeError, IndexError):  # no such form of this value
        return arguments, None
    return arguments | {name: new}, f"{name} = {key}"


def drawn(name, cell, shape, seed, picks):
    p = problem(cell, shape, seed)
    arguments = fuzzing.ENTRIES[name](p, np.random.default_rng(seed))
    own = [k for k in arguments if k != "self"]
    done = []
    for which, odd in picks[: len(own)]:
        arguments, what = swap(name, arguments, own.pop(which % len(own)), odd)
        done.append(what)
    return arguments, [d for d in done if d]


@pytest.mark.parametrize("name", sorted(fuzzing.ENTRIES))
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),
)
@given(
    cell=cells,
    shape=shapes,
    seed=seeds,
    picks=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 999)), max_size=3),
)
def test_a_result_of_the_documented_kind_or_a_refusal(name, cell, shape, seed, picks):
    arguments, done = drawn(name, cell, shape, seed, picks)
    fault = fault_of(name, arguments, done)
    assert fault is None, f"{name} with {', '.join(done) or 'nothing odd'}: {fault}"


NO_DRAWINGS = {"plots.error_messages.Walk", "plots.style.use_style"}


@pytest.mark.parametrize(
    "name", sorted(n for n in fuzzing.ENTRIES if n.startswith("plots.") and n not in NO_DRAWINGS)
)
@settings(max_examples=2, suppress_health_check=list(HealthCheck))
@given(cell=cells, shape=shapes, seed=seeds)
def test_a_drawing_draws_what_is_right(name, cell, shape, seed):
    arguments, _ = drawn(name, cell, shape, seed, [])
    made = np.ravel(call(PUBLIC[name], arguments))
    fuzzing_drawings.show_all()
    shown = [ax.has_data() or len(ax.texts) > 0 for ax in made]
    plt.close("all")
    assert any(shown)


def test_every_public_function_is_fuzzed_or_has_a_reason_not_to_be():
    known = set(fuzzing.ENTRIES) | set(fuzzing.EXEMPT)
    assert set(PUBLIC) <= known, f"without an entry: {sorted(set(PUBLIC) - known)}"
    assert known <= set(PUBLIC), f"no such function: {sorted(known - set(PUBLIC))}"
    assert not set(fuzzing.ENTRIES) & set(fuzzing.EXEMPT)
    assert set(fuzzing.TOO_LARGE) <= set(fuzzing.ENTRIES)
    assert len(fuzzing.EXEMPT) <= 21
    assert len(fuzzing.NOT_WALKED) <= 2
    assert len(fuzzing.TOO_LARGE) <= 23
    assert {name for name, _ in fuzzing.MAY_CALL} <= set(fuzzing.ENTRIES)
