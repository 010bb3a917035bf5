"""What a site needs where it is hosted: its address on each page, and a page for lost ones.

The address comes from ``html.baseurl`` in ``_config.yml``, whose options for previews and for the
map of the site (sphinxext-opengraph, sphinx-sitemap) need it. While it is empty, no page claims an
address, and the page for lost ones takes the site to stand at the root of its host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

# What a preview would read as relative to nothing.
LOOSE = re.compile(r'<meta (?:property="og:(?:url|image)|name="twitter:)[^\n]*\n?')


def end_in_a_slash(app: Sphinx, config: Config) -> None:
    """Give previews the address too, and let what is joined to it stay in its folder."""
    address = (config.html_baseurl or "").strip().rstrip("/")
    config.html_baseurl = config.ogp_site_url = f"{address}/" if address else ""


def drop_loose_addresses(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Claim no address and show no picture where there is no address to find it at."""
    if not app.config.html_baseurl:
        context["metatags"] = LOOSE.sub("", context.get("metatags", ""))


def lost_page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The page for an address that leads nowhere; it works however deep that address was."""
    first, root = app.config.root_doc, urlsplit(app.config.html_baseurl).path or "/"
    listed = app.env.toctree_includes[first]
    names = [first, *(each for each in listed if each.startswith("notebooks/"))]
    pages = [(f"{root}{name}.html", app.env.titles[name].astext()) for name in names]
    yield "404", {"root": root, "pages": pages}, "404.html"


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the steps."""
    app.connect("config-inited", end_in_a_slash, priority=400)
    app.connect("html-page-context", drop_loose_addresses, priority=900)
    app.connect("html-collect-pages", lost_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
