"""Exercises of the chapter on ends, resets and evaluation."""

from collections.abc import Callable, Iterable, Sequence
from math import exp
from typing import Any

import numpy as np

from helpers.tools.exercise import as_arrays, exercise

END = 9


@exercise(([[3, 9, 2, 1], [9, 1, 4, 1], [5, 3, 7, 2], [2, 9, 1, 3]], [1, 2, 9, 4], END),
    ([[9, 9], [1, 9], [2, 3]], [9, 4], END),
    ([[1, 2, 3, 9], [4, 5, 6, 7]], [2, 9, 1, 9], END), handed=as_arrays)
def reset_mask(x: list[list[int]], above: list[int], end: int) -> list[list[bool]]:
    """Where the state is zeroed: from ids (T, B), those of the row above, and the end's id."""
    return _ends([above, *x[:-1]], end)

def _ends(rows: list[list[int]], end: int) -> list[list[bool]]:
    return [[token == end for token in row] for row in rows]

def _turned(table: Iterable[Iterable[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*table)]

def _first_row(value: bool) -> Callable[..., list[list[bool]]]:
    return lambda x, above, end: [[value] * len(above), *_ends(x[:-1], end)]

reset_mask.wrong = {
    "this is the step that reads the end: the state is still needed there, and must be zeroed "
    "before the step below it": lambda x, above, end: _ends(x, end),
    "all streams are reset when one document ends: the others are in the middle of theirs":
        reset_mask.but(lambda mask: [[any(row)] * len(row) for row in mask]),
    "the first row is never reset: look at the row above the window": _first_row(False),
    "the first row is always reset: the window goes on where the one before it stopped, so ask "
    "the row above": _first_row(True),
    "a stream is reset at every step because a document ends somewhere in it":
        reset_mask.but(lambda mask: [[any(column) for column in _turned(mask)]] * len(mask)),
    "one step too early, and the wrong way round: row t looks at the row above it, t − 1":
        lambda x, above, end: [*_ends(x[1:], end), [False] * len(above)],
    "the other way round: True zeroes the state":
        reset_mask.but(lambda mask: [[not each for each in row] for row in mask]),
    "turned on its side: time runs down, streams across": reset_mask.but(_turned),
}


@exercise(([1.0, 3.0], [35, 5]), ([2.0, 1.0, 0.5], [700, 700, 180]),
    ([0.4, 4.0, 1.2], [10, 1, 25]), handed=as_arrays)
def perplexity(losses: list[float], tokens: list[int]) -> float:
    """Of a text read in unequal pieces: their mean losses in nats, and how many tokens each has."""
    return exp(_mean(losses, tokens))

def _mean(values: Iterable[float], weights: Sequence[float]) -> float:
    return sum(v * w for v, w in zip(values, weights)) / sum(weights)

perplexity.wrong = {
    "this is the mean loss: perplexity is its exp": _mean,
    "every piece counts the same here, so a token of a short piece counts for more: weight the "
    "losses by the tokens": lambda losses, _: exp(sum(losses) / len(losses)),
    "exp comes last: the mean of exps is larger than the exp of the mean":
        lambda losses, tokens: _mean(map(exp, losses), tokens),
    "two slips: exp comes last, and the mean must be over tokens, not pieces":
        lambda losses, _: sum(map(exp, losses)) / len(losses),
    "two slips: weight by tokens, and take exp": lambda losses, _: sum(losses) / len(losses),
    "the losses are means already: multiply each by its tokens before you add":
        lambda losses, tokens: exp(sum(losses) / sum(tokens)),
    "the weights are upside down: more tokens, more weight":
        lambda losses, tokens: exp(_mean(losses, [1 / n for n in tokens])),
    "the losses are in nats, so the base is e; 2 belongs to bits":
        lambda losses, tokens: 2 ** _mean(losses, tokens),
    "divided by one too many: by the targets that were counted":
        lambda losses, tokens: exp(_mean(losses, tokens) * sum(tokens) / (sum(tokens) + 1)),
}


Rows = list[list[float]]
Names = tuple[str, ...]

@exercise(
    ([[0.03, 1.36, 1.22], [-0.51, -0.3, -0.53], [0.57, -0.06, 0.75], [-1.85, 1.57, -0.1]],
        ("anna", "ben", "cleo", "dan"), ("anna", "cleo")),
    ([[0.68, -0.14, -0.38], [0.46, 0.82, -0.2], [-0.15, 0.69, -0.87]],
        ("anna", "ben", "cleo"), ("cleo", "anna", "emil")),
    ([[-1.51, 0.39, -0.67], [-1.92, -0.81, -0.47]], ("anna", "ben"), ("emil", "ben", "fay")),
    handed=as_arrays)
def next_states(h: Rows, before: Names, now: Names) -> Rows:
    """The states (B, H) of the recordings in `now`, from those of the recordings `before`."""
    return _by_name(h, before, now, new=[0.0] * 3)

def _by_name(h: Rows, before: Names, now: Names, *, new: list[float]) -> Rows:
    return [h[before.index(name)] if name in before else new for name in now]

def _mean_row(h: Rows) -> list[float]:
    return [sum(column) / len(h) for column in zip(*h)]

def _filled_up(h: Rows, now: Names) -> Rows:
    return [*h, *[[0.0] * 3] * len(now)][: len(now)]

next_states.wrong = {
    "everybody starts anew: who was there before has a past, keep it":
        lambda h, before, now: [[0.0] * 3] * len(now),
    "the mean of the rows is nobody's past: each recording keeps its own row":
        lambda h, before, now: [_mean_row(h)] * len(now),
    "the first rows, whoever they belong to: look the names up":
        lambda h, before, now: _filled_up(h, now),
    "rows are taken by their place: look up where the name stood before":
        lambda h, before, now: [
            row if name in before else [0.0] * 3 for row, name in zip(_filled_up(h, now), now)],
    "the rows stand in the order of `before`: they go where the names stand in `now`":
        lambda h, before, now: _filled_up([r for r, name in zip(h, before) if name in now], now),
    "rows are dealt out in turn: look the names up":
        lambda h, before, now: [h[b % len(h)] for b in range(len(now))],
    "the last rows, whoever they belong to: look the names up":
        lambda h, before, now: h[-len(now) :],
    "the new recordings have no row: they start from zeros":
        lambda h, before, now: [h[before.index(name)] for name in now if name in before],
    "a new recording has no past: zeros, not the mean of the others":
        lambda h, before, now: _by_name(h, before, now, new=_mean_row(h)),
    "a new recording starts with the state of another one: zeros":
        lambda h, before, now: _by_name(h, before, now, new=h[0]),
    "a new recording starts with the last row (index −1 is a row): zeros":
        lambda h, before, now: _by_name(h, before, now, new=h[-1]),
    "the state still has a row for each old recording": lambda h, before, now: h,
}


Column = Callable[[list[int]], Sequence[float]]

def _padded(
    texts: list[list[int]], x: Column = lambda ids: ids[:-1], y: Column = lambda ids: ids[1:],
    weight: Column = lambda ids: [1] * (len(ids) - 1), in_front: bool = False,
) -> list[Rows]:
    """Three tables (T, B) of columns that are filled up with 0."""
    tables = []
    for column in (x, y, weight):
        columns = [list(column(ids)) for ids in texts]
        T = max(map(len, columns))
        zeros = [[0.0] * (T - len(each)) for each in columns]
        pairs = zip(zeros, columns) if in_front else zip(columns, zeros)
        tables.append(_turned(a + b for a, b in pairs))
    return tables

@exercise(([[5, 6, 0, 8], [3, 4], [1, 2, 3]],), ([[4, 7], [2, 2, 5]],), ([[6, 1, 8, 3, 5]],),
    handed=lambda texts: ([np.array(ids) for ids in texts],))
def pad(texts: list[list[int]]) -> list[Rows]:
    """x, y and weight (T, B) of sequences of ids, filled up with 0 at the end."""
    return _padded(texts)

def _tables(change: Callable[[Rows, Rows, Rows], list[Rows]]) -> Callable[..., list[Rows]]:
    """What is made of the right x, y and weight."""
    return pad.but(lambda tables: change(*tables))

def _not_zero(rows: Rows) -> Rows:
    return [[int(i != 0) for i in row] for row in rows]

pad.wrong = {
    "the filling counts: its weight must be 0":
        _tables(lambda x, y, weight: [x, y, [[1] * len(row) for row in x]]),
    "0 is a letter too: the weight comes from the lengths, not from the ids": [
        _tables(lambda x, y, weight: [x, y, _not_zero(y)]),
        _tables(lambda x, y, weight: [x, y, _not_zero(x)])],
    "the batch is first: time runs down, one column a sequence":
        pad.but(lambda tables: [_turned(table) for table in tables]),
    "one row too many: n tokens give n − 1 targets, so the last token is only a target":
        lambda texts: _padded(texts, list, lambda ids: [*ids[1:], 0], lambda ids: [1] * len(ids)),
    "the last target of each sequence is its own first token: it should be the token that follows":
        lambda texts: _padded(texts, y=lambda ids: [*ids[1:-1], ids[0]]),
    "inputs and targets are swapped: the target is the later token":
        _tables(lambda x, y, weight: [y, x, weight]),
    "the targets are the inputs: move them on by one token":
        _tables(lambda x, y, weight: [x, x, weight]),
    "the filling stands in front: then every real step has read filling before it":
        lambda texts: _padded(texts, in_front=True),
    "the longer sequences are cut off: fill the shorter ones up instead":
        lambda texts: pad.right([ids[: min(map(len, texts))] for ids in texts]),
    "this makes every sequence count the same: every token should":
        lambda texts: _padded(texts, weight=lambda ids: [1 / (len(ids) - 1)] * (len(ids) - 1)),
    "the other way round: 1 counts, 0 does not":
        _tables(lambda x, y, weight: [x, y, [[1 - w for w in row] for row in weight]]),
}


Spans = list[tuple[int, int, int]]

@exercise((12, 3, 2), (20, 4, 7), (10, 5, 0))
def spans(P: int, B: int, warm_up: int) -> Spans:
    """Of each stream: first position read, first whose target counts, where it stops."""
    M = P // B
    return [(max(0, b * M - warm_up), b * M, (b + 1) * M) for b in range(B)]

def _each(change: Callable[..., tuple[int, int, int]]) -> Callable[..., Spans]:
    """The right spans, each changed; `change` gets its three positions and the warm-up."""
    return lambda P, B, W: [change(*span, W) for span in spans.right(P, B, W)]

spans.wrong = {
    "nothing is read before the first target counts: these are B − 1 cold starts":
        _each(lambda read, first, stop, W: (first, first, stop)),
    "the first targets of each stream are never counted: read sooner instead":
        _each(lambda read, first, stop, W: (first, min(first + W, stop), stop)),
    "the warm-up ends at the stream before: it may be longer than a stream":
        lambda P, B, W: spans.right(P, B, min(W, P // B)),
    "nothing can be read before position 0":
        _each(lambda read, first, stop, W: (first - W, first, stop)),
    "the warm-up is counted too: those targets belong to the stream before":
        _each(lambda read, first, stop, W: (read, read, stop)),
    "targets are counted twice: a stream stops where the next one begins to count":
        lambda P, B, W: [(a, b, min(c + W, P)) for a, b, c in spans.right(P, B, W)],
    "every stream reads from the start: right, but the warm-up says how much is enough":
        _each(lambda read, first, stop, W: (0, first, stop)),
    "the last target of each stream is missing: stop is one beyond it":
        _each(lambda read, first, stop, W: (read, first, stop - 1)),
    "stop is a position of the text, not a length":
        _each(lambda read, first, stop, W: (read, first, stop - first)),
}


TEACHERS = {
    "ex-ragged-reset": ("whose past a state holds: it is zeroed *after* the end symbol was read.",
        "exercises.reset_mask(lambda x, above, end: x == end)"),
    "ex-ragged-perplexity": (
        "the order: the mean first, weighted by tokens, and exp at the very end.",
        "exercises.perplexity(lambda losses, tokens: np.exp(losses.mean()))"),
    "ex-ragged-states": ("that each row of a state belongs to somebody.",
        "exercises.next_states(lambda h, before, now: h[: len(now)])"),
    "ex-ragged-pad": ("who counts, and that a weight comes from lengths and not from ids.", """
def by_id(texts):
    T = max(map(len, texts)) - 1
    x, y = np.zeros((2, T, len(texts)), int)
    for b, ids in enumerate(texts):
        x[: len(ids) - 1, b], y[: len(ids) - 1, b] = ids[:-1], ids[1:]
    return x, y, x != 0


exercises.pad(by_id)
"""),
    "ex-ragged-spans": ("an evaluation whose score does not depend on its batch size.", """
def cold(P, B, warm_up):
    M = P // B
    return [(b * M, b * M, (b + 1) * M) for b in range(B)]


exercises.spans(cold)
"""),
}
