from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.tones import (
    CODECS,
    RATE,
    decode,
    lag,
    level,
    lively,
    make_hls,
    make_tones,
    packets,
    tone,
    write_opus,
)

TIME = np.arange(RATE) / RATE


def test_a_level_is_that_of_one_tone_only() -> None:
    sound = tone(440)(TIME) + 0.1 * tone(880)(TIME)

    assert level(sound, 440) == pytest.approx(-6.02, abs=0.01)
    assert level(sound, 880) == pytest.approx(-26.02, abs=0.01)
    assert level(sound, 600) < -100


@pytest.mark.parametrize("late", [-700, 0, 123])
def test_a_lag_is_found_to_the_sample(late: int) -> None:
    wave = lively(1)

    assert lag(wave(3 + TIME[:9600]), wave, 3 * RATE + late) == late


@pytest.mark.parametrize("suffix", CODECS)
def test_files_are_what_their_endings_say(suffix: str, tmp_path: Path) -> None:
    path = make_tones(tmp_path / f"tones{suffix}", left=440, right=880, seconds=0.5)

    assert sum(map(len, packets(path))) > 4000


def test_a_playlist_has_its_segments_beside_it(tmp_path: Path) -> None:
    playlist = make_hls(tmp_path, left=440, right=880, seconds=3)

    assert playlist.name == "index.m3u8"
    assert {path.name for path in tmp_path.iterdir()} >= {"segment0.ts", "segment1.ts"}


def test_opus_is_written_as_it_is(tmp_path: Path) -> None:
    payloads = packets(make_tones(tmp_path / "a.ogg", left=440, right=880, seconds=0.5))

    assert packets(write_opus(tmp_path / "b.ogg", payloads)) == payloads
    assert decode(payloads).shape == (2, len(payloads) * 960)
