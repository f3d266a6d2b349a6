from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from musicbot.core.media import DemoMedia, FileMedia, HttpMedia, Media
from musicbot.engine.cancellation import Cancelled
from musicbot.engine.pipeline import MediaInfo, Pipeline
from musicbot.errors import SourceError, SourceErrorKind
from tests.support.fetching import client
from tests.support.tones import (
    CODECS,
    decode,
    lag,
    level,
    lively,
    make_hls,
    make_sound,
    make_tones,
    packets,
)
from tests.support.web import Faults, Web

LIVELY: Final = lively(1), lively(2)

LATE: Final = {"hls/index.m3u8": 1024}
"""Samples by which a format is late that does not tell of its encoder's delay."""


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tones of three seconds in each format, and in a playlist."""
    folder = tmp_path_factory.mktemp("music")
    (folder / "hls").mkdir()
    for suffix in CODECS:
        make_tones(folder / f"tones{suffix}", left=440, right=880, seconds=3)
        make_sound(folder / f"lively{suffix}", LIVELY, seconds=5.2)
    make_hls(folder / "hls", left=440, right=880, seconds=3)
    return folder


@pytest.fixture(scope="module")
def web(music: Path) -> Iterator[Web]:
    with Web() as web:
        for path in music.iterdir():
            if path.is_file():
                web.file(f"/{path.name}", path)
        web.folder("/hls", music / "hls")
        yield web


def opened(
    media: Media,
    *,
    position: int = 0,
    gain: float = 1.0,
    on_title: Callable[[str], None] | None = None,
) -> closing[Pipeline]:
    return closing(
        Pipeline(media, client=client(), position=position, gain=gain, on_title=on_title)
    )


def read(pipeline: Pipeline, most: int | None = None) -> list[bytes]:
    """Read so many packets, or all."""
    payloads: list[bytes] = []
    while most is None or len(payloads) < most:
        payload = pipeline.read()
        if payload is None:
            break
        payloads.append(payload)
    return payloads


NAMES: Final = [*(f"tones{suffix}" for suffix in CODECS), "hls/index.m3u8"]


@pytest.mark.parametrize("gain", [1.0, 0.9])
@pytest.mark.parametrize("name", NAMES)
def test_left_is_left_and_right_is_right(name: str, gain: float, web: Web) -> None:
    with opened(HttpMedia(web.url(f"/{name}")), gain=gain) as pipeline:
        heard = decode(read(pipeline))

    left, right = heard[:, 12_000:-12_000]
    assert heard.shape[1] == pytest.approx(3 * 48_000, abs=3000)
    assert level(left, 440) - level(right, 440) > 60
    assert level(right, 880) - level(left, 880) > 60


@pytest.mark.parametrize("suffix", [".webm", ".ogg", ".mp3", ".m4a", ".flac"])
def test_what_is_known_of_a_file_is_told(suffix: str, web: Web) -> None:
    with opened(HttpMedia(web.url(f"/tones{suffix}"))) as pipeline:
        duration = pipeline.info.duration

        assert pipeline.info == MediaInfo(duration, seekable=True, live=False)
        assert duration == pytest.approx(3, abs=0.02)
        assert pipeline.position == 0


@pytest.mark.parametrize("name", ["tones.webm", "tones.ogg"])
def test_opus_passes_to_the_bit(name: str, web: Web, music: Path) -> None:
    with opened(HttpMedia(web.url(f"/{name}"))) as pipeline:
        assert read(pipeline) == packets(music / name)
        assert pipeline.read() is None
        assert pipeline.position == pytest.approx(3 * 48_000, abs=960)


@pytest.mark.parametrize("name", ["tones.ogg", "tones.mp3"])
def test_a_file_of_the_library_plays_like_one_on_the_web(name: str, music: Path, web: Web) -> None:
    with (
        opened(FileMedia(str(music / name))) as here,
        opened(HttpMedia(web.url(f"/{name}"))) as there,
    ):
        assert read(here) == read(there)


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("position", [48_000, 200_123])
def test_one_can_begin_anywhere(suffix: str, position: int, web: Web) -> None:
    with opened(HttpMedia(web.url(f"/lively{suffix}")), position=position) as pipeline:
        begins = pipeline.position
        heard = decode(read(pipeline, 40))

        assert position - 960 < begins <= position
        # Opus in WebM is as exact as its clock.
        assert abs(lag(heard[0, 9600:], LIVELY[0], begins + 9600)) <= 24


@pytest.mark.parametrize("suffix", [".webm", ".mp3", ".flac"])
@pytest.mark.parametrize("ranges", [True, False])
def test_one_can_jump_to_and_fro(ranges: bool, suffix: str, music: Path) -> None:
    with Web() as web:
        web.file(f"/song{suffix}", music / f"lively{suffix}", ranges=ranges)
        with opened(HttpMedia(web.url(f"/song{suffix}"))) as pipeline:
            for position in (200_000, 50_000, 100_000):
                pipeline.seek(position)
                begins = pipeline.position
                heard = decode(read(pipeline, 30))

                assert position - 960 < begins <= position
                assert pipeline.position == begins + 30 * 960
                assert abs(lag(heard[0, 9600:], LIVELY[0], begins + 9600)) <= 24


def test_one_can_jump_in_a_playlist(tmp_path: Path) -> None:
    options = {
        "hls_time": "2",
        "hls_playlist_type": "vod",
        "hls_segment_filename": f"{tmp_path}/segment%d.ts",
    }
    path = tmp_path / "index.m3u8"
    make_sound(path, LIVELY, seconds=7, codec="aac", container="hls", container_options=options)
    with Web() as web:
        web.folder("/music", tmp_path)
        with opened(HttpMedia(web.url("/music/index.m3u8"), hls=True)) as pipeline:
            for position in (200_000, 50_000, 100_000, 0):
                pipeline.seek(position)
                begins = pipeline.position
                heard = decode(read(pipeline, 30))

                assert begins == position
                # AAC in MPEG-TS does not tell of its encoder's delay, and at the very
                # beginning ours is not in the position.
                late = lag(heard[0, 9600:], LIVELY[0], begins + 9600)
                assert late == pytest.approx(1024, abs=320)


def test_a_jump_before_the_beginning_is_to_the_beginning(web: Web, music: Path) -> None:
    with opened(HttpMedia(web.url("/tones.webm"))) as pipeline:
        read(pipeline, 20)
        pipeline.seek(-1000)

        assert read(pipeline) == packets(music / "tones.webm")


def test_a_third_of_the_voltage_is_ten_decibels_less(web: Web) -> None:
    levels = []
    for gain in (1.0, 0.316):
        with opened(HttpMedia(web.url("/tones.webm")), gain=gain) as pipeline:
            levels.append(level(decode(read(pipeline))[0, 12_000:-12_000], 440))

    assert levels[1] - levels[0] == pytest.approx(-10, abs=0.2)


@pytest.mark.parametrize("name", ["tones.webm", "tones.flac"])
def test_the_volume_changes_in_the_middle(name: str, web: Web) -> None:
    with opened(HttpMedia(web.url(f"/{name}"))) as pipeline:
        before = read(pipeline, 50)
        pipeline.set_gain(0.316)
        after = read(pipeline, 50)
        pipeline.set_gain(1.0)
        heard = decode([*before, *after, *read(pipeline)])

    assert heard.shape[1] == pytest.approx(3 * 48_000, abs=1920)
    loud = level(heard[0, 12_000 : 49 * 960], 440)
    assert level(heard[0, 55 * 960 : 99 * 960], 440) - loud == pytest.approx(-10, abs=0.2)
    assert level(heard[0, 110 * 960 : 140 * 960], 440) == pytest.approx(loud, abs=0.2)


@pytest.mark.parametrize("name", ["tones.webm", "tones.mp3", "tones.flac"])
def test_a_connection_that_breaks_is_not_heard(name: str, music: Path, web: Web) -> None:
    data = (music / name).read_bytes()
    with Web() as bad:
        bad.file(f"/{name}", data, faults=Faults(drop_after=len(data) // 3 + 1))
        there, here = HttpMedia(bad.url(f"/{name}")), HttpMedia(web.url(f"/{name}"))
        with opened(there) as broken, opened(here) as whole:
            assert read(broken) == read(whole)
        assert bad.hits(f"/{name}") > 1


def test_a_file_that_ends_early_ends_at_its_position(music: Path) -> None:
    data = (music / "tones.flac").read_bytes()
    with Web() as web:
        web.file("/short.flac", data[: len(data) // 2])
        with opened(HttpMedia(web.url("/short.flac"))) as pipeline:
            number = len(read(pipeline))

            assert pipeline.info.duration == pytest.approx(3)
            assert pipeline.position == pytest.approx(1.5 * 48_000, rel=0.1)
            assert pipeline.position == pytest.approx(number * 960, abs=960)


def test_a_link_that_dies_says_so_after_what_there_was(music: Path) -> None:
    data = (music / "tones.flac").read_bytes()
    faults = Faults(drop_after=len(data) * 2 // 3, afterwards={2: 410})
    with Web() as web:
        web.file("/song.flac", data, faults=faults, ranges=False)
        pipeline = Pipeline(HttpMedia(web.url("/song.flac")), client=client())

        with closing(pipeline), pytest.raises(SourceError) as caught:
            read(pipeline)
        assert caught.value.kind is SourceErrorKind.GONE
        assert pipeline.position > 48_000


def test_a_radio_station_goes_on_where_it_was_and_tells_its_titles(music: Path) -> None:
    titles: list[str] = []
    with Web() as web:
        web.radio("/radio", (music / "tones.mp3").read_bytes(), ["One", "Two"])
        media = HttpMedia(web.url("/radio"))
        with opened(media, position=480_000, on_title=titles.append) as pipeline:
            assert pipeline.info == MediaInfo(None, seekable=False, live=True)
            read(pipeline, 50)

            assert pipeline.position == pytest.approx(480_000 + 50 * 960, abs=1920)
            with pytest.raises(SourceError, match="live"):
                pipeline.seek(0)
    assert titles[:1] == ["One"]


def test_opus_on_the_radio_goes_on_where_it_was(music: Path) -> None:
    with Web() as web:
        web.file("/radio", music / "tones.ogg", ranges=False)
        with opened(HttpMedia(web.url("/radio"), live=True), position=480_000) as pipeline:
            assert pipeline.position == 480_000
            assert read(pipeline) == packets(music / "tones.ogg")


def test_the_demo_plays_and_jumps() -> None:
    with opened(DemoMedia()) as pipeline:
        assert pipeline.info == MediaInfo(30.0, seekable=True, live=False)
        assert len(read(pipeline, 10)) == 10
        pipeline.seek(29 * 48_000)
        assert len(read(pipeline)) == 50
        assert pipeline.position == 30 * 48_000


@pytest.mark.parametrize("name", ["tones.webm", "tones.mp3"])
def test_cancelling_ends_a_read_that_waits(name: str, music: Path) -> None:
    data = (music / name).read_bytes()
    by = client()
    with Web() as web:
        web.file(f"/{name}", data, faults=Faults(stall_after=len(data) // 2))
        with closing(Pipeline(HttpMedia(web.url(f"/{name}")), client=by)) as pipeline:
            timer = threading.Timer(0.3, by.cancel)
            timer.start()
            started = time.monotonic()

            with pytest.raises(Cancelled):
                read(pipeline)
            assert time.monotonic() - started < 3
            with pytest.raises(Cancelled):
                pipeline.read()
            timer.join()


def test_what_fails_while_it_is_opened_is_closed(music: Path) -> None:
    data = (music / "lively.ogg").read_bytes()
    with Web() as web:
        # The end is read for its time, and after that the middle.
        web.file("/song.ogg", data, faults=Faults(afterwards={4: 410}))

        with pytest.raises(SourceError, match="error 410"):
            opened(HttpMedia(web.url("/song.ogg")), position=150_000)


def test_it_may_be_closed_twice(web: Web) -> None:
    pipeline = Pipeline(HttpMedia(web.url("/tones.mp3")), client=client())
    pipeline.close()
    pipeline.close()
