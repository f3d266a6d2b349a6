"""What cannot be played is answered in one sentence, and the music goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser

from tests.support.pages import NO_DEVICES, open_room
from tests.support.product import Product
from tests.support.tones import level, make_tones
from tests.support.web import Canary, Web

pytestmark = pytest.mark.asyncio(loop_scope="session")

SENTENCE = re.compile(r"\S[^\n]{10,200}[.?!]")


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Return a server at a private address that the bot may not fetch from."""
    with Canary(host="127.0.0.2") as server:
        yield server


@pytest.fixture(scope="module")
def traps(songs: Web, tmp_path_factory: pytest.TempPathFactory) -> Web:
    """Serve what looks like music and is none."""
    song = make_tones(
        tmp_path_factory.mktemp("traps") / "short.flac", left=440, right=880, seconds=6
    )
    whole = song.read_bytes()
    songs.status("/missing.html", 404)
    songs.page("/text.html", "<title>A poem</title><p>Nothing to hear here.</p>")
    songs.endless("/endless.html")
    songs.drip("/drip.html")
    songs.file("/broken.flac", whole[: len(whole) // 2])
    songs.file("/archive.mp3", b"PK\x03\x04" + bytes(50_000))
    return songs


async def test_bad_links_are_answered_while_the_music_goes_on(
    browser: Browser, product: Product, traps: Web, canary: Canary
) -> None:
    ann = await open_room(browser, product.base, "mistakes", "Ann", script=NO_DEVICES)
    await ann.join()
    await ann.say(f"!play {traps.url('/webm.html')}")
    await ann.now_playing("Tones in webm")
    await ann.hears_music()
    traps.redirect("/inside.html", canary.url("/secret"))
    before = await ann.music_stats()

    refused = [
        await ann.answer_to(f"!play {link}")
        for link in (
            "http://",
            "file:///etc/passwd",
            "concat:/etc/passwd|/etc/group",
            canary.url("/song.mp3"),
            traps.url("/inside.html"),
            traps.url("/missing.html"),
            traps.url("/text.html"),
        )
    ]
    after = await ann.music_stats()

    assert [answer for answer in refused if not SENTENCE.fullmatch(answer)] == []
    assert len(set(refused)) >= 4
    assert canary.connections == 0
    assert after["concealedSamples"] - before["concealedSamples"] <= 480
    await ann.now_playing("Tones in webm")
    left, _ = await ann.record(0.5)
    assert level(left, 440) == pytest.approx(-6.0, abs=0.5)


async def test_pages_that_never_end_are_given_up(
    browser: Browser, product: Product, traps: Web
) -> None:
    ann = await open_room(browser, product.base, "endless", "Ann", script=NO_DEVICES)
    ben = await open_room(browser, product.base, "endless", "Ben", script=NO_DEVICES)
    await ann.join()
    await ben.join()

    await ann.say(f"!play {traps.url('/endless.html')}")
    await ben.say(f"!play {traps.url('/drip.html')}")

    for person in (ann, ben):
        assert SENTENCE.fullmatch(await person.failure())


async def test_files_that_cannot_be_played_are_passed_over(
    browser: Browser, product: Product, traps: Web, canary: Canary
) -> None:
    segment = canary.url("/segment.ts")
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{segment}\n#EXT-X-ENDLIST\n"
    traps.file("/trap.m3u8", playlist.encode())
    ann = await open_room(browser, product.base, "broken", "Ann", script=NO_DEVICES)
    await ann.join()

    for path in ("/archive.mp3", "/trap.m3u8", "/wav.html", "/broken.flac", "/webm.html"):
        await ann.answer_to(f"!play {traps.url(path)}")
    await ann.now_playing("Tones in wav")
    await ann.say("!seek 0:19")
    await ann.now_playing("Tones in webm")
    await ann.hears_music()

    for failed in ("archive", "trap", "broken"):
        await ann.sees(re.compile(rf"“{failed}” cannot be played\. \S.*[.]"))
    assert canary.connections == 0
