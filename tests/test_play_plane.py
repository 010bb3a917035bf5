"""The plane and the calculator count on the page as the helpers do."""

from __future__ import annotations

import itertools
import json
import re

import numpy as np
import pytest
from javascript import run

from helpers import closed_form, gru, layout, lstm, measure, rnn, truncation

WEIGHTS, LAGS = (0.0, 0.35, 0.8, 0.95), (1, 2, 10, 32)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
LEFT, TOP, CELL = 44, 34, 39
CELLS = {"rnn": rnn, "lstm": lstm, "gru": gru}


def view(figure, **settings):
    start = f"TwoAxes.figures.{figure}.start"
    return run(
        [figure], f"TwoAxes.figures.{figure}.view({{...{start}, ...{json.dumps(settings)}}})"
    )


def refused(figure, **settings):
    """The message with which a figure refuses settings."""
    start = f"TwoAxes.figures.{figure}.start"
    call = f"TwoAxes.figures.{figure}.view({{...{start}, ...{json.dumps(settings)}}})"
    return run([figure], f"(() => {{ try {{ {call}; }} catch (e) {{ return e.message; }} }})()")


# The plane.


@pytest.fixture(scope="module")
def moments():
    cases = list(itertools.product(WEIGHTS, LAGS))
    take = "([a, D]) => TwoAxes.plane.moments(a, D, 128)"
    return dict(zip(cases, run(["plane"], f"{json.dumps(cases)}.map({take})"), strict=True))


@pytest.mark.parametrize("T", [1, 2, 3, 7, 16, 37, 64, 128])
@pytest.mark.parametrize("D", LAGS)
@pytest.mark.parametrize("a", WEIGHTS)
def test_bias_and_noise_are_those_of_the_closed_form(moments, a, D, T):
    found = moments[a, D]
    scale = abs(closed_form.gradient_mean(a, D)) + 1
    assert found["bias"][T] == pytest.approx(closed_form.bias(a, D, T), rel=1e-9, abs=1e-12 * scale)
    assert np.sqrt(found["variance"][T]) == pytest.approx(
        closed_form.deviation(a, D, 1, T), rel=1e-10
    )


def test_a_cell_of_the_plane_holds_what_the_closed_form_says():
    cases = list(itertools.product((0.5, 0.9), (3, 20), (1, 16, 128), (1, 8, 128)))
    call = f"{json.dumps(cases)}.map((each) => TwoAxes.plane.cell(...each))"
    for case, cell in zip(cases, run(["plane"], call), strict=True):
        assert cell["noise"] == pytest.approx(closed_form.deviation(*case), rel=1e-10)
        assert cell["both"] == pytest.approx(closed_form.root_mean_square(*case), rel=1e-10)


@pytest.mark.parametrize("tokens", [1, 64, 128, 1024, 16384])
@pytest.mark.parametrize(("a", "D"), [(0.5, 5), (0.8, 10), (0.95, 10)])
def test_the_best_cell_of_a_line_is_the_best_of_all_its_splits(a, D, tokens):
    splits = [(B, tokens // B) for B in SIZES if tokens // B in SIZES and tokens % B == 0]
    errors = [closed_form.root_mean_square(a, D, B, T) for B, T in splits]
    found = run(["plane"], f"TwoAxes.plane.line({a}, {D}, {tokens})")
    assert [(each["B"], each["T"]) for each in found] == splits
    best = run(["plane"], f"TwoAxes.plane.best(TwoAxes.plane.line({a}, {D}, {tokens}))")
    assert (best["B"], best["T"]) == splits[int(np.argmin(errors))]


def test_moving_the_memory_moves_the_best_cell():
    best = [run(["plane"], f"TwoAxes.plane.best(TwoAxes.plane.line({a}, 10, 64)).T")
            for a in (0.8, 0.9, 0.95)]  # fmt: skip
    assert best == [4, 8, 16]


def test_bytes_are_those_of_a_real_tape_of_one_unit():
    params = rnn.init(1, 1, 1, np.random.default_rng(0))
    for B, T in ((1, 1), (3, 5), (16, 4)):
        tape = rnn.forward(params, np.zeros((T, B, 1)))
        assert run(["plane"], f"TwoAxes.plane.bytes({B}, {T})") == measure.kept_bytes(tape)


@pytest.mark.parametrize(("B", "T"), [(1, 1), (16, 32), (128, 1), (1, 128), (128, 128)])
def test_updates_of_an_epoch_are_those_of_contiguous_streams(B, T):
    found = run(["plane"], f"TwoAxes.plane.updates(TwoAxes.plane.EPOCH, {B}, {T})")
    assert found == layout.account(100_001, B, T).updates


def test_the_words_give_the_numbers_of_the_chosen_cell_and_of_the_best():
    says = view("plane", a=0.8, D=10, B=64, T=1)["says"]
    bias, noise = closed_form.bias(0.8, 10, 1), closed_form.deviation(0.8, 10, 64, 1)
    assert says.startswith("B = 64, T = 1, 64 tokens an update: ")
    assert f"bias −{-bias:.1f}, noise {noise:.2f}, both together 2.8." in says
    assert "Best with 64 tokens: B = 16, T = 4, with 1.9." in says
    assert (
        "No other split of 64 tokens in the picture does better."
        in (view("plane", a=0.8, D=10, B=16, T=4)["says"])
    )


def test_squares_have_the_area_and_the_shares_of_the_error():
    """Of B = 16, T = 4, against the largest of the plane: area as the error, cut as its square."""
    picture = view("plane", a=0.8, D=10, B=16, T=4)["picture"]
    form = r'<rect class="(?:batch|time)-fill" x="(.+?)" y="(.+?)" width="(.+?)" height="(.+?)"/>'
    rects = [[float(value) for value in rect] for rect in re.findall(form, picture)]
    assert len(rects) == 2 * 64
    cells = list(itertools.product(SIZES, SIZES))
    largest = max(closed_form.root_mean_square(0.8, 10, B, T) for B, T in cells)
    for (B, T), noise, bias in zip(cells, rects[::2], rects[1::2], strict=True):
        both = closed_form.root_mean_square(0.8, 10, B, T)
        side = 33 * np.sqrt(both / largest)
        share = (closed_form.bias(0.8, 10, T) / both) ** 2
        x = LEFT + CELL * (SIZES.index(B) + 0.5) - side / 2
        y = TOP + CELL * (SIZES.index(T) + 0.5) - side / 2
        assert noise == pytest.approx([x, y, side, side * (1 - share)], abs=0.006)
        assert bias == pytest.approx([x, y + side * (1 - share), side, side * share], abs=0.006)


def test_a_finger_on_a_cell_chooses_it_and_beside_the_grid_nothing():
    pick = "TwoAxes.figures.plane.pick(TwoAxes.figures.plane.start, {}, {})"
    assert run(["plane"], pick.format(LEFT + 4.5 * CELL, TOP + 2.5 * CELL)) == {"B": 16, "T": 4}
    assert run(["plane"], pick.format(LEFT + 0.1, TOP + 8 * CELL - 0.1)) == {"B": 1, "T": 128}
    for x, y in ((20, 100), (100, 20), (358, 100), (100, 350)):
        assert run(["plane"], pick.format(x, y)) is None


def test_the_button_leads_to_the_best_cell():
    start = "TwoAxes.figures.plane.start"
    button = "TwoAxes.figures.plane.controls.find((c) => c.kind === 'buttons').options[0]"
    assert run(["plane"], f"{button}.set({start})") == {"B": 16, "T": 4}


@pytest.mark.parametrize("a", [0, 0.95])
def test_the_ends_of_the_sliders_draw_whole_pictures(a):
    for D, B, T in itertools.product((1, 32), (1, 128), (1, 128)):
        found = view("plane", a=a, D=D, B=B, T=T)
        assert "NaN" not in json.dumps(found, ensure_ascii=False)
        assert "Infinity" not in json.dumps(found)


# The calculator.

CHOICES = [
    {"N": N, "B": B, "T": T, "H": H, "V": V, "layers": layers, "cell": cell, "size": size}
    for (N, B, T), (H, V, layers, size), cell in itertools.product(
        [(100_001, 16, 32), (64, 3, 7), (10, 5, 4), (1000, 1, 999), (50, 4, 100), (21, 2, 3)],
        [(32, 25, 1, 8), (7, 5, 3, 4), (1, 1, 1, 2)],
        CELLS,
    )
]


@pytest.fixture(scope="module")
def worked_out():
    steps = "Math.min(c.T, w.streamLength - 1)"
    depths = f"Array.from({{length: {steps} + 2}}, (_, i) => w.lossesAtDepth(i + 1))"
    take = f"(c) => {{ const w = TwoAxes.budget.workOut(c); return {{...w, depths: {depths}}}; }}"
    return run(["budget"], f"{json.dumps(CHOICES)}.map({take})")


def named(choice):
    return " ".join(map(str, choice.values()))


@pytest.mark.parametrize("i", range(len(CHOICES)), ids=lambda i: named(CHOICES[i]))
def test_an_epoch_is_counted_as_by_the_layout_and_the_plan(worked_out, i):
    c, found = CHOICES[i], worked_out[i]
    account = layout.account(c["N"], c["B"], c["T"])
    assert found["updates"] == account.updates
    assert found["targets"] == account.targets
    assert found["dropped"] == account.dropped
    depths = truncation.depths(c["N"] // c["B"] - 1, c["T"], c["T"])
    counts = [*(np.bincount(depths)[1:] * c["B"]), 0, 0]
    assert found["depths"] == counts
    assert found["meanDepth"] == pytest.approx(depths.mean(), rel=1e-12)
    streams = layout.to_streams(np.arange(c["N"]), c["B"])
    windows = [w.x for w in layout.windows(streams, c["T"])]
    assert found["streamLength"] == len(streams)
    assert found["tokens"] == windows[0].size
    assert found["lastSteps"] == len(windows[-1])


IN_FLOAT64 = [i for i, c in enumerate(CHOICES) if c["layers"] == 1 and c["size"] == 8]


@pytest.mark.parametrize("i", IN_FLOAT64, ids=lambda i: named(CHOICES[i]))
def test_bytes_are_those_of_a_real_tape(worked_out, i):
    c, found = CHOICES[i], worked_out[i]
    cell = CELLS[c["cell"]]
    params = cell.init(c["V"], c["H"], c["V"], np.random.default_rng(0))
    steps = min(c["T"], found["streamLength"] - 1)
    tape = cell.forward(params, np.zeros((steps, c["B"]), np.int64))
    assert found["kept"]["all"] == measure.kept_bytes(tape)
    assert found["kept"]["states"] == measure.kept_bytes(
        tape.h, *([tape.c] if cell is lstm else [])
    )
    assert found["kept"]["outputs"] == measure.kept_bytes(tape.logits)
    assert found["kept"]["ids"] == measure.kept_bytes(tape.x)
    assert found["parameters"] == params.flat().size


@pytest.mark.parametrize("i", range(len(CHOICES)), ids=lambda i: named(CHOICES[i]))
def test_the_calculator_is_the_helper(worked_out, i):
    budget = pytest.importorskip("helpers.budget", reason="the helper comes with the chapter")
    c, found = CHOICES[i], worked_out[i]
    of = {"num_symbols": c["V"], "cell": c["cell"], "num_layers": c["layers"]}
    helper = budget.work_out(c["N"], c["B"], c["T"], c["H"], number_bytes=c["size"], **of)
    names = {
        "streamLength": helper.stream_length,
        "tokens": helper.tokens,
        "updates": helper.updates,
        "lastSteps": helper.last_steps,
        "targets": helper.targets,
        "dropped": helper.dropped,
        "parameters": helper.parameters,
    }
    assert {name: found[name] for name in names} == names
    assert found["kept"]["all"] == helper.kept_bytes
    assert found["depths"] == [*helper.losses_by_depth, 0, 0]
    assert found["meanDepth"] == pytest.approx(helper.mean_depth, rel=1e-12)


def test_the_words_of_the_calculator_give_its_numbers():
    found = view("budget")
    assert found["says"].startswith(
        "100,001 tokens make 16 streams of 6,250 positions: 196 updates an epoch, "
        "512 tokens an update, 1.03 MB kept for the backward pass."
    )
    assert "from 1 to 32 cells within a window, (T + 1)/2 = 16.5 on average." in found["says"]
    assert ["16", "targets dropped"] in found["facts"]
    assert ["1,032,192", "bytes for the backward pass"] in found["facts"]


def test_commas_in_a_typed_number_are_read():
    assert (
        view("budget", N="1,000,000", B="16")["facts"]
        == view("budget", N="1000000", B="16")["facts"]
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"N": ""}, "N must be a whole number"),
        ({"N": "🙂" * 10_000}, "N must be a whole number"),
        ({"T": "0"}, "T must be a whole number"),
        ({"H": "3.5"}, "H must be a whole number"),
        ({"layers": "-1"}, "Layers must be a whole number"),
        ({"N": "100", "B": "64"}, "B must be at most 50 for 100 tokens, since a stream needs 2"),
        ({"N": "2000", "B": "999999999"}, "B must be at most 1,000 for 2,000 tokens"),
    ],
)
def test_what_cannot_be_is_refused_in_one_short_sentence(settings, message):
    said = refused("budget", **settings)
    assert said.startswith(message)
    assert len(said) < 200


def test_a_window_longer_than_a_stream_is_cut_to_it_and_said():
    found = view("budget", N="50", B="4", T="100")
    assert found["note"] == "A stream has only 11 steps to predict, so the window is that long."
    assert ["44", "tokens an update"] in found["facts"]


def test_the_largest_numbers_stay_readable():
    largest = {
        "N": str(10**12),
        "B": str(5 * 10**11),
        "T": "1000000",
        "H": "100000",
        "V": "1000000",
    }
    for settings in (
        largest,
        {**largest, "B": "1", "layers": "100"},
        {"N": "2", "B": "1", "T": "1"},
    ):
        text = json.dumps(view("budget", **settings), ensure_ascii=False)
        assert "NaN" not in text
        assert "e+" not in text
        assert "Infinity" not in text


def test_bytes_that_a_float_cannot_count_are_given_in_units():
    most = {"N": str(10**12), "B": str(10**6), "T": str(10**6), "H": "100000", "layers": "100"}
    facts = {words: value for value, words in view("budget", **most)["facts"]}
    assert facts["bytes for the backward pass"] == "560 EB"
