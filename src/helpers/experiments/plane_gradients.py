"""Gradients of single windows and of single tokens: what noise is measured on."""

from __future__ import annotations

import numpy as np

from helpers import lstm, measure, rnn, truncation
from helpers.layout import Window
from helpers.truncation import Edge


def sample_gradients(
    params: lstm.Params, windows: list[Window], warm_up: int, single: np.random.Generator | None
) -> np.ndarray:
    """Flat gradients (n, P) of every stream of every window after the first `warm_up`.

    Each is of the window's mean loss, or with a generator of the loss of one of its tokens, drawn
    at random.
    """
    samples, state = [], None
    for i, window in enumerate(windows):
        tape = lstm.forward(params, window.x, state)
        state = truncation.next_state(Edge.CARRY, tape)
        if i >= warm_up:
            samples.append(of_streams(params, tape, _slopes(tape, window.y, single)))
    return np.concatenate(samples)


def of_streams(params: lstm.Params, tape: lstm.Tape, dlogits: np.ndarray) -> np.ndarray:
    """The gradient (B, P) of each stream for itself; their sum is that of ``lstm.backward``."""
    found = np.empty((dlogits.shape[1], len(params.flat())))
    for b in range(len(found)):
        one = slice(b, b + 1)
        alone = lstm.Tape(
            x=tape.x[:, one],
            h=tape.h[:, one],
            c=tape.c[:, one],
            gates=tape.gates[:, one],
            tanh_c=tape.tanh_c[:, one],
            logits=tape.logits[:, one],
        )
        found[b] = lstm.backward(params, alone, dlogits[:, one])[0].flat()
    return found


def scale_in_tokens(samples: np.ndarray, num_steps: int) -> float:
    """Noise scale tr Σ/|G|² of windows, times their tokens: so many make noise equal to signal.

    The mean of n samples is longer than G by their noise, |mean|² = |G|² + tr Σ/n on average;
    that is taken off.
    """
    n = len(samples)
    noise = measure.gradient_noise(samples)
    trace = noise.trace * n / (n - 1)
    return num_steps * trace / (float(noise.mean @ noise.mean) - trace / n)


def _slopes(tape: lstm.Tape, y: np.ndarray, single: np.random.Generator | None) -> np.ndarray:
    """dloss/dlogits (T, B, V) of each stream's mean loss, or of one of its tokens."""
    T, B = y.shape
    dlogits = rnn.cross_entropy(tape.logits, y)[1] * B  # the mean over tokens of one stream
    if single is not None:
        chosen = single.integers(T, size=B)
        dlogits *= T * (np.arange(T)[:, None] == chosen)[..., None]
    return np.asarray(dlogits)
