"""Playlists of segments (HLS, RFC 8216), fetched for FFmpeg instead of by it.

FFmpeg reads the playlist and decides what comes when; whatever it wants to open it asks
for here, so segments, keys and further playlists pass the same checks as any link::

    opener = HlsOpener(client, Target(link))
    av.open(opener.playlist(), format="hls", io_open=opener, options=OPTIONS)

Pass an opener as ``io_open`` with every file, whatever it is called: what looks like music
may turn out to be a playlist, and then FFmpeg would open the links in it by itself.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urljoin, urlsplit

from musicbot.engine.decrypt import DecryptingReader
from musicbot.engine.fetch import HttpReader
from musicbot.engine.target import PORTS, Target
from musicbot.engine.webclient import WebClient
from musicbot.errors import SourceError, SourceErrorKind

OPTIONS: Final[Mapping[str, str]] = {"http_persistent": "0", "extension_picky": "0"}
"""What FFmpeg must be told: without the first PyAV's process dies, without the second
segments are refused whose names have no ending or an unusual one."""

MAX_PLAYLIST: Final = 4 * 1024 * 1024
"""Bytes: some ten hours of segments with long links."""

MAX_PLAYLISTS: Final = 32
"""How many different playlists one may lead to; FFmpeg opens them all."""

MAX_PART: Final = 64 * 1024 * 1024
"""Bytes of a segment or key: many minutes, even with pictures."""

BLOCK: Final = 64 * 1024
"""Bytes read at a time."""

MAGIC: Final = b"#EXTM3U"

_ATTRIBUTE: Final = re.compile(r'(?<![A-Z-])URI="([^"]*)"')

Part = io.RawIOBase | io.BytesIO
"""What PyAV reads from and closes."""


class HlsOpener:
    """Opens what FFmpeg asks for while it plays a playlist.

    Args:
        client: Asks the sites.
        target: The playlist, with the headers that its site wants.
    """

    def __init__(self, client: WebClient, target: Target) -> None:
        self.error: SourceError | None = None
        """Why a part could not be had. Nothing is opened after that: FFmpeg would go on
        with the next part, but PyAV raises the error as soon as FFmpeg returns."""
        self._client = client
        self._target = target
        self._open: set[HttpReader] = set()
        self._playlists: set[str] = set()

    def playlist(self, begun: HttpReader | None = None) -> Part:
        """Open the playlist itself.

        Args:
            begun: Where somebody has looked at it; not to be used any more.

        Raises:
            SourceError: If it cannot be had, or is none.
            Cancelled: If it was.
        """
        opened = self._opened(begun or HttpReader(self._client, self._target), self._target)
        if isinstance(opened, HttpReader):
            site = opened.target.destination.host
            self.close()
            raise SourceError(SourceErrorKind.BROKEN, f"{site} sends no playlist there.")
        return opened

    def __call__(self, url: str, flags: int, options: Mapping[str, str]) -> Part:
        """Open a part; PyAV's ``io_open``.

        Raises:
            SourceError: If it cannot be had.
            Cancelled: If it was.
        """
        if self.error is not None:
            return io.BytesIO()
        encrypted = url.startswith(("crypto:", "crypto+"))
        try:
            target = self._target.moved(url[7:] if encrypted else url)
            reader = HttpReader(self._client, target, part=_span(options))
            part = self._opened(reader, target)
            if encrypted and isinstance(part, HttpReader):
                return DecryptingReader(part, options.get("key", ""), options.get("iv", ""))
        except SourceError as error:
            self.error = error
            raise
        return part

    def close(self) -> None:
        """Close everything that FFmpeg left open; may be called twice."""
        while self._open:
            self._open.pop().close()

    def _opened(self, reader: HttpReader, target: Target) -> HttpReader | io.BytesIO:
        """Begin with a part, or read it all if it is a playlist."""
        self._open = {each for each in self._open if not each.closed}
        reader.allowance = MAX_PART
        self._open.add(reader)
        try:
            if not reader.peek(len(MAGIC)).startswith(MAGIC):
                return reader
            self._count(target)
            text = _read_all(reader)
        except BaseException:
            reader.close()
            raise
        reader.close()
        return _Playlist(absolute(text, reader.target.url), target.url)

    def _count(self, target: Target) -> None:
        self._playlists.add(target.url)
        if len(self._playlists) > MAX_PLAYLISTS:
            raise SourceError(SourceErrorKind.BROKEN, "That playlist leads to too many others.")


class _Playlist(io.BytesIO):
    """The text of a playlist; FFmpeg asks for its name when it wants a later state of it."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text.encode())
        self.name = name


def absolute(playlist: str, url: str) -> str:
    """Return a playlist with all links in it complete.

    FFmpeg would complete them by the link that it asked for, and knows nothing of
    redirects, which we follow.

    Raises:
        SourceError: If one leads away from the web: FFmpeg would skip it without a word.
    """
    return "\n".join(_completed(line.strip(), url) for line in playlist.splitlines())


def _completed(line: str, url: str) -> str:
    if line.startswith("#EXT"):
        return _ATTRIBUTE.sub(lambda match: f'URI="{_joined(url, match[1])}"', line)
    return _joined(url, line) if line and not line.startswith("#") else line


def _joined(url: str, link: str) -> str:
    try:
        joined = urljoin(url, link)
        if urlsplit(joined).scheme in PORTS:
            return joined
    except ValueError:
        pass
    raise SourceError(
        SourceErrorKind.UNSUPPORTED, "That playlist leads to something that is not on the web."
    )


def _read_all(reader: HttpReader) -> str:
    """Return the text of a playlist."""
    data = bytearray()
    while part := reader.read(BLOCK):
        data += part
        if len(data) > MAX_PLAYLIST:
            raise SourceError(SourceErrorKind.BROKEN, "That playlist is too long to be one.")
    return data.decode("utf-8", "replace")


def _span(options: Mapping[str, str]) -> range | None:
    """Return which bytes are wanted, as FFmpeg would tell its own HTTP client."""
    if "end_offset" not in options:
        return None
    return range(int(options.get("offset", 0)), int(options["end_offset"]))
