"""What document ends and cold starts cost a trained network: several seeds each.

An LSTM as in the experiments on truncation, 8 streams, windows of 16 steps, one pass over the
text with Adam. The first seed of every setting is run twice, the second time with all initial
weights moved by four units in the last place; a result whose digits that would change is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from helpers import corpus, layout, lstm, rnn, sequences, train
from helpers.experiments import experiment
from helpers.experiments.truncation import initial, learning_rate
from helpers.seeds import deterministic, rng

END = len(corpus.ALPHABET.symbols)
"""Id of the symbol that ends a document."""

TOKENS = 100_000
HELD_OUT = 20_000
SHORTEST, LONGEST = 20, 60
"""Letters in a document, evenly distributed between the two."""

STREAMS, STEPS = 8, 16
SEEDS = (1, 2, 3, 4, 5)
PLACES = 16
"""Places of a document, from its start, whose loss is kept."""

FILES, FILE = 8, 5_120
"""Held-out files of the cold starts, and tokens in each."""

BATCHES = (1, 2, 4, 8, 16, 32, 64)
CHANCE = 1 / 32
"""Of a reset before a step, where a network practises cold starts."""

COLD = 16
"""Steps after a cold start whose losses are compared with the same losses of a warm state."""

DIGITS = 4
MOST_MOVED = 1e-6


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
) -> lstm.Params:
    """An LSTM after one pass over the streams, the state carried and reset where `reset` says."""
    params, moments, state = initial(num_symbols, seed, nudge), None, None
    last = len(streams) - 1
    rate = learning_rate(-(-last // STEPS))
    for update, top in enumerate(range(0, last, STEPS), start=1):
        stop = min(top + STEPS, last)
        x, y = streams[top:stop], streams[top + 1 : stop + 1]
        mask = None if reset is None else reset[top:stop]
        tape = lstm.forward(params, x, state, reset=mask)
        weight = (x != END).astype(float)
        _, dlogits = rnn.cross_entropy(tape.logits, y, weight=weight)
        dlogits *= weight.sum() / (STEPS * x.shape[1])
        grads, _ = train.clip(lstm.backward(params, tape, dlogits)[0], 1.0)
        params, moments = train.adam(params, grads, moments, rate(update))
        state = tape.state(len(x))
    return params


def bits(
    params: lstm.Params, x: np.ndarray, y: np.ndarray, state: Any = None, reset: Any = None
) -> np.ndarray:
    """Loss of every target, (T, B), in bits."""
    logits = lstm.forward(params, x, state, reset=reset).logits
    logits = logits - logits.max(axis=-1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    picked = np.take_along_axis(log_p, y[..., None], axis=-1)[..., 0]
    return np.asarray(-picked / np.log(2))


def place(reset: np.ndarray) -> np.ndarray:
    """Steps since the last reset of the same stream, (T, B); 1 at the step that is reset."""
    steps, count = np.zeros(reset.shape, int), np.zeros(reset.shape[1], int)
    for t, fresh in enumerate(reset):
        count = np.where(fresh, 1, count + 1)
        steps[t] = count
    return steps


@experiment()
def ragged_documents() -> dict[str, Any]:
    """Held-out bits of three ways to train on documents, each evaluated in three ways."""
    deterministic()
    names = list(policies(np.zeros((2, 1), int)))
    rows = [_steady(on_documents, seed) for seed in SEEDS]
    count = len(names) ** 2
    bits_of = {
        name: [row[i * len(names) : (i + 1) * len(names)] for row in rows]
        for i, name in enumerate(names)
    }
    return {
        "seeds": SEEDS,
        "policies": names,
        "bits": bits_of,
        "floor": [row[count] for row in rows],
        "by_place": {
            "own stream": [row[count + 1 : count + 1 + PLACES] for row in rows],
            "never": [row[count + 1 + PLACES :] for row in rows],
        },
    }


def on_documents(seed: int, nudge: int = 0, train_as: Sequence[str] = ()) -> list[float]:
    """Bits of nets trained under each policy (or some) and evaluated under each.

    With all of them also the floor, and the loss by place of the net of the first policy,
    with resets and without.
    """
    learn = layout.to_streams(documents(TOKENS, rng("ragged documents", seed)), STREAMS)
    held = layout.to_streams(documents(HELD_OUT, rng("ragged documents held out", seed)), STREAMS)
    x, y, masks = held[:-1], held[1:], policies(held)
    inside = (x != END) & (y != END)
    found, places = [], []
    where = place(sequences.reset_before(held, END)[:-1])
    for name, reset in policies(learn).items():
        if train_as and name not in train_as:
            continue
        params = trained(learn, reset, END + 1, seed, nudge)
        for how, mask in masks.items():
            loss = bits(params, x, y, reset=None if mask is None else mask[:-1])
            found.append(float(loss[inside].mean()))
            if name == "own stream" and how in ("own stream", "never"):
                at = [inside & (where == k) for k in range(1, PLACES + 1)]
                places += [float(loss[here].mean()) for here in at]
    if train_as:
        return found
    floor = float(np.mean([corpus.floor_bits(int(k)) for k in where[inside]]))
    return [*found, floor, *places]


@experiment()
def ragged_cold_starts() -> dict[str, Any]:
    """Bits that a start from zeros costs: a net that has met none, and one that has practised."""
    deterministic()
    kept: dict[str, Any] = {"seeds": SEEDS, "batch_sizes": BATCHES, "chance": CHANCE}
    for name, practised in (("carried", False), ("practised", True)):
        rows = [_steady(cold_starts, seed, practised) for seed in SEEDS]
        more = len(BATCHES)
        kept[name] = {
            "score": [row[:more] for row in rows],
            "excess": [row[more : 2 * more] for row in rows],
            "wrap": [row[2 * more :] for row in rows],
        }
    return kept


def cold_starts(seed: int, practised: bool, nudge: int = 0) -> list[float]:
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
    end = lstm.forward(params, streams).state(len(streams))
    before = [None, *range(BATCHES[-1] - 1)]
    warm = cut(_long(alone[:, :1]), BATCHES[-1])[:COLD]
    wraps = (end, None, sequences.keep_streams(end, before))
    paid = [bits(params, streams[:COLD], streams[1 : COLD + 1], h) - warm for h in wraps]
    return [*scores, *excess, *(float(p.sum()) / BATCHES[-1] for p in paid)]


def learned(seed: int, practised: bool, nudge: int = 0) -> lstm.Params:
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


def _steady(run: Callable[..., list[float]], seed: int, *setting: Any) -> list[float]:
    """Rounded results; those of the first seed are computed again with the weights nudged."""
    found = run(seed, *setting)
    if seed == SEEDS[0]:
        moved = np.abs(np.subtract(found, run(seed, *setting, nudge=4))).max()
        if moved > MOST_MOVED:
            raise ValueError(f"a nudge of the weights moved {setting} by {moved}: chaotic")
    return [round(value, DIGITS) for value in found]
