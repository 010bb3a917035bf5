"""Let the search lead to the section that answers, in the words that a learner types.

Sphinx's own search wants every word of a query on one page, and leads to the top of that page.
Here each section of each page is listed with its words, and ``book/_static/finder.js`` ranks the
sections for a query: no word is a must, a rare word counts for more than a common one, a word in
a heading for more than one in the text, and a short section that holds a word for more than a
long one. Words are stemmed and parted as Sphinx does it, in Python here and by its script there.

The list is a script of its own, ``sections.js``, which is loaded for a query only; it works from a
folder without a server too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

LANGUAGE = SearchEnglish({})

# As often as so many in the text counts a word in a heading; and one of the other words in which a
# reader may ask, `% asked:` in the page's source.
TITLE, ASKED = 4, 2

OPENING = 150  # letters of a section, at most, that are shown below its heading
WHOLE = {"stateful", "stateless"}  # words that a stemmer would take for "state"

# What is no text of the section: links beside headings, formulas, folded checks, drawings.
LEFT_OUT = (
    ".headerlink, script, style, math, svg, nav.contents, .tag_hide-cell, .solution, .work, "
    ".play-controls"
)

# What stands between the sentences of a text that is read aloud.
ASIDE = ".bibtex-citation, .admonition-title, .caption-number"

# What a section is worth to a reader who searches, where it is not 1: pages that are made for them,
# and parts of a chapter that ask rather than answer.
WORTH_OF_PART = {"Look it up": 1.3}
WORTH_OF_PAGE = {"book/questions": 1.5, "book/errata": 0.9, "book/teachers": 0.6}
WORTH_OF_TITLE = {"Exercises": 0.5, "Check yourself": 0.5, "Sources": 0.5, "References": 0.4}

LANGUAGE_TAG = re.compile(r'<script[^>]* src="_static/language_data\.js[^"]*"[^>]*></script>')


@dataclass(frozen=True)
class Section:
    """A place that a search can lead to: its address, headings, opening and words."""

    address: str
    title: str
    page: str
    opening: str
    words: Counter[str]
    worth: float = 1.0


def stems(text: str) -> list[str]:
    """The words of a text as the search knows them.

    ``num_steps`` is itself and its parts too, and ``stateful=True`` a word besides its two.
    """
    found = re.findall(r"\w+=\w+", text.lower())
    for word in re.findall(r"\w+", text.lower()):
        for part in dict.fromkeys([word, *word.split("_")]):
            if part and not part.isdigit() and part not in LANGUAGE.stopwords:
                # As the script: a word of two letters is its own stem.
                whole = len(part) < 3 or part in WHOLE
                found.append(part if whole else LANGUAGE.stem(part))
    return found


def text_of(node: Tag, between: str = "") -> str:
    """The text with single spaces; `between` parts what stands in different elements."""
    text = " ".join(node.get_text(between).split())
    return re.sub(r" ([,.;:)])", r"\1", text) if not between else text


def asked(source: str) -> dict[str, str]:
    """By label, the other words that a page's source gives for the section below it."""
    parts = re.split(r"^\(([\w-]+)\)=$", source, flags=re.M)
    words = (" ".join(re.findall(r"^% asked: (.+)$", text, re.M)) for text in parts[2::2])
    return dict(zip(parts[1::2], words, strict=True))


def sections(page: str, html: str, worth: float, others: dict[str, str]) -> Iterator[Section]:
    """The terms of a page's glossary, and its sections in order, each without those inside it.

    `worth` is that of the page; the title of a section can lower its own. `others` are the other
    words of a section, by its label, which is the address that stays.
    """
    article = BeautifulSoup(html, "html.parser").select_one("article")
    for node in article.select(LEFT_OUT):
        node.decompose()
    for image in article.select("img[alt]"):
        image.replace_with(f" {image['alt']} ")
    top = text_of(article.h1)

    def section(title: str, at: str, labels: list[str], body: Tag) -> Section:
        also = " ".join(others.get(label, "") for label in labels)
        words = Counter(stems(text_of(body, " ")) + TITLE * stems(title) + ASKED * stems(also))
        for aside in body.select(ASIDE):
            aside.decompose()
        begins = opening(" ".join(map(text_of, body.find_all("p"))))
        own = worth * WORTH_OF_TITLE.get(title, 1.0)
        return Section(f"{page}.html{at}", title, top, begins, words, own)

    for term in article.select("dl.glossary > dt[id]"):
        meaning = term.find_next_sibling("dd")  # several terms may share it
        yield section(text_of(term), f"#{term['id']}", [term["id"]], meaning)
    for node in article.select("dl.glossary > *"):
        node.decompose()
    found = []
    # The innermost first, so that what is left of a section is its own.
    for node in reversed(article.select("section[id]")):
        heading = node.find(re.compile("^h[1-6]$"), recursive=False)
        whole = heading is not None and heading.name == "h1"
        # A heading over headings alone leads to nothing, but a page's own is the page.
        if heading is not None and (whole or text_of(node) != text_of(heading)):
            labels = [each["id"] for each in node.find_all("span", id=True, recursive=False)]
            lasting = [each for each in labels if not re.fullmatch(r"id\d+", each)]
            at = "" if whole else f"#{[node['id'], *lasting][-1]}"
            found.append(section(text_of(heading), at, labels, node))
        node.extract()
    yield from reversed(found)


def opening(text: str) -> str:
    """The beginning of a text, cut between two words."""
    if len(text) <= OPENING:
        return text
    return text[:OPENING].rsplit(" ", 1)[0].rstrip(",;:") + " …"


def index(found: list[Section]) -> dict[str, Any]:
    """What the script reads: places with their lengths, and for each word where it stands."""
    stands: dict[str, list[tuple[int, int]]] = {}
    for number, place in enumerate(found):
        for word, count in place.words.items():
            stands.setdefault(word, []).append((number, count))
    places = [
        [each.address, each.title, each.page, each.opening, each.words.total(), each.worth]
        for each in found
    ]
    return {"places": places, "terms": {word: packed(stands[word]) for word in sorted(stands)}}


def packed(stands: list[tuple[int, int]]) -> str:
    """Places and counts in few letters: ``5 2*3`` is once in place 5 and three times in place 7."""
    before, steps = 0, []
    for number, count in stands:
        steps.append(f"{number - before}" + (f"*{count}" if count > 1 else ""))
        before = number
    return " ".join(steps)


def worth_of_pages(root: Path) -> dict[str, float]:
    """What each page of the table of contents is worth, by the part that it stands in."""
    parts = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))["parts"]
    of_part = {
        each["file"]: WORTH_OF_PART.get(part["caption"], 1.0)
        for part in parts
        for each in part["chapters"]
    }
    return of_part | WORTH_OF_PAGE


def write(app: Sphinx, exception: Exception | None) -> None:
    """List the sections of all pages, and let the search page read the list."""
    if exception is not None or app.builder.name != "html":
        return
    site, static = Path(app.outdir), Path(app.outdir) / "_static"
    worth = worth_of_pages(Path(app.srcdir))
    found: list[Section] = []
    for name in sorted(app.env.found_docs - {"genindex", "search"}):
        html = (site / f"{name}.html").read_text("utf-8")
        source = Path(app.env.doc2path(name))
        others = asked(source.read_text("utf-8")) if source.suffix == ".md" else {}
        found += sections(name, html, worth.get(name, 1.0), others)
    listed = json.dumps(index(found), ensure_ascii=False, separators=(",", ":"))
    (static / "sections.js").write_text(f"const SECTIONS = {listed};\n", "utf-8")
    # The search page needs the stemmer of Sphinx, and of its search nothing else.
    parts = [(static / name).read_text("utf-8") for name in ("language_data.js", "finder.js")]
    (static / "finder.js").write_text("\n".join(parts), "utf-8")
    page = site / "search.html"
    ours = '<script defer src="_static/finder.js"></script>'
    page.write_text(LANGUAGE_TAG.sub(ours, page.read_text("utf-8")), "utf-8")
    (site / "searchindex.js").unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the step: behind those that write pages, before the one that makes them light."""
    app.connect("build-finished", write, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
