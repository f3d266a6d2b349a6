"""The present tick, as everything sees it that is paced by the one clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from musicbot.core.tracks import FRAME_TIME
from musicbot.rtc.rtcp import ntp_time

_NANOSECONDS: Final = 1_000_000_000

Chore = Callable[[], None]


class Beat:
    """Which time it is in the music, and what is to be done some ticks from now.

    Args:
        now: Reads the clock that the ticks are paced by, in seconds.
        wall: Reads the time of day, in nanoseconds since 1970.
    """

    def __init__(self, now: Callable[[], float], wall: Callable[[], int] = time.time_ns) -> None:
        self.time = 0
        """When the packets of this tick are heard, in samples; never stops, never goes back."""
        self.due = 0.0
        """When this tick should have begun, on the clock of ``now``."""
        self._now = now
        self._wall = wall
        self._tick = 0
        self._chores: dict[int, list[Chore]] = {}

    @property
    def ntp(self) -> int:
        """The time of day at which this tick was due, as NTP writes it."""
        late = self._now() - self.due
        return ntp_time(self._wall() - round(late * _NANOSECONDS))

    def after(self, seconds: float, chore: Chore) -> None:
        """Have something done about so many seconds from now, at the end of a tick."""
        ticks = max(1, round(seconds / FRAME_TIME))
        self._chores.setdefault(self._tick + ticks, []).append(chore)

    def chores(self) -> list[Chore]:
        """Return what is to be done at this tick, in the order in which it was asked for."""
        return self._chores.pop(self._tick, [])

    def forget_chores(self) -> None:
        """Drop all chores; for when there is nobody left whom they could serve."""
        self._chores.clear()

    def advance(self, *, due: float, samples: int) -> None:
        """Go on to the next tick."""
        self._tick += 1
        self.due = due
        self.time += samples
