"""The built pages in a real browser: quiet, light, accessible, and no wider than a phone.

Each page is opened in both themes at two widths; `visit` fails where a page complains or asks
another host for something. Of axe-core's rules contrast takes most of the time; a desk shows all
that a phone does, and only contrast changes with the theme.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from browsing import DESK, PHONE, barriers
from playwright.sync_api import expect
from sources import chapters, contents

PAGES = [*(f"{name}.html" for name in contents()), "search.html?q=batch+size", "genindex.html"]
CHAPTER = f"notebooks/{chapters()[1]}.html"
RULES = {
    (PHONE["width"], "light"): {"rules": {"color-contrast": {"enabled": False}}},
    (DESK["width"], "light"): {},
    (DESK["width"], "dark"): {"runOnly": ["color-contrast"]},
}
THEME = "localStorage.mode = localStorage.theme = '{}';"

# Everything is loaded, pictures below the screen too, and everything is unfolded.
UNFOLD = """async () => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  await Promise.all([...document.images].map(each => {
    each.loading = "eager";
    return each.decode().catch(() => {});
  }));
  await document.fonts.ready;
}"""

# What sticks out of the page, unless something around it in the article scrolls; what a library
# said is wrapped, and a narrow picture is shown whole; pictures, formulas and links are there.
LOOK = """() => {
  const page = document.documentElement, found = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const note = (what, each) => found.push(`${what}: ${each.outerHTML.slice(0, 120)}`);
  const scrolls = node => { for (; node && node.tagName !== "ARTICLE"; node = node.parentElement)
    if (getComputedStyle(node).overflowX !== "visible") return true; };
  const right = each => each.getBoundingClientRect().right;
  if (page.scrollWidth > page.clientWidth) found.push(`the page is ${page.scrollWidth} wide`);
  for (const each of all("article *"))
    if (right(each) > innerWidth + 1 && !scrolls(each.parentElement)) note("too wide", each);
  for (const each of all(".tag_said .cell_output pre"))
    if (each.scrollWidth > each.clientWidth) note("not wrapped", each);
  for (const each of all("img.narrow")) if (each.width > innerWidth) note("not whole", each);
  for (const each of document.images) if (!each.naturalWidth) note("no picture", each);
  for (const each of all("article .math"))
    if (!(each.querySelector("math")?.getBoundingClientRect().width > 2)) note("no formula", each);
  for (const each of all('a[href^="#"]'))
    if (each.hash.length > 1 && !document.getElementById(decodeURIComponent(each.hash.slice(1))))
      note("leads nowhere", each);
  return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_open_to_everybody(visit, name, size, theme):
    page = visit(name, THEME.format(theme), size)
    page.wait_for_load_state()
    if name.startswith("search"):
        page.wait_for_selector(".found-count")  # what is found pushes the foot of the page down
    else:
        assert page.evaluate("window.moved") == []
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    page.evaluate(UNFOLD)
    assert page.evaluate(LOOK) == []
    if (rules := RULES.get((size["width"], theme))) is not None:
        assert barriers(page, **rules) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(visit, host, name):
    """As a server with compression sends it, without figures; a later page is lighter still."""
    name = name.partition("?")[0]
    for most, before in ((300_000, None), (60_000, "book/index.html")):
        host[1].clear()
        page = visit(before or name, size=PHONE)
        if before:
            host[1].clear()
            page.goto(host[0] + name)
        own = {name: size for name, size in host[1].items() if "_images/" not in name}
        assert sum(own.values()) <= most, own
        assert len(own) <= 20, own


def test_figures_wait_until_they_come_into_view(visit, host):
    host[1].clear()
    page = visit(CHAPTER, size=PHONE)
    page.wait_for_load_state("networkidle")
    early = [name for name in host[1] if "_images/" in name]
    assert len(early) < page.locator("article img").count() / 2


# What a reader does


def record(page, where: str) -> str:
    return page.locator(f"{where} .record").first.inner_text()


def test_a_choice_is_marked_and_counted_by_keyboard(visit):
    page = visit(CHAPTER)
    wrong, right, second = (
        page.locator(f"#question-{n} ~ details[data-answer={answer}]").first
        for n, answer in ((1, "wrong"), (1, "right"), (2, "right"))
    )
    wrong.locator("summary").press("Enter")
    expect(wrong.locator(".verdict")).to_have_text("✗ wrong")
    expect(wrong.locator("p").first).to_contain_text("Wrong")
    right.locator("summary").press("Space")
    expect(right.locator(".verdict")).to_have_text("✓ right")
    questions = page.locator(".question").count()
    said = f"1 of {questions} questions answered, 0 of them right"
    expect(page.locator(".score")).to_contain_text(said)
    second.locator("summary").press("Enter")
    said = f"2 of {questions} questions answered, 1 of them right"
    expect(page.locator(".score")).to_contain_text(said)


@pytest.mark.parametrize("forget_at", [CHAPTER, "book/index.html"])
def test_what_was_done_is_kept_and_can_be_forgotten(visit, host, forget_at):
    page = visit(CHAPTER)
    done = f"1 of {page.locator('div.exercise').count()} exercises done"
    expect(page.locator("nav.work .forget")).to_be_disabled()
    page.locator("div.exercise input").first.press("Space")
    page.reload()
    expect(page.locator("div.exercise input").first).to_be_checked()
    expect(page.locator("nav.work .record")).to_contain_text(done)
    page.goto(host[0] + "book/index.html")
    own = page.locator(f'.chapters .record[data-page="{CHAPTER.removesuffix(".html")}"]')
    expect(own).to_contain_text(done)
    page.goto(host[0] + forget_at)
    page.locator(".forget").first.press("Enter")
    expect(page.locator(".record").first).not_to_contain_text("1 of")
    assert page.evaluate("localStorage.getItem('two-axes')") is None


def test_a_browser_that_keeps_nothing_still_marks_and_changes_its_theme(visit):
    refuse = """Object.defineProperty(window, "localStorage", { configurable: true, get() {
      throw new DOMException("refused", "SecurityError"); } });"""
    page = visit(CHAPTER, refuse)
    page.locator("div.exercise input").first.press("Space")
    expect(page.locator("nav.work .record")).to_contain_text("1 of")
    themes = set()
    for _ in range(3):
        themes.add(page.evaluate("document.documentElement.dataset.theme"))
        page.locator(".theme-switch-button").first.click()
    assert themes == {"light", "dark"}


@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_what_unfolds_fades_in_unless_less_motion_is_asked_for(visit, motion, moves):
    page = visit(CHAPTER, reduced_motion=motion)
    moving = page.evaluate("""() => {
      for (const each of document.querySelectorAll("details")) each.open = true;
      return document.getAnimations().filter(each => each.effect.target.closest("details")).length;
    }""")
    assert (moving > 0) is moves


def test_without_scripts_a_chapter_is_whole(visit):
    page = visit(CHAPTER, java_script_enabled=False)
    for selector in ("nav.work li a", ".question summary", ".solution pre", "article math"):
        expect(page.locator(selector).first).to_be_visible()
    for selector in ("label.done", ".forget", ".score"):
        expect(page.locator(selector).first).to_be_hidden()


def test_a_folder_without_a_server_shows_and_searches_the_same_pages(visit, html):
    page = visit((html / CHAPTER).as_uri())
    page.evaluate(UNFOLD)
    assert page.evaluate(LOOK) == []
    expect(page.locator("nav.work .record")).to_contain_text("0 of")
    page.goto(f"{html.as_uri()}/search.html?q=may+I+shuffle")
    expect(page.locator(".found a").first).to_be_visible()


def test_on_paper_all_is_open_and_the_page_stands_alone(visit):
    page = visit(CHAPTER, size={"width": 420, "height": 1000})  # narrower than a sheet
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("article details:not([open])")).to_have_count(0)
    assert page.evaluate("document.getAnimations().length") == 0
    for selector in (".solution pre", ".question details > p", "article h1", "article figure"):
        expect(page.locator(selector).first).to_be_visible()
    for selector in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article"):
        expect(page.locator(selector).first).to_be_hidden()
    cut = """() => [...document.querySelectorAll("article pre")]
      .filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.textContent)"""
    assert page.evaluate(cut) == []
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("article details:not([open])").count() > 0
    assert page.pdf().count(b"/Type /Page\n") > 10


# What a reader searches: the words of a learner, and an answer among the first three places.

with (Path(__file__).parent / "searches.tsv").open(encoding="utf-8") as file:
    SEARCHES = [(query, answer) for answer, query in csv.reader(file, delimiter="\t")]


def test_a_search_finds_an_answer_among_the_first_three(visit, host):
    page, missed = visit("search.html"), []
    for query, answer in SEARCHES:
        page.goto(f"{host[0]}search.html?{urlencode({'q': query})}")
        page.wait_for_selector(".found-count")
        links = page.locator(".found li > a").evaluate_all("all => all.map(a => a.outerHTML)")
        found = [re.search('href="(.*?)"', link)[1] for link in links[:3]]
        missed += [] if answer in found else [(query, answer, found)]
    assert missed == []


def test_a_search_is_typed_on_any_page_and_leads_to_the_section(visit):
    page = visit(CHAPTER)
    page.keyboard.press("Control+k")
    page.keyboard.type("may I shuffle?")
    page.keyboard.press("Enter")
    first = page.locator(".found a").first
    target = first.get_attribute("href")
    first.press("Enter")
    page.wait_for_url(f"**/{target}")


@pytest.mark.parametrize("query", ["zzzz", "the", "<zzzz onclick='qq'>"])
def test_a_search_in_vain_says_what_to_try(visit, query):
    page = visit("search.html?q=" + query)
    expect(page.locator(".found-count")).to_contain_text("one or two words")
    expect(page.locator(".found li")).to_have_count(0)
