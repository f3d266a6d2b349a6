"""Who is next where all rooms share a few places: rooms take turns, however much each asks for.

A room that runs something lets those that run nothing go first, and never takes the last
place. Nor does a room that brought several slow things; it waits until nobody else does.
So one room, or some that are known to be slow, cannot hold up the rest.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Final

MAX_WAITING: Final = 10
"""How many may wait for one room; beyond that, people are asked to try again later."""

MAX_WAITING_IN_ALL: Final = 100
"""How many may wait for all rooms; beyond that, the room with the most gives way."""

SLOW: Final = 10.0
"""Seconds of work from which on something is slow, whatever comes of it."""

MAX_SLOW: Final = 2
"""Slow things within :data:`MEMORY` that make a room slow."""

MEMORY: Final = 60.0
"""Seconds for which something slow is remembered."""


@dataclass(slots=True, eq=False)
class Turn:
    """What one room wants to be done, once."""

    room: str
    spent: float = 0.0
    """Seconds that were worked on it; whoever works on it notes that here."""


class Turns:
    """Decides who has a place and who waits; told the time, in seconds.

    Args:
        places: How many run at once, at least two.
        max_waiting: See :data:`MAX_WAITING`.
        max_waiting_in_all: See :data:`MAX_WAITING_IN_ALL`.
        slow: See :data:`SLOW`.
    """

    def __init__(
        self,
        places: int,
        *,
        max_waiting: int = MAX_WAITING,
        max_waiting_in_all: int = MAX_WAITING_IN_ALL,
        slow: float = SLOW,
    ) -> None:
        self._places = places
        self._max_waiting = max_waiting
        self._max_waiting_in_all = max_waiting_in_all
        self._slow = slow
        self._waiting: OrderedDict[str, deque[Turn]] = OrderedDict()
        """By room; the room whose turn is next comes first."""
        self._running: set[Turn] = set()
        self._slow_ends: dict[str, list[float]] = {}

    def join(self, turn: Turn) -> Turn | None:
        """Let somebody wait; return who is sent away for it, perhaps the same."""
        own = len(self._waiting.get(turn.room, ()))
        if own >= self._max_waiting:
            return turn
        leaves = None
        if sum(map(len, self._waiting.values())) >= self._max_waiting_in_all:
            fullest = max(self._waiting.values(), key=len)
            if len(fullest) <= own + 1:
                return turn
            leaves = fullest.pop()
        self._waiting.setdefault(turn.room, deque()).append(turn)
        return leaves

    def next(self, now: float) -> Turn | None:
        """Give a place to whoever is next; return them, or ``None`` if all must wait."""
        rooms = [room for room in self._waiting if self._may_run(room, now)]
        if not rooms:
            return None
        # Of equals, the one that comes first is chosen.
        room = min(rooms, key=lambda room: (self.is_slow(room, now), self._runs(room)))
        waiting = self._waiting.pop(room)
        turn = waiting.popleft()
        if waiting:
            self._waiting[room] = waiting
        self._running.add(turn)
        return turn

    def end(self, turn: Turn, now: float) -> None:
        """Forget somebody who ran, waited, or was sent away."""
        if turn in self._running:
            self._running.remove(turn)
            if turn.spent >= self._slow:
                self._remember(turn.room, now)
            return
        waiting = self._waiting.get(turn.room, ())
        if turn in waiting:
            self._waiting[turn.room].remove(turn)
            if not waiting:
                del self._waiting[turn.room]

    def is_slow(self, room: str, now: float) -> bool:
        """Whether a room brought so much that was slow that it goes last."""
        ends = self._slow_ends.get(room, ())
        return sum(now - end < MEMORY for end in ends) >= MAX_SLOW

    def _may_run(self, room: str, now: float) -> bool:
        free = self._places - len(self._running)
        runs = self._runs(room)
        if self.is_slow(room, now):
            return free > 1 and not runs
        return free > 1 or (free == 1 and not runs)

    def _runs(self, room: str) -> int:
        return sum(turn.room == room for turn in self._running)

    def _remember(self, room: str, now: float) -> None:
        """Remember something slow, and forget what is long ago, also of other rooms."""
        self._slow_ends.setdefault(room, []).append(now)
        for other, ends in list(self._slow_ends.items()):
            ends[:] = [end for end in ends if now - end < MEMORY]
            if not ends:
                del self._slow_ends[other]
