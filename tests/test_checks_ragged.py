"""The exercises on ends, resets and evaluation accept what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from helpers import sequences
from helpers.checks import ragged as check


def said(capsys):
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    return text[:-1]


def refused(capsys, name, attempt, hint):
    getattr(check, name)(attempt)
    line = said(capsys)
    assert line.startswith(f"{name}: not yet")
    assert hint in line


# reset_mask


def mask(x, above, end):
    return np.vstack([above, x[:-1]]) == end


def mask_by_loop(x, above, end):
    found = np.zeros(x.shape, bool)
    for t in range(len(x)):
        found[t] = (x[t - 1] if t else above) == end
    return found


@pytest.mark.parametrize(
    "attempt",
    [
        mask,
        mask_by_loop,
        lambda *a: torch.tensor(mask(*a)),
        lambda *a: mask(*a).tolist(),
        lambda x, above, end: sequences.reset_before(np.vstack([above, x]), end)[1:],
    ],
)
def test_right_masks_are_accepted(capsys, attempt):
    check.reset_mask(attempt)
    assert said(capsys) == "reset_mask: correct"


def inside_only(x, above, end):
    found = mask(x, above, end)
    found[0] = False
    return found


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda x, above, end: x == end, "the step that reads the end"),
        (
            lambda *a: np.repeat(mask(*a).any(axis=1, keepdims=True), a[0].shape[1], axis=1),
            "all streams are reset",
        ),
        (inside_only, "the first row is never reset"),
        (lambda x, above, end: sequences.reset_before(x, end), "the first row is always reset"),
        (
            lambda *a: np.repeat(mask(*a).any(axis=0, keepdims=True), len(a[0]), axis=0),
            "at every step",
        ),
        (
            lambda x, above, end: np.vstack([x[1:] == end, above != above]),
            "looks at the row above it",
        ),
        (lambda *a: ~mask(*a), "the other way round"),
        (lambda *a: mask(*a).T, "turned on its side"),
        (lambda *a: 1 * mask(*a), "is not truth values of shape (4, 4)"),
        (lambda x, above, end: np.zeros(x.shape, bool), "entry (0, 2) is False but should be True"),
    ],
)
def test_wrong_masks_are_refused_with_their_hint(capsys, attempt, hint):
    refused(capsys, "reset_mask", attempt, hint)


# perplexity


def perplexity(losses, tokens):
    return np.exp((losses * tokens).sum() / tokens.sum())


@pytest.mark.parametrize(
    "attempt",
    [
        perplexity,
        lambda loss, n: float(np.exp(np.average(loss, weights=n))),
        lambda loss, n: torch.tensor(np.exp(loss @ n / n.sum())),
        lambda loss, n: np.prod(np.exp(loss) ** (n / n.sum())),
    ],
)
def test_the_right_perplexity_is_accepted(capsys, attempt):
    check.perplexity(attempt)
    assert said(capsys) == "perplexity: correct"


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda loss, n: np.average(loss, weights=n), "perplexity is its exp"),
        (lambda loss, n: np.exp(loss.mean()), "every piece counts the same"),
        (lambda loss, n: np.average(np.exp(loss), weights=n), "exp comes last: the mean of exps"),
        (lambda loss, n: np.exp(loss).mean(), "two slips: exp comes last"),
        (lambda loss, n: loss.mean(), "two slips: weight by tokens"),
        (lambda loss, n: np.exp(loss.sum() / n.sum()), "the losses are means already"),
        (lambda loss, n: np.exp(np.average(loss, weights=1 / n)), "upside down"),
        (lambda loss, n: 2 ** np.average(loss, weights=n), "2 belongs to bits"),
        (lambda loss, n: np.exp(loss @ n / (n.sum() + 1)), "divided by one too many"),
        (lambda loss, n: np.exp(loss), "the shape is (2,) but should be ()"),
    ],
)
def test_wrong_perplexities_are_refused_with_their_hint(capsys, attempt, hint):
    refused(capsys, "perplexity", attempt, hint)


# next_states


def states(h, before, now):
    rows = [before.index(name) if name in before else None for name in now]
    return sequences.keep_streams(h, rows)


def states_by_loop(h, before, now):
    found = np.zeros((len(now), h.shape[1]))
    for row, name in zip(h, before, strict=True):
        if name in now:
            found[now.index(name)] = row
    return found


@pytest.mark.parametrize(
    "attempt",
    [states, states_by_loop, lambda *a: torch.tensor(states(*a)), lambda *a: list(states(*a))],
)
def test_right_states_are_accepted(capsys, attempt):
    check.next_states(attempt)
    assert said(capsys) == "next_states: correct"


def zeros(h, now):
    return np.zeros((len(now), h.shape[1]))


def with_new(new):
    """Rows by name, but a new recording gets what `new` makes of the old states."""
    return lambda h, before, now: np.array(
        [h[before.index(n)] if n in before else new(h) for n in now]
    )


def by_place(h, before, now):
    found = zeros(h, now)
    for b, name in enumerate(now):
        if name in before and b < len(h):
            found[b] = h[b]
    return found


def unmoved(h, before, now):
    found = zeros(h, now)
    for place, b in enumerate(b for b, name in enumerate(before) if name in now):
        found[place] = h[b]
    return found


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda h, before, now: zeros(h, now), "everybody starts anew"),
        (lambda h, before, now: zeros(h, now) + h.mean(axis=0), "nobody's past"),
        (lambda h, before, now: h[: len(now)], "the first rows, whoever"),
        (by_place, "the first rows, whoever"),
        (lambda h, before, now: h[-len(now) :], "the last rows, whoever"),
        (unmoved, "the order of `before`"),
        (
            lambda h, before, now: np.array([h[before.index(n)] for n in now if n in before]),
            "the new recordings have no row",
        ),
        (with_new(lambda h: h.mean(axis=0)), "zeros, not the mean of the others"),
        (with_new(lambda h: h[0]), "the state of another one"),
        (with_new(lambda h: h[-1]), "index −1 is a row"),
        (lambda h, before, now: h, "still has a row for each old recording"),
        (lambda h, before, now: states(h, before, now).T, "the shape is (3, 2) but should be"),
    ],
)
def test_wrong_states_are_refused_with_their_hint(capsys, attempt, hint):
    refused(capsys, "next_states", attempt, hint)


def test_names_that_are_looked_up_wrongly_are_told_apart_from_first_rows(capsys):
    def first_case_right(h, before, now):
        return states(h, before, now) if len(before) == 4 else by_place(h, before, now)

    refused(capsys, "next_states", first_case_right, "rows are taken by their place")

    def dealt(h, before, now):
        return states(h, before, now) if len(before) > 2 else h[np.arange(len(now)) % len(h)]

    refused(capsys, "next_states", dealt, "dealt out in turn")


# pad


def padded(texts):
    return np.stack(sequences.pad(texts))


@pytest.mark.parametrize(
    "attempt",
    [
        sequences.pad,
        padded,
        lambda texts: [torch.tensor(part) for part in sequences.pad(texts)],
        lambda texts: (*sequences.pad(texts)[:2], sequences.pad(texts)[2].astype(bool)),
    ],
)
def test_right_padding_is_accepted(capsys, attempt):
    check.pad(attempt)
    assert said(capsys) == "pad: correct"


def everything(texts):
    T = max(map(len, texts))
    x, y, weight = np.zeros((3, T, len(texts)))
    for b, ids in enumerate(texts):
        x[: len(ids), b], y[: len(ids) - 1, b], weight[: len(ids), b] = ids, ids[1:], 1
    return x, y, weight


def wrapped(texts):
    x, y, weight = sequences.pad(texts)
    for b, ids in enumerate(texts):
        y[: len(ids) - 1, b] = np.roll(ids[:-1], -1)
    return x, y, weight


def in_front(texts):
    x, y, weight = np.zeros((3, max(map(len, texts)) - 1, len(texts)))
    for b, ids in enumerate(texts):
        top = len(x) - len(ids) + 1
        x[top:, b], y[top:, b], weight[top:, b] = ids[:-1], ids[1:], 1
    return x, y, weight


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda texts: (*padded(texts)[:2], np.ones_like(padded(texts)[2])), "the filling counts"),
        (lambda texts: (*padded(texts)[:2], padded(texts)[1] != 0), "0 is a letter too"),
        (lambda texts: (*padded(texts)[:2], padded(texts)[0] != 0), "0 is a letter too"),
        (lambda texts: padded(texts).transpose(0, 2, 1), "the batch is first"),
        (everything, "one row too many"),
        (wrapped, "its own first token"),
        (lambda texts: padded(texts)[[1, 0, 2]], "inputs and targets are swapped"),
        (lambda texts: padded(texts)[[0, 0, 2]], "move them on by one token"),
        (in_front, "the filling stands in front"),
        (lambda texts: sequences.pad([ids[:2] for ids in texts]), "are cut off"),
        (
            lambda texts: (*padded(texts)[:2], padded(texts)[2] / padded(texts)[2].sum(axis=0)),
            "every token should",
        ),
        (lambda texts: (*padded(texts)[:2], 1 - padded(texts)[2]), "the other way round"),
        (lambda texts: padded(texts)[:2], "the shape is (2, 3, 3) but should be (3, 3, 3)"),
    ],
)
def test_wrong_padding_is_refused_with_its_hint(capsys, attempt, hint):
    refused(capsys, "pad", attempt, hint)


# spans


def spans(P, B, W, *, least=0):
    M = P // B
    return [(max(least, b * M - W), b * M, (b + 1) * M) for b in range(B)]


@pytest.mark.parametrize(
    "attempt",
    [
        spans,
        lambda *a: np.array(spans(*a)),
        lambda *a: torch.tensor(spans(*a)),
        lambda P, B, W: [[max(0, i - W), i, i + P // B] for i in range(0, P, P // B)],
    ],
)
def test_right_spans_are_accepted(capsys, attempt):
    check.spans(attempt)
    assert said(capsys) == "spans: correct"


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda P, B, W: spans(P, B, 0), "these are B − 1 cold starts"),
        (
            lambda P, B, W: [(i, min(i + W, stop), stop) for _, i, stop in spans(P, B, W)],
            "are never counted",
        ),
        (lambda P, B, W: spans(P, B, min(W, P // B)), "may be longer than a stream"),
        (lambda *a: spans(*a, least=-99), "nothing can be read before position 0"),
        (lambda *a: [(top, top, stop) for top, _, stop in spans(*a)], "the warm-up is counted too"),
        (
            lambda P, B, W: [(a, b, min(c + W, P)) for a, b, c in spans(P, B, W)],
            "targets are counted twice",
        ),
        (lambda P, B, W: spans(P, B, P), "every stream reads from the start"),
        (lambda *a: [(a, b, c - 1) for a, b, c in spans(*a)], "the last target of each stream"),
        (lambda *a: [(a, b, c - b) for a, b, c in spans(*a)], "not a length"),
        (lambda *a: spans(*a)[0], "the shape is (3,) but should be (3, 3)"),
    ],
)
def test_wrong_spans_are_refused_with_their_hint(capsys, attempt, hint):
    refused(capsys, "spans", attempt, hint)


@pytest.mark.parametrize("name", ["reset_mask", "perplexity", "next_states", "pad", "spans"])
@pytest.mark.parametrize("attempt", [..., None, lambda *a: ...])
def test_nothing_yet_is_to_do(capsys, name, attempt):
    getattr(check, name)(attempt)
    assert said(capsys) == f"{name}: to do"
