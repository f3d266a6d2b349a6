"""The two ways from a track to packets: encode its sound, or let its own packets pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from musicbot.engine.memory import Memory
from musicbot.engine.opustrack import RUN_IN, OpusTrack, Unit
from musicbot.engine.sound import Sound
from musicbot.engine.transcode import LOOKAHEAD, Transcoder
from musicbot.opus.packets import PACKET_SAMPLES

WARM_UP: Final = 5
"""Packets after which an encoder that began in the middle is where the decoders are."""


class Playback(Protocol):
    """Packets of a track, and the ways to change what comes next."""

    @property
    def position(self) -> int:
        """Of the next packet, in samples; a little less than 0 at the beginning."""

    def read(self) -> bytes | None:
        """Return the next packet; None at the end."""

    def seek(self, position: int) -> None:
        """Go on at a position."""

    def rejoin(self, position: int) -> None:
        """Go on at a position as if all before it had come from here.

        What cannot go back so far goes on where it is.
        """

    def set_gain(self, gain: float) -> None:
        """Go on at another volume."""


class Sounding(Protocol):
    """Whatever can be heard from some position on."""

    def sounds(self) -> Iterator[Sound]:
        """Return the sound from here on."""

    def seek(self, position: int) -> None:
        """Go to some place at or before a position."""


class Encoded:
    """A track that is encoded by us.

    Args:
        source: Its sound.
        gain: The volume, as a factor.
        seekable: Whether it can go to other positions than those remembered.
    """

    def __init__(self, source: Sounding, gain: float, *, seekable: bool = True) -> None:
        self._source = source
        self._gain = gain
        self._seekable = seekable
        self._sounds = Memory(source.sounds())
        self._transcoder = self._from_the_start()

    @property
    def position(self) -> int:
        """Of the next packet."""
        return self._transcoder.position

    def read(self) -> bytes | None:
        """Return the next packet; None at the end."""
        return self._transcoder.read()

    def seek(self, position: int) -> None:
        """Go on at a position, from silence: in the middle of a tone that's no click."""
        self._jump(position)
        if position == 0:
            self._transcoder = self._from_the_start()
        else:
            self._transcoder = Transcoder(self._sounds, position=position, gain=0.0)
            self._transcoder.set_gain(self._gain)

    def rejoin(self, position: int) -> None:
        """Go on at a position at the volume of so far, with an encoder that has run in."""
        start = max(0, position - WARM_UP * PACKET_SAMPLES)
        if self._seekable and not self._sounds.reaches(start):
            self._jump(start)
        elif not self._sounds.reaches(position):
            return
        self._sounds.back(start)
        self._transcoder = Transcoder(
            self._sounds, position=position, gain=self._gain, run_in=WARM_UP
        )

    def set_gain(self, gain: float) -> None:
        """Move to another volume."""
        self._gain = gain
        self._transcoder.set_gain(gain)

    def _jump(self, position: int) -> None:
        self._source.seek(position)
        self._sounds = Memory(self._source.sounds())

    def _from_the_start(self) -> Transcoder:
        return Transcoder(self._sounds, position=-LOOKAHEAD, gain=self._gain)


class Passed:
    """A track whose packets pass as they are, or else are decoded and encoded.

    The latter they are as long as the volume is not 1, and for a moment after a jump: the
    listeners' decoders know nothing of what was before, and would crackle.

    Args:
        track: Its packets.
        gain: The volume, as a factor.
        seekable: Whether it can go to other positions than those remembered.
    """

    def __init__(self, track: OpusTrack, gain: float, *, seekable: bool = True) -> None:
        self._track = track
        self._gain = gain
        self._seekable = seekable
        self._position = 0
        """Of the next packet, while they pass."""
        self._transcoder: Transcoder | None = None
        self._start(track.peek())

    @property
    def position(self) -> int:
        """Of the next packet."""
        return self._position if self._transcoder is None else self._transcoder.position

    def read(self) -> bytes | None:
        """Return the next packet; None at the end."""
        if self._transcoder is not None and self._may_pass(self._transcoder):
            self._position = self._transcoder.position
            self._track.back(self._position)
            self._transcoder = None
        if self._transcoder is None:
            unit = self._track.next()
            if unit is None:
                return None
            if unit.passes and self._gain == 1.0:
                self._position = unit.end
                return unit.payload
            self._track.passable = self._track.passable and unit.passes
            self._position = unit.position
            self._transcoder = self._continued()
        return self._transcoder.read()

    def seek(self, position: int) -> None:
        """Go on with the packet at a position, from silence."""
        unit = self._track.seek(position)
        if position == 0:
            self._start(unit)
            return
        self._position = position if unit is None else unit.position
        self._transcoder = self._transcode(0.0)
        self._transcoder.set_gain(self._gain)

    def rejoin(self, position: int) -> None:
        """Go on with the packet at a position at the volume of so far."""
        start = max(0, position - WARM_UP * PACKET_SAMPLES)
        if self._seekable and not self._track.reaches(max(0, start - RUN_IN)):
            self._track.seek(start)
        elif not self._track.reaches(position):
            return
        unit = self._track.go(position)
        self._position = position if unit is None else unit.position
        self._transcoder = None if self._gain == 1.0 else self._transcode(self._gain, WARM_UP)

    def set_gain(self, gain: float) -> None:
        """Move to another volume, soon."""
        self._gain = gain
        if self._transcoder is not None:
            self._transcoder.set_gain(gain)

    def _start(self, first: Unit | None) -> None:
        """Begin with the first packet: no decoder needs anything before it."""
        self._position = 0 if first is None else first.position
        self._transcoder = None if self._gain == 1.0 else self._transcode(self._gain)

    def _may_pass(self, transcoder: Transcoder) -> bool:
        """Return whether packets can pass from where it is."""
        return (
            self._gain == 1.0
            and self._track.passable
            and transcoder.settled
            and self._track.has(transcoder.position)
        )

    def _transcode(self, gain: float, run_in: int = 0) -> Transcoder:
        """Return what encodes from the present position on."""
        self._track.back(self._position - run_in * PACKET_SAMPLES - RUN_IN)
        return Transcoder(self._track.sounds(), position=self._position, gain=gain, run_in=run_in)

    def _continued(self) -> Transcoder:
        """Return what encodes on where packets passed."""
        transcoder = self._transcode(1.0, WARM_UP)
        transcoder.set_gain(self._gain)
        return transcoder
