"""What to ask a web server for: links taken apart and judged, with their headers.

Pure. Which addresses a host has, and whether they may be asked, is decided at the
connection (see :mod:`musicbot.engine.wire`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from musicbot.core.headers import may_be_sent
from musicbot.errors import SourceError, SourceErrorKind

PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}

USER_AGENT: Final = "Mozilla/5.0 (compatible; Irisa)"

SAFE: Final = "%/:=&?~+!$,;'@()*[]-._"
"""What stays in a path as it is; links come with spaces and letters of all scripts."""

PRIVATE_HEADERS: Final = frozenset(("authorization", "cookie", "proxy-authorization"))
"""What a site gave to be shown to itself only."""

_HOST: Final = re.compile(r"[a-z0-9_.:-]{1,253}")

Headers = tuple[tuple[str, str], ...]


class Destination(NamedTuple):
    """Where a link leads."""

    host: str
    """A name in its ASCII form, or an address in whatever spelling it came."""
    port: int
    secure: bool
    path: str
    """What to ask for there, with the query."""

    @property
    def authority(self) -> str:
        """Host and port as they stand in a link and in the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "https" if self.secure else "http"

    @property
    def origin(self) -> tuple[str, str]:
        """What two links share that may know the same secrets."""
        return self.scheme, self.authority


@dataclass(frozen=True, slots=True)
class Target:
    """A link, and the headers that its site wants."""

    url: str
    headers: Headers = ()

    @property
    def destination(self) -> Destination:
        """Where the link leads.

        Raises:
            SourceError: If it is none that may be opened.
        """
        try:
            parts = urlsplit(self.url)
            port = parts.port
            # A name may be written in any script.
            host = (parts.hostname or "").encode("idna").decode("ascii").rstrip(".")
        except ValueError:
            raise _no_link() from None
        if parts.scheme not in PORTS:
            raise SourceError(
                SourceErrorKind.UNSUPPORTED, "Only links that begin with http:// or https:// play."
            )
        if not _HOST.fullmatch(host):
            raise _no_link()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Destination(
            host,
            PORTS[parts.scheme] if port is None else port,
            parts.scheme == "https",
            quote(path, SAFE),
        )

    def moved(self, location: str) -> Target:
        """Return where a link found here leads; secrets stay with their site.

        Raises:
            SourceError: If it is none that may be opened.
        """
        try:
            target = Target(urljoin(self.url, location), self.headers)
        except ValueError:
            raise _no_link() from None
        if target.destination.origin == self.destination.origin:
            return target
        headers = (pair for pair in self.headers if pair[0].lower() not in PRIVATE_HEADERS)
        return Target(target.url, tuple(headers))

    def request_headers(self, extra: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return all headers of a request: ours, then what the site wants."""
        theirs = [(name, value) for name, value in self.headers if may_be_sent(name, value)]
        named = {name.lower() for name, _ in theirs}
        default = (("User-Agent", USER_AGENT), ("Accept", "*/*"))
        return [
            ("Host", self.destination.authority),
            ("Connection", "close"),
            ("Accept-Encoding", "identity"),
            *extra.items(),
            *(pair for pair in default if pair[0].lower() not in named),
            *theirs,
        ]


def _no_link() -> SourceError:
    return SourceError(SourceErrorKind.UNSUPPORTED, "That is no link that can be opened.")
