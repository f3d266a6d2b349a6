"""One HTTP request at a time, guarded: who may be asked, and what is believed of the answer.

Only http and https, only hosts that the policy allows, redirects followed here so that
each is judged, certificates verified, nothing unpacked, heads of answers bounded.
The standard library parses the answers; the connection beneath is ours (see
:mod:`musicbot.engine.wire`).
"""

from __future__ import annotations

import http.client
import io
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from musicbot.engine.cancellation import Cancellation
from musicbot.engine.deadline import Deadline
from musicbot.engine.target import Target
from musicbot.engine.wire import Dialer, Resolver, Wire, resolve
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.netpolicy import NetPolicy

MAX_REDIRECTS: Final = 5
BUFFER_SIZE: Final = 64 * 1024
"""Bytes read ahead from the network, at most."""

REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
TRANSIENT: Final = frozenset((408, 425, 429))
"""Refusals that may be over in a moment, as all from 500 on may be."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for others, in seconds."""

    connect: float = 5.0
    """For the addresses of a name, and again for a connection."""
    read: float = 10.0
    """For the head of an answer, and for each next byte."""
    slow: float = 10.0
    """After so long a wait in all it is judged whether what came is fast enough."""
    first: float = 15.0
    """For the first sound, whatever comes before it and however often it is tried."""


class Response:
    """The answer to one request: its head, and its body as it comes."""

    def __init__(
        self,
        wire: Wire,
        answer: http.client.HTTPResponse,
        target: Target,
        read_timeout: float,
        deadline: Deadline,
    ) -> None:
        self.status = answer.status
        self.target = target
        """What was asked for in the end, after redirects."""
        self.site = target.destination.host
        self._wire = wire
        self._answer = answer
        self._read_timeout = read_timeout
        self._deadline = deadline

    def header(self, name: str) -> str:
        """Return a header; empty if there is none."""
        return self._answer.headers.get(name, "")

    @property
    def length(self) -> int | None:
        """The bytes of the body that are still to come, if the site said so."""
        return self._answer.length

    def read(self, size: int) -> bytes:
        """Return what is there, or wait for it; empty is the end, be it early or not.

        Raises:
            SourceError: If nothing comes, or the connection breaks.
            Cancelled: If it was.
        """
        self._wire.allow(min(self._read_timeout, self._deadline.left))
        try:
            return self._answer.read1(size)
        except TimeoutError as error:
            if self._deadline.passed:
                raise too_slow(self.site) from error
            raise SourceError(SourceErrorKind.TIMEOUT, f"{self.site} stopped sending.") from error
        except (OSError, http.client.HTTPException) as error:
            raise broke_off(self.site) from error

    def close(self) -> None:
        """End the connection; may be called twice."""
        self._answer.close()
        self._wire.close()


class WebClient:
    """Asks web servers, with the operator's policy; one for each playback.

    Args:
        policy: Which addresses may be connected to.
        timeouts: How long to wait for others.
        resolver: Finds the addresses of a name.
        context: What TLS demands of the other side; verified against the system's
            authorities if not given.
    """

    def __init__(
        self,
        policy: NetPolicy,
        *,
        timeouts: Timeouts = Timeouts(),
        resolver: Resolver = resolve,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.cancellation = Cancellation()
        self.timeouts = timeouts
        self.deadline = Deadline(timeouts.first)
        """For all that is asked; whoever waits for the first sound begins and lifts it."""
        self._policy = policy
        self._resolver = resolver
        self._context = context

    def cancel(self) -> None:
        """End everything that blocks, from another thread and for good."""
        self.cancellation.cancel()

    def sleep(self, seconds: float) -> None:
        """Let time pass, as far as there is any.

        Raises:
            Cancelled: As soon as it is.
        """
        self.cancellation.sleep(min(seconds, self.deadline.left))

    def get(self, target: Target, extra: Mapping[str, str]) -> Response:
        """Ask, follow redirects, and return an answer with status 200, 206 or 416.

        Args:
            target: What to ask for.
            extra: Headers of this one request.

        Raises:
            SourceError: If there is no such answer. NETWORK and TIMEOUT may be over soon,
                GONE may be helped by a fresh link.
            Cancelled: If it was.
        """
        for _ in range(MAX_REDIRECTS + 1):
            response = self._ask(target, extra)
            try:
                location = _judged(response)
            except SourceError:
                response.close()
                raise
            if location is None:
                return response
            response.close()
            target = target.moved(location)
        raise SourceError(SourceErrorKind.BROKEN, "That link only leads in circles.")

    def _ask(self, target: Target, extra: Mapping[str, str]) -> Response:
        site = target.destination
        if self.deadline.passed:
            raise too_slow(site.host)
        wire = self._dialer().dial(site.host, site.port, secure=site.secure)
        wait = self.timeouts.read
        try:
            wire.allow(min(wait, self.deadline.left))
            return Response(wire, _exchange(wire, target, extra), target, wait, self.deadline)
        except BaseException as error:
            wire.close()
            if isinstance(error, TimeoutError):
                if self.deadline.passed:
                    raise too_slow(site.host) from error
                raise SourceError(
                    SourceErrorKind.TIMEOUT, f"{site.host} does not answer."
                ) from error
            if isinstance(error, OSError | http.client.HTTPException):
                raise broke_off(site.host) from error
            raise

    def _dialer(self) -> Dialer:
        return Dialer(
            self._policy,
            self.cancellation,
            # It waits twice: for the addresses, and for a connection.
            timeout=min(self.timeouts.connect, self.deadline.left / 2),
            resolver=self._resolver,
            context=self._context,
        )


def too_slow(site: str) -> SourceError:
    """Return the error for a site that will not become faster by being asked again."""
    return SourceError(SourceErrorKind.BROKEN, f"{site} sends too slowly to be heard.")


def broke_off(site: str) -> SourceError:
    """Return the error for a connection that ended early."""
    return SourceError(SourceErrorKind.NETWORK, f"The connection to {site} broke off.")


def _judged(response: Response) -> str | None:
    """Return where the answer sends us, or None if it is what was asked for."""
    status, site = response.status, response.site
    location = response.header("Location")
    if status in REDIRECTS and location:
        return location
    if status in (200, 206):
        if response.header("Content-Encoding").strip().lower() not in ("", "identity"):
            raise SourceError(
                SourceErrorKind.UNSUPPORTED, f"{site} only sends this in a packed form."
            )
        return None
    if status == 416:
        return None
    if status in TRANSIENT or status >= 500:
        raise SourceError(
            SourceErrorKind.NETWORK, f"{site} has a problem of its own (error {status})."
        )
    raise SourceError(
        SourceErrorKind.GONE, f"{site} does not have this, or not for us (error {status})."
    )


def _exchange(wire: Wire, target: Target, extra: Mapping[str, str]) -> http.client.HTTPResponse:
    """Send a request and return the answer, of which only the head has been read."""
    site = target.destination
    connection = http.client.HTTPConnection(site.host, site.port)
    connection.sock = _Plug(wire)
    connection.putrequest("GET", site.path, skip_host=True, skip_accept_encoding=True)
    for name, value in target.request_headers(extra):
        connection.putheader(name, value)
    connection.endheaders()
    return connection.getresponse()


class _Plug:
    """The little that http.client wants of a socket."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def sendall(self, data: bytes) -> None:
        self._wire.send(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return _Answers(self._wire, BUFFER_SIZE)

    def close(self) -> None:
        """Do nothing: http.client closes once it has the head, and the body is to come."""


class _Answers(io.BufferedReader):
    """What a server sends, with two things that http.client does not know."""

    _head_ended = False

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(size)
        if line.startswith(b"ICY "):
            # SHOUTcast 1 begins its answers with "ICY 200 OK".
            return b"HTTP/1.0" + line[3:]
        if not line and not self._head_ended:
            # To http.client this is the end of the headers, as if no body were to come.
            raise ConnectionResetError
        self._head_ended = self._head_ended or line in (b"\r\n", b"\n")
        return line
