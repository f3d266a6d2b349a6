"""The tracks that wait, numbered from 1 as people see them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from musicbot.core.tracks import Track

MAX_TRACKS: Final = 500
"""Tracks that wait in one room at most."""

MAX_FROM_PLAYLIST: Final = 100
"""Tracks taken from one playlist at most."""

PAGE_TRACKS: Final = 10
"""Tracks listed at once."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the queue, for reading."""

    number: int
    pages: int
    first: int
    """The number of its first track in the queue."""
    tracks: tuple[Track, ...]


class PlayQueue:
    """What is played next, in order; never more than :data:`MAX_TRACKS`."""

    def __init__(self, shuffler: random.Random) -> None:
        self._tracks: list[Track] = []
        self._shuffler = shuffler

    def __len__(self) -> int:
        return len(self._tracks)

    def __iter__(self) -> Iterator[Track]:
        return iter(self._tracks)

    @property
    def free(self) -> int:
        """How many more tracks may be added."""
        return MAX_TRACKS - len(self._tracks)

    @property
    def pages(self) -> int:
        """How many pages there are; an empty queue has one."""
        return max(1, -(-len(self._tracks) // PAGE_TRACKS))

    def add(self, tracks: Sequence[Track], *, next: bool = False) -> int:
        """Add tracks at the end or before all others; return the number of the first.

        Raises:
            ValueError: If there is no room for all of them. None is added.
        """
        if len(tracks) > self.free:
            raise ValueError(f"{len(tracks)} tracks for {self.free} places")
        index = 0 if next else len(self._tracks)
        self._tracks[index:index] = tracks
        return index + 1

    def take(self) -> Track | None:
        """Take the first track out; ``None`` if there is none."""
        return self._tracks.pop(0) if self._tracks else None

    def rotate(self, track: Track) -> Track:
        """Put a track at the end and take the first out, as in a loop."""
        self._tracks.append(track)
        return self._tracks.pop(0)

    def remove(self, number: int) -> Track:
        """Take a track out by its number.

        Raises:
            IndexError: If there is no such number.
        """
        return self._tracks.pop(self._index(number))

    def move(self, number: int, to: int) -> Track:
        """Take a track out and put it in again so that it has the number ``to``.

        Raises:
            IndexError: If there is no such number. Nothing is moved.
        """
        start, end = self._index(number), self._index(to)
        track = self._tracks.pop(start)
        self._tracks.insert(end, track)
        return track

    def clear(self) -> int:
        """Drop all tracks; return how many there were."""
        count = len(self._tracks)
        self._tracks.clear()
        return count

    def shuffle(self) -> None:
        """Bring the tracks into a random order, once."""
        self._shuffler.shuffle(self._tracks)

    def before(self, number: int) -> list[Track]:
        """Return the tracks that are played before the one with this number."""
        return self._tracks[: number - 1]

    def page(self, number: int = 1) -> Page:
        """Return a page by its number.

        Raises:
            IndexError: If there is no such page.
        """
        if not 1 <= number <= self.pages:
            raise IndexError(number)
        start = (number - 1) * PAGE_TRACKS
        tracks = tuple(self._tracks[start : start + PAGE_TRACKS])
        return Page(number, self.pages, start + 1, tracks)

    def _index(self, number: int) -> int:
        if not 1 <= number <= len(self._tracks):
            raise IndexError(number)
        return number - 1
