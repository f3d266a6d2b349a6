"""Which of the formats that a site offers is played.

yt-dlp sorts formats for watching: it prefers a codec to a bitrate, and so would take
64 kbit/s Opus over 160 kbit/s AAC. Music wants, in this order: Opus that needs no
transcoding; the best audio alone; audio in HLS, which begins and seeks more slowly;
and the smallest film that has sound.

A format is a ``dict`` as yt-dlp makes it. Any value in it may be missing or of a wrong
type, because it comes from a site.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from musicbot.core.headers import may_be_sent
from musicbot.core.media import HttpMedia
from musicbot.core.times import known_length

Format = Mapping[str, Any]

GOOD_OPUS: Final = 90.0
"""Bitrate in kbit/s from which Opus is better than most of what else sites have."""

FAIR_SOUND: Final = 64.0
"""Bitrate in kbit/s below which the sound of a film is avoided if there is another."""

MAX_URL: Final = 8_000
"""Characters of an address; longer ones are no use to any server."""

MAX_HEADERS: Final = 20
"""Headers that a site may ask to be sent."""

MAX_HEADER: Final = 4_000
"""Characters of one header; cookies are long."""

MAX_NUMBER: Final = 1e15
"""Nothing that is measured here is larger; what is, is nonsense."""

_HTTP: Final = frozenset({"http", "https"})
_HLS: Final = frozenset({"m3u8", "m3u8_native"})
"""These and no others: what is DASH, RTMP, a socket or a picture cannot be opened."""

_AUDIO: Final = frozenset({"aac", "flac", "m4a", "mka", "mp3", "oga", "ogg", "opus", "wav", "weba"})
"""File types that hold no film."""

_OF_ONE_HOST: Final = frozenset({"cookie", "proxy-authorization"})
"""Headers that are not for all who are asked; cookies are looked up for the very address."""


def pick_format(formats: Sequence[Format]) -> Format | None:
    """Return the format to play; ``None`` if none of them can be."""
    playable = _in_the_best_language([each for each in formats if _playable(each)])
    alone = [each for each in playable if _audio_alone(each)]
    direct = [each for each in alone if each["protocol"] in _HTTP]
    opus = [
        each for each in direct if _text(each, "acodec") == "opus" and _bitrate(each) >= GOOD_OPUS
    ]
    for tier in (opus, direct, alone):
        if tier:
            # yt-dlp puts the better one later: it decides where bitrates do not.
            return max(reversed(tier), key=lambda each: _known(_bitrate(each)))
    fair = [each for each in playable if (finite(each.get("abr")) or FAIR_SOUND) >= FAIR_SOUND]
    return min(fair or playable, key=_size, default=None)


def to_media(info: Mapping[str, Any], chosen: Format, cookies: str | None = None) -> HttpMedia:
    """Return what the engine is given to open a format.

    Args:
        info: What yt-dlp found, which the format is a part of.
        chosen: One of its formats, see :func:`pick_format`.
        cookies: The ``Cookie`` header for exactly this address, if there is one.
    """
    headers = chosen.get("http_headers") or info.get("http_headers")
    options = chosen.get("downloader_options")
    chunk = finite(options.get("http_chunk_size")) if isinstance(options, Mapping) else None
    live = info.get("is_live") is True
    return HttpMedia(
        url=str(chosen["url"]),
        headers=_headers(headers if isinstance(headers, Mapping) else {}, cookies),
        hls=_text(chosen, "protocol") in _HLS,
        live=live,
        duration=None if live else known_length(info.get("duration")),
        chunk_size=int(chunk) if chunk is not None and chunk >= 1 else None,
        available_at=finite(chosen.get("available_at")),
    )


def is_web_address(url: object) -> bool:
    """Return whether something is an http(s) address that may be asked for."""
    if not isinstance(url, str) or len(url) > MAX_URL or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in _HTTP and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def finite(value: object, *, low: float = 0.0) -> float | None:
    """Return a finite number above a limit; ``None`` if it is anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A whole number may be too large for a float.
    return float(value) if low < value and abs(value) < MAX_NUMBER else None


def _playable(each: Format) -> bool:
    return (
        is_web_address(each.get("url"))
        and _text(each, "protocol") in _HTTP | _HLS
        and each.get("acodec") != "none"
        and not each.get("has_drm")
        # The same with its loud and quiet passages levelled.
        and not _text(each, "format_id").endswith("-drc")
    )


def _in_the_best_language(formats: list[Format]) -> list[Format]:
    """Leave out dubbed sound where the original is there."""
    ranks = [finite(each.get("language_preference"), low=-math.inf) for each in formats]
    best = max((rank for rank in ranks if rank is not None), default=None)
    return [each for each, rank in zip(formats, ranks, strict=True) if rank in (None, best)]


def _audio_alone(each: Format) -> bool:
    film = each.get("vcodec")
    return film == "none" or (film is None and _text(each, "ext") in _AUDIO)


def _text(each: Format, name: str) -> str:
    value = each.get(name)
    return value if isinstance(value, str) else ""


def _bitrate(each: Format) -> float:
    """Return kbit/s of the sound; infinite if unknown."""
    alone = _audio_alone(each)
    return finite(each.get("abr")) or (finite(each.get("tbr")) if alone else None) or math.inf


def _known(bitrate: float) -> float:
    return 0.0 if math.isinf(bitrate) else bitrate


def _size(each: Format) -> tuple[float, float]:
    total, height = finite(each.get("tbr")), finite(each.get("height"))
    return (total or math.inf, height or math.inf)


def _headers(wanted: Mapping[Any, Any], cookies: str | None) -> tuple[tuple[str, str], ...]:
    named = [
        (name, value) for name, value in wanted.items() if str(name).lower() not in _OF_ONE_HOST
    ]
    if cookies:
        named.append(("Cookie", cookies))
    sound = [(str(name), str(value)) for name, value in named if _is_sound(name, value)]
    return tuple(sound[-MAX_HEADERS:])


def _is_sound(name: object, value: object) -> bool:
    if not isinstance(name, str) or not isinstance(value, str):
        return False
    return len(value) <= MAX_HEADER and may_be_sent(name, value)
