"""Everything that the server decides: no socket, no task, no clock.

The shell (:mod:`signaling.server`) tells what came in on which connection and
performs the effects, in order.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from signaling.limits import Limits, Meter, Verdict
from signaling.messages import (
    ClientMessage,
    Error,
    IceServer,
    Join,
    Kick,
    Leave,
    Load,
    Lock,
    MakeHost,
    Peer,
    ProtocolError,
    Rename,
    Serve,
    Signal,
    Summon,
    Summoned,
)
from signaling.rooms import POLICY_VIOLATION, Close, Effect, Reason, Room, Rooms, Send
from signaling.session import Session, State
from signaling.workers import Workers

logger = logging.getLogger(__name__)

NORMAL: Final = 1000
"""The close code for who wanted to go (RFC 6455, 7.4.1)."""

TRY_AGAIN_LATER: Final = 1013
"""The close code for who found the server full (IANA's WebSocket registry)."""

PASSING: Final = frozenset({"server-full", "too-many"})
"""The errors after which it makes sense to come back by oneself."""


@dataclass(slots=True)
class _Caller:
    session: Session
    meter: Meter


class Exchange:
    """The rooms, the workers and the connections with them."""

    def __init__(
        self,
        *,
        limits: Limits,
        token: str | None,
        ice: Callable[[], tuple[IceServer, ...]],
    ) -> None:
        self.rooms = Rooms(limits)
        self._limits = limits
        self._token = token
        self._ice = ice
        self._workers = Workers(limits.summon_time)
        self._callers: dict[str, _Caller] = {}

    def connected(self, caller: str, *, from_page: bool, now: float) -> list[Effect]:
        """Take note of a new connection."""
        session = Session(token=self._token, from_page=from_page)
        self._callers[caller] = _Caller(session, Meter(self._limits, now))
        if len(self._callers) > self._limits.connections:
            return self._turn_away(caller, ProtocolError("server-full"), now)
        return []

    def received(self, caller: str, text: str, now: float) -> list[Effect]:
        """Do what a connection asks for, or say why not."""
        state = self._callers[caller].session.state
        if state is State.OVER:
            # It is being closed, and was told why.
            return []
        verdict = self._callers[caller].meter.judge(len(text.encode(errors="replace")), now)
        if verdict is not Verdict.PASS:
            return self._too_many(caller, verdict, now)
        try:
            return self._take(caller, text, now)
        except ProtocolError as error:
            logger.debug("refused %s: %r", caller, str(error))
            if state is State.NEW:
                return self._turn_away(caller, error, now)
            return [Send(caller, Error(error.code, error.message))]

    def timed_out(self, caller: str, now: float) -> list[Effect]:
        """Take note that a connection said nothing in its first seconds."""
        if self._callers[caller].session.state is not State.NEW:
            # It was turned away for another reason, and is being closed.
            return []
        return self._turn_away(caller, ProtocolError("join-timeout"), now)

    def disconnected(self, caller: str, reason: Reason, now: float) -> list[Effect]:
        """Take note that a connection has ended."""
        effects = self._end(caller, reason, now)
        del self._callers[caller]
        return effects

    def _take(self, caller: str, text: str, now: float) -> list[Effect]:
        session = self._callers[caller].session
        message = session.read(text)
        effects = self._perform(caller, message, now)
        if not isinstance(message, Leave):
            # Who leaves has ended with it.
            session.accept(message)
        return effects

    def _perform(self, caller: str, message: ClientMessage, now: float) -> list[Effect]:
        match message:
            case Join():
                return self._join(caller, message)
            case Serve():
                logger.info("= %s serves up to %d rooms", caller, message.capacity)
                self._workers.add(caller, message.capacity)
                return self._call_back_all(now)
            case Load():
                self._workers.report(caller, message.rooms)
                return []
            case Leave():
                effects = self._end(caller, Reason.LEFT, now, goodbye=True)
                return [*effects, Close(caller, NORMAL, "left")]
            case _:
                return self._talk(caller, message, now)

    def _talk(
        self,
        caller: str,
        message: Signal | Summon | Rename | Lock | Kick | MakeHost,
        now: float,
    ) -> list[Effect]:
        room = self.rooms.of(caller)
        # The session lets only those talk who are in a room.
        assert room is not None
        match message:
            case Signal():
                return room.relay(caller, message)
            case Summon():
                return self._summon(room, now)
            case Rename():
                return room.rename(caller, message.name)
            case Lock():
                return room.lock(caller, locked=message.locked)
            case Kick():
                return self._kick(room, caller, message.peer, now)
            case MakeHost():
                return room.make_host(caller, message.peer)
            case _:
                assert_never(message)

    def _join(self, caller: str, join: Join) -> list[Effect]:
        effects = self.rooms.join(caller, join, self._ice())
        logger.info("= %s is in a room, as a %s", caller, join.kind)
        if join.kind == "bot":
            self._welcome_bot(caller)
        self._end_closed(effects)
        return effects

    def _welcome_bot(self, caller: str) -> None:
        room = self.rooms.of(caller)
        # It has just come in.
        assert room is not None
        self._workers.arrived(room.name)
        room.recall.settle()

    def _kick(self, room: Room, caller: str, peer: str, now: float) -> list[Effect]:
        bot = room.bot
        effects = self.rooms.kick(caller, peer)
        self._end_closed(effects)
        self._look_after(room, bot, now)
        return effects

    def _summon(self, room: Room, now: float) -> list[Effect]:
        if room.bot is not None:
            return []
        worker = self._workers.summon(room.name, now)
        # From here on it is these people who wait, and who want to be told.
        room.recall.settle()
        return _send_into(room, worker)

    def _end(
        self, caller: str, reason: Reason, now: float, *, goodbye: bool = False
    ) -> list[Effect]:
        """End a session, whatever it was; may be called twice."""
        session = self._callers[caller].session
        state = session.state
        session.end()
        if state in (State.PEER, State.WORKER):
            logger.info("x %s has ended: %s", caller, reason.value)
        if state is State.PEER:
            return self._left(caller, reason, now, goodbye=goodbye)
        if state is State.WORKER:
            return self._stopped_serving(caller, now)
        return []

    def _left(self, caller: str, reason: Reason, now: float, *, goodbye: bool) -> list[Effect]:
        room = self.rooms.of(caller)
        # A session that is in a room has a place in it.
        assert room is not None
        bot = room.bot
        effects = self.rooms.leave(caller, reason)
        meant = goodbye and not self._workers.deserted(room.name)
        if bot is not None and bot.id == caller and room.has_people and not meant:
            return [*effects, *self._bring_back(room, now)]
        self._look_after(room, bot, now)
        return effects

    def _look_after(self, room: Room, before: Peer | None, now: float) -> None:
        """Let a bot be summoned again if there was one before and is none now."""
        if before is not None and room.bot is None:
            self._workers.left(room.name, now)
            room.recall.settle()

    def _bring_back(self, room: Room, now: float) -> list[Effect]:
        """Send for a bot in the place of one that was lost: now, or when a worker serves."""
        room.recall.lost(now)
        if not room.recall.wanted:
            logger.warning("x a room loses every bot, and is not sent any more")
            self._workers.left(room.name, now)
            return []
        try:
            return _send_into(room, self._workers.call_back(room.name, now))
        except ProtocolError:
            return []

    def _call_back_all(self, now: float) -> list[Effect]:
        """Send for a bot into every room that has lost one."""
        effects: list[Effect] = []
        for room in self.rooms:
            if room.recall.wanted:
                try:
                    effects += _send_into(room, self._workers.summon(room.name, now))
                except ProtocolError:
                    # The others wait for the next worker.
                    break
        return effects

    def _stopped_serving(self, worker: str, now: float) -> list[Effect]:
        """Send others to where the worker's bots were still expected."""
        effects: list[Effect] = []
        left = self._workers.just_left(worker, now)
        waiting = self._workers.remove(worker)
        for room in self.rooms:
            if room.name in left - set(waiting) and room.bot is None and room.has_people:
                effects += self._bring_back(room, now)
        for room in [room for room in self.rooms if room.name in waiting]:
            asked_for = not room.recall.wanted
            sent = self._bring_back(room, now)
            effects += sent
            if asked_for and not sent:
                effects += _tell_all(room, ProtocolError("no-bot"))
        return effects

    def _too_many(self, caller: str, verdict: Verdict, now: float) -> list[Effect]:
        error = ProtocolError("too-many")
        if verdict is Verdict.CUT:
            return self._turn_away(caller, error, now)
        if verdict is Verdict.WARN:
            return [Send(caller, Error(error.code, error.message))]
        return []

    def _turn_away(self, caller: str, error: ProtocolError, now: float) -> list[Effect]:
        code = TRY_AGAIN_LATER if error.code in PASSING else POLICY_VIOLATION
        return [
            Send(caller, Error(error.code, error.message)),
            Close(caller, code, error.code),
            *self._end(caller, Reason.LOST, now),
        ]

    def _end_closed(self, effects: list[Effect]) -> None:
        """Hear nothing more from those who are already out of their room."""
        for effect in effects:
            if isinstance(effect, Close):
                logger.info("x %s has ended: %s", effect.to, effect.reason)
                self._callers[effect.to].session.end()


def _send_into(room: Room, worker: str | None) -> list[Effect]:
    return [] if worker is None else [Send(worker, Summoned(room.name))]


def _tell_all(room: Room, error: ProtocolError) -> list[Effect]:
    return [
        Send(peer.id, Error(error.code, error.message)) for peer in room.peers if peer.kind != "bot"
    ]
