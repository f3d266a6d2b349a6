"""Keeps child processes running: what dies is started again, and all end together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from musicbot.errors import ConfigError

logger = logging.getLogger(__name__)

RESTART_DELAYS: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each further start; the last one repeats."""

STEADY_TIME: Final = 30.0
"""Seconds after which a child counts as well and the delays begin anew."""

STOP_TIME: Final = 8.0
"""Seconds a child has to end before it is killed."""

WRONG_SETTINGS: Final = 2
"""The exit code that says that another start would fail as well."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Added to ours; secrets travel here, where no process list shows them."""
    on_line: Callable[[str], None] | None = None
    """Takes each line of its standard output, which goes where ours goes otherwise."""


async def keep_running(child: Child) -> None:
    """Run a child, again whenever it ends, until this task is cancelled.

    Its standard input stays open as long as we live: a child that reads its end
    there knows that nobody looks after it any more.

    Raises:
        ConfigError: If the child says that its settings are wrong.
    """
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        began = loop.time()
        code = await _run_once(child)
        if code == WRONG_SETTINGS:
            raise ConfigError(f"The {child.name} does not start with these settings; see above.")
        if loop.time() - began > STEADY_TIME:
            failures = 0
        delay = RESTART_DELAYS[min(failures, len(RESTART_DELAYS) - 1)]
        failures += 1
        logger.warning("The %s ended (%s); starting again in %.1f s", child.name, code, delay)
        await asyncio.sleep(delay)


async def _run_once(child: Child) -> int:
    """Run a child to its end; return its exit code."""
    process = await asyncio.create_subprocess_exec(
        *child.argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=None if child.on_line is None else asyncio.subprocess.PIPE,
        env={**os.environ, **child.environment},
        # Ctrl-C in the terminal is for us; we tell the children.
        start_new_session=True,
    )
    try:
        if child.on_line is not None and process.stdout is not None:
            await _read_lines(process.stdout, child.on_line)
        return await process.wait()
    finally:
        if process.returncode is None:
            await _stop(process)


async def _read_lines(output: asyncio.StreamReader, take: Callable[[str], None]) -> None:
    # A line too long to be one is passed over in pieces.
    while True:
        try:
            line = await output.readline()
        except ValueError:
            continue
        if not line:
            return
        take(line.decode(errors="replace").rstrip())


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_TIME):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
