"""How long to wait before trying again; the same as static/js/backoff.js."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FIRST_DELAY: Final = 0.5
"""In seconds."""

MAX_DELAY: Final = 20.0
"""In seconds."""


def delay_before(attempt: int, random: Callable[[], float]) -> float:
    """Return the seconds to wait before an attempt, counted from 0.

    Each delay is about twice the one before. Half of it is by chance, so that
    the clients of a server that restarts do not all come back at once.
    """
    # The exponent is bounded as well: a float has no room for 2 ** 1024.
    longest = min(FIRST_DELAY * 2.0 ** min(attempt, 10), MAX_DELAY)
    return longest * (0.5 + 0.5 * random())
