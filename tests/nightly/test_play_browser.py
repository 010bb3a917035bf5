"""The figures to play with in a real browser: by keyboard, with bad input, and with no script.

What a figure shows after some keys is what its script says of those settings by itself; that the
script is right is held by `test_play.py`.
"""

from __future__ import annotations

import re

import pytest
from browsing import DESK, PHONE
from play_stills import FIGURES, on_pages, view
from playwright.sync_api import expect

STARTS = {
    figure: (f"{page}.html", start)
    for page, figure, _, start in sorted(on_pages(), key=lambda found: not found[3])
}
"""Where each figure stands, as its script starts it where there is such a page."""


class Figure:
    """One figure on an open page, as a reader meets it."""

    def __init__(self, page, name):
        self.page, self.name = page, name
        self.stage = page.locator(f".play-stage.play-{name}").first
        self.says = self.stage.locator(".play-says")
        self.trouble = self.stage.locator(".play-trouble")
        self.picture = self.stage.locator("svg")

    def control(self, label):
        """The control of this label, or with these letters on it."""
        labelled = self.stage.get_by_label(label, exact=True)
        button = self.stage.get_by_role("button", name=label, exact=True)
        return labelled.or_(button).locator("visible=true")

    def press(self, label, *keys):
        """Go to a control and press keys, as one does who has no mouse."""
        self.control(label).focus()
        for key in keys:
            self.page.keyboard.press(key)

    def put(self, label, text, event):
        """A text comes at once, as from the clipboard; a page must take any, also no characters."""
        put = """(field, [text, event]) => {
          field.value = text;
          field.dispatchEvent(new Event(event));
        }"""
        self.control(label).evaluate(put, [text, event])

    def shows(self, **settings):
        """The words, the numbers and the picture are those of these settings."""
        wanted = view(self.name, **STARTS[self.name][1] | settings)
        expect(self.says).to_have_text(wanted["says"])
        facts = self.stage.locator(".play-facts > div").evaluate_all(
            "all => all.map(each => [each.lastChild.textContent, each.firstChild.textContent])"
        )
        assert facts == [[str(value), words] for value, words in wanted["facts"]]
        drawn = self.picture.evaluate("""(svg, text) => {
          const other = svg.cloneNode(false);
          other.innerHTML = text;
          return svg.innerHTML === other.innerHTML;
        }""", wanted["picture"])  # fmt: skip
        assert drawn, "the picture is another"


@pytest.fixture
def open_figure(visit):
    def open_figure(name, size=DESK, **how):
        figure = Figure(visit(STARTS[name][0], size=size, **how), name)
        figure.stage.scroll_into_view_if_needed()
        return figure

    return open_figure


RIGHT, LEFT = "ArrowRight", "ArrowLeft"
KEYS = [
    ("triangle", [("k1, losses to an update", [RIGHT])], {"k1": 8, "k2": 8}),
    ("triangle", [("k2, cells to go back", [RIGHT] * 4)], {"k2": 11}),
    ("triangle", [("k2, cells to go back", ["Home"])], {"k1": 1, "k2": 1}),
    ("triangle", [("sliding", ["Space"])], {"k1": 1, "k2": 7}),
    ("triangle", [("sliding", ["Space"]), ("full", ["Enter"])], {"k1": 49, "k2": 49}),
    ("triangle", [("full", ["Enter"]), ("windows", ["Enter"])], {"k1": 7, "k2": 7}),
    ("triangle", [("(k1, k2)", ["Enter"])], {"k1": 7, "k2": 14}),
    ("triangle", [("look at loss", [LEFT]), ("state at a cut", ["r"])],
     {"loss": 25, "edge": "reset"}),
    ("triangle", [("D, lag of the signal", [LEFT] * 6)], {"D": 4}),
    ("ribbon", [("Step", ["Enter"]), ("tick", [RIGHT])], {"update": 2, "tick": 2}),
    ("ribbon", [("Step", ["Enter"]), ("Step", ["Enter"]), ("Back", ["Space"])], {"update": 1}),
    ("ribbon", [("B, batch size", [RIGHT]), ("T, time steps", [LEFT])], {"B": 4, "T": 3}),
    ("ribbon", [("N, tokens", [LEFT] * 3)], {"N": 24}),
    ("ribbon", [("loader", ["ArrowDown"])], {"loader": "ptb"}),
    ("ribbon", [("shuffle", ["Space"])], {"shuffle": True}),
    ("ribbon", [("shuffle", ["Space"]), ("shuffle again", ["Enter"])],
     {"shuffle": True, "seed": 2}),
    ("ribbon", [("corpus", ["n"])], {"source": "numbers"}),
    ("descent", [("Batch size B", [RIGHT] * 2)], {"B": 10}),
    ("descent", [("Learning rate", [LEFT]), ("Draw with replacement", ["Space"])],
     {"rate": 0.1, "replace": True}),
    ("descent", [("Seed of the order", [RIGHT]), ("Batch size B", ["End"])], {"seed": 2, "B": 64}),
    ("descent", [("Equal for all three", ["u"]), ("Updates made", [RIGHT]), ("Step", ["Enter"])],
     {"by": "updates", "updates": 34}),
    ("descent", [("Samples seen", ["Home"]), ("Back", ["Enter"])], {"samples": 0}),
    ("plane", [("Time steps T", [RIGHT] * 2), ("Batch size B", [LEFT] * 2)], {"B": 16, "T": 4}),
    ("plane", [("Weight a", [RIGHT] * 3)], {"a": 0.95}),
    ("plane", [("Weight a", [RIGHT] * 3), ("Go to the best cell of this line", ["Enter"])],
     {"a": 0.95, "B": 4, "T": 16}),
    ("plane", [("Lag D", [LEFT] * 8)], {"D": 2}),
    ("budget", [("Cell", ["G"]), ("Bytes of a number", ["4"])], {"cell": "gru", "size": "4"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "presses", "settings"), KEYS)
def test_a_figure_follows_the_keys_and_starts_again(open_figure, name, presses, settings):
    figure = open_figure(name)
    figure.shows()
    for label, keys in presses:
        figure.press(label, *keys)
    figure.shows(**settings)
    figure.press("Start again", "Enter")
    figure.shows()


TYPED = [
    ("triangle", "k2, cells to go back, typed", "14", {"k2": 14}),
    ("ribbon", "B, batch size, typed", "5", {"B": 5}),
    ("ribbon", "your text", "to be or not to be", {"text": "to be or not to be", "N": 18}),
    ("descent", "Batch size B, typed", "16", {"B": 16}),
    ("plane", "Weight a, typed", "0.5", {"a": 0.5}),
    ("budget", "N, tokens of the corpus", "929,589", {"N": "929,589"}),
    ("budget", "T, time steps", "35", {"T": "35"}),
]
NONSENSE = ["", "abc", "-3", "1.5.2", "9" * 400, "👍", "<b>1</b>", "\x00"]
REFUSALS = [
    *(("triangle", "k2, cells to go back, typed", text, "k2 must be a whole number from 1 to 49")
      for text in [*NONSENSE, "0", "50"]),
    *(("descent", "Batch size B, typed", text, "The batch size must be a whole number from 1 to 64")
      for text in [*NONSENSE, "65"]),
    *(("plane", "Weight a, typed", text, "The weight a must be a number from 0 to 0.95")
      for text in [*NONSENSE, "1", "0,8"]),
    *(("budget", "T, time steps", text, "T must be a whole number from 1 to") for text in NONSENSE),
    ("budget", "B, batch size", "100001", "B must be at most 50,000 for 100,001 tokens"),
    ("ribbon", "B, batch size, typed", "500", "B must be a whole number from 1 to 30, got “500”."),
    ("ribbon", "B, batch size, typed", "20", "B must be at most 13 for N = 27 tokens"),
    ("ribbon", "N, tokens, typed", "28", "N must be a whole number from 2 to 27, got “28”."),
    *(("ribbon", "your text", text, "") for text in ("", "a", " ")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "label", "text", "settings"), TYPED)
def test_what_is_typed_is_taken_when_it_is_complete(open_figure, name, label, text, settings):
    figure = open_figure(name)
    figure.control(label).fill(text)
    figure.page.keyboard.press("Tab")
    figure.shows(**settings)
    expect(figure.trouble).to_have_text("")


@pytest.mark.parametrize("name", FIGURES)
def test_what_cannot_be_is_refused_in_one_sentence_and_the_picture_stays(open_figure, name):
    figure, event = open_figure(name), {"budget": "input"}
    for label, text, message in [row[1:] for row in REFUSALS if row[0] == name]:
        at_once = "input" if label == "your text" else event.get(name, "change")
        figure.put(label, text, at_once)
        expect(figure.trouble).to_contain_text(message or "at least 2 characters")
        assert len(figure.trouble.inner_text()) < 200
        expect(figure.stage).to_contain_class("play-refused")
        figure.press("Start again", "Enter")
        expect(figure.trouble).to_have_text("")
        expect(figure.stage).not_to_contain_class("play-refused")
        figure.shows()


@pytest.mark.parametrize("name", FIGURES)
def test_a_refusal_marks_the_field_and_leaves_what_was_shown(open_figure, name):
    figure = open_figure(name)
    label, text, _ = next(row[1:] for row in REFUSALS if row[0] == name)
    before = figure.picture.inner_html(), figure.says.inner_text()
    figure.put(label, text, "input" if name == "budget" else "change")
    expect(figure.control(label)).to_have_attribute("aria-invalid", "true")
    assert (figure.picture.inner_html(), figure.says.inner_text()) == before


ODD = [
    "👩‍👩‍👧e\u0301🇬🇧👍🏽xy",
    "<b>&amp;</b><script>1</script>",
    "\x00\x07\x1babc",
    "שלום עולם",
    "abcde " * 2000,
]


@pytest.mark.parametrize("text", ODD, ids=["emoji", "markup", "control", "hebrew", "long"])
def test_any_letters_may_be_cut(open_figure, text):
    figure = open_figure("ribbon")
    figure.put("your text", text, "input")
    said = "Your text is longer than 60 characters: the picture takes the first 60."
    expect(figure.trouble).to_have_text(said if len(text) > 60 else "")
    expect(figure.picture.locator("script, b")).to_have_count(0)
    assert not re.search(r"NaN|undefined|Infinity|parsererror", figure.picture.inner_html())


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["finger", "mouse"])
def test_a_touch_on_the_picture_chooses(open_figure, size):
    """A loss in the triangle, a cell of the plane; both places in the picture's own units."""
    for name, x, y, settings in [
        ("triangle", 40, 22 + 322 * 29.5 / 49, {"loss": 30}),
        ("plane", 44 + 2.5 * 39, 34 + 3.5 * 39, {"B": 4, "T": 8}),
    ]:
        figure = open_figure(name, size)
        scale = figure.picture.bounding_box()["width"] / 360
        touch = figure.picture.tap if size == PHONE else figure.picture.click
        touch(position={"x": x * scale, "y": y * scale})
        figure.shows(**settings)


@pytest.mark.parametrize(
    ("name", "home"), [("ribbon", "T, time steps"), ("descent", "Samples seen")]
)
def test_a_run_goes_on_by_itself_until_it_is_stopped(open_figure, name, home):
    figure = open_figure(name)
    figure.press(home, "Home")
    first = figure.says.inner_text()
    figure.press("Run", "Enter")
    expect(figure.says).not_to_have_text(first)
    figure.press("Stop", "Enter")
    stopped = figure.says.inner_text()
    figure.page.wait_for_timeout(1000)
    assert figure.says.inner_text() == stopped


def test_whoever_wants_no_motion_gets_the_end_at_once(open_figure):
    figure = open_figure("ribbon", reduced_motion="reduce")
    figure.press("T, time steps", "Home")
    figure.press("Run", "Enter")
    figure.shows(T=1, update=8)


# Every figure


@pytest.mark.parametrize("name", FIGURES)
def test_every_control_has_a_name_and_is_reached_with_the_tab_key(open_figure, name):
    figure = open_figure(name)
    controls = figure.stage.locator(":is(input, select, button):visible")
    names = controls.evaluate_all(
        "all => all.map(e => e.ariaLabel || e.labels?.[0]?.textContent || e.textContent)"
    )
    assert all(names)
    assert len(set(names)) == len(names)
    controls.first.focus()
    for i in range(1, controls.count()):
        figure.page.keyboard.press("Tab")
        expect(controls.nth(i)).to_be_focused()
    expect(figure.says).to_have_attribute("aria-live", "polite")
    expect(figure.trouble).to_have_attribute("role", "alert")
    assert figure.picture.get_attribute("aria-describedby") == figure.says.get_attribute("id")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("name", FIGURES)
def test_nothing_moves_when_the_script_takes_over_and_nothing_is_too_wide(visit, name, size):
    """The stage is as high before the script as after it, and what is clipped goes on unseen."""
    heights, stage = [], f".play-stage.play-{name}"
    for scripts in (False, True):
        page = visit(STARTS[name][0], size=size)
        if not scripts:
            page.context.route("**/play/*.js*", lambda route: route.fulfill(body=""))
            page.reload()
        page.wait_for_load_state()
        heights.append(page.locator(stage).first.bounding_box()["height"])
    assert heights[0] == pytest.approx(heights[1], abs=1)
    wide = f"""() => [...document.querySelectorAll('{stage} :not([clip-path], [clip-path] *)')]
      .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML)"""
    assert page.evaluate(wide) == []


# Of letters in a picture axe knows nothing: their contrast with the box that is behind them.
FAINT = """(svg) => {
  const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const page = rgba(getComputedStyle(document.body).backgroundColor), found = [];
  svg.scrollIntoView({ block: "center" });
  for (const text of svg.querySelectorAll("text")) {
    const box = text.getBoundingClientRect();
    if (!box.width) continue;
    const middle = [box.x + box.width / 2, box.y + box.height / 2];
    const behind = document.elementsFromPoint(...middle).find((e) => e.tagName === "rect" &&
      !["none", "rgba(0, 0, 0, 0)"].includes(getComputedStyle(e).fill));
    const style = behind && getComputedStyle(behind), o = behind && Number(style.fillOpacity);
    const mixed = (v, i) => o * rgba(style.fill)[i] + (1 - o) * v;
    const ground = behind ? page.slice(0, 3).map(mixed) : page;
    const [a, b] = [light(rgba(getComputedStyle(text).fill)), light(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${text.textContent}: ${ratio.toFixed(2)}`);
  }
  return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_letters_in_a_picture_stand_out_from_what_is_behind_them(open_figure, name, theme):
    figure = open_figure(name, color_scheme=theme)
    assert figure.page.evaluate("document.documentElement.dataset.theme") == theme
    assert figure.picture.locator("text").count() > 5
    assert figure.picture.evaluate(FAINT) == []


@pytest.mark.parametrize("name", FIGURES)
def test_without_scripts_and_on_paper_the_picture_stands_alone(open_figure, name):
    still = open_figure(name, java_script_enabled=False).stage
    expect(still.locator("img")).to_be_visible()
    for room in (".play-words", ".play-settings"):
        expect(still.locator(room)).to_be_hidden()
    paper = open_figure(name)
    paper.page.emulate_media(media="print")
    for part, shown in (("svg", True), (".play-says", True), (".play-settings", False)):
        expect(paper.stage.locator(part).first).to_be_visible(visible=shown)
