"""The client's end of the signaling protocol, for bots and the command line."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin

from signaling.messages import (
    MAX_RELAYED,
    ClientMessage,
    ProtocolError,
    ServerMessage,
    decode_server,
    encode,
)

logger = logging.getLogger(__name__)

PING_TIME: Final = 10.0
"""Seconds between pings, and for an answer: a dead server is noticed in 20 s."""

CLOSE_TIME: Final = 2.0
"""Seconds that the server has to say goodbye."""


class ConnectionLost(Exception):
    """The server cannot be reached, or the connection with it has ended.

    Attributes:
        code: The close code of the WebSocket; None if it never opened.
        reason: Why, for people.
    """

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return self.reason if self.code is None else f"{self.reason} ({self.code})"


class Connection:
    """An open connection with the signaling server; :func:`connect` makes it."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket

    async def send(self, message: ClientMessage) -> None:
        """Send a message; waits while the server does not read.

        Raises:
            ConnectionLost: If the connection has ended.
        """
        try:
            await self._websocket.send(encode(message))
        except ConnectionClosed as error:
            raise _lost(error) from error

    async def receive(self) -> ServerMessage:
        """Return the next message, without those that only newer programs know.

        Raises:
            ConnectionLost: If the connection has ended.
        """
        while True:
            try:
                return decode_server(await self._websocket.recv(decode=True))
            except ConnectionClosed as error:
                raise _lost(error) from error
            except ProtocolError as error:
                logger.warning("ignored what the server sent: %r", str(error))


@asynccontextmanager
async def connect(
    url: str, *, origin: str | None = None, timeout: float = 10.0
) -> AsyncIterator[Connection]:
    """Connect with a signaling server; the connection is closed with the block.

    Args:
        url: With ``ws://`` or ``wss://``.
        origin: The server's own ``http://`` origin. Who has the token of the
            server's bots needs none.
        timeout: Seconds that the server has to answer.

    Raises:
        ConnectionLost: If it does not let us in.
    """
    try:
        websocket = await connect_websocket(
            url,
            origin=None if origin is None else Origin(origin),
            compression=None,
            proxy=None,
            open_timeout=timeout,
            ping_interval=PING_TIME,
            ping_timeout=PING_TIME,
            close_timeout=CLOSE_TIME,
            max_size=MAX_RELAYED,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        raise ConnectionLost(None, f"The server at {url} answered {status}.") from error
    except TimeoutError as error:
        raise ConnectionLost(None, f"The server at {url} did not answer in time.") from error
    except OSError as error:
        text = f"No server answers at {origin or url}. Is it running, and is the address right?"
        raise ConnectionLost(None, text) from error
    except (WebSocketException, ValueError) as error:
        raise ConnectionLost(None, f"Cannot reach the server at {url}: {error}.") from error
    async with websocket:
        yield Connection(websocket)


def _lost(error: ConnectionClosed) -> ConnectionLost:
    close = error.rcvd or error.sent
    if close is None:
        # The network's doing, or the server's end.
        return ConnectionLost(1006, "The connection with the server broke off.")
    return ConnectionLost(int(close.code), close.reason or "The server closed the connection.")
