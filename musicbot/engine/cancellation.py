"""Ending, from another thread, what blocks in this one.

Whoever is about to block says how to be woken; whoever wants it to end calls
:meth:`Cancellation.cancel`. It is final: everything that asks afterwards is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancelled(Exception):
    """It was ended on purpose; nothing is wrong."""


class Cancellation:
    """Ends what blocks, now and from now on."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Wake up everything that blocks; may be called twice and from any thread."""
        with self._lock:
            self._cancelled.set()
            for wake in self._wakers:
                wake()

    def check(self) -> None:
        """Do nothing.

        Raises:
            Cancelled: If it was.
        """
        if self._cancelled.is_set():
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            Cancelled: As soon as it is.
        """
        if self._cancelled.wait(seconds):
            raise Cancelled

    @contextmanager
    def woken_by(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call ``wake`` when it is cancelled in this block; it must not fail or block.

        The caller may rely on ``wake`` not being called any more after the block.

        Raises:
            Cancelled: If it was, before the block or in it.
        """
        with self._lock:
            self.check()
            self._wakers.append(wake)
        try:
            yield
        except Exception:
            # Whatever failed, it may have failed because it was woken.
            self.check()
            raise
        finally:
            with self._lock:
                self._wakers.remove(wake)
        self.check()
