from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot import messages
from musicbot.core.effects import Announce, Request
from musicbot.core.player import Player
from musicbot.core.snapshot import snapshot
from musicbot.core.states import Loop
from musicbot.core.tracks import Demo, Link, Piece, Track, TrackId

EXAMPLES = [
    messages.CommandMessage(id=7, text="!play something"),
    messages.ChatMessage(id="x", text="hello", at=1.5),
]


@pytest.mark.parametrize("message", EXAMPLES, ids=repr)
def test_what_a_listener_sends_is_decoded(message: messages.FromListener) -> None:
    assert messages.decode_from_listener(messages.encode(message)) == message


def test_what_the_bot_sends_is_decoded() -> None:
    track = messages.TrackMessage(1, "A", None, "Ann", 3.0)
    sent: list[messages.FromBot] = [
        messages.ReplyMessage(id=7, ok=True, text="Done.", done=True),
        messages.EventMessage(name="notice", text="Hello."),
        messages.StateMessage(
            "playing", track, 1.5, 3.0, (track,), 1, 100, "off", (), listeners=2, votes=0
        ),
    ]

    assert [messages.decode_from_bot(messages.encode(message)) for message in sent] == sent


def test_the_state_tells_what_the_page_shows() -> None:
    player = Player()
    request = Request("ann", 1, "Ann", host=True)
    link = Piece(Link("https://example.org/a"), "A", 90.0)
    player.enqueue(request, [link, Piece(Demo(), "B"), link])
    player.volume, player.loop = 70, Loop.QUEUE

    assert messages.state_message(snapshot(player, 48_000, listeners=2)) == messages.StateMessage(
        state="loading",
        track=messages.TrackMessage(1, "A", "https://example.org/a", "Ann", 90.0, live=False),
        position=0.0,
        duration=90.0,
        queue=(
            messages.TrackMessage(2, "B", None, "Ann", None),
            messages.TrackMessage(3, "A", "https://example.org/a", "Ann", 90.0),
        ),
        queued=2,
        volume=70,
        loop="queue",
        filters=(),
        listeners=2,
        votes=0,
    )


def test_an_idle_player_has_no_track() -> None:
    state = messages.state_message(snapshot(Player(), 48_000, listeners=0))

    assert (state.state, state.track, state.position, state.queue) == ("idle", None, 0.0, ())


def test_a_link_too_long_to_be_shown_is_left_out() -> None:
    piece = Piece(Link("https://example.org/" + "a" * messages.MAX_LINK), "A")
    track = Track(TrackId(1), piece, "Ann")
    event = messages.event_message(Announce("track-started", "Now.", track))

    assert event == messages.EventMessage(
        "track-started", "Now.", messages.TrackMessage(1, "A", None, "Ann", None)
    )


def test_an_event_may_be_about_no_track() -> None:
    event = messages.event_message(Announce("queue-ended", "Over."))

    assert messages.encode(event) == '{"type":"event","name":"queue-ended","text":"Over."}'


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
        '{"type":"command","id":"' + "x" * 65 + '","text":"play"}',
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
