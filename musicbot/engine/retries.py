"""How often a site is asked again, and how slow it may be."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from musicbot.errors import SourceError, SourceErrorKind

BACKOFF: Final = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each next attempt; after the last there is none."""

FIRST_ATTEMPTS: Final = 2
"""How often it is tried again as long as next to nothing has come."""

PATIENCE: Final = 25.0
"""Seconds after which a site without progress is given up, whatever attempts are left."""

PROGRESS: Final = 16 * 1024
"""Bytes that make up for all failures before them."""

SLOW_RATE: Final = 250
"""Bytes a second: no audio that anybody streams has less."""


class Retries:
    """Lets a failed attempt be repeated, after a while and not for ever.

    Args:
        backoff: Seconds before each next attempt.
        sleep: Lets that time pass.
        clock: Tells the time, in seconds.
    """

    def __init__(
        self,
        backoff: Sequence[float],
        sleep: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backoff = backoff
        self._sleep = sleep
        self._clock = clock
        self._failures = 0
        self._since: float | None = None
        """When the first of the failures was."""
        self._gained = 0
        self._begun = False

    def gained(self, count: int) -> None:
        """Note that so many bytes were read."""
        self._gained += count
        if self._gained >= PROGRESS:
            self._begun = True
            self._failures, self._since = 0, None

    def spend(self, error: SourceError) -> None:
        """Wait for the time of the next attempt.

        Raises:
            SourceError: The one given, if there shall be no other attempt.
        """
        now = self._clock()
        if self._since is None:
            self._since = now
        attempts = len(self._backoff)
        if not self._begun:
            # Somebody waits to hear anything at all, and has waited for a time-out already.
            attempts = 0 if error.kind is SourceErrorKind.TIMEOUT else FIRST_ATTEMPTS
        if (
            not error.kind.may_pass
            or self._failures >= min(attempts, len(self._backoff))
            or now - self._since > PATIENCE
        ):
            raise error
        delay = self._backoff[self._failures]
        self._failures += 1
        self._gained = 0
        self._sleep(delay)


class SpeedLimit:
    """Notices a site that sends a byte now and then, so that no time-out ever comes.

    Args:
        wait: Seconds spent waiting after which the speed is judged.
    """

    def __init__(self, wait: float) -> None:
        self._wait = wait
        self._waited = 0.0
        self._received = 0

    def note(self, seconds: float, count: int) -> bool:
        """Note what was waited for how long; return whether that is fast enough."""
        self._waited += seconds
        self._received += count
        if self._waited < self._wait:
            return True
        fast = self._received >= self._waited * SLOW_RATE
        self._waited, self._received = 0.0, 0
        return fast
