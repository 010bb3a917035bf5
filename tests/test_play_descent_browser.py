"""The descent in a browser: walked with keys, left to run, stopped, and asked for nonsense."""

from __future__ import annotations

import json
import re

import pytest
from javascript import run
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from test_play_browser import PHONE, book, browser, complaints, visit

__all__ = ["book", "browser"]


@pytest.fixture
def descent(browser, book):
    yield visit(browser, book / "descent.html", width=PHONE)
    assert complaints(browser) == []


def words(**settings):
    """What the script says of these settings, by itself."""
    start = "TwoAxes.figures.descent.start"
    view = f"TwoAxes.figures.descent.view({{...{start}, ...{json.dumps(settings)}}})"
    return run(["descent"], f"{view}.says")


def button(descent, text):
    """The one of the two rows of buttons that is shown."""
    (found,) = (b for b in descent.find("button") if b.text == text and b.is_displayed())
    return found


def samples(descent):
    return int(re.search(r"([\d,]+) samples", descent.says)[1].replace(",", ""))


def test_the_descent_opens_with_the_walks_of_its_still_picture(descent):
    assert descent.says == words()
    assert "32 updates, 256 samples" in descent.says
    assert len(descent.find("svg ellipse")) == 8
    assert descent.whole()


def test_the_walks_and_the_words_follow_the_keys(descent):
    before = descent.picture
    descent.press("Batch size B", Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert descent.says == words(B=10)
    assert descent.picture != before
    descent.press("Learning rate", Keys.ARROW_LEFT)
    assert descent.says == words(B=10, rate=0.1)
    descent.press("Seed of the order", Keys.ARROW_RIGHT)
    assert descent.says == words(B=10, rate=0.1, seed=2)
    descent.press("Draw with replacement", Keys.SPACE)
    assert descent.says == words(B=10, rate=0.1, seed=2, replace=True)
    descent.press("Batch size B", Keys.END)
    assert descent.says == words(B=64, rate=0.1, seed=2, replace=True)
    descent.press("Start again", Keys.ENTER)
    assert descent.says == words()
    assert descent.picture == before


def test_the_walks_are_taken_step_by_step_and_back(descent):
    descent.press("Equal for all three", "u")
    assert descent.says == words(by="updates")
    descent.press("Updates made", Keys.ARROW_RIGHT)
    assert descent.says == words(by="updates", updates=33)
    button(descent, "Step").send_keys(Keys.ENTER)
    assert descent.says == words(by="updates", updates=34)
    button(descent, "Back").send_keys(Keys.SPACE, Keys.SPACE)
    assert descent.says == words(by="updates", updates=32)
    descent.press("Updates made", Keys.HOME)
    assert "All three stand at the start." in descent.says
    button(descent, "Back").send_keys(Keys.ENTER)
    assert "0 updates" in descent.says


def test_a_run_goes_on_by_itself_until_it_is_stopped(descent):
    descent.press("Samples seen", Keys.HOME)
    button(descent, "Run").send_keys(Keys.ENTER)
    WebDriverWait(descent.browser, 20).until(lambda _: samples(descent) >= 24)
    button(descent, "Stop").send_keys(Keys.ENTER)
    stopped = samples(descent)
    assert stopped < 1024
    descent.browser.execute_async_script("setTimeout(arguments[0], 500)")
    assert samples(descent) == stopped
    assert button(descent, "Run")


def test_a_lost_walk_is_said_to_be_lost_and_breaks_nothing(descent):
    descent.press("Learning rate", Keys.END)
    assert "Lost, because the steps are too long: one sample." in descent.says
    assert descent.whole()


@pytest.mark.parametrize("nonsense", ["", "65", "0", "eight", "3.5", "🙂", "9" * 10_000])
def test_what_is_no_batch_size_gets_a_message_and_the_picture_stays(descent, nonsense):
    before = descent.picture, descent.says
    field = "Batch size B, typed"
    put = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))"
    descent.browser.execute_script(put, descent.control(field), nonsense)
    assert descent.trouble.startswith("The batch size must be a whole number from 1 to 64, got ")
    assert len(descent.trouble) < 120
    assert descent.refused
    assert (descent.picture, descent.says) == before
    descent.type(field, "16")
    assert descent.trouble == ""
    assert descent.says == words(B=16)
