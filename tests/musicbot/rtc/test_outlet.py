"""What a real peer hears: each test has its own connection on loopback."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest
from aiortc.rtp import RtcpByePacket, RtcpSdesPacket, RtcpSrPacket

from musicbot.rtc.history import HISTORY_SIZE
from musicbot.rtc.outlet import MAX_RESENT
from tests.support.listening import Connected, connected, numbered_payloads, on_air


@pytest.fixture
async def heard() -> AsyncIterator[Connected]:
    async with connected() as connection:
        await connection.receiver.heard(3)
        yield connection


async def test_every_packet_arrives_once_in_order_and_as_it_was() -> None:
    expected = numbered_payloads()
    async with connected() as heard:
        packets = list(await heard.receiver.heard(30))

        assert heard.receiver.failures == 0
        assert heard.receiver.gaps() == []
        assert heard.receiver.is_paced()
        assert [packet.payload for packet in packets] == [expected() for _ in packets]
        assert len({packet.ssrc for packet in packets}) == 1


async def test_sequence_numbers_begin_in_the_lower_half_also_for_latecomers() -> None:
    async with on_air() as room:
        for _ in range(70_000):
            room._history.add(b"", 0)
        async with connected(room) as heard:
            packets = await heard.receiver.heard(3)

            assert packets[0].sequence < 1 << 15
            assert heard.receiver.gaps() == []


async def test_who_comes_in_the_middle_hears_the_present_packet() -> None:
    async with on_air() as room, connected(room) as early:
        await early.receiver.heard(20)
        async with connected(room) as late:
            await late.receiver.heard(5)
            first = late.receiver.packets[0].payload
            await early.receiver.news.until(
                lambda: first in [packet.payload for packet in early.receiver.packets]
            )

            assert first not in [packet.payload for packet in early.receiver.packets[:20]]
            assert late.receiver.gaps() == []
            assert late.receiver.failures == 0


async def test_a_packet_that_was_lost_is_sent_again_as_it_was() -> None:
    async with connected(lose=lambda sequence: sequence % 7 == 3) as heard:
        await heard.receiver.news.until(lambda: len(heard.receiver.lost) >= 4)
        # The first may be the first of all, with none before it to compare with.
        lost = heard.receiver.lost[1:4]
        await heard.receiver.ask_again(lost)
        await heard.receiver.news.until(
            lambda: set(lost) <= {packet.sequence for packet in heard.receiver.packets}
        )

        packets = {packet.sequence: packet for packet in heard.receiver.packets}
        for sequence in lost:
            before, again = packets[sequence - 1], packets[sequence]
            assert again.payload[1:5] == (int.from_bytes(before.payload[1:5]) + 1).to_bytes(4)
            assert again.timestamp == (before.timestamp + 960) & 0xFFFFFFFF
        assert heard.receiver.failures == 0


async def test_the_same_packet_is_encrypted_to_the_same_bytes(heard: Connected) -> None:
    packet = heard.receiver.packets[1]
    await heard.receiver.ask_again([packet.sequence])
    # The receiver's SRTP refuses what it has had.
    await heard.receiver.news.until(lambda: heard.receiver.failures == 1)

    assert heard.receiver.arrived.count(packet.encrypted) == 2


async def test_what_was_never_sent_to_them_is_not_sent_again(heard: Connected) -> None:
    first = heard.receiver.packets[0].sequence
    unknown = [(first + step) & 0xFFFF for step in (-1, -2, 1000)]
    await heard.receiver.ask_again([*unknown, first])
    await heard.receiver.news.until(lambda: heard.receiver.failures == 1)
    await heard.receiver.heard(len(heard.receiver.packets) + 3)

    assert heard.receiver.failures == 1
    assert heard.outlet._resent == 1


async def test_a_latecomer_is_not_sent_again_what_went_before() -> None:
    async with on_air() as room, connected(room) as early:
        await early.receiver.heard(10)
        async with connected(room) as late:
            first = (await late.receiver.heard(1))[0].sequence
            await late.receiver.ask_again([(first - 1) & 0xFFFF, first])
            # The first arrives twice, which its SRTP refuses.
            await late.receiver.news.until(lambda: late.receiver.failures == 1)

            assert late.receiver.gaps() == []
            assert late.outlet._resent == 1


async def test_a_latecomer_is_told_only_of_what_was_sent_to_them() -> None:
    async with on_air() as room, connected(room) as early:
        await early.receiver.heard(30)
        async with connected(room) as late:
            info = (await late.receiver.told(RtcpSrPacket)).sender_info

            sent = late.receiver.packets[: info.packet_count]
            assert 0 < info.packet_count < 20
            assert info.octet_count == sum(len(packet.payload) for packet in sent)


async def test_a_flood_of_requests_is_bounded(heard: Connected) -> None:
    assert heard.outlet._beat is not None
    # No report in between, after which more would be sent again.
    heard.outlet._beat.forget_chores()
    sequences = [packet.sequence for packet in heard.receiver.packets]
    for _ in range(MAX_RESENT):
        await heard.receiver.ask_again(sequences)
    heard.receiver.say("done")
    await heard.news.wait_for("done")

    assert heard.outlet._resent == MAX_RESENT

    # After the next report it may go on.
    heard.outlet._report()
    await heard.receiver.ask_again(sequences[:1])
    heard.receiver.say("again")
    await heard.news.wait_for("again")

    assert heard.outlet._resent == 1


async def test_a_listener_is_told_the_time_at_once_and_who_speaks(heard: Connected) -> None:
    report = await heard.receiver.told(RtcpSrPacket)
    name = await heard.receiver.told(RtcpSdesPacket)

    sent = heard.receiver.packets[: report.sender_info.packet_count]
    assert report.sender_info.packet_count < 10
    assert report.ssrc == sent[0].ssrc == name.chunks[0].ssrc
    assert report.sender_info.rtp_timestamp == sent[-1].timestamp
    assert report.sender_info.octet_count == sum(len(packet.payload) for packet in sent)
    assert name.chunks[0].items[0][1]


async def test_reports_go_on(heard: Connected) -> None:
    await heard.receiver.news.until(
        lambda: sum(isinstance(packet, RtcpSrPacket) for packet in heard.receiver.control) == 2
    )
    first, second = (p for p in heard.receiver.control if isinstance(p, RtcpSrPacket))

    passed = second.sender_info.packet_count - first.sender_info.packet_count
    assert 20 <= passed <= 80
    assert (
        second.sender_info.rtp_timestamp - first.sender_info.rtp_timestamp
    ) & 0xFFFFFFFF >= passed * 960


async def test_what_is_no_packet_of_theirs_is_dropped(heard: Connected) -> None:
    transport = heard.receiver.dtls.transport
    for junk in (b"\x80", b"\x80\xc9" + bytes(60), b"\x80\x60" + bytes(60)):
        await transport._send(junk)
    heard.receiver.say("still there")
    await heard.news.wait_for("still there")

    assert heard.receiver.failures == 0


async def test_a_listener_who_is_taken_out_is_told_and_hears_no_more(heard: Connected) -> None:
    outlet = heard.outlet
    heard.room.remove(outlet)
    goodbye = await heard.receiver.told(RtcpByePacket)
    count = len(heard.receiver.packets)
    outlet.close()
    nominated = heard.listener._link.dtls.transport._connection._nominated
    nominated[1] = nominated[1]
    outlet.send(b"late", 10, 9600)
    outlet._report()
    await heard.receiver.ask_again([heard.receiver.packets[0].sequence])
    heard.receiver.say("done")
    await heard.news.wait_for("done")

    assert goodbye.sources == [heard.receiver.packets[0].ssrc]
    assert len(heard.receiver.packets) == count
    assert heard.receiver.failures == 0


async def test_nothing_is_sent_when_the_route_is_gone(heard: Connected) -> None:
    outlet = heard.outlet
    heard.listener._link.dtls.transport._connection._nominated.clear()
    count = len(heard.receiver.packets)

    outlet.send(b"x", 3, 2880)
    outlet._report()
    heard.receiver.say("done")
    await heard.news.wait_for("done")

    assert len(heard.receiver.packets) == count
    assert outlet.failures == 0


async def test_a_new_route_is_followed(heard: Connected) -> None:
    nominated = heard.listener._link.dtls.transport._connection._nominated
    pair = nominated.pop(1)
    nominated[1] = pair
    count = len(heard.receiver.packets)

    await heard.receiver.heard(count + 3)

    assert heard.receiver.gaps() == []


async def test_a_packet_that_cannot_be_sent_is_counted_and_named_once(
    heard: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            heard.outlet.failed()

    assert heard.outlet.failures == 3
    assert caplog.text.count("could not be sent") == 1


def test_the_history_is_shorter_than_what_encryption_can_repeat() -> None:
    # aiortc's window is 1,024 packets; what is older libsrtp refuses.
    assert HISTORY_SIZE < 1024
