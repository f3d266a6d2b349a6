"""The messages of the signaling protocol, version 1; see PROTOCOL.md.

Decoding is strict, bounded and total: whatever arrives becomes a message, or
:exc:`ProtocolError`. Fields that a message does not know are dropped, so a
newer program may send more, and nobody can name a sender.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

T = TypeVar("T")

VERSION: Final = 1

MAX_MESSAGE: Final = 64 * 1024
"""Bytes of a message to the server; a description of 16 media lines fits."""

MAX_RELAYED: Final = 2 * MAX_MESSAGE
"""Bytes of a message from the server: what it adds to a relayed one is less than that."""

ERRORS: Final[Mapping[str, str]] = {
    "bad-message": "This is not a message that the server understands.",
    "bad-name": "A name has 1 to 64 visible characters.",
    "bad-room": "A room's name has 1 to 64 visible characters.",
    "bad-token": "This needs the token of the server's bots.",
    "join-timeout": "Nothing was said for too long after connecting.",
    "kicked": "The host removed you from the room.",
    "no-bot": "No music bot is free on this server.",
    "no-such-peer": "This peer is not in the room.",
    "not-host": "Only the host may do that.",
    "not-now": "This message is not expected at this point.",
    "replaced": "Another bot has taken over this room.",
    "room-full": "The room is full.",
    "room-locked": "The room is locked.",
    "server-full": "The server is full.",
    "too-many": "Too many messages were sent in a short time.",
    "wrong-password": "The room has another password.",
}
"""Every code of an error, with its sentence for people."""


class ProtocolError(Exception):
    """A message that is refused.

    Args:
        code: One of :data:`ERRORS`, for programs.
        message: A sentence for people, where there is more to say than usual.
    """

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = ERRORS[code] if message is None else message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Secret = Annotated[str, msgspec.Meta(max_length=256)]
Kind = Literal["person", "bot", "control"]
Role = Literal["host", "guest"]


class Peer(msgspec.Struct, frozen=True):
    """Somebody in a room, as the others see them."""

    id: Id
    name: str
    kind: Kind
    role: Role


class RoomInfo(msgspec.Struct, frozen=True):
    """What everybody in a room may know of it."""

    name: str
    locked: bool


class IceServer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A STUN or TURN server: an RTCIceServer."""

    urls: str | tuple[str, ...]
    username: str | None = None
    credential: str | None = None

    def __repr__(self) -> str:
        # The credential belongs in no log.
        return f"IceServer(urls={self.urls!r})"


class Description(msgspec.Struct, frozen=True):
    """A session description: an RTCSessionDescriptionInit."""

    type: Literal["offer", "answer"]
    sdp: str


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A way to reach somebody: an RTCIceCandidateInit."""

    candidate: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    sdpMid: Annotated[str, msgspec.Meta(max_length=256)] | None = None
    sdpMLineIndex: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    usernameFragment: Annotated[str, msgspec.Meta(max_length=256)] | None = None


class Join(msgspec.Struct, frozen=True, tag_field="type", tag="join"):
    """Enter a room; the first message of a peer."""

    room: str
    name: str
    kind: Kind = "person"
    password: Secret | None = None
    token: Secret | None = None
    """What the server knows its bots by."""
    resume: Secret | None = None
    """Reserved."""

    def __repr__(self) -> str:
        return f"Join(room={self.room!r}, name={self.name!r}, kind={self.kind!r})"


class Signal(msgspec.Struct, frozen=True, tag_field="type", tag="signal"):
    """Something for another peer, in order to connect: exactly one of the two."""

    to: Id
    description: Description | UnsetType = UNSET
    candidate: Candidate | UnsetType | None = UNSET
    """None says that there are no more."""

    def __post_init__(self) -> None:
        _demand_one(self.description, self.candidate)


class Summon(msgspec.Struct, frozen=True, tag_field="type", tag="summon"):
    """Bring a bot into the room."""


class Rename(msgspec.Struct, frozen=True, tag_field="type", tag="rename"):
    """Go by another name."""

    name: str


class Leave(msgspec.Struct, frozen=True, tag_field="type", tag="leave"):
    """Leave the room, and the server."""


class Lock(msgspec.Struct, frozen=True, tag_field="type", tag="lock"):
    """Let nobody else in, or everybody again; of the host only."""

    locked: bool


class Kick(msgspec.Struct, frozen=True, tag_field="type", tag="kick"):
    """Remove somebody; of the host only."""

    peer: Id


class MakeHost(msgspec.Struct, frozen=True, tag_field="type", tag="host"):
    """Hand the role of host to another person; of the host only."""

    peer: Id


class Serve(msgspec.Struct, frozen=True, tag_field="type", tag="serve"):
    """Offer to send bots into rooms; the first message of a bot worker."""

    token: Secret
    capacity: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    """In how many rooms there can be a bot at once."""

    def __repr__(self) -> str:
        return f"Serve(capacity={self.capacity})"


class Load(msgspec.Struct, frozen=True, tag_field="type", tag="load"):
    """Tell in how many rooms there is a bot of this worker."""

    rooms: Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class Welcome(
    msgspec.Struct, frozen=True, tag_field="type", tag="welcome", rename={"self_": "self"}
):
    """You are in the room; the first message to a peer."""

    version: int
    self_: Peer
    room: RoomInfo
    peers: tuple[Peer, ...]
    """The others, longest present first."""
    ice: tuple[IceServer, ...]
    resume: str | None = None
    """Reserved."""


class PeerJoined(msgspec.Struct, frozen=True, tag_field="type", tag="peer-joined"):
    """Somebody came in."""

    peer: Peer


class PeerLeft(msgspec.Struct, frozen=True, tag_field="type", tag="peer-left"):
    """Somebody is gone."""

    peer: Id
    reason: str
    """``left``, ``lost``, ``kicked``, ``slow`` or ``replaced``."""


class PeerChanged(msgspec.Struct, frozen=True, tag_field="type", tag="peer-changed"):
    """Somebody, or you yourself, has another name or role."""

    peer: Peer


class RoomChanged(msgspec.Struct, frozen=True, tag_field="type", tag="room-changed"):
    """The room was locked or unlocked."""

    room: RoomInfo


class RelayedSignal(
    msgspec.Struct, frozen=True, tag_field="type", tag="signal", rename={"from_": "from"}
):
    """Something from another peer, in order to connect: exactly one of the two."""

    from_: Id
    """Stamped by the server."""
    description: Description | UnsetType = UNSET
    candidate: Candidate | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        _demand_one(self.description, self.candidate)


class Summoned(msgspec.Struct, frozen=True, tag_field="type", tag="summoned"):
    """To a worker: send a bot into this room."""

    room: str


class Error(msgspec.Struct, frozen=True, tag_field="type", tag="error"):
    """Something was refused."""

    code: str
    """One of :data:`ERRORS`."""
    message: str


ClientMessage = Join | Signal | Summon | Rename | Leave | Lock | Kick | MakeHost | Serve | Load
ServerMessage = (
    Welcome | PeerJoined | PeerLeft | PeerChanged | RoomChanged | RelayedSignal | Summoned | Error
)

_client_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_server_decoder: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)
_encoder = msgspec.json.Encoder()


def decode_client(text: str) -> ClientMessage:
    """Decode what a client sent.

    Raises:
        ProtocolError: If it is no such message.
    """
    return _decode(_client_decoder, text, MAX_MESSAGE)


def decode_server(text: str) -> ServerMessage:
    """Decode what a server sent.

    Raises:
        ProtocolError: If it is no such message.
    """
    return _decode(_server_decoder, text, MAX_RELAYED)


def encode(message: ClientMessage | ServerMessage) -> str:
    """Encode a message as the text of one frame."""
    return _encoder.encode(message).decode()


def _decode(decoder: msgspec.json.Decoder[T], text: str, limit: int) -> T:
    if len(text) > limit:
        raise ProtocolError("bad-message", f"A message has at most {limit} bytes.")
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ProtocolError("bad-message", f"This is no message: {error}.") from error


def _demand_one(description: object, candidate: object) -> None:
    if (description is UNSET) == (candidate is UNSET):
        raise ValueError("a signal has either a description or a candidate")
