from __future__ import annotations

import asyncio
import os
import signal
import socket

import pytest

from musicbot import app
from musicbot.config import BotConfig, ServerConfig
from musicbot.errors import ConfigError
from signaling.server import Server, Settings, running
from tests.support.guest import guest_in
from tests.support.processes import until
from tests.support.product import free_port

TOKEN = "of the bots"


def address(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}/ws"


async def test_a_bot_comes_plays_and_leaves_in_order_at_a_signal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    async with running(Settings(port=0, token=TOKEN)) as server:
        config = BotConfig(server=address(server), token=TOKEN)
        bot = asyncio.create_task(app.run_bot(config))
        async with guest_in(address(server), "den") as guest:
            await until(lambda: "may send us" in caplog.text)
            await guest.summon()
            reply = await guest.command("!demo")
            await guest.until(lambda: guest.state is not None and guest.state.state == "playing")
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(bot, 15)
            await guest.until(lambda: guest.has_seen_leave("left"))

        assert reply.ok


async def test_who_is_impatient_breaks_nothing_off() -> None:
    loop = asyncio.get_running_loop()
    began, clearing, taken, cleared = (asyncio.Event() for _ in range(4))

    async def work() -> None:
        with app._stopped_by_signals():
            try:
                began.set()
                await asyncio.Event().wait()
            finally:
                clearing.set()
                await taken.wait()
                cleared.set()

    running_work = asyncio.create_task(work())
    await began.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    await clearing.wait()
    loop.add_signal_handler(signal.SIGUSR1, taken.set)
    os.kill(os.getpid(), signal.SIGINT)
    # Signals are taken in the order in which they come.
    os.kill(os.getpid(), signal.SIGUSR1)
    await running_work
    loop.remove_signal_handler(signal.SIGUSR1)

    assert cleared.is_set()


async def test_a_bot_with_another_token_does_not_start() -> None:
    async with running(Settings(port=0, token="another")) as server:
        with pytest.raises(ConfigError, match="token"):
            await app.run_bot(BotConfig(server=address(server), token=TOKEN))


async def test_a_bot_that_is_cancelled_by_others_is_cancelled() -> None:
    config = BotConfig(server=f"ws://127.0.0.1:{free_port()}/ws", token=TOKEN)
    bot = asyncio.create_task(app.run_bot(config))
    await asyncio.sleep(0)
    bot.cancel()
    await asyncio.wait([bot])

    assert bot.cancelled()


async def test_up_does_not_start_on_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = ServerConfig(port=other.getsockname()[1], token=TOKEN)
        bot = BotConfig(server=server.socket, token=TOKEN)

        with pytest.raises(ConfigError, match="--port"):
            await app.up(server, bot, log_level="info", announce=print)


async def test_up_tells_where_the_room_is_and_ends_at_a_signal() -> None:
    server = ServerConfig(port=free_port(), token=TOKEN)
    bot = BotConfig(server=server.socket, token=TOKEN)
    told: list[str] = []

    def announce(text: str) -> None:
        told.append(text)
        os.kill(os.getpid(), signal.SIGINT)

    await asyncio.wait_for(app.up(server, bot, log_level="warning", announce=announce), 40)

    assert told == [f"Irisa is ready. Open {server.page}/r/lobby"]


async def test_a_child_that_does_not_start_with_its_settings_ends_everything() -> None:
    server = ServerConfig(port=free_port(), token=TOKEN, ice_servers=("nonsense",))
    bot = BotConfig(server=server.socket, token=TOKEN)

    with pytest.raises(ConfigError, match="signaling server does not start"):
        await asyncio.wait_for(app.up(server, bot, log_level="warning", announce=print), 40)
