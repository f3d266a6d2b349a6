"""The messages of the data channel ``music`` (and LiveKit's topic ``music``).

A listener sends commands; the bot sends replies, the state of the room and
events. Decoding is strict, bounded and total: whatever arrives becomes a
message, or :exc:`ValueError`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeVar

import msgspec

from musicbot.core.effects import Announce, EventName
from musicbot.core.snapshot import Snapshot
from musicbot.core.tracks import Link, Track

T = TypeVar("T")

MAX_LINK: Final = 1_000
"""Characters of a link that the page gets; a longer one is left out."""

MessageId = int | Annotated[str, msgspec.Meta(max_length=64)]


class CommandMessage(msgspec.Struct, frozen=True, tag_field="type", tag="command"):
    """Something to do, from the page's buttons, the chat or the command line."""

    id: MessageId
    """Chosen by the sender; comes back in the reply."""
    text: str
    """The command as people type it; the prefix may be left out. One that is too long is
    answered, so its length is not checked here."""


class ChatMessage(msgspec.Struct, frozen=True, tag_field="type", tag="chat"):
    """A line of chat; with the prefix it is a command too."""

    id: MessageId
    text: str
    at: float
    """Unix time in milliseconds, as the sender's clock has it."""


class ReplyMessage(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """The answer to a command; a later one with the same id replaces the line."""

    id: MessageId
    ok: bool
    text: str
    done: bool
    """Whether this is the last answer."""


class TrackMessage(msgspec.Struct, frozen=True):
    """A track as the page shows it."""

    id: int
    title: str
    link: str | None
    requester: str
    duration: float | None
    """In seconds; ``None`` if unknown or live."""
    live: bool = False


class StateMessage(msgspec.Struct, frozen=True, tag_field="type", tag="state"):
    """What the room's player does, sent on every change and every 5 seconds."""

    state: Literal["idle", "loading", "playing", "paused"]
    track: TrackMessage | None
    position: float
    """In seconds."""
    duration: float | None
    queue: tuple[TrackMessage, ...]
    """The first entries only."""
    queued: int
    """How many there are."""
    volume: int
    """In percent."""
    loop: Literal["off", "track", "queue"]
    filters: tuple[str, ...]
    listeners: int
    votes: int


class EventMessage(msgspec.Struct, frozen=True, tag_field="type", tag="event", omit_defaults=True):
    """Something that everybody should hear of."""

    name: EventName
    text: str
    """One line for the chat."""
    track: TrackMessage | None = None


FromListener = CommandMessage | ChatMessage
FromBot = ReplyMessage | StateMessage | EventMessage | ChatMessage

_from_listener: msgspec.json.Decoder[FromListener] = msgspec.json.Decoder(FromListener)
_from_bot: msgspec.json.Decoder[FromBot] = msgspec.json.Decoder(FromBot)
_encoder = msgspec.json.Encoder()


def decode_from_listener(text: str) -> FromListener:
    """Decode what a listener sent.

    Raises:
        ValueError: If it is not such a message.
    """
    return _decode(_from_listener, text)


def decode_from_bot(text: str) -> FromBot:
    """Decode what a bot sent.

    Raises:
        ValueError: If it is not such a message.
    """
    return _decode(_from_bot, text)


def encode(message: FromListener | FromBot) -> str:
    """Encode a message for the channel."""
    return _encoder.encode(message).decode()


def state_message(snapshot: Snapshot) -> StateMessage:
    """Return the message that tells what the player does."""
    return StateMessage(
        state=snapshot.state.value,
        track=_track_message(snapshot.track),
        position=round(snapshot.position, 3),
        duration=snapshot.duration,
        queue=tuple(map(_known_track_message, snapshot.queue)),
        queued=snapshot.queued,
        volume=snapshot.volume,
        loop=snapshot.loop.value,
        filters=(),
        listeners=snapshot.listeners,
        votes=0,
    )


def event_message(announce: Announce) -> EventMessage:
    """Return the message that tells everybody what happened."""
    return EventMessage(announce.name, announce.text, _track_message(announce.track))


def _track_message(track: Track | None) -> TrackMessage | None:
    return None if track is None else _known_track_message(track)


def _known_track_message(track: Track) -> TrackMessage:
    piece = track.piece
    link = piece.source.url if isinstance(piece.source, Link) else ""
    return TrackMessage(
        id=track.id,
        title=piece.title,
        link=link if 0 < len(link) <= MAX_LINK else None,
        requester=track.requester,
        duration=piece.duration,
        live=piece.live,
    )


def _decode(decoder: msgspec.json.Decoder[T], text: str) -> T:
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ValueError(f"not a message of the music channel: {error}") from error
