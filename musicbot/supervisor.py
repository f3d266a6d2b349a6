"""Keeps child processes running: what dies is started again, and all end together.

The standard input of a child is one end of a socket, of which we have the other.
Nothing is ever written to it: reading its end there tells the child that nobody
looks after it any more, however we died (see :mod:`signaling.lifeline`). What the
child writes to it tells us that the child is ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from musicbot.errors import ConfigError

logger = logging.getLogger(__name__)

RESTART_DELAYS: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each further start; the last one repeats."""

STEADY_TIME: Final = 30.0
"""Seconds after which a child counts as well."""

STOP_TIME: Final = 8.0
"""Seconds in which a bot has left its rooms."""

WRONG_SETTINGS: Final = 2
"""The exit code that says that another start would fail as well."""

_LIFELINE: Final = 0
"""Our end of the socket, in the child."""


def report_ready() -> None:
    """Tell whoever started this process with a lifeline that it can be used."""
    with contextlib.suppress(OSError):
        os.write(_LIFELINE, b"\n")


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Added to ours; secrets travel here, where no process list shows them."""
    on_ready: Callable[[], None] | None = None
    """Is called when it reports, after each start."""
    stop_time: float = STOP_TIME
    """Seconds it has to end before it is killed."""
    steady_time: float = STEADY_TIME
    """Seconds of running after which the delays begin anew."""


async def keep_running(child: Child) -> None:
    """Run a child, again whenever it ends, until this task is cancelled.

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
        if loop.time() - began > child.steady_time:
            failures = 0
        delay = RESTART_DELAYS[min(failures, len(RESTART_DELAYS) - 1)]
        failures += 1
        logger.warning("The %s ended (%s); starting again in %.1f s", child.name, code, delay)
        await asyncio.sleep(delay)


async def _run_once(child: Child) -> int:
    """Run a child to its end; return its exit code."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *child.argv,
                stdin=theirs.fileno(),
                env={**os.environ, **child.environment},
                # Ctrl-C in the terminal is for us; we tell the children.
                start_new_session=True,
            )
        report = asyncio.create_task(_await_report(ours, child))
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                await _stop(process, child.stop_time)
            report.cancel()
            await asyncio.wait([report])


async def _await_report(ours: socket.socket, child: Child) -> None:
    ours.setblocking(False)
    with contextlib.suppress(OSError):
        if await asyncio.get_running_loop().sock_recv(ours, 1) and child.on_ready is not None:
            child.on_ready()


async def _stop(process: asyncio.subprocess.Process, patience: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(patience):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
