"""The rooms and who is in them: no socket, no task, no clock.

Rule 1: as long as there are people in a room, exactly one of them is its host:
the first, and when the host leaves, who has been there longest.
Rule 2: nothing is sent here. Methods return the effects to perform, in order.
Rule 3: nothing that is said in one room reaches another.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from msgspec.structs import replace

from signaling.limits import Limits
from signaling.messages import (
    ERRORS,
    VERSION,
    Error,
    IceServer,
    Join,
    Peer,
    PeerChanged,
    PeerJoined,
    PeerLeft,
    ProtocolError,
    RelayedSignal,
    Role,
    RoomChanged,
    RoomInfo,
    ServerMessage,
    Signal,
    Welcome,
)
from signaling.recall import Recall

POLICY_VIOLATION: Final = 1008
"""The close code for who may not stay (RFC 6455, 7.4.1)."""

REPLACED: Final = 4001
"""The close code for a bot that another one took the place of."""


class Reason(Enum):
    """Why somebody is not in the room any more."""

    LEFT = "left"
    LOST = "lost"
    """Their connection broke off."""
    KICKED = "kicked"
    SLOW = "slow"
    """They did not read what was sent to them."""
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message to one connection."""

    to: str
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Close:
    """Close a connection after everything that was sent to it before."""

    to: str
    code: int
    reason: str


Effect = Send | Close


class Room:
    """One room; it exists as long as somebody is inside."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.recall = Recall()
        self._locked = False
        self._password: str | None = None
        self._peers: dict[str, Peer] = {}
        """By id, longest present first."""

    @property
    def info(self) -> RoomInfo:
        """What everybody inside may know."""
        return RoomInfo(self.name, self._locked)

    @property
    def peers(self) -> tuple[Peer, ...]:
        """Everybody inside, longest present first."""
        return tuple(self._peers.values())

    @property
    def bot(self) -> Peer | None:
        """The music bot, if it is here."""
        return next((peer for peer in self.peers if peer.kind == "bot"), None)

    @property
    def has_people(self) -> bool:
        """Whether there is anybody who hears music."""
        return bool(self._people())

    def join(
        self, peer_id: str, join: Join, *, most: int, ice: tuple[IceServer, ...]
    ) -> list[Effect]:
        """Let somebody in.

        Args:
            peer_id: Of the newcomer, known to nobody yet.
            join: With clean names.
            most: How many may be inside, the bot not counted.
            ice: The STUN and TURN servers to tell of.

        Raises:
            ProtocolError: If they may not come in.
        """
        effects: list[Effect] = []
        if join.kind == "bot":
            # What the old one says from now on would confuse everybody.
            effects += self._replace_bot()
        else:
            self._admit(join, most)
        people = self._people()
        if join.kind == "person" and not people:
            self._password = join.password
        role: Role = "host" if join.kind == "person" and not people else "guest"
        peer = Peer(peer_id, join.name, join.kind, role)
        effects.append(Send(peer_id, Welcome(VERSION, peer, self.info, self.peers, ice)))
        effects += self._to_all(PeerJoined(peer))
        self._peers[peer_id] = peer
        return effects

    def leave(self, peer_id: str, reason: Reason) -> list[Effect]:
        """Take note that somebody is gone."""
        gone = self._peers.pop(peer_id)
        effects = self._to_all(PeerLeft(peer_id, reason.value))
        people = self._people()
        if gone.role == "host" and people:
            effects += self._change(people[0], role="host")
        if gone.kind == "person" and not people:
            effects += self._open()
        return effects

    def relay(self, sender: str, signal: Signal) -> list[Effect]:
        """Hand a signal on to another peer of this room.

        Raises:
            ProtocolError: If its receiver is not here, or the sender.
        """
        receiver = self._find_other(sender, signal.to)
        relayed = RelayedSignal(sender, signal.description, signal.candidate)
        return [Send(receiver.id, relayed)]

    def rename(self, peer_id: str, name: str) -> list[Effect]:
        """Give somebody another name, which is clean."""
        return self._change(self._peers[peer_id], name=name)

    def lock(self, by: str, *, locked: bool) -> list[Effect]:
        """Let nobody else in but the bot, or everybody again.

        Raises:
            ProtocolError: If it is not the host who wants it.
        """
        self._demand_host(by)
        self._locked = locked
        return self._to_all(RoomChanged(self.info))

    def kick(self, by: str, peer_id: str) -> list[Effect]:
        """Remove somebody.

        Raises:
            ProtocolError: If it is not the host who wants it, or they are not here.
        """
        self._demand_host(by)
        self._find_other(by, peer_id)
        return self._dismiss(peer_id, "kicked", POLICY_VIOLATION, Reason.KICKED)

    def make_host(self, by: str, peer_id: str) -> list[Effect]:
        """Hand the role of host to another person.

        Raises:
            ProtocolError: If it is not the host who does, or they are no person here.
        """
        self._demand_host(by)
        heir = self._find_other(by, peer_id)
        if heir.kind != "person":
            raise ProtocolError("no-such-peer", "Only a person can be the host.")
        return [
            *self._change(self._peers[by], role="guest"),
            *self._change(heir, role="host"),
        ]

    def _people(self) -> list[Peer]:
        return [peer for peer in self.peers if peer.kind == "person"]

    def _admit(self, join: Join, most: int) -> None:
        if self._locked:
            raise ProtocolError("room-locked")
        if sum(peer.kind != "bot" for peer in self.peers) >= most:
            raise ProtocolError("room-full")
        given = (join.password or "").encode()
        if self._password and not hmac.compare_digest(given, self._password.encode()):
            raise ProtocolError("wrong-password")

    def _replace_bot(self) -> list[Effect]:
        # It may be the same bot, whose old connection is dead without our knowing yet.
        if self.bot is None:
            return []
        return self._dismiss(self.bot.id, "replaced", REPLACED, Reason.REPLACED)

    def _dismiss(self, peer_id: str, code: str, close: int, reason: Reason) -> list[Effect]:
        return [
            Send(peer_id, Error(code, ERRORS[code])),
            Close(peer_id, close, code),
            *self.leave(peer_id, reason),
        ]

    def _open(self) -> list[Effect]:
        """Forget what the people wanted who are gone: nobody could undo it."""
        self._password = None
        if not self._locked:
            return []
        self._locked = False
        return self._to_all(RoomChanged(self.info))

    def _demand_host(self, peer_id: str) -> None:
        if self._peers[peer_id].role != "host":
            raise ProtocolError("not-host")

    def _find_other(self, seeker: str, peer_id: str) -> Peer:
        peer = self._peers.get(peer_id)
        if peer is None or peer_id == seeker:
            raise ProtocolError("no-such-peer")
        return peer

    def _change(self, peer: Peer, **changes: str) -> list[Effect]:
        changed: Peer = replace(peer, **changes)
        self._peers[peer.id] = changed
        return self._to_all(PeerChanged(changed))

    def _to_all(self, message: ServerMessage) -> list[Effect]:
        return [Send(peer_id, message) for peer_id in self._peers]


class Rooms:
    """All rooms of a server, and in which of them somebody is."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rooms: dict[str, Room] = {}
        self._places: dict[str, Room] = {}
        """Where each peer is."""

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def of(self, peer_id: str) -> Room | None:
        """Return the room that somebody is in."""
        return self._places.get(peer_id)

    def join(self, peer_id: str, join: Join, ice: tuple[IceServer, ...]) -> list[Effect]:
        """Let somebody in; the room begins with its first peer.

        Raises:
            ProtocolError: If they may not come in.
        """
        room = self._rooms.get(join.room) or self._begin(join.room)
        most = self._limits.room_peers
        return self._follow(room, lambda: room.join(peer_id, join, most=most, ice=ice))

    def leave(self, peer_id: str, reason: Reason) -> list[Effect]:
        """Take note that somebody is gone; the room ends with its last peer."""
        room = self._places[peer_id]
        return self._follow(room, lambda: room.leave(peer_id, reason))

    def kick(self, by: str, peer_id: str) -> list[Effect]:
        """Remove somebody; see :meth:`Room.kick`."""
        room = self._places[by]
        return self._follow(room, lambda: room.kick(by, peer_id))

    def _begin(self, name: str) -> Room:
        if len(self._rooms) >= self._limits.rooms:
            raise ProtocolError("server-full")
        return Room(name)

    def _follow(self, room: Room, act: Callable[[], list[Effect]]) -> list[Effect]:
        """Do something with a room, and take note of who is inside now."""
        before = {peer.id for peer in room.peers}
        effects = act()
        inside = {peer.id for peer in room.peers}
        for gone in before - inside:
            del self._places[gone]
        self._places.update(dict.fromkeys(inside - before, room))
        if inside:
            self._rooms[room.name] = room
        else:
            del self._rooms[room.name]
        return effects
