"""The search: sections and their words, how they are ranked, and what a reader finds in a browser.

A learner types the words of the question or of the message. The first three places found must
hold one that answers.
"""

import gzip
import json

import finder
import pytest
from hypothesis import given
from hypothesis import strategies as st
from javascript import ROOT, value
from sphinx.search.en import SearchEnglish

LANGUAGE = SearchEnglish({})
SCRIPT = (ROOT / "book/_static/finder.js").read_text("utf-8")

# As Sphinx writes it beside the pages; here with a stemmer that only drops a plural.
PLAIN = (
    'const stopwords = ["the", "a", "of", "to"];\n'
    'class Stemmer { stemWord(word) { return word.replace(/s$/, ""); } }\n'
)

PAGE = """
<main><article>
<section id="layout"><h1>From a corpus<a class="headerlink" href="#layout">#</a></h1>
<nav class="contents"><a href="#layout-shuffle">May I shuffle?</a></nav>
<p>Two cuts make windows.</p>
<section id="may-i-shuffle"><span id="layout-shuffle"></span><span id="id3"></span>
<h2>May I shuffle?</h2><nav class="contents"><p>secret</p></nav>
<p>Shuffled windows lose the state.</p>
<div class="cell tag_hide-cell"><pre>claim("secret")</pre></div>
<img alt="Columns of letters" src="a.svg"/>
<section id="group"><h3>A group</h3></section>
<section id="one-more"><h3>One more</h3><pre>num_steps = 35</pre></section>
</section></section>
</article></main>
"""


def found_in(html, page="notebooks/layout"):
    return list(finder.sections(page, html, LANGUAGE))


def test_each_section_has_its_own_words_and_a_lasting_address():
    top, shuffle, more = found_in(PAGE)
    assert [top.address, top.title, top.page] == [
        "notebooks/layout.html",
        "From a corpus",
        "From a corpus",
    ]
    assert shuffle.address == "notebooks/layout.html#layout-shuffle"
    assert more.address == "notebooks/layout.html#one-more"
    assert shuffle.page == "From a corpus"
    assert top.words["window"] == 1
    assert "shuffl" not in top.words
    assert shuffle.words["shuffl"] == 1 + 1 + finder.TITLE
    assert shuffle.words["letter"] == 1
    assert "secret" not in shuffle.words
    assert (more.words["num_step"], more.words["num"], more.words["step"]) == (1, 1, 1)
    assert "35" not in more.words


def test_a_term_of_the_glossary_is_a_place_of_its_own():
    html = (
        '<article><section id="g"><h1>Glossary</h1><dl class="glossary">'
        '<dt id="term-nats">nats</dt><dt id="term-bits">bits</dt><dd><p>Units.</p></dd>'
        '<dt id="term-window">window</dt><dd><p>T steps of all streams.</p></dd></dl>'
        "</section></article>"
    )
    nats, bits, term, page = found_in(html, "book/glossary")
    assert term.address == "book/glossary.html#term-window"
    assert [nats.opening, bits.opening, term.opening] == [
        "Units.",
        "Units.",
        "T steps of all streams.",
    ]
    assert term.words["window"] == finder.TITLE
    assert page.words == {"glossari": 1 + finder.TITLE}


def test_asides_are_left_out_of_an_opening_and_no_space_stands_before_a_full_stop():
    html = (
        '<article><section id="a"><h1>A</h1><p class="admonition-title">Predict</p>'
        '<p>Call <code>detach</code> <span class="bibtex-citation">[Someone, 1990]</span>, or '
        'not <span class="bibtex-citation">[Another, 1991]</span>.</p></section></article>'
    )
    assert [each.opening for each in found_in(html)] == ["Call detach, or not."]


def test_a_section_that_asks_is_worth_less_and_a_page_to_look_things_up_more(tmp_path):
    html = '<article><section id="a"><h1>A</h1></section></article>'
    assert next(finder.sections("a", html, LANGUAGE, 1.3)).worth == 1.3
    html = html.replace("A</h1>", "Exercises</h1>")
    assert next(finder.sections("a", html, LANGUAGE, 1.3)).worth == 0.65
    worth = finder.worth_of_pages(ROOT)
    assert worth["notebooks/recurrence"] == worth["book/glossary"] == 1
    assert worth["book/questions"] > worth["notebooks/error_messages"] > 1
    assert worth["book/teachers"] < worth["book/errata"] < 1


def test_the_other_words_of_a_question_lead_to_it():
    source = "(layout-shuffle)=\n### May I shuffle?\n\n% asked: permute\n\nNo.\n\n(one)=\n### One\n"
    assert finder.asked(source) == {"layout-shuffle": "permute"}
    places = finder.sections("a", PAGE, LANGUAGE, 1.0, finder.asked(source))
    assert [place.words["permut"] for place in places] == [0, finder.ASKED, 0]


def test_a_setting_in_code_is_a_word():
    found = finder.stems("stateful=True, batch_first = True", LANGUAGE)
    assert found[:3] == ["stateful=true", "stateful", "true"]
    assert not any("=" in word for word in found[1:])


def test_stateful_is_not_state():
    assert finder.stems("Stateful states", LANGUAGE) == ["stateful", "state"]


def test_an_opening_ends_between_two_words():
    assert finder.opening("short") == "short"
    long = finder.opening("word, " * 60)
    assert len(long) <= finder.OPENING + 2
    assert long.endswith("word …")


@given(st.dictionaries(st.integers(0, 500), st.integers(1, 40), min_size=1))
def test_places_are_packed_in_steps(counts):
    stands, place = [], 0
    for step in finder.packed(sorted(counts.items())).split(" "):
        further, _, count = step.partition("*")
        place += int(further)
        stands.append((place, int(count or 1)))
    assert stands == sorted(counts.items())


def ranked(query, *places):
    """Titles in the order found; each place is a title and its text, and maybe its worth."""
    sections = [
        finder.Section(f"{number}.html", title, "page", "", finder.Counter(text.split()), *worth)
        for number, (title, text, *worth) in enumerate(places)
    ]
    index = json.dumps(finder.index(sections))
    order = value(PLAIN + SCRIPT, f"Finder.rank({json.dumps(query)}, {index}).map(each => each[0])")
    return [places[number][0] for number in order]


def test_the_script_reads_the_places_as_they_were_packed():
    packed = finder.packed([(0, 3), (5, 1), (41, 12)])
    assert value(PLAIN + SCRIPT, f'Finder.stands("{packed}")') == [[0, 3], [5, 1], [41, 12]]


def test_more_words_of_a_query_beat_more_of_one_word():
    places = ("often", "detach " * 9), ("both", "detach hidden and some more"), ("none", "else")
    assert ranked("detach hidden", *places) == ["both", "often"]


def test_a_rare_word_beats_a_common_one():
    common = [(f"common {i}", "state here") for i in range(6)]
    assert ranked("state shuffle", *common, ("rare", "shuffle here"))[0] == "rare"


def test_a_short_section_beats_a_long_one():
    assert ranked("window", ("long", "window " + "word " * 90), ("short", "window word"))[0] == (
        "short"
    )


def test_a_title_that_is_the_query_beats_one_that_holds_it():
    places = ("a window or two", "window window"), ("What is a window?", "window window")
    assert ranked("window", *places) == ["What is a window?", "a window or two"]


def test_what_is_worth_more_comes_first():
    assert ranked("window", ("one", "window", 0.5), ("two", "window", 1.3)) == ["two", "one"]


def test_no_word_is_a_must_and_a_name_is_found_by_its_parts():
    places = ("names", "num_step num step"), ("other", "batch")
    assert ranked("num_steps of something unheard-of", *places) == ["names"]
    assert ranked("num steps", *places) == ["names"]


def test_a_word_that_is_not_there_is_found_by_its_beginning():
    places = ("whole", "backpropagation"), ("other", "batch"), ("stateful", "stateful")
    assert ranked("backprop", *places) == ["whole"]
    assert ranked("statefull", *places) == ["stateful"]
    assert ranked("ba", *places) == []


@pytest.mark.parametrize("query", ["", "  ", "the of", "constructor", "__proto__", "(*&^ 35", "é"])
def test_an_odd_query_finds_nothing_and_breaks_nothing(query):
    assert ranked(query, ("only", "batch")) == []


def test_a_query_of_asking_words_alone_is_taken_at_its_word():
    assert ranked("how why", ("how", "how"), ("other", "batch")) == ["how"]
    assert ranked("how batch", ("how", "how " * 9), ("other", "batch")) == ["other"]


# On the built book


@pytest.fixture(scope="module")
def index(html):
    listed = (html / "_static/sections.js").read_text("utf-8")
    return json.loads(listed.removeprefix("const SECTIONS = ").removesuffix(";\n"))


def test_every_place_that_the_search_names_is_there(html, index):
    for address, title, *_ in index["places"]:
        page, _, at = address.partition("#")
        text = (html / page).read_text("utf-8")
        assert not at or f'id="{at}"' in text, address
        assert title, address


def test_the_list_is_light_and_waits_for_a_query(html):
    listed = html / "_static/sections.js"
    assert len(gzip.compress(listed.read_bytes())) < 90_000
    assert "sections.js" not in (html / "search.html").read_text("utf-8")
    assert not (html / "searchindex.js").exists()


def test_python_and_the_script_part_and_stem_alike(html):
    language = (html / "_static/language_data.js").read_text("utf-8")
    pages = [path.read_text("utf-8") for path in sorted(html.glob("*/*.html"))]
    soups = [finder.BeautifulSoup(page, "html.parser").select_one("article") for page in pages]
    text = " ".join(finder.text_of(soup) for soup in soups)
    ours = sorted(set(finder.stems(text, LANGUAGE)))
    theirs = value(f"{language}\n{SCRIPT}", f"[...new Set(Finder.stems({json.dumps(text)}))]")
    assert set(ours) ^ set(theirs) == set()
    assert len(ours) > 1000
