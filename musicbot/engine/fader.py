"""The volume, which moves and never jumps: a jump would be heard as a click."""

from __future__ import annotations

from typing import Final

import av

from musicbot.engine.graph import Chain
from musicbot.engine.sound import SAMPLE_RATE

RAMP: Final = 2_880
"""Samples from one gain to the next: 60 ms."""


class Fader:
    """Multiplies samples with a gain.

    Args:
        gain: Where it stands at first.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain
        """Where it stands, or moves to."""
        self._from = gain
        self._moved = RAMP
        """Samples since it began to move."""
        self._chain = _chain(gain, gain)

    def move(self, gain: float) -> None:
        """Begin to move from where it is."""
        if gain == self.gain:
            return
        done = min(1.0, self._moved / RAMP)
        self._from += (self.gain - self._from) * done
        self.gain = gain
        self._moved = 0
        self._chain = _chain(self._from, gain)

    def apply(self, frame: av.AudioFrame) -> av.AudioFrame:
        """Return a frame of our form as loud as it shall be."""
        if self._moved >= RAMP and self.gain == 1.0:
            self._chain = None
        self._moved += frame.samples
        if self._chain is None:
            return frame
        (faded,) = self._chain.feed(frame)
        return faded


def _chain(start: float, end: float) -> Chain | None:
    """Return what moves from one gain to another and stays there; None changes nothing."""
    loud = max(start, end)
    if start == end == 1.0:
        return None
    filters = [("volume", f"volume={loud:.9f}:precision=float")]
    if start != end:
        direction = "in" if start < end else "out"
        quiet = min(start, end) / loud
        filters.append(
            ("afade", f"type={direction}:nb_samples={RAMP}:curve=tri:silence={quiet:.9f}")
        )
    return Chain(SAMPLE_RATE, "flt", "stereo", *filters)
