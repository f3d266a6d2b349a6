"""The worker: a program that runs yt-dlp for the bot, in a process that may be killed.

It reads requests from its standard input and writes replies to its standard output, a
line of JSON each (:mod:`musicbot.sources.wire`). What yt-dlp has to say goes to the
standard error stream.

Everything that yt-dlp meets comes from strangers, so this process can do little: it
connects to no address that the policy refuses, however the address was reached; it
starts no program but the JavaScript runtime; it reads pages up to a size and uses memory
up to a size; and it ends by itself if it is busy for too long and nobody ended it.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import resource
import shutil
import signal
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

import yt_dlp
from yt_dlp.extractor.common import InfoExtractor

from musicbot.errors import SourceError, SourceErrorKind
from musicbot.netpolicy import NetPolicy
from musicbot.sources import wire
from musicbot.sources.wire import Entry, Failed, Found, LookUp, Open, Ready, Request, Search, Target
from musicbot.sources.ytdlp import MAX_ENTRIES, best_result, entries_of, first_of, is_list, radio
from musicbot.sources.ytdlp_errors import BLOCKED, Failure, is_old_radio, search_error, source_error
from musicbot.sources.ytdlp_radio import RadioListIE

logger = logging.getLogger("yt-dlp")

MAX_MEMORY: Final = 1536 * 1024 * 1024
"""Bytes of data that this process and the JavaScript runtime may each use."""

MAX_PAGE: Final = 16 * 1024 * 1024
"""Bytes of a page, unpacked."""

MAX_BUSY: Final = 60
"""Seconds after which one request ends the process; the bot gives up long before."""

NICENESS: Final = 5
"""How much this process gives way: a large page is work, and the music must not wait."""

MAX_DEPTH: Final = 3
"""How many lists within lists are opened to find the first piece."""

JAVASCRIPT: Final = "deno"
"""The runtime that yt-dlp runs without access to files and network."""

PR_SET_PDEATHSIG: Final = 1
"""See prctl(2)."""

OUT_OF_MEMORY: Final = 3
"""Exit code after which the bot starts a fresh worker."""


class PageTooLarge(Exception):
    """A page did not end within :data:`MAX_PAGE`."""


class AddressRefused(PermissionError):
    """The policy refuses an address."""


class Guard:
    """An audit hook, which cannot be removed: no address or program but those allowed.

    It sees the address that a socket is about to connect to, so names, redirects and
    odd spellings are behind it. libcurl and other programs would be out of its sight, so
    neither is used (see :class:`Downloader`).
    """

    def __init__(self, policy: NetPolicy, program: str | None) -> None:
        self.refused = False
        """Whether an address was refused since this was last set to false."""
        self._policy = policy
        self._program = program

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Judge what is about to happen.

        Raises:
            AddressRefused: If it would connect to an address that is not allowed.
            PermissionError: If it would start another program.
        """
        if event in _CONNECTS:
            self._check_address(args[-1])
        elif event in _STARTS and (event != "subprocess.Popen" or args[0] != self._program):
            raise PermissionError(f"{args[0]!r} may not be started.")

    def check_literal(self, url: str) -> None:
        """Judge the address that a link names, if it names one by numbers.

        Raises:
            SourceError: If the policy refuses it.
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        literal = ":" in host or host.replace(".", "").isdigit()
        if literal and not self._allowed(host, port):
            raise SourceError(SourceErrorKind.BLOCKED_ADDRESS, BLOCKED)

    def _check_address(self, address: object) -> None:
        match address:
            case None:
                return  # A message on a socket that is connected, which was judged then.
            case (str(host), int(port), *_) if self._allowed(host, port):
                return
        self.refused = True
        raise AddressRefused(f"The address {address!r} is refused.")

    def _allowed(self, host: str, port: int) -> bool:
        return self._policy.port_allowed(port) and self._policy.allowed(host)


class Downloader(yt_dlp.YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp, which otherwise reads pages of any size."""

    def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
        """Leave out libcurl, whose connections no audit hook sees."""
        seen = [each for each in handlers if each.RH_KEY != "CurlCFFI"]
        return super().build_request_director(seen, preferences)

    def urlopen(self, req: Any) -> Any:
        """Make a request; reading its response is bounded."""
        response = super().urlopen(req)
        read, left = response.read, MAX_PAGE

        def bounded(amount: int | None = None) -> bytes:
            nonlocal left
            wanted = left + 1 if amount is None or amount < 0 else min(amount, left + 1)
            blocks = []
            while wanted > 0 and (block := read(min(wanted, 1 << 20))):
                blocks.append(block)
                left -= len(block)
                wanted = wanted - len(block) if amount is None or amount < 0 else 0
            if left < 0:
                raise PageTooLarge(f"More than {MAX_PAGE} bytes came from {req!r}.")
            return b"".join(blocks)

        response.read = bounded
        return response


class Worker:
    """Answers requests, one after another, with one yt-dlp.

    A new one for each request would leak almost a megabyte each.

    Args:
        guard: The hook that is installed.
        cache: Folder in which yt-dlp keeps what it learned about players.
        search: The prefix that makes words a search.
        extractors: Further ones, which are asked first.
    """

    def __init__(
        self, guard: Guard, *, cache: str | None, search: str, extractors: Sequence[InfoExtractor]
    ) -> None:
        self._guard = guard
        self._search = search
        self._downloader = Downloader(_params(cache), auto_init=False)
        for extractor in (*extractors, RadioListIE()):
            self._downloader.add_info_extractor(extractor)
        self._downloader.add_default_info_extractors()

    def warm_up(self) -> None:
        """Load what the first look-up needs, by one that the guard refuses.

        Raises:
            RuntimeError: If it did not, so that nothing would be safe.
        """
        try:
            self._extract(Target("http://192.0.2.1:1/"))
        except Exception:  # A boundary: whatever comes, only the refusal counts.
            logger.debug("The warm-up failed as it should.", exc_info=True)
        if not self._guard.refused:
            raise RuntimeError("The guard did not refuse a forbidden port.")

    def answer(self, request: Request) -> Found | Failed:
        """Answer one request, whatever happens on the way.

        Raises:
            MemoryError: If it took too much; this process is not to be used again.
        """
        self._guard.refused = False
        try:
            return self._found(request)
        except SourceError as error:
            shown = error
        except MemoryError:
            raise
        except Exception as error:  # A boundary: extractors raise anything.
            logger.info("The look-up failed.", exc_info=True)
            shown = source_error(Failure.of(error), refused=self._guard.refused)
        if isinstance(request, Search):
            shown = search_error(shown)
        return Failed(request.id, shown.kind, shown.text)

    def _found(self, request: Request) -> Found:
        match request:
            case LookUp(id, target):
                entries, title = self._entries(self._extract(target), target)
            case Open(id, target):
                entries, title = self._entries(self._extract_one(target), target)
            case Search(id, words):
                target = Target(self._search + words)
                entries, title = self._entries(self._extract(target), target)
                entries, title = [best_result(entries)], None
        if len(entries) == 1 and entries[0].media is not None:
            self._guard.check_literal(entries[0].media.url)
        return wire.fit(Found(id, entries, title))

    def _entries(self, info: Any, asked: Target) -> tuple[list[Entry], str | None]:
        cookies_for = self._downloader.cookiejar.get_cookie_header
        return entries_of(info, asked, cookies_for=cookies_for, now=time.time())

    def _extract_one(self, target: Target) -> Any:
        """Return a piece with its formats; of a list, the first."""
        info = self._extract(target)
        for _ in range(MAX_DEPTH):
            if not is_list(info):
                return info
            first = first_of(info)
            info = self._extract(first) if isinstance(first, Target) else first
        raise SourceError(
            SourceErrorKind.UNSUPPORTED, "That is a list of lists; try a link to one of them."
        )

    def _extract(self, target: Target) -> Any:
        items = f"1:{MAX_ENTRIES}" if target.item is None else str(target.item)
        self._downloader.params["playlist_items"] = items
        try:
            info = self._downloader.extract_info(target.url, download=False, ie_key=target.ie)
        except yt_dlp.utils.YoutubeDLError as error:
            if not is_old_radio(Failure.of(error)):
                raise
            return radio(target)
        if not isinstance(info, dict):
            raise SourceError(SourceErrorKind.NOTHING_FOUND, "There is nothing at that link.")
        return info


def main(argv: Sequence[str] | None = None, extractors: Sequence[InfoExtractor] = ()) -> None:
    """Serve until the standard input ends."""
    replies = _claim_stdout()
    options = _options(argv)
    _end_with_parent()
    os.nice(NICENESS)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    os.environ["YTDLP_NO_PLUGINS"] = "1"
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY, MAX_MEMORY))
    guard = Guard(NetPolicy.parse(options.allow_net), _javascript())
    sys.addaudithook(guard)
    worker = Worker(guard, cache=options.cache, search=options.search, extractors=extractors)
    worker.warm_up()
    _send(replies, Ready(yt_dlp.version.__version__, javascript=_javascript() is not None))
    for line in sys.stdin.buffer:
        request = wire.decode_request(line)
        # The signal's default action ends the process even in the middle of C code.
        signal.alarm(MAX_BUSY)
        try:
            reply = worker.answer(request)
        except MemoryError as error:
            shown = source_error(Failure.of(error))
            _send(replies, Failed(request.id, shown.kind, shown.text))
            sys.exit(OUT_OF_MEMORY)
        signal.alarm(0)
        _send(replies, reply)


def _claim_stdout() -> BinaryIO:
    """Return the stream for replies; what others print goes to standard error from now on."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _end_with_parent() -> None:
    """Have the kernel kill this process when the bot ends, also in the middle of a look-up."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _send(replies: BinaryIO, reply: Ready | Found | Failed) -> None:
    replies.write(wire.encode(reply) + b"\n")
    replies.flush()


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run yt-dlp for the bot.")
    parser.add_argument("--allow-net", action="append", default=[], metavar="CIDR")
    parser.add_argument("--cache", metavar="DIR")
    parser.add_argument("--search", default="ytsearch5:", metavar="PREFIX")
    return parser.parse_args(argv)


def _javascript() -> str | None:
    """Return where the JavaScript runtime is; one that pip installed comes first."""
    folders = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)))
    return shutil.which(JAVASCRIPT, path=folders)


def _params(cache: str | None) -> dict[str, Any]:
    """Return yt-dlp's parameters: all that could surprise is off."""
    runtime = _javascript()
    return {
        "quiet": True,
        "noprogress": True,
        "color": "no_color",
        "logger": logger,
        "skip_download": True,
        "noplaylist": True,
        "extract_flat": "in_playlist",
        "lazy_playlist": True,
        # We choose ourselves, so whatever there is may be selected.
        "format": _any_format,
        "socket_timeout": 10,
        "retries": 2,
        "extractor_retries": 1,
        "cachedir": cache or False,
        "js_runtimes": {JAVASCRIPT: {"path": runtime}} if runtime else {},
        "remote_components": (),
        "enable_file_urls": False,
        "allowed_extractors": ["default"],
        # An empty text, unlike None, means that the environment's proxies are not used.
        "proxy": "",
    }


def _any_format(context: dict[str, Any]) -> Iterator[Any]:
    yield from context["formats"][-1:]


_CONNECTS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_STARTS: Final = frozenset(
    {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system"}
)

if __name__ == "__main__":
    main()
