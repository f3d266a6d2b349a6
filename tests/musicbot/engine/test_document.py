from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from musicbot.engine.document import Document
from musicbot.engine.target import Target
from musicbot.errors import SourceError, SourceErrorKind
from tests.support.fetching import client, noise, reader
from tests.support.web import Exchange, Faults, Web

DATA = noise(300_000)
OTHER = noise(300_000, seed=2)


def document(web: Web, path: str = "/song", *, live: bool = False) -> Document:
    return Document(client(), Target(web.url(path)), live=live)


def partial(total: int | str, **headers: str) -> Callable[[Exchange], None]:
    """Answer every request with three bytes from where it asks, and with these headers."""

    def answer(exchange: Exchange) -> None:
        first = (exchange.request.range or (0, None))[0]
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Content-Range": f"bytes {first}-{first + 2}/{total}"} | more
        exchange.reply(206, b"abc", given)

    return answer


def test_a_passage_begins_where_it_was_asked_to() -> None:
    with Web() as web:
        web.file("/song", DATA)
        song = document(web)
        passage = song.passage(100, 200)

        assert passage is not None
        assert (passage.at, passage.until) == (100, 200)
        assert passage.read(1000) == DATA[100:200]
        assert passage.at == 200
        assert passage.read(1000) == b""
        assert (song.size, song.has_ranges, song.live) == (len(DATA), True, False)
        passage.close()


def test_a_passage_begins_at_the_beginning_if_the_site_has_no_ranges() -> None:
    with Web() as web:
        web.file("/song", DATA, ranges=False)
        song = document(web)
        passage = song.passage(100, 200)

        assert passage is not None
        assert (passage.at, passage.until) == (0, len(DATA))
        assert not song.has_ranges
        passage.close()


def test_beyond_the_end_there_is_no_passage() -> None:
    with Web() as web:
        web.file("/song", DATA)
        song = document(web)

        assert song.passage(len(DATA), None) is None
        assert song.size == len(DATA)


# Another file under the same link


@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_of_another_size_is_another_file(ranges: bool) -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, ranges=ranges, faults=Faults(drop_after=100_000))
        read = song.read(1000)
        web.file("/song", DATA[:-1], ranges=ranges)

        with pytest.raises(SourceError, match="something else there now") as caught:
            song.read()
        assert caught.value.kind is SourceErrorKind.BROKEN
        assert DATA.startswith(read)


@pytest.mark.parametrize("etag", ['"1"', 'W/"1"'])
def test_a_file_with_another_etag_and_date_is_another_file(etag: str) -> None:
    with Web() as web:
        web.answer("/song", partial(9, ETag=etag, Last_Modified="Mon"))
        song = document(web)
        first = song.passage(0, 3)
        web.answer("/song", partial(9, ETag='"2"', Last_Modified="Tue"))

        with pytest.raises(SourceError, match="something else there now"):
            song.passage(3, 6)
        assert first is not None
        first.close()


def test_a_file_with_another_etag_alone_is_another_file() -> None:
    with Web() as web:
        web.answer("/song", partial(9, ETag='"1"'))
        song = document(web)
        first = song.passage(0, 3)
        web.answer("/song", partial(9, ETag='"2"'))

        with pytest.raises(SourceError, match="something else there now"):
            song.passage(3, 6)
        assert first is not None
        first.close()


@pytest.mark.parametrize("ranges", [True, False])
def test_servers_that_share_a_file_may_differ_about_its_etag(ranges: bool) -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, etag='"1"', faults=Faults(drop_after=100_000))
        read = song.read(1000)
        web.file("/song", DATA, etag='"2"', ranges=ranges)

        assert read + song.read() == DATA


def test_a_range_is_asked_for_of_the_same_file_only() -> None:
    with Web() as web, reader(web, "/song", chunk_size=100_000) as song:
        web.file("/song", DATA, etag='"1"')
        song.read()

        conditions = [request.headers.get("if-range") for request in web.requests]
        assert conditions == [None, '"1"', '"1"']


def test_a_weak_etag_is_no_condition() -> None:
    with Web() as web, reader(web, "/song", chunk_size=100_000) as song:
        web.file("/song", DATA, etag='W/"1"')

        assert song.read() == DATA
        assert all("if-range" not in request.headers for request in web.requests)


# Sites that answer something else


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Range": "bytes 1-3/9"},
        {"Content-Range": "bytes 0-/9"},
        {"Content-Range": "items 0-2/9"},
        {"Content-Range": "bytes 0-2/" + "9" * 5000},
        {"Content-Type": "multipart/byteranges; boundary=x"},
    ],
)
def test_a_part_that_nobody_asked_for_is_refused(headers: Mapping[str, str]) -> None:
    with Web() as web:
        web.answer("/song", lambda exchange: exchange.reply(206, b"abc", headers))

        with pytest.raises(SourceError, match="something else than was asked for") as caught:
            document(web).passage(0, None)
        assert caught.value.kind is SourceErrorKind.BROKEN


def test_a_site_may_send_less_than_was_asked_for() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.answer("/song", partial(9))

        assert song.read() == b"abcabcabc"
        assert web.hits("/song") == 3


def test_a_site_may_know_ranges_but_no_size() -> None:
    def answer(exchange: Exchange) -> None:
        if exchange.count == 4:
            exchange.reply(416, b"", {})
        else:
            partial("*")(exchange)

    with Web() as web, reader(web, "/song") as song:
        web.answer("/song", answer)

        assert song.read() == b"abcabcabc"
        assert not song.seekable()


def test_a_site_that_refuses_the_range_of_all_is_asked_without() -> None:
    def answer(exchange: Exchange) -> None:
        if exchange.request.range is None:
            exchange.reply(200, DATA, {})
        else:
            exchange.reply(416, b"", {})

    with Web() as web, reader(web, "/song") as song:
        web.answer("/song", answer)

        assert song.read() == DATA
        assert web.hits("/song") == 2


def test_a_site_that_refuses_everything_is_refused() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.status("/song", 416)

        with pytest.raises(SourceError, match="something else"):
            song.read()
        assert web.hits("/song") == 2


# Redirects and radio


def test_where_a_redirect_led_is_asked_first_and_the_link_again_if_it_is_gone() -> None:
    with Web() as web, reader(web, "/link", chunk_size=100_000) as song:
        web.redirect("/link", "/mirror")
        web.file("/mirror", DATA, faults=Faults(afterwards={2: 403}))
        read = song.peek(100_000)
        web.redirect("/link", "/other")
        web.file("/other", DATA)

        assert song.read(len(read)) + song.read() == DATA
        asked = [request.path for request in web.requests]
        assert asked == ["/link", "/mirror", "/mirror", "/link", "/other", "/other"]


def test_a_radio_station_is_heard_without_its_titles() -> None:
    titles: list[str] = []
    with Web() as web, reader(web, "/radio", on_title=titles.append) as radio:
        web.radio("/radio", DATA, ["First", "Second"], interval=10_000)

        assert not radio.seekable()
        assert radio.read() == DATA
        assert titles == ["First", "Second"]


def test_an_old_radio_station_is_heard_too() -> None:
    titles: list[str] = []
    with Web() as web, reader(web, "/radio", on_title=titles.append) as radio:
        web.radio("/radio", DATA, ["First"], old=True)

        assert radio.read() == DATA
        assert titles == ["First"]


def test_titles_are_only_asked_for_if_somebody_wants_them() -> None:
    with Web() as web, reader(web, "/radio") as radio:
        web.radio("/radio", DATA, ["First"])

        assert radio.read() == DATA
        assert "icy-metadata" not in web.requests[0].headers


def test_a_broadcast_that_breaks_is_joined_anew() -> None:
    def answer(exchange: Exchange) -> None:
        exchange.begin(200, {"icy-name": "Loopback FM", "Transfer-Encoding": "chunked"})
        exchange.send_chunk(DATA[:1000] if exchange.count == 1 else OTHER[:1000])
        if exchange.count == 1:
            exchange.drop()
        exchange.send_chunk(b"")

    with Web() as web, reader(web, "/radio", live=True) as radio:
        web.answer("/radio", answer)

        assert radio.read() == DATA[:1000] + OTHER[:1000]
        assert all(request.range is None for request in web.requests)


@pytest.mark.parametrize("interval", ["0", "-5", "x", ""])
def test_a_senseless_interval_of_titles_is_none(interval: str) -> None:
    titles: list[str] = []
    with Web() as web, reader(web, "/radio", on_title=titles.append) as radio:
        web.answer("/radio", lambda exchange: exchange.reply(200, DATA, {"icy-metaint": interval}))

        assert radio.read() == DATA
        assert titles == []
