"""Connections to addresses that the policy allows, and to no other.

The name is resolved here, each address is judged, and the connection is made to the
very address that was judged: no second look-up can lead elsewhere. Every wait has a
deadline and can be cancelled.
"""

from __future__ import annotations

import errno
import io
import itertools
import os
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import certifi

from musicbot.engine.cancellation import Cancellation
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.netpolicy import NetPolicy

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FIRST_TRY: Final = 2.0
"""Seconds for an address while there are others to try."""

MAX_ADDRESSES: Final = 8
"""How many addresses of a name are tried."""

Resolver = Callable[[str, int], Sequence[str]]
"""From a host's name and a port to its addresses; may block and raise OSError."""


def resolve(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a name.

    Raises:
        OSError: If there are none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@cache
def trusted() -> ssl.SSLContext:
    """Return the TLS settings for strangers: certificates and names are verified."""
    context = ssl.create_default_context()
    if context.cert_store_stats()["x509_ca"] == 0:
        # Not every system has a store, or one that OpenSSL finds.
        context.load_verify_locations(certifi.where())
    return context


class Wire(io.RawIOBase):
    """A connection; reads and writes end at the deadline or when cancelled.

    Reading and writing raise TimeoutError, another OSError, or Cancelled.
    """

    def __init__(self, connection: socket.socket, cancellation: Cancellation) -> None:
        super().__init__()
        self._socket = connection
        self._cancellation = cancellation
        self._deadline = 0.0

    def allow(self, seconds: float) -> None:
        """Set the deadline of everything that follows."""
        self._deadline = time.monotonic() + seconds

    def connect(self, ip: str, port: int) -> None:
        """Connect to a literal address."""
        self._cancellation.check()
        self._socket.setblocking(False)
        error = self._socket.connect_ex((ip, port))
        if error == errno.EINPROGRESS:
            # Only a connection that has begun can be shut down, so it began before the wait.
            with self._waiting() as left:
                poll = select.poll()
                poll.register(self._socket, select.POLLOUT)
                if not poll.poll(left * 1000):
                    raise TimeoutError
            error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on, with a peer that can prove its name."""
        self._socket = context.wrap_socket(
            self._socket, server_hostname=host, do_handshake_on_connect=False
        )
        with self._waiting():
            self._socket.do_handshake()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        with self._waiting():
            self._socket.sendall(data)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what is there, or wait for it; 0 is the end."""
        with self._waiting():
            return self._socket.recv_into(buffer)

    def close(self) -> None:
        """Close the connection; may be called twice."""
        self._socket.close()
        super().close()

    @contextmanager
    def _waiting(self) -> Iterator[float]:
        """Tell how many seconds are left for what may block, and let it be woken."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        with self._cancellation.woken_by(partial(_shut_down, self._socket)):
            yield left


class Dialer:
    """Connects to hosts by their names, as far as the policy allows.

    Args:
        policy: Judges every address, right before it is connected to.
        cancellation: Ends whatever blocks.
        timeout: Seconds for finding the addresses, and again for connecting.
        resolver: Finds the addresses of a name.
        context: What TLS demands of the other side.
    """

    def __init__(
        self,
        policy: NetPolicy,
        cancellation: Cancellation,
        *,
        timeout: float = 5.0,
        resolver: Resolver = resolve,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._cancellation = cancellation
        self._timeout = timeout
        self._resolver = resolver
        self._context = context

    def dial(self, host: str, port: int, *, secure: bool) -> Wire:
        """Connect, and speak TLS if ``secure``.

        Raises:
            SourceError: If the host cannot be found, reached or trusted, or is not allowed.
            Cancelled: If it was.
        """
        if not self._policy.port_allowed(port):
            raise SourceError(
                SourceErrorKind.BLOCKED_ADDRESS, f"Nothing is played from port {port} of {host}."
            )
        found = self._addresses(host, port)
        allowed = [ip for ip in found if self._policy.allowed(ip)]
        if not allowed:
            raise SourceError(
                SourceErrorKind.BLOCKED_ADDRESS,
                f"{host} is not on the public internet, so it may not be opened;"
                " the operator can allow it.",
            )
        return self._first_to_answer(host, port, _by_turns(allowed)[:MAX_ADDRESSES], secure)

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        if _is_address(host):
            return [host]
        # The system's resolver can neither be given a time limit nor be woken.
        answers: queue.SimpleQueue[Sequence[str] | OSError | None] = queue.SimpleQueue()
        thread = threading.Thread(
            target=_look_up, args=(self._resolver, host, port, answers), daemon=True
        )
        with self._cancellation.woken_by(partial(answers.put, None)):
            thread.start()
            try:
                answer = answers.get(timeout=self._timeout)
            except queue.Empty:
                raise SourceError(
                    SourceErrorKind.TIMEOUT, f"The address of {host} was not found in time."
                ) from None
        if answer is None or isinstance(answer, OSError):
            raise SourceError(
                SourceErrorKind.NETWORK, f"There is no site named {host}, or it cannot be found."
            ) from answer
        return answer

    def _first_to_answer(
        self, host: str, port: int, addresses: Sequence[str], secure: bool
    ) -> Wire:
        end = time.monotonic() + self._timeout
        failure: OSError = TimeoutError()
        for tried, ip in enumerate(addresses, start=1):
            seconds = end - time.monotonic()
            if tried < len(addresses):
                seconds = min(seconds, FIRST_TRY)
            try:
                return self._connect(ip, port, seconds, host if secure else None)
            except ssl.SSLCertVerificationError as error:
                raise SourceError(
                    SourceErrorKind.BROKEN, f"{host} cannot prove that it is {host}."
                ) from error
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise SourceError(SourceErrorKind.TIMEOUT, f"{host} does not answer.") from failure
        raise SourceError(SourceErrorKind.NETWORK, f"{host} cannot be reached.") from failure

    def _connect(self, ip: str, port: int, seconds: float, name: str | None) -> Wire:
        """Connect to one address, with TLS if there is a name to prove."""
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        wire = Wire(socket.socket(family, socket.SOCK_STREAM), self._cancellation)
        try:
            wire.allow(seconds)
            wire.connect(ip, port)
            if name is not None:
                wire.secure(self._context or trusted(), name)
        except BaseException:
            wire.close()
            raise
        return wire


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _look_up(
    resolver: Resolver,
    host: str,
    port: int,
    answers: queue.SimpleQueue[Sequence[str] | OSError | None],
) -> None:
    try:
        answers.put(resolver(host, port))
    except OSError as error:
        answers.put(error)
    except ValueError as error:
        # The system's resolver does so with names that it can't even write down.
        answers.put(OSError(str(error)))


def _by_turns(addresses: Sequence[str]) -> list[str]:
    """Take IPv6 and IPv4 by turns, so that one that leads nowhere does not use up the time."""
    first = [ip for ip in addresses if (":" in ip) == (":" in addresses[0])]
    other = [ip for ip in addresses if ip not in first]
    turns = itertools.zip_longest(dict.fromkeys(first), dict.fromkeys(other))
    return [ip for pair in turns for ip in pair if ip is not None]


def _shut_down(connection: socket.socket) -> None:
    """Wake up whoever waits for a connection."""
    with suppress(OSError):  # It is not connected, so it has its end already.
        # SSLSocket's own shutdown() would turn it into a plain socket under its reader.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
