"""An event loop whose clock jumps to the next timer: an hour passes in a millisecond.

It is for code that asks ``loop.time()`` and nothing else, and for tests without
threads and sockets: with either, a pending timer fires at once.
"""

from __future__ import annotations

import asyncio
import selectors


class JumpingSelector(selectors.DefaultSelector):
    """Adds to a clock what it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            # Without any timer nothing but a bug is waited for; the test's time limit ends it.
            return super().select(None)
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Runs as if no time were lost in waiting."""

    def __init__(self) -> None:
        self._jumping = JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now
