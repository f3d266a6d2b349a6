"""Tracks that failed one after another, and how many are enough."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from musicbot.core.tracks import Track

MAX_FAILURES: Final = 5
"""Tracks in a row that may fail before the player stops trying."""

MAX_UNREACHED: Final = 2
"""Of these, tracks that only the network failed: more would fail for the same reason."""


@dataclass(slots=True)
class Failures:
    """Counts them, until a track comes to its end or somebody wants another try."""

    count: int = 0
    unreached: list[Track] = field(default_factory=list)
    """Those that only the network failed. They are in order, so they are kept."""

    @property
    def are_enough(self) -> bool:
        """Whether to stop trying."""
        return self.count >= MAX_FAILURES or len(self.unreached) >= MAX_UNREACHED

    def add(self, track: Track, *, unreached: bool) -> None:
        """Take note of one more."""
        self.count += 1
        if unreached:
            self.unreached.append(track)

    def forget(self) -> None:
        """Count from nothing again."""
        self.count = 0
        self.unreached.clear()
