"""The optimisers by their formulas; the loop against the same steps written out plainly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import CELLS, distance, each_cell, few, problem, seeds

from helpers import cells, layout, train
from helpers.layout import Window
from helpers.truncation import Edge

V = 5


def weights(cell=cells.RNN, seed=0):
    return problem(cell, D=V, V=V, seed=seed).params


def windows(num_steps=4, batch_size=3, num_tokens=43):
    corpus = np.random.default_rng(0).integers(V, size=num_tokens)
    return list(layout.windows(layout.to_streams(corpus, batch_size), num_steps))


def gradient(params, window, state=None):
    tape = cells.forward(params, window.x, state)
    loss, dlogits = cells.cross_entropy(tape.logits, window.y)
    return loss, cells.backward(params, tape, dlogits)[0].flat(), tape


@few
@given(st.sampled_from(CELLS), seeds, st.floats(0.01, 10))
def test_clip_shortens_and_keeps_the_direction(cell, seed, max_norm):
    grads = problem(cell, seed=seed).params
    before = grads.flat()
    clipped, norm = train.clip(grads, max_norm)
    assert norm == pytest.approx(np.sqrt((before**2).sum()))
    assert distance(clipped, before * min(1, max_norm / norm)) <= 1e-14
    assert (grads.flat() == before).all()
    assert train.clip(grads, 2 * norm)[0] is grads


@each_cell
def test_adam_and_sgd_are_the_textbooks(cell):
    p, rng, state = weights(cell), np.random.default_rng(0), None
    w, m, v = p.flat(), 0, 0
    for n, rate in enumerate((0.1, 0.1, 0.02, 0.3), start=1):
        grads = p.map(lambda a: rng.normal(size=a.shape))
        g, before, old = grads.flat(), p.flat(), state and state[1].copy()
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - rate * (m / (1 - 0.9**n)) / (np.sqrt(v / (1 - 0.999**n)) + 1e-8)
        (q, after), given = train.adam(p, grads, state, rate), state
        assert distance(q, w) <= 1e-12
        assert distance(train.sgd(p, grads, rate), before - rate * g) <= 1e-15
        assert (p.flat() == before).all()
        assert given is None or (given[1] == old).all()
        p, state = q, after


def plainly(params, windows, edge, optimiser, rate_of, max_norm, window_tokens):
    """The loop without buffers, one array for each thing."""
    state = moments = None
    tokens, full = 0, window_tokens or windows[0].x.size
    for update, window in enumerate(windows, start=1):
        fresh = window.fresh or edge is Edge.RESET
        loss, grads, tape = gradient(params, window, None if fresh else state)
        grads = grads * window.x.size / full
        norm = np.linalg.norm(grads)
        if max_norm is not None:
            grads = grads * min(1, max_norm / norm)
        grads, rate = params.like(grads), rate_of(update)
        if optimiser == "sgd":
            params = train.sgd(params, grads, rate)
        else:
            params, moments = train.adam(params, grads, moments, rate)
        state = tape.state(len(window.x))
        tokens += window.x.size
        yield update, tokens, loss, norm, params


@few
@given(
    cell=st.sampled_from(CELLS),
    edge=st.sampled_from(Edge),
    optimiser=st.sampled_from(["sgd", "adam"]),
    max_norm=st.sampled_from([None, 0.1, 1.0]),
    window_tokens=st.sampled_from([None, 7]),
    num_steps=st.integers(1, 15),
    batch_size=st.integers(1, 5),
)
def test_fit_is_the_loop_written_out(cell, num_steps, batch_size, edge, **options):
    seen = windows(num_steps, batch_size)
    seen += seen[: len(seen) // 2]  # a second epoch begins with a fresh window
    start, rate_of = weights(cell), lambda update: 0.3 / update
    before = start.flat()
    wanted = list(plainly(start, seen, edge, rate_of=rate_of, **options))
    records = list(train.fit(start, seen, edge, learning_rate=rate_of, keep=True, **options))
    assert len(records) == len(wanted) == len(seen)
    for r, (update, tokens, loss, norm, params) in zip(records, wanted):
        assert (r.update, r.tokens) == (update, tokens)
        assert abs(r.loss - loss) <= 1e-12
        assert abs(r.grad_norm - norm) <= 1e-12
        assert distance(r.params, params) <= 1e-12
    assert (start.flat() == before).all()


@each_cell
def test_at_a_rate_of_0_carried_windows_are_one_long_window(cell):
    p, seen = weights(cell), windows()
    long = gradient(p, *windows(99))[0]
    losses = [r.loss for r in train.fit(p, seen, Edge.CARRY, learning_rate=0)]
    assert np.average(losses, weights=[w.x.size for w in seen]) == pytest.approx(long, abs=1e-12)
    assert train.evaluate(p, seen, Edge.CARRY) == pytest.approx(long, abs=1e-12)
    assert train.evaluate(p, seen + seen, Edge.CARRY) == pytest.approx(long, abs=1e-12)
    alone = [gradient(p, w)[0] for w in seen]
    resets = [r.loss for r in train.fit(p, seen, Edge.RESET, learning_rate=0)]
    assert resets == pytest.approx(alone, abs=1e-12)
    mean = np.average(alone, weights=[w.x.size for w in seen])
    assert train.evaluate(p, seen, Edge.RESET) == pytest.approx(mean, abs=1e-12)
    assert abs(mean - long) > 1e-4


def test_fit_waits_for_its_caller_and_a_record_has_its_weights_until_the_next():
    asked = []
    endless = (asked.append(n) or windows()[0] for n in range(10**9))
    single = weights().map(np.float32)
    updates = train.fit(single, endless, Edge.RESET, learning_rate=0.1, optimiser="adam")
    assert not asked
    first, params = (record := next(updates)), record.params
    clipped = train.clip(single, np.float64(0.1))[0]
    stepped = train.sgd(single, clipped, np.float64(0.1))
    assert {p.flat().dtype for p in (params, clipped, stepped)} == {np.dtype(np.float32)}
    second = next(updates)
    assert asked == [0, 1]
    assert distance(second.params, params) > 1e-3
    with pytest.raises(
        ValueError, match=r"params of update 1 must be read before the next .* keep"
    ):
        first.params  # noqa: B018


P = weights()
fit = {"params": P, "windows": windows(), "edge": Edge.CARRY, "learning_rate": 0.1}
other = [*windows(), Window(*(np.zeros((2, 2), int),) * 2, 0, False)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"edge": "carry"}, r"edge must be Edge.RESET or Edge.CARRY, got 'carry'"),
        ({"optimiser": "adamw"}, r"optimiser must be one of 'sgd', 'adam', got 'adamw'"),
        ({"learning_rate": -1}, "learning_rate must be .* at least 0 or a function, got -1"),
        ({"max_norm": 0}, "max_norm must be a finite number greater than 0 or None, got 0"),
        ({"window_tokens": 0}, "window_tokens must be an integer of at least 1 or None, got 0"),
        ({"windows": iter([])}, "windows must hold at least one .*, got none; a generator .* anew"),
        ({"windows": other}, r"state must have shape \(1, 2, 4\), got shape \(1, 3, 4\)"),
        ({"params": problem(cells.GRU).params}, r"x must be ids in 0\.\.3, got int64 in 0\.\.4"),
    ],
)  # fmt: skip
def test_refusals_say_what_would_work(changes, message):
    with pytest.raises(ValueError, match=message):
        list(train.fit(**(fit | changes)))
