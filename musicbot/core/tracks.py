"""What the room plays: pieces that may be queued, and tracks that are.

Positions are samples at 48 kHz; durations are seconds, ``None`` for a live stream.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NewType

SAMPLE_RATE: Final = 48_000
"""Samples a second of everything that is sent (RFC 7587, 4.1)."""

FRAME_SAMPLES: Final = 960
"""Samples of one frame, the 20 ms that one packet holds."""

FRAME_TIME: Final = FRAME_SAMPLES / SAMPLE_RATE
"""Length of one frame in seconds."""

TrackId = NewType("TrackId", int)
PlayId = NewType("PlayId", int)
"""One attempt at playing a track: a loop, a retry and a skip back are each a new play."""


@dataclass(frozen=True, slots=True)
class Link:
    """Something on the web, for yt-dlp to look at."""

    url: str
    """What people may be shown."""
    handle: str = field(default="", repr=False)
    """What the resolver needs besides, if the address does not say it all; never shown."""


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """A file of the operator's library."""

    path: str
    """Relative to the library's folder."""


@dataclass(frozen=True, slots=True)
class Demo:
    """The built-in piece, synthesised while it plays."""


Source = Link | LibraryFile | Demo


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that was found and can be queued."""

    source: Source
    title: str
    duration: float | None = None
    """In seconds; ``None`` if unknown or live."""
    live: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """An entry of the queue."""

    id: TrackId
    piece: Piece
    requester: str
    """The name of the person who asked for it."""
    position: int = 0
    """Where to begin, in samples: where the sound ended if the network failed it."""
