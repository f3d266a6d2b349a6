"""The composition root: makes the parts of a bot process and joins them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Final

from musicbot.config import BotConfig, ServerConfig
from musicbot.engine.client import Engine, warm_up
from musicbot.errors import ConfigError
from musicbot.room import Deliver, Room
from musicbot.rtc.broadcast import Broadcaster
from musicbot.scratch import scratch_folder
from musicbot.service import Service
from musicbot.sources.sources import Sources
from musicbot.supervisor import Child, keep_running, report_ready
from musicbot.transports.mesh import MeshRoom
from musicbot.transports.worker import Worker
from signaling.descriptors import raise_limit
from signaling.lifeline import end_with_stdin

logger = logging.getLogger(__name__)

LOBBY: Final = "lobby"
"""The room that is shown to who has just started everything."""


async def up(
    server: ServerConfig, bot: BotConfig, *, log_level: str, announce: Callable[[str], None]
) -> None:
    """Run the signaling server and the bot until SIGINT or SIGTERM; restart what dies.

    Args:
        server: Settings of the signaling server.
        bot: Settings of the bot.
        log_level: How much both have to say.
        announce: Is told once, in a sentence, when and where all this can be used.

    Raises:
        ConfigError: If one of them does not start with these settings.
    """
    _demand_port(server)
    ready = asyncio.Event()
    # What a killed bot leaves there goes with it.
    with scratch_folder() as scratch, _stopped_by_signals():
        signaling, worker = _children(server, bot, log_level, scratch, on_ready=ready.set)
        try:
            # One in the other: the bot ends first, while it can still say goodbye.
            async with asyncio.TaskGroup() as outer:
                outer.create_task(keep_running(signaling))
                async with asyncio.TaskGroup() as inner:
                    inner.create_task(keep_running(worker))
                    # Once the server has taken the bot, it hands out the page as well.
                    await ready.wait()
                    announce(f"Irisa is ready. Open {server.page}/r/{LOBBY}")
        except ExceptionGroup as errors:
            raise _first(errors) from None


def _children(
    server: ServerConfig,
    bot: BotConfig,
    log_level: str,
    scratch: str,
    *,
    on_ready: Callable[[], None],
) -> tuple[Child, Child]:
    """Return the two processes that make up the product."""
    python = (sys.executable, "-m")
    signaling = Child(
        "signaling server",
        (*python, "signaling", "--end-with-stdin"),
        {**server.environment(), "SIGNALING_LOG_LEVEL": log_level},
    )
    worker = Child(
        "bot",
        (*python, "musicbot", "run", "--end-with-stdin"),
        {**bot.environment(), "MUSICBOT_LOG_LEVEL": log_level, "TMPDIR": scratch},
        on_ready=on_ready,
    )
    return signaling, worker


def _first(errors: ExceptionGroup[Exception]) -> Exception:
    error: Exception = errors
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _demand_port(server: ServerConfig) -> None:
    """Find out beforehand whether the server can listen: the bot might meet another one there.

    Raises:
        ConfigError: If it cannot.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            server.host or None, server.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.create_server(address, family=family):
            pass
    except OSError as error:
        raise ConfigError(
            f"Cannot listen on {server.host}, port {server.port}: {error.strerror or error}. "
            "Choose another one with --port."
        ) from error


async def run_bot(config: BotConfig, *, supervised: bool = False) -> None:
    """Run a bot worker until SIGINT or SIGTERM.

    Args:
        config: Its settings.
        supervised: Whether :mod:`musicbot.supervisor` started this process; then it
            also ends when the supervisor is gone.

    Raises:
        ConfigError: If the signaling server has another token.
    """
    with _stopped_by_signals():
        if supervised:
            end_with_stdin()
        # Every listener has a socket for each address of ours.
        raise_limit()
        await warm_up()
        async with Sources(
            library=config.library, data=config.data, allow_net=config.allow_net
        ) as sources:
            await _serve(config, sources, report_ready if supervised else _log_ready)


def _log_ready() -> None:
    logger.info("the signaling server may send us into rooms")


async def _serve(config: BotConfig, sources: Sources, on_ready: Callable[[], None]) -> None:
    """Come wherever the signaling server sends us."""
    worker = Worker(config.server, config.token, capacity=config.capacity, on_ready=on_ready)
    broadcaster = Broadcaster()
    service = Service(
        lambda name: _room(name, config, sources, broadcaster),
        capacity=config.capacity,
        on_load=worker.tell_load,
    )
    # What is alive by now stays alive: later collections need not look at it,
    # which takes the long ones from tens of milliseconds to none.
    gc.collect()
    gc.freeze()
    try:
        await worker.serve(service.summon)
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
        if not stopped:
            # A second signal must not break off the clearing up.
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
