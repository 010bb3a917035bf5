"""The descent does on the page what the chapter does in Python, point by point."""

from __future__ import annotations

import itertools
import json
import re

import numpy as np
import play_points
import pytest
from javascript import run

N, START, LOST = 64, (-1.0, 2.0), 1000.0
CASES = [
    {"B": B, "rate": rate, "seed": seed, "replace": replace, "updates": updates, "samples": samples}
    for (B, seed, replace), (rate, updates, samples) in itertools.product(
        [
            (1, 1, False),
            (1, 0, True),
            (8, 1, False),
            (48, 7, False),
            (48, 999, True),
            (64, 3, True),
        ],
        [(0.1, 40, 10**9), (0.2, 10**9, 256), (1.2, 128, 1024), (1.5, 128, 10**9)],
    )
]


def numbers(seed):
    """Marsaglia's xorshift of 32 bits; the first eight numbers are left out."""
    x = (seed + 1) * 2654435761 % 2**32
    for drawn in itertools.count():
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        if drawn >= 8:
            yield x


def deck(seed, *, replace):
    """Samples in the order in which every walker sees them: whole shuffled sets, or draws."""
    draw = numbers(seed)

    def below(n):
        return next(draw) * n >> 32

    while True:
        if replace:
            yield below(N)
            continue
        order = list(range(N))
        for i in range(N - 1, 0, -1):
            j = below(i + 1)
            order[i], order[j] = order[j], order[i]
        yield from order


@pytest.fixture(scope="module")
def points():
    u, v = play_points.points().values()
    return np.stack([u, np.ones(N)], axis=1), np.array(v)


@pytest.fixture(scope="module")
def best(points):
    return np.linalg.lstsq(*points)[0]


def loss(points, at):
    x, v = points
    return ((x @ at - v) ** 2).mean() / 2


def walk(points, best, *, B, rate, seed, replace, updates, samples):
    """As the chapter's `walk`, and an epoch's last minibatch may be shorter."""
    x, v = points
    cards, path, seen, lost = deck(seed, replace=replace), [np.array(START)], [0], False
    while len(path) <= updates and not lost:
        size = B if replace or B == N else min(B, N - seen[-1] % N)
        if seen[-1] + size > samples:
            break
        n = list(range(N)) if B == N else list(itertools.islice(cards, size))
        error = x[n] @ path[-1] - v[n]
        path.append(path[-1] - rate * error @ x[n] / size)
        seen.append(seen[-1] + size)
        lost = bool(np.linalg.norm(path[-1] - best) > LOST)
    return np.array(path), seen, lost


@pytest.fixture(scope="module")
def walked():
    return run(["descent"], f"{json.dumps(CASES)}.map(TwoAxes.descent.walk)")


@pytest.fixture(scope="module")
def landscape():
    return run(["descent"], "TwoAxes.descent.landscape")


def test_the_points_are_the_first_of_the_chapter():
    text = play_points.SCRIPT.read_text("utf-8")
    for line in play_points.lines().values():
        assert line in text.splitlines(), "run: python tests/play_points.py"


def test_the_script_that_writes_the_points_changes_nothing_twice(tmp_path, monkeypatch):
    copy = tmp_path / "descent.js"
    before = play_points.SCRIPT.read_text("utf-8")
    copy.write_text(before.replace("0.71", "0.72", 1), "utf-8")
    monkeypatch.setattr(play_points, "SCRIPT", copy)
    play_points.main()
    assert copy.read_text("utf-8") == before


@pytest.mark.parametrize("replace", [False, True])
def test_both_languages_deal_the_same_samples(replace):
    seeds = [0, 1, 250, 999]
    take = f"Array.from({{length: 200}}, TwoAxes.descent.deck(seed, {json.dumps(replace)}))"
    dealt = run(["descent"], f"{seeds}.map((seed) => {take})")
    for seed, samples in zip(seeds, dealt, strict=True):
        assert samples == list(itertools.islice(deck(seed, replace=replace), 200))
        assert (sorted(samples[:N]) == list(range(N))) is not replace


def test_draws_are_spread_over_all_samples_alike():
    drawn = np.fromiter(itertools.islice(deck(5, replace=True), 64_000), int)
    counts = np.bincount(drawn, minlength=N)
    assert ((counts - 1000) ** 2 / 1000).sum() < 100  # chi square with 63 degrees of freedom


@pytest.mark.parametrize("i", range(len(CASES)), ids=lambda i: str(list(CASES[i].values())))
def test_both_languages_walk_the_same_way(points, best, walked, i):
    path, seen, lost = walk(points, best, **CASES[i])
    found = walked[i]
    assert found["samples"] == seen
    assert found["lost"] == lost
    np.testing.assert_allclose(np.transpose([found["w"], found["b"]]), path, rtol=1e-9)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    straight = np.linalg.norm(START - best)
    np.testing.assert_allclose(np.diff(found["length"]) * straight, steps, rtol=1e-7)
    above = [loss(points, at) - loss(points, best) for at in path]
    np.testing.assert_allclose(found["excess"], above, rtol=1e-6, atol=1e-12)


def test_the_cases_hold_every_kind_of_walk(walked):
    assert {each["lost"] for each in walked} == {True, False}
    assert any(np.diff(each["samples"]).max() > np.diff(each["samples"]).min() for each in walked)


def test_the_lowest_point_is_that_of_least_squares(points, best, landscape):
    np.testing.assert_allclose([landscape["w"], landscape["b"]], best, rtol=1e-12)
    assert landscape["least"] == pytest.approx(loss(points, best), rel=1e-12)


@pytest.mark.parametrize("level", [0.0625, 1.0, 8.0])
def test_contour_lines_have_one_loss(points, best, landscape, level):
    turn = np.radians(landscape["angle"])
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    radii = np.sqrt(2 * level / np.array([landscape["steep"], landscape["flat"]]))
    for way in np.linspace(0, 2 * np.pi, 12):
        at = best + np.array([np.cos(way), np.sin(way)]) * radii @ axes
        assert loss(points, at) - loss(points, best) == pytest.approx(level, rel=1e-9)


def test_contour_lines_are_drawn_where_they_are(landscape):
    picture, scale = view()["picture"], 52
    centre = 40 + (landscape["w"] + 2) * scale, 8 + (3 - landscape["b"]) * scale
    form = r'rx="(.+?)" ry="(.+?)" transform="translate\((.+?) (.+?)\) rotate\((.+?)\)"'
    ovals = [[float(value) for value in oval] for oval in re.findall(form, picture)]
    assert len(ovals) == 8
    for level, oval in zip((2.0**k for k in range(-4, 4)), ovals, strict=True):
        radii = (scale * np.sqrt(2 * level / landscape[axis]) for axis in ("steep", "flat"))
        assert oval == pytest.approx([*radii, *centre, -landscape["angle"]], abs=0.06)


def view(**settings):
    start = "TwoAxes.figures.descent.start"
    call = f"TwoAxes.figures.descent.view({{...{start}, ...{json.dumps(settings)}}})"
    return run(["descent"], call)


def test_the_words_say_what_was_spent_and_reached(points, best):
    says = view(B=8, rate=0.1, by="samples", samples=320)["says"]
    options = {"rate": 0.1, "seed": 1, "replace": False, "updates": 10**9, "samples": 320}
    path, _, _ = walk(points, best, B=8, **options)
    length = np.linalg.norm(np.diff(path, axis=0), axis=1).sum() / np.linalg.norm(START - best)
    above = loss(points, path[-1]) - loss(points, best)
    assert says.startswith("Batch size 8, learning rate 0.1: 40 updates, 320 samples, ")
    assert f"path {length:.1f} times the straight line, excess loss {above:.3f}." in says


@pytest.mark.parametrize(
    ("settings", "lowest"),
    [
        ({"rate": 0.05, "samples": 256}, "one sample"),
        ({"rate": 0.2, "samples": 256}, "8 samples"),
        ({"rate": 1.2, "samples": 256}, "all 64"),
        ({"rate": 0.3, "by": "updates", "updates": 32}, "all 64"),
    ],
)
def test_the_words_name_the_walk_that_ends_lowest(settings, lowest):
    assert f"Lowest of the three: {lowest}." in view(**settings)["says"]


def test_the_words_say_that_nobody_has_moved():
    assert "All three stand at the start." in view(samples=0)["says"]
    assert "0 updates, 0 samples" in view(samples=0)["says"]


def test_a_lost_walk_is_said_to_be_lost_and_gets_no_numbers():
    one = view(rate=1.5, by="updates", updates=128)
    assert one["says"].count("Lost, because the steps are too long: one sample, 8 samples") == 1
    assert "Infinity" not in one["picture"] + one["says"]
    assert "NaN" not in one["picture"] + one["says"]
    everyone = view(rate=1.5, B=1, by="updates", updates=128, samples=1024)
    assert "and the walk is lost" in everyone["says"]


def test_one_batch_size_in_both_places_gives_one_walk():
    for B in (1, 64):
        picture = view(B=B)["picture"]
        lines = [part.partition('"')[0] for part in picture.split(' d="M')[1:4]]
        assert lines[1] == lines[0 if B == 1 else 2]
