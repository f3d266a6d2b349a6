"""The bot's way to one peer: a connection, and the next one whenever it ends.

The peer's page makes a new connection for each offer, so a broken one is not
mended but replaced. What goes wrong on one line stays there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from signaling.messages import Candidate, Description

logger = logging.getLogger(__name__)

RETRY_DELAYS: Final = (1.0, 2.0, 5.0, 10.0)
"""Seconds before each further offer; the last one repeats. A connection that opened begins anew."""

MAX_SIGNALS: Final = 200
"""Signals of the peer that may wait to be taken; a browser sends some twenty."""

Signal = Description | Candidate | None
"""What the peer says to connect; ``None`` is the end of its candidates."""


class End(Protocol):
    """What a line asks of a connection; see :class:`musicbot.rtc.listener.Listener`."""

    @property
    def listens(self) -> bool:
        """Whether the music is sent."""
        ...

    async def offer(self) -> str:
        """Return the offer."""
        ...

    async def accept(self, sdp: str) -> None:
        """Take the answer."""
        ...

    async def add_candidate(self, candidate: str | None) -> None:
        """Take one of the peer's addresses."""
        ...

    def send(self, text: str) -> bool:
        """Send a message; return whether it is on its way."""
        ...

    async def close(self) -> None:
        """End the connection."""
        ...


class MakeEnd(Protocol):
    """Makes a new connection."""

    def __call__(
        self,
        *,
        on_open: Callable[[], None],
        on_message: Callable[[str], None],
        on_closed: Callable[[str], None],
    ) -> End:
        """Make it; nothing happens before its offer is asked for."""
        ...


class Line:
    """Keeps one peer connected until it is closed.

    Args:
        name: For the log.
        make_end: Makes each connection.
        send_offer: Brings the peer an offer.
        on_open: Is called whenever the peer can be reached.
        on_message: Is called with what the peer says.
        delay: Seconds before the first offer.
    """

    def __init__(
        self,
        name: str,
        make_end: MakeEnd,
        *,
        send_offer: Callable[[str], Awaitable[None]],
        on_open: Callable[[], None],
        on_message: Callable[[str], None],
        delay: float = 0.0,
    ) -> None:
        self._name = name
        self._make_end = make_end
        self._send_offer = send_offer
        self._on_open = on_open
        self._on_message = on_message
        self._signals: asyncio.Queue[Signal] = asyncio.Queue(MAX_SIGNALS)
        self._end: End | None = None
        self._open = False
        self._failures = 0
        self._closing = False
        self._task = asyncio.create_task(self._keep_connected(delay), name=f"line to {name}")

    @property
    def listens(self) -> bool:
        """Whether the peer hears the music."""
        return self._end is not None and self._end.listens

    def send(self, text: str) -> None:
        """Send a message; dropped if the peer cannot be reached."""
        if self._end is not None and self._open:
            self._end.send(text)

    def take(self, signal: Signal) -> None:
        """Take what the peer says to connect."""
        try:
            self._signals.put_nowait(signal)
        except asyncio.QueueFull:
            # A peer that goes on like this does not connect; its time-out follows.
            logger.debug("- %s: too many signals", self._name)

    async def close(self, *, linger: float = 0.0) -> None:
        """End the line for good; may be called twice.

        Args:
            linger: Seconds that a connection may go on until the peer ends it.
        """
        self._closing = True
        await asyncio.wait([self._task], timeout=linger)
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _keep_connected(self, delay: float) -> None:
        while True:
            await asyncio.sleep(delay)
            try:
                await self._connect_once()
            except Exception:  # The task's top: a fault with one peer must not end the next try.
                logger.exception("! %s: the connection failed", self._name)
            if self._closing:
                return
            delay = RETRY_DELAYS[min(self._failures, len(RETRY_DELAYS) - 1)]
            self._failures += 1

    async def _connect_once(self) -> None:
        """Connect; return when the connection has ended."""
        closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def note(reason: str) -> None:
            if not closed.done():
                closed.set_result(reason)

        end = self._make_end(
            on_open=self._opened,
            on_message=self._on_message,
            on_closed=note,
        )
        self._end = end
        try:
            offer = await end.offer()
            # What came until now was for the connection before.
            self._signals = asyncio.Queue(MAX_SIGNALS)
            await self._send_offer(offer)
            reason = await self._follow(end, closed)
            logger.info("%s: the connection ended: %s", self._name, reason)
        finally:
            self._end = None
            self._open = False
            await end.close()

    async def _follow(self, end: End, closed: asyncio.Future[str]) -> str:
        """Hand on the peer's signals until the connection ends; return the reason."""
        signals = asyncio.create_task(self._take_signals(end))
        try:
            await asyncio.wait({signals, closed}, return_when=asyncio.FIRST_COMPLETED)
            return closed.result() if closed.done() else signals.result()
        finally:
            signals.cancel()
            await asyncio.wait([signals])

    async def _take_signals(self, end: End) -> str:
        """Hand on the peer's signals; return what is wrong with one."""
        while True:
            match await self._signals.get():
                case Description(type="answer", sdp=sdp):
                    try:
                        await end.accept(sdp)
                    except (ValueError, ConnectionError) as error:
                        return f"the answer cannot be used: {error}"
                case Description():
                    return "the peer made an offer, which is for the bot to do"
                case Candidate(candidate=candidate):
                    await end.add_candidate(candidate)
                case None:
                    await end.add_candidate(None)

    def _opened(self) -> None:
        self._open = True
        self._failures = 0
        self._on_open()
