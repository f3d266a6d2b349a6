"""The log of our processes, in which strangers cannot forge a line.

What is logged quotes them: names, links, what libraries say about either.
"""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final

FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

INDENT: Final = "    "
"""What the lines of a traceback begin with, and no other."""


class Formatter(logging.Formatter):
    """Makes of each record one line of what can be shown, and of a traceback indented ones."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line, without its traceback."""
        return visible(super().formatMessage(record))

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Return the lines of a traceback."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(INDENT + visible(line) for line in lines)


def visible(text: str) -> str:
    """Return a text with everything escaped that ends a line or tells a terminal something."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def set_up(level: str) -> None:
    """Log what is as grave as a level, or graver, to the standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter())
    logging.basicConfig(level=level.upper(), handlers=[handler])
