"""When notebooks are checked: remedies first, drawings number by number, and their memory.

With ONE_CPU set everything runs on one processor, as on Binder.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from drawings import Drawing
from nbval.plugin import IPyNbCell, IPyNbFile

MOST = 1_000_000_000
"""Bytes resident at the peak of a notebook: a public server gives no more."""

peaks: dict[str, int] = {}
"""Bytes by notebook."""

_sanitize, _repr, _teardown = IPyNbCell.sanitize, IPyNbCell.repr_failure, IPyNbFile.teardown


def _keep_drawings(self: IPyNbCell, value: Any) -> Any:
    drawn = isinstance(value, str) and "<svg" in value[:2000]
    return Drawing(value) if drawn else _sanitize(self, value)


def _remedy_first(self: IPyNbCell, excinfo: pytest.ExceptionInfo[Exception]) -> str:
    slug, where = self.path.stem, f"In [{self.cell_num + 1}]"
    remedy = f"Mend {where} of {slug}, or run `make refresh NB={slug}` if its new output is right."
    told = str(getattr(excinfo.value, "inner_traceback", ""))
    error = re.findall(r"^(\w*(?:Error|Exception): .*)$", re.sub(r"\x1b\[[\d;]*m", "", told), re.M)
    if error:
        remedy = f"Mend {where} of {slug}, which fails. {error[-1]}"
    return f"{remedy}\n\n{_repr(self, excinfo)}"


def _measure(self: IPyNbFile) -> None:
    """Ask the notebook's own process, when its last cell has run, for its peak; Linux tells it."""
    status = ""
    if self.kernel is not None and self.kernel.is_alive():
        process = Path(f"/proc/{self.kernel.km.provisioner.pid}/status")
        status = process.read_text("utf-8") if process.exists() else ""
    _teardown(self)
    if found := re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M):
        peaks[self.path.stem] = size = int(found[1]) * 1024
        if size > MOST:
            gb, most = size / 1e9, MOST / 1e9
            remedy = f"Let {self.path.stem} take less memory: a public server gives {most:.2f} GB"
            pytest.fail(f"{remedy}, and it took {gb:.2f} GB.", pytrace=False)


IPyNbCell.sanitize, IPyNbCell.repr_failure = _keep_drawings, _remedy_first
IPyNbFile.teardown = _measure


def pytest_configure() -> None:
    """Draw no progress bars; keep to one processor, where that is asked for."""
    os.environ["TQDM_DISABLE"] = "1"
    if os.environ.get("ONE_CPU") and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the peaks from a process of pytest-xdist to the one that writes."""
    getattr(session.config, "workeroutput", {})["peaks"] = peaks


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the peaks that a process of pytest-xdist sends."""
    peaks.update(node.workeroutput.get("peaks", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much memory each notebook took."""
    sizes = [f"{notebook} {size / 1e6:.0f} MB" for notebook, size in sorted(peaks.items())]
    if sizes:
        terminalreporter.line(f"memory at the peak: {', '.join(sizes)}")
