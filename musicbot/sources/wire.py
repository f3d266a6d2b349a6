"""What the bot and its yt-dlp worker say to each other: a line of JSON each time.

The worker first says :class:`Ready`, and then answers every request with one
:class:`Found` or :class:`Failed` that carries the request's id.
"""

from __future__ import annotations

from typing import Final

import msgspec

from musicbot.core.media import HttpMedia
from musicbot.errors import SourceErrorKind

MAX_LINE: Final = 2 * 1024 * 1024
"""Bytes of the longest line, which takes the bot a few milliseconds to read."""


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """What yt-dlp is asked to look at."""

    url: str
    """With whatever yt-dlp appended for itself, so not for people."""
    ie: str | None = None
    """The extractor that knows the address, where yt-dlp named it."""
    item: int | None = None
    """Which piece of a page that holds many, counted from 1."""


class LookUp(msgspec.Struct, frozen=True, tag="look-up"):
    """List what a link leads to."""

    id: int
    target: Target


class Search(msgspec.Struct, frozen=True, tag="search"):
    """Find the piece that words mean."""

    id: int
    words: str


class Open(msgspec.Struct, frozen=True, tag="open"):
    """Find out how one piece is fetched."""

    id: int
    target: Target


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece that was found."""

    target: Target
    shown: str
    """The address that people may see."""
    title: str
    duration: float | None = None
    live: bool = False
    media: HttpMedia | None = None
    """How it is fetched, where that is known already."""
    lifetime: float = 0.0
    """Seconds for which ``media`` may be used."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The worker waits for requests."""

    version: str
    """Of yt-dlp."""
    javascript: bool
    """Whether there is a JavaScript runtime, which YouTube needs."""


class Found(msgspec.Struct, frozen=True, tag="found"):
    """The answer: at least one entry, and the name of the list if it is one."""

    id: int
    entries: list[Entry]
    title: str | None = None


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The answer: why there is none."""

    id: int
    kind: SourceErrorKind
    text: str


Request = LookUp | Search | Open
Reply = Ready | Found | Failed

encode: Final = msgspec.json.Encoder().encode

_requests: Final[msgspec.json.Decoder[Request]] = msgspec.json.Decoder(Request)
_replies: Final[msgspec.json.Decoder[Reply]] = msgspec.json.Decoder(Reply)
_targets: Final = msgspec.json.Decoder(Target)


def decode_request(line: bytes) -> Request:
    """Read a request.

    Raises:
        msgspec.DecodeError: If it is none.
    """
    return _requests.decode(line)


def decode_reply(line: bytes) -> Reply:
    """Read a reply.

    Raises:
        msgspec.DecodeError: If it is none.
    """
    return _replies.decode(line)


def fit(found: Found) -> Found:
    """Return an answer that is no longer than :data:`MAX_LINE`.

    Media go first, which can be found out again, and then half of the entries at a time.
    """
    while len(encode(found)) >= MAX_LINE:
        bare = [msgspec.structs.replace(each, media=None, lifetime=0.0) for each in found.entries]
        kept = bare if bare != found.entries else bare[: len(bare) // 2]
        found = msgspec.structs.replace(found, entries=kept)
    return found


def to_handle(target: Target, shown: str) -> str:
    """Return what a link has to keep besides the address that is shown."""
    return "" if target == Target(shown) else encode(target).decode()


def from_handle(shown: str, handle: str) -> Target:
    """Return what :func:`to_handle` was given."""
    return _targets.decode(handle) if handle else Target(shown)
