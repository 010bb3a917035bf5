"""How much memory each notebook took when it was checked, against what a public server gives.

The notebook's own process is asked when its last cell has run, so this costs no time.
With ONE_CPU set, everything runs on one processor, as it does there.
"""

import os
import re
from pathlib import Path

import pytest
from nbval.plugin import IPyNbFile

MOST = 1_000_000_000
"""Bytes resident at the peak."""

peaks: dict[str, int] = {}
"""Bytes by notebook."""


def peak(process: int) -> int | None:
    """Most bytes that a process has had resident; None where the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text("utf-8")
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def note(notebook: str, size: int | None) -> None:
    """Keeps the size for the list at the end; fails where it is too large."""
    if size is None:
        return
    peaks[notebook] = size
    if size > MOST:
        pytest.fail(
            f"{notebook} took {size / 1e9:.2f} GB of memory, and a public server gives "
            f"{MOST / 1e9:.2f} GB",
            pytrace=False,
        )


def pytest_configure() -> None:
    if os.environ.get("ONE_CPU") and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if peaks:
        terminalreporter.section("memory at the peak")
    for notebook, size in sorted(peaks.items()):
        terminalreporter.line(f"{notebook}: {size / 1e6:.0f} MB")


_teardown = IPyNbFile.teardown


def _teardown_and_measure(self: IPyNbFile) -> None:
    running = self.kernel is not None and self.kernel.is_alive()
    size = peak(self.kernel.km.provisioner.pid) if running else None
    _teardown(self)
    note(self.path.stem, size)


IPyNbFile.teardown = _teardown_and_measure
