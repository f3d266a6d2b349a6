from __future__ import annotations

import wave
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import pytest

from musicbot.core.media import FileMedia, HttpMedia
from musicbot.engine.cancellation import Cancelled
from musicbot.engine.demux import LOST, RUN_IN, Demuxer, OpusHead
from musicbot.errors import SourceError, SourceErrorKind
from tests.support.fetching import client
from tests.support.tones import CODECS, make_hls, make_sound, make_tones, packets, tone
from tests.support.web import Faults, Web


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of six seconds in each format, and with a playlist."""
    folder = tmp_path_factory.mktemp("music")
    for suffix in CODECS:
        make_tones(folder / f"tones{suffix}", left=440, right=880, seconds=6)
    make_hls(folder, left=440, right=880, seconds=6)
    return folder


@pytest.fixture(scope="module")
def web(music: Path) -> Iterator[Web]:
    with Web() as web:
        web.folder("/music", music)
        for path in music.iterdir():
            web.file(f"/chunked/{path.name}", path, ranges=False, chunked=True)
        yield web


def opened(path: Path) -> closing[Demuxer]:
    return closing(Demuxer(FileMedia(str(path)), client()))


def read(demuxer: Demuxer) -> list[bytes]:
    found = []
    while (packet := demuxer.read()) is not None:
        found.append(bytes(packet))
    return found


def first_position(demuxer: Demuxer) -> int:
    packet = demuxer.read()
    assert packet is not None
    position = demuxer.position_of(packet)
    assert position is not None
    return position


@pytest.mark.parametrize("suffix", CODECS)
def test_packets_come_as_they_are_in_the_file(suffix: str, music: Path) -> None:
    path = music / f"tones{suffix}"
    with opened(path) as demuxer:
        assert read(demuxer) == packets(path)
        assert demuxer.read() is None
        assert demuxer.duration == pytest.approx(6, abs=0.02)
        assert demuxer.seekable
        assert not demuxer.live


@pytest.mark.parametrize(
    ("name", "position"),
    [
        ("tones.ogg", -312),
        ("tones.webm", -336),
        ("tones.mp3", -1105),
        ("tones.m4a", -1024),
        ("tones.flac", 0),
        ("tones.wav", 0),
        ("index.m3u8", 0),
    ],
)
def test_a_track_begins_after_what_only_prepares_the_decoder(
    name: str, position: int, music: Path, web: Web
) -> None:
    with closing(Demuxer(HttpMedia(web.url(f"/music/{name}")), client())) as demuxer:
        assert first_position(demuxer) == pytest.approx(position, abs=1200 if position else 0)


@pytest.mark.parametrize(
    "path",
    [
        *(f"/music/tones{suffix}" for suffix in CODECS),
        # What M4A has is told at the end of the file.
        *(f"/chunked/tones{suffix}" for suffix in CODECS if suffix != ".m4a"),
        "/music/index.m3u8",
    ],
)
def test_after_a_jump_it_is_a_little_before(path: str, web: Web) -> None:
    with closing(Demuxer(HttpMedia(web.url(path)), client())) as demuxer:
        for position in (200_000, 100_000, 48_000, 250_000, 0):
            demuxer.seek(position)
            reached = first_position(demuxer)

            # In HLS the first packets after a jump don't say where they belong.
            assert position - RUN_IN - 2 * 48_000 < reached <= max(0, position - RUN_IN // 2)


@pytest.mark.parametrize("seekable", [True, False])
def test_a_site_that_cannot_jump_is_read_once_more(seekable: bool, web: Web, music: Path) -> None:
    web.file("/once.flac", music / "tones.flac", ranges=False, chunked=True)
    before = web.hits("/once.flac")
    with closing(Demuxer(HttpMedia(web.url("/once.flac")), client())) as demuxer:
        demuxer.seek(100_000)
        demuxer.read()
        demuxer.seek(200_000)
        demuxer.read()
        assert web.hits("/once.flac") == before + 1
        demuxer.seek(0)

        assert first_position(demuxer) == 0
        assert web.hits("/once.flac") == before + 2
        assert demuxer.seekable


def test_a_length_that_nobody_knows_is_none(web: Web) -> None:
    with closing(Demuxer(HttpMedia(web.url("/chunked/tones.mp3")), client())) as demuxer:
        assert demuxer.duration is None
        assert not demuxer.seekable


@pytest.mark.parametrize(
    ("stated", "duration"), [(200.0, 200.0), (0.0, None), (float("nan"), None), (None, None)]
)
def test_a_site_may_state_the_length(
    stated: float | None, duration: float | None, web: Web
) -> None:
    media = HttpMedia(web.url("/chunked/tones.mp3"), duration=stated)
    with closing(Demuxer(media, client())) as demuxer:
        assert demuxer.duration == duration


def test_what_ffmpeg_guesses_is_no_length(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "a.aac", (tone(440),), seconds=2, codec="aac")
    with opened(path) as demuxer:
        assert demuxer.duration is None


@pytest.mark.parametrize("stated", [True, False])
def test_a_live_stream_goes_on_where_it_was(stated: bool, music: Path) -> None:
    with Web() as web:
        song = (music / "tones.mp3").read_bytes()
        if stated:
            web.file("/radio", song)
        else:
            web.radio("/radio", song)
        media = HttpMedia(web.url("/radio"), live=stated)
        with closing(Demuxer(media, client(), position=480_000)) as demuxer:
            assert demuxer.live
            assert not demuxer.seekable
            assert demuxer.duration is None
            assert first_position(demuxer) == 480_000
            with pytest.raises(SourceError, match="live"):
                demuxer.seek(0)


def test_pictures_are_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        for _ in range(10):
            file.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        file.mux(stream.encode(None))

    with pytest.raises(SourceError, match=r"film\.mp4 has no sound"):
        Demuxer(FileMedia(str(path)), client())


def test_what_is_protected_is_said_to_be(music: Path, tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    path.write_bytes((music / "tones.m4a").read_bytes().replace(b"mp4a", b"enca", 1))

    with pytest.raises(SourceError, match="protected") as caught:
        Demuxer(FileMedia(str(path)), client())
    assert caught.value.kind is SourceErrorKind.DRM


def test_only_usual_codecs_are_decoded(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "song.wav", (tone(440),), seconds=1, codec="wmav2")

    with pytest.raises(SourceError, match="a format that cannot be played") as caught:
        Demuxer(FileMedia(str(path)), client())
    assert caught.value.kind is SourceErrorKind.UNSUPPORTED


@pytest.mark.parametrize("rate", [1, 2, 999, 768_001, 1_275_116_416])
def test_what_has_the_rate_of_no_music_is_refused(rate: int, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"a.wav is sampled at {rate} Hz") as caught:
        Demuxer(FileMedia(str(recording(tmp_path / "a.wav", rate))), client())
    assert caught.value.kind is SourceErrorKind.UNSUPPORTED


@pytest.mark.parametrize("rate", [1_000, 768_000])
def test_rates_may_be_unusual(rate: int, tmp_path: Path) -> None:
    with closing(Demuxer(FileMedia(str(recording(tmp_path / "a.wav", rate))), client())) as demuxer:
        assert demuxer.read() is not None


def recording(path: Path, rate: int) -> Path:
    """Write some silence."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate)
        file.writeframes(bytes(1_000))
    return path


def test_what_has_no_decoder_cannot_be_played(music: Path, tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    data = bytearray((music / "tones.wav").read_bytes())
    data[20:22] = b"\xcd\xab"  # The number of the codec.
    path.write_bytes(data)

    with pytest.raises(SourceError, match="a format that cannot be played"):
        Demuxer(FileMedia(str(path)), client())


def test_a_stream_that_appears_in_the_middle_is_ignored(tmp_path: Path) -> None:
    for name, channel in (("1.ts", "256"), ("2.ts", "273")):
        make_sound(
            tmp_path / name,
            (tone(440),),
            seconds=5,
            codec="aac",
            container_options={"mpegts_start_pid": channel},
        )
    path = tmp_path / "both.ts"
    path.write_bytes((tmp_path / "1.ts").read_bytes() + (tmp_path / "2.ts").read_bytes())
    with opened(path) as demuxer:
        number = len(read(demuxer))

        assert number == pytest.approx(len(packets(tmp_path / "1.ts")), abs=5)


def test_what_is_damaged_is_said_to_be(web: Web) -> None:
    with closing(Demuxer(HttpMedia(web.url("/chunked/tones.m4a")), client())) as demuxer:
        with pytest.raises(SourceError, match="damaged, or that site cannot jump") as caught:
            read(demuxer)
        assert caught.value.kind is SourceErrorKind.BROKEN


def test_cancelling_ends_reading_and_jumping(music: Path) -> None:
    by = client()
    with closing(Demuxer(FileMedia(str(music / "tones.flac")), by)) as demuxer:
        by.cancel()

        with pytest.raises(Cancelled):
            demuxer.read()
        with pytest.raises(Cancelled):
            demuxer.seek(0)


def test_a_site_that_fails_after_a_jump_is_told(music: Path) -> None:
    song = (music / "tones.flac").read_bytes()
    faults = Faults(drop_after=100_000, afterwards={2: 410})
    with Web() as web:
        web.file("/song.flac", song, faults=faults)
        demuxer = Demuxer(HttpMedia(web.url("/song.flac")), client())

        with closing(demuxer), pytest.raises(SourceError, match="error 410"):
            demuxer.seek(250_000)


@pytest.mark.parametrize(
    ("head", "passes"),
    [
        (OpusHead(2, 312, 0, single=True), True),
        (OpusHead(1, 312, 0, single=True), True),
        (OpusHead(2, 312, 256, single=True), False),
        (OpusHead(2, 312, 0, single=False), False),
        (OpusHead(6, 312, 0, single=True), False),
    ],
)
def test_what_needs_its_head_does_not_pass(head: OpusHead, passes: bool) -> None:
    assert head.passes is passes


@pytest.mark.parametrize(
    ("suffix", "head"),
    [
        (".ogg", OpusHead(2, 312, 0, single=True)),
        (".webm", OpusHead(2, 312, 0, single=True)),
        (".mp3", None),
    ],
)
def test_the_head_of_opus_is_read(suffix: str, head: OpusHead | None, music: Path) -> None:
    with opened(music / f"tones{suffix}") as demuxer:
        assert demuxer.head == head


def test_opus_of_many_channels_is_not_single(tmp_path: Path) -> None:
    waves = tuple(tone(100 * number) for number in range(1, 7))
    path = make_sound(tmp_path / "a.opus", waves, seconds=1, layout="5.1")
    with opened(path) as demuxer:
        assert demuxer.head == OpusHead(6, 312, 0, single=False)


def test_packets_that_never_say_where_they_belong_are_played_in_the_end(music: Path) -> None:
    with opened(music / "tones.flac") as demuxer:
        packet = demuxer.read()
        assert packet is not None
        packet.pts = None
        demuxer.seek(RUN_IN)

        assert demuxer.position_of(packet) is None
        assert [demuxer.is_wanted(packet) for _ in range(LOST + 1)] == [False] * (LOST - 1) + [
            True,
            True,
        ]
