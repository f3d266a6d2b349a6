"""From what was found to packets of Opus of 20 ms, the next one whenever it is asked for.

    pipeline = Pipeline(media, client=WebClient(policy))
    while (payload := pipeline.read()) is not None:
        ...

All of it blocks, in the thread that calls it; ``client.cancel()`` from another thread ends
whatever blocks, for good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from musicbot.core.media import DemoMedia, Media
from musicbot.engine.decode import DecodedFile
from musicbot.engine.demo import DURATION, Demo
from musicbot.engine.demux import Demuxer
from musicbot.engine.opustrack import OpusTrack
from musicbot.engine.playback import Encoded, Passed, Playback
from musicbot.engine.webclient import WebClient


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What is known of a track that was opened."""

    duration: float | None
    """In seconds; None for a live stream, and where the file does not say."""
    seekable: bool
    live: bool


class Pipeline:
    """Makes the packets of one track.

    Args:
        media: What to play.
        client: Asks the site; cancelling it ends everything that blocks.
        position: Where to begin, in samples.
        gain: The volume, as a factor.
        on_title: Called with each title that a radio station sends.

    Raises:
        SourceError: If there is no music that can be played.
        Cancelled: If it was.
    """

    def __init__(
        self,
        media: Media,
        *,
        client: WebClient,
        position: int = 0,
        gain: float = 1.0,
        on_title: Callable[[str], None] | None = None,
    ) -> None:
        self._client = client
        self._demuxer: Demuxer | None = None
        try:
            self.info, self._playback = self._open(media, position, gain, on_title)
            if position > 0 and not self.info.live:
                self._playback.seek(position)
        except BaseException:
            self.close()
            raise

    @property
    def position(self) -> int:
        """Of the packet that :meth:`read` returns next, in samples of the track."""
        # A track begins with what only makes the decoder ready.
        return max(0, self._playback.position)

    def read(self) -> bytes | None:
        """Return the next packet; None at the end.

        Raises:
            SourceError: If it cannot be had.
            Cancelled: If it was.
        """
        self._client.cancellation.check()
        return self._playback.read()

    def seek(self, position: int) -> None:
        """Go on at a position.

        Raises:
            SourceError: If one cannot jump there.
            Cancelled: If it was.
        """
        self._playback.seek(max(0, position))

    def rejoin(self, position: int) -> None:
        """Go on at a position where this very track is heard at this volume.

        What can neither jump there nor remembers it goes on where it is.

        Raises:
            SourceError: If one cannot jump there.
            Cancelled: If it was.
        """
        self._playback.rejoin(max(0, position))

    def set_gain(self, gain: float) -> None:
        """Move to another volume within 60 ms; 1 leaves the sound as it is."""
        self._playback.set_gain(gain)

    def close(self) -> None:
        """Close everything; may be called twice."""
        if self._demuxer is not None:
            self._demuxer.close()

    def _open(
        self,
        media: Media,
        position: int,
        gain: float,
        on_title: Callable[[str], None] | None,
    ) -> tuple[MediaInfo, Playback]:
        if isinstance(media, DemoMedia):
            info = MediaInfo(DURATION, seekable=True, live=False)
            return info, Encoded(Demo(), gain)
        self._demuxer = demuxer = Demuxer(media, self._client, position=position, on_title=on_title)
        passes = demuxer.head is not None and demuxer.head.passes
        info = MediaInfo(demuxer.duration, demuxer.seekable, demuxer.live)
        if passes:
            return info, Passed(OpusTrack(demuxer), gain, seekable=info.seekable)
        return info, Encoded(DecodedFile(demuxer), gain, seekable=info.seekable)
