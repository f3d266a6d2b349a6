"""The files of the browser client, and who may open a WebSocket.

What can be served is a fixed map that is made at the start: no request's path
ever reaches the file system.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from websockets.datastructures import Headers, MultipleValuesError
from websockets.http11 import Request, Response

from signaling.limits import clean_name
from signaling.messages import ProtocolError

SOCKET_PATH: Final = "/ws"

TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
"""What is served, by suffix; nothing else in the folder is, and nothing hidden."""

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "media-src 'self' blob:",
        # Includes the WebSocket of the same origin (Content Security Policy 3, 6.7.2.8).
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # The address of a room is all that it takes to come in.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_ROOM: Final = re.compile(r"/r/([^/]+)/?")


@dataclass(frozen=True, slots=True)
class Document:
    """Something that can be served."""

    body: bytes
    content_type: str

    @property
    def tag(self) -> str:
        """Another one if the body is (RFC 9110, 8.8.3)."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


HEALTH: Final = Document(b"ok\n", "text/plain; charset=utf-8")


def find_static() -> Path:
    """Return the folder of the browser client: in a checkout, or where it is installed."""
    here = Path(__file__).parent
    installed = here / "static"
    return installed if installed.is_dir() else here.parent / "static"


class Website:
    """Answers every request that does not open a WebSocket.

    Args:
        folder: Of the browser client; read once, now.
        allow_origins: Origins besides the server's own whose pages may connect.
    """

    def __init__(self, folder: Path, allow_origins: Iterable[str] = ()) -> None:
        self._documents = dict(_documents(folder))
        self._index = self._documents["/index.html"]
        self._documents |= {"/": self._index, "/healthz": HEALTH}
        self._allow_origins = frozenset(allow_origins)

    def answer(self, request: Request) -> Response | None:
        """Return what to answer, or None if a WebSocket is to be opened."""
        path = request.path.partition("?")[0]
        if path == SOCKET_PATH and request.method == "GET":
            return None if self._may_connect(request.headers) else _plain(HTTPStatus.FORBIDDEN)
        if request.method not in ("GET", "HEAD"):
            response = _plain(HTTPStatus.METHOD_NOT_ALLOWED)
            response.headers["Allow"] = "GET, HEAD"
            return response
        document = self._find(path)
        response = (
            _plain(HTTPStatus.NOT_FOUND)
            if document is None
            else _serve(document, request.headers.get_all("If-None-Match"))
        )
        if request.method == "HEAD":
            response.body = b""
        return response

    def from_page(self, headers: Headers) -> bool:
        """Return whether a page has sent this request, one that may."""
        return bool(headers.get_all("Origin")) and self._may_connect(headers)

    def _may_connect(self, headers: Headers) -> bool:
        """Return whether a request may open a WebSocket, as far as one knows yet.

        One without an origin comes from no browser; it must show the token of
        the bots in its first message.
        """
        try:
            origin = headers.get("Origin")
            host = headers["Host"]
        except (KeyError, MultipleValuesError):
            return False
        return origin is None or origin in self._allow_origins or _host_of(origin) == host.lower()

    def _find(self, path: str) -> Document | None:
        if match := _ROOM.fullmatch(path):
            return self._index if _is_room(match[1]) else None
        return self._documents.get(path)


def _documents(folder: Path) -> Iterable[tuple[str, Document]]:
    for path in sorted(folder.rglob("*")):
        content_type = TYPES.get(path.suffix)
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in name.split("/"))
        if content_type is not None and not hidden and path.is_file():
            yield f"/{name}", Document(path.read_bytes(), content_type)


def _is_room(quoted: str) -> bool:
    try:
        clean_name(unquote(quoted, errors="strict"), "bad-room")
    except (UnicodeDecodeError, ProtocolError):
        return False
    return True


def _host_of(origin: str) -> str | None:
    """Return the host and port of an origin; what is none, like ``null``, has none."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") else None


def _serve(document: Document, known: list[str]) -> Response:
    tags = {tag.strip().removeprefix("W/") for line in known for tag in line.split(",")}
    if document.tag in tags or "*" in tags:
        return _response(HTTPStatus.NOT_MODIFIED, b"", {"ETag": document.tag})
    headers = {"Content-Type": document.content_type, "ETag": document.tag}
    return _response(HTTPStatus.OK, document.body, headers)


def _plain(status: HTTPStatus) -> Response:
    body = f"{status.phrase}.\n".encode()
    return _response(status, body, {"Content-Type": "text/plain; charset=utf-8"})


def _response(status: HTTPStatus, body: bytes, headers: Mapping[str, str]) -> Response:
    # The files of a release belong together, so a browser asks for each whether it is still good.
    lasting = {"Cache-Control": "no-cache", "Connection": "close"}
    if status is not HTTPStatus.NOT_MODIFIED:
        lasting["Content-Length"] = str(len(body))
    all_headers = Headers({**headers, **lasting, **SECURITY_HEADERS})
    return Response(status.value, status.phrase, all_headers, body)
