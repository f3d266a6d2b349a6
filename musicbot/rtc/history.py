"""The last packets of a room, kept once for all listeners that may miss one."""

from __future__ import annotations

from typing import Final

HISTORY_SIZE: Final = 128
"""Packets that can be asked for again: 2.56 s, more than any jitter buffer waits."""


class History:
    """What was sent, numbered from 0."""

    def __init__(self) -> None:
        self._packets: list[tuple[bytes, int]] = [(b"", 0)] * HISTORY_SIZE
        self.count = 0
        """Packets so far: the number of the next one."""
        self.octets = 0
        """Bytes of payload so far."""

    def add(self, payload: bytes, time: int) -> int:
        """Keep a packet; return its number.

        Args:
            payload: What was sent.
            time: When, in samples.
        """
        number = self.count
        self._packets[number % HISTORY_SIZE] = (payload, time)
        self.count += 1
        self.octets += len(payload)
        return number

    def packet(self, number: int) -> tuple[bytes, int] | None:
        """Return payload and time of a packet, or ``None`` if it is not kept (any more)."""
        if max(0, self.count - HISTORY_SIZE) <= number < self.count:
            return self._packets[number % HISTORY_SIZE]
        return None
