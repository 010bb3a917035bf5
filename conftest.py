"""When notebooks are checked: drawings are compared number by number, and memory is measured."""

from __future__ import annotations

from typing import Any

from drawings import Drawing
from nbval.plugin import IPyNbCell

pytest_plugins = ["memory"]

_sanitize = IPyNbCell.sanitize


def _sanitize_but_keep_drawings(self: IPyNbCell, value: Any) -> Any:
    is_drawing = isinstance(value, str) and "<svg" in value[:2000]
    return Drawing(value) if is_drawing else _sanitize(self, value)


IPyNbCell.sanitize = _sanitize_but_keep_drawings
