"""What a room's transport offers the bot, whatever carries it.

A transport joins one room, keeps a connection with each listener, and reports
what happens as events. It decides nothing about music.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the room who can listen or give commands."""

    id: str
    name: str
    host: bool
    listens: bool
    """False for a control peer, which only gives commands."""


@dataclass(frozen=True, slots=True)
class PersonJoined:
    """Somebody is in the room; their connection may still be building."""

    person: Person


@dataclass(frozen=True, slots=True)
class PersonChanged:
    """A name or a role is another now."""

    person: Person


@dataclass(frozen=True, slots=True)
class PersonLeft:
    """Somebody left the room."""

    id: str


@dataclass(frozen=True, slots=True)
class Reachable:
    """The data channel with somebody is open."""

    id: str


@dataclass(frozen=True, slots=True)
class Said:
    """A text message came over the data channel."""

    id: str
    text: str
    """As it came: not yet checked, at most 64 KiB."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The room cannot be reached any more; the transport is closed."""

    reason: str


TransportEvent = PersonJoined | PersonChanged | PersonLeft | Reachable | Said | Lost


class RoomTransport(Protocol):
    """One room as the bot reaches it."""

    @property
    def listeners(self) -> int:
        """How many people are connected and hear the music."""
        ...

    async def start(self) -> None:
        """Join the room.

        Raises:
            RoomLost: If it cannot be joined.
        """
        ...

    def send(self, person_id: str, text: str) -> None:
        """Send a text message to one person; dropped if they cannot be reached."""
        ...

    def send_to_all(self, text: str) -> None:
        """Send a text message to everybody who can be reached."""
        ...

    async def close(self) -> None:
        """Leave the room and release everything; may be called twice."""
        ...
