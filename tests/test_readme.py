"""What the README tells is what the code does."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from musicbot.core import commands

README: Final = (Path(__file__).parent.parent / "README.md").read_text()


def between(marker: str) -> str:
    """Return what stands between two markers of the README."""
    _, _, rest = README.partition(f"<!-- {marker} -->")
    inside, end, _ = rest.partition(f"<!-- /{marker} -->")
    assert end, f"The README has no {marker}."
    return inside.strip()


def test_the_table_of_commands_is_that_of_the_code() -> None:
    assert between("commands") == commands.as_markdown()
