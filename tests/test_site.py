"""The built pages need nothing but themselves, and every picture and link in them is whole."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import tinycss2
from bs4 import BeautifulSoup

# Links that a browser follows by itself; others, as rel="next", only name a page.
LOADED = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "manifest", "preconnect"}
LOADING = {"script", "img", "iframe", "embed", "source", "video", "audio", "track", "input"}


def pages(html: Path) -> dict[Path, BeautifulSoup]:
    found = sorted(path for path in html.rglob("*.html") if "_static" not in path.parts)
    assert len(found) > 5
    return {path: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in found}


def elsewhere(address: str) -> bool:
    return bool(urlsplit(address.strip()).netloc)


def addresses_in_css(css: str) -> Iterator[str]:
    """What a style sheet loads: url(...) and @import, however deep."""

    def walk(nodes: list) -> Iterator[str]:
        for node in nodes or []:
            if node.type == "url":
                yield node.value
            elif node.type == "at-rule" and node.lower_at_keyword == "import":
                yield from (part.value for part in node.prelude if part.type in ("string", "url"))
            elif node.type == "function" and node.lower_name == "url":
                yield from (part.value for part in node.arguments if part.type == "string")
            for inner in ("prelude", "content", "arguments"):
                yield from walk(getattr(node, inner, None))

    yield from walk(tinycss2.parse_stylesheet(css))


def addresses_in_script(script: str) -> Iterator[str]:
    """Addresses that a script loads as soon as it runs."""
    loads = r"""(?:\bimport\s*\(|\bfrom\b|\bimport\b|\bfetch\s*\(|\bimportScripts\s*\(|\bWorker\s*\(
                |\.src\s*=|\.open\s*\(\s*["']GET["']\s*,)\s*["'`]((?:https?:)?//[^"'`]+)"""
    yield from re.findall(loads, script, re.VERBOSE)


def addresses_on_page(page: BeautifulSoup) -> Iterator[str]:
    """What a browser loads for a page, as far as the page itself says it."""
    for tag in page.find_all(True):
        if tag.name == "link" and LOADED & set(tag.get("rel", [])):
            yield tag.get("href", "")
        if tag.name in LOADING and tag.get("src"):
            yield tag["src"]
        if tag.get("srcset"):
            yield from (part.split()[0] for part in tag["srcset"].split(",") if part.strip())
        if tag.name == "object" and tag.get("data"):
            yield tag["data"]
        if tag.name in ("use", "image"):
            yield tag.get("href") or tag.get("xlink:href") or ""
        if tag.get("style"):
            yield from addresses_in_css(f"x{{{tag['style']}}}")
        if tag.name == "style":
            yield from addresses_in_css(tag.string or "")
        if tag.name == "script" and not tag.get("src"):
            yield from addresses_in_script(tag.string or "")
        if tag.name == "meta" and (tag.get("http-equiv") or "").lower() == "refresh":
            yield tag.get("content", "").partition("url=")[2]


def test_no_page_asks_another_host_for_anything(html):
    asked = {
        path.relative_to(html).as_posix(): address
        for path, page in pages(html).items()
        for address in addresses_on_page(page)
        if elsewhere(address)
    }
    assert asked == {}


def test_no_style_sheet_script_or_drawing_asks_another_host_for_anything(html):
    readers = {".css": addresses_in_css, ".js": addresses_in_script}
    asked = {}
    for path in html.rglob("*"):
        if path.suffix in readers:
            found = readers[path.suffix](path.read_text("utf-8"))
        elif path.suffix == ".svg":
            drawing = re.sub(r"<\?xml.*?\?>", "", path.read_text("utf-8"))
            found = addresses_on_page(BeautifulSoup(drawing, "html.parser"))
        else:
            continue
        if far := [address for address in found if elsewhere(address)]:
            asked[path.relative_to(html).as_posix()] = far
    assert asked == {}


def test_every_file_that_a_page_or_style_sheet_loads_is_there(html):
    missing = []
    loads = [(path, addresses_on_page(page)) for path, page in pages(html).items()]
    loads += [(path, addresses_in_css(path.read_text("utf-8"))) for path in html.rglob("*.css")]
    for path, addresses in loads:
        for address in addresses:
            parts = urlsplit(address)
            if parts.scheme or not parts.path:
                continue
            if not (path.parent / unquote(parts.path)).exists():
                missing.append((path.relative_to(html).as_posix(), address))
    assert missing == []


def test_every_link_inside_the_book_arrives(html):
    parsed = {path.resolve(): page for path, page in pages(html).items()}
    names = {
        path: {tag.get("id") for tag in page.find_all(id=True)}
        | {tag.get("name") for tag in page.find_all("a", attrs={"name": True})}
        for path, page in parsed.items()
    }
    lost = []
    for path, page in parsed.items():
        for link in page.find_all("a", href=True):
            parts = urlsplit(link["href"])
            if parts.scheme or parts.netloc:
                continue
            # A link from the root is on the page for lost ones; there "/" is the first page.
            start = html / "index.html" if parts.path == "/" else path
            at = unquote(parts.path).lstrip("/") if parts.path.startswith("/") else None
            place = html / at if at else path.parent / unquote(parts.path)
            target = place.resolve() if parts.path.strip("/") else start
            anchor = unquote(parts.fragment)
            if not target.exists() or (anchor and anchor not in names.get(target, set())):
                lost.append((path.name, link["href"]))
    assert lost == []


def pictures(html: Path) -> Iterator[tuple[str, object]]:
    for path, page in pages(html).items():
        for picture in page.select("article img, article svg, article object"):
            yield path.relative_to(html).as_posix(), picture


def test_every_picture_says_in_words_what_it_shows(html):
    shown = list(pictures(html))
    assert shown
    for page, picture in shown:
        words = (picture.get("alt") or picture.get("aria-label") or "").strip()
        assert len(words.split()) >= 4, f"{page}: {picture.get('src')} says only {words!r}"
        assert "/" not in words, f"{page}: {picture.get('src')} gives a path for words"


def test_every_picture_has_a_number_and_a_caption(html):
    for page, picture in pictures(html):
        figure = picture.find_parent("figure")
        assert figure is not None, f"{page}: {picture.get('src')} stands outside a figure"
        assert figure.get("id"), f"{page}: {picture.get('src')} cannot be referred to"
        number, text = figure.select_one(".caption-number"), figure.select_one(".caption-text")
        assert number is not None, f"{page}: {picture.get('src')} has no number"
        assert text is not None, f"{page}: {picture.get('src')} has no caption"
        assert text.get_text(strip=True), f"{page}: {picture.get('src')} has an empty caption"


def test_every_page_names_its_language_and_its_icon(html):
    """Without an icon of its own, a browser asks the host for one, and complains."""
    for path, page in pages(html).items():
        assert page.select_one("html[lang=en]") is not None, path.name
        assert page.select_one('link[rel~="icon"][href]') is not None, path.name


def test_every_page_has_one_title_and_a_description(html):
    for path, page in pages(html).items():
        if page.select_one("article") is None or path.name in ("genindex.html", "search.html"):
            continue
        assert len(page.select("article h1")) == 1, path.name
        description = page.select_one('meta[name="description"]')
        assert description is not None, path.name
        assert len(description["content"]) > 40, path.name


def test_chapters_open_on_binder_at_the_address_in_the_configuration(html):
    chapters = [path for path in pages(html) if path.parent.name == "notebooks"]
    assert chapters
    for path in chapters:
        binder = [
            link
            for link in re.findall(r'href="([^"]+)"', path.read_text("utf-8"))
            if link.startswith("https://mybinder.org/")
        ]
        assert len(binder) == 1, path.name
        assert binder[0].endswith(f"?urlpath=lab/tree/notebooks/{path.stem}.ipynb")
