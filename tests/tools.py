"""Where the tools are that check how the course is published; most readers have none of them."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def tool(name: str) -> Path:
    """A tool of `requirements-tools.txt`; where it is missing, the test skips and says why."""
    path = ROOT / ".venv-tools" / "bin" / name
    if not path.exists():
        why = f"{name} is not installed: `make tools` puts it into .venv-tools"
        if os.environ.get("REQUIRE_TOOLS"):
            pytest.fail(why)
        pytest.skip(why)
    return path
