"""Many rooms: comes where it is summoned, leaves where it is done, and drains at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from musicbot.errors import RoomLost

logger = logging.getLogger(__name__)

DRAIN_TIME: Final = 5.0
"""Seconds that the rooms have to end when the bot stops."""


class RoomActor(Protocol):
    """What the service asks of a room; see :class:`musicbot.room.Room`."""

    async def run(self) -> None:
        """Serve the room until the bot leaves it."""
        ...


class Service:
    """The rooms of one bot process.

    Args:
        make_room: Makes the actor of a room by its name.
        capacity: Rooms served at once; more are refused.
        on_load: Is told the number of rooms whenever it changes.
    """

    def __init__(
        self,
        make_room: Callable[[str], RoomActor],
        *,
        capacity: int,
        on_load: Callable[[int], None],
    ) -> None:
        self._make_room = make_room
        self._capacity = capacity
        self._on_load = on_load
        self._rooms: dict[str, asyncio.Task[None]] = {}

    @property
    def rooms(self) -> int:
        """How many rooms are served now."""
        return len(self._rooms)

    def summon(self, name: str) -> None:
        """Come into a room; nothing happens if the bot is there already or is full."""
        if name in self._rooms:
            return
        if len(self._rooms) >= self._capacity:
            logger.warning("%s: cannot come, all %d rooms are taken", name, self._capacity)
            return
        task = asyncio.create_task(self._serve(name), name=f"room {name}")
        self._rooms[name] = task
        task.add_done_callback(lambda _: self._forget(name))
        self._on_load(len(self._rooms))

    async def drain(self) -> None:
        """Leave every room."""
        tasks = list(self._rooms.values())
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=DRAIN_TIME)
            for task in late:
                logger.error("%s did not end within %.0f s", task.get_name(), DRAIN_TIME)

    def _forget(self, name: str) -> None:
        del self._rooms[name]
        self._on_load(len(self._rooms))

    async def _serve(self, name: str) -> None:
        logger.info("%s: coming", name)
        try:
            await self._make_room(name).run()
        except RoomLost as error:
            logger.warning("%s: %s", name, error)
        except Exception:  # The task's top: a fault in one room must not end the others.
            logger.exception("%s: the room failed", name)
        else:
            logger.info("%s: left", name)


