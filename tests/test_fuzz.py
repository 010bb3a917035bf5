"""Whatever a public function is given: a result, or a refusal that names the argument.

Valid arguments are built from what the annotations say; then one after another is replaced by odd
values. A new function needs no entry here where its types say what it takes.
"""

from __future__ import annotations

import collections.abc
import importlib
import inspect
import itertools
import pkgutil
import re
import typing
import warnings
from types import UnionType

import numpy as np
import pytest
from jaxtyping import AbstractArray
from problems import problem

from helpers import _types, cells, corpus, layout, seeds, tools, train, truncation

SKIPPED = {
    "audit": "imports nothing of ours, so that it can be copied alone; has tests of its own",
    "torch_loop": "as audit",
    "torch_twin.graph_nodes": "takes a graph of torch's",
    "drawing": "draws on the axes that it is given; the notebooks' figures are compared",
    "exercise": "reads any attempt at all, which is what its tests are about",
    "kept": "runs and stores results; has tests of its own",
    "recipe": "what kept results share, and only they call",
    "texts": "downloads",
    "seeds.deterministic": "changes the whole process",
}

MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
P = problem(cells.RNN, T=3, B=2, V=4)
IDS = np.arange(40) % 4
AXES = {"T": 3, "B": 2, "D": 4, "H": 4, "V": 4, "N": 40, "L": 20, "P": 3}
KINDS = {"Integer": lambda shape: IDS[: np.prod(shape)].reshape(shape), "Float": np.ones,
         "Bool": lambda shape: np.arange(np.prod(shape)).reshape(shape) % 3 == 0}  # fmt: skip
BY_TYPE = {
    _types.Size: 2, _types.Count: 1, _types.Real: 0.5, _types.Rate: 0.5, _types.Positive: 0.5,
    _types.Share: 0.5, int: 2, float: 0.5, bool: True, str: "data", np.ndarray: P.x[0],
    typing.Any: np.array([1.0, 2.0]), np.random.Generator: np.random.default_rng(0),
    cells.Params: P.params, cells.Tape: P.forward(), cells.Cell: cells.GRU,
    truncation.Edge: truncation.Edge.CARRY, layout.Window: layout.Window(P.ids, P.y, 0, True),
    collections.abc.Callable: lambda *_: 1.0,
}  # fmt: skip
BY_NAME = {
    "num_tokens": 40, "most_bytes": 10**6, "period": 7, "distances": (2,), "number": 1, "k2": 3,
    "num_symbols": 4, "path": __file__, "train.adam.state": None,
    "measure.slope.x": [1.0, 2.0], "measure.slope.y": [2.0, 3.0],
}  # fmt: skip

OF_NUMBER = [0, -1, 2.5, None, float("nan"), "odd", 1, 7, np.uint8(3), 1e308]
PLAIN = [0, None, "odd", [], [[1], [1, 2]], {}, object(), np.array(3), np.zeros(3),
         np.full((2, 2), np.nan), np.array([None, "a"], object), problem(cells.LSTM).params,
         problem(cells.LSTM).forward()]  # fmt: skip
OF_ARRAY = [lambda a: a[:0], lambda a: a[1:], lambda a: a[..., :1], lambda a: a.T,
            lambda a: a[None], lambda a: a.astype(object), lambda a: a.tolist(), lambda a: a + 100,
            lambda a: -1.0 * a - 1, lambda a: a * np.nan, lambda a: a.astype(np.uint8)]  # fmt: skip


def public():
    """Names and functions of heart and tools, found by looking."""
    found = [f"tools.{module.name}" for module in pkgutil.iter_modules(tools.__path__)]
    modules = [importlib.import_module(f"helpers.{name}") for name in found]
    for module in (cells, corpus, layout, seeds, train, truncation, *modules):
        short = module.__name__.rpartition(".")[2]
        for name, value in vars(module).items():
            full = f"{short}.{name}"
            own = inspect.isfunction(value) and value.__module__ == module.__name__
            if own and not name.startswith("_") and not SKIPPED.keys() & {short, full}:
                yield pytest.param(value, full, id=full)


def build(hint):
    """A value of that type."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint in BY_TYPE or origin in BY_TYPE:
        return BY_TYPE[hint if hint in BY_TYPE else origin]
    if origin in (typing.Union, UnionType, typing.Literal):
        return parts[0] if origin is typing.Literal else build(parts[0])
    if origin is tuple:
        return tuple(build(part) for part in parts if part is not ...)
    if origin in (list, collections.abc.Iterable, collections.abc.Sequence):
        return [build(parts[0])] * 2
    if origin is collections.abc.Mapping:
        return {"a": build(parts[1])}
    if isinstance(hint, type) and issubclass(hint, AbstractArray):
        return KINDS[hint.__name__.partition("[")[0]](
            tuple(AXES.get(axis, 3) for axis in hint.dim_str.split())
        )
    raise TypeError(f"give {hint} in BY_TYPE, or the argument in BY_NAME")


def valid(function, name):
    hints = typing.get_type_hints(inspect.unwrap(function), include_extras=True)
    given = {}
    for key, parameter in inspect.signature(function).parameters.items():
        if found := {f"{name}.{key}", key} & BY_NAME.keys():
            given[key] = BY_NAME[max(found, key=len)]
        elif parameter.default in (parameter.empty, None) and parameter.kind not in MANY:
            given[key] = build(hints[key])
    return given | ({"num_symbols": 4} if "network" in hints else {})


def fault(function, given):
    """What is wrong with the answer to these arguments; None where nothing is."""
    by_hand = not hasattr(function, "__wrapped__") or "torch_twin" in function.__module__
    names = {*inspect.signature(function).parameters, *given, "x", "y", "state"}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=RuntimeWarning)  # inf and nan by IEEE 754
            result = function(**given)
            if isinstance(result, collections.abc.Iterator):
                list(itertools.islice(result, 20))
    except ValueError as error:
        text = str(error)
        said = names & set(re.findall(r"\w+", text)) and "must" in text and ", got " in text
        said = said or by_hand or re.search("shape|could not convert", text)  # numpy's own words
        return None if said and not re.search("typing|beartype|<class", text) else text
    except (TypeError, AttributeError, LookupError, OSError, RuntimeError) as error:
        return None if by_hand or isinstance(error, OSError) else f"{type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize(("function", "name"), list(public()))
def test_a_result_or_a_refusal_that_names_the_argument(function, name):
    given = valid(function, name)
    faults = [f"what should be right: {said}"] if (said := fault(function, given)) else []
    for key, value in given.items():
        odd = OF_NUMBER if isinstance(value, int | float) else PLAIN
        of_array = [f(value) for f in OF_ARRAY] if isinstance(value, np.ndarray) else []
        for new in [*odd, *of_array]:
            if (said := fault(function, given | {key: new})) is not None:
                faults.append(f"{key} = {str(new)[:40]!r}: {said[:150]}")
    assert not faults, "\n".join(faults)
