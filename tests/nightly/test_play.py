"""The figures to play with count as the helpers do: a table of script, settings and helper.

Scripts run in node, or in the one that Playwright brings.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from itertools import pairwise, product

import numpy as np
import pytest
from play_stills import FIGURES, PLAY, STILLS, run, still, view

from helpers import cells, layout, truncation
from helpers.seeds import rng
from helpers.tools import budget, closed_form, loaders, measure

CELLS = ("rnn", "lstm", "gru")
LOADERS = run(
    "ribbon",
    """TwoAxes.figures.ribbon.controls.find((c) => c.name === "loader")
  .options.map((o) => o.value)""",
)
SIDES = (1, 2, 4, 8, 16, 32, 64, 128)


# What the helpers say; None where they refuse


def segments(*plan):
    return [
        {"first": s.first, "firstLoss": s.first_loss, "stop": s.stop}
        for s in truncation.segments(*plan)
    ]


def triangle(P, k1, k2):
    depths = truncation.depths(P, k1, k2)
    held = max(s.stop - s.first for s in truncation.segments(P, k1, k2))
    counts = np.bincount(depths, minlength=P + 1)[1:].tolist()
    return [depths.tolist(), truncation.cells_visited(P, k1, k2), counts, held]


def tape_bytes(steps, B, D, H):
    params = cells.init(cells.RNN, D, H, 2, np.random.default_rng(0))
    tape = cells.forward(params, np.zeros((steps, B, D)))
    return measure.kept_bytes(tape.x, tape.h)


def share(P, k1, k2, D, edge, a=0.8):
    """Share of the signal that the losses keep, from the recurrence itself.

    States and derivatives are rows of coefficients of independent inputs of variance one, so an
    expectation of a product is a product of rows; the inputs before the text reach far back.
    """
    before = 200
    inputs = np.eye(before + P)
    states = np.zeros((before + P + 1, before + P))
    for t in range(before + P):
        states[t + 1] = a * states[t] + inputs[t]
    shares = []
    for s in truncation.segments(P, k1, k2):
        h = states[before + s.first] if edge == "carry" else np.zeros(before + P)
        dh = np.zeros(before + P)
        for t in range(s.first, s.stop):
            dh = h + a * dh
            h = a * h + inputs[before + t]
            if t >= s.first_loss:
                shares.append(dh @ inputs[before + t - D] / (D * a ** (D - 1)))
    return np.mean(shares)


def account(loader, *size):
    said = loaders.account(*size, loader=loader)
    return {"targets": said.targets, "updates": said.updates, "dropped": said.dropped,
            "repeated": said.repeated}  # fmt: skip


def epoch(loader, N, B, T):
    """Positions that each update reads, time down, one column a stream; pieces are in order."""
    if loader == "streams":
        streams = layout.to_streams(np.arange(N), B)
        return [w.x.tolist() for w in layout.windows(streams, T)]
    loaders.account(N, B, T, loader=loader)  # which refuses what cannot be
    starts = np.arange((N - 1) // T) * T if loader == "shuffled" else np.arange(N - T)
    full = len(starts) - len(starts) % B if loader == "shuffled" else len(starts)
    pieces = [starts[i : i + B] for i in range(0, full, B)]
    return [np.add.outer(np.arange(T), each).tolist() for each in pieces]


def goes_on(loader, N, B, T):
    read = epoch(loader, N, B, T)
    pairs = [zip(last[-1], first[0], strict=False) for last, first in pairwise(read)]
    ends = [pair for each in pairs for pair in each]
    return np.mean([b == a + 1 for a, b in ends]) if ends else None


def moments(a, D, T):
    return [closed_form.bias(a, D, T), closed_form.deviation(a, D, 1, T) ** 2]


def cell(a, D, B, T):
    return [closed_form.deviation(a, D, B, T), closed_form.root_mean_square(a, D, B, T)]


def best(a, D, tokens):
    splits = [(B, tokens // B) for B in SIDES if tokens % B == 0 and tokens // B in SIDES]
    return list(min(splits, key=lambda each: closed_form.root_mean_square(a, D, *each)))


def work_out(N, B, T, H, V, layers, cell, size):
    of = {"num_symbols": V, "cell": cell, "num_layers": layers}
    said = budget.work_out(N, B, T, H, number_bytes=size, **of)
    return {
        "streamLength": said.stream_length,
        "tokens": said.tokens,
        "updates": said.updates,
        "lastSteps": said.last_steps,
        "targets": said.targets,
        "dropped": said.dropped,
        "parameters": said.parameters,
        "kept": said.kept_bytes,
        "depths": [*said.losses_by_depth, 0],
        "meanDepth": said.mean_depth,
    }


# The descent: the chapter's walk with the script's own shuffles, which are dealt here too

COUNT, START, LOST = 64, (-1.0, 2.0), 1000.0


def points():
    """The first 64 of the 256 points of the chapter, to two decimals."""
    u = rng("feedforward line").normal(0.5, 1, 256)
    v = 2 * u - 1 + rng("feedforward line noise").normal(0, 1, 256)
    return np.round(u[:COUNT], 2), np.round(v[:COUNT], 2)


def deck(seed, replace):
    """Whole shuffled sets, or draws, by Marsaglia's xorshift without its first eight numbers."""

    def numbers():
        x = (seed + 1) * 2654435761 % 2**32
        for drawn in itertools.count():
            x ^= x << 13 & 0xFFFFFFFF
            x ^= x >> 17
            x ^= x << 5 & 0xFFFFFFFF
            if drawn >= 8:
                yield x

    draw = numbers()
    while True:
        order = list(range(COUNT))
        for i in range(COUNT - 1, 0, -1) if not replace else ():
            j = next(draw) * (i + 1) >> 32
            order[i], order[j] = order[j], order[i]
        yield from (order if not replace else [next(draw) * COUNT >> 32])


def walk(B, rate, seed, replace, updates, samples):
    """Path, samples seen, excess loss, and whether it was lost."""
    u, v = points()
    x = np.stack([u, np.ones(COUNT)], axis=1)
    lowest = np.linalg.lstsq(x, v)[0]
    cards, path, seen, lost = deck(seed, replace), [np.array(START)], [0], False
    while len(path) <= updates and not lost:
        size = B if replace or B == COUNT else min(B, COUNT - seen[-1] % COUNT)
        if seen[-1] + size > samples:
            break
        n = list(range(COUNT)) if B == COUNT else list(itertools.islice(cards, size))
        path.append(path[-1] - rate * (x[n] @ path[-1] - v[n]) @ x[n] / size)
        seen.append(seen[-1] + size)
        lost = bool(np.linalg.norm(path[-1] - lowest) > LOST)
    least = ((x @ lowest - v) ** 2).mean() / 2
    above = [((x @ at - v) ** 2).mean() / 2 - least for at in path]
    return [np.transpose(path).tolist(), seen, above, lost]


# Script against helper

PLANS = [(P, *k) for P in (1, 2, 7, 12, 20, 49) for k in product((1, 3, 7, 20, 49), (1, 5, 14, 49))]
PLANS += [(0, 1, 1), (5, 0, 1), (5, 3, 2)]
SHARES = [
    (*plan, D, edge)
    for plan in [(12, 12, 12), (12, 4, 4), (12, 1, 4), (13, 4, 7), (20, 5, 5)]
    for D, edge in product((1, 3, 4, 5, 9), ("carry", "reset"))
]
SIZES = [*product((2, 3, 11, 27, 60), (1, 2, 5, 30), (1, 2, 5, 9, 30)), (10_001, 20, 35)]
SHAPES = [(loader, *size) for loader in LOADERS for size in SIZES]
READ = [(loader, *size) for loader in ("streams", "shuffled", "overlapping") for size in SIZES[:-1]]
BUDGETS = [
    (*size, *model[:3], kind, model[3])
    for size, model, kind in product(
        [(100_001, 16, 32), (64, 3, 7), (10, 5, 4), (1000, 1, 999), (50, 4, 100), (21, 2, 3)],
        [(32, 25, 1, 8), (7, 5, 3, 4), (1, 1, 1, 2)],
        CELLS,
    )
]
WALKS = [
    (B, rate, seed, replace, updates, samples)
    for (B, seed, replace), (rate, updates, samples) in product(
        [
            (1, 1, False),
            (1, 0, True),
            (8, 1, False),
            (48, 999, True),
            (48, 7, False),
            (64, 3, True),
        ],
        [(0.1, 40, 10**9), (0.2, 10**9, 256), (1.2, 128, 1024), (1.5, 128, 10**9)],
    )
]
WORK = """((w) => ({...w, kept: w.kept.all, depths: Array.from(
  {length: Math.min(c[2], w.streamLength - 1) + 1}, (_, i) => w.lossesAtDepth(i + 1))}))(
  f.workOut({N: c[0], B: c[1], T: c[2], H: c[3], V: c[4], layers: c[5], cell: c[6], size: c[7]}))"""
WALK = """((w) => [[w.w, w.b], w.samples, w.excess, w.lost])(f.walk({B: c[0], rate: c[1],
  seed: c[2], replace: c[3], updates: c[4], samples: c[5]}))"""

TABLE = [
    ("triangle", "f.segments(...c)", PLANS, segments),
    (
        "triangle",
        "[f.depths(...c), f.cellsVisited(...c), f.histogram(...c), f.held(...c)]",
        PLANS,
        triangle,
    ),
    ("triangle", "f.bytes(...c)", [*product((1, 7, 20), (1, 3), (2, 8), (5, 32))], tape_bytes),
    ("triangle", "f.signalKept(...c)", [*product((1, 5, 49), (1, 10))], closed_form.signal_kept),
    ("triangle", "f.share(...c)", SHARES, share),
    ("ribbon", "f.account(f.epoch(...c), c[1])", SHAPES, account),
    ("ribbon", "f.epoch(...c)", READ, epoch),
    ("ribbon", "f.continuation(f.epoch(...c))", READ, goes_on),
    (
        "plane",
        "((m) => [m.bias[c[2]], m.variance[c[2]]])(f.moments(c[0], c[1], 128))",
        [*product((0.0, 0.35, 0.8, 0.95), (1, 2, 10, 32), (1, 2, 7, 37, 128))],
        moments,
    ),
    (
        "plane",
        "((e) => [e.noise, e.both])(f.cell(...c))",
        [*product((0.5, 0.9), (3, 20), (1, 16, 128), (1, 8, 128))],
        cell,
    ),
    (
        "plane",
        "((e) => [e.B, e.T])(f.best(f.line(...c)))",
        [*product((0.5, 0.8, 0.95), (5, 10), (1, 64, 128, 16384))],
        best,
    ),
    ("budget", WORK, BUDGETS, work_out),
    ("descent", WALK, WALKS, walk),
]


def same(found, wanted):
    """Whether two structures hold the same numbers, to ten digits."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(same(found[k], v) for k, v in wanted.items())
    if isinstance(wanted, list | tuple):
        right = isinstance(found, list) and len(found) == len(wanted)
        return right and all(map(same, found, wanted))
    if found is None or wanted is None or isinstance(wanted, bool):
        return found == wanted
    return math.isclose(found, wanted, rel_tol=1e-7, abs_tol=1e-11)


@pytest.mark.parametrize(("figure", "script", "cases", "helper"), TABLE)
def test_a_script_counts_as_the_helpers_do(figure, script, cases, helper):
    catch = "catch (e) { if (e instanceof TwoAxes.Refusal) return null; throw e }"
    each = f"(c) => {{ const f = TwoAxes.{figure}; try {{ return {script} }} {catch} }}"
    found = run(figure, f"{json.dumps(cases)}.map({each})")
    refusals = 0
    for case, said in zip(cases, found, strict=True):
        try:
            wanted = helper(*case)
        except ValueError:
            wanted, refusals = None, refusals + 1
        assert same(said, wanted), f"{case}: the page says {said}, the helper {wanted}"
    assert refusals < len(cases) / 2


def test_the_descent_has_the_points_of_its_chapter():
    script = (PLAY / "descent.js").read_text("utf-8").splitlines()
    for name, values in zip("uv", points(), strict=True):
        line = f"  const {name} = {json.dumps(values.tolist(), separators=(',', ':'))};"
        assert line in script, f"write in descent.js: {line}"


def test_the_descent_starts_its_contours_at_the_lowest_point():
    u, v = points()
    lowest = np.linalg.lstsq(np.stack([u, np.ones(COUNT)], axis=1), v)[0]
    found = run("descent", "((l) => [l.w, l.b])(TwoAxes.descent.landscape)")
    assert found == pytest.approx(lowest.tolist(), rel=1e-12)


# What a figure says


def facts(figure, **settings):
    return {words: value for value, words in view(figure, **settings)["facts"]}


@pytest.mark.parametrize("size", [(27, 3, 4), (24, 4, 3), (60, 5, 2)])
def test_the_ribbon_shows_the_account_of_its_loader(size):
    said = loaders.account(*size)
    names = dict(zip("NBT", size, strict=True))
    shown = facts("ribbon", source="numbers", **names)
    for words, value in (("updates an epoch", said.updates), ("losses computed", said.targets)):
        assert shown[words] == f"{value:,}"


@pytest.mark.parametrize(
    ("B", "T", "D", "a"), [(64, 1, 10, 0.8), (16, 4, 10, 0.8), (128, 2, 3, 0.5)]
)
def test_the_plane_gives_the_numbers_of_the_chosen_cell_in_words(B, T, D, a):
    says = view("plane", a=a, D=D, B=B, T=T)["says"].replace("−", "-")
    bias, noise = closed_form.bias(a, D, T), closed_form.deviation(a, D, B, T)
    shown = re.search(r"bias (-?[\d.]+), noise ([\d.]+),", says)
    assert [float(each) for each in shown.groups()] == pytest.approx([bias, noise], rel=0.05)


def test_the_squares_of_the_plane_have_the_area_and_the_shares_of_the_error():
    """Against the largest of the plane: the area is the error, cut as its square is."""
    picture = view("plane", a=0.8, D=10, B=16, T=4)["picture"]
    form = r'<rect class="(?:batch|time)-fill" x=".+?" y=".+?" width="(.+?)" height="(.+?)"/>'
    rects = [[float(value) for value in rect] for rect in re.findall(form, picture)]
    cells = list(product(SIDES, SIDES))
    both = {each: closed_form.root_mean_square(0.8, 10, *each) for each in cells}
    for each, noise, bias in zip(cells, rects[::2], rects[1::2], strict=True):
        side = 33 * np.sqrt(both[each] / max(both.values()))
        part = (closed_form.bias(0.8, 10, each[1]) / both[each]) ** 2
        assert noise == pytest.approx([side, side * (1 - part)], abs=0.006)
        assert bias == pytest.approx([side, side * part], abs=0.006)


@pytest.mark.parametrize("figure", FIGURES)
def test_what_a_figure_shows_is_complete_whatever_is_set(figure):
    """At the ends of any two controls: a whole picture, a sentence, numbers that are numbers."""
    shown = run(
        figure,
        f"""(() => {{
      const figure = TwoAxes.figures[{json.dumps(figure)}], found = [];
      const settle = (state, name) => figure.settle ? figure.settle(state, name) : state;
      const value = (v) => typeof v === "function" ? v(figure.start) : v;
      const ends = (c) => c.values ? [c.values[0], c.values[c.values.length - 1]]
        : c.options?.[0].value !== undefined ? c.options.map((o) => o.value)
        : c.min !== undefined ? [value(c.min), value(c.max)]
        : c.kind === "check" ? [true, false] : [];
      for (const a of figure.controls) for (const b of figure.controls)
        for (const x of ends(a)) for (const y of ends(b)) {{
          const state = settle({{ ...figure.start, [a.name]: x }}, a.name);
          try {{ found.push(figure.view(settle({{ ...state, [b.name]: y }}, b.name))); }}
          catch (e) {{ if (!(e instanceof TwoAxes.Refusal)) throw e; found.push(null); }}
        }}
      return found;
    }})()""",
    )
    assert sum(each is not None for each in shown) > len(shown) / 2
    for each in filter(None, shown):
        text = json.dumps([each["picture"], each["says"], each["facts"]])
        assert not re.search(r"NaN|undefined|Infinity|\d+\.\d{5,}|null", text)
        assert len(each["says"].split()) > 5


@pytest.mark.parametrize("name", STILLS)
def test_a_still_picture_is_what_the_script_draws(name):
    drawn = (PLAY / f"{name}.svg").read_text("utf-8")
    assert drawn == still(*STILLS[name]), f"run: python tests/play_stills.py {name}"
