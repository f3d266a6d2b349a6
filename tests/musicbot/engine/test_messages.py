from __future__ import annotations

import contextlib
import struct
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.core.media import DemoMedia, FileMedia, HttpMedia, Media
from musicbot.engine import messages
from musicbot.engine.messages import (
    Begun,
    Command,
    Ended,
    Failed,
    Garbage,
    Go,
    Grant,
    News,
    Noted,
    Open,
    Opened,
    Packets,
    Started,
    Stop,
)
from musicbot.errors import SourceErrorKind

MEDIA: Sequence[Media] = (
    HttpMedia("https://example.org/a", (("Cookie", "a=b"),), duration=1.5, chunk_size=10),
    FileMedia("/music/a.opus"),
    DemoMedia(),
)
COMMANDS: Sequence[Command] = (
    *(Open(1, messages.opening(media), 960, 0.5, 50, ("10.0.0.0/8",)) for media in MEDIA),
    Go(2, 0, 1.0, 50),
    Grant(2, 100),
    Stop(),
)
NEWS: Sequence[News] = (
    Started(4711),
    Begun(1),
    Opened(1, None, False, True),
    Packets(1, 0, [b"\xfc", b"\xfc\xff\xfe"]),
    Ended(1, 48_000),
    Failed(1, SourceErrorKind.GONE, "It is gone."),
    Noted(30, "Oh."),
)


def framed(body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + body


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_commands_arrive_as_they_were_sent(command: Command) -> None:
    assert messages.commands().feed(messages.encode(command)) == [command]


@pytest.mark.parametrize("news", NEWS, ids=lambda news: type(news).__name__)
def test_news_arrives_as_it_was_sent(news: News) -> None:
    assert messages.news().feed(messages.encode(news)) == [news]


@pytest.mark.parametrize("media", MEDIA, ids=lambda media: type(media).__name__)
def test_media_keeps_its_kind(media: Media) -> None:
    assert messages.opening(media).media == media


@given(st.lists(st.integers(1, 400), max_size=20))
def test_messages_may_come_in_pieces_of_any_size(sizes: list[int]) -> None:
    data = b"".join(map(messages.encode, NEWS))
    inbox = messages.news()

    found = []
    for size in sizes:
        found += inbox.feed(data[:size])
        data = data[size:]
    found += inbox.feed(data)

    assert found == list(NEWS)


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_message_or_garbage(data: bytes) -> None:
    for received in (data, framed(data)):
        with contextlib.suppress(Garbage):
            messages.news().feed(received)


@pytest.mark.parametrize(
    "body",
    [
        b"\x91" * 10_000,
        messages.encode(Stop())[4:],
        messages.encode(Packets(1, 0, []))[4:],
        messages.encode(Packets(1, -960, [b"\xfc"]))[4:],
        messages.encode(Packets(1, 0, [b""]))[4:],
        messages.encode(Packets(1, 0, [bytes(1_277)]))[4:],
        messages.encode(Packets(1, 0, [b"\xfc"] * (messages.MAX_BATCH + 1)))[4:],
        messages.encode(Failed(1, SourceErrorKind.GONE, "x" * 1_001))[4:],
        msgspec.msgpack.encode({"type": "started"}),
    ],
    ids=lambda body: repr(body[:40]),
)
def test_news_beyond_its_bounds_is_garbage(body: bytes) -> None:
    with pytest.raises(Garbage):
        messages.news().feed(framed(body))


def test_a_message_that_is_too_long_is_garbage_before_it_has_come() -> None:
    with pytest.raises(Garbage, match="524289 bytes"):
        messages.news().feed(struct.pack("!I", messages.MAX_MESSAGE + 1))


def test_the_longest_packets_that_are_ever_asked_for_fit_into_a_message() -> None:
    news = Packets(2**32, 2**40, [bytes(1_276)] * messages.MAX_BATCH)

    assert messages.news().feed(messages.encode(news)) == [news]
