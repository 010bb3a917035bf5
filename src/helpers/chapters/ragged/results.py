"""What document ends and cold starts cost a trained network: several seeds each.

Eight streams, windows of 16 steps, one pass over the text.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from helpers import cells, corpus, layout, train
from helpers.cells import Params
from helpers.seeds import deterministic, rng
from helpers.tools import kept, sequences
from helpers.tools.kept import load as load
from helpers.tools.recipe import SYMBOLS, initial, learning_rate, of_seeds, token_bits

END = SYMBOLS  # id of the symbol that ends a document
TOKENS = 100_000
HELD_OUT = 20_000
SHORTEST, LONGEST = 20, 60  # letters in a document, evenly distributed between the two
STREAMS, STEPS = 8, 16
SEEDS = (1, 2, 3, 4, 5)
PLACES = 16  # of a document, from its start, whose loss is kept
FILES, FILE = 8, 5_120  # held-out files of the cold starts, and tokens in each
BATCHES = (1, 2, 4, 8, 16, 32, 64)
CHANCE = 1 / 32  # of a reset before a step, where a network practises cold starts
COLD = 16  # steps after a cold start whose losses are compared with those of a warm state


def documents(num_tokens: int, draw: np.random.Generator) -> np.ndarray:
    """Ids of documents in a row, each a call-and-response text of its own and then `END`."""
    parts, length = [], 0
    while length < num_tokens:
        letters = corpus.call_and_response(int(draw.integers(SHORTEST, LONGEST + 1)), draw)
        parts.append(np.append(letters, END))
        length += len(parts[-1])
    return np.concatenate(parts)[:num_tokens]


def policies(streams: np.ndarray) -> dict[str, np.ndarray | None]:
    """Label to the reset mask of streams of documents: their own ends, never, any stream's end."""
    own = sequences.reset_before(streams, END)
    any_ended = np.repeat(own.any(axis=1, keepdims=True), streams.shape[1], axis=1)
    return {"own stream": own, "never": None, "all streams": any_ended}


def trained(
    streams: np.ndarray, reset: np.ndarray | None, num_symbols: int, seed: int, nudge: int = 0
) -> Params:
    """An LSTM after one pass over the streams, the state carried and reset where `reset` says."""
    params, moments, state = initial(num_symbols, seed, nudge), None, None
    last = len(streams) - 1
    rate = learning_rate(-(-last // STEPS))
    for update, top in enumerate(range(0, last, STEPS), start=1):
        stop = min(top + STEPS, last)
        x, y = streams[top:stop], streams[top + 1 : stop + 1]
        mask = None if reset is None else reset[top:stop]
        tape = cells.forward(params, x, state, reset=mask)
        weight = (x != END).astype(float)
        _, dlogits = cells.cross_entropy(tape.logits, y, weight=weight)
        dlogits *= weight.sum() / (STEPS * x.shape[1])
        grads, _ = train.clip(cells.backward(params, tape, dlogits)[0], 1.0)
        params, moments = train.adam(params, grads, moments, rate(update))
        state = tape.state(len(x))
    return params


def bits(
    params: Params, x: np.ndarray, y: np.ndarray, state: Any = None, reset: Any = None
) -> np.ndarray:
    """Loss of every target, (T, B), in bits."""
    return token_bits(cells.forward(params, x, state, reset=reset).logits, y)


def place(reset: np.ndarray) -> np.ndarray:
    """Steps since the last reset of the same stream, (T, B); 1 at the step that is reset."""
    steps, count = np.zeros(reset.shape, int), np.zeros(reset.shape[1], int)
    for t, fresh in enumerate(reset):
        count = np.where(fresh, 1, count + 1)
        steps[t] = count
    return steps


@kept.result()
def ragged_documents() -> dict[str, Any]:
    """Held-out bits of three ways to train on documents, each evaluated in three ways."""
    deterministic()
    names = ("own stream", "never", "all streams")
    rows, _ = of_seeds(on_documents, SEEDS)
    *bits_of, floor, own, never = zip(*(_parts(row, 3, 3, 3, 1, PLACES, PLACES) for row in rows))
    return {
        "seeds": SEEDS,
        "policies": names,
        "bits": dict(zip(names, bits_of)),
        "floor": [value for (value,) in floor],
        "by_place": {"own stream": own, "never": never},
    }


def on_documents(seed: int, nudge: int = 0) -> list[float]:
    """Bits of nets trained under each policy and evaluated under each; and then the floor.

    At last the loss by place of the net of the first policy, with resets and without.
    """
    learn = layout.to_streams(documents(TOKENS, rng("ragged documents", seed)), STREAMS)
    held = layout.to_streams(documents(HELD_OUT, rng("ragged documents held out", seed)), STREAMS)
    x, y, masks = held[:-1], held[1:], policies(held)
    inside = (x != END) & (y != END)
    where = place(sequences.reset_before(held, END)[:-1])
    found, places = [], []
    for name, reset in policies(learn).items():
        params = trained(learn, reset, END + 1, seed, nudge)
        for how, mask in masks.items():
            loss = bits(params, x, y, reset=None if mask is None else mask[:-1])
            found.append(float(loss[inside].mean()))
            if name == "own stream" and how in ("own stream", "never"):
                at = [inside & (where == k) for k in range(1, PLACES + 1)]
                places += [float(loss[here].mean()) for here in at]
    floor = float(np.mean([corpus.floor_bits(int(k)) for k in where[inside]]))
    return [*found, floor, *places]


@kept.result()
def ragged_cold_starts() -> dict[str, Any]:
    """Bits that a start from zeros costs: a net that has met none, and one that has practised."""
    deterministic()
    found: dict[str, Any] = {"seeds": SEEDS, "batch_sizes": BATCHES, "chance": CHANCE}
    for name, practised in (("carried", False), ("practised", True)):
        rows, _ = of_seeds(cold_starts, SEEDS, practised)
        parts = zip(*(_parts(row, len(BATCHES), len(BATCHES), 3) for row in rows))
        found[name] = dict(zip(("score", "excess", "wrap"), parts))
    return found


def cold_starts(practised: bool, seed: int, nudge: int = 0) -> list[float]:
    """Score of a file in B streams, its excess over one stream, and what three wraps cost.

    For each of `BATCHES` the bits a token; then the bits of a file by which the losses of B
    streams exceed the same losses of one stream. At last, in bits a stream over `COLD` steps,
    what a second epoch pays whose first state is the last of the first epoch, zeros, or the
    last one of the stream before.
    """
    params = learned(seed, practised, nudge)
    files = held_out(seed)
    alone = bits(params, files[:-1], files[1:])
    scores, excess = [], []
    for B in BATCHES:
        streams = cut(files, B)
        loss = bits(params, streams[:-1], streams[1:])
        scores.append(float(loss.mean()))
        excess.append(float((loss - cut(_long(alone), B)[:-1]).sum()) / FILES)
    streams = cut(files[:, :1], BATCHES[-1])
    end = cells.forward(params, streams).state(len(streams))
    before = [None, *range(BATCHES[-1] - 1)]
    warm = cut(_long(alone[:, :1]), BATCHES[-1])[:COLD]
    wraps = (end, None, sequences.keep_streams(end, before))
    paid = [bits(params, streams[:COLD], streams[1 : COLD + 1], h) - warm for h in wraps]
    return [*scores, *excess, *(float(p.sum()) / BATCHES[-1] for p in paid)]


def learned(seed: int, practised: bool, nudge: int = 0) -> Params:
    """A net trained on one long text, without resets or with resets at random places."""
    ids = corpus.call_and_response(TOKENS, rng("ragged text", seed))
    streams = layout.to_streams(ids, STREAMS)
    coins = rng("ragged coins", seed).random(streams.shape) < CHANCE
    return trained(streams, coins if practised else None, END, seed, nudge)


def held_out(seed: int) -> np.ndarray:
    """Held-out files side by side, (tokens of a file, files)."""
    draw = rng("ragged files", seed)
    return np.stack([corpus.call_and_response(FILE, draw) for _ in range(FILES)], axis=1)


def cut(files: np.ndarray, batch_size: int) -> np.ndarray:
    """Each of F files cut into B streams: (N, F) to (N / B, B·F)."""
    return np.hstack([column.reshape(batch_size, -1).T for column in files.T])


def _long(losses: np.ndarray) -> np.ndarray:
    """Losses as long as the files: the last token has no target."""
    return np.concatenate([losses, np.zeros_like(losses[:1])])


def _parts(row: list[float], *lengths: int) -> Iterator[list[float]]:
    """A row cut into lists of these lengths."""
    for length in lengths:
        yield row[:length]
        row = row[length:]
