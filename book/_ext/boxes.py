"""The four boxes of the course, whose titles may be chosen."""

from __future__ import annotations

from docutils import nodes
from docutils.parsers.rst.directives.admonitions import Admonition
from sphinx.application import Sphinx

# The title of a box that is given none.
BOXES = {
    "tip": "Predict",
    "important": "Remember",
    "warning": "The usual mistake",
    "note": "In other libraries",
}


class Box(Admonition):
    """A box of the course: like the one of the same name, but its title may be chosen."""

    required_arguments = 0
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make an admonition with the box's name as its class."""
        self.arguments = self.arguments or [BOXES[self.name]]
        self.options["class"] = [self.name, *self.options.get("class", [])]
        return super().run()


def setup(app: Sphinx) -> dict[str, bool]:
    """Name the boxes."""
    for name in BOXES:
        app.add_directive(name, Box, override=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
