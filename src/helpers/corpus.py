"""Token ids to learn from: sources whose entropy is known exactly, and a reader's own text.

Every source returns int64, numpy's own index type: it looks up rows without a cast, and
``ids - 1`` never wraps around. Everything random takes its generator as an argument, and nothing
is downloaded.

*Distance* belongs to the data: where a token repeats the one d before it, the loss that predicts
it has to look at the d-th character of its context, counted back from the latest. A floor is the
least cross-entropy that any model can reach, in bits per character.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
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
    call exactly `distance` characters before it. `call_and_response` draws such a text.

    Parameters
    ----------
    period : int
        Characters in a cycle, the space included; 2 to 27.
    responses : tuple of (position, distance)
        The letters that copy: position in the cycle (``a`` is 0) and how many characters before
        it the call stands. Each copies another call; the remaining letters are calls.

    Raises
    ------
    ValueError
        If `period` is out of range, or a response stands on no letter, shares its letter with
        another, or copies what is no call of its own.

    Notes
    -----
    No call is copied twice, so no other character between a call and its response tells the
    case, and `floor_bits` is exact.

    Examples
    --------
    The letter c copies the case of the a two characters before it:

    >>> tiny = Alphabet(4, responses=((2, 2),))
    >>> tiny.symbols
    'abc ABC '
    >>> tiny.decode(np.array([4, 1, 6, 3, 0, 5, 2]))
    'AbC aBc'
    """

    period: int
    responses: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        letters = _arguments.whole("period", self.period, least=2, most=27) - 1
        copied: set[int] = set()
        positions = {position for position, _ in self.responses}
        for position, distance in self.responses:
            _arguments.whole("responses: a position", position, least=0, most=letters - 1)
            _arguments.whole("responses: a distance", distance)
            source = (position - distance) % self.period
            if source in positions or source == letters or source in copied:
                raise ValueError(
                    "responses must copy one call each, a letter that no other response stands "
                    f"on or copies, got (position, distance) = {(position, distance)}, which "
                    f"copies position {source}; corpus.cover finds positions that fit"
                )
            copied.add(source)
        if len(positions) < len(self.responses):
            raise ValueError(
                f"responses must stand on different positions, got {self.responses}; "
                "corpus.cover finds positions that fit"
            )

    @cached_property
    def symbols(self) -> str:
        """Entry i is the character of id i: one cycle in lower case, then one in upper case.

        The last entry is the space's place in the second cycle; it is never drawn.
        """
        lower = ascii_lowercase[: self.period - 1]
        return f"{lower} {lower.upper()} "

    def decode(self, ids: Integer[np.ndarray, " n"]) -> str:
        """Text of the ids, one character each; `ValueError` if one is no symbol's."""
        return _decode(self.symbols, ids)
