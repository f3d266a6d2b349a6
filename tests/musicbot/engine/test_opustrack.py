from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from musicbot.core.media import FileMedia
from musicbot.engine.demux import Demuxer
from musicbot.engine.memory import SPAN
from musicbot.engine.opustrack import MAX_PAYLOAD, RUN_IN, OpusTrack, Unit
from musicbot.opus.packets import SILENCE, duration, join
from tests.support.fetching import client
from tests.support.tones import RATE, lag, lively, make_sound, packets, tone, write_opus

LIVELY = lively(1), lively(2)


@contextmanager
def opened(path: Path) -> Iterator[OpusTrack]:
    demuxer = Demuxer(FileMedia(str(path)), client())
    yield OpusTrack(demuxer)
    demuxer.close()


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds in packets of 20 ms."""
    return make_sound(tmp_path_factory.mktemp("song") / "song.webm", LIVELY, seconds=6)


def encoded(folder: Path, milliseconds: str, seconds: float = 1.0) -> list[bytes]:
    """Return packets of that length."""
    path = folder / f"{milliseconds}.ogg"
    make_sound(path, LIVELY, seconds=seconds, options={"frame_duration": milliseconds})
    return packets(path)


def read(track: OpusTrack) -> list[Unit]:
    units = []
    while (unit := track.next()) is not None:
        units.append(unit)
    return units


def assert_on_a_grid(units: Sequence[Unit], start: int) -> None:
    assert [unit.position for unit in units] == [
        start + 960 * number for number in range(len(units))
    ]


@pytest.mark.parametrize("suffix", [".webm", ".ogg"])
def test_packets_of_20_ms_come_as_they_are(suffix: str, tmp_path: Path) -> None:
    path = make_sound(tmp_path / f"a{suffix}", LIVELY, seconds=1)
    with opened(path) as track:
        units = read(track)

        assert [unit.payload for unit in units] == packets(path)
        assert_on_a_grid(units, -312)
        assert track.passable
        assert all(unit.passes for unit in units)
        assert track.next() is None


@pytest.mark.parametrize("milliseconds", ["5", "10", "40", "60"])
def test_other_packets_become_20_ms(milliseconds: str, tmp_path: Path) -> None:
    payloads = encoded(tmp_path, milliseconds)
    with opened(tmp_path / f"{milliseconds}.ogg") as track:
        units = read(track)

        # The encoder of short packets looks less far ahead.
        assert_on_a_grid(units, -120 if milliseconds == "5" else -312)
        assert {unit.samples for unit in units[:-1]} == {960}
        assert sum(unit.samples for unit in units) == sum(map(duration, payloads))
        assert track.passable


def test_what_cannot_become_20_ms_comes_as_it_is(tmp_path: Path) -> None:
    first, second = encoded(tmp_path, "20"), encoded(tmp_path, "10")
    path = write_opus(tmp_path / "a.ogg", [*first, second[0], *first])
    with opened(path) as track:
        units = read(track)

        assert not track.passable
        assert [unit.payload for unit in units] == [*first, second[0], *first]
        assert units[len(first) + 1].position == units[len(first)].position + 480


@pytest.mark.parametrize("milliseconds", ["20", "10"])
def test_what_is_no_packet_is_left_out(milliseconds: str, tmp_path: Path) -> None:
    payloads = encoded(tmp_path, milliseconds)[:20]
    odd = encoded(tmp_path, "5")[:1]
    broken = b"\xff\x00\x00"
    path = write_opus(tmp_path / "a.ogg", [*payloads, broken, *payloads, *odd, broken, *payloads])
    with opened(path) as track:
        units = read(track)

        assert sum(unit.samples for unit in units) == sum(map(duration, [*payloads * 3, *odd]))


def test_what_is_too_large_for_a_datagram_does_not_pass() -> None:
    assert Unit(0, SILENCE.ljust(MAX_PAYLOAD, b"\0")).passes
    assert not Unit(0, SILENCE.ljust(MAX_PAYLOAD + 1, b"\0")).passes
    assert not Unit(0, join([SILENCE, SILENCE])).passes


def test_one_can_go_back_as_far_as_it_remembers(song: Path) -> None:
    with opened(song) as track:
        units = read(track)
        track.back(units[-5].position)
        assert read(track) == units[-5:]
        assert not track.reaches(0)
        track.back(0)
        remembered = read(track)
        assert remembered == units[-len(remembered) :]
        assert remembered[-1].end - remembered[0].position == pytest.approx(SPAN, abs=960)
        assert track.reaches(remembered[0].position)


def test_what_is_remembered_or_at_hand_is_known(song: Path) -> None:
    with opened(song) as track:
        first = track.next()
        assert first is not None
        assert track.has(first.position)
        assert not track.has(first.position + 1)
        track.back(0)
        assert track.has(first.position)
        assert not track.has(RATE)


def test_one_can_go_to_what_is_heard_at_a_position(song: Path) -> None:
    with opened(song) as track:
        units = read(track)
        for unit in (units[-5], units[-100], units[-50]):
            assert track.go(unit.position) == unit
            assert track.go(unit.end - 1) == unit
            assert track.next() == unit
        assert track.go(units[-1].end) is None


def test_one_can_look_ahead(song: Path) -> None:
    with opened(song) as track:
        first = track.peek()

        assert track.peek() == first
        assert track.next() == first
        read(track)
        assert track.peek() is None


@pytest.mark.parametrize("position", [200_000, 100_000, 5_000, 0])
def test_a_jump_leads_to_the_packet_that_is_heard_then(position: int, song: Path) -> None:
    with opened(song) as track:
        unit = track.seek(position)

        assert unit is not None
        assert unit.position <= position < unit.end
        assert track.next() == unit
        track.back(unit.position - RUN_IN)
        earlier = track.peek()
        assert earlier is not None
        assert earlier.position == pytest.approx(max(-312, unit.position - RUN_IN), abs=24)


def test_a_jump_beyond_the_end_leads_to_nothing(song: Path) -> None:
    with opened(song) as track:
        assert track.seek(100 * RATE) is None


def test_a_jump_forgets_half_a_packet(tmp_path: Path) -> None:
    payloads = encoded(tmp_path, "10", seconds=3)
    with opened(write_opus(tmp_path / "a.ogg", payloads[:151])) as track:
        assert read(track)[-1].samples == 480
        track.seek(0)

        assert_on_a_grid(read(track), -312)


def test_after_a_jump_packets_may_be_fit_again(tmp_path: Path) -> None:
    first, second = encoded(tmp_path, "20", seconds=3), encoded(tmp_path, "10")
    with opened(write_opus(tmp_path / "a.ogg", [second[0], *first])) as track:
        passable = []
        for position in (0, 72_000):
            track.seek(position)
            read(track)
            passable.append(track.passable)

        assert passable == [False, True]


def test_its_sound_is_where_it_belongs(song: Path) -> None:
    with opened(song) as track:
        for position in (0, 100_000):
            track.seek(position)
            sounds = [next(sounds) for sounds in [track.sounds()] for _ in range(20)]
            data = b"".join(sound.data for sound in sounds)
            heard = np.frombuffer(data, np.float32).reshape(-1, 2).T

            assert heard.shape == (2, 20 * 960)
            found = lag(heard[1, 9600:], LIVELY[1], sounds[0].position + 9600)
            assert abs(found) <= 24


def test_mono_is_heard_on_both_sides(tmp_path: Path) -> None:
    with opened(make_sound(tmp_path / "a.ogg", (tone(440),), seconds=1)) as track:
        unit = track.peek()
        assert unit is not None
        assert unit.passes
        sound = b"".join(sound.data for sound in track.sounds())
        left, right = np.frombuffer(sound, np.float32).reshape(-1, 2).T

        assert np.array_equal(left, right)
        assert np.abs(left).max() == pytest.approx(0.5, abs=0.05)


def test_what_cannot_be_decoded_is_silence(tmp_path: Path) -> None:
    payloads = encoded(tmp_path, "20")
    # A long frame that says of itself that it is two of the same size, and is not.
    odd = encoded(tmp_path, "5")[0]
    broken = bytes([payloads[0][0] | 1]) + b"\0\0\0"
    path = write_opus(tmp_path / "a.ogg", [odd, *payloads, broken, *payloads])
    with opened(path) as track:
        sounds = list(track.sounds())

        assert bytes(2 * 960 * 8) in [sound.data for sound in sounds]
        assert [sound.end for sound in sounds[:-1]] == [sound.position for sound in sounds[1:]]


def test_what_is_missing_in_a_file_is_missing_on_the_grid(tmp_path: Path) -> None:
    payloads = encoded(tmp_path, "20", seconds=3)
    path = write_opus(tmp_path / "a.mka", payloads, missing=range(20, 70))
    with opened(path) as track:
        units = read(track)

        assert len(units) == len(payloads) - 50
        assert units[20].position - units[19].position == pytest.approx(51 * 960, abs=960)
        assert {(unit.position + 312) % 960 for unit in units} == {0}
