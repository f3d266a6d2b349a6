"""What an engine process has to do next: commands go in from one thread, out to another.

Only the newest counts: a play that was replaced before its turn is never opened, and of
many changes of position and loudness only the last is made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import assert_never

from musicbot.engine.messages import Command, Go, Grant, Open, Stop


class Read:
    """The next packet is wanted."""


class Desk:
    """The orders of the bot."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: Open | None = None
        """A play that is to be opened, in place of the present one."""
        self._ask: Go | None = None
        """What is to be done with the present play, or the one that is to be opened."""
        self._generation = 0
        self._credit = 0
        """How many packets of this generation may still be produced."""
        self._is_over = False
        """Whether nothing more comes in this generation, whatever is granted."""
        self._is_wanted = False
        """Whether the present play still is."""
        self._cancel: Callable[[], None] | None = None
        """Ends what the present play waits for."""
        self._closed = False

    def take(self, command: Command) -> None:
        """Put down what the bot wants."""
        with self._changed:
            match command:
                case Open(generation=generation, credit=credit):
                    self._drop()
                    self._open = command
                    self._renew(generation, credit)
                case Stop():
                    self._drop()
                case Go(generation, credit=credit):
                    self._ask = command
                    self._renew(generation, credit)
                case Grant(generation, credit):
                    if generation == self._generation:
                        self._credit += credit
                case _:
                    assert_never(command)
            self._changed.notify_all()

    def close(self) -> None:
        """Put down that nothing is wanted any more; may be called twice."""
        with self._changed:
            self._closed = True
            self._drop()
            self._changed.notify_all()

    def next_open(self) -> Open | None:
        """Wait for a play that is to be opened; ``None`` if there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._open or self._closed)
            return self._open

    def begin(self, order: Open, cancel: Callable[[], None]) -> bool:
        """Make an order the present play.

        Args:
            cancel: Ends, from another thread and for good, what the play waits for.

        Returns:
            Whether it is still wanted.
        """
        with self._changed:
            if self._open is not order:
                return False
            self._open = None
            self._is_wanted = True
            self._cancel = cancel
            return True

    def next_ask(self) -> Go | Read | None:
        """Wait for what is to be done with the present play; ``None`` if it is not wanted."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._is_wanted or self._ask or (self._credit > 0 and not self._is_over)
            )
            if not self._is_wanted:
                return None
            ask, self._ask = self._ask, None
            return ask or Read()

    def spend(self, generation: int) -> None:
        """Put down that a packet was produced."""
        with self._changed:
            if generation == self._generation:
                self._credit -= 1

    def end(self, generation: int) -> None:
        """Put down that there are no more packets, unless from another position."""
        with self._changed:
            if generation == self._generation:
                self._is_over = True

    def _renew(self, generation: int, credit: int) -> None:
        self._generation, self._credit, self._is_over = generation, credit, False

    def _drop(self) -> None:
        self._open = None
        self._ask = None
        self._credit = 0
        self._is_wanted = False
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
