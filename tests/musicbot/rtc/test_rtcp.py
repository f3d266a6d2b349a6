"""RTCP, compared with what aiortc writes and reads."""

from __future__ import annotations

import struct

import pytest
from aiortc import rtp
from hypothesis import given
from hypothesis import strategies as st

from musicbot.rtc.rtcp import (
    NTP_EPOCH,
    Nack,
    Reception,
    description,
    goodbye,
    ntp_time,
    parse,
    sender_report,
)

SSRC = 0xDEADBEEF
OTHER = 0x01020304


def info(ssrc: int = SSRC, *, lost: int = 7) -> rtp.RtcpReceiverInfo:
    return rtp.RtcpReceiverInfo(
        ssrc=ssrc,
        fraction_lost=64,
        packets_lost=lost,
        highest_sequence=1000,
        jitter=12,
        lsr=0x11223344,
        dlsr=65_536,
    )


def reception(*, last_report: int = 0x11223344, delay: int = 65_536) -> Reception:
    return Reception(0.25, 7, 12, last_report, delay)


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


def test_reports_about_our_stream_are_found_among_others() -> None:
    data = bytes(rtp.RtcpRrPacket(OTHER, [info(OTHER), info()]))

    assert parse(data, SSRC) == [reception()]


def test_reports_of_one_who_sends_as_well_are_found() -> None:
    sender = rtp.RtcpSenderInfo(1, 2, 3, 4)
    data = bytes(rtp.RtcpSrPacket(OTHER, sender, [info()]))

    assert parse(data, SSRC) == [reception()]


def test_more_packets_than_expected_count_as_negative_loss() -> None:
    (found,) = parse(bytes(rtp.RtcpRrPacket(OTHER, [info(lost=-2)])), SSRC)

    assert isinstance(found, Reception)
    assert found.packets_lost == -2


def test_missing_packets_are_named_across_the_wrap_of_the_numbers() -> None:
    body = struct.pack("!IIHHHH", OTHER, SSRC, 65_534, 0b1000_0000_0000_0011, 100, 0)
    data = struct.pack("!BBH", 0x81, 205, len(body) // 4) + body

    assert parse(data, SSRC) == [Nack((65_534, 65_535, 0, 14, 100))]


@pytest.mark.parametrize(
    "packet",
    [
        rtp.RtcpRtpfbPacket(fmt=rtp.RTCP_RTPFB_NACK, ssrc=OTHER, media_ssrc=OTHER, lost=[1]),
        rtp.RtcpRtpfbPacket(fmt=15, ssrc=OTHER, media_ssrc=SSRC, lost=[1]),
        rtp.RtcpPsfbPacket(fmt=1, ssrc=OTHER, media_ssrc=SSRC),
        rtp.RtcpByePacket([OTHER]),
    ],
    ids=["NACK for another", "other feedback", "picture loss", "goodbye"],
)
def test_what_is_about_something_else_is_passed_over(packet: rtp.AnyRtcpPacket) -> None:
    data = bytes(packet) + bytes(rtp.RtcpRrPacket(OTHER, [info()]))

    assert parse(data, SSRC) == [reception()]


@pytest.mark.parametrize(
    "data",
    [b"\x81\xc9", b"\x41\xc9\x00\x01" + bytes(4), b"\x81\xc9\x00\x09" + bytes(4)],
    ids=["too short", "another version", "cut short"],
)
def test_what_is_broken_ends_the_reading(data: bytes) -> None:
    assert parse(data, SSRC) == []


def test_a_report_with_fewer_blocks_than_it_says_has_those_it_has() -> None:
    data = bytearray(bytes(rtp.RtcpRrPacket(OTHER, [info()])))
    data[0] = 0x80 | 31

    assert parse(bytes(data), SSRC) == [reception()]


@given(
    st.integers(0, 31),
    st.sampled_from([200, 201, 205]),
    st.integers(0, 40),
    st.lists(st.sampled_from([SSRC, OTHER, 0]), max_size=40),
    st.binary(max_size=8),
)
def test_reading_is_total(count: int, kind: int, words: int, body: list[int], rest: bytes) -> None:
    data = struct.pack(f"!BBH{len(body)}I", 0x80 | count, kind, words, *body) + rest

    for found in parse(data, SSRC):
        assert isinstance(found, Reception | Nack)


@pytest.mark.parametrize(
    ("found", "now", "seconds"),
    [
        (reception(), (0x11223344 + 65_536 + 32_768) << 16, 0.5),
        (reception(last_report=0), 1 << 40, None),
        (reception(), (0x11223344 + 65_535) << 16, 0.0),
        (reception(last_report=0xFFFF_FFFF, delay=0), 65_535 << 16, 1.0),
    ],
    ids=["usual", "no report yet", "clocks that drift", "across the wrap"],
)
def test_the_round_trip_is_what_the_receiver_did_not_keep(
    found: Reception, now: int, seconds: float | None
) -> None:
    assert found.round_trip(now) == seconds
