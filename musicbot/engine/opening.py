"""Files and streams, opened for FFmpeg: it reads what we give it and opens nothing by itself.

Whatever FFmpeg says of a file, listeners get a sentence of ours.
"""

from __future__ import annotations

import io
import os
import stat
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import BinaryIO, Final

import av
from av.container import InputContainer

from musicbot.core.media import FileMedia, HttpMedia
from musicbot.engine.cancellation import Cancelled
from musicbot.engine.fetch import HttpReader
from musicbot.engine.hls import MAGIC, OPTIONS, HlsOpener, Part
from musicbot.engine.id3 import HEAD, tag_size
from musicbot.engine.target import Target
from musicbot.engine.webclient import WebClient
from musicbot.errors import SourceError, SourceErrorKind

FORMATS: Final = "aac,aiff,caf,flac,hls,matroska,webm,mov,mp4,m4a,mp3,mpegts,ogg,w64,wav,wv"
"""Without such a list FFmpeg would open ports for an SDP, and read a page as subtitles."""

CODECS: Final = {
    *("aac", "aac_latm", "ac3", "adpcm_ima_wav", "adpcm_ms", "alac", "ape", "eac3", "flac"),
    *("libopus", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "opus", "tta", "vorbis"),
    *("wavpack", *(name for name in av.codecs_available if name.startswith("pcm_"))),
}
"""Decoders of sound only: pictures, such as those of the cover, are never decoded."""

ENOUGH: Final = 20_000_000
"""Bytes in which there must be some music; large pictures come before it."""

LARGE_TAG: Final = 500_000
"""Bytes of a tag with a picture that FFmpeg would keep, and that hides the music from it."""

MAX_PARTS: Final = 100
"""How many parts of a playlist may go by without any music."""

MAX_WAIT: Final = 20.0
"""Seconds that a site may want us to wait before it gives a file."""

PROBING: Final[Mapping[str, str]] = {
    "format_whitelist": FORMATS,
    "codec_whitelist": ",".join(sorted(CODECS)),
    "probesize": "1000000",
    "analyzeduration": "3000000",
    "max_streams": "100",
}


_FAILURES: Final = (SourceError, Cancelled, OSError)


class Opening:
    """One file or stream that FFmpeg reads.

    Args:
        media: Where it is.
        client: Asks the site; cancelling it ends whatever blocks.
        on_title: Called with each title that a radio station sends.

    Raises:
        SourceError: If there is no music that can be played.
        Cancelled: If it was.
    """

    def __init__(
        self,
        media: HttpMedia | FileMedia,
        client: WebClient,
        on_title: Callable[[str], None] | None = None,
    ) -> None:
        self._client = client
        self._parts = 0
        """Of a playlist, opened since there was music."""
        self._failure: Exception | None = None
        """Why something could not be read. Nothing is read after that."""
        self._container: InputContainer | None = None
        self._opener: HlsOpener | None = None
        self._file: HttpReader | BinaryIO | Part
        if isinstance(media, FileMedia):
            self.what = PurePath(media.path).name
            """The subject of a sentence about it."""
            self._file = _open_file(media.path)
        else:
            target = Target(media.url, media.headers)
            self.what = f"What {target.destination.host} has there"
            self._opener = HlsOpener(client, target)
            self._file = self._open_link(media, target, self._opener, on_title)
        try:
            self._open_container()
        except BaseException:
            self.close()
            raise

    @property
    def container(self) -> InputContainer:
        """What FFmpeg reads."""
        assert self._container is not None
        return self._container

    @property
    def seekable(self) -> bool:
        """Whether one can jump in it."""
        return self._file.seekable()

    @property
    def live(self) -> bool:
        """Whether it has no beginning and no end."""
        if isinstance(self._file, HttpReader):
            return self._file.live
        return "hls" in self.container.format.name and self.container.duration is None

    def renew(self) -> None:
        """Note that there was some music."""
        self._parts = 0
        self._client.deadline.lift()
        if isinstance(self._file, HttpReader):
            self._file.allowance = ENOUGH

    def close(self) -> None:
        """Close everything; may be called twice."""
        if self._container is not None:
            self._container.close()
        if self._opener is not None:
            self._opener.close()
        self._file.close()

    @contextmanager
    def speaking(self, kind: SourceErrorKind, text: str) -> Iterator[None]:
        """Say why something could not be read in this block, or this, if FFmpeg fails.

        Raises:
            SourceError: In either case.
            Cancelled: If it was.
        """
        failure: Exception | None = None
        try:
            yield
        except av.FFmpegError as error:
            failure = error
        # It may well go on after that, or fail in some other way.
        if isinstance(self._failure, SourceError | Cancelled):
            raise self._failure
        failure = self._failure or failure
        if failure is not None:
            raise SourceError(kind, text) from failure

    def _open_link(
        self,
        media: HttpMedia,
        target: Target,
        opener: HlsOpener,
        on_title: Callable[[str], None] | None,
    ) -> HttpReader | Part:
        if media.available_at is not None:
            wait = media.available_at - time.time()
            self._client.cancellation.sleep(min(max(wait, 0.0), MAX_WAIT))
        self._client.deadline.begin()
        if media.hls:
            return opener.playlist()
        reader = HttpReader(
            self._client,
            target,
            chunk_size=media.chunk_size,
            live=media.live,
            on_title=on_title,
        )
        try:
            if not reader.peek(len(MAGIC)).startswith(MAGIC):
                # Nothing of the tag is used: whoever asked knows the title.
                tag = tag_size(reader.peek(HEAD))
                if tag > LARGE_TAG:
                    reader.begin_behind(tag)
                reader.allowance = ENOUGH
                return reader
        except BaseException:
            reader.close()
            raise
        return opener.playlist(reader)

    def _open_container(self) -> None:
        is_page = isinstance(self._file, HttpReader) and self._file.content_type == "text/html"
        nothing = "a web page without music" if is_page else "no music"
        with self.speaking(
            SourceErrorKind.UNSUPPORTED, f"{self.what} is {nothing} that can be played."
        ):
            self._container = av.open(
                _Shield(self._file, self._failed),
                "r",
                io_open=self._open_part,
                options={**OPTIONS, **PROBING},
                metadata_errors="replace",
            )
            # FFmpeg crashes if Python ends while it has a playlist open.
            weakref.finalize(self, self._container.close)

    def _failed(self, error: Exception) -> None:
        self._failure = self._failure or error

    def _open_part(self, url: str, flags: int, options: Mapping[str, str]) -> _Shield:
        """Open what a playlist leads to; PyAV's ``io_open``."""
        try:
            return _Shield(self._part(url, flags, options), self._failed)
        except (SourceError, Cancelled) as error:
            self._failed(error)
            return _Shield(io.BytesIO(), self._failed)

    def _part(self, url: str, flags: int, options: Mapping[str, str]) -> Part:
        self._parts += 1
        if self._opener is None:
            raise SourceError(
                SourceErrorKind.UNSUPPORTED, "A file of the library may not lead elsewhere."
            )
        if self._parts > MAX_PARTS:
            raise SourceError(SourceErrorKind.UNSUPPORTED, "There is no music in that playlist.")
        return self._opener(url, flags, options)


class _Shield:
    """A file that ends where it fails: PyAV would print what it cannot raise.

    Args:
        file: What is read.
        failed: Told why.
    """

    def __init__(
        self, file: HttpReader | BinaryIO | Part, failed: Callable[[Exception], None]
    ) -> None:
        self.name = getattr(file, "name", "part")
        self._file = file
        self._failed = failed
        self._ended = False

    def read(self, size: int) -> bytes:
        """Read what is there."""
        if self._ended:
            return b""
        try:
            return self._file.read(size) or b""
        except _FAILURES as error:
            self._ended = True
            self._failed(error)
            return b""

    def seek(self, offset: int, whence: int) -> int:
        """Go elsewhere; nothing is asked for yet, so nothing fails."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return where it is."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Return whether one can go elsewhere."""
        return self._file.seekable()

    def close(self) -> None:
        """Close it."""
        self._file.close()


def _open_file(path: str) -> BinaryIO:
    name = PurePath(path).name
    try:
        # Whatever else has a name, such as a pipe, would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SourceError(
            SourceErrorKind.GONE, f"{name} is not in the library any more."
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SourceError(SourceErrorKind.UNSUPPORTED, f"{name} is no file.")
    return io.FileIO(descriptor)
