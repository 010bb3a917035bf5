"""Well-known texts to train on, fetched only when asked for, and a reader's own, bounded.

The course needs none of them: every corpus in its chapters is made by `helpers.corpus`. Nothing
is asked of the network before `fetch` is called.

Where each text comes from, and who published the digest that is checked:

- **tiny_shakespeare**: ``data/tinyshakespeare/input.txt`` of the repository karpathy/char-rnn at
  commit 6f9487a. Digest and size as TensorFlow Datasets publishes them, in
  ``tensorflow_datasets/url_checksums/tiny_shakespeare.txt`` of the repository tensorflow/datasets.
- **wikitext_2**: the raw WikiText-2 of Merity et al. (2016), CC BY-SA, as one of its authors keeps
  it. Digest and size as Hugging Face Datasets published them for the original address, in
  ``datasets/wikitext/dataset_infos.json`` of the repository huggingface/datasets; the archive has
  not changed since.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket
import stat
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from helpers import _arguments, corpus, progress

PIECE = 1 << 16
"""Bytes that are read at once."""

SILENCE = 20.0
"""Seconds that a server may say nothing."""

PATIENCE = 600.0
"""Seconds that one attempt may take in all."""

ATTEMPTS = 4
"""Connections that are tried until the file is whole."""

PAUSE = 1.0
"""Seconds before the second connection; each further one waits twice as long."""

LEFT_BEHIND = 3600.0
"""Seconds after which a part that nobody has written to is taken for a dead program's."""

MOST = 20_000_000
"""Bytes that a text may hold, unless `load` is told otherwise."""


@dataclass(frozen=True)
class Source:
    """Where a text is, and how to know that it is the right one.

    Parameters
    ----------
    url : str
        Where it is fetched from.
    size : int
        Bytes of the file there.
    sha256 : str
        Its SHA-256 digest, 64 hexadecimal digits.
    member : str, optional
        Where the file is a zip archive: the name of the text inside it.
    """

    url: str
    size: int
    sha256: str
    member: str | None = None


SOURCES = {
    "tiny_shakespeare": Source(
        "https://raw.githubusercontent.com/karpathy/char-rnn/"
        "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
        1_115_394,
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
    "wikitext_2": Source(
        "https://wikitext.smerity.com/wikitext-2-raw-v1.zip",
        4_721_645,
        "ef7edb566e3e2b2d31b29c1fdb0c89a4cc683597484c3dc2517919c615435a11",
        "wikitext-2-raw/wiki.train.raw",
    ),
}
"""The texts that `fetch` knows."""

NAMES = tuple(SOURCES)
"""What `fetch` takes as `name`."""


def load(path: str | os.PathLike[str], *, least: int = 2, most: int = MOST) -> corpus.Text:
    """A reader's own text as ids, like `corpus.read_text`, but never more than fits.

    Parameters
    ----------
    path : str or path
        A file saved as UTF-8.
    least : int
        Characters that it must hold at least; at least 1.
    most : int
        Bytes that it may hold at most; at least 1. A byte takes up to 20 bytes of memory while
        it is read, and 8 afterwards.

    Returns
    -------
    corpus.Text
        Its ids and symbols.

    Raises
    ------
    ValueError
        If `path` names something that is no file, or a file of more than `most` bytes: both are
        known before anything is read. For the rest see `corpus.read_text`.
    """
    least = _arguments.whole("least", least)
    most = _arguments.whole("most", most)
    about = None
    if isinstance(path, str | os.PathLike):
        with suppress(OSError, ValueError):  # corpus.read_text says what is wrong with it
            about = os.stat(path)
    if about is not None and not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
        raise ValueError(
            f"path must name a text file, got {os.fspath(path)!r}, which has no end that is known "
            "in advance; a copy of it in a file would work"
        )
    if about is not None and about.st_size > most:
        raise ValueError(
            f"path must name a text of at most {most} bytes, got {about.st_size} in "
            f"{os.fspath(path)!r}; a part of it, or a larger `most` where memory allows, would work"
        )
    return corpus.read_text(path, least=least)


def fetch(name: str, folder: str | os.PathLike[str] = "texts") -> Path:
    """The file of a well-known text, fetched if it is not there yet.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    folder : str or path
        Where it is kept; made if it does not exist.

    Returns
    -------
    Path
        The text, saved as UTF-8, for `load`.

    Raises
    ------
    ValueError
        If `name` is none of `NAMES`, or `folder` cannot be one.
    OSError
        If the text could not be fetched or stored. The message says why, and what would work.

    Notes
    -----
    A file stands under its own name only when it is whole and its digest is right, and one that
    is found there is looked at again each time. What a cut connection leaves lies beside it with
    the ending ``.part``, and the next call asks for the rest. Calls at the same time do no harm:
    each writes a part of its own.
    """
    if not isinstance(name, str) or name not in SOURCES:
        raise ValueError(
            f"name must be one of {', '.join(map(repr, NAMES))}, got {_arguments.short(name)}"
        )
    if not isinstance(folder, str | os.PathLike):
        raise ValueError(
            f"folder must be a string or a pathlib.Path, got {_arguments.short(folder)}"
        )
    source, there = SOURCES[name], Path(folder)
    text, archive = there / f"{name}.txt", there / f"{name}.zip"
    whole = archive if source.member else text
    try:
        with _reported(name, source, whole, besides=(FileExistsError, NotADirectoryError)):
            there.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, ValueError) as error:
        # Pythons differ in what they say of a null character.
        reason = error if isinstance(error, OSError) else "a path holds no null character"
        raise ValueError(
            f"folder must name a folder, got {_arguments.short(os.fspath(folder))}: {reason}; "
            "a name that is not taken by a file would work"
        ) from None
    if not _is_right(whole, source):
        with _reported(name, source, whole):
            _download(name, source, whole)
    if source.member:
        with _reported(name, source, whole):
            _unpack(archive, source, text)
    return text


class _Wrong(OSError):
    """What arrived is not what was asked for, and asking again would not help."""


class _Full(OSError):
    """What arrived could not be written."""


@contextmanager
def _reported(
    name: str, source: Source, whole: Path, besides: tuple[type[OSError], ...] = ()
) -> Iterator[None]:
    """Whatever goes wrong with the network or the disk, in words that help."""
    try:
        yield
    except besides:
        raise
    except (OSError, HTTPException, zipfile.BadZipFile, zlib.error) as error:
        why = str(getattr(error, "reason", None) or error) or type(error).__name__
        raise OSError(
            f"{name} is not there: {why}. Nothing that was there has changed. Later, the same "
            f"call goes on where this one stopped. Without a network: take the file at "
            f"{source.url} from another machine and store it as {str(whole)!r}; or read a text "
            "of your own with texts.load(path). The course itself needs neither."
        ) from error


def _is_right(path: Path, source: Source) -> bool:
    """Whether a file has the size and the digest that were published."""
    try:
        if path.stat().st_size != source.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == source.sha256
    except OSError:
        return False


def _download(name: str, source: Source, whole: Path) -> None:
    """Puts the file in place, from what an earlier call has left and the network."""
    left = whole.with_name(f"{whole.name}.part")
    _sweep(left)
    part = _own(left)
    with suppress(OSError):  # another call may have taken it up already, or there is none
        os.replace(left, part)
    try:
        _complete(name, source, part)
        _put(part, whole, source)
    except _Wrong:
        part.unlink(missing_ok=True)
        raise
    except BaseException:
        # Keep what has arrived for the next call, unless it is the disk that is full.
        with suppress(OSError):
            if part.stat().st_size:
                os.replace(part, left)
        part.unlink(missing_ok=True)
        raise


def _own(left: Path) -> Path:
    """A new empty file beside it, for this call alone."""
    part = left.with_name(f"{left.stem}.{secrets.token_hex(8)}.part")
    part.touch(exist_ok=False)
    return part


def _sweep(left: Path) -> None:
    """Removes what programs that were killed have left."""
    for path in left.parent.glob(f"{left.stem}.*.part"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFT_BEHIND:
                path.unlink()


def _complete(name: str, source: Source, part: Path) -> None:
    """Asks for what the part lacks until it is whole; starts over where it cannot be continued."""
    until = time.monotonic() + PATIENCE
    resumed = part.stat().st_size > 0
    pause = PAUSE
    for attempt in range(1, ATTEMPTS + 1):
        if _is_right(part, source):
            return
        try:
            _ask(name, source, part, until)
        except _Wrong:
            raise
        except HTTPError as error:
            error.close()
            passing = error.code in (408, 416, 429) or error.code >= 500
            if error.code == 416:  # it has no such rest: what is here is no beginning of it
                os.truncate(part, 0)
            if attempt == ATTEMPTS or not passing:
                raise OSError(f"the server answers {error.code} {error.reason}") from error
        except _Full:
            part.unlink(missing_ok=True)
            raise
        except (OSError, HTTPException) as error:
            unknown = isinstance(getattr(error, "reason", None), socket.gaierror)
            if unknown or attempt == ATTEMPTS or time.monotonic() > until:
                raise
        if _is_right(part, source):
            return
        if part.stat().st_size >= source.size:
            # The beginning may be of another file: once, forget it and ask for everything.
            if not resumed:
                raise _Wrong(
                    f"what {source.url} gives is another file: its SHA-256 is not {source.sha256}"
                )
            os.truncate(part, 0)
            resumed = False
            continue
        if attempt < ATTEMPTS:
            time.sleep(min(pause, max(until - time.monotonic(), 0)))
            pause *= 2
    got = part.stat().st_size
    raise OSError(f"the connection broke {ATTEMPTS} times, with {got} of {source.size} bytes here")


def _ask(name: str, source: Source, part: Path, until: float) -> None:
    """One connection: adds to the part what it lacks."""
    have = part.stat().st_size
    headers = {"Accept-Encoding": "identity", "User-Agent": "two-axes"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with urlopen(Request(source.url, headers=headers), timeout=SILENCE) as answer:
        have = _first(source, answer, have)
        with part.open("r+b") as file:
            file.truncate(have)
            file.seek(have)
            total = -(-source.size // PIECE) - have // PIECE
            written = _written(file, answer, source, have, until)
            for _ in progress.bar(written, f"fetching {name}", total=total):
                pass


def _first(source: Source, answer: HTTPResponse, have: int) -> int:
    """Where in the file the answer begins; refuses an answer that cannot be the file."""
    kind = answer.headers.get_content_type()
    if kind == "text/html":
        raise _Wrong(f"{answer.url} gives a web page instead of the file")
    if answer.status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers["Content-Range"] or "")
        if found is None or int(found[1]) != have or found[2] not in ("*", str(source.size)):
            return _refused(source, f"a rest that does not fit, {answer.headers['Content-Range']}")
        return have
    length = answer.headers["Content-Length"]
    if length is not None and length != str(source.size):
        return _refused(source, f"{length} bytes")
    return 0


def _refused(source: Source, what: str) -> int:
    raise _Wrong(f"{source.url} gives {what}, and the file has {source.size} bytes")


def _written(
    file: BinaryIO, answer: HTTPResponse, source: Source, have: int, until: float
) -> Iterator[int]:
    """Writes what arrives until the connection ends; yields now and then, once for a PIECE."""
    while piece := answer.read1(PIECE):
        if have + len(piece) > source.size:
            _refused(source, "more")
        try:
            file.write(piece)
            file.flush()
        except OSError as error:
            raise _Full(f"it could not be written, {error}") from error
        before, have = have, have + len(piece)
        if have // PIECE > before // PIECE:
            yield have
        if time.monotonic() > until:
            raise OSError(f"it took more than {PATIENCE:.0f} seconds, with {have} bytes here")


def _put(part: Path, target: Path, source: Source | None) -> None:
    """Gives a whole file its name, in one step that nothing can cut in two."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    try:
        os.replace(part, target)
    except PermissionError:
        # Elsewhere than on Unix, a file that another call has just put there may be in use.
        if source is None or not _is_right(target, source):
            raise
        part.unlink(missing_ok=True)


def _unpack(archive: Path, source: Source, text: Path) -> None:
    """The text out of an archive whose digest is right, unless it is there already."""
    with zipfile.ZipFile(archive) as packed:
        about = packed.getinfo(source.member or "")
        if about.file_size > MOST:
            raise _Wrong(f"the text in it holds {about.file_size} bytes, more than {MOST}")
        with suppress(OSError):
            if zlib.crc32(text.read_bytes()) == about.CRC:
                return
        part = _own(text.with_name(f"{text.name}.part"))
        try:
            with packed.open(about) as inside, part.open("wb") as file:
                while piece := inside.read(PIECE):
                    file.write(piece)
            _put(part, text, None)
        finally:
            part.unlink(missing_ok=True)
