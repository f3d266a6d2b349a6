"""The shell of one room: feeds what happens to the core and performs its effects.

A room is an actor with one inbox. Whatever happens (a message, a listener who
left, a stream that ended, a look-up that is done) is put into the inbox and
handled alone, in order, so nothing is ever half done. The core decides; this
module performs. Only looking things up takes time: it is a task, which ends by
putting its result into the inbox.

News may be late. What a listener said who has left is dropped in ``_hear``; a play
that was closed while its source was resolved is not opened in ``_open``; any other
news of a play or a look-up that is over is dropped by the core.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar, assert_never

import msgspec

from musicbot import messages
from musicbot.core import commands, effects, replies
from musicbot.core.allowance import Allowance
from musicbot.core.effects import Effect, PlayEffect, Request
from musicbot.core.media import Media
from musicbot.core.player import Player
from musicbot.core.snapshot import snapshot
from musicbot.core.states import State
from musicbot.core.tracks import PlayId
from musicbot.core.volume import gain
from musicbot.engine.client import Died, Ended, EngineEvent, Failed, Opened
from musicbot.errands import (
    ErrandEvent,
    Errands,
    Finder,
    Found,
    NotFound,
    NotResolved,
    Resolved,
)
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

PATIENCE: Final = 45.0
"""Seconds for which somebody counts as here who was never connected: that takes two attempts."""

MAX_INBOX: Final = 1000
"""What may wait to be handled. What people say beyond it is dropped; other news is not, of
which there is little: each connection, play and look-up has few to tell."""

FAREWELL_TIME: Final = 0.25
"""Seconds that the last answer has to reach who sent the bot away."""


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


@dataclass(frozen=True, slots=True)
class ChatRequest(Request):
    """A command in a line of chat: it is answered by a line of chat."""


RoomEvent = TransportEvent | EngineEvent | ErrandEvent
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
        sources: Finder,
        alone_timeout: float,
    ) -> None:
        self.name = name
        self.leaving = False
        """Whether the room is about to end; who wants the bot must summon it anew."""
        self._inbox: asyncio.Queue[RoomEvent] = asyncio.Queue()
        engine = start_engine(self.deliver)
        self._engine: Playback = engine
        self._transport = connect(self.deliver, engine)
        self._errands = Errands(name, sources, self.deliver)
        self._alone_timeout = alone_timeout
        self._alone_due = math.inf
        """When the bot leaves if still nobody is here; never while somebody is."""
        self._player = Player()
        self._people: dict[str, Person] = {}
        self._joined_at: dict[str, float] = {}
        self._reached: set[str] = set()
        """Those that were connected at least once."""
        self._allowances: dict[str, Allowance] = {}
        self._opening: PlayId | None = None
        """The play that the engine has, or will have once its source is resolved."""
        self._media: Media | None = None
        """What the engine opened last."""
        self._published: messages.StateMessage | None = None
        self._state_due = 0.0

    def deliver(self, event: RoomEvent) -> None:
        """Put something that happened into the inbox."""
        if isinstance(event, Said) and self._inbox.qsize() >= MAX_INBOX:
            logger.warning("%s: the inbox is full; dropped what %s said", self.name, event.id)
            return
        self._inbox.put_nowait(event)

    async def run(self) -> None:
        """Serve the room until the bot leaves it or loses it.

        Raises:
            RoomLost: If the room cannot be joined.
        """
        try:
            await self._transport.start()
            while not self.leaving:
                self._handle_guarded(await self._next_event())
                self._mind_people()
            await asyncio.sleep(FAREWELL_TIME)
        finally:
            self.leaving = True
            await self._close()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _next_event(self) -> RoomEvent | None:
        """Return what happens next; ``None`` when something is due without it."""
        try:
            async with asyncio.timeout_at(min(self._state_due, self._alone_due)):
                return await self._inbox.get()
        except TimeoutError:
            return None

    def _mind_people(self) -> None:
        """Leave when nobody has been here for long; control peers do not count."""
        if any(self._is_here(person) for person in self._people.values()):
            self._alone_due = math.inf
        elif self._alone_due == math.inf:
            self._alone_due = self._now() + self._alone_timeout
        elif self._now() >= self._alone_due:
            logger.info("%s: nobody is here; leaving", self.name)
            self.leaving = True

    def _is_here(self, person: Person) -> bool:
        """Return whether somebody listens, or may be about to; a silent socket does neither."""
        patient = self._now() < self._joined_at.get(person.id, 0.0) + PATIENCE
        return person.listens and (person.id in self._reached or patient)

    def _handle_guarded(self, event: RoomEvent | None) -> None:
        try:
            if event is not None:
                self._handle(event)
        except Exception:  # The actor's boundary: one bad event must not end the room's music.
            logger.exception("%s: cannot handle %s", self.name, type(event).__name__)
        self._publish()

    def _handle(self, event: RoomEvent) -> None:
        match event:
            case PersonJoined(person) | PersonChanged(person):
                self._people[person.id] = person
                self._joined_at.setdefault(person.id, self._now())
            case PersonLeft(person_id):
                self._people.pop(person_id, None)
                self._joined_at.pop(person_id, None)
                self._reached.discard(person_id)
                self._allowances.pop(person_id, None)
            case Reachable(person_id):
                # Who has left meanwhile comes back under another id.
                self._reached |= self._people.keys() & {person_id}
                self._transport.send(person_id, messages.encode(self._state()))
            case Said():
                self._hear(event)
            case Lost(reason):
                logger.warning("%s: lost the room: %s", self.name, reason)
                self.leaving = True
            case _:
                self._perform(self._news(event))

    def _news(self, event: EngineEvent | ErrandEvent) -> list[Effect]:
        """Tell the core what was found or happened to a play."""
        player = self._player
        match event:
            case Found(request, finding):
                return player.found(request, finding.pieces, finding.title, self._engine.position)
            case NotFound(request, text):
                return player.not_found(request, text)
            case Resolved(play, media, position):
                self._open(play, media, position)
                return []
            case NotResolved(play, kind, text, position):
                return player.failed(play, kind, text, position, permanent=not kind.may_pass)
            case Opened(play, duration, seekable, live):
                return player.opened(play, duration, seekable, live)
            case Ended(play, position):
                return player.ended(play, position)
            case Failed(play, kind, text, position, permanent):
                return player.failed(play, kind, text, position, permanent=permanent)
            case Died(play, position):
                return player.died(play, position)
            case _:
                assert_never(event)

    def _open(self, play: PlayId, media: Media, position: int) -> None:
        if play != self._opening:
            return  # A skip or a stop came first.
        self._media = media
        self._engine.open(play, media, position=position)
        if self._player.state is State.PAUSED:
            self._engine.hold()

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
        match message:
            case messages.CommandMessage(id, text):
                self._obey(text, Request(person.id, id, person.name, person.host))
            case messages.ChatMessage(id, text):
                if commands.is_command(text):
                    self._obey(text, ChatRequest(person.id, id, person.name, person.host))
            case _:
                assert_never(message)

    def _obey(self, text: str, request: Request) -> None:
        allowance = self._allowances.setdefault(request.person_id, Allowance())
        if not allowance.take(self._now()):
            if allowance.refusals == 1:
                self._reply(request, False, replies.TOO_FAST, True)
            return
        logger.debug("%s: < %s: %s", self.name, request.person_id, text)
        others = [each for each in self._people.values() if each.id != request.person_id]
        alone = not any(other.listens for other in others)
        try:
            todo = commands.execute(self._player, text, request, self._engine.position, alone=alone)
        except Exception:  # A command's top: whatever happens, who gave it is answered.
            logger.exception("%s: a command failed", self.name)
            todo = [effects.Reply(request, False, replies.WENT_WRONG)]
        self._perform(todo)

    def _perform(self, todo: list[Effect]) -> None:
        for effect in todo:
            logger.debug("%s: > %s", self.name, effect)
            self._perform_one(effect)

    def _perform_one(self, effect: Effect) -> None:
        match effect:
            case effects.Find(request, text):
                self._errands.find(request, text)
            case effects.GiveUp(request):
                self._errands.give_up(request)
            case effects.SetVolume(percent):
                self._engine.set_gain(gain(percent))
            case effects.Reply(request, ok, text, done):
                self._reply(request, ok, text, done)
            case effects.Announce():
                self._announce(effect)
            case effects.Leave():
                self.leaving = True
            case _:
                self._perform_on_play(effect)

    def _perform_on_play(self, effect: PlayEffect) -> None:
        match effect:
            case effects.Open(play, track, position, delay, again):
                self._opening = play
                if again and self._media is not None:
                    self._open(play, self._media, position)
                else:
                    self._errands.resolve(play, track.piece.source, position, delay=delay)
            case effects.Close():
                self._opening = None
                self._errands.give_up_resolving()
                self._engine.stop()
            case effects.Pause():
                self._engine.hold()
            case effects.Resume():
                self._engine.release()
            case effects.Seek(play, position):
                self._engine.seek(play, position)
                self._published = None
            case _:
                assert_never(effect)

    def _announce(self, effect: effects.Announce) -> None:
        level = logging.WARNING if effect.name == "track-failed" else logging.INFO
        logger.log(level, "%s: %s", self.name, effect.text)
        message = messages.encode(messages.event_message(effect))
        if effect.besides is None:
            self._transport.send_to_all(message)
            return
        for person_id in self._people.keys() - {effect.besides}:
            self._transport.send(person_id, message)

    def _reply(self, request: Request, ok: bool, text: str, done: bool) -> None:
        message: messages.FromBot
        if isinstance(request, ChatRequest):
            if not done:
                return  # A line of chat cannot be replaced by a later one.
            message = messages.ChatMessage(id=f"re:{request.id}", text=text, at=time.time() * 1000)
        else:
            message = messages.ReplyMessage(id=request.id, ok=ok, text=text, done=done)
        self._transport.send(request.person_id, messages.encode(message))

    def _state(self) -> messages.StateMessage:
        return messages.state_message(
            snapshot(self._player, self._engine.position, self._transport.listeners)
        )

    def _publish(self) -> None:
        """Send the state to everybody if it is news or due."""
        now = self._now()
        state = self._state()
        # The page counts the position on by itself, and a room that fills up must not hear of
        # everybody at once: both are told with what comes next.
        news = msgspec.structs.replace(state, position=0.0, listeners=0)
        if news == self._published and now < self._state_due:
            return
        self._published = news
        self._state_due = now + STATE_PERIOD
        self._transport.send_to_all(messages.encode(state))

    async def _close(self) -> None:
        await self._errands.close()
        try:
            await self._transport.close()
        finally:
            await self._engine.close()
