"""Input that is odd but right gives right results; what is wrong is refused in three parts.

The refusals of one argument at a time stand with each module; here are those that need two
arguments, a whole tape, or a value that is wrong in a way that numpy would let pass.
"""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from problems import CELLS, distance, flat, problem

from helpers import (
    bptt,
    checks,
    corpus,
    experiments,
    layout,
    lstm,
    measure,
    rnn,
    seeds,
    torch_twin,
    train,
    truncation,
)
from helpers.truncation import Edge

each_cell = pytest.mark.parametrize("cell", CELLS)
RNG = np.random.default_rng(0)
IDS = np.arange(40) % 4
PROBLEM = problem(rnn)
P, X, TAPE = PROBLEM.params, PROBLEM.x, PROBLEM.forward()
LOSS, D = rnn.cross_entropy(TAPE.logits, PROBLEM.y)
P32 = P.map(np.float32)
WINDOW = layout.Window(IDS[:6].reshape(3, 2), IDS[:6].reshape(3, 2), 0, True)
SQUARE = problem(rnn, replace(PROBLEM.shape, V=4)).params
RAGGED = [[1.0], [1.0, 2.0]]


# Odd, but right


def spaced(array):
    """Every second entry of a larger array, along each axis."""
    large = np.zeros([2 * n for n in array.shape], array.dtype)
    view = large[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def locked(array):
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "spaced": spaced,
    "read-only": locked,
    "backwards": lambda array: array[::-1].copy()[::-1],
}
each_layout = pytest.mark.parametrize("form", LAYOUTS.values(), ids=LAYOUTS.keys())


def everything(cell, params, x, y, h0, reset):
    """Loss, gradient, derivatives and lags, in one vector."""
    tape = cell.forward(params, x, h0, reset=reset)
    loss, dlogits = rnn.cross_entropy(tape.logits, y)
    grads, dh = bptt.of(cell).backward(params, tape, dlogits)
    lags = bptt.of(cell).by_lag(params, tape, dlogits)
    return np.concatenate([[loss], grads.flat(), flat(dh), *(g.flat() for g in lags)])


@each_layout
@each_cell
@pytest.mark.parametrize("name", ["x", "ids"])
def test_the_way_arrays_lie_in_memory_does_not_matter(cell, form, name):
    p = problem(cell)
    x, reset = getattr(p, name), p.resets()
    h0 = tuple(map(form, p.h0)) if cell is lstm else form(p.h0)
    plain = everything(cell, p.params, x, p.y, p.h0, reset)
    odd = everything(cell, p.params.map(form), form(x), form(p.y), h0, form(reset))
    assert distance(odd, plain) < 1e-14
    loss, grads = torch_twin.gradients(p.params.map(form), form(x), form(p.y), h0)
    assert loss == pytest.approx(p.loss() if name == "x" else loss)
    assert distance(grads, torch_twin.gradients(p.params, x, p.y, p.h0)[1]) < 1e-14


@each_cell
@pytest.mark.parametrize("dtype", ["u1", "i4", "u8", ">i4"])
def test_ids_of_any_integer_type_are_the_same_ids(cell, dtype):
    p = problem(cell)
    x, y = p.ids.astype(dtype), p.y.astype(dtype)
    plain = everything(cell, p.params, p.ids, p.y, p.h0, None)
    assert (everything(cell, p.params, x, y, p.h0, None) == plain).all()
    for h0 in (p.h0, None):
        assert (
            torch_twin.gradients(p.params, x, y, h0)[0]
            == torch_twin.gradients(p.params, p.ids, p.y, h0)[0]
        )


def test_ids_on_disk_are_trained_on_as_they_lie(tmp_path):
    IDS.astype(np.uint8).tofile(tmp_path / "ids.bin")
    stored = np.memmap(tmp_path / "ids.bin", np.uint8, mode="r")
    settings = {"edge": Edge.CARRY, "learning_rate": 0.1, "optimiser": "adam"}
    runs = [
        [
            r.loss
            for r in train.fit(SQUARE, layout.windows(layout.to_streams(ids, 3), 4), **settings)
        ]
        for ids in (IDS, stored)
    ]
    assert runs[0] == runs[1]


@each_cell
def test_no_input_is_changed(cell):
    p = problem(cell)
    given = [p.params, p.x, p.ids, p.y, p.h0, p.resets()]
    before = [flat(value).copy() for value in given]
    everything(cell, p.params, p.x, p.y, p.h0, given[-1])
    plan = {"k1": 1, "k2": 2, "edge": Edge.CARRY, "cell": cell}
    truncation.tbptt(p.params, p.ids, p.y, h0=p.h0, **plan)
    windows = [layout.Window(p.ids, p.y, 0, True)] * 2
    grads = p.gradient()
    for optimiser in ("sgd", "adam"):
        list(
            train.fit(
                p.params, windows, Edge.CARRY, cell=cell, optimiser=optimiser, learning_rate=1.0
            )
        )
    _, state = train.adam(p.params, grads, None, 0.1)
    kept = state.mean.flat()
    train.adam(p.params, grads, state, 0.1)
    assert (state.mean.flat() == kept).all()
    for value, was in zip(given, before, strict=True):
        assert (flat(value) == was).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("max_norm", [2.0, 0.5])
def test_a_gradient_whose_square_overflows_is_shortened_and_not_lost(dtype, max_norm):
    size = float(np.finfo(dtype).max) / 1e3
    grads = P.map(lambda w: np.full_like(w, size, dtype))
    short, norm = train.clip(grads, max_norm)
    assert norm == pytest.approx(size * np.sqrt(len(grads.flat())))
    assert np.linalg.norm(short.flat()) == pytest.approx(max_norm)
    assert train.clip(grads, 2 * norm)[0] is grads
    assert short.flat().dtype == dtype


@pytest.mark.parametrize("weight", [np.full((300, 300), 1, np.float16), np.full((2, 2), 1e308)])
def test_token_weights_whose_sum_overflows_still_count(weight):
    y = np.zeros(weight.shape, int)
    logits = np.random.default_rng(0).normal(size=(*weight.shape, 3))
    loss, dlogits = rnn.cross_entropy(logits, y, weight=weight)
    plain, wanted = rnn.cross_entropy(logits, y)
    assert loss == pytest.approx(plain)
    np.testing.assert_allclose(dlogits, wanted, rtol=1e-12)


@pytest.mark.messages
def test_unsigned_distances_do_not_wrap_around():
    plain = corpus.cover(7, (2, 3), 1)
    odd = corpus.cover(np.uint8(7), (np.uint8(2), np.uint8(3)), np.uint8(1))
    assert odd == plain
    pairs = tuple((np.uint8(p), np.uint8(d)) for p, d in plain.responses)
    assert corpus.Alphabet(np.uint8(7), pairs) == plain
    drawn = [corpus.call_and_response(50, seeds.rng("text"), a) for a in (plain, odd)]
    assert (drawn[0] == drawn[1]).all()


def test_errors_of_unsigned_numbers_do_not_wrap_around():
    low, high = np.array([1], np.uint8), np.array([3], np.uint8)
    assert measure.relative_error(low, high) == pytest.approx(2 / 3)


# Wrong


def weights(**changes):
    return lambda: replace(P, **changes)


def out_of_backward(**changes):
    """Backward into an earlier result, of which some of the weights' arrays are others."""
    grads = P.map(np.copy)
    for name, value in changes.items():
        object.__setattr__(grads, name, value)
    return lambda: bptt.backward(P, TAPE, D, out=(grads, np.empty_like(TAPE.h)))


def window(**changes):
    return lambda: [replace(WINDOW, **changes)]


def fitted(windows, params=SQUARE, learning_rate=0.1):
    return lambda: list(train.fit(params, windows, Edge.CARRY, learning_rate=learning_rate))


def exhausted():
    windows = layout.windows(layout.to_streams(IDS, 2), 3)
    list(windows)
    return windows


def of_sizes(*batch_sizes, fresh=False):
    """One window of each size, each said to continue the one before it."""
    for i, B in enumerate(batch_sizes):
        w = next(layout.windows(layout.to_streams(IDS, B), 3))
        yield replace(w, fresh=fresh or i == 0)


F = np.asfortranarray
MASKED = np.ma.array(PROBLEM.y, mask=PROBLEM.y > 1)

REFUSALS = [
    # Weights that do not fit each other
    (weights(W_hh=P.W_hh.tolist()), r"W_hh must be .*\(H, G\), got list"),
    (weights(W_hh=P.W_hh[1:]), r"W_hh must be .*\(3, 3\), got .*\(3, 4\)|W_hy must be .*\(3, V\)"),
    (weights(W_xh=P.W_xh[:, 1:]), r"W_xh must be .*\(D, 4\), got .*\(4, 3\)"),
    (weights(W_xh=P.W_xh[0]), r"W_xh must be .*\(D, 4\), got .*\(4,\)"),
    (weights(b_h=None), r"b_h must be .*\(4,\), got NoneType: None"),
    (weights(b_h=torch.ones(4)), r"b_h must be .*\(4,\), got Tensor: tensor"),
    (weights(b_y=P.b_y[1:]), r"b_y must be .*\(3,\), got .*\(2,\)"),
    (weights(W_hy=P.W_hy.T), r"W_hy must be .*\(4, V\), got .*\(3, 4\)"),
    (weights(W_hy=P.W_hy + 0j), r"W_hy must be .*floating.*got complex128"),
    (weights(W_hy=P.W_hy.astype(object)), r"W_hy must be .*floating.*got object"),
    (weights(b_y=np.zeros(3, int)), r"b_y must be .*floating.*got int64"),
    (
        weights(b_h=P32.b_h),
        "b_h must be float32 or float64, the same .* got float32 beside float64",
    ),
    (lambda: P.map(np.float16), "must be float32 or float64, .* got float16 beside float16"),
    (weights(W_hh=P.W_hh.astype(">f8")), "must be float32 or float64, .* got .*>f8 in W_hh"),
    (weights(W_xh=P.W_xh[:0]), r"W_xh must hold at least one number, got shape \(0, 4\)"),
    (lambda: replace(problem(lstm).params, b_h=P.b_h), r"b_h must be .*\(16,\), got .*\(4,\)"),
    (lambda: P.map(3), "f must be callable, got int"),
    (lambda: P.map(np.sum), "W_hh must be a numpy array .* got float64"),
    (lambda: P.map(np.add, problem(rnn, replace(PROBLEM.shape, H=1)).params), "others must have"),
    # Masks, which numpy's functions would ignore
    (lambda: rnn.cross_entropy(TAPE.logits, MASKED), "y must be a numpy array .*got MaskedArray"),
    (lambda: rnn.forward(P, np.ma.array(X, mask=X > 9)), "x must be .*got MaskedArray"),
    # A tape, weights and buffers of different runs
    (lambda: rnn.forward(P, X, out=problem(lstm).forward()), "out must come from rnn.forward, got"),
    (lambda: rnn.forward(P, X, out=3), "out must come from rnn.forward, got int"),
    (
        lambda: rnn.forward(P, X, out=replace(TAPE, h=F(TAPE.h))),
        "out.h must be writeable and contiguous, .* got strides",
    ),
    (
        lambda: rnn.forward(P, X, out=replace(TAPE, logits=locked(TAPE.logits))),
        "out.logits must be writeable and contiguous, .* got strides .* writeable=False",
    ),
    (
        lambda: rnn.forward(P, TAPE.h[1:], out=TAPE),
        "out.h must have memory of its own, got that of an input",
    ),
    (lambda: bptt.backward(P32, TAPE, D), "tape must come from float32 weights, got float64"),
    (
        lambda: bptt.by_lag(P, problem(rnn, replace(PROBLEM.shape, D=5)).forward(), D),
        "tape must come from weights with D = 4 inputs, got 5",
    ),
    (
        lambda: bptt.backward(replace(P, W_xh=P.W_xh[:2]), PROBLEM.forward(x=PROBLEM.ids), D),
        "tape must come from weights with D = 2 inputs, got 4",
    ),
    (lambda: bptt.backward(P, TAPE, D, out=3), r"out must be a pair .* got int"),
    (lambda: bptt.backward(P, TAPE, D, out=(P, TAPE.h + 0)), "out must be .* got the weights"),
    (
        lambda: bptt.backward(P, TAPE, D, out=(P.map(np.copy), TAPE.h)),
        r"out\[1\] must have memory of its own",
    ),
    (
        lambda: bptt.backward(P, TAPE, D, out=(P.map(np.copy), F(TAPE.h))),
        r"out\[1\] must be writeable and contiguous",
    ),
    (out_of_backward(W_hh=F(P.W_hh)), r"out\[0\].W_hh must be float64, writeable and contiguous"),
    (out_of_backward(W_hh=P32.W_hh), r"out\[0\].W_hh must be float64, .* got float32"),
    (
        lambda: bptt.backward(P, TAPE, D, out=(SQUARE.map(np.copy), TAPE.h + 0)),
        r"out\[0\] must have the shapes of the weights, W_hy \(4, 3\), got \(4, 4\)",
    ),
    (
        lambda: lstm.backward(
            (p := problem(lstm)).params,
            p.forward(),
            D,
            out=(p.params.map(np.copy), np.copy(TAPE.h)),
        ),
        r"out\[1\] must be a pair \(dh, dc\), got ndarray",
    ),
    (lambda: bptt.numerical(3, P, P), "loss_of must be callable, got int"),
    (lambda: bptt.numerical(float, None, P), "params must be Params of rnn, lstm or gru, got"),
    (lambda: bptt.numerical(float, P, SQUARE), "direction must have the shapes of the weights"),
    (lambda: bptt.of(bptt), "cell must be one of the modules rnn, lstm, gru, got <module"),
    (lambda: truncation.next_state(Edge.CARRY, None), "tape must come from forward .* NoneType"),
    (lambda: truncation.next_state(Edge.RESET, TAPE.h), "tape must come from forward .* ndarray"),
    # Windows
    (lambda: layout.windows(IDS.reshape(40, 1), 3, drop_last=0), "drop_last must be True or False"),
    (
        lambda: layout.windows(IDS.reshape(40, 1), 3, drop_last=IDS),
        r"drop_last must be True or False, got array",
    ),
    (lambda: layout.windows(np.empty((4, 0), int), 3), r"streams must .*1 stream, .*\(4, 0\)"),
    (
        lambda: layout.shuffled_windows(IDS, 2, 3, RNG, fresh="no"),
        "fresh must be True or False, got 'no'",
    ),
    (lambda: layout.to_streams(IDS[:0], 2), "ids must hold at least 2 tokens, .* got 0"),
    (lambda: layout.shuffled_windows(IDS[:1], 1, 1, RNG), "ids must hold at least 2 .* got 1"),
    # Training
    *[
        (lambda run=run, windows=windows: run(windows()), message)
        for run in (
            lambda windows: fitted(windows)(),
            lambda windows: train.evaluate(SQUARE, windows, Edge.CARRY),
        )
        for windows, message in [
            (lambda: None, "windows must be an iterable of layout.Window, .* got NoneType"),
            (lambda: WINDOW, "windows must be an iterable of layout.Window, .* got Window"),
            (lambda: np.array(1), "windows must be an iterable of layout.Window, .* got ndarray"),
            (lambda: [(X, X)], r"windows must hold layout.Window, got \(array"),
            (window(x=[[1]]), r"window.x must be .*\(T, B\), got list"),
            (window(x=WINDOW.x * 1.0), "window.x must be .* integers .* got float64"),
            (window(fresh=None), "window.fresh must be True or False, got None"),
            (exhausted, "windows must hold at least one window, got none; a generator .* anew"),
            (lambda: of_sizes(3, 2), "keep their 3 streams .* got a window of 2 .* would work"),
        ]
    ],
    (fitted([WINDOW], params=None), "params must be Params of rnn, lstm or gru, got .*NoneType"),
    *[
        (fitted([WINDOW], learning_rate=lambda update, rate=rate: rate), f"learning_rate .*{got}")
        for rate, got in [
            (None, "got None"),
            ("0.1", "got '0.1'"),
            (np.nan, "got nan"),
            (np.ones(1), "got array"),
            (10**400, r"got 10000.*\.\.\."),
        ]
    ],
    (lambda: train.clip(None, 1), "grads must be Params of rnn, lstm or gru, got .*NoneType"),
    (lambda: train.clip(X, 1), "grads must be Params of rnn, lstm or gru, got numpy.ndarray"),
    (lambda: train.sgd(X, P, 1), "params must be Params of rnn, lstm or gru, got numpy.ndarray"),
    (lambda: train.sgd(P, SQUARE, 1), "grads must have the shapes of the weights, W_hy"),
    (lambda: train.adam(P, None, None, 1), "grads must be of type helpers.rnn.Params, got .*None"),
    (lambda: train.adam(P, P, {}, 1), "state must be of type helpers.train.Moments, got .*dict"),
    (
        lambda: train.adam(P, P, train.Moments(1, SQUARE, SQUARE), 1),
        "state.mean must have the shapes of the weights",
    ),
    (
        lambda: train.adam(P, P, train.Moments(1, P, None), 1),
        "state.square must be of type helpers.rnn.Params",
    ),
    (lambda: train.adam(P, P, train.Moments(-1, P, P), 1), "state.updates must be .* got -1"),
    # Measures
    (lambda: measure.slope("ab", [1, 2]), "x must be an array of numbers, .* got str: 'ab'"),
    (lambda: measure.slope([1, 2], RAGGED), "y must be an array of numbers, .* got list: "),
    (lambda: measure.slope([1, 2], [1j, 2]), "y must be an array of numbers"),
    (lambda: measure.slope([1, 2], [np.nan, 1]), "positive and finite .* got values in nan"),
    (lambda: measure.relative_error(None, P), "estimate must be an array .* got NoneType"),
    (lambda: measure.relative_error(P, TAPE), "exact must be an array of numbers, .* got Tape"),
    (
        lambda: measure.cosine(torch.ones(2, requires_grad=True), np.ones(2)),
        "a must be an array of numbers, .* got Tensor",
    ),
    (lambda: measure.norm_by_lag(None), "parts must hold .* got NoneType"),
    (lambda: measure.norm_by_lag(P), "parts must hold .* got Params"),
    (lambda: measure.norm_by_lag([X]), r"parts\[0\] must be Params of rnn, lstm or gru"),
    (lambda: measure.norm_by_lag([P, problem(lstm).params]), r"parts\[1\] must be of type"),
    (lambda: measure.seconds([len]), "runs must be a mapping such as .* got list"),
    (lambda: measure.seconds({"a": 3}), r"runs\['a'\] must be callable, got int"),
    # Corpora
    (
        lambda: corpus.one_hot(np.array([-1], np.int8), 300),
        r"ids must hold ids in 0\.\.299, got -1",
    ),
    (lambda: corpus.cover(9, ([2],), 1), r"each of distances must be an integer .* got \[2\]"),
    (lambda: corpus.cover(9, (2,), 10**12), "period, distances and number must leave"),
    (lambda: corpus.one_hot(IDS, 4, torch.ones(1)), "dtype must be a floating type .* got tensor"),
    (lambda: corpus.copy_task(9, 2, 2, RNG, repeat=10**400), "repeat must be a finite number"),
    (
        lambda: corpus.read_text("To be, or not to be. " * 300),
        "path must name a text file .*got .*: File name too long",
    ),
    # Checks
    (lambda: checks.claim(5, 5, within=0), "phrase must hold exactly one number, got 0 in 5"),
    (lambda: checks.claim("5 x", None, within=0), "value must be a number, got None"),
    (lambda: checks.claim("5 x", np.ones(2), within=0), "value must be a number, got array"),
    (lambda: checks.difference(1, 1, within=None), "within must be a finite number .* got None"),
    # Results
    (lambda: experiments.load(["a"]), r"name must be one of .* got \['a'\]"),
]


@pytest.mark.messages
@pytest.mark.parametrize(("call", "message"), REFUSALS)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message) as refusal:
        call()
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize(
    "windows", [of_sizes(3, 2, 3), of_sizes(3, 2, 3, fresh=True)], ids=["reset", "fresh"]
)
def test_streams_may_change_in_number_where_nothing_is_carried(windows):
    windows = list(windows)
    edge = Edge.CARRY if windows[1].fresh else Edge.RESET
    assert len(list(train.fit(SQUARE, windows, edge, learning_rate=0.1))) == 3
    assert np.isfinite(train.evaluate(SQUARE, windows, edge))


@pytest.mark.messages
@pytest.mark.parametrize("value", [P, TAPE, list(range(999)), -(10**400)])
def test_a_large_value_is_not_printed_in_full(value):
    with pytest.raises(ValueError, match=r"batch_size must be .* got .*") as refusal:
        layout.account(9, value, 1)
    assert len(str(refusal.value)) < 120
    assert str(refusal.value).endswith("...")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("attempt", [np.ones(3), 10**400, Fraction(1, 2), object(), [[1], [1, 2]]])
@pytest.mark.parametrize("expected", [3, "abc", True, [1, 2]])
def test_report_never_raises_whatever_the_attempt(capsys, attempt, expected):
    checks.report("try", attempt, expected)
    checks.report_function("try", lambda: attempt, [checks.Case((), expected)])
    assert capsys.readouterr().out.count("try: not yet, ") == 2


@pytest.mark.messages
@pytest.mark.parametrize("stored", ["", "{", "[]", json.dumps({"result": {}})[:-1]])
def test_a_damaged_result_is_refused(tmp_path, monkeypatch, stored):
    monkeypatch.setattr(experiments, "RESULTS", tmp_path)
    name = "feedforward_seconds"
    (tmp_path / f"{name}.json").write_text(stored)
    with pytest.raises(ValueError, match=f"name must be a result .* got '{name}'"):
        experiments.load(name)
