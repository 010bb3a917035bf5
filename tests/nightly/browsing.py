"""What is needed to read the book in a browser: a host, screens, and a look for barriers."""

from __future__ import annotations

import gzip
import mimetypes
import os
import shutil
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import axe_playwright_python
import pytest
from playwright.sync_api import Page
from sources import BASE

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
PACKED = {".html", ".css", ".js", ".svg", ".json", ".xml"}
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")

# What moved that stood on the screen already, and by how much of it.
WATCH_MOVES = """
window.moved = [];
new PerformanceObserver(list => {
  for (const each of list.getEntries()) if (!each.hadRecentInput && each.value > 0.005)
    window.moved.push([each.value.toFixed(3), ...each.sources.map(at => at.node?.className
      ? `${at.node.className}: ${at.previousRect.y} to ${at.currentRect.y}` : "text")].join(", "));
}).observe({ type: "layout-shift", buffered: true });
"""


# What was just unfolded fades in, and pale letters on their way are no barrier.
BARRIERS = """async options => {
  await Promise.all(document.getAnimations()
    .filter(each => each.effect.getComputedTiming().endTime < Infinity)
    .map(each => each.finished.catch(() => {})));
  return (await axe.run(options)).violations.map(each =>
    `${each.id}: ${each.nodes.length}, first ${each.nodes[0].target.join(" ")}`);
}"""


def barriers(page: Page, **options: Any) -> list[str]:
    """What keeps somebody out of a page, as axe-core finds it."""
    page.evaluate(AXE)
    found: list[str] = page.evaluate(BARRIERS, options)
    return found


def chromium() -> str:
    """The browser's program; a failure where there is none."""
    named = os.environ.get("BROWSER_BINARY")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail("Install Chromium, as in `apt-get install chromium`.", pytrace=False)
    return found


class Host(BaseHTTPRequestHandler):
    """Serve files as a static host does, compressed; note what was sent, and how much."""

    root: Path
    sent: dict[str, int]

    def do_GET(self) -> None:
        name = unquote(urlsplit(self.path).path).strip("/").removeprefix(BASE).strip("/")
        path = self.root / (name or "index.html")
        if not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        content = path.read_bytes()
        packed = path.suffix in PACKED
        content = gzip.compress(content) if packed else content
        type(self).sent[name] = len(content)
        self.send_response(HTTPStatus.OK)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=600")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass
