"""The site's address stands on its pages where it is known, and nowhere else."""

import shutil
import struct
import subprocess
import sys
from urllib.parse import urlsplit
from xml.etree import ElementTree

import hosting
import pytest
from bs4 import BeautifulSoup
from test_book import ROOT
from test_site import pages

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_parser", "sphinxext.opengraph", "hosting"]
project = "Two Axes"
ogp_social_cards = {{"enable": False}}
html_baseurl = BASE
exclude_patterns = ["html"]
"""
TOC = """root: book/index
parts:
  - caption: One
    chapters:
      - file: notebooks/deep
"""
FULL = "https://host.example/two-axes"


@pytest.fixture(scope="module", params=["", FULL, FULL + "/"])
def site(request, tmp_path_factory):
    """A small book with the given address, and the address as it should be."""
    folder = tmp_path_factory.mktemp("hosted")
    (folder / "conf.py").write_text(CONF.replace("BASE", repr(request.param)))
    (folder / "_toc.yml").write_text(TOC)
    (folder / "index.md").write_text("# Front\n\n```{toctree}\nbook/index\nnotebooks/deep\n```\n")
    for name, title in (("book/index", "First"), ("notebooks/deep", "A & b")):
        page = folder / f"{name}.md"
        page.parent.mkdir(exist_ok=True)
        page.write_text(f"# {title}\n\nWords enough to describe it.\n")
    (folder / "book" / "_templates").mkdir()
    shutil.copy(ROOT / "book" / "_templates" / "404.html", folder / "book" / "_templates")
    build = [sys.executable, "-m", "sphinx", "-q", "-W", str(folder), str(folder / "html")]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "html", request.param.rstrip("/") + "/" if request.param else ""


def read(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def test_a_page_names_its_address_where_there_is_one(site):
    html, base = site
    page = read(html / "notebooks" / "deep.html")
    canonical, told = page.select_one("link[rel=canonical]"), page.select_one('[property="og:url"]')
    if base:
        assert canonical["href"] == told["content"] == base + "notebooks/deep.html"
    else:
        assert canonical is None
        assert told is None


def test_a_preview_shows_the_card_where_there_is_an_address(site):
    html, base = site
    page = read(html / "book" / "index.html")
    card = page.select_one('[property="og:image"]')
    if base:
        assert card["content"] == base + "_static/card.png"
        assert page.select_one('[property="og:image:alt"]')["content"] == hosting.CARD_WORDS
        assert page.select_one('[name="twitter:card"]')["content"] == "summary_large_image"
    else:
        assert card is None


def test_a_map_lists_the_pages_where_there_is_an_address(site):
    html, base = site
    if base:
        places = ElementTree.parse(html / "sitemap.xml").findall(".//{*}loc")
        found = [place.text for place in places]
        assert found == [base + "book/index.html", base + "notebooks/deep.html"]
    else:
        assert not (html / "sitemap.xml").exists()


def test_the_page_for_lost_ones_leads_back_from_any_depth(site):
    html, base = site
    page = read(html / "404.html")
    root = urlsplit(base).path or "/"
    links = [link["href"] for link in page.select("a[href]")]
    assert links == [root, root + "book/index.html", root + "notebooks/deep.html"]
    assert page.select("li a")[1].get_text() == "A & b"
    assert page.select("link[rel=stylesheet], script, img") == []


def test_the_book_itself_claims_no_address_while_it_has_none(html):
    for path, page in pages(html).items():
        assert page.select_one("link[rel=canonical]") is None, path.name
        assert page.select_one('[property="og:url"]') is None, path.name
    assert not (html / "sitemap.xml").exists()
    assert (html / "404.html").is_file()


def test_the_card_has_the_size_that_previews_want():
    card = (ROOT / "book" / "_static" / hosting.CARD).read_bytes()
    assert card.startswith(b"\x89PNG")
    assert struct.unpack(">II", card[16:24]) == (1200, 630)
    assert len(card) < 100_000
