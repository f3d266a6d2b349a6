"""The errors that the bot raises on purpose.

* :exc:`MusicBotError`
    * :exc:`UserError`: the listener's doing; its text is shown to them
        * :exc:`UnknownCommand`
        * :exc:`BadArgument`
        * :exc:`NotNow`: legal, but not in the present state
        * :exc:`NotAllowed`: legal, but not for this person
    * :exc:`SourceError`: a track could not be found or opened
    * :exc:`ConfigError`: a setting makes no sense
    * :exc:`RoomLost`: the room or its server cannot be reached
"""

from __future__ import annotations

from enum import Enum


class MusicBotError(Exception):
    """Base of all errors that the bot raises on purpose."""


class UserError(MusicBotError):
    """Something a listener did; the text is a sentence for them."""


class UnknownCommand(UserError):
    """There is no such command."""


class BadArgument(UserError):
    """A command's argument is missing or out of range."""


class NotNow(UserError):
    """Legal, but not in the present state."""


class NotAllowed(UserError):
    """Legal, but not for this person."""


class SourceErrorKind(Enum):
    """Why a track could not be found or opened."""

    NOTHING_FOUND = "nothing-found"
    PRIVATE = "private"
    AGE = "age"
    GEO = "geo"
    BOT_CHECK = "bot-check"
    DRM = "drm"
    BLOCKED_ADDRESS = "blocked-address"
    UNSUPPORTED = "unsupported"
    GONE = "gone"
    NETWORK = "network"
    TIMEOUT = "timeout"
    BROKEN = "broken"

    @property
    def may_pass(self) -> bool:
        """Whether it may be over in a moment, so that the same is worth another attempt."""
        return self in (SourceErrorKind.NETWORK, SourceErrorKind.TIMEOUT)


class SourceError(MusicBotError):
    """A track could not be found or opened.

    Args:
        kind: For programs.
        text: One sentence for the listener that says what would work.
    """

    def __init__(self, kind: SourceErrorKind, text: str) -> None:
        super().__init__(kind, text)
        self.kind = kind
        self.text = text

    def __str__(self) -> str:
        return self.text


class ConfigError(MusicBotError):
    """A setting makes no sense; the text names it and says what would."""


class RoomLost(MusicBotError):
    """The room or its server cannot be reached; the text says why."""
