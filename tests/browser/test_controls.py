"""Chat, panel and command line are three doors to the same commands."""

from __future__ import annotations

import asyncio
import re

import numpy as np
import pytest
from playwright.async_api import Browser, expect

from tests.support.pages import MUSIC_TIME, RoomPage, Samples, open_room
from tests.support.product import Product
from tests.support.tones import level
from tests.support.web import Web

pytestmark = pytest.mark.usefixtures("songs")


async def playing(browser: Browser, product: Product, web: Web, room: str) -> RoomPage:
    """Return Ann's page in a room that plays 90 s of tones."""
    ann = await open_room(browser, product.base, room, "Ann")
    await ann.join()
    await ann.say(f"!play {web.url('/webm.html')}")
    await ann.now_playing("Tones in webm")
    await ann.hears_packets()
    return ann


async def position(page: RoomPage) -> float:
    """Return the position that the page shows, in seconds."""
    value = await page.music.get_by_role("progressbar").get_attribute("aria-valuenow")
    assert value is not None
    return float(value)


async def loudness(page: RoomPage, seconds: float = 1.0) -> float:
    """Return the level of the left tone in dB."""
    left, _ = await page.record(seconds)
    return level(left, 440)


async def run(product: Product, *words: str, room: str) -> str:
    """Give a command on the command line and return what it printed."""
    done = await asyncio.to_thread(product.command, *words, room=room)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_the_demo_plays_without_any_link(browser: Browser, product: Product) -> None:
    ann = await open_room(browser, product.base, "demo", "Ann")
    await ann.join()

    await ann.say("!demo")
    await ann.hears_packets()
    await asyncio.sleep(2.0)
    left, right = await ann.record(2.0)

    assert rms(left) > 0.01
    assert rms(right) > 0.01
    assert rms(left - right) > 0.1 * rms(left)


async def test_pause_holds_the_position_but_not_the_stream(
    browser: Browser, product: Product, web: Web
) -> None:
    ann = await playing(browser, product, web, "pause")

    await ann.music.get_by_role("button", name="Pause", exact=True).click()
    await expect(ann.music.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    await asyncio.sleep(1.0)
    before, packets = await position(ann), (await ann.music_stats())["packetsReceived"]
    await asyncio.sleep(2.0)
    after, more_packets = await position(ann), (await ann.music_stats())["packetsReceived"]
    assert await loudness(ann, 0.5) < -60
    await ann.say("!resume")
    await expect(ann.music.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    await asyncio.sleep(1.0)

    assert after == pytest.approx(before, abs=0.05)
    assert more_packets - packets >= 90
    assert await loudness(ann) > -20
    assert await position(ann) > after


async def test_seek_and_skip_and_queue(browser: Browser, product: Product, web: Web) -> None:
    ann = await playing(browser, product, web, "seek")

    await ann.say("!seek 1:00")
    await ann.page.wait_for_function(
        "() => document.querySelector('[role=progressbar]').ariaValueNow >= 60", timeout=MUSIC_TIME
    )
    assert 60 <= await position(ann) < 70
    web.audio_page(
        "/list.html", *(web.url(f"/tones.{suffix}") for suffix in ("mp3", "flac", "wav"))
    )
    await ann.say(f"!play {web.url('/list.html')}")
    await expect(ann.music.get_by_role("listitem")).to_have_count(3, timeout=MUSIC_TIME)
    await ann.say("!queue")
    await ann.sees(re.compile(r"1\..*2\..*3\.", re.DOTALL))
    await ann.music.get_by_role("button", name="Skip", exact=True).click()

    await expect(ann.music.get_by_role("listitem")).to_have_count(2, timeout=MUSIC_TIME)


async def test_volume_follows_its_law_and_comes_back(
    browser: Browser, product: Product, web: Web
) -> None:
    ann = await playing(browser, product, web, "volume")
    await asyncio.sleep(1.0)
    full = await loudness(ann)

    await ann.say("!volume 50")
    await ann.sees(re.compile(r"\b50\b"))
    await asyncio.sleep(1.5)
    half = await loudness(ann)
    await ann.say("!volume 100")
    await asyncio.sleep(1.5)

    assert half - full == pytest.approx(-10.0, abs=0.5)
    assert await loudness(ann) == pytest.approx(full, abs=0.5)


async def test_the_command_line_reaches_the_same_room(
    browser: Browser, product: Product, web: Web
) -> None:
    ann = await playing(browser, product, web, "doors")

    assert "Tones in webm" in await run(product, "np", room="doors")
    await run(product, "pause", room="doors")
    await expect(ann.music.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    await run(product, "resume", room="doors")
    await run(product, "play", web.url("/mp3.html"), room="doors")
    await expect(ann.music.get_by_role("listitem")).to_have_count(1, timeout=MUSIC_TIME)
    assert "mp3" in await run(product, "queue", room="doors")
    await run(product, "skip", room="doors")
    await ann.now_playing("Tones in mp3")
    await run(product, "stop", room="doors")
    failed = await asyncio.to_thread(product.command, "skip", room="doors")

    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1


async def test_a_late_joiner_hears_it_at_once_and_a_closed_tab_disturbs_nobody(
    browser: Browser, product: Product, web: Web
) -> None:
    ann = await playing(browser, product, web, "late")
    ben = await open_room(browser, product.base, "late", "Ben")
    await ben.join()
    await ben.now_playing("Tones in webm")
    await ben.hears_packets()
    before = await ann.music_stats()

    await ben.page.close()
    await asyncio.sleep(3.0)

    after = await ann.music_stats()
    assert after["concealedSamples"] - before["concealedSamples"] <= 480
    assert after["packetsReceived"] - before["packetsReceived"] >= 145


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
