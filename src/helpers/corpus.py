"""Token ids to learn from: sources whose entropy is known exactly, and a reader's own text.

Every source returns int64, numpy's own index type: it looks up rows without a cast, and
``ids - 1`` never wraps around. Everything random takes its generator as an argument, and nothing
is downloaded.

*Distance* belongs to the data: where a token repeats the one d before it, the loss that predicts
it needs the d latest tokens, hence depth d. A *floor* is the least cross-entropy that any model
can reach, in bits per token.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import numpy.typing as npt
from jaxtyping import Float, Integer

from helpers import _arguments


@dataclass(frozen=True)
class Alphabet:
    """Letters recited for ever, of which only the case is news.

    The first `period` - 1 letters and a space repeat without end, so the next letter is always
    known. A *call* is upper or lower case by a fair coin; a *response* copies the case of the
    call a fixed distance before it. `call_and_response` draws such a text.

    Parameters
    ----------
    period : int
        Characters in a cycle, the space included; 2 to 27.
    responses : tuple of (position, distance)
        The letters that copy: the position in the cycle (``a`` is 0), and how many characters
        before it the call stands. The remaining letters are calls.

    Raises
    ------
    ValueError
        If `period` or a position or distance is out of range, two responses share a letter, or
        one of them copies what is not a call of its own.

    Notes
    -----
    Two responses never copy one call, so between a call and its response no other character
    tells the case: that makes `floor_bits` exact.

    Examples
    --------
    In this one ``c`` copies the case of the ``a`` two characters before it:

    >>> tiny = Alphabet(period=4, responses=((2, 2),))
    >>> tiny.symbols
    'abc ABC'
    >>> tiny.decode(np.array([4, 1, 6, 3, 0, 5, 2]))
    'AbC aBc'
    """

    period: int
    responses: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        letters = _arguments.whole("period", self.period, least=2, most=27) - 1
        if not isinstance(self.responses, tuple) or not all(
            isinstance(pair, tuple) and len(pair) == 2 for pair in self.responses
        ):
            raise ValueError(
                "responses must be a tuple of pairs (position, distance) such as ((2, 2),), "
                f"got {_arguments.short(self.responses)}"
            )
        where, back = "each position in responses", "each distance in responses"
        pairs = tuple(
            (_arguments.whole(where, p, least=0, most=letters - 1), _arguments.whole(back, d))
            for p, d in self.responses
        )
        object.__setattr__(self, "period", letters + 1)
        object.__setattr__(self, "responses", pairs)  # an unsigned distance would wrap around
        taken = [position for position, _ in self.responses]
        taken += [(position - distance) % self.period for position, distance in self.responses]
        if len(set(taken)) < len(taken) or letters in taken:
            raise ValueError(
                "responses must stand on different letters and copy different letters that are "
                f"no responses, got {self.responses} with period {self.period}; "
                "cover(period, distances, number) finds positions that do"
            )

    @property
    def symbols(self) -> str:
        """Entry i is the character of id i: small letters, the space, capital letters."""
        letters = ascii_lowercase[: self.period - 1]
        return f"{letters} {letters.upper()}"

    def decode(self, ids: Integer[np.ndarray, " n"]) -> str:
        """Text of the ids, one character each; `ValueError` if one is no symbol's id."""
        return _decode(self.symbols, ids)


def cover(period: int, distances: tuple[int, ...], number: int) -> Alphabet:
    """Alphabet with `number` responses at each of the `distances`.

    Parameters
    ----------
    period : int
        Characters in a cycle, the space included; 2 to 27. Take one that shares no factor with
        the window lengths to be tried: otherwise a letter always meets the same position of the
        window, and a state that is reset there still knows where it is.
    distances : tuple of int
        How far before a response its call stands; each at least 1, no two equal.
    number : int
        Responses at each distance; at least 1.

    Returns
    -------
    Alphabet
        Of the arrangements that fit, the one whose longest distances stand earliest.

    Raises
    ------
    ValueError
        If an argument is out of range, or no arrangement fits.

    Examples
    --------
    >>> cover(period=13, distances=(2, 5, 10), number=2).responses
    ((0, 10), (1, 10), (7, 5), (8, 2), (10, 5), (11, 2))
    """
    period = _arguments.whole("period", period, least=2, most=27)
    number = _arguments.whole("number", number)
    given = distances if isinstance(distances, tuple) else ()
    each = [_arguments.whole("each of distances", distance) for distance in given]
    if not each or len(set(each)) < len(each):
        raise ValueError(
            "distances must be a tuple of different integers such as (2, 5), got "
            f"{_arguments.short(distances)}"
        )
    fits = 2 * number * len(each) < period
    wanted = [d for d in sorted(each, reverse=True) for _ in range(number)] if fits else []

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

    space = 1 << (period - 1)
    responses = place(0, 0, space) if fits else None
    if responses is None:
        raise ValueError(
            "period, distances and number must leave each response a call of its own, got "
            f"period {period}, {number} at each of {distances}; a longer period (at least "
            f"{2 * number * len(each) + 1}), other distances or a smaller number would"
        )
    return Alphabet(period, tuple(sorted(responses)))


ALPHABET = cover(period=13, distances=(2, 5, 10), number=2)
"""The course's own: six calls; six responses, two at each of the distances 2, 5 and 10."""


def call_and_response(
    num_tokens: int, rng: np.random.Generator, alphabet: Alphabet = ALPHABET
) -> Integer[np.ndarray, " N"]:
    """Ids of an alphabet recited from a random letter on.

    Parameters
    ----------
    num_tokens : int
        Characters, N; at least 1.
    rng : np.random.Generator
        Source of the coins and of the first letter.
    alphabet : Alphabet
        Which letters copy which; `ALPHABET` unless given.

    Returns
    -------
    (N,)
        int64 ids in 0..2·period - 2; ``alphabet.decode`` makes them readable.

    Raises
    ------
    ValueError
        If `num_tokens` is no integer of at least 1, or `rng` no generator.

    Notes
    -----
    Explained in notebooks/plane.ipynb. The text is stationary: a response whose call would
    stand before the first character copies a coin that was thrown before the text begins.

    Examples
    --------
    >>> ids = call_and_response(34, np.random.default_rng(3))
    >>> ALPHABET.decode(ids)
    'Kl aBCDefgHiJkL AbCDEFgHiJKL ABcDE'
    """
    N = _arguments.whole("num_tokens", num_tokens)
    rng = _arguments.generator("rng", rng)
    P = _alphabet(alphabet).period
    back = np.zeros(P, dtype=np.int64)
    for position, distance in alphabet.responses:
        back[position] = distance
    before = int(back.max())
    place = (rng.integers(P) + np.arange(N)) % P
    coins = rng.integers(2, size=before + N)
    capital = coins[np.arange(before, before + N) - back[place]]
    capital[place == P - 1] = 0
    ids: np.ndarray = place + P * capital
    return ids


def floor_bits(context: int, alphabet: Alphabet = ALPHABET) -> float:
    """Bits per character that remain when the last `context` characters are known.

    Parameters
    ----------
    context : int
        Characters that the prediction may use; at least 1.
    alphabet : Alphabet
        Which letters copy which; `ALPHABET` unless given.

    Returns
    -------
    float
        Bits per character: calls, and responses at a distance above `context`, over the period.
        No longer falls from the longest distance on: then it is the floor of a model whose
        state is carried for ever.

    Raises
    ------
    ValueError
        If `context` is no integer of at least 1.

    Notes
    -----
    One character tells where in the cycle the text stands, so letters and spaces cost nothing.
    A call costs one bit. A response costs one bit too while its call is out of sight, and
    nothing once the call is the `context`-th latest character or a later one. The loss at the
    t-th position after a reset (counted from 1) sees t characters.

    Examples
    --------
    >>> [f"{13 * floor_bits(k):.0f}/13" for k in (1, 2, 5, 10, 1000)]
    ['12/13', '10/13', '8/13', '6/13', '6/13']
    """
    k = _arguments.whole("context", context)
    calls = _alphabet(alphabet).period - 1 - len(alphabet.responses)
    unseen = sum(distance > k for _, distance in alphabet.responses)
    return (calls + unseen) / alphabet.period


def reset_floor_bits(num_steps: int, alphabet: Alphabet = ALPHABET) -> float:
    """Bits per character that remain when the state is reset at every window.

    Parameters
    ----------
    num_steps : int
        Time steps in a window, T; at least 1.
    alphabet : Alphabet
        Which letters copy which; `ALPHABET` unless given.

    Returns
    -------
    float
        Bits per character: the mean of `floor_bits` over the contexts 1..T.

    Raises
    ------
    ValueError
        If `num_steps` is no integer of at least 1.

    Notes
    -----
    The mean holds where windows start at every place of the cycle equally often, as they do
    when T and the period share no factor.

    Examples
    --------
    >>> [f"{reset_floor_bits(T):.3f}" for T in (1, 2, 4, 8, 16, 32)]
    ['0.923', '0.846', '0.808', '0.712', '0.596', '0.529']
    """
    T = _arguments.whole("num_steps", num_steps)
    return float(np.mean([floor_bits(k, alphabet) for k in range(1, T + 1)]))


def copy_task(
    num_tokens: int,
    distance: int,
    num_symbols: int,
    rng: np.random.Generator,
    *,
    repeat: float = 0.9,
) -> Integer[np.ndarray, " N"]:
    """Random symbols in which a token mostly repeats the one `distance` before it.

    Parameters
    ----------
    num_tokens : int
        Tokens, N; at least 2.
    distance : int
        How far back the repeated token stands; 1 to N - 1.
    num_symbols : int
        Symbols, V; at least 2.
    rng : np.random.Generator
        Source of the draws.
    repeat : float
        Probability of repeating, 0 to 1. Otherwise the token is drawn anew, all V symbols
        alike, so it may equal the earlier one by chance.

    Returns
    -------
    (N,)
        int64 ids in 0..V-1; the first `distance` of them are drawn anew.

    Raises
    ------
    ValueError
        If an argument is out of range, or `rng` no generator.

    See Also
    --------
    copy_floor_bits : the entropy of this source.

    Examples
    --------
    >>> copy_task(9, 3, 10, np.random.default_rng(0), repeat=1.0)
    array([8, 6, 5, 8, 6, 5, 8, 6, 5])
    """
    N = _arguments.whole("num_tokens", num_tokens, least=2)
    D = _arguments.whole("distance", distance, most=N - 1)
    V = _arguments.whole("num_symbols", num_symbols, least=2)
    rng = _arguments.generator("rng", rng)
    repeat = _arguments.number("repeat", repeat, least=0.0, most=1.0)
    rows = -(-N // D)
    fresh = rng.integers(V, size=(rows, D))
    anew = rng.random((rows, D)) >= repeat
    # A token is D tokens after the one above it: each column is a chain of its own, and a
    # token equals the latest entry of its column that was drawn anew.
    origin = np.maximum.accumulate(np.where(anew, np.arange(rows)[:, None], 0))
    return np.take_along_axis(fresh, origin, axis=0).ravel()[:N]


def copy_floor_bits(context: int, distance: int, num_symbols: int, *, repeat: float = 0.9) -> float:
    """Bits per token of `copy_task` that remain when `context` tokens are known.

    Parameters
    ----------
    context : int
        Tokens that the prediction may use; at least 1.
    distance : int
        How far back the repeated token stands; at least 1.
    num_symbols : int
        Symbols, V; at least 2.
    repeat : float
        Probability of repeating, 0 to 1.

    Returns
    -------
    float
        Bits per token. With a shorter context than the distance, log2 V; else the entropy rate
        of the source, 0 where it always repeats.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    A token drawn anew is the earlier one with probability 1/V. So the earlier symbol comes with
    probability q = repeat + p, each of the V - 1 others with p = (1 - repeat)/V, and the rate
    is -q·log2 q - (V - 1)·p·log2 p. Tokens that are no multiple of the distance apart are
    independent, so a shorter context is worth nothing and a longer one no more.

    Examples
    --------
    Two symbols, repeated half of the time: three in four tokens equal the earlier one.

    >>> print(f"{copy_floor_bits(5, distance=5, num_symbols=2, repeat=0.5):.4f}")
    0.8113
    >>> copy_floor_bits(4, distance=5, num_symbols=2, repeat=0.5)
    1.0
    """
    k = _arguments.whole("context", context)
    D = _arguments.whole("distance", distance)
    V = _arguments.whole("num_symbols", num_symbols, least=2)
    repeat = _arguments.number("repeat", repeat, least=0.0, most=1.0)
    if k < D:
        return float(np.log2(V))
    p = (1 - repeat) / V
    chances = np.array([repeat + p] + [p] * (V - 1))
    chances = chances[chances > 0]
    return float(chances @ -np.log2(chances)) + 0.0


@dataclass(frozen=True, eq=False)
class Text:
    """A text as ids, and what each id stands for.

    Parameters
    ----------
    ids : (N,)
        int64, one per character, in 0..len(symbols) - 1.
    symbols : str
        Entry i is the character of id i; sorted by code point, each character once.
    """

    ids: Integer[np.ndarray, " N"]
    symbols: str

    def decode(self, ids: Integer[np.ndarray, " n"]) -> str:
        """Text of the ids, one character each; `ValueError` if one is no symbol's id."""
        return _decode(self.symbols, ids)


def read_text(path: str | os.PathLike[str], *, least: int = 2) -> Text:
    r"""Characters of a text file as ids.

    Parameters
    ----------
    path : str or path
        A file saved as UTF-8.
    least : int
        Characters that the file must hold at least, such as the B·(T + 1) of a first window;
        at least 1.

    Returns
    -------
    Text
        Every character is kept as it stands, but for two things that editors add unseen: a
        byte order mark at the start is dropped, and line ends ``\r\n`` and ``\r`` become
        ``\n``. So one text has the same ids from every system.

    Raises
    ------
    ValueError
        If `path` is no path, does not exist, is a folder, cannot be read, is not UTF-8 (the
        message names the first wrong byte), or holds fewer than `least` characters.

    Notes
    -----
    A character is a Unicode code point: an accent that is stored apart from its letter counts
    for itself.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "own.txt")
    ...     _ = path.write_text("banana")
    ...     text = read_text(path)
    >>> text.symbols, text.ids
    ('abn', array([1, 0, 2, 0, 2, 0]))
    >>> text.decode(text.ids[:3])
    'ban'
    """
    least = _arguments.whole("least", least)
    characters = _characters(path)
    if len(characters) < least:
        found = f"{len(characters)} in" if characters else "the empty file"
        raise ValueError(
            f"path must name a text of at least {least} characters, got {found} {_shown(path)}: "
            "shorter than one window; a longer text, or fewer streams or time steps, would work"
        )
    codes = np.frombuffer(characters.encode("utf-32-le"), dtype="<u4")
    present = np.zeros(int(codes.max()) + 1, dtype=bool)
    present[codes] = True
    ids = (np.cumsum(present) - 1)[codes]
    return Text(ids, "".join(map(chr, np.flatnonzero(present))))


def one_hot(
    ids: Integer[np.ndarray, "*shape"], num_symbols: int, dtype: npt.DTypeLike = np.float64
) -> Float[np.ndarray, "*shape V"]:
    """Vectors that are 1 at the id and 0 elsewhere.

    Parameters
    ----------
    ids : any shape
        Integers in 0..V-1.
    num_symbols : int
        Symbols, V; at least 1.
    dtype : data type
        A floating one.

    Returns
    -------
    (..., V)
        The shape of `ids` with one axis more, the last. Takes V times the numbers that the ids
        take: where speed counts, look rows of the weights up instead.

    Raises
    ------
    ValueError
        If `ids` are no integers in 0..V-1, or `dtype` is not floating.

    Examples
    --------
    >>> one_hot(np.array([2, 0]), num_symbols=3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    V = _arguments.whole("num_symbols", num_symbols)
    ids = _arguments.ids("ids", ids, num_symbols=V, shape=None)
    try:
        is_floating = np.issubdtype(np.dtype(dtype), np.floating)
    except (TypeError, ValueError):
        is_floating = False
    if not is_floating:
        raise ValueError(
            f"dtype must be a floating type such as numpy.float64, got {_arguments.short(dtype)}"
        )
    vectors = np.zeros((*ids.shape, V), dtype=dtype)
    np.put_along_axis(vectors, ids[..., None], 1, axis=-1)
    return vectors


def split(
    ids: Integer[np.ndarray, " N"], held_out: float = 0.1
) -> tuple[Integer[np.ndarray, " N_train"], Integer[np.ndarray, " N_held_out"]]:
    """Training part and held-out part of a corpus, the held-out part last.

    Parameters
    ----------
    ids : (N,)
        Token ids in the order of the corpus.
    held_out : float
        Share of the tokens to hold out, strictly between 0 and 1; rounded to whole tokens.

    Returns
    -------
    train, held_out : (N_train,), (N_held_out,)
        Views, no copies. Together they are the corpus: no token is in both, none in neither.

    Raises
    ------
    ValueError
        If `ids` is no 1-D array of integers, `held_out` is out of range, or a part would have
        fewer than 2 tokens (one input and its target).

    Examples
    --------
    >>> split(np.arange(10), held_out=0.3)
    (array([0, 1, 2, 3, 4, 5, 6]), array([7, 8, 9]))
    """
    ids = _arguments.array("ids", ids, kind="integer", shape=("N",))
    share = _arguments.number("held_out", held_out, above=0.0, below=1.0)
    N = len(ids)
    if N < 4:
        raise ValueError(f"ids must hold at least 4 tokens, 2 for each part, got {N}")
    cut = N - round(share * N)
    if not 2 <= cut <= N - 2:
        raise ValueError(
            f"held_out must leave at least 2 tokens in each part, got {share:g} of {N} tokens, "
            f"which leaves {cut} and {N - cut}; a share that holds out 2 to {N - 2} would work"
        )
    return ids[:cut], ids[cut:]


def _alphabet(alphabet: Alphabet) -> Alphabet:
    if not isinstance(alphabet, Alphabet):
        raise ValueError(
            f"alphabet must be a corpus.Alphabet such as corpus.ALPHABET, "
            f"got {_arguments.short(alphabet)}"
        )
    return alphabet


def _decode(symbols: str, ids: np.ndarray) -> str:
    ids = _arguments.ids("ids", ids, num_symbols=len(symbols), shape=("n",))
    return "".join(symbols[i] for i in ids)


def _characters(path: str | os.PathLike[str]) -> str:
    """Text of a file, line ends unified and without a byte order mark."""
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"path must be a string or a pathlib.Path, got {_arguments.short(path)}")
    file = Path(path)
    try:
        stored = None if file.is_dir() else file.read_bytes()
    except FileNotFoundError:
        raise ValueError(
            f"path must name an existing text file, got {_shown(path)}, and there is no "
            f"{file.absolute()}; a path from the folder {Path.cwd()}, or a full one, would work"
        ) from None
    except (OSError, ValueError) as reason:
        because = getattr(reason, "strerror", None) or reason
        raise ValueError(
            f"path must name a text file that can be read, got {_shown(path)}: {because}"
        ) from None
    if stored is None:
        raise ValueError(
            f"path must name a text file, got the folder {_shown(path)}; "
            "the name of a file inside it would work"
        )
    try:
        text = stored.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise ValueError(
            f"path must name a text saved as UTF-8, got {_shown(path)} with byte "
            f"0x{stored[wrong.start]:02x} at offset {wrong.start} (counted from 0); "
            "the same text saved with the encoding UTF-8 would work"
        ) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _shown(path: str | os.PathLike[str]) -> str:
    name = os.fspath(path)
    return repr(name) if len(name) <= 200 else _arguments.short(name)
