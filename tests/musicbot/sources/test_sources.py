"""Tests of the whole: what is typed goes in, what the engine opens comes out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from musicbot.core.media import DemoMedia, FileMedia, HttpMedia
from musicbot.core.tracks import Demo, LibraryFile, Link
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.sources import Finding, Sources
from tests.support import fake_worker, search_worker
from tests.support.processes import until
from tests.support.search_worker import serve_search
from tests.support.songs import make_mp3
from tests.support.web import Canary, Web

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAKE: Final = ("-I", "-S", fake_worker.__file__)


@dataclass(frozen=True, slots=True)
class World:
    """What the tests of this module share, because a worker takes a second to start."""

    web: Web
    canary: Canary
    library: Path
    sources: Sources


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    library = tmp_path_factory.mktemp("library")
    make_mp3(library / "elise.mp3", title="Für Elise", artist="Beethoven")
    with Web() as web, Canary("127.0.0.2") as canary:
        web.file("/found.mp3", bytes(5000))
        search = serve_search(web, "/search", [(web.url("/found.mp3"), "Found by words", 61.0)])
        async with Sources(
            library=library,
            data=None,
            allow_net=["127.0.0.1/32"],
            worker=("-I", search_worker.__file__, "--search", search),
        ) as sources:
            yield World(web, canary, library, sources)


async def test_a_link_is_looked_up_once_and_then_played(world: World) -> None:
    world.web.file("/song.mp3", bytes(5000))

    finding = await world.sources.look_up(f"<{world.web.url('/song.mp3')}>")
    hits = world.web.hits("/song.mp3")
    media = await world.sources.open(finding.pieces[0].source)

    assert finding.title is None
    assert [piece.title for piece in finding.pieces] == ["song"]
    assert finding.pieces[0].source == Link(world.web.url("/song.mp3"))
    assert isinstance(media, HttpMedia)
    assert media.url == world.web.url("/song.mp3")
    assert world.web.hits("/song.mp3") == hits


async def test_who_opens_a_link_again_gets_a_fresh_address(world: World) -> None:
    world.web.file("/again.mp3", bytes(5000))
    finding = await world.sources.look_up(world.web.url("/again.mp3"))
    await world.sources.open(finding.pieces[0].source)
    hits = world.web.hits("/again.mp3")

    media = await world.sources.open(finding.pieces[0].source)

    assert isinstance(media, HttpMedia)
    assert world.web.hits("/again.mp3") > hits


async def test_a_list_is_looked_up_at_once_and_its_entries_when_their_turn_comes(
    world: World,
) -> None:
    for number in (1, 2, 3):
        world.web.file(f"/{number}.mp3", bytes(5000))
    world.web.feed("/feed", {f"No. {n}": world.web.url(f"/{n}.mp3") for n in (1, 2, 3)}, "Songs")

    finding = await world.sources.look_up(world.web.url("/feed"))
    media = await world.sources.open(finding.pieces[1].source)

    assert finding.title == "Songs"
    assert [piece.title for piece in finding.pieces] == ["No. 1", "No. 2", "No. 3"]
    assert isinstance(media, HttpMedia)
    assert media.url == world.web.url("/2.mp3")
    assert world.web.hits("/3.mp3") == 0


async def test_pieces_of_one_page_are_told_apart_however_late_they_are_opened(
    world: World,
) -> None:
    world.web.audio_page("/page", "/a.mp3", "/b.mp3")
    finding = await world.sources.look_up(world.web.url("/page"))

    for _ in ("at once", "later"):
        opened = [await world.sources.open(piece.source) for piece in finding.pieces]

        assert [media.url for media in opened if isinstance(media, HttpMedia)] == [
            world.web.url("/a.mp3"),
            world.web.url("/b.mp3"),
        ]


async def test_words_are_looked_for_in_the_library_first(world: World) -> None:
    finding = await world.sources.look_up("beethoven fur elise")
    media = await world.sources.open(finding.pieces[0].source)

    assert finding.pieces[0].title == "Beethoven – Für Elise"
    assert media == FileMedia(str((world.library / "elise.mp3").resolve()))


async def test_words_that_the_library_has_not_are_searched_for(world: World) -> None:
    finding = await world.sources.look_up("found by words")
    media = await world.sources.open(finding.pieces[0].source)

    assert [piece.title for piece in finding.pieces] == ["Found by words"]
    assert finding.pieces[0].duration == 61.0
    assert isinstance(media, HttpMedia)
    assert media.url == world.web.url("/found.mp3")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("words that find nothing", SourceErrorKind.NOTHING_FOUND),
        ("file:///etc/passwd", SourceErrorKind.UNSUPPORTED),
        ("concat:a.mp3|b.mp3", SourceErrorKind.UNSUPPORTED),
        ("", SourceErrorKind.NOTHING_FOUND),
    ],
)
async def test_what_cannot_be_found_is_explained(
    world: World, text: str, kind: SourceErrorKind
) -> None:
    with pytest.raises(SourceError) as caught:
        await world.sources.look_up(text)

    assert caught.value.kind is kind


async def test_an_entry_that_is_gone_when_its_turn_comes_is_explained(world: World) -> None:
    with pytest.raises(SourceError) as caught:
        await world.sources.open(Link(world.web.url("/nothing.mp3")))

    assert caught.value.kind is SourceErrorKind.GONE


async def test_private_addresses_are_neither_looked_up_nor_opened(world: World) -> None:
    with pytest.raises(SourceError) as looked_up:
        await world.sources.look_up(world.canary.url("/a.mp3"))
    with pytest.raises(SourceError) as opened:
        await world.sources.open(Link(world.canary.url("/a.mp3")))

    assert looked_up.value.kind is SourceErrorKind.BLOCKED_ADDRESS
    assert opened.value.kind is SourceErrorKind.BLOCKED_ADDRESS
    assert world.canary.connections == 0


async def test_the_built_in_piece_needs_nothing(world: World) -> None:
    assert await world.sources.open(Demo()) == DemoMedia()


async def test_many_may_ask_at_once(world: World) -> None:
    for number in range(10):
        world.web.file(f"/many{number}.mp3", bytes(5000))

    found = await asyncio.gather(
        *(world.sources.look_up(world.web.url(f"/many{number}.mp3")) for number in range(10))
    )

    assert [finding.pieces[0].title for finding in found] == [f"many{n}" for n in range(10)]


async def test_a_room_of_pages_that_come_byte_by_byte_holds_up_no_other(world: World) -> None:
    world.web.drip("/drip", seconds=1.0)
    world.web.file("/honest.mp3", bytes(5000))
    drips = [world.web.url(f"/drip?{number}") for number in range(5)]
    slow = [asyncio.create_task(world.sources.look_up(drip, room="evil")) for drip in drips]
    await until(lambda: world.web.hits("/drip") > 0)

    # If it had to wait for the five, it would take longer than this.
    async with asyncio.timeout(35):
        finding = await world.sources.look_up(world.web.url("/honest.mp3"), room="good")

    assert [piece.title for piece in finding.pieces] == ["honest"]
    for task in slow:
        task.cancel()
    await asyncio.wait(slow)


async def look_up(sources: Sources, text: str) -> Finding:
    async with sources, asyncio.timeout(20):
        return await sources.look_up(text)


async def test_the_worker_sees_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICBOT_TOKEN", "secret")
    sources = Sources(library=None, data=None, allow_net=[], worker=FAKE)

    finding = await look_up(sources, "environment")

    assert set(finding.pieces[0].title.split()) - {"LC_CTYPE"} == {"HOME", "LANG", "PATH"}


async def test_what_yt_dlp_learns_is_kept_in_the_data_folder(tmp_path: Path) -> None:
    sources = Sources(library=None, data=tmp_path / "data", allow_net=[], worker=FAKE)

    await look_up(sources, "some words")

    assert (tmp_path / "data" / "yt-dlp").is_dir()


async def test_a_data_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("This is no folder.")
    sources = Sources(library=None, data=tmp_path / "data", allow_net=[], worker=FAKE)

    finding = await look_up(sources, "some words")

    assert len(finding.pieces) == 1


async def test_without_a_library_its_songs_are_gone() -> None:
    async with Sources(library=None, data=None, allow_net=[], worker=FAKE) as sources:
        with pytest.raises(SourceError) as caught:
            await sources.open(LibraryFile("a.mp3"))

    assert caught.value.kind is SourceErrorKind.GONE
