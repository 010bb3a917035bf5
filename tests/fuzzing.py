"""What the fuzz test calls: a valid call of each public function, and odd values in its place."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from problems import Problem, problem

import helpers
from helpers import (
    budget,
    checks,
    corpus,
    gru,
    layout,
    lstm,
    rnn,
    torch_loop,
    train,
    truncation,
)

Call = Callable[[Problem, np.random.Generator], dict[str, Any]]

ENTRIES: dict[str, Call] = {}
"""Name of a function, such as ``layout.windows``, to the arguments of a valid call."""

EXEMPT = {
    "bench.main": "a program: it takes no argument and runs for seconds",
    "bptt.checked_out": "a check itself; fuzzed through backward",
    "bptt.checked_tape": "a check itself; fuzzed through backward",
    "bptt.into_input_weights": "inner code, which trusts its input",
    "bptt.previous_states": "inner code, which trusts its input",
    "bptt.zeros_like": "inner code, which trusts its input",
    "experiments.Experiment": "made by the decorator alone",
    "experiments.experiment": "a decorator that registers for good",
    "experiments.fingerprint": "takes names of modules, which the repository gives",
    "experiments.run": "computes for minutes and writes a file",
    "rnn.checked_buffer": "a check itself; fuzzed through forward",
    "rnn.checked_inputs": "a check itself; fuzzed through forward",
    "rnn.checked_like": "a check itself; fuzzed through train",
    "rnn.checked_weights": "a check itself; fuzzed through train",
    "rnn.inputs_to_hidden": "inner code, which trusts its input",
    "seeds.deterministic": "takes no argument, and changes torch for good",
    "texts.fetch": "downloads; test_texts has a server that misbehaves",
    "torch_loop.NextToken": "a module of torch: short enough to copy, and so without checks",
    "torch_loop.NextToken.forward": "a module of torch, as above",
    "torch_loop.detached": "short enough to copy, and so without checks",
    "truncation.Edge": "an enumeration, which Python checks",
}
"""Public, and not fuzzed, each with its reason."""

TOO_LARGE = (
    "bench.ours",
    "bench.products",
    "bench.theirs",
    "closed_form.bias",
    "closed_form.deviation",
    "closed_form.gradient_mean_by_windows",
    "closed_form.root_mean_square",
    "closed_form.signal_kept_by_windows",
    "closed_form.simulate",
    "corpus.call_and_response",
    "corpus.copy_floor_bits",
    "corpus.copy_task",
    "corpus.one_hot",
    "corpus.reset_floor_bits",
    "gru.init",
    "lstm.init",
    "measure.cell_backwards",
    "measure.seconds",
    "rnn.init",
    "rnn.orthogonal",
    "truncation.cells_visited",
    "truncation.depths",
    "truncation.segments",
)
"""Where a size of 2**31 is a right argument, and a lack of memory the right answer."""

MAY_CALL = {("train.fit", "learning_rate")}
"""Arguments that may be a function too: what a caller's own function raises is the caller's."""

NOT_WALKED = {
    "helpers.experiments.": "they compute for minutes and take no argument",
}
"""Modules whose functions are not fuzzed, by the start of their name."""


def public() -> Iterator[tuple[str, Any]]:
    """Every public function and class of the helpers with its name, found by looking."""
    for module in pkgutil.walk_packages(helpers.__path__, "helpers."):
        last = module.name.rsplit(".", 1)[1]
        if last.startswith("_") or module.name.startswith(tuple(NOT_WALKED)):
            continue
        loaded = importlib.import_module(module.name)
        for name, value in vars(loaded).items():
            own = getattr(value, "__module__", None) == module.name and callable(value)
            if (
                not own
                or name.startswith("_")
                or not (inspect.isclass(value) or inspect.isfunction(value))
            ):
                continue
            full = f"{module.name.removeprefix('helpers.')}.{name}"
            yield full, value
            if inspect.isclass(value):
                for method, inner in vars(value).items():
                    if not method.startswith("_") and inspect.isfunction(inner):
                        yield f"{full}.{method}", inner


def entry(*names: str) -> Callable[[Call], Call]:
    def keep(call: Call) -> Call:
        ENTRIES.update(dict.fromkeys(names, call))
        return call

    return keep


def say(*names: str, **arguments: Any) -> None:
    """An entry whose valid arguments are always the same."""
    entry(*names)(lambda p, rng: dict(arguments))


def ids_of(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(4, size=int(rng.integers(30, 60)))


def of_cell(p: Problem, cell: Any) -> Problem:
    return problem(cell, p.shape)


for _cell in (rnn, lstm, gru):
    _name = _cell.__name__.removeprefix("helpers.")

    def _init(p, rng):
        return {"num_inputs": p.shape.D, "hidden_size": p.shape.H, "num_symbols": p.shape.V,
                "rng": rng, "scale": 0.9}  # fmt: skip

    ENTRIES[f"{_name}.init"] = _init
    ENTRIES[f"{_name}.Params"] = lambda p, rng, c=_cell: dict(vars(of_cell(p, c).params))
    ENTRIES[f"{_name}.Tape.state"] = lambda p, rng, c=_cell: {
        "self": of_cell(p, c).forward(), "position": p.shape.T}  # fmt: skip
    if _cell is not rnn:
        ENTRIES[f"{_name}.Tape.gate"] = lambda p, rng, c=_cell: {
            "self": of_cell(p, c).forward(),
            "name": "forget" if c is lstm else "reset",
        }

    def _step(p, rng, c=_cell):
        q = of_cell(p, c)
        return {"params": q.params, "x": q.x[0], "h": q.h0}

    def _forward(p, rng, c=_cell):
        q = of_cell(p, c)
        x = q.x if rng.random() < 0.5 else q.ids
        out = q.forward() if rng.random() < 0.3 and x is q.x else None
        return {"params": q.params, "x": x, "h0": q.h0, "reset": q.resets(), "out": out}

    def _backward(p, rng, c=_cell):
        q = of_cell(p, c)
        tape = q.forward()
        dlogits = rnn.cross_entropy(tape.logits, q.y)[1]
        return {"params": q.params, "tape": tape, "dlogits": dlogits}

    ENTRIES[f"{_name}.step"] = _step
    ENTRIES[f"{_name}.forward"] = _forward
    _where = "bptt" if _cell is rnn else _name
    ENTRIES[f"{_where}.backward"] = ENTRIES[f"{_where}.by_lag"] = _backward
    ENTRIES[f"{_name}.Tape"] = lambda p, rng, c=_cell: dict(vars(of_cell(p, c).forward()))

ENTRIES["rnn.Weights"] = ENTRIES["rnn.Params"]
say("progress.shown", "experiments.describe_machine", "experiments.register_all",
    "checks.plane.best")  # fmt: skip


@entry("rnn.Weights.flat")
def _flat(p, rng):
    return {"self": p.params}


@entry("rnn.Weights.map")
def _map(p, rng):
    return {"self": p.params, "f": np.negative}


@entry("rnn.orthogonal")
def _orthogonal(p, rng):
    return {"size": p.shape.H, "rng": rng}


@entry("rnn.cross_entropy")
def _cross_entropy(p, rng):
    return {"logits": p.forward().logits, "y": p.y, "over_time": "sum",
            "weight": rng.random(p.y.shape)}  # fmt: skip


@entry("bptt.numerical")
def _numerical(p, rng):
    return {"loss_of": p.loss, "params": p.params, "direction": p.params, "eps": 1e-5}


say("bptt.of", cell=rnn)
_SIZES = {"H": 4, "B": 2, "T": 3, "V": 5}
say("bench.products", "bench.ours", "bench.theirs", **_SIZES)
say("bench.repeated", run=lambda: None, number=2)
say("budget.Budget", **vars(budget.work_out(100, 2, 3, 4, num_symbols=5)))
_NET = {"num_symbols": 5, "cell": "gru", "num_layers": 2, "num_inputs": 3}
say("budget.work_out", num_tokens=100, batch_size=2, num_steps=3, hidden_size=4, **_NET,
    number_bytes=4)  # fmt: skip
say("budget.kept_bytes", batch_size=2, num_steps=3, hidden_size=4, **_NET, number_bytes=4)
say("budget.parameters", hidden_size=4, **_NET)
say("budget.choose", distance=10, noise_tokens=100.0, most_bytes=10**8, hidden_size=4,
    least_streams=1, most_streams=64, **_NET, number_bytes=8)  # fmt: skip
say("checks.Mistake", answer=3, hint="no")
say("checks.Case", arguments=(1,), expected=2, mistakes=())
say("checks.report", name="a", attempt=3, expected=4, mistakes=[checks.Mistake(3, "so")],
    within=0.1)  # fmt: skip
say("checks.report_function", name="a", attempt=abs,
    cases=[checks.Case((1,), 1), checks.Case((-1,), 2)], within=0.1)  # fmt: skip
say("checks.claim", phrase="keeps 55 %", value=55.0, within=0.5)
say("checks.read_number", text="1,225")
say("checks.difference", got=np.ones(2), expected=np.ones(2), within=0.1)
say("closed_form.signal_kept", depth=3, distance=2)
say("closed_form.signal_kept_by_windows", num_steps=3, distance=2)
say("closed_form.gradient_mean", a=0.5, distance=2, depth=3)
say("closed_form.gradient_mean_by_windows", "closed_form.bias", a=0.5, distance=2, num_steps=3)
say("closed_form.deviation", "closed_form.root_mean_square", a=0.5, distance=2, batch_size=2,
    num_steps=3)  # fmt: skip


@entry("closed_form.simulate")
def _simulate(p, rng):
    return {"a": 0.5, "distance": 2, "batch_size": p.shape.B, "num_steps": p.shape.T,
            "draws": 3, "rng": rng}  # fmt: skip


ALPHABET = corpus.cover(7, (2, 3), 1)
say("corpus.Alphabet", period=ALPHABET.period, responses=ALPHABET.responses)
say("corpus.cover", period=7, distances=(2, 3), number=1)
say("corpus.floor_bits", context=3, alphabet=ALPHABET)
say("corpus.reset_floor_bits", num_steps=3, alphabet=ALPHABET)
say("corpus.copy_floor_bits", context=3, distance=2, num_symbols=4, repeat=0.8)
say("corpus.Text", ids=np.arange(3), symbols="abc")
say("corpus.read_text", path=Path(__file__), least=2)
say("texts.load", path=Path(__file__), least=2, most=10**6)
say("texts.Source", url="https://a.b/c", size=3, sha256="0" * 64, member=None)
say("experiments.load", "experiments.machine", "experiments.is_stale", name="recurrence")


@entry("corpus.Alphabet.decode", "corpus.Text.decode")
def _decode(p, rng):
    return {"self": corpus.Text(np.arange(3), "abc"), "ids": rng.integers(3, size=5)}


ENTRIES["corpus.Alphabet.decode"] = lambda p, rng: {
    "self": ALPHABET,
    "ids": rng.integers(7, size=5),
}


@entry("corpus.call_and_response")
def _call(p, rng):
    return {"num_tokens": 20, "rng": rng, "alphabet": ALPHABET}


@entry("corpus.copy_task")
def _copy(p, rng):
    return {"num_tokens": 20, "distance": 2, "num_symbols": 4, "rng": rng, "repeat": 0.8}


@entry("corpus.one_hot")
def _one_hot(p, rng):
    return {"ids": p.ids, "num_symbols": p.shape.D, "dtype": np.float32}


@entry("corpus.split")
def _split(p, rng):
    return {"ids": ids_of(rng), "held_out": 0.2}


@entry("layout.Window")
def _window(p, rng):
    return {"x": p.ids, "y": p.y, "start": 0, "fresh": True}


say("layout.Accounting", targets=1, updates=1, dropped=0, repeated=0)
say("layout.account", num_tokens=50, batch_size=2, num_steps=3, loader="streams")


@entry("layout.to_streams")
def _to_streams(p, rng):
    return {"ids": ids_of(rng), "batch_size": p.shape.B}


@entry("layout.windows")
def _windows(p, rng):
    return {"streams": layout.to_streams(ids_of(rng), p.shape.B), "num_steps": p.shape.T,
            "drop_last": False}  # fmt: skip


@entry("layout.shuffled_windows")
def _shuffled(p, rng):
    return {"ids": ids_of(rng), "batch_size": p.shape.B, "num_steps": min(p.shape.T, 5),
            "rng": rng, "fresh": True}  # fmt: skip


say("loaders.place", token=3, num_tokens=50, batch_size=2, num_steps=3)
say("loaders.token_at", stream=1, window=1, step=1, num_tokens=50, batch_size=2, num_steps=3)


@entry(*(f"loaders.{name}" for name in ("streams", "ptb", "fastai", "sequential", "overlapping",
         "dealt", "strided", "viewed", "wrapped", "shuffled")))  # fmt: skip
def _loader(p, rng):
    return {"ids": ids_of(rng), "batch_size": min(p.shape.B, 3), "num_steps": min(p.shape.T, 3)}


@entry("loaders.continuation", "loaders.audit")
def _audited(p, rng):
    return {"windows": list(layout.windows(layout.to_streams(ids_of(rng), 2), 3))}


say("loaders.Audit", next_target=1.0, next_step=1.0, continues=1.0, repeated=0)
say("measure.Noise", mean=np.ones(2), trace=1.0, scale=1.0)
say("measure.minibatch_variance", trace=1.0, batch_size=2, num_samples=10)
say("measure.slope", x=[1.0, 2.0, 4.0], y=np.array([2.0, 4.0, 8.0]))
say("measure.cell_backwards", num_positions=9, k1=2, k2=3)
say("measure.seconds", runs={"a": lambda: None}, repeats=2)


@entry("measure.gradient_noise")
def _noise(p, rng):
    return {"samples": rng.normal(size=(5, 3))}


@entry("measure.relative_error")
def _relative(p, rng):
    return {"estimate": p.params, "exact": p.params.flat()}


@entry("measure.cosine")
def _cosine(p, rng):
    return {"a": p.params, "b": p.params}


@entry("measure.norm_by_lag")
def _norms(p, rng):
    return {"parts": [p.params, p.params]}


@entry("measure.kept_bytes")
def _kept(p, rng):
    return {"tapes": p.forward()}


@entry("progress.bar")
def _bar(p, rng):
    return {"items": [1, 2], "what": "a", "total": 2, "after": 0.5}


say("seeds.rng", "seeds.torch_generator", name="data", seed=3)


@entry("sequences.pad")
def _pad(p, rng):
    return {"sequences": [rng.integers(4, size=n) for n in (3, 5)]}


@entry("sequences.last_states")
def _last(p, rng):
    return {"tape": p.forward(), "steps": np.full(p.shape.B, p.shape.T)}


@entry("sequences.reset_before")
def _before(p, rng):
    return {"streams": layout.to_streams(ids_of(rng), 2), "end": 1}


@entry("sequences.keep_streams")
def _keep(p, rng):
    return {"state": p.h0, "streams": [0, None]}


@entry("sequences.overlapping")
def _overlapping(p, rng):
    return {"ids": ids_of(rng), "batch_size": 2, "warm_up": 2}


@entry("torch_loop.stream_windows")
def _stream_windows(p, rng):
    return {"ids": torch.arange(20), "batch_size": 2, "num_steps": 3}


def _network():
    return torch_loop.NextToken(torch.nn.Embedding(4, 3), torch.nn.RNN(3, 3), torch.nn.Linear(3, 4))


@entry("torch_loop.train_epoch")
def _epoch(p, rng):
    model = _network()
    return {"model": model, "ids": torch.arange(20) % 4, "batch_size": 2, "num_steps": 3,
            "optimiser": torch.optim.SGD(model.parameters(), 0.1), "max_norm": 1.0}  # fmt: skip


say("torch_twin.SavedBytes", distinct=1, summed=1)
say("torch_twin.saved_bytes", function=lambda: None)


@entry("torch_twin.to_torch")
def _to_torch(p, rng):
    return {"params": p.params}


@entry("torch_twin.gradients")
def _gradients(p, rng):
    return {"params": p.params, "x": p.x, "y": p.y, "h0": p.h0}


@entry("torch_twin.loop")
def _loop(p, rng):
    q = of_cell(p, rnn)
    return {"params": q.params, "x": q.x, "h0": q.h0}


@entry("torch_twin.graph_nodes")
def _nodes(p, rng):
    return {"output": torch.ones(2, requires_grad=True) * 2}


@entry("train.Record")
def _record(p, rng):
    return {"update": 1, "tokens": 1, "loss": 1.0, "grad_norm": 1.0, "params": p.params}


@entry("train.Moments")
def _moments(p, rng):
    return {"updates": 1, "mean": p.params, "square": p.params}


@entry("train.clip")
def _clip(p, rng):
    return {"grads": p.params, "max_norm": 0.5}


@entry("train.sgd")
def _sgd(p, rng):
    return {"params": p.params, "grads": p.params, "learning_rate": 0.1}


@entry("train.adam")
def _adam(p, rng):
    state = train.adam(p.params, p.params, None, 0.1)[1] if rng.random() < 0.5 else None
    return {"params": p.params, "grads": p.params, "state": state, "learning_rate": 0.1,
            "beta1": 0.9, "beta2": 0.99, "eps": 1e-8}  # fmt: skip


def _training(p: Problem) -> dict[str, Any]:
    window = layout.Window(p.ids, p.y, 0, True)
    return {"params": p.params, "windows": [window, window], "edge": truncation.Edge.CARRY,
            "cell": p.cell}  # fmt: skip


@entry("train.fit")
def _fit(p, rng):
    return _training(p) | {"optimiser": "adam", "learning_rate": 0.1, "max_norm": 1.0}


@entry("train.evaluate")
def _evaluate(p, rng):
    return _training(p)


@entry("truncation.next_state")
def _next_state(p, rng):
    return {"edge": truncation.Edge.CARRY, "tape": p.forward()}


say("truncation.Segment", first=0, first_loss=0, stop=1)
say("truncation.segments", "truncation.depths", "truncation.cells_visited", num_positions=9,
    k1=2, k2=3)  # fmt: skip
say("truncation.checked_edge", edge=truncation.Edge.CARRY)


@entry("truncation.tbptt")
def _tbptt(p, rng):
    return {"params": p.params, "x": p.ids, "y": p.y, "k1": 1, "k2": 2,
            "edge": truncation.Edge.CARRY, "h0": p.h0, "cell": p.cell}  # fmt: skip


# The exercises: any answer is read, and none may raise.
for _full, _value in public():
    if _full.startswith("checks.") and _full.count(".") == 2 and _full not in ENTRIES:
        _parameters = inspect.signature(_value).parameters.values()
        ENTRIES[_full] = lambda p, rng, names=_parameters: {q.name: 2 for q in names}


# Odd values


class Sub(np.ndarray):
    """Of no more use than an array."""


PLAIN: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "...": lambda: ...,
    "True": lambda: True,
    "numpy True": lambda: np.True_,
    "-1": lambda: -1,
    "0": lambda: 0,
    "3": lambda: 3,
    "numpy 3": lambda: np.uint8(3),
    "2**31": lambda: 2**31,
    "2**63": lambda: 2**63,
    "2**64": lambda: 2**64,
    "10**400": lambda: 10**400,
    "-10**400": lambda: -(10**400),
    "10**5000": lambda: 10**5000,
    "0.5": lambda: 0.5,
    "1e308": lambda: 1e308,
    "5e-324": lambda: 5e-324,
    "-0.5": lambda: -0.5,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "float16": lambda: np.float16(2),
    "complex": lambda: 1j,
    "str": lambda: "odd",
    "empty str": lambda: "",
    "long str": lambda: "x" * 5000,
    "nul": lambda: "a\0b",
    "half a character": lambda: "\ud800",
    "bytes": lambda: b"odd",
    "list": lambda: [1, 2],
    "empty list": list,
    "ragged": lambda: [[1.0], [1.0, 2.0]],
    "nested": lambda: [[[None]]],
    "tuple": lambda: (1, 2),
    "set": lambda: {1, 2},
    "dict": lambda: {"a": 1},
    "generator": lambda: (i for i in range(3)),
    "function": lambda: len,
    "bad function": lambda: lambda *a, **k: 1 / 0,
    "function of text": lambda: lambda *a, **k: "odd",
    "class": lambda: int,
    "module": lambda: np,
    "cell": lambda: lstm,
    "time": lambda: np.timedelta64(3, "s"),
    "date": lambda: np.datetime64("2020-01-01"),
    "tensor": lambda: torch.ones(2, 3),
    "tensor with graph": lambda: torch.ones(3, requires_grad=True),
    "0-d": lambda: np.array(3),
    "empty": lambda: np.empty(0),
    "objects": lambda: np.array([None, "a"], object),
    "vector": lambda: np.arange(3),
    "cube": lambda: np.ones((2, 2, 2)),
    "nan array": lambda: np.full((2, 2), np.nan),
    "masked": lambda: np.ma.array([1, 2], mask=[0, 1]),
    "matrix": lambda: np.ones((2, 3)).view(Sub),
    "words": lambda: np.array(["a", "b"]),
    "times": lambda: np.array([1, 2], "m8[s]"),
    "structured": lambda: np.zeros(3, [("a", "f8")]),
    "rnn params": lambda: problem(rnn).params,
    "lstm params": lambda: problem(lstm).params,
    "gru tape": lambda: problem(gru).forward(),
    "lstm tape": lambda: problem(lstm).forward(),
    "window": lambda: layout.Window(np.zeros((2, 2), int), np.zeros((2, 2), int), 0, True),
    "rng": lambda: np.random.default_rng(0),
    "object": object,
}  # fmt: skip


def _cast(dtype: str) -> Callable[[Any], Any]:
    def cast(a):
        with np.errstate(all="ignore"):
            return np.nan_to_num(a).astype(dtype)

    return cast


def _with(value: Any) -> Callable[[Any], Any]:
    def put(a):
        a = a.copy()
        if a.size and not (a.dtype.kind != "f" and value != value):
            a.flat[a.size // 2] = value
        return a

    return put


def _locked(a):
    a = a.copy()
    a.flags.writeable = False
    return a


OF_ARRAY: dict[str, Callable[[np.ndarray], Any]] = {
    **{f"as {t}": _cast(t) for t in ("u1", "i1", "u8", "f2", "f4", "?", ">f8", "O", "c16", "U3",
                                     "m8[s]", "M8[s]", "g")},
    "list of it": lambda a: a.tolist(),
    "more axes": lambda a: a[None],
    "fewer axes": lambda a: a[0] if a.ndim and len(a) else a,
    "one less": lambda a: a[:-1],
    "one less at the end": lambda a: a[..., :-1],
    "one more": lambda a: np.concatenate([a, a[-1:]]),
    "none": lambda a: a[:0],
    "transposed": lambda a: a.T,
    "Fortran": np.asfortranarray,
    "locked": _locked,
    "backwards": lambda a: a[::-1],
    "masked": lambda a: np.ma.array(a),
    "subclass": lambda a: a.view(Sub),
    "tensor": lambda a: torch.as_tensor(np.ascontiguousarray(a)),
    "with nan": _with(float("nan")),
    "with -1": lambda a: _with(-1)(a) if a.dtype.kind != "b" else a,
    "with 100": _with(100),
    "with 1e308": lambda a: _with(1e308)(a) if a.dtype == float else a,
}  # fmt: skip

import fuzzing_drawings  # noqa: E402, F401
