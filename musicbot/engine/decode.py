"""Decoded sound of any file: whatever its codec, rate and channels, it comes in our form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import av

from musicbot.engine.demux import RATES, Demuxer
from musicbot.engine.graph import Chain
from musicbot.engine.sound import SAMPLE_RATE, Sound, from_frame
from musicbot.errors import SourceError, SourceErrorKind

MAX_FAILURES: Final = 100
"""How many packets in a row may be undecodable."""

JUMP: Final = SAMPLE_RATE // 2
"""Samples that are missing in a file if its time goes on by more."""

MAX_CHANNELS: Final = 8
"""Of more than these nobody knows where they are heard."""


class DecodedFile:
    """The sound of a file or stream.

    Args:
        demuxer: Its packets.
    """

    def __init__(self, demuxer: Demuxer) -> None:
        self._demuxer = demuxer

    def sounds(self) -> Iterator[Sound]:
        """Decode from here on.

        Raises:
            SourceError: If it cannot be had or decoded.
            Cancelled: If it was.
        """
        converter = Converter()
        position: int | None = None
        fraction = 0.0
        for frame in self._frames():
            at = self._demuxer.position_of(frame)
            if position is None:
                position = at or 0
                fraction = float(position)
            elif at is not None and at - fraction > JUMP and self._is_within(at):
                position += round(at - fraction)
                fraction = float(at)
            fraction += frame.samples * SAMPLE_RATE / frame.sample_rate
            for data in converter.convert(frame):
                yield (sound := Sound(position, data))
                position = sound.end
        for data in converter.flush():
            yield (sound := Sound(position or 0, data))
            position = sound.end

    def seek(self, position: int) -> None:
        """Go to a place from which the sound at a position can be decoded."""
        self._demuxer.seek(position)

    def _frames(self) -> Iterator[av.AudioFrame]:
        context = self._demuxer.context
        failures = 0
        while True:
            packet = self._demuxer.read()
            try:
                yield from context.decode(packet)
            except av.FFmpegError as error:
                failures += 1
                if failures > MAX_FAILURES:
                    raise SourceError(
                        SourceErrorKind.BROKEN, "That music is damaged or protected."
                    ) from error
            else:
                failures = 0
            if packet is None:
                return

    def _is_within(self, position: int) -> bool:
        duration = self._demuxer.duration
        return duration is not None and position < duration * SAMPLE_RATE


class Converter:
    """Brings frames into our form: stereo at 48 kHz in floats, as loud as they were."""

    def __init__(self) -> None:
        self._shape: tuple[int, str, str] | None = None
        self._chain: Chain | None = None

    def convert(self, frame: av.AudioFrame) -> Iterator[bytes]:
        """Return what is ready; rate, format and channels may change from frame to frame.

        Raises:
            SourceError: If it has a form that FFmpeg cannot convert.
        """
        shape = (frame.sample_rate, frame.format.name, frame.layout.name)
        if shape != self._shape or self._chain is None:
            yield from self.flush()
            self._chain, self._shape = _chain(shape, frame.layout.nb_channels), shape
        yield from map(from_frame, self._chain.feed(frame))

    def flush(self) -> Iterator[bytes]:
        """Return what is left."""
        chain, self._chain = self._chain, None
        if chain is not None:
            yield from map(from_frame, chain.flush())


def _chain(shape: tuple[int, str, str], channels: int) -> Chain:
    if shape[0] not in RATES:
        raise _strange()
    filters = []
    if channels == 1:
        # FFmpeg would make it quieter by 3 dB, which no player does.
        filters.append(("pan", "stereo|c0=c0|c1=c0"))
    elif channels > MAX_CHANNELS:
        filters.append(("pan", "stereo|c0=c0|c1=c1"))
    # The sum of many channels at once may not be louder than one can be.
    form = f"osr={SAMPLE_RATE}:ochl=stereo:osf=flt:rematrix_maxval=1.0"
    try:
        return Chain(*shape, *filters, ("aresample", form))
    except (av.FFmpegError, ValueError) as error:
        raise _strange() from error


def _strange() -> SourceError:
    return SourceError(SourceErrorKind.UNSUPPORTED, "That music has a form that cannot be played.")
