"""One worker process as the bot sees it: started, asked, killed.

Its whole process group is killed, because yt-dlp may have started a JavaScript runtime.
A worker that failed to answer properly or in time is out of step, so it is ended; there
is no other way to make it stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from musicbot.core.texts import one_line
from musicbot.sources import wire
from musicbot.sources.wire import Failed, Found, Ready, Reply, Request

logger = logging.getLogger(__name__)

START_TIME: Final = 30.0
"""Seconds that a worker has to say that it is ready; on a busy machine it takes a few."""

LAST_WORDS_TIME: Final = 0.5
"""Seconds that its standard error has to end after its standard output did."""

LAST_WORDS: Final = 8
"""Lines of a worker's standard error that are kept to explain its death."""


class WorkerLost(Exception):
    """The worker ended, or said what made no sense."""


class WorkerProcess:
    """A running worker; made by :meth:`start`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.asked = 0
        """How many requests it was given."""
        self.javascript = False
        """Whether it has what YouTube needs."""
        self._process = process
        self._last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._notes = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, argv: Sequence[str], environment: Mapping[str, str]) -> WorkerProcess:
        """Start a worker and wait until it is ready.

        Args:
            argv: The program and its arguments.
            environment: All that it gets to see of ours.

        Raises:
            WorkerLost: If it does not become ready.
        """
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            cwd="/",
            limit=wire.MAX_LINE,
            start_new_session=True,
        )
        worker = cls(process)
        try:
            await worker._get_ready()
        except BaseException:
            await worker.end()
            raise
        return worker

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return self._process.returncode is None

    async def ask(self, request: Request) -> Found | Failed:
        """Send a request and wait for its answer.

        Raises:
            WorkerLost: If there is none.
        """
        self.asked += 1
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(wire.encode(request) + b"\n")
            await self._process.stdin.drain()
        except OSError as error:
            raise WorkerLost("It does not listen.") from error
        reply = await self._next()
        if isinstance(reply, Ready) or reply.id != request.id:
            raise WorkerLost("It answers what was not asked.")
        return reply

    async def end(self) -> None:
        """Kill it and all that it started; may be called twice."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        await self._process.wait()
        self._notes.cancel()
        await asyncio.wait([self._notes])
        # The transport would close the pipe itself, but only when it is collected.
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def _get_ready(self) -> None:
        try:
            async with asyncio.timeout(START_TIME):
                ready = await self._next()
        except TimeoutError:
            raise WorkerLost("It does not become ready.") from None
        if not isinstance(ready, Ready):
            raise WorkerLost("It answers before it was asked.")
        self.javascript = ready.javascript
        logger.debug("yt-dlp %s is ready (%s)", ready.version, self.pid)

    async def _next(self) -> Reply:
        assert self._process.stdout is not None
        try:
            return wire.decode_reply(await self._process.stdout.readuntil(b"\n"))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            await asyncio.wait([self._notes], timeout=LAST_WORDS_TIME)
            last_words = " / ".join(self._last_words) or "nothing"
            raise WorkerLost(f"It ended; the last that it said: {last_words}") from error
        except msgspec.DecodeError as error:
            raise WorkerLost("It speaks nonsense.") from error

    async def _listen(self) -> None:
        """Log what yt-dlp has to say, which quotes strangers."""
        assert self._process.stderr is not None
        while block := await self._process.stderr.read(4096):
            for line in block.decode(errors="replace").splitlines():
                note = one_line(line)
                self._last_words.append(note)
                logger.debug("yt-dlp: %s", note)
