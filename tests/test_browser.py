"""The built pages in a real browser: quiet, at home, light, accessible, and no wider than a phone.

Each page is opened in both themes at two widths. What was seen is kept as pictures in
``_build/screens``. The check of accessibility uses axe-core: ``npm install --prefix tests``.
"""

from __future__ import annotations

import base64
import functools
import gzip
import json
import mimetypes
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import pytest
from javascript import ROOT, chromium
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

AXE = ROOT / "tests" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = ROOT / "_build" / "screens"

WIDTHS = {"phone": (390, 844), "desk": (1440, 900)}
PACKED = {".html", ".css", ".js", ".svg", ".json", ".xml"}

# Everything is loaded, pictures below the screen too.
READY = """
const done = arguments[0];
const pictures = () => Promise.all([...document.images].map(each => {
  each.loading = "eager";
  return each.decode().catch(() => {});
}));
const loaded = () => pictures().then(() => document.fonts.ready).then(() => done(true));
document.readyState === "complete" ? loaded() : addEventListener("load", loaded);
"""

# What moved that stood on the screen already, and by how much of it.
WATCH_MOVES = """
window.moved = [];
new PerformanceObserver(list => {
  for (const each of list.getEntries()) if (!each.hadRecentInput && each.value > 0.005)
    window.moved.push([each.value.toFixed(3), ...each.sources.map(at => at.node?.className
      ? `${at.node.className}: ${at.previousRect.y} to ${at.currentRect.y}` : "text")].join(", "));
}).observe({ type: "layout-shift", buffered: true });
"""

# Elements that stick out of the page, unless something around them in the article scrolls.
TOO_WIDE = """
const page = document.documentElement, wide = [];
if (page.scrollWidth > page.clientWidth) wide.push(`page: ${page.scrollWidth}`);
const scrolls = node => { for (; node && node.tagName !== "ARTICLE"; node = node.parentElement)
  if (getComputedStyle(node).overflowX !== "visible") return true; };
for (const node of document.querySelectorAll("article *")) {
  const right = node.getBoundingClientRect().right;
  if (right > innerWidth + 1 && !scrolls(node.parentElement))
    wide.push(`${node.tagName} ${node.className}: ${Math.round(right)}`);
}
return wide;
"""

BROKEN = """
return {
  pictures: [...document.images].filter(each => !each.naturalWidth).map(each => each.src),
  anchors: [...document.querySelectorAll('a[href^="#"]')].map(each => each.hash)
    .filter(hash => hash.length > 1 && !document.getElementById(decodeURIComponent(hash.slice(1)))),
  formulas: [...document.querySelectorAll("article .math")]
    .filter(each => !(each.querySelector("math")?.getBoundingClientRect().width > 2))
    .map(each => each.textContent),
};
"""

# What was just unfolded fades in, and pale letters on their way are no barrier.
CHECK = """
const done = arguments[0];
const still = () => Promise.all(document.getAnimations()
  .filter(each => each.effect.getComputedTiming().endTime < Infinity)
  .map(each => each.finished.catch(() => {})));
const look = () => still().then(() => axe.run()).then(found => done(found.violations.map(each =>
  `${each.id}: ${each.nodes.length}, first ${each.nodes[0].target.join(" ")}`)));
requestAnimationFrame(() => requestAnimationFrame(look));
"""


class Packed(BaseHTTPRequestHandler):
    """Serve files as a static host does, compressed, and say nothing."""

    root: Path

    def do_GET(self) -> None:
        path = self.root / unquote(urlsplit(self.path).path).lstrip("/")
        if not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        content = path.read_bytes()
        self.send_response(HTTPStatus.OK)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.send_header("Content-Type", kind)
        if path.suffix in PACKED:
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def host(html: Path) -> Iterator[str]:
    handler = type("Pages", (Packed,), {"root": html})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    with chromium("performance") as opened:
        opened.set_script_timeout(60)
        yield opened


@dataclass
class Visit:
    """What one page did when it was opened in one theme, and what was seen of it."""

    sent: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    broken: dict[str, list[str]] = field(default_factory=dict)
    wide: dict[str, list[str]] = field(default_factory=dict)
    moved: dict[str, list[str]] = field(default_factory=dict)
    barriers: dict[str, list[str]] = field(default_factory=dict)


def screen(browser: webdriver.Chrome, size: tuple[int, int]) -> None:
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 800}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def messages(browser: webdriver.Chrome) -> list[dict[str, Any]]:
    return [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]


def bytes_sent(browser: webdriver.Chrome) -> dict[str, int]:
    """Bytes that came over the wire, by address."""
    asked: dict[str, str] = {}
    sent: dict[str, int] = {}
    for each in messages(browser):
        about = each["params"]
        if each["method"] == "Network.requestWillBeSent":
            asked[about["requestId"]] = about["request"]["url"]
        elif each["method"] == "Network.loadingFinished" and about["requestId"] in asked:
            sent[asked[about["requestId"]]] = about["encodedDataLength"]
    return {url: sent.get(url, 0) for url in asked.values() if not url.startswith("data:")}


def keep_picture(browser: webdriver.Chrome, name: str, width: int) -> None:
    """The upper part of the page, for a human eye."""
    high = min(browser.execute_script("return document.documentElement.scrollHeight"), 5000)
    clip = {"x": 0, "y": 0, "width": width, "height": high, "scale": 1}
    options = {"format": "jpeg", "quality": 60, "clip": clip, "captureBeyondViewport": True}
    data = browser.execute_cdp_cmd("Page.captureScreenshot", options)["data"]
    SCREENS.mkdir(parents=True, exist_ok=True)
    (SCREENS / f"{name}.jpg").write_bytes(base64.b64decode(data))


def visit(browser: webdriver.Chrome, host: str, page: str, theme: str) -> Visit:
    """Open a page for the first time on a phone, and then once more at a desk."""
    seen = Visit()
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    for device, size in WIDTHS.items():
        screen(browser, size)
        browser.get("about:blank")
        for log in ("browser", "performance"):
            browser.get_log(log)
        browser.get(host + page)
        seen.moved[device] = browser.execute_script("return window.moved")
        browser.execute_async_script(READY)
        if device == "phone":
            seen.sent = bytes_sent(browser)
        # The theme and the folding of boxes note at level INFO what they are doing.
        said = [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"]
        seen.complaints += [entry["message"] for entry in said]
        keep_picture(browser, f"{page.replace('/', '_')}_{device}_{theme}", size[0])
        browser.execute_script("for (const d of document.querySelectorAll('details')) d.open = 1")
        seen.broken = browser.execute_script(BROKEN)
        seen.wide[device] = browser.execute_script(TOO_WIDE)
        if AXE.is_file():
            browser.execute_script(AXE.read_text("utf-8"))
            seen.barriers[device] = browser.execute_async_script(CHECK)
    return seen


def names(html: Path) -> list[str]:
    found = sorted(path.relative_to(html).as_posix() for path in html.rglob("*.html"))
    return [name for name in found if not name.startswith("_")]


@pytest.fixture(scope="module")
def visits(browser: webdriver.Chrome, host: str, html: Path) -> Callable[[str], dict[str, Visit]]:
    """Every page in one theme; each is opened once, however many tests look at it."""

    @functools.cache
    def in_theme(theme: str) -> dict[str, Visit]:
        choose = "".join(f"localStorage.{k} = '{theme}';" for k in ("mode", "theme"))
        on_each = {"source": f"try {{ {choose} }} catch {{}}{WATCH_MOVES}"}
        script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", on_each)
        seen = {page: visit(browser, host, page, theme) for page in names(html)}
        browser.get(host + "book/index.html")
        shown = browser.execute_script("return document.documentElement.dataset.theme")
        assert shown == theme
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
        return seen

    return in_theme


both_themes = pytest.mark.parametrize("theme", ["light", "dark"])


def found(visits: dict[str, Visit], what: str) -> dict[str, Any]:
    """What was found of one kind, by page; empty lists and zeros are nothing."""
    by_page: dict[str, Any] = {}
    for page, seen in visits.items():
        value = getattr(seen, what)
        value = {k: v for k, v in value.items() if v} if isinstance(value, dict) else value
        if value:
            by_page[page] = value
    return by_page


@both_themes
def test_no_page_asks_another_host_for_anything(visits, host, theme):
    for page, seen in visits(theme).items():
        assert seen.sent, page
        assert [url for url in seen.sent if not url.startswith((host, "blob:"))] == [], page


@both_themes
def test_no_page_complains_in_the_console(visits, theme):
    assert found(visits(theme), "complaints") == {}


@both_themes
def test_no_page_is_wider_than_its_screen(visits, theme):
    assert found(visits(theme), "wide") == {}


@both_themes
def test_pictures_formulas_and_links_within_a_page_are_whole(visits, theme):
    assert found(visits(theme), "broken") == {}


@both_themes
def test_nothing_moves_while_a_page_loads(visits, theme):
    assert found(visits(theme), "moved") == {}


@both_themes
def test_axe_finds_no_barrier(visits, theme):
    if not AXE.is_file():
        pytest.skip("no axe-core: accessibility not checked; npm install --prefix tests")
    seen = visits(theme)
    assert all(set(each.barriers) == set(WIDTHS) for each in seen.values())
    assert found(seen, "barriers") == {}


def test_a_first_visit_is_light(visits):
    """Without the figures of the page, as a server with compression sends it."""
    for page, seen in visits("light").items():
        own = {url: size for url, size in seen.sent.items() if "/_images/" not in url}
        assert sum(own.values()) <= 300_000, f"{page}: {own}"
        assert len(own) <= 20, f"{page}: {sorted(own)}"


def test_a_later_page_is_lighter_still(visits):
    """What other pages have loaded already is kept by the browser."""
    seen = visits("light")
    of_pages = [
        set(each.sent) for page, each in seen.items() if not page.startswith(("404", "index"))
    ]
    shared = set.intersection(*of_pages)
    assert any("site.css" in url for url in shared)
    for page, each in seen.items():
        own = {u: s for u, s in each.sent.items() if u not in shared and "/_images/" not in u}
        if not page.startswith(("404", "index")):
            assert sum(own.values()) <= 60_000, f"{page}: {own}"


def test_figures_wait_until_they_come_into_view(browser, host):
    screen(browser, WIDTHS["phone"])
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    messages(browser)
    browser.get(host + "notebooks/truncation.html")
    early = [url for url in bytes_sent(browser) if "/_images/" in url]
    count = browser.execute_script("return document.querySelectorAll('article img').length")
    assert len(early) < count / 2


# What a reader does


@pytest.fixture
def chapter(browser, host):
    screen(browser, WIDTHS["desk"])
    browser.get(host + "notebooks/recurrence.html")
    browser.execute_script("localStorage.removeItem('two-axes')")
    browser.refresh()
    yield browser
    browser.execute_script("localStorage.removeItem('two-axes')")


def text(browser, selector):
    return browser.find_element("css selector", selector).text


def press(browser, element, *keys):
    """Go to an element and press keys, as one does who has no mouse."""
    browser.execute_script("arguments[0].focus()", element)
    assert browser.switch_to.active_element == element
    element.send_keys(*keys)


def test_a_choice_is_marked_and_counted_by_keyboard(chapter):
    wrong, right = (
        chapter.find_element("css selector", f"#question-1 ~ details[data-answer={answer}]")
        for answer in ("wrong", "right")
    )
    press(chapter, wrong.find_element("css selector", "summary"), Keys.ENTER)
    assert wrong.find_element("css selector", ".verdict").text == "✗ wrong"
    assert "Wrong" in wrong.find_element("css selector", "p").text
    press(chapter, right.find_element("css selector", "summary"), Keys.SPACE)
    assert right.find_element("css selector", ".verdict").text == "✓ right"
    assert text(chapter, ".score").startswith("1 of 4 questions answered, 0 of them right")
    second = chapter.find_element("css selector", "#question-2 ~ details[data-answer=right]")
    press(chapter, second.find_element("css selector", "summary"), Keys.ENTER)
    assert text(chapter, ".score").startswith("2 of 4 questions answered, 1 of them right")


def test_what_was_done_is_kept_and_can_be_forgotten(chapter, host):
    box = chapter.find_element("css selector", "#ex-recurrence-forward input")
    forget = "nav.work .forget"
    assert not chapter.find_element("css selector", forget).is_enabled()
    press(chapter, box, Keys.SPACE)
    chapter.refresh()
    assert chapter.find_element("css selector", "#ex-recurrence-forward input").is_selected()
    assert text(chapter, "nav.work .record").startswith("1 of 4 exercises done")
    chapter.get(host + "book/index.html")
    own = '.chapters .record[data-page="notebooks/recurrence"]'
    assert text(chapter, own).startswith("1 of 4 exercises done")
    chapter.back()
    press(chapter, chapter.find_element("css selector", forget), Keys.ENTER)
    assert text(chapter, "nav.work .record").startswith("0 of 4 exercises done")
    assert chapter.execute_script("return localStorage.getItem('two-axes')") is None


def test_the_first_page_forgets_everything(chapter, host):
    press(chapter, chapter.find_element("css selector", "#ex-recurrence-forward input"), Keys.SPACE)
    chapter.get(host + "book/index.html")
    press(chapter, chapter.find_element("css selector", ".forget"), Keys.ENTER)
    assert chapter.execute_script("return localStorage.getItem('two-axes')") is None
    assert "1 of" not in text(chapter, ".chapters")


REFUSE = """
Object.defineProperty(window, "localStorage", { configurable: true, get() {
  throw new DOMException("refused", "SecurityError");
} });
"""


def with_script(browser, source):
    return browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})


def test_a_browser_that_keeps_nothing_still_marks_and_changes_its_theme(browser, host):
    screen(browser, WIDTHS["desk"])
    script = with_script(browser, REFUSE)
    browser.get_log("browser")
    browser.get(host + "notebooks/recurrence.html")
    press(browser, browser.find_element("css selector", "#ex-recurrence-forward input"), Keys.SPACE)
    assert text(browser, "nav.work .record").startswith("1 of 4 exercises done")
    before = browser.execute_script("return document.documentElement.dataset.theme")
    modes = set()
    for _ in range(2):
        browser.find_element("css selector", ".theme-switch-button").click()
        modes.add(browser.execute_script("return document.documentElement.dataset.theme"))
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    assert modes - {before}
    assert [each for each in browser.get_log("browser") if each["level"] != "INFO"] == []


FIT = """
return {
  said: [...document.querySelectorAll(".tag_said .cell_output pre")]
    .map(each => each.scrollWidth <= each.clientWidth),
  narrow: [...document.querySelectorAll("img.narrow")].map(each => [
    each.width <= innerWidth, getComputedStyle(each.closest("figure"), "::before").content,
  ]),
};
"""


def test_a_librarys_words_and_narrow_pictures_fit_a_phone(browser, host):
    screen(browser, WIDTHS["phone"])
    browser.get(host + "notebooks/error_messages.html")
    browser.execute_async_script(READY)
    fit = browser.execute_script(FIT)
    assert len(fit["said"]) >= 9
    assert all(fit["said"])
    assert len(fit["narrow"]) == 7
    assert all(each == [True, "none"] for each in fit["narrow"])


UNFOLD = """
for (const each of document.querySelectorAll("details")) each.open = true;
return document.getAnimations().filter(each => each.effect.target.closest("details")).length;
"""


def test_what_unfolds_fades_in_unless_less_motion_is_asked_for(browser, host):
    moving = {}
    for motion in ("no-preference", "reduce"):
        media = {"features": [{"name": "prefers-reduced-motion", "value": motion}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        browser.get(host + "notebooks/recurrence.html")
        moving[motion] = browser.execute_script(UNFOLD)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert moving["no-preference"] > 0
    assert moving["reduce"] == 0


def test_without_scripts_a_chapter_is_whole(browser, host):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(host + "notebooks/recurrence.html")
        shown = [
            browser.find_element("css selector", selector).is_displayed()
            for selector in ("nav.work li a", ".question summary", ".solution pre", "article math")
        ]
        hidden = [
            browser.find_element("css selector", selector).is_displayed()
            for selector in ("label.done", ".forget", ".score")
        ]
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert all(shown)
    assert not any(hidden)


def test_a_folder_without_a_server_shows_the_same_page(browser, html):
    browser.get_log("browser")
    browser.get((html / "notebooks" / "truncation.html").as_uri())
    browser.execute_async_script(READY)
    assert {k: v for k, v in browser.execute_script(BROKEN).items() if v} == {}
    assert text(browser, "nav.work .record").startswith("0 of")
    assert [each for each in browser.get_log("browser") if each["level"] != "INFO"] == []


def test_on_paper_all_is_open_and_the_page_stands_alone(browser, host):
    screen(browser, WIDTHS["desk"])
    browser.get(host + "notebooks/recurrence.html")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        browser.execute_script("dispatchEvent(new Event('beforeprint'))")
        closed = "return document.querySelectorAll('article details:not([open])').length"
        assert browser.execute_script(closed) == 0
        assert browser.execute_script("return document.getAnimations().length") == 0
        for selector in (".solution pre", ".question details > p", "article h1", "article figure"):
            assert browser.find_element("css selector", selector).is_displayed(), selector
        for selector in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article"):
            assert not browser.find_element("css selector", selector).is_displayed(), selector
        cut = """return [...document.querySelectorAll("article pre")]
          .filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.textContent)"""
        screen(browser, (420, 1000))  # narrower than a sheet
        assert browser.execute_script(cut) == []
        browser.execute_script("dispatchEvent(new Event('afterprint'))")
        assert browser.execute_script(closed) > 0
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_chapter_prints_to_a_file(browser, host):
    browser.get(host + "notebooks/recurrence.html")
    browser.execute_async_script(READY)
    made = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    content = base64.b64decode(made["data"])
    SCREENS.mkdir(parents=True, exist_ok=True)
    (SCREENS / "recurrence.pdf").write_bytes(content)
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") > 10


# What a reader searches: the words of a learner, and an answer among the first three places.

MESSAGES = "notebooks/error_messages.html"
QUESTIONS = "book/questions.html"

SEARCHES = {
    "batch size vs num_steps": "book/questions.html#q-which-is-which",
    "what is num_steps": "notebooks/names.html#names-num-steps",
    "bptt seq_len": "book/questions.html#q-which-is-which",
    "one word or all words into the cell": "book/questions.html#q-one-word-or-many",
    "number of units time steps": "book/questions.html#q-units-and-steps",
    "should I reset hidden state between batches": "book/questions.html#q-carry-or-reset",
    "stateful=True": "book/questions.html#q-one-state-or-many",
    "detach hidden state": "book/questions.html#q-detach",
    "batch_first": "book/questions.html#q-batch-first",
    "do sentences in a batch influence each other": "book/questions.html#q-rows",
    "retain_graph=True": "book/questions.html#q-retain-graph",
    "view instead of transpose": "book/questions.html#q-view",
    "can I shuffle": "book/questions.html#q-shuffle",
    "padding mask loss": "book/questions.html#q-padding",
    "validation perplexity changes with batch size": "book/questions.html#q-score",
    "last batch smaller": "book/questions.html#q-fixed-batch-size",
    "train with 64 predict with 1": "book/questions.html#q-another-batch-size",
    "truncated bptt k1 k2": "book/questions.html#q-two-lengths",
    "mamba chunk size": "book/questions.html#q-mamba",
    "d2l perplexity": "book/errata.html#errata-d2l-perplexity",
    "most RNNs forget factor": "book/original_answer.html#answer-b9",
    "lesson plan": "book/teachers.html",
    "what is a window": "book/glossary.html#term-window",
    "Trying to backward through the graph a second time": MESSAGES + "#error-second-time",
    "variable has been modified by an inplace operation": MESSAGES + "#error-inplace",
    "Expected hidden[0] size": MESSAGES + "#error-hidden-size",
    "input must have 3 dimensions": MESSAGES + "#error-dimensions",
    "batch size must be the same as the initial state": MESSAGES + "#error-stateful",
    "broadcast wrong loss target size": MESSAGES + "#error-broadcast",
    "CUDA out of memory": MESSAGES + "#error-memory",
    "nan loss": MESSAGES + "#error-nan",
    # As somebody asked who had never seen the course.
    "I chopped one novel into 20 chunks; is that a minibatch": QUESTIONS + "#q-which-is-which",
    "two sentences in a tensor, does one leak into the other": QUESTIONS + "#q-rows",
    "35 copies of the cell with separate parameters": QUESTIONS + "#q-copies",
    "h = h.detach() what does the network forget": QUESTIONS + "#q-detach",
    "backprop covers 20 steps but the clue is 50 back": QUESTIONS + "#q-beyond",
    "doubled the time steps, change the learning rate": QUESTIONS + "#q-sum-or-mean",
    ".view(20, 35, 200) output garbage text": QUESTIONS + "#q-view",
    "reset_states when to call": QUESTIONS + "#q-one-state-or-many",
    "start the book again from page one, wipe the memory": QUESTIONS + "#q-epoch",
    "let it write one letter at a time": QUESTIONS + "#q-one-step",
    "is one page of a book one batch": QUESTIONS + "#q-which-is-which",
    "do songs in a batch hear each other": QUESTIONS + "#q-rows",
    "unrolled 100 steps 100x weights?": QUESTIONS + "#q-copies",
    "rhyme 60 letters back bptt 30": QUESTIONS + "#q-beyond",
    "reshape instead of permute samples gibberish": QUESTIONS + "#q-view",
    "keras lstm remembers last song at test, forget": QUESTIONS + "#q-one-state-or-many",
    "spare memory bigger batch or longer sequence": QUESTIONS + "#q-memory-left",
    "loss explodes longer sequence 400 steps": MESSAGES + "#error-nan",
    "gpu memory keeps growing each iteration": MESSAGES + "#error-memory",
}

FOUND = "return [...document.querySelectorAll('.found li > a')].map(a => a.getAttribute('href'))"


def search(browser, place, query):
    """Addresses found, the best first."""
    browser.get(f"{place}search.html?{urlencode({'q': query})}")
    wait = WebDriverWait(browser, 10)
    wait.until(lambda at: at.find_elements("css selector", ".found-count"))
    return browser.execute_script(FOUND)


@pytest.mark.parametrize(("query", "answer"), SEARCHES.items(), ids=SEARCHES)
def test_a_search_finds_an_answer_among_the_first_three(browser, host, query, answer):
    assert answer in search(browser, host, query)[:3]


def test_a_search_is_typed_on_any_page_and_leads_to_the_section(chapter):
    chapter.find_element("css selector", "body").send_keys(Keys.CONTROL, "k")
    field = chapter.switch_to.active_element
    assert field.get_attribute("name") == "q"
    field.send_keys("may I shuffle?", Keys.ENTER)
    WebDriverWait(chapter, 10).until(lambda at: at.find_elements("css selector", ".found a"))
    first = chapter.find_element("css selector", ".found a")
    assert first.text == "May I shuffle?"
    press(chapter, first, Keys.ENTER)
    WebDriverWait(chapter, 10).until(lambda at: at.current_url.endswith("#q-shuffle"))


@pytest.mark.parametrize("query", ["zzzz", "the", "<zzzz onclick='qq'>"])
def test_a_search_in_vain_says_what_to_try(browser, host, query):
    assert search(browser, host, query) == []
    assert "one or two words" in text(browser, ".found-count")
    assert browser.title.startswith("Search")


def test_found_places_are_accessible_and_ask_no_other_host(browser, host):
    if not AXE.is_file():
        pytest.skip("no axe-core: accessibility not checked; npm install --prefix tests")
    for size in WIDTHS.values():
        screen(browser, size)
        messages(browser)
        assert len(search(browser, host, "batch size")) == 20
        assert all(url.startswith(host) for url in bytes_sent(browser))
        assert browser.execute_script(TOO_WIDE) == []
        browser.execute_script(AXE.read_text("utf-8"))
        assert browser.execute_async_script(CHECK) == []


def test_a_folder_without_a_server_can_be_searched_too(browser, html):
    assert search(browser, f"{html.as_uri()}/", "may I shuffle?")[0].endswith("#q-shuffle")
