"""Tells the bot of a room what to do, from outside of any page.

The command line comes into the room as a peer that neither sees nor hears, and
speaks the data channel ``music`` like everybody else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from musicbot import messages
from musicbot.errors import RoomLost
from musicbot.rtc.control import ControlEnd
from musicbot.transports.entrance import enter, ice_of, is_local, origin_of, signal_in
from signaling.client import Connection
from signaling.messages import (
    Candidate,
    Description,
    Error,
    Join,
    Peer,
    PeerJoined,
    PeerLeft,
    RelayedSignal,
    ServerMessage,
    Signal,
    Summon,
)

logger = logging.getLogger(__name__)

BOT_TIME: Final = 20.0
"""Seconds that a bot has to come and connect."""

COMMAND: Final = 1
"""The id of the only command."""


async def send_command(
    server: str, room: str, text: str, *, name: str, timeout: float
) -> messages.ReplyMessage:
    """Give a command to the bot of a room, which is summoned if there is none; return its answer.

    Args:
        server: The server's WebSocket address.
        room: The room's name.
        text: The command, as people type it.
        name: What we are called in the room.
        timeout: Seconds that the bot has to answer, once it can be reached.

    Raises:
        RoomLost: If the room or its bot cannot be reached, or the bot does not answer.
    """
    join = Join(room=room, name=name, kind="control")
    async with enter(server, join, origin=origin_of(server)) as (connection, welcome):
        call = _Call(connection, text, ice_of(welcome), loopback=is_local(server))
        following = asyncio.create_task(call.follow(welcome.peers))
        try:
            return await _outcome(call, following, timeout)
        finally:
            following.cancel()
            await asyncio.wait([following])
            await call.close()


async def _outcome(
    call: _Call, following: asyncio.Task[NoReturn], timeout: float
) -> messages.ReplyMessage:
    """Return the answer, or raise what came instead of it."""
    for event, patience, excuse in (
        (call.reached, BOT_TIME, f"No music bot came within {BOT_TIME:g} seconds."),
        (call.answer, timeout, f"The music bot did not answer within {timeout:g} seconds."),
    ):
        waiting = {following, event}
        await asyncio.wait(waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            following.result()
        if not event.done():
            raise RoomLost(excuse)
    return call.answer.result()


class _Call:
    """Finds the bot of the room and gives it the command once.

    Args:
        connection: With the server, in the room.
        text: The command.
        ice: Servers that help to connect.
        loopback: Whether the bot may be on this machine.
    """

    def __init__(
        self,
        connection: Connection,
        text: str,
        ice: Sequence[Mapping[str, object]],
        *,
        loopback: bool,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.reached: asyncio.Future[None] = loop.create_future()
        self.answer: asyncio.Future[messages.ReplyMessage] = loop.create_future()
        self._connection = connection
        self._command = messages.encode(messages.CommandMessage(id=COMMAND, text=text))
        self._ice = ice
        self._loopback = loopback
        self._bot: str | None = None
        self._end: ControlEnd | None = None

    async def follow(self, peers: Sequence[Peer]) -> NoReturn:
        """Do what brings the bot and connects with it.

        Raises:
            RoomLost: If there is no bot to be had, or it left.
        """
        for peer in peers:
            self._meet(peer)
        if self._bot is None:
            await self._connection.send(Summon())
        while True:
            await self._take(await self._connection.receive())

    async def close(self) -> None:
        """End the connection with the bot; may be called twice."""
        end, self._end = self._end, None
        if end is not None:
            await end.close()

    async def _take(self, message: ServerMessage) -> None:
        match message:
            case PeerJoined(peer=peer):
                self._meet(peer)
            case PeerLeft(peer=peer_id) if peer_id == self._bot:
                raise RoomLost("The music bot left before it answered.")
            case RelayedSignal(from_=sender) if sender == self._bot:
                await self._take_signal(message)
            case Error(code=code, message=text) if code != "no-such-peer":
                raise RoomLost(text)
            case _:
                # Of people, and of what happens to the room.
                pass

    def _meet(self, peer: Peer) -> None:
        if peer.kind == "bot":
            self._bot = peer.id

    async def _take_signal(self, message: RelayedSignal) -> None:
        match signal_in(message):
            case Description(type="offer", sdp=sdp):
                await self._connect(message.from_, sdp)
            case Candidate(candidate=candidate) if self._end is not None:
                await self._end.add_candidate(candidate)
            case _:
                pass

    async def _connect(self, bot: str, offer: str) -> None:
        """Answer an offer; each is of a new connection."""
        await self.close()
        end = self._end = ControlEnd(
            ice_servers=self._ice,
            loopback=self._loopback,
            on_open=self._give_command,
            on_message=self._hear,
            on_closed=lambda reason: logger.debug("x %s", reason),
        )
        try:
            sdp = await end.answer(offer)
        except (ValueError, ConnectionError) as error:
            raise RoomLost(f"The music bot cannot be connected with: {error}") from error
        answer = Description(type="answer", sdp=sdp)
        await self._connection.send(Signal(to=bot, description=answer))

    def _give_command(self) -> None:
        # On a second connection the answer is waited for, not asked for again: the command may
        # have been done already.
        if self._end is not None and not self.reached.done() and self._end.send(self._command):
            self.reached.set_result(None)

    def _hear(self, text: str) -> None:
        try:
            message = messages.decode_from_bot(text)
        except ValueError as error:
            logger.debug("< nonsense: %s", error)
            return
        match message:
            case messages.ReplyMessage(id=id, done=True) if id == COMMAND:
                if not self.answer.done():
                    self.answer.set_result(message)
            case _:
                # The room's state, and what is said to everybody.
                pass
