"""What every test shares: repeatable draws, and the switch of the shape checks."""

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import jaxtyping
import pytest

hypothesis.settings.register_profile("course", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("course")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where REQUIRE_BROWSER is set, as in continuous integration, a test that skips has failed."""
    report = yield
    if report.skipped and os.environ.get("REQUIRE_BROWSER") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_BROWSER is set, and this skipped: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _shape_checks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Off in tests marked `messages`, where a wrong argument has to reach our own check."""
    before = jaxtyping.config.jaxtyping_disable
    if request.node.get_closest_marker("messages") is not None:
        jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plot = sys.modules.get("matplotlib.pyplot")
    if plot is not None:
        plot.close("all")


@pytest.fixture
def ax() -> Any:
    """Axes of a new figure; it is closed after the test."""
    import matplotlib.pyplot as plt

    return plt.subplots()[1]


@pytest.fixture(scope="session")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the book's pages, built strictly and from clean, once in a run."""
    root = Path(__file__).parents[1]
    folder = tmp_path_factory.mktemp("book")
    build = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build"]
    strict = ["-W", "-n", "--keep-going", "--quiet", "--path-output", str(folder), str(root)]
    done = subprocess.run(build + strict, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, f"the strict build failed:\n{done.stdout}{done.stderr}"
    return folder / "_build" / "html"
