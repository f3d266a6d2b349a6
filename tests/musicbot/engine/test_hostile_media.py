"""What is called music but is none: FFmpeg on a reader gives up soon and touches nothing else."""

from __future__ import annotations

import io
import zipfile
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Final

import pytest

from musicbot.core.media import HttpMedia
from musicbot.engine.pipeline import Pipeline
from musicbot.engine.webclient import WebClient
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.netpolicy import NetPolicy
from tests.support.fetching import HASTY, client, record
from tests.support.loopback import Canary, Exchange
from tests.support.web import Faults, Web

DAY_RATE: Final = 8_000
DAY_BLOCK: Final = 16_384


def play(url: str, *, by: WebClient | None = None) -> None:
    """Play all of it."""
    with closing(Pipeline(HttpMedia(url), client=by or client())) as pipeline:
        read(pipeline)


def read(pipeline: Pipeline) -> None:
    """Read to the end."""
    while pipeline.read() is not None:
        pass


def record_head() -> bytes:
    """Return what an MP3 begins with: a few frames, of which the first tells their form."""
    frame = b"\xff\xfb\x90\x64".ljust(417, b"\0")
    return frame * 20


def silent_day() -> bytes:
    """Return a FLAC file (RFC 9639) that really holds 24 hours of silence, in half a megabyte."""
    count = 24 * 3600 * DAY_RATE // DAY_BLOCK
    total = (DAY_RATE << 44 | 15 << 36 | count * DAY_BLOCK).to_bytes(8, "big")
    info = DAY_BLOCK.to_bytes(2, "big") * 2 + bytes(6) + total + bytes(16)
    frames = bytearray(b"fLaC" + b"\x80" + len(info).to_bytes(3, "big") + info)
    for number in range(count):
        # Blocks of 16,384 samples at 8 kHz, mono, 16 bits, all of them the same sample: 0.
        head = b"\xff\xf8\xe4\x08" + chr(number).encode()
        frame = head + bytes([crc(head, 0x07, 8)]) + bytes(3)
        frames += frame + crc(frame, 0x8005, 16).to_bytes(2, "big")
    return bytes(frames)


def crc(data: bytes, polynomial: int, bits: int) -> int:
    value = 0
    for byte in data:
        value ^= byte << bits - 8
        for _ in range(8):
            value <<= 1
            if value >> bits:
                value ^= 1 << bits | polynomial
    return value


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
    with Web() as web:
        web.file("/song.mp3", data, "audio/mpeg")

        with pytest.raises(SourceError, match="is no music") as caught:
            play(web.url("/song.mp3"))
        assert caught.value.kind is SourceErrorKind.UNSUPPORTED


def test_a_page_without_end_is_left_soon() -> None:
    with Web() as web:
        web.endless("/song.mp3", "audio/mpeg")

        with pytest.raises(SourceError, match="no music") as caught:
            play(web.url("/song.mp3"))
        assert caught.value.kind is SourceErrorKind.UNSUPPORTED


def test_noise_without_end_is_left_soon() -> None:
    head = record_head()

    def answer(exchange: Exchange) -> None:
        exchange.begin(200, {"Content-Type": "audio/mpeg"})
        exchange.send(head)
        while True:
            exchange.send(bytes(64 * 1024))

    with Web() as web:
        web.answer("/song.mp3", answer)

        with pytest.raises(SourceError, match="no music"):
            play(web.url("/song.mp3"))


def test_a_page_that_drips_is_left_soon() -> None:
    with Web() as web:
        web.drip("/song.mp3", seconds=0.02)

        with pytest.raises(SourceError, match="too slowly"):
            play(web.url("/song.mp3"), by=client(timeouts=HASTY))


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
    with Canary() as canary, Web(host="127.0.0.2") as web:
        text = text.format(canary.url("/x.ts"))
        web.file(f"/{name}", text.encode(), content_type)

        with pytest.raises(SourceError):
            play(web.url(f"/{name}"), by=by)
        assert canary.connections == 0


def test_half_a_song_is_half_a_song_and_an_error(tmp_path: Path) -> None:
    data = record(tmp_path / "song.mp3", "libmp3lame", seconds=10).read_bytes()
    faults = Faults(drop_after=(len(data) + 1) // 2, afterwards={2: 410})
    with Web() as web:
        web.file("/song.mp3", data, ranges=False, faults=faults)
        pipeline = Pipeline(HttpMedia(web.url("/song.mp3")), client=client())

        with pytest.raises(SourceError) as caught, closing(pipeline):
            read(pipeline)
        assert caught.value.kind is SourceErrorKind.GONE
        assert pipeline.position == pytest.approx(5 * 48_000, abs=10_000)


def test_a_song_that_is_another_one_each_time_is_not_spliced(tmp_path: Path) -> None:
    first = record(tmp_path / "1.mp3", "libmp3lame", seconds=10).read_bytes()
    other = record(tmp_path / "2.mp3", "libmp3lame", seconds=11).read_bytes()

    def answer(exchange: Exchange) -> None:
        if exchange.count == 1:
            exchange.begin(200, {"Content-Length": str(len(first))})
            exchange.send(first[:100_000])
            exchange.drop()
        exchange.reply(200, other, {})

    with Web() as web:
        web.answer("/song.mp3", answer)

        with pytest.raises(SourceError, match="something else there now"):
            play(web.url("/song.mp3"))


def test_a_file_that_claims_to_be_a_day_long_ends_where_it_does(tmp_path: Path) -> None:
    data = record(tmp_path / "silence.flac", "flac", seconds=2).read_bytes()
    # The total number of samples stands in 36 bits at the end of byte 21 of the stream.
    samples = (24 * 3600 * 48_000).to_bytes(5, "big")
    head = bytearray(data)
    head[21] = head[21] & 0xF0 | samples[0]
    head[22:26] = samples[1:]
    with Web() as web:
        web.file("/day.flac", bytes(head))
        pipeline = Pipeline(HttpMedia(web.url("/day.flac")), client=client())
        with closing(pipeline):
            assert pipeline.info.duration == 24 * 3600
            assert pipeline.read() is not None
            read(pipeline)

            assert pipeline.position == pytest.approx(2 * 48_000, abs=9600)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_day_of_silence_is_opened_and_jumped_in_at_once(ranges: bool) -> None:
    hours = 3600 * 48_000
    with Web() as web:
        web.file("/day.flac", silent_day(), ranges=ranges)
        pipeline = Pipeline(HttpMedia(web.url("/day.flac")), client=client())
        with closing(pipeline):
            assert pipeline.info.duration == pytest.approx(24 * 3600, abs=3)
            first = pipeline.read()
            pipeline.seek(23 * hours)
            later = pipeline.read()

            assert first is not None
            assert later is not None
            # Its blocks are two seconds long: it may be the next one.
            block = DAY_BLOCK * 48_000 // DAY_RATE
            assert pipeline.position == pytest.approx(23 * hours, abs=block)


def test_tables_of_contents_that_lie_are_not_believed_for_long(tmp_path: Path) -> None:
    data = record(tmp_path / "song.m4a", "aac", seconds=1).read_bytes()
    random = Random(1)
    with Web() as web:
        for number in range(8):
            bad = bytearray(data)
            for _ in range(30):
                bad[random.randrange(len(bad))] = random.randrange(256)
            web.file(f"/{number}.m4a", bytes(bad))
            with suppress(SourceError):
                play(web.url(f"/{number}.m4a"))


def test_a_codec_may_have_a_name_that_nobody_can_write(tmp_path: Path) -> None:
    data = record(tmp_path / "song.m4a", "aac", seconds=1).read_bytes()
    with Web() as web:
        web.file("/song.m4a", data.replace(b"mp4a", b"mp\xd6a"))

        play(web.url("/song.m4a"))
