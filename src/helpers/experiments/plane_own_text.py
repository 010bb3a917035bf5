"""The staircase on a text of one's own: any file, or one that a small grammar writes.

The grammar makes English-like sentences of words in which a verb agrees with a noun that stands
some words before it, and a pronoun with one that stands farther away.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from helpers import corpus, lstm
from helpers.experiments import experiment
from helpers.experiments.plane import bits, of_seeds, trained, updates_of
from helpers.progress import bar
from helpers.seeds import deterministic, rng
from helpers.truncation import Edge

HIDDEN = 64
TOKENS_AN_UPDATE = 256
STEPS = (1, 2, 4, 8, 16, 32, 64)
RATES = (0.01, 0.03, 0.1)
SEEDS = (1, 2, 3)
CHARACTERS = 250_000
MOST_TOKENS = 200_001
"""That a network learns from."""

NOUNS = (
    ("dog", "dogs"),
    ("child", "children"),
    ("boat", "boats"),
    ("teacher", "teachers"),
    ("mouse", "mice"),
    ("wolf", "wolves"),
    ("sailor", "sailors"),
    ("lady", "ladies"),
    ("goose", "geese"),
    ("tree", "trees"),
)
VERBS = (
    ("is", "are"),
    ("has", "have"),
    ("sees", "see"),
    ("likes", "like"),
    ("follows", "follow"),
    ("watches", "watch"),
    ("carries", "carry"),
    ("does not hear", "do not hear"),
)
COMPLEMENTS = ("happy", "old", "at home", "very tired", "lost")
"""After the verb of being; all others take an object."""

ADJECTIVES = ("old", "small", "red", "quiet", "young", "clever", "heavy")
PLACES = ("near", "behind", "beside", "under", "from")


class Teller:
    """Tells sentences, and adds up how much news their words are.

    Examples
    --------
    >>> teller = Teller(1)
    >>> print(teller.sentence(), "-", round(teller.news), "bits")
    The dog watches every small dog, and it has the trees. - 30 bits
    """

    def __init__(self, seed: int) -> None:
        self._draw = rng("plane own text", seed)
        self.news = 0.0
        """Bits of all choices so far: no reader who knows the grammar can do with less."""

    def sentence(self) -> str:
        """The next sentence; its subject may be told more about before its verb comes."""
        number = self._number()
        clause = f"{self._noun_phrase(number)}{self._more()} {self._predicate(number)}"
        if self._happens(0.4):
            clause += f", and {('it', 'they')[number]} {self._predicate(number)}"
        return f"{clause[0].upper()}{clause[1:]}."

    def _noun_phrase(self, number: int) -> str:
        words = [self._one((("the", "this", "every"), ("the", "these", "all"))[number])]
        if self._happens(0.5):
            words.append(self._one(ADJECTIVES))
        return " ".join([*words, self._one(NOUNS)[number]])

    def _more(self) -> str:
        """What may stand between subject and verb: another noun, of another number or not."""
        if self._happens(0.35):
            return ""
        where = self._happens(0.55)
        number = self._number()
        if where:
            return f" {self._one(PLACES)} {self._noun_phrase(number)}"
        return f" that {self._noun_phrase(number)} {self._one(VERBS[2:])[number]}"

    def _predicate(self, number: int) -> str:
        verb = self._one(VERBS)
        if verb == VERBS[0]:
            return f"{verb[number]} {self._one(COMPLEMENTS)}"
        return f"{verb[number]} {self._noun_phrase(self._number())}"

    def _number(self) -> int:
        return int(self._happens(0.5))

    def _happens(self, chance: float) -> bool:
        return self._choose(np.array([chance, 1 - chance])) == 0

    def _one(self, choices: Sequence[Any]) -> Any:
        """One of them: the first twice as often as the second, thrice as often as the third."""
        return choices[self._choose(1 / np.arange(1, len(choices) + 1))]

    def _choose(self, weights: np.ndarray) -> int:
        chances = weights / weights.sum()
        chosen = min(int(np.searchsorted(chances.cumsum(), self._draw.random())), len(chances) - 1)
        self.news -= float(np.log2(chances[chosen]))
        return chosen


def floor_bits(sentences: int = 50_000) -> float:
    """Bits a character of the grammar's text for a reader who knows it and forgets nothing.

    The choices behind a sentence can be read off it, so its news is theirs. Estimated: a mean
    over many sentences, right to about one in five hundred.
    """
    teller = Teller(0)
    characters = sum(len(teller.sentence()) + 1 for _ in range(sentences))
    return teller.news / characters


def write_text(path: str | os.PathLike[str], num_characters: int, seed: int) -> None:
    """Write so many characters of sentences to a file; the same seed, the same file."""
    teller = Teller(seed)
    lines: list[str] = []
    length = 0
    while length < num_characters:
        lines.append(teller.sentence())
        length += len(lines[-1]) + 1
    Path(path).write_bytes(" ".join(lines)[:num_characters].encode("utf-8"))


def staircase(
    path: str | os.PathLike[str],
    *,
    steps: Sequence[int] = STEPS,
    rates: Sequence[float] = RATES,
    seeds: tuple[int, ...] = SEEDS,
    hidden_size: int = HIDDEN,
    most_tokens: int = MOST_TOKENS,
) -> dict[str, Any]:
    """Held-out bits of networks that learn from a text file, over the time steps.

    Parameters
    ----------
    path : str or path
        A text saved as UTF-8.
    steps : sequence of int
        Numbers of time steps T; each divides the 256 tokens of an update.
    rates : sequence of float
        Peak learning rates; the first seed chooses among them on a validation text.
    seeds : tuple of int
        For the initial weights.
    hidden_size : int
        H of the LSTM.
    most_tokens : int
        Characters to learn from, at most; an eighth of it chooses the rate, another one tests.

    Returns
    -------
    dict
        The lists ``reset`` and ``carry`` are [T][seed], each with its best rates and with how
        far a nudge moves the first seed's bits.

    Raises
    ------
    ValueError
        If the file cannot be read, or is too short for a stream of two characters.
    """
    found = corpus.read_text(path, least=40 * TOKENS_AN_UPDATE)
    learned, rest = corpus.split(found.ids, held_out=0.2)
    parts = learned[:most_tokens], *corpus.split(rest[: most_tokens // 4], held_out=0.5)
    V = len(found.symbols)
    kept: dict[str, Any] = {}
    for edge in Edge:
        waited_for = bar(steps, f"a network for each T, state {edge.value}")
        columns = [_column(parts, V, hidden_size, T, edge, rates, seeds) for T in waited_for]
        for name, values in zip(("", "_rate", "_moved"), zip(*columns, strict=True), strict=True):
            kept[edge.value + name] = list(values)
    N = len(parts[0])
    return {
        "characters": N,
        "symbols": V,
        "hidden_size": hidden_size,
        "tokens_an_update": TOKENS_AN_UPDATE,
        "steps": tuple(steps),
        "rates": tuple(rates),
        "seeds": seeds,
        "updates": [updates_of(N, TOKENS_AN_UPDATE // T, T) for T in steps],
        **kept,
    }


@experiment()
def plane_own_text() -> dict[str, Any]:
    """The staircase on a text that the grammar writes to a file."""
    deterministic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "own.txt")
        write_text(path, CHARACTERS, 1)
        return {"floor": round(floor_bits(), 3), **staircase(path)}


def held_out_bits(
    parts: tuple[np.ndarray, ...],
    num_symbols: int,
    hidden_size: int,
    num_steps: int,
    edge: Edge,
    rate: float,
    seed: int,
    nudge: int = 0,
) -> list[float]:
    """Bits on the validation text and on the test text, after one pass over the first part."""
    B = TOKENS_AN_UPDATE // num_steps
    params = trained(
        parts[0], _initial(num_symbols, hidden_size, seed, nudge), B, num_steps, edge, rate
    )
    return [bits(params, part, edge, num_steps) for part in parts[1:]]


def _column(
    parts: tuple[np.ndarray, ...],
    V: int,
    hidden_size: int,
    num_steps: int,
    edge: Edge,
    rates: Sequence[float],
    seeds: tuple[int, ...],
) -> tuple[list[float], float, float]:
    first = {
        rate: held_out_bits(parts, V, hidden_size, num_steps, edge, rate, seeds[0])
        for rate in rates
    }
    best = min(rates, key=lambda rate: first[rate][0])

    def run(seed: int, nudge: int = 0) -> list[float]:
        if seed == seeds[0] and not nudge:
            return first[best]
        return held_out_bits(parts, V, hidden_size, num_steps, edge, best, seed, nudge)

    tested, moved = of_seeds(run, seeds, most=np.inf)
    return [result[1] for result in tested], best, moved


def _initial(num_symbols: int, hidden_size: int, seed: int, nudge: int) -> lstm.Params:
    draw = rng("plane own text weights", seed)
    params = lstm.init(num_symbols, hidden_size, num_symbols, draw, forget_bias=2.0)
    rows = np.sqrt(num_symbols) * params.W_xh
    params = lstm.Params(rows, params.W_hh, params.b_h, params.W_hy, params.b_y)
    return params.map(lambda w: w + nudge * np.spacing(w))
