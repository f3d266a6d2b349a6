"""Asks yt-dlp, in processes of its own, what a link or words lead to.

One worker is always kept warm, and usually does it all, one request after another. While
it is busy with something slow, others start and end again. What is about to be played
never waits for what is being looked up, and rooms take turns (:mod:`musicbot.sources.turns`).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.turns import Turn, Turns
from musicbot.sources.wire import Found, LookUp, Open, Request, Search, Target
from musicbot.sources.workerprocess import WorkerLost, WorkerProcess

logger = logging.getLogger(__name__)

LOOK_UP_TIME: Final = 20.0
"""Seconds that looking at one link may take."""

SEARCH_TIME: Final = 30.0
"""Seconds that a search may take."""

LOOK_UPS: Final = 3
"""How many look-ups and searches are under way at once; one room has one less at most."""

OPENS: Final = 2
"""How many are opened at once; these places are their own, so no look-up is in the way."""

WORKERS: Final = LOOK_UPS + OPENS
"""How many workers are busy at most; there may be one more, which is warm."""

PATIENCE: Final = 0.5
"""Seconds after which a request that finds all workers busy gets a new one."""

FORESIGHT: Final = 5.0
"""Seconds after which whoever still waits for an answer is taken for slow, and a worker
started for the next, who would have to wait for the start otherwise."""

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
        foresight: See :data:`FORESIGHT`.
        max_asked: See :data:`MAX_ASKED`.
    """

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        look_up_time: float = LOOK_UP_TIME,
        patience: float = PATIENCE,
        foresight: float = FORESIGHT,
        max_asked: int = MAX_ASKED,
    ) -> None:
        self._argv = argv
        self._environment = environment
        self._look_up_time = look_up_time
        self._patience = patience
        self._foresight = foresight
        self._max_asked = max_asked
        self._ids = itertools.count(1)
        # Half of the time that it may take is slow.
        self._look_ups = _Line(Turns(LOOK_UPS, slow=look_up_time / 2))
        self._opens = _Line(Turns(OPENS, slow=look_up_time / 2))
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

    async def look_up(self, target: Target, *, room: str = "") -> Found:
        """List what a link leads to.

        Args:
            target: The link.
            room: Who asks; rooms take turns.

        Raises:
            SourceError: If it leads to nothing that can be played, or too many wait.
        """
        async with self._look_ups.place(room) as turn:
            return await self._ask(lambda id: LookUp(id, target), self._look_up_time, turn)

    async def search(self, words: str, *, room: str = "") -> Found:
        """Find the piece that words mean.

        Raises:
            SourceError: If none is found, or too many wait.
        """
        async with self._look_ups.place(room) as turn:
            return await self._ask(lambda id: Search(id, words), SEARCH_TIME, turn)

    async def open(self, target: Target, *, room: str = "") -> Found:
        """Find out how one piece is fetched.

        Raises:
            SourceError: If it cannot be, or too many wait.
        """
        async with self._opens.place(room) as turn:
            return await self._ask(lambda id: Open(id, target), self._look_up_time, turn)

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

    async def _ask(self, make: Callable[[int], Request], limit: float, turn: Turn) -> Found:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._ask_once(make(next(self._ids)), limit, turn)
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

    async def _ask_once(self, request: Request, limit: float, turn: Turn) -> Found:
        async with self._worker() as worker, asyncio.timeout(limit):
            began = _now()
            foresight = asyncio.get_running_loop().call_later(self._foresight, self.warm_up)
            try:
                reply = await worker.ask(request)
            finally:
                foresight.cancel()
                # It counts also if it was given up. The start of a worker is nobody's fault.
                turn.spent += _now() - began
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

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._calls: dict[Turn, asyncio.Future[bool]] = {}
        """Tells those in the line whether they may go ahead or have to leave."""

    @contextlib.asynccontextmanager
    async def place(self, room: str) -> AsyncIterator[Turn]:
        """Wait for a place and have it for the block.

        Raises:
            SourceError: If too many wait already.
        """
        turn = Turn(room)
        called = self._calls[turn] = asyncio.get_running_loop().create_future()
        try:
            sent_away = self._turns.join(turn)
            if sent_away is not None:
                self._call(sent_away, may_run=False)
            self._call_next()
            if not await called:
                raise SourceError(
                    SourceErrorKind.TIMEOUT,
                    "Too much is being looked up at once; try again in a moment.",
                )
            yield turn
        finally:
            del self._calls[turn]
            self._turns.end(turn, _now())
            self._call_next()

    def _call_next(self) -> None:
        while (turn := self._turns.next(_now())) is not None:
            self._call(turn, may_run=True)

    def _call(self, turn: Turn, *, may_run: bool) -> None:
        called = self._calls[turn]
        # Who was cancelled a moment ago is still in the line, but about to leave it.
        if not called.done():
            called.set_result(may_run)


def _now() -> float:
    return asyncio.get_running_loop().time()
