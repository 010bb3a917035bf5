"""Token ids to learn from: sources whose entropy is known exactly, and a reader's own text.

Ids are int64, which looks up rows without a cast and never wraps around. *Distance* belongs to
the data: where a token repeats the one d before it, a loss needs the d latest tokens, hence
depth d. A *floor* is the least cross-entropy that any model can reach, in bits per token.
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import numpy.typing as npt
from jaxtyping import Float, Integer

from helpers._types import Share, Size, checked


@dataclass(frozen=True)
class Alphabet:
    """Letters and a space recited for ever, `period` characters a cycle; only the case is news.

    A *call* is upper or lower case by a fair coin. A *response* (position in the cycle, distance)
    copies the case of the call so far before it; no two copy one call, so no other character in
    between tells the case, and `floor_bits` is exact. Here ``c`` copies ``a``:

    >>> tiny = Alphabet(period=4, responses=((2, 2),))
    >>> tiny.symbols, tiny.decode(np.array([4, 1, 6, 3, 0, 5, 2]))
    ('abc ABC', 'AbC aBc')
    """

    period: int
    responses: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        _check_alphabet(self.period, self.responses)

    @property
    def symbols(self) -> str:
        """Entry i is the character of id i: small letters, the space, capital letters."""
        letters = ascii_lowercase[: self.period - 1]
        return f"{letters} {letters.upper()}"

    def decode(self, ids: Integer[np.ndarray, " n"]) -> str:
        """Text of the ids, one character each."""
        return _decode(ids, self.symbols)


@checked
def _check_alphabet(period: int, responses: tuple[tuple[int, int], ...]) -> None:
    if not 2 <= period <= 27:
        raise ValueError(f"period must be in 2..27, a space and up to 26 letters, got {period}")
    right = all(0 <= p < period - 1 and distance >= 1 for p, distance in responses)
    taken = [p for p, _ in responses] + [(p - distance) % period for p, distance in responses]
    if not right or len(set(taken)) < len(taken) or period - 1 in taken:
        raise ValueError(
            "responses must stand on different letters and copy different letters that are "
            f"no responses, got {responses} with period {period}; "
            "cover(period, distances, number) finds positions that do"
        )


@checked
def cover(period: int, distances: tuple[int, ...], number: Size) -> Alphabet:
    """Alphabet with `number` responses at each of the distances, the longest standing earliest.

    Take a period that shares no factor with the window lengths to be tried: otherwise a letter
    always meets the same position of a window, and a state that is reset there knows where it is.
    """
    wanted = [d for d in sorted(distances, reverse=True) for _ in range(number)]

    @cache
    def place(i: int, earliest: int, taken: int) -> tuple[tuple[int, int], ...] | None:
        """Places for wanted[i:], where the bits of `taken` are letters in use already."""
        if i == len(wanted):
            return ()
        for position in range(earliest, period - 1):
            pair = 1 << position | 1 << (position - wanted[i]) % period
            if pair.bit_count() < 2 or pair & taken:
                continue
            more = i + 1 < len(wanted) and wanted[i + 1] == wanted[i]
            rest = place(i + 1, position + 1 if more else 0, taken | pair)
            if rest is not None:
                return ((position, wanted[i]), *rest)
        return None

    fits = min(wanted, default=0) >= 1 and 2 * len(wanted) < period <= 27
    responses = place(0, 0, 1 << (period - 1)) if fits else None
    if responses is None:
        raise ValueError(
            "period, distances and number must leave each response a call of its own, got "
            f"period {period}, {number} at each of {distances}; a longer period (up to 27), other "
            "distances or a smaller number would"
        )
    return Alphabet(period, tuple(sorted(responses)))


ALPHABET = cover(period=13, distances=(2, 5, 10), number=2)
"""The course's own: six calls; six responses, two at each of the distances 2, 5 and 10."""


@checked
def call_and_response(
    num_tokens: Size, rng: np.random.Generator, alphabet: Alphabet = ALPHABET
) -> Integer[np.ndarray, " N"]:
    """Ids of an alphabet recited from a random letter on, as if it had been recited before too.

    >>> ALPHABET.decode(call_and_response(34, np.random.default_rng(3)))
    'Kl aBCDefgHiJkL AbCDEFgHiJKL ABcDE'
    """
    N, P = num_tokens, alphabet.period
    back = np.zeros(P, dtype=np.int64)
    for position, distance in alphabet.responses:
        back[position] = distance
    before = int(back.max())
    place = (rng.integers(P) + np.arange(N)) % P
    coins = rng.integers(2, size=before + N)
    capital = coins[np.arange(before, before + N) - back[place]]
    capital[place == P - 1] = 0
    return np.asarray(place + P * capital)


@checked
def floor_bits(context: Size, alphabet: Alphabet = ALPHABET) -> float:
    """Bits per character that remain when the last `context` characters are known.

    A call costs one bit, and so does a response while its call is out of sight; letters and
    spaces cost nothing. The loss at the t-th position after a reset sees t characters.

    >>> [f"{13 * floor_bits(k):.0f}/13" for k in (1, 2, 5, 10, 1000)]
    ['12/13', '10/13', '8/13', '6/13', '6/13']
    """
    calls = alphabet.period - 1 - len(alphabet.responses)
    unseen = sum(distance > context for _, distance in alphabet.responses)
    return (calls + unseen) / alphabet.period


@checked
def reset_floor_bits(num_steps: Size, alphabet: Alphabet = ALPHABET) -> float:
    """Bits per character that remain when the state is reset at every window of `num_steps`.

    The mean of `floor_bits` over the contexts 1..T: windows must start at every place of the
    cycle equally often, as they do when T and the period share no factor.
    """
    return float(np.mean([floor_bits(k, alphabet) for k in range(1, num_steps + 1)]))


@checked
def copy_task(
    num_tokens: Size,
    distance: Size,
    num_symbols: Size,
    rng: np.random.Generator,
    *,
    repeat: Share = 0.9,
) -> Integer[np.ndarray, " N"]:
    """Ids that repeat the one `distance` before with probability `repeat`, or are drawn anew.

    >>> copy_task(9, 3, 10, np.random.default_rng(0), repeat=1.0)
    array([8, 6, 5, 8, 6, 5, 8, 6, 5])
    """
    N, D, V = num_tokens, distance, num_symbols
    rows = -(-N // D)
    fresh = rng.integers(V, size=(rows, D))
    anew = rng.random((rows, D)) >= repeat
    # A token is D tokens after the one above it: each column is a chain of its own, and a
    # token equals the latest entry of its column that was drawn anew.
    origin = np.maximum.accumulate(np.where(anew, np.arange(rows)[:, None], 0))
    return np.take_along_axis(fresh, origin, axis=0).ravel()[:N]


@checked
def copy_floor_bits(
    context: Size, distance: Size, num_symbols: Size, *, repeat: Share = 0.9
) -> float:
    """Bits per token of `copy_task` that remain when `context` tokens are known.

    A token drawn anew is the earlier one with probability 1/V. So the earlier symbol comes with
    q = repeat + p, each other with p = (1 - repeat)/V: -q·log2 q - (V - 1)·p·log2 p. Tokens that
    are no multiple of the distance apart are independent: a shorter context is worth nothing.
    """
    V = num_symbols
    if context < distance:
        return float(np.log2(V))
    p = (1 - repeat) / V
    chances = np.array([repeat + p] + [p] * (V - 1))
    chances = chances[chances > 0]
    return float(chances @ -np.log2(chances)) + 0.0


@dataclass(frozen=True, eq=False)
class Text:
    """A text as ids, one a character, and its symbols: entry i is the character of id i."""

    ids: Integer[np.ndarray, " N"]
    symbols: str

    def decode(self, ids: Integer[np.ndarray, " n"]) -> str:
        """Text of the ids, one character each."""
        return _decode(ids, self.symbols)


@checked
def read_text(path: str | os.PathLike[str], *, least: Size = 2) -> Text:
    r"""Characters of a file saved as UTF-8 as ids; it must hold at least `least` of them.

    So that a text has the same ids from every system, a byte order mark at the start is dropped,
    and line ends ``\r\n`` and ``\r`` become ``\n``. A character is a Unicode code point.
    """
    try:
        characters = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise ValueError(
            f"path must name a text saved as UTF-8, got {os.fspath(path)!r}: {wrong}; "
            "the same text saved with the encoding UTF-8 would work"
        ) from None
    characters = characters.replace("\r\n", "\n").replace("\r", "\n")
    if len(characters) < least:
        raise ValueError(
            f"path must name a text of at least {least} characters, got {len(characters)} in "
            f"{os.fspath(path)!r}: shorter than one window; a longer text, or fewer streams or "
            "time steps, would work"
        )
    codes = np.frombuffer(characters.encode("utf-32-le"), dtype="<u4")
    present = np.zeros(int(codes.max()) + 1, dtype=bool)
    present[codes] = True
    ids = (np.cumsum(present) - 1)[codes]
    return Text(ids, "".join(map(chr, np.flatnonzero(present))))


@checked
def one_hot(
    ids: Integer[np.ndarray, "*shape"], num_symbols: Size, dtype: npt.DTypeLike = np.float64
) -> Float[np.ndarray, "*shape V"]:
    """Vectors that are 1 at the id and 0 elsewhere: V times the numbers that the ids take."""
    _check_ids(ids, num_symbols)
    vectors = np.zeros((*ids.shape, num_symbols), dtype=dtype)
    np.put_along_axis(vectors, ids[..., None], 1, axis=-1)
    return vectors


@checked
def split(
    ids: Integer[np.ndarray, " N"], held_out: Share = 0.1
) -> tuple[Integer[np.ndarray, " N_train"], Integer[np.ndarray, " N_held_out"]]:
    """Training part and held-out part of a corpus, the held-out share last: views, no copies."""
    N = len(ids)
    cut = N - round(held_out * N)
    if not 2 <= cut <= N - 2:
        raise ValueError(
            f"held_out must leave at least 2 tokens in each part, got {held_out:g} of {N} tokens, "
            f"which leaves {cut} and {N - cut}"
        )
    return ids[:cut], ids[cut:]


@checked
def _decode(ids: Integer[np.ndarray, " n"], symbols: str) -> str:
    _check_ids(ids, len(symbols))
    return "".join(symbols[i] for i in ids)


def _check_ids(ids: np.ndarray, num_symbols: int) -> None:
    if ids.size and (ids.min() < 0 or ids.max() >= num_symbols):
        raise ValueError(f"ids must be in 0..{num_symbols - 1}, got {ids.min()} to {ids.max()}")
