"""Keep every file that a page loads on the site's own host, and few; name the course's boxes."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst.directives.admonitions import Admonition
from sphinx.application import Sphinx
from sphinx.config import Config

# The part of MathJax that a page asks for: the program and its fonts.
MATHJAX = ("tex-chtml.js", "output/chtml/fonts/woff-v2")

# Files of the theme that no page loads, and that would only make the site heavier.
UNUSED = ("sphinx-thebe.*", "scripts/fontawesome.js*", "*webpack-macros.html")

# Inline scripts call into these two while the page is read, so they cannot wait for its end.
NOT_DEFERRED = ("documentation_options.js", "doctools.js")

# The four boxes of the course, and the title of one that is given none.
BOXES = {
    "tip": "Predict",
    "important": "Remember",
    "warning": "The usual mistake",
    "note": "In other libraries",
}

# Roles that the bibliography gives without the list around them that the roles demand.
LOOSE_ROLES = (' role="doc-biblioentry"', ' role="list"')


class Box(Admonition):
    """A box of the course: like the one of the same name, but its title may be chosen."""

    required_arguments = 0
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make an admonition with the box's name as its class."""
        self.arguments = self.arguments or [BOXES[self.name]]
        self.options["class"] = [self.name, *self.options.get("class", [])]
        return super().run()


def local_mathjax(app: Sphinx, config: Config) -> None:
    """Point to the copy of MathJax that :func:`copy_mathjax` puts into the site."""
    config.mathjax_path = "mathjax/tex-chtml.js"


def copy_mathjax(app: Sphinx, exception: Exception | None) -> None:
    """Copy what pages need of MathJax from the installed package."""
    if exception is not None or app.builder.format != "html":
        return
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise RuntimeError("sphinx-mathjax-offline is not installed: run `make book`")
    source = Path(spec.origin).parent / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    for name in MATHJAX:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            shutil.copy2(source / name, target / name)


def drop_unused(app: Sphinx, exception: Exception | None) -> None:
    """Remove from the built site what :data:`UNUSED` names."""
    if exception is None and app.builder.format == "html":
        for pattern in UNUSED:
            for path in (Path(app.outdir) / "_static").glob(pattern):
                path.unlink()


def clean_assets(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Drop the live-code scripts, the doubles, and MathJax where nothing is to be set.

    The other scripts wait until the page has been read.
    """
    formulas = 'class="math' in (context.get("body") or "")
    kept: dict[tuple[str, str], Any] = {}
    for script in context.get("script_files", []):
        name = str(getattr(script, "filename", script) or "")
        attributes = getattr(script, "attributes", {})
        body = attributes.get("body") or ""
        if "thebe" in (name + body).lower():
            continue
        if "mathjax" in (name + body).lower() and not formulas:
            continue
        if name and "async" not in attributes and not name.endswith(NOT_DEFERRED):
            attributes.setdefault("defer", "defer")
        kept.setdefault((name, body), script)
    context["script_files"][:] = kept.values()
    context["css_files"][:] = [
        sheet
        for sheet in context.get("css_files", [])
        if "thebe" not in str(getattr(sheet, "filename", sheet))
    ]


def clean_bibliography(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Take away the roles with which a screen reader would misread the list of references."""
    body = context.get("body") or ""
    if "citation-list" in body:
        for role in LOOSE_ROLES:
            body = body.replace(role, "")
        context["body"] = body


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the steps; the scripts last, once every other extension has added its own."""
    for name in BOXES:
        app.add_directive(name, Box, override=True)
    app.connect("config-inited", local_mathjax)
    app.connect("html-page-context", clean_bibliography)
    app.connect("html-page-context", clean_assets, priority=950)
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", drop_unused)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
