"""Whether a room gets its bot back after it was lost: no socket, no task, no clock."""

from __future__ import annotations

from collections import deque
from typing import Final

MOST: Final = 3
"""Losses within :data:`PERIOD` after each of which a bot is called back. What is
played in a room may be what the bots die of, and with them those of other rooms."""

PERIOD: Final = 60.0
"""In seconds."""

TOGETHER: Final = 1.0
"""Seconds within which losses are one: a process that dies takes along its bot and its worker."""


class Recall:
    """What one room remembers of the bots that it lost."""

    def __init__(self) -> None:
        self.wanted = False
        """Whether a bot is missed here and comes as soon as a worker can send one."""
        self._losses: deque[float] = deque(maxlen=MOST + 1)

    def lost(self, now: float) -> None:
        """Take note that the bot is gone without a goodbye, or that it will not come."""
        if not self._losses or now - self._losses[-1] >= TOGETHER:
            self._losses.append(now)
        self.wanted = len(self._losses) <= MOST or now - self._losses[0] >= PERIOD

    def settle(self) -> None:
        """Take note that a bot is here, or that nobody waits for the lost one any more."""
        self.wanted = False
