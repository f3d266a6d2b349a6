"""Stand-ins that keep a list of what they were told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from musicbot import messages
from musicbot.core.media import DemoMedia, Media
from musicbot.core.tracks import PlayId, Source
from musicbot.errors import RoomLost
from musicbot.sources.sources import Finding


class FakeTransport:
    """A room's transport that keeps what is sent."""

    def __init__(self, *, error: RoomLost | None = None) -> None:
        self.error = error
        self.listeners = 0
        self.sent: list[tuple[str | None, messages.FromBot]] = []
        self.closed = False

    async def start(self) -> None:
        if self.error is not None:
            raise self.error

    def send(self, person_id: str, text: str) -> None:
        self.sent.append((person_id, messages.decode_from_bot(text)))

    def send_to_all(self, text: str) -> None:
        self.sent.append((None, messages.decode_from_bot(text)))

    async def close(self) -> None:
        self.closed = True

    def replies(self) -> list[str]:
        """Return the final replies, in order."""
        return [
            message.text
            for _, message in self.sent
            if isinstance(message, messages.ReplyMessage) and message.done
        ]

    def events(self) -> list[str]:
        """Return the texts of what was announced, in order."""
        return [m.text for _, m in self.sent if isinstance(m, messages.EventMessage)]

    def states(self) -> list[messages.StateMessage]:
        """Return the state messages, in order."""
        return [m for _, m in self.sent if isinstance(m, messages.StateMessage)]


class FakeEngine:
    """An engine that keeps what it is told; the test says what happens to a play."""

    def __init__(self) -> None:
        self.position = 0
        self.told: list[tuple[Any, ...]] = []
        self.closed = False

    def open(self, play: PlayId, media: Media, *, position: int = 0) -> None:
        self.told.append(("open", play, media, position))
        self.position = position

    def seek(self, play: PlayId, position: int) -> None:
        self.told.append(("seek", play, position))
        self.position = position

    def set_gain(self, gain: float) -> None:
        self.told.append(("gain", round(gain, 3)))

    def hold(self) -> None:
        self.told.append(("hold",))

    def release(self) -> None:
        self.told.append(("release",))

    def stop(self) -> None:
        self.told.append(("stop",))

    async def close(self) -> None:
        self.closed = True


class FakeSources:
    """Sources that find what the test wrote; an exception is raised.

    Args:
        findings: What is found, by what is asked for.
        media: What a source is opened as.
        delay: Seconds that each answer takes.
    """

    def __init__(
        self,
        findings: dict[str, Finding | Exception] | None = None,
        media: Callable[[Source], Media | Exception] = lambda _: DemoMedia(),
        *,
        delay: float = 0.0,
    ) -> None:
        self.findings = findings or {}
        self.media = media
        self.delay = delay
        self.rooms: list[str] = []
        """Who asked, each time."""
        self.given_up = 0
        """How often nobody wanted the answer any more."""

    async def look_up(self, text: str, *, room: str) -> Finding:
        self.rooms.append(room)
        await self._take_time()
        finding = self.findings[text]
        if isinstance(finding, Exception):
            raise finding
        return finding

    async def open(self, source: Source, *, room: str) -> Media:
        self.rooms.append(room)
        await self._take_time()
        media = self.media(source)
        if isinstance(media, Exception):
            raise media
        return media

    async def _take_time(self) -> None:
        try:
            await asyncio.sleep(self.delay)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
