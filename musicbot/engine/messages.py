"""What the bot and an engine process say to each other.

A message is msgpack behind four bytes of length. Commands go to the engine, news comes
back. Every command that changes what is played carries a new generation, and news says
for which generation it is meant: so the bot can tell what comes late.

The engine works on what strangers wrote, so the bot believes nothing that it says:
:class:`Inbox` takes news apart within bounds, or raises.
"""

from __future__ import annotations

import struct
from typing import Annotated, Final, Generic, TypeVar, assert_never

import msgspec
from msgspec import Meta

from musicbot.core.media import DemoMedia, FileMedia, HttpMedia, Media
from musicbot.errors import SourceErrorKind
from musicbot.opus.packets import MAX_FRAME

MAX_BATCH: Final = 200
"""Packets in one message; more than are ever asked for."""

MAX_MESSAGE: Final = 512 * 1024
"""Bytes of the longest message: more than the longest packets and links amount to."""

_PREFIX: Final = struct.Struct("!I")

Count = Annotated[int, Meta(ge=0)]
Packet = Annotated[bytes, Meta(min_length=1, max_length=MAX_FRAME + 1)]
Text = Annotated[str, Meta(max_length=1_000)]

T = TypeVar("T")


class Garbage(Exception):
    """What came is no message; the other side is broken, or is not who it was."""


class OfHttp(msgspec.Struct, frozen=True, tag="http"):
    """Audio on the web."""

    media: HttpMedia


class OfFile(msgspec.Struct, frozen=True, tag="file"):
    """A file of the library."""

    media: FileMedia


class OfDemo(msgspec.Struct, frozen=True, tag="demo"):
    """The built-in piece."""

    media: DemoMedia


Opening = OfHttp | OfFile | OfDemo
"""Media with its kind, which dataclasses do not carry."""


class Open(msgspec.Struct, frozen=True, tag="open"):
    """Drop what was open, and produce this."""

    generation: int
    opening: Opening
    position: int
    gain: float
    credit: int
    """How many packets may be sent before more is granted."""
    allow_net: tuple[str, ...] = ()
    """The operator's private networks, as for :meth:`musicbot.netpolicy.NetPolicy.parse`."""
    joins: bool = False
    """Whether the same sound is heard up to there, as before it broke off."""


class Go(msgspec.Struct, frozen=True, tag="go"):
    """Produce from another position, or with another loudness, or both.

    What cannot seek goes on where it is, unless it remembers that position.
    """

    generation: int
    position: int
    gain: float
    credit: int
    joins: bool = False
    """Whether the sound is heard up to there, only with the loudness of so far."""


class Grant(msgspec.Struct, frozen=True, tag="grant"):
    """Let more packets be sent, if this is still the generation."""

    generation: int
    credit: int


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Drop what is open."""


Command = Open | Go | Grant | Stop


class Started(msgspec.Struct, frozen=True, tag="started"):
    """The process is there."""

    pid: int


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The process is done with what was played before, and opens this."""

    generation: Count


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """What is played is open."""

    generation: Count
    duration: float | None
    """In seconds; ``None`` if it is not known or there is none."""
    seekable: bool
    live: bool


class Packets(msgspec.Struct, frozen=True, tag="packets"):
    """What comes next, 20 ms each."""

    generation: Count
    position: Count
    """Where the first begins, in samples."""
    packets: Annotated[list[Packet], Meta(min_length=1, max_length=MAX_BATCH)]


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """Nothing more comes in this generation: it is the end."""

    generation: Count
    position: Count


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """Nothing more comes in this generation: something is wrong."""

    generation: Count
    kind: SourceErrorKind
    text: Text


class Noted(msgspec.Struct, frozen=True, tag="noted"):
    """Something for the log: the sandbox lets no process write to a file."""

    level: Annotated[int, Meta(ge=0, le=50)]
    text: Annotated[str, Meta(max_length=20_000)]


News = Started | Begun | Opened | Packets | Ended | Failed | Noted

_encoder: Final = msgspec.msgpack.Encoder()


def encode(message: Command | News) -> bytes:
    """Return a message as it is sent."""
    body = _encoder.encode(message)
    return _PREFIX.pack(len(body)) + body


def opening(media: Media) -> Opening:
    """Return media with its kind."""
    match media:
        case HttpMedia():
            return OfHttp(media)
        case FileMedia():
            return OfFile(media)
        case DemoMedia():
            return OfDemo(media)
        case _:
            assert_never(media)


class Inbox(Generic[T]):
    """Takes messages apart as they come, in pieces of any size."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[T]) -> None:
        self._decoder = decoder
        self._received = bytearray()

    def feed(self, data: bytes) -> list[T]:
        """Take what was received; return the messages that are complete with it.

        Raises:
            Garbage: If something else came. Nothing more can be read then.
        """
        self._received += data
        messages = []
        start = 0
        while len(self._received) - start >= _PREFIX.size:
            (length,) = _PREFIX.unpack_from(self._received, start)
            if length > MAX_MESSAGE:
                raise Garbage(f"A message of {length} bytes.")
            end = start + _PREFIX.size + length
            if len(self._received) < end:
                break
            messages.append(self._decode(bytes(self._received[start + _PREFIX.size : end])))
            start = end
        del self._received[:start]
        return messages

    def _decode(self, body: bytes) -> T:
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Garbage(str(error)) from error


def commands() -> Inbox[Command]:
    """Return what takes commands apart."""
    return Inbox[Command](msgspec.msgpack.Decoder(Command))


def news() -> Inbox[News]:
    """Return what takes news apart."""
    return Inbox[News](msgspec.msgpack.Decoder(News))
