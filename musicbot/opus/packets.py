"""Opus packets as RFC 6716, section 3 draws them: take apart, split and join.

A packet is a TOC byte and one or more frames that share it. Frames can be
packed differently without decoding: the decoder is handed the same frames in
the same order, so what it makes of them is the same to the bit.

* :exc:`PacketError`
    * :exc:`MalformedPacket`: the bytes are no Opus packet
    * :exc:`Unjoinable`: good packets that are not 20 ms and cannot be made so
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

PACKET_SAMPLES: Final = 960
"""Samples at 48 kHz of the 20 ms that we send in one packet."""

MAX_SAMPLES: Final = 5_760
"""The longest packet, 120 ms (RFC 6716, 3.2.5, requirement 5)."""

MAX_FRAME: Final = 1_275
"""The longest frame in bytes (RFC 6716, 3.2.1, requirement 2)."""

SILENCE: Final = b"\xfc\xff\xfe"
"""20 ms of stereo that decode to exact zeros."""

_SILK: Final = (480, 960, 1_920, 2_880)
_HYBRID: Final = (480, 960)
_CELT: Final = (120, 240, 480, 960)
_FRAME_SAMPLES: Final = _SILK * 3 + _HYBRID * 2 + _CELT * 4
"""Samples of one frame by configuration number (RFC 6716, 3.1, table 2)."""

_SINGLE: Final = 0
_TWO_EQUAL: Final = 1
_TWO_UNEQUAL: Final = 2
_SIGNALED: Final = 3
_CODE: Final = 0b11
_VBR: Final = 0b1000_0000
_PADDED: Final = 0b0100_0000
_COUNT: Final = 0b0011_1111


class PacketError(ValueError):
    """Base of what can be wrong with a packet."""


class MalformedPacket(PacketError):
    """The bytes are no Opus packet; the text names the rule that they break."""


class Unjoinable(PacketError):
    """Good packets that cannot be packed as 20 ms: decode them instead.

    Attributes:
        packets: What must be decoded, in order, as it came or equivalent to it.
        samples: How long they are.
    """

    def __init__(self, packets: Sequence[bytes], samples: int) -> None:
        super().__init__(packets, samples)
        self.packets = tuple(packets)
        self.samples = samples

    def __str__(self) -> str:
        return f"{self.samples} samples of Opus cannot be packed as 20 ms"


@dataclass(frozen=True, slots=True)
class Toc:
    """The first byte of a packet without its two bits of frame count."""

    bits: int

    @property
    def samples(self) -> int:
        """The length of one frame, in samples at 48 kHz."""
        return _FRAME_SAMPLES[self.bits >> 3]


def toc(packet: bytes) -> Toc:
    """Return what all frames of a packet have in common.

    Raises:
        MalformedPacket: If the packet is empty.
    """
    if not packet:
        raise MalformedPacket("A packet has at least one byte.")
    return Toc(packet[0] & ~_CODE)


def duration(packet: bytes) -> int:
    """Return how many samples at 48 kHz a packet decodes to; its frames are not checked.

    Raises:
        MalformedPacket: If its head makes no sense.
    """
    return toc(packet).samples * _frame_count(packet)


def frames(packet: bytes) -> list[bytes]:
    """Return the compressed frames of a packet, without its padding.

    An empty frame is one that was lost or not sent.

    Raises:
        MalformedPacket: If it is not a packet.
    """
    count = _frame_count(packet)
    code = packet[0] & _CODE
    if code == _SIGNALED:
        found = _signaled(packet, count)
    elif code == _TWO_UNEQUAL:
        length, start = _length_at(packet, 1)
        found = _cut(packet[start:], [length])
    else:
        found = _equal(packet[1:], count)
    if any(len(frame) > MAX_FRAME for frame in found):
        raise MalformedPacket(f"A frame has at most {MAX_FRAME} bytes.")
    return found


def split(packet: bytes) -> list[bytes]:
    """Return the same sound in packets of 20 ms.

    Raises:
        MalformedPacket: If it is not a packet.
        Unjoinable: If its length is no multiple of 20 ms, or its frames are longer.
    """
    repacketizer = Repacketizer()
    packets = repacketizer.feed(packet)
    if repacketizer.samples:
        raise Unjoinable([packet], duration(packet))
    return packets


def join(packets: Iterable[bytes]) -> bytes:
    """Return the same sound in one packet.

    Raises:
        MalformedPacket: If one is not a packet.
        Unjoinable: If they differ in mode, bandwidth, frame length or channels,
            or are longer than 120 ms together.
    """
    packets = list(packets)
    samples = sum(map(duration, packets))
    if len({toc(packet) for packet in packets}) != 1 or samples > MAX_SAMPLES:
        raise Unjoinable(packets, samples)
    return pack(toc(packets[0]), [frame for packet in packets for frame in frames(packet)])


def pack(kind: Toc, parts: Sequence[bytes]) -> bytes:
    """Make a packet of 1 to 48 frames that belong together, as short as the format allows."""
    equal = len({len(part) for part in parts}) == 1
    if len(parts) == 1:
        head = bytes([kind.bits | _SINGLE])
    elif len(parts) == 2 and equal:
        head = bytes([kind.bits | _TWO_EQUAL])
    elif len(parts) == 2:
        head = bytes([kind.bits | _TWO_UNEQUAL]) + _length_bytes(len(parts[0]))
    elif equal:
        head = bytes([kind.bits | _SIGNALED, len(parts)])
    else:
        lengths = b"".join(_length_bytes(len(part)) for part in parts[:-1])
        head = bytes([kind.bits | _SIGNALED, _VBR | len(parts)]) + lengths
    return head + b"".join(parts)


class Repacketizer:
    """Makes packets of exactly 20 ms from packets of any length.

    What is 20 ms long already passes untouched. Longer packets are split
    between their frames, shorter ones held until 20 ms are complete.
    """

    def __init__(self) -> None:
        self._toc = Toc(0)
        self._held: list[bytes] = []
        """Frames with this TOC byte that are less than 20 ms together."""

    @property
    def samples(self) -> int:
        """How many samples wait for their other half; less than 20 ms."""
        return len(self._held) * self._toc.samples

    def feed(self, packet: bytes) -> list[bytes]:
        """Take the next packet of a stream; return the 20 ms packets complete with it.

        Raises:
            MalformedPacket: If it is not a packet. It is ignored.
            Unjoinable: If it does not fit what waits (the encoder changed its
                mode in the middle of 20 ms) or its frames are longer than
                20 ms (SILK only). It carries both. Nothing waits any more, but
                what follows lies off the old grid: go on by decoding.
        """
        kind = toc(packet)
        parts = frames(packet)
        if not self._held and kind.samples * len(parts) == PACKET_SAMPLES:
            return [packet]
        if kind.samples > PACKET_SAMPLES or (self._held and kind != self._toc):
            samples = self.samples + kind.samples * len(parts)
            raise Unjoinable([*self.take(), packet], samples)
        self._toc = kind
        self._held += parts
        step = PACKET_SAMPLES // kind.samples
        complete = len(self._held) // step * step
        ready = [pack(kind, self._held[i : i + step]) for i in range(0, complete, step)]
        del self._held[:complete]
        return ready

    def take(self) -> list[bytes]:
        """Return what waits, as one packet, and forget it: at the end, or before a seek."""
        packets = [pack(self._toc, self._held)] if self._held else []
        self._held = []
        return packets


def _frame_count(packet: bytes) -> int:
    kind = toc(packet)
    code = packet[0] & _CODE
    if code != _SIGNALED:
        return 1 if code == _SINGLE else 2
    if len(packet) < 2:
        raise MalformedPacket("A packet of code 3 has at least two bytes.")
    count = packet[1] & _COUNT
    if count == 0:
        raise MalformedPacket("A packet has at least one frame.")
    if count * kind.samples > MAX_SAMPLES:
        raise MalformedPacket("A packet is at most 120 ms long.")
    return count


def _equal(data: bytes, count: int) -> list[bytes]:
    size, rest = divmod(len(data), count)
    if rest:
        raise MalformedPacket("Frames of equal length must fill the packet.")
    return [data[i * size : (i + 1) * size] for i in range(count)]


def _signaled(packet: bytes, count: int) -> list[bytes]:
    """Return the frames of a packet with code 3 (RFC 6716, 3.2.5)."""
    start, padding = 2, 0
    if packet[1] & _PADDED:
        start, padding = _padding(packet)
    if not packet[1] & _VBR:
        return _equal(_without(packet, start, padding), count)
    lengths = []
    for _ in range(count - 1):
        length, start = _length_at(packet, start)
        lengths.append(length)
    return _cut(_without(packet, start, padding), lengths)


def _padding(packet: bytes) -> tuple[int, int]:
    """Return where the head goes on, and how many bytes of padding end the packet."""
    padding = 0
    for position in range(2, len(packet)):
        byte = packet[position]
        if byte != 255:
            return position + 1, padding + byte
        padding += 254
    raise MalformedPacket("The packet ends within the length of its padding.")


def _without(packet: bytes, start: int, padding: int) -> bytes:
    if start + padding > len(packet):
        raise MalformedPacket("The packet is shorter than its padding.")
    return packet[start : len(packet) - padding]


def _length_at(packet: bytes, position: int) -> tuple[int, int]:
    """Return a frame's length and where the packet goes on (RFC 6716, 3.2.1)."""
    size = 2 if packet[position : position + 1] >= b"\xfc" else 1
    if position + size > len(packet):
        raise MalformedPacket("The packet ends within the length of a frame.")
    if size == 1:
        return packet[position], position + 1
    return packet[position] + 4 * packet[position + 1], position + 2


def _length_bytes(length: int) -> bytes:
    if length < 252:
        return bytes([length])
    first = 252 + (length & 0b11)
    return bytes([first, (length - first) // 4])


def _cut(data: bytes, lengths: list[int]) -> list[bytes]:
    """Cut data at these lengths; what is left is the last frame."""
    found = []
    position = 0
    for length in lengths:
        found.append(data[position : position + length])
        position += length
    if position > len(data):
        raise MalformedPacket("The packet is shorter than its frames.")
    return [*found, data[position:]]
