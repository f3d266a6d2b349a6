"""The media of links that were looked up a moment ago, so that nobody asks for them twice."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from musicbot.core.media import Media
from musicbot.core.tracks import Link

MAX_FRESH: Final = 500
"""Links that are remembered; of more, those looked up first are forgotten."""


class FreshMedia:
    """Keeps media for as long as they may be used; told the time, in seconds."""

    def __init__(self, limit: int = MAX_FRESH) -> None:
        self._limit = limit
        self._media: OrderedDict[Link, tuple[Media, float]] = OrderedDict()

    def keep(self, link: Link, media: Media, until: float) -> None:
        """Remember how a link is opened."""
        self._media[link] = (media, until)
        self._media.move_to_end(link)
        if len(self._media) > self._limit:
            self._media.popitem(last=False)

    def take(self, link: Link, now: float) -> Media | None:
        """Return how a link is opened, if that is known and still holds.

        It is told once: who asks again has found that it does not work.
        """
        media, until = self._media.pop(link, (None, now))
        return media if now < until else None
