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

    @property
    def leaving(self) -> bool:
        """Whether the room is about to end, so that it takes no further command."""
        ...

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
        self._rooms: dict[str, RoomActor] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        """Rooms that are being left and want the bot back."""
        self._draining = False

    @property
    def rooms(self) -> int:
        """How many rooms are served now."""
        return len(self._rooms)

    def summon(self, name: str) -> None:
        """Come into a room; nothing happens if the bot is there already or is full.

        Where it is about to leave, it comes back.
        """
        if self._draining:
            return
        room = self._rooms.get(name)
        if room is not None:
            if room.leaving:
                self._again.add(name)
            return
        if len(self._rooms) >= self._capacity:
            logger.warning("%s: cannot come, all %d rooms are taken", name, self._capacity)
            return
        self._enter(name)

    async def drain(self) -> None:
        """Leave every room, and come into none any more."""
        self._draining = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=DRAIN_TIME)
            for task in late:
                logger.error("%s did not end within %.0f s", task.get_name(), DRAIN_TIME)

    def _enter(self, name: str) -> None:
        try:
            room = self._make_room(name)
        except Exception:  # A room's boundary: who summons serves other rooms too.
            logger.exception("%s: the room cannot be made", name)
            return
        task = asyncio.create_task(self._serve(name, room), name=f"room {name}")
        self._rooms[name] = room
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._forget(name))
        self._on_load(len(self._rooms))

    def _forget(self, name: str) -> None:
        del self._rooms[name], self._tasks[name]
        self._on_load(len(self._rooms))
        if name in self._again:
            self._again.discard(name)
            self.summon(name)

    async def _serve(self, name: str, room: RoomActor) -> None:
        logger.info("%s: coming", name)
        try:
            await room.run()
        except RoomLost as error:
            logger.warning("%s: %s", name, error)
        except Exception:  # The task's top: a fault in one room must not end the others.
            logger.exception("%s: the room failed", name)
        else:
            logger.info("%s: left", name)
