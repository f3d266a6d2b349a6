from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from musicbot.errors import RoomLost
from musicbot.service import Service


class FakeRoom:
    """A room that ends when it is told to."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name = name
        self.error = error
        self.running = asyncio.Event()
        self.end = asyncio.Event()
        self.closed = asyncio.Event()

    async def run(self) -> None:
        self.running.set()
        try:
            await self.end.wait()
            if self.error is not None:
                raise self.error
        finally:
            self.closed.set()


@asynccontextmanager
async def service_of(
    rooms: dict[str, FakeRoom], loads: list[int], capacity: int = 5
) -> AsyncIterator[Service]:
    service = Service(rooms.__getitem__, capacity=capacity, on_load=loads.append)
    try:
        yield service
    finally:
        await service.drain()


async def test_two_summons_make_one_room() -> None:
    rooms = {"a": FakeRoom("a")}
    loads: list[int] = []
    async with service_of(rooms, loads) as service:
        service.summon("a")
        service.summon("a")

        assert service.rooms == 1
        assert loads == [1]


async def test_a_room_that_was_left_can_be_summoned_again() -> None:
    rooms = {"a": FakeRoom("a")}
    loads: list[int] = []
    async with service_of(rooms, loads) as service:
        service.summon("a")
        rooms["a"].end.set()
        while service.rooms:
            await asyncio.sleep(0)
        rooms["a"] = FakeRoom("a")
        service.summon("a")
        await asyncio.wait_for(rooms["a"].running.wait(), 5)

        assert loads == [1, 0, 1]


async def test_a_full_bot_takes_no_further_room(caplog: pytest.LogCaptureFixture) -> None:
    rooms = {"a": FakeRoom("a"), "b": FakeRoom("b")}
    async with service_of(rooms, [], capacity=1) as service:
        service.summon("a")
        service.summon("b")

        assert service.rooms == 1
        assert "all 1 rooms are taken" in caplog.text


@pytest.mark.parametrize("error", [RoomLost("The server is gone."), ValueError("a bug")])
async def test_a_failing_room_is_logged_once_and_disturbs_no_other(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    rooms = {"a": FakeRoom("a", error), "b": FakeRoom("b")}
    async with service_of(rooms, []) as service:
        service.summon("a")
        service.summon("b")
        rooms["a"].end.set()
        while service.rooms > 1:
            await asyncio.sleep(0)

        assert [r for r in caplog.records if r.levelno >= logging.WARNING and "a:" in r.message]
        assert not rooms["b"].closed.is_set()


async def test_draining_ends_every_room() -> None:
    rooms = {"a": FakeRoom("a"), "b": FakeRoom("b")}
    async with service_of(rooms, []) as service:
        service.summon("a")
        service.summon("b")
        await rooms["a"].running.wait()
        await rooms["b"].running.wait()

    assert rooms["a"].closed.is_set()
    assert rooms["b"].closed.is_set()
