from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from musicbot.core.media import FileMedia
from musicbot.core.tracks import LibraryFile
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.library import BATCH, Library
from tests.support.processes import is_running, read_when_written
from tests.support.songs import make_mp3

SLEEPER: Final = (
    "import os, sys, time; print(os.getpid(), file=open(sys.argv[-1], 'w')); time.sleep(99)"
)


@asynccontextmanager
async def opened(folder: Path, **options: Any) -> AsyncIterator[Library]:
    library = Library(folder, **options)
    try:
        async with asyncio.timeout(30):
            yield library
    finally:
        await library.close()
        await library.close()


async def test_words_find_the_song_that_has_them(tmp_path: Path) -> None:
    make_mp3(tmp_path / "a.mp3", title="Für Elise", artist="Beethoven")
    make_mp3(tmp_path / "b.mp3", title="Für Therese", artist="Beethoven")
    async with opened(tmp_path) as library:
        piece = await library.find("beethoven FUR elise")
        nothing = await library.find("beethoven moonlight")

    assert piece is not None
    assert piece.source == LibraryFile("a.mp3")
    assert piece.title == "Beethoven – Für Elise"
    assert piece.duration == pytest.approx(2.0, abs=0.1)
    assert nothing is None


async def test_new_changed_and_removed_files_are_noticed(tmp_path: Path) -> None:
    make_mp3(tmp_path / "old.mp3")
    gone = make_mp3(tmp_path / "gone.mp3")
    changed = make_mp3(tmp_path / "changed.mp3", title="before")
    async with opened(tmp_path, period=0.0) as library:
        assert await library.find("gone") is not None

        gone.unlink()
        make_mp3(changed, title="after", seconds=3)
        make_mp3(tmp_path / "new.mp3")

        assert await library.find("gone") is None
        assert await library.find("before") is None
        assert await library.find("after") is not None
        assert await library.find("new") is not None
        assert await library.find("old") is not None


async def test_the_folder_is_not_read_for_every_search(tmp_path: Path) -> None:
    async with opened(tmp_path) as library:
        assert await library.find("new") is None
        make_mp3(tmp_path / "new.mp3")

        assert await library.find("new") is None


async def test_a_song_is_opened_by_its_place_in_the_folder(tmp_path: Path) -> None:
    song = make_mp3(tmp_path / "piano" / "a.mp3")
    async with opened(tmp_path) as library:
        media = await library.open(LibraryFile("piano/a.mp3"))

    assert media == FileMedia(str(song.resolve()))


@pytest.mark.parametrize(
    "path",
    [
        "../secret.mp3",
        "/etc/passwd",
        "out.mp3",
        "gone.mp3",
        "",
        "a\0b.mp3",
        "piano/../../secret.mp3",
    ],
)
async def test_nothing_outside_the_folder_is_opened(tmp_path: Path, path: str) -> None:
    secret = make_mp3(tmp_path / "secret.mp3")
    folder = tmp_path / "library"
    (folder / "piano").mkdir(parents=True)
    (folder / "out.mp3").symlink_to(secret)
    async with opened(folder) as library:
        with pytest.raises(SourceError) as caught:
            await library.open(LibraryFile(path))

    assert caught.value.kind is SourceErrorKind.GONE


async def test_a_large_library_is_read_and_searched_in_batches(tmp_path: Path) -> None:
    for number in range(BATCH + 20):
        (tmp_path / f"song {number}.webm").touch()
    async with opened(tmp_path) as library:
        first = await library.find("song 3")
        last = await library.find(f"song {BATCH + 19}")

    assert first is not None
    assert first.source == LibraryFile("song 3.webm")
    assert last is not None


@pytest.mark.parametrize("program", ["/bin/false", "/bin/echo", "/nonexistent/python"])
async def test_a_scan_that_fails_finds_nothing(
    tmp_path: Path, program: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, python=program) as library:
        assert await library.find("song") is None

    assert "could not be scanned" in caplog.text


async def test_what_a_scan_read_before_it_failed_is_found(tmp_path: Path) -> None:
    line = '{"type":"song","path":"a.mp3","stamp":[0,0],"title":"A","words":"a song"}'
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{line}'\nexit 1\n")
    script.chmod(0o755)
    async with opened(tmp_path, python=str(script)) as library:
        assert await library.find("song") is not None


async def test_closing_ends_a_scan(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = tmp_path / "python"
    script.write_text(
        f"#!{sys.executable} -IS\n{SLEEPER.replace('sys.argv[-1]', repr(str(note)))}\n"
    )
    script.chmod(0o755)
    async with opened(tmp_path, python=str(script)) as library:
        library.refresh()
        pid = int(await read_when_written(note))

    assert not is_running(pid)


async def test_a_library_that_nobody_searched_closes(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
