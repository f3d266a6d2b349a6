"""The contract with the insides of aiortc, aioice and pylibsrtp.

When a new version of one is tried and something here fails, the name of the
test says which of their names has moved.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
from importlib.metadata import version

import pylibsrtp
import pytest
from aioice.candidate import Candidate
from aioice.ice import CandidatePair, Connection, StunProtocol
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.rtcrtpparameters import RTCRtpSendParameters

from musicbot.rtc.private import LOOPBACK, Route, gather_hosts, watch_connecting
from tests.support.listening import connected


@pytest.mark.parametrize(
    ("package", "expected"), [("aiortc", "1.16"), ("aioice", "0.13"), ("pylibsrtp", "1.0")]
)
def test_the_versions_are_those_that_were_read(package: str, expected: str) -> None:
    found = ".".join(version(package).split(".")[:2])

    assert found == expected, f"{package} {found}: run these tests, then name it here"


async def test_every_private_name_is_where_it_was() -> None:
    async with connected() as heard:
        dtls = heard.listener._link.dtls
        for owner, name, kind in [
            (dtls, "_tx_srtp", pylibsrtp.Session),
            (dtls, "_rx_srtp", pylibsrtp.Session),
            (dtls.transport, "_connection", Connection),
            (dtls.transport._connection, "_nominated", dict),
            (dtls.transport._connection, "_protocols", list),
            (dtls.transport._connection, "_query_consent_task", asyncio.Task),
        ]:
            found = getattr(owner, name, None)

            assert isinstance(found, kind), f"{type(owner).__name__}.{name} has moved"


async def test_a_nominated_pair_has_a_protocol_and_an_address() -> None:
    async with connected() as heard:
        pair = heard.listener._link.dtls.transport._connection._nominated[1]

        assert isinstance(pair, CandidatePair)
        assert isinstance(pair.protocol, StunProtocol)
        assert callable(pair.protocol.transport.sendto)
        assert len(pair.remote_addr) == 2


def test_candidates_are_gathered_by_component_address_and_time() -> None:
    names = list(inspect.signature(Connection.get_component_candidates).parameters)

    assert names == ["self", "component", "addresses", "timeout"]


def test_gathering_asks_for_candidates_through_the_instance() -> None:
    source = inspect.getsource(Connection.gather_candidates)

    assert "self.get_component_candidates(" in source


def test_datagrams_are_received_through_the_instance() -> None:
    names = list(inspect.signature(StunProtocol.datagram_received).parameters)

    assert names == ["self", "data", "addr"]


def test_nominated_pairs_are_set_by_key_and_cleared_at_the_end() -> None:
    assert "self._nominated[pair.component] = pair" in inspect.getsource(Connection.check_complete)
    assert "self._nominated.clear()" in inspect.getsource(Connection.close)


async def test_sending_and_receiving_are_started_through_the_instances() -> None:
    async with connected() as heard:
        transceiver = heard.listener._link.connection.getTransceivers()[0]

        assert "send" in vars(transceiver.sender)
        assert "receive" in vars(transceiver.receiver)
        assert heard.listener.listens


def test_parameters_name_payload_type_source_and_name() -> None:
    parameters = RTCRtpSendParameters()

    assert parameters.codecs == []
    assert parameters.rtcp.ssrc is None
    assert parameters.rtcp.cname is None


async def test_encryption_repeats_itself_for_a_packet_that_is_sent_again() -> None:
    async with connected() as heard:
        session = heard.outlet._path.outbound
        packet = b"\x80\x60\x00\x01" + bytes(8) + b"payload"
        first = session.protect(packet)
        for sequence in range(2, 130):
            session.protect(b"\x80\x60" + sequence.to_bytes(2) + bytes(8))

        assert session.protect(packet) == first


async def test_loopback_is_gathered_where_it_is_asked_for() -> None:
    assert LOOPBACK in await gathered(loopback=True)


async def test_loopback_is_not_gathered_beside_other_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: ["127.0.0.2"])

    assert await gathered(loopback=False) == ["127.0.0.2"]
    assert await gathered(loopback=True) == ["127.0.0.2", LOOPBACK]


async def test_loopback_is_gathered_where_there_is_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: [])

    assert await gathered(loopback=False) == [LOOPBACK]


async def test_a_server_that_does_not_answer_is_not_waited_for_longer_than_said() -> None:
    # Bound, but nobody reads from it.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((LOOPBACK, 0))
        start = asyncio.get_running_loop().time()
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.createDataChannel("x")
        assert peer.sctp is not None
        peer.sctp.transport.transport._connection.stun_server = silent.getsockname()
        gather_hosts(peer.sctp.transport, loopback=True, timeout=0.05)

        await peer.setLocalDescription(await peer.createOffer())

        assert asyncio.get_running_loop().time() - start < 2.0
        assert "typ host" in peer.localDescription.sdp
        await peer.close()


async def test_a_route_that_changes_is_told() -> None:
    async with connected() as heard:
        told: list[Route | None] = []
        path = heard.outlet._path
        path._ice._nominated._changed = lambda: told.append(path.route)  # type: ignore[attr-defined]
        first = path.route
        pair = path._ice._nominated[1]

        path._ice._nominated[1] = pair
        path._ice._nominated.clear()

        assert told == [first, None]


async def test_what_is_not_taken_is_left_to_aioice() -> None:
    async with connected() as heard:
        # Were STUN, DTLS and with it the data channel taken, nothing would come.
        heard.receiver.say("hello")
        await heard.news.wait_for("hello")

        assert heard.listener.send("hello yourself")
        await heard.receiver.news.wait_for("hello yourself")


async def test_consent_is_not_asked_for_after_the_end() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.createDataChannel("x")
    assert peer.sctp is not None
    settle = watch_connecting(peer.sctp.transport)
    await peer.close()
    # As if ICE had completed in the meantime.
    asking = asyncio.create_task(asyncio.Event().wait())
    peer.sctp.transport.transport._connection._query_consent_task = asking  # type: ignore[assignment]

    await settle()
    await settle()

    assert asking.cancelled()


async def test_connecting_is_asked_for_through_the_instance() -> None:
    async with connected() as heard:
        connection = heard.listener._link.dtls.transport._connection

        assert "connect" in vars(connection)
        assert heard.listener.listens


async def gathered(*, loopback: bool) -> list[str]:
    """Return the addresses that one connection gathers."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.createDataChannel("x")
    assert peer.sctp is not None
    gather_hosts(peer.sctp.transport, loopback=loopback, timeout=1.0)
    await peer.setLocalDescription(await peer.createOffer())
    connection = peer.sctp.transport.transport._connection
    found: list[Candidate] = connection.local_candidates
    await peer.close()
    return [candidate.host for candidate in found]
