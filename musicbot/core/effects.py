"""What the core wants done, for the shell to perform in order.

Of each :class:`Request` exactly one :class:`Reply` is the last. At most one play
is open: between two :class:`Open` there is a :class:`Close`, or the news that the
first one ended, failed or died.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from musicbot.core.tracks import PlayId, Track

EventName = Literal["track-started", "track-failed", "queue-ended", "notice"]


@dataclass(frozen=True, slots=True)
class Request:
    """A command that somebody gave and waits to be answered."""

    person_id: str
    id: int | str
    """Chosen by the person's client."""
    name: str
    """What the person is called."""
    host: bool


@dataclass(frozen=True, slots=True)
class Find:
    """Look up what somebody typed; comes back as ``found`` or ``not_found``."""

    request: Request
    text: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Look nothing up for a request any more."""

    request: Request


@dataclass(frozen=True, slots=True)
class Open:
    """Resolve a track's source and play it; a new play is never paused.

    Comes back as ``opened``, then ``ended``; or as ``failed`` or ``died``.
    """

    play: PlayId
    track: Track
    position: int
    """Where to begin, in samples; 0 for a live stream."""
    delay: float = 0.0
    """Seconds to wait first, so that what is out of order may come into order."""
    again: bool = False
    """Whether the source need not be resolved: what the play before had is still good."""


@dataclass(frozen=True, slots=True)
class Close:
    """Stop a play; its buffered sound is dropped."""

    play: PlayId


@dataclass(frozen=True, slots=True)
class Pause:
    """Send silence and keep the position, also of a play that is still being opened."""

    play: PlayId


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after :class:`Pause`."""

    play: PlayId


@dataclass(frozen=True, slots=True)
class Seek:
    """Go on at another position; a paused play stays paused."""

    play: PlayId
    position: int
    """In samples."""


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Change the loudness of this play and all that follow."""

    percent: int


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer somebody's command in one line."""

    request: Request
    ok: bool
    text: str
    done: bool = True
    """False if another reply will replace this line."""


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell everybody in one line."""

    name: EventName
    text: str
    track: Track | None = None
    besides: str | None = None
    """The id of the person who is told otherwise."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave the room."""


PlayEffect = Open | Close | Pause | Resume | Seek
"""What is wanted of one play."""

Effect = PlayEffect | Find | GiveUp | SetVolume | Reply | Announce | Leave
