"""The track whose turn it is, and what becomes of it if it breaks off.

A turn may take several plays: what breaks off is opened again where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from musicbot.core.times import known_length
from musicbot.core.tracks import SAMPLE_RATE, PlayId, Track

AUDIBLE: Final = SAMPLE_RATE // 10
"""Samples that a track must have lasted to be called sound."""

EARLY: Final = 2.0
"""Seconds that may miss at the end: stated lengths are not exact."""

DELAYS: Final = (0.5, 1.0, 2.0, 4.0)
"""Seconds to wait before a track is opened again, for each time in a row."""

MAX_REOPENINGS: Final = len(DELAYS)
"""How often in a row a track is opened again that was heard."""

FIRST_REOPENINGS: Final = 2
"""How often one that was never heard is: another may be had meanwhile."""

PROGRESS: Final = 10.0
"""Seconds of sound after which that counts from nothing again."""


@dataclass(slots=True)
class Turn:
    """A track, from when it becomes the current one until another does."""

    track: Track
    play: PlayId | None = None
    """``None`` while nothing is open: it broke off, or came up, during a pause."""
    position: int = 0
    """Where the play was opened or last sought to, in samples."""
    opened: bool = False
    """Whether the play is heard, or would be but for a pause."""
    seekable: bool = False
    announced: bool = False
    """Whether everybody was told that it plays."""
    skipper: str | None = None
    """The id of the person whose skip brought it up."""
    reopenings: int = 0
    crashed: bool = False
    """Whether it was the engine that broke off, not the source."""
    length: float | None = None
    """In seconds, as found when it was opened."""

    def begin(self, play: PlayId) -> None:
        """Have a new play opened, at the present position."""
        self.play = play
        self.opened = False

    def learn(self, duration: float | None, *, seekable: bool, live: bool) -> None:
        """Take over what was found on opening; it fills in what the source did not know."""
        self.opened = True
        self.seekable = seekable
        self.length = known_length(duration)
        known = self.track.piece.duration
        duration = known if known is not None else self.length
        # What has a length ends, whatever the site says: it must not be reopened for ever.
        piece = replace(self.track.piece, duration=duration, live=live and duration is None)
        self.track = replace(self.track, piece=piece)

    def seek(self, position: int) -> None:
        """Go on from another position."""
        self.position = position

    def broke_off(self, position: int) -> bool:
        """Return whether an end at this position is too early to be the track's own."""
        lengths = [x for x in (self.track.piece.duration, self.length) if x is not None]
        if not lengths:
            return self.track.piece.live
        # Sites round and list wrong lengths; a file that is at its own end has ended.
        return position < (min(lengths) - EARLY) * SAMPLE_RATE

    @property
    def delay(self) -> float:
        """Seconds to wait before the track is opened again."""
        # An engine is there again at once, and then nothing else is out of order.
        return 0.0 if self.crashed else DELAYS[self.reopenings - 1]

    def break_off(self, position: int, *, crashed: bool = False) -> bool:
        """Take note that the play broke off; return whether to open the track again."""
        if position - self.position >= PROGRESS * SAMPLE_RATE:
            self.reopenings = 0
        self.reopenings += 1
        self.play = None
        self.opened = False
        self.crashed = crashed
        self.position = 0 if self.track.piece.live else position
        return self.reopenings <= (MAX_REOPENINGS if self.announced else FIRST_REOPENINGS)
