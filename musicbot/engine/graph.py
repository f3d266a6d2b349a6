"""Chains of FFmpeg's audio filters."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.filter import Graph


class Chain:
    """Filters one after another; sound goes in at one end and comes out at the other.

    Args:
        rate: Samples a second of what goes in.
        sample_format: FFmpeg's name of its sample format.
        layout: FFmpeg's name of its channels.
        filters: Names and arguments.

    Raises:
        av.FFmpegError: If FFmpeg cannot do that.
    """

    def __init__(
        self, rate: int, sample_format: str, layout: str, *filters: tuple[str, str]
    ) -> None:
        self._rate = rate
        self._pushed = 0
        self._graph = Graph()
        # Otherwise it starts a thread for each core, and none of our filters uses them.
        self._graph.threads = 1
        source = self._graph.add(
            "abuffer",
            sample_rate=str(rate),
            sample_fmt=sample_format,
            channel_layout=layout,
            time_base=f"1/{rate}",
        )
        chain = [self._graph.add(name, arguments) for name, arguments in filters]
        self._graph.link_nodes(source, *chain, self._graph.add("abuffersink")).configure()

    def feed(self, frame: av.AudioFrame) -> Iterator[av.AudioFrame]:
        """Put a frame in; return what comes out. The chain has a time of its own."""
        frame.pts, frame.time_base = self._pushed, Fraction(1, self._rate)
        self._pushed += frame.samples
        self._graph.push(frame)
        return self._pull()

    def flush(self) -> Iterator[av.AudioFrame]:
        """Return what is still in it; nothing may be put in after that."""
        self._graph.push(None)
        return self._pull()

    def _pull(self) -> Iterator[av.AudioFrame]:
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(frame, av.AudioFrame)
            yield frame
