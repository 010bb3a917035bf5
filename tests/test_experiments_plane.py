"""The functions behind the chapter's kept results, on cases small enough to check by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from helpers import corpus, experiments, layout, lstm, rnn
from helpers.experiments import (
    plane,
    plane_effective,
    plane_gradients,
    plane_grid,
    plane_own_text,
    plane_recipe,
    plane_seconds,
    truncation,
)
from helpers.truncation import Edge

PLACES = [Path(__file__).parents[up] / "shared/data/wikitext-2/valid.txt" for up in (1, 2)]
REAL_TEXT = next((place for place in PLACES if place.exists()), PLACES[0])
SMALL = lstm.init(5, 3, 5, np.random.default_rng(0))
IDS = np.random.default_rng(1).integers(5, size=400)


# The headline


def test_the_peak_rate_grows_with_the_tokens_up_to_six_times():
    rates = [plane.peak_rate(B, T) for B, T in ((8, 16), (1, 64), (128, 2), (64, 64))]
    assert rates == [0.01, 0.005, 0.02, 0.06]


def test_every_split_has_the_tokens_of_the_others():
    assert {B * T for B, T in plane.SPLITS} == {128}
    assert (plane.SPLITS[0], plane.SPLITS[-1]) == ((128, 1), (1, 128))


def test_training_goes_as_in_the_chapter_on_truncation(monkeypatch):
    monkeypatch.setattr(truncation, "TOKENS", 3001)
    ours = plane.trained(
        truncation.text(1, corpus.ALPHABET)[0],
        truncation.initial(25, 1),
        8,
        16,
        Edge.CARRY,
        plane.peak_rate(8, 16),
    )
    np.testing.assert_array_equal(ours.flat(), truncation.trained(16, Edge.CARRY, 1).flat())


def test_bits_are_those_of_the_windows_the_network_was_trained_with():
    each = []
    streams = layout.to_streams(IDS, 16)
    for window in layout.windows(streams, 6):
        tape = lstm.forward(SMALL, window.x)
        each.append((rnn.cross_entropy(tape.logits, window.y)[0] / np.log(2), window.x.size))
    losses, sizes = np.transpose(each)
    assert plane.bits(SMALL, IDS, Edge.RESET, 6) == pytest.approx(np.average(losses, weights=sizes))
    two = layout.to_streams(IDS, 2)
    whole = rnn.cross_entropy(lstm.forward(SMALL, two[:-1]).logits, two[1:])[0] / np.log(2)
    assert plane.bits(SMALL, IDS, Edge.CARRY, 6) == pytest.approx(whole)


def test_the_loss_of_each_token_has_the_cross_entropy_as_its_mean():
    streams = layout.to_streams(IDS, 4)
    tape = lstm.forward(SMALL, streams[:-1])
    loss = plane.token_bits(1000 + 30 * tape.logits, streams[1:])
    assert loss.shape == streams[1:].shape
    expected = rnn.cross_entropy(30 * tape.logits, streams[1:])[0] / np.log(2)
    assert loss.mean() == pytest.approx(expected)


@pytest.mark.parametrize("edge", Edge)
def test_the_loss_by_position_averages_over_all_windows_but_the_first(edge):
    by_hand = np.zeros(3)
    streams = layout.to_streams(IDS, 16)
    state = None
    starts = range(0, 24, 3)
    for start in starts:
        tape = lstm.forward(SMALL, streams[start : start + 3], state)
        state = tape.state(3) if edge is Edge.CARRY else None
        losses = plane.token_bits(tape.logits, streams[start + 1 : start + 4])
        by_hand += losses.mean(axis=1) if start else 0
    found = plane.positions(SMALL, IDS, 3, edge)
    np.testing.assert_allclose(found, by_hand / (len(starts) - 1))


def test_bytes_are_those_of_the_formula():
    B, T, H, V = 3, 5, 4, 6
    assert plane.tape_bytes(B, T, H, V) == 8 * B * (H * (7 * T + 2) + V * T + T)


def test_results_of_all_seeds_are_rounded_and_the_first_is_nudged():
    asked = []

    def run(setting, seed, nudge=0):
        asked.append((setting, seed, nudge))
        return [seed / 3 + nudge * 1e-9]

    results, moved = plane.of_seeds(run, (1, 2), "here")
    assert results == [[0.3333], [0.6667]]
    assert asked == [("here", 1, 0), ("here", 2, 0), ("here", 1, 4)]
    assert moved == pytest.approx(4e-9)


@pytest.mark.parametrize("far", [1.0, np.nan])
def test_a_chaotic_setting_is_refused(far):
    with pytest.raises(ValueError, match="chaotic"):
        plane.of_seeds(lambda seed, nudge=0: [nudge * far], (1,))


def test_a_column_is_one_number_with_each_edge_as_they_are_kept(monkeypatch):
    monkeypatch.setattr(plane, "split", lambda T, edge, seed: [T + seed / 3 + (edge is Edge.CARRY)])
    assert plane.column(4, 1) == {"reset": 4.3333, "carry": 5.3333}


# The grid


def test_a_cell_with_more_tokens_tries_higher_rates():
    cells = [(B, T) for B in plane_grid.BATCH_SIZES for T in plane_grid.NUM_STEPS]
    cells.sort(key=lambda cell: cell[0] * cell[1])
    lowest = [plane_grid.rates_of(*cell)[0] for cell in cells]
    assert lowest == sorted(lowest)
    assert {len(plane_grid.rates_of(*cell)) for cell in cells} == {plane_grid.TRIED}
    assert [plane_grid.rates_of(B, T)[0] for B, T in ((4, 4), (16, 4), (4, 64))] == [
        0.001,
        0.003,
        0.01,
    ]


def test_the_two_best_rates_of_one_seed_are_tried_by_all(monkeypatch):
    def bits(B, T, rate, seed):
        return {0.001: 0.5, 0.003: 0.7, 0.01: 0.4, 0.03: 0.9}[rate] + (seed > 1) * 9 * rate

    monkeypatch.setattr(plane_grid, "validation_bits", bits)
    first, final = plane_grid.tried(4, 4, plane_grid.rates_of(4, 4), (1, 2, 3))
    assert first == {0.001: 0.5, 0.003: 0.7, 0.01: 0.4, 0.03: 0.9}
    assert final == pytest.approx({0.001: 0.5 + 0.006, 0.01: 0.4 + 0.06})


def test_validation_text_is_neither_learned_from_nor_tested_on(monkeypatch):
    seen = []
    monkeypatch.setattr(plane_grid, "network", lambda *cell: None)
    monkeypatch.setattr(plane_grid, "bits", lambda params, ids, edge, T: seen.append(ids) or 0.0)
    plane_grid.validation_bits(4, 4, 0.01, 1)
    plane_grid.held_out_bits(4, 4, 0.01, 1)
    learned, tested = truncation.text(1, corpus.ALPHABET)
    np.testing.assert_array_equal(seen[1], tested)
    assert (seen[0][:1000] != tested[:1000]).any()
    assert (seen[0][:1000] != learned[:1000]).any()


# Seconds


def test_the_three_costs_are_found_from_exact_seconds():
    seconds = [[2e-4 + T * (1e-5 + B * 3e-6) for T in (1, 5, 9)] for B in (1, 2, 4)]
    costs = plane_seconds.line((1, 2, 4), (1, 5, 9), seconds)
    assert costs == pytest.approx(
        {"update": 2e-4, "tick": 1e-5, "token": 3e-6, "off": 0}, rel=1e-9, abs=1e-12
    )


def test_both_libraries_make_the_same_update():
    pytest.importorskip("torch")
    before = truncation.initial(25, 1).W_hy
    ours, theirs = plane_seconds.ours(3, 4), plane_seconds.torchs(3, 4)
    for _ in range(3):
        params, head = ours().params, theirs()
    moved = params.W_hy - before
    assert np.abs(moved).max() > 2e-6
    np.testing.assert_allclose(head.weight.detach().numpy().T - before, moved, atol=1e-8)


def test_seconds_are_those_of_the_quickest_round(monkeypatch):
    times = iter([1.0, 5.0, 2.0])  # the first only tells how often to call
    monkeypatch.setattr(plane_seconds, "_seconds", lambda run, calls: next(times))
    assert plane_seconds.quickest({"a": lambda: None}, rounds=2) == {"a": 2.0}


# Noise and effective tokens


def test_gradients_of_the_streams_add_up_to_that_of_the_window():
    streams = layout.to_streams(IDS, 8)
    tape = lstm.forward(SMALL, streams[:10])
    _, dlogits = rnn.cross_entropy(tape.logits, streams[1:11])
    each = plane_gradients.of_streams(SMALL, tape, dlogits)
    whole = lstm.backward(SMALL, tape, dlogits)[0].flat()
    assert each.shape == (8, len(whole))
    np.testing.assert_allclose(each.sum(0), whole, rtol=1e-10, atol=1e-14)
    alone = lstm.backward(SMALL, lstm.forward(SMALL, streams[:10, 2:3]), dlogits[:, 2:3])[0]
    np.testing.assert_allclose(each[2], alone.flat(), rtol=1e-10, atol=1e-14)


def test_samples_are_windows_or_single_tokens_of_the_warm_streams():
    windows = list(layout.windows(layout.to_streams(IDS, 4), 5, drop_last=True))
    together = plane_gradients.sample_gradients(SMALL, windows, 2, None)
    assert len(together) == 4 * (len(windows) - 2)
    state = lstm.forward(SMALL, layout.to_streams(IDS, 4)[:10]).state(10)
    tape = lstm.forward(SMALL, windows[2].x, state)
    gradients, _ = lstm.backward(SMALL, tape, rnn.cross_entropy(tape.logits, windows[2].y)[1])
    np.testing.assert_allclose(together[:4].mean(0), gradients.flat(), rtol=1e-9, atol=1e-13)

    single = plane_gradients._slopes(tape, windows[2].y, np.random.default_rng(3))
    chosen = np.random.default_rng(3).integers(5, size=4)
    for b, t in enumerate(chosen):
        _, alone = rnn.cross_entropy(
            tape.logits[t : t + 1, b : b + 1], windows[2].y[t : t + 1, b : b + 1]
        )
        np.testing.assert_allclose(single[t, b], alone[0, 0])
    assert np.count_nonzero(single.any(axis=-1)) == 4


def test_the_noise_scale_is_that_of_known_samples():
    draws = np.random.default_rng(0).normal(size=(4000, 5)) * 2 + np.array([1, 0, 0, 0, 0])
    assert plane_gradients.scale_in_tokens(draws, 16) == pytest.approx(16 * 20, rel=0.15)
    exact = np.array([[3.0, 0.0], [1.0, 0.0]])
    assert plane_gradients.scale_in_tokens(exact, 1) == pytest.approx(2 / (4 - 1))


def test_a_network_writes_what_it_foretells():
    loud = replace(SMALL, W_hy=4 * SMALL.W_hy)
    ids = plane_effective.written(loud, 5, 40_000, seed=1)
    assert ids.shape == (5, 40_000)
    np.testing.assert_array_equal(ids[:, :9], plane_effective.written(loud, 5, 40_000, 1)[:, :9])
    tape = lstm.forward(loud, ids[:-1])
    e = np.exp(tape.logits[-1])
    foretold = (e / e.sum(axis=1, keepdims=True)).mean(0)
    np.testing.assert_allclose(np.bincount(ids[-1]) / 40_000, foretold, atol=0.01)


def test_adjacent_tokens_of_the_true_source_count_in_full():
    loud = replace(SMALL, W_hy=3 * SMALL.W_hy)
    windows = list(layout.windows(plane_effective.written(loud, 17, 1000, 1), 8))
    other = lstm.init(5, 3, 5, np.random.default_rng(7))
    assert plane_effective.effective(loud, windows, 1) == pytest.approx(8, rel=0.15)
    assert plane_effective.effective(other, windows, 1) < 7


# A text of one's own


def test_the_grammar_writes_the_same_file_again(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        plane_own_text.write_text(tmp_path / name, 500, seed)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c
    assert len(a) == 500


def test_verbs_agree_with_their_subjects():
    teller = plane_own_text.Teller(3)
    nouns = {noun: n for pair in plane_own_text.NOUNS for n, noun in enumerate(pair)}
    verbs = {v.split()[0]: n for pair in plane_own_text.VERBS for n, v in enumerate(pair)}
    for _ in range(200):
        text = teller.sentence()
        assert text[0].isupper()
        assert text.endswith(".")
        first, *second = text[:-1].lower().split(", and ")
        words = first.split()
        subject = next(nouns[word] for word in words if word in nouns)
        main = [verbs[word] for word in words if word in verbs]
        assert main[-1] == subject
        if "that" in words:
            about = words[words.index("that") + 1 :]
            near = next(nouns[word] for word in about if word in nouns)
            assert main[0] == near
            assert len(main) == 2
        if second:
            assert second[0].split()[0] == ("it", "they")[subject]
            assert verbs[second[0].split()[1]] == subject


def test_the_news_of_a_text_is_that_of_its_choices():
    teller = plane_own_text.Teller(1)
    assert [teller._number() for _ in range(8)] != [0] * 8
    assert teller.news == pytest.approx(8)
    before = teller.news
    word = teller._one(("a", "b"))
    assert teller.news - before == pytest.approx(-np.log2({"a": 2 / 3, "b": 1 / 3}[word]))


def short(path):
    return plane_own_text.staircase(
        path, steps=(1, 16), rates=(0.1,), seeds=(1,), hidden_size=16, most_tokens=20_001
    )


def check_the_staircase(found):
    reset, carry = (np.ravel(found[name]) for name in ("reset", "carry"))
    assert found["updates"] == [77, 79]
    assert reset[1] < reset[0] - 0.1
    assert carry[0] < reset[0] - 0.1
    assert (np.array([reset, carry]) < np.log2(found["symbols"])).all()
    assert max(found["reset_moved"] + found["carry_moved"]) < 1e-6


def test_the_staircase_on_the_text_of_the_grammar(tmp_path):
    plane_own_text.write_text(tmp_path / "own.txt", 30_000, 1)
    check_the_staircase(short(tmp_path / "own.txt"))


@pytest.mark.skipif(not REAL_TEXT.exists(), reason="needs shared/data/wikitext-2")
def test_the_staircase_on_real_text():
    check_the_staircase(short(REAL_TEXT))


def test_the_rate_is_chosen_on_one_text_and_the_bits_are_those_of_another(tmp_path, monkeypatch):
    def bits(parts, V, H, T, edge, rate, seed, nudge=0):
        return [abs(rate - 0.02) + 1, rate + 10 * seed + (edge is Edge.CARRY) + T / 8]

    monkeypatch.setattr(plane_own_text, "held_out_bits", bits)
    plane_own_text.write_text(tmp_path / "own.txt", 11_000, 1)
    found = plane_own_text.staircase(tmp_path / "own.txt", steps=(2, 4), rates=(0.01, 0.02))
    assert found["reset"] == [[10.27, 20.27, 30.27], [10.52, 20.52, 30.52]]
    assert found["carry"] == [[11.27, 21.27, 31.27], [11.52, 21.52, 31.52]]
    assert found["carry_rate"] == [0.02, 0.02]


def test_a_text_that_is_too_short_is_refused(tmp_path):
    plane_own_text.write_text(tmp_path / "own.txt", 500, 1)
    with pytest.raises(ValueError, match="path must name a text of at least"):
        plane_own_text.staircase(tmp_path / "own.txt")


# The recipe's case


def test_every_split_of_the_case_keeps_within_the_bytes():
    for B, T in plane_recipe.splits():
        held = plane.tape_bytes(B, T, plane_recipe.HIDDEN, plane_recipe.NUM_SYMBOLS)
        assert held <= plane_recipe.MOST_BYTES
    for T in plane_recipe.STEPS:
        more = plane_recipe.most_streams(T) + 1, T
        held = plane.tape_bytes(*more, plane_recipe.HIDDEN, plane_recipe.NUM_SYMBOLS)
        assert held > plane_recipe.MOST_BYTES


def test_the_tokens_of_a_split_take_the_seconds_of_the_budget():
    costs = plane_recipe.COSTS
    for B, T in plane_recipe.splits():
        updates = plane_recipe.tokens_within(B, T) / (B * T)
        taken = updates * (costs["update"] + T * (costs["tick"] + B * costs["token"]))
        assert taken == pytest.approx(plane_recipe.SECONDS, rel=1e-4)


def test_the_costs_are_near_those_that_were_measured():
    measured = experiments.load("plane_seconds")["fit"]
    for name, cost in plane_recipe.COSTS.items():
        assert measured[name] == pytest.approx(cost, rel=0.3)


# What is kept


def test_the_headline_holds_the_networks_of_truncation():
    kept = experiments.load("plane_headline")
    other = experiments.load("truncation_mismatch")["bits"]
    for T in (1, 16):
        row = kept["reset"][plane.STEPS.index(T)]
        assert row == [bits[0] for bits in other[f"T = {T}, reset"]]


def test_the_grid_chose_its_rates_by_validation():
    kept = experiments.load("plane_grid")
    cells = [(i, j) for i in range(4) for j in range(4)]
    for i, j in cells:
        rates, final, bits = (kept[k][i][j] for k in ("finalists", "final", "validation"))
        tried = {r: b for r, b in zip(kept["rates"], bits, strict=True) if b is not None}
        assert set(rates) == set(sorted(tried, key=tried.get)[:2])
        assert kept["best_rate"][i][j] == rates[int(np.argmin(final))]


def test_a_distance_stands_out_in_the_gradient_before_it_is_learned():
    kept = experiments.load("plane_recipe")
    for lags in kept["lags"]:
        assert 1 + int(np.argmax(lags[1:])) == kept["distance"] - 1


def test_measured_and_predicted_bytes_agree():
    kept = experiments.load("plane_headline")
    assert kept["bytes"] == [plane.tape_bytes(B, T) for B, T in kept["splits"]]
