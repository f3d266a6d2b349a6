from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Final

import pytest

from musicbot.errors import ConfigError
from musicbot.supervisor import Child, keep_running

NOTES: Final = """
import os, signal, sys, time
with open(sys.argv[1], "a") as notes:
    notes.write(f"{os.getpid()}\\n")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
time.sleep(60)
"""


def child_that_notes_its_start(notes: Path) -> Child:
    return Child("test", (sys.executable, "-c", NOTES, str(notes)))


async def starts(notes: Path, count: int) -> list[int]:
    """Wait until a child was started a number of times; return the process ids."""
    while True:
        lines = notes.read_text().split() if notes.exists() else []
        if len(lines) >= count:
            return [int(line) for line in lines]
        await asyncio.sleep(0.01)


async def test_a_child_that_was_killed_is_started_again(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    task = asyncio.create_task(keep_running(child_that_notes_its_start(notes)))
    async with asyncio.timeout(20):
        [first] = await starts(notes, 1)
        os.kill(first, signal.SIGKILL)

        [_, second] = await starts(notes, 2)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    assert not Path(f"/proc/{first}").exists()
    assert not Path(f"/proc/{second}").exists()


async def test_wrong_settings_are_not_tried_again() -> None:
    child = Child("test", (sys.executable, "-c", "import sys; sys.exit(2)"))

    with pytest.raises(ConfigError, match="test"):
        await asyncio.wait_for(keep_running(child), 20)


async def test_a_secret_of_the_environment_is_not_in_the_repr() -> None:
    child = Child("test", ("true",), {"TOKEN": "hush"})

    assert "hush" not in repr(child)
