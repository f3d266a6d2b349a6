"""From decoded sound to the packets that are sent: faded, and encoded with libopus.

What a decoder makes of our packet n lags behind what was encoded by the encoder's
look-ahead. Positions of packets are those of the sound that a listener gets from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av

from musicbot.engine.fader import RAMP, Fader
from musicbot.engine.sound import SAMPLE_RATE, SAMPLE_SIZE, Sound, silence, to_frame
from musicbot.opus.packets import PACKET_SAMPLES

LOOKAHEAD: Final = 312
"""Samples by which what libopus gives lags behind what it got (for ``audio``)."""

BIT_RATE: Final = 128_000

OPTIONS: Final = {
    "application": "audio",
    "frame_duration": "20",
    "vbr": "on",
    "compression_level": "10",
    "fec": "0",
    "packet_loss": "0",
    "dtx": "0",
}

_BLOCK: Final = PACKET_SAMPLES * SAMPLE_SIZE
_TIME_BASE: Final = Fraction(1, SAMPLE_RATE)


class Transcoder:
    """Makes packets of 20 ms of the sound of a track, from a position on.

    Args:
        sounds: What follows from there on, in order; what lies before is dropped.
        position: Of the first packet.
        gain: To multiply with at first.
        run_in: So many packets before that are encoded but not returned, so that the
            encoder is as far as the listeners' decoders are.
    """

    def __init__(
        self, sounds: Iterator[Sound], *, position: int, gain: float = 1.0, run_in: int = 0
    ) -> None:
        self._sounds = sounds
        self._fader = Fader(gain)
        self._encoder = _encoder()
        self._first = position
        self._next = position - run_in * PACKET_SAMPLES
        """The position of the packet that the encoder gives next."""
        self._waiting = bytearray()
        self._awaited = self._next + LOOKAHEAD
        """The position of the sample that is to come next."""
        self._heard = False
        """Whether there was any sound."""
        self._end: int | None = None
        """Where the track ends, as soon as that is known."""
        self._settles_at = self._next

    @property
    def position(self) -> int:
        """The position of the packet that :meth:`read` returns next."""
        return max(self._next, self._first)

    @property
    def settled(self) -> bool:
        """Whether the gain has arrived in the packets that were returned."""
        return self._next >= self._settles_at

    def set_gain(self, gain: float) -> None:
        """Begin to move to another gain, right after the run-in."""
        while self._next < self._first:
            if self._encode() is None:
                break
        if gain != self._fader.gain:
            self._fader.move(gain)
            self._settles_at = self._next + LOOKAHEAD + RAMP

    def read(self) -> bytes | None:
        """Return the next packet; None at the end.

        Raises:
            Exception: What ``sounds`` raises.
        """
        while True:
            position = self._next
            payload = self._encode()
            if payload is None or position >= self._first:
                return payload

    def _encode(self) -> bytes | None:
        """Encode the next 20 ms, with silence after the end as long as sound lags."""
        while len(self._waiting) < _BLOCK and self._end is None:
            self._take()
        if self._end is not None and self._next >= self._end:
            return None
        block = bytes(self._waiting[:_BLOCK])
        del self._waiting[:_BLOCK]
        frame = self._fader.apply(to_frame(block.ljust(_BLOCK, b"\0")))
        frame.pts, frame.time_base = self._next + LOOKAHEAD, _TIME_BASE
        (packet,) = self._encoder.encode(frame)
        self._next += PACKET_SAMPLES
        return bytes(packet)

    def _take(self) -> None:
        """Get more sound, or notice that there is none."""
        sound = next(self._sounds, None)
        if sound is None:
            # Without any sound there is nothing that lags.
            self._end = self._awaited if self._heard else self._next
            return
        sound = sound.after(self._awaited)
        gap = max(0, sound.position - self._awaited)
        if gap and sound.data:
            # Nobody waits for what is missing; but the packets stay on their grid.
            packets, rest = divmod(gap, PACKET_SAMPLES)
            self._next += packets * PACKET_SAMPLES
            self._settles_at += packets * PACKET_SAMPLES
            self._waiting += silence(rest)
        self._heard = self._heard or bool(sound.data)
        self._waiting += sound.data
        self._awaited = max(self._awaited, sound.end)


def _encoder() -> Any:
    encoder: Any = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = SAMPLE_RATE
    encoder.layout = "stereo"
    encoder.format = "flt"
    encoder.bit_rate = BIT_RATE
    encoder.options = dict(OPTIONS)
    encoder.open()
    return encoder
