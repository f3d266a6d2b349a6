from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from musicbot.core.media import FileMedia
from musicbot.engine.decode import MAX_FAILURES, Converter, DecodedFile
from musicbot.engine.demux import Demuxer
from musicbot.engine.sound import Sound
from musicbot.errors import SourceError, SourceErrorKind
from tests.support.fetching import client
from tests.support.tones import RATE, lag, level, lively, make_sound, tone
from tests.support.tones import Sound as Samples

LIVELY = lively(1), lively(2)


def opened(path: Path) -> closing[Demuxer]:
    return closing(Demuxer(FileMedia(str(path)), client()))


def samples(sounds: Sequence[Sound]) -> Samples:
    """Return the samples of a sound without gaps, a row for each channel."""
    data = b"".join(sound.data for sound in sounds)
    return np.frombuffer(data, np.float32).reshape(-1, 2).T


def decoded(path: Path) -> list[Sound]:
    with opened(path) as demuxer:
        return list(DecodedFile(demuxer).sounds())


@pytest.mark.parametrize(
    ("name", "codec", "rate", "layout", "channels"),
    [
        ("a.wav", "pcm_s16le", 44_100, "mono", 1),
        ("a.wav", "pcm_u8", 8_000, "mono", 1),
        ("a.wav", "pcm_f32le", 96_000, "stereo", 2),
        ("a.wav", "pcm_s24le", 192_000, "7.1", 8),
        ("a.flac", "flac", 192_000, "stereo", 2),
        ("a.flac", "flac", 48_000, "5.1", 6),
        ("a.aiff", "pcm_s16be", 44_100, "stereo", 2),
        ("a.caf", "pcm_s16le", 44_100, "stereo", 2),
        ("a.ogg", "vorbis", 44_100, "stereo", 2),
        ("a.m4a", "alac", 44_100, "stereo", 2),
        ("a.aac", "aac", 44_100, "stereo", 2),
        ("a.mka", "mp2", 44_100, "mono", 1),
        ("a.mka", "ac3", 48_000, "stereo", 2),
        ("a.wv", "wavpack", 44_100, "stereo", 2),
        ("a.opus", "libopus", 48_000, "5.1", 6),
    ],
)
def test_whatever_it_is_it_comes_in_stereo_as_loud_as_it_was(
    name: str, codec: str, rate: int, layout: str, channels: int, tmp_path: Path
) -> None:
    waves = (tone(1000),) * channels
    options = {"strict": "-2"}
    path = make_sound(
        tmp_path / name, waves, seconds=1, codec=codec, rate=rate, layout=layout, options=options
    )

    heard = samples(decoded(path))

    assert heard.shape[1] == pytest.approx(RATE, abs=2200)
    assert [level(channel[4800:-9600], 1000) for channel in heard] == pytest.approx(
        [-6.02, -6.02], abs=0.2
    )


def test_more_channels_than_anyone_can_place_are_the_first_two(tmp_path: Path) -> None:
    waves = tone(440), tone(880), *(tone(1500 + 10 * number) for number in range(7))
    path = make_sound(
        tmp_path / "a.wav", waves, seconds=0.5, codec="pcm_f32le", layout="9 channels"
    )

    heard = samples(decoded(path))[:, 4800:-4800]

    assert level(heard[0], 440) == pytest.approx(-6.02, abs=0.1)
    assert level(heard[1], 880) == pytest.approx(-6.02, abs=0.1)
    assert level(heard[0], 1500) < -60


@pytest.mark.parametrize(
    ("name", "rate", "late"),
    [
        ("a.wav", 48_000, 0),
        ("a.wav", 44_100, 0),
        ("a.flac", 44_100, 0),
        ("a.mp3", 44_100, 0),
        ("a.m4a", 48_000, 0),
        ("a.opus", 48_000, 0),
    ],
)
def test_every_sample_is_where_it_belongs(name: str, rate: int, late: int, tmp_path: Path) -> None:
    path = make_sound(tmp_path / name, LIVELY, seconds=3, rate=rate)
    with opened(path) as demuxer:
        source = DecodedFile(demuxer)
        for position in (0, 70_000, 12_345):
            source.seek(position)
            sounds = [sound.after(position) for sound in source.sounds() if sound.end > position]

            assert sounds[0].position == position
            heard = samples(sounds)[0, 4800:14_400]
            assert lag(heard, LIVELY[0], position + 4800) == pytest.approx(late, abs=1)


def test_sounds_follow_each_other(tmp_path: Path) -> None:
    sounds = decoded(make_sound(tmp_path / "a.mp3", LIVELY, seconds=1, rate=44_100))

    assert sounds[0].position == 0
    assert all(one.end == other.position for one, other in pairwise(sounds))


def test_what_was_added_by_the_encoder_at_the_end_is_cut(tmp_path: Path) -> None:
    for name in ("a.mp3", "a.flac"):
        assert decoded(make_sound(tmp_path / name, LIVELY, seconds=1))[-1].end == RATE


def test_rate_and_channels_may_change_in_the_middle(tmp_path: Path) -> None:
    first = make_sound(tmp_path / "1.mp3", (tone(440),) * 2, seconds=1, rate=44_100)
    second = make_sound(tmp_path / "2.mp3", (tone(880),), seconds=1, rate=48_000)
    path = tmp_path / "both.mp3"
    path.write_bytes(first.read_bytes() + second.read_bytes())

    heard = samples(decoded(path))

    assert heard.shape[1] == pytest.approx(2 * RATE, abs=6000)
    assert level(heard[0, 4800:40_000], 440) == pytest.approx(-6, abs=0.7)
    assert level(heard[1, -40_000:-4800], 880) == pytest.approx(-6, abs=0.7)


def packed(path: Path, good: int, bad: int) -> Path:
    """Write a file of packets of AAC, and of others that are none."""
    with av.open(str(path), "w", "matroska") as file:
        stream: Any = file.add_stream("aac", rate=RATE)
        stream.layout = "stereo"
        encoded: list[bytes] = []
        for start in range(0, good * 1024, 1024):
            wave = tone(440)(np.arange(start, start + 1024) / RATE)
            both = np.stack([wave, wave]).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(both, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE, start
            encoded += map(bytes, stream.encode(frame))
        for number, data in enumerate([*encoded, *[b"\xff" * 50] * bad, *encoded]):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = number * 1024
            file.mux(packet)
    return path


def test_some_damage_is_skipped(tmp_path: Path) -> None:
    sounds = decoded(packed(tmp_path / "a.mka", good=50, bad=MAX_FAILURES - 1))

    missing = [
        other.position - one.end for one, other in pairwise(sounds) if other.position != one.end
    ]
    assert missing == [pytest.approx((MAX_FAILURES - 1) * 1024, abs=100)]
    assert sounds[-1].end == pytest.approx((2 * 49 + MAX_FAILURES) * 1024, abs=3000)


def test_much_damage_is_too_much(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="damaged or protected") as caught:
        decoded(packed(tmp_path / "a.mka", good=50, bad=MAX_FAILURES + 1))
    assert caught.value.kind is SourceErrorKind.BROKEN


def test_after_the_end_it_can_be_decoded_once_more(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "a.mp3", LIVELY, seconds=1)
    with opened(path) as demuxer:
        source = DecodedFile(demuxer)
        first = samples(list(source.sounds()))
        source.seek(0)

        assert np.array_equal(samples(list(source.sounds())), first)


@pytest.mark.parametrize(
    ("rate", "layout"), [(0, "stereo"), (1_275_116_416, "stereo"), (48_000, "ambisonic 1")]
)
def test_what_cannot_be_converted_is_refused(rate: int, layout: str) -> None:
    frame = av.AudioFrame("flt", layout, 960)
    frame.sample_rate = rate

    with pytest.raises(SourceError, match="a form that cannot be played"):
        list(Converter().convert(frame))


def test_nothing_that_was_never_there_is_flushed() -> None:
    assert list(Converter().flush()) == []
