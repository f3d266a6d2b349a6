"""How often one person may do something: a few at once, then a steady rate."""

from __future__ import annotations

from typing import Final

RATE: Final = 5.0
"""Commands a second, in the long run."""

BURST: Final = 20
"""Commands at once; as many as the page holds back while the bot is on its way."""


class Allowance:
    """What one person may still do, filled up with time."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._at: float | None = None
        self.refusals = 0
        """How many in a row were refused."""

    def take(self, now: float) -> bool:
        """Return whether one more is granted at this time, in seconds."""
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        self._left = min(BURST, self._left + passed * RATE)
        if self._left < 1:
            self.refusals += 1
            return False
        self._left -= 1
        self.refusals = 0
        return True
