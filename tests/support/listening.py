"""The bot's side of a connection on loopback, with the callbacks turned into news."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from musicbot.rtc.broadcast import Broadcast, Broadcaster
from musicbot.rtc.link import CONNECT_TIME
from musicbot.rtc.listener import Listener
from musicbot.rtc.outlet import Outlet
from tests.support.receiver import News, Receiver


def numbered_payloads() -> Callable[[], bytes]:
    """Return a room's music: packets that tell their number and are as long as usual."""
    count = 0

    def next_payload() -> bytes:
        nonlocal count
        count += 1
        return b"\xfc" + count.to_bytes(4) + bytes(438)

    return next_payload


def listener(
    broadcast: Broadcast | None, *, connect_time: float = CONNECT_TIME
) -> tuple[Listener, News]:
    """Return the bot's end of a connection, and what it tells."""
    news = News()
    made = Listener(
        broadcast=broadcast,
        ice_servers=[],
        loopback=True,
        on_open=lambda: news.add("open"),
        on_message=news.add,
        on_closed=lambda reason: news.add(("closed", reason)),
        connect_time=connect_time,
    )
    return made, news


async def connect(end: Listener, receiver: Receiver) -> None:
    """Let a listener and a receiver find each other."""
    await end.accept(await receiver.answer(await end.offer()))


@dataclass(frozen=True, slots=True)
class Connected:
    """A room, and one who hears it."""

    room: Broadcast
    listener: Listener
    news: News
    receiver: Receiver

    @property
    def outlet(self) -> Outlet:
        """The listener's sending end."""
        outlet = self.listener._outlet
        assert outlet is not None
        return outlet


@asynccontextmanager
async def on_air(next_payload: Callable[[], bytes] | None = None) -> AsyncIterator[Broadcast]:
    """Run the broadcast of a room."""
    broadcaster = Broadcaster()
    try:
        yield broadcaster.channel(next_payload or numbered_payloads())
    finally:
        await broadcaster.close()


@asynccontextmanager
async def connected(
    room: Broadcast | None = None, *, lose: Callable[[int], bool] = lambda _: False
) -> AsyncIterator[Connected]:
    """Connect a listener, to a room of its own unless one is given."""
    async with AsyncExitStack() as stack:
        if room is None:
            room = await stack.enter_async_context(on_air())
        end, news = listener(room)
        stack.push_async_callback(end.close)
        receiver = Receiver(lose=lose)
        stack.push_async_callback(receiver.close)
        await connect(end, receiver)
        await news.wait_for("open")
        yield Connected(room, end, news, receiver)
