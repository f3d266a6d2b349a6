"""Whatever else the bot does, those who listen lose nothing: the whole product, real listeners."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest

from musicbot.opus.packets import SILENCE
from tests.support.guest import Guest, guest_in
from tests.support.product import Product, running_product
from tests.support.tones import make_sound, packets
from tests.support.web import Web

SECOND: Final = 50
"""Packets."""

PATIENCE: Final = 30.0
"""Seconds for what takes a few, on a machine that has other work too."""

SONGS: Final = {"long.webm": 45, "short.ogg": 4, "other.mp3": 30}
"""Names and seconds."""


def rising(time: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sound like no moment before."""
    return 0.5 * np.sin(2 * np.pi * (200 + 10 * time) * time)


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    for name, seconds in SONGS.items():
        make_sound(folder / name, (rising, rising), seconds=seconds)
    return folder


@pytest.fixture(scope="module")
def web(songs: Path) -> Iterator[Web]:
    with Web() as web:
        web.folder("/", songs)
        for name in SONGS:
            web.audio_page(f"/{name}.html", web.url(f"/{name}"))
        web.slow_page("/slow.html", web.url("/other.mp3"), seconds=2.0)
        yield web


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with running_product("--allow-net", "127.0.0.0/8") as product:
        yield product


def address(product: Product) -> str:
    return f"ws://127.0.0.1:{product.port}/ws"


def music(guest: Guest) -> list[bytes]:
    """Return what a guest has heard, from the first sound to the last, with all between."""
    heard = [packet.payload for packet in guest.packets]
    loud = [number for number, payload in enumerate(heard) if payload != SILENCE]
    return heard[loud[0] : loud[-1] + 1] if loud else []


def assert_nothing_is_lost(guest: Guest) -> None:
    (receiver,) = guest.receivers
    assert receiver.gaps() == []
    assert receiver.is_paced()
    assert receiver.failures == 0


async def test_a_file_of_opus_is_heard_to_the_bit_from_its_first_packet_to_its_last(
    product: Product, web: Web, songs: Path
) -> None:
    async with guest_in(address(product), "short") as guest:
        await guest.summon()
        await starts(guest, web.url("/short.ogg.html"))
        await guest.until(lambda: guest.state is not None and guest.state.state == "idle")

        assert_nothing_is_lost(guest)
        assert music(guest) == packets(songs / "short.ogg")


async def test_whoever_listens_loses_nothing_while_the_bot_is_busy(
    product: Product, web: Web, songs: Path
) -> None:
    url = address(product)
    async with AsyncExitStack() as stack:
        elsewhere = await in_room(stack, url, "elsewhere")
        await elsewhere.summon()
        await starts(elsewhere, web.url("/other.mp3.html"))
        guest = await in_room(stack, url, "busy")
        await guest.summon()
        await starts(guest, web.url("/long.webm.html"))
        slow, crowd = await asyncio.gather(
            guest.command(f"!play {web.url('/slow.html')}", patience=PATIENCE),
            asyncio.gather(*(joining(stack, url, f"Guest {number}") for number in range(10))),
        )
        await guest.heard(len(guest.packets) + SECOND)

        assert slow.ok
        original = packets(songs / "long.webm")
        for each in (guest, *crowd):
            assert_nothing_is_lost(each)
            heard = music(each)
            start = original.index(heard[0])
            assert heard == original[start : start + len(heard)]
        assert music(guest)[0] == original[0]
        assert_nothing_is_lost(elsewhere)


async def in_room(stack: AsyncExitStack, url: str, room: str, name: str = "Ann") -> Guest:
    """Be in a room until the stack is unwound."""
    return await stack.enter_async_context(guest_in(url, room, name))


async def starts(guest: Guest, link: str) -> None:
    """Have a link played, and hear a second of it."""
    assert (await guest.command(f"!play {link}", patience=PATIENCE)).ok
    await hears(guest)


async def joining(stack: AsyncExitStack, url: str, name: str) -> Guest:
    """Join the room with the music, and hear a second of it."""
    guest = await in_room(stack, url, "busy", name)
    await hears(guest)
    return guest


async def hears(guest: Guest) -> None:
    await guest.until(lambda: len(music(guest)) > SECOND, patience=PATIENCE)
