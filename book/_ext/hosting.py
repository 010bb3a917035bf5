"""What a site needs where it is hosted: its address on each page, a map, and a page for lost ones.

All of it comes from ``html.baseurl`` in ``_config.yml``. While that is empty, no page claims an
address, and the page for lost ones takes the site to stand at the root of its host.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from sphinx.application import Sphinx
from sphinx.config import Config

CARD = "card.png"
CARD_WORDS = (
    "A corpus cut into columns: batch runs across and time runs down. Two Axes, a course on "
    "batch size and time steps in the training of recurrent networks."
)

# Pages that lead somewhere, or list what others hold.
UNLISTED = {"index.html", "404.html", "search.html", "genindex.html"}


def base_of(config: Config) -> str:
    """The address of the site with a slash at its end, or nothing."""
    address = (config.html_baseurl or "").strip()
    return address.rstrip("/") + "/" if address else ""


def name_the_card(app: Sphinx, config: Config) -> None:
    """Let link previews show our card, where there is an address to find it at."""
    base = base_of(config)
    config.ogp_site_url = base
    if base:
        config.html_baseurl = base
        config.ogp_image = f"{base}_static/{CARD}"
        config.ogp_image_alt = CARD_WORDS
        config.ogp_custom_meta_tags = [
            '<meta property="og:image:width" content="1200" />',
            '<meta property="og:image:height" content="630" />',
            '<meta name="twitter:card" content="summary_large_image" />',
        ]


def drop_loose_address(
    app: Sphinx, pagename: str, template: str, context: dict, doctree: object
) -> None:
    """Take away the address that a preview would read as relative to nothing."""
    if not base_of(app.config) and context.get("metatags"):
        lines = context["metatags"].split("\n")
        context["metatags"] = "\n".join(line for line in lines if 'property="og:url"' not in line)


def site_map(base: str, pages: list[str]) -> str:
    """The addresses of `pages`, for search engines."""
    places = "".join(f"<url><loc>{escape(base + page)}</loc></url>\n" for page in pages)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n'
    )


def lost_page(template: str, base: str, project: str, pages: list[tuple[str, str]]) -> str:
    """The page for an address that leads nowhere; it works however deep that address was."""
    root = urlsplit(base).path or "/"
    links = "".join(
        f'<li><a href="{escape(root + page)}">{escape(title)}</a></li>\n' for page, title in pages
    )
    return (
        template.replace("{root}", escape(root))
        .replace("{project}", escape(project))
        .replace("{links}", links)
    )


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Write the page for lost ones, and the map where the site has an address."""
    if exception is not None or app.builder.name != "html":
        return
    site, source = Path(app.outdir), Path(app.srcdir)
    base = base_of(app.config)
    toc = yaml.safe_load((source / "_toc.yml").read_text("utf-8"))
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    titles = [
        (f"{name}.html", app.env.titles[name].astext())
        for name in (toc["root"], *files)
        if name == toc["root"] or name.startswith("notebooks/")
    ]
    template = (source / "book" / "_templates" / "404.html").read_text("utf-8")
    (site / "404.html").write_text(lost_page(template, base, app.config.project, titles), "utf-8")
    if base:
        pages = sorted(f"{name}.html" for name in app.env.found_docs)
        listed = [page for page in pages if page not in UNLISTED]
        (site / "sitemap.xml").write_text(site_map(base, listed), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the steps."""
    app.connect("config-inited", name_the_card, priority=400)
    app.connect("html-page-context", drop_loose_address, priority=900)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
