from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest

from musicbot.scratch import LOCK, scratch_folder

USER: Final = (
    "from musicbot.scratch import scratch_folder\n"
    "with scratch_folder() as folder:\n"
    "    print(folder, flush=True)\n"
    "    input()"
)


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_goes_with_who_used_it(parent: Path) -> None:
    with scratch_folder() as folder:
        (Path(folder) / "sub").mkdir()
        assert Path(folder).parent == parent

    assert os.listdir(parent) == []


def test_what_a_killed_process_left_goes_when_the_next_one_starts_and_not_before(
    parent: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", USER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(parent)},
    ) as process:
        assert process.stdout is not None
        theirs = Path(process.stdout.readline().strip())
        (theirs / "sub").mkdir()
        with scratch_folder():
            in_use = theirs.is_dir()
        process.kill()

    left = theirs.is_dir()
    with scratch_folder() as ours:
        assert os.listdir(parent) == [Path(ours).name]
    assert (in_use, left) == (True, True)


def test_what_is_not_ours_stays(parent: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / LOCK).touch()
    (parent / "irisa-link").symlink_to(elsewhere)
    (parent / "irisa-checkout").mkdir()
    (parent / "irisa-notes").write_text("mine")
    (parent / "other").mkdir()
    (parent / "other" / LOCK).touch()
    before = sorted(parent.rglob("*"))

    with scratch_folder():
        pass

    assert sorted(parent.rglob("*")) == before
    assert (elsewhere / LOCK).exists()
