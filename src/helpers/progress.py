r"""A line that says how far a slow cell has come, for a reader who waits for it.

It is written only where somebody looks on: in a notebook's kernel, when the front end that asked
for the cell could also ask the reader something. A notebook that is checked, stored or built is
run by a program that never asks, so nothing is written then, and the stored output stays as it
is. The line goes away when the cell is done.

The environment variable `COURSE_PROGRESS` decides instead where it is set: ``off`` or ``on``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from helpers import _arguments

T = TypeVar("T")

VARIABLE = "COURSE_PROGRESS"
"""The environment variable that decides, where it is ``off`` or ``on``."""

WIDTH = 20
"""Marks in a full bar."""

OFTEN = 0.1
"""Seconds between two states of the line, at least."""


def shown() -> bool:
    """Whether a reader looks on, so that `bar` would write its line."""
    said = os.environ.get(VARIABLE, "").lower()
    if said in ("on", "off"):
        return said == "on"
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return False
    asked = kernel.get_parent().get("content", {})
    return bool(asked.get("allow_stdin", False) and asked.get("store_history", True))


def bar(
    items: Iterable[T], what: str, *, total: int | None = None, after: float = 0.5
) -> Iterator[T]:
    """The items, with a line that says how many have been taken, while a reader looks on.

    Parameters
    ----------
    items : iterable
        What a slow loop runs over, such as the records of a training run.
    what : str
        What takes so long, in a few words; what it needs in memory too, where that is much.
    total : int, optional
        Items to come, at least 0; the length of `items` unless given, where they have one.
        Without it the line counts, but says no share and no time left.
    after : float
        Seconds before the line is first written, at least 0: a quick loop writes nothing.

    Returns
    -------
    iterator
        The same items in the same order. The line is removed at the end, also after an error.

    Raises
    ------
    ValueError
        If `items` cannot be run over, `what` is no text or empty, or a number is out of range.

    Examples
    --------
    Nothing is written here, since nobody looks on:

    >>> sum(bar(range(5), "counting to five"))
    10
    """
    try:
        source = iter(items)
    except TypeError:
        raise ValueError(
            "items must be something to run over such as a list or a generator, got "
            f"{_arguments.short(items)}"
        ) from None
    if not isinstance(what, str) or not what.strip():
        raise ValueError(
            "what must say in a few words what takes so long, as in 'training', got "
            f"{_arguments.short(what)}"
        )
    if total is not None:
        total = _arguments.whole("total", total, least=0)
    elif isinstance(items, Sized):
        total = len(items)
    after = _arguments.number("after", after, least=0)
    return _counted(source, what, total, after) if shown() else source


def _counted(source: Iterator[T], what: str, total: int | None, after: float) -> Iterator[T]:
    start = time.monotonic()
    due = start + after
    written = 0
    try:
        for done, item in enumerate(source):
            now = time.monotonic()
            if now >= due:
                line = _line(what, done, total, now - start)
                sys.stdout.write("\r" + line.ljust(written))
                sys.stdout.flush()
                written, due = max(written, len(line)), now + OFTEN
            yield item
    finally:
        if written:
            sys.stdout.write("\r" + " " * written + "\r")
            sys.stdout.flush()


def _line(what: str, done: int, total: int | None, seconds: float) -> str:
    """One state of the line, such as ``training [#####...............] 25 %, 9 s left``."""
    if not total:
        return f"{what}: {done} done, {seconds:.0f} s"
    share = min(done / total, 1.0)
    marks = ("#" * int(share * WIDTH)).ljust(WIDTH, ".")
    left = f", {seconds * (1 - share) / share:.0f} s left" if share else ""
    return f"{what} [{marks}] {100 * share:.0f} %{left}"
