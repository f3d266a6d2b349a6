"""The shell of one room: feeds what happens to the core and performs its effects.

A room is an actor with one inbox. Whatever happens (a message, a listener who
left, a stream that ended, a look-up that is done) is put into the inbox and
handled alone, in order, so nothing is ever half done. The core decides; this
module performs. Only looking things up takes time: it is a task, which ends by
putting its result into the inbox.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar, assert_never

import msgspec

from musicbot import messages
from musicbot.core import commands, effects
from musicbot.core.effects import Effect, Request
from musicbot.core.media import Media
from musicbot.core.player import Player
from musicbot.core.snapshot import snapshot
from musicbot.core.tracks import PlayId, Source
from musicbot.core.volume import gain
from musicbot.engine.client import Died, Ended, EngineEvent, Failed, Opened
from musicbot.errors import SourceError
from musicbot.sources.sources import Finding
from musicbot.transports.interface import (
    Lost,
    Person,
    PersonChanged,
    PersonJoined,
    PersonLeft,
    Reachable,
    RoomTransport,
    Said,
    TransportEvent,
)

logger = logging.getLogger(__name__)

STATE_PERIOD: Final = 5.0
"""Seconds between two state messages when nothing changes."""

MAX_INBOX: Final = 1000
"""What may wait to be handled; what people say beyond it is dropped."""

WENT_WRONG: Final = "Something went wrong here, and it was logged. Try again, or try another link."


P = TypeVar("P", bound="Playback")


class Playback(Protocol):
    """What the room asks of the engine; see :class:`musicbot.engine.client.Engine`."""

    @property
    def position(self) -> int:
        """Samples of the present play as last sent."""
        ...

    def open(self, play: PlayId, media: Media, *, position: int = 0) -> None:
        """Play something from a position on."""
        ...

    def seek(self, play: PlayId, position: int) -> None:
        """Go on at another position."""
        ...

    def set_gain(self, gain: float) -> None:
        """Change the loudness by a linear factor."""
        ...

    def hold(self) -> None:
        """Send silence and keep the position."""
        ...

    def release(self) -> None:
        """Go on after :meth:`hold`."""
        ...

    def stop(self) -> None:
        """Drop what is playing."""
        ...

    async def close(self) -> None:
        """End the engine."""
        ...


class LookUp(Protocol):
    """What the room asks of the sources; see :class:`musicbot.sources.sources.Sources`."""

    async def look_up(self, text: str) -> Finding:
        """Find what a listener typed."""
        ...

    async def open(self, source: Source) -> Media:
        """Find out how a source is opened."""
        ...


@dataclass(frozen=True, slots=True)
class ChatRequest(Request):
    """A command in a line of chat: it is answered by a line of chat."""


@dataclass(frozen=True, slots=True)
class _Found:
    request: Request
    finding: Finding


@dataclass(frozen=True, slots=True)
class _NotFound:
    request: Request
    text: str


@dataclass(frozen=True, slots=True)
class _Resolved:
    play: PlayId
    media: Media
    position: int


@dataclass(frozen=True, slots=True)
class _NotResolved:
    play: PlayId
    text: str
    position: int


RoomEvent = TransportEvent | EngineEvent | _Found | _NotFound | _Resolved | _NotResolved
Deliver = Callable[[RoomEvent], None]


class Room:
    """The bot in one room.

    Args:
        start_engine: Makes the engine; it gets the function that takes its events.
        connect: Makes the transport, likewise, which sends what the engine makes.
        sources: Finds what people ask for.
        alone_timeout: Seconds after which a room without people is left.
    """

    def __init__(
        self,
        name: str,
        *,
        start_engine: Callable[[Deliver], P],
        connect: Callable[[Deliver, P], RoomTransport],
        sources: LookUp,
        alone_timeout: float,
    ) -> None:
        self.name = name
        self._inbox: asyncio.Queue[RoomEvent] = asyncio.Queue(MAX_INBOX)
        engine = start_engine(self.deliver)
        self._engine: Playback = engine
        self._transport = connect(self.deliver, engine)
        self._sources = sources
        self._alone_timeout = alone_timeout
        self._player = Player()
        self._people: dict[str, Person] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening: PlayId | None = None
        """The play that the engine has, or will have once its source is resolved."""
        self._published: messages.StateMessage | None = None
        self._leaving = False

    def deliver(self, event: RoomEvent) -> None:
        """Put something that happened into the inbox."""
        try:
            self._inbox.put_nowait(event)
        except asyncio.QueueFull:
            logger.warning("%s: the inbox is full; dropped %s", self.name, type(event).__name__)

    async def run(self) -> None:
        """Serve the room until the bot leaves it or loses it.

        Raises:
            RoomLost: If the room cannot be joined.
        """
        loop = asyncio.get_running_loop()
        try:
            await self._transport.start()
            alone_since = loop.time()
            while not self._leaving:
                event = await self._next_event()
                self._handle_guarded(event)
                if any(person.listens for person in self._people.values()):
                    alone_since = loop.time()
                elif loop.time() - alone_since >= self._alone_timeout:
                    logger.info("%s: nobody is here; leaving", self.name)
                    break
        finally:
            await self._close()

    async def _next_event(self) -> RoomEvent | None:
        """Return what happened next; ``None`` when it is time for the state message."""
        period = min(STATE_PERIOD, self._alone_timeout)
        try:
            async with asyncio.timeout(period):
                return await self._inbox.get()
        except TimeoutError:
            return None

    def _handle_guarded(self, event: RoomEvent | None) -> None:
        try:
            self._handle(event)
        except Exception:  # The actor's boundary: one bad event must not end the room's music.
            logger.exception("%s: cannot handle %s", self.name, type(event).__name__)
        self._publish()

    def _handle(self, event: RoomEvent | None) -> None:
        match event:
            case None:
                self._published = None
            case PersonJoined(person) | PersonChanged(person):
                self._people[person.id] = person
            case PersonLeft(person_id):
                self._people.pop(person_id, None)
            case Reachable(person_id):
                self._transport.send(person_id, messages.encode(self._state()))
            case Said():
                self._hear(event)
            case Lost(reason):
                logger.warning("%s: lost the room: %s", self.name, reason)
                self._leaving = True
            case _:
                self._perform(self._news(event))

    def _news(self, event: EngineEvent | _Found | _NotFound | _Resolved | _NotResolved) -> list[Effect]:
        """Tell the core what was found or happened to a play."""
        player = self._player
        match event:
            case _Found(request, finding):
                return player.found(request, list(finding.pieces), finding.title)
            case _NotFound(request, text):
                return player.not_found(request, text)
            case _Resolved(play, media, position):
                # A skip or a stop may have come first.
                if play == self._opening:
                    self._engine.open(play, media, position=position)
                return []
            case _NotResolved(play, text, position):
                return player.failed(play, text, position, permanent=True)
            case Opened(play, duration, seekable, live):
                return player.opened(play, duration, seekable, live)
            case Ended(play, position):
                return player.ended(play, position)
            case Failed(play, _, text, position, permanent):
                return player.failed(play, text, position, permanent)
            case Died(play, position):
                return player.died(play, position)
            case _:
                assert_never(event)

    def _hear(self, said: Said) -> None:
        """Take what somebody said; only commands matter here."""
        person = self._people.get(said.id)
        if person is None:
            return
        try:
            message = messages.decode_from_listener(said.text)
        except ValueError as error:
            logger.debug("%s: < %s sent nonsense: %s", self.name, person.id, error)
            return
        request: Request
        match message:
            case messages.CommandMessage(id, text):
                request = Request(person.id, id, person.name, person.host)
            case messages.ChatMessage(id, text):
                if not text.startswith(commands.PREFIX):
                    return
                request = ChatRequest(person.id, id, person.name, person.host)
            case _:
                assert_never(message)
        self._perform(commands.execute(self._player, text, request, self._engine.position))

    def _perform(self, todo: list[Effect]) -> None:
        for effect in todo:
            logger.debug("%s: > %s", self.name, effect)
            self._perform_one(effect)

    def _perform_one(self, effect: Effect) -> None:
        match effect:
            case effects.Find(request, text):
                self._spawn(self._find(request, text))
            case effects.Open(play, track, position):
                self._opening = play
                self._spawn(self._resolve(play, track.piece.source, position))
            case effects.Close():
                self._opening = None
                self._engine.stop()
            case effects.Pause():
                self._engine.hold()
            case effects.Resume():
                self._engine.release()
            case effects.Seek(play, position):
                self._engine.seek(play, position)
                self._published = None
            case effects.SetVolume(percent):
                self._engine.set_gain(gain(percent))
            case effects.Reply(request, ok, text, done):
                self._reply(request, ok, text, done)
            case effects.Announce():
                self._transport.send_to_all(messages.encode(_event(effect)))
            case effects.Leave():
                self._leaving = True
            case _:
                assert_never(effect)

    def _reply(self, request: Request, ok: bool, text: str, done: bool) -> None:
        message: messages.FromBot
        if isinstance(request, ChatRequest):
            if not done:
                return  # A line of chat cannot be replaced by a later one.
            message = messages.ChatMessage(id=f"re:{request.id}", text=text, at=time.time() * 1000)
        else:
            message = messages.ReplyMessage(id=request.id, ok=ok, text=text, done=done)
        self._transport.send(request.person_id, messages.encode(message))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _find(self, request: Request, text: str) -> None:
        try:
            self.deliver(_Found(request, await self._sources.look_up(text)))
        except SourceError as error:
            self.deliver(_NotFound(request, str(error)))
        except Exception:  # A task's top: the listener gets an answer whatever happens.
            logger.exception("%s: the look-up failed", self.name)
            self.deliver(_NotFound(request, WENT_WRONG))

    async def _resolve(self, play: PlayId, source: Source, position: int) -> None:
        try:
            self.deliver(_Resolved(play, await self._sources.open(source), position))
        except SourceError as error:
            self.deliver(_NotResolved(play, str(error), position))
        except Exception:  # A task's top: the track is skipped whatever happens.
            logger.exception("%s: the source could not be resolved", self.name)
            self.deliver(_NotResolved(play, WENT_WRONG, position))

    def _state(self) -> messages.StateMessage:
        return messages.state_message(
            snapshot(self._player, self._engine.position, self._transport.listeners)
        )

    def _publish(self) -> None:
        """Send the state to everybody if it is news; the position alone is none."""
        state = self._state()
        timeless = msgspec.structs.replace(state, position=0.0)
        if timeless == self._published:
            return
        self._published = timeless
        self._transport.send_to_all(messages.encode(state))

    async def _close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))
        await self._transport.close()
        await self._engine.close()
