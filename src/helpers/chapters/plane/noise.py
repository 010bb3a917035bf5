"""How noisy the gradient is, in tokens, and what adjacent tokens are worth."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from helpers import cells, corpus, layout, truncation
from helpers.cells import Params, Tape
from helpers.chapters.plane.results import TOKENS_AN_UPDATE, columns, of_split, tuned
from helpers.layout import Window
from helpers.seeds import deterministic, rng
from helpers.tools import kept, measure, recipe
from helpers.tools.recipe import SYMBOLS, TOKENS, initial, text
from helpers.truncation import Edge

STEPS = 16
BATCH_SIZES = (8, 16, 32, 64, 128, 256)
RATES = (0.003, 0.01, 0.03, 0.1, 0.3)
SEEDS = (1, 2, 3, 4, 5)
FEW_SEEDS = (1, 2, 3)
MOMENTS = (0, 50, 100, 200, 400, 600, 782)  # updates before the noise is measured
STREAMS = 64
WARM_UP = 3  # windows of each stream that only fill the state
WINDOWS = 16  # after these
LONG, MANY = 64, 1024  # steps and streams on which adjacent tokens are weighed
LOUD = 3.0  # factor of a writer's output weights: its letters are no fair dice


def sample_gradients(
    params: Params, windows: list[Window], warm_up: int, single: np.random.Generator | None
) -> np.ndarray:
    """Flat gradients (n, P) of every stream of every window after the first `warm_up`.

    Each is of the window's mean loss, or with a generator of the loss of one of its tokens, drawn
    at random. The state is carried in, and the gradient cut where the window begins.
    """
    samples, state = [], None
    for i, window in enumerate(windows):
        tape = cells.forward(params, window.x, state)
        state = truncation.next_state(Edge.CARRY, tape)
        if i < warm_up:
            continue
        T, B = window.y.shape
        dlogits = cells.cross_entropy(tape.logits, window.y)[1] * B  # the mean over one stream
        if single is not None:
            chosen = single.integers(T, size=B)
            dlogits *= T * (np.arange(T)[:, None] == chosen)[..., None]
        samples += [cells.backward(params, *one)[0].flat() for one in _alone(tape, dlogits)]
    return np.stack(samples)


def _alone(tape: Tape, dlogits: np.ndarray) -> Iterator[tuple[Tape, np.ndarray]]:
    """Tape and derivatives of each stream for itself."""
    arrays = {name: part for name, part in vars(tape).items() if isinstance(part, np.ndarray)}
    for b in range(dlogits.shape[1]):
        one = np.s_[:, b : b + 1]
        states = tuple(part[one] for part in tape.states)
        cut: dict[str, Any] = {name: part[one] for name, part in arrays.items()}
        yield replace(tape, states=states, **cut), dlogits[one]


def scale_in_tokens(samples: np.ndarray, num_steps: int) -> float:
    """Noise scale tr Σ/|G|² of windows, times their tokens: so many make noise equal to signal.

    The mean of n samples is longer than G by their noise, |mean|² = |G|² + tr Σ/n on average;
    that is taken off.
    """
    n = len(samples)
    noise = measure.gradient_noise(samples)
    trace = noise.trace * n / (n - 1)
    return num_steps * trace / (float(noise.mean @ noise.mean) - trace / n)


def noise_along_training(seed: int, nudge: int = 0) -> list[float]:
    """Noise scale in tokens at each of `MOMENTS`, of a network trained at 128 tokens an update."""
    B, T = TOKENS_AN_UPDATE // STEPS, STEPS
    tokens = STREAMS * ((WARM_UP + WINDOWS) * T + 1)
    fresh = corpus.call_and_response(tokens, rng("plane noise", seed))
    looked = list(layout.windows(layout.to_streams(fresh, STREAMS), T))
    params = initial(SYMBOLS, seed, nudge)
    learned = layout.windows(layout.to_streams(text(seed)[0], B), T)
    rate = recipe.learning_rate(recipe.updates_of(TOKENS, B, T))
    seen = [params]
    for record in recipe.records(params, learned, Edge.CARRY, rate):
        if record.update in MOMENTS:
            seen.append(record.params)
    return [scale_in_tokens(sample_gradients(p, looked, WARM_UP, None), T) for p in seen]


@kept.result()
def plane_noise() -> dict[str, Any]:
    """Noise scale in tokens while a network learns, and held-out bits against tokens an update.

    `scale` is [seed][moment]; the rest is of `tuned`, [B]. All have read the same text once, so
    more tokens in an update are fewer updates.
    """
    deterministic()
    scale = [noise_along_training(seed) for seed in SEEDS]
    moved = np.abs(np.divide(noise_along_training(SEEDS[0], 4), scale[0]) - 1).max()
    if moved > recipe.MOST_MOVED:
        raise ValueError(f"a nudge moved the noise scale by {moved:.1e} of itself: chaotic")
    tested = [tuned(B, STEPS, RATES, SEEDS) for B in BATCH_SIZES]
    return {
        "seeds": SEEDS,
        "moments": MOMENTS,
        "scale": [[float(f"{value:.4g}") for value in values] for values in scale],
        "num_steps": STEPS,
        "batch_sizes": BATCH_SIZES,
        "rates": RATES,
        **columns(tested),
    }


def effective(params: Params, windows: list[Window], seed: int) -> float:
    """Independent tokens that average as well as the T adjacent ones of a window.

    A window's gradient is the mean of its T tokens' gradients, each of which goes back to where
    the window begins. With Σ₁ the covariance of the gradient of one token, drawn at random from
    a random window, n independent tokens would have a mean with covariance Σ₁/n. So the window
    is worth n = tr Σ₁ / tr Σ_window of them. The state is carried in.

    Where the network is the true source of the text, n = T exactly: given the past, a token's
    gradient is zero on average, since the network's probabilities are the token's own; so the
    gradients of two tokens are uncorrelated, however much the tokens depend on each other.
    """
    together = sample_gradients(params, windows, 1, None)
    alone = sample_gradients(params, windows, 1, rng("plane effective tokens", seed))
    return measure.gradient_noise(alone).trace / measure.gradient_noise(together).trace


def written(params: Params, num_tokens: int, streams: int, seed: int) -> np.ndarray:
    """Streams (num_tokens, streams) that a network writes: each letter drawn as it foretells."""
    draw = rng("plane written text", seed)
    lines, state = [draw.integers(len(params.b_y), size=(1, streams))], None
    for _ in range(num_tokens - 1):
        tape = cells.forward(params, lines[-1], state)
        state = tape.state(1)
        # The largest of logits plus Gumbel noise is distributed as the softmax says.
        lines.append((tape.logits + draw.gumbel(size=tape.logits.shape)).argmax(axis=-1))
    return np.concatenate(lines)


def writer(seed: int) -> Params:
    """A network with louder output weights, whose own text is no noise."""
    params = initial(SYMBOLS, 100 + seed)
    return replace(params, W_hy=LOUD * params.W_hy)


def cases(seed: int, streams: int = MANY) -> dict[str, float]:
    """Effective number of tokens in 64 for each network and text."""
    T, L = LONG, 2 * LONG + 1
    own = list(layout.windows(written(writer(seed), L, streams, seed), T))
    ids = corpus.call_and_response(L * streams, rng("plane effective", seed))
    call = list(layout.windows(layout.to_streams(ids, streams), T))
    pairs = {
        "the text's own source": (writer(seed), own),
        "another network, same text": (writer(seed + 1), own),
        "untrained, call and response": (initial(SYMBOLS, seed), call),
        "trained, call and response": (of_split(16, Edge.CARRY, seed), call),
    }
    return {label: effective(params, windows, seed) for label, (params, windows) in pairs.items()}


@kept.result()
def plane_effective() -> dict[str, Any]:
    """What 64 adjacent tokens are worth in independent ones: `effective` is [case][seed]."""
    deterministic()
    found = [cases(seed) for seed in FEW_SEEDS]
    return {
        "num_steps": LONG,
        "streams": MANY,
        "seeds": FEW_SEEDS,
        "cases": list(found[0]),
        "effective": [[round(values[label], 2) for values in found] for label in found[0]],
    }
