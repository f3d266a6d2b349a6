"""What lies in the library's folder."""

from __future__ import annotations

from pathlib import Path


def located(path: Path, folder: Path) -> Path | None:
    """Return where a file really is; ``None`` if that is not in the folder, or there is none."""
    try:
        found = path.resolve(strict=True)
        return found if found.is_relative_to(folder.resolve()) and found.is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None
