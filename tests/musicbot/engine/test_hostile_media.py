"""What is called music but is none: FFmpeg on a reader gives up soon and touches nothing else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
import pytest

from musicbot.engine.fetch import HttpReader
from musicbot.engine.hls import OPTIONS, HlsOpener
from musicbot.engine.target import Target
from musicbot.engine.webclient import WebClient
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.netpolicy import NetPolicy
from tests.support.fetching import HASTY, client, reader, record
from tests.support.loopback import Canary, Exchange
from tests.support.web import Faults, Web

FORMATS: Final = "aac,aiff,flac,hls,matroska,webm,mov,mp4,m4a,mp3,mpegts,ogg,wav"
"""Without such a list FFmpeg would open ports for an SDP, and read a page as subtitles."""


ENOUGH: Final = 2_000_000
"""Bytes in which there must be some music."""


def play(song: HttpReader, by: WebClient, url: str) -> None:
    """Demux all of it, as the pipeline does."""
    opener = HlsOpener(by, Target(url))
    song.allowance = ENOUGH
    options = {**OPTIONS, "format_whitelist": FORMATS}
    with av.open(song, "r", io_open=opener, options=options) as container:
        for _ in container.demux(container.streams.audio[0]):
            song.allowance = ENOUGH


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("song.txt", "la la la " * 1000)
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", zipped(), b"<!DOCTYPE html><p>Hello</p>" * 1000],
    ids=["empty", "one byte", "zip", "html"],
)
def test_what_is_no_music_is_no_music(data: bytes) -> None:
    by = client()
    with Web() as web, reader(web, "/song.mp3", by=by) as song:
        web.file("/song.mp3", data, "audio/mpeg")

        with pytest.raises(av.error.FFmpegError):
            play(song, by, web.url("/song.mp3"))


def test_a_page_without_end_is_left_soon() -> None:
    by = client()
    with Web() as web, reader(web, "/song.mp3", by=by) as song:
        web.endless("/song.mp3", "audio/mpeg")

        with pytest.raises(SourceError, match="no music") as caught:
            play(song, by, web.url("/song.mp3"))
        assert caught.value.kind is SourceErrorKind.UNSUPPORTED
        assert song.tell() < 2 * ENOUGH


def test_a_page_that_drips_is_left_soon() -> None:
    by = client(timeouts=HASTY)
    with Web() as web, reader(web, "/song.mp3", by=by) as song:
        web.drip("/song.mp3", seconds=0.02)

        with pytest.raises(SourceError, match="too slowly"):
            play(song, by, web.url("/song.mp3"))


@pytest.mark.parametrize("name", ["song.mp3", "song.m3u8", "song"])
@pytest.mark.parametrize("content_type", ["audio/mpeg", "application/vnd.apple.mpegurl"])
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
        "v=0\no=- 0 0 IN IP4 {}\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        "[playlist]\nFile1={}\nNumberOfEntries=1\n",
        '<?xml version="1.0"?><MPD><BaseURL>{}</BaseURL></MPD>',
    ],
    ids=["hls", "concat", "sdp", "pls", "dash"],
)
def test_no_list_that_is_called_music_leads_anywhere(
    text: str, content_type: str, name: str
) -> None:
    by = client(policy=NetPolicy.parse(["127.0.0.2"]))
    with Canary() as canary, Web(host="127.0.0.2") as web, reader(web, f"/{name}", by=by) as song:
        text = text.format(canary.url("/x.ts"))
        web.file(f"/{name}", text.encode(), content_type)

        with pytest.raises((SourceError, av.error.FFmpegError)):
            play(song, by, web.url(f"/{name}"))
        assert canary.connections == 0


def _cut(data: bytes) -> Faults:
    return Faults(missing=len(data) // 2)


def _gone(data: bytes) -> Faults:
    return Faults(drop_after=(len(data) + 1) // 2, afterwards={2: 410})


@pytest.mark.parametrize(
    ("faults", "kind"),
    [(_cut, SourceErrorKind.NETWORK), (_gone, SourceErrorKind.GONE)],
    ids=["cut", "gone"],
)
def test_half_a_song_is_half_a_song_and_an_error(
    faults: Callable[[bytes], Faults], kind: SourceErrorKind, tmp_path: Path
) -> None:
    data = record(tmp_path / "song.mp3", "libmp3lame", seconds=60).read_bytes()
    by = client()
    with Web() as web, reader(web, "/song.mp3", by=by) as song:
        web.file("/song.mp3", data, ranges=False, faults=faults(data))

        with pytest.raises(SourceError) as caught:
            play(song, by, web.url("/song.mp3"))
        assert caught.value.kind is kind
        assert song.tell() == (len(data) + 1) // 2


def test_a_song_that_is_another_one_each_time_is_not_spliced(tmp_path: Path) -> None:
    first = record(tmp_path / "1.mp3", "libmp3lame", seconds=30).read_bytes()
    other = record(tmp_path / "2.mp3", "libmp3lame", seconds=31).read_bytes()

    def answer(exchange: Exchange) -> None:
        if exchange.count == 1:
            exchange.begin(200, {"Content-Length": str(len(first))})
            exchange.send(first[:200_000])
            exchange.drop()
        exchange.reply(200, other, {})

    by = client()
    with Web() as web, reader(web, "/song.mp3", by=by) as song:
        web.answer("/song.mp3", answer)

        with pytest.raises(SourceError, match="something else there now"):
            play(song, by, web.url("/song.mp3"))
