"""What waits to be sent to one peer: bounded, in order, and never in anybody's way."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from signaling.limits import Limits


@dataclass(frozen=True, slots=True)
class _Farewell:
    code: int
    reason: str


class Outbox:
    """Sends texts to one peer from a task of its own.

    A peer that reads too slowly is cut: the others would wait for it, or the
    server would run out of memory.
    """

    def __init__(self, websocket: ServerConnection, limits: Limits) -> None:
        self.slow = False
        """Whether the peer was cut because it did not read."""
        self._websocket = websocket
        self._limits = limits
        self._waiting: deque[bytes | _Farewell] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._run(), name="outbox")

    def put(self, text: str) -> None:
        """Send a text after what waits already; after :meth:`close` nothing is taken."""
        if self._closing:
            return
        data = text.encode()
        if self._size + len(data) > self._limits.outbox:
            self._cut()
            return
        self._size += len(data)
        self._waiting.append(data)
        self._filled.set()

    def close(self, code: int, reason: str) -> None:
        """Close the connection after what waits already."""
        if not self._closing:
            self._closing = True
            self._waiting.append(_Farewell(code, reason))
            self._filled.set()

    async def ended(self) -> None:
        """Wait until nothing can be sent any more."""
        await asyncio.wait([self._task])

    async def stop(self) -> None:
        """Send nothing any more; may be called twice."""
        self._closing = True
        self._task.cancel()
        await self.ended()

    async def _run(self) -> None:
        try:
            while await self._send_next():
                pass
        except ConnectionClosed:
            pass  # The reading side sees it as well, and tells the others.
        except TimeoutError:
            self._cut()

    async def _send_next(self) -> bool:
        """Send what waits longest; return whether there may be more."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        entry = self._waiting.popleft()
        if isinstance(entry, _Farewell):
            await self._websocket.close(entry.code, entry.reason)
            return False
        async with asyncio.timeout(self._limits.stall_time):
            await self._websocket.send(entry, text=True)
        self._size -= len(entry)
        return True

    def _cut(self) -> None:
        self.slow = True
        self._closing = True
        self._waiting.clear()
        self._websocket.transport.abort()
