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
from musicbot.supervisor import Child, keep_running, report_ready
from tests.support.processes import is_running, until, written

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
    lines = await until(lambda: len(found := written(notes).split()) >= count and found)
    return [int(line) for line in lines or ()]


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

    assert not is_running(first)
    assert not is_running(second)


async def test_wrong_settings_are_not_tried_again() -> None:
    child = Child("test", (sys.executable, "-c", "import sys; sys.exit(2)"))

    with pytest.raises(ConfigError, match="test"):
        await asyncio.wait_for(keep_running(child), 20)


async def test_a_secret_of_the_environment_is_not_in_the_repr() -> None:
    child = Child("test", ("true",), {"TOKEN": "hush"})

    assert "hush" not in repr(child)


REPORTING: Final = """
import os
from musicbot.supervisor import report_ready
report_ready()
os.read(0, 1)
"""

STUBBORN: Final = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "a") as notes:
    notes.write(f"{os.getpid()}\\n")
time.sleep(60)
"""


async def test_a_child_tells_when_it_is_ready() -> None:
    ready = asyncio.Event()
    child = Child("test", (sys.executable, "-c", REPORTING), on_ready=ready.set)
    task = asyncio.create_task(keep_running(child))
    await asyncio.wait_for(ready.wait(), 20)
    task.cancel()
    await asyncio.wait([task])


async def test_a_child_that_will_not_end_is_killed(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    child = Child("test", (sys.executable, "-c", STUBBORN, str(notes)), stop_time=0.1)
    task = asyncio.create_task(keep_running(child))
    async with asyncio.timeout(20):
        [pid] = await starts(notes, 1)
        task.cancel()
        await asyncio.wait([task])

    assert not is_running(pid)


async def test_a_child_that_keeps_dying_is_started_less_and_less_often(
    caplog: pytest.LogCaptureFixture,
) -> None:
    child = Child("test", (sys.executable, "-c", "import sys; sys.exit(3)"))
    task = asyncio.create_task(keep_running(child))
    async with asyncio.timeout(20):
        await until(lambda: len(caplog.records) >= 3)
    task.cancel()
    await asyncio.wait([task])

    assert [record.getMessage() for record in caplog.records[:3]] == [
        "The test ended (3); starting again in 0.2 s",
        "The test ended (3); starting again in 0.5 s",
        "The test ended (3); starting again in 1.0 s",
    ]


async def test_a_child_that_ran_well_for_a_while_is_started_again_soon(
    caplog: pytest.LogCaptureFixture,
) -> None:
    child = Child("test", (sys.executable, "-c", "import sys; sys.exit(3)"), steady_time=0.0)
    task = asyncio.create_task(keep_running(child))
    async with asyncio.timeout(20):
        await until(lambda: len(caplog.records) >= 2)
    task.cancel()
    await asyncio.wait([task])

    assert "in 0.2 s" in caplog.records[1].getMessage()


def test_a_report_to_nobody_is_no_error(tmp_path: Path) -> None:
    # The standard input of the tests is none that can be written to.
    report_ready()
