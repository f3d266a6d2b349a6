from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from mutagen.id3 import TIT2
from mutagen.wave import WAVE

from musicbot.sources.index import Song, Stamp, Unchanged, words_of
from musicbot.sources.scan import scan
from tests.support.songs import make_mp3, make_wav


def songs(folder: Path, known: dict[str, Stamp] | None = None) -> list[Song]:
    return [each for each in scan(folder, known or {}) if isinstance(each, Song)]


def test_a_song_is_called_by_its_tags_and_found_by_all_of_them(tmp_path: Path) -> None:
    make_mp3(tmp_path / "piano" / "01.mp3", title="Für Elise", artist="Beethoven", album="Hits")

    [song] = songs(tmp_path)

    assert song.path == "piano/01.mp3"
    assert song.title == "Beethoven – Für Elise"
    assert song.duration == pytest.approx(2.0, abs=0.1)
    assert words_of(song.words) >= {"piano", "01", "mp3", "fur", "elise", "beethoven", "hits"}


@pytest.mark.parametrize(
    ("title", "artist", "shown"),
    [
        ("Für Elise", "", "Für Elise"),
        ("", "Beethoven", "a song"),
        ("", "", "a song"),
        ("Two\nlines\u202e", "", "Two lines"),
        ("x" * 200, "", "x" * 119 + "…"),
    ],
)
def test_what_tags_do_not_say_the_name_says(
    tmp_path: Path, title: str, artist: str, shown: str
) -> None:
    make_mp3(tmp_path / "a_song.mp3", title=title, artist=artist)

    assert [song.title for song in songs(tmp_path)] == [shown]


def test_tags_of_files_without_easy_names_are_read(tmp_path: Path) -> None:
    tagged = WAVE(make_wav(tmp_path / "a.wav"))
    tagged.add_tags()
    tagged.tags.add(TIT2(encoding=3, text=["A tone"]))
    tagged.save()

    [song] = songs(tmp_path)

    assert song.title == "A tone"
    assert song.duration == pytest.approx(1.0)


@pytest.mark.parametrize("content", [b"", b"OggS" + bytes(100), b"fLaC" + bytes(100), b"PK\3\4"])
def test_broken_files_keep_their_names(tmp_path: Path, content: bytes) -> None:
    for name in ("a.ogg", "b.flac", "c.mp3", "d.webm", "e.m4a"):
        (tmp_path / name).write_bytes(content)

    found = songs(tmp_path)

    assert [song.title for song in found] == ["a", "b", "c", "d", "e"]
    assert {song.duration for song in found} == {None}


def test_only_songs_that_lie_in_the_folder_are_listed(tmp_path: Path) -> None:
    outside = make_mp3(tmp_path / "outside" / "secret.mp3")
    library = tmp_path / "library"
    inside = make_mp3(library / "song.mp3")
    make_mp3(library / ".hidden.mp3")
    make_mp3(library / ".hidden" / "song.mp3")
    (library / "cover.jpg").write_bytes(b"x")
    (library / "folder.mp3").mkdir()
    (library / "out.mp3").symlink_to(outside)
    (library / "out").symlink_to(outside.parent)
    (library / "dangling.mp3").symlink_to(library / "nothing.mp3")
    (library / "circle.mp3").symlink_to(library / "circle.mp3")
    (library / "in.mp3").symlink_to(inside)

    assert [song.path for song in songs(library)] == ["in.mp3", "song.mp3"]


def test_a_name_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    make_mp3(tmp_path / "song.mp3")
    (tmp_path / os.fsdecode(b"\xff.mp3")).write_bytes(b"x")

    assert [song.path for song in songs(tmp_path)] == ["song.mp3"]


def test_what_has_not_changed_is_not_read_again(tmp_path: Path) -> None:
    make_mp3(tmp_path / "a.mp3")
    make_mp3(tmp_path / "b.mp3")
    known = {song.path: song.stamp for song in songs(tmp_path)}
    make_mp3(tmp_path / "b.mp3", title="Another", seconds=3)

    first, second = scan(tmp_path, known)

    assert first == Unchanged("a.mp3")
    assert isinstance(second, Song)
    assert second.title == "Another"


def test_a_library_has_a_largest_size(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        make_mp3(tmp_path / f"{name}.mp3")

    assert len(list(scan(tmp_path, {}, limit=2))) == 2


def test_the_program_writes_a_line_for_each_song(tmp_path: Path) -> None:
    make_mp3(tmp_path / "a.mp3", title="A")
    make_mp3(tmp_path / "b.mp3", title="B")
    [_, known] = songs(tmp_path)
    stamps = msgspec.json.encode({known.path: known.stamp})

    done = subprocess.run(
        [sys.executable, "-I", "-m", "musicbot.sources.scan", tmp_path],
        input=stamps,
        capture_output=True,
        check=True,
        timeout=30,
    )

    first, second = done.stdout.splitlines()
    assert msgspec.json.decode(first, type=Song).title == "A"
    assert msgspec.json.decode(second, type=Unchanged).path == "b.mp3"
