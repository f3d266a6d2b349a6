"""What the engine opens: the result of resolving a source."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HttpMedia:
    """Audio behind an http(s) address, to be fetched through the guarded reader only."""

    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Request headers that the site wants, cookies included."""
    hls: bool = False
    """Whether the address is an HLS playlist."""
    live: bool = False
    duration: float | None = None
    """Length in seconds as the site states it; ``None`` if it does not."""
    chunk_size: int | None = None
    """Fetch in Range requests of at most this many bytes; ``None`` for one request."""
    available_at: float | None = None
    """Unix time in seconds before which the site refuses the address."""


@dataclass(frozen=True, slots=True)
class FileMedia:
    """A file of the library."""

    path: str
    """Absolute path, checked to lie inside the library."""


@dataclass(frozen=True, slots=True)
class DemoMedia:
    """The built-in piece."""


Media = HttpMedia | FileMedia | DemoMedia
