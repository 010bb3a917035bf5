"""Checks of the exercises of the chapter on ends, resets and evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers.checks import Case, Mistake, report_function

END = 9


def reset_mask(attempt: Any) -> None:
    """Say whether ``attempt(x, above, end)`` is the reset mask of one window.

    Parameters
    ----------
    attempt : callable
        Takes the ids of a window (T, B), the ids (B,) of the row above it, and the
        id that ends a document; returns truth values (T, B).
    """
    cases = []
    for x, above in (
        ([[3, 9, 2, 1], [9, 1, 4, 1], [5, 3, 7, 2], [2, 9, 1, 3]], [1, 2, 9, 4]),
        ([[9, 9], [1, 9], [2, 3]], [9, 4]),
        ([[1, 2, 3, 9], [4, 5, 6, 7]], [2, 9, 1, 9]),
    ):
        ids, row = np.array(x), np.array(above)
        whole = np.vstack([row, ids])
        right = whole[:-1] == END
        inside = right.copy()
        inside[0] = False
        first = right.copy()
        first[0] = True
        cases.append(
            Case(
                (ids, row, END),
                right,
                (
                    Mistake(
                        ids == END,
                        "this is the step that reads the end: the state is still needed there, "
                        "and must be zeroed before the step below it",
                    ),
                    Mistake(
                        np.repeat(right.any(axis=1, keepdims=True), ids.shape[1], axis=1),
                        "all streams are reset when one document ends: the others are in the "
                        "middle of theirs",
                    ),
                    Mistake(
                        inside,
                        "the first row is never reset: look at the row above the window",
                    ),
                    Mistake(
                        first,
                        "the first row is always reset: the window goes on where the one before "
                        "it stopped, so ask the row above",
                    ),
                    Mistake(
                        np.repeat(right.any(axis=0, keepdims=True), len(ids), axis=0),
                        "a stream is reset at every step because a document ends somewhere in it",
                    ),
                    Mistake(
                        np.vstack([ids[1:] == END, np.zeros((1, ids.shape[1]), bool)]),
                        "one step too early, and the wrong way round: row t looks at the row "
                        "above it, t − 1",
                    ),
                    Mistake(
                        ~right,
                        "the other way round: True zeroes the state",
                    ),
                    Mistake(
                        right.T,
                        "turned on its side: time runs down, streams across",
                    ),
                ),
            )
        )
    report_function("reset_mask", attempt, cases)


def perplexity(attempt: Any) -> None:
    """Say whether ``attempt(losses, tokens)`` is the perplexity of a text read in unequal pieces.

    Parameters
    ----------
    attempt : callable
        Takes the mean loss of each piece, in nats per token, and how many tokens
        each piece has.
    """
    cases = []
    for losses, tokens in (
        ([1.0, 3.0], [35, 5]),
        ([2.0, 1.0, 0.5], [700, 700, 180]),
        ([0.4, 4.0, 1.2], [10, 1, 25]),
    ):
        loss, n = np.array(losses), np.array(tokens)
        mean = float(np.average(loss, weights=n))
        cases.append(
            Case(
                (loss, n),
                float(np.exp(mean)),
                (
                    Mistake(mean, "this is the mean loss: perplexity is its exp"),
                    Mistake(
                        float(np.exp(loss.mean())),
                        "every piece counts the same here, so a token of a short piece counts "
                        "for more: weight the losses by the tokens",
                    ),
                    Mistake(
                        float(np.average(np.exp(loss), weights=n)),
                        "exp comes last: the mean of exps is larger than the exp of the mean",
                    ),
                    Mistake(
                        float(np.exp(loss).mean()),
                        "two slips: exp comes last, and the mean must be over tokens, not pieces",
                    ),
                    Mistake(float(loss.mean()), "two slips: weight by tokens, and take exp"),
                    Mistake(
                        float(np.exp(loss.sum() / n.sum())),
                        "the losses are means already: multiply each by its tokens before you add",
                    ),
                    Mistake(
                        float(np.exp(np.average(loss, weights=1 / n))),
                        "the weights are upside down: more tokens, more weight",
                    ),
                    Mistake(
                        float(2**mean),
                        "the losses are in nats, so the base is e; 2 belongs to bits",
                    ),
                    Mistake(
                        float(np.exp((loss * n).sum() / (n.sum() + 1))),
                        "divided by one too many: by the targets that were counted",
                    ),
                ),
            )
        )
    report_function("perplexity", attempt, cases)


def next_states(attempt: Any) -> None:
    """Say whether ``attempt(h, before, now)`` gives each recording of the next minibatch its state.

    Parameters
    ----------
    attempt : callable
        Takes the states (B, H) after a minibatch, the names of its recordings, and
        the names of the recordings of the next minibatch, of which some may be new.
    """
    cases = []
    draw = np.random.default_rng(11)
    for before, now in (
        (("anna", "ben", "cleo", "dan"), ("anna", "cleo")),
        (("anna", "ben", "cleo"), ("cleo", "anna", "emil")),
        (("anna", "ben"), ("emil", "ben", "fay")),
    ):
        h = draw.normal(size=(len(before), 3)).round(2)
        zero = np.zeros(3)
        right = np.array([h[before.index(name)] if name in before else zero for name in now])
        in_order = np.array([h[b] if b < len(h) else zero for b in range(len(now))])
        continued = np.array([h[before.index(name)] for name in now if name in before])
        mean = np.array([h[before.index(n)] if n in before else h.mean(0) for n in now])
        modulo = np.array([h[b % len(h)] for b in range(len(now))])
        named = np.array([h[before.index(n)] if n in before else h[0] for n in now])
        last = np.array([h[before.index(n)] if n in before else h[-1] for n in now])
        kept = [h[b] for b, name in enumerate(before) if name in now]
        unmoved = np.array(kept + [zero] * (len(now) - len(kept)))
        stays = np.array([h[b] if b < len(h) and n in before else zero for b, n in enumerate(now)])
        cases.append(
            Case(
                (h, before, now),
                right,
                (
                    Mistake(
                        np.zeros_like(right),
                        "everybody starts anew: who was there before has a past, keep it",
                    ),
                    Mistake(
                        np.repeat(h.mean(axis=0, keepdims=True), len(now), axis=0),
                        "the mean of the rows is nobody's past: each recording keeps its own row",
                    ),
                    Mistake(
                        in_order,
                        "the first rows, whoever they belong to: look the names up",
                    ),
                    Mistake(
                        stays,
                        "rows are taken by their place: look up where the name stood before",
                    ),
                    Mistake(
                        unmoved,
                        "the rows stand in the order of `before`: they go where the names stand "
                        "in `now`",
                    ),
                    Mistake(
                        modulo,
                        "rows are dealt out in turn: look the names up",
                    ),
                    Mistake(
                        h[-len(now) :],
                        "the last rows, whoever they belong to: look the names up",
                    ),
                    Mistake(
                        continued,
                        "the new recordings have no row: they start from zeros",
                    ),
                    Mistake(
                        mean,
                        "a new recording has no past: zeros, not the mean of the others",
                    ),
                    Mistake(
                        named,
                        "a new recording starts with the state of another one: zeros",
                    ),
                    Mistake(
                        last,
                        "a new recording starts with the last row (index −1 is a row): zeros",
                    ),
                    Mistake(h, "the state still has a row for each old recording"),
                ),
            )
        )
    report_function("next_states", attempt, cases)


def pad(attempt: Any) -> None:
    """Say whether ``attempt(texts)`` gives x, y and weight of padded sequences.

    Parameters
    ----------
    attempt : callable
        Takes a list of vectors of ids; returns three arrays (T, B), filled up
        with 0 at the end.
    """
    cases = []
    for texts in (
        [[5, 6, 0, 8], [3, 4], [1, 2, 3]],
        [[4, 7], [2, 2, 5]],
        [[6, 1, 8, 3, 5]],
    ):
        given = [np.array(ids) for ids in texts]
        right = _padded(given)
        x, y, weight = right
        steps = weight.sum(axis=0).astype(int)
        everything = _padded(given, shifted=False)
        cases.append(
            Case(
                (given,),
                right,
                (
                    Mistake(
                        np.stack([x, y, np.ones_like(weight)]),
                        "the filling counts: its weight must be 0",
                    ),
                    Mistake(
                        np.stack([x, y, 1.0 * (y != 0)]),
                        "0 is a letter too: the weight comes from the lengths, not from the ids",
                    ),
                    Mistake(
                        np.stack([x, y, 1.0 * (x != 0)]),
                        "0 is a letter too: the weight comes from the lengths, not from the ids",
                    ),
                    Mistake(
                        right.transpose(0, 2, 1),
                        "the batch is first: time runs down, one column a sequence",
                    ),
                    Mistake(
                        everything,
                        "one row too many: n tokens give n − 1 targets, so the last token is "
                        "only a target",
                    ),
                    Mistake(
                        np.stack([x, _wrapped(x, steps), weight]),
                        "the last target of each sequence is its own first token: it should be "
                        "the token that follows",
                    ),
                    Mistake(
                        np.stack([y, x, weight]),
                        "inputs and targets are swapped: the target is the later token",
                    ),
                    Mistake(
                        np.stack([x, x * (weight > 0), weight]),
                        "the targets are the inputs: move them on by one token",
                    ),
                    Mistake(
                        _to_bottom(right, steps),
                        "the filling stands in front: then every real step has read filling "
                        "before it",
                    ),
                    Mistake(
                        right[:, : steps.min()],
                        "the longer sequences are cut off: fill the shorter ones up instead",
                    ),
                    Mistake(
                        np.stack([x, y, weight / steps]),
                        "this makes every sequence count the same: every token should",
                    ),
                    Mistake(
                        np.stack([x, y, 1 - weight]),
                        "the other way round: 1 counts, 0 does not",
                    ),
                ),
            )
        )
    report_function("pad", attempt, cases)


def spans(attempt: Any) -> None:
    """Say whether ``attempt(num_targets, batch_size, warm_up)`` lets a score forget its B.

    Parameters
    ----------
    attempt : callable
        Returns for each stream the first position that is read, the first whose
        target counts, and the position at which it stops.
    """
    cases = []
    for P, B, W in ((12, 3, 2), (20, 4, 7), (10, 5, 0)):
        M = P // B
        right = [(max(0, b * M - W), b * M, (b + 1) * M) for b in range(B)]
        cases.append(
            Case(
                (P, B, W),
                right,
                (
                    Mistake(
                        [(b * M, b * M, (b + 1) * M) for b in range(B)],
                        "nothing is read before the first target counts: these are B − 1 cold "
                        "starts",
                    ),
                    Mistake(
                        [(b * M, min(b * M + W, (b + 1) * M), (b + 1) * M) for b in range(B)],
                        "the first targets of each stream are never counted: read sooner instead",
                    ),
                    Mistake(
                        [(max(0, b * M - min(W, M)), b * M, (b + 1) * M) for b in range(B)],
                        "the warm-up ends at the stream before: it may be longer than a stream",
                    ),
                    Mistake(
                        [(b * M - W, b * M, (b + 1) * M) for b in range(B)],
                        "nothing can be read before position 0",
                    ),
                    Mistake(
                        [(max(0, b * M - W),) * 2 + ((b + 1) * M,) for b in range(B)],
                        "the warm-up is counted too: those targets belong to the stream before",
                    ),
                    Mistake(
                        [(max(0, b * M - W), b * M, min((b + 1) * M + W, P)) for b in range(B)],
                        "targets are counted twice: a stream stops where the next one begins to "
                        "count",
                    ),
                    Mistake(
                        [(0, b * M, (b + 1) * M) for b in range(B)],
                        "every stream reads from the start: right, but the warm-up says how much "
                        "is enough",
                    ),
                    Mistake(
                        [(max(0, b * M - W), b * M, (b + 1) * M - 1) for b in range(B)],
                        "the last target of each stream is missing: stop is one beyond it",
                    ),
                    Mistake(
                        [(max(0, b * M - W), b * M, M) for b in range(B)],
                        "stop is a position of the text, not a length",
                    ),
                ),
            )
        )
    report_function("spans", attempt, cases)


def _padded(texts: list[np.ndarray], *, shifted: bool = True) -> np.ndarray:
    steps = [len(ids) - shifted for ids in texts]
    filled = np.zeros((3, max(steps), len(texts)))
    for b, (ids, n) in enumerate(zip(texts, steps, strict=True)):
        filled[0, :n, b] = ids[:n]
        filled[1, : len(ids) - 1, b] = ids[1:]
        filled[2, :n, b] = 1
    return filled


def _wrapped(x: np.ndarray, steps: np.ndarray) -> np.ndarray:
    y = np.zeros_like(x)
    for b, n in enumerate(steps):
        y[:n, b] = np.roll(x[:n, b], -1)
    return y


def _to_bottom(filled: np.ndarray, steps: np.ndarray) -> np.ndarray:
    T = filled.shape[1]
    return np.stack([np.roll(filled[:, :, b], T - n, axis=1) for b, n in enumerate(steps)], axis=2)
