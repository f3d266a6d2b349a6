from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from musicbot.errors import RoomLost
from musicbot.transports.stay import SentAway, Stay
from signaling.messages import Join, Kick, PeerLeft, Rename, Welcome
from signaling.server import Server, Settings, running
from tests.support.guest import guest_in
from tests.support.product import free_port
from tests.support.receiver import News

TOKEN = "of the bots"
BOT = Join(room="den", name="Music bot", kind="bot", token=TOKEN)


def address(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}/ws"


def welcomes(news: News) -> int:
    return sum(isinstance(item, Welcome) for item in news.items)


@asynccontextmanager
async def staying(
    url: str, *, patience: float = 60.0
) -> AsyncIterator[tuple[asyncio.Task[None], News, Stay]]:
    news = News()
    stay = Stay(url, BOT, news.add, patience=patience)
    task: asyncio.Task[None] = asyncio.create_task(stay.run())
    try:
        await news.until(lambda: welcomes(news) == 1)
        yield task, news, stay
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_stay_outlasts_a_restart_of_the_server() -> None:
    async with AsyncExitStack() as stack:
        async with running(Settings(port=0, token=TOKEN)) as server:
            url, port = address(server), server.port
            _, news, _ = await stack.enter_async_context(staying(url))
        async with running(Settings(port=port, token=TOKEN)):
            await news.until(lambda: welcomes(news) == 2)


async def test_a_server_that_is_not_ready_at_the_first_attempt_is_asked_again() -> None:
    refused = News()

    def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        refused.add("an attempt")

    async with AsyncExitStack() as stack:
        async with running(Settings(port=0, token=TOKEN)) as server:
            url, port = address(server), server.port
            _, news, _ = await stack.enter_async_context(staying(url))
        async with await asyncio.start_server(refuse, "127.0.0.1", port):
            await refused.wait_for("an attempt")
        async with running(Settings(port=port, token=TOKEN)):
            await news.until(lambda: welcomes(news) == 2)


async def test_a_server_that_stays_away_is_a_lost_room() -> None:
    async with AsyncExitStack() as stack:
        async with running(Settings(port=0, token=TOKEN)) as server:
            task, _, stay = await stack.enter_async_context(staying(address(server), patience=0.5))
        await stay.send(Rename("nobody hears this"))
        with pytest.raises(RoomLost, match="No server answers"):
            await asyncio.wait_for(task, 10)


async def test_a_room_that_was_never_joined_is_lost_at_once() -> None:
    stay = Stay(f"ws://127.0.0.1:{free_port()}/ws", BOT, print)

    with pytest.raises(RoomLost, match="No server answers"):
        await asyncio.wait_for(stay.run(), 5)


async def test_who_was_sent_away_stays_away() -> None:
    async with running(Settings(port=0, token=TOKEN)) as server:
        url = address(server)
        async with guest_in(url, "den") as host, staying(url) as (task, news, _):
            bot = next(item.self_ for item in news.items if isinstance(item, Welcome))
            await host.tell_server(Kick(bot.id))

            with pytest.raises(SentAway, match="removed"):
                await asyncio.wait_for(task, 5)


async def test_the_end_of_a_stay_is_a_goodbye() -> None:
    async with running(Settings(port=0, token=TOKEN)) as server:
        url = address(server)
        async with guest_in(url, "den") as guest:
            async with staying(url):
                pass
            await guest.until(lambda: isinstance(guest.news.items[-1], PeerLeft))

            assert [item.reason for item in guest.news.items if isinstance(item, PeerLeft)] == [
                "left"
            ]
