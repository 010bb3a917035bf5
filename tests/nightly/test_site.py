"""The built pages need nothing but themselves, and every picture and link in them is whole.

The address of the book and of its repository may be anything: the tests follow `_config.yml`.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import pytest
import tinycss2
from bs4 import BeautifulSoup
from sources import BASE, CONFIG, chapters, notebook

# Links that a browser follows by itself; others, as rel="next", only name a page.
LOADED = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "manifest", "preconnect"}
LOADING = {"script", "img", "iframe", "embed", "source", "video", "audio", "track", "input"}
SCRIPTED = re.compile(
    r"""(?:\bimport\s*\(|\bfrom\b|\bimport\b|\bfetch\s*\(|\bimportScripts\s*\(|\bWorker\s*\(
    |\.src\s*=|\.open\s*\(\s*["']GET["']\s*,)\s*["'`]((?:https?:)?//[^"'`]+)""",
    re.VERBOSE,
)
"""Addresses of other hosts that a script loads as soon as it runs."""

HELD = ("search.html", "genindex.html", "404.html")
"""Pages that the builder makes by itself."""


def in_css(css: str) -> Iterator[str]:
    """What a style sheet loads: url(...) and @import, however deep."""
    waiting = list(tinycss2.parse_stylesheet(css))
    while waiting:
        node = waiting.pop()
        if node.type == "url":
            yield node.value
        elif node.type == "at-rule" and node.lower_at_keyword == "import":
            yield from (part.value for part in node.prelude if part.type in ("string", "url"))
        elif node.type == "function" and node.lower_name == "url":
            yield from (part.value for part in node.arguments if part.type == "string")
        for inner in ("prelude", "content", "arguments"):
            waiting += getattr(node, inner, None) or []


def in_tag(tag) -> Iterator[str]:
    """What a browser loads for an element, as far as the element itself says it."""
    if tag.name == "link" and LOADED & set(tag.get("rel", [])):
        yield tag.get("href", "")
    if tag.name in LOADING or tag.name == "object":
        yield tag.get("src") or tag.get("data") or ""
    yield from (part.split()[0] for part in tag.get("srcset", "").split(",") if part.strip())
    if tag.name in ("use", "image"):
        yield tag.get("href") or tag.get("xlink:href") or ""
    yield from in_css(f"x{{{tag.get('style', '')}}}")
    if tag.name == "style":
        yield from in_css(tag.string or "")
    if tag.name == "script" and not tag.get("src"):
        yield from SCRIPTED.findall(tag.string or "")
    if tag.name == "meta" and (tag.get("http-equiv") or "").lower() == "refresh":
        yield tag.get("content", "").partition("url=")[2]


@pytest.fixture(scope="module")
def loaded(html, pages) -> list[tuple[str, str]]:
    """Each file of the book, with each address that it loads."""
    found = [(name, address) for name, page in pages.items() for tag in page.find_all(True)
             for address in in_tag(tag)]  # fmt: skip
    for path in html.rglob("*"):
        name = path.relative_to(html).as_posix()
        if path.suffix == ".css":
            found += [(name, each) for each in in_css(path.read_text("utf-8"))]
        elif path.suffix == ".js":
            found += [(name, each) for each in SCRIPTED.findall(path.read_text("utf-8"))]
        elif path.suffix == ".svg":
            drawing = re.sub(r"<\?xml.*?\?>", "", path.read_text("utf-8"))
            tags = BeautifulSoup(drawing, "html.parser").find_all(True)
            found += [(name, each) for tag in tags for each in in_tag(tag)]
    return [(name, address.strip()) for name, address in found if address]


def test_nothing_is_asked_of_another_host(loaded):
    assert [each for each in loaded if urlsplit(each[1]).netloc] == []


def test_every_file_that_is_loaded_is_there(html, loaded):
    missing = []
    for name, address in loaded:
        parts = urlsplit(address)
        inside = not parts.scheme and not parts.netloc and parts.path
        if inside and not (html / Path(name).parent / unquote(parts.path)).exists():
            missing.append((name, address))
    assert missing == []


def place(name: str, address: str) -> tuple[str, str]:
    """The page and the anchor that a link on a page leads to, by their paths in the book."""
    parts = urlsplit(address)
    path = unquote(parts.path)
    if path.startswith("/"):  # from the root of the host, as on the page for lost ones
        path = path.strip("/")
        inside = path == BASE or path.startswith(f"{BASE}/") or not BASE
        path = (path.removeprefix(BASE).strip("/") or "index.html") if inside else f"/{path}"
    elif path:
        steps: list[str] = []
        for step in (PurePosixPath(name).parent / path).parts:
            steps = steps[:-1] if step == ".." else [*steps, step]
        path = "/".join(steps)
    return path or name, unquote(parts.fragment)


def test_every_link_inside_the_book_arrives(html, pages):
    anchors = {
        name: {tag.get("id") or tag.get("name") for tag in page.select("[id], a[name]")}
        for name, page in pages.items()
    }
    lost = []
    for name, page in pages.items():
        for link in page.find_all("a", href=True):
            if urlsplit(link["href"]).scheme or urlsplit(link["href"]).netloc:
                continue
            target, anchor = place(name, link["href"])
            there = (html / target).exists() if not target.startswith("/") else False
            if not there or (anchor and anchor not in anchors.get(target, set())):
                lost.append((name, link["href"]))
    assert lost == []


def test_no_two_places_of_a_page_have_the_same_name(pages):
    names = {name: [tag["id"] for tag in page.find_all(id=True)] for name, page in pages.items()}
    assert {k: sorted(v) for k, v in names.items()} == {k: sorted(set(v)) for k, v in names.items()}


def test_every_picture_has_words_a_number_and_a_caption(pages):
    found = []
    for name, page in pages.items():
        for picture in page.select("article img, article svg, article object"):
            where = f"{name}: {picture.get('src')}"
            words = (picture.get("alt") or picture.get("aria-label") or "").strip()
            if len(words.split()) < 4 or "/" in words:
                found.append(f"{where} says in words only {words!r}")
            figure = picture.find_parent("figure")
            parts = [figure and figure.get("id")]
            parts += [
                figure and figure.select_one(f".caption-{part}") for part in ("number", "text")
            ]
            if not all(parts) or not parts[2].get_text(strip=True):
                found.append(f"{where} stands in no figure with a name, a number and a caption")
    assert found == []


def test_every_page_says_what_it_is(pages):
    """Without an icon of its own, a browser asks the host for one, and complains."""
    found = []
    for name, page in pages.items():
        wanted = ["html[lang=en]", 'link[rel~="icon"][href]']
        if page.select_one("article") is not None and name not in HELD:
            wanted += ["article h1", 'meta[name="description"]']
        found += [f"{name}: no {each}" for each in wanted if len(page.select(each)) != 1]
    assert found == []


def test_scripts_of_figures_to_play_with_are_loaded_where_they_are_used(pages):
    for name, page in pages.items():
        files = {urlsplit(tag["src"]).path for tag in page.select("script[src*='/play/']")}
        scripts = {PurePosixPath(file).stem for file in files}
        used = {stage["data-play"] for stage in page.select(".play-stage")}
        assert scripts == (used | {"play"} if used else set()), name


def test_a_page_names_its_address_where_there_is_one(html, pages):
    base = (CONFIG["html"].get("baseurl") or "").rstrip("/")
    for name, page in pages.items():
        if page.select_one("article") is None or name in HELD:
            continue
        told = [page.select_one(each) for each in ("link[rel=canonical]", '[property="og:url"]')]
        addresses = [tag and (tag.get("href") or tag.get("content")) for tag in told]
        assert addresses == ([f"{base}/{name}"] * 2 if base else [None] * 2), name
    assert (html / "sitemap.xml").exists() == bool(base)
    assert "404.html" in pages


def test_buttons_lead_to_the_repository_in_the_configuration(pages):
    url = CONFIG["repository"]["url"].rstrip("/")
    branch = CONFIG["repository"]["branch"]
    for slug in chapters():
        links = [a["href"] for a in pages[f"notebooks/{slug}.html"].select("a[href]")]
        (binder,) = (link for link in links if link.startswith("https://mybinder.org/"))
        assert binder.endswith(f"/{branch}?urlpath=lab/tree/notebooks/{slug}.ipynb")
        assert (
            unquote(binder).partition("urlpath")[0].count(url.partition("://")[2].split("/", 1)[1])
        )
        assert f"{url}/edit/{branch}/notebooks/{slug}.ipynb" in links
        assert any(link.startswith(f"{url}/issues/new") for link in links)


def test_a_chapter_lists_its_exercises_and_questions(pages):
    for slug in chapters():
        page = pages[f"notebooks/{slug}.html"]
        source = "\n".join(cell.source for cell in notebook(slug).cells)
        written = re.findall(r"^:::\{exercise\} .+\n:label: (\S+)$", source, re.M)
        boxes = [box["id"] for box in page.select("div.exercise")]
        assert boxes == written, slug
        assert [tick["data-exercise"] for tick in page.select("label.done input")] == boxes, slug
        for question in page.select(".question"):
            answers = [choice["data-answer"] for choice in question.select("details")]
            assert answers.count("right") == 1, f"{slug}: {question.get_text()[:60]}"
