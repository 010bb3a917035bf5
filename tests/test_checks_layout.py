"""The exercises on layout accept what is right and name what is wrong."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from helpers import loaders
from helpers.checks import layout as check


def said(capsys):
    return capsys.readouterr().out.splitlines()


# Where is a token predicted?


def predicted(token, L, T):
    b, p = divmod(token, L)
    return b, (p - 1) // T, (p - 1) % T


def of_loader(token, L, T):
    """The same, looked up in the windows."""
    for w, window in enumerate(loaders.streams(np.arange((token // L + 1) * L), token // L + 1, T)):
        for t, b in np.argwhere(window.y == token):
            return b, w, t
    return None


@pytest.mark.parametrize(
    "attempt",
    [predicted, of_loader, lambda *a: np.array(predicted(*a)), lambda *a: [*predicted(*a)]],
)
def test_right_places_are_accepted(capsys, attempt):
    check.predicted(attempt, never=20)
    assert said(capsys) == ["predicted: correct", "never: correct"]


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda i, L, T: (i // L, i % L // T, i % L % T), "this is where the token is read"),
        (lambda i, L, T: (i // L, i % L // T, i % L % T - 1), "can be in the window before"),
        (lambda i, L, T: (i // L, (i % L + 1) // T, (i % L + 1) % T), "not after"),
        (lambda i, L, T: (i // L, (i - 1) // T, (i - 1) % T), "take away b·L first"),
        (lambda i, L, T: (i // L, i // T, i % T), "take away b·L first"),
        (lambda i, L, T: (i // L, (i % L - 1) // T, (i - 1) % T), "take away b·L first"),
        (lambda *a: tuple(predicted(*a)[k] for k in (0, 2, 1)), "have changed places"),
        (lambda *a: tuple(predicted(*a)[k] for k in (1, 0, 2)), "the order is stream"),
        (lambda *a: predicted(*a)[::-1], "the order is stream"),
        (lambda *a: tuple(predicted(*a)[k] for k in (2, 0, 1)), "the order is stream"),
        (lambda *a: tuple(predicted(*a)[k] for k in (1, 2, 0)), "the order is stream"),
        (lambda *a: tuple(1 + k for k in predicted(*a)), "all three are counted from 0"),
        (lambda *a: (predicted(*a)[0], predicted(*a)[1] + 1, predicted(*a)[2]), "from 0"),
        (lambda i, L, T: (i % L, *predicted(i, L, T)[1:]), "whole streams lie before"),
        (lambda i, L, T: (i // T, *predicted(i, L, T)[1:]), "whole streams lie before"),
        (lambda i, L, T: (i // L, i % L - 1), "now divide it by T"),
        (lambda *a: predicted(*a)[:2], "the step inside the window is missing"),
        (lambda i, L, T: i - 1, "the shape is () but should be (3,)"),
    ],
)
def test_wrong_places_are_refused_with_their_hint(capsys, attempt, hint):
    check.predicted(attempt, never=...)
    line, never = said(capsys)
    assert line.startswith("predicted: not yet")
    assert hint in line
    assert never == "never: to do"


@pytest.mark.parametrize(
    ("never", "hint"),
    [
        (19, "10,001 is 20 times 500 and a rest of 1"),
        (21, "leave it out"),
        (1, "has none before it"),
        (0, "has nothing before it in its own stream"),
        (9_980, "this is how many are predicted"),
        (10_000, "which of them are not?"),
        (40, "is a target; only its first is none"),
        (41, "is a target; only its first is none"),
        (500, "it is 500 but should be 20"),
    ],
)
def test_wrong_numbers_of_tokens_are_refused_with_their_hint(capsys, never, hint):
    check.predicted(..., never=never)
    place, line = said(capsys)
    assert place == "predicted: to do"
    assert line.startswith("never: not yet")
    assert hint in line


# The line-up

TRUTH = {"A": "strided", "B": "overlapping", "C": "wrapped", "D": "right", "E": "view",
         "F": "shuffled"}  # fmt: skip


def test_the_right_names_are_accepted(capsys):
    check.faults(**TRUTH)
    assert said(capsys) == [f"{letter}: correct" for letter in TRUTH]


@pytest.mark.parametrize(("letter", "word"), [*itertools.product(TRUTH, check.FAULTS)])
def test_every_wrong_name_gets_the_evidence_against_it(capsys, letter, word):
    check.faults(**{letter: word})
    (line,) = said(capsys)
    if word == TRUTH[letter]:
        assert line == f"{letter}: correct"
    else:
        assert line.startswith(f"{letter}: not yet, if it were {word!r}: ")
        assert line.endswith("; look again")


def test_the_evidence_is_true_of_the_suspect_that_it_describes():
    """What a hint says of a fault holds for the loader that has it, in the line-up's size."""
    seen = {letter: list(f(np.arange(20), 2, 4)) for letter, f in loaders.SUSPECTS.items()}
    assert (np.diff(seen["E"][0].x, axis=0) == 2).all()
    assert (np.diff(seen["E"][0].y, axis=0) == 2).all()
    assert (np.diff(seen["A"][0].x, axis=0) == 2).all()
    assert (seen["A"][0].y == seen["A"][0].x + 1).all()
    assert (seen["C"][0].y[-1] == seen["C"][0].x[0]).all()
    assert (seen["F"][0].y == seen["F"][0].x + 1).all()
    assert (seen["F"][1].x[0] != seen["F"][0].x[-1] + 1).all()
    assert (seen["B"][0].x[:, 1] == seen["B"][0].x[:, 0] + 1).all()
    assert (seen["D"][1].x[0] == seen["D"][0].x[-1] + 1).all()


@pytest.mark.parametrize("word", ["viewed", "wrong", "", 3, True])
def test_other_words_are_refused_with_the_list(capsys, word):
    check.faults(A=word)
    assert said(capsys) == [f"A: not yet, the words are {', '.join(check.FAULTS)}"]


def test_other_letters_are_refused_with_the_list(capsys):
    check.faults(G="view", a="view")
    assert said(capsys) == [f"{x}: not yet, the suspects are A, B, C, D, E, F" for x in "Ga"]


# Repairs


def pieces(ids, B):
    return ids.reshape(B, -1).T


def view(ids, B):
    return pieces(ids[: len(ids) // B * B], B)


def strided(ids, B):
    n = (len(ids) - 1) // B * B
    return pieces(ids[:n], B), pieces(ids[1 : n + 1], B)


def wrapped(streams, start, stop):
    return streams[start + 1 : stop + 1]


def fresh(windows):
    return [True] * windows


def in_torch(f):
    def attempt(*arguments):
        arrays = [torch.tensor(a) if isinstance(a, np.ndarray) else a for a in arguments]
        return f(*arrays)

    return attempt


def view_in_torch(ids, B):
    return ids[: len(ids) // B * B].view(B, -1).t()


@pytest.mark.parametrize(
    "attempts",
    [
        (view, strided, wrapped, fresh),
        (in_torch(view_in_torch), lambda *a: list(strided(*a)), in_torch(wrapped),
         lambda n: np.ones(n, bool)),
    ],
)  # fmt: skip
def test_right_repairs_are_accepted(capsys, attempts):
    check.repaired(*attempts)
    names = ("view", "strided", "wrapped", "fresh")
    assert said(capsys) == [f"{name}: correct" for name in names]


def used(ids, B):
    return (len(ids) - 1) // B * B


@pytest.mark.parametrize(
    ("name", "attempt", "hint"),
    [
        ("view", lambda i, B: i[: len(i) // B * B].reshape(-1, B), "this is the fault itself"),
        ("view", lambda i, B: i[: len(i) // B * B].reshape(-1, B).T, "still cut in steps of B"),
        ("view", lambda i, B: view(i, B).T, "turn them"),
        ("view", lambda i, B: pieces(i[len(i) % B :], B), "keep the start"),
        ("view", lambda i, B: view(i, B)[:-1], "the last row is missing"),
        ("view", lambda i, B: view(i, B)[:, ::-1], "stream 0 is the first piece"),
        ("view", lambda i, B: i[: len(i) // B * B], "cut it into B pieces"),
        ("view", lambda i, B: i.reshape(B, -1).T, "ValueError"),
        (
            "strided",
            lambda i, B: (i[: used(i, B)].reshape(-1, B), i[1 : used(i, B) + 1].reshape(-1, B)),
            "this is the fault itself",
        ),
        ("strided", lambda *a: [s.T for s in strided(*a)], "turn them"),
        ("strided", lambda *a: strided(*a)[::-1], "inputs first, then targets"),
        ("strided", lambda *a: (strided(*a)[0],) * 2, "the token after its input"),
        (
            "strided",
            lambda i, B: (i[: used(i, B)], i[1 : used(i, B) + 1]),
            "now cut each into B pieces",
        ),
        ("strided", lambda *a: strided(*a)[0], "two arrays"),
        ("strided", lambda i, B: (view(i, B)[:-1], view(i, B)[1:]), "the other good layout"),
        ("wrapped", lambda s, a, b: np.roll(s[a:b], -1, axis=0), "this is the fault itself"),
        ("wrapped", lambda s, a, b: s[a:b], "these are the inputs"),
        ("wrapped", lambda s, a, b: s[a:b][1:], "the last target is missing"),
        ("wrapped", lambda s, a, b: s[a + 1 : b], "the last target is missing"),
        ("wrapped", lambda s, a, b: np.roll(s[a:b], 1, axis=0), "a target comes later"),
        ("wrapped", lambda s, a, b: s[[*range(a + 1, b), b - 1]], "repeats the last input"),
        (
            "wrapped",
            lambda s, a, b: np.vstack([s[a + 1 : b], np.zeros_like(s[:1])]),
            "the last target is known",
        ),
        ("wrapped", lambda s, a, b: s[b : 2 * b - a], "one row below, not T"),
        ("fresh", lambda n: [True] + [False] * (n - 1), "right for streams in order"),
        ("fresh", lambda n: [False] * n, "carries the state into every window"),
        ("fresh", lambda n: [False] + [True] * (n - 1), "that says the opposite"),
        ("fresh", lambda n: [True] * (n - 1), "the first one too"),
        ("fresh", lambda n: [1] * n, "truth values, please"),
        ("fresh", lambda n: True, "one for each window: a list"),
    ],
)
def test_wrong_repairs_are_refused_with_their_hint(capsys, name, attempt, hint):
    attempts = {"view": ..., "strided": ..., "wrapped": ..., "fresh": ..., name: attempt}
    check.repaired(**attempts)
    lines = dict(line.split(": ", 1) for line in said(capsys))
    assert lines[name].startswith("not yet")
    assert hint in lines[name]
    assert all(lines[other] == "to do" for other in lines.keys() - {name})


# The order to feed


def feed_order(M, B):
    K = M // B
    return [b * K + k for k in range(K) for b in range(B)]


def by_layout(M, B):
    return np.arange(M // B * B).reshape(B, -1).T.ravel()


def by_windows(M, B):
    """Read from a corpus of pieces of one token, with a last row that is only a target."""
    K = M // B
    ids = np.concatenate([[*range(b * K, (b + 1) * K), -1] for b in range(B)])
    return np.concatenate([w.x[0] for w in loaders.streams(ids, B, 1)])


@pytest.mark.parametrize("attempt", [feed_order, by_layout, by_windows])
def test_the_right_order_is_accepted_and_goes_on_row_by_row(capsys, attempt):
    check.feed_order(attempt)
    assert said(capsys) == ["feed_order: correct"]
    fed = np.reshape(feed_order(12, 3), (-1, 3))
    assert (np.diff(fed, axis=0) == 1).all()


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda M, B: range(M), "in reading order"),
        (lambda M, B: range(M // B * B), "in reading order"),
        (lambda M, B: [*feed_order(M, B), *range(M // B * B, M)], "have to stay away"),
        (lambda M, B: [i for k in range(M // B) for i in range(k, M, M // B)], "stay away"),
        (lambda M, B: feed_order(M, B)[:-B], "the last minibatch is missing"),
        (lambda M, B: feed_order(M, B)[B:], "the first minibatch is missing"),
        (lambda M, B: np.reshape(feed_order(M, B), (-1, B)), "as a table"),
        (
            lambda M, B: np.arange(M // B * B).reshape(B, -1)[::-1].T.ravel(),
            "the other way round",
        ),
        (
            lambda M, B: np.arange(M // B * B).reshape(-1, B).T.ravel(),
            "the streams have B pieces each",
        ),
        (lambda M, B: [i + 1 for i in feed_order(M, B)], "counted from 0"),
        (lambda M, B: M, "the shape is () but should be (12,)"),
    ],
)
def test_wrong_orders_are_refused_with_their_hint(capsys, attempt, hint):
    check.feed_order(attempt)
    (line,) = said(capsys)
    assert line.startswith("feed_order: not yet")
    assert hint in line


# Windows at regular distances


def strides(N, T, stride):
    starts = np.arange(0, N - T, stride)
    y = starts[:, None] + 1 + np.arange(T)
    return y.size, len(np.unique(y))


def by_formula(N, T, stride):
    n = -(-(N - T) // stride)
    return n * T, (n - 1) * min(stride, T) + T


@pytest.mark.parametrize("attempt", [strides, by_formula, lambda *a: np.array(strides(*a))])
def test_the_right_counts_are_accepted(capsys, attempt):
    check.strides(attempt)
    assert said(capsys) == ["strides: correct"]


def test_a_stride_of_one_is_the_overlapping_loader():
    windows = list(loaders.overlapping(np.arange(30), 4, 6))
    y = np.concatenate([w.y.ravel() for w in windows])
    assert strides(30, 6, 1) == (y.size, len(np.unique(y)))


@pytest.mark.parametrize(
    ("attempt", "hint"),
    [
        (lambda *a: (strides(*a)[0],) * 2, "count it once"),
        (lambda *a: strides(*a)[::-1], "the other way round"),
        (lambda N, T, s: strides((N - T) // s * s + T, T, s), "round up"),
        (lambda N, T, s: (strides(N, T, s)[0], N - 1), "not every token is reached"),
        (lambda N, T, s: (strides(N, T, s)[0], N), "the first token is never a target"),
        (lambda N, T, s: (strides(N, T, s)[0] // T, strides(N, T, s)[1]), "each has T targets"),
        (lambda *a: strides(*a)[0] / strides(*a)[1], "give both numbers"),
        (lambda N, T, s: strides(N + 1, T, s), "one window too many"),
        (
            lambda N, T, s: (strides(N + 1, T, s)[0], strides(N, T, s)[1]),
            "one window too many",
        ),
        (lambda N, T, s: (N // s * T, strides(N, T, s)[1]), "must end before the corpus does"),
        (lambda N, T, s: ((N - 1) // s * T, strides(N, T, s)[1]), "must end before the corpus"),
        (lambda N, T, s: ((N - T) // s * T, strides(N, T, s)[1]), "round up"),
    ],
)
def test_wrong_counts_are_refused_with_their_hint(capsys, attempt, hint):
    check.strides(attempt)
    (line,) = said(capsys)
    assert line.startswith("strides: not yet")
    assert hint in line


@pytest.mark.parametrize("name", ["feed_order", "strides"])
@pytest.mark.parametrize("attempt", [..., None, lambda *a: ...])
def test_nothing_yet_is_to_do(capsys, name, attempt):
    getattr(check, name)(attempt)
    assert said(capsys) == [f"{name}: to do"]


@pytest.mark.parametrize("attempt", [..., None])
def test_nothing_yet_is_to_do_where_there_are_several_answers(capsys, attempt):
    check.faults(A=attempt)
    check.repaired(attempt, attempt, attempt, attempt)
    check.predicted(attempt, never=attempt)
    assert {line.split(": ", 1)[1] for line in said(capsys)} == {"to do"}
