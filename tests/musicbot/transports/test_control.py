from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from musicbot import messages
from musicbot.errors import RoomLost
from musicbot.rtc.broadcast import Broadcast
from musicbot.transports.control import send_command
from musicbot.transports.interface import PersonJoined, Said, TransportEvent
from musicbot.transports.mesh import MeshRoom
from musicbot.transports.worker import Worker
from signaling.client import connect
from signaling.messages import Description, Join, PeerJoined, Signal
from signaling.server import Settings, running
from tests.support.listening import on_air
from tests.support.product import free_port
from tests.support.receiver import News

TOKEN = "of the bots"

Answer = Callable[[messages.CommandMessage], list[str]]


@pytest.fixture
async def server() -> AsyncIterator[str]:
    async with running(Settings(port=0, token=TOKEN)) as server:
        yield f"ws://127.0.0.1:{server.port}/ws"


@pytest.fixture
async def music() -> AsyncIterator[Broadcast]:
    async with on_air() as music:
        yield music


def reply(id: int | str, text: str, *, ok: bool = True, done: bool = True) -> str:
    return messages.encode(messages.ReplyMessage(id=id, ok=ok, text=text, done=done))


class Bot:
    """A bot that answers commands as the test says."""

    def __init__(self, server: str, music: Broadcast, answer: Answer) -> None:
        self.news = News()
        self.mesh = MeshRoom(
            server, TOKEN, "den", name="Music bot", broadcast=music, deliver=self._take
        )
        self._answer = answer

    def _take(self, event: TransportEvent) -> None:
        self.news.add(event)
        match event:
            case Said(id=person, text=text):
                command = messages.decode_from_listener(text)
                assert isinstance(command, messages.CommandMessage)
                for line in self._answer(command):
                    self.mesh.send(person, line)
            case _:
                pass


@asynccontextmanager
async def bot_in(server: str, music: Broadcast, answer: Answer) -> AsyncIterator[Bot]:
    bot = Bot(server, music, answer)
    await bot.mesh.start()
    try:
        yield bot
    finally:
        await bot.mesh.close()


def agree(command: messages.CommandMessage) -> list[str]:
    return [reply(command.id, f"Did {command.text}.")]


async def ask(server: str, text: str = "!skip", *, timeout: float = 10.0) -> messages.ReplyMessage:
    return await send_command(server, "den", text, name="command line", timeout=timeout)


async def test_a_command_is_given_as_one_who_does_not_listen(server: str, music: Broadcast) -> None:
    async with bot_in(server, music, agree) as bot:
        answer = await ask(server)
        joined = [item.person for item in bot.news.items if isinstance(item, PersonJoined)]

        assert (answer.ok, answer.text) == (True, "Did !skip.")
        assert [(person.name, person.listens) for person in joined] == [("command line", False)]


async def test_only_the_last_answer_to_the_command_counts(server: str, music: Broadcast) -> None:
    def hesitate(command: messages.CommandMessage) -> list[str]:
        return [
            "nonsense",
            reply(command.id, "Looking…", done=False),
            reply("of another", "Nothing of yours."),
            reply(command.id, "Found nothing.", ok=False),
            reply(command.id, "Said twice."),
        ]

    async with bot_in(server, music, hesitate):
        answer = await ask(server)

        assert (answer.ok, answer.text) == (False, "Found nothing.")


async def test_a_bot_is_summoned_where_there_is_none(server: str, music: Broadcast) -> None:
    ready, called = asyncio.Event(), asyncio.Event()
    worker = Worker(server, TOKEN, capacity=1, on_ready=ready.set)
    serving = asyncio.create_task(worker.serve(lambda _: called.set()))
    await ready.wait()
    asking = asyncio.create_task(ask(server))
    await called.wait()
    async with bot_in(server, music, agree):
        answer = await asking

    assert answer.ok
    serving.cancel()


async def test_a_server_without_bots_says_so(server: str) -> None:
    with pytest.raises(RoomLost, match="No music bot is free"):
        await ask(server)


async def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(RoomLost, match="No server answers"):
        await ask(f"ws://127.0.0.1:{free_port()}/ws")


async def test_a_bot_that_does_not_answer_is_not_waited_for_for_ever(
    server: str, music: Broadcast
) -> None:
    async with bot_in(server, music, lambda _: []):
        with pytest.raises(RoomLost, match=r"did not answer within 0\.2 seconds"):
            await ask(server, timeout=0.2)


async def test_a_bot_that_leaves_without_an_answer_is_not_waited_for(
    server: str, music: Broadcast
) -> None:
    async with bot_in(server, music, lambda _: []) as bot:
        asking = asyncio.create_task(ask(server))
        await bot.news.until(lambda: any(isinstance(item, Said) for item in bot.news.items))
    with pytest.raises(RoomLost, match="left before it answered"):
        await asking


async def test_an_offer_that_cannot_be_used_is_explained(server: str) -> None:
    async with connect(server) as connection:
        await connection.send(Join(room="den", name="Odd bot", kind="bot", token=TOKEN))
        await connection.receive()
        asking = asyncio.create_task(ask(server))
        joined = await connection.receive()
        assert isinstance(joined, PeerJoined)
        offer = Description(type="offer", sdp="nonsense")
        await connection.send(Signal(to=joined.peer.id, description=offer))

        with pytest.raises(RoomLost, match="cannot be connected with"):
            await asking
