"""The process of listeners, as the sending process sees it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

LIMIT: Final = 1 << 20
"""Bytes of the longest answer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What all listeners together got."""

    listeners: int
    packets: int
    gaps: int
    """Steps between sequence numbers that are not 1."""
    failures: int
    """Packets that SRTP did not accept."""
    longest: float
    """Most seconds between two packets of one listener."""


class Crowd:
    """Asks :mod:`tests.bench.ears`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._asking = asyncio.Lock()

    async def answer(self, offer: str) -> str:
        """Return a listener's answer."""
        return str((await self._ask(do="answer", sdp=offer))["sdp"])

    async def floor(self, keys: list[str]) -> list[int]:
        """Return the ports at which listeners wait for packets encrypted with these keys."""
        return list((await self._ask(do="floor", keys=keys))["ports"])

    async def mark(self) -> None:
        """Let all begin to count."""
        await self._ask(do="mark")

    async def tell(self) -> Heard:
        """Return what was heard since the mark."""
        return Heard(**await self._ask(do="tell"))

    async def _ask(self, **request: object) -> dict[str, Any]:
        async with self._asking:
            self._stdin.write(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(await self._stdout.readline())
        return answer


@asynccontextmanager
async def crowd() -> AsyncIterator[Crowd]:
    """Run a process of listeners."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.ears"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LIMIT,
    )
    try:
        yield Crowd(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
