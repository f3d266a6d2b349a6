from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from signaling.limits import Limits
from signaling.outbox import Outbox


@asynccontextmanager
async def outbox_to(
    read: Callable[[ClientConnection], Awaitable[Any]], **limits: Any
) -> AsyncIterator[tuple[Outbox, asyncio.Task[Any]]]:
    """Make an outbox to a client, and the task of its reading."""
    opened: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

    async def hold(websocket: ServerConnection) -> None:
        opened.set_result(websocket)
        await websocket.wait_closed()

    async with serve(hold, "127.0.0.1", 0, compression=None, close_timeout=0.2) as server:
        port = server.sockets[0].getsockname()[1]
        plug = socket.socket()
        # Otherwise the system would read megabytes in the place of who does not.
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plug.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plug, ("127.0.0.1", port))
        async with connect("ws://127.0.0.1", sock=plug, close_timeout=0.2) as client:
            outbox = Outbox(await opened, Limits(**limits))
            yield outbox, asyncio.create_task(_reading(read, client))
            await outbox.stop()


async def _reading(read: Callable[[ClientConnection], Awaitable[Any]], client: Any) -> Any:
    return await read(client)


async def read_all(client: ClientConnection) -> tuple[list[str | bytes], int | None]:
    texts: list[str | bytes] = []
    try:
        while True:
            texts.append(await client.recv())
    except ConnectionClosed:
        return texts, client.close_code


async def read_nothing(client: ClientConnection) -> None:
    client.transport.pause_reading()
    await asyncio.Event().wait()


async def test_everything_arrives_in_order_and_then_the_close() -> None:
    async with outbox_to(read_all) as (outbox, reading):
        texts = [f"message {n}" for n in range(100)]
        for text in texts:
            outbox.put(text)
        outbox.close(4321, "done")
        outbox.close(4322, "done again")
        outbox.put("too late")

        assert await reading == (texts, 4321)
        await outbox.ended()
        assert not outbox.slow


async def test_more_than_fits_cuts_the_peer() -> None:
    async with outbox_to(read_all, outbox=1000) as (outbox, reading):
        outbox.put("x" * 500)
        outbox.put("é" * 250)
        fits = not outbox.slow

        outbox.put("x")

        assert (fits, outbox.slow) == (True, True)
        assert await reading == ([], 1006)


async def test_a_single_message_that_waits_too_long_cuts_the_peer() -> None:
    async with outbox_to(read_nothing, outbox=2**24, stall_time=0.1) as (outbox, reading):
        outbox.put("x" * (2**24 - 1))

        await asyncio.wait_for(outbox.ended(), 5)

        assert outbox.slow
        reading.cancel()


async def test_a_peer_that_is_gone_is_not_slow() -> None:
    async def leave(client: ClientConnection) -> None:
        await client.close()

    async with outbox_to(leave) as (outbox, reading):
        await reading
        outbox.put("hello?")
        await outbox.ended()

        assert not outbox.slow


async def test_what_was_stopped_takes_nothing_and_can_be_stopped_again() -> None:
    async with outbox_to(read_nothing) as (outbox, reading):
        await outbox.stop()
        outbox.put("x")
        outbox.close(1000, "")

        await outbox.stop()

        assert not outbox.slow
        reading.cancel()


async def test_what_was_read_makes_room_for_more() -> None:
    async def read_one(client: ClientConnection) -> None:
        while True:
            await client.recv()
            arrived.set()

    arrived = asyncio.Event()
    async with outbox_to(read_one, outbox=1000) as (outbox, reading):
        for _ in range(10):
            outbox.put("x" * 900)
            await asyncio.wait_for(arrived.wait(), 5)
            arrived.clear()

        assert not outbox.slow
        reading.cancel()
