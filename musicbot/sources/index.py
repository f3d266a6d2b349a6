"""Which song of the library words mean: pure.

All words have to be among those of a song's name, folder and tags; case, accents and
punctuation make no difference. Of several songs the one is meant that has the fewest
other words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

Stamp = tuple[int, int]
"""When a file was changed, in nanoseconds, and its size: if neither differs, it is the same."""

MAX_LINE: Final = 64 * 1024
"""Bytes of the longest line that a scan writes."""


class Song(msgspec.Struct, frozen=True, tag="song"):
    """A file of the library."""

    path: str
    """Relative to the library's folder."""
    stamp: Stamp
    title: str
    words: str
    """All that it can be found by."""
    duration: float | None = None


class Unchanged(msgspec.Struct, frozen=True, tag="unchanged"):
    """A file that is as the last scan saw it."""

    path: str


@dataclass(frozen=True, slots=True)
class Shelved:
    """A song, ready to be found."""

    song: Song
    words: frozenset[str]


def shelve(song: Song) -> Shelved:
    """Make a song ready to be found."""
    return Shelved(song, words_of(song.words))


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, without what makes no difference."""
    apart = unicodedata.normalize("NFKD", text.translate(_LETTERS).casefold())
    plain = "".join(each for each in apart if not unicodedata.combining(each))
    # Once more: some letters have a case only when they are taken apart.
    return frozenset(_WORD.findall(plain.casefold()))


def closest(shelf: Iterable[Shelved], wanted: frozenset[str]) -> Shelved | None:
    """Return the song that has all words and the fewest others; ``None`` if none has all."""
    if not wanted:
        return None
    matches = (each for each in shelf if wanted <= each.words)
    return min(matches, key=lambda each: (len(each.words), each.song.path), default=None)


_WORD: Final = re.compile(r"[^\W_]+")

_LETTERS: Final = str.maketrans(
    {"ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "æ": "ae", "Æ": "ae"}
    | {"œ": "oe", "Œ": "oe", "'": "", "’": "", "ʼ": ""}
)
"""Letters that Unicode does not take apart, and marks that join words."""
