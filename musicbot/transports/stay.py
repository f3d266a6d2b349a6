"""A stay in a room of the signaling server that outlasts the server's restarts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from typing import Final, NoReturn

from musicbot.errors import RoomLost
from musicbot.transports.entrance import enter
from signaling.backoff import delay_before
from signaling.client import Connection, ConnectionLost
from signaling.messages import ClientMessage, Error, Join, Leave, ServerMessage

logger = logging.getLogger(__name__)

MAX_DELAY: Final = 5.0
"""Seconds between two attempts to come back; there is music to be brought."""

PATIENCE: Final = 60.0
"""Seconds in which a server that restarts is back."""

GOODBYE_TIME: Final = 1.0
"""Seconds that saying goodbye may take."""

FINAL: Final = frozenset({"kicked", "replaced"})
"""Errors after which coming back would be against somebody's will."""


class SentAway(RoomLost):
    """The bot is not wanted any more."""


class Stay:
    """Being in one room.

    Args:
        server: The server's WebSocket address.
        join: Who comes, and where.
        take: Gets all that the server says; first a welcome, and again after each return.
        patience: Seconds without the server after which the room counts as lost.
    """

    def __init__(
        self,
        server: str,
        join: Join,
        take: Callable[[ServerMessage], None],
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._server = server
        self._join = join
        self._take = take
        self._patience = patience
        self._connection: Connection | None = None
        self._arrivals = 0

    async def run(self) -> NoReturn:
        """Be in the room until this task is cancelled; then say goodbye.

        Raises:
            RoomLost: If it cannot be joined, or not joined again for too long.
        """
        loop = asyncio.get_running_loop()
        while True:
            present = self._arrivals
            try:
                await self._visit()
            except SentAway:
                raise
            except RoomLost as error:
                if not self._arrivals:
                    raise
                if self._arrivals > present:
                    logger.warning("%s: coming back: %s", self._join.room, error)
                    lost_at, failures = loop.time(), 0
                elif loop.time() - lost_at > self._patience:
                    raise
            await asyncio.sleep(min(delay_before(failures, random.random), MAX_DELAY))
            failures += 1

    async def send(self, message: ClientMessage) -> None:
        """Say something to the server; dropped while it is gone, as it would mean nothing later."""
        if self._connection is not None:
            with contextlib.suppress(ConnectionLost):
                await self._connection.send(message)

    async def _visit(self) -> NoReturn:
        """Be in the room until the connection breaks."""
        async with enter(self._server, self._join) as (connection, welcome):
            self._arrivals += 1
            self._connection = connection
            try:
                self._take(welcome)
                while True:
                    message = await connection.receive()
                    if isinstance(message, Error) and message.code in FINAL:
                        raise SentAway(message.message)
                    self._take(message)
            except asyncio.CancelledError:
                await self._say_goodbye()
                raise
            finally:
                self._connection = None

    async def _say_goodbye(self) -> None:
        # Otherwise the server might keep our place for a while.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_TIME):
                await self.send(Leave())
