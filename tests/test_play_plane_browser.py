"""The plane and the calculator in a browser: with keys, with a finger, and with wrong numbers."""

from __future__ import annotations

import json

import pytest
from javascript import run
from selenium.webdriver.common.keys import Keys
from test_play_browser import DESK, PHONE, book, browser, complaints, visit

__all__ = ["book", "browser"]

LEFT, TOP, CELL, WIDTH = 44, 34, 39, 360


@pytest.fixture
def plane(browser, book):
    yield visit(browser, book / "plane.html", width=PHONE)
    assert complaints(browser) == []


@pytest.fixture
def budget(browser, book):
    yield visit(browser, book / "budget.html", width=PHONE)
    assert complaints(browser) == []


def words(name, **settings):
    """What the script says of these settings, by itself."""
    start = f"TwoAxes.figures.{name}.start"
    view = f"TwoAxes.figures.{name}.view({{...{start}, ...{json.dumps(settings)}}})"
    return run([name], f"{view}.says")


# The plane


def test_keys_move_over_the_plane_and_the_words_follow(plane):
    assert plane.says == words("plane")
    plane.press("Time steps T", Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    plane.press("Batch size B", Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert plane.says == words("plane", B=16, T=4)
    assert "No other split of 64 tokens" in plane.says
    plane.press("Batch size B", Keys.END)
    assert plane.says == words("plane", B=128, T=4)
    assert plane.whole()


def test_a_longer_memory_moves_the_best_cell_and_the_button_goes_there(plane):
    assert "Best with 64 tokens: B = 16, T = 4" in plane.says
    plane.press("Weight a", *3 * [Keys.ARROW_RIGHT])
    assert "Best with 64 tokens: B = 4, T = 16" in plane.says
    plane.press("Go to the best cell of this line", Keys.ENTER)
    assert plane.says == words("plane", a=0.95, B=4, T=16)


def test_the_lag_changes_the_numbers(plane):
    plane.press("Lag D", *8 * [Keys.ARROW_LEFT])
    assert plane.says == words("plane", D=2)
    assert plane.says != words("plane")


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "finger"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_tap_on_a_cell_chooses_it(browser, book, width, touch):
    plane = visit(browser, book / "plane.html", width=width)
    where = "arguments[0].scrollIntoView(); return arguments[0].getBoundingClientRect().toJSON()"
    box = plane.browser.execute_script(where, plane.find("svg")[0])
    scale = box["width"] / WIDTH
    at = {
        "x": box["x"] + (LEFT + 2.5 * CELL) * scale,
        "y": box["y"] + (TOP + 3.5 * CELL) * scale,
    }
    if touch:
        events = [("touchStart", [at]), ("touchEnd", [])]
        for kind, points in events:
            event = {"type": kind, "touchPoints": points}
            plane.browser.execute_cdp_cmd("Input.dispatchTouchEvent", event)
    else:
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, "button": "left", "clickCount": 1, **at}
            plane.browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)
    assert plane.says == words("plane", B=4, T=8)
    assert plane.control("Batch size B").get_attribute("aria-valuetext") == "4"


@pytest.mark.parametrize("nonsense", ["", "1", "-0.5", "0,8", "🙂", "NaN"])
def test_a_weight_that_the_model_has_not_is_refused_and_the_picture_stays(plane, nonsense):
    before = plane.picture, plane.says
    field = "Weight a, typed"
    put = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))"
    plane.browser.execute_script(put, plane.control(field), nonsense)
    assert plane.trouble.startswith("The weight a must be a number from 0 to 0.95, got ")
    assert plane.refused
    assert (plane.picture, plane.says) == before
    plane.type(field, "0.5")
    assert plane.trouble == ""
    assert plane.says == words("plane", a=0.5)


def test_a_move_over_the_plane_is_immediate(plane):
    """All 64 cells anew for another weight, as one drags it: the median, with much to spare."""
    spent = plane.browser.execute_script("""
      const range = document.querySelector('input[type=range][max="0.95"]'), spent = [];
      for (let a = 5; a <= 95; a += 5) {
        const begin = performance.now();
        range.value = a / 100;
        range.dispatchEvent(new Event("input"));
        spent.push(performance.now() - begin);
      }
      return spent.sort((x, y) => x - y)[9];
    """)
    assert spent < 100


# The calculator


def test_the_calculator_follows_what_is_typed_and_chosen(budget):
    assert budget.says == words("budget")
    budget.type("N, tokens of the corpus", "929,589")
    budget.type("B, batch size", "20")
    budget.type("T, time steps", "35")
    assert budget.says == words("budget", N="929589", B="20", T="35")
    budget.press("Cell", "G")
    budget.press("Bytes of a number", "4")
    changed = {"N": "929589", "B": "20", "T": "35", "cell": "gru", "size": "4"}
    assert budget.says == words("budget", **changed)
    assert budget.whole()
    budget.press("Start again", Keys.SPACE)
    assert budget.says == words("budget")


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("N, tokens of the corpus", "", "N must be a whole number from 2 to"),
        ("N, tokens of the corpus", "a" * 10_000, "N must be a whole number from 2 to"),
        ("T, time steps", "🙂", "T must be a whole number from 1 to"),
        ("B, batch size", "100001", "B must be at most 50,000 for 100,001 tokens, since"),
        ("H, hidden units of a layer", "-3", "H must be a whole number from 1 to"),
        ("Layers", "1.5", "Layers must be a whole number from 1 to 100"),
    ],
)
def test_a_choice_that_cannot_be_gets_a_message_and_the_picture_stays(budget, field, text, message):
    before = budget.picture, budget.says
    budget.paste(field, text)
    assert budget.trouble.startswith(message)
    assert len(budget.trouble) < 200
    assert budget.refused
    assert (budget.picture, budget.says) == before
    assert budget.control(field).get_attribute("aria-invalid") == "true"
    budget.paste(field, "100,000" if field.startswith("N") else "40")
    assert budget.trouble == ""
    assert not budget.refused
