"""The whole product, as ``musicbot up`` starts it, with listeners that are no browsers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from musicbot.opus.packets import SILENCE
from musicbot.transports.entrance import origin_of
from signaling.client import ConnectionLost, connect
from signaling.messages import PeerLeft
from tests.support.guest import Guest, guest_in
from tests.support.processes import catches, until
from tests.support.product import (
    MUSICBOT,
    Product,
    free_port,
    left_of,
    running_product,
)
from tests.support.receiver import Packet
from tests.support.tones import decode, level, make_tones

SECOND: Final = 50
"""Packets."""

ALONE: Final = 1.0
"""Seconds after which the bot leaves a room without people."""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    library = tmp_path_factory.mktemp("library")
    make_tones(library / "tuning fork.flac", left=440, right=880, seconds=20)
    with running_product("--library", str(library), "--alone-timeout", str(ALONE)) as product:
        yield product


def address(product: Product) -> str:
    return f"ws://127.0.0.1:{product.port}/ws"


async def by_command_line(product: Product, *words: str, room: str) -> tuple[int, str]:
    """Give a command by the command line; return its exit code and what it said."""
    done = await asyncio.to_thread(product.command, *words, room=room)
    return done.returncode, (done.stderr if done.returncode else done.stdout).strip()


async def playing(guest: Guest, state: str = "playing") -> None:
    """Wait until the music is in some state."""
    await guest.until(lambda: guest.state is not None and guest.state.state == state)


def music(packets: list[Packet]) -> list[bytes]:
    """Return what is no silence."""
    return [packet.payload for packet in packets if packet.payload != SILENCE]


async def test_two_people_hear_the_same_demo_in_stereo(product: Product) -> None:
    url = address(product)
    async with guest_in(url, "demo", "Ann") as ann, guest_in(url, "demo", "Bob") as bob:
        await ann.summon()
        reply = await ann.command("!demo")
        await playing(bob)
        await ann.until(lambda: min(len(music(each.packets)) for each in (ann, bob)) > SECOND)
        left, right = decode(music(bob.packets))

        assert reply.ok
        assert music(ann.packets)[:SECOND] == music(bob.packets)[:SECOND]
        assert ann.receivers[-1].gaps() == bob.receivers[-1].gaps() == []
        assert abs(left - right).max() > 0.1


async def test_words_find_a_file_of_the_library_and_each_ear_hears_its_own_tone(
    product: Product,
) -> None:
    async with guest_in(address(product), "library") as guest:
        code, told = await by_command_line(product, "play", "tuning fork", room="library")
        await playing(guest)
        await guest.until(lambda: len(music(guest.packets)) > 2 * SECOND)
        left, right = decode(music(guest.packets)[SECOND:])

        assert (code, "tuning fork" in told) == (0, True)
        assert level(left, 440) - level(left, 880) > 60
        assert level(right, 880) - level(right, 440) > 60


async def test_the_command_line_steers_what_is_heard(product: Product) -> None:
    async with guest_in(address(product), "remote") as guest:
        said = {}
        for command in ("demo", "np", "pause", "resume", "queue", "skip"):
            code, said[command] = await by_command_line(product, command, room="remote")
            assert code == 0, said
        await playing(guest, "idle")
        nothing = await by_command_line(product, "stop", room="remote")

        assert "Irisa demo" in said["np"]
        assert "The queue is empty" in said["queue"]
        assert nothing == (1, "Nothing is playing. Add a track with !play.")


async def test_a_pause_holds_the_position_but_not_the_time(product: Product) -> None:
    async with guest_in(address(product), "pause") as guest:
        await guest.summon()
        await guest.command("!demo")
        await playing(guest)
        await guest.command("!pause")
        await playing(guest, "paused")
        count = len(guest.packets)
        await guest.heard(count + SECOND)
        held = await guest.command("!np")
        await guest.heard(count + 2 * SECOND)
        still_held = await guest.command("!np")

        assert held.text == still_held.text
        assert {packet.payload for packet in guest.packets[count + 5 :]} == {SILENCE}
        assert guest.receivers[-1].is_paced()


async def test_the_bot_leaves_a_room_without_people_and_comes_again(product: Product) -> None:
    url = address(product)
    async with guest_in(url, "alone") as guest:
        await guest.summon()
        await guest.heard(1)
    await asyncio.to_thread(product.wait_until_told, "alone: left")
    async with guest_in(url, "alone") as guest:
        assert guest.news.items[0].peers == ()
        await guest.summon()

        await guest.heard(1)


async def test_the_music_goes_on_when_the_engine_is_killed(product: Product) -> None:
    async with guest_in(address(product), "engine") as guest:
        await guest.summon()
        await guest.command("!play tuning fork")
        await playing(guest)
        await guest.heard(len(guest.packets) + SECOND)
        before = set(engines(product))
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        count = len(guest.packets)
        await guest.heard(count + 3 * SECOND)
        after = guest.packets[count:]
        silent = sum(packet.payload == SILENCE for packet in after)
        assert set(engines(product)) - before
        assert silent < 2 * SECOND
        assert await position(guest) == pytest.approx(len(music(guest.packets)) / SECOND, abs=1.5)


async def position(guest: Guest) -> float:
    """Return how far into the track the music is, in seconds."""
    said = await guest.command("!np")
    minutes, seconds = re.findall(r"(\d+):(\d+) of", said.text)[0]
    return int(minutes) * 60 + int(seconds)


def engines(product: Product) -> list[int]:
    return [pid for pid, line in product.descendants().items() if "musicbot.engine" in line]


async def test_the_music_outlasts_a_killed_server() -> None:
    with running_product() as product:
        url = address(product)
        async with guest_in(url, "den") as guest:
            await guest.summon()
            await guest.command("!demo")
            await playing(guest)
            await guest.heard(2 * SECOND)
            os.kill(product.find("-m signaling"), signal.SIGKILL)
            await guest.heard(len(guest.packets) + SECOND)
            await until_reachable(url)
            async with guest_in(url, "den") as again:
                # The bot came back by itself, in the middle of its song.
                await playing(again)
                await again.heard(SECOND)

                assert guest.receivers[-1].gaps() == []
                assert await position(again) >= 3


async def until_reachable(url: str) -> None:
    """Wait until a server listens there."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(ConnectionLost):
                async with connect(url, origin=origin_of(url)):
                    return
            await asyncio.sleep(0.05)


async def test_a_killed_bot_is_replaced_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with running_product(environment={"TMPDIR": str(tmp_path)}) as product:
        async with guest_in(address(product), "den") as guest:
            await guest.summon()
            await guest.command("!demo")
            await playing(guest)
            bot = product.find("musicbot run")
            below = product.descendants(bot)
            os.kill(bot, signal.SIGKILL)
            await guest.until(lambda: any(isinstance(item, PeerLeft) for item in guest.news.items))
            heard = len(guest.receivers)
            # Nobody has summoned it: the server does.
            await guest.until(lambda: len(guest.receivers) > heard)

            assert (await guest.command("!demo")).ok
            assert below
            async with asyncio.timeout(15):
                await until(lambda: not left_of(below))

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_end_is_clean_in_the_middle_of_a_song(number: signal.Signals) -> None:
    with running_product() as product:
        async with guest_in(address(product), "den") as guest:
            await guest.summon()
            await guest.command("!demo")
            await playing(guest)
            await asyncio.to_thread(product.stop, number)
            left = [item for item in guest.news.items if isinstance(item, PeerLeft)]

    assert [item.reason for item in left] == ["left"]
    assert product.output.count("Irisa is ready") == 1
    assert "WARNING" not in product.output


async def test_nothing_outlives_a_supervisor_that_was_killed() -> None:
    with running_product() as product:
        async with guest_in(address(product), "den") as guest:
            await guest.summon()
            await guest.command("!demo")
            below = product.descendants()
            product.process.kill()
            product.process.wait()
            async with asyncio.timeout(15):
                await until(lambda: not left_of(below))

    assert len(below) >= 4


def test_a_port_that_is_taken_is_said_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = subprocess.run(
            [*MUSICBOT, "up", "--port", str(port)], capture_output=True, text=True, timeout=30
        )

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"port {port}" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize("delay", [0.0, 0.3, 1.5])
async def test_an_end_while_it_starts_is_no_traceback(delay: float) -> None:
    with starting() as process:
        # Python's own first steps, in which it may swallow a signal, are not ours.
        await until(lambda: catches(process.pid, signal.SIGINT), every=0.001)
        await until(lambda: not catches(process.pid, signal.SIGINT), every=0.001)
        await asyncio.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, errors = await asyncio.to_thread(process.communicate, timeout=20)

    # Before it can end in order, the signal itself ends it.
    assert process.returncode in (0, -signal.SIGINT)
    assert "Traceback" not in errors


def starting() -> subprocess.Popen[str]:
    """Start the product, and do not wait."""
    argv = [*MUSICBOT, "up", "--port", str(free_port())]
    return subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
