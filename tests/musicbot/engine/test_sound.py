from __future__ import annotations

import numpy as np
import pytest

from musicbot.engine.sound import Sound, from_frame, silence, to_frame

NOISE = np.arange(20, dtype=np.float32).tobytes()
"""Ten samples."""


def test_a_sound_ends_where_its_last_sample_does() -> None:
    assert Sound(100, NOISE).end == 110


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (90, Sound(100, NOISE)),
        (100, Sound(100, NOISE)),
        (103, Sound(103, NOISE[24:])),
        (110, Sound(110, b"")),
        (500, Sound(500, b"")),
    ],
)
def test_what_is_before_a_position_can_be_dropped(position: int, expected: Sound) -> None:
    assert Sound(100, NOISE).after(position) == expected


@pytest.mark.parametrize("rate", [48_000, 24_000])
def test_samples_survive_the_way_through_a_frame(rate: int) -> None:
    frame = to_frame(NOISE, rate)

    assert (frame.samples, frame.sample_rate, frame.layout.name) == (10, rate, "stereo")
    assert from_frame(frame) == NOISE


def test_silence_is_zeros_for_two_channels() -> None:
    assert silence(3) == np.zeros(6, np.float32).tobytes()
