"""What the order of feeding and a broken loader do to a trained network, five seeds each."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from helpers.cells import Params
from helpers.layout import Window
from helpers.seeds import deterministic, rng
from helpers.tools import kept, loaders, recipe
from helpers.tools.kept import load as load
from helpers.tools.recipe import bits, of_seeds, text
from helpers.truncation import Edge

SEEDS = (1, 2, 3, 4, 5)
STREAMS, STEPS = 8, 16
LAST = 100  # updates over which the loss at the end of training is averaged

Loader = Callable[[np.ndarray, int, int], Iterator[Window]]


def shuffled(fresh: bool, seed: int) -> Loader:
    """Loader of shuffled pieces, which say or deny that nothing came before."""

    def loader(ids: np.ndarray, batch_size: int, num_steps: int) -> Iterator[Window]:
        order = rng("layout order", seed)
        return loaders.shuffled_windows(ids, batch_size, num_steps, order, fresh=fresh)

    return loader


def learn(loader: Loader, edge: Edge, seed: int, *, nudge: int = 0) -> tuple[Params, list[float]]:
    """Weights after one pass over the text, and the loss of each update in bits a character."""
    windows = list(loader(text(seed)[0], STREAMS, STEPS))
    params = recipe.initial(recipe.SYMBOLS, seed, nudge)
    losses = []
    for record in recipe.records(params, windows, edge, recipe.learning_rate(len(windows))):
        losses.append(record.loss / float(np.log(2)))
    return record.params, losses


def outcome(loader: Loader, edge: Edge, seed: int, nudge: int = 0) -> list[float]:
    """Bits at the end of training, and held out on the right layout: as trained, and carried."""
    params, losses = learn(loader, edge, seed, nudge=nudge)
    held_out = [bits(params, text(seed)[1], how, STEPS) for how in (edge, Edge.CARRY)]
    return [float(np.mean(losses[-LAST:])), *held_out]


def at_random(edge: Edge, seed: int, nudge: int = 0) -> list[float]:
    """The same of shuffled pieces, which deny that nothing came before where the state goes on."""
    return outcome(shuffled(edge is Edge.RESET, seed), edge, seed, nudge)


@kept.result()
def layout_shuffling() -> dict[str, Any]:
    """Streams in order and shuffled pieces, each with the state carried and reset."""
    deterministic()
    found = {}
    for edge in Edge:
        found[f"in order, {edge.value}"] = of_seeds(outcome, SEEDS, loaders.streams, edge)[0]
        found[f"shuffled, {edge.value}"] = of_seeds(at_random, SEEDS, edge)[0]
    return {"seeds": SEEDS, "bits": found}


@kept.result()
def layout_suspects() -> dict[str, Any]:
    """Broken loaders, the state carried: the loss that training shows, and the held-out loss."""
    deterministic()
    chosen = (loaders.streams, loaders.wrapped, loaders.dealt, loaders.strided, loaders.viewed)
    found = {f.__name__: of_seeds(outcome, SEEDS, f, Edge.CARRY)[0] for f in chosen}
    return {"seeds": SEEDS, "bits": found}
