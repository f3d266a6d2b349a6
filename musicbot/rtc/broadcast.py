"""The music of all rooms, sent packet by packet from one tick.

Order of a tick: each room that has a listener gives its next 20 ms, which it
prepared before; every listener gets the packet, encrypted for it alone; then the
chores are done that are due (reports). A room without listeners is not asked,
and without any listener there is no tick.

What does not hold the clock up belongs here: no encoder, no queue and no task
per listener. A listener that fails is counted and the others go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from musicbot.core.pacing import FrameClock
from musicbot.core.tracks import FRAME_SAMPLES
from musicbot.opus.packets import MAX_FRAME
from musicbot.rtc.beat import Beat
from musicbot.rtc.history import History

logger = logging.getLogger(__name__)

MAX_PAYLOAD: Final = MAX_FRAME + 1
"""Bytes of the longest packet of one frame; with its headers it fits any path of 1,400 bytes."""


class Timer(Protocol):
    """A call that will be made."""

    def cancel(self) -> None:
        """Not make it after all."""
        ...


class Timers(Protocol):
    """What of an event loop the broadcaster needs."""

    def time(self) -> float:
        """Return the present time in seconds."""
        ...

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Have something called at a time."""
        ...


class Sink(Protocol):
    """Somebody who hears the music, as the broadcast sees them."""

    def start(self, history: History, beat: Beat) -> None:
        """Begin with the room's next packet."""
        ...

    def send(self, payload: bytes, number: int, time: int) -> None:
        """Send one packet."""
        ...

    def failed(self) -> None:
        """Count a packet that could not be sent; called where the error is caught."""
        ...

    def close(self) -> None:
        """Send nothing any more."""
        ...


class Broadcast:
    """The music of one room, and who hears it. Made by :meth:`Broadcaster.channel`."""

    def __init__(
        self,
        next_payload: Callable[[], bytes],
        beat: Beat,
        begin: Callable[[Broadcast], None],
    ) -> None:
        self._next_payload = next_payload
        self._beat = beat
        self._begin = begin
        self._history = History()
        self._sinks: list[Sink] = []
        self.failures = 0
        """Ticks at which the room had nothing that could be sent."""

    @property
    def listeners(self) -> int:
        """How many hear the music at present."""
        return len(self._sinks)

    def add(self, sink: Sink) -> None:
        """Let somebody hear the music, from the next packet on."""
        sink.start(self._history, self._beat)
        self._sinks.append(sink)
        self._begin(self)

    def remove(self, sink: Sink) -> None:
        """Send nothing more to somebody; may be called twice."""
        if sink in self._sinks:
            self._sinks.remove(sink)
            sink.close()

    def send(self) -> None:
        """Send one packet to everybody; called by the broadcaster at each tick."""
        payload = self._payload()
        if payload is None:
            return
        time = self._beat.time
        number = self._history.add(payload, time)
        for sink in tuple(self._sinks):
            try:
                sink.send(payload, number, time)
            except Exception:  # noqa: BLE001 - one listener's fault is not the others'
                sink.failed()

    def _payload(self) -> bytes | None:
        try:
            payload = self._next_payload()
            if len(payload) <= MAX_PAYLOAD:
                return payload
            raise ValueError(f"A packet of {len(payload)} bytes cannot be sent.")
        except Exception:  # the tick is everybody's: a fault of one room is not the others'
            self.failures += 1
            if self.failures == 1:
                logger.exception("A room had nothing to send")
            return None


class Broadcaster:
    """The one tick of all rooms.

    Args:
        timers: Clock and timers; those of the running loop by default.
    """

    def __init__(self, timers: Timers | None = None) -> None:
        self._timers: Timers = timers or asyncio.get_running_loop()
        self._clock = FrameClock()
        self._beat = Beat(self._timers.time)
        self._rooms: dict[Broadcast, None] = {}
        """Those that had a listener at the last tick, in the order in which they came."""
        self._timer: Timer | None = None
        self._closed = False
        self.skipped = 0
        """Samples of time given up because a tick came too late."""

    def channel(self, next_payload: Callable[[], bytes]) -> Broadcast:
        """Make the broadcast of a room.

        Args:
            next_payload: Returns the Opus packet of the next 20 ms at once, silence included;
                called once a tick while somebody listens. RTP time goes on without it.
        """
        return Broadcast(next_payload, self._beat, self._begin)

    async def close(self) -> None:
        """Stop the tick for good; may be called twice."""
        self._closed = True
        self._stop()

    def _begin(self, room: Broadcast) -> None:
        if self._closed:
            return
        self._rooms[room] = None
        if self._timer is None:
            now = self._timers.time()
            self._clock.start(now)
            self._schedule(due=now, samples=FRAME_SAMPLES)

    def _schedule(self, *, due: float, samples: int) -> None:
        self._beat.advance(due=due, samples=samples)
        self._timer = self._timers.call_at(due, self._tick)

    def _tick(self) -> None:
        for room in tuple(self._rooms):
            if room.listeners:
                room.send()
            else:
                del self._rooms[room]
        if not self._rooms:
            self._stop()
            return
        for chore in self._beat.chores():
            try:
                chore()
            except Exception:  # one listener's fault is not the others'
                logger.exception("A chore of a listener failed")
        self._go_on()

    def _go_on(self) -> None:
        tick = self._clock.advance(self._timers.time())
        if tick.skipped_samples:
            self.skipped += tick.skipped_samples
            logger.warning("Gave up %d ms that were lost", tick.skipped_samples // 48)
        self._schedule(due=tick.due, samples=FRAME_SAMPLES + tick.skipped_samples)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._rooms.clear()
        self._beat.forget_chores()
