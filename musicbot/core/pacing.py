"""When the next frame is due, and how much time was lost.

All deadlines lie on one grid: an origin plus whole frames. A late frame
therefore never makes the following ones late, and what is added to the RTP
timestamp (:data:`FRAME_SAMPLES` a frame, and what was skipped) always equals
the time that has passed on the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from musicbot.core.tracks import FRAME_SAMPLES, FRAME_TIME

MAX_LAG: Final = 0.200
"""How far in seconds the frames may fall behind before the lost time is given up."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The turn of one frame."""

    due: float
    """When to send it, in seconds on the caller's clock; past if it is late."""
    skipped_samples: int = 0
    """Time given up just before it; the RTP timestamp moves on by as much."""


class FrameClock:
    """Tells a ticker when to send each frame.

    Sending takes one call per frame::

        def tick() -> None:
            send()
            tick = clock.advance(loop.time())
            timestamp += FRAME_SAMPLES + tick.skipped_samples
            loop.call_at(tick.due, ...)
    """

    def __init__(self) -> None:
        self._origin: float | None = None
        self._count = 0
        """The number of the present frame on the grid."""

    def start(self, now: float) -> Tick:
        """Begin, or begin anew; the first frame is due at once."""
        self._origin = now
        self._count = 0
        return Tick(now)

    def advance(self, now: float) -> Tick:
        """Go on to the next frame; on a clock that was never started, to the first.

        A frame up to :data:`MAX_LAG` late is sent at once, so that the frames
        catch up. Beyond that a burst would only fill the listeners' buffers,
        and so add delay: all frames whose time is over are given up instead.
        """
        if self._origin is None:
            return self.start(now)
        self._count += 1
        due = self._origin + self._count * FRAME_TIME
        if now - due <= MAX_LAG:
            return Tick(due)
        lost = int((now - due) / FRAME_TIME)
        self._count += lost
        return Tick(self._origin + self._count * FRAME_TIME, lost * FRAME_SAMPLES)
