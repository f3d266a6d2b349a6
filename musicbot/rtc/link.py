"""One peer connection of ours: how long it may take, what becomes of it, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCDtlsTransport, RTCPeerConnection

from musicbot.rtc.candidates import MAX_CANDIDATES, ice_servers, usable
from musicbot.rtc.private import gather_hosts, watch_connecting

logger = logging.getLogger(__name__)

CONNECT_TIME: Final = 15.0
"""Seconds until the data channel must be open. aiortc itself would try for ever."""

GATHER_TIME: Final = 1.0
"""Seconds that STUN and TURN servers may take; without their answer it must do without them."""

CLOSE_TIME: Final = 5.0
"""Seconds that closing may take; a relay may have to be told."""

T = TypeVar("T")


class Link:
    """A peer connection with one transport for everything.

    Args:
        servers: ICE servers in the form that browsers take; may be none.
        loopback: Gather 127.0.0.1 as well.
        on_lost: Called once with a reason if the connection ends by itself; never after
            :meth:`close`.
        connect_time: Seconds until :meth:`connected` must have been called.
        close_time: Seconds that :meth:`close` may take.
    """

    def __init__(
        self,
        servers: Sequence[Mapping[str, object]],
        *,
        loopback: bool,
        on_lost: Callable[[str], None],
        connect_time: float = CONNECT_TIME,
        close_time: float = CLOSE_TIME,
    ) -> None:
        # An explicit list, even an empty one: by default aiortc asks a public server.
        self.connection = RTCPeerConnection(
            RTCConfiguration(
                iceServers=ice_servers(servers), bundlePolicy=RTCBundlePolicy.MAX_BUNDLE
            )
        )
        self._loopback = loopback
        self._on_lost = on_lost
        self._close_time = close_time
        self._settle: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._waiting: list[str] = []
        self._candidates = 0
        self._steps: set[asyncio.Task[Any]] = set()
        self._closing: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(
            connect_time, self.lose, f"no connection within {connect_time:g} s"
        )
        self.connection.on("connectionstatechange", self._follow)

    @property
    def closed(self) -> bool:
        """Whether it is closed, or about to be."""
        return self._closing is not None

    @property
    def dtls(self) -> RTCDtlsTransport:
        """The transport of everything; there is one as soon as there is a data channel."""
        sctp = self.connection.sctp
        assert sctp is not None
        return sctp.transport

    def prepare(self) -> None:
        """Choose what is gathered; to be called before the local description is set."""
        self._settle = watch_connecting(self.dtls)
        gather_hosts(self.dtls, loopback=self._loopback, timeout=GATHER_TIME)

    def connected(self) -> None:
        """Stop the time-out."""
        self._timer.cancel()

    async def negotiate(self, step: Coroutine[Any, Any, T]) -> T:
        """Take a step that is finished even if its caller is cancelled.

        Broken off in the middle, aioice would leave sockets open.

        Raises:
            ConnectionError: If it is closed.
        """
        if self.closed:
            step.close()
            raise ConnectionError("The connection is closed.")
        task = asyncio.create_task(step)
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)
        return await asyncio.shield(task)

    async def add_candidate(self, text: str) -> None:
        """Try an address of the other side; what is of no use is passed over."""
        if self._settle is None:
            # The offer that it belongs to is still on its way.
            if len(self._waiting) < MAX_CANDIDATES:
                self._waiting.append(text)
            return
        candidate = usable(text, loopback=self._loopback)
        if candidate is None or self._candidates == MAX_CANDIDATES or self.closed:
            return
        self._candidates += 1
        await self.dtls.transport.addRemoteCandidate(candidate)

    async def add_candidates(self, texts: Sequence[str]) -> None:
        """Try the addresses of a description, and those that came before it."""
        waiting, self._waiting = self._waiting, []
        for text in [*texts, *waiting]:
            await self.add_candidate(text)

    def lose(self, reason: str) -> None:
        """Close by itself, for a reason; nothing happens if it is closed already."""
        if self.closed:
            return
        logger.debug("x %s", reason)
        self._closing = asyncio.create_task(self._close())
        self._on_lost(reason)

    async def close(self) -> None:
        """End the connection; may be called twice, and at any time."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        # Whoever waits may be cancelled; the sockets must be closed all the same.
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._timer.cancel()
        try:
            async with asyncio.timeout(self._close_time):
                if self._steps:
                    await asyncio.wait(self._steps)
                await self.connection.close()
                if self._settle is not None:
                    await self._settle()
        except TimeoutError:
            logger.warning("A connection was not closed within %g s", self._close_time)

    def _follow(self) -> None:
        state = self.connection.connectionState
        logger.debug("= %s", state)
        if state in ("failed", "closed"):
            self.lose(f"the connection {'failed' if state == 'failed' else 'was closed'}")
