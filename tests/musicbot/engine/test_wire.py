from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import pytest

from musicbot.engine.cancellation import Cancellation, Cancelled
from musicbot.engine.wire import Dialer, Resolver, resolve, trusted
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.netpolicy import NetPolicy
from tests.support.fetching import LOOPBACK, self_signed
from tests.support.loopback import Canary
from tests.support.web import Web


def dialer(
    policy: NetPolicy = LOOPBACK,
    *,
    resolver: Resolver = resolve,
    timeout: float = 5.0,
    context: ssl.SSLContext | None = None,
    cancellation: Cancellation | None = None,
) -> Dialer:
    return Dialer(
        policy,
        cancellation or Cancellation(),
        timeout=timeout,
        resolver=resolver,
        context=context,
    )


@contextmanager
def deaf_port() -> Iterator[int]:
    """Open a port on 127.0.0.1 to which connecting neither succeeds nor fails."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            # Connections that nobody accepts fill the queue; then nobody is answered.
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def _raise(error: Exception) -> Callable[[str, int], list[str]]:
    def resolver(host: str, port: int) -> list[str]:
        raise error

    return resolver


# Who may be connected to

SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "2130706433",
    "017700000001",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:ffff:127.0.0.1",
    "0.0.0.0",
    "0",
    "localhost",
    "LOCALHOST",
    "127.0.0.1.",
]


@pytest.mark.parametrize("host", SPELLINGS)
def test_however_loopback_is_spelled_it_is_not_connected_to(host: str) -> None:
    with Canary() as canary:
        with pytest.raises(SourceError) as caught:
            dialer(NetPolicy()).dial(host, canary.port, secure=False)

        # Some spellings are no address to every system's resolver.
        assert caught.value.kind in (SourceErrorKind.BLOCKED_ADDRESS, SourceErrorKind.NETWORK)
        assert canary.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "localhost", "::ffff:127.0.0.1"])
def test_the_text_says_why_and_who_can_help(host: str) -> None:
    with pytest.raises(SourceError, match="the operator can allow it") as caught:
        dialer(NetPolicy()).dial(host, 80, secure=False)

    assert caught.value.kind is SourceErrorKind.BLOCKED_ADDRESS


def test_a_name_of_a_private_address_is_not_connected_to() -> None:
    with Canary() as canary:
        harmless = dialer(NetPolicy(), resolver=lambda host, port: ["127.0.0.1", "::1"])

        with pytest.raises(SourceError, match=r"a\.example is not on the public internet"):
            harmless.dial("a.example", canary.port, secure=False)
        assert canary.connections == 0


def test_of_several_addresses_only_those_allowed_are_tried() -> None:
    with Canary() as canary, Web(host="127.0.0.2") as web:
        policy = NetPolicy.parse(["127.0.0.2"])
        resolver: Resolver = lambda host, port: ["127.0.0.1", "127.0.0.2", "10.0.0.1"]  # noqa: E731

        dialer(policy, resolver=resolver).dial("a.example", web.port, secure=False).close()

        with pytest.raises(SourceError):
            dialer(policy, resolver=resolver).dial("a.example", canary.port, secure=False)
        assert canary.connections == 0


def test_a_name_that_changes_between_look_ups_is_judged_by_what_is_connected_to() -> None:
    """Whatever the name meant when it was judged elsewhere: here is one look-up for both."""
    answers = iter([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2"]])
    with Canary() as canary, Web(host="127.0.0.2") as web:
        rebinding = dialer(
            NetPolicy.parse(["127.0.0.2"]), resolver=lambda host, port: next(answers)
        )

        rebinding.dial("a.example", web.port, secure=False).close()
        with pytest.raises(SourceError) as caught:
            rebinding.dial("a.example", canary.port, secure=False)
        rebinding.dial("a.example", web.port, secure=False).close()

        assert caught.value.kind is SourceErrorKind.BLOCKED_ADDRESS
        assert canary.connections == 0
        assert next(answers, None) is None, "each connection is one look-up"


def test_ports_of_other_protocols_are_refused_before_anything_is_looked_up() -> None:
    with pytest.raises(SourceError, match=r"port 25 of a\.example"):
        dialer(resolver=_raise(OSError("asked"))).dial("a.example", 25, secure=False)


def test_a_literal_address_is_not_looked_up() -> None:
    with Web() as web:
        dialer(resolver=_raise(OSError("asked"))).dial("127.0.0.1", web.port, secure=False).close()


# Who cannot be connected to


@pytest.mark.parametrize(
    "error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")]
)
def test_a_name_that_is_none_is_said_so(error: Exception) -> None:
    with pytest.raises(SourceError, match=r"no site named a\.example") as caught:
        dialer(resolver=_raise(error)).dial("a.example", 80, secure=False)

    assert caught.value.kind is SourceErrorKind.NETWORK


def test_looking_up_a_name_takes_no_longer_than_allowed() -> None:
    done = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        done.wait(10)
        return []

    with pytest.raises(SourceError, match="not found in time") as caught:
        dialer(resolver=slow, timeout=0.05).dial("a.example", 80, secure=False)
    done.set()

    assert caught.value.kind is SourceErrorKind.TIMEOUT


def test_a_closed_port_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(SourceError, match=r"127\.0\.0\.1 cannot be reached") as caught:
        dialer().dial("127.0.0.1", port, secure=False)
    assert caught.value.kind is SourceErrorKind.NETWORK


def test_a_host_that_does_not_answer_is_given_up() -> None:
    with deaf_port() as port:
        with pytest.raises(SourceError, match="does not answer") as caught:
            dialer(timeout=0.1).dial("127.0.0.1", port, secure=False)
        assert caught.value.kind is SourceErrorKind.TIMEOUT


def test_if_one_address_is_of_no_use_the_next_is_tried() -> None:
    with Canary(host="127.0.0.3") as server:
        found = ["127.0.0.2", "::1", "127.0.0.3"]
        policy = NetPolicy.parse(["127.0.0.0/8", "::1"])

        wire = dialer(policy, resolver=lambda host, port: found).dial(
            "a.example", server.port, secure=False
        )
        wire.close()

        assert server.connections == 1


@pytest.mark.parametrize(("tried_before", "reached"), [(7, True), (8, False)])
def test_of_very_many_addresses_eight_are_tried(tried_before: int, reached: bool) -> None:
    with Canary(host="127.0.0.100") as server:
        found = [f"127.0.0.{number}" for number in range(101, 101 + tried_before)]
        found.append("127.0.0.100")

        with nullcontext() if reached else pytest.raises(SourceError, match="cannot be reached"):
            dialer(resolver=lambda host, port: found).dial(
                "a.example", server.port, secure=False
            ).close()

        assert server.connections == int(reached)


# Cancelling


class Noticing(Cancellation):
    """Tells when somebody is about to block."""

    def __init__(self) -> None:
        super().__init__()
        self.blocked = threading.Event()

    @contextmanager
    def woken_by(self, wake: Callable[[], None]) -> Iterator[None]:
        with super().woken_by(wake):
            self.blocked.set()
            yield


def _latency(host: str, port: int, resolver: Resolver = resolve) -> float:
    """Return the seconds between cancelling a connection and the end of the attempt."""
    cancellation = Noticing()
    slow = dialer(resolver=resolver, cancellation=cancellation)

    def dial() -> float:
        with pytest.raises(Cancelled):
            slow.dial(host, port, secure=False)
        return time.monotonic()

    with ThreadPoolExecutor(1) as executor:
        ended = executor.submit(dial)
        assert cancellation.blocked.wait(10)
        started = time.monotonic()
        cancellation.cancel()
        return ended.result(10) - started


def test_cancelling_ends_connecting() -> None:
    with deaf_port() as port:
        latencies = [_latency("127.0.0.1", port) for _ in range(3)]

        assert min(latencies) < 0.05


def test_cancelling_ends_looking_up_a_name() -> None:
    done = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        done.wait(10)
        return []

    latencies = [_latency("a.example", 80, slow) for _ in range(3)]
    done.set()

    assert min(latencies) < 0.05


# TLS


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    certificate = self_signed("a.example", tmp_path)
    with Web(tls=certificate.server) as web:
        with pytest.raises(SourceError, match=r"cannot prove that it is a\.example") as caught:
            dialer(resolver=lambda host, port: ["127.0.0.1"]).dial(
                "a.example", web.port, secure=True
            )
        assert caught.value.kind is SourceErrorKind.BROKEN
        assert web.requests == []


def test_a_certificate_that_somebody_vouches_for_is_accepted(tmp_path: Path) -> None:
    certificate = self_signed("a.example", tmp_path)
    with Web(tls=certificate.server) as web:
        wire = dialer(resolver=lambda host, port: ["127.0.0.1"], context=certificate.trusting).dial(
            "a.example", web.port, secure=True
        )
        wire.close()


def test_the_certificate_of_somebody_else_is_refused(tmp_path: Path) -> None:
    certificate = self_signed("a.example", tmp_path)
    with Web(tls=certificate.server) as web:
        other = dialer(resolver=lambda host, port: ["127.0.0.1"], context=certificate.trusting)

        with pytest.raises(SourceError, match=r"cannot prove that it is b\.example"):
            other.dial("b.example", web.port, secure=True)


def test_a_server_that_speaks_no_tls_cannot_be_reached(tmp_path: Path) -> None:
    with Web() as web, pytest.raises(SourceError, match="cannot be reached"):
        dialer().dial("127.0.0.1", web.port, secure=True)


def test_strangers_are_verified_by_name_and_certificate() -> None:
    assert trusted().verify_mode is ssl.CERT_REQUIRED
    assert trusted().check_hostname
    assert trusted().cert_store_stats()["x509_ca"] > 0
    assert trusted() is trusted()


# Reading and writing


def test_a_wire_reads_and_writes_until_its_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = dialer().dial("127.0.0.1", server.getsockname()[1], secure=False)
        peer, _ = server.accept()
        with wire, peer:
            wire.allow(10)
            wire.send(b"ping")
            assert peer.recv(10) == b"ping"
            peer.sendall(b"pong")
            assert wire.read(10) == b"pong"

            wire.allow(0.01)
            with pytest.raises(TimeoutError):
                wire.read(10)
            with pytest.raises(TimeoutError):
                wire.send(b"too late")


def test_a_peer_that_does_not_read_is_not_waited_for_longer_than_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = dialer().dial("127.0.0.1", server.getsockname()[1], secure=False)
        with wire:
            wire.allow(0.05)

            with pytest.raises(TimeoutError):
                wire.send(bytes(50_000_000))


def test_the_system_finds_addresses() -> None:
    assert "127.0.0.1" in resolve("127.0.0.1", 80)
