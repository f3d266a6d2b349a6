"""What yt-dlp's results mean to the room: pure, and told by its info dicts alone.

An info dict is either one piece with its formats, or a list whose entries were not
looked at yet (``extract_flat``). Entries are handed back to yt-dlp when their turn
comes, because what it finds out about them expires.

Everything in an info dict comes from a site, so every value is checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from musicbot.core.texts import one_line, shorten
from musicbot.core.times import known_length
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.formats import MAX_URL, is_web_address, pick_format, to_media
from musicbot.sources.wire import Entry, Target

Info = Mapping[str, Any]
CookiesFor = Callable[[str], str | None]
"""Returns the ``Cookie`` header for an address."""

MAX_ENTRIES: Final = 100
"""Pieces that are taken from a list."""

MAX_TITLE: Final = 300
"""Characters of a title."""

MEDIA_LIFETIME: Final = 300.0
"""Seconds for which an address that yt-dlp found may be used."""

EXPIRY_MARGIN: Final = 60.0
"""Seconds before its end that an address is no longer relied on."""

MAX_LINES: Final = 10_000
"""Lines of a list of stations that are looked at."""

_STATION: Final = re.compile(r"^File[0-9]+ *= *", re.IGNORECASE)
_SMUGGLED: Final = "#__youtubedl_smuggle"
_EXPIRES: Final = re.compile(r"[?&/]expires?[=/]([0-9]{9,12})(?![0-9])", re.IGNORECASE)
_SEEN_AT: Final = re.compile(r" \d{4}-\d\d-\d\d \d\d:\d\d$")
"""What yt-dlp appends to the title of a live stream."""

_UNAVAILABLE: Final = frozenset({"[private video]", "[deleted video]", "[unavailable]"})


def entries_of(
    info: Info, asked: Target, *, cookies_for: CookiesFor, now: float
) -> tuple[list[Entry], str | None]:
    """Return the pieces that a link leads to, and the name of the list if it is one.

    Args:
        info: What yt-dlp found.
        asked: What it was asked for.
        cookies_for: Knows the cookies that came with it.
        now: Unix time in seconds.

    Raises:
        SourceError: If nothing in it can be played.
    """
    if not is_list(info):
        return [_piece(info, asked, _shown(asked.url), cookies_for, now)], None
    entries = []
    for number, each in _numbered(info):
        entry = _entry(each, number, asked, cookies_for, now)
        if entry is not None and len(entry.target.url) <= MAX_URL:
            entries.append(entry)
    if not entries:
        raise SourceError(
            SourceErrorKind.NOTHING_FOUND, "There is nothing that can be played in that list."
        )
    if len(entries) == 1:
        return entries, None
    return entries[:MAX_ENTRIES], _clean(info.get("title")) or _name_of(_shown(asked.url))


def best_result(entries: Sequence[Entry]) -> Entry:
    """Return the result of a search to play: the first that ends, else the first."""
    return next((each for each in entries if not each.live and each.duration), entries[0])


def is_list(info: Info) -> bool:
    """Return whether an info dict holds others instead of formats."""
    return info.get("_type") in ("playlist", "multi_video", "compat_list")


def first_of(info: Info) -> Target | Info:
    """Return the first entry of a list: as it is, or what to ask to get it.

    Raises:
        SourceError: If the list is empty.
    """
    for _, each in _numbered(info):
        if not _is_reference(each):
            return each
        target = _reference(each)
        if target is not None:
            return target
    raise SourceError(SourceErrorKind.NOTHING_FOUND, "There is nothing to play at that link.")


def radio(target: Target) -> Info:
    """Return the info dict of a stream that yt-dlp could not look at."""
    return {"url": target.url, "protocol": "http", "vcodec": "none", "is_live": True}


def stations_of(text: str) -> list[str]:
    """Return the addresses in a list of radio stations (M3U or PLS)."""
    lines = [line.strip() for line in text.splitlines()[:MAX_LINES]]
    addresses = [_STATION.sub("", line) for line in lines]
    return [address for address in addresses if is_web_address(address)][:MAX_ENTRIES]


def _entry(
    each: Info, number: int, asked: Target, cookies_for: CookiesFor, now: float
) -> Entry | None:
    """Return an entry of a list; ``None`` if it can't be played."""
    if not _is_reference(each):
        # It was looked at with its page, so it is found again as a part of that.
        target = Target(asked.url, asked.ie, number)
        try:
            return _piece(each, target, _shown(asked.url), cookies_for, now)
        except SourceError:
            return None
    unlooked = _reference(each)
    if unlooked is None or str(each.get("title")).lower() in _UNAVAILABLE:
        return None
    shown = _shown(each.get("webpage_url"), unlooked.url, asked.url)
    live = _is_live(each)
    return Entry(
        target=unlooked,
        shown=shown,
        title=_clean(each.get("title")) or _name_of(shown),
        duration=None if live else known_length(each.get("duration")),
        live=live,
    )


def _piece(info: Info, target: Target, shown: str, cookies_for: CookiesFor, now: float) -> Entry:
    """Return a piece with its media.

    Raises:
        SourceError: If it has no sound that can be played.
    """
    formats = info.get("formats")
    listed = (
        [each for each in formats if isinstance(each, Mapping)]
        if isinstance(formats, list) and formats
        else [info]
    )
    chosen = pick_format(listed)
    if chosen is None:
        raise _unplayable(info, listed)
    media = to_media(info, chosen, cookies_for(str(chosen["url"])))
    return Entry(
        target=target,
        shown=shown,
        title=_title(info) or _name_of(shown),
        duration=media.duration,
        live=media.live,
        media=media,
        lifetime=lifetime(media.url, now, media.duration),
    )


def lifetime(url: str, now: float, duration: float | None) -> float:
    """Return for how many seconds a media address can be started with.

    Sites that let addresses expire put the time into them, in Unix seconds.
    """
    expires = _EXPIRES.search(url)
    if expires is None:
        return MEDIA_LIFETIME
    left = float(expires[1]) - now - EXPIRY_MARGIN - (duration or 0.0)
    return min(MEDIA_LIFETIME, max(0.0, left))


def _unplayable(info: Info, formats: Sequence[Info]) -> SourceError:
    if info.get("_has_drm") or any(each.get("has_drm") for each in formats):
        return SourceError(
            SourceErrorKind.DRM, "That is copy-protected and cannot be played; try another upload."
        )
    return SourceError(
        SourceErrorKind.UNSUPPORTED, "There is no sound at that link in a form that I can play."
    )


def _numbered(info: Info) -> Iterator[tuple[int, Info]]:
    """Yield the entries with their numbers in the whole list."""
    entries = info.get("entries")
    for number, each in enumerate(entries if isinstance(entries, Iterable) else (), 1):
        if isinstance(each, Mapping):
            index = each.get("playlist_index")
            yield index if isinstance(index, int) and index > 0 else number, each


def _is_reference(each: Info) -> bool:
    return each.get("_type") in ("url", "url_transparent")


def _reference(each: Info) -> Target | None:
    """Return what an entry refers to; ``None`` if it may not be followed.

    Without an extractor's name only web addresses are: a page could otherwise send
    yt-dlp to its special ones, such as ``ytsearchall:``.
    """
    url, extractor = each.get("url"), each.get("ie_key")
    if not isinstance(url, str) or not url:
        return None
    if not is_web_address(url) and (not isinstance(extractor, str) or extractor == "Generic"):
        return None
    return Target(url, extractor if isinstance(extractor, str) else None)


def _shown(*urls: object) -> str:
    """Return the first that is a web address, without what yt-dlp appended."""
    for url in urls:
        plain = url.partition(_SMUGGLED)[0] if isinstance(url, str) else url
        if isinstance(plain, str) and is_web_address(plain):
            return plain
    return ""


def _title(info: Info) -> str:
    title = _clean(info.get("title"))
    if info.get("is_live"):
        return _SEEN_AT.sub("", title)
    if info.get("extractor_key") == "HTML5MediaEmbed" and not info.get("playlist"):
        return title.removesuffix(" (1)")
    return title


def _clean(title: object) -> str:
    """Return a title as one line of visible text; empty if it is none."""
    return shorten(one_line(title[: MAX_TITLE * 4]), MAX_TITLE) if isinstance(title, str) else ""


def _name_of(url: str) -> str:
    """Return what to call something that has only an address."""
    parts = urlsplit(url)
    name = _clean(unquote(parts.path.rstrip("/").rpartition("/")[2]))
    return name or parts.hostname or "Untitled"


def _is_live(each: Info) -> bool:
    return each.get("live_status") == "is_live" or each.get("is_live") is True
