"""How long a listener waits for a packet at worst while the bot is busy with something else.

``python -m tests.bench.stalls <repeats>`` prints, as JSON, the worst gaps in milliseconds by event.
The one who listens, those who join and the web server each have a process of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from musicbot.core.media import HttpMedia
from musicbot.core.tracks import PlayId
from musicbot.engine.client import Engine, warm_up
from musicbot.rtc.broadcast import Broadcaster
from musicbot.sources.sources import Sources
from tests.bench.crowd import Crowd, crowd
from tests.bench.sender import SETTLE_TIME, join, ready_payloads

TIME: Final = 3.0
"""Seconds that an event is watched at least."""

JOINERS: Final = 10
ALLOWED: Final = ("127.0.0.0/8",)

Event = Callable[[], Awaitable[None]]


class Bot:
    """The parts of the bot that keep it busy, and one who listens meanwhile."""

    def __init__(self, web: str, observer: Crowd, others: Crowd, sources: Sources) -> None:
        self._web = web
        self._observer = observer
        self._others = others
        self._sources = sources
        self._broadcaster = Broadcaster()

    async def begin(self, stack: AsyncExitStack) -> None:
        """Let somebody listen."""
        stack.push_async_callback(self._broadcaster.close)
        room = self._broadcaster.channel(ready_payloads())
        await join(self._observer, room, 1, stack)
        gc.collect()
        gc.freeze()
        await asyncio.sleep(SETTLE_TIME)

    async def worst_gap(self, event: Event) -> float:
        """Return the most milliseconds between two packets while something happens."""
        await self._observer.mark()
        await event()
        heard = await self._observer.tell()
        if heard.gaps or heard.failures:
            raise RuntimeError(f"Packets were lost: {heard}")
        return 1000 * heard.longest

    async def rest(self) -> None:
        """Do nothing else."""
        await asyncio.sleep(TIME)

    async def resolve(self) -> None:
        """Let yt-dlp read a large page that comes slowly."""
        await self._sources.look_up(f"{self._web}/slow")

    async def let_join(self) -> None:
        """Let ten more listeners join at once, and leave."""
        async with AsyncExitStack() as stack:
            await join(self._others, self._broadcaster.channel(ready_payloads()), JOINERS, stack)
            await asyncio.sleep(SETTLE_TIME)

    async def transcode(self) -> None:
        """Let a second room play an MP3 to somebody."""
        engine = Engine(lambda _: None, allow_net=ALLOWED)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(engine.close)
            room = self._broadcaster.channel(engine.next_payload)
            await join(self._others, room, 1, stack)
            engine.open(PlayId(1), HttpMedia(f"{self._web}/music.mp3"))
            engine.release()
            await asyncio.sleep(TIME)
            if not engine.position:
                raise RuntimeError("The second room did not play.")


@asynccontextmanager
async def web_server() -> AsyncIterator[str]:
    """Run the web server; give its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.website"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


async def measure(repeats: int) -> dict[str, list[float]]:
    """Return the worst gaps of each event, one of each repeat."""
    await warm_up()
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(web_server())
        observer = await stack.enter_async_context(crowd())
        others = await stack.enter_async_context(crowd())
        sources = Sources(library=None, data=None, allow_net=ALLOWED)
        await stack.enter_async_context(sources)
        bot = Bot(web, observer, others, sources)
        await bot.begin(stack)
        # The resolver loads what it needs in the first seconds.
        await bot.resolve()
        events: dict[str, Event] = {
            "quiet": bot.rest,
            "yt-dlp reads a slow page of 2 MB": bot.resolve,
            f"{JOINERS} listeners join": bot.let_join,
            "a second room transcodes": bot.transcode,
        }
        worst: dict[str, list[float]] = {name: [] for name in events}
        for _ in range(repeats):
            for name, event in events.items():
                worst[name].append(await bot.worst_gap(event))
    return worst


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(asyncio.run(measure(int(sys.argv[1])))), flush=True)
