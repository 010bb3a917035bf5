"""The built pages in a real browser: quiet, at home, and no wider than a phone."""

import functools
import gzip
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium import webdriver

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing but this machine can be found, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

PHONE, DESK = (390, 844), (1440, 900)

# Everything is loaded.
READY = """
const done = arguments[0];
const loaded = () => document.fonts.ready.then(() => done(true));
document.readyState === "complete" ? loaded() : addEventListener("load", loaded);
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

# Text with less contrast to its ground than WCAG asks for at level AA.
TOO_FAINT = """
const rgba = text => text.match(/[\\d.]+/g).map(Number);
const lightness = ([r, g, b]) => [r, g, b]
  .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const over = (top, ground) => top.slice(0, 3).map((v, i) =>
  v * (top[3] ?? 1) + ground[i] * (1 - (top[3] ?? 1)));
const ground = node => {
  if (!node) return [255, 255, 255];
  const colour = rgba(getComputedStyle(node).backgroundColor);
  return (colour[3] ?? 1) === 1 ? colour : over(colour, ground(node.parentElement));
};
const faint = [];
for (const node of document.querySelectorAll("article *, .bd-sidebar-primary *")) {
  const text = [...node.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join("");
  if (!text || !node.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
  if (node.closest(".headerlink, .tb-icon, script, style")) continue;
  const style = getComputedStyle(node), behind = ground(node);
  const [a, b] = [lightness(over(rgba(style.color), behind)), lightness(behind)];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const large = parseFloat(style.fontSize) >= 24;
  if (ratio < (large ? 3 : 4.5)) faint.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`);
}
return faint;
"""

FORMULAS = """
const count = selector => document.querySelectorAll(selector).length;
return {
  written: count("article .math"),
  set: [...document.querySelectorAll("article .math > math")]
    .filter(each => each.getBoundingClientRect().width > 2).length,
  wrong: count("article merror"),
};
"""


class Quiet(SimpleHTTPRequestHandler):
    """Serve files and say nothing."""

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def host(html: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(html))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no Chromium with its chromedriver on the path: pages not opened in a browser")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as chrome:
        chrome.set_script_timeout(20)
        yield chrome


@dataclass(frozen=True)
class Visit:
    """What one page did when it was opened, and what was seen of it."""

    asked: list[str]
    complaints: list[str]
    faint: list[str]
    wide: list[str]
    formulas: dict[str, int]


def visit(browser: webdriver.Chrome, address: str) -> Visit:
    """Open a page for the first time, at a desk and then on a phone."""
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    screen(browser, DESK)
    browser.get(address)
    browser.execute_async_script(READY)
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [each for each in messages if each["method"] == "Network.requestWillBeSent"]
    # The theme and the folding of boxes note at level INFO what they are doing.
    said = [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"]
    browser.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
    faint = browser.execute_script(TOO_FAINT)
    formulas = browser.execute_script(FORMULAS)
    screen(browser, PHONE)
    return Visit(
        asked=[each["params"]["request"]["url"] for each in sent],
        complaints=[entry["message"] for entry in said],
        faint=sorted(set(faint)),
        wide=browser.execute_script(TOO_WIDE),
        formulas=formulas,
    )


def screen(browser: webdriver.Chrome, size: tuple[int, int]) -> None:
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 800}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@pytest.fixture(scope="module")
def visits(browser: webdriver.Chrome, host: str, html: Path) -> Callable[[str], dict[str, Visit]]:
    """Every page in one theme; each is opened once, however many tests look at it."""

    @functools.cache
    def in_theme(theme: str) -> dict[str, Visit]:
        choose = {"source": "".join(f"localStorage.{k} = '{theme}';" for k in ("mode", "theme"))}
        script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", choose)
        found = sorted(path.relative_to(html).as_posix() for path in html.rglob("*.html"))
        pages = [name for name in found if not name.startswith("_")]
        browser.get("about:blank")
        for log in ("browser", "performance"):
            browser.get_log(log)
        seen = {page: visit(browser, host + page) for page in pages}
        shown = browser.execute_script("return document.documentElement.dataset.theme")
        assert shown == theme
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
        return seen

    return in_theme


both_themes = pytest.mark.parametrize("theme", ["light", "dark"])


@both_themes
def test_no_page_asks_another_host_for_anything(visits, host, theme):
    own = (host, "data:", "blob:")
    for page, seen in visits(theme).items():
        assert seen.asked, page
        assert [each for each in seen.asked if not each.startswith(own)] == [], page


@both_themes
def test_no_page_complains_in_the_console(visits, theme):
    assert {page: seen.complaints for page, seen in visits(theme).items() if seen.complaints} == {}


@both_themes
def test_no_page_is_wider_than_a_phone(visits, theme):
    assert {page: seen.wide for page, seen in visits(theme).items() if seen.wide} == {}


@both_themes
def test_text_stands_out_from_its_ground(visits, theme):
    assert {page: seen.faint for page, seen in visits(theme).items() if seen.faint} == {}


def test_every_formula_is_set(visits):
    formulas = {page: seen.formulas for page, seen in visits("light").items()}
    assert sum(each["written"] for each in formulas.values())
    for page, each in formulas.items():
        assert each["set"] == each["written"], page
        assert each["wrong"] == 0, page


def test_a_first_visit_is_light(visits, host, html):
    """As a server with compression sends it, without the figures of the page."""
    for page, seen in visits("light").items():
        own = [url.removeprefix(host).partition("?")[0] for url in seen.asked if host in url]
        names = {name for name in own if "_images/" not in name}
        files = [html / name for name in names if (html / name).is_file()]
        weight = sum(len(gzip.compress(path.read_bytes())) for path in files)
        assert weight < 300_000, f"{page}: {weight} bytes"
        assert len(names) <= 20, f"{page}: {sorted(names)}"
