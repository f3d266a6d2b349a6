"""What came last of a track, so that it can be had once more.

A change of loudness is made in sound that was produced already and is yet to be heard. Not
every source can go back for it: live streams can't at all, others only by being read from
the beginning once more. So all are read through a memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, Protocol, TypeVar

from musicbot.engine.sound import SAMPLE_RATE
from musicbot.errors import SourceError

SPAN: Final = 4 * SAMPLE_RATE
"""Samples that are remembered: all that a room keeps ahead, and what prepares decoders."""

MAX_PIECES: Final = 4_096
"""However short they are, no more are remembered."""


class Piece(Protocol):
    """A stretch of a track."""

    @property
    def position(self) -> int:
        """Where it begins, in samples."""

    @property
    def end(self) -> int:
        """Where it ends."""


P = TypeVar("P", bound=Piece)


class Memory(Iterator[P]):
    """Gives pieces in order; one can go back by some, and has them once more.

    Args:
        pieces: Where they come from.
    """

    def __init__(self, pieces: Iterator[P]) -> None:
        self._pieces = pieces
        self._behind: deque[P] = deque(maxlen=MAX_PIECES)
        self._ahead: deque[P] = deque()
        self._failure: SourceError | None = None

    def __next__(self) -> P:
        """Return the next piece.

        Raises:
            StopIteration: At the end.
            SourceError: If it cannot be had; then it never can.
        """
        piece = self._ahead.popleft() if self._ahead else self._fresh()
        self._behind.append(piece)
        while len(self._behind) > 1 and piece.end - self._behind[1].position >= SPAN:
            self._behind.popleft()
        return piece

    def back(self, position: int) -> None:
        """Go back to the piece that is heard at a position, as far as remembered."""
        while self._behind and self._behind[-1].end > position:
            self._ahead.appendleft(self._behind.pop())

    def has(self, position: int) -> bool:
        """Return whether a piece that begins at a position is remembered or at hand."""
        return any(piece.position == position for piece in (*self._behind, *self._ahead))

    def reaches(self, position: int) -> bool:
        """Return whether one can go back to a position."""
        oldest = next(iter(self._behind or self._ahead), None)
        return oldest is not None and oldest.position <= position

    def _fresh(self) -> P:
        if self._failure is not None:
            # After an error, an iterator would only say that this is the end.
            raise self._failure
        try:
            return next(self._pieces)
        except SourceError as error:
            self._failure = error
            raise
