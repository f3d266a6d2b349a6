"""A room of the signaling server: the bot is one of its peers and has a line to each other.

The server brings the news who is there and carries offers and answers; music and
messages go from peer to peer. So while the server is gone the music goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from musicbot.errors import RoomLost
from musicbot.rtc.broadcast import Broadcast
from musicbot.rtc.listener import Listener
from musicbot.transports.entrance import ice_of, is_local, signal_in
from musicbot.transports.interface import (
    Lost,
    Person,
    PersonChanged,
    PersonJoined,
    PersonLeft,
    Reachable,
    Said,
    TransportEvent,
)
from musicbot.transports.line import Line
from musicbot.transports.stay import Stay
from signaling.messages import (
    Description,
    Error,
    Join,
    Peer,
    PeerChanged,
    PeerJoined,
    PeerLeft,
    RelayedSignal,
    ServerMessage,
    Signal,
    Welcome,
)

logger = logging.getLogger(__name__)

LINGER_TIME: Final = 10.0
"""Seconds that the music goes on for those who were here before the server's restart. Their pages
end the connection themselves, as soon as they have come back as well."""

STAGGER: Final = 0.05
"""Seconds between the first offers to those who come at once. Each costs some milliseconds, and in
one row they would hold up the packet that is due."""

WENT_WRONG: Final = "The bot made a mistake here, and it was logged."


class MeshRoom:
    """One room, whose peers the bot reaches directly; see :class:`RoomTransport`.

    Args:
        server: The signaling server's WebSocket address.
        token: What the server knows its bots by.
        room: The room's name.
        name: What the bot is called there.
        broadcast: The room's music.
        deliver: Takes what happens.
    """

    def __init__(
        self,
        server: str,
        token: str,
        room: str,
        *,
        name: str,
        broadcast: Broadcast,
        deliver: Callable[[TransportEvent], None],
    ) -> None:
        self._room = room
        self._stay = Stay(server, Join(room=room, name=name, kind="bot", token=token), self._take)
        self._loopback = is_local(server)
        self._broadcast = broadcast
        self._deliver = deliver
        self._next_offer = 0.0
        self._id = ""
        self._ice: Sequence[Mapping[str, object]] = ()
        self._people: dict[str, Person] = {}
        self._lines: dict[str, Line] = {}
        self._joined: asyncio.Future[None] | None = None
        self._presence: asyncio.Task[None] | None = None
        self._closing: dict[asyncio.Task[None], Line] = {}

    @property
    def listeners(self) -> int:
        """How many people are connected and hear the music."""
        return sum(line.listens for line in self._lines.values())

    async def start(self) -> None:
        """Join the room.

        Raises:
            RoomLost: If it cannot be joined.
        """
        self._joined = asyncio.get_running_loop().create_future()
        self._presence = asyncio.create_task(self._be_there(self._joined))
        await self._joined

    def send(self, person_id: str, text: str) -> None:
        """Send a text message to one person; dropped if they cannot be reached."""
        if line := self._lines.get(person_id):
            line.send(text)

    def send_to_all(self, text: str) -> None:
        """Send a text message to everybody who can be reached."""
        for line in tuple(self._lines.values()):
            line.send(text)

    async def close(self) -> None:
        """Leave the room and release everything; may be called twice."""
        if self._presence is not None:
            self._presence.cancel()
            await asyncio.wait([self._presence])
        lines = [*self._lines.values(), *self._closing.values()]
        self._lines.clear()
        await asyncio.gather(*(line.close() for line in lines))
        if self._closing:
            await asyncio.wait(self._closing)

    async def _be_there(self, joined: asyncio.Future[None]) -> None:
        try:
            await self._stay.run()
        except RoomLost as error:
            lost = error
        except Exception:  # The task's top: whoever waits must hear that nobody follows the room.
            logger.exception("%s: cannot stay", self._room)
            lost = RoomLost(WENT_WRONG)
        if joined.done():
            self._deliver(Lost(str(lost)))
        else:
            joined.set_exception(lost)

    def _take(self, message: ServerMessage) -> None:
        """Take what the server says."""
        logger.debug("%s: < %s", self._room, message)
        match message:
            case Welcome():
                self._arrive(message)
            case PeerJoined(peer=peer):
                self._meet(peer)
            case PeerLeft(peer=peer_id):
                self._part(peer_id)
            case PeerChanged(peer=peer):
                self._change(peer)
            case RelayedSignal():
                self._hand_on(message)
            case Error(code=code, message=text):
                # The likely one: an offer and the news that its receiver left have crossed.
                logger.debug("%s: ! %s: %s", self._room, code, text)
            case _:
                # Whether the room is locked, or what is for bot workers.
                pass

    def _arrive(self, welcome: Welcome) -> None:
        """Take note who is there, and offer each a connection unless they have one."""
        self._ice = ice_of(welcome)
        peers = {peer.id: peer for peer in welcome.peers}
        for person_id in tuple(self._people):
            # Of whoever knows us by another id we cannot tell who they are by now.
            if person_id not in peers or welcome.self_.id != self._id:
                self._part(person_id, linger=LINGER_TIME)
        self._id = welcome.self_.id
        for peer in peers.values():
            if peer.id in self._people:
                self._change(peer)
            else:
                self._meet(peer)
        if self._joined is not None and not self._joined.done():
            self._joined.set_result(None)

    def _meet(self, peer: Peer) -> None:
        """Offer somebody a connection."""
        if peer.id == self._id or peer.kind == "bot":
            return
        self._part(peer.id)
        person = self._people[peer.id] = _person(peer)
        self._deliver(PersonJoined(person))
        self._lines[peer.id] = Line(
            f"{self._room}/{peer.id}",
            partial(
                Listener,
                broadcast=self._broadcast if person.listens else None,
                ice_servers=self._ice,
                loopback=self._loopback,
            ),
            send_offer=partial(self._send_offer, peer.id),
            on_open=lambda: self._deliver(Reachable(peer.id)),
            on_message=lambda text: self._deliver(Said(peer.id, text)),
            delay=self._stagger(),
        )

    def _stagger(self) -> float:
        """Return the seconds to wait with an offer."""
        now = asyncio.get_running_loop().time()
        self._next_offer = max(now, self._next_offer + STAGGER)
        return self._next_offer - now

    def _part(self, person_id: str, *, linger: float = 0.0) -> None:
        """Forget somebody who left."""
        if self._people.pop(person_id, None) is not None:
            self._end(self._lines.pop(person_id), linger=linger)
            self._deliver(PersonLeft(person_id))

    def _change(self, peer: Peer) -> None:
        person = _person(peer)
        if self._people.get(peer.id, person) != person:
            self._people[peer.id] = person
            self._deliver(PersonChanged(person))

    def _hand_on(self, signal: RelayedSignal) -> None:
        # From somebody without a line it is late: they left, or are a bot like us.
        if line := self._lines.get(signal.from_):
            line.take(signal_in(signal))

    async def _send_offer(self, peer_id: str, sdp: str) -> None:
        offer = Description(type="offer", sdp=sdp)
        await self._stay.send(Signal(to=peer_id, description=offer))

    def _end(self, line: Line, linger: float) -> None:
        task = asyncio.create_task(line.close(linger=linger))
        self._closing[task] = line
        task.add_done_callback(self._closing.pop)


def _person(peer: Peer) -> Person:
    return Person(peer.id, peer.name, host=peer.role == "host", listens=peer.kind == "person")
