"""The figures to play with in a real browser: by keyboard, with bad input, and with no script."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from javascript import PLAY, ROOT, chromium, run
from selenium.webdriver.common.keys import Keys
from test_layout import LOADERS

from helpers import closed_form, layout, truncation

PHONE, DESK = 390, 1440
FIGURES = ("triangle", "ribbon", "descent", "plane", "budget")

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_parser", "play"]
myst_enable_extensions = ["colon_fence"]
html_theme = "sphinx_book_theme"
html_context = {{"default_mode": "auto"}}
html_static_path = ["book/_static"]
html_css_files = ["course.css"]
numfig = True
"""

FIGURE = """# A page

Some words, so that the figure is not alone.

:::{{play}} {name}
:name: fig-{name}
:alt: A still picture in four words.

The *caption*.
:::
"""

STRETCH = "abcdefghijklmnopqrstuvwxyz."


def sphinx(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Build a small book, strictly, with the extension of the course."""
    shutil.copytree(PLAY, folder / "book" / "_static" / "play", dirs_exist_ok=True)
    shutil.copy(ROOT / "book" / "_static" / "course.css", folder / "book" / "_static")
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", str(folder)]
    return subprocess.run([*build, str(folder / "html")], capture_output=True, text=True)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Pages with one figure each, and one with none, opened from a folder without a server."""
    folder = tmp_path_factory.mktemp("play")
    for name in FIGURES:
        (folder / f"{name}.md").write_text(FIGURE.format(name=name), encoding="utf-8")
    index = ["# Index", "", "```{toctree}", *FIGURES, "```", ""]
    (folder / "index.md").write_text("\n".join(index), encoding="utf-8")
    done = sphinx(folder)
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


class Figure:
    """One figure on an open page, as a reader meets it."""

    def __init__(self, browser):
        self.browser = browser

    def find(self, selector):
        return self.browser.find_elements("css selector", f".play-stage {selector}")

    def control(self, name):
        """The control of this label or these letters on it."""
        called = """const named = (e) => [e.ariaLabel, e.labels?.[0]?.textContent, e.textContent];
        return [...document.querySelectorAll(".play-stage :is(input, select, button)")]
          .filter((e) => named(e).includes(arguments[0]));"""
        (found,) = self.browser.execute_script(called, name)
        return found

    def press(self, name, *keys):
        """Go to a control and press keys, as one does who has no mouse."""
        control = self.control(name)
        self.browser.execute_script("arguments[0].focus()", control)
        assert self.browser.switch_to.active_element == control
        control.send_keys(*keys)

    def clear(self, name):
        self.press(name, Keys.CONTROL + "a")
        self.press(name, Keys.DELETE)

    def type(self, name, text):
        self.clear(name)
        self.press(name, text, Keys.TAB)

    def paste(self, name, text):
        """Put a text in at once, in one event, as the clipboard does."""
        put = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
        self.browser.execute_script(put, self.control(name), text)

    @property
    def says(self):
        return self.find(".play-says")[0].text

    @property
    def trouble(self):
        return self.find(".play-trouble")[0].text

    @property
    def refused(self):
        return "play-refused" in self.find("")[0].get_attribute("class")

    @property
    def facts(self):
        rows = [row.text.split("\n") for row in self.find(".play-facts > div")]
        return {words: value for value, words in (sorted_row(row) for row in rows)}

    @property
    def picture(self):
        return self.find("svg")[0].get_attribute("innerHTML")

    def whole(self):
        """The picture is there and nothing in it is broken."""
        svg = self.find("svg")[0]
        assert svg.size["height"] > 200
        assert len(self.find("svg text")) > 5
        assert not re.search(r"NaN|undefined|Infinity|parsererror", self.picture)
        return True


def sorted_row(row):
    """Value and words, in whichever order they are laid out."""
    number = next(i for i, part in enumerate(row) if re.match(r"[\d–]", part))
    return row[number], " ".join(part for i, part in enumerate(row) if i != number)


def visit(browser, page, *, width=DESK, theme="light"):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 800}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(page.as_uri())
    browser.execute_script(f"document.documentElement.dataset.theme = {json.dumps(theme)}")
    return Figure(browser)


@pytest.fixture
def triangle(browser, book):
    yield visit(browser, book / "triangle.html")
    assert complaints(browser) == []


@pytest.fixture
def ribbon(browser, book):
    yield visit(browser, book / "ribbon.html")
    assert complaints(browser) == []


def complaints(browser):
    return [e["message"] for e in browser.get_log("browser") if e["level"] != "INFO"]


# The triangle


def triangle_facts(P, k1, k2, D, edge="carry"):
    depths = truncation.depths(P, k1, k2)
    held = max(s.stop - s.first for s in truncation.segments(P, k1, k2))
    if edge == "carry":
        kept = np.mean([closed_form.signal_kept(int(d), D) for d in depths])
    else:
        kept = np.mean(depths > D)
    how = "mean of min(K, D)/D" if edge == "carry" else "losses with K > D"
    return {
        "updates": f"{len(truncation.segments(P, k1, k2)):,}",
        "cells visited": f"{truncation.cells_visited(P, k1, k2):,}",
        "bytes kept *": f"{8 * (32 * (held + 1) + 8 * held):,}",
        "mean depth": f"{depths.mean():.2f}",
        f"of a lag-{D} signal kept, {how}": f"{100 * kept:.1f} %",
    }


def test_the_triangle_opens_with_the_windows_of_its_chapter(triangle):
    assert triangle.facts == triangle_facts(49, 7, 7, 10)
    assert triangle.says.startswith("Windows of T = 7: an update after every 7 losses")
    assert triangle.whole()


def test_the_triangle_follows_the_arrow_keys(triangle):
    triangle.press("k1, losses to an update", Keys.ARROW_RIGHT)
    assert triangle.facts == triangle_facts(49, 8, 8, 10)
    triangle.press("k2, cells to go back", *[Keys.ARROW_RIGHT] * 4)
    assert triangle.facts == triangle_facts(49, 8, 12, 10)
    assert triangle.says.startswith("The plan (8, 12)")
    triangle.press("k2, cells to go back", Keys.HOME)
    assert triangle.facts == triangle_facts(49, 1, 1, 10)
    triangle.press("P, losses", Keys.HOME)
    assert triangle.facts == triangle_facts(2, 1, 1, 2)
    assert triangle.whole()


@pytest.mark.parametrize(
    ("name", "plan", "said"),
    [
        ("full", (49, 49), "Full: one update at the end"),
        ("windows", (7, 7), "Windows of T = 7"),
        ("sliding", (1, 7), "Sliding, 7 cells: an update after each loss"),
        ("(k1, k2)", (7, 14), "The plan (7, 14)"),
    ],
)
def test_plans_are_chosen_by_keyboard(triangle, name, plan, said):
    triangle.press("sliding" if name != "sliding" else "full", Keys.SPACE)
    triangle.press(name, Keys.ENTER)
    assert triangle.facts == triangle_facts(49, *plan, 10)
    assert triangle.says.startswith(said)
    pressed = [b.text for b in triangle.find("button[aria-pressed=true]")]
    assert pressed == [name]


def test_a_reset_counts_only_what_the_window_can_see(triangle):
    triangle.press("D, lag of the signal", *[Keys.ARROW_LEFT] * 6)
    assert triangle.facts == triangle_facts(49, 7, 7, 4)
    triangle.press("look at loss", Keys.ARROW_LEFT)
    assert "loss 25 visits 4 cells, back to lag 3" in triangle.says.lower()
    assert "known by value only" in triangle.says
    triangle.press("state at a cut", "r")
    assert triangle.facts == triangle_facts(49, 7, 7, 4, "reset")
    assert "forgotten" in triangle.says
    triangle.press("look at loss", *[Keys.ARROW_RIGHT] * 2)
    assert "the input at lag 4 is among them" in triangle.says


def test_a_typed_number_is_taken_when_it_is_complete(triangle):
    triangle.clear("k2, cells to go back, typed")
    triangle.press("k2, cells to go back, typed", "1")
    assert triangle.facts == triangle_facts(49, 7, 7, 10)
    triangle.press("k2, cells to go back, typed", "4", Keys.TAB)
    assert triangle.facts == triangle_facts(49, 7, 14, 10)


@pytest.mark.parametrize("typed", ["", "abc", "0", "-3", "1.5", "50", "9" * 400, "👍"])
def test_what_is_no_number_of_cells_is_refused_and_the_picture_stays(triangle, typed):
    before = triangle.picture, triangle.says
    field = "k2, cells to go back, typed"
    triangle.clear(field)
    put = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))"
    triangle.browser.execute_script(put, triangle.control(field), typed)
    assert triangle.trouble.startswith("k2 must be a whole number from 1 to 49, got ")
    assert len(triangle.trouble) < 100
    assert triangle.refused
    assert triangle.control(field).get_attribute("aria-invalid") == "true"
    assert (triangle.picture, triangle.says) == before
    triangle.type(field, "14")
    assert triangle.trouble == ""
    assert not triangle.refused
    assert triangle.control(field).get_attribute("aria-invalid") is None
    assert triangle.facts == triangle_facts(49, 7, 14, 10)


def test_a_loss_is_chosen_by_touching_its_row(triangle):
    svg = triangle.find("svg")[0]
    box = svg.rect
    scale = box["width"] / 360
    at = {"x": box["x"] + 40 * scale, "y": box["y"] + (22 + 322 * 29.5 / 49) * scale}
    scroll = triangle.browser.execute_script("return scrollY")
    for kind in ("mousePressed", "mouseReleased"):
        event = {"type": kind, "button": "left", "clickCount": 1, **at, "y": at["y"] - scroll}
        triangle.browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)
    assert "Loss 30 visits 2 cells" in triangle.says


def test_start_again_brings_back_the_start(triangle):
    before = triangle.picture, triangle.says, triangle.facts
    triangle.press("full", Keys.SPACE)
    triangle.press("P, losses", Keys.ARROW_LEFT)
    assert triangle.picture != before[0]
    triangle.press("Start again", Keys.ENTER)
    assert (triangle.picture, triangle.says, triangle.facts) == before


# The ribbon


def ribbon_facts(N, B, T, loader="streams"):
    said = layout.account(N, B, T, loader=loader)
    return {
        "updates an epoch": f"{said.updates:,}",
        "losses computed": f"{said.targets:,}",
        "targets dropped": f"{said.dropped} of {N - 1}",
        "losses repeated": f"{said.repeated:,}",
    }


def test_the_ribbon_opens_with_the_cut_of_the_alphabet(ribbon):
    assert ribbon.facts == {**ribbon_facts(27, 3, 4), "continuation score": "1.00"}
    assert ribbon.says.startswith("Update 1 of 2 reads 4 ticks of 3 columns.")
    assert "Tick 1 receives a, j and s: one token of each column, 3 at once." in ribbon.says
    assert ribbon.whole()


def test_updates_and_ticks_are_stepped_through_by_keyboard(ribbon):
    ribbon.press("Step", Keys.ENTER)
    assert "Update 2 of 2" in ribbon.says
    assert "receives e, n and w" in ribbon.says
    ribbon.press("tick", Keys.ARROW_RIGHT)
    assert "Tick 2 receives f, o and x" in ribbon.says
    ribbon.press("Step", Keys.ENTER)
    assert "Update 2 of 2" in ribbon.says
    ribbon.press("Back", Keys.SPACE)
    assert "Update 1 of 2" in ribbon.says
    assert "Tick 2 receives b, k and t" in ribbon.says


def test_sizes_are_set_by_keyboard(ribbon):
    ribbon.press("B, batch size", Keys.ARROW_RIGHT)
    ribbon.press("T, time steps", Keys.ARROW_LEFT)
    ribbon.press("N, tokens", *[Keys.ARROW_LEFT] * 3)
    assert ribbon.facts == {**ribbon_facts(24, 4, 3), "continuation score": "1.00"}
    assert "receives a, g, m and s" in ribbon.says


@pytest.mark.parametrize("loader", LOADERS)
def test_loaders_are_chosen_and_shuffled_by_keyboard(ribbon, loader):
    names = dict(run(["ribbon"], "TwoAxes.figures.ribbon.controls.find((c) => c.name === 'loader')"
                     ".options.map((o) => [o.value, o.text])"))  # fmt: skip
    ribbon.press("loader", names[loader])
    facts = ribbon.facts
    goes_on = facts.pop("continuation score")
    assert facts == ribbon_facts(27, 3, 4, loader)
    assert goes_on == ("0.00" if loader in ("shuffled", "overlapping") else "1.00")
    assert ("so its state may be carried" in ribbon.says) == (goes_on == "1.00")
    assert ribbon.whole()
    ribbon.press("T, time steps", *[Keys.ARROW_LEFT] * 2)
    ribbon.press("shuffle", Keys.SPACE)
    facts = ribbon.facts
    assert float(facts.pop("continuation score")) < 0.5
    assert facts == ribbon_facts(27, 3, 2, loader)
    assert "a carried state would" in ribbon.says
    first = ribbon.picture
    ribbon.press("shuffle again", Keys.ENTER)
    assert ribbon.picture != first


def test_a_text_of_ones_own_is_cut(ribbon):
    ribbon.type("your text", "to be or not to be")
    assert ribbon.facts == {**ribbon_facts(18, 3, 4), "continuation score": "1.00"}
    assert "receives t, o and ␣" in ribbon.says
    ribbon.press("corpus", "n")
    assert "receives 0, 6 and 12" in ribbon.says
    assert not [
        f for f in ribbon.find("input") if f.accessible_name == "your text" and f.is_displayed()
    ]
    ribbon.press("N, tokens", Keys.END)
    assert ribbon.facts["targets dropped"] == "2 of 59"
    ribbon.press("corpus", Keys.ARROW_UP)
    assert ribbon.facts == {**ribbon_facts(18, 3, 4), "continuation score": "1.00"}
    assert ribbon.whole()


@pytest.mark.parametrize("text", ["", "a", " "])
def test_a_text_with_nothing_to_predict_is_refused_and_the_picture_stays(ribbon, text):
    before = ribbon.picture
    ribbon.paste("your text", text)
    assert "needs at least 2 characters" in ribbon.trouble
    assert ribbon.refused
    assert ribbon.picture == before
    ribbon.paste("your text", STRETCH)
    assert ribbon.trouble == ""
    assert ribbon.picture == before


def test_ten_thousand_characters_are_shortened_and_said(ribbon):
    ribbon.paste("your text", "abcde " * 1666 + "wxyz")
    assert (
        ribbon.trouble == "Your text is longer than 60 characters: the picture takes the first 60."
    )
    assert not ribbon.refused
    assert ribbon.facts["targets dropped"] == "2 of 59"
    assert ribbon.whole()


def test_emoji_and_combining_characters_stay_in_one_piece(ribbon):
    ribbon.paste("your text", "👩‍👩‍👧e\u0301🇬🇧👍🏽xy")
    assert ribbon.trouble == ""
    assert ribbon.facts["targets dropped"] == "2 of 5"
    assert "receives 👩‍👩‍👧, 🇬🇧 and x" in ribbon.says
    assert ribbon.whole()


@pytest.mark.parametrize(
    "text", ["<b>&amp;</b><script>1</script>", "\x00\x07\x1b\ud800ab", "שלום עולם"]
)
def test_odd_letters_break_nothing(ribbon, text):
    put = f"arguments[0].value = {json.dumps(text)}; arguments[0].dispatchEvent(new Event('input'))"
    ribbon.browser.execute_script(put, ribbon.control("your text"))
    assert ribbon.trouble == ""
    assert ribbon.whole()
    assert not ribbon.find("svg script")
    assert not ribbon.find("svg b")


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("B, batch size, typed", "500", "B must be a whole number from 1 to 30, got “500”."),
        ("B, batch size, typed", "many", "B must be a whole number from 1 to 30, got “many”."),
        ("B, batch size, typed", "20", "B must be at most 13 for N = 27 tokens"),
        ("T, time steps, typed", "0", "T must be a whole number from 1 to 30, got “0”."),
        ("N, tokens, typed", "28", "N must be a whole number from 2 to 27, got “28”."),
        ("N, tokens, typed", "", "N must be a whole number from 2 to 27, got nothing."),
    ],
)
def test_impossible_sizes_are_refused_and_the_picture_stays(ribbon, field, typed, message):
    before = ribbon.picture
    ribbon.type(field, typed)
    assert ribbon.trouble.startswith(message)
    assert ribbon.refused
    assert ribbon.picture == before
    ribbon.press("Start again", Keys.ENTER)
    assert ribbon.trouble == ""
    assert ribbon.picture == before


def test_an_impossible_size_on_the_way_loses_nothing(ribbon):
    ribbon.press("Step", Keys.ENTER)
    ribbon.press("tick", Keys.ARROW_RIGHT)
    before = ribbon.picture, ribbon.says
    ribbon.type("B, batch size, typed", "20")
    assert ribbon.refused
    ribbon.type("B, batch size, typed", "3")
    assert not ribbon.refused
    assert (ribbon.picture, ribbon.says) == before


def test_a_run_walks_to_the_last_update_and_can_be_stopped(ribbon):
    ribbon.press("T, time steps", Keys.HOME)
    ribbon.press("Run", Keys.ENTER)
    assert ribbon.control("Stop").is_displayed()
    time.sleep(1)
    ribbon.press("Stop", Keys.ENTER)
    assert ribbon.control("Run").is_displayed()
    at = int(re.search(r"Update (\d+) of 8", ribbon.says)[1])
    assert 1 < at < 8
    time.sleep(1)
    assert f"Update {at} of 8" in ribbon.says


def test_whoever_wants_no_motion_gets_the_end_at_once(ribbon):
    calm = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    ribbon.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", calm)
    try:
        ribbon.press("T, time steps", Keys.HOME)
        ribbon.press("Run", Keys.ENTER)
        assert "Update 8 of 8" in ribbon.says
        assert ribbon.control("Run").is_displayed()
    finally:
        ribbon.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


# Every figure

figures = pytest.mark.parametrize("name", FIGURES)
widths = pytest.mark.parametrize("width", [PHONE, DESK])


@figures
def test_every_control_has_a_name_and_is_reached_with_the_tab_key(browser, book, name):
    figure = visit(browser, book / f"{name}.html")
    controls = [c for c in figure.find(":is(input, select, button)") if c.is_displayed()]
    names = [c.accessible_name for c in controls]
    assert all(names)
    assert len(set(names)) == len(names)
    browser.execute_script("arguments[0].focus()", controls[0])
    for control in controls[1:]:
        browser.switch_to.active_element.send_keys(Keys.TAB)
        assert browser.switch_to.active_element == control


@figures
def test_what_changes_is_announced(browser, book, name):
    figure = visit(browser, book / f"{name}.html")
    assert figure.find(".play-says")[0].get_attribute("aria-live") == "polite"
    assert figure.find(".play-trouble")[0].aria_role == "alert"
    svg = figure.find("svg")[0]
    assert svg.get_attribute("role") == "img"
    assert len(svg.accessible_name.split()) >= 4
    described = browser.find_element("id", svg.get_attribute("aria-describedby"))
    assert described.text == figure.says


@figures
@widths
def test_nothing_moves_when_the_script_takes_over(browser, book, name, width):
    """The stage is as high before the script as after it, and no room is wasted."""
    height = "return document.querySelector('.play-stage').getBoundingClientRect().height"
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*play.js*"]})
    try:
        before = visit(browser, book / f"{name}.html", width=width)
        assert not before.find("svg")
        waiting = browser.execute_script(height)
        browser.get_log("browser")
    finally:
        browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    figure = visit(browser, book / f"{name}.html", width=width)
    assert figure.whole()
    assert browser.execute_script(height) == pytest.approx(waiting, abs=1)
    tight = "for (const e of document.querySelectorAll('.play-stage > *')) e.style.minHeight = 0;"
    assert browser.execute_script(tight + height) > waiting - 60


@figures
@widths
def test_nothing_is_wider_than_the_screen(browser, book, name, width):
    """What is clipped goes on, but nobody sees it."""
    visit(browser, book / f"{name}.html", width=width)
    seen = ".play-stage :not([clip-path], [clip-path] *)"
    wide = f"""return [...document.querySelectorAll('{seen}')].filter(
      (e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML)"""
    assert browser.execute_script(wide) == []


@figures
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_letters_in_the_picture_stand_out_from_what_is_behind_them(browser, book, name, theme):
    visit(browser, book / f"{name}.html", theme=theme)
    faint = """
    const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const page = rgba(getComputedStyle(document.body).backgroundColor);
    const svg = document.querySelector(".play-stage svg"), found = [];
    svg.scrollIntoView();
    for (const text of svg.querySelectorAll("text")) {
      if (!text.getBoundingClientRect().width) continue;
      const box = text.getBoundingClientRect();
      const middle = [box.x + box.width / 2, box.y + box.height / 2];
      const behind = document.elementsFromPoint(...middle).find((e) => e.tagName === "rect" &&
        !["none", "rgba(0, 0, 0, 0)"].includes(getComputedStyle(e).fill));
      let ground = page;
      if (behind) {
        const style = getComputedStyle(behind);
        const fill = rgba(style.fill), o = Number(style.fillOpacity);
        ground = page.slice(0, 3).map((v, i) => o * fill[i] + (1 - o) * v);
      }
      const [a, b] = [light(rgba(getComputedStyle(text).fill)), light(ground)];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) found.push(`${text.textContent}: ${ratio.toFixed(2)}`);
    }
    return [found, svg.querySelectorAll("text").length];
    """
    found, letters = browser.execute_script(faint)
    assert letters > 5
    assert found == []


@figures
def test_without_scripts_the_still_picture_stands_alone(browser, book, name):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get((book / f"{name}.html").as_uri())
        image = browser.find_element("css selector", f"#fig-{name} img")
        assert image.is_displayed()
        assert image.size["height"] > 200
        for room in (".play-words", ".play-settings"):
            element = browser.find_element("css selector", room)
            assert element.value_of_css_property("display") == "none"
        assert browser.find_element("css selector", f"#fig-{name} figcaption").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@figures
def test_on_paper_the_picture_stands_without_its_controls(browser, book, name):
    figure = visit(browser, book / f"{name}.html")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert figure.find("svg")[0].is_displayed()
        assert figure.find(".play-says")[0].is_displayed()
        assert not figure.find(".play-settings")[0].is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


# The directive


def test_only_pages_with_a_figure_load_its_files(book):
    loads = {
        name: re.findall(r'"[./]*_static/play/(\w+\.\w+)\?', (book / f"{name}.html").read_text())
        for name in ("index", "triangle", "ribbon")
    }
    assert loads == {
        "index": [],
        "triangle": ["play.css", "play.js", "triangle.js"],
        "ribbon": ["play.css", "play.js", "ribbon.js"],
    }
    page = (book / "triangle.html").read_text("utf-8")
    assert len(re.findall(r'<script defer="defer" src="[./]*_static/play/', page)) == 2
    assert 'type="module"' not in page


def test_a_figure_is_numbered_and_says_in_words_what_it_shows(book):
    page = (book / "triangle.html").read_text("utf-8")
    figure = re.search(r'<figure[^>]*id="fig-triangle".*?</figure>', page, re.DOTALL)[0]
    assert 'alt="A still picture in four words."' in figure
    assert '<span class="caption-number">Fig. 1 </span>' in figure
    assert '<span class="caption-text">The <em>caption</em>.</span>' in figure
    assert 'style="aspect-ratio: 360 / 364"' in figure


LACKING = {
    "there is no book/_static/play/square.svg": ("{play} triangle", "{play} square"),
    "triangle needs the option :alt:": (":alt: A still picture in four words.\n", ""),
    "triangle needs the option :name:": (":name: fig-triangle\n", ""),
    "triangle needs a caption of one paragraph": ("The *caption*.\n", ""),
    "triangle needs a caption of one paragraph ": ("The *caption*.\n", "One.\n\nTwo.\n"),
    "set must be pairs such as k1=7, got 'k1'": (":name:", ":set: k1\n:name:"),
}


def test_a_figure_that_lacks_something_stops_the_build(tmp_path):
    page = FIGURE.format(name="triangle")
    for i, (old, new) in enumerate(LACKING.values()):
        assert old in page
        (tmp_path / f"page{i}.md").write_text(page.replace(old, new), encoding="utf-8")
    listed = "\n".join(f"page{i}" for i in range(len(LACKING)))
    (tmp_path / "index.md").write_text(f"# All\n\n```{{toctree}}\n{listed}\n```\n", "utf-8")
    done = sphinx(tmp_path)
    assert done.returncode != 0
    for i, message in enumerate(LACKING):
        told = [line for line in done.stderr.splitlines() if f"page{i}.md" in line]
        assert any(message.strip() in line for line in told), (message, done.stderr)
