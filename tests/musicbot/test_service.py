from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from musicbot.errors import RoomLost
from musicbot.service import DRAIN_TIME, Service


class FakeRoom:
    """A room that ends when it is told to."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name = name
        self.error = error
        self.leaving = False
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


class Loads:
    """Keeps the loads that it is told."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self._changed = asyncio.Event()

    def tell(self, load: int) -> None:
        self.told.append(load)
        self._changed.set()

    async def reach(self, load: int) -> None:
        """Wait until it is told so much."""
        async with asyncio.timeout(5):
            while self.told[-1:] != [load]:
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def service_of(
    rooms: dict[str, FakeRoom], loads: Loads | None = None, capacity: int = 5
) -> AsyncIterator[Service]:
    loads = loads or Loads()
    service = Service(rooms.__getitem__, capacity=capacity, on_load=loads.tell)
    try:
        yield service
    finally:
        await service.drain()


async def test_two_summons_make_one_room() -> None:
    rooms = {"a": FakeRoom("a")}
    loads = Loads()
    async with service_of(rooms, loads) as service:
        service.summon("a")
        service.summon("a")

        assert service.rooms == 1
        rooms["a"].end.set()
        await loads.reach(0)

    assert loads.told == [1, 0]


async def test_a_room_that_was_left_can_be_summoned_again() -> None:
    rooms = {"a": FakeRoom("a")}
    loads = Loads()
    async with service_of(rooms, loads) as service:
        service.summon("a")
        rooms["a"].end.set()
        await loads.reach(0)
        rooms["a"] = FakeRoom("a")
        service.summon("a")
        await asyncio.wait_for(rooms["a"].running.wait(), 5)

        assert loads.told == [1, 0, 1]


async def test_a_room_that_is_being_left_is_entered_again_when_it_is_over() -> None:
    first, second = FakeRoom("a"), FakeRoom("a")
    rooms = {"a": first}
    loads = Loads()
    async with service_of(rooms, loads) as service:
        service.summon("a")
        await first.running.wait()
        first.leaving = True
        rooms["a"] = second
        service.summon("a")
        service.summon("a")
        assert not second.running.is_set()
        first.end.set()
        await asyncio.wait_for(second.running.wait(), 5)

        assert loads.told == [1, 0, 1]
        second.end.set()
        await loads.reach(0)

    assert loads.told == [1, 0, 1, 0]


async def test_draining_does_not_enter_a_room_again() -> None:
    rooms = {"a": FakeRoom("a")}
    loads = Loads()
    async with service_of(rooms, loads) as service:
        service.summon("a")
        await rooms["a"].running.wait()
        rooms["a"].leaving = True
        service.summon("a")

    assert loads.told == [1, 0]


async def test_a_room_that_cannot_be_made_is_logged_and_disturbs_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rooms = {"a": FakeRoom("a")}
    async with service_of(rooms) as service:
        service.summon("no such room")
        service.summon("a")

        assert service.rooms == 1
        assert "cannot be made" in caplog.text


@pytest.mark.virtual_time
async def test_a_room_that_does_not_end_holds_draining_up_for_no_longer_than_it_may(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Stubborn(FakeRoom):
        async def run(self) -> None:
            try:
                await super().run()
            except asyncio.CancelledError:
                await asyncio.sleep(DRAIN_TIME * 2)
                raise

    rooms: dict[str, FakeRoom] = {"a": Stubborn("a")}
    loop = asyncio.get_running_loop()
    async with service_of(rooms) as service:
        service.summon("a")
        await rooms["a"].running.wait()
        began = loop.time()
        await service.drain()

        assert loop.time() - began == pytest.approx(DRAIN_TIME)
        assert "did not end" in caplog.text
        await asyncio.sleep(DRAIN_TIME * 2)


async def test_a_full_bot_takes_no_further_room(caplog: pytest.LogCaptureFixture) -> None:
    rooms = {"a": FakeRoom("a"), "b": FakeRoom("b")}
    async with service_of(rooms, capacity=1) as service:
        service.summon("a")
        service.summon("b")

        assert service.rooms == 1
        assert "all 1 rooms are taken" in caplog.text


@pytest.mark.parametrize("error", [RoomLost("The server is gone."), ValueError("a bug")])
async def test_a_failing_room_is_logged_once_and_disturbs_no_other(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    rooms = {"a": FakeRoom("a", error), "b": FakeRoom("b")}
    loads = Loads()
    async with service_of(rooms, loads) as service:
        service.summon("a")
        service.summon("b")
        rooms["a"].end.set()
        await loads.reach(1)

        assert [r for r in caplog.records if r.levelno >= logging.WARNING and "a:" in r.message]
        assert not rooms["b"].closed.is_set()


async def test_draining_ends_every_room() -> None:
    rooms = {"a": FakeRoom("a"), "b": FakeRoom("b")}
    async with service_of(rooms) as service:
        service.summon("a")
        service.summon("b")
        await rooms["a"].running.wait()
        await rooms["b"].running.wait()

    assert rooms["a"].closed.is_set()
    assert rooms["b"].closed.is_set()


async def test_nobody_comes_any_more_while_the_rooms_are_left_for_good() -> None:
    rooms = {"a": FakeRoom("a"), "b": FakeRoom("b")}
    async with service_of(rooms) as service:
        service.summon("a")
        await rooms["a"].running.wait()
        await service.drain()
        service.summon("b")

        assert service.rooms == 0
