"""What a site has under a link, and passages of it.

A :class:`Document` remembers what the site said of a file when it was begun, so that no
passage of another file is ever joined to it. A :class:`Passage` is the body of one answer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final

from musicbot.engine.icy import IcyFilter
from musicbot.engine.retries import SpeedLimit
from musicbot.engine.target import Target
from musicbot.engine.webclient import Response, WebClient, broke_off, too_slow
from musicbot.errors import SourceError, SourceErrorKind

_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_NO_SUCH_RANGE: Final = re.compile(r"bytes \*/(\d{1,18})")


class Passage:
    """Bytes of a document as they come, from ``at`` on.

    Args:
        response: Their source.
        at: Where in the document they begin.
        until: Where they end; None if that is not known.
        icy: Takes out what is not audio.
        speed: Notices if they come too slowly.
    """

    def __init__(
        self,
        response: Response,
        at: int,
        until: int | None,
        icy: IcyFilter | None,
        speed: SpeedLimit,
    ) -> None:
        self.at = at
        self.until = until
        self._response = response
        self._icy = icy
        self._speed = speed

    def read(self, size: int) -> bytes:
        """Return what is there, or wait for it; empty at the end.

        Raises:
            SourceError: If it ends early, or comes not at all or too slowly.
            Cancelled: If it was.
        """
        while True:
            started = time.monotonic()
            data = self._response.read(size)
            if not data:
                if self.until is not None and self.at < self.until:
                    raise broke_off(self._response.site)
                return b""
            if not self._speed.note(time.monotonic() - started, len(data)):
                raise too_slow(self._response.site)
            audio = data if self._icy is None else self._icy.feed(data)
            self.at += len(audio)
            if audio:
                return audio

    def close(self) -> None:
        """End the connection; may be called twice."""
        self._response.close()


class Document:
    """A file or stream on the web.

    Args:
        client: Asks the site.
        target: What to ask for.
        live: Whether it is a stream that has no beginning.
        on_title: Called with each title that a radio station sends.
    """

    def __init__(
        self,
        client: WebClient,
        target: Target,
        *,
        live: bool = False,
        on_title: Callable[[str], None] | None = None,
    ) -> None:
        self.target = target
        """Where it was found, redirects followed."""
        self.size: int | None = None
        """In bytes; None as long as the site does not say."""
        self.content_type = ""
        self.live = live
        self.known = False
        """Whether the site has said anything."""
        self.has_ranges = False
        """Whether the site has sent a part of it."""
        self._client = client
        self._origin = target
        self._on_title = on_title
        self._takes_ranges = not live
        self._speed = SpeedLimit(client.timeouts.slow)
        self._marks = ("", "")
        """The ETag and the date of what was begun."""

    def passage(self, first: int, stop: int | None) -> Passage | None:
        """Ask for the bytes from ``first`` up to ``stop``; None if it has ended before.

        The passage may begin at 0 instead, if the site cannot do better.

        Raises:
            SourceError: If the site has it no more, has another now, or cannot be asked.
            Cancelled: If it was.
        """
        response = self._ask(first, stop)
        try:
            if response.status == 206:
                return self._part(response, first)
            if response.status == 200:
                return self._whole(response, first)
            if self._ends_before(response, first):
                response.close()
                return None
        except SourceError:
            response.close()
            raise
        # There are sites that can't even send a range that is the whole.
        response.close()
        if not self._takes_ranges:
            raise self._changed()
        self._takes_ranges = False
        return self.passage(first, stop)

    def _ask(self, first: int, stop: int | None) -> Response:
        extra = {}
        if self._takes_ranges:
            # Some sites are slow to those who don't say which bytes they want.
            extra["Range"] = f"bytes={first}-{'' if stop is None else stop - 1}"
            if self._marks[0] and not self._marks[0].startswith("W/"):
                extra["If-Range"] = self._marks[0]
        if self._on_title is not None:
            extra["Icy-MetaData"] = "1"
        try:
            response = self._client.get(self.target, extra)
        except SourceError as error:
            if error.kind is not SourceErrorKind.GONE or self.target == self._origin:
                raise
            # Where a redirect led is often good for a while only.
            response = self._client.get(self._origin, extra)
        self.target = response.target
        return response

    def _part(self, response: Response, first: int) -> Passage:
        match = _CONTENT_RANGE.fullmatch(response.header("Content-Range").strip())
        if match is None or int(match[1]) != first or int(match[2]) < first:
            raise SourceError(
                SourceErrorKind.BROKEN, f"{response.site} sends something else than was asked for."
            )
        self._recognise(response, None if match[3] == "*" else int(match[3]))
        self.has_ranges = True
        return Passage(response, first, int(match[2]) + 1, None, self._speed)

    def _whole(self, response: Response, first: int) -> Passage:
        interval = response.header("icy-metaint")
        self.live = self.live or bool(response.header("icy-name") or interval)
        if self.live:
            # Whoever joins a broadcast hears what is on, from there on.
            self._recognise(response, None)
            return Passage(response, first, None, self._icy(interval), self._speed)
        self._recognise(response, response.length)
        self.has_ranges = False
        return Passage(response, 0, response.length, None, self._speed)

    def _icy(self, interval: str) -> IcyFilter | None:
        if self._on_title is None or not interval.isdecimal() or int(interval) == 0:
            return None
        return IcyFilter(int(interval), self._on_title)

    def _ends_before(self, response: Response, first: int) -> bool:
        match = _NO_SUCH_RANGE.fullmatch(response.header("Content-Range").strip())
        if match is None:
            self.known = self.known or first > 0
            return first > 0 and self.size in (None, first)
        self._recognise(response, int(match[1]))
        return first >= int(match[1])

    def _recognise(self, response: Response, size: int | None) -> None:
        """Remember what is asked for, or make sure that it still is the same.

        Raises:
            SourceError: If it is not.
        """
        marks = (response.header("ETag"), response.header("Last-Modified"))
        if self.known and not self.live:
            if None not in (self.size, size) and self.size != size:
                raise self._changed()
            # Servers behind one name may have an ETag each for one file, but one date.
            both = [pair for pair in zip(self._marks, marks, strict=True) if all(pair)]
            if both and all(old != new for old, new in both):
                raise self._changed()
        else:
            self._marks = marks
            self.content_type = response.header("Content-Type").partition(";")[0].strip().lower()
        self.size = self.size if size is None else size
        self.known = True

    def _changed(self) -> SourceError:
        return SourceError(
            SourceErrorKind.BROKEN, f"{self.target.destination.host} has something else there now."
        )
