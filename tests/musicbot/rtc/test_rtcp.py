"""RTCP, compared with what aiortc writes and reads."""

from __future__ import annotations

import struct

import pytest
from aiortc import rtp
from hypothesis import given
from hypothesis import strategies as st

from musicbot.rtc.rtcp import (
    NTP_EPOCH,
    description,
    goodbye,
    missing,
    ntp_time,
    sender_report,
)

SSRC = 0xDEADBEEF
OTHER = 0x01020304


REPORT = rtp.RtcpRrPacket(OTHER, [rtp.RtcpReceiverInfo(SSRC, 64, 7, 1000, 12, 0x11223344, 65_536)])


def nack(ssrc: int = SSRC, *, kind: int = rtp.RTCP_RTPFB_NACK) -> bytes:
    return bytes(rtp.RtcpRtpfbPacket(fmt=kind, ssrc=OTHER, media_ssrc=ssrc, lost=[5, 6]))


def test_ntp_time_has_its_seconds_above_and_its_fractions_below() -> None:
    assert ntp_time(1_500_000_000) == (NTP_EPOCH + 1) << 32 | 1 << 31


def test_a_sender_report_is_read_as_it_was_meant() -> None:
    report = sender_report(SSRC, ntp=5 << 32, timestamp=1 << 32 | 960, packets=3, octets=1200)

    assert rtp.RtcpPacket.parse(report) == [
        rtp.RtcpSrPacket(SSRC, rtp.RtcpSenderInfo(5 << 32, 960, 3, 1200))
    ]


@pytest.mark.parametrize("length", [*range(9), 36, 255, 300])
def test_a_description_is_read_as_it_was_meant(length: int) -> None:
    name = "x" * length

    (packet,) = rtp.RtcpPacket.parse(description(SSRC, name))

    assert isinstance(packet, rtp.RtcpSdesPacket)
    assert packet.chunks == [rtp.RtcpSourceInfo(SSRC, [(1, name.encode()[:255])])]


def test_a_goodbye_is_read_as_it_was_meant() -> None:
    assert rtp.RtcpPacket.parse(goodbye(SSRC)) == [rtp.RtcpByePacket([SSRC])]


def test_missing_packets_are_named_across_the_wrap_of_the_numbers() -> None:
    body = struct.pack("!IIHHHH", OTHER, SSRC, 65_534, 0b1000_0000_0000_0011, 100, 0)
    data = struct.pack("!BBH", 0x81, 205, len(body) // 4) + body

    assert missing(data, SSRC) == (65_534, 65_535, 0, 14, 100)


@pytest.mark.parametrize(
    "other",
    [
        nack(OTHER),
        nack(kind=15),
        bytes(rtp.RtcpPsfbPacket(fmt=1, ssrc=OTHER, media_ssrc=SSRC)),
        bytes(rtp.RtcpByePacket([OTHER])),
        bytes(REPORT),
        bytes(rtp.RtcpSrPacket(OTHER, rtp.RtcpSenderInfo(1, 2, 3, 4), REPORT.reports)),
    ],
    ids=["NACK for another", "other feedback", "picture loss", "goodbye", "report", "sender"],
)
def test_what_is_about_something_else_is_passed_over(other: bytes) -> None:
    assert missing(other, SSRC) == ()
    assert missing(other + nack(), SSRC) == (5, 6)


@pytest.mark.parametrize(
    "data",
    [b"\x81\xcd", b"\x41\xcd\x00\x01" + bytes(4), b"\x81\xcd\x00\x09" + bytes(4)],
    ids=["too short", "another version", "cut short"],
)
def test_what_is_broken_ends_the_reading(data: bytes) -> None:
    assert missing(data, SSRC) == ()
    assert missing(data + nack(), SSRC) == ()
    assert missing(nack() + data, SSRC) == (5, 6)


@given(
    st.integers(0, 31),
    st.sampled_from([200, 201, 205]),
    st.integers(0, 40),
    st.lists(st.sampled_from([SSRC, OTHER, 0]), max_size=40),
    st.binary(max_size=8),
)
def test_reading_is_total(count: int, kind: int, words: int, body: list[int], rest: bytes) -> None:
    data = struct.pack(f"!BBH{len(body)}I", 0x80 | count, kind, words, *body) + rest

    assert set(missing(data, SSRC)) <= set(range(1 << 16))
