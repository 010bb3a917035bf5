import itertools
import os
import re

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from helpers import corpus

seeds = st.integers(0, 2**32 - 1)
texts = st.text(st.characters(codec="utf-8"), max_size=60)


@st.composite
def arrangements(draw):
    """Period and responses of an alphabet: each response and its call on letters of their own.

    Tests build the alphabet themselves: the shape checks draw at random, which hypothesis
    forbids inside a strategy.
    """
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
    assert base ** (context + 1) < 2**63
    codes = rows @ base ** np.arange(context + 1)[::-1]

    def bits(codes):
        counts = np.unique(codes, return_counts=True)[1]
        p = counts / len(codes)
        return p @ -np.log2(p) + (len(counts) - 1) / (2 * len(codes) * np.log(2))

    return bits(codes) - bits(codes // base)


def sample(num_tokens, alphabet, seed):
    return corpus.call_and_response(num_tokens, np.random.default_rng(seed), alphabet)


# call and response


@given(arrangement=arrangements(), num_tokens=st.integers(1, 200), seed=seeds)
def test_letters_are_recited_and_responses_copy_their_calls(arrangement, num_tokens, seed):
    alphabet = corpus.Alphabet(*arrangement)
    ids = sample(num_tokens, alphabet, seed)
    place, capital = ids % alphabet.period, ids // alphabet.period
    assert ids.dtype == np.int64
    assert len(ids) == num_tokens
    assert set(np.diff(place) % alphabet.period) <= {1}
    assert set(capital) <= {0, 1}
    assert not capital[place == alphabet.period - 1].any()
    for position, distance in alphabet.responses:
        here = np.flatnonzero(place == position)
        here = here[here >= distance]
        np.testing.assert_array_equal(capital[here], capital[here - distance])


@pytest.mark.parametrize(
    ("alphabet", "contexts"),
    [
        (corpus.ALPHABET, (1, 2, 4, 5, 9, 10)),
        (corpus.cover(5, (1, 8), 1), (1, 7, 8)),
        (corpus.Alphabet(4, ()), (1, 2)),
    ],
)
def test_floors_are_the_measured_entropies(alphabet, contexts):
    ids = sample(400_000, alphabet, 0)
    for context in contexts:
        floor = corpus.floor_bits(context, alphabet)
        # A count of 400 000 coins, the largest that 10 letters of context leave, tells to 0.004.
        assert measured_bits(ids, context) == pytest.approx(floor, abs=0.006)


def test_text_is_as_random_at_its_start_as_later():
    texts = np.array([sample(73, corpus.ALPHABET, seed) for seed in range(1500)])
    place, capital = texts % 13, texts // 13
    # Four standard errors of a share in 1500 draws, and of the ratio of two variances.
    np.testing.assert_allclose(np.bincount(place[:, 0]) / 1500, 1 / 13, rtol=0, atol=0.028)
    np.testing.assert_allclose(capital.mean(axis=0), 6 / 13, rtol=0, atol=0.052)
    first, later = capital[:, :13].sum(axis=1), capital[:, -13:].sum(axis=1)
    assert first.var() == pytest.approx(later.var(), rel=0.2)


def test_call_and_response_repeats_with_its_generator():
    np.testing.assert_array_equal(sample(50, corpus.ALPHABET, 1), sample(50, corpus.ALPHABET, 1))
    assert (sample(50, corpus.ALPHABET, 1) != sample(50, corpus.ALPHABET, 2)).any()


def test_reading_the_alphabet():
    text = corpus.ALPHABET.decode(sample(100, corpus.ALPHABET, 0))
    assert "abcdefghijkl abcdefghijkl" in text.lower() + text.lower()
    assert corpus.ALPHABET.symbols == "abcdefghijkl ABCDEFGHIJKL"
    by_hand = corpus.Alphabet(3, ())
    assert by_hand.decode(np.array([0, 4, 2, 3])) == "aB A"


# alphabets


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

    everywhere = itertools.permutations(range(period - 1), len(wanted))
    exists = any(fits(positions) for positions in everywhere)
    try:
        found = corpus.cover(period, tuple(distances), number)
    except ValueError:
        assert not exists
    else:
        assert exists
        assert found.period == period
        assert sorted(d for _, d in found.responses) == sorted(wanted)


def test_the_alphabet_of_the_course():
    written = {(0, 10), (1, 10), (7, 5), (10, 5), (8, 2), (11, 2)}
    assert set(corpus.ALPHABET.responses) == written
    assert corpus.ALPHABET.period == 13


def test_cover_by_hand():
    # Four letters, two at distance 2: c copies a, d copies b.
    assert corpus.cover(5, (2,), 2).responses == ((2, 2), (3, 2))


# floors


@given(arrangement=arrangements(), context=st.integers(1, 40))
def test_a_longer_context_never_costs_bits(arrangement, context):
    alphabet = corpus.Alphabet(*arrangement)
    now, later = (corpus.floor_bits(k, alphabet) for k in (context, context + 1))
    arrived = sum(distance == context + 1 for _, distance in alphabet.responses)
    assert (now - later) * alphabet.period == pytest.approx(arrived)


@given(arrangement=arrangements(), num_steps=st.integers(2, 40))
def test_a_longer_window_adds_one_context_to_the_mean(arrangement, num_steps):
    alphabet = corpus.Alphabet(*arrangement)
    longer = num_steps * corpus.reset_floor_bits(num_steps, alphabet)
    shorter = (num_steps - 1) * corpus.reset_floor_bits(num_steps - 1, alphabet)
    assert longer - shorter == pytest.approx(corpus.floor_bits(num_steps, alphabet))


def test_floors_by_hand():
    floors = [corpus.floor_bits(k) for k in (1, 2, 4, 5, 9, 10, 99)]
    np.testing.assert_allclose(floors, np.array([12, 10, 10, 8, 8, 6, 6]) / 13)
    resets = [corpus.reset_floor_bits(T) for T in (1, 2, 4, 8, 16, 32, 64, 128)]
    written = [0.9231, 0.8462, 0.8077, 0.7115, 0.5962, 0.5288, 0.4952, 0.4784]
    # The course prints these with four digits.
    np.testing.assert_allclose(resets, written, rtol=0, atol=6e-5)


# copy task


@given(distance=st.integers(1, 12), num_symbols=st.integers(2, 9), seed=seeds)
def test_sure_repeats_are_periodic(distance, num_symbols, seed):
    rng = np.random.default_rng(seed)
    ids = corpus.copy_task(60, distance, num_symbols, rng, repeat=1.0)
    assert ids.dtype == np.int64
    assert len(ids) == 60
    assert set(ids) <= set(range(num_symbols))
    np.testing.assert_array_equal(ids[distance:], ids[:-distance])


@given(
    distance=st.integers(1, 6),
    num_symbols=st.integers(2, 5),
    repeat=st.floats(0, 1),
    seed=seeds,
)
def test_tokens_repeat_at_the_distance_and_nowhere_else(distance, num_symbols, repeat, seed):
    rng = np.random.default_rng(seed)
    ids = corpus.copy_task(20_000, distance, num_symbols, rng, repeat=repeat)
    equal = np.mean(ids[distance:] == ids[:-distance])
    # Five standard errors of a share in 20 000 tokens.
    assert equal == pytest.approx(repeat + (1 - repeat) / num_symbols, abs=0.018)
    assert np.mean(ids[2 * distance :] == ids[: -2 * distance]) == pytest.approx(
        repeat**2 + (1 - repeat**2) / num_symbols, abs=0.05
    )


@pytest.mark.parametrize("repeat", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("num_symbols", [2, 5])
def test_copy_floors_are_the_measured_entropies(num_symbols, repeat):
    ids = corpus.copy_task(200_000, 3, num_symbols, np.random.default_rng(0), repeat=repeat)
    for context in (1, 2, 3, 4):
        floor = corpus.copy_floor_bits(context, 3, num_symbols, repeat=repeat)
        # Runs of repeats make neighbours alike, so fewer than 200 000 tokens count.
        assert measured_bits(ids, context) == pytest.approx(floor, abs=0.01)


@given(distance=st.integers(1, 9), context=st.integers(1, 12), num_symbols=st.integers(2, 9))
def test_copy_floor_lies_between_knowing_all_and_nothing(distance, context, num_symbols):
    nothing = np.log2(num_symbols)
    sure = corpus.copy_floor_bits(context, distance, num_symbols, repeat=1.0)
    never = corpus.copy_floor_bits(context, distance, num_symbols, repeat=0.0)
    assert sure == (0 if context >= distance else pytest.approx(nothing))
    assert never == pytest.approx(nothing)


def test_copy_floor_by_hand():
    # V = 4, repeat 1/3: the earlier symbol with 1/2, three others with 1/6 each.
    by_hand = 1 / 2 * 1 + 3 / 6 * np.log2(6)
    assert corpus.copy_floor_bits(2, 2, 4, repeat=1 / 3) == pytest.approx(by_hand)
    assert corpus.copy_floor_bits(1, 2, 4, repeat=1 / 3) == 2


# text


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
    assert read.ids.dtype == np.int64
    assert list(read.symbols) == sorted(set(expected))


def test_read_text_by_hand(tmp_path):
    path = tmp_path / "own.txt"
    path.write_bytes(b"\xef\xbb\xbfto be\r\n")
    text = corpus.read_text(str(path), least=6)
    assert text.symbols == "\n beot"
    np.testing.assert_array_equal(text.ids, [5, 4, 1, 2, 3, 0])
    assert text.decode(text.ids[-3:-1]) == "be"


# one-hot


@given(
    shape=st.lists(st.integers(0, 4), max_size=3),
    num_symbols=st.integers(1, 6),
    dtype=st.sampled_from([np.float32, np.float64]),
    kind=st.sampled_from([np.uint8, np.int32, np.int64]),
    seed=seeds,
)
def test_one_hot_picks_rows_of_the_identity(shape, num_symbols, dtype, kind, seed):
    ids = np.random.default_rng(seed).integers(num_symbols, size=shape, dtype=kind)
    vectors = corpus.one_hot(np.asarray(ids), num_symbols, dtype)
    assert vectors.dtype == dtype
    np.testing.assert_array_equal(vectors, np.eye(num_symbols)[ids])


def test_one_hot_by_hand():
    ids = np.array([[1], [0]])
    np.testing.assert_array_equal(corpus.one_hot(ids, 2), [[[0, 1]], [[1, 0]]])


# split


@given(num_tokens=st.integers(4, 500), data=st.data())
def test_split_loses_and_shares_no_token(num_tokens, data):
    held_out = data.draw(st.floats(2 / num_tokens, 1 - 2 / num_tokens))
    ids = np.arange(num_tokens)
    train, rest = corpus.split(ids, held_out)
    np.testing.assert_array_equal(np.concatenate([train, rest]), ids)
    assert len(rest) == pytest.approx(held_out * num_tokens, abs=0.5)
    assert np.shares_memory(train, ids)
    assert np.shares_memory(rest, ids)


def test_split_by_hand():
    train, held_out = corpus.split(np.array([7, 8, 9, 7, 8]), held_out=0.4)
    np.testing.assert_array_equal(train, [7, 8, 9])
    np.testing.assert_array_equal(held_out, [7, 8])
    assert [len(part) for part in corpus.split(np.arange(100))] == [90, 10]


# refusals

IDS = np.arange(10)
RNG = np.random.default_rng(0)

REFUSALS = [
    (
        lambda: corpus.Alphabet(28, ()),
        "period must be an integer in 2..27, got 28",
    ),
    (
        lambda: corpus.Alphabet(4, [(2, 2)]),
        "responses must be a tuple of pairs (position, distance) such as ((2, 2),), got [(2, 2)]",
    ),
    (
        lambda: corpus.Alphabet(4, (2, 2)),
        "responses must be a tuple of pairs (position, distance) such as ((2, 2),), got (2, 2)",
    ),
    (
        lambda: corpus.Alphabet(4, ((3, 1),)),
        "each position in responses must be an integer in 0..2, got 3",
    ),
    (
        lambda: corpus.Alphabet(4, ((1, 0),)),
        "each distance in responses must be an integer of at least 1, got 0",
    ),
    *[
        (
            lambda responses=responses: corpus.Alphabet(5, responses),
            "responses must stand on different letters and copy different letters that are no "
            f"responses, got {responses} with period 5; cover(period, distances, number) finds "
            "positions that do",
        )
        for responses in [
            ((0, 1),),  # copies the space
            ((2, 5),),  # copies itself
            ((2, 1), (1, 1)),  # copies a response
            ((2, 1), (3, 2)),  # both copy b
            ((2, 1), (2, 2)),  # both stand on c
        ]
    ],
    (
        lambda: corpus.ALPHABET.decode(np.array([3, 25])),
        "ids must hold ids in 0..24, got 25",
    ),
    (
        lambda: corpus.ALPHABET.decode(np.zeros((2, 2), int)),
        "ids must be a numpy array of integers with shape (n,), got int64 with shape (2, 2)",
    ),
    (lambda: corpus.cover(1, (1,), 1), "period must be an integer in 2..27, got 1"),
    (lambda: corpus.cover(5, (1,), 0), "number must be an integer of at least 1, got 0"),
    (lambda: corpus.cover(5, (0,), 1), "each of distances must be an integer of at least 1, got 0"),
    *[
        (
            lambda distances=distances: corpus.cover(9, distances, 1),
            f"distances must be a tuple of different integers such as (2, 5), got {distances}",
        )
        for distances in [(), (2, 2), [2, 5], 2]
    ],
    (
        lambda: corpus.cover(4, (1,), 2),
        "period, distances and number must leave each response a call of its own, got period 4, "
        "2 at each of (1,); a longer period (at least 5), other distances or a smaller number "
        "would",
    ),
    (
        lambda: corpus.cover(7, (14,), 1),
        "period, distances and number must leave each response a call of its own, got period 7, "
        "1 at each of (14,); a longer period (at least 3), other distances or a smaller number "
        "would",
    ),
    (
        lambda: corpus.call_and_response(0, RNG),
        "num_tokens must be an integer of at least 1, got 0",
    ),
    (
        lambda: corpus.call_and_response(5, 1),
        "rng must be a numpy generator, as from seeds.rng('data'), got 1",
    ),
    *[
        (call, "alphabet must be a corpus.Alphabet such as corpus.ALPHABET, got 'abc'")
        for call in [
            lambda: corpus.call_and_response(5, RNG, "abc"),
            lambda: corpus.floor_bits(5, "abc"),
            lambda: corpus.reset_floor_bits(5, "abc"),
        ]
    ],
    (lambda: corpus.floor_bits(0), "context must be an integer of at least 1, got 0"),
    (lambda: corpus.reset_floor_bits(0), "num_steps must be an integer of at least 1, got 0"),
    (
        lambda: corpus.copy_task(1, 1, 2, RNG),
        "num_tokens must be an integer of at least 2, got 1",
    ),
    (lambda: corpus.copy_task(9, 9, 2, RNG), "distance must be an integer in 1..8, got 9"),
    (
        lambda: corpus.copy_task(9, 2, 1, RNG),
        "num_symbols must be an integer of at least 2, got 1",
    ),
    (
        lambda: corpus.copy_task(9, 2, 2, None),
        "rng must be a numpy generator, as from seeds.rng('data'), got None",
    ),
    (
        lambda: corpus.copy_task(9, 2, 2, RNG, repeat=1.5),
        "repeat must be at least 0 and at most 1, got 1.5",
    ),
    (
        lambda: corpus.copy_floor_bits(0, 2, 2),
        "context must be an integer of at least 1, got 0",
    ),
    (
        lambda: corpus.copy_floor_bits(1, 0, 2),
        "distance must be an integer of at least 1, got 0",
    ),
    (
        lambda: corpus.copy_floor_bits(1, 2, 1),
        "num_symbols must be an integer of at least 2, got 1",
    ),
    (
        lambda: corpus.copy_floor_bits(1, 2, 2, repeat=-0.1),
        "repeat must be at least 0 and at most 1, got -0.1",
    ),
    (lambda: corpus.one_hot(IDS, 0), "num_symbols must be an integer of at least 1, got 0"),
    (lambda: corpus.one_hot(IDS, 9), "ids must hold ids in 0..8, got 9"),
    (lambda: corpus.one_hot(IDS - 1, 10), "ids must hold ids in 0..9, got -1"),
    (
        lambda: corpus.one_hot([0, 1], 2),
        "ids must be a numpy array of integers, got list: [0, 1]",
    ),
    (
        lambda: corpus.one_hot(IDS, 10, int),
        "dtype must be a floating type such as numpy.float64, got <class 'int'>",
    ),
    (
        lambda: corpus.one_hot(IDS, 10, "real"),
        "dtype must be a floating type such as numpy.float64, got 'real'",
    ),
    (
        lambda: corpus.split(IDS * 0.5),
        "ids must be a numpy array of integers with shape (N,), got float64 with shape (10,)",
    ),
    (lambda: corpus.split(IDS[:3]), "ids must hold at least 4 tokens, 2 for each part, got 3"),
    (
        lambda: corpus.split(IDS, 1.0),
        "held_out must be greater than 0 and less than 1, got 1.0",
    ),
    (
        lambda: corpus.split(IDS),
        "held_out must leave at least 2 tokens in each part, got 0.1 of 10 tokens, which leaves "
        "9 and 1; a share that holds out 2 to 8 would work",
    ),
    (
        lambda: corpus.split(IDS, 0.9),
        "held_out must leave at least 2 tokens in each part, got 0.9 of 10 tokens, which leaves "
        "1 and 9; a share that holds out 2 to 8 would work",
    ),
    (
        lambda: corpus.read_text("own.txt", least=0),
        "least must be an integer of at least 1, got 0",
    ),
    (lambda: corpus.read_text(3), "path must be a string or a pathlib.Path, got 3"),
    (
        lambda: corpus.read_text("own\0.txt"),
        r"path must name a text file that can be read, got 'own\x00.txt': embedded null byte",
    ),
]


@pytest.mark.messages
@pytest.mark.parametrize(("call", "message"), REFUSALS)
def test_refusals_name_argument_value_and_remedy(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()


@pytest.mark.messages
def test_decode_of_a_text_refuses_foreign_ids():
    text = corpus.Text(np.array([0, 1]), "ab")
    with pytest.raises(ValueError, match=r"^ids must hold ids in 0\.\.1, got 2$"):
        text.decode(np.array([2]))


@pytest.mark.messages
@pytest.mark.parametrize(
    ("stored", "least", "message"),
    [
        (
            b"",
            2,
            "path must name a text of at least 2 characters, got the empty file 'own.txt': "
            "shorter than one window; a longer text, or fewer streams or time steps, would work",
        ),
        (
            "\ufeffé\r\n".encode(),
            3,
            "path must name a text of at least 3 characters, got 2 in 'own.txt': shorter than "
            "one window; a longer text, or fewer streams or time steps, would work",
        ),
        (
            "\ufeffcaf".encode() + b"\xe9 noir",
            2,
            "path must name a text saved as UTF-8, got 'own.txt' with byte 0xe9 at offset 6 "
            "(counted from 0); the same text saved with the encoding UTF-8 would work",
        ),
        (
            "text".encode("utf-16"),
            2,
            "path must name a text saved as UTF-8, got 'own.txt' with byte 0xff at offset 0 "
            "(counted from 0); the same text saved with the encoding UTF-8 would work",
        ),
    ],
)
def test_files_that_are_no_text_are_refused(tmp_path, monkeypatch, stored, least, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.txt").write_bytes(stored)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        corpus.read_text("own.txt", least=least)


@pytest.mark.messages
def test_missing_files_and_folders_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = (
        "path must name an existing text file, got 'own.txt', and there is no "
        f"{tmp_path / 'own.txt'}; a path from the folder {tmp_path}, or a full one, would work"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        corpus.read_text("own.txt")
    message = (
        f"path must name a text file, got the folder {os.fspath(tmp_path)!r}; "
        "the name of a file inside it would work"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        corpus.read_text(tmp_path)


def test_two_texts_are_not_compared_letter_by_letter():
    """Equal arrays have no single truth, so a text equals itself alone."""
    ids = np.array([0, 1])
    text = corpus.Text(ids, "ab")
    assert text == text
    assert text != corpus.Text(ids, "ab")


@pytest.mark.messages
@pytest.mark.parametrize(("letters", "whole"), [(200, True), (201, False)])
def test_a_refusal_shows_a_path_of_up_to_two_hundred_letters(letters, whole):
    path = "a" * letters
    with pytest.raises(ValueError, match="path must name") as caught:
        corpus.read_text(path)
    assert (repr(path) in str(caught.value)) == whole
