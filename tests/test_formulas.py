"""Formulas become MathML while the book is built, and none is left as it was written."""

import base64
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import formulas
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from formulas import to_mathml
from lighter import FORMULA_FONT, characters_of_formulas
from math_core import LatexError
from test_site import pages


def words(mathml):
    return BeautifulSoup(mathml, "html.parser").get_text()


def test_a_formula_in_a_line_and_one_by_itself_differ():
    assert to_mathml("x", display=False) == "<math><mi>x</mi></math>"
    assert to_mathml("x", display=True) == '<math display="block"><mi>x</mi></math>'


def test_lines_are_aligned_and_have_no_numbers_of_their_own():
    for latex in (r"a &= b \\ c &= d", r"\begin{align}a &= b \\ c &= d\end{align}"):
        mathml = to_mathml(latex, display=True)
        assert mathml.count("<mtr>") == 2
        assert words(mathml) == "a=bc=d"


def test_paragraphs_of_a_display_are_lines_of_it():
    assert to_mathml("a = b\n\nc = d", display=True).count("<mtr>") == 2


def test_what_is_not_understood_is_refused():
    with pytest.raises(LatexError, match="nosuchcommand"):
        to_mathml(r"\nosuchcommand", display=False)


def test_every_formula_of_the_book_is_mathml(html):
    count = 0
    for path, page in pages(html).items():
        for place in page.select(".math"):
            assert place.select_one("math") is not None, f"{path.name}: {place.get_text()[:60]}"
            assert not re.search(r"\\\w|\$", place.get_text()), f"{path.name}: {place.get_text()}"
            count += 1
    assert count > 50


def test_the_font_of_the_formulas_has_what_they_are_written_with(html):
    css = (html / "_static" / "site.css").read_text("utf-8")
    data = re.search(rf'"{FORMULA_FONT}";[^}}]*base64,([^)]+)', css)
    assert data is not None
    known = set(TTFont(BytesIO(base64.b64decode(data[1]))).getBestCmap())
    written = set()
    for path in pages(html):
        written |= characters_of_formulas(path.read_text("utf-8"))
    unseen = set("\u2061\u2062\u200b ")
    assert {each for each in written - unseen if ord(each) not in known} == set()


def test_a_formula_with_a_label_has_a_number_that_a_text_can_refer_to(tmp_path):
    (tmp_path / "conf.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(formulas.__file__).parent)!r})\n"
        "extensions = ['myst_parser', 'formulas']\n"
        "myst_enable_extensions = ['dollarmath']\n"
        "html_math_renderer = 'mathml'\n"
    )
    (tmp_path / "index.md").write_text(
        "# One\n\n$$ a = b $$ (sum)\n\n$$ c $$\n\nSee {eq}`sum`.\n", "utf-8"
    )
    build = [sys.executable, "-m", "sphinx", "-q", "-W", str(tmp_path), str(tmp_path / "out")]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = BeautifulSoup((tmp_path / "out" / "index.html").read_text("utf-8"), "html.parser")
    first, second = page.select("div.math")
    assert first.select_one(".eqno").get_text().startswith("(1)")
    assert second.select_one(".eqno") is None
    (link,) = (a for a in page.select("a.reference") if a["href"] == f"#{first['id']}")
    assert link.get_text() == "(1)"
