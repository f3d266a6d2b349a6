"""Makes text from strangers fit to be shown in one line.

Titles come from websites and names from people. Neither may break a line, write
backwards over the words around it, or fill the page.
"""

from __future__ import annotations

import unicodedata
from typing import Final
from urllib.parse import urlsplit

MAX_TITLE: Final = 120
"""Characters of a title."""

MAX_NAME: Final = 60
"""Characters of a person's name."""

_JOINERS: Final = "\u200c\u200d"
"""Invisible, but Persian and many emoji are not written without them."""

_TAGS: Final = range(0xE0020, 0xE0080)
"""Invisible, but parts of flags."""


def one_line(text: str) -> str:
    """Return text without line breaks, control characters and overrides of direction."""
    return " ".join("".join(map(_shown, text)).split())


def shorten(text: str, limit: int) -> str:
    """Return text of at most so many characters; what is cut ends in an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rstrip() + "…"


def clean_title(title: str) -> str:
    """Return a title as it may be shown."""
    return shorten(one_line(title), MAX_TITLE) or "Untitled"


def clean_name(name: str) -> str:
    """Return a person's name as it may be shown."""
    return shorten(one_line(name), MAX_NAME) or "Somebody"


def without_secrets(typed: str) -> str:
    """Return what somebody typed as it may be logged: of a link, no user, password or query.

    What is no link is nobody's business.
    """
    try:
        parts = urlsplit(typed.strip("<> "))
        host = parts.hostname
    except ValueError:
        host = None
    if not host:
        return f"{len(typed)} characters"
    return f"{parts.scheme}://{host}{parts.path}"


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category == "Cf" and (character in _JOINERS or ord(character) in _TAGS):
        return character
    # Cs: half a surrogate pair cannot be sent as UTF-8.
    return "" if category in ("Cf", "Cs") else character
