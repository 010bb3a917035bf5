"""Sources are what their floors say; a text comes back as it was written; draws have names."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from helpers import corpus, seeds

draws = st.integers(0, 2**32 - 1)
texts = st.text(st.characters(codec="utf-8"), max_size=60)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@st.composite
def arrangements(draw):
    """Period and responses: each response and its call on letters of their own."""
    period = draw(st.integers(2, 27))
    letters = draw(st.permutations(range(period - 1)))
    pairs = draw(st.integers(0, (period - 1) // 2))
    responses = []
    for position, call in zip(letters[:pairs], letters[pairs : 2 * pairs], strict=True):
        cycles = draw(st.integers(0, 1))
        responses.append((position, (position - call) % period + cycles * period))
    return period, tuple(responses)


def measured_bits(ids, context):
    """Entropy of a token given the ones before it, from counts, with Miller and Madow's term."""
    base = int(ids.max()) + 1
    rows = np.lib.stride_tricks.sliding_window_view(ids, context + 1)
    codes = rows @ base ** np.arange(context + 1)[::-1]

    def bits(codes):
        counts = np.unique(codes, return_counts=True)[1]
        p = counts / len(codes)
        return p @ -np.log2(p) + (len(counts) - 1) / (2 * len(codes) * np.log(2))

    return bits(codes) - bits(codes // base)


@given(a=names, b=names, s=st.integers(0, 9), t=st.integers(0, 9))
def test_a_named_use_draws_the_same_again_and_shares_with_no_other(a, b, s, t):
    same = seeds.rng(a, s).random() == seeds.rng(b, t).random()
    assert same == ((a, s) == (b, t))


def test_draws_are_the_same_on_every_platform_and_sums_are_taken_by_one_thread():
    seeds.deterministic()
    assert all(pool["num_threads"] == 1 for pool in threadpool_info())
    assert seeds.rng("weights").integers(0, 1000, 5).tolist() == [189, 459, 478, 501, 276]


@given(arrangement=arrangements(), num_tokens=st.integers(1, 200), seed=draws)
def test_letters_are_recited_and_responses_copy_their_calls(arrangement, num_tokens, seed):
    alphabet = corpus.Alphabet(*arrangement)
    ids = corpus.call_and_response(num_tokens, np.random.default_rng(seed), alphabet)
    place, capital = ids % alphabet.period, ids // alphabet.period
    assert (ids.dtype, len(ids)) == (np.int64, num_tokens)
    assert set(np.diff(place) % alphabet.period) <= {1}
    assert not capital[place == alphabet.period - 1].any()
    for position, distance in alphabet.responses:
        here = np.flatnonzero(place == position)
        here = here[here >= distance]
        np.testing.assert_array_equal(capital[here], capital[here - distance])


@pytest.mark.parametrize(
    ("alphabet", "contexts"),
    [(corpus.ALPHABET, (1, 2, 4, 5, 9, 10)), (corpus.cover(5, (1, 8), 1), (1, 7, 8))],
)
def test_floors_are_the_measured_entropies(alphabet, contexts):
    ids = corpus.call_and_response(400_000, np.random.default_rng(0), alphabet)
    for context in contexts:
        floor = corpus.floor_bits(context, alphabet)
        # A count of 400 000 coins, the largest that 10 letters of context leave, tells to 0.004.
        assert measured_bits(ids, context) == pytest.approx(floor, abs=0.006)


@given(
    period=st.integers(2, 8),
    distances=st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True),
    number=st.integers(1, 2),
)
def test_cover_finds_an_arrangement_if_there_is_one(period, distances, number):
    wanted = [distance for distance in distances for _ in range(number)]

    def fits(positions):
        calls = [(p - d) % period for p, d in zip(positions, wanted, strict=True)]
        return period - 1 not in calls and len({*positions, *calls}) == 2 * len(wanted)

    if any(map(fits, itertools.permutations(range(period - 1), len(wanted)))):
        found = corpus.cover(period, tuple(distances), number)
        assert sorted(d for _, d in found.responses) == sorted(wanted)
    else:
        with pytest.raises(ValueError, match="leave each response a call of its own"):
            corpus.cover(period, tuple(distances), number)


def test_the_floors_of_the_course():
    assert set(corpus.ALPHABET.responses) == {(0, 10), (1, 10), (7, 5), (10, 5), (8, 2), (11, 2)}
    resets = [corpus.reset_floor_bits(T) for T in (1, 2, 4, 8, 16, 32, 64, 128)]
    printed = [0.9231, 0.8462, 0.8077, 0.7115, 0.5962, 0.5288, 0.4952, 0.4784]
    np.testing.assert_allclose(resets, printed, rtol=0, atol=6e-5)


@pytest.mark.parametrize(("num_symbols", "repeat"), [(2, 0.0), (2, 0.9), (5, 0.3)])
def test_copy_floors_are_the_measured_entropies(num_symbols, repeat):
    ids = corpus.copy_task(200_000, 3, num_symbols, np.random.default_rng(0), repeat=repeat)
    for context in (1, 2, 3, 4):
        floor = corpus.copy_floor_bits(context, 3, num_symbols, repeat=repeat)
        # Runs of repeats make neighbours alike, so fewer than 200 000 tokens count.
        assert measured_bits(ids, context) == pytest.approx(floor, abs=0.01)


@given(text=texts)
@example(text="\ufeffa\r\n\rb\r")
@example(text="é\U0001f600\n")
def test_a_file_comes_back_as_it_was_written(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "own.txt"
    path.write_bytes(text.encode())
    expected = re.sub("\r\n?", "\n", text[1:] if text.startswith("\ufeff") else text)
    assume(expected)
    read = corpus.read_text(path, least=1)
    assert read.decode(read.ids) == expected
    assert list(read.symbols) == sorted(set(expected))


@given(num_tokens=st.integers(4, 500), data=st.data())
def test_split_loses_and_shares_no_token(num_tokens, data):
    held_out = data.draw(st.floats(2 / num_tokens, 1 - 2 / num_tokens))
    ids = np.arange(num_tokens)
    train, rest = corpus.split(ids, held_out)
    np.testing.assert_array_equal(np.concatenate([train, rest]), ids)
    np.testing.assert_array_equal(corpus.one_hot(rest, num_tokens), np.eye(num_tokens)[rest])


def test_refusals_that_teach(tmp_path):
    short, foreign = tmp_path / "short.txt", tmp_path / "foreign.txt"
    short.write_text("ab")
    foreign.write_bytes(b"caf\xe9 noir")
    with pytest.raises(ValueError, match=r"at least 9 characters, got 2 in .* a longer text"):
        corpus.read_text(short, least=9)
    with pytest.raises(ValueError, match=r"saved as UTF-8, got .*0xe9 in position 3.* would work"):
        corpus.read_text(foreign)
    for responses in (((0, 1),), ((2, 5),), ((2, 1), (1, 1)), ((2, 1), (3, 2)), ((2, 1), (2, 2))):
        with pytest.raises(ValueError, match="finds positions that do"):
            corpus.Alphabet(5, responses)
