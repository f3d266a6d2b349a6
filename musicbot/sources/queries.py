"""What a listener typed after ``!play``: a link, or words.

Only web addresses are links. Everything else is words, which are searched for behind a
prefix of our own and so can reach no special feature of yt-dlp; but who typed a link of
another kind is told so, because a search for it would only puzzle them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.formats import is_web_address

MAX_WORDS: Final = 300
"""Characters of words; no title is longer, and no search takes more."""


@dataclass(frozen=True, slots=True)
class WebLink:
    """An http(s) address."""

    url: str


@dataclass(frozen=True, slots=True)
class Words:
    """Something to search for."""

    text: str


Query = WebLink | Words


def read_query(text: str) -> Query:
    """Return what a text means.

    Raises:
        SourceError: If it is a link that is not opened, or nothing.
    """
    text = text.strip()
    inner = _unwrapped(text)
    # What follows a link is a remark about it: no link has a space in it.
    first = inner.partition(" ")[0]
    if _WEB.match(first):
        return _web_link(first)
    if _OTHER_LINK.match(first):
        raise SourceError(
            SourceErrorKind.UNSUPPORTED,
            "Only links that begin with http:// or https:// can be played, or words to search for.",
        )
    if _BARE.fullmatch(inner):
        return _web_link(f"https://{inner}")
    # Brackets round a part of it belong to the words.
    sought = inner if text.find(">") == len(text) - 1 else text
    words = " ".join(sought.split())[:MAX_WORDS].strip()
    if not words:
        raise SourceError(SourceErrorKind.NOTHING_FOUND, "Say what to play: a link, or some words.")
    return Words(words)


def _unwrapped(text: str) -> str:
    """Return what stands in the ``<…>`` that keeps chats from previewing, or all without such."""
    return text[1:].partition(">")[0].strip() if text.startswith("<") else text


def _web_link(url: str) -> WebLink:
    if not is_web_address(url):
        raise SourceError(
            SourceErrorKind.UNSUPPORTED,
            "That is not a link that can be opened; check its spelling.",
        )
    return WebLink(url)


_WEB: Final = re.compile(r"https?:", re.IGNORECASE)

_OTHER_LINK: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://"
    r"|(about|async|blob|cache|concat|concatf|crypto|data|fd|file|ftp|javascript|magnet|mailto"
    r"|mms|pipe|rtmp|rtsp|spotify|subfile|tcp|udp|view-source)[:,]\S"
    r"|[a-z.]+search(all|date)?[0-9]*:",
    re.IGNORECASE,
)
"""Links of other kinds, also those that FFmpeg and yt-dlp made up."""

_BARE: Final = re.compile(
    r"(www\.)?([a-z0-9_-]+\.)+[a-z]{2,}(:[0-9]+)?/\S+|www\.([a-z0-9_-]+\.)+[a-z]{2,}",
    re.IGNORECASE,
)
"""A web address whose scheme somebody left out."""
