"""The shelf of tools: loaders, sequences, closed forms, measures, the budget, texts."""

import hashlib
import itertools
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from problems import CELLS, each_cell, few, problem, seeds
from torch.nn.utils.rnn import pack_padded_sequence

from helpers import cells, layout, truncation
from helpers.tools import budget, closed_form, loaders, measure, sequences, texts, torch_twin

sizes = st.tuples(st.integers(2, 90), st.integers(1, 7), st.integers(1, 12))

# Loaders: definitions restated position by position; the corpus is numbered


def rows(L, n, B, T):
    """The first n inputs of B streams that begin L apart."""
    return [
        [[[b * L + p, b * L + p + 1] for p in range(s, min(s + T, n))] for b in range(B)]
        for s in range(0, n, T)
    ]


def stretches(starts, B, T):
    every = [[[i + t, i + t + 1] for t in range(T)] for i in starts]
    return [every[i : i + B] for i in range(0, len(every), B)]


def full(windows, B, T):
    return [w for w in windows if len(w) == B and len(w[0]) == T]


DEFINITIONS = {
    "streams": lambda N, B, T: rows(N // B, N // B - 1, B, T),
    "ptb": lambda N, B, T: full(rows(N // B, N // B - 1, B, T), B, T),
    "fastai": lambda N, B, T: rows((N - 1) // B, (N - 1) // B, B, T),
    "sequential": lambda N, B, T: full(rows((N - 1) // B, (N - 1) // B, B, T), B, T),
    "overlapping": lambda N, B, T: stretches(range(N - T), B, T),
    "dealt": lambda N, B, T: full(stretches(range(0, N - T, T), B, T), B, T),
}


def loaded(name, *size):
    """All (input, target) positions, window by window and stream by stream; none if refused."""
    try:
        windows = list(getattr(loaders, name)(np.arange(size[0]), *size[1:]))
    except ValueError:
        return []
    return [np.stack([w.x.T, w.y.T], axis=-1).tolist() for w in windows]


@pytest.mark.parametrize("name", DEFINITIONS)
@given(size=sizes)
def test_a_loader_is_what_its_definition_says(name, size):
    assert loaded(name, *size) == DEFINITIONS[name](*size)


@pytest.mark.parametrize("name", [*loaders.LOADERS, "shuffled"])
@given(size=sizes)
def test_a_loader_counts_as_the_accounting_does(name, size):
    got = loaded(name, *size)
    if not got:
        with pytest.raises(ValueError, match="must"):
            loaders.account(*size, loader=name)
        return
    targets = [y for window in got for row in window for _, y in row]
    distinct = len(set(targets))
    counted = loaders.Accounting(
        len(targets), len(got), size[0] - 1 - distinct, len(targets) - distinct
    )
    assert counted == loaders.account(*size, loader=name)


@given(size=sizes, seed=seeds, fresh=st.booleans())
def test_shuffled_windows_use_no_position_twice(size, seed, fresh):
    N, B, T = size
    assume((N - 1) // T >= B)
    rng = np.random.default_rng(seed)
    seen = list(loaders.shuffled_windows(np.arange(N), B, T, rng, fresh=fresh))
    inputs = np.concatenate([w.x.ravel() for w in seen])
    assert len(np.unique(inputs)) == inputs.size == len(seen) * B * T
    assert all(w.fresh is fresh and (w.y == w.x + 1).all() for w in seen)
    assert all((np.diff(w.x, axis=0) == 1).all() for w in seen)


@given(size=sizes)
def test_place_and_token_are_inverse_and_every_place_is_taken_once(size):
    N, B, T = size
    assume(N // B >= 2)
    places = {i: loaders.place(i, N, B, T) for i in range(N)}
    taken = {p: i for i, p in places.items() if p is not None}
    assert len(taken) == B * (N // B - 1)
    for w, window in enumerate(layout.windows(layout.to_streams(np.arange(N), B), T)):
        for t, b in np.ndindex(window.x.shape):
            assert taken[b, w, t] == loaders.token_at(b, w, t, N, B, T) == window.x[t, b]


@given(size=sizes)
def test_only_streams_continue(size):
    N, B, T = size
    assume(N // B > 2 * T)
    ids = np.arange(N)
    for name in ("streams", "ptb", "fastai", "sequential"):
        read = getattr(loaders, name)
        assert loaders.continuation(read(ids, B, T)) == 1
        assert T == 1 or loaders.audit(read(ids, B, T)) == loaders.Audit(1, 1, 1, 0)
    assert loaders.continuation(loaders.dealt(ids, B, T)) == (B == 1)
    assert loaders.continuation(loaders.overlapping(ids, B, T)) == (B == T)


def test_every_fault_has_a_signature_of_its_own():
    """97 tokens, 3 streams, windows of 4; sound: target, step, column, once."""
    found = {name: loaders.audit(f(np.arange(97), 3, 4)) for name, f in loaders.SUSPECTS.items()}
    sound = {}
    for name, a in found.items():
        right = (a.next_target == 1, a.next_step == 1, a.continues == 1, a.repeated == 0)
        sound[name] = "".join(itertools.compress("tsco", right))
    assert sound == {"A": "to", "B": "ts", "C": "sco", "D": "tsco", "E": "o", "F": "tso"}
    assert found["C"].next_target == pytest.approx(23 / 31), "one row of each of 8 windows"
    assert found["F"].continues < 0.2


# Sequences

lengths = st.lists(st.integers(2, 8), min_size=1, max_size=5)


def gradient(params, x, y, weight=None, reset=None):
    tape = cells.forward(params, x, reset=reset)
    loss, dlogits = cells.cross_entropy(tape.logits, y, weight=weight)
    return loss, cells.backward(params, tape, dlogits)[0].flat()


def one_by_one(params, texts):
    """Loss and gradient of a loop over single sequences, every target weighing the same."""
    found = [(len(ids) - 1, *gradient(params, ids[:-1, None], ids[1:, None])) for ids in texts]
    targets = sum(n for n, _, _ in found)
    return sum(n * a for n, a, _ in found) / targets, sum(n * g for n, _, g in found) / targets


@few
@given(cell=st.sampled_from(CELLS), lengths=lengths, seed=seeds)
def test_padding_gives_loss_gradient_and_last_states_of_single_sequences(cell, lengths, seed):
    rng = np.random.default_rng(seed)
    texts = [rng.integers(5, size=n) for n in lengths]
    params = cells.init(cell, 5, 4, 5, rng)
    x, y, weight = sequences.pad(texts)
    found, exact = gradient(params, x, y, weight), one_by_one(params, texts)
    assert found[0] == pytest.approx(exact[0], abs=1e-12)
    np.testing.assert_allclose(found[1], exact[1], rtol=0, atol=1e-12)
    steps = weight.sum(axis=0).astype(int)
    last = sequences.last_states(cells.forward(params, x), steps)
    packed = pack_padded_sequence(
        torch.eye(5).double()[x], torch.tensor(steps), enforce_sorted=False
    )
    theirs = torch_twin.to_torch(params)[0](packed)[1]
    for ours, state in zip(last, theirs if cell is cells.LSTM else (theirs,), strict=True):
        np.testing.assert_allclose(state[0].detach().numpy(), ours, rtol=0, atol=1e-12)


@few
@given(
    cell=st.sampled_from(CELLS),
    lengths=st.lists(st.integers(1, 6), min_size=2, max_size=8),
    seed=seeds,
)
def test_documents_in_streams_with_resets_are_documents_alone(cell, lengths, seed):
    rng, end = np.random.default_rng(seed), 4
    ids = np.concatenate([np.append(rng.integers(end, size=n), end) for n in lengths])
    laid = layout.to_streams(ids, 2)
    reset = sequences.reset_before(laid, end)
    pieces = [
        piece
        for column, marks in zip(laid.T, reset.T, strict=True)
        for piece in np.split(column, np.flatnonzero(marks)[1:])
        if len(piece) > 1
    ]
    assume(pieces)
    params = cells.init(cell, 5, 4, 5, rng)
    found = gradient(params, laid[:-1], laid[1:], 1.0 * (laid[:-1] != end), reset[:-1])
    exact = one_by_one(params, pieces)
    assert found[0] == pytest.approx(exact[0], abs=1e-12)
    np.testing.assert_allclose(found[1], exact[1], rtol=0, atol=1e-12)


@given(N=st.integers(2, 40), B=st.integers(1, 9), warm_up=st.integers(0, 12))
def test_overlapping_streams_count_every_target_once_after_its_warm_up(N, B, warm_up):
    assume(B < N)
    x, y, weight = sequences.overlapping(np.arange(N), B, warm_up)
    assert sorted(y[weight == 1]) == list(range(1, N))
    assert (y[weight == 1] == x[weight == 1] + 1).all()
    for b in range(B):
        first = int(np.flatnonzero(weight[:, b])[0])
        assert first == min(warm_up, x[first, b])


# Closed forms

weights, distances, few_sizes = st.floats(-0.9, 0.9), st.integers(1, 15), st.integers(1, 20)


@given(a=weights, D=distances)
def test_full_gradient_is_the_derivative_of_the_stationary_loss(a, D):
    def loss(w):
        return (1 / (1 - w**2) - 2 * w**D + 1) / 2

    slope = (loss(a + 1e-5) - loss(a - 1e-5)) / 2e-5
    assert closed_form.gradient_mean(a, D) == pytest.approx(slope, rel=1e-6, abs=1e-7)
    assert closed_form.gradient_mean(a, D, depth=500) == pytest.approx(slope, rel=1e-6, abs=1e-7)


@settings(max_examples=15)
@given(a=weights, D=distances, B=few_sizes, T=few_sizes)
def test_mean_and_deviation_are_those_of_a_past_written_out(a, D, B, T):
    past = 350  # 0.9**350 < 1e-16
    x = np.eye(past + T)
    h = np.zeros((past + T + 1, past + T))
    for t, now in enumerate(x):
        h[t + 1] = a * h[t] + now
    form = np.zeros_like(x)
    for t in range(past, past + T):
        arrived = sum(a**lag * h[t - lag] for lag in range(t - past + 1))
        form += np.outer(h[t + 1] - x[t - D], arrived) / T
    variance = np.sum(form * form) + np.sum(form * form.T)
    bias = np.trace(form) - closed_form.gradient_mean(a, D)
    assert closed_form.bias(a, D, T) == pytest.approx(bias, abs=1e-9)
    assert closed_form.deviation(a, D, B, T) ** 2 == pytest.approx(variance / B)
    error = closed_form.root_mean_square(a, D, B, T)
    assert error**2 == pytest.approx(variance / B + bias**2)


@pytest.mark.parametrize(("B", "T"), [(8, 2), (2, 8), (1, 1)])
def test_simulation_agrees_with_the_closed_form(B, T):
    draws = closed_form.simulate(0.8, 5, B, T, 20_000, np.random.default_rng(2))
    deviation = closed_form.deviation(0.8, 5, B, T)
    mean = closed_form.gradient_mean_by_windows(0.8, 5, T)
    assert abs(draws.mean() - mean) < 4 * deviation / np.sqrt(len(draws))
    # Four times the standard error of a standard deviation from 20 000 draws with heavy tails.
    assert draws.std() == pytest.approx(deviation, rel=0.05)


# Measures


@given(n=st.integers(2, 6), p=st.integers(1, 4), b=st.integers(1, 3), seed=seeds)
def test_minibatch_variance_is_what_all_minibatches_show(n, p, b, seed):
    """Every ordered draw with replacement, and every subset without, counted out."""
    b, samples = min(b, n), np.random.default_rng(seed).normal(size=(n, p))
    trace = measure.gradient_noise(samples).trace

    def spread(index):
        means = np.array([samples[list(i)].mean(0) for i in index])
        return ((means - samples.mean(0)) ** 2).sum(1).mean()

    again, without = itertools.product(range(n), repeat=b), itertools.combinations(range(n), b)
    assert measure.minibatch_variance(trace, b) == pytest.approx(spread(again), abs=1e-12)
    predicted = measure.minibatch_variance(trace, b, num_samples=n)
    assert predicted == pytest.approx(spread(without), abs=1e-12)


@each_cell
def test_measures_of_gradients_by_hand(cell):
    p = problem(cell, T=1)
    grads, lag = cells.backward(*p.run())[0], cells.by_lag(*p.run())
    inner = [w.ravel() for name, w in grads.arrays().items() if name not in ("W_hy", "b_y")]
    assert measure.norm_by_lag(lag) == pytest.approx(np.linalg.norm(np.concatenate(inner)))
    assert measure.relative_error(grads.map(lambda g: 1.5 * g), grads) == pytest.approx(0.5)
    assert measure.cosine(grads, grads.map(lambda g: -2 * g)) == pytest.approx(-1)
    assert measure.slope([1, 2, 4], [3, 3 / 4, 3 / 16]) == pytest.approx(-2)
    slope = measure.numerical(p.loss, p.params, grads)
    assert slope == pytest.approx(np.sum(grads.flat() ** 2), rel=1e-6)
    with pytest.raises(ValueError, match="exact must not be all zero"):
        measure.relative_error(grads, grads.map(np.zeros_like))


# Budget

small = st.integers(1, 6)


@each_cell
@few
@given(B=small, T=small, H=small, V=small, layers=st.integers(1, 3), vectors=st.booleans())
def test_its_bytes_are_those_of_real_tapes(cell, B, T, H, V, layers, vectors):
    """Only the top layer of a stack has an output layer."""
    D, kept, count, draw = V + 2 if vectors else V, 0, 0, np.random.default_rng(0)
    x = np.ones((T, B, D)) if vectors else np.zeros((T, B), int)
    for layer in range(layers):
        params = cells.init(cell, D, H, V, draw)
        tape = cells.forward(params, x)
        kept += measure.kept_bytes(tape)
        count += params.flat().size
        if layer:  # its inputs are the states below, and the output layer is counted already
            kept -= x.nbytes + tape.logits.nbytes
            count -= H * V + V
        x, D = tape.h[1:].copy(), H
    about = {"num_symbols": V, "cell": cell.name.lower(), "num_layers": layers}
    about["num_inputs"] = V + 2 if vectors else None
    assert budget.kept_bytes(B, T, H, **about) == kept
    assert budget.parameters(H, **about) == count


@given(N=st.integers(2, 300), B=st.integers(1, 20), T=st.integers(1, 40))
def test_its_counts_are_those_of_the_windows_and_of_the_plan(N, B, T):
    assume(N // B >= 2)
    found = budget.work_out(N, B, T, 3, num_symbols=4)
    windows = list(layout.windows(layout.to_streams(np.arange(N), B), T))
    assert (found.stream_length, found.updates) == (N // B, len(windows))
    assert (found.tokens, found.last_steps) == (windows[0].x.size, len(windows[-1].x))
    assert found.targets == sum(found.losses_by_depth) == sum(w.x.size for w in windows)
    depths = np.repeat(truncation.depths(N // B - 1, T, T), B)
    assert found.losses_by_depth == tuple(np.bincount(depths)[1:])
    assert found.mean_depth == pytest.approx(depths.mean())


@given(
    D=st.integers(1, 40),
    noise=st.floats(1, 1e5),
    spare=st.integers(0, 10**7),
    least=st.integers(1, 9),
    extra=st.integers(0, 9) | st.none(),
)
def test_a_choice_fits_its_bounds_and_wastes_no_bytes(D, noise, spare, least, extra):
    kept = partial(budget.kept_bytes, hidden_size=8, num_symbols=5, cell="gru")
    most, top = kept(least, 1) + spare, None if extra is None else least + extra
    bounds = {"least_streams": least, "most_streams": top}
    B, T = budget.choose(D, noise, most, 8, **bounds, num_symbols=5, cell="gru")
    assert kept(B, T) <= most
    assert least <= B <= (top or B)
    assert T == 2 * D or kept(least, T + 1) > most
    assert least == B or noise >= B * T
    room = (top or B + 1) >= B + 1 and noise >= (B + 1) * T
    assert not room or kept(B + 1, T) > most


# Texts


def test_a_text_is_fetched_once_and_its_digest_is_checked(tmp_path, monkeypatch):
    (tmp_path / "text.txt").write_text("to be or not to be")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/text.txt"
    digest = hashlib.sha256(b"to be or not to be").hexdigest()
    for name, known_hash in (("right", digest), ("other", "0" * 64)):
        monkeypatch.setitem(texts.SOURCES, name, {"url": url, "known_hash": known_hash})
    try:
        with pytest.raises(ValueError, match="hash"):
            texts.fetch("other", tmp_path / "kept")
        path = texts.fetch("right", tmp_path / "kept")
    finally:
        server.shutdown()
        server.server_close()
    assert texts.fetch("right", tmp_path / "kept") == path
    text = texts.load(path)
    assert text.decode(text.ids) == "to be or not to be"
