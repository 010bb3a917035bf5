"""The boxes of the course, and a list of references that a screen reader reads right."""

from __future__ import annotations

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
    """Name the boxes, and mend the list of references."""
    for name in BOXES:
        app.add_directive(name, Box, override=True)
    app.connect("html-page-context", clean_bibliography)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
