"""What the tests of the built book share: its pages, a host for them, and a browser.

``make book`` builds the pages; ``--html FOLDER`` looks at others. A browser that is missing is a
failure, not a skip: ``apt-get install chromium``, or name its program in BROWSER_BINARY.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from browsing import DESK, FLAGS, WATCH_MOVES, Host, chromium
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, sync_playwright
from sources import BASE, ROOT


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--html", type=Path, default=ROOT / "_build/html", help="the built pages")


@pytest.fixture(scope="session")
def html(request: pytest.FixtureRequest) -> Path:
    """The folder of the built pages."""
    folder: Path = request.config.getoption("--html").resolve()
    if not (folder / "index.html").is_file():
        pytest.fail(f"Run `make book` first: there are no pages in {folder}.", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def pages(html: Path) -> dict[str, BeautifulSoup]:
    """Every page, by its path from the first one."""
    found = sorted(path for path in html.rglob("*.html") if "_static" not in path.parts)
    read = {path: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in found}
    return {path.relative_to(html).as_posix(): page for path, page in read.items()}


@pytest.fixture(scope="session")
def host(html: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """Address of the first page, and bytes sent by name since somebody emptied the list."""
    handler = type("Pages", (Host,), {"root": html, "sent": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{BASE}{'/' if BASE else ''}", handler.sent
        server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser, host: tuple[str, Any]) -> Iterator[Callable[..., Page]]:
    """Open a page as a new reader; what it complains of, or asks another host, is a failure."""
    complaints: list[str] = []
    opened: list[Any] = []

    def near(url: str) -> bool:
        return urlsplit(url).hostname in (None, "127.0.0.1")

    def watch(page: Page) -> Page:
        page.on("console", lambda said: said.type in ("error", "warning") and note(said.text))
        page.on("pageerror", lambda error: note(str(error)))
        page.on("request", lambda asked: near(asked.url) or note(f"asked {asked.url}"))
        page.add_init_script(WATCH_MOVES)
        return page

    note = complaints.append

    def visit(address: str, before: str = "", size: Any = DESK, **how: Any) -> Page:
        mobile = size["width"] < 800
        context = browser.new_context(viewport=size, is_mobile=mobile, has_touch=mobile, **how)
        opened.append(context)
        page = watch(context.new_page())
        if before:
            page.add_init_script(before)
        page.goto(address if "://" in address else host[0] + address)
        return page

    yield visit
    for context in opened:
        context.close()
    if complaints:
        pytest.fail("The page complains:\n" + "\n".join(dict.fromkeys(complaints)), pytrace=False)
