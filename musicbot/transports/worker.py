"""Offers this bot to the signaling server, which says into which rooms it should come."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from typing import Final, NoReturn

from musicbot.errors import ConfigError
from signaling.backoff import delay_before
from signaling.client import Connection, ConnectionLost, connect
from signaling.messages import Error, Load, Serve, ServerMessage, Summoned

logger = logging.getLogger(__name__)

OBJECTION_TIME: Final = 0.2
"""Seconds after which a server that says nothing has taken us; there is no other answer."""


class Worker:
    """One bot process as the signaling server knows it.

    Args:
        server: The server's WebSocket address.
        token: What the server knows its bots by.
        capacity: In how many rooms we can be at once.
        on_ready: Is called whenever the server may send us into rooms.
    """

    def __init__(
        self, server: str, token: str, *, capacity: int, on_ready: Callable[[], None]
    ) -> None:
        self._server = server
        self._offer = Serve(token=token, capacity=capacity)
        self._on_ready = on_ready
        self._rooms = 0
        self._load_changed = asyncio.Event()

    def tell_load(self, rooms: int) -> None:
        """Have the server know in how many rooms we are."""
        self._rooms = rooms
        self._load_changed.set()

    async def serve(self, summon: Callable[[str], None]) -> NoReturn:
        """Come wherever we are called, until this task is cancelled.

        Args:
            summon: Is told each room.

        Raises:
            ConfigError: If the server has another token.
        """
        attempt = 0
        # Of two that are started together, the server may just not be there yet.
        level = logging.DEBUG
        while True:
            try:
                async with connect(self._server) as connection:
                    await self._begin(connection, summon)
                    attempt = 0
                    level = logging.WARNING
                    await self._follow(connection, summon)
            except ConnectionLost as lost:
                delay = delay_before(attempt, random.random)
                logger.log(level, "%s Trying again in %.1f s.", lost.reason, delay)
            attempt += 1
            level = logging.WARNING
            await asyncio.sleep(delay)

    async def _begin(self, connection: Connection, summon: Callable[[str], None]) -> None:
        """Register; return once the server has taken us."""
        await connection.send(self._offer)
        await connection.send(Load(rooms=self._rooms))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OBJECTION_TIME):
                _take(await connection.receive(), summon)
        self._on_ready()

    async def _follow(self, connection: Connection, summon: Callable[[str], None]) -> NoReturn:
        """Do what the server asks until the connection breaks."""
        telling = asyncio.create_task(self._tell(connection))
        try:
            while True:
                _take(await connection.receive(), summon)
        finally:
            telling.cancel()
            await asyncio.wait([telling])

    async def _tell(self, connection: Connection) -> None:
        with contextlib.suppress(ConnectionLost):
            while True:
                await self._load_changed.wait()
                self._load_changed.clear()
                await connection.send(Load(rooms=self._rooms))


def _take(message: ServerMessage, summon: Callable[[str], None]) -> None:
    match message:
        case Summoned(room=room):
            summon(room)
        case Error(code="bad-token"):
            raise ConfigError("The server has another token: give both the same --bot-token.")
        case Error(message=text):
            logger.warning("The server objects: %s", text)
        case _:
            # Only newer servers send workers anything else.
            pass
