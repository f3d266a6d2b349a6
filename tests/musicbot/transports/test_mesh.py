from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from musicbot.errors import RoomLost
from musicbot.rtc.broadcast import Broadcast
from musicbot.transports.entrance import enter, origin_of
from musicbot.transports.interface import (
    Lost,
    PersonChanged,
    PersonJoined,
    PersonLeft,
    Reachable,
    Said,
    TransportEvent,
)
from musicbot.transports.mesh import MeshRoom
from signaling.messages import Join, Kick, Leave, PeerJoined, PeerLeft, RelayedSignal, Rename
from signaling.server import Server, Settings, running
from tests.support.guest import guest_in
from tests.support.listening import on_air
from tests.support.receiver import News

TOKEN = "of the bots"


def address(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}/ws"


@asynccontextmanager
async def serving(port: int = 0) -> AsyncIterator[Server]:
    async with running(Settings(port=port, token=TOKEN)) as server:
        yield server


@asynccontextmanager
async def bot_in(
    server: str, broadcast: Broadcast, room: str = "den"
) -> AsyncIterator[tuple[MeshRoom, News]]:
    news = News()
    mesh = MeshRoom(server, TOKEN, room, name="Music bot", broadcast=broadcast, deliver=news.add)
    await mesh.start()
    try:
        yield mesh, news
    finally:
        await mesh.close()


async def test_who_is_there_and_who_comes_later_both_hear_the_music() -> None:
    async with serving() as server, on_air() as music:
        url = address(server)
        async with guest_in(url, "den", "Ann") as ann, bot_in(url, music) as (mesh, news):
            await ann.heard(10)
            async with guest_in(url, "den", "Bob") as bob:
                await bob.heard(10)
                await news.wait_for(Reachable(bob.id))

                assert mesh.listeners == 2
                joined = [item.person for item in news.items if isinstance(item, PersonJoined)]
                assert [(p.name, p.host, p.listens) for p in joined] == [
                    ("Ann", True, True),
                    ("Bob", False, True),
                ]


async def test_messages_go_both_ways() -> None:
    async with serving() as server, on_air() as music:
        url = address(server)
        async with bot_in(url, music) as (mesh, news), guest_in(url, "den") as guest:
            await guest.until(lambda: guest.can_talk)
            guest.receivers[-1].say("to the bot")
            await news.wait_for(Said(guest.id, "to the bot"))
            mesh.send("nobody", "lost")
            mesh.send(guest.id, "to you")
            mesh.send_to_all("to all")
            await guest.news.wait_for("to all")

            assert [item for item in guest.news.items if isinstance(item, str)] == [
                "to you",
                "to all",
            ]


async def test_who_leaves_is_reported_and_the_others_hear_on() -> None:
    async with serving() as server, on_air() as music:
        url = address(server)
        async with bot_in(url, music) as (mesh, news), guest_in(url, "den", "Ann") as ann:
            async with guest_in(url, "den", "Bob") as bob:
                await bob.heard(5)
                await news.until(lambda: mesh.listeners == 2)
            await news.wait_for(PersonLeft(bob.id))
            await ann.heard(len(ann.packets) + 10)

            assert mesh.listeners == 1
            assert ann.receivers[-1].gaps() == []


async def test_another_name_and_another_role_are_reported() -> None:
    async with serving() as server, on_air() as music:
        url = address(server)
        async with (
            guest_in(url, "den", "Ann") as ann,
            guest_in(url, "den", "Bob") as bob,
            bot_in(url, music) as (_, news),
        ):
            await bob.tell_server(Rename("Bo"))
            await ann.tell_server(Leave())
            await news.wait_for(PersonLeft(ann.id))
            await news.until(lambda: len(changes(news)) == 2)

            assert changes(news) == [("Bo", False), ("Bo", True)]


def changes(news: News) -> list[tuple[str, bool]]:
    changed = [item.person for item in news.items if isinstance(item, PersonChanged)]
    return [(person.name, person.host) for person in changed]


async def test_the_music_goes_on_while_the_server_restarts_and_then_begins_anew() -> None:
    async with on_air() as music, AsyncExitStack() as stack:
        async with serving() as server:
            url, port = address(server), server.port
            mesh, news = await stack.enter_async_context(bot_in(url, music))
            ann = await stack.enter_async_context(guest_in(url, "den", "Ann"))
            await ann.heard(5)
        await ann.heard(len(ann.packets) + 20)
        async with serving(port), guest_in(url, "den", "Ann again") as again:
            await again.heard(5)
            await ann.heard(len(ann.packets) + 5)

            assert ann.receivers[-1].gaps() == []
            assert PersonLeft(ann.id) in news.items
            assert mesh.listeners == 1


async def test_whoever_stayed_is_met_anew_when_the_bot_comes_back_under_another_id() -> None:
    async with serving() as server, on_air() as music:
        url = address(server)
        async with guest_in(url, "den") as guest, bot_in(url, music) as (mesh, news):
            await guest.heard(5)
            assert mesh._stay._connection is not None
            mesh._stay._connection._websocket.transport.abort()
            # Of what went to the old id nothing comes any more, so there is a new offer.
            await guest.until(lambda: len(guest.receivers) == 2)
            await guest.heard(5)

            met = [type(item) for item in news.items if not isinstance(item, Reachable)]
            assert met == [PersonJoined, PersonLeft, PersonJoined]


async def test_a_peer_that_answers_nonsense_is_offered_again_and_disturbs_nobody() -> None:
    async with serving() as server, on_air() as music:
        url = address(server)
        async with (
            bot_in(url, music) as (mesh, _),
            guest_in(url, "den", "Mallory", honest=False) as mallory,
            guest_in(url, "den", "Ann") as ann,
        ):
            await mallory.until(lambda: len(mallory.receivers) == 2)
            await ann.heard(10)

            assert mesh.listeners == 1
            assert ann.receivers[-1].gaps() == []


async def test_who_closes_the_connection_but_stays_is_offered_another() -> None:
    async with serving() as server, on_air() as music:
        url = address(server)
        async with bot_in(url, music), guest_in(url, "den") as guest:
            await guest.heard(5)
            await guest.receivers[-1].close()
            await guest.until(lambda: len(guest.receivers) == 2)

            await guest.heard(5)


async def test_a_bot_that_was_sent_away_does_not_come_back() -> None:
    async with serving() as server, on_air() as music:
        url = address(server)
        async with guest_in(url, "den") as host, bot_in(url, music) as (_, news):
            await host.heard(1)
            bot = next(item.peer for item in host.news.items if isinstance(item, PeerJoined))
            await host.tell_server(Kick(bot.id))
            await news.until(lambda: any(isinstance(item, Lost) for item in news.items))
            await host.until(lambda: PeerLeft(bot.id, "kicked") in host.news.items)


async def test_a_room_that_cannot_be_joined_says_why() -> None:
    async with serving() as server, on_air() as music:
        mesh = MeshRoom(address(server), "wrong", "den", name="Bot", broadcast=music, deliver=print)
        with pytest.raises(RoomLost, match="token"):
            await mesh.start()
        await mesh.close()


async def test_closing_says_goodbye_and_leaves_nothing_running() -> None:
    async with serving() as server, on_air() as music:
        url = address(server)
        async with guest_in(url, "den") as guest:
            before = asyncio.all_tasks()
            async with bot_in(url, music) as (mesh, _):
                await guest.heard(1)
            await mesh.close()
            left = [item for item in guest.news.items if isinstance(item, PeerLeft)]

            assert [item.reason for item in left] == ["left"]
            assert {
                task for task in asyncio.all_tasks() - before if "line" in task.get_name()
            } == set()


async def test_a_bot_that_another_replaces_does_not_come_back() -> None:
    async with serving() as server, on_air() as music:
        url = address(server)
        async with guest_in(url, "den") as guest, bot_in(url, music) as (_, first_news):
            await guest.heard(1)
            async with bot_in(url, music) as (second, second_news):
                await first_news.until(lambda: isinstance(first_news.items[-1], Lost))
                await second_news.wait_for(Reachable(guest.id))

                assert second.listeners == 1
                assert len(guest.receivers) == 2


async def test_a_fault_of_the_bot_is_a_lost_room(caplog: pytest.LogCaptureFixture) -> None:
    told: list[TransportEvent] = []

    def deliver(event: TransportEvent) -> None:
        told.append(event)
        if isinstance(event, PersonJoined):
            raise RuntimeError("a bug")

    async with serving() as server, on_air() as music:
        url = address(server)
        mesh = MeshRoom(url, TOKEN, "den", name="Music bot", broadcast=music, deliver=deliver)
        await mesh.start()
        async with guest_in(url, "den") as guest:
            await guest.until(lambda: guest.has_seen_leave("lost") or guest.has_seen_leave("left"))
        await mesh.close()

    assert isinstance(told[-1], Lost)
    assert "a bug" in caplog.text


async def test_a_room_that_was_never_started_can_be_closed() -> None:
    async with on_air() as music:
        mesh = MeshRoom(
            "ws://127.0.0.1:9/ws", TOKEN, "den", name="Bot", broadcast=music, deliver=print
        )
        await mesh.close()

        assert mesh.listeners == 0


async def test_offers_to_those_who_come_at_once_are_spread() -> None:
    async with serving() as server, on_air() as music, AsyncExitStack() as stack:
        url = address(server)
        loop = asyncio.get_running_loop()

        async def offered(number: int) -> float:
            """Be in the room; return when the bot's offer comes."""
            join = Join(room="den", name=f"Guest {number}")
            connection, _ = await stack.enter_async_context(enter(url, join, origin=origin_of(url)))
            inside.put_nowait(number)
            while not isinstance(await connection.receive(), RelayedSignal):
                pass
            return loop.time()

        inside: asyncio.Queue[int] = asyncio.Queue()
        guests = [asyncio.create_task(offered(number)) for number in range(10)]
        for _ in guests:
            await inside.get()
        began = loop.time()
        await stack.enter_async_context(bot_in(url, music))
        times = sorted(await asyncio.gather(*guests))

        assert [time - began >= 0.05 * n for n, time in enumerate(times)] == [True] * 10
