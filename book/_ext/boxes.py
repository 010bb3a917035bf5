"""The boxes of the course, and mends where a screen reader would misread what others write."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst.directives.admonitions import Admonition
from sphinx.application import Sphinx

# The four boxes of the course, and the title of one that is given none.
BOXES = {
    "tip": "Predict",
    "important": "Remember",
    "warning": "The usual mistake",
    "note": "In other libraries",
}

# What stands on a page, and what ought to. A folded cell is named by what it shows, the empty
# corner of a table heads nothing, and no two places have the same name.
MENDS = (
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    (re.compile(r'<th class="head[^"]*">\s*(?:<p></p>)?\s*</th>'), "<td></td>"),
    (re.compile(r'<section id="(?:exercise|solution)-content">'), "<section>"),
)

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


def mend(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Put right on a page what a screen reader would misread."""
    body = context.get("body") or ""
    for wrong, right in MENDS:
        body = wrong.sub(right, body)
    if "citation-list" in body:
        for role in LOOSE_ROLES:
            body = body.replace(role, "")
    if body:
        context["body"] = body


def setup(app: Sphinx) -> dict[str, bool]:
    """Name the boxes, and mend each page."""
    for name in BOXES:
        app.add_directive(name, Box, override=True)
    app.connect("html-page-context", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
