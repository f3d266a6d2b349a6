from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection

from musicbot.rtc.private import gather_hosts
from musicbot.rtc.textchannel import MAX_BUFFERED, MAX_TEXT, TextChannel
from tests.support.receiver import News


@dataclass(frozen=True, slots=True)
class Ends:
    """A data channel between two peer connections on this machine."""

    raw: RTCDataChannel
    """The other side's end, as aiortc gives it."""
    ours: TextChannel
    news: News
    heard: News = field(default_factory=News)
    """What the other side is told."""


def text_channel(channel: RTCDataChannel, news: News) -> TextChannel:
    return TextChannel(
        channel,
        on_open=lambda: news.add("open"),
        on_message=news.add,
        on_close=lambda: news.add("close"),
    )


def on_loopback(connection: RTCPeerConnection) -> None:
    assert connection.sctp is not None
    gather_hosts(connection.sctp.transport, loopback=True, timeout=1.0)


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    here, there = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    arrived, news = News(), News()
    there.on("datachannel", arrived.add)
    ours = text_channel(here.createDataChannel("music"), news)
    try:
        on_loopback(here)
        await here.setLocalDescription(await here.createOffer())
        await there.setRemoteDescription(here.localDescription)
        on_loopback(there)
        await there.setLocalDescription(await there.createAnswer())
        await here.setRemoteDescription(there.localDescription)
        await arrived.until(lambda: bool(arrived.items))
        await news.wait_for("open")
        found = Ends(arrived.items[0], ours, news)
        found.raw.on("message", found.heard.add)
        yield found
    finally:
        await here.close()
        await there.close()


async def test_text_goes_both_ways(ends: Ends) -> None:
    ends.raw.send("to us")
    sent = ends.ours.send("from us")
    await ends.news.wait_for("to us")
    await ends.heard.wait_for("from us")

    assert sent
    assert ends.ours.is_open
    assert ends.news.items == ["open", "to us"]


async def test_a_channel_that_is_open_already_says_so_soon(ends: Ends) -> None:
    news = News()

    text_channel(ends.raw, news)
    before = list(news.items)
    await news.wait_for("open")

    assert before == []
    assert news.items == ["open"]


async def test_the_longest_text_is_sent_and_a_longer_one_dropped(ends: Ends) -> None:
    longest = "ä" * (MAX_TEXT // 2)

    assert ends.ours.send(longest)
    assert not ends.ours.send(longest + "x")
    await ends.heard.wait_for(longest)
    assert ends.ours.dropped == 1


async def test_what_is_too_long_or_no_text_is_not_taken(ends: Ends) -> None:
    ends.raw.send("x" * (MAX_TEXT + 1))
    ends.raw.send("ä" * MAX_TEXT)
    ends.raw.send(b"bytes")
    ends.raw.send("text")
    await ends.news.wait_for("text")

    assert ends.news.items == ["open", "text"]
    assert ends.ours.dropped == 3


async def test_what_does_not_fit_the_buffer_is_dropped(ends: Ends) -> None:
    text = "x" * MAX_TEXT
    # Nothing is on its way before this coroutine waits.
    sent = [ends.ours.send(text) for _ in range(MAX_BUFFERED // MAX_TEXT + 1)]

    assert sent == [True] * (MAX_BUFFERED // MAX_TEXT) + [False]


async def test_what_the_other_side_does_not_take_is_dropped(ends: Ends) -> None:
    ends.ours._channel.transport._remote_max_message_size = 100

    assert not ends.ours.send("x" * 101)
    assert ends.ours.send("x" * 100)


async def test_a_mistake_in_taking_a_message_does_not_end_the_channel(
    ends: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(text: str) -> None:
        ends.news.add(text)
        raise RuntimeError("broken")

    ends.ours._on_message = fail
    ends.raw.send("one")
    ends.raw.send("two")
    await ends.news.wait_for("two")

    assert ends.ours.is_open
    assert caplog.text.count("could not be handled") == 2


async def test_a_closed_channel_says_so_and_sends_nothing(ends: Ends) -> None:
    ends.raw.close()
    await ends.news.wait_for("close")

    assert not ends.ours.is_open
    assert not ends.ours.send("too late")


async def test_a_channel_that_is_not_open_yet_sends_nothing() -> None:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    channel = text_channel(connection.createDataChannel("music"), News())

    assert not channel.send("too early")
    assert channel.dropped == 1
    await connection.close()
