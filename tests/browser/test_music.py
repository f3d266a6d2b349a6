"""Everybody hears the same music, in stereo, whatever it was stored as."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from playwright.async_api import Browser, expect

from tests.support.pages import NO_DEVICES, RATE, RoomPage, Samples, open_room
from tests.support.product import Product
from tests.support.tones import level
from tests.support.web import Web

pytestmark = pytest.mark.asyncio(loop_scope="session")

STORED = ("webm", "opus", "mp3", "m4a", "flac", "wav", "hls")

REFUSED_PLAY = """
(() => {
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    const refused = this.id === 'music' && !globalThis.clicked;
    return refused ? Promise.reject(new DOMException('no', 'NotAllowedError')) : play.call(this);
  };
})();
"""
"""A browser that plays no sound before another click."""


async def plays(
    browser: Browser, product: Product, songs: Web, room: str, *, script: str = NO_DEVICES
) -> RoomPage:
    """Return Ann's page in a room that plays tones; where no picture matters, she shows none."""
    ann = await open_room(browser, product.base, room, "Ann", script=script)
    await ann.join()
    await ann.say(f"!play {songs.url('/webm.html')}")
    await ann.now_playing("Tones in webm")
    await ann.hears_music()
    return ann


async def hears_stereo(page: RoomPage) -> None:
    """Assert that the left channel holds 440 Hz and the right 880 Hz, without a click."""
    left, right = await page.record(1.0)
    for channel, own, other in ((left, 440, 880), (right, 880, 440)):
        assert level(channel, own) > -20
        assert level(channel, own) - level(channel, other) >= 60
        assert clicks(channel, own) == 0


def clicks(channel: Samples, hertz: float) -> int:
    """Count the samples that do not go on as those before them, which a pure tone's always do."""
    turn = 2 * np.cos(2 * np.pi * hertz / RATE)
    return int(np.sum(np.abs(channel[2:] - turn * channel[1:-1] + channel[:-2]) > 0.003))


@pytest.mark.parametrize("suffix", STORED)
async def test_left_and_right_arrive_apart(
    browser: Browser, product: Product, songs: Web, suffix: str
) -> None:
    ann = await open_room(browser, product.base, f"stereo-{suffix}", "Ann", script=NO_DEVICES)
    await ann.join()

    await ann.say(f"!play {songs.url(f'/{suffix}.html')}")
    await ann.now_playing(f"Tones in {suffix}")
    await ann.hears_music()
    await ann.listens_on(0.5)

    await hears_stereo(ann)
    assert ann.problems == []


async def test_two_people_and_the_bot_are_seen_and_heard_without_a_gap(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await plays(browser, product, songs, "two", script="")
    ben = await open_room(browser, product.base, "two", "Ben")
    await ben.join()
    await asyncio.gather(ann.sees_moving("Ben"), ben.sees_moving("Ann"), ben.hears_music())
    await ben.listens_on(1.0)

    before = [await person.music_stats() for person in (ann, ben)]
    await asyncio.gather(ann.listens_on(10.0), ben.listens_on(10.0))
    after = [await person.music_stats() for person in (ann, ben)]

    for earlier, later in zip(before, after, strict=True):
        assert later["concealedSamples"] - earlier["concealedSamples"] <= 480
        assert later["packetsReceived"] - earlier["packetsReceived"] >= 490
        assert later["packetsLost"] == earlier["packetsLost"]
    await asyncio.gather(hears_stereo(ann), hears_stereo(ben))
    assert ann.problems == []
    assert ben.problems == []


async def test_the_demo_plays_in_stereo_without_any_link(
    browser: Browser, product: Product
) -> None:
    ann = await open_room(browser, product.base, "demo", "Ann", script=NO_DEVICES)
    await ann.join()

    await ann.button("Play the demo").click()
    await ann.hears_music()
    await ann.listens_on(1.0)
    left, right = await ann.record(2.0)

    assert rms(left) > 0.01
    assert rms(right) > 0.01
    assert rms(left - right) > 0.1 * rms(left)


async def test_who_comes_late_hears_it_at_once_and_who_goes_disturbs_nobody(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await plays(browser, product, songs, "late")
    await ann.listens_on(2.0)
    ben = await open_room(browser, product.base, "late", "Ben", script=NO_DEVICES)
    before = await ann.music_stats()

    await ben.join()
    await ben.now_playing("Tones in webm")
    await ben.hears_music()
    assert await ben.position() > 1
    assert await ben.position() == pytest.approx(await ann.position(), abs=1.0)
    await ben.page.close()
    await expect(ann.tile("Ben")).to_be_hidden()
    await ann.listens_on(2.0)

    after = await ann.music_stats()
    assert after["concealedSamples"] - before["concealedSamples"] <= 480
    assert after["packetsLost"] == before["packetsLost"]
    await hears_stereo(ann)


async def test_who_reloads_the_page_hears_the_music_again(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await plays(browser, product, songs, "reloaded")
    before = await ann.position()

    await ann.page.reload()
    await ann.join()
    await ann.now_playing("Tones in webm")
    await ann.hears_music()

    assert await ann.position() > before
    await ann.listens_on(0.5)
    await hears_stereo(ann)


async def test_the_bot_goes_when_everybody_has_gone_and_comes_back_when_it_is_asked(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await plays(browser, product, songs, "deserted")

    await ann.button("Leave").click()
    await asyncio.to_thread(product.wait_until_told, "deserted: nobody is here; leaving")
    await ann.join()
    await expect(ann.music).to_contain_text("It is quiet")
    await ann.say(f"!play {songs.url('/mp3.html')}")

    await ann.now_playing("Tones in mp3")
    await ann.hears_music()


async def test_a_browser_that_refuses_to_play_gets_a_button(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await open_room(browser, product.base, "refused", "Ann", script=NO_DEVICES + REFUSED_PLAY)
    await ann.join()
    await ann.say(f"!play {songs.url('/webm.html')}")
    await ann.now_playing("Tones in webm")
    element = ann.page.locator("audio#music")
    await expect(ann.button("Click to listen")).to_be_visible()
    assert await element.evaluate("(audio) => audio.paused")

    await ann.page.evaluate("globalThis.clicked = true")
    await ann.button("Click to listen").click()

    await expect(ann.button("Click to listen")).to_be_hidden()
    await expect(element).to_have_js_property("paused", False)


def rms(samples: Samples) -> float:
    """Return the effective value of samples."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
