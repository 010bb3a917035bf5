"""Formulas as MathML, made while the book is built: no script, nothing loaded, nothing moves."""

from __future__ import annotations

import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

LOG = logging.getLogger(__name__)

# Compact errors: the place in the book is told beside them.
CONVERTER = LatexToMathML(fancy_error=False)

# Numbers are given by the book, to formulas with a label; these would number every line.
NUMBERING = re.compile(r"\\(begin|end)\{(align|alignat|equation|flalign|gather|multline)\}")


def to_mathml(latex: str, *, display: bool) -> str:
    """A formula in MathML; raises ``LatexError`` where it is not understood.

    Paragraphs of a display become lines of it, and lines are aligned at ``&``.
    """
    if display:
        latex = NUMBERING.sub(r"\\\1{\2*}", latex)
        latex = r"\\ ".join(part.strip() for part in latex.split("\n\n") if part.strip())
        if r"\\" in latex and r"\begin{" not in latex:
            latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    return str(CONVERTER.convert_with_local_state(latex, displaystyle=display))


def write(translator: HTML5Translator, node: nodes.Element, *, display: bool) -> None:
    """Put the formula of `node` on the page; what is not understood is a warning."""
    try:
        translator.body.append(to_mathml(node.astext(), display=display))
    except LatexError as error:
        LOG.warning("formula not understood: %s", error, location=node)
        translator.body.append(f"<code>{translator.encode(node.astext())}</code>")


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line of text."""
    translator.body.append(translator.starttag(node, "span", "", CLASS="math notranslate"))
    write(translator, node, display=False)
    translator.body.append("</span>")
    raise nodes.SkipNode


def visit_display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """A formula that stands by itself, with its number where it has one."""
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    write(translator, node, display=True)
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the renderer; `_config.yml` chooses it with ``html_math_renderer: mathml``."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
