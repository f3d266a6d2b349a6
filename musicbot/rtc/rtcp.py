"""RTCP as one sender of one stream needs it: reports out, reports and NACKs in.

See RFC 3550, 6.4 to 6.6 (reports, SDES, BYE) and RFC 4585, 6.2.1 (NACK).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SENDER_REPORT: Final = 200
RECEIVER_REPORT: Final = 201
DESCRIPTION: Final = 202
GOODBYE: Final = 203
TRANSPORT_FEEDBACK: Final = 205

_VERSION: Final = 0x80
_COUNT: Final = 0x1F
_NACK: Final = 1
_CNAME: Final = 1
_HEADER: Final = struct.Struct("!BBH")
_SENDER_REPORT: Final = struct.Struct("!BBHIQIII")
_BLOCK: Final = struct.Struct("!IIIIII")
_LOST: Final = struct.Struct("!HH")

NTP_EPOCH: Final = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""

_NANOSECONDS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Reception:
    """What a receiver reports about our stream (RFC 3550, 6.4.1)."""

    fraction_lost: float
    """Of the packets since the report before, 0 to 1."""
    packets_lost: int
    """Since the beginning; negative if more arrived than were expected."""
    jitter: int
    """In samples."""
    last_report: int
    """The middle 32 bits of the NTP time of the last sender report; 0 if there was none."""
    delay: int
    """Since that report, in units of 1/65536 seconds."""

    def round_trip(self, now: int) -> float | None:
        """Return the round trip time in seconds.

        Args:
            now: NTP time as :func:`ntp_time` makes it.
        """
        if not self.last_report:
            return None
        trip = ((now >> 16) - self.last_report - self.delay) & 0xFFFFFFFF
        # Beyond half the range the receiver's delay was longer than the trip: a clock that drifts.
        return trip / 65_536 if trip < 1 << 31 else 0.0


@dataclass(frozen=True, slots=True)
class Nack:
    """Packets that a receiver misses and asks for again."""

    sequences: tuple[int, ...]


def ntp_time(nanoseconds: int) -> int:
    """Return a Unix time in nanoseconds as a 64-bit NTP time."""
    seconds, rest = divmod(nanoseconds, _NANOSECONDS)
    return (seconds + NTP_EPOCH) << 32 | (rest << 32) // _NANOSECONDS


def sender_report(ssrc: int, *, ntp: int, timestamp: int, packets: int, octets: int) -> bytes:
    """Say which RTP time it is at which NTP time, and how much was sent."""
    return _SENDER_REPORT.pack(
        _VERSION,
        SENDER_REPORT,
        6,
        ssrc,
        ntp,
        timestamp & 0xFFFFFFFF,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )


def description(ssrc: int, cname: str) -> bytes:
    """Say which source this is (SDES); goes with every report."""
    name = cname.encode()[:255]
    chunk = struct.pack("!IBB", ssrc, _CNAME, len(name)) + name
    # The list of items ends with at least one zero (RFC 3550, 6.5).
    chunk += bytes(4 - len(chunk) % 4)
    return _HEADER.pack(_VERSION | 1, DESCRIPTION, len(chunk) // 4) + chunk


def goodbye(ssrc: int) -> bytes:
    """Say that the source ends (BYE)."""
    return _HEADER.pack(_VERSION | 1, GOODBYE, 1) + ssrc.to_bytes(4)


def parse(data: bytes, ssrc: int) -> list[Reception | Nack]:
    """Return what a compound packet says about one of our streams.

    Total: what is broken or about something else is passed over.
    """
    found: list[Reception | Nack] = []
    for kind, count, body in _packets(data):
        if kind == RECEIVER_REPORT:
            found += _blocks(body[4:], count, ssrc)
        elif kind == SENDER_REPORT:
            found += _blocks(body[24:], count, ssrc)
        elif kind == TRANSPORT_FEEDBACK and count == _NACK and body[4:8] == ssrc.to_bytes(4):
            found.append(Nack(tuple(_lost(body[8:]))))
    return found


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield type, count and body of each packet of a compound."""
    at = 0
    while at + 4 <= len(data):
        first, kind, words = _HEADER.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first & 0xC0 != _VERSION or end > len(data):
            return
        yield kind, first & _COUNT, data[at + 4 : end]
        at = end


def _blocks(body: bytes, count: int, ssrc: int) -> Iterator[Reception]:
    whole = min(count, len(body) // _BLOCK.size)
    for source, lost, _, jitter, last, delay in _BLOCK.iter_unpack(body[: whole * _BLOCK.size]):
        if source == ssrc:
            total = lost & 0xFFFFFF
            yield Reception(
                fraction_lost=(lost >> 24) / 256,
                packets_lost=total - (1 << 24) if total & 0x800000 else total,
                jitter=jitter,
                last_report=last,
                delay=delay,
            )


def _lost(body: bytes) -> Iterator[int]:
    for first, following in _LOST.iter_unpack(body[: len(body) // 4 * 4]):
        yield first
        for bit in range(16):
            if following >> bit & 1:
                yield (first + bit + 1) & 0xFFFF
