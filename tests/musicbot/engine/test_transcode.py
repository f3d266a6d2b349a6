from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from musicbot.engine.fader import RAMP
from musicbot.engine.sound import Sound
from musicbot.engine.transcode import LOOKAHEAD, Transcoder
from musicbot.opus.packets import duration
from tests.support.tones import RATE, Wave, decode, lag, level, lively, tone

LIVELY = lively(1), lively(2)


def sounds(
    waves: tuple[Wave, Wave] = LIVELY, *, start: int = 0, samples: int = RATE, block: int = 1000
) -> Iterator[Sound]:
    """Return sound of which each sample is where it belongs."""
    for position in range(start, start + samples, block):
        time = np.arange(position, min(position + block, start + samples)) / RATE
        both = np.stack([wave(time) for wave in waves], axis=1).astype(np.float32)
        yield Sound(position, both.tobytes())


def read(transcoder: Transcoder) -> list[bytes]:
    """Return all that is left."""
    payloads = []
    while (payload := transcoder.read()) is not None:
        payloads.append(payload)
    return payloads


@pytest.mark.parametrize("hertz", [30, 40, 50, 100, 10_000])
def test_low_tones_are_as_loud_as_others(hertz: float) -> None:
    both = tone(hertz), tone(1000)

    heard = decode(read(Transcoder(sounds(both, samples=2 * RATE), position=0)))[:, RATE // 2 :]

    assert level(heard[0], hertz) == pytest.approx(level(heard[1], 1000), abs=0.5)
    assert level(heard[0], hertz) == pytest.approx(-6.02, abs=0.5)


def test_left_is_left_and_right_is_right() -> None:
    heard = decode(read(Transcoder(sounds((tone(440), tone(880))), position=0)))[:, 9600:-4800]

    assert level(heard[0], 440) - level(heard[1], 440) > 60
    assert level(heard[1], 880) - level(heard[0], 880) > 60


@pytest.mark.parametrize("position", [-LOOKAHEAD, 0, 5000])
def test_what_is_heard_is_at_the_packets_position(position: int) -> None:
    transcoder = Transcoder(sounds(), position=position)

    heard = decode([transcoder.read() or b"" for _ in range(30)])

    assert lag(heard[0, 4800:], LIVELY[0], position + 4800) == 0
    assert transcoder.position == position + 30 * 960


def test_all_packets_are_20_ms_and_fit_into_a_datagram() -> None:
    payloads = read(Transcoder(sounds(), position=0))

    assert {duration(payload) for payload in payloads} == {960}
    assert max(map(len, payloads)) < 1000


@pytest.mark.parametrize(("samples", "packets"), [(1, 1), (960, 2), (648, 1), (649, 2), (9600, 11)])
def test_the_last_sample_is_heard(samples: int, packets: int) -> None:
    transcoder = Transcoder(sounds(samples=samples), position=-LOOKAHEAD)

    assert len(read(transcoder)) == packets
    assert transcoder.position >= samples
    assert transcoder.read() is None


@pytest.mark.parametrize("stretches", [[], [Sound(0, b"")]])
def test_without_any_sound_there_is_no_packet(stretches: list[Sound]) -> None:
    assert read(Transcoder(iter(stretches), position=5000)) == []


def test_what_is_before_the_position_is_dropped() -> None:
    heard = decode(read(Transcoder(sounds(samples=2 * RATE), position=RATE)))

    assert heard.shape[1] == pytest.approx(RATE, abs=960)
    assert lag(heard[0, 4800:9600], LIVELY[0], RATE + 4800) == 0


def test_what_is_missing_is_skipped_and_positions_stay_true() -> None:
    def holed() -> Iterator[Sound]:
        yield from sounds(samples=9600)
        yield from sounds(start=48_100, samples=RATE)

    transcoder = Transcoder(holed(), position=0)

    payloads = read(transcoder)

    assert len(payloads) * 960 == pytest.approx(9600 + RATE, abs=1920)
    assert transcoder.position % 960 == 0
    assert transcoder.position == pytest.approx(48_100 + RATE, abs=1920)
    end = transcoder.position - 19_200
    assert lag(decode(payloads)[0, -19_200:-9600], LIVELY[0], end) == 0


def test_sound_that_begins_later_is_waited_for_nowhere() -> None:
    transcoder = Transcoder(sounds(start=RATE), position=0)
    transcoder.read()

    assert transcoder.position == pytest.approx(RATE, abs=1920)


def test_a_run_in_is_not_returned() -> None:
    with_run_in = Transcoder(sounds(), position=9600, run_in=3)
    without = Transcoder(sounds(), position=9600)

    assert with_run_in.position == without.position == 9600
    assert len(read(with_run_in)) == len(read(without))


def test_after_a_run_in_the_first_packet_is_complete() -> None:
    played = read(Transcoder(sounds(), position=0))
    transcoder = Transcoder(sounds(), position=9600, run_in=5)

    heard = decode([*played[:10], *[transcoder.read() or b"" for _ in range(10)]])

    error = heard - decode(played)[:, : heard.shape[1]]
    assert np.sqrt(np.mean(error[:, 9600:] ** 2)) < 0.01


def test_the_volume_moves_right_after_the_run_in() -> None:
    transcoder = Transcoder(sounds((tone(440), tone(440))), position=9600, run_in=3)
    transcoder.set_gain(0.316)
    settled = []
    payloads = []
    for _ in range(20):
        settled.append(transcoder.settled)
        payloads.append(transcoder.read() or b"")

    assert settled.index(True) == -(-(RAMP + LOOKAHEAD) // 960)
    assert level(decode(payloads)[0, 9600:], 440) == pytest.approx(-16.02, abs=0.2)


def test_the_volume_may_be_set_where_there_is_nothing() -> None:
    transcoder = Transcoder(iter(()), position=9600, run_in=3)
    transcoder.set_gain(0.5)

    assert transcoder.read() is None


def test_a_gap_does_not_settle_the_volume() -> None:
    def holed() -> Iterator[Sound]:
        yield from sounds(samples=9600)
        yield from sounds(start=96_000, samples=RATE)

    transcoder = Transcoder(holed(), position=0)
    for _ in range(9):
        transcoder.read()
    transcoder.set_gain(0.5)
    transcoder.read()
    transcoder.read()

    assert transcoder.position > RATE
    assert not transcoder.settled
