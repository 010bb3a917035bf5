"""Figures to play with: an ordinary numbered figure that a script brings to life.

On a page or in a Markdown cell of a notebook::

    :::{play} triangle
    :name: fig-triangle-play
    :alt: What the still picture shows, in words.
    :set: k1=7 k2=14

    The caption.
    :::

The argument names ``book/_static/play/<name>.js``, which defines the figure, and
``<name>.svg``, the still picture that stands where scripts are off. ``:set:`` changes how the
figure starts; ``:still:`` names another still picture that shows this start. Still pictures are
drawn by the script itself: ``python tests/play_stills.py``.

The script and the style sheet are loaded only by pages that have such a figure, after the page
has been read, and as classic scripts: modules do not load from a folder without a server.

A script puts its pure part, functions of numbers that a test compares with the helpers, at
``TwoAxes.<name>``, and describes its figure at ``TwoAxes.figures.<name>``:

- ``title`` and ``label``: words for the group of controls and for the picture;
- ``width`` and ``height``: its own units; 360 wide with letters of 12 is readable on a phone;
- ``start``: the settings, by name;
- ``controls``: a list of ``{kind, name, label}``, each a native control: ``slider`` (``min``,
  ``max``, which may be functions of the settings, ``step``, ``short`` for messages, or ``values``
  to choose from with ``text`` to name them), ``steps`` (a slider with Back and Step, and with
  ``run`` a button that walks on every ``every`` milliseconds), ``choice`` (``options`` of
  ``{value, text}``), ``check``, ``text``, ``buttons`` (``options`` of ``{text, set}``); ``when``
  hides one that means nothing now;
- ``settle(settings, name)``: settings that go together, after the one of that name was changed;
- ``pick(settings, x, y)``: what a touch on the picture changes; a control must do the same;
- ``view(settings)``: ``{picture, says, facts}``: the inside of an SVG as text, sentences that say
  what it shows, and pairs of a number and its words; also ``note`` and ``remark``. For settings
  that are impossible it calls ``TwoAxes.refuse(sentence)``; the reader sees it and the last picture
  stays.

``play.js`` has the helpers for drawing and the controls, ``play.css`` the colours in both themes
and the room that is kept for each figure until its script has run.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = "book/_static/play"
FRAME = "play"
ROOM = '</div>\n<div class="play-words"></div>\n<div class="play-settings"></div></div>'


def settings(text: str) -> dict[str, float | str]:
    """``k1=7 edge=carry`` as a mapping; what reads as a number is one."""
    found: dict[str, float | str] = {}
    for part in text.split():
        name, equals, value = part.partition("=")
        if not (name and equals and value):
            raise ValueError(f"set must be pairs such as k1=7, got {part!r}")
        try:
            found[name] = json.loads(value)
        except json.JSONDecodeError:
            found[name] = value
    return found


def proportions(drawing: str) -> str:
    """Width and height of a drawing, so that its room is kept before it is there."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)
    if size is None:
        raise ValueError("a still picture must open with a viewBox that begins at 0 0")
    return f"{size[1]} / {size[2]}"


class Play(SphinxDirective):
    """A numbered figure with a still picture, and room for what the script adds."""

    required_arguments = 1
    has_content = True
    option_spec = {  # noqa: RUF012
        "name": directives.unchanged_required,
        "alt": directives.unchanged_required,
        "set": settings,
        "still": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Make the figure; refuse one without words, a caption or its files."""
        (name,) = self.arguments
        still = f"{FOLDER}/{self.options.get('still', name)}.svg"
        for needed in (still, f"{FOLDER}/{name}.js"):
            if not (Path(self.env.srcdir) / needed).is_file():
                raise self.error(f"play: there is no {needed}")
        for option in ("name", "alt"):
            if option not in self.options:
                raise self.error(f"play: {name} needs the option :{option}:")
        caption = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, caption)
        if len(caption) != 1 or not isinstance(caption[0], nodes.paragraph):
            raise self.error(f"play: {name} needs a caption of one paragraph")
        start = escape(json.dumps(self.options.get("set", {})))
        ratio = proportions((Path(self.env.srcdir) / still).read_text("utf-8"))
        stage = (
            f'<div class="play-stage play-{name}" data-play="{name}" data-set="{start}">'
            f'<div class="play-box" style="aspect-ratio: {ratio}">\n'
        )
        figure = nodes.figure(
            "",
            nodes.raw("", stage, format="html"),
            nodes.image(uri=f"/{still}", alt=self.options["alt"]),
            nodes.raw("", ROOM, format="html"),
            nodes.caption(caption[0].rawsource, "", *caption[0].children),
            classes=["play"],
            play=name,
        )
        for node in (figure, figure[1]):
            self.set_source_info(node)
        self.add_name(figure)
        return [figure]


def add_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Give a page the scripts of the figures that stand on it."""
    figures = doctree.findall(nodes.figure) if doctree is not None else ()
    names = {figure["play"] for figure in figures if "play" in figure}
    if names:
        app.add_css_file("play/play.css")
        for name in (FRAME, *sorted(names)):
            app.add_js_file(f"play/{name}.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the step that adds its files."""
    app.add_directive("play", Play)
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
