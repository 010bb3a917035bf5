"""What is put right on each page, once it is made.

A screen reader would misread some of what others write. And a section with a label has two
addresses: the label, and one that is made of the words of its heading and changes with them; the
mark behind the heading, and a list of contents on the page, hand out the label, which stays.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

# What stands on a page, and what ought to. A folded cell is named by what it shows, the empty
# corner of a table heads nothing, no two places have the same name, and the bibliography gives
# roles without the list around them that the roles demand.
MENDS = (
    (r'<summary aria-label="Toggle hidden content">', "<summary>"),
    (r'<th class="head[^"]*">\s*(?:<p></p>)?\s*</th>', "<td></td>"),
    (r'<section id="(?:exercise|solution)-content">', "<section>"),
    (r' role="(?:doc-biblioentry|list)"', ""),
)

SECTION = re.compile(r'<section id="([^"]+)">\s*((?:<span id="[^"]+"></span>)+)')


def lasting(body: str) -> str:
    """The page with links to its own sections by label, where a section has one."""
    labels = {
        at: re.findall(r'id="(?!id\d+")([^"]+)"', spans) for at, spans in SECTION.findall(body)
    }
    names = {made: found[-1] for made, found in labels.items() if found}
    return re.sub(r'href="#([^"]+)"', lambda at: f'href="#{names.get(at[1], at[1])}"', body)


def mend(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Do it for each page."""
    if body := context.get("body"):
        for wrong, right in MENDS:
            body = re.sub(wrong, right, body)
        context["body"] = lasting(body)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the step for each page."""
    app.connect("html-page-context", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
