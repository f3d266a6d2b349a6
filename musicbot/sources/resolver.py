"""Asks yt-dlp, in processes of its own, what a link or words lead to.

One worker is always kept warm, and usually does it all, one request after another. While
it is busy with something slow, others start and end again. What is about to be played
never waits for what is being looked up.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.wire import Found, LookUp, Open, Request, Search, Target
from musicbot.sources.workerprocess import WorkerLost, WorkerProcess

logger = logging.getLogger(__name__)

LOOK_UP_TIME: Final = 20.0
"""Seconds that looking at one link may take."""

SEARCH_TIME: Final = 30.0
"""Seconds that a search may take."""

LOOK_UPS: Final = 2
"""How many look-ups and searches are under way at once: a slow one holds up no other."""

WORKERS: Final = 3
"""How many workers there are at most; what look-ups leave is for opening."""

PATIENCE: Final = 0.5
"""Seconds after which a request that finds all workers busy gets a new one."""

MAX_WAITING: Final = 20
"""How many may wait; beyond that, people are asked to try again later."""

MAX_ASKED: Final = 500
"""Requests after which a worker is replaced, for yt-dlp's memory grows."""

ATTEMPTS: Final = 2
"""How often something is asked if the worker dies over it."""


class Resolver:
    """Runs workers and gives each caller its answer.

    Args:
        argv: The worker's program and arguments.
        environment: All that it gets to see of ours.
        look_up_time: See :data:`LOOK_UP_TIME`.
        patience: See :data:`PATIENCE`.
        max_asked: See :data:`MAX_ASKED`.
    """

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        look_up_time: float = LOOK_UP_TIME,
        patience: float = PATIENCE,
        max_asked: int = MAX_ASKED,
    ) -> None:
        self._argv = argv
        self._environment = environment
        self._look_up_time = look_up_time
        self._patience = patience
        self._max_asked = max_asked
        self._ids = itertools.count(1)
        self._look_ups = _Line(LOOK_UPS)
        self._workers = _Line(WORKERS)
        self._spare: asyncio.Future[WorkerProcess] | None = None
        """The worker for whoever asks next, perhaps still starting."""
        self._starting = 0
        self._busy = 0
        self._returned = asyncio.Event()
        self._closed = False
        self._warned = False

    def warm_up(self) -> None:
        """Start a worker for the next request, unless there is one."""
        if self._spare is None and not self._closed:
            self._spare = asyncio.create_task(self._start())

    async def look_up(self, target: Target) -> Found:
        """List what a link leads to.

        Raises:
            SourceError: If it leads to nothing that can be played.
        """
        async with self._look_ups.place(), self._workers.place():
            return await self._ask(lambda id: LookUp(id, target), self._look_up_time)

    async def search(self, words: str) -> Found:
        """Find the piece that words mean.

        Raises:
            SourceError: If none is found.
        """
        async with self._look_ups.place(), self._workers.place():
            return await self._ask(lambda id: Search(id, words), SEARCH_TIME)

    async def open(self, target: Target) -> Found:
        """Find out how one piece is fetched.

        Raises:
            SourceError: If it cannot be.
        """
        async with self._workers.place():
            return await self._ask(lambda id: Open(id, target), self._look_up_time)

    async def close(self) -> None:
        """End all workers; whoever still asks must have been cancelled before."""
        self._closed = True
        spare, self._spare = self._spare, None
        if spare is None:
            return
        spare.cancel()
        await asyncio.wait([spare])
        if not spare.cancelled() and spare.exception() is None:
            await spare.result().end()

    async def _ask(self, make: Callable[[int], Request], limit: float) -> Found:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._ask_once(make(next(self._ids)), limit)
            except TimeoutError:
                raise SourceError(
                    SourceErrorKind.TIMEOUT,
                    f"That took longer than {limit:.0f} seconds to look up, so I gave up;"
                    " try another link.",
                ) from None
            except (WorkerLost, OSError) as error:
                logger.warning("Lost the yt-dlp worker (attempt %s): %s", attempt, error)
        raise SourceError(
            SourceErrorKind.BROKEN, "That cannot be looked up at the moment; try again later."
        )

    async def _ask_once(self, request: Request, limit: float) -> Found:
        async with self._worker() as worker, asyncio.timeout(limit):
            reply = await worker.ask(request)
        if isinstance(reply, Found):
            return reply
        raise SourceError(reply.kind, reply.text)

    @contextlib.asynccontextmanager
    async def _worker(self) -> AsyncIterator[WorkerProcess]:
        """Have a worker for the block; if that raises, the worker is ended."""
        await self._be_patient()
        self._busy += 1
        try:
            worker = await self._take()
            sound = False
            try:
                yield worker
                sound = worker.asked < self._max_asked
            finally:
                # Whatever was raised, the worker may still be at work on the request.
                await self._give_back(worker, sound=sound)
        finally:
            self._busy -= 1
            self._returned.set()

    async def _be_patient(self) -> None:
        """Wait for a worker that will soon be free: most requests take less than a start."""
        while self._spare is None and self._busy:
            self._returned.clear()
            try:
                async with asyncio.timeout(self._patience):
                    await self._returned.wait()
            except TimeoutError:
                if not self._starting:
                    return

    async def _take(self) -> WorkerProcess:
        spare, self._spare = self._spare, None
        if spare is not None:
            worker = await spare
            if worker.alive:
                return worker
            await worker.end()
        return await self._start()

    async def _give_back(self, worker: WorkerProcess, *, sound: bool) -> None:
        if sound and self._spare is None and not self._closed:
            self._spare = asyncio.get_running_loop().create_future()
            self._spare.set_result(worker)
        else:
            self.warm_up()
            await worker.end()

    async def _start(self) -> WorkerProcess:
        self._starting += 1
        try:
            worker = await WorkerProcess.start(self._argv, self._environment)
        finally:
            self._starting -= 1
        if not worker.javascript and not self._warned:
            self._warned = True
            logger.warning(
                "There is no JavaScript runtime, so most of YouTube will not play;"
                " install the package's extra 'youtube'."
            )
        return worker


class _Line:
    """Where callers wait for one of a few places; who finds it too long is sent away."""

    def __init__(self, places: int) -> None:
        self._free = asyncio.Semaphore(places)
        self._waiting = 0

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place and have it for the block.

        Raises:
            SourceError: If too many wait already.
        """
        if self._waiting >= MAX_WAITING:
            raise SourceError(
                SourceErrorKind.TIMEOUT,
                "Too much is being looked up at once; try again in a moment.",
            )
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()
