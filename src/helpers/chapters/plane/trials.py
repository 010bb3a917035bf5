"""The chapter's advice tried on two more texts: one's own, and one that is first unknown."""

import os
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from helpers import cells, corpus, layout
from helpers.chapters.plane.noise import sample_gradients, scale_in_tokens
from helpers.chapters.plane.results import bits, columns, tape_bytes
from helpers.seeds import deterministic, rng
from helpers.tools import kept, measure, recipe
from helpers.tools.recipe import HIDDEN, initial, of_seeds, rounded, trained, updates_of
from helpers.truncation import Edge

# A text of one's own
OWN_HIDDEN = 64
TOKENS_AN_UPDATE = 256
OWN_STEPS = (1, 2, 4, 8, 16, 32, 64)
OWN_RATES = (0.01, 0.03, 0.1)
SEEDS = (1, 2, 3)
CHARACTERS = 250_000
MOST_TOKENS = 200_001  # that a network learns from


def _pairs(said: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(pair.split("/")) for pair in said.split(", "))


NOUNS = _pairs(
    "dog/dogs, child/children, boat/boats, teacher/teachers, mouse/mice, wolf/wolves, "
    "sailor/sailors, lady/ladies, goose/geese, tree/trees"
)
VERBS = _pairs(
    "is/are, has/have, sees/see, likes/like, follows/follow, watches/watch, carries/carry, "
    "does not hear/do not hear"
)
COMPLEMENTS = ("happy", "old", "at home", "very tired", "lost")  # of "is"; others take an object
ADJECTIVES = ("old", "small", "red", "quiet", "young", "clever", "heavy")
PLACES = ("near", "behind", "beside", "under", "from")


class Teller:
    """Tells English-like sentences, and adds up how much news their words are.

    A verb agrees with a noun that stands some words before it, and a pronoun with one that stands
    farther away.

    >>> teller = Teller(1)
    >>> print(teller.sentence(), "-", round(teller.news), "bits")
    The dog watches every small dog, and it has the trees. - 30 bits
    """

    def __init__(self, seed: int) -> None:
        self._draw = rng("plane own text", seed)
        self.news = 0.0  # bits of all choices: no reader who knows the grammar can do with less

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
    steps: Sequence[int] = OWN_STEPS,
    rates: Sequence[float] = OWN_RATES,
    seeds: tuple[int, ...] = SEEDS,
    hidden_size: int = OWN_HIDDEN,
    most_tokens: int = MOST_TOKENS,
) -> dict[str, Any]:
    """Held-out bits of networks that learn from a text file, over the time steps.

    Each of `steps` divides the 256 tokens of an update. The first seed chooses among `rates` on
    an eighth of `most_tokens` characters, another eighth tests. ``reset`` and ``carry`` are
    [T][seed], each with its best rates and with how far a nudge moves the first seed's bits.
    """
    found = corpus.read_text(path, least=40 * TOKENS_AN_UPDATE)
    learned, rest = corpus.split(found.ids, held_out=0.2)
    learned = learned[:most_tokens]
    held_out = corpus.split(rest[: most_tokens // 4], held_out=0.5)
    N, V = len(learned), len(found.symbols)

    def tuned(num_steps: int, edge: Edge) -> dict[str, Any]:
        @cache
        def run(rate: float, seed: int, nudge: int = 0) -> list[float]:
            use = "plane own text weights"
            start = initial(V, seed, nudge, hidden_size=hidden_size, use=use)
            B = TOKENS_AN_UPDATE // num_steps
            params = trained(learned, start, B, num_steps, edge, rate)
            return [bits(params, part, edge, num_steps) for part in held_out]

        best = min(rates, key=lambda rate: run(rate, seeds[0])[0])
        tested, moved = of_seeds(run, seeds, best, most=np.inf)
        values = [result[1] for result in tested], best, moved
        return dict(zip((edge.value, f"{edge.value}_rate", f"{edge.value}_moved"), values))

    return {
        "characters": N,
        "symbols": V,
        "hidden_size": hidden_size,
        "tokens_an_update": TOKENS_AN_UPDATE,
        "steps": steps,
        "rates": rates,
        "seeds": seeds,
        "updates": [updates_of(N, TOKENS_AN_UPDATE // T, T) for T in steps],
        **columns([tuned(T, Edge.RESET) for T in steps]),
        **columns([tuned(T, Edge.CARRY) for T in steps]),
    }


@kept.result()
def plane_own_text() -> dict[str, Any]:
    """The staircase on a text that the grammar writes to a file."""
    deterministic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "own.txt")
        write_text(path, CHARACTERS, 1)
        return {"floor": round(floor_bits(), 3), **staircase(path)}


# The recipe's case: a text that repeats, mostly, the symbol seven places earlier; nothing else in
# it can be foretold. A split reads as many tokens as a simple cost model grants it in the seconds
# of the budget, so nobody's result hangs on how busy a machine was.
WEIGHTS = "plane recipe weights"
DISTANCE = 7
NUM_SYMBOLS = 3
MOST_BYTES = 300_000
SECONDS = 1.0
COSTS = {"update": 3.5e-4, "tick": 1.5e-5, "token": 2.5e-6}  # as `plane_seconds` found them
STEPS = (1, 2, 4, 7, 10, 14, 21, 28, 56, 164)
OTHERS = ((5, 14),)  # splits beside those that use all the bytes
RATES = (0.003, 0.01, 0.03)
HELD_OUT = 20_001
PROBE = (4, 32)
PROBE_UPDATES = (50, 300)
LAGS = 16


def most_streams(num_steps: int) -> int:
    """As many streams as the bytes allow; no number where not even one fits."""
    return MOST_BYTES // tape_bytes(1, num_steps, HIDDEN, NUM_SYMBOLS)


def tokens_within(batch_size: int, num_steps: int) -> int:
    """Tokens that a split reads in the seconds of the budget."""
    B, T = batch_size, num_steps
    return int(SECONDS / (COSTS["tick"] / B + COSTS["token"] + COSTS["update"] / (B * T)))


def splits() -> tuple[tuple[int, int], ...]:
    """The pairs (B, T) that are tried, the shortest windows first."""
    return tuple(sorted([(most_streams(T), T) for T in STEPS] + list(OTHERS), key=lambda s: s[1]))


def source(num_tokens: int, use: str, seed: int) -> np.ndarray:
    """A text of the case; each use has its own."""
    return corpus.copy_task(num_tokens, DISTANCE, NUM_SYMBOLS, rng(f"plane recipe {use}", seed))


def tried(B: int, T: int) -> dict[str, Any]:
    """Bits of a split at the rate that is best on a third text, in the mean over the seeds."""
    tokens = tokens_within(B, T)

    @cache
    def run(rate: float, seed: int, nudge: int = 0) -> list[float]:
        start = initial(NUM_SYMBOLS, seed, nudge, use=WEIGHTS)
        params = trained(source(tokens, "learned", seed), start, B, T, Edge.CARRY, rate)
        texts = (source(HELD_OUT, use, seed) for use in ("validation", "held out"))
        return [bits(params, ids, Edge.CARRY, T) for ids in texts]

    validation = [float(np.mean([run(rate, seed)[0] for seed in SEEDS])) for rate in RATES]
    best = RATES[int(np.argmin(validation))]
    tested, moved = of_seeds(lambda *setting: run(*setting)[1:], SEEDS, best, most=np.inf)
    return {
        "validation": rounded(validation),
        "best_rate": best,
        "test": [result[0] for result in tested],
        "moved": moved,
        "tokens": tokens,
        "updates": updates_of(tokens, B, T),
        "bytes": tape_bytes(B, T, HIDDEN, NUM_SYMBOLS),
    }


def probe(seed: int, nudge: int = 0) -> list[tuple[np.ndarray, float]]:
    """A short look at an unknown text, after each number of `PROBE_UPDATES`.

    Pairs: the size of the gradient at lags 0, 1, ..., relative to lag 0; and the noise scale in
    tokens.
    """
    B, T = PROBE
    start = initial(NUM_SYMBOLS, seed, nudge, use=WEIGHTS)
    learned = layout.to_streams(source(PROBE_UPDATES[-1] * B * T + B, "learned", seed), B)
    looked = layout.to_streams(source(64 * (8 * T + 1), "probe", seed), 64)
    found = []
    windows = layout.windows(learned, T)
    for record in recipe.records(start, windows, Edge.CARRY, 0.01):
        if record.update in PROBE_UPDATES:
            params = record.params
            tape = cells.forward(params, looked[: 2 * T])
            _, dlogits = cells.cross_entropy(tape.logits, looked[1 : 2 * T + 1])
            norms = measure.norm_by_lag(cells.by_lag(params, tape, dlogits))
            samples = sample_gradients(params, list(layout.windows(looked, T)), 1, None)
            found.append((norms[:LAGS] / norms[0], scale_in_tokens(samples, T)))
    return found


@kept.result()
def plane_recipe() -> dict[str, Any]:
    """Held-out bits of every split within one budget, and what a short look tells beforehand.

    `lags` is [seed][lag] after the first of `probe_updates`, `noise_tokens` is [seed][moment].
    `validation` is [split][rate], `test` is [split][seed].
    """
    deterministic()
    looks = [probe(seed) for seed in SEEDS]
    if np.abs(probe(SEEDS[0], 4)[0][0] - looks[0][0][0]).max() > recipe.MOST_MOVED:
        raise ValueError("a nudge moved the gradient by lag: the probe is chaotic")
    return {
        "distance": DISTANCE,
        "num_symbols": NUM_SYMBOLS,
        "hidden_size": HIDDEN,
        "floor": round(corpus.copy_floor_bits(DISTANCE, DISTANCE, NUM_SYMBOLS), 4),
        "most_bytes": MOST_BYTES,
        "seconds": SECONDS,
        "costs": COSTS,
        "probe": PROBE,
        "probe_updates": PROBE_UPDATES,
        "lags": [rounded(look[0][0]) for look in looks],
        "noise_tokens": [[float(f"{scale:.3g}") for _, scale in look] for look in looks],
        "splits": splits(),
        "rates": RATES,
        "seeds": SEEDS,
        **columns([tried(B, T) for B, T in splits()]),
    }
