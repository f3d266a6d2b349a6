"""What a test asks about processes that it did not start itself."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def is_running(pid: int) -> bool:
    """Return whether a process runs; one that waits to be reaped does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(") ")[2][0] not in "ZX"


def catches(pid: int, number: signal.Signals) -> bool:
    """Return whether a process has a handler of its own for a signal; see proc(5)."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def written(path: Path) -> str:
    """Return what another process has written into a file so far."""
    return path.read_text() if path.exists() else ""


async def until(condition: Callable[[], T], *, every: float = 0.01) -> T:
    """Wait until a condition holds, asking every so many seconds; return what it returned."""
    while True:
        if value := condition():
            return value
        await asyncio.sleep(every)


async def read_when_written(path: Path) -> str:
    """Wait until another process has written something into a file."""
    return await until(lambda: written(path))


async def until_gone(pid: int) -> None:
    """Wait until a process has ended."""
    await until(lambda: not is_running(pid))
