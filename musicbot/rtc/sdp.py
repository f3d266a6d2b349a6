"""What is changed in session descriptions, as text in and text out."""

from __future__ import annotations

import re
from typing import Final

MUSIC_PARAMETERS: Final = "minptime=10;stereo=1;sprop-stereo=1"
"""What we can take and what we send (RFC 7587, 6.1). In-band FEC is left out: it exists only in
Opus's speech layer, which the music would have to be squeezed into."""

_OPUS: Final = re.compile(r"a=rtpmap:(\d+) opus/48000/2\Z", re.IGNORECASE)


def music_offer(offer: str) -> str:
    """Return aiortc's offer with true stereo, and with lost packets sent again.

    Header extensions go: none is sent. With one stream there is nothing to tell apart
    (RFC 8843, 9.2 falls back to the payload type).
    """
    lines: list[str] = []
    for line in offer.splitlines():
        if line.startswith("a=extmap:"):
            continue
        lines.append(line)
        if opus := _OPUS.match(line):
            lines.append(f"a=rtcp-fb:{opus[1]} nack")
            lines.append(f"a=fmtp:{opus[1]} {MUSIC_PARAMETERS}")
    return _joined(lines)


def without_candidates(description: str) -> tuple[str, list[str]]:
    """Take the candidates out of a description, to be looked at one by one.

    The mark of their end goes as well, see :func:`musicbot.rtc.candidates.usable`.

    Returns:
        The description without them, and the candidates without ``a=``.
    """
    lines, candidates = [], []
    for line in description.splitlines():
        if line.startswith("a=candidate:"):
            candidates.append(line.removeprefix("a="))
        elif line != "a=end-of-candidates":
            lines.append(line)
    return _joined(lines), candidates


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)
