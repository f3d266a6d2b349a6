"""RTCP as one sender of one stream needs it: reports out, NACKs in.

See RFC 3550, 6.4 to 6.6 (reports, SDES, BYE) and RFC 4585, 6.2.1 (NACK).

With aiortc's classes a report takes 1.5 µs to write instead of 0.3 and a NACK 7 µs to read
instead of 3, for each listener; and a packet that they find broken anywhere has no NACKs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

SENDER_REPORT: Final = 200
DESCRIPTION: Final = 202
GOODBYE: Final = 203
TRANSPORT_FEEDBACK: Final = 205

_VERSION: Final = 0x80
_COUNT: Final = 0x1F
_NACK: Final = 1
_CNAME: Final = 1
_HEADER: Final = struct.Struct("!BBH")
_SENDER_REPORT: Final = struct.Struct("!BBHIQIII")
_LOST: Final = struct.Struct("!HH")

NTP_EPOCH: Final = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""

_NANOSECONDS: Final = 1_000_000_000


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


def missing(data: bytes, ssrc: int) -> tuple[int, ...]:
    """Return which packets of a stream the sender of a compound packet asks for again.

    Total: what is broken or about something else is passed over.
    """
    source = ssrc.to_bytes(4)
    return tuple(
        sequence
        for kind, count, body in _packets(data)
        if kind == TRANSPORT_FEEDBACK and count == _NACK and body[4:8] == source
        for sequence in _lost(body[8:])
    )


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


def _lost(body: bytes) -> Iterator[int]:
    for first, following in _LOST.iter_unpack(body[: len(body) // 4 * 4]):
        yield first
        for bit in range(16):
            if following >> bit & 1:
                yield (first + bit + 1) & 0xFFFF
