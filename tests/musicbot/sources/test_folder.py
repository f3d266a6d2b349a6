from __future__ import annotations

from pathlib import Path

import pytest

from musicbot.sources.folder import located


def test_a_file_of_the_folder_is_found_wherever_links_in_it_lead(tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    song.touch()
    (tmp_path / "link.mp3").symlink_to(song)

    assert located(tmp_path / "link.mp3", tmp_path) == song.resolve()


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    (folder / "song.mp3").touch()
    link.symlink_to(folder)

    assert located(link / "song.mp3", link) == (folder / "song.mp3").resolve()


@pytest.mark.parametrize(
    "path", ["../secret.mp3", "out.mp3", "loop.mp3", "gone.mp3", "", "a\0b.mp3"]
)
def test_what_is_elsewhere_or_no_file_is_not_found(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret.mp3").touch()
    (folder / "out.mp3").symlink_to(tmp_path / "secret.mp3")
    (folder / "loop.mp3").symlink_to("loop.mp3")

    assert located(folder / path, folder) is None
