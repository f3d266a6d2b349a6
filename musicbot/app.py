"""The composition root: makes the parts of a bot process and joins them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable
from typing import Final

from musicbot.config import BotConfig, ServerConfig
from musicbot.engine.client import Engine, warm_up
from musicbot.errors import RoomLost
from musicbot.room import Deliver, Room
from musicbot.rtc.broadcast import Broadcaster
from musicbot.service import Service
from musicbot.sources.sources import Sources
from musicbot.supervisor import Child, keep_running
from musicbot.transports.mesh import MeshRoom

logger = logging.getLogger(__name__)

READY_TIME: Final = 15.0
"""Seconds that the signaling server has to answer after its start."""


async def up(
    server: ServerConfig, bot: BotConfig, *, announce: Callable[[str], None]
) -> None:
    """Run the signaling server and the bot until SIGINT or SIGTERM; restart what dies.

    Raises:
        ConfigError: If one of them does not start with these settings.
    """
    python = (sys.executable, "-m")
    children = (
        Child("signaling server", (*python, "signaling", "--end-with-stdin"), server.environment()),
        Child("bot", (*python, "musicbot", "run", "--end-with-stdin"), bot.environment()),
    )
    with _stopped_by_signals():
        try:
            async with asyncio.TaskGroup() as group:
                for child in children:
                    group.create_task(keep_running(child))
                group.create_task(_announce(server, announce))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None


async def _announce(server: ServerConfig, announce: Callable[[str], None]) -> None:
    """Tell where the page is, as soon as it is there."""
    port = urlsplit(server.page).port
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READY_TIME):
            while not await _listens(urlsplit(server.page).hostname, port):
                await asyncio.sleep(0.1)
            announce(f"Irisa is ready. Open {server.page}/r/lobby")


async def _listens(host: str | None, port: int | None) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


async def run_bot(config: BotConfig, *, end_with_stdin: bool = False) -> None:
    """Run a bot worker until SIGINT or SIGTERM.

    Args:
        end_with_stdin: End when the standard input does, which is when the
            process that looks after this one is gone.
    """
    with _stopped_by_signals():
        if end_with_stdin:
            await _watch_stdin()
        await warm_up()
        async with Sources(
            library=config.library, data=config.data, allow_net=config.allow_net
        ) as sources:
            broadcaster = Broadcaster()
            service = Service(
                lambda name: _room(name, config, sources, broadcaster),
                capacity=config.capacity,
            )
            # What is alive now stays alive: later collections need not look at it,
            # which takes the long ones from tens of milliseconds to none.
            gc.collect()
            gc.freeze()
            try:
                await serve(config.server, config.token, service)
            finally:
                await service.drain()
                await broadcaster.close()


def _room(name: str, config: BotConfig, sources: Sources, broadcaster: Broadcaster) -> Room:
    """Join the parts of one room."""

    def start_engine(deliver: Deliver) -> Engine:
        return Engine(deliver, allow_net=config.allow_net)

    def connect(deliver: Deliver, engine: Engine) -> MeshRoom:
        return MeshRoom(
            config.server,
            config.token,
            name,
            name=config.name,
            broadcast=broadcaster.channel(engine.next_payload),
            deliver=deliver,
        )

    return Room(
        name,
        start_engine=start_engine,
        connect=connect,
        sources=sources,
        alone_timeout=config.alone_timeout,
    )


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the block in order, as a cancellation."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield
    except asyncio.CancelledError:
        if not stopped:
            raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
