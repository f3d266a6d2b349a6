"""A program that reads the names and tags of a folder's songs for the bot, and ends.

It runs in a process of its own, because reading tags is work, and because the files may
come from anywhere. Its standard input holds what the last scan found, as a JSON object
of paths and stamps; it writes a line of JSON for each file (:mod:`musicbot.sources.index`).
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import mutagen

from musicbot.core.texts import clean_title, one_line
from musicbot.core.times import known_length
from musicbot.sources.folder import located
from musicbot.sources.index import MAX_LINE, Song, Stamp, Unchanged

logger = logging.getLogger(__name__)

MAX_SONGS: Final = 20_000
"""Songs of the largest library; further files are left out."""

MAX_TEXT: Final = 500
"""Characters of one tag."""

MAX_MEMORY: Final = 1024 * 1024 * 1024
"""Bytes of data that this process may use."""

MAX_TIME: Final = 600
"""Seconds after which a scan ends by itself."""

SUFFIXES: Final = frozenset(
    {".aac", ".flac", ".m4a", ".mka", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".weba", ".webm"}
)
"""What is taken for a song."""

_ARTIST: Final = ("artist", "TPE1", "\xa9ART")
_TITLE: Final = ("title", "TIT2", "\xa9nam")
_ALBUM: Final = ("album", "TALB", "\xa9alb")
"""The names of tags in different kinds of files."""


def scan(
    folder: Path, known: Mapping[str, Stamp], *, limit: int = MAX_SONGS
) -> Iterator[Song | Unchanged]:
    """Yield the songs of a folder, by name.

    Args:
        folder: The library.
        known: The stamps of songs that need not be read again.
        limit: See :data:`MAX_SONGS`.
    """
    folder = folder.resolve()
    found = 0
    for path in _files(folder):
        relative = path.relative_to(folder).as_posix()
        try:
            relative.encode()
            status = path.stat()
        except (OSError, UnicodeError) as error:
            logger.info("left out: %s", type(error).__name__)
            continue
        stamp = (status.st_mtime_ns, status.st_size)
        yield Unchanged(relative) if known.get(relative) == stamp else _song(path, relative, stamp)
        found += 1
        if found == limit:
            logger.info("there may be more than %s songs", limit)
            return


def main() -> None:
    """Scan the folder that is the argument."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY, MAX_MEMORY))
    signal.alarm(MAX_TIME)
    os.nice(10)
    known = msgspec.json.decode(sys.stdin.buffer.read(), type=dict[str, Stamp])
    for each in scan(Path(sys.argv[1]), known):
        line = msgspec.json.encode(each)
        if len(line) < MAX_LINE:
            sys.stdout.buffer.write(line + b"\n")


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if name.startswith(".") or path.suffix.lower() not in SUFFIXES:
                continue
            if located(path, folder) is not None:
                yield path


def _song(path: Path, relative: str, stamp: Stamp) -> Song:
    tags, duration = _read(path)
    artist, title, album = (_text(tags, names) for names in (_ARTIST, _TITLE, _ALBUM))
    name = title or path.stem.replace("_", " ")
    shown = f"{artist} \N{EN DASH} {name}" if artist and title else name
    return Song(
        path=relative,
        stamp=stamp,
        title=clean_title(shown),
        words=" ".join((relative, artist, title, album)),
        duration=duration,
    )


def _read(path: Path) -> tuple[Mapping[str, Any], float | None]:
    """Return a file's tags and its length in seconds, as far as it has them."""
    try:
        file = mutagen.File(path, easy=True)
    except Exception:  # A boundary: mutagen raises anything for a broken file.
        logger.info("%r has no tags", path.name, exc_info=True)
        return {}, None
    if file is None:
        return {}, None
    return file.tags or {}, known_length(getattr(file.info, "length", None))


def _text(tags: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        try:
            values = tags[name]
        except (KeyError, ValueError):
            continue
        first = values[0] if isinstance(values, list) and values else values
        if text := one_line(str(first)[:MAX_TEXT]):
            return text
    return ""


if __name__ == "__main__":
    main()
