"""Texts that are fetched arrive whole or not at all, whatever the server does."""

import hashlib
import io
import os
import re
import socket
import stat
import subprocess
import sys
import textwrap
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from helpers import corpus, texts

TEXT = "".join(f"{i}: to be or not to be\n" for i in range(9000)).encode()
NAME = "tiny_shakespeare"


class Server(ThreadingHTTPServer):
    """Answers each request with the next of `answers`, and the last one ever after."""

    daemon_threads = True

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Answering)
        self.content, self.answers = content, [whole]
        self.asked, self.lock = [], threading.Lock()
        self.stop = threading.Event()

    def handle_error(self, request, client_address):
        """A client that hangs up is what these tests are about."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/text"

    def source(self, member=None):
        return texts.Source(
            self.url, len(self.content), hashlib.sha256(self.content).hexdigest(), member
        )


class Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        with server.lock:
            server.asked.append(self.headers["Range"])
            answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
        answer(self, server.content)
        self.close_connection = True

    def start(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, *_):
        pass


def first(to):
    asked = to.headers["Range"]
    return int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked else 0


def whole(to, content):
    """As a good server does, rests too."""
    part(to, content, len(content))


def part(to, content, stop):
    begin = first(to)
    if begin >= len(content):
        to.start(416, Content_Length=0)
    elif begin:
        rest = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        to.start(206, Content_Length=len(content) - begin, Content_Range=rest)
    else:
        to.start(200, Content_Length=len(content))
    to.wfile.write(content[begin:stop])


def cut_at(stop):
    """The connection breaks there."""
    return lambda to, content: part(to, content, stop)


def without_rests(to, content):
    to.start(200, Content_Length=len(content))
    to.wfile.write(content)


def of_other_bytes(to, content):
    whole(to, bytes(reversed(content)))


def longer(to, content):
    to.start(200, Content_Length=len(content) + 1)
    to.wfile.write(content + b"x")


def endless(to, content):
    to.start(200)
    while not to.server.stop.is_set():
        to.wfile.write(content)


def silent(to, content):
    to.server.stop.wait(30)


def silent_after(stop):
    def answer(to, content):
        part(to, content, stop)
        to.wfile.flush()
        to.server.stop.wait(30)

    return answer


def slow(to, content):
    to.start(200, Content_Length=len(content))
    while not to.server.stop.wait(0.02):
        to.wfile.write(b"x")
        to.wfile.flush()


def page(to, content):
    """As a network does that wants a login first."""
    to.start(200, Content_Type="text/html; charset=utf-8")
    to.wfile.write(b"<html>Please log in")


def page_elsewhere(to, content):
    if to.path == "/login":
        page(to, content)
    else:
        to.start(302, Location="/login", Content_Length=0)


def in_circles(to, content):
    to.start(302, Location="/text", Content_Length=0)


def status(code):
    return lambda to, content: to.start(code, Content_Length=0)


def nonsense(to, content):
    to.wfile.write(b"220 this is no web server\r\n")


def no_rests_but_all(to, content):
    """It has no rest of anything, and says so each time."""
    if to.headers["Range"]:
        to.start(416, Content_Length=0)
    else:
        whole(to, content)


def wrong_rest(to, content):
    to.start(206, Content_Length=5, Content_Range=f"bytes 0-4/{len(content)}")
    to.wfile.write(content[:5])


def rest_of_another_file(to, content):
    begin = first(to)
    rest = f"bytes {begin}-{begin + 4}/{begin + 5}"
    to.start(206, Content_Length=5, Content_Range=rest)
    to.wfile.write(b"other")


def packed(to, content):
    to.start(200, Content_Encoding="gzip", Content_Length=len(content))
    to.wfile.write(b"\x1f\x8b" + content[2:])


def serve(content):
    server = Server(content)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.fixture
def server(monkeypatch):
    server = serve(TEXT)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setitem(texts.SOURCES, NAME, server.source())
    monkeypatch.setattr(texts, "PAUSE", 0.0)
    monkeypatch.setattr(texts, "SILENCE", 0.5)
    yield server
    server.stop.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "texts"


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_text_is_fetched_once(server, folder):
    path = texts.fetch(NAME, folder)
    assert path == folder / f"{NAME}.txt"
    assert path.read_bytes() == TEXT
    assert texts.fetch(NAME, str(folder)) == path
    assert server.asked == [None]
    assert files(folder) == [f"{NAME}.txt"]
    text = texts.load(path)
    assert text.decode(text.ids[:21]) == "0: to be or not to be"


def test_the_file_has_the_rights_that_any_new_file_has(server, folder):
    path = texts.fetch(NAME, folder)
    (folder / "other").touch()
    assert path.stat().st_mode == (folder / "other").stat().st_mode


@pytest.mark.parametrize(
    "answers",
    [
        [cut_at(0), whole],
        [cut_at(100_000), whole],
        [cut_at(100_000), cut_at(150_000), cut_at(150_001), whole],
        [status(503), status(429), whole],
        [nonsense, whole],
        [silent, whole],
        [silent_after(70_000), whole],
        [cut_at(100_000), without_rests],
        [cut_at(100_000), status(416), whole],
        [cut_at(100_000), no_rests_but_all, no_rests_but_all],
    ],
    ids=lambda answers: f"{len(answers)} answers",
)
def test_what_a_server_fails_to_send_is_asked_for_again(server, folder, answers):
    server.answers = list(answers)
    assert texts.fetch(NAME, folder).read_bytes() == TEXT
    assert len(server.asked) == len(answers)
    assert files(folder) == [f"{NAME}.txt"]


def test_only_the_rest_is_asked_for(server, folder):
    server.answers = [cut_at(100_000), whole]
    texts.fetch(NAME, folder)
    assert server.asked == [None, "bytes=100000-"]


def test_the_next_call_goes_on_where_the_last_one_stopped(server, folder):
    server.answers = [cut_at(100_000), status(404), whole]
    with pytest.raises(OSError, match="the server answers 404"):
        texts.fetch(NAME, folder)
    assert files(folder) == [f"{NAME}.txt.part"]
    assert texts.fetch(NAME, folder).read_bytes() == TEXT
    assert server.asked[-1] == "bytes=100000-"
    assert files(folder) == [f"{NAME}.txt"]


@pytest.mark.parametrize(
    "left",
    [b"of another file", TEXT[:-1] + b"?", TEXT + b"more", b"x" * (len(TEXT) - 5)],
    ids=["short", "whole but wrong", "long", "wrong beginning"],
)
def test_a_part_that_is_no_beginning_is_given_up(server, folder, left):
    folder.mkdir()
    (folder / f"{NAME}.txt.part").write_bytes(left)
    assert texts.fetch(NAME, folder).read_bytes() == TEXT
    assert files(folder) == [f"{NAME}.txt"]


def test_a_part_that_is_whole_already_asks_for_nothing(server, folder):
    folder.mkdir()
    (folder / f"{NAME}.txt.part").write_bytes(TEXT)
    assert texts.fetch(NAME, folder).read_bytes() == TEXT
    assert server.asked == []


WRONG = [
    (of_other_bytes, "is another file: its SHA-256 is not"),
    (packed, "is another file: its SHA-256 is not"),
    (longer, f"gives {len(TEXT) + 1} bytes, and the file has {len(TEXT)} bytes"),
    (endless, f"gives more, and the file has {len(TEXT)} bytes"),
    (page, "/text gives a web page instead of the file"),
    (page_elsewhere, "/login gives a web page instead of the file"),
]


@pytest.mark.parametrize(("answer", "why"), WRONG, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("before", [None, b"what was there"], ids=["empty", "full"])
def test_a_wrong_file_leaves_nothing_and_changes_nothing(server, folder, answer, why, before):
    server.answers = [answer]
    folder.mkdir()
    if before:
        (folder / f"{NAME}.txt").write_bytes(before)
    with pytest.raises(OSError, match=re.escape(why)) as caught:
        texts.fetch(NAME, folder)
    assert files(folder) == ([f"{NAME}.txt"] if before else [])
    if before:
        assert (folder / f"{NAME}.txt").read_bytes() == before
    assert len(server.asked) <= 2
    said = str(caught.value)
    assert said.startswith(f"{NAME} is not there: ")
    assert f"take the file at {server.url} from another machine" in said
    assert f"store it as {str(folder / f'{NAME}.txt')!r}" in said
    assert "texts.load(path)" in said


@pytest.mark.parametrize("answer", [wrong_rest, rest_of_another_file])
def test_a_rest_that_does_not_fit_is_refused_and_the_next_call_starts_over(server, folder, answer):
    server.answers = [cut_at(1000), answer, whole]
    with pytest.raises(OSError, match="gives a rest that does not fit, bytes"):
        texts.fetch(NAME, folder)
    assert files(folder) == []
    assert texts.fetch(NAME, folder).read_bytes() == TEXT
    assert server.asked == [None, "bytes=1000-", None]


@pytest.mark.parametrize(
    ("answer", "why", "asked"),
    [
        (status(404), "the server answers 404 Not Found", 1),
        (status(503), "the server answers 503 Service Unavailable", 4),
        (in_circles, "the server answers 302", 5),
        (nonsense, "220 this is no web server", 4),
        (silent, "timed out", 4),
        (cut_at(50_000), f"the connection broke 4 times, with 50000 of {len(TEXT)} bytes", 4),
    ],
    ids=["404", "503", "in circles", "nonsense", "silent", "cut"],
)
def test_a_server_that_fails_for_good_is_given_up(server, folder, answer, why, asked):
    server.answers = [answer]
    began = time.monotonic()
    with pytest.raises(OSError, match=re.escape(why)):
        texts.fetch(NAME, folder)
    assert len(server.asked) == asked
    assert time.monotonic() - began < 20
    assert set(files(folder)) <= {f"{NAME}.txt.part"}


@pytest.mark.parametrize(("code", "asked"), [(408, 4), (500, 4), (401, 1), (499, 1)])
def test_what_may_pass_is_asked_for_again_and_what_will_not_is_not(server, folder, code, asked):
    server.answers = [status(code)]
    with pytest.raises(OSError, match=f"the server answers {code}"):
        texts.fetch(NAME, folder)
    assert len(server.asked) == asked


def test_each_pause_is_twice_the_last_and_none_outlasts_the_patience(server, folder, monkeypatch):
    pauses = []
    monkeypatch.setattr(texts, "PAUSE", 1.0)
    monkeypatch.setattr(texts.time, "sleep", pauses.append)
    server.answers = [cut_at(1000)]
    with pytest.raises(OSError, match="the connection broke 4 times"):
        texts.fetch(NAME, folder)
    assert pauses == [1, 2, 4]
    pauses.clear()
    monkeypatch.setattr(texts, "PATIENCE", 3.0)
    with pytest.raises(OSError, match="the connection broke 4 times"):
        texts.fetch(NAME, folder)
    assert pauses[:2] == [1, 2]
    assert 2 < pauses[2] <= 3


def test_a_part_that_somebody_may_still_write_to_stays(server, folder):
    folder.mkdir()
    other = folder / f"{NAME}.txt.{'0' * 16}.part"
    other.write_bytes(TEXT[:10])
    texts.fetch(NAME, folder)
    assert other.read_bytes() == TEXT[:10]
    assert files(folder) == [f"{NAME}.txt", other.name]


def test_a_server_that_trickles_is_given_up_in_the_end(server, folder, monkeypatch):
    monkeypatch.setattr(texts, "PATIENCE", 0.5)
    server.answers = [slow]
    with pytest.raises(OSError, match="it took more than 0 seconds, with"):
        texts.fetch(NAME, folder)
    assert len(server.asked) == 1


def test_without_a_network_it_says_what_to_do(folder, monkeypatch):
    asked = []

    def unknown(host, *_, **__):
        asked.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("no_proxy", "*")
    for name in texts.NAMES:
        with pytest.raises(OSError, match="Name or service not known") as caught:
            texts.fetch(name, folder)
        assert texts.SOURCES[name].url in str(caught.value)
    assert len(asked) == len(texts.NAMES), "a host that is not known is asked for once"
    assert files(folder) == []


def test_nobody_listens(server, folder):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/text"
        texts.SOURCES[NAME] = texts.Source(url, 5, "0" * 64)
        with pytest.raises(OSError, match="refused"):
            texts.fetch(NAME, folder)
    assert files(folder) == []


def test_a_full_disk_leaves_nothing(server, folder, tmp_path):
    """The system refuses to write more, as it does when the disk is full."""
    folder.mkdir()
    code = textwrap.dedent(f"""
        import resource
        from helpers import texts
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        texts.SOURCES[{NAME!r}] = texts.{server.source()}
        texts.fetch({NAME!r}, {str(folder)!r})
    """)
    if os.name != "posix":
        pytest.skip("no such limit here")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"OSError: {NAME} is not there: it could not be written, [Errno 27]")
    assert files(folder) == []


def test_a_folder_that_may_not_be_written_is_an_error_in_words(server, folder, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(OSError, match=f"{NAME} is not there: .*Permission denied"):
        texts.fetch(NAME, folder)


def test_calls_at_the_same_time_do_no_harm(server, folder):
    # Fewer failures than attempts: even a call that meets them all succeeds.
    server.answers = [cut_at(100_000), whole, cut_at(50_000), whole, silent_after(10), whole]
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: texts.fetch(NAME, folder), range(8)))
    assert {path.read_bytes() for path in paths} == {TEXT}
    assert (folder / f"{NAME}.txt").read_bytes() == TEXT
    assert set(files(folder)) <= {f"{NAME}.txt", f"{NAME}.txt.part"}


def test_a_killed_program_leaves_no_wrong_file_and_its_part_goes_in_time(server, folder):
    server.answers = [silent_after(100_000), whole]
    code = textwrap.dedent(f"""
        from helpers import texts
        texts.SOURCES[{NAME!r}] = texts.{server.source()}
        texts.fetch({NAME!r}, {str(folder)!r})
    """)
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        until = time.monotonic() + 60
        while not any(path.stat().st_size == 100_000 for path in folder.glob("*.part")):
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    (left,) = files(folder)
    assert re.fullmatch(rf"{NAME}\.txt\.[0-9a-f]{{16}}\.part", left)
    long_ago = time.time() - texts.LEFT_BEHIND - 1
    os.utime(folder / left, (long_ago, long_ago))
    assert texts.fetch(NAME, folder).read_bytes() == TEXT
    assert files(folder) == [f"{NAME}.txt"]


def test_a_file_that_was_spoilt_is_fetched_again(server, folder):
    path = texts.fetch(NAME, folder)
    path.write_bytes(TEXT[:-1] + b"?")
    assert texts.fetch(NAME, folder).read_bytes() == TEXT
    assert len(server.asked) == 2


def test_a_copy_from_another_machine_needs_no_network(server, folder):
    folder.mkdir()
    (folder / f"{NAME}.txt").write_bytes(TEXT)
    assert texts.fetch(NAME, folder) == folder / f"{NAME}.txt"
    assert server.asked == []


# archives


def archive(content=TEXT, name="inside/train.raw"):
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as packing:
        packing.writestr("inside/other.raw", b"another text")
        packing.writestr(name, content)
    return kept.getvalue()


@pytest.fixture
def zipped(server, monkeypatch):
    server.content = archive()
    monkeypatch.setitem(texts.SOURCES, "wikitext_2", server.source("inside/train.raw"))
    return server


def test_a_text_in_an_archive_is_unpacked_and_looked_at_each_time(zipped, folder):
    path = texts.fetch("wikitext_2", folder)
    assert path.read_bytes() == TEXT
    assert files(folder) == ["wikitext_2.txt", "wikitext_2.zip"]
    written = path.stat().st_mtime_ns
    assert texts.fetch("wikitext_2", folder).stat().st_mtime_ns == written
    path.write_bytes(TEXT[:-1])
    assert texts.fetch("wikitext_2", folder).read_bytes() == TEXT
    assert len(zipped.asked) == 1


def test_an_archive_is_resumed_like_any_file(zipped, folder):
    zipped.answers = [cut_at(1000), whole]
    assert texts.fetch("wikitext_2", folder).read_bytes() == TEXT
    assert zipped.asked == [None, "bytes=1000-"]


def test_an_archive_that_would_fill_the_disk_is_not_unpacked(zipped, folder, monkeypatch):
    monkeypatch.setattr(texts, "MOST", 1000)
    with pytest.raises(OSError, match=f"holds {len(TEXT)} bytes, more than 1000"):
        texts.fetch("wikitext_2", folder)
    assert files(folder) == ["wikitext_2.zip"]
    monkeypatch.setattr(texts, "MOST", len(TEXT))
    assert texts.fetch("wikitext_2", folder).read_bytes() == TEXT


def test_a_bar_gets_one_step_for_each_piece(server, folder, monkeypatch):
    """However small the parts are that arrive."""
    seen = []

    def bar(items, what, total):
        steps = list(items)
        seen.append((what, len(steps), total))
        return steps

    def in_small_parts(to, content):
        to.start(200, Content_Length=len(content))
        for begin in range(0, len(content), 10_000):
            to.wfile.write(content[begin : begin + 10_000])
            to.wfile.flush()
            time.sleep(0.002)

    monkeypatch.setattr(texts.progress, "bar", bar)
    server.answers = [in_small_parts]
    texts.fetch(NAME, folder)
    assert seen == [(f"fetching {NAME}", len(TEXT) // texts.PIECE, -(-len(TEXT) // texts.PIECE))]


def test_a_file_in_use_may_stay_where_it_is_right(server, folder, monkeypatch):
    """Windows refuses to replace a file that another program has open."""

    def in_use(part, target):
        raise PermissionError("in use")

    right = texts.fetch(NAME, folder)
    part = folder / "mine.part"
    part.write_bytes(TEXT)
    monkeypatch.setattr(os, "replace", in_use)
    texts._put(part, right, server.source())
    assert files(folder) == [f"{NAME}.txt"]
    part.write_bytes(TEXT)
    right.write_bytes(b"wrong")
    with pytest.raises(PermissionError):
        texts._put(part, right, server.source())


def test_a_disk_that_is_full_while_unpacking_leaves_no_part(zipped, folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(texts.os, "fsync", lambda _: None)
    texts.fetch("wikitext_2", folder).unlink()
    monkeypatch.setattr(texts.os, "fsync", full)
    with pytest.raises(OSError, match=r"wikitext_2 is not there: .*No space left"):
        texts.fetch("wikitext_2", folder)
    assert files(folder) == ["wikitext_2.zip"]


# a reader's own text


def test_a_text_of_ones_own_is_read_as_the_corpus_reads_it(tmp_path):
    path = tmp_path / "own.txt"
    path.write_bytes("\ufeffto be\r\nor é".encode())
    text, same = texts.load(path), corpus.read_text(path)
    assert text.symbols == same.symbols
    np.testing.assert_array_equal(text.ids, same.ids)


def test_a_text_as_large_as_allowed_is_read(tmp_path):
    path = tmp_path / "own.txt"
    path.write_bytes(b"12345")
    assert len(texts.load(path, most=5).ids) == 5


@pytest.mark.messages
def test_a_text_that_is_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "own.txt"
    with path.open("wb") as file:
        file.truncate(10**12)  # takes no room on the disk
    monkeypatch.setattr(corpus, "read_text", None)
    message = (
        f"path must name a text of at most 20000000 bytes, got {10**12} in {str(path)!r}; a part "
        "of it, or a larger `most` where memory allows, would work"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        texts.load(path)


@pytest.mark.messages
@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no endless file here")
def test_a_file_without_an_end_is_refused():
    assert stat.S_ISCHR(os.stat("/dev/zero").st_mode)
    message = (
        "path must name a text file, got '/dev/zero', which has no end that is known in advance; "
        "a copy of it in a file would work"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        texts.load("/dev/zero")


@pytest.mark.messages
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: texts.fetch("shakespeare"),
            "name must be one of 'tiny_shakespeare', 'wikitext_2', got 'shakespeare'",
        ),
        (lambda: texts.fetch([]), "name must be one of 'tiny_shakespeare', 'wikitext_2', got []"),
        (lambda: texts.fetch(NAME, 3), "folder must be a string or a pathlib.Path, got 3"),
        (
            lambda: texts.fetch(NAME, "a\0b"),
            r"folder must name a folder, got 'a\x00b': a path holds no null character; "
            "a name that is not taken by a file would work",
        ),
        (lambda: texts.load("own.txt", most=0), "most must be an integer of at least 1, got 0"),
        (lambda: texts.load("own.txt", least=0), "least must be an integer of at least 1, got 0"),
        (lambda: texts.load(3), "path must be a string or a pathlib.Path, got 3"),
    ],
)
def test_refusals_name_argument_value_and_remedy(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()


@pytest.mark.messages
@pytest.mark.parametrize("inside", ["", "inside"])
def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path, inside):
    (tmp_path / "taken").touch()
    with pytest.raises(ValueError, match=r"^folder must name a folder, got '.*taken.*would work$"):
        texts.fetch(NAME, tmp_path / "taken" / inside)


def test_the_digests_are_digests_and_the_addresses_are_safe():
    for source in texts.SOURCES.values():
        assert re.fullmatch(r"[0-9a-f]{64}", source.sha256)
        assert source.url.startswith("https://")
        assert source.size <= texts.MOST


def test_importing_the_helpers_asks_nothing_of_the_network():
    modules = [path.stem for path in Path(texts.__file__).parent.glob("*.py")]
    names = ", ".join(sorted(m for m in modules if not m.startswith("_") and "torch" not in m))
    code = textwrap.dedent(f"""
        import socket
        def refuse(*_, **__):
            raise AssertionError("the network was asked")
        socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
        from helpers import {names}
    """)
    subprocess.run([sys.executable, "-c", code], check=True)
