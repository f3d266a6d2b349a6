"""A signaling server on loopback, and those who visit it: well-behaved ones and others."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, TypeVar

from websockets.frames import Frame, Opcode

from signaling.client import Connection, ConnectionLost, connect
from signaling.limits import Limits
from signaling.messages import (
    ClientMessage,
    Error,
    Join,
    Kind,
    Peer,
    ServerMessage,
    Welcome,
    encode,
)
from signaling.server import Server, Settings, running

M = TypeVar("M", bound=ServerMessage)

TOKEN: Final = "known to bots only"


class Visitor:
    """A client that has joined a room."""

    def __init__(self, connection: Connection, welcome: Welcome) -> None:
        self.connection = connection
        self.welcome = welcome
        self.id = welcome.self_.id
        self.send = connection.send
        self.receive = connection.receive

    async def hear(self, wanted: type[M]) -> M:
        """Return the next message of a type, leaving out others."""
        while True:
            message = await self.receive()
            if isinstance(message, wanted):
                return message


class House:
    """A running server, and whoever came in; all leave when it ends."""

    def __init__(self, server: Server, stack: AsyncExitStack) -> None:
        self.server = server
        self.port = server.port
        self.origin = f"http://127.0.0.1:{server.port}"
        self.url = f"ws://127.0.0.1:{server.port}/ws"
        self._stack = stack

    async def connect(self, *, origin: str | None = "own") -> Connection:
        """Open a connection, as a page of the server's unless told otherwise."""
        origin = self.origin if origin == "own" else origin
        return await self._stack.enter_async_context(connect(self.url, origin=origin))

    async def enter(self, name: str, room: str = "room", kind: Kind = "person") -> Visitor:
        """Join a room."""
        connection = await self.connect()
        token = TOKEN if kind == "bot" else None
        await connection.send(Join(room, name, kind, token=token))
        welcome = await connection.receive()
        assert isinstance(welcome, Welcome)
        return Visitor(connection, welcome)


@asynccontextmanager
async def open_house(**limits: Any) -> AsyncIterator[House]:
    """Run a server on a free port."""
    settings = Settings(port=0, token=TOKEN, limits=Limits(**limits))
    async with running(settings) as server, AsyncExitStack() as stack:
        yield House(server, stack)


async def ending(connection: Connection) -> tuple[list[str], int | None]:
    """Receive until the end; return the codes of the errors on the way, and of the close."""
    codes = []
    try:
        while True:
            message = await connection.receive()
            if isinstance(message, Error):
                codes.append(message.code)
    except ConnectionLost as lost:
        return codes, lost.code


class Mute:
    """A client that can speak but never reads, not even what a WebSocket must answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, message: ClientMessage) -> None:
        """Send a message."""
        self._frame(encode(message).encode(), fin=True)

    def begin(self, text: str) -> None:
        """Send the beginning of a message whose end never comes."""
        self._frame(text.encode(), fin=False)

    async def cut(self) -> None:
        """Read in the end, until the server has ended the connection."""
        with contextlib.suppress(ConnectionResetError):
            while await self._reader.read(4096):
                pass

    def _frame(self, data: bytes, *, fin: bool) -> None:
        self._writer.write(Frame(Opcode.TEXT, data, fin).serialize(mask=True))


@asynccontextmanager
async def mute(house: House) -> AsyncIterator[Mute]:
    """Open a WebSocket that is not read from, with as little room for messages as can be."""
    plug = socket.socket()
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plug.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plug, ("127.0.0.1", house.port))
    reader, writer = await asyncio.open_connection(sock=plug, limit=1024)
    try:
        writer.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{house.port}\r\nOrigin: {house.origin}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        yield Mute(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def names(peers: tuple[Peer, ...]) -> list[str]:
    """Return what peers are called."""
    return [peer.name for peer in peers]
