"""The engine of a room, as the bot sees it: takes orders at once, and always has a packet.

:mod:`musicbot.engine.playout` decides; this module owns the process that works for it,
the timers, and the errors of both. A process that is lost while it has something to do is
replaced at once; one that has nothing to do is ended after a while.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final, assert_never

from musicbot.core.media import Media
from musicbot.core.tracks import PlayId
from musicbot.engine import messages
from musicbot.engine.messages import Command, Garbage, News
from musicbot.engine.playout import Died, Ended, EngineEvent, Failed, Opened, Playout
from musicbot.engine.process import EngineProcess, Forks

__all__ = ["Died", "Ended", "Engine", "EngineEvent", "Failed", "Opened", "warm_up"]

logger = logging.getLogger(__name__)

IDLE_TIME: Final = 30.0
"""Seconds for which a process is kept that has nothing to do."""

STUCK_TIME: Final = 60.0
"""Seconds without a packet after which a process is given up while listeners wait.
Fetching gives up a site that does not answer well before."""

BEGIN_TIME: Final = 2.0
"""Seconds after which a process is given up that cannot let go of what it played before.
What waits for the network can; what got lost in a hostile file cannot."""

MAX_NOTES: Final = 100
"""Lines that one process may write to the log."""

MAX_FALSE_STARTS: Final = 2
"""Processes in a row that may end before they say anything."""

CANNOT_START: Final = "The music player does not start here; the operator finds out why in the log."


async def warm_up() -> None:
    """Load what engine processes need, so that they start fast from now on."""
    try:
        await _forks().warm_up()
    except (OSError, TimeoutError) as error:
        logger.error("Engines cannot be started: %s", error)


@cache
def _forks() -> Forks:
    """Return what all engines of this process are forked by."""
    forks = Forks()
    atexit.register(forks.close)
    return forks


class Engine:
    """Plays for one room; must be made while the event loop runs.

    Args:
        deliver: Takes what happens to plays.
        allow_net: Private networks that may be fetched from.
        forks: What starts processes; that of the whole bot if not given.
        idle_time: Seconds for which a process is kept that has nothing to do.
        stuck_time: Seconds after which one is given up that keeps listeners waiting.
        begin_time: Seconds after which one is given up that does not begin with a play.
    """

    def __init__(
        self,
        deliver: Callable[[EngineEvent], None],
        *,
        allow_net: Sequence[str],
        forks: Forks | None = None,
        idle_time: float = IDLE_TIME,
        stuck_time: float = STUCK_TIME,
        begin_time: float = BEGIN_TIME,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._playout = Playout(self._send, deliver, tuple(allow_net))
        self._forks = forks or _forks()
        self._idle_time = idle_time
        self._stuck_time = stuck_time
        self._begin_time = begin_time
        self._process: EngineProcess | None = None
        self._has_started = False
        """Whether the process has said anything."""
        self._awaited: int | None = None
        """The generation of a play that it has yet to begin with."""
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        """When the process last said something, or was last told to."""
        self._notes = 0
        self._false_starts = 0
        self._closed = False

    @property
    def position(self) -> int:
        """Samples of the present play as last sent; those asked for until they are."""
        return self._playout.position

    def open(self, play: PlayId, media: Media, *, position: int = 0) -> None:
        """Play something from a position on, instead of what plays, also after a hold."""
        if self._closed:
            return
        self._heard_at = self._loop.time()
        self._watch(self._stuck_time)
        self._playout.open(play, media, position)

    def seek(self, play: PlayId, position: int) -> None:
        """Go on at another position."""
        self._heard_at = self._loop.time()
        self._playout.seek(play, position)

    def set_gain(self, gain: float) -> None:
        """Change the loudness by a linear factor."""
        self._playout.set_gain(gain)

    def hold(self) -> None:
        """Send silence and keep the position."""
        self._playout.hold()

    def release(self) -> None:
        """Go on after :meth:`hold`."""
        self._playout.release()

    def stop(self) -> None:
        """Drop what is playing; the process stays for a while, for what is played next."""
        self._playout.stop()

    async def close(self) -> None:
        """End the process; may be called twice."""
        self._closed = True
        self._playout.stop()
        self._end_process()

    def next_payload(self) -> bytes:
        """Return the packet of the next 20 ms at once; silence if there is none."""
        return self._playout.next_payload()

    def _send(self, command: Command) -> None:
        """Pass a command on; to open something, a process is started."""
        if isinstance(command, messages.Stop):
            self._watch(self._idle_time)
        if self._process is None and isinstance(command, messages.Open):
            self._start()
        if self._process is not None:
            self._process.send(command)
            if isinstance(command, messages.Open):
                self._await(command.generation)
        elif not isinstance(command, messages.Open | messages.Stop):
            self._playout.died()

    def _start(self) -> None:
        self._notes = 0
        self._has_started = False
        self._awaited = None
        try:
            self._process = EngineProcess(self._forks, on_news=self._hear, on_gone=self._lose)
        except OSError as error:
            logger.error("Cannot start an engine process: %s", error)
            self._playout.refused(CANNOT_START)

    def _hear(self, news: News) -> None:
        self._heard_at = self._loop.time()
        match news:
            case messages.Started(pid):
                self._false_starts = 0
                self._has_started = True
                logger.debug("= engine process %d started", pid)
                if self._awaited is not None:
                    self._await(self._awaited)
            case messages.Begun(generation):
                if generation == self._awaited:
                    self._awaited = None
            case messages.Noted(level, text):
                self._note(level, text)
            case messages.Opened() | messages.Packets() | messages.Ended() | messages.Failed():
                self._playout.hear(news)
            case _:
                assert_never(news)

    def _note(self, level: int, text: str) -> None:
        self._notes += 1
        if self._notes > MAX_NOTES:
            raise Garbage("More lines for the log than make sense.")
        logger.log(level, "The engine says: %s", text)

    def _await(self, generation: int) -> None:
        """Give the process some time to begin with a play, from when it is there."""
        self._awaited = generation
        if self._has_started and self._process is not None:
            self._loop.call_later(self._begin_time, self._check, self._process, generation)

    def _check(self, process: EngineProcess, generation: int) -> None:
        if process is self._process and generation == self._awaited:
            process.end()
            self._lose("it cannot let go of what it played before")

    def _lose(self, reason: str) -> None:
        """Take note that the process is gone."""
        self._process = None
        if self._playout.is_idle:
            logger.info("Lost an idle engine process: %s", reason)
            return
        self._false_starts += 1
        if self._false_starts > MAX_FALSE_STARTS:
            logger.error("Engine processes end before they begin: %s", reason)
            self._playout.refused(CANNOT_START)
            return
        logger.warning("Lost an engine process: %s; starting another", reason)
        self._start()
        self._playout.died()

    def _watch(self, delay: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay, self._look)

    def _look(self) -> None:
        """See whether the process is of any use."""
        silent = self._loop.time() - self._heard_at
        if self._playout.is_idle:
            self._end_process()
        elif self._playout.is_starving and silent >= self._stuck_time and self._process:
            self._process.end()
            self._watch(self._stuck_time)
            self._lose(f"no packet came for {silent:.0f} s")
        else:
            self._watch(self._stuck_time)

    def _end_process(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._process is not None:
            self._process.end()
            self._process = None
