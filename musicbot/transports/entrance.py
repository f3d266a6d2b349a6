"""The way into a room of the signaling server, for the bot and for the command line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET

from musicbot.errors import RoomLost
from signaling.client import Connection, ConnectionLost, connect
from signaling.messages import Candidate, Description, Error, Join, RelayedSignal, Welcome

JOIN_TIME: Final = 10.0
"""Seconds that the server has to let us in."""


@asynccontextmanager
async def enter(
    server: str, join: Join, *, origin: str | None = None
) -> AsyncIterator[tuple[Connection, Welcome]]:
    """Be in a room until the block ends.

    Args:
        server: The server's WebSocket address.
        join: Who wants in, and where.
        origin: For those who bring no token: the address of a page that may be here.

    Raises:
        RoomLost: If the server cannot be reached or does not let us in, and when
            the connection breaks while the block runs.
    """
    try:
        async with connect(server, origin=origin) as connection:
            await connection.send(join)
            async with asyncio.timeout(JOIN_TIME):
                answer = await connection.receive()
            if isinstance(answer, Error):
                raise RoomLost(answer.message)
            if not isinstance(answer, Welcome):
                raise RoomLost(f"The server at {server} answers in a way that is not understood.")
            yield connection, answer
    except ConnectionLost as error:
        raise RoomLost(error.reason) from error
    except TimeoutError as error:
        raise RoomLost(f"The server at {server} does not answer.") from error


def is_local(server: str) -> bool:
    """Return whether a server runs on this machine, so that peers may be here too."""
    host = urlsplit(server).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")


def origin_of(server: str) -> str:
    """Return the origin of the pages that a server hands out."""
    address = urlsplit(server)
    return f"{address.scheme.replace('ws', 'http', 1)}://{address.netloc}"


def ice_of(welcome: Welcome) -> list[dict[str, object]]:
    """Return the servers that help to connect, in the form that browsers take."""
    return [msgspec.to_builtins(server) for server in welcome.ice]


def signal_in(message: RelayedSignal) -> Description | Candidate | None:
    """Return what another peer says to connect; ``None`` is the end of its candidates."""
    if message.description is not UNSET:
        return message.description
    # There is always one of the two.
    return None if message.candidate is UNSET else message.candidate
