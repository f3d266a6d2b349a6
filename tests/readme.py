"""Writes into the README what the code knows: ``python -m tests.readme``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from musicbot import cli
from musicbot.core import commands

README: Final = Path(__file__).parent.parent / "README.md"

TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "commands": commands.as_markdown,
    "settings": cli.settings_as_markdown,
}
"""What stands between ``<!-- name -->`` and ``<!-- /name -->``."""


def up_to_date(text: str) -> str:
    """Return the README with the tables as they are now.

    Raises:
        ValueError: If a marker is missing.
    """
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        start = text.index(begin) + len(begin)
        text = f"{text[:start]}\n\n{table()}\n\n{text[text.index(end, start) :]}"
    return text


def rewrite(path: Path) -> None:
    """Bring a README up to date in place."""
    path.write_text(up_to_date(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    rewrite(README)
