from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from musicbot.core.media import FileMedia, HttpMedia
from musicbot.engine.cancellation import Cancelled
from musicbot.engine.opening import ENOUGH, MAX_PARTS, Opening
from musicbot.engine.webclient import Timeouts
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.netpolicy import NetPolicy
from tests.support.fetching import client, noise
from tests.support.tones import make_hls, make_sound, make_tones, tone
from tests.support.web import Canary, Exchange, Faults, Web


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("song") / "song.mp3"
    return make_tones(path, left=440, right=880, seconds=5).read_bytes()


def demux(opening: Opening) -> int:
    """Read everything as the demuxer does; return the number of packets."""
    number = 0
    packets = opening.container.demux(audio=0)
    while True:
        with opening.speaking(SourceErrorKind.BROKEN, "It is damaged."):
            packet = next(packets, None)
        if packet is None:
            return number
        opening.renew()
        number += 1


def with_picture(song: bytes, size: int) -> bytes:
    """Put a cover of so many bytes before a song."""
    head = b"\0image/png\0\3\0"
    picture = head + b"\x89PNG".ljust(size - len(head), b"\0")
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\0\0" + picture
    length = bytes(len(frame) >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + length + frame + song


def test_a_link_is_opened(song: bytes) -> None:
    with Web() as web:
        web.file("/song.mp3", song)
        opening = Opening(HttpMedia(web.url("/song.mp3")), client())

        assert opening.container.format.name == "mp3"
        assert opening.seekable
        assert not opening.live
        assert demux(opening) > 100
        opening.close()
        opening.close()


def test_a_file_of_the_library_is_opened(song: bytes, tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(song)
    opening = Opening(FileMedia(str(tmp_path / "song.mp3")), client())

    assert opening.container.format.name == "mp3"
    assert opening.seekable
    assert not opening.live
    opening.close()


@pytest.mark.parametrize(("hls", "live"), [(True, False), (False, False), (False, True)])
def test_a_playlist_is_opened_whether_it_was_announced_or_not(
    hls: bool, live: bool, tmp_path: Path
) -> None:
    make_hls(tmp_path, left=440, right=880, seconds=3)
    with Web() as web:
        web.folder("/music", tmp_path)
        opening = Opening(HttpMedia(web.url("/music/index.m3u8"), hls=hls, live=live), client())

        assert opening.container.format.name == "hls"
        assert not opening.live
        assert demux(opening) > 100
        assert web.hits("/music/index.m3u8") == 1
        opening.close()


def test_headers_go_with_the_request(song: bytes) -> None:
    with Web() as web:
        web.file("/song.mp3", song)
        Opening(HttpMedia(web.url("/song.mp3"), headers=(("Cookie", "a=1"),)), client()).close()

        assert web.requests[0].headers["cookie"] == "a=1"


def test_a_file_is_fetched_in_pieces_where_the_site_wants_it(song: bytes) -> None:
    with Web() as web:
        web.file("/song.mp3", song)
        opening = Opening(HttpMedia(web.url("/song.mp3"), chunk_size=30_000), client())

        assert demux(opening) > 100
        assert web.hits("/song.mp3") >= len(song) // 30_000
        opening.close()


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("audio/mpeg", "What 127.0.0.1 has there is no music that can be played."),
        ("text/html", "What 127.0.0.1 has there is a web page without music that can be played."),
    ],
)
def test_what_is_no_music_is_said_to_be_none(content_type: str, text: str) -> None:
    with Web() as web:
        web.file("/song.mp3", b"<html>Hello</html>" * 100, content_type)

        with pytest.raises(SourceError) as caught:
            Opening(HttpMedia(web.url("/song.mp3")), client())
        assert str(caught.value) == text
        assert caught.value.kind is SourceErrorKind.UNSUPPORTED


@pytest.mark.parametrize("path", ["/gone", "/music/index.m3u8"])
def test_what_the_reader_says_comes_as_it_is(path: str, tmp_path: Path) -> None:
    make_hls(tmp_path, left=440, right=880, seconds=1)
    with Web() as web:
        web.folder("/music", tmp_path)
        web.status("/music/segment0.ts", 410)

        with pytest.raises(SourceError, match="error 4") as caught:
            Opening(HttpMedia(web.url(path)), client())
        assert caught.value.kind is SourceErrorKind.GONE


def test_nothing_is_printed_when_a_link_fails_in_the_middle(
    song: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with Web() as web:
        faults = Faults(drop_after=len(song) // 2, afterwards={2: 410})
        web.file("/song.mp3", song, faults=faults)
        opening = Opening(HttpMedia(web.url("/song.mp3")), client())

        with pytest.raises(SourceError, match="error 410"):
            demux(opening)
        with pytest.raises(SourceError, match="error 410"):
            demux(opening)
        opening.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("size", [50_000, ENOUGH + 1_000_000])
@pytest.mark.parametrize("ranges", [True, False])
def test_the_cover_of_a_song_may_be_larger_than_the_song(
    size: int, ranges: bool, song: bytes
) -> None:
    with Web() as web:
        web.file("/song.mp3", song)
        web.file("/cover.mp3", with_picture(song, size), ranges=ranges)
        without = Opening(HttpMedia(web.url("/song.mp3")), client())
        opening = Opening(HttpMedia(web.url("/cover.mp3")), client())

        assert opening.container.duration == without.container.duration
        number = demux(without)
        assert demux(opening) == number
        opening.container.seek(2_500_000)
        assert demux(opening) == pytest.approx(number / 2, abs=5)
        opening.close()
        without.close()


def test_a_large_cover_is_not_fetched_where_one_can_jump(song: bytes) -> None:
    size = 50_000_000
    with Web() as web:
        web.file("/song.mp3", with_picture(song, size))
        opening = Opening(HttpMedia(web.url("/song.mp3")), client())
        demux(opening)
        opening.close()

        first, *others = [request.range for request in web.requests]
        assert first == (0, None)
        assert others
        assert all(other is not None and other[0] > size for other in others)


def test_a_tag_that_says_it_is_longer_than_the_file_leaves_no_music(song: bytes) -> None:
    with Web() as web:
        web.file("/song.mp3", b"ID3\x03\0\0\x7f\x7f\x7f\x7f" + song)

        with pytest.raises(SourceError, match="no music"):
            Opening(HttpMedia(web.url("/song.mp3")), client())


@pytest.mark.parametrize(
    "faults",
    [Faults(pace=0.1), Faults(delay=0.1, drop_after=20_000), Faults(stall_after=20_000)],
    ids=["goes on", "breaks off", "stalls"],
)
@pytest.mark.parametrize("hls", [True, False])
def test_nobody_waits_for_long_for_the_first_sound(
    hls: bool, faults: Faults, tmp_path: Path
) -> None:
    make_hls(tmp_path, left=440, right=880, seconds=1)
    by = client(timeouts=Timeouts(read=0.4, first=1.0))
    with Web() as web:
        web.folder("/music", tmp_path)
        web.file("/music/segment0.ts", noise(10_000_000), faults=faults)
        path = "/music/index.m3u8" if hls else "/music/segment0.ts"
        started = time.monotonic()

        with pytest.raises(SourceError, match="too slowly") as caught:
            demux(Opening(HttpMedia(web.url(path), hls=hls), by))
        assert time.monotonic() - started < 3
        assert caught.value.kind is SourceErrorKind.BROKEN


def test_what_is_heard_may_take_its_time(song: bytes) -> None:
    def answer(exchange: Exchange) -> None:
        exchange.begin(200, {"Content-Type": "audio/mpeg"})
        exchange.send(song[:-10_000])
        assert heard.wait(10)
        exchange.pause(0.6)
        exchange.send(song[-10_000:])

    heard = threading.Event()
    with Web() as web:
        web.answer("/song.mp3", answer)
        by = client(timeouts=Timeouts(first=0.5))
        opening = Opening(HttpMedia(web.url("/song.mp3")), by)
        opening.renew()
        heard.set()

        assert demux(opening) > 100
        opening.close()


def test_a_playlist_without_music_is_left_soon(tmp_path: Path) -> None:
    make_hls(tmp_path, left=440, right=880, seconds=1)
    more = MAX_PARTS + 20
    segments = "#EXTINF:1.0,\nsilent.ts\n" * more
    with Web() as web:
        web.folder("/music", tmp_path)
        web.file("/music/silent.ts", b"\x47\x1f\xff\x10".ljust(188, b"\xff") * 10)
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{segments}#EXT-X-ENDLIST\n"
        web.file("/music/index.m3u8", text.encode())

        with pytest.raises(SourceError, match="no music"):
            demux(Opening(HttpMedia(web.url("/music/index.m3u8")), client()))
        assert web.hits("/music/silent.ts") <= MAX_PARTS


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
        "v=0\no=- 0 0 IN IP4 {}\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
    ],
)
def test_a_file_of_the_library_leads_nowhere(text: str, tmp_path: Path) -> None:
    with Canary() as canary:
        path = tmp_path / "list.m3u8"
        path.write_text(text.format(canary.url("/x.ts")))

        with pytest.raises(SourceError):
            Opening(FileMedia(str(path)), client(policy=NetPolicy.parse(["127.0.0.2"])))
        assert canary.connections == 0


def test_only_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, text in (
        (tmp_path / "pipe", "pipe is no file"),
        (tmp_path, "is no file"),
        (tmp_path / "nothing.mp3", "nothing.mp3 is not in the library any more"),
    ):
        with pytest.raises(SourceError, match=text):
            Opening(FileMedia(str(path)), client())


def test_a_site_that_wants_us_to_wait_is_waited_for(song: bytes) -> None:
    with Web() as web:
        web.file("/song.mp3", song)
        media = HttpMedia(web.url("/song.mp3"), available_at=time.time() + 0.2)
        started = time.monotonic()
        Opening(media, client()).close()

        assert time.monotonic() - started > 0.19


def test_a_time_that_has_passed_is_not_waited_for(song: bytes) -> None:
    with Web() as web:
        web.file("/song.mp3", song)

        Opening(HttpMedia(web.url("/song.mp3"), available_at=1.0), client()).close()


@pytest.mark.parametrize(
    ("media", "faults"),
    [
        (HttpMedia("", available_at=time.time() + 3600), Faults()),
        (HttpMedia(""), Faults(delay=30)),
        (HttpMedia("", hls=True), Faults(delay=30)),
        (HttpMedia(""), Faults(stall_after=500)),
    ],
    ids=["waiting", "no answer", "no playlist", "stalled"],
)
def test_cancelling_ends_it(media: HttpMedia, faults: Faults, song: bytes) -> None:
    by = client()
    with Web() as web:
        web.file("/song.mp3", song, faults=faults)
        timer = threading.Timer(0.2, by.cancel)
        timer.start()
        started = time.monotonic()

        with pytest.raises(Cancelled):
            Opening(replace(media, url=web.url("/song.mp3")), by)
        assert time.monotonic() - started < 2
        timer.join()


def test_what_is_live_is_known(song: bytes, tmp_path: Path) -> None:
    make_hls(tmp_path, left=440, right=880, seconds=5)
    playlist = (tmp_path / "index.m3u8").read_text().replace("#EXT-X-ENDLIST", "")
    with Web() as web:
        web.radio("/radio", song)
        web.folder("/music", tmp_path)
        text = playlist.replace("#EXT-X-PLAYLIST-TYPE:VOD", "")
        web.file("/music/live.m3u8", text.encode())
        for path in ("/radio", "/music/live.m3u8"):
            opening = Opening(HttpMedia(web.url(path)), client())

            assert opening.live
            opening.close()


def test_titles_of_a_station_are_told(song: bytes) -> None:
    titles: list[str] = []
    with Web() as web:
        web.radio("/radio", song, ["One", "Two"])
        opening = Opening(HttpMedia(web.url("/radio")), client(), titles.append)
        opening.close()

    assert titles == ["One", "Two"]


def test_metadata_may_be_no_text_at_all(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "song.mp3", (tone(440),), seconds=1)
    frame = b"TIT2" + (5).to_bytes(4, "big") + b"\0\0\x03\xff\xfe\xfd\xfc"
    path.write_bytes(b"ID3\x03\0\0\0\0\0" + bytes([len(frame)]) + frame + path.read_bytes())

    Opening(FileMedia(str(path)), client()).close()
