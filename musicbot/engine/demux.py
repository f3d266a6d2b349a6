"""The packets of the first audio stream of a file, and where in the track they belong.

A track begins where its first stream of sound does; positions are samples at 48 kHz from
there on. What is before (the decoder's run-in) has negative ones.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import av
from av.audio.stream import AudioStream
from av.stream import Discard

from musicbot.core.media import FileMedia, HttpMedia
from musicbot.core.times import known_length
from musicbot.engine.opening import CODECS, Opening
from musicbot.engine.sound import SAMPLE_RATE
from musicbot.engine.webclient import WebClient
from musicbot.errors import SourceError, SourceErrorKind

RUN_IN: Final = 12_000
"""Samples that are decoded before a position that was jumped to, for decoders that
depend on what was before (250 ms)."""

LOST: Final = 100
"""Packets after a jump that may not say where they belong."""

RATES: Final = range(1_000, 768_001)
"""Samples a second. To convert more than music ever has, FFmpeg would compute for minutes."""

ENCRYPTED: Final = frozenset(("enca", "drms", "drmi"))
"""Tags of sound that only licensed players can decrypt."""

_HEAD: Final = struct.Struct("<8sxBHIhBB")
"""Magic, version, channels, pre-skip, rate, gain, family, and the streams of family 1."""

GUESSED: Final = frozenset(("aac",))
"""Formats whose duration FFmpeg only guesses, from the size of the first few frames."""


class OpusHead(NamedTuple):
    """The head of a file with Opus in it (RFC 7845, 5.1)."""

    channels: int
    pre_skip: int
    """Samples before the track begins."""
    gain: int
    """What a player has to apply; not in decibels."""
    single: bool
    """Whether a packet is one for any decoder, and not several of them in one."""

    @property
    def passes(self) -> bool:
        """Whether the packets sound right without the head."""
        return self.channels <= 2 and self.gain == 0 and self.single


class Demuxer:
    """Reads the packets of a file or stream.

    Args:
        media: Where it is.
        client: Asks the site; cancelling it ends whatever blocks.
        position: Where a live stream goes on: there is nothing to jump to.
        on_title: Called with each title that a radio station sends.

    Raises:
        SourceError: If there is no music that can be played.
        Cancelled: If it was.
    """

    def __init__(
        self,
        media: HttpMedia | FileMedia,
        client: WebClient,
        *,
        position: int = 0,
        on_title: Callable[[str], None] | None = None,
    ) -> None:
        self._media = media
        self._client = client
        self._position = position
        self._on_title = on_title
        self._wanted: int | None = None
        """Where to go: packets before are dropped."""
        self._lost = 0
        """Packets since then that do not say where they belong."""
        self._reached = 0
        """Where it is, about."""
        self._origin: int | None = None
        """Where the track begins in the time of the file."""
        self._open()
        self.live = self._opening.live or self._stated_live
        self.duration = None if self.live else self._duration()
        # What has an end can be read from the beginning once more.
        self.seekable = not self.live and (self._opening.seekable or self.duration is not None)

    @property
    def context(self) -> av.AudioCodecContext:
        """The decoder that fits."""
        return self._stream.codec_context

    @property
    def head(self) -> OpusHead | None:
        """What is special about the file's Opus packets; None if it has other ones."""
        context = self.context
        data = bytes(context.extradata or b"")
        if context.codec.canonical_name != "opus" or len(data) < _HEAD.size - 1:
            return None
        # The head of family 0 ends before the number of streams, which is 1.
        _, channels, pre_skip, _, gain, family, streams = _HEAD.unpack_from(data + b"\1")
        return OpusHead(channels, pre_skip, gain, single=family == 0 or streams == 1)

    def read(self) -> av.Packet[AudioStream] | None:
        """Return the next packet; None at the end.

        Raises:
            SourceError: If it cannot be had.
            Cancelled: If it was.
        """
        while True:
            self._client.cancellation.check()
            with self._opening.speaking(SourceErrorKind.BROKEN, self._damaged()):
                packet = next(self._packets, None)
            if packet is None:
                return None
            if packet.size and self.is_wanted(packet):
                self._opening.renew()
                self._reached = self.position_of(packet) or self._reached
                return packet

    def position_of(self, timed: av.Packet[AudioStream] | av.AudioFrame) -> int | None:
        """Return where a packet or a frame belongs; None if it does not say."""
        if timed.pts is None or timed.time_base is None:
            return None
        base = timed.time_base
        at = timed.pts * base.numerator * SAMPLE_RATE // base.denominator
        if self._origin is None:
            # A live stream has begun long ago; for us it begins with what comes first.
            self._origin = at - self._position
        return at - self._origin

    def seek(self, position: int) -> None:
        """Go to some place at or before a position, so that its sound can be decoded.

        Raises:
            SourceError: If one cannot jump there.
            Cancelled: If it was.
        """
        if self.live:
            raise SourceError(SourceErrorKind.UNSUPPORTED, "One cannot jump in a live stream.")
        self._client.cancellation.check()
        wanted = max(0, position - RUN_IN)
        if self._opening.seekable:
            # What prepares the decoder has a place before the beginning.
            before = self.head.pre_skip if self.head is not None and wanted == 0 else 0
            at = (wanted - before + (self._origin or 0)) * 1_000_000 // SAMPLE_RATE
            with self._opening.speaking(SourceErrorKind.BROKEN, self._damaged()):
                self._container.seek(at)
            self._packets = self._demux()
        elif wanted < self._reached:
            # It can only be read from the beginning once more.
            self.close()
            self._open()
        else:
            self.context.flush_buffers()
        self._wanted = wanted
        self._lost = 0

    def close(self) -> None:
        """Close everything; may be called twice."""
        self._opening.close()

    def _open(self) -> None:
        self._opening = Opening(self._media, self._client, self._on_title)
        self._container = self._opening.container
        try:
            self._stream = self._first_stream()
        except SourceError:
            self.close()
            raise
        self._packets = self._demux()
        self._reached = 0
        live = self._opening.live or self._stated_live
        self._origin = None if live else self._start()

    def _damaged(self) -> str:
        why = "" if self._opening.seekable else ", or that site cannot jump in it"
        return f"{self._opening.what} is damaged{why}."

    @property
    def _stated_live(self) -> bool:
        return isinstance(self._media, HttpMedia) and self._media.live

    def _first_stream(self) -> AudioStream:
        """Return the stream to play, and let FFmpeg ignore all others."""
        what = self._opening.what
        if not self._container.streams.audio:
            raise SourceError(SourceErrorKind.UNSUPPORTED, f"{what} has no sound.")
        chosen = self._container.streams.audio[0]
        for stream in self._container.streams:
            stream.discard = Discard.default if stream is chosen else Discard.all
        # Some codecs have no decoder here at all, and then PyAV knows nothing of them.
        context: Any = chosen.codec_context
        if context is not None and _tag(context) in ENCRYPTED:
            raise SourceError(
                SourceErrorKind.DRM, "That is protected against copying, so it cannot be played."
            )
        if context is None or context.name not in CODECS:
            raise SourceError(
                SourceErrorKind.UNSUPPORTED, f"{what} is in a format that cannot be played."
            )
        # Some streams only tell with their first frame.
        if context.sample_rate and context.sample_rate not in RATES:
            raise SourceError(
                SourceErrorKind.UNSUPPORTED,
                f"{what} is sampled at {context.sample_rate} Hz, which cannot be played.",
            )
        return chosen

    def _start(self) -> int:
        stream = self._stream
        if stream.start_time is not None and stream.time_base is not None:
            base = stream.time_base
            return stream.start_time * base.numerator * SAMPLE_RATE // base.denominator
        return (self._container.start_time or 0) * SAMPLE_RATE // 1_000_000

    def _duration(self) -> float | None:
        stated = self._media.duration if isinstance(self._media, HttpMedia) else None
        found = self._container.duration
        if found is None or found <= 0 or self._container.format.name in GUESSED:
            return known_length(stated)
        return found / 1_000_000

    def _demux(self) -> Iterator[av.Packet[AudioStream]]:
        try:
            yield from self._container.demux(self._stream)
        except IndexError:
            # All is read. PyAV only fails to flush a stream that appeared in the meantime.
            return

    def is_wanted(self, packet: av.Packet[AudioStream]) -> bool:
        """Return whether a packet is not too early to matter, after a jump."""
        if self._wanted is None:
            return True
        at = self.position_of(packet)
        if at is None:
            self._lost += 1
            if self._lost < LOST:
                return False
        elif at + SAMPLE_RATE < self._wanted:
            return False
        self._wanted = None
        return True


def _tag(context: Any) -> str:
    """Return what a file calls its codec; empty if that is nothing one could write."""
    try:
        return str(context.codec_tag)
    except UnicodeDecodeError:
        return ""
