from __future__ import annotations

import asyncio
import threading
import time

import pytest

from tests.support.virtual_time import VirtualTimeLoop


@pytest.mark.virtual_time
async def test_an_hour_passes_at_once() -> None:
    loop = asyncio.get_running_loop()
    began, began_really = loop.time(), time.monotonic()

    await asyncio.sleep(3600)

    assert loop.time() - began == pytest.approx(3600)
    assert time.monotonic() - began_really < 10


@pytest.mark.virtual_time
async def test_timers_fire_in_the_order_of_their_times() -> None:
    fired: list[float] = []

    async def fire(delay: float) -> None:
        await asyncio.sleep(delay)
        fired.append(delay)

    await asyncio.gather(*map(fire, (30.0, 0.5, 7.0)))

    assert fired == [0.5, 7.0, 30.0]


def test_without_a_timer_it_waits_for_what_happens() -> None:
    loop = VirtualTimeLoop()
    threading.Timer(0.01, lambda: loop.call_soon_threadsafe(loop.stop)).start()

    loop.run_forever()
    loop.close()

    assert loop.time() == 0.0


async def test_other_tests_run_on_the_real_clock() -> None:
    assert abs(asyncio.get_running_loop().time() - time.monotonic()) < 5
