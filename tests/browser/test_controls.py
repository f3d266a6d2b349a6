"""Chat, panel and command line are three doors to the same commands."""

from __future__ import annotations

import asyncio
import re
from subprocess import CompletedProcess

import pytest
from playwright.async_api import Browser, expect

from tests.support.pages import NO_DEVICES, RATE, RoomPage, open_room
from tests.support.product import Product
from tests.support.tones import level
from tests.support.web import Web

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def playing(browser: Browser, product: Product, songs: Web, room: str) -> RoomPage:
    """Return Ann's page in a room that plays 90 s of tones."""
    ann = await open_room(browser, product.base, room, "Ann", script=NO_DEVICES)
    await ann.join()
    await ann.say(f"!play {songs.url('/webm.html')}")
    await ann.now_playing("Tones in webm")
    await ann.hears_music()
    return ann


async def loudness(page: RoomPage, seconds: float = 0.5) -> float:
    """Return the level of the left tone in dB."""
    left, _ = await page.record(seconds)
    return level(left, 440)


async def run(product: Product, *words: str, room: str) -> CompletedProcess[str]:
    """Give a command on the command line."""
    return await asyncio.to_thread(product.command, *words, room=room)


async def test_a_command_brings_the_bot_into_a_room_without_one(
    browser: Browser, product: Product
) -> None:
    ann = await open_room(browser, product.base, "summoned", "Ann", script=NO_DEVICES)
    await ann.join()

    assert await ann.answer_to("!ping") == "Pong."
    assert "!ping" in await ann.answer_to("!pnig")


async def test_pause_holds_the_position_but_not_the_clock(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await playing(browser, product, songs, "pause")

    await ann.music.get_by_role("button", name="Pause", exact=True).click()
    await expect(ann.music.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    await ann.hears_silence()
    held, began = await ann.position(), await ann.rtp_time()
    silence = await loudness(ann, 2.0)

    assert silence < -80
    assert await ann.position() == pytest.approx(held, abs=0.05)
    assert 1.5 * RATE < await ann.rtp_time() - began < 4.0 * RATE

    await ann.say("!resume")
    await expect(ann.music.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    await ann.hears_music()
    await ann.listens_on(0.5)

    assert await loudness(ann) == pytest.approx(-6.0, abs=0.5)
    assert held < await ann.position() < held + 20


async def test_seek_goes_to_the_time_that_was_typed(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await playing(browser, product, songs, "seek")

    answer = await ann.answer_to("!seek 1:00")
    await expect(ann.music.get_by_text("1:00", exact=True)).to_be_visible()
    there = await ann.position()
    await ann.listens_on(1.0)

    assert "1:00" in answer
    assert 60 <= there < 62
    assert there < await ann.position() < there + 10
    assert await loudness(ann) == pytest.approx(-6.0, abs=0.5)
    assert "beyond the end" in await ann.answer_to("!seek 5:00")


async def test_a_playlist_is_queued_whole_and_skipped_through(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await playing(browser, product, songs, "list")
    links = [songs.url(f"/tones.{suffix}") for suffix in ("mp3", "flac", "wav")]
    songs.audio_page("/list.html", *links, title="Three tones")
    entries = ann.music.get_by_role("listitem")

    answer = await ann.answer_to(f"!play {songs.url('/list.html')}")
    await expect(entries).to_have_count(3)
    listed = await ann.answer_to("!queue")
    first = await entries.first.locator(".queue-title").inner_text()
    await ann.music.get_by_role("button", name="Skip", exact=True).click()

    assert "3 tracks" in answer
    assert re.search(r"\b1\. .*\b2\. .*\b3\. ", listed)
    await ann.now_playing(first)
    await expect(entries).to_have_count(2)
    await ann.hears_music()


async def test_volume_follows_its_law_and_comes_back(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await playing(browser, product, songs, "volume")
    await ann.listens_on(0.5)
    full = await loudness(ann)

    assert "50" in await ann.answer_to("!volume 50")
    await ann.hears_level(below=full - 9)
    half = await loudness(ann)
    assert "100" in await ann.answer_to("!volume 100")
    await ann.hears_level(above=full - 1)

    assert half - full == pytest.approx(-10.0, abs=0.5)
    assert await loudness(ann) == pytest.approx(full, abs=0.5)
    assert "0 to 150" in await ann.answer_to("!volume 151")


async def test_the_command_line_reaches_the_same_room(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await playing(browser, product, songs, "doors")

    now = await run(product, "np", room="doors")
    assert now.returncode == 0
    assert "Tones in webm" in now.stdout
    await run(product, "pause", room="doors")
    await expect(ann.music.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    await run(product, "play", songs.url("/mp3.html"), room="doors")
    await expect(ann.music.get_by_role("listitem")).to_have_count(1)
    await run(product, "skip", room="doors")
    await ann.now_playing("Tones in mp3")
    await run(product, "stop", room="doors")
    await expect(ann.music).to_contain_text("It is quiet")
    failed = await run(product, "skip", room="doors")

    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr.count("\n") == 1
    assert await ann.answer_to("!skip") in failed.stderr


async def test_music_is_played_with_the_keyboard_alone(
    browser: Browser, product: Product, songs: Web
) -> None:
    ann = await open_room(browser, product.base, "keys", "Ann")
    await ann.join()
    keyboard = ann.page.keyboard

    await ann.tab_to("textbox", "Add music")
    await keyboard.type(songs.url("/webm.html"))
    await keyboard.press("Enter")
    await ann.now_playing("Tones in webm")
    await keyboard.press("Shift+Tab")
    await keyboard.press("ArrowLeft")
    await ann.tab_to("button", "Pause")
    await keyboard.press("Space")
    await expect(ann.music.get_by_role("button", name="Resume", exact=True)).to_be_focused()
    await keyboard.press("Enter")
    await ann.tab_to("button", "Skip")
    await keyboard.press("Enter")
    await expect(ann.music).to_contain_text("It is quiet")
    await ann.tab_to("textbox", "Message")
    await keyboard.type("My m key does not mute me")

    await expect(ann.button("Mute microphone")).to_be_visible()
