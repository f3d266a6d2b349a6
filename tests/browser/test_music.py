"""Everybody hears the same music, in stereo, whatever it was stored as."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser

from tests.support.pages import RoomPage, open_room
from tests.support.product import Product
from tests.support.tones import level
from tests.support.web import Web

STORED = ["webm", "opus", "mp3", "m4a", "flac", "wav"]


async def hears_stereo(page: RoomPage) -> None:
    """Assert that the left channel holds 440 Hz and the right 880 Hz, and not the other."""
    left, right = await page.record(2.0)
    for channel, own, other in ((left, 440, 880), (right, 880, 440)):
        assert level(channel, own) > -20
        assert level(channel, own) - level(channel, other) >= 60


@pytest.mark.parametrize("suffix", [*STORED, "hls"])
async def test_left_and_right_arrive_apart(
    browser: Browser, product: Product, songs: Web, suffix: str
) -> None:
    ann = await open_room(browser, product.base, f"stereo-{suffix}", "Ann")
    await ann.join()

    await ann.say(f"!play {songs.url(f'/{suffix}.html')}")
    await ann.now_playing(f"Tones in {suffix}")
    await ann.hears_packets()
    await asyncio.sleep(1.0)

    await hears_stereo(ann)
    assert ann.problems == []


async def test_two_people_hear_the_same_without_a_gap(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await open_room(browser, product.base, "two", "Ann")
    ben = await open_room(browser, product.base, "two", "Ben")
    await ann.join()
    await ben.join()
    await ann.say(f"!play {songs.url('/webm.html')}")
    for person in (ann, ben):
        await person.now_playing("Tones in webm")
        await person.hears_packets()
    await asyncio.sleep(1.0)

    before = [await person.music_stats() for person in (ann, ben)]
    await asyncio.sleep(10.0)
    after = [await person.music_stats() for person in (ann, ben)]

    for earlier, later in zip(before, after, strict=True):
        assert later["concealedSamples"] - earlier["concealedSamples"] <= 480
        assert later["packetsReceived"] - earlier["packetsReceived"] >= 490
        assert later["packetsLost"] == earlier["packetsLost"]
    await asyncio.gather(hears_stereo(ann), hears_stereo(ben))
