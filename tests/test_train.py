"""Optimisers against torch and by hand; the loop against the same steps written out plainly."""

from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import CELLS, Shape, distance, problem
from strategies import cells, seeds

from helpers import bptt, gru, layout, lstm, rnn, train
from helpers.layout import Window
from helpers.truncation import Edge

few = settings(max_examples=20)
each_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__name__)
V = 5


def corpus(num_tokens=43, seed=0):
    return np.random.default_rng(seed).integers(V, size=num_tokens)


def weights(cell, seed=0):
    return problem(cell, Shape(D=V, V=V), seed).params


def windows(num_steps=4, batch_size=3, **changes):
    streams = layout.to_streams(corpus(**changes), batch_size)
    return list(layout.windows(streams, num_steps))


def of_one(value):
    """Parameters in which every entry is `value`."""
    return weights(rnn).map(lambda w: np.full_like(w, value))


def test_clip_by_hand():
    grads = of_one(0.0)
    grads.b_h[:2] = 3, 4
    clipped, norm = train.clip(grads, 1)
    assert norm == 5
    np.testing.assert_allclose(clipped.b_h[:2], [0.6, 0.8])
    assert grads.b_h[1] == 4
    assert train.clip(grads, 5)[0] is grads
    assert train.clip(grads, 6) == (grads, 5)


@few
@given(cells, seeds, st.floats(0.01, 10))
def test_clip_keeps_the_direction(cell, seed, max_norm):
    grads = problem(cell, seed=seed).params
    clipped, norm = train.clip(grads, max_norm)
    assert norm == pytest.approx(np.linalg.norm(grads.flat()))
    assert np.linalg.norm(clipped.flat()) == pytest.approx(min(norm, max_norm))
    assert clipped.flat() / np.linalg.norm(clipped.flat()) == pytest.approx(grads.flat() / norm)


def test_sgd_by_hand():
    after = train.sgd(of_one(2.0), of_one(3.0), 0.5)
    assert set(after.flat()) == {0.5}


def test_adam_by_hand():
    """The first step is the learning rate, whatever the gradient; the means are unbiased."""
    after, state = train.adam(of_one(2.0), of_one(-3.0), None, 0.5)
    np.testing.assert_allclose(after.flat(), 2.5, atol=1e-8)
    assert state.updates == 1
    np.testing.assert_allclose(state.mean.flat(), -0.3)
    np.testing.assert_allclose(state.square.flat(), 0.009)


@each_cell
@pytest.mark.parametrize("options", [{}, {"beta1": 0.5, "beta2": 0.7, "eps": 1e-3}])
def test_adam_is_torchs(cell, options):
    p, rng, state = weights(cell), np.random.default_rng(0), None
    theirs = torch.tensor(p.flat(), requires_grad=True)
    betas = (options.get("beta1", 0.9), options.get("beta2", 0.999))
    optimiser = torch.optim.Adam([theirs], lr=0.1, betas=betas, eps=options.get("eps", 1e-8))
    for rate in (0.1, 0.1, 0.02, 0.02, 0.1, 0.1):
        grads = p.map(lambda w: rng.normal(size=w.shape))
        p, state = train.adam(p, grads, state, rate, **options)
        theirs.grad = torch.tensor(grads.flat())
        optimiser.param_groups[0]["lr"] = rate
        optimiser.step()
        assert distance(p, theirs.detach().numpy()) <= 1e-12


@pytest.mark.parametrize("max_norm", [None, 0.05])
def test_sgd_with_clipping_is_torchs(max_norm):
    records = list(
        train.fit(weights(rnn), windows(), Edge.RESET, learning_rate=0.5, max_norm=max_norm)
    )
    before = weights(rnn)
    for record, window in zip(records, windows(), strict=True):
        share = window.x.size / 12
        tape = rnn.forward(before, window.x)
        grads, _ = bptt.backward(before, tape, rnn.cross_entropy(tape.logits, window.y)[1])
        theirs = torch.tensor(before.flat(), requires_grad=True)
        theirs.grad = torch.tensor(grads.flat() * share)
        if max_norm is not None:
            torch.nn.utils.clip_grad_norm_([theirs], max_norm)
        torch.optim.SGD([theirs], lr=0.5).step()
        # torch divides by the norm plus 1e-6
        assert distance(record.params, theirs.detach().numpy()) <= 1e-6
        before = record.params


def plain(params, windows, edge, cell, optimiser, rate_of, max_norm):
    """The loop without buffers, one array for each thing."""
    state = moments = None
    tokens, full = 0, windows[0].x.size
    for update, window in enumerate(windows, start=1):
        if window.fresh or edge is Edge.RESET:
            state = None
        tape = cell.forward(params, window.x, state)
        loss, dlogits = rnn.cross_entropy(tape.logits, window.y)
        grads, _ = bptt.of(cell).backward(params, tape, dlogits)
        grads = grads.map(lambda g, share=window.x.size / full: g * share)
        norm, rate = np.sqrt((grads.flat() ** 2).sum()), rate_of(update)
        if max_norm is not None and norm > max_norm:
            grads = grads.map(lambda g, by=max_norm / norm: g * by)
        if optimiser == "sgd":
            params = params.map(lambda w, g, rate=rate: w - rate * g, grads)
        else:
            params, moments = train.adam(params, grads, moments, rate)
        state = tape.state(len(window.x))
        tokens += window.x.size
        yield train.Record(update, tokens, loss, norm, params)


@few
@given(
    cell=cells,
    edge=st.sampled_from(Edge),
    optimiser=st.sampled_from(["sgd", "adam"]),
    max_norm=st.sampled_from([None, 0.1, 1.0]),
    num_steps=st.integers(1, 15),
    batch_size=st.integers(1, 5),
)
def test_fit_is_the_loop_written_out(cell, edge, optimiser, max_norm, num_steps, batch_size):
    seen = windows(num_steps, batch_size)
    seen += seen[: len(seen) // 2]  # a second epoch begins with a fresh window

    def rate_of(update):
        return 0.3 / update

    ours = list(
        train.fit(
            weights(cell),
            iter(seen),
            edge,
            cell=cell,
            optimiser=optimiser,
            learning_rate=rate_of,
            max_norm=max_norm,
        )
    )
    wanted = list(plain(weights(cell), seen, edge, cell, optimiser, rate_of, max_norm))
    assert len(ours) == len(wanted) == len(seen)
    for one, other in zip(ours, wanted, strict=True):
        assert (one.update, one.tokens) == (other.update, other.tokens)
        assert abs(one.loss - other.loss) <= 1e-12
        assert abs(one.grad_norm - other.grad_norm) <= 1e-12
        assert distance(one.params, other.params) <= 1e-12


def test_a_short_last_window_counts_for_its_tokens():
    """One position of three streams after windows of four: a quarter of the step."""
    p = weights(rnn)
    *_, first, last = [(w.x.shape, w) for w in windows(num_steps=4, num_tokens=3 * 10)]
    assert (first[0], last[0]) == ((4, 3), (1, 3))
    both = [first[1], Window(last[1].x, last[1].y, 8, fresh=True)]
    records = list(train.fit(p, both, Edge.RESET, learning_rate=0.1, max_norm=None))
    before = records[0].params
    tape = rnn.forward(before, last[1].x)
    grads, _ = bptt.backward(before, tape, rnn.cross_entropy(tape.logits, last[1].y)[1])
    assert distance(records[1].params, before.map(lambda w, g: w - 0.1 * g / 4, grads)) <= 1e-14
    assert records[1].grad_norm == pytest.approx(np.linalg.norm(grads.flat()) / 4)
    assert records[1].tokens == 15


@each_cell
def test_at_a_rate_of_0_training_sees_the_loss_of_one_long_window(cell):
    p, seen = weights(cell), windows(num_steps=4)
    records = list(train.fit(p, seen, Edge.CARRY, cell=cell, learning_rate=0))
    assert (records[-1].params.flat() == p.flat()).all()
    sizes = [w.x.size for w in seen]
    (whole,) = windows(num_steps=99)
    tape = cell.forward(p, whole.x)
    long, _ = rnn.cross_entropy(tape.logits, whole.y)
    assert np.average([r.loss for r in records], weights=sizes) == pytest.approx(long, abs=1e-12)


@each_cell
def test_reset_starts_every_window_from_zeros(cell):
    p, seen = weights(cell), windows()
    losses = [r.loss for r in train.fit(p, seen, Edge.RESET, cell=cell, learning_rate=0)]
    alone = [rnn.cross_entropy(cell.forward(p, w.x).logits, w.y)[0] for w in seen]
    np.testing.assert_allclose(losses, alone, atol=1e-14)
    carried = [r.loss for r in train.fit(p, seen, Edge.CARRY, cell=cell, learning_rate=0)]
    assert carried[0] == losses[0]
    assert abs(carried[1] - losses[1]) > 1e-4


@each_cell
def test_fresh_windows_start_from_zeros_though_the_state_is_carried(cell):
    p, seen = weights(cell), windows()
    twice = list(train.fit(p, [*seen, *seen], Edge.CARRY, cell=cell, learning_rate=0))
    n = len(seen)
    assert [r.loss for r in twice[:n]] == [r.loss for r in twice[n:]]
    stale = Window(seen[0].x, seen[0].y, 0, fresh=False)
    last = list(train.fit(p, [*seen, stale], Edge.CARRY, cell=cell, learning_rate=0))[-1]
    assert abs(last.loss - twice[0].loss) > 1e-4
    mixed = train.evaluate(p, [seen[0], stale], Edge.CARRY, cell=cell)
    assert abs(mixed - train.evaluate(p, [seen[0], seen[0]], Edge.CARRY, cell=cell)) > 1e-4


@each_cell
@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_neither_input_nor_records_are_overwritten(cell, optimiser):
    p = weights(cell)
    before = p.flat()
    kept = []
    for record in train.fit(
        p, windows(), Edge.CARRY, cell=cell, optimiser=optimiser, learning_rate=0.1
    ):
        kept.append((record, record.params.flat().copy()))
    assert (p.flat() == before).all()
    for record, then in kept:
        assert (record.params.flat() == then).all()
    assert distance(kept[-1][1], kept[0][1]) > 1e-3


def test_fit_waits_for_its_caller():
    asked = []

    def endless():
        while True:
            asked.append(1)
            yield windows()[0]

    updates = train.fit(weights(rnn), endless(), Edge.RESET, learning_rate=0.1)
    assert not asked
    assert [r.update for r in islice(updates, 3)] == [1, 2, 3]
    assert len(asked) == 3


@each_cell
def test_training_lowers_the_loss(cell):
    """A text that counts round and round is learned."""
    streams = layout.to_streams(np.arange(600) % V, 4)
    records = list(
        train.fit(
            cell.init(V, 8, V, np.random.default_rng(0)),
            layout.windows(streams, 5),
            Edge.CARRY,
            cell=cell,
            optimiser="adam",
            learning_rate=0.05,
        )
    )
    assert records[0].loss > 1.2
    assert records[-1].loss < 0.3


@each_cell
def test_float32_stays_float32(cell):
    p = weights(cell).map(np.float32)
    for optimiser in ("sgd", "adam"):
        records = train.fit(
            p, windows(), Edge.CARRY, cell=cell, optimiser=optimiser, learning_rate=0.1
        )
        assert {r.params.flat().dtype for r in records} == {np.dtype(np.float32)}


@few
@given(cells, st.integers(1, 20))
def test_evaluate_does_not_depend_on_T_when_the_state_is_carried(cell, num_steps):
    p = weights(cell)
    long = train.evaluate(p, windows(99), Edge.CARRY, cell=cell)
    assert abs(train.evaluate(p, windows(num_steps), Edge.CARRY, cell=cell) - long) <= 1e-12


def test_evaluate_weighs_tokens_not_windows():
    p, seen = weights(rnn), windows(num_steps=4, num_tokens=30)
    assert [w.x.size for w in seen] == [12, 12, 3]
    losses = [rnn.cross_entropy(rnn.forward(p, w.x).logits, w.y)[0] for w in seen]
    wanted = (12 * losses[0] + 12 * losses[1] + 3 * losses[2]) / 27
    assert train.evaluate(p, seen, Edge.RESET) == pytest.approx(wanted, abs=1e-14)
    assert abs(np.mean(losses) - wanted) > 1e-3


def test_evaluate_of_weights_that_know_nothing():
    p = weights(rnn).map(np.zeros_like)
    assert train.evaluate(p, windows(), Edge.CARRY) == pytest.approx(np.log(V))


P = weights(rnn)


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: train.clip(P, 0), "max_norm must be greater than 0, got 0"),
        (lambda: train.clip(P, np.inf), "max_norm must be a finite number .*got inf"),
        (lambda: train.sgd(P, P, -1), "learning_rate must be at least 0, got -1"),
        (lambda: train.sgd(P, weights(gru), 1), "grads must be of type helpers.rnn.Params, got"),
        (lambda: train.adam(P, P, None, -1), "learning_rate must be at least 0, got -1"),
        (lambda: train.adam(P, P, None, 1, beta1=1), "beta1 must be .* less than 1, got 1"),
        (lambda: train.adam(P, P, None, 1, beta2=-0.1), "beta2 must be at least 0 .*got -0.1"),
        (lambda: train.adam(P, P, None, 1, eps=0), "eps must be greater than 0, got 0"),
        (
            lambda: train.fit(P, windows(), "carry", learning_rate=1),
            "edge must be Edge.CARRY or Edge.RESET, got 'carry'",
        ),
        (
            lambda: train.fit(P, windows(), Edge.CARRY, learning_rate=1, cell=layout),
            "cell must be one of the modules rnn, lstm, gru, got <module 'helpers.layout'",
        ),
        (
            lambda: train.fit(P, windows(), Edge.CARRY, learning_rate=1, optimiser="adamw"),
            "optimiser must be one of 'sgd', 'adam', got 'adamw'",
        ),
        (
            lambda: train.fit(P, windows(), Edge.CARRY, learning_rate=-1),
            "learning_rate must be at least 0, got -1",
        ),
        (
            lambda: train.fit(P, windows(), Edge.CARRY, learning_rate=1, max_norm=0),
            "max_norm must be greater than 0, got 0",
        ),
        (
            lambda: list(train.fit(P, windows(), Edge.CARRY, learning_rate=lambda update: -update)),
            "learning_rate must be at least 0, got -1",
        ),
        (
            lambda: list(train.fit(problem(rnn).params, windows(), Edge.CARRY, learning_rate=1)),
            "x must hold ids in 0..3, got 4",
        ),
        (lambda: train.evaluate(P, windows(), None), "edge must be Edge.CARRY or .*, got None"),
        (lambda: train.evaluate(P, [], Edge.CARRY), "windows must hold at least one .*, got none"),
        (lambda: train.evaluate(problem(rnn).params, windows(), Edge.CARRY), "x must hold ids in"),
        (
            lambda: train.evaluate(P, windows(), Edge.CARRY, cell=layout),
            "cell must be one of the modules rnn, lstm, gru",
        ),
        (
            lambda: train.evaluate(P, windows(), Edge.CARRY, cell=lstm),
            "params must be of type helpers.lstm.Params, got helpers.rnn.Params",
        ),
        (
            lambda: next(train.fit(P, windows(), Edge.CARRY, cell=lstm, learning_rate=1)),
            "params must be of type helpers.lstm.Params, got helpers.rnn.Params",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
