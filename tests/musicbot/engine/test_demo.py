from __future__ import annotations

import hashlib

import numpy as np
import pytest

from musicbot.engine.demo import DURATION, Demo
from tests.support.tones import RATE, Sound, level


def heard(demo: Demo, seconds: float = DURATION) -> Sound:
    """Return the next seconds of it, a row for each channel."""
    found: list[bytes] = []
    for sound in demo.sounds():
        found.append(sound.data)
        if sum(map(len, found)) >= seconds * RATE * 8:
            break
    return np.frombuffer(b"".join(found), np.float32).reshape(-1, 2).T


@pytest.fixture(scope="module")
def piece() -> Sound:
    return heard(Demo())


def test_it_lasts_as_long_as_it_says(piece: Sound) -> None:
    assert piece.shape == (2, DURATION * RATE)


def test_it_begins_and_ends_with_silence_and_does_not_click(piece: Sound) -> None:
    assert np.abs(piece[:, :5]).max() < 0.001
    assert np.abs(piece[:, -5:]).max() < 0.001
    assert np.abs(np.diff(piece)).max() < 0.15


def test_it_is_loud_enough_and_never_too_loud(piece: Sound) -> None:
    assert 0.4 < np.abs(piece).max() < 0.9


def test_there_is_no_second_without_music(piece: Sound) -> None:
    for second in range(int(DURATION) - 1):
        part = piece[:, second * RATE : (second + 1) * RATE]

        assert np.sqrt(np.mean(part**2)) > 0.05


def test_left_and_right_are_not_the_same(piece: Sound) -> None:
    assert np.asarray(np.corrcoef(piece))[0, 1] < 0.6


def test_it_is_in_tune(piece: Sound) -> None:
    last_chord = np.asarray(piece)[:, 28 * RATE : 29 * RATE].sum(axis=0)

    assert level(last_chord, 329.63) > level(last_chord, 311.13) + 20


def test_it_is_the_same_every_time() -> None:
    digests = {hashlib.sha256(heard(Demo(), 1).tobytes()).digest() for _ in range(2)}

    assert len(digests) == 1


@pytest.mark.parametrize("position", [0, 480_000, 700_002])
def test_it_can_be_heard_from_anywhere(position: int, piece: Sound) -> None:
    demo = Demo()
    demo.seek(position)

    first = next(demo.sounds())
    part = heard(demo, 0.5)

    assert first.position == position
    # The first samples depend on those before.
    expected = piece[:, position + 100 : position + 20_000]
    assert np.abs(part[:, 100:20_000] - expected).max() < 0.001


def test_after_the_end_there_is_nothing() -> None:
    demo = Demo()
    demo.seek(int(DURATION * RATE))

    assert list(demo.sounds()) == []
