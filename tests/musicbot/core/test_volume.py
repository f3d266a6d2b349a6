from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from musicbot.core.volume import MAX_PERCENT, NORMAL_PERCENT, decibels, gain

GAINS = Path(__file__).parents[2] / "data" / "volume.json"
"""The page's tests read it as well: both controls are to feel alike."""


@pytest.mark.parametrize(
    ("percent", "level"), [(100, 0.0), (50, -10.0), (25, -20.0), (150, 5.85), (1, -66.44)]
)
def test_half_the_number_is_ten_decibels_less(percent: float, level: float) -> None:
    assert decibels(percent) == pytest.approx(10 * math.log2(percent / 100))
    assert decibels(percent) == pytest.approx(level, abs=0.01)


def test_the_ends_of_the_scale() -> None:
    assert decibels(0) == -math.inf
    assert gain(0) == 0.0
    assert gain(NORMAL_PERCENT) == 1.0
    assert gain(MAX_PERCENT) == pytest.approx(1.96, abs=0.01)


def test_the_page_and_the_bot_have_one_law() -> None:
    for percent, expected in json.loads(GAINS.read_text()).items():
        assert gain(float(percent)) == pytest.approx(expected, abs=1e-6)


def test_more_is_louder() -> None:
    gains = [gain(percent) for percent in range(MAX_PERCENT + 1)]

    assert gains == sorted(set(gains))
