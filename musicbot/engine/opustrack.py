"""A track whose file holds Opus already: its packets, made 20 ms long, with a memory.

The memory is what lets packets that passed be decoded once more, and the other way round:
so a track can change between the two at a packet, without a gap or a repetition.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import av

from musicbot.engine.demux import Demuxer
from musicbot.engine.memory import Memory
from musicbot.engine.sound import SAMPLE_RATE, SAMPLE_SIZE, Sound, from_frame, silence
from musicbot.opus.packets import (
    PACKET_SAMPLES,
    MalformedPacket,
    Repacketizer,
    Unjoinable,
    duration,
)

RUN_IN: Final = 5 * PACKET_SAMPLES
"""Samples after which a decoder that began in the middle is as good as one that did not."""

MAX_PAYLOAD: Final = 1_100
"""Bytes that fit into one datagram everywhere, with all that goes around them."""

MILLISECOND: Final = 48
"""The samples between two ticks of the clock of WebM."""

GAP: Final = SAMPLE_RATE // 2
"""Samples that are missing in a file if its time goes on by more."""


class Unit(NamedTuple):
    """A packet, and where in the track it is heard."""

    position: int
    payload: bytes

    @property
    def samples(self) -> int:
        """How long it is."""
        return duration(self.payload)

    @property
    def end(self) -> int:
        """The position after it."""
        return self.position + self.samples

    @property
    def passes(self) -> bool:
        """Whether it can be sent as it is."""
        return self.samples == PACKET_SAMPLES and len(self.payload) <= MAX_PAYLOAD


class OpusTrack:
    """The packets of a track.

    Args:
        demuxer: The file that they come from.
    """

    def __init__(self, demuxer: Demuxer) -> None:
        self.passable = True
        """Whether all packets since the last jump were fit to be sent."""
        self._demuxer = demuxer
        self._repacketizer = Repacketizer()
        self._units = Memory(self._read())

    def next(self) -> Unit | None:
        """Return the next packet; None at the end.

        Raises:
            SourceError: If it cannot be had.
            Cancelled: If it was.
        """
        return next(self._units, None)

    def peek(self) -> Unit | None:
        """Return the next packet, which stays the next one."""
        unit = self.next()
        if unit is not None:
            self.back(unit.position)
        return unit

    def back(self, position: int) -> None:
        """Go back to the packet that is heard at a position, as far as remembered."""
        self._units.back(position)

    def has(self, position: int) -> bool:
        """Return whether a packet that begins at a position is remembered or at hand."""
        return self._units.has(position)

    def reaches(self, position: int) -> bool:
        """Return whether one can go back to a position."""
        return self._units.reaches(position)

    def seek(self, position: int) -> Unit | None:
        """Go to the packet that is heard at a position, and return it; None at the end.

        What comes before it is remembered.
        """
        self._demuxer.seek(position)
        self._repacketizer.take()
        # On a fresh grid the packets may be fit again.
        self.passable = True
        self._units = Memory(self._read())
        return self.go(position)

    def go(self, position: int) -> Unit | None:
        """Go to the packet that is heard at a position as far as remembered, or ahead."""
        self.back(position)
        while (unit := self.next()) is not None:
            if unit.end > position:
                self.back(unit.position)
                break
        return unit

    def sounds(self) -> Iterator[Sound]:
        """Decode the packets from here on."""
        decoder: Any = av.CodecContext.create("libopus", "r")
        decoder.sample_rate = SAMPLE_RATE
        decoder.layout = "stereo"
        decoder.options = {"request_sample_fmt": "flt"}
        while (unit := self.next()) is not None:
            try:
                data = b"".join(map(from_frame, decoder.decode(av.Packet(unit.payload))))
            except av.FFmpegError:
                data = b""
            # Whatever the decoder makes of it, time goes on.
            size = unit.samples * SAMPLE_SIZE
            yield Sound(unit.position, data[:size] or silence(unit.samples))

    def _read(self) -> Iterator[Unit]:
        """Read packets from where the file is, and place them."""
        position: int | None = None
        while (packet := self._demuxer.read()) is not None:
            at = self._demuxer.position_of(packet)
            if position is None:
                position = self._exactly(at or 0)
            elif at is not None and at - position > GAP and self._is_within(at):
                # Packets stay on their grid.
                position += (at - position) // PACKET_SAMPLES * PACKET_SAMPLES
            for payload in self._packed(bytes(packet)):
                yield (unit := Unit(position, payload))
                position = unit.end
        for payload in self._repacketizer.take():
            yield (unit := Unit(position or 0, payload))
            position = unit.end

    def _exactly(self, position: int) -> int:
        """Return where a track really begins, if a file's clock is too coarse to tell."""
        head = self._demuxer.head
        begins = 0 if head is None else -head.pre_skip
        return begins if abs(position - begins) < MILLISECOND else position

    def _packed(self, packet: bytes) -> list[bytes]:
        """Return it as packets of 20 ms if possible, and remember if it never is again."""
        try:
            if not self.passable:
                duration(packet)
                return [packet]
            return self._repacketizer.feed(packet)
        except MalformedPacket:
            # A decoder could only guess.
            return []
        except Unjoinable as error:
            self.passable = False
            return list(error.packets)

    def _is_within(self, position: int) -> bool:
        length = self._demuxer.duration
        return length is not None and position < length * SAMPLE_RATE
