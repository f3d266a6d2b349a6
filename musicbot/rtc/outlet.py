"""One listener's sending end: headers, encryption, reports and lost packets.

The payload is the room's; only twelve bytes of header, the encryption and the
address are the listener's own.
"""

from __future__ import annotations

import logging
import random
import struct
from typing import Final

import pylibsrtp
from aiortc import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpSendParameters

from musicbot.core.tracks import FRAME_TIME
from musicbot.rtc import rtcp
from musicbot.rtc.beat import Beat
from musicbot.rtc.history import History
from musicbot.rtc.private import Address, MediaPath

logger = logging.getLogger(__name__)

REPORT_INTERVAL: Final = 1.0
"""Seconds between sender reports on average, each varied by half (RFC 3550, 6.3.5)."""

MAX_RESENT: Final = 100
"""Packets sent again between two reports; more would only feed the congestion."""

_VERSION: Final = 0x80
_HEADER: Final = struct.Struct("!BBHII")
_SRTP: Final = range(128, 192)
"""First byte of RTP and RTCP among what shares the port (RFC 7983, 7)."""
_RTCP: Final = range(192, 224)
"""Second byte of RTCP (RFC 5761, 4)."""


class Outlet:
    """Sends one room's packets to one listener.

    Args:
        dtls: The listener's transport, connected.
        parameters: What was negotiated.
    """

    def __init__(self, dtls: RTCDtlsTransport, parameters: RTCRtpSendParameters) -> None:
        self._payload_type = parameters.codecs[0].payloadType
        self._ssrc = int(parameters.rtcp.ssrc or 0)
        self._description = rtcp.description(self._ssrc, parameters.rtcp.cname or "")
        self._path = MediaPath(dtls, on_route=self._follow_route, take=self._take)
        self._route = self._path.route
        self._history = History()
        self._beat: Beat | None = None
        self._first = 0
        self._octets_before = 0
        self._sequence_offset = 0
        self._timestamp_offset = random.getrandbits(32)
        self._resent = 0
        self.failures = 0
        """Packets that could not be sent."""

    def start(self, history: History, beat: Beat) -> None:
        """Begin with the room's next packet."""
        self._history = history
        self._beat = beat
        self._first = history.count
        self._octets_before = history.octets
        # In the lower half: a listener that loses its first packets at a wrap of the sequence
        # number would count the rollovers from the wrong side and hear nothing for ever
        # (RFC 3711, 3.3.1).
        self._sequence_offset = random.getrandbits(15) - history.count
        # The first report comes at once, so that the listener soon knows the time.
        beat.after(FRAME_TIME, self._report)

    def close(self) -> None:
        """Say goodbye, and send nothing any more; may be called twice."""
        if self._beat is not None:
            self._beat = None
            self._control(rtcp.goodbye(self._ssrc))
        self._route = None

    def send(self, payload: bytes, number: int, time: int) -> None:
        """Send one packet.

        Args:
            payload: Opus, at most 1,275 bytes.
            number: Its number in the room's history.
            time: When it is heard, in samples.

        Raises:
            pylibsrtp.Error: If it cannot be encrypted.
        """
        if self._route is None:
            # The route is gone: the connection is about to close.
            return
        header = _HEADER.pack(
            _VERSION,
            self._payload_type,
            (number + self._sequence_offset) & 0xFFFF,
            (time + self._timestamp_offset) & 0xFFFFFFFF,
            self._ssrc,
        )
        self._route.send(self._path.outbound.protect(header + payload))

    def failed(self) -> None:
        """Count a packet that could not be sent; to be called where the error is caught."""
        self.failures += 1
        if self.failures == 1:
            logger.exception("A packet for SSRC %08x could not be sent", self._ssrc)

    def _follow_route(self) -> None:
        # Without a beat it is closed, and stays so.
        if self._beat is not None:
            self._route = self._path.route

    def _report(self) -> None:
        """Send a sender report, and see to the next."""
        if self._beat is None:
            return
        self._resent = 0
        report = rtcp.sender_report(
            self._ssrc,
            ntp=self._beat.ntp,
            timestamp=self._beat.time + self._timestamp_offset,
            packets=self._history.count - self._first,
            octets=self._history.octets - self._octets_before,
        )
        self._control(report + self._description)
        self._beat.after(REPORT_INTERVAL * (0.5 + random.random()), self._report)

    def _control(self, packet: bytes) -> None:
        if self._route is not None:
            self._route.send(self._path.outbound.protect_rtcp(packet))

    def _take(self, data: bytes, _: Address) -> bool:
        """Take RTCP out of what arrives; the rest is for ICE, DTLS and the data channel."""
        if self._beat is None or len(data) < 2 or data[0] not in _SRTP:
            return False
        if data[1] in _RTCP:
            self._take_control(data)
        # RTP is dropped: nobody was asked for any.
        return True

    def _take_control(self, data: bytes) -> None:
        try:
            clear = self._path.inbound.unprotect_rtcp(data)
        except (pylibsrtp.Error, ValueError) as error:
            logger.debug("! RTCP for SSRC %08x: %s", self._ssrc, error)
            return
        self._send_again(rtcp.missing(clear, self._ssrc))

    def _send_again(self, sequences: tuple[int, ...]) -> None:
        """Answer a NACK; encryption makes the same bytes of the same packet."""
        newest = self._history.count - 1
        for sequence in sequences[: MAX_RESENT - self._resent]:
            number = newest - ((newest + self._sequence_offset - sequence) & 0xFFFF)
            packet = self._history.packet(number) if number >= self._first else None
            if packet is not None:
                self._resent += 1
                self.send(packet[0], number, packet[1])
