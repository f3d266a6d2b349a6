"""How long somebody waits for the first sound, whatever the site does in the meantime."""

from __future__ import annotations

import math
import time
from collections.abc import Callable


class Deadline:
    """A limit for all waits together, from when it begins until it is lifted.

    Args:
        seconds: The limit.
        clock: Tells the time, in seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._end = math.inf

    @property
    def left(self) -> float:
        """Seconds that one may still wait; infinite without a limit."""
        return max(0.0, self._end - self._clock())

    @property
    def passed(self) -> bool:
        """Whether there is no time left."""
        return self.left == 0

    def begin(self) -> None:
        """Count from here on."""
        self._end = self._clock() + self._seconds

    def lift(self) -> None:
        """Let everything take its time again."""
        self._end = math.inf
