"""The private names of aiortc 1.16, aioice 0.13 and pylibsrtp 1.0, all in one place.

aiortc keeps ICE, DTLS and data channels; what it would do for every packet of
every listener is replaced. Nothing else in the program reaches below the public
interface of these libraries, and ``test_private.py`` names the name that moved
when a new version is tried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from aioice.candidate import Candidate
from aioice.ice import CandidatePair, Connection, StunProtocol
from aiortc import RTCDtlsTransport, RTCRtpTransceiver
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters, RTCRtpSendParameters
from pylibsrtp import Session

Address = tuple[str, int]
TakeDatagram = Callable[[bytes, Address], bool]
"""Handles a datagram and returns true, or leaves it to aioice and returns false."""

LOOPBACK: Final = "127.0.0.1"
"""Left out by aioice, and all there is on a machine without a network."""

_COMPONENT: Final = 1
"""RTP and RTCP share the first component of ICE (RFC 8445, 4)."""


@dataclass(frozen=True, slots=True)
class Route:
    """How packets reach a listener: the nominated pair of ICE."""

    transport: asyncio.DatagramTransport
    address: Address

    def send(self, data: bytes) -> None:
        """Send one datagram; it may get lost, as datagrams do."""
        self.transport.sendto(data, self.address)


def gather_hosts(dtls: RTCDtlsTransport, *, loopback: bool, timeout: float) -> None:
    """Choose what is gathered; to be called before the local description is set.

    Args:
        dtls: The only transport of a connection.
        loopback: Gather 127.0.0.1 as well; without any other address it always is.
        timeout: How many seconds STUN and TURN servers may take to answer.
    """
    ice = _ice(dtls)
    gather = ice.get_component_candidates

    async def get_component_candidates(component: int, addresses: list[str]) -> list[Candidate]:
        if loopback or not addresses:
            addresses = [*addresses, LOOPBACK]
        # aioice counts whole seconds by its types, but hands the time to asyncio.
        return await gather(component, addresses, timeout)  # type: ignore[arg-type]

    ice.get_component_candidates = get_component_candidates  # type: ignore[method-assign,assignment]


def watch_connecting(dtls: RTCDtlsTransport) -> Callable[[], Coroutine[Any, Any, None]]:
    """Return what ends the rest of a connection that was closed while it was being made.

    aiortc connects in a task that nobody waits for, and that goes on a little after the end. If
    that is when ICE completes, aioice asks for consent for ever.
    """
    ice = _ice(dtls)
    connect = ice.connect
    tasks: set[asyncio.Task[None]] = set()

    async def watched() -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await connect()

    async def settle() -> None:
        if tasks:
            await asyncio.wait(tasks)
        consent = ice._query_consent_task
        if consent is not None and not consent.done():
            consent.cancel()
            await asyncio.wait([consent])

    ice.connect = watched  # type: ignore[method-assign]
    return settle


def take_over_media(
    transceiver: RTCRtpTransceiver, start: Callable[[RTCRtpSendParameters], None]
) -> None:
    """Have media sent by us: aiortc's loops of this transceiver never start.

    Args:
        transceiver: One that only sends.
        start: Called once DTLS is up and the other side wants to receive.
    """

    async def send(parameters: RTCRtpSendParameters) -> None:
        start(parameters)

    async def receive(parameters: RTCRtpReceiveParameters) -> None:
        # An answer that wants to send all the same would get a decoder thread.
        return

    transceiver.sender.send = send  # type: ignore[method-assign]
    transceiver.receiver.receive = receive  # type: ignore[method-assign]


class MediaPath:
    """What lies between one connected peer connection and the network.

    Args:
        dtls: The transport, once its state is ``connected``.
        on_route: Called when the route has changed, or is gone.
        take: Called with each datagram that arrives, before aioice sees it.
    """

    def __init__(
        self, dtls: RTCDtlsTransport, *, on_route: Callable[[], None], take: TakeDatagram
    ) -> None:
        self._ice = _ice(dtls)
        self.outbound: Session = dtls._tx_srtp
        """Protects what is sent; safe in one thread only."""
        self.inbound: Session = dtls._rx_srtp
        self._ice._nominated = _Nominated(self._ice._nominated, on_route)
        for protocol in self._ice._protocols:
            _tap(protocol, take)

    @property
    def route(self) -> Route | None:
        """The present route; ``None`` when there is none any more."""
        pair = self._ice._nominated.get(_COMPONENT)
        return Route(pair.protocol.transport, pair.remote_addr) if pair else None


class _Nominated(dict[int, CandidatePair]):
    """The nominated pairs, with word of every change."""

    def __init__(self, pairs: dict[int, CandidatePair], changed: Callable[[], None]) -> None:
        super().__init__(pairs)
        self._changed = changed

    def __setitem__(self, component: int, pair: CandidatePair) -> None:
        super().__setitem__(component, pair)
        self._changed()

    def clear(self) -> None:
        super().clear()
        self._changed()


def _ice(dtls: RTCDtlsTransport) -> Connection:
    return dtls.transport._connection


def _tap(protocol: StunProtocol, take: TakeDatagram) -> None:
    receive = protocol.datagram_received

    def datagram_received(data: bytes, address: tuple[Any, ...]) -> None:
        # IPv6 addresses come with flow and scope.
        if not take(data, (address[0], address[1])):
            receive(data, address)

    protocol.datagram_received = datagram_received  # type: ignore[method-assign,assignment]
