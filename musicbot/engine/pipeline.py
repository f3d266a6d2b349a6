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
    passthrough: bool
    """Whether its own packets are sent, as long as the volume is not changed."""


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
        if isinstance(media, DemoMedia):
            self.info = MediaInfo(DURATION, seekable=True, live=False, passthrough=False)
            self._playback: Playback = Encoded(Demo(), gain)
        else:
            self._demuxer = Demuxer(media, client, position=position, on_title=on_title)
            self.info, self._playback = self._opened(self._demuxer, gain)
        try:
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

    def set_gain(self, gain: float) -> None:
        """Move to another volume within 60 ms; 1 leaves the sound as it is."""
        self._playback.set_gain(gain)

    def close(self) -> None:
        """Close everything; may be called twice."""
        if self._demuxer is not None:
            self._demuxer.close()

    def _opened(self, demuxer: Demuxer, gain: float) -> tuple[MediaInfo, Playback]:
        try:
            head = demuxer.head
            passes = head is not None and head.passes
            playback: Playback
            playback = (
                Passed(OpusTrack(demuxer), gain) if passes else Encoded(DecodedFile(demuxer), gain)
            )
        except BaseException:
            demuxer.close()
            raise
        return (
            MediaInfo(demuxer.duration, demuxer.seekable, demuxer.live, passes),
            playback,
        )
