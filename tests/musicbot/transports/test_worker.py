from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from musicbot.errors import ConfigError
from musicbot.transports.worker import Worker
from signaling.messages import Error
from signaling.server import Server, Settings, running
from tests.support.guest import guest_in
from tests.support.product import free_port
from tests.support.receiver import News

TOKEN = "of the bots"


def address(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}/ws"


@asynccontextmanager
async def working(url: str, *, load: int = 0) -> AsyncIterator[tuple[Worker, News]]:
    news = News()
    worker = Worker(url, TOKEN, capacity=5, on_ready=lambda: news.add("ready"))
    worker.tell_load(load)
    task = asyncio.create_task(worker.serve(news.add))
    try:
        yield worker, news
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_worker_comes_where_it_is_summoned() -> None:
    async with running(Settings(port=0, token=TOKEN)) as server:
        url = address(server)
        async with working(url) as (_, news), guest_in(url, "den") as guest:
            await news.wait_for("ready")
            await guest.summon()

            await news.wait_for("den")


async def test_a_worker_waits_for_a_server_that_is_not_there_yet() -> None:
    port = free_port()
    async with working(f"ws://127.0.0.1:{port}/ws") as (_, news):
        await asyncio.sleep(0)
        async with running(Settings(port=port, token=TOKEN)):
            await news.wait_for("ready")


async def test_a_worker_comes_back_after_a_restart() -> None:
    async with AsyncExitStack() as stack:
        async with running(Settings(port=0, token=TOKEN)) as server:
            url, port = address(server), server.port
            _, news = await stack.enter_async_context(working(url))
            await news.wait_for("ready")
        async with running(Settings(port=port, token=TOKEN)):
            await news.until(lambda: news.items == ["ready", "ready"])


async def test_a_full_worker_is_asked_no_more() -> None:
    async with running(Settings(port=0, token=TOKEN)) as server:
        url = address(server)
        async with working(url, load=5) as (worker, news), guest_in(url, "den") as guest:
            await news.wait_for("ready")
            await guest.summon()
            await guest.until(lambda: isinstance(guest.news.items[-1], Error))
            assert "den" not in news.items

            worker.tell_load(4)
            # The report and the next summons come on two connections.
            while "den" not in news.items:
                await guest.summon()
                await asyncio.sleep(0.2)


async def test_another_token_is_a_wrong_setting() -> None:
    async with running(Settings(port=0, token="another")) as server:
        worker = Worker(address(server), TOKEN, capacity=1, on_ready=lambda: None)

        with pytest.raises(ConfigError, match="token"):
            await asyncio.wait_for(worker.serve(lambda _: None), 10)
