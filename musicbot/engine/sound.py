"""Decoded sound: stereo at 48 kHz in 32-bit floats, and where in the track it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import av

SAMPLE_RATE: Final = 48_000

SAMPLE_SIZE: Final = 8
"""Bytes of a sample: a float for each of the two channels."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A stretch of a track."""

    position: int
    """Of its first sample, in samples of the track."""
    data: bytes

    @property
    def end(self) -> int:
        """The position after its last sample."""
        return self.position + len(self.data) // SAMPLE_SIZE

    def after(self, position: int) -> Sound:
        """Return what of it does not lie before a position."""
        if position <= self.position:
            return self
        return Sound(position, self.data[(position - self.position) * SAMPLE_SIZE :])


def silence(samples: int) -> bytes:
    """Return so many samples of nothing."""
    return bytes(samples * SAMPLE_SIZE)


def from_frame(frame: av.AudioFrame) -> bytes:
    """Return the samples of a frame, which must have our form already."""
    # The plane may be longer than what is in it.
    return bytes(memoryview(frame.planes[0])[: frame.samples * SAMPLE_SIZE])


def to_frame(data: bytes, rate: int = SAMPLE_RATE) -> av.AudioFrame:
    """Return samples as a frame for FFmpeg, at another rate if need be."""
    frame = av.AudioFrame("flt", "stereo", len(data) // SAMPLE_SIZE)
    plane = frame.planes[0]
    plane.update(data.ljust(plane.buffer_size, b"\0"))
    frame.sample_rate = rate
    return frame
