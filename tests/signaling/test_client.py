from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from signaling.client import Connection, ConnectionLost, connect
from signaling.messages import Join, Leave, Summon, Summoned, Welcome
from tests.support.visitors import open_house


@asynccontextmanager
async def answering(
    behave: Callable[[ServerConnection], Awaitable[None]],
) -> AsyncIterator[Connection]:
    """Connect with a server that behaves as the test says."""
    async with serve(behave, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/ws") as connection:
            yield connection


async def refusal(url: str, *, origin: str | None = None, timeout: float = 10) -> ConnectionLost:
    with pytest.raises(ConnectionLost) as caught:
        await connect(url, origin=origin, timeout=timeout).__aenter__()
    assert caught.value.code is None
    return caught.value


async def test_a_connection_speaks_with_the_server() -> None:
    async with open_house() as house, connect(house.url, origin=house.origin) as connection:
        await connection.send(Join("room", "Ann"))

        assert isinstance(await connection.receive(), Welcome)


async def test_a_server_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    lost = await refusal(f"ws://127.0.0.1:{port}/ws")

    assert str(lost).startswith(f"No server answers at ws://127.0.0.1:{port}/ws. Is it running")


async def test_a_server_that_refuses_is_told() -> None:
    async with open_house() as house:
        elsewhere = house.url.replace("/ws", "/elsewhere")

        assert "answered 403" in str(await refusal(house.url, origin="http://other.example"))
        assert "answered 404" in str(await refusal(elsewhere))


async def test_a_server_that_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"ws://127.0.0.1:{server.getsockname()[1]}/ws"

        assert "did not answer in time" in str(await refusal(url, timeout=0.05))


@pytest.mark.parametrize("url", ["http://127.0.0.1/ws", "ws:///ws", "nonsense", "ws://[x"])
async def test_what_is_no_address_is_told(url: str) -> None:
    assert "Cannot reach the server" in str(await refusal(url))


async def test_news_that_only_newer_programs_know_is_left_out() -> None:
    async def speak(websocket: ServerConnection) -> None:
        await websocket.send('{"type":"weather","sunny":true}')
        await websocket.send("neither JSON")
        await websocket.send('{"type":"summoned","room":"room","since":"today"}')
        await websocket.wait_closed()

    async with answering(speak) as connection:
        assert await connection.receive() == Summoned("room")


async def test_the_end_of_a_connection_says_why() -> None:
    async def close(websocket: ServerConnection) -> None:
        await websocket.close(1012, "The server restarts.")

    async with answering(close) as connection:
        with pytest.raises(ConnectionLost) as caught:
            await connection.receive()
        with pytest.raises(ConnectionLost):
            await connection.send(Summon())

    assert (caught.value.code, caught.value.reason) == (1012, "The server restarts.")
    assert str(caught.value) == "The server restarts. (1012)"


async def test_a_connection_that_breaks_off_is_told() -> None:
    async def break_off(websocket: ServerConnection) -> None:
        websocket.transport.abort()

    async with answering(break_off) as connection:
        with pytest.raises(ConnectionLost, match="broke off") as caught:
            await connection.receive()

    assert caught.value.code == 1006


async def test_the_connection_is_closed_with_the_block() -> None:
    closed: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def watch(websocket: ServerConnection) -> None:
        await websocket.wait_closed()
        closed.set_result(websocket.close_code)

    async with answering(watch) as connection:
        await connection.send(Leave())

    assert await closed == 1000
