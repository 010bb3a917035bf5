"""What every test shares: repeatable draws, closed figures, and one notebook alone if asked for."""

import sys
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from sources import SLUGS

hypothesis.settings.register_profile("course", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("course")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--notebook", metavar="SLUG", help="of the tests, those of one notebook alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `slug` is made for every notebook."""
    own = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "slug" in metafunc.fixturenames and "slug" not in own:
        metafunc.parametrize("slug", SLUGS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if (wanted := config.getoption("--notebook")) is None:
        return
    if wanted not in SLUGS:
        raise pytest.UsageError(f"There is no notebook {wanted}. There are: {', '.join(SLUGS)}")
    specs = [getattr(item, "callspec", None) for item in items]
    items[:] = [
        item
        for item, spec in zip(items, specs, strict=True)
        if item.path.suffix == ".ipynb"
        or (spec and (spec.params.get("slug") == wanted or spec.id.startswith(f"{wanted}-")))
    ]


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
