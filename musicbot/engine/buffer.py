"""The packets of a room that were made ahead of time, each with its place on the timeline.

Sound that is to replace other sound is joined to it in one of two ways. A splice goes on
at the very position where the old sound stops, so nothing is missing or heard twice. A
cut goes on elsewhere: a few frames of silence come first, because what a decoder
remembers of the old sound does not fit the new (after silence it swings in softly).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from musicbot.core.tracks import FRAME_SAMPLES
from musicbot.opus.packets import SILENCE

CUT_FRAMES: Final = 2
"""Frames of silence at a cut; more sound the same."""

_HALF: Final = FRAME_SAMPLES // 2
"""Frames of different encodings may lie on different grids: the nearest fits."""


class Buffer:
    """Packets to be sent, in order."""

    def __init__(self) -> None:
        self.position = 0
        """Where what was sent last ends, in samples."""
        self._packets: deque[tuple[int, bytes]] = deque()
        self._silence = 0
        """Frames of silence to be sent first."""

    def __len__(self) -> int:
        return len(self._packets)

    @property
    def end(self) -> int:
        """Where what is buffered ends."""
        return self._packets[-1][0] + FRAME_SAMPLES if self._packets else self.position

    def pop(self) -> bytes | None:
        """Return the packet to be sent next; ``None`` if there is none."""
        if self._silence:
            self._silence -= 1
            return SILENCE
        if not self._packets:
            return None
        start, packet = self._packets.popleft()
        self.position = start + FRAME_SAMPLES
        return packet

    def append(self, position: int, packets: Sequence[bytes]) -> None:
        """Take more of the same sound."""
        self._packets.extend(_placed(position, packets))

    def splice(self, position: int, packets: Sequence[bytes]) -> bool:
        """Take a new version of the same sound; the old is heard up to where it begins.

        Returns:
            Whether it was taken. What lies before the next packet comes too late, and the
            old sound stays for as long as there is nothing else.
        """
        fresh = [new for new in _placed(position, packets) if new[0] > self.position - _HALF]
        if not fresh:
            return False
        while self._packets and self._packets[-1][0] > fresh[0][0] - _HALF:
            self._packets.pop()
        self._packets.extend(fresh)
        return True

    def cut(self, position: int) -> None:
        """Drop everything and go on elsewhere, after a moment of silence."""
        self._packets.clear()
        self._silence = CUT_FRAMES
        self.position = position


def _placed(position: int, packets: Sequence[bytes]) -> list[tuple[int, bytes]]:
    return [(position + i * FRAME_SAMPLES, packet) for i, packet in enumerate(packets)]
