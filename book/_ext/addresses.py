"""Let the mark behind a heading hand out the address that stays.

A section with a label has two addresses: the label, and one that is made of the words of its
heading and changes with them. The mark behind the heading names the label, and so does a list of
contents on the page.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

SECTION = re.compile(r'<section id="(?P<made>[^"]+)">\s*(?P<labels>(?:<span id="[^"]+"></span>)+)')


def lasting(body: str) -> str:
    """The page with links to its own sections by label, where a section has one."""
    names = {}
    for found in SECTION.finditer(body):
        labels = re.findall(r'id="(?!id\d+")([^"]+)"', found["labels"])
        if labels:
            names[found["made"]] = labels[-1]
    return re.sub(r'href="#([^"]+)"', lambda at: f'href="#{names.get(at[1], at[1])}"', body)


def use_labels(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Do it for each page."""
    if context.get("body"):
        context["body"] = lasting(context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the step for each page."""
    app.connect("html-page-context", use_labels)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
