"""One run of one way to send, in a process of its own, so that its CPU time is the way's alone.

``python -m tests.bench.sender <way> <listeners> <seconds>`` prints a :class:`Run` as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pylibsrtp
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer, MediaRelay

from musicbot.rtc.broadcast import Broadcast, Broadcaster
from musicbot.rtc.listener import Listener
from musicbot.rtc.private import gather_hosts
from tests.bench.crowd import Crowd, crowd
from tests.bench.ears import policy
from tests.support.tones import make_tones

PACKET_TIME: Final = 0.02
PACKETS: Final = 50
"""A second, to each listener."""

SETTLE_TIME: Final = 1.0
"""Seconds of sending before the time that is measured."""

JOINING: Final = 10
"""Listeners that connect at once."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run found."""

    cpu: float
    """Milliseconds of the sending process's CPU per listener and second."""
    rate: float
    """Packets per listener and second that arrived."""
    gaps: int
    failures: int
    packets: int


def ready_payloads() -> Callable[[], bytes]:
    """Return Opus as large as music at 128 kbit/s with a variable rate: about 443 bytes."""
    sizes = random.Random(1)
    payloads = [b"\xfc" + bytes(sizes.randint(380, 504)) for _ in range(500)]
    count = 0

    def next_payload() -> bytes:
        nonlocal count
        count += 1
        return payloads[count % len(payloads)]

    return next_payload


async def join(listeners: Crowd, room: Broadcast, count: int, stack: AsyncExitStack) -> None:
    """Connect listeners to a room, some at once."""
    for first in range(0, count, JOINING):
        some = range(min(JOINING, count - first))
        await asyncio.gather(*(_join(listeners, room, stack) for _ in some))


async def _join(listeners: Crowd, room: Broadcast, stack: AsyncExitStack) -> None:
    opened = asyncio.get_running_loop().create_future()
    listener = Listener(
        broadcast=room,
        ice_servers=[],
        loopback=True,
        on_open=lambda: opened.set_result(None),
        on_message=lambda _: None,
        on_closed=lambda reason: logging.error("A listener was lost: %s", reason),
        connect_time=60.0,
    )
    stack.push_async_callback(listener.close)
    offer = await listener.offer()
    await listener.accept(await listeners.answer(offer))
    await opened


@asynccontextmanager
async def ours(listeners: Crowd, count: int) -> AsyncIterator[Callable[[float], Awaitable[None]]]:
    """Send as the bot does, with packets that are ready."""
    broadcaster = Broadcaster()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(broadcaster.close)
        await join(listeners, broadcaster.channel(ready_payloads()), count, stack)
        # As the bot does once it has started.
        gc.collect()
        gc.freeze()
        yield asyncio.sleep


@asynccontextmanager
async def documented(
    listeners: Crowd, count: int
) -> AsyncIterator[Callable[[float], Awaitable[None]]]:
    """Send as aiortc's documentation does: a player, a relay, a connection for each listener."""
    with tempfile.TemporaryDirectory() as folder:
        file = make_tones(Path(folder) / "music.mp3", left=440, right=880, seconds=10)
        track = MediaPlayer(str(file), loop=True).audio
        assert track is not None
        relay = MediaRelay()
        # All at once: those who are connected leave no time for the others.
        await asyncio.gather(*(_connect(listeners, relay.subscribe(track)) for _ in range(count)))
        yield asyncio.sleep


async def _connect(listeners: Crowd, track: MediaStreamTrack) -> None:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sender = connection.addTrack(track)
    gather_hosts(sender.transport, loopback=True, timeout=1.0)
    changed = asyncio.Event()
    connection.on("connectionstatechange", changed.set)
    await connection.setLocalDescription(await connection.createOffer())
    answer = await listeners.answer(connection.localDescription.sdp)
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    while connection.connectionState != "connected":
        changed.clear()
        await changed.wait()


@asynccontextmanager
async def floor(listeners: Crowd, count: int) -> AsyncIterator[Callable[[float], Awaitable[None]]]:
    """Encrypt and send, and nothing else: no WebRTC, no event loop."""
    keys = [os.urandom(44) for _ in range(count)]
    sessions = [pylibsrtp.Session(policy(key, inbound=False)) for key in keys]
    ports = await listeners.floor([key.hex() for key in keys])
    targets = [
        (session, ("127.0.0.1", port)) for session, port in zip(sessions, ports, strict=True)
    ]
    next_payload = ready_payloads()
    sequence = 0

    async def send(seconds: float) -> None:
        nonlocal sequence
        start = time.perf_counter()
        for tick in range(round(seconds / PACKET_TIME)):
            # Nothing else runs in this process, and nothing shall.
            time.sleep(max(0.0, start + tick * PACKET_TIME - time.perf_counter()))  # noqa: ASYNC251
            sequence += 1
            packet = b"\x80\x60" + (sequence & 0xFFFF).to_bytes(2) + bytes(8) + next_payload()
            for session, address in targets:
                outgoing.sendto(session.protect(packet), address)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outgoing:
        yield send


WAYS: Final[Mapping[str, Callable[..., Any]]] = {
    "ours": ours,
    "documented": documented,
    "floor": floor,
}


async def measure(way: str, count: int, seconds: float) -> Run:
    """Connect, send for a while, and then measure."""
    async with crowd() as listeners, WAYS[way](listeners, count) as send:
        await send(SETTLE_TIME)
        await listeners.mark()
        start, busy = time.perf_counter(), time.process_time()
        await send(seconds)
        spent, passed = time.process_time() - busy, time.perf_counter() - start
        heard = await listeners.tell()
        run = Run(
            cpu=1000 * spent / passed / count,
            rate=heard.packets / passed / count,
            gaps=heard.gaps,
            failures=heard.failures,
            packets=heard.packets,
        )
        print(json.dumps(asdict(run)), flush=True)
        if way == "documented":
            # Its threads end only after all that they have begun to decode.
            os._exit(0)
        return run


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
