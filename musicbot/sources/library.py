"""The operator's own music: a folder that is scanned now and then, and searched by words."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from pathlib import Path
from typing import Final

import msgspec

from musicbot.core.media import FileMedia
from musicbot.core.tracks import LibraryFile, Piece
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.folder import located
from musicbot.sources.index import MAX_LINE, Shelved, Song, Unchanged, closest, shelve, words_of

logger = logging.getLogger(__name__)

SCAN_PERIOD: Final = 60.0
"""Seconds after which a search looks for new files first."""

SCAN_PATIENCE: Final = 3.0
"""Seconds that a search waits for a scan; after that it takes what is known."""

BATCH: Final = 500
"""Songs that are handled before others get a turn: a millisecond or two."""

SCANNER: Final = ("-I", "-m", "musicbot.sources.scan")


class Library:
    """Finds songs in a folder.

    Args:
        folder: Where they are; nothing outside it is ever opened.
        python: The interpreter that runs the scan.
        period: See :data:`SCAN_PERIOD`.
    """

    def __init__(
        self, folder: Path, *, python: str = sys.executable, period: float = SCAN_PERIOD
    ) -> None:
        self._folder = folder.resolve()
        self._argv = (python, *SCANNER, str(self._folder))
        self._period = period
        self._shelf: dict[str, Shelved] = {}
        self._scan: asyncio.Task[None] | None = None
        self._scanned_at: float | None = None

    def refresh(self) -> None:
        """Look for new files, unless that was done a moment ago."""
        now = asyncio.get_running_loop().time()
        recent = self._scanned_at is not None and now - self._scanned_at < self._period
        if not recent and (self._scan is None or self._scan.done()):
            self._scan = asyncio.create_task(self._rescan())

    async def find(self, words: str) -> Piece | None:
        """Return the song that words mean; ``None`` if none has all of them."""
        self.refresh()
        if self._scan is not None:
            await asyncio.wait([self._scan], timeout=SCAN_PATIENCE)
        best = await self._closest(words_of(words))
        if best is None:
            return None
        song = best.song
        return Piece(LibraryFile(song.path), song.title, song.duration)

    async def open(self, file: LibraryFile) -> FileMedia:
        """Return where a song is.

        Raises:
            SourceError: If it is not in the folder, or no more.
        """
        path = await asyncio.to_thread(located, self._folder / file.path, self._folder)
        if path is None:
            raise SourceError(SourceErrorKind.GONE, "That song is not in the library any more.")
        return FileMedia(str(path))

    async def close(self) -> None:
        """End a scan that is under way."""
        if self._scan is not None:
            self._scan.cancel()
            await asyncio.wait([self._scan])

    async def _closest(self, wanted: frozenset[str]) -> Shelved | None:
        songs = list(self._shelf.values())
        best: list[Shelved] = []
        for start in range(0, len(songs), BATCH):
            match = closest([*best, *songs[start : start + BATCH]], wanted)
            best = [match] if match is not None else []
            await asyncio.sleep(0)
        return best[0] if best else None

    async def _rescan(self) -> None:
        try:
            await self._scan_folder()
        except (OSError, ValueError, asyncio.IncompleteReadError, msgspec.DecodeError) as error:
            logger.warning("The library could not be scanned: %s", error)
        else:
            logger.info("There are %s songs in the library", len(self._shelf))
        self._scanned_at = asyncio.get_running_loop().time()

    async def _scan_folder(self) -> None:
        """Run the program that reads the folder; songs are found as soon as they are read."""
        process = await asyncio.create_subprocess_exec(
            *self._argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"LANG": "C.UTF-8"},
            cwd="/",
            limit=MAX_LINE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(
                _encode({path: each.song.stamp for path, each in self._shelf.items()})
            )
            process.stdin.close()
            seen = await self._read(process.stdout)
            if await process.wait() != 0:
                raise OSError(f"the scan ended with {process.returncode}")
            for path in self._shelf.keys() - seen:
                del self._shelf[path]
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _read(self, lines: asyncio.StreamReader) -> set[str]:
        """Put songs on the shelf; return the paths of all that there are."""
        seen = set()
        async for line in lines:
            each = _decoder.decode(line)
            seen.add(each.path)
            if isinstance(each, Song):
                self._shelf[each.path] = shelve(each)
            if len(seen) % BATCH == 0:
                await asyncio.sleep(0)
        return seen


_encode: Final = msgspec.json.Encoder().encode
_decoder: Final[msgspec.json.Decoder[Song | Unchanged]] = msgspec.json.Decoder(Song | Unchanged)
