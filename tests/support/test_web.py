"""The servers that other tests rely on do what they say."""

from __future__ import annotations

import http.client
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.support.loopback import Loopback
from tests.support.web import Canary, Faults, Web


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


@contextmanager
def asking(web: Loopback, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    """Ask for a path; what is sent is in ``headers``, with ``_`` for ``-``."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection(web.host, web.port, timeout=10)) as connection:
        connection.request("GET", path, headers=sent)
        with connection.getresponse() as response:
            yield response


def status(web: Loopback, path: str) -> int:
    with asking(web, path) as response:
        return response.status


def body(web: Loopback, path: str) -> bytes:
    with asking(web, path) as response:
        return response.read()


def test_files_are_served_whole_and_in_parts(web: Web) -> None:
    web.file("/a.mp3", b"0123456789", etag='"1"')

    with asking(web, "/a.mp3?token=x") as whole:
        assert (whole.status, whole.read()) == (200, b"0123456789")
        assert whole.headers["Content-Type"] == "audio/mpeg"
    with asking(web, "/a.mp3", Range="bytes=2-4") as part:
        assert (part.status, part.read()) == (206, b"234")
        assert part.headers["Content-Range"] == "bytes 2-4/10"
    with asking(web, "/a.mp3", Range="bytes=8-", If_Range='"1"') as rest:
        assert (rest.status, rest.read()) == (206, b"89")
    with asking(web, "/a.mp3", Range="bytes=8-", If_Range='"2"') as other:
        assert (other.status, other.read()) == (200, b"0123456789")
    with asking(web, "/a.mp3", Range="bytes=10-") as beyond:
        assert beyond.status == 416
        assert beyond.headers["Content-Range"] == "bytes */10"
    assert web.hits("/a.mp3") == 5
    assert web.requests[0].path == "/a.mp3?token=x"


def test_several_requests_may_share_a_connection(web: Web) -> None:
    web.page("/", "x")
    connection = http.client.HTTPConnection(web.host, web.port, timeout=10)
    for _ in range(3):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"x"
    connection.request("HEAD", "/")
    head = connection.getresponse()
    connection.close()

    assert (head.status, head.headers["Content-Length"]) == (200, "1")
    assert web.connections == 1


def test_what_is_not_there_is_not_found(web: Web) -> None:
    with asking(web, "/nothing") as response:
        assert response.status == 404


def test_statuses_come_in_turn(web: Web) -> None:
    web.status("/", 503, 404)

    assert [status(web, "/") for _ in range(3)] == [503, 404, 404]


def test_a_file_may_be_refused_first_and_later(web: Web) -> None:
    web.file("/", b"x", faults=Faults(statuses=(503,), afterwards={3: 403, 4: 403}))

    assert [status(web, "/") for _ in range(4)] == [503, 200, 403, 403]


def test_a_redirect_says_where_to(web: Web) -> None:
    web.redirect("/a", "../b?c", 307)

    with asking(web, "/a") as response:
        assert (response.status, response.headers["Location"]) == (307, "../b?c")


def test_a_connection_is_cut_where_it_shall_be(web: Web) -> None:
    web.file("/", b"0123456789", faults=Faults(drop_after=4, drops=1))

    with asking(web, "/") as cut, pytest.raises(http.client.IncompleteRead) as caught:
        cut.read()
    assert caught.value.partial == b"0123"
    assert body(web, "/") == b"0123456789"


def test_a_file_may_be_shorter_than_promised(web: Web) -> None:
    web.file("/", b"0123456789", faults=Faults(missing=1))

    with asking(web, "/") as short, pytest.raises(http.client.IncompleteRead) as caught:
        short.read()
    assert caught.value.partial == b"012345678"


def test_a_chunked_file_is_whole(web: Web) -> None:
    web.file("/", b"0123456789", chunked=True)

    with asking(web, "/") as response:
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.read() == b"0123456789"


def test_pages_and_feeds_name_their_music(web: Web) -> None:
    web.audio_page("/page", "/a.mp3", "/b.mp3?c&d", title="A & B")
    web.feed("/feed", {"One": "http://a.example/1.mp3"})

    page = body(web, "/page").decode()
    assert page.count("<audio") == 2
    assert '<audio controls src="/b.mp3?c&amp;d"></audio>' in page
    assert "<title>A &amp; B</title>" in page
    assert b'<enclosure url="http://a.example/1.mp3"' in body(web, "/feed")


def test_a_folder_is_served_file_by_file(web: Web, tmp_path: Path) -> None:
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n")
    web.folder("/music", tmp_path)

    with asking(web, "/music/list.m3u8") as response:
        assert response.headers["Content-Type"] == "application/vnd.apple.mpegurl"
        assert response.read() == b"#EXTM3U\n"


def test_a_radio_station_puts_titles_between_the_audio(web: Web) -> None:
    web.radio("/", b"abcdefgh", ["One"], interval=3)

    assert body(web, "/") == b"abcdefgh"
    with asking(web, "/", Icy_MetaData="1") as response:
        assert response.headers["icy-metaint"] == "3"
        assert response.read() == b"abc\2StreamTitle='One';".ljust(36, b"\0") + b"def\0gh"


def test_a_bomb_is_small_and_grows(web: Web) -> None:
    web.gzip_bomb("/")

    with asking(web, "/") as response:
        assert response.headers["Content-Encoding"] == "gzip"
        packed = response.read(20_000)
    assert len(zlib.decompressobj(31).decompress(packed)) > 100 * len(packed)


def test_a_slow_page_takes_its_time(web: Web) -> None:
    web.slow_page("/", "/a.mp3", size=200_000, seconds=0.1)
    started = time.monotonic()
    page = body(web, "/")

    assert time.monotonic() - started > 0.09
    assert len(page) == pytest.approx(200_000, rel=0.01)
    assert b'<audio src="/a.mp3">' in page


def test_everything_ends_with_the_server() -> None:
    with ExitStack() as clients:
        with Web() as web:
            web.endless("/endless")
            web.drip("/drip")
            web.file("/stalled", b"x" * 100, faults=Faults(stall_after=10))
            web.file("/late", b"x", faults=Faults(delay=60))
            for path, first in (("/endless", b"<"), ("/drip", b" "), ("/stalled", b"x")):
                assert clients.enter_context(asking(web, path)).read(1) == first
            late = clients.enter_context(socket.create_connection((web.host, web.port)))
            late.sendall(b"GET /late HTTP/1.1\r\n\r\n")
            clients.enter_context(socket.create_connection((web.host, web.port)))
            started = time.monotonic()

        assert time.monotonic() - started < 2


def test_a_canary_counts_who_connects() -> None:
    with Canary() as canary:
        assert canary.connections == 0
        for _ in range(2):
            socket.create_connection((canary.host, canary.port)).close()

        assert canary.connections == 2
        assert canary.connections == 2
        assert canary.url("/x", host="localhost") == f"http://localhost:{canary.port}/x"
