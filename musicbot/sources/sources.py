"""Where music comes from: what somebody typed becomes pieces, and a piece becomes media.

A link goes to yt-dlp. Words are looked for in the operator's library first, and then in
the search. Addresses of media expire, so they are found out when a piece's turn comes,
unless that was done a moment ago.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, assert_never

from musicbot.core.media import DemoMedia, Media
from musicbot.core.tracks import Demo, LibraryFile, Link, Piece, Source
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.fresh import FreshMedia
from musicbot.sources.library import Library
from musicbot.sources.queries import WebLink, Words, read_query
from musicbot.sources.resolver import Resolver
from musicbot.sources.wire import Entry, Target, from_handle, to_handle

logger = logging.getLogger(__name__)

NOWHERE: Final = "/nonexistent"
"""The home of a worker that has no folder."""

WORKER: Final = ("-I", "-m", "musicbot.sources.ytdlp_worker")
"""What the interpreter runs: isolated, so that neither the working folder nor the
environment brings code into it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look-up found."""

    pieces: tuple[Piece, ...]
    title: str | None = None
    """The name of the list, if the link is one."""


class Sources:
    """Finds what people ask for; an asynchronous context manager.

    Args:
        library: Folder of the operator's own music.
        data: Folder for what outlives the process.
        allow_net: Networks that may be connected to although they are private.
        worker: The arguments with which the interpreter runs the worker.
    """

    def __init__(
        self,
        *,
        library: Path | None,
        data: Path | None,
        allow_net: Sequence[str],
        worker: Sequence[str] = WORKER,
    ) -> None:
        self._library = Library(library) if library is not None else None
        self._data = data
        self._worker = (sys.executable, *worker, *_options(allow_net))
        self._fresh = FreshMedia()
        self._exits = contextlib.AsyncExitStack()
        self._resolver: Resolver

    async def __aenter__(self) -> Self:
        """Start what takes time to start; it is ready a few seconds later."""
        async with contextlib.AsyncExitStack() as exits:
            cache = self._cache(exits)
            self._resolver = Resolver(
                self._worker if cache is None else (*self._worker, f"--cache={cache}"),
                {
                    "PATH": os.environ.get("PATH", os.defpath),
                    "LANG": "C.UTF-8",
                    "HOME": str(cache or NOWHERE),
                },
            )
            exits.push_async_callback(self._resolver.close)
            self._resolver.warm_up()
            if self._library is not None:
                exits.push_async_callback(self._library.close)
                self._library.refresh()
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End all that runs; whoever still looks things up must have been cancelled."""
        await self._exits.aclose()

    async def look_up(self, text: str, *, room: str = "") -> Finding:
        """Find what a listener typed.

        Args:
            text: A link or words.
            room: Where it was typed; rooms take turns, so that none holds up another.

        Raises:
            SourceError: If that is nothing that can be played.
        """
        query = read_query(text)
        match query:
            case WebLink(url):
                found = await self._resolver.look_up(Target(url), room=room)
            case Words(words):
                piece = await self._library.find(words) if self._library is not None else None
                if piece is not None:
                    return Finding((piece,))
                found = await self._resolver.search(words, room=room)
            case _:
                assert_never(query)
        return Finding(tuple(self._pieces(found.entries)), found.title)

    async def open(self, source: Source, *, room: str = "") -> Media:
        """Find out how a source is opened.

        Args:
            source: What is about to be played.
            room: Where; rooms take turns here too, and look-ups are never in the way.

        Raises:
            SourceError: If it cannot be.
        """
        match source:
            case Link():
                return self._fresh.take(source, _now()) or await self._resolve(source, room)
            case LibraryFile():
                if self._library is None:
                    raise SourceError(SourceErrorKind.GONE, "There is no library any more.")
                return await self._library.open(source)
            case Demo():
                return DemoMedia()
            case _:
                assert_never(source)

    async def _resolve(self, link: Link, room: str) -> Media:
        found = await self._resolver.open(from_handle(link.url, link.handle), room=room)
        for entry in found.entries:
            if entry.media is not None:
                return entry.media
        # This can't happen because the worker opens the first piece of a list.
        raise AssertionError("What was opened has no media.")

    def _pieces(self, entries: Iterable[Entry]) -> Iterable[Piece]:
        for entry in entries:
            link = Link(entry.shown, to_handle(entry.target, entry.shown))
            if entry.media is not None:
                self._fresh.keep(link, entry.media, _now() + entry.lifetime)
            yield Piece(link, entry.title, entry.duration, entry.live)

    def _cache(self, exits: contextlib.AsyncExitStack) -> Path | None:
        """Return the folder in which yt-dlp keeps what it learned about sites, if there is one."""
        try:
            if self._data is None:
                return Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="musicbot-")))
            cache = self._data.resolve() / "yt-dlp"
            cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            logger.warning("yt-dlp cannot keep what it learns: %s", error)
            return None
        return cache


def _options(allow_net: Iterable[str]) -> list[str]:
    return [f"--allow-net={network}" for network in allow_net]


def _now() -> float:
    return asyncio.get_running_loop().time()
