"""The figures to play with draw the numbers of the helpers, and their files belong together."""

from __future__ import annotations

import json
import re
import sys
from itertools import pairwise, product

import numpy as np
import pytest
from javascript import PLAY, ROOT, run, still
from play_stills import STARTS
from test_layout import LOADERS, counted

sys.path.append(str(ROOT / "book" / "_ext"))
import play

from helpers import closed_form, layout, measure, rnn, truncation

PLANS = [
    (P, k1, k2)
    for P in (1, 2, 7, 12, 20, 49)
    for k1, k2 in product((1, 2, 3, 7, 20, 49), (1, 3, 5, 7, 14, 49))
]


def refused(call, *arguments):
    """Value of a helper, or None where it refuses."""
    try:
        return call(*arguments)
    except ValueError:
        return None


def in_javascript(names, function, cases):
    """The function of every case, None where it refuses."""
    catch = "catch (e) { if (e instanceof TwoAxes.Refusal) return null; throw e; }"
    body = f"try {{ return {function}; }} {catch}"
    return run(names, f"{json.dumps(cases)}.map((c) => {{ {body} }})")


# The triangle


def test_plans_are_those_of_the_helpers():
    drawn = in_javascript(["triangle"], "TwoAxes.triangle.segments(...c)", PLANS)
    for plan, found in zip(PLANS, drawn, strict=True):
        wanted = refused(truncation.segments, *plan)
        if wanted is not None:
            wanted = [{"first": s.first, "firstLoss": s.first_loss, "stop": s.stop} for s in wanted]
        assert found == wanted, plan


@pytest.mark.messages
@pytest.mark.parametrize("wrong", [(0, 1, 1), (5, 0, 1), (5, 1, 1.5), (5, 3, 2)])
def test_impossible_plans_are_refused_as_the_helpers_do(wrong):
    assert refused(truncation.segments, *wrong) is None
    assert in_javascript(["triangle"], "TwoAxes.triangle.segments(...c)", [wrong]) == [None]


POSSIBLE = [plan for plan in PLANS if plan[1] <= plan[2]]


def test_depths_and_costs_are_those_of_the_helpers():
    calls = "[t.depths(...c), t.cellsVisited(...c), t.histogram(...c), t.held(...c)]"
    drawn = in_javascript(["triangle"], f"((t) => {calls})(TwoAxes.triangle)", POSSIBLE)
    for plan, (depths, cells, histogram, held) in zip(POSSIBLE, drawn, strict=True):
        wanted = truncation.depths(*plan)
        assert depths == wanted.tolist(), plan
        assert cells == truncation.cells_visited(*plan) == measure.cell_backwards(*plan), plan
        assert histogram == np.bincount(wanted, minlength=plan[0] + 1)[1:].tolist(), plan
        assert held == max(s.stop - s.first for s in truncation.segments(*plan)), plan


def test_bytes_are_those_that_a_tape_keeps():
    cases = [(steps, B, D, H) for steps in (1, 7, 20) for B in (1, 3) for D, H in ((8, 32), (2, 5))]
    drawn = in_javascript(["triangle"], "TwoAxes.triangle.bytes(...c)", cases)
    for (steps, B, D, H), found in zip(cases, drawn, strict=True):
        params = rnn.init(D, H, 2, np.random.default_rng(0))
        tape = rnn.forward(params, np.zeros((steps, B, D)))
        assert found == measure.kept_bytes(tape.x, tape.h)


def test_the_share_kept_is_that_of_the_closed_form():
    cases = list(product((1, 2, 5, 10, 20, 49), (1, 3, 10, 60)))
    kept = in_javascript(["triangle"], "TwoAxes.triangle.signalKept(...c)", cases)
    windows = "TwoAxes.triangle.share(c[0], c[0], c[0], c[1], 'carry')"
    by_windows = in_javascript(["triangle"], windows, cases)
    several = "TwoAxes.triangle.share(3 * c[0], c[0], c[0], c[1], 'carry')"
    by_three = in_javascript(["triangle"], several, cases)
    for (T, D), one, window, three in zip(cases, kept, by_windows, by_three, strict=True):
        assert one == closed_form.signal_kept(T, D)
        assert window == closed_form.signal_kept_by_windows(T, D)
        assert three == pytest.approx(window, rel=1e-15)


def signal(P, k1, k2, D, edge, a=0.8):
    """Share of the signal that the losses keep, from the recurrence itself.

    States and derivatives are rows of coefficients of independent inputs of variance one, so
    an expectation of a product is a product of rows; the inputs before the text reach far back.
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


def test_the_share_kept_is_what_the_recurrence_gives_carried_and_reset():
    plans = [(12, 12, 12), (12, 4, 4), (12, 1, 4), (12, 3, 6), (13, 4, 7), (20, 5, 5)]
    cases = [(*p, D, e) for p in plans for D in (1, 3, 4, 5, 9) for e in ("carry", "reset")]
    drawn = in_javascript(["triangle"], "TwoAxes.triangle.share(...c)", cases)
    for case, found in zip(cases, drawn, strict=True):
        assert found == pytest.approx(signal(*case), abs=1e-12), case


# The ribbon

SIZES = [
    (N, B, T) for N in (2, 3, 11, 27, 60) for B in (1, 2, 3, 5, 30) for T in (1, 2, 3, 5, 9, 30)
]
SHAPES = [(loader, *size) for loader in LOADERS for size in SIZES]


def test_every_loader_of_the_helpers_can_be_chosen():
    assert set(run(["ribbon"], "TwoAxes.figures.ribbon.controls.find((c) => c.name === 'loader')"
                   ".options.map((o) => o.value)")) == set(layout.LOADERS)  # fmt: skip


def test_accounts_are_those_of_the_helpers():
    shapes = [*SHAPES, *((loader, 10_001, 20, 35) for loader in LOADERS)]
    call = "TwoAxes.ribbon.account(TwoAxes.ribbon.epoch(...c), c[1])"
    drawn = in_javascript(["ribbon"], call, shapes)
    refusals = 0
    for (loader, *size), found in zip(shapes, drawn, strict=True):
        try:
            wanted = layout.account(*size, loader=loader)
        except ValueError:
            assert found is None, (loader, size)
            refusals += 1
            continue
        assert layout.Accounting(**found) == wanted, (loader, size)
    assert 0 < refusals < len(shapes) / 2


@pytest.mark.parametrize("shuffled", [False, True])
def test_updates_read_what_the_loaders_read(shuffled):
    """In reading order, and with windows or pieces turned round, a shuffle that is easy to say."""
    order = "(n) => [...Array(n).keys()].reverse()" if shuffled else "null"
    drawn = in_javascript(["ribbon"], f"TwoAxes.ribbon.epoch(...c, {order})", SHAPES)
    for (loader, N, B, T), found in zip(SHAPES, drawn, strict=True):
        if found is None:
            continue
        turn = -1 if shuffled else 1
        if loader == "shuffled":
            starts = (np.arange((N - 1) // T) * T)[::turn]
            wanted = [
                np.add.outer(np.arange(T), s) for s in np.split(starts, range(B, len(starts), B))
            ]
            wanted = [w for w in wanted if w.shape[1] == B]
        elif loader == "overlapping":
            starts = np.arange(N - T)[::turn]
            wanted = [
                np.add.outer(np.arange(T), s) for s in np.split(starts, range(B, len(starts), B))
            ]
        elif loader == "streams":
            wanted = [x for x, _ in LOADERS[loader](N, B, T)][::turn]
        else:
            wanted = [np.transpose(x) for x, _ in LOADERS[loader](N, B, T)][::turn]
        assert found == [w.tolist() for w in wanted], (loader, N, B, T)


def test_the_overlapping_windows_are_those_of_the_restated_loader():
    (drawn,) = in_javascript(["ribbon"], "TwoAxes.ribbon.epoch(...c)", [("overlapping", 11, 3, 4)])
    wanted = [np.transpose(x).tolist() for x, _ in LOADERS["overlapping"](11, 3, 4)]
    assert drawn == wanted
    pairs = [(np.array(x), np.array(x) + 1) for x in drawn]
    assert counted(pairs, 11) == layout.account(11, 3, 4, loader="overlapping")


def test_the_continuation_score_counts_columns_that_go_on():
    shapes = [shape for shape in SHAPES if refused(layout.account, *shape[1:]) is not None]
    call = "TwoAxes.ribbon.continuation(TwoAxes.ribbon.epoch(...c))"
    scores = in_javascript(["ribbon"], call, shapes)
    epochs = in_javascript(["ribbon"], "TwoAxes.ribbon.epoch(...c)", shapes)
    for shape, score, updates in zip(shapes, scores, epochs, strict=True):
        if updates is None or len(updates) < 2:
            assert score is None, shape
            continue
        goes = [
            b == a + 1
            for last, first in pairwise(updates)
            for a, b in zip(last[-1], first[0], strict=False)
        ]
        assert score == sum(goes) / len(goes), shape
        if shape[0] in ("streams", "ptb", "fastai", "sequential"):
            assert score == 1
        if shape[0] == "shuffled" and shape[2] > 1:  # in reading order, one piece a column
            assert score == 0


def test_shuffled_windows_hardly_ever_go_on():
    call = (
        "[...Array(50).keys()].map((seed) => TwoAxes.ribbon.continuation("
        "TwoAxes.ribbon.epoch(c, 60, 3, 4, TwoAxes.ribbon.shuffler(seed))))"
    )
    for scores in in_javascript(["ribbon"], call, ["streams", "shuffled", "overlapping"]):
        assert np.mean(scores) < 0.25


def test_a_shuffle_is_a_permutation_and_the_same_for_the_same_seed():
    seeds = run(["ribbon"], "[1, 2, 1].map((seed) => TwoAxes.ribbon.shuffler(seed)(40))")
    assert all(sorted(order) == list(range(40)) for order in seeds)
    assert seeds[0] == seeds[2] != seeds[1]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("ab c", ["a", "b", "␣", "c"]),
        ("", []),
        ("👩‍👩‍👧é🇬🇧", ["👩‍👩‍👧", "é", "🇬🇧"]),
        ("e\u0301x", ["e\u0301", "x"]),
        ("a\u0000\ud800", ["a", "�", "�"]),
    ],
)
def test_a_text_is_split_into_characters_as_a_reader_counts_them(text, tokens):
    assert run(["ribbon"], f"TwoAxes.ribbon.tokens({json.dumps(text)})") == tokens


def test_a_text_is_split_by_code_points_where_the_browser_cannot_do_better():
    alone = "((all) => { Intl.Segmenter = undefined; return all(); })"
    found = run(["ribbon"], f'{alone}(() => TwoAxes.ribbon.tokens("e\u0301👍 z"))')
    assert found == ["e", "\u0301", "👍", "␣", "z"]


# What the frame says


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("14", 14), (" 7 ", 7), ("1,225", 1225)),
        *((text, None) for text in ("", "abc", "1.5", "0", "2001", "1e3", "٣", "-4", "NaN", "+")),
    ],
)
def test_typed_numbers_are_read_or_refused(text, value):
    call = 'TwoAxes.read("B", c, { min: 1, max: 2000 })'
    assert in_javascript([], call, [text]) == [value]


def test_a_refusal_says_the_name_what_would_work_and_what_it_got():
    read = "TwoAxes.read('B', '%s', { min: 1, max: 30 })"
    catch = f"(() => {{ try {{ return {read}; }} catch (e) {{ return e.message; }} }})()"
    assert run([], catch % "abc") == "B must be a whole number from 1 to 30, got “abc”."
    assert run([], catch % "") == "B must be a whole number from 1 to 30, got nothing."
    long = run([], catch % ("9" * 10_000))
    assert len(long) < 100


def test_numbers_are_written_as_on_the_pages():
    values = [(1225, 0), (-0.5, 1), (1234567.891, 2), (-0.001, 2)]
    written = in_javascript([], "TwoAxes.number(...c)", values)
    assert written == ["1,225", "−0.5", "1,234,567.89", "0.00"]
    assert run([], '[TwoAxes.count(1, "update"), TwoAxes.count(3, "update")]') == [
        "1 update",
        "3 updates",
    ]


def test_letters_of_a_reader_cannot_become_markup():
    drawn = run([], """TwoAxes.letters(0, 0, '<a href="x">&')""")
    assert drawn == '<text x="0" y="0">&lt;a href=&quot;x&quot;&gt;&amp;</text>'


# The files


def names():
    return sorted(path.stem for path in PLAY.glob("*.js") if path.stem != "play")


def test_every_figure_has_a_still_picture():
    figures = {figure for figure, _ in STARTS.values()}
    used = {n for n in names() if run([n], f"Boolean(TwoAxes.figures[{json.dumps(n)}])")}
    assert figures == used
    assert set(STARTS) == {path.stem for path in PLAY.glob("*.svg")}


@pytest.mark.parametrize("name", STARTS)
def test_still_pictures_are_what_the_scripts_draw(name):
    assert (PLAY / f"{name}.svg").read_text("utf-8") == still(*STARTS[name]), (
        f"python tests/play_stills.py {name}"
    )


def figures_on_pages():
    """Options of every figure to play with in the book."""
    pages = [p.read_text("utf-8") for p in (ROOT / "book").glob("*.md")]
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        pages += ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    for name, body in re.findall(r"^:::\{play\} (\w+)\n(.*?)^:::$", "\n".join(pages), re.M | re.S):
        yield name, dict(re.findall(r"^:(\w+): (.*)$", body, re.M))


def test_a_still_picture_shows_how_its_figure_starts_on_the_page():
    found = list(figures_on_pages())
    assert len(found) >= 2
    for name, options in found:
        start = play.settings(options.get("set", ""))
        assert STARTS[options.get("still", name)] == (name, start), options["name"]


@pytest.mark.parametrize("name", ["triangle", "ribbon"])
def test_what_a_figure_shows_is_complete_whatever_is_set(name):
    """At the ends of any two controls: a whole picture, a sentence, numbers that are numbers."""
    settings = f"""(() => {{
      const figure = TwoAxes.figures[{json.dumps(name)}], found = [];
      const value = (v, state) => typeof v === "function" ? v(state) : v;
      for (const a of figure.controls) for (const b of figure.controls) {{
        const ends = (c) => c.options?.[0].value !== undefined ? c.options.map((o) => o.value)
          : c.min !== undefined ? [value(c.min, figure.start), value(c.max, figure.start)]
          : c.kind === "check" ? [true, false] : [];
        for (const x of ends(a)) for (const y of ends(b)) {{
          let state = {{ ...figure.start, [a.name]: x }};
          state = figure.settle(state, a.name);
          state = figure.settle({{ ...state, [b.name]: y }}, b.name);
          try {{ found.push({{ state, ...figure.view(state) }}); }}
          catch (e) {{ if (!(e instanceof TwoAxes.Refusal)) throw e; found.push(null); }}
        }}
      }}
      return found;
    }})()"""
    shown = run([name], settings)
    assert sum(view is not None for view in shown) > len(shown) / 2
    for view in filter(None, shown):
        text = json.dumps([view["picture"], view["says"], view["facts"]])
        assert not re.search(r"NaN|undefined|Infinity|-?\d+\.\d{5,}|null", text), view["state"]
        assert len(view["says"].split()) > 5
        assert len(view["facts"]) == 5
