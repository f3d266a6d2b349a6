from __future__ import annotations

import asyncio
import json
import tracemalloc

import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.typing import Origin

from signaling import messages
from signaling.client import ConnectionLost, connect
from signaling.messages import (
    Candidate,
    Description,
    Error,
    Join,
    PeerChanged,
    PeerJoined,
    PeerLeft,
    RelayedSignal,
    Serve,
    Signal,
    Summon,
    Summoned,
    Welcome,
    encode,
)
from signaling.server import Settings, running
from tests.support.visitors import (
    TOKEN,
    ending,
    mute,
    names,
    open_house,
)


def signal(to: str, text: str = "") -> Signal:
    return Signal(to, description=Description("offer", text))


async def test_people_meet_talk_and_part() -> None:
    async with open_house() as house:
        ann = await house.enter("Ann")
        bob = await house.enter("Bob")
        await bob.send(signal(ann.id, "hello"))

        assert names(bob.welcome.peers) == ["Ann"]
        assert (await ann.hear(PeerJoined)).peer == bob.welcome.self_
        heard = await ann.hear(RelayedSignal)
        assert heard == RelayedSignal(bob.id, description=Description("offer", "hello"))

        await ann.send(messages.Leave())

        assert await ending(ann.connection) == ([], 1000)
        assert await bob.hear(PeerLeft) == PeerLeft(ann.id, "left")
        assert (await bob.hear(PeerChanged)).peer.role == "host"


async def test_ids_are_never_the_same() -> None:
    async with open_house() as house:
        visitors = [await house.enter("Ann", room=f"room {n}") for n in range(20)]

        assert len({visitor.id for visitor in visitors}) == 20


async def test_everybody_who_joins_at_once_sees_all_who_were_there_before() -> None:
    async with open_house() as house:
        visitors = await asyncio.gather(*(house.enter(f"P{n}") for n in range(16)))
        known = [set(names(visitor.welcome.peers)) for visitor in visitors]
        for visitor, seen in zip(visitors, known, strict=True):
            while len(seen) < 15:
                seen.add((await visitor.hear(PeerJoined)).peer.name)

        assert known == [{f"P{n}" for n in range(16)} - {f"P{i}"} for i in range(16)]
        assert sum(v.welcome.self_.role == "host" for v in visitors) == 1


async def test_who_says_nothing_is_turned_away() -> None:
    async with open_house(join_time=0.05) as house:
        connection = await house.connect()

        assert await ending(connection) == (["join-timeout"], 1008)


async def test_who_begins_to_say_something_must_end_in_time_as_well() -> None:
    async with open_house(join_time=0.1, stop_time=0.1) as house, mute(house) as endless:
        endless.begin('{"type":')

        await asyncio.wait_for(endless.cut(), 5)


async def test_a_message_of_64_kib_passes_and_a_longer_one_ends_the_connection() -> None:
    async with open_house() as house:
        ann = await house.enter("Ann")
        bob = await house.enter("Bob")
        room_left = messages.MAX_MESSAGE - len(encode(signal(ann.id)))

        await bob.send(signal(ann.id, "x" * room_left))
        await bob.send(signal(ann.id, "x" * (room_left + 1)))

        assert len((await ann.hear(RelayedSignal)).description.sdp) == room_left  # type: ignore[union-attr]
        assert await ending(bob.connection) == ([], 1009)
        assert await ann.hear(PeerLeft) == PeerLeft(bob.id, "lost")


async def test_a_claimed_sender_is_replaced_by_the_true_one() -> None:
    async with open_house() as house:
        ann = await house.enter("Ann")
        async with connect_websocket(house.url, origin=Origin(house.origin)) as websocket:
            await websocket.send(encode(Join("room", "Eve")))
            welcome = json.loads(await websocket.recv())
            forged = {"type": "signal", "to": ann.id, "from": ann.id, "candidate": None}
            await websocket.send(json.dumps(forged))

            assert (await ann.hear(RelayedSignal)).from_ == welcome["self"]["id"]


async def test_nothing_is_relayed_into_another_room() -> None:
    async with open_house() as house:
        ann = await house.enter("Ann")
        eve = await house.enter("Eve", room="elsewhere")
        await eve.send(signal(ann.id))
        await eve.send(messages.Leave())

        assert await ending(eve.connection) == (["no-such-peer"], 1000)
        await house.enter("Bob")
        assert isinstance(await ann.receive(), PeerJoined)


@pytest.mark.parametrize(
    "limits",
    [{"outbox": 128 * 1024, "stall_time": 30.0}, {"outbox": 2**30, "stall_time": 0.2}],
    ids=["too much waits", "it waits too long"],
)
async def test_who_does_not_read_is_cut_and_the_others_lose_nothing(
    limits: dict[str, float],
) -> None:
    async with open_house(message_burst=1e9, byte_burst=1e9, **limits) as house:
        ann = await house.enter("Ann")
        bob = await house.enter("Bob")
        async with mute(house) as eve:
            eve.send(Join("room", "Eve"))
            eve_id = (await bob.hear(PeerJoined)).peer.id
            count = 0

            async def flood() -> None:
                nonlocal count
                while True:
                    await ann.send(signal(eve_id, "x" * 60_000))
                    await ann.send(Signal(bob.id, candidate=Candidate(str(count))))
                    count += 1

            flooding = asyncio.create_task(flood())
            heard = []
            while not isinstance(message := await bob.receive(), PeerLeft):
                heard.append(message)
            flooding.cancel()
            await asyncio.wait([flooding])

            assert message == PeerLeft(eve_id, "slow")
            assert heard == [
                RelayedSignal(ann.id, candidate=Candidate(str(n))) for n in range(len(heard))
            ]
            assert count >= len(heard)
            for visitor in (ann, bob):
                await visitor.send(messages.Leave())
                await ending(visitor.connection)


async def test_who_reads_is_not_cut_however_much_comes_at_once() -> None:
    async with open_house(outbox=128 * 1024, message_burst=1e9, byte_burst=1e9) as house:
        ann = await house.enter("Ann")
        bob = await house.enter("Bob")
        large = signal(ann.id, "x" * 60_000)
        sending = [asyncio.create_task(bob.send(large)) for _ in range(30)]

        heard = [await ann.hear(RelayedSignal) for _ in sending]

        await asyncio.gather(*sending)
        assert len(heard) == 30


async def test_what_waits_for_those_who_do_not_read_is_bounded() -> None:
    outbox = 256 * 1024
    limits = {"message_burst": 1e9, "byte_burst": 1e9, "stall_time": 30.0, "outbox": outbox}
    async with open_house(**limits) as house, mute(house) as eve:
        ann = await house.enter("Ann")
        eve.send(Join("room", "Eve"))
        eve_id = (await ann.hear(PeerJoined)).peer.id
        leaving = asyncio.create_task(ann.hear(PeerLeft))
        tracemalloc.start()
        try:
            while not leaving.done():
                await ann.send(signal(eve_id, "x" * 60_000))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert (await leaving).reason == "slow"
        # Besides what waits there are the messages under way, at Ann's end as well.
        assert peak < outbox + 2**21
        await ann.send(messages.Leave())
        await ending(ann.connection)


async def test_who_does_not_answer_is_gone() -> None:
    async with open_house(ping_time=0.1, stop_time=0.1) as house:
        ann = await house.enter("Ann")
        async with mute(house) as dead:
            dead.send(Join("room", "Dead"))
            joined = await ann.hear(PeerJoined)

            assert await ann.hear(PeerLeft) == PeerLeft(joined.peer.id, "lost")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_pages_of_others_are_refused(origin: str) -> None:
    async with open_house() as house:
        with pytest.raises(ConnectionLost, match="403") as caught:
            await house.connect(origin=origin)

    assert caught.value.code is None


async def test_who_is_no_page_needs_the_token() -> None:
    async with open_house() as house:
        stranger = await house.connect(origin=None)
        bot = await house.connect(origin=None)
        await stranger.send(Join("room", "Eve"))
        await bot.send(Join("room", "Bot", "bot", token=TOKEN))

        assert await ending(stranger) == (["bad-token"], 1008)
        assert isinstance(await bot.receive(), Welcome)


async def test_the_least_loaded_worker_is_summoned_and_none_twice() -> None:
    async with open_house() as house:
        busy, idle = await house.connect(origin=None), await house.connect(origin=None)
        await busy.send(Serve(TOKEN, 5))
        await busy.send(messages.Load(2))
        await idle.send(Serve(TOKEN, 5))
        ann = await house.enter("Ann")
        bob = await house.enter("Bob", room="elsewhere")

        await ann.send(Summon())
        await ann.send(Summon())
        await bob.send(Summon())

        assert await idle.receive() == Summoned("room")
        assert await idle.receive() == Summoned("elsewhere")


async def test_without_a_worker_no_bot_comes() -> None:
    async with open_house() as house:
        ann = await house.enter("Ann")
        await ann.send(Summon())

        assert (await ann.hear(Error)).code == "no-bot"


async def test_everybody_is_asked_to_come_back_when_the_server_stops() -> None:
    async with open_house() as house:
        ann = await house.enter("Ann")
        worker = await house.connect(origin=None)
        await worker.send(Serve(TOKEN, 5))

        await house.server.stop()
        await house.server.stop()

        assert await ending(ann.connection) == ([], 1012)
        assert await ending(worker) == ([], 1012)
        with pytest.raises(ConnectionLost):
            await house.connect()


async def test_who_does_not_say_goodbye_does_not_keep_the_server_from_stopping() -> None:
    async with open_house(stop_time=0.2) as house:
        ann = await house.enter("Ann")
        async with mute(house) as rude:
            rude.send(Join("room", "Rude"))
            await ann.hear(PeerJoined)

            async with asyncio.timeout(1):
                await house.server.stop()


async def test_who_has_not_even_opened_a_websocket_does_not_either() -> None:
    async with open_house(stop_time=0.1) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        writer.write(b"GET /ws HTTP/1.1\r\n")
        await house.enter("Ann")

        async with asyncio.timeout(1):
            await house.server.stop()

        writer.close()
        assert await reader.read() == b""


async def test_who_only_holds_connections_is_refused_at_the_door_and_cut_in_time() -> None:
    async with open_house(connections=1, opening=2, join_time=0.5) as house:
        ann = await house.enter("Ann")
        silent = [await asyncio.open_connection("127.0.0.1", house.port) for _ in range(3)]
        for _, writer in silent[:2]:
            writer.write(b"GET / HTTP/1.1\r\nHost: ")
        answers = [await reader.read() for reader, _ in silent]
        await ann.send(messages.Leave())
        await ending(ann.connection)

        assert answers[:2] == [b"", b""]
        assert answers[2].startswith(b"HTTP/1.1 503 ")
        await house.enter("Bob")

    for _, writer in silent:
        writer.close()


async def test_binary_frames_and_broken_text_do_no_harm() -> None:
    async with open_house() as house:
        ann = await house.enter("Ann")
        async with connect_websocket(house.url, origin=Origin(house.origin)) as websocket:
            await websocket.send(encode(Join("room", "Bob")).encode())
            await websocket.recv()
            await websocket.send(b"\xff\xfe", text=True)
            await websocket.wait_closed()

        assert websocket.close_code == 1007
        assert (await ann.hear(PeerLeft)).reason == "lost"


async def test_who_comes_and_goes_leaves_nothing_behind() -> None:
    async with open_house() as house:
        for n in range(20):
            visitor = await house.enter("Ann", room=f"room {n % 5}")
            await visitor.send(messages.Leave())
            await ending(visitor.connection)
            async with connect(house.url, origin=house.origin) as connection:
                await connection.send(Join("room", "Bob"))
                await connection.receive()

    assert (house.server.rooms, house.server.connections) == (0, 0)
    assert [task for task in asyncio.all_tasks() if task.get_name() == "outbox"] == []


async def test_compression_is_not_agreed_to() -> None:
    async with (
        open_house() as house,
        connect_websocket(house.url, origin=Origin(house.origin)) as websocket,
    ):
        assert websocket.protocol.extensions == []


async def test_a_port_that_is_taken_is_told() -> None:
    async with open_house() as house:
        with pytest.raises(OSError, match="in use"):
            await running(Settings(port=house.port)).__aenter__()


def test_the_settings_do_not_show_the_token() -> None:
    assert TOKEN not in repr(Settings(token=TOKEN))
