"""Somebody in a room who hears the music and gives commands, without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from musicbot import messages
from musicbot.transports.entrance import origin_of, signal_in
from signaling.client import Connection, ConnectionLost, connect
from signaling.messages import (
    ClientMessage,
    Description,
    Join,
    PeerLeft,
    RelayedSignal,
    ServerMessage,
    Signal,
    Summon,
    Welcome,
)
from tests.support.receiver import WAIT, News, Packet, Receiver

Answer = Callable[[Receiver, str], str]


class Guest:
    """A person's page, as far as the bot can tell; :func:`guest_in` makes it."""

    def __init__(self, connection: Connection, *, honest: bool) -> None:
        self.news = News()
        """What the server and the bot said; changes with every packet of the music too."""
        self.receivers: list[Receiver] = []
        """One for each offer of the bot; the last is the present one."""
        self.id = ""
        self._connection = connection
        self._honest = honest
        self._next_id = 1

    @property
    def packets(self) -> list[Packet]:
        """The music of the present connection."""
        return self.receivers[-1].packets if self.receivers else []

    @property
    def said(self) -> list[messages.FromBot]:
        """What the bot has said on the data channel."""
        return [messages.decode_from_bot(item) for item in self.news.items if isinstance(item, str)]

    @property
    def state(self) -> messages.StateMessage | None:
        """The room's music as last told."""
        states = [message for message in self.said if isinstance(message, messages.StateMessage)]
        return states[-1] if states else None

    @property
    def can_talk(self) -> bool:
        """Whether the data channel with the bot is open."""
        channel = self.receivers[-1].channel if self.receivers else None
        return channel is not None and channel.readyState == "open"

    def has_seen_leave(self, reason: str) -> bool:
        """Return whether somebody has left for this reason."""
        return any(isinstance(item, PeerLeft) and item.reason == reason for item in self.news.items)

    async def until(self, condition: Callable[[], bool], *, patience: float = WAIT) -> None:
        """Wait until something is true."""
        await self.news.until(condition, patience=patience)

    async def heard(self, count: int) -> list[Packet]:
        """Wait until so many packets have come on the present connection; return all that have."""
        await self.until(lambda: len(self.packets) >= count)
        return self.packets

    async def summon(self) -> None:
        """Ask the server for a bot."""
        await self.tell_server(Summon())

    async def tell_server(self, message: ClientMessage) -> None:
        """Send something to the signaling server."""
        await self._connection.send(message)

    async def command(self, text: str, *, patience: float = WAIT) -> messages.ReplyMessage:
        """Give the bot a command; return its last answer."""
        await self.until(lambda: self.can_talk)
        number = self._next_id
        self._next_id += 1
        self.receivers[-1].say(messages.encode(messages.CommandMessage(id=number, text=text)))
        await self.until(lambda: self._answer(number) is not None, patience=patience)
        answer = self._answer(number)
        assert answer is not None
        return answer

    def _answer(self, number: int) -> messages.ReplyMessage | None:
        for message in self.said:
            if isinstance(message, messages.ReplyMessage) and message.id == number and message.done:
                return message
        return None

    async def follow(self) -> None:
        """Take what the server says until it is gone."""
        try:
            while True:
                await self._take(await self._connection.receive())
        except ConnectionLost as error:
            self.news.add(error)

    async def _take(self, message: ServerMessage) -> None:
        self.news.add(message)
        match message:
            case RelayedSignal(from_=bot):
                match signal_in(message):
                    case Description(type="offer", sdp=sdp):
                        await self._answer_offer(bot, sdp)
                    case _:
                        pass
            case _:
                pass

    async def _answer_offer(self, bot: str, offer: str) -> None:
        if self.receivers:
            await self.receivers[-1].close()
        receiver = Receiver()
        receiver.news = self.news
        self.receivers.append(receiver)
        sdp = await receiver.answer(offer) if self._honest else "v=0\r\nnonsense"
        await self.tell_server(Signal(to=bot, description=Description(type="answer", sdp=sdp)))
        self.news.changed()

    async def close(self) -> None:
        """Close the connection with the bot, as a page that goes away does."""
        for receiver in self.receivers:
            await receiver.close()


@asynccontextmanager
async def guest_in(
    server: str, room: str, name: str = "Ann", *, honest: bool = True
) -> AsyncIterator[Guest]:
    """Be in a room until the block ends.

    Args:
        server: The server's WebSocket address.
        room: The room's name.
        name: What the guest is called.
        honest: Whether offers are answered as they should be.
    """
    async with connect(server, origin=origin_of(server)) as connection:
        guest = Guest(connection, honest=honest)
        await connection.send(Join(room=room, name=name))
        welcome = await connection.receive()
        assert isinstance(welcome, Welcome), welcome
        guest.id = welcome.self_.id
        guest.news.add(welcome)
        following = asyncio.create_task(guest.follow())
        try:
            yield guest
        finally:
            following.cancel()
            await asyncio.wait([following])
            await guest.close()
