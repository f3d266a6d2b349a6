"""A file on the web, read like a file on disk: what FFmpeg gets instead of a link.

:class:`HttpReader` survives what real sites do. A connection that breaks is resumed where
it broke, if it is still the same file there; large files are fetched in parts where the
site wants it; sites without ranges are read and skipped through. What it does not survive
comes as a :exc:`~musicbot.errors.SourceError` with a sentence for the listener.

All of it blocks, and all of it ends when the client is cancelled from another thread.
Nothing is asked before the first question about the file.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Sequence
from posixpath import basename
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from musicbot.engine.document import Document, Passage
from musicbot.engine.retries import BACKOFF, Retries
from musicbot.engine.target import Target
from musicbot.engine.webclient import WebClient
from musicbot.errors import SourceError, SourceErrorKind

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

NEAR: Final = 256 * 1024
"""Bytes that are rather read and dropped than jumped over with a new request."""

FAR: Final = 64 * 1024 * 1024
"""Bytes that are read and dropped where the site cannot jump."""

SKIP_TIME: Final = 30.0
"""Seconds for that: what turns out to be a broadcast would take for ever."""

SKIP_SIZE: Final = 64 * 1024
"""Bytes that are dropped at a time."""


class HttpReader(io.RawIOBase):
    """One file or stream on the web.

    Reading raises SourceError if it cannot be had, and Cancelled if its client was.

    Args:
        client: Asks the site; cancelling ends everything that it does.
        target: What to read.
        chunk_size: Bytes to ask for at once; None for all.
        part: Read these bytes only, without seeking.
        live: Whether it is a stream without beginning, which after a break is joined anew.
        on_title: Called, in the reading thread, with each title that a radio station sends.
        backoff: Seconds to wait before each next attempt.
    """

    def __init__(
        self,
        client: WebClient,
        target: Target,
        *,
        chunk_size: int | None = None,
        part: range | None = None,
        live: bool = False,
        on_title: Callable[[str], None] | None = None,
        backoff: Sequence[float] = BACKOFF,
    ) -> None:
        super().__init__()
        self._client = client
        self._document = Document(client, target, live=live, on_title=on_title)
        self._retries = Retries(backoff, client.sleep)
        self._chunk_size = chunk_size
        self._part = part
        self._start = 0
        """Where in the file that begins which is read."""
        self._position = 0 if part is None else part.start
        """Where the next byte from the site belongs that somebody wants."""
        self._ahead = b""
        """What was looked at, but not read: it ends at the position."""
        self._passage: Passage | None = None
        self._failure: SourceError | None = None
        """What it did not survive; FFmpeg asks again, the site is not asked again."""
        self.allowance: int | None = None
        """How many bytes may still be read; None is no limit. FFmpeg searches for music
        for ever in what has none, so whoever uses it renews this whenever some was found."""
        self.name = basename(urlsplit(target.url).path) or "stream"
        """The last part of the link: FFmpeg looks at its ending, and puts it into errors."""

    @property
    def target(self) -> Target:
        """Where the file is, redirects followed."""
        return self._begun().target

    @property
    def size(self) -> int | None:
        """The bytes of the file; None if the site does not say."""
        return self._begun().size

    @property
    def content_type(self) -> str:
        """The type that the site calls it, such as ``text/html``; empty if it does not."""
        return self._begun().content_type

    @property
    def live(self) -> bool:
        """Whether it is a stream that has no beginning, as far as is known."""
        return self._begun().live

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return whether its size is known; without ranges, seeking is slow, but works."""
        return self._part is None and self.size is not None

    def tell(self) -> int:
        """Return the position of the next byte to be read."""
        return self._position - len(self._ahead) - self._start

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go elsewhere, though not before the beginning; nothing is asked for yet."""
        size = self.size
        if size is None or not self.seekable():
            raise io.UnsupportedOperation("seek")
        starts = {os.SEEK_CUR: self.tell(), os.SEEK_END: size - self._start}
        # FFmpeg seeks to the last byte even where there is none.
        position = max(0, starts.get(whence, 0) + offset)
        if position != self.tell():
            self._position, self._ahead = self._start + position, b""
        return position

    def begin_behind(self, count: int) -> None:
        """Let the file begin so many bytes later; only what is behind them is fetched."""
        self._start = self._position = count
        self._ahead = b""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read what is there, at most ``size`` bytes; wait if there is nothing."""
        if size is None or size < 0:
            return self.readall()
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        data = self._fetch(size) if size else b""
        self._spend(len(data))
        return data

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into a buffer."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def peek(self, size: int) -> bytes:
        """Return what comes next without reading it; shorter only at the end."""
        while len(self._ahead) < size:
            data = self._fetch(size - len(self._ahead))
            if not data:
                break
            self._ahead += data
        return self._ahead[:size]

    def close(self) -> None:
        """End the connection; may be called twice."""
        self._hang_up()
        super().close()

    def _begun(self) -> Document:
        """Return the document after the site was asked at least once."""
        while not self._document.known:
            try:
                self._open()
            except SourceError as error:
                self._try_again(error)
        return self._document

    def _fetch(self, size: int) -> bytes:
        """Return what comes next at the position, however many attempts it takes."""
        self._client.cancellation.check()
        while True:
            try:
                data = self._next(size)
            except SourceError as error:
                self._try_again(error)
            else:
                self._position += len(data)
                self._retries.gained(len(data))
                return data

    def _spend(self, count: int) -> None:
        if self.allowance is None:
            return
        self.allowance -= count
        if self.allowance < 0:
            raise SourceError(
                SourceErrorKind.UNSUPPORTED,
                f"What {self._document.target.destination.host} sends there is no music.",
            )

    def _try_again(self, error: SourceError) -> None:
        """Wait for the time of the next attempt, or raise the error for good."""
        self._hang_up()
        try:
            self._retries.spend(error)
        except SourceError:
            self._failure = error
            raise

    def _next(self, size: int) -> bytes:
        """Return what comes next at the position, in one attempt."""
        while not self._at_end():
            passage = self._at_position()
            if passage is None:
                break
            data = passage.read(self._wanted(size))
            if data:
                return data
            self._hang_up()
            if passage.until is None:
                break
        return b""

    def _at_end(self) -> bool:
        stop = self._document.size if self._part is None else self._part.stop
        return stop is not None and self._position >= stop

    def _wanted(self, size: int) -> int:
        return size if self._part is None else min(size, self._part.stop - self._position)

    def _at_position(self) -> Passage | None:
        """Return a passage that continues at the position; None if nothing is there."""
        if self._passage is not None:
            gap = self._position - self._passage.at
            if not 0 <= gap <= (NEAR if self._document.has_ranges else FAR):
                self._hang_up()
        if self._passage is None:
            self._open()
        if self._passage is not None:
            self._skip(self._passage)
        return self._passage

    def _open(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._hang_up()
        stop = None if self._part is None else self._part.stop
        if self._chunk_size is not None:
            chunk = self._position + self._chunk_size
            stop = chunk if stop is None else min(stop, chunk)
        self._passage = self._document.passage(self._position, stop)

    def _skip(self, passage: Passage) -> None:
        """Read and drop what lies before the position."""
        end = time.monotonic() + SKIP_TIME
        while passage.at < self._position:
            if self._position - passage.at > FAR or time.monotonic() > end:
                raise SourceError(
                    SourceErrorKind.UNSUPPORTED, "That site cannot jump that far into a file."
                )
            if not passage.read(min(SKIP_SIZE, self._position - passage.at)):
                break

    def _hang_up(self) -> None:
        if self._passage is not None:
            self._passage.close()
            self._passage = None
