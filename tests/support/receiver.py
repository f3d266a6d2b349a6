"""A real WebRTC peer that keeps each packet of the music instead of decoding it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final

import pylibsrtp
from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCDtlsTransport,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters
from aiortc.rtp import (
    AnyRtcpPacket,
    RtcpPacket,
    RtcpRtpfbPacket,
    RtpPacket,
)

from musicbot.core.tracks import FRAME_SAMPLES
from musicbot.rtc.private import gather_hosts, watch_connecting

WAIT: Final = 10.0
"""Seconds after which a test gives up waiting for something that should have come."""


class News:
    """Things that happened, in order, and a way to wait for them."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._changed = asyncio.Event()

    def add(self, item: object) -> None:
        """Note that something happened."""
        self.items.append(item)
        self.changed()

    def changed(self) -> None:
        """Let those who wait look again."""
        self._changed.set()

    async def until(self, condition: Callable[[], bool], *, patience: float = WAIT) -> None:
        """Wait until something is true; looked at whenever something happens."""
        async with asyncio.timeout(patience):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def wait_for(self, item: object) -> None:
        """Wait until something has happened."""
        await self.until(lambda: item in self.items)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of the music, as it came out of SRTP."""

    sequence: int
    timestamp: int
    payload_type: int
    ssrc: int
    payload: bytes
    encrypted: bytes


class Receiver:
    """Answers the bot's offer and keeps what arrives.

    Args:
        lose: Says of each sequence number whether the packet gets lost on its way, once.
    """

    def __init__(self, *, lose: Callable[[int], bool] = lambda _: False) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.news = News()
        """The text messages; changes with every packet too."""
        self.packets: list[Packet] = []
        self.arrived: list[bytes] = []
        """All of RTP, before decryption."""
        self.control: list[AnyRtcpPacket] = []
        self.failures = 0
        """Packets that SRTP did not accept."""
        self.lost: list[int] = []
        self.channel: RTCDataChannel | None = None
        self._lose = lose
        self._settle: Callable[[], Coroutine[Any, Any, None]] | None = None
        self.connection.on("datachannel", self._take_channel)

    @property
    def dtls(self) -> RTCDtlsTransport:
        """The transport, once there was an offer."""
        transport = self.connection.getReceivers()[0].transport
        assert isinstance(transport, RTCDtlsTransport)
        return transport

    async def answer(self, offer: str) -> str:
        """Return the answer to an offer."""
        await self.connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for receiver in self.connection.getReceivers():
            receiver.receive = _receive_nothing  # type: ignore[method-assign]
        self.dtls.on("statechange", self._follow)
        self._settle = watch_connecting(self.dtls)
        gather_hosts(self.dtls, loopback=True, timeout=1.0)
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        sdp: str = self.connection.localDescription.sdp
        return sdp

    async def heard(self, count: int) -> list[Packet]:
        """Wait until so many packets have come; return all that have."""
        await self.news.until(lambda: len(self.packets) >= count)
        return self.packets

    async def told(self, kind: type[AnyRtcpPacket]) -> Any:
        """Wait for control of some kind; return the first."""
        await self.news.until(lambda: any(isinstance(packet, kind) for packet in self.control))
        return next(packet for packet in self.control if isinstance(packet, kind))

    async def ask_again(self, sequences: Iterable[int]) -> None:
        """Send a NACK."""
        packet = RtcpRtpfbPacket(
            fmt=1, ssrc=1, media_ssrc=self.packets[0].ssrc, lost=sorted(sequences)
        )
        await self.dtls._send_rtp(bytes(packet))

    def say(self, text: str) -> None:
        """Send a text message."""
        assert self.channel is not None
        self.channel.send(text)

    def gaps(self) -> list[int]:
        """Return the steps between sequence numbers that are not 1."""
        numbers = [packet.sequence for packet in self.packets]
        steps = ((b - a) & 0xFFFF for a, b in itertools.pairwise(numbers))
        return [step for step in steps if step != 1]

    def is_paced(self) -> bool:
        """Return whether timestamps go on by 20 ms, or by whole frames after a stall."""
        times = [packet.timestamp for packet in self.packets]
        steps = {(b - a) & 0xFFFFFFFF for a, b in itertools.pairwise(times)}
        return min(steps) == FRAME_SAMPLES and not any(step % FRAME_SAMPLES for step in steps)

    async def close(self) -> None:
        """Go away in good order."""
        await self.connection.close()
        if self._settle is not None:
            await self._settle()

    def _follow(self) -> None:
        if self.dtls.state == "connected":
            self.dtls._rx_srtp = _Tap(self.dtls._rx_srtp, self)  # type: ignore[assignment]

    def _take_channel(self, channel: RTCDataChannel) -> None:
        self.channel = channel
        channel.on("message", self.news.add)
        self.news.changed()

    def loses(self, encrypted: bytes) -> bool:
        """Return whether a packet shall never have arrived."""
        sequence = int.from_bytes(encrypted[2:4])
        if sequence in self.lost or not self._lose(sequence):
            return False
        self.lost.append(sequence)
        return True

    def take_packet(self, encrypted: bytes, clear: bytes) -> None:
        """Keep a packet that SRTP accepted."""
        packet = RtpPacket.parse(clear)
        self.packets.append(
            Packet(
                sequence=packet.sequence_number,
                timestamp=packet.timestamp,
                payload_type=packet.payload_type,
                ssrc=packet.ssrc,
                payload=packet.payload,
                encrypted=encrypted,
            )
        )
        self.news.changed()

    def take_control(self, clear: bytes) -> None:
        """Keep RTCP that SRTP accepted."""
        self.control += RtcpPacket.parse(clear)
        self.news.changed()


class _Tap:
    """Stands before a peer's SRTP session and shows what comes out of it."""

    def __init__(self, session: pylibsrtp.Session, receiver: Receiver) -> None:
        self._session = session
        self._receiver = receiver

    def unprotect(self, packet: bytes) -> bytes:
        if self._receiver.loses(packet):
            return b""
        self._receiver.arrived.append(packet)
        clear = self._checked(self._session.unprotect, packet)
        self._receiver.take_packet(packet, clear)
        return clear

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        clear = self._checked(self._session.unprotect_rtcp, packet)
        self._receiver.take_control(clear)
        return clear

    def _checked(self, unprotect: Callable[[bytes], bytes], packet: bytes) -> bytes:
        try:
            return unprotect(packet)
        except pylibsrtp.Error:
            self._receiver.failures += 1
            self._receiver.news.changed()
            raise


async def _receive_nothing(parameters: RTCRtpReceiveParameters) -> None:
    """Start no decoder."""
