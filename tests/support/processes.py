"""What a test asks about processes that it did not start itself."""

from __future__ import annotations

import asyncio
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


def written(path: Path) -> str:
    """Return what another process has written into a file so far."""
    return path.read_text() if path.exists() else ""


async def until(condition: Callable[[], T]) -> T:
    """Wait until a condition holds; return what it returned."""
    while True:
        if value := condition():
            return value
        await asyncio.sleep(0.01)


async def read_when_written(path: Path) -> str:
    """Wait until another process has written something into a file."""
    return await until(lambda: written(path))


async def until_gone(pid: int) -> None:
    """Wait until a process has ended."""
    await until(lambda: not is_running(pid))
