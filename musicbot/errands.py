"""What a room has under way that takes time: look-ups, and the way to the next track's sound.

Each errand is a task that ends by delivering what came of it; one that is given
up delivers nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from musicbot.core import replies
from musicbot.core.effects import Request
from musicbot.core.media import Media
from musicbot.core.texts import without_secrets
from musicbot.core.tracks import Link, PlayId, Source
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.sources import Finding

logger = logging.getLogger(__name__)


class Finder(Protocol):
    """What is asked of the sources; see :class:`musicbot.sources.sources.Sources`."""

    async def look_up(self, text: str, *, room: str) -> Finding:
        """Find what a listener typed."""
        ...

    async def open(self, source: Source, *, room: str) -> Media:
        """Find out how a source is opened."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A look-up is done; perhaps nothing was found."""

    request: Request
    finding: Finding


@dataclass(frozen=True, slots=True)
class NotFound:
    """A look-up failed."""

    request: Request
    text: str
    """Why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A play can be opened."""

    play: PlayId
    media: Media
    position: int
    """Where to begin, in samples."""


@dataclass(frozen=True, slots=True)
class NotResolved:
    """A play cannot be opened."""

    play: PlayId
    kind: SourceErrorKind
    text: str
    """Why, in a sentence."""
    position: int


ErrandEvent = Found | NotFound | Resolved | NotResolved


class Errands:
    """The tasks of one room that ask the sources.

    Args:
        room: Its name, by which the sources let rooms take turns.
        sources: Find what people ask for, and how it is opened.
        deliver: Takes what came of it.
    """

    def __init__(self, room: str, sources: Finder, deliver: Callable[[ErrandEvent], None]) -> None:
        self._room = room
        self._sources = sources
        self._deliver = deliver
        self._look_ups: dict[asyncio.Task[None], Request] = {}
        self._resolving: asyncio.Task[None] | None = None

    def find(self, request: Request, text: str) -> None:
        """Begin to look up what somebody typed."""
        task = asyncio.create_task(self._find(request, text))
        self._look_ups[task] = request
        task.add_done_callback(self._look_ups.pop)

    def give_up(self, request: Request) -> None:
        """Look nothing up for this request any more."""
        for task in [task for task, waiting in self._look_ups.items() if waiting == request]:
            task.cancel()

    def resolve(self, play: PlayId, source: Source, position: int, *, delay: float = 0.0) -> None:
        """Begin to find out how a play is opened, instead of the one before.

        Args:
            play: It.
            source: What is played.
            position: Where to begin, in samples.
            delay: Seconds to wait before the source is asked.
        """
        self.give_up_resolving()
        self._resolving = asyncio.create_task(self._resolve(play, source, position, delay))

    def give_up_resolving(self) -> None:
        """Do not find out any more how the play is opened."""
        if self._resolving is not None:
            self._resolving.cancel()

    async def close(self) -> None:
        """Give everything up; may be called twice."""
        tasks = [*self._look_ups, *([self._resolving] if self._resolving else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _find(self, request: Request, text: str) -> None:
        try:
            finding = await self._sources.look_up(text, room=self._room)
            self._deliver(Found(request, finding))
        except SourceError as error:
            logger.warning("nothing for %r: %s", without_secrets(text), error)
            self._deliver(NotFound(request, str(error)))
        except Exception:  # A task's top: the listener gets an answer whatever happens.
            logger.exception("the look-up failed")
            self._deliver(NotFound(request, replies.WENT_WRONG))

    async def _resolve(self, play: PlayId, source: Source, position: int, delay: float) -> None:
        try:
            await asyncio.sleep(delay)
            media = await self._sources.open(source, room=self._room)
            self._deliver(Resolved(play, media, position))
        except SourceError as error:
            logger.warning("cannot open %r: %s", _loggable(source), error)
            self._deliver(NotResolved(play, error.kind, str(error), position))
        except Exception:  # A task's top: the track is passed over whatever happens.
            logger.exception("the source could not be resolved")
            broken = SourceErrorKind.BROKEN
            self._deliver(NotResolved(play, broken, replies.WENT_WRONG, position))


def _loggable(source: Source) -> str:
    return without_secrets(source.url) if isinstance(source, Link) else repr(source)
