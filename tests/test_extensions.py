"""What the extensions of the book do to a page: addresses, weight, search, formulas, work."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import finder
import lighter
import mends
import pytest
import study
import yaml
from bs4 import BeautifulSoup
from formulas import LatexError, to_mathml
from playwright._impl._driver import compute_driver_executable

ROOT = Path(__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]["config"]


# A small book that is hosted, with the options of ours.
CONF = f"""import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_parser", "sphinx_sitemap", "sphinxext.opengraph", "hosting", "formulas"]
myst_enable_extensions = ["dollarmath"]
templates_path = [{str(ROOT / "book" / "_templates")!r}]
"""
FIRST = "# First\n\n```{toctree}\nnotebooks/deep\n```\n\nWords enough to describe it.\n"
DEEP = "# A & b\n\nWords.\n\n$$ a = b $$ (sum)\n\n$$ c $$\n\nSee {eq}`sum`.\n"


@pytest.fixture(scope="module", params=["", "https://host.example/two-axes"])
def site(request, tmp_path_factory):
    """The small book, and its address with a slash at its end."""
    folder = tmp_path_factory.mktemp("hosted")
    kept = ("ogp_", "sitemap_", "suppress", "html_math")
    ours = {name: value for name, value in CONFIG.items() if name.startswith(kept)}
    ours["html_baseurl"] = request.param
    (folder / "notebooks").mkdir()
    (folder / "conf.py").write_text(f"{CONF}globals().update({ours!r})\n", "utf-8")
    (folder / "index.md").write_text(FIRST)
    (folder / "notebooks" / "deep.md").write_text(DEEP)
    build = [sys.executable, "-m", "sphinx", "-q", "-W", str(folder), str(folder / "html")]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "html", request.param and request.param + "/"


def read(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def test_a_page_a_preview_and_a_map_name_addresses_where_there_is_one(site):
    html, base = site
    page = read(html / "notebooks" / "deep.html")
    tags = ["link[rel=canonical]", '[property="og:url"]', '[property="og:image"]']
    told = [tag and (tag.get("href") or tag["content"]) for tag in map(page.select_one, tags)]
    names = ["notebooks/deep.html", "notebooks/deep.html", "_static/card.png"]
    assert told == [base + name if base else None for name in names]
    assert len(page.select('[property^="og:image:"], [name^="twitter:"]')) == (4 if base else 0)
    assert (html / "sitemap.xml").exists() == bool(base)
    if base:
        places = ElementTree.parse(html / "sitemap.xml").findall(".//{*}loc")
        assert [place.text for place in places] == [base + "notebooks/deep.html"]


def test_the_page_for_lost_ones_leads_back_from_any_depth(site):
    html, base = site
    page, root = read(html / "404.html"), "/two-axes/" if base else "/"
    links = [link["href"] for link in page.select("a[href]")]
    assert links == [root, root + "index.html", root + "notebooks/deep.html"]
    assert page.select("li a")[1].get_text() == "A & b"
    assert page.select("link[rel=stylesheet], script, img") == []


def test_a_formula_with_a_label_has_a_number_that_a_text_can_refer_to(site):
    page = read(site[0] / "notebooks" / "deep.html")
    first, second = page.select("div.math")
    assert (first.select_one(".eqno") is not None, second.select_one(".eqno")) == (True, None)
    assert page.select_one(f'a.reference[href="#{first["id"]}"]').get_text() == "(1)"


def test_lines_of_a_formula_are_aligned_and_have_no_numbers_of_their_own():
    for latex in (r"a &= b \\ c &= d", r"\begin{align}a &= b \\ c &= d\end{align}", "a=b\n\nc=d"):
        mathml = to_mathml(latex, display=True)
        assert mathml.count("<mtr>") == 2
        assert BeautifulSoup(mathml, "html.parser").get_text() == "a=bc=d"
    with pytest.raises(LatexError, match="nosuchcommand"):
        to_mathml(r"\nosuchcommand", display=False)


SHEET = """@charset "utf-8";
:root { --used: red; --unused: blue; --by-script: 1px }
.there, .gone { color: var(--used) } .there .gone { color: red }
.there:not(.gone)::before { content: "a;b}" }
:is(.gone, .there) p:hover { color: green !important; }
:is(.gone, nav) p { color: grey }
@media print { .there { color: black } .gone { color: red } }
@keyframes turns { from { top: 0 } } @keyframes stands { from { top: 0 } }
p { animation: turns 1s; background: url("data:image/svg+xml;charset=utf-8,%3Csvg%3E") }"""
PRUNED = """:root{--used:red;--by-script:1px}
.there{color:var(--used)}
.there:not(.gone)::before{content:"a;b}"}
:is(.gone, .there) p:hover{color:green!important}
@media print{.there{color:black}}
@keyframes turns{from { top: 0 }}
p{animation:turns 1s;background:url("data:image/svg+xml;charset=utf-8,%3Csvg%3E")}"""


def test_of_a_style_sheet_the_rules_stay_that_a_page_or_script_can_use():
    assert lighter.prune(SHEET, {"p", "there", "--by-script"}) == PRUNED


def test_pages_load_one_style_sheet_and_one_script_and_what_stands_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(lighter, "icons", lambda css, folder: "")
    files = {"a.css": "p{top:1px}", "b.css": '@import "a.css";\nb{top:0}', "a.js": "let a"}
    (tmp_path / "_static").mkdir()
    for name, text in files.items():
        (tmp_path / "_static" / name).write_text(text)
    page = '<link href="../_static/a.css?v=1" /><link href="../_static/b.css" /><p>'
    scripts = ("play/plane.js", "a.js", "thebe.js")
    page += "".join(f'<script src="../_static/{name}"></script>' for name in scripts)
    written = {tmp_path / "book" / "one.html": page}
    lighter.together(tmp_path, written)
    loads = re.findall(r'(?:href|src)="\.\./_static/([^"?]+)', *written.values())
    assert loads == ["site.css", "play/plane.js", "site.js"]
    assert (tmp_path / "_static" / "site.css").read_text() == "p{top:1px}\np{top:1px}"
    assert (tmp_path / "_static" / "site.js").read_text() == "let a"


def test_letters_of_formulas_are_there_slanted_too():
    formula = "<math><mi>h</mi><mi>W</mi><mi>λ</mi><mi>∂</mi><mo>+</mo><msqrt></msqrt></math>"
    assert lighter.characters_of_formulas(formula) == set("hWλ∂+ℎ𝑊𝜆𝜕√")


DRAWING = """<svg width="504pt" height="216pt">
<path d="M {} {} L 2.5 3 z" transform="translate({} 2) scale(0.015)"/>
<image xlink:href="data:image/png;base64,1.23456"/>
</svg>
"""


def test_a_drawing_keeps_its_shape_and_its_room_and_loses_digits():
    whole = '<?xml version="1.0"?>' + DRAWING.format("10.1234", "-0.0001\n", "1.2345")
    assert lighter.lighter_drawing(whole) == DRAWING.format("10.12", "0", "1.23")
    assert lighter.room(whole) == ' width="672" height="288"'
    assert lighter.room('<svg viewBox="0 0 560 320.4">') == ' width="560" height="320"'


def test_a_list_of_contents_hands_out_the_address_that_stays():
    body = '<section id="made"><span id="old"></span><span id="new"></span><span id="id1"></span>'
    assert mends.lasting(body + '<a href="#made">') == body + '<a href="#new">'


PAGE = """<article><section id="layout"><h1>From a corpus<a class="headerlink">#</a></h1>
<p>Two cuts make windows.</p>
<section id="may-i-shuffle"><span id="layout-shuffle"></span><span id="id3"></span>
<h2>May I shuffle?</h2><p class="admonition-title">Predict</p>
<p>Shuffled windows lose it <span class="bibtex-citation">[Someone, 1990]</span>.</p>
<div class="cell tag_hide-cell"><pre>claim("secret")</pre></div><img alt="Letters" src="a.svg"/>
<section id="group"><h3>A group</h3></section>
<section id="one-more"><h3>Exercises</h3><pre>num_steps = 35, stateful=True</pre></section>
</section></section></article>"""
GLOSSARY = """<article><section id="g"><h1>G</h1><dl class="glossary"><dt id="term-nats">nats</dt>
<dt id="term-bits">bits</dt><dd><p>Units.</p></dd></dl></section></article>"""


def test_each_section_has_its_own_words_and_a_lasting_address():
    others = finder.asked("(layout-shuffle)=\n### May I?\n\n% asked: permute\n\n(one)=\n### One\n")
    top, shuffle, more = finder.sections("a", PAGE, 1.3, others)
    assert [top.address, shuffle.address] == ["a.html", "a.html#layout-shuffle"]
    assert (shuffle.page, shuffle.opening) == ("From a corpus", "Shuffled windows lose it.")
    words = [shuffle.words[word] for word in ("shuffl", "letter", "permut", "secret", "cut")]
    assert words == [2 + finder.TITLE, 1, finder.ASKED, 0, 0]
    assert top.words["shuffl"] == shuffle.words["step"] == 0
    assert {"num_step", "num", "step", "stateful=true", "stateful"} <= set(more.words)
    assert (top.worth, more.worth) == (1.3, 0.65)
    nats, bits, _ = finder.sections("g", GLOSSARY, 1.0, {})
    assert [nats.address, nats.opening, bits.title] == ["g.html#term-nats", "Units.", "bits"]


# A query; places, each a title with its text; what is found, the best first.
RANKED = [
    ("many words", {"often": "many " * 9, "both": "many words here"}, ["both", "often"]),
    ("window", {"long": "window " + "word " * 90, "short": "window x"}, ["short", "long"]),
    ("state rare", {"c": "rare z", "a": "state x", "b": "state y"}, ["c", "a", "b"]),
    ("window", {"a window here": "window", "window": "window"}, ["window", "a window here"]),
    ("num_steps", {"names": "num_step num step", "other": "batch"}, ["names"]),
    ("backprop", {"whole": "backpropagation", "other": "batch"}, ["whole"]),
    ("stateful", {"a": "state", "b": "stateful"}, ["b"]),
    ("__proto__ (*&^ é 35 the", {"a": "batch"}, []),
]


def test_the_script_ranks_what_the_list_holds():
    """In node, or in the one that Playwright brings; with a stemmer that drops a plural only."""
    queries = []
    for query, places, _ in RANKED:
        texts = [(title, finder.Counter(text.split())) for title, text in places.items()]
        found = finder.index([finder.Section("", title, "", "", words) for title, words in texts])
        queries.append([query, found])
    program = f"""const stopwords = ["the"];
    class Stemmer {{ stemWord(word) {{ return word.replace(/s$/, ""); }} }}
    {(ROOT / "book/_static/finder.js").read_text("utf-8")}
    process.stdout.write(JSON.stringify({json.dumps(queries)}.map(([query, index]) =>
      Finder.rank(query, index).map(([place]) => index.places[place][1]))));"""
    node = shutil.which("node") or compute_driver_executable()[0]
    done = subprocess.run([node, "-"], input=program, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [expected for *_, expected in RANKED]


OPENING = """# A title\n\n*What is it,\nand why?*\n
You need: {doc}`recurrence`, and {doc}`/book/notation`.\nIt takes about 45 minutes.\n"""
QUIZ = "**Which?**\n\n<details><summary>this</summary>\n\nRight.\n\n</details>\n\n"
NEEDS = "{doc}`/notebooks/recurrence`, and {doc}`/book/notation`"


def chapter(folder, *texts):
    (folder / "notebooks").mkdir(exist_ok=True)
    cells = [{"cell_type": "markdown", "source": [text]} for text in texts]
    (folder / "notebooks" / "one.ipynb").write_text(json.dumps({"cells": cells}))
    return study.chapter(folder, "notebooks/one")


def test_a_chapter_says_its_question_needs_minutes_and_work(tmp_path):
    about = chapter(tmp_path, OPENING, ":::{exercise} One\n:::", f"## Check\n\n{QUIZ * 2}")
    assert about == study.Chapter("What is it, and why?", NEEDS, 45, exercises=1, questions=2)
    for lost in ("*", "You need:", "45 minutes"):
        with pytest.raises(ValueError, match="first cell must hold"):
            chapter(tmp_path, OPENING.replace(lost, ""))


WORK = """<section id="a"><h1>A</h1><p>Words.</p><section id="b">
<div class="exercise admonition" id="ex-b"><p class="admonition-title">\
<span class="caption-number">Exercise 1 </span> (Count)</p>\n<section></section>\n</div></section>
<section id="check-yourself"><p><strong>Which?</strong></p><details><summary>x</summary>Right: so.
</details><details><summary>y</summary>Wrong: so.</details></section></section>"""


def test_the_work_of_a_page_is_listed_and_ready_to_be_marked():
    page = BeautifulSoup(study.mark_work(WORK, "notebooks/a"), "html.parser")
    links = {link["href"]: link.get_text() for link in page.select("nav.work li a")}
    assert links == {"#ex-b": "Count", "#check-yourself": "1 question to check yourself"}
    assert page.select_one("#ex-b input")["data-exercise"] == "ex-b"
    answers = [each["data-answer"] for each in page.select(".question > details")]
    assert answers == ["right", "wrong"]
