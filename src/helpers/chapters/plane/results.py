"""The plane of batch size and time steps: what networks learn there, and what an update takes.

The carried state is evaluated on two long streams, so that hardly a loss is paid for the zeros
that a stream starts from.
"""

import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import repeat
from typing import Any

import numpy as np

from helpers import cells, corpus, layout, truncation
from helpers.cells import Params
from helpers.layout import Window
from helpers.seeds import deterministic, rng
from helpers.tools import kept, measure, recipe
from helpers.tools.kept import load as load
from helpers.tools.kept import machine as machine
from helpers.tools.recipe import HIDDEN, SYMBOLS, TOKENS, initial, of_seeds, records, rounded, text
from helpers.tools.recipe import token_bits, trained, updates_of
from helpers.truncation import Edge

TOKENS_AN_UPDATE = 128
STEPS = (1, 2, 4, 8, 16, 32, 64, 128)
SPLITS = tuple((TOKENS_AN_UPDATE // T, T) for T in STEPS)
SEEDS = (1, 2, 3, 4, 5)
POSITIONS_STEPS = 32
POSITIONS_TOKENS = 100_001

# The grid
BATCH_SIZES = (1, 4, 16, 64)
NUM_STEPS = (1, 4, 16, 64)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
TRIED = 4  # rates that one cell tries, next to each other in the list
GRID_SEEDS = (1, 2, 3)
VALIDATION_TOKENS = 20_001

# Seconds
ALONG_BATCH = tuple((2**k, 32) for k in range(9))
ALONG_STEPS = tuple((16, 2**k) for k in range(9))
ROUNDS = 15  # all settings in turn; the quickest counts, since other work only ever adds time
LEAST = 0.005  # seconds that one measurement lasts at least


def peak_rate(batch_size: int, num_steps: int) -> float:
    """Learning rate in proportion to the tokens of an update, up to six times the one for 128."""
    return 0.01 * min(6.0, batch_size * num_steps / 128)


def bits(params: Params, ids: np.ndarray, edge: Edge, num_steps: int) -> float:
    """Loss in bits a character; the time steps count only where the state is reset."""
    return recipe.bits(params, ids, edge, num_steps, streams=16 if edge is Edge.RESET else 2)


def tape_bytes(
    batch_size: int, num_steps: int, hidden_size: int = HIDDEN, num_symbols: int = SYMBOLS
) -> int:
    """Bytes that the LSTM keeps for the backward pass of one window, the weights left out."""
    V = num_symbols
    params = cells.init(cells.LSTM, V, hidden_size, V, rng("plane bytes"))
    return measure.kept_bytes(cells.forward(params, np.zeros((num_steps, batch_size), np.int64)))


def of_split(num_steps: int, edge: Edge, seed: int, nudge: int = 0) -> Params:
    """A network trained with 128 tokens an update."""
    B = TOKENS_AN_UPDATE // num_steps
    start = initial(SYMBOLS, seed, nudge)
    return trained(text(seed)[0], start, B, num_steps, edge, peak_rate(B, num_steps))


def split(num_steps: int, edge: Edge, seed: int, nudge: int = 0) -> list[float]:
    """Held-out bits of such a network, evaluated as it was trained."""
    return [bits(of_split(num_steps, edge, seed, nudge), text(seed)[1], edge, num_steps)]


def column(num_steps: int, seed: int = SEEDS[0]) -> dict[str, float]:
    """Of one split and one seed, the two numbers that `plane_headline` keeps; takes seconds."""
    return {edge.value: rounded(split(num_steps, edge, seed))[0] for edge in Edge}


@kept.result()
def plane_headline() -> dict[str, Any]:
    """Held-out bits along the splits of 128 tokens, with the state carried and reset."""
    deterministic()
    found: dict[str, Any] = {}
    moved = 0.0
    for edge in Edge:
        found[edge.value] = []
        for T in STEPS:
            results, far = of_seeds(split, SEEDS, T, edge)
            found[edge.value].append([result[0] for result in results])
            moved = max(moved, far)
    return {
        "splits": SPLITS,
        "seeds": SEEDS,
        "updates": [updates_of(TOKENS, B, T) for B, T in SPLITS],
        "bytes": [tape_bytes(B, T) for B, T in SPLITS],
        **found,
        "moved": moved,
    }


def by_position(num_steps: int, edge: Edge, seed: int, nudge: int = 0) -> list[float]:
    """Bits at each position of a window on a new text, the mean over all windows but the first."""
    params = of_split(num_steps, edge, seed, nudge)
    ids = corpus.call_and_response(POSITIONS_TOKENS, rng("plane positions", seed))
    losses, state = [], None
    for window in layout.windows(layout.to_streams(ids, 16), num_steps, drop_last=True):
        tape = cells.forward(params, window.x, state)
        if not window.fresh:
            losses.append(token_bits(tape.logits, window.y).mean(axis=1))
        state = truncation.next_state(edge, tape)
    return [float(loss) for loss in np.mean(losses, axis=0)]


@kept.result()
def plane_positions() -> dict[str, Any]:
    """Bits at each position of a window of 32, with the state reset and carried."""
    deterministic()
    found: dict[str, Any] = {}
    moved = 0.0
    for edge in Edge:
        found[edge.value], far = of_seeds(by_position, SEEDS, POSITIONS_STEPS, edge)
        moved = max(moved, far)
    return {"steps": POSITIONS_STEPS, "seeds": SEEDS, **found, "moved": moved}


def rates_of(batch_size: int, num_steps: int) -> tuple[float, ...]:
    """The rates that a cell tries: the more tokens in an update, the higher."""
    tokens = batch_size * num_steps
    first = sum(tokens >= least for least in (64, 256))
    return RATES[first : first + TRIED]


def tuned(B: int, T: int, rates: tuple[float, ...], seeds: tuple[int, ...]) -> dict[str, Any]:
    """Test bits of a cell at the rate that suits it, and how that was found on a third text.

    The first seed tries all rates; the two best are compared by the mean over all seeds, since
    one seed alone would choose rates so high that the next seed fails at them. `moved` says how
    far a nudge of the weights moves the test bits of the first seed: with many updates at a high
    rate the digits beyond it are chance.
    """

    @cache
    def run(rate: float, seed: int, nudge: int = 0) -> list[float]:
        learned, held_out = text(seed)
        params = trained(learned, initial(SYMBOLS, seed, nudge), B, T, Edge.CARRY, rate)
        third = corpus.call_and_response(VALIDATION_TOKENS, rng("plane validation", seed))
        return [bits(params, ids, Edge.CARRY, T) for ids in (third, held_out)]

    first = {rate: run(rate, seeds[0])[0] for rate in rates}
    finalists = sorted(sorted(rates, key=lambda rate: first[rate])[:2])
    final = [float(np.mean([run(rate, seed)[0] for seed in seeds])) for rate in finalists]
    best = finalists[int(np.argmin(final))]
    tested, moved = of_seeds(lambda *setting: run(*setting)[1:], seeds, best, most=np.inf)
    return {
        "validation": rounded(first.values()),
        "finalists": finalists,
        "final": rounded(final),
        "best_rate": best,
        "test": [result[0] for result in tested],
        "moved": moved,
        "updates": updates_of(TOKENS, B, T),
    }


def in_grid(batch_size: int, num_steps: int) -> dict[str, Any]:
    """A cell of the grid; `validation` has None for a rate that it does not try."""
    rates = rates_of(batch_size, num_steps)
    cell = tuned(batch_size, num_steps, rates, GRID_SEEDS)
    tried = dict(zip(rates, cell["validation"], strict=True))
    validation = [tried.get(rate) for rate in RATES]
    return {**cell, "validation": validation, "bytes": tape_bytes(batch_size, num_steps)}


@kept.result()
def plane_grid() -> dict[str, Any]:
    """Held-out bits of every cell, carried, after one pass over the same text."""
    deterministic()
    rows = [columns([in_grid(B, T) for T in NUM_STEPS]) for B in BATCH_SIZES]
    axes = {"batch_sizes": BATCH_SIZES, "num_steps": NUM_STEPS, "rates": RATES}
    return {**axes, "seeds": GRID_SEEDS, **columns(rows)}


def columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each name the values of all rows."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def window(batch_size: int, num_steps: int) -> Window:
    """Random ids that count as the continuation of a text."""
    draws = rng("plane seconds").integers(SYMBOLS, size=(num_steps + 1, batch_size))
    return Window(draws[:-1], draws[1:], 0, False)


def ours(batch_size: int, num_steps: int) -> Callable[[], Any]:
    """One update of our LSTM a call: forward, loss, backward, clip, Adam, next state."""
    windows = repeat(window(batch_size, num_steps))
    return partial(next, records(initial(SYMBOLS, 1), windows, Edge.CARRY, 1e-6))


def torchs(batch_size: int, num_steps: int) -> Callable[[], Any]:
    """The same update with ``torch.nn.LSTM``, its Adam and its clipping; gives the output layer."""
    import torch
    from torch import nn

    from helpers.tools import torch_twin

    both = window(batch_size, num_steps)
    x, y = torch.from_numpy(both.x), torch.from_numpy(both.y)
    layer, head = torch_twin.to_torch(initial(SYMBOLS, 1))
    rows = torch.eye(SYMBOLS, dtype=torch.float64)
    weights = [*layer.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(weights, lr=1e-6)
    state: Any = None

    def update() -> nn.Linear:
        nonlocal state
        states, after = layer(rows[x], state)
        loss = nn.functional.cross_entropy(head(states).flatten(0, 1), y.flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        state = tuple(part.detach() for part in after)
        return head

    return update


def quickest(
    runs: Mapping[Any, Callable[[], Any]], rounds: int = ROUNDS, least: float = LEAST
) -> dict[Any, float]:
    """Processor seconds of one call of each, the quickest of all rounds."""
    calls: dict[Any, int] = {}
    for name, run in runs.items():
        run()
        calls[name] = max(1, round(least / _seconds(run, 3)))
    taken = [
        {name: _seconds(run, calls[name]) for name, run in runs.items()} for _ in range(rounds)
    ]
    return {name: float(f"{min(round[name] for round in taken):.3g}") for name in runs}


def line(
    batch_sizes: tuple[int, ...], num_steps: tuple[int, ...], seconds: list[list[float]]
) -> dict[str, float]:
    """Seconds of an update as ``update + T·(tick + B·token)``: the least relative error, `off`."""
    B, T = np.meshgrid(batch_sizes, num_steps, indexing="ij")
    terms = np.stack([np.ones(B.size), T.ravel(), (B * T).ravel()], axis=1)
    relative = terms / np.ravel(seconds)[:, None]
    costs = np.linalg.lstsq(relative, np.ones(B.size), rcond=None)[0]
    off = float(np.abs(relative @ costs - 1).max())
    return {**dict(zip(("update", "tick", "token"), map(float, costs))), "off": off}


@kept.result(timed=True)
def plane_seconds() -> dict[str, Any]:
    """Seconds of one update: all cells of the grid, and along each axis beside torch.

    `fit` describes the grid in three costs: of an update, of a tick and of a token; `off` is its
    largest relative error. `tokens_a_second` stand in the order of their axis.
    """
    import torch  # noqa: F401  # before the threads are set

    deterministic()
    grid = quickest({(B, T): ours(B, T) for B in BATCH_SIZES for T in NUM_STEPS})
    seconds = [[grid[B, T] for T in NUM_STEPS] for B in BATCH_SIZES]
    found: dict[str, Any] = {
        "batch_sizes": BATCH_SIZES,
        "num_steps": NUM_STEPS,
        "hidden_size": HIDDEN,
        "seconds": seconds,
        "fit": {k: float(f"{v:.3g}") for k, v in line(BATCH_SIZES, NUM_STEPS, seconds).items()},
    }
    for name, axis in (("along_batch", ALONG_BATCH), ("along_steps", ALONG_STEPS)):
        found[name] = {"batch_sizes": [B for B, _ in axis], "num_steps": [T for _, T in axis]}
        for label, update in (("numpy", ours), ("torch", torchs)):
            taken = quickest({cell: update(*cell) for cell in axis})
            found[name][f"{label}_tokens_a_second"] = [round(B * T / taken[B, T]) for B, T in axis]
    return found


def _seconds(run: Callable[[], Any], calls: int) -> float:
    begin = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - begin) / calls
