"""Times as people write and read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from musicbot.core.tracks import SAMPLE_RATE

MAX_LENGTH: Final = 1e9
"""Seconds that no track lasts: some thirty years."""

_DECIMAL: Final = r"\d{1,9}(?:\.\d{0,9})?"
_CLOCK: Final = re.compile(r"(?:(\d{1,6}):)?(\d{1,6}):(\d{1,2}(?:\.\d{0,9})?)", re.ASCII)
_SECONDS: Final = re.compile(rf"()()({_DECIMAL})", re.ASCII)
_UNITS: Final = re.compile(
    rf"(?=\d)(?:({_DECIMAL})h)?(?:({_DECIMAL})m)?(?:({_DECIMAL})s)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Jump:
    """Where to go in a track."""

    samples: int
    relative: bool = False
    """Whether to count from the present position; then it may be negative."""

    def target(self, position: int) -> int:
        """Return the position to go to, seen from the present one."""
        return max(0, position + self.samples if self.relative else self.samples)


def parse_time(text: str) -> Jump:
    """Read ``H:MM:SS``, ``M:SS``, ``S`` or ``1h2m3s``; a sign in front makes it relative.

    The last number may have decimals, and so may each one with a unit.

    Raises:
        ValueError: If it is no time.
    """
    text = "".join(text.split()).lower()
    sign = {"+": 1, "-": -1}.get(text[:1])
    samples = round(_seconds(text if sign is None else text[1:]) * SAMPLE_RATE)
    return Jump(samples if sign is None else sign * samples, relative=sign is not None)


def format_time(seconds: float) -> str:
    """Write a length or a position: 0:09, 3:07, 1:02:03."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_position(samples: int) -> str:
    """Write a position that is given in samples."""
    return format_time(samples / SAMPLE_RATE)


def known_length(seconds: object) -> float | None:
    """Return a length from a website or a file if it makes sense, otherwise ``None``."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return float(seconds) if 0 < seconds < MAX_LENGTH else None


def _seconds(text: str) -> float:
    clock = _CLOCK.fullmatch(text)
    match = clock or _SECONDS.fullmatch(text) or _UNITS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time")
    hours, minutes, seconds = (float(group or 0) for group in match.groups())
    if clock and (seconds >= 60 or (match[1] and minutes >= 60)):
        raise ValueError(f"{text!r} has more than 59 seconds or minutes")
    return hours * 3600 + minutes * 60 + seconds
