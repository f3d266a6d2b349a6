from __future__ import annotations

import io
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import av
import pytest

from musicbot.engine.cancellation import Cancelled
from musicbot.engine.fetch import FAR, HttpReader
from musicbot.errors import SourceError, SourceErrorKind
from tests.support.fetching import HASTY, client, noise, reader, record
from tests.support.web import Exchange, Faults, Web

DATA = noise(2_000_000)


def test_a_file_is_read_whole_in_one_request() -> None:
    with Web() as web, reader(web, "/song.mp3") as song:
        web.file("/song.mp3", DATA)

        assert song.read() == DATA
        assert song.read(1) == b""
        assert web.hits("/song.mp3") == 1


def test_nothing_is_asked_before_the_first_question() -> None:
    with Web() as web, reader(web, "/song.mp3") as song:
        assert song.tell() == 0
        assert song.readable()
        assert song.name == "song.mp3"
        assert web.connections == 0


def test_it_says_what_the_site_says() -> None:
    with Web() as web, reader(web, "/moved") as song:
        web.redirect("/moved", "/song")
        web.file("/song", DATA, "Audio/MPEG; codecs=mp3")

        assert song.content_type == "audio/mpeg"
        assert song.size == len(DATA)
        assert song.seekable()
        assert song.target.url == web.url("/song")


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("chunked", [True, False])
def test_a_file_is_the_same_however_it_is_served(ranges: bool, chunked: bool) -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, ranges=ranges, chunked=chunked)

        assert song.read() == DATA


def test_small_reads_return_at_most_what_was_asked_for() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA[:1000])

        parts = list(iter(lambda: song.read(7), b""))

        assert b"".join(parts) == DATA[:1000]
        assert max(map(len, parts)) == 7
        assert song.tell() == 1000


def test_a_broadcast_is_known_as_one() -> None:
    with Web() as web, reader(web, "/radio") as radio, reader(web, "/song") as song:
        web.radio("/radio", DATA[:1000])
        web.file("/song", DATA[:1000])

        assert radio.live
        assert not song.live


def test_looking_ahead_reads_nothing() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA[:1000])

        assert song.peek(10) == DATA[:10]
        assert song.peek(3) == DATA[:3]
        assert song.tell() == 0
        assert song.read(4) == DATA[:4]
        assert song.peek(5000) == DATA[4:1000]
        assert song.read() == DATA[4:1000]
        assert web.hits("/song") == 1


def test_a_buffer_can_be_read_into() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA[:100])

        with io.BufferedReader(song) as buffered:
            assert buffered.read(60) == DATA[:60]
            assert buffered.read(60) == DATA[60:100]


def test_a_file_is_fetched_in_chunks_where_the_site_wants_that() -> None:
    with Web() as web, reader(web, "/song", chunk_size=600_000) as song:
        web.file("/song", DATA)

        assert song.read() == DATA
        assert [request.range for request in web.requests] == [
            (0, 599_999),
            (600_000, 1_199_999),
            (1_200_000, 1_799_999),
            (1_800_000, 2_399_999),
        ]


def test_chunks_are_no_matter_to_a_site_without_ranges() -> None:
    with Web() as web, reader(web, "/song", chunk_size=600_000) as song:
        web.file("/song", DATA, ranges=False)

        assert song.read() == DATA
        assert web.hits("/song") == 1


def test_a_part_is_all_there_is() -> None:
    with Web() as web, reader(web, "/song", part=range(1000, 3000)) as song:
        web.file("/song", DATA)

        assert not song.seekable()
        assert song.read() == DATA[1000:3000]
        assert web.requests[0].range == (1000, 2999)


def test_a_part_is_found_where_the_site_has_no_ranges() -> None:
    with Web() as web, reader(web, "/song", part=range(1000, 3000)) as song:
        web.file("/song", DATA, ranges=False)

        assert song.read() == DATA[1000:3000]


def test_no_more_is_read_than_is_allowed() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA)
        song.allowance = 1000
        assert song.read(1000) == DATA[:1000]

        with pytest.raises(SourceError, match="no music") as caught:
            song.read(1)
        assert caught.value.kind is SourceErrorKind.UNSUPPORTED

        song.allowance = 1000
        assert song.read(1000) == DATA[1001:2001]


# Seeking


@pytest.mark.parametrize("ranges", [True, False])
def test_seeking_leads_anywhere(ranges: bool) -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, ranges=ranges)

        for position in (1_500_000, 0, 1_999_990, 700_000, 700_100):
            assert song.seek(position) == position
            assert song.tell() == position
            assert song.peek(20) == DATA[position : position + 20]


def test_seeking_without_reading_asks_nothing() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA)
        assert song.read(10) == DATA[:10]

        assert song.seek(-1, os.SEEK_END) == len(DATA) - 1
        assert song.seek(-len(DATA) + 11, os.SEEK_CUR) == 10

        assert song.read(10) == DATA[10:20]
        assert web.hits("/song") == 1


def test_a_short_way_is_read_and_a_long_one_jumped() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA)
        song.read(10)
        song.seek(100_000)
        assert song.read(1) == DATA[100_000:100_001]
        assert web.hits("/song") == 1

        song.seek(1_000_000)

        assert song.read(1) == DATA[1_000_000:1_000_001]
        assert web.requests[1].range == (1_000_000, None)


def test_a_site_without_ranges_is_not_read_for_ever() -> None:
    def answer(exchange: Exchange) -> None:
        exchange.begin(200, {"Content-Length": str(FAR + 2)})

    with Web() as web, reader(web, "/song") as song:
        web.answer("/song", answer)
        song.seek(FAR + 1)

        with pytest.raises(SourceError, match="cannot jump that far") as caught:
            song.read(1)
        assert caught.value.kind is SourceErrorKind.UNSUPPORTED


@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_may_begin_behind_its_beginning(ranges: bool) -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, ranges=ranges, faults=Faults(drop_after=1_200_000, drops=1))
        song.peek(10)
        song.begin_behind(1_000_000)

        assert song.tell() == 0
        assert song.read() == DATA[1_000_000:]
        assert song.seek(-10, os.SEEK_END) == len(DATA) - 1_000_010
        assert song.seek(-10, os.SEEK_CUR) == len(DATA) - 1_000_020
        assert song.read(10) == DATA[-20:-10]
        assert song.seek(5) == song.tell() == 5
        assert song.read(10) == DATA[1_000_005:1_000_015]


def test_there_is_nothing_beyond_the_end() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA)

        assert song.seek(5, os.SEEK_END) == len(DATA) + 5
        assert song.read(10) == b""


def test_there_is_nothing_before_the_beginning() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA)

        assert song.seek(-len(DATA) - 1, os.SEEK_END) == 0
        assert song.peek(10) == DATA[:10]


def test_what_has_no_size_cannot_be_sought_in() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, ranges=False, chunked=True)

        assert not song.seekable()
        with pytest.raises(io.UnsupportedOperation):
            song.seek(0, os.SEEK_END)


# What goes wrong on the way


def _read_to_the_error(song: HttpReader) -> tuple[bytes, SourceError]:
    """Return what is read before an error comes, and the error."""
    read = bytearray()
    with pytest.raises(SourceError) as caught:
        _copy(song, read)
    return bytes(read), caught.value


def _copy(song: HttpReader, to: bytearray) -> None:
    while data := song.read(65536):
        to += data


@pytest.mark.parametrize("etag", ['"1"', 'W/"1"', None])
def test_a_connection_that_breaks_every_half_megabyte_is_resumed(etag: str | None) -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, etag=etag, faults=Faults(drop_after=500_000))

        assert song.read() == DATA
        assert [request.range for request in web.requests] == [
            (0, None),
            (500_000, None),
            (1_000_000, None),
            (1_500_000, None),
        ]


def test_a_connection_that_is_reset_is_resumed() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, faults=Faults(drop_after=500_000, drops=2, reset=True))

        assert song.read() == DATA
        assert web.hits("/song") == 3


def test_a_site_without_ranges_is_read_from_the_beginning_again() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, ranges=False, faults=Faults(drop_after=500_000, drops=2))

        assert song.read() == DATA
        assert web.hits("/song") == 3


def test_a_chunked_answer_that_breaks_is_resumed() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, chunked=True, faults=Faults(drop_after=500_000))

        assert song.read() == DATA
        assert [request.range for request in web.requests][:2] == [(0, None), (500_000, None)]


def test_a_site_that_stops_sending_is_asked_again() -> None:
    with Web() as web, reader(web, "/song", by=client(timeouts=HASTY)) as song:
        web.file("/song", DATA, faults=Faults(stall_after=1_000_000, stalls=1))

        assert song.read() == DATA
        assert web.hits("/song") == 2


def test_a_site_that_always_stops_sending_is_given_up() -> None:
    with Web() as web, reader(web, "/song", by=client(timeouts=HASTY)) as song:
        web.file("/song", DATA, faults=Faults(stall_after=0))

        with pytest.raises(SourceError, match="stopped sending") as caught:
            song.read()
        assert caught.value.kind is SourceErrorKind.TIMEOUT


def test_a_drip_is_not_mistaken_for_a_file() -> None:
    with Web() as web, reader(web, "/song", by=client(timeouts=HASTY)) as song:
        web.drip("/song", seconds=0.05)

        with pytest.raises(SourceError, match="too slowly") as caught:
            song.read()
        assert caught.value.kind is SourceErrorKind.BROKEN
        assert web.hits("/song") == 1


def test_a_link_that_expires_while_it_plays_is_no_end_of_the_song() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, faults=Faults(drop_after=500_000, afterwards={2: 403}))

        read, error = _read_to_the_error(song)

        assert error.kind is SourceErrorKind.GONE
        assert read == DATA[:500_000]


def test_a_file_that_is_shorter_than_promised_is_no_end_of_the_song() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA[:100_000], faults=Faults(missing=100))

        read, error = _read_to_the_error(song)

        assert error.kind is SourceErrorKind.NETWORK
        assert read == DATA[:99_900]
        assert web.hits("/song") == 6


def test_a_file_without_a_size_that_is_cut_is_all_there_is() -> None:
    def answer(exchange: Exchange) -> None:
        exchange.begin(200, {})
        exchange.send(DATA[:1000])
        exchange.drop()

    with Web() as web, reader(web, "/song") as song:
        web.answer("/song", answer)

        assert song.read() == DATA[:1000]


def test_a_busy_site_is_asked_again() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, faults=Faults(statuses=(503, 429)))

        assert song.read() == DATA


def test_a_busy_site_is_asked_again_for_the_size_too() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, faults=Faults(statuses=(503,)))

        assert song.size == len(DATA)
        assert web.hits("/song") == 2


def test_a_file_that_has_become_shorter_ends_there() -> None:
    def answer(exchange: Exchange) -> None:
        if exchange.count == 1:
            exchange.begin(200, {"Transfer-Encoding": "chunked"})
            exchange.send_chunk(DATA[:1000])
            exchange.drop()
        exchange.begin(200, {})
        exchange.send(DATA[:500])

    with Web() as web, reader(web, "/song") as song:
        web.answer("/song", answer)

        assert song.read() == DATA[:1000]


def test_a_site_that_stays_busy_is_given_up_soon() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.status("/song", 503)

        with pytest.raises(SourceError, match="error 503"):
            song.read()
        assert web.hits("/song") == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_what_is_gone_is_not_asked_for_again(status: int) -> None:
    with Web() as web, reader(web, "/song") as song:
        web.status("/song", status)

        with pytest.raises(SourceError, match=f"error {status}") as caught:
            song.read()
        assert caught.value.kind is SourceErrorKind.GONE
        assert web.hits("/song") == 1


def test_an_empty_file_is_empty() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", b"")

        assert song.read() == b""


def test_after_a_failure_the_site_is_not_asked_again() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA, faults=Faults(drop_after=500_000, afterwards={2: 403}))
        _, error = _read_to_the_error(song)

        song.seek(0)

        with pytest.raises(SourceError) as caught:
            song.read(10)
        assert caught.value is error
        assert web.hits("/song") == 2


# Ends, from this thread and another


def _latency(song: HttpReader, blocked: threading.Event) -> float:
    """Return the seconds between cancelling a read that blocks and its end."""

    def read() -> float:
        with pytest.raises(Cancelled):
            song.read()
        return time.monotonic()

    with ThreadPoolExecutor(1) as executor:
        ended = executor.submit(read)
        assert blocked.wait(10)
        started = time.monotonic()
        song._client.cancel()
        return ended.result(10) - started


def test_cancelling_ends_a_blocked_read_at_once() -> None:
    def answer(exchange: Exchange) -> None:
        exchange.begin(200, {"Content-Length": "1000"})
        exchange.send(b"x")
        blocked.set()
        exchange.stall()

    blocked = threading.Event()
    with Web() as web:
        web.answer("/song", answer)
        latencies = []
        for _ in range(3):
            blocked.clear()
            with reader(web, "/song") as song:
                latencies.append(_latency(song, blocked))

        assert min(latencies) < 0.05


def test_cancelling_ends_the_wait_for_an_answer() -> None:
    def answer(exchange: Exchange) -> None:
        blocked.set()
        exchange.stall()

    blocked = threading.Event()
    with Web() as web, reader(web, "/song") as song:
        web.answer("/song", answer)

        assert _latency(song, blocked) < 1


def test_cancelling_ends_the_wait_between_attempts() -> None:
    def answer(exchange: Exchange) -> None:
        exchange.reply(503, b"", {})
        blocked.set()

    blocked = threading.Event()
    with Web() as web, reader(web, "/song", backoff=(60.0,)) as song:
        web.answer("/song", answer)

        assert _latency(song, blocked) < 1


def test_after_cancelling_nothing_is_asked_or_handed_out() -> None:
    with Web() as web, reader(web, "/song") as song:
        web.file("/song", DATA)
        song.read(10)

        song._client.cancel()

        with pytest.raises(Cancelled):
            song.read(10)
        song.seek(0)
        with pytest.raises(Cancelled):
            song.read(10)
        assert web.connections == 1


def test_closing_leaves_nothing_behind() -> None:
    descriptors = Path("/dev/fd")
    with Web() as web:
        web.file("/song", DATA)
        threads = threading.active_count()
        with reader(web, "/song") as song:
            before = len(list(descriptors.iterdir()))
            song.read(10)
            assert len(list(descriptors.iterdir())) > before

        song.close()

        assert song.closed
        assert threading.active_count() <= threads + 1, "the server's answer may still end"
    assert len(list(descriptors.iterdir())) < before


# With FFmpeg


@pytest.mark.parametrize("faults", [Faults(), Faults(drop_after=20_000)], ids=["well", "cut"])
@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.webm", "libopus"),
        ("a.ogg", "libopus"),
        ("a.mp3", "libmp3lame"),
        ("a.m4a", "aac"),
        ("a.flac", "flac"),
        ("a.wav", "pcm_s16le"),
    ],
)
def test_ffmpeg_finds_the_same_music_as_in_a_file(
    name: str, codec: str, ranges: bool, faults: Faults, tmp_path: Path
) -> None:
    file = record(tmp_path / name, codec)
    drops = None if ranges else 2
    with Web() as web, reader(web, f"/{name}") as song:
        web.file(f"/{name}", file, ranges=ranges, faults=replace(faults, drops=drops))

        with av.open(song, "r") as there, av.open(str(file), "r") as here:
            assert _packets(there) == _packets(here)
            there.seek(2_000_000)
            here.seek(2_000_000)
            assert _packets(there) == _packets(here)


def _packets(container: av.container.InputContainer) -> list[bytes]:
    return [bytes(packet) for packet in container.demux(container.streams.audio[0])]


def test_ffmpeg_hands_on_why_a_song_ended(tmp_path: Path) -> None:
    file = record(tmp_path / "a.mp3", "libmp3lame", seconds=30)
    with Web() as web, reader(web, "/a.mp3") as song:
        web.file("/a.mp3", file, faults=Faults(drop_after=200_000, afterwards={2: 403}))

        with av.open(song, "r") as container, pytest.raises(SourceError, match="error 403"):
            _packets(container)
