"""A web server on loopback for tests: files, pages and feeds, well served and badly.

    with Web() as web:
        web.file("/song.mp3", data, "audio/mpeg", faults=Faults(drop_after=500_000))
        play(web.url("/song.mp3"))
        assert web.hits("/song.mp3") == 12

Everything ends when the ``with`` block does, stalled answers included.
"""

from __future__ import annotations

import itertools
import ssl
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from html import escape
from pathlib import Path
from typing import Final

from tests.support.loopback import Canary, Exchange, Loopback, Request

__all__ = ["Canary", "Exchange", "Faults", "Request", "Web"]

SECRET: Final = b"SECRET OF THE SERVER"
"""The body of every error: it may never reach a listener."""

BLOCK: Final = 64 * 1024
"""Bytes sent at a time."""

MUCH: Final = 1 << 32
"""Bytes after which even an endless answer ends."""

TYPES: Final[Mapping[str, str]] = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".ts": "video/mp2t",
    ".aac": "audio/aac",
    ".m4a": "audio/mp4",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".webm": "audio/webm",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".html": "text/html; charset=utf-8",
    ".xml": "application/rss+xml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong with a file that is otherwise served properly."""

    statuses: Sequence[int] = ()
    """The first requests are answered with these, and only then with the file."""
    afterwards: Mapping[int, int] = field(default_factory=dict)
    """From which request on (the first is 1) which status is all that comes."""
    drop_after: int | None = None
    """Bytes after which the connection is closed."""
    drops: int | None = None
    """How many answers are cut like that; None is all."""
    reset: bool = False
    """Whether a cut is a reset instead of an orderly end."""
    stall_after: int | None = None
    """Bytes after which nothing more comes, though the connection stays."""
    stalls: int | None = None
    """How many answers stall; None is all."""
    delay: float = 0.0
    """Seconds before an answer begins."""
    pace: float = 0.0
    """Seconds before each further block of 64 KiB."""
    missing: int = 0
    """How many bytes fewer are sent than were promised."""


Answer = Callable[[Exchange], None]


class Web(Loopback):
    """A web server on a free port of loopback, in threads of its own."""

    def __init__(self, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(host=host, tls=tls)
        self._answers: dict[str, Answer] = {}

    def answer(self, path: str, answer: Answer) -> None:
        """Let a function answer the requests for a path."""
        self._answers[path] = answer

    # What a well-behaved site has.

    def file(
        self,
        path: str,
        data: bytes | Path,
        content_type: str | None = None,
        *,
        ranges: bool = True,
        etag: str | None = None,
        chunked: bool = False,
        faults: Faults = Faults(),
    ) -> None:
        """Serve bytes or a file, by ranges if the client asks and the server can."""
        content = data.read_bytes() if isinstance(data, Path) else data
        kind = content_type or TYPES.get(Path(path).suffix, "application/octet-stream")
        self.answer(path, _File(content, kind, ranges, etag, chunked, faults))

    def page(self, path: str, html: str) -> None:
        """Serve a page of HTML."""
        self.file(path, html.encode(), "text/html; charset=utf-8", ranges=False)

    def folder(self, prefix: str, folder: Path) -> None:
        """Serve every file of a folder, for example an HLS playlist and its segments."""
        for file in sorted(folder.iterdir()):
            self.file(f"{prefix.rstrip('/')}/{file.name}", file)

    def redirect(self, path: str, to: str, status: int = 302) -> None:
        """Send clients elsewhere; ``to`` goes into the header as it is."""
        self.answer(path, lambda exchange: exchange.reply(status, b"", {"Location": to}))

    def audio_page(self, path: str, *links: str, title: str = "Some music") -> None:
        """Serve a page with an ``<audio>`` element for each link."""
        players = "\n".join(f'<audio controls src="{escape(link)}"></audio>' for link in links)
        self.page(path, _html(title, players))

    def feed(self, path: str, entries: Mapping[str, str], title: str = "A podcast") -> None:
        """Serve an RSS feed of titles and the addresses of their audio."""
        items = "".join(
            f"<item><title>{escape(name)}</title><link>{escape(link)}</link>"
            f'<enclosure url="{escape(link)}" type="audio/mpeg" length="1"/></item>\n'
            for name, link in entries.items()
        )
        feed = (
            '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
            f"<title>{escape(title)}</title>\n{items}</channel></rss>\n"
        )
        self.file(path, feed.encode(), "application/rss+xml")

    def radio(
        self,
        path: str,
        audio: bytes,
        titles: Iterable[str] = (),
        *,
        interval: int = 8192,
        old: bool = False,
    ) -> None:
        """Serve a radio stream with titles in it every ``interval`` bytes of audio.

        Args:
            path: Where.
            audio: All that is sent, once and without a size.
            titles: One for each interval, as long as they last.
            interval: Bytes of audio between two titles.
            old: Whether the status line is the ``ICY 200 OK`` of SHOUTcast 1.
        """
        self.answer(path, _Radio(audio, tuple(titles), interval, old))

    # What a bad one has.

    def status(self, path: str, *codes: int) -> None:
        """Answer with these status codes in turn, and with the last one from then on."""
        self.answer(
            path,
            lambda exchange: exchange.reply(
                codes[min(exchange.count, len(codes)) - 1], SECRET, {"Content-Type": "text/plain"}
            ),
        )

    def endless(self, path: str, content_type: str = "text/html") -> None:
        """Serve a page that never ends."""
        filler = b"<p>And another line of text that leads nowhere.</p>\n" * 1000
        self._stream(path, {"Content-Type": content_type}, lambda: itertools.repeat(filler))

    def drip(self, path: str, content_type: str = "text/html", seconds: float = 1.0) -> None:
        """Serve a byte a second, for ever."""
        self._stream(path, {"Content-Type": content_type}, lambda: itertools.repeat(b" "), seconds)

    def slow_page(
        self, path: str, *links: str, size: int = 2_000_000, seconds: float = 2.0
    ) -> None:
        """Serve a large page that takes its time, with ``<audio>`` elements at its end."""
        players = "".join(f'<audio src="{escape(link)}"></audio>' for link in links)
        filler = '<div class="x"><a href="/nowhere">Something else entirely</a></div>\n'
        html = _html("A slow page", filler * (size // len(filler)) + players)
        blocks = max(1, len(html) // BLOCK)
        faults = Faults(pace=seconds / blocks)
        self.file(path, html.encode(), "text/html", ranges=False, faults=faults)

    def gzip_bomb(self, path: str, content_type: str = "text/html") -> None:
        """Serve a few bytes that unpack into many, whatever the client accepts."""
        squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
        start = squeeze.compress(b"<html><body>") + squeeze.flush(zlib.Z_FULL_FLUSH)
        block = squeeze.compress(b" " * 1_000_000) + squeeze.flush(zlib.Z_FULL_FLUSH)
        headers = {"Content-Type": content_type, "Content-Encoding": "gzip"}
        self._stream(path, headers, lambda: itertools.chain([start], itertools.repeat(block)))

    def _stream(
        self,
        path: str,
        headers: Mapping[str, str],
        blocks: Callable[[], Iterator[bytes]],
        seconds: float = 0.0,
    ) -> None:
        """Send blocks without a size, with a pause after each."""

        def answer(exchange: Exchange) -> None:
            exchange.begin(200, headers)
            sent = 0
            for block in blocks():
                exchange.send(block)
                exchange.pause(seconds)
                sent += len(block)
                if sent > MUCH:
                    break

        self.answer(path, answer)

    def take(self, exchange: Exchange) -> None:
        """Answer one request as its path says; the query says nothing."""
        answer = self._answers.get(exchange.request.path.partition("?")[0])
        if answer is None:
            exchange.reply(404, b"There is nothing here.", {"Content-Type": "text/plain"})
        else:
            answer(exchange)


@dataclass(frozen=True, slots=True)
class _File:
    """Answers with a file, or with a part of it."""

    content: bytes
    content_type: str
    ranges: bool
    etag: str | None
    chunked: bool
    faults: Faults

    def __call__(self, exchange: Exchange) -> None:
        faults = self.faults
        exchange.pause(faults.delay)
        status = self._failure(exchange.count)
        if status is not None:
            exchange.reply(status, SECRET, {})
            return
        headers = {"Content-Type": self.content_type, "Last-Modified": formatdate(0, usegmt=True)}
        if self.etag is not None:
            headers["ETag"] = self.etag
        wanted = self._wanted(exchange.request)
        if wanted is None:
            headers["Content-Range"] = f"bytes */{len(self.content)}"
            exchange.reply(416, b"", headers)
            return
        self._send(exchange, wanted, headers)

    def _failure(self, count: int) -> int | None:
        if count <= len(self.faults.statuses):
            return self.faults.statuses[count - 1]
        return next(
            (code for since, code in self.faults.afterwards.items() if count >= since), None
        )

    def _wanted(self, request: Request) -> range | None:
        """Return the bytes to send; None if there are none such."""
        whole = range(len(self.content))
        condition = request.headers.get("if-range")
        if not self.ranges or request.range is None or condition not in (None, self.etag):
            return whole
        first, last = request.range
        if first >= len(whole):
            return None
        return whole[first:] if last is None else whole[first : last + 1]

    def _send(self, exchange: Exchange, wanted: range, headers: dict[str, str]) -> None:
        status = 200
        if self.ranges:
            headers["Accept-Ranges"] = "bytes"
            if exchange.request.range is not None and self._is_partial(exchange.request):
                status = 206
                span = f"{wanted.start}-{wanted.stop - 1}"
                headers["Content-Range"] = f"bytes {span}/{len(self.content)}"
        if self.chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(len(wanted))
        exchange.begin(status, headers)
        if exchange.request.method != "HEAD":
            self._send_body(exchange, self.content[wanted.start : wanted.stop])

    def _is_partial(self, request: Request) -> bool:
        return request.headers.get("if-range") in (None, self.etag)

    def _send_body(self, exchange: Exchange, body: bytes) -> None:
        faults = self.faults
        send = exchange.send_chunk if self.chunked else exchange.send
        drop = _counted(faults.drop_after, faults.drops, exchange.count)
        stall = _counted(faults.stall_after, faults.stalls, exchange.count)
        stop = min([len(body) - faults.missing, *(n for n in (drop, stall) if n is not None)])
        for start in range(0, stop, BLOCK):
            send(body[start : min(start + BLOCK, stop)])
            exchange.pause(faults.pace)
        if stall is not None and stall <= stop:
            exchange.stall()
        if stop < len(body):
            exchange.drop(reset=faults.reset)
        if self.chunked:
            exchange.send_chunk(b"")


@dataclass(frozen=True, slots=True)
class _Radio:
    """Answers with a stream that has its titles between the audio, if they are wanted."""

    audio: bytes
    titles: tuple[str, ...]
    interval: int
    old: bool

    def __call__(self, exchange: Exchange) -> None:
        titled = exchange.request.headers.get("icy-metadata") == "1"
        headers = {"Content-Type": "audio/mpeg", "icy-name": "Loopback FM"}
        if titled:
            headers["icy-metaint"] = str(self.interval)
        if self.old:
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            exchange.send(f"ICY 200 OK\r\n{lines}\r\n".encode())
        else:
            exchange.begin(200, headers)
        titles = iter(self.titles)
        for start in range(0, len(self.audio), self.interval):
            block = self.audio[start : start + self.interval]
            exchange.send(block)
            if titled and len(block) == self.interval:
                exchange.send(_icy_block(next(titles, None)))
        exchange.drop()


def _html(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f"</title></head>\n<body>\n{body}\n</body></html>\n"
    )


def _icy_block(title: str | None) -> bytes:
    """Return a metadata block: its length in units of 16 bytes, then the text."""
    if title is None:
        return b"\0"
    text = f"StreamTitle='{title}';".encode()
    units = -(-len(text) // 16)
    return bytes([units]) + text.ljust(units * 16, b"\0")


def _counted(after: int | None, times: int | None, count: int) -> int | None:
    return after if times is None or count <= times else None
