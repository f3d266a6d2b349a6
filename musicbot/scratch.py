"""A temporary folder that goes with its process; after a kill, when the next one starts."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PREFIX: Final = "irisa-"

LOCK: Final = "in-use.lock"
"""A file in the folder, which its process keeps locked. A folder without is none of ours."""


@contextmanager
def scratch_folder() -> Iterator[str]:
    """Make a temporary folder, and remove those that nobody uses any more."""
    _clear_away(Path(tempfile.gettempdir()))
    folder = tempfile.TemporaryDirectory(prefix=PREFIX)
    lock = _hold(Path(folder.name))
    try:
        yield folder.name
    finally:
        folder.cleanup()
        os.close(lock)


def _hold(folder: Path) -> int:
    unlocked = folder / "new"
    # No child inherits it, so that the lock is free as soon as this process is gone.
    descriptor = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # At no moment is there a folder that looks as if nobody used it.
    unlocked.rename(folder / LOCK)
    return descriptor


def _clear_away(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*/"):
        try:
            _remove_unused(folder)
        except OSError:
            # It is in use, is none of ours, or somebody else removes it.
            continue


def _remove_unused(folder: Path) -> None:
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        return
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(descriptor)
