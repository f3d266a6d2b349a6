"""Which request headers a site may wish for: the sources leave out others, and so does the engine.

The engine looks again because what it is given may have been found by anybody.
"""

from __future__ import annotations

from typing import Final

OUR_HEADERS: Final = frozenset(
    (
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "icy-metadata",
        "if-range",
        "keep-alive",
        "range",
        "te",
        "transfer-encoding",
        "upgrade",
    )
)
"""What nobody else may set, because it is us who must understand the answer."""


def may_be_sent(name: str, value: str) -> bool:
    """Return whether a header is not ours, and one: a token and a line of text (RFC 9110, 5.5)."""
    return (
        name.lower() not in OUR_HEADERS
        and name.isascii()
        and name.replace("-", "").replace("_", "").isalnum()
        and value.isascii()
        and value.isprintable()
    )
