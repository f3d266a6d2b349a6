"""Servers on loopback, in threads that end when the test does.

:class:`Loopback` speaks HTTP/1.1 and leaves every answer to a function;
:class:`Canary` speaks nothing and only counts who connects.
"""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

POLL: Final = 0.02
"""Seconds that a server may take to notice that it shall end."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked for."""

    method: str
    path: str
    """As in the request line, so with its query."""
    headers: Mapping[str, str]
    """Names in lower case."""

    @property
    def range(self) -> tuple[int, int | None] | None:
        """First and last byte asked for; None if the whole is."""
        unit, _, ask = self.headers.get("range", "").partition("=")
        if unit != "bytes":
            return None
        first, _, last = ask.partition("-")
        return int(first), int(last) if last else None


class Hangup(Exception):
    """The answer ends here, and with it the connection."""


class Exchange:
    """One request, and the means to answer it properly or otherwise."""

    def __init__(
        self, handler: _Handler, request: Request, count: int, closing: threading.Event
    ) -> None:
        self.request = request
        self.count = count
        """How many requests for this path there were, this one included."""
        self._handler = handler
        self._closing = closing

    def reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a complete answer."""
        self.begin(status, {"Content-Length": str(len(body)), **headers})
        if self.request.method != "HEAD":
            self.send(body)

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status line and the headers."""
        handler = self._handler
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if not {"content-length", "transfer-encoding"} & {name.lower() for name in headers}:
            # The body ends with the connection. See RFC 9112, 6.3.
            handler.send_header("Connection", "close")
            handler.close_connection = True
        handler.end_headers()

    def send(self, data: bytes) -> None:
        """Send bytes as they are.

        Raises:
            Hangup: If the client or the server has gone.
        """
        if self._closing.is_set():
            raise Hangup
        try:
            self._handler.wfile.write(data)
        except OSError:
            raise Hangup from None

    def send_chunk(self, data: bytes) -> None:
        """Send one chunk of ``Transfer-Encoding: chunked``; an empty one ends it."""
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def pause(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            Hangup: If the server closes meanwhile.
        """
        if seconds > 0 and self._closing.wait(seconds):
            raise Hangup

    def stall(self) -> None:
        """Send nothing until the client goes away.

        Raises:
            Hangup: When it does, or when the server closes.
        """
        while self._handler.connection.recv(4096):
            pass
        raise Hangup

    def drop(self, *, reset: bool = False) -> None:
        """Close the connection in the middle of whatever it was.

        Raises:
            Hangup: Always.
        """
        if reset:
            linger = struct.pack("ii", 1, 0)
            self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise Hangup


class Loopback(ABC):
    """A web server on a free port of loopback; subclasses say what it answers."""

    def __init__(self, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.host = host
        self.requests: list[Request] = []
        """Every request in the order of arrival."""
        self.connections = 0
        """How many connections there were."""
        self.closing = threading.Event()
        self._hits: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._scheme = "http" if tls is None else "https"
        self._server = _Server(self, tls)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str, *, host: str | None = None) -> str:
        """Return the address of a path, by another name of this host if one is given."""
        return f"{self._scheme}://{host or self.host}:{self.port}{path}"

    def hits(self, path: str) -> int:
        """Return how many requests there were for a path, whatever their query."""
        return self._hits[path]

    def note(self, request: Request) -> int:
        """Remember a request; return how many there were for its path."""
        path = request.path.partition("?")[0]
        with self._lock:
            self.requests.append(request)
            self._hits[path] += 1
            return self._hits[path]

    @abstractmethod
    def take(self, exchange: Exchange) -> None:
        """Answer one request; called in the thread of its connection."""


class Canary:
    """A port on loopback that only counts who connects: nobody should.

    Nobody is accepted before :attr:`connections` is read, so no connection that was
    made before can be missed.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self._count = 0
        self._socket = socket.create_server((host, 0))
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    @property
    def connections(self) -> int:
        """How many connections there were so far."""
        while True:
            try:
                connection, _ = self._socket.accept()
            except BlockingIOError:
                return self._count
            self._count += 1
            connection.close()

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        """Return an address that leads here."""
        return f"http://{host or self.host}:{self.port}{path}"


class _Server(ThreadingHTTPServer):
    """Keeps its connections at hand, so that it can end them."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, owner: Loopback, tls: ssl.SSLContext | None) -> None:
        self.owner = owner
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((owner.host, 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls is not None:
            # The handshake happens at the first read, so not in this thread.
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        with self._lock:
            self._open.add(connection)
            self.owner.connections += 1
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._lock:
            for connection in self._open:
                try:
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
                except OSError:
                    continue  # The client was faster.

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that went away or refused our certificate: they are what we test."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            raise error


class _Handler(BaseHTTPRequestHandler):
    """Hands each request to the server it came to."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def _take(self) -> None:
        owner = self.server.owner
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers)
        count = owner.note(request)
        try:
            owner.take(Exchange(self, request, count, owner.closing))
        except (Hangup, OSError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = _take

    def log_message(self, format: str, *args: object) -> None:
        """Write no log: the requests are in :attr:`Loopback.requests`."""
