from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from musicbot.core.media import FileMedia
from musicbot.engine.decode import DecodedFile
from musicbot.engine.demo import Demo
from musicbot.engine.demux import Demuxer
from musicbot.engine.opustrack import MAX_PAYLOAD, OpusTrack
from musicbot.engine.playback import Encoded, Passed, Playback
from tests.support.fetching import client
from tests.support.tones import (
    Sound,
    decode,
    lag,
    lively,
    make_sound,
    packets,
    write_opus,
)

LIVELY = lively(1), lively(2)

HALF = np.float32(0.5)


@pytest.fixture(scope="module", params=["20", "60", "10"])
def song(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of Opus, in packets of different lengths."""
    path = tmp_path_factory.mktemp("song") / "song.ogg"
    return make_sound(path, LIVELY, seconds=4, options={"frame_duration": request.param})


@contextmanager
def passed(path: Path, gain: float = 1.0, *, seekable: bool = True) -> Iterator[Passed]:
    demuxer = demuxed(path, seekable)
    yield Passed(OpusTrack(demuxer), gain, seekable=seekable)
    demuxer.close()


@contextmanager
def encoded(path: Path, gain: float = 1.0, *, seekable: bool = True) -> Iterator[Encoded]:
    demuxer = demuxed(path, seekable)
    yield Encoded(DecodedFile(demuxer), gain, seekable=seekable)
    demuxer.close()


def demuxed(path: Path, seekable: bool) -> Demuxer:
    demuxer = Demuxer(FileMedia(str(path)), client())
    demuxer.live = not seekable
    return demuxer


@contextmanager
def opened(path: Path, gain: float = 1.0, *, seekable: bool = True) -> Iterator[Playback]:
    """Open a file in the way that fits it."""
    way = passed if path.suffix == ".ogg" else encoded
    with way(path, gain, seekable=seekable) as playback:
        yield playback


def play(playback: Playback, changes: Mapping[int, float] | None = None) -> list[bytes]:
    """Read to the end; set the volume before the packets that are named."""
    payloads: list[bytes] = []
    positions = [playback.position]
    while True:
        if changes and len(payloads) in changes:
            playback.set_gain(changes[len(payloads)])
        payload = playback.read()
        if payload is None:
            assert {other - one for one, other in pairwise(positions)} == {960}
            return payloads
        payloads.append(payload)
        positions.append(playback.position)


def error(heard: Sound, original: Sound, packet: int) -> float:
    """Return how far one sound is from another in 20 ms, in dB."""
    part = slice(packet * 960, (packet + 1) * 960)
    return float(10 * np.log10(np.mean((heard[:, part] - original[:, part]) ** 2) + 1e-12))


def test_packets_pass_as_they_are(song: Path) -> None:
    with passed(song) as playback:
        assert playback.position == -312
        payloads = play(playback)

        # Of packets of 10 ms there is one too many at the end, which must be filled up.
        whole = (len(payloads) - 1) * 960
        heard, original = decode(payloads[:-1]), decode(packets(song))
        assert np.array_equal(heard, original[:, :whole])
        assert playback.read() is None


def test_another_volume_and_back_is_a_change_without_a_seam(song: Path) -> None:
    with passed(song) as playback:
        original = play(playback)
    with passed(song) as playback:
        changed = play(playback, {60: 0.5, 120: 1.0})

    differ = [
        n for n, (one, other) in enumerate(zip(original, changed, strict=True)) if one != other
    ]
    assert differ[0] == 60
    assert differ[-1] < 126
    sound, heard = decode(original), decode(changed)
    assert np.array_equal(heard[:, : 60 * 960], sound[:, : 60 * 960])
    # It begins to move in packet 60; from 64 on it is there, and back again from 124 on.
    assert error(heard, sound, 60) < -27
    assert max(error(heard, HALF * sound, packet) for packet in range(65, 120)) < -45
    assert max(error(heard, sound, packet) for packet in range(125, 130)) < -30
    assert max(error(heard, sound, packet) for packet in range(140, 190)) < -90


def test_a_volume_that_is_taken_back_at_once_changes_nothing_for_long(song: Path) -> None:
    with passed(song) as playback:
        original = play(playback)
    with passed(song) as playback:
        for _ in range(50):
            playback.read()
        playback.set_gain(0.5)
        playback.set_gain(1.0)

        assert play(playback) == original[50:]


def test_at_another_volume_it_is_encoded_from_the_start(song: Path) -> None:
    with passed(song, 0.5) as playback:
        assert playback.position == -312
        payloads = play(playback)
    with passed(song) as playback:
        original = play(playback)

    assert len(payloads) == len(original)
    heard, sound = decode(payloads), decode(original)
    assert max(error(heard, HALF * sound, packet) for packet in range(190)) < -45


@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_a_jump_leads_to_the_right_place_softly(gain: float, song: Path) -> None:
    with passed(song, gain) as playback:
        for _ in range(30):
            playback.read()
        playback.seek(100_000)
        position = playback.position
        payloads = play(playback)

    assert position <= 100_000 < position + 960
    heard = decode(payloads)
    assert lag(heard[0, 9600:28_800], LIVELY[0], position + 9600) == 0
    assert np.abs(heard[:, :200]).max() < 0.05


def test_after_a_jump_packets_pass_again(song: Path) -> None:
    with passed(song) as playback:
        original = play(playback)
        playback.seek(100_000)
        payloads = play(playback)

    assert payloads[10:-1] == original[-len(payloads) + 10 : -1]
    assert payloads[0] not in original


def test_a_jump_to_the_start_is_the_start(song: Path) -> None:
    with passed(song) as playback:
        original = play(playback)
        playback.seek(0)

        assert playback.position == -312
        assert play(playback)[:-1] == original[:-1]


def test_a_jump_beyond_the_end_is_the_end(song: Path) -> None:
    with passed(song) as playback:
        playback.seek(100 * 48_000)

        assert playback.read() is None


def test_what_cannot_pass_is_encoded_without_a_seam(tmp_path: Path) -> None:
    short = packets(make_sound(tmp_path / "1.ogg", LIVELY, seconds=1))
    odd = packets(
        make_sound(tmp_path / "2.ogg", LIVELY, seconds=1, options={"frame_duration": "10"})
    )
    path = write_opus(tmp_path / "a.ogg", [*short, odd[0], *short])
    with passed(path) as playback:
        payloads = play(playback)

    assert payloads[: len(short)] == short
    assert payloads[len(short) + 1] not in short
    assert len(payloads) == 2 * len(short) + 1


def test_what_is_too_large_is_encoded(tmp_path: Path) -> None:
    original = packets(make_sound(tmp_path / "1.ogg", LIVELY, seconds=1))
    # A packet may be padded to any size.
    large = bytes([original[20][0] | 3, 0b0100_0001, 255, 255, 255, 255, 255, 0])
    path = write_opus(tmp_path / "a.ogg", [*original[:20], large + original[20][1:] + bytes(1270)])
    with passed(path) as playback:
        payloads = play(playback)

    assert payloads[:20] == original[:20]
    assert max(map(len, payloads)) <= MAX_PAYLOAD


def test_an_encoded_track_begins_at_once(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "a.flac", LIVELY, seconds=2)
    with encoded(path) as playback:
        assert playback.position == -312
        heard = decode(play(playback))

    assert lag(heard[0, 4800:48_000], LIVELY[0], 4800 - 312) == 0
    assert np.abs(heard[:, 312:1000]).max() > 0.1


def test_an_encoded_track_jumps_softly_and_exactly(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "a.flac", LIVELY, seconds=3)
    with encoded(path) as playback:
        playback.seek(70_001)
        assert playback.position == 70_001
        heard = decode(play(playback))

    assert lag(heard[0, 9600:28_800], LIVELY[0], 70_001 + 9600) == 0
    assert np.abs(heard[:, :200]).max() < 0.05


def test_an_encoded_track_begins_once_more() -> None:
    playback = Encoded(Demo(), 1.0)
    first = [playback.read() for _ in range(5)]
    playback.seek(0)

    assert [playback.read() for _ in range(5)] == first


def test_an_encoded_track_gets_louder_and_stays_at_it_after_a_jump() -> None:
    def loudness(playback: Playback) -> float:
        heard = decode([playback.read() or b"" for _ in range(40)])[:, 9600:]
        return float(20 * np.log10(np.sqrt(np.mean(heard**2))))

    playback = Encoded(Demo(), 1.0)
    before = loudness(playback)
    playback.seek(0)
    playback.set_gain(0.316)
    assert loudness(playback) == pytest.approx(before - 10, abs=0.3)
    playback.seek(0)
    assert loudness(playback) == pytest.approx(before - 10, abs=0.3)


@pytest.fixture(scope="module", params=[".ogg", ".mp3"])
def long_song(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven seconds: more than is remembered."""
    path = tmp_path_factory.mktemp("song") / f"song{request.param}"
    return make_sound(path, LIVELY, seconds=7)


def read(playback: Playback, count: int) -> list[bytes]:
    """Return so many packets."""
    return [playback.read() or b"" for _ in range(count)]


@pytest.mark.parametrize(("seekable", "target"), [(True, 20), (True, 150), (False, 150)])
@pytest.mark.parametrize("gain", [1.0, 0.7])
def test_what_is_joined_goes_on_without_a_seam(
    gain: float, seekable: bool, target: int, long_song: Path
) -> None:
    with opened(long_song, gain, seekable=seekable) as playback:
        original = play(playback)
    with opened(long_song, gain, seekable=seekable) as playback:
        read(playback, target)
        position = playback.position
        read(playback, 300 - target)
        playback.rejoin(position)

        assert playback.position == position
        joined = [*original[:target], *play(playback)]

    assert len(joined) == len(original)
    heard, sound = decode(joined), decode(original)
    assert max(error(heard, sound, packet) for packet in range(target, 340)) < -40
    if gain == 1.0 and long_song.suffix == ".ogg":
        assert joined == original


@pytest.mark.parametrize("seekable", [True, False])
def test_a_change_of_loudness_is_made_in_what_was_read_already(
    seekable: bool, long_song: Path
) -> None:
    with opened(long_song, seekable=seekable) as playback:
        original = play(playback)
    with opened(long_song, seekable=seekable) as playback:
        read(playback, 160)
        position = playback.position
        read(playback, 140)
        for gain in (0.25, 0.5):
            # The second time there is less in it than was read before.
            playback.rejoin(position)
            playback.set_gain(gain)
            changed = [*original[:160], *read(playback, 3)]
        changed += play(playback)

    assert len(changed) == len(original)
    heard, sound = decode(changed), decode(original)
    assert max(error(heard, HALF * sound, packet) for packet in range(165, 340)) < -40


@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_what_can_neither_jump_nor_remembers_goes_on_where_it_is(
    gain: float, long_song: Path
) -> None:
    with opened(long_song, gain, seekable=False) as playback:
        original = play(playback)
    with opened(long_song, gain, seekable=False) as playback:
        joined = read(playback, 300)
        position = playback.position
        playback.rejoin(48_000)

        assert playback.position == position
        assert [*joined, *play(playback)] == original
