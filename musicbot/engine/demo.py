"""dummy"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from musicbot.engine.sound import Sound

DURATION: Final = 30.0


class Demo:
    """x."""

    def sounds(self) -> Iterator[Sound]:
        """x."""
        yield Sound(0, bytes(8 * 48000))

    def seek(self, position: int) -> None:
        """x."""
