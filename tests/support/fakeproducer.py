"""A producer whose packets say what they are, and the program that runs engines with it.

What it does is written in the path of a FileMedia, as options of a query::

    frames=500       how long it is; endless by default
    live             it cannot seek, and is live
    open=network     opening fails with this kind of error
    fail=gone&at=50  reading fails at this frame
    hang=50          reading blocks at this frame until it is cancelled
    deaf=50          reading blocks at this frame, whatever is done
    crash=50         the process is killed at this frame
    late=3000        seeking lands so many samples before the position
    bug=50           reading raises something unexpected at this frame
    environ          opening fails and tells the names of the environment
    escape           opening fails and tells how an attempt to start a program ends
"""

from __future__ import annotations

import os
import signal
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from musicbot.core.media import FileMedia, Media
from musicbot.core.tracks import FRAME_SAMPLES, SAMPLE_RATE
from musicbot.engine.forkserver import serve
from musicbot.engine.process import Forks
from musicbot.engine.webclient import WebClient
from musicbot.errors import SourceError, SourceErrorKind

_PACKET: Final = struct.Struct("!BIf")
_TOC: Final = 0xFC
FOREVER: Final = 3600.0


@dataclass(frozen=True)
class Sound:
    """What a fake packet says."""

    position: int
    gain: float


def sound(packet: bytes) -> Sound | None:
    """Return what a fake packet says; ``None`` for silence."""
    if len(packet) != _PACKET.size:
        return None
    _, position, gain = _PACKET.unpack(packet)
    return Sound(position, gain)


def fake(options: str) -> FileMedia:
    """Return media for the fake producer."""
    return FileMedia(f"?{options}")


def fake_forks() -> Forks:
    """Return what starts engines with the fake producer."""
    program = "from tests.support.fakeproducer import main; main()"
    root = Path(__file__).parent.parent.parent
    return Forks(
        (sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r}); {program}")
    )


@dataclass(frozen=True)
class FakeInfo:
    """What it tells of itself."""

    duration: float | None
    seekable: bool
    live: bool


class FakeProducer:
    """Produces packets that say their position and loudness."""

    def __init__(
        self, media: Media, *, client: WebClient, position: int = 0, gain: float = 1.0
    ) -> None:
        assert isinstance(media, FileMedia)
        found = parse_qs(media.path.removeprefix("?"), keep_blank_values=True)
        self._options = {name: values[0] for name, values in found.items()}
        self._client = client
        self._gain = gain
        self._frames = int(self._options.get("frames", 10**6))
        self.position = position
        self.closed = False
        duration = self._frames * FRAME_SAMPLES / SAMPLE_RATE
        live = "live" in self._options
        self.info = FakeInfo(None if live else duration, not live, live)
        if "open" in self._options:
            raise SourceError(SourceErrorKind(self._options["open"]), "It does not open.")
        if "environ" in self._options:
            raise SourceError(SourceErrorKind.BROKEN, " ".join(sorted(os.environ)))
        if "escape" in self._options:
            raise SourceError(SourceErrorKind.BROKEN, _escape())

    def read(self) -> bytes | None:
        frame = self.position // FRAME_SAMPLES
        if frame >= self._frames:
            return None
        if self._is_at("hang", frame):
            self._client.cancellation.sleep(FOREVER)
        if self._is_at("deaf", frame):
            time.sleep(FOREVER)
        if self._is_at("crash", frame):
            os.abort()
        if self._is_at("bug", frame):
            raise ZeroDivisionError("A bug.")
        if self._is_at("at", frame):
            raise SourceError(SourceErrorKind(self._options["fail"]), "It breaks off.")
        packet = _PACKET.pack(_TOC, self.position, self._gain)
        self.position += FRAME_SAMPLES
        return packet

    def seek(self, position: int) -> None:
        self.position = max(0, position - int(self._options.get("late", 0)))

    def rejoin(self, position: int) -> None:
        self.seek(position)

    def set_gain(self, gain: float) -> None:
        self._gain = gain

    def close(self) -> None:
        self.closed = True

    def _is_at(self, option: str, frame: int) -> bool:
        return int(self._options.get(option, -1)) == frame


def _escape() -> str:
    attempts: dict[str, Callable[[], object]] = {
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "write": lambda: Path("escaped").write_text("out"),
        "kill": lambda: os.kill(os.getppid(), signal.SIGTERM),
    }
    outcomes = []
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError as error:
            outcomes.append(f"{name} {type(error).__name__}")
        else:
            outcomes.append(f"{name} done")
    return ", ".join(outcomes)


def main() -> None:
    """Serve the bot as ``python -m musicbot.engine`` does."""
    serve(int(sys.argv[1]), FakeProducer)
