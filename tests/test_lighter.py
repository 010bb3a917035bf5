"""The pages are light: small sheets, scripts, fonts and drawings that still do their work."""

import base64
import gzip
import re
from io import BytesIO

import lighter
import pytest
from fontTools.ttLib import TTFont
from test_site import pages

SHEET = """
@charset "utf-8";
:root { --used: red; --unused: blue; --by-script: 1px }
.there, .gone { color: var(--used) }
.there .gone { color: red }
.there:not(.gone)::before { content: "a;b}" }
p > .there:hover { color: blue !important; }
:is(.gone, .there) p { color: green }
:is(.gone, nav) p { color: grey }
[data-theme="dark"] p { color: white }
@media print { .there { color: black } .gone { color: red } }
@media print { .gone { color: red } }
@keyframes turns { from { top: 0 } }
@keyframes stands { from { top: 0 } }
p { animation: turns 1s; background: url("data:image/svg+xml;charset=utf-8,%3Csvg%3E") }
"""


@pytest.fixture(scope="module")
def pruned():
    return lighter.prune(SHEET, {"p", "there", "--by-script"})


@pytest.mark.parametrize(
    "rule",
    [
        ".there{color:var(--used)}",
        '.there:not(.gone)::before{content:"a;b}"}',
        "p > .there:hover{color:blue!important}",
        ":is(.gone, .there) p{color:green}",
        '[data-theme="dark"] p{color:white}',
        "@media print{.there{color:black}}",
        ":root{--used:red;--by-script:1px}",
        "@keyframes turns{from { top: 0 }}",
        'p{animation:turns 1s;background:url("data:image/svg+xml;charset=utf-8,%3Csvg%3E")}',
    ],
)
def test_a_rule_that_a_page_can_use_stays(pruned, rule):
    assert rule in pruned.split("\n")


@pytest.mark.parametrize("name", [".there .gone", "grey", "--unused", "stands", 'charset "'])
def test_what_no_page_can_use_goes(pruned, name):
    assert name not in pruned


def test_a_script_may_give_any_of_its_words_to_an_element():
    assert {"is-open", "d-none"} <= lighter.words_of_script('x.className = "is-open d-none"')


def test_an_imported_style_sheet_stands_where_it_is_imported(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "base.css").write_text("p{top:0}")
    (tmp_path / "deep" / "top.css").write_text('@import "../base.css";\nb{top:1px}')
    assert lighter.read_sheet(tmp_path / "deep" / "top.css") == "p{top:0}\nb{top:1px}"


def test_code_keeps_the_marks_that_are_coloured():
    css = ".highlight{color:#111}\n.highlight .n{color:#111}\n.highlight .k{color:#222}"
    assert lighter.uncoloured(css) == {"n"}
    code = '<pre><span></span><span class="k">if</span> <span class="n">x</span></pre>'
    assert lighter.plain_code(code, {"n"}) == '<pre><span class="k">if</span> x</pre>'
    assert lighter.plain_code('<p><span class="n">x</span></p>', {"n"}).count("span") == 2


def test_a_mark_that_is_coloured_in_one_theme_alone_stays():
    light = "[light] .highlight{color:#111}\n[light] .highlight .n{color:#111}\n"
    assert lighter.uncoloured(light) == {"n"}
    dark = "[dark] .highlight{color:#eee}\n[dark] .highlight .n{color:#ddd}"
    assert lighter.uncoloured(light + dark) == set()


def test_single_letters_of_formulas_are_there_slanted_too():
    found = lighter.characters_of_formulas("<math><mi>h</mi><mi>W</mi><mi>λ</mi><mo>+</mo></math>")
    assert found == set("hWλ+ℎ𝑊𝜆")
    assert "√" in lighter.characters_of_formulas("<math><msqrt><mn>2</mn></msqrt></math>")


def test_a_drawing_keeps_its_shape_and_loses_digits():
    drawing = (
        '<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg width="504pt" height="216pt">\n'
        " <metadata><x/></metadata>\n"
        ' <path d="M 10.123456 -0.000123 \nL 2.5 3 z" '
        'transform="translate(1.23456 2) scale(0.015625)"/>\n'
        ' <image xlink:href="data:image/png;base64,1.23456"/>\n</svg>'
    )
    light = lighter.lighter_drawing(drawing)
    assert 'd="M 10.12 0 L 2.5 3 z"' in light
    assert 'transform="translate(1.23 2) scale(0.015625)"' in light
    assert "base64,1.23456" in light
    assert light.startswith("<svg")
    assert "metadata" not in light
    assert lighter.lighter_drawing(light) == light
    assert lighter.size_of_drawing(light) == (672, 288)


def test_a_drawing_without_lengths_has_the_size_of_its_box():
    assert lighter.size_of_drawing('<svg viewBox="0 0 560 320.4">') == (560, 320)
    assert lighter.size_of_drawing("<p>") is None


def weight(path):
    """As a server sends it."""
    whole = path.read_bytes()
    return len(whole if path.suffix in (".png", ".woff") else gzip.compress(whole))


def test_every_page_names_one_style_sheet_and_one_script_for_all(html):
    for path, page in pages(html).items():
        sheets = [link["href"] for link in page.select('link[rel="stylesheet"]')]
        scripts = [tag["src"] for tag in page.select("script[src]")]
        if not sheets:
            continue
        own = [at for at in sheets + scripts if "/play/" not in at]
        names = [at.partition("?")[0].rpartition("/")[2] for at in own]
        search = ["language_data.js", "finder.js"]
        assert names == ["site.css", "site.js", *(search if path.name == "search.html" else [])]


def test_no_script_holds_up_the_reading_of_a_page(html):
    for path, page in pages(html).items():
        for script in page.select("script[src]"):
            assert script.has_attr("defer"), f"{path.name}: {script['src']}"


def test_a_page_and_all_that_it_loads_first_are_light(html):
    """Without its figures; the test in a browser counts what is really sent."""
    for path, page in pages(html).items():
        loads = [
            tag.get("href") or tag.get("src")
            for tag in page.select("link[rel=stylesheet], script[src]")
        ]
        files = [(path.parent / at.partition("?")[0]).resolve() for at in loads]
        assert weight(path) < 60_000, path.name
        assert weight(path) + sum(weight(file) for file in files) < 200_000, path.name


# Walks of hundreds of steps, and a map of many cells: each step and each cell is drawn.
HEAVY = {"fig-feedforward-walks", "fig-truncation-beyond"}


def test_figures_are_light(html):
    """15 KB at most as a rule."""
    heavy = {}
    for path, page in pages(html).items():
        for picture in page.select("article img"):
            size = weight((path.parent / picture["src"]).resolve())
            if size > 15_000:
                heavy[picture.find_parent("figure")["id"]] = size
    assert set(heavy) <= HEAVY, heavy
    assert all(size < 25_000 for size in heavy.values()), heavy


def test_pictures_load_when_they_come_into_view_and_their_room_is_kept(html):
    for path, page in pages(html).items():
        for picture in page.select("article img"):
            where = f"{path.name}: {picture['src']}"
            assert picture.get("loading") == "lazy", where
            assert picture.get("width"), where
            assert picture.get("height"), where


def test_icons_are_in_the_style_sheet(html):
    css = (html / "_static" / "site.css").read_text("utf-8")
    drawn = {chr(int(code, 16)) for code in re.findall(r'content:"\\([ef][0-9a-f]{3})"', css)}
    drawn |= set(re.findall("[\ue000-\uf8ff]", css))
    fonts = re.findall(r'font-family:"Font Awesome[^}]*base64,([^)]+)', css)
    known = [TTFont(BytesIO(base64.b64decode(font))).getBestCmap() for font in fonts]
    assert len(drawn) > 10
    assert {each for each in drawn if not any(ord(each) in cmap for cmap in known)} == set()


def test_what_no_page_loads_is_not_in_the_site(html):
    static = html / "_static"
    assert list(static.rglob("*.map")) == []
    for gone in ("mathjax", "vendor", "scripts", "styles", "basic.css", "sphinx-thebe.js"):
        assert not (static / gone).exists(), gone


def test_a_second_build_changes_nothing(html):
    before = {path: path.read_text("utf-8") for path in pages(html)}
    site = dict(before)
    lighter.together(html, site)
    assert {path: lighter.keep_room(path, text) for path, text in site.items()} == before
