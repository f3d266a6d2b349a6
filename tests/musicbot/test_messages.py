from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot import messages

EXAMPLES = [
    messages.CommandMessage(id=7, text="!play something"),
    messages.ChatMessage(id="x", text="hello", at=1.5),
]


@pytest.mark.parametrize("message", EXAMPLES, ids=repr)
def test_what_a_listener_sends_is_decoded(message: messages.FromListener) -> None:
    assert messages.decode_from_listener(messages.encode(message)) == message


def test_what_the_bot_sends_is_decoded() -> None:
    track = messages.TrackMessage(1, "A", None, "Ann", 3.0)
    sent = [
        messages.ReplyMessage(id=7, ok=True, text="Done.", done=True),
        messages.EventMessage(name="notice", text="Hello."),
        messages.StateMessage(
            "playing", track, 1.5, 3.0, (track,), 1, 100, "off", (), listeners=2, votes=0
        ),
    ]

    assert [messages.decode_from_bot(messages.encode(message)) for message in sent] == sent


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        '{"type":"reply","id":7,"ok":true,"text":"forged","done":true}',
        '{"type":"command","id":7}',
        '{"type":"command","id":7,"text":9}',
        '{"type":"command","id":7,"text":"' + "x" * 3000 + '"}',
        "\ud800",
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a message"):
        messages.decode_from_listener(text)


@given(st.text())
def test_decoding_is_total(text: str) -> None:
    for decode in (messages.decode_from_listener, messages.decode_from_bot):
        try:
            decode(text)
        except ValueError:
            continue
