from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.core.media import HttpMedia
from musicbot.errors import SourceErrorKind
from musicbot.sources.wire import (
    MAX_LINE,
    Entry,
    Failed,
    Found,
    LookUp,
    Open,
    Ready,
    Reply,
    Request,
    Search,
    Target,
    decode_reply,
    decode_request,
    encode,
    fit,
    from_handle,
    to_handle,
)

MEDIA = HttpMedia("https://example.org/a.opus", (("Cookie", "a=b"),), True, False, 3.5, 10, 17.5)
ENTRY = Entry(Target("x", "Youtube", 3), "https://example.org/", "A", 3.5, True, MEDIA, 300.0)


@pytest.mark.parametrize(
    "request_",
    [LookUp(1, Target("https://example.org/")), Search(2, "ä b"), Open(3, Target("x", "Y", 1))],
)
def test_requests_arrive_as_they_were_sent(request_: Request) -> None:
    line = encode(request_)

    assert decode_request(line) == request_
    assert b"\n" not in line


@pytest.mark.parametrize(
    "reply",
    [
        Ready("2026.10.26", True),
        Found(1, [ENTRY, Entry(Target("y"), "", "B")], "A list"),
        Failed(2, SourceErrorKind.GEO, "No."),
    ],
)
def test_replies_arrive_as_they_were_sent(reply: Reply) -> None:
    line = encode(reply)

    assert decode_reply(line) == reply
    assert b"\n" not in line


@pytest.mark.parametrize("line", [b"", b"null", b'{"type":"found"}', b"[" * 100_000, b"\xff"])
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_reply(line)
    with pytest.raises(msgspec.DecodeError):
        decode_request(line)


def test_an_answer_that_fits_is_left_alone() -> None:
    found = Found(1, [ENTRY], "A list")

    assert fit(found) == found


def test_of_an_answer_that_is_too_long_the_media_go_first() -> None:
    media = HttpMedia("https://example.org/", (("Cookie", "a" * 4_000),) * 20)
    entries = [msgspec.structs.replace(ENTRY, media=media)] * 100

    assert (
        fit(Found(1, entries)).entries
        == [msgspec.structs.replace(ENTRY, media=None, lifetime=0.0)] * 100
    )


def test_of_a_list_that_is_still_too_long_the_first_entries_stay() -> None:
    entries = [Entry(Target("ä" * 8_000), "ä" * 8_000, str(number)) for number in range(100)]

    kept = fit(Found(1, entries, "A list"))

    assert kept == Found(1, entries[:50], "A list")
    assert len(encode(kept)) < MAX_LINE


@given(
    target=st.builds(
        Target,
        url=st.text(),
        ie=st.none() | st.text(),
        item=st.none() | st.integers(min_value=1, max_value=10_000),
    ),
    shown=st.text(),
)
def test_a_handle_keeps_what_the_shown_address_does_not_say(target: Target, shown: str) -> None:
    assert from_handle(shown, to_handle(target, shown)) == target


def test_an_address_that_says_it_all_needs_no_handle() -> None:
    assert to_handle(Target("https://example.org/"), "https://example.org/") == ""
