from __future__ import annotations

import av
import numpy as np
import pytest

from musicbot.engine.graph import Chain
from musicbot.engine.sound import from_frame, to_frame

HALF = np.full(960, 0.5, np.float32).tobytes()


def test_filters_are_applied_one_after_another() -> None:
    chain = Chain(48_000, "flt", "stereo", ("volume", "volume=0.5"), ("volume", "volume=3"))

    (frame,) = chain.feed(to_frame(HALF))

    assert np.frombuffer(from_frame(frame), np.float32) == pytest.approx(0.75)


def test_what_a_filter_holds_back_comes_with_a_flush() -> None:
    chain = Chain(24_000, "flt", "stereo", ("aresample", "osr=48000"))
    frames = [*chain.feed(to_frame(HALF, 24_000)), *chain.feed(to_frame(HALF, 24_000))]

    assert sum(frame.samples for frame in frames) < 1920
    assert sum(frame.samples for frame in [*frames, *chain.flush()]) == 1920


def test_what_ffmpeg_cannot_do_is_refused() -> None:
    with pytest.raises((av.FFmpegError, ValueError)):
        Chain(48_000, "flt", "stereo", ("volume", "loudness=1"))
