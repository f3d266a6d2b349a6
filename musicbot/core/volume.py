"""How loud a percentage is.

The ear hears ten decibels less as half as loud, so the law is::

    gain in dB = 10 · log2(percent / 100)

Half the number sounds half as loud: 100 leaves the sound as it is, 50 is -10 dB,
25 is -20 dB, 150 is +5.85 dB. 0 is mute.
"""

from __future__ import annotations

from math import log2
from typing import Final

NORMAL_PERCENT: Final = 100
"""Leaves the sound as it is."""

MAX_PERCENT: Final = 150
"""As loud as it goes."""


def decibels(percent: float) -> float:
    """Return the gain in decibels; minus infinity for 0."""
    return 10 * log2(percent / 100) if percent > 0 else float("-inf")


def gain(percent: float) -> float:
    """Return the factor for samples: 1.0 for 100, 0.0 for 0."""
    return float(10 ** (decibels(percent) / 20))
