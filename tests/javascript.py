"""Run the course's scripts: in node where there is one, else in Chromium, else not at all."""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

ROOT = Path(__file__).parents[1]
PLAY = ROOT / "book" / "_static" / "play"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing but this machine can be found, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def run(names: list[str], expression: str) -> Any:
    """Value of a JavaScript expression, once the figures' scripts have been read."""
    return value(
        "\n".join((PLAY / f"{name}.js").read_text("utf-8") for name in ("play", *names)), expression
    )


def value(source: str, expression: str) -> Any:
    """Value of a JavaScript expression, once `source` has been read."""
    node = shutil.which("node")
    if node is None:
        browser = kept_open()
        browser.get("about:blank")
        return json.loads(browser.execute_script(f"{source}\nreturn JSON.stringify({expression})"))
    program = f"{source}\nprocess.stdout.write(JSON.stringify({expression}))"
    done = subprocess.run([node, "-"], input=program, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@cache
def kept_open() -> webdriver.Chrome:
    """One browser for all scripts, closed at the end."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(chromium())


@contextmanager
def chromium(*logs: str) -> Iterator[webdriver.Chrome]:
    """A browser with nothing open that keeps `logs`; the test skips where there is none."""
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no Chromium with its chromedriver on the path: no script was run in a browser")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", dict.fromkeys(("browser", *logs), "ALL"))
        with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as browser:
            yield browser


def rules_of_pictures() -> str:
    """The part of the style sheet that a still picture carries with it."""
    sheet = (PLAY / "play.css").read_text("utf-8")
    inside = sheet.partition("/* picture { */")[2].partition("/* } picture */")[0]
    assert inside.strip()
    return inside


def still(name: str, settings: dict[str, Any]) -> str:
    """The picture of a figure at its start, as a file."""
    given = json.dumps(name), json.dumps(settings), json.dumps(rules_of_pictures())
    return run([name], f"TwoAxes.still({', '.join(given)})")
