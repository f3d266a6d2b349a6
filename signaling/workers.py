"""The bot workers and the rooms that they were sent to: no socket, no task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from signaling.messages import ProtocolError
from signaling.recall import TOGETHER

NEVER: Final = float("inf")


@dataclass(slots=True)
class Worker:
    """A process that can have a bot in several rooms."""

    id: str
    capacity: int
    reported: int = 0
    """Rooms by its own last report."""
    rooms: dict[str, float] = field(default_factory=dict)
    """Rooms that it was sent to, with the time at which the bot must be there;
    ``inf`` once it is."""
    left: dict[str, float] = field(default_factory=dict)
    """Rooms that its bot left lately, with the time."""

    @property
    def load(self) -> int:
        """In how many rooms it is, or will be.

        Its report may be older than our last summons, and it may be in rooms
        that we did not send it to: before we were started, say.
        """
        return max(self.reported, len(self.rooms))

    @property
    def usage(self) -> float:
        """How much of what it can do it does."""
        return self.load / self.capacity


class Workers:
    """Sends the least loaded worker into a room, once."""

    def __init__(self, summon_time: float) -> None:
        self._summon_time = summon_time
        self._workers: dict[str, Worker] = {}
        self._deserted: set[str] = set()

    def add(self, worker_id: str, capacity: int) -> None:
        """Take note of a worker."""
        self._workers[worker_id] = Worker(worker_id, capacity)
        # Perhaps it is the one that was gone, and all that it has still is.
        self._deserted.clear()

    def remove(self, worker_id: str) -> list[str]:
        """Forget a worker; return the rooms that still wait for its bot."""
        worker = self._workers.pop(worker_id)
        waiting = [room for room, due in worker.rooms.items() if due != NEVER]
        self._deserted |= worker.rooms.keys() - waiting
        return waiting

    def report(self, worker_id: str, rooms: int) -> None:
        """Take note of how many rooms a worker says that it is in."""
        self._workers[worker_id].reported = rooms

    def summon(self, room: str, now: float) -> str | None:
        """Choose a worker for a room without a bot.

        Returns:
            The worker to send there; None if one is on its way.

        Raises:
            ProtocolError: If no worker is free.
        """
        late = self._sent_to(room)
        if late is not None and now < late.rooms[room]:
            return None
        self._forget_late(now)
        free = [each for each in self._workers.values() if each.load < each.capacity]
        # One that did not come is asked again only if there is no other.
        chosen = min(free, key=lambda each: (each is late, each.usage), default=None)
        if chosen is None:
            raise ProtocolError("no-bot")
        chosen.rooms[room] = now + self._summon_time
        return chosen.id

    def call_back(self, room: str, now: float) -> str | None:
        """Choose a worker for a room whose bot was lost.

        If only the bot's connection has broken, its worker has the rest of it: the
        queue, the music. So that one comes first.

        Returns:
            The worker to send there; None if one is on its way.

        Raises:
            ProtocolError: If no worker is free.
        """
        worker = self._sent_to(room)
        if worker is None:
            return self.summon(room, now)
        worker.rooms[room] = now + self._summon_time
        return worker.id

    def just_left(self, worker_id: str, now: float) -> set[str]:
        """Return the rooms that a worker's bot has left within the last moment.

        When a process stops in order, it may well be heard in its rooms first.
        """
        left = self._workers[worker_id].left
        return {room for room, then in left.items() if now - then < TOGETHER}

    def deserted(self, room: str) -> bool:
        """Return whether a bot's worker has ended before it, and none has come since.

        A process that stops in order takes leave in its rooms after that.
        """
        return room in self._deserted

    def arrived(self, room: str) -> None:
        """Take note that a bot is in a room; perhaps nobody had sent it."""
        self._deserted.discard(room)
        worker = self._sent_to(room)
        if worker is not None:
            worker.rooms[room] = NEVER

    def left(self, room: str, now: float) -> None:
        """Take note that no bot is in a room, and none on its way."""
        self._deserted.discard(room)
        worker = self._sent_to(room)
        if worker is not None:
            del worker.rooms[room]
            lately = {name: worker.left[name] for name in self.just_left(worker.id, now)}
            worker.left = {**lately, room: now}

    def _forget_late(self, now: float) -> None:
        """Free the places of bots that did not come."""
        for worker in self._workers.values():
            worker.rooms = {room: due for room, due in worker.rooms.items() if due > now}

    def _sent_to(self, room: str) -> Worker | None:
        return next((each for each in self._workers.values() if room in each.rooms), None)
