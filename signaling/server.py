"""The signaling server's shell: reads from sockets, writes to them, decides nothing."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, assert_never

from websockets.asyncio.server import Server as WebSocketServer
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK
from websockets.http11 import Request, Response

from signaling.exchange import Exchange
from signaling.gate import Gate
from signaling.limits import Limits
from signaling.messages import IceServer, encode
from signaling.outbox import Outbox
from signaling.rooms import Close, Effect, Reason, Send
from signaling.web import Website, find_static

logger = logging.getLogger(__name__)

SERVICE_RESTART: Final = 1012
"""The close code that asks clients to come back (IANA's WebSocket registry)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server is started with."""

    host: str = "127.0.0.1"
    port: int = 8080
    """0 for any that is free."""
    token: str | None = field(default=None, repr=False)
    """What the server knows its bots by; None if there are none."""
    ice: tuple[IceServer, ...] = ()
    allow_origins: tuple[str, ...] = ()
    static: Path = field(default_factory=find_static)
    limits: Limits = field(default_factory=Limits)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Server]:
    """Run a server as long as the block; then everybody is asked to come back.

    Raises:
        OSError: If the address cannot be listened on.
    """
    server = Server(settings)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


class Server:
    """A signaling server; :func:`running` makes it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._website = Website(settings.static, settings.allow_origins)
        self._exchange = Exchange(
            limits=settings.limits, token=settings.token, ice=lambda: settings.ice
        )
        self._gate = Gate(settings.limits)
        self._outboxes: dict[str, Outbox] = {}
        self._listener: WebSocketServer | None = None

    @property
    def port(self) -> int:
        """Where the server listens."""
        assert self._listener is not None
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._outboxes)

    @property
    def rooms(self) -> int:
        """How many rooms there are."""
        return sum(1 for _ in self._exchange.rooms)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: If the address cannot be listened on.
        """
        limits = self._settings.limits
        self._listener = await serve(
            self._handle,
            self._settings.host,
            self._settings.port,
            # Measured: without it a connection takes a third of the memory.
            compression=None,
            process_request=self._answer,
            server_header=None,
            # As long may be silent who has connected, or slow with the request.
            open_timeout=limits.join_time,
            create_connection=partial(_Visit, gate=self._gate),  # type: ignore[arg-type]
            ping_interval=limits.ping_time,
            ping_timeout=limits.ping_time,
            close_timeout=limits.stop_time,
            max_size=limits.message_size,
        )

    async def stop(self) -> None:
        """Ask everybody to come back, and end; may be called twice."""
        assert self._listener is not None
        self._listener.close(code=SERVICE_RESTART, reason="The server restarts.")
        try:
            # Who does not say goodbye is cut after the first half of it.
            async with asyncio.timeout(2 * self._settings.limits.stop_time):
                await self._listener.wait_closed()
        except TimeoutError:
            logger.debug("- those who are left have not even opened a WebSocket")

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        return self._website.answer(request)

    async def _handle(self, websocket: ServerConnection) -> None:
        """Serve one connection from its opening to its end."""
        caller = secrets.token_urlsafe(12)
        outbox = Outbox(websocket, self._settings.limits)
        self._outboxes[caller] = outbox
        reason = Reason.LOST
        try:
            # The opening has succeeded, so its request is there.
            assert websocket.request is not None
            from_page = self._website.from_page(websocket.request.headers)
            logger.debug("= %s has connected", caller)
            now = asyncio.get_running_loop().time()
            self._perform(self._exchange.connected(caller, from_page=from_page, now=now))
            await self._read(caller, websocket)
        except ConnectionClosedOK:
            reason = Reason.LEFT
        except ConnectionClosed as error:
            logger.debug("x %s: %r", caller, str(error))
        finally:
            if outbox.slow:
                reason = Reason.SLOW
            now = asyncio.get_running_loop().time()
            self._perform(self._exchange.disconnected(caller, reason, now))
            del self._outboxes[caller]
            await outbox.stop()

    async def _read(self, caller: str, websocket: ServerConnection) -> None:
        """Take what a connection says, until it ends."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._settings.limits.join_time):
                text = await websocket.recv(decode=True)
        except TimeoutError:
            self._perform(self._exchange.timed_out(caller, loop.time()))
            text = await websocket.recv(decode=True)
        while True:
            self._perform(self._exchange.received(caller, text, loop.time()))
            # What has come in already comes without waiting: let the others have their turn.
            await asyncio.sleep(0)
            text = await websocket.recv(decode=True)

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send():
                    self._outboxes[effect.to].put(encode(effect.message))
                case Close():
                    self._outboxes[effect.to].close(effect.code, effect.reason)
                case _:
                    assert_never(effect)


class _Visit(ServerConnection):
    """A connection that is counted from its first moment to its last."""

    def __init__(self, *args: Any, gate: Gate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gate = gate
        self._address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve it, or end it while it has cost next to nothing."""
        assert isinstance(transport, asyncio.Transport)
        self._address = transport.get_extra_info("peername")[0]
        refusal = self._gate.enter(self._address)
        if refusal is None:
            super().connection_made(transport)
            return
        logger.debug("x %s: %s", self._address, refusal.value)
        # There is no handler that could miss it.
        transport.set_protocol(asyncio.Protocol())
        transport.write(f"HTTP/1.1 {refusal.value}\r\nConnection: close\r\n\r\n".encode())
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        super().connection_lost(exc)
        self._gate.leave(self._address)
