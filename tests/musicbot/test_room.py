from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from musicbot import messages
from musicbot.core import replies
from musicbot.core.allowance import BURST
from musicbot.core.lookups import MAX_PER_PERSON
from musicbot.core.media import DemoMedia
from musicbot.core.tracks import SAMPLE_RATE, PlayId, Source
from musicbot.core.turn import DELAYS
from musicbot.engine.client import Died, Ended, Failed, Opened
from musicbot.errands import Resolved
from musicbot.errors import RoomLost, SourceError, SourceErrorKind
from musicbot.room import FAREWELL_TIME, MAX_INBOX, PATIENCE, STATE_PERIOD, Room
from musicbot.sources.sources import Finding
from musicbot.transports.interface import (
    Lost,
    Person,
    PersonChanged,
    PersonJoined,
    PersonLeft,
    Reachable,
    Said,
)
from tests.support.fakes import FakeEngine, FakeSources, FakeTransport
from tests.support.players import piece

pytestmark = pytest.mark.virtual_time

ALONE = 60.0
FIRST, SECOND, THIRD = PlayId(1), PlayId(2), PlayId(3)
NETWORK = SourceError(SourceErrorKind.NETWORK, "The site cannot be reached.")
FINDINGS: dict[str, Finding | Exception] = {
    "A": Finding((piece("A"),), None),
    "B": Finding((piece("B"),), None),
    "list": Finding((piece("A"), piece("B"), piece("C")), "The list"),
    "gone": SourceError(SourceErrorKind.GONE, "That was removed."),
    "bug": ValueError("a bug"),
}


class Stage:
    """A room with its fakes; what happens to it is handled before a method returns."""

    def __init__(
        self,
        sources: FakeSources | None = None,
        engine: FakeEngine | None = None,
        transport: FakeTransport | None = None,
    ) -> None:
        self.engine = engine or FakeEngine()
        self.transport = transport or FakeTransport()
        self.room = Room(
            "lobby",
            start_engine=lambda _: self.engine,
            connect=lambda _, engine: self.transport,
            sources=sources or FakeSources(dict(FINDINGS)),
            alone_timeout=ALONE,
        )
        self.task = asyncio.create_task(self.room.run())
        self._ids = itertools.count(1)

    async def happens(self, *events: Any) -> None:
        for event in events:
            self.room.deliver(event)
        await asyncio.sleep(0.001)

    async def joins(self, name: str, *, host: bool = False, listens: bool = True) -> None:
        person = Person(name.lower(), name, host, listens)
        self.transport.listeners += listens
        await self.happens(PersonJoined(person), Reachable(person.id))

    async def commands(self, text: str, by: str = "Ann") -> None:
        message = messages.CommandMessage(id=next(self._ids), text=text)
        await self.happens(Said(by.lower(), messages.encode(message)))

    async def chats(self, text: str, by: str = "Ann") -> None:
        message = messages.ChatMessage(id="c1", text=text, at=1.0)
        await self.happens(Said(by.lower(), messages.encode(message)))

    async def plays(self, title: str = "A") -> None:
        """Let Ann ask for something that is then heard."""
        await self.commands(f"!play {title}")
        await self.happens(Opened(FIRST, 180.0, True, False))


@asynccontextmanager
async def staged(**parts: Any) -> AsyncIterator[Stage]:
    """Run a room with Ann in it, and end it."""
    stage = Stage(**parts)
    await stage.joins("Ann", host=True)
    try:
        yield stage
    finally:
        stage.task.cancel()
        with suppress(asyncio.CancelledError):
            await stage.task


async def test_what_is_asked_for_is_found_resolved_and_played() -> None:
    async with staged() as stage:
        await stage.plays("A")

        assert stage.engine.told == [("open", FIRST, DemoMedia(), 0)]
        assert stage.transport.replies() == ["Starting “A” (3:00)."]
        assert stage.transport.events() == ["Now playing “A” (3:00), asked for by Ann."]
        assert [state.state for state in stage.transport.states()][-2:] == ["loading", "playing"]


async def test_a_command_is_answered_to_who_gave_it() -> None:
    async with staged() as stage:
        await stage.joins("Ben")
        await stage.commands("!ping", by="Ben")

        assert stage.transport.sent[-1] == (
            "ben",
            messages.ReplyMessage(id=1, ok=True, text=replies.PONG, done=True),
        )


async def test_the_prefix_may_be_left_out_of_a_command_but_not_of_chat() -> None:
    async with staged() as stage:
        await stage.commands("ping")
        await stage.chats("ping")
        await stage.chats("!!")

        assert stage.transport.replies() == [replies.PONG]


async def test_a_command_in_the_chat_is_answered_in_the_chat_once() -> None:
    async with staged() as stage:
        await stage.chats("!play A")

        lines = [m for _, m in stage.transport.sent if isinstance(m, messages.ChatMessage)]
        assert [(line.id, line.text) for line in lines] == [("re:c1", "Starting “A” (3:00).")]
        assert stage.transport.replies() == []


@pytest.mark.parametrize("said", [Said("ann", "nonsense"), Said("nobody", '{"type":"command"}')])
async def test_nonsense_is_ignored(said: Said) -> None:
    async with staged() as stage:
        sent = len(stage.transport.sent)

        await stage.happens(said)

        assert len(stage.transport.sent) == sent


async def test_who_has_left_is_not_heard() -> None:
    async with staged() as stage:
        await stage.joins("Ben")
        await stage.happens(PersonLeft("ben"))

        await stage.commands("!ping", by="Ben")

        assert stage.transport.replies() == []


async def test_who_becomes_reachable_is_told_the_state_at_once() -> None:
    async with staged() as stage:
        await stage.plays("A")
        stage.engine.position = 30 * SAMPLE_RATE
        stage.transport.sent.clear()

        await stage.joins("Ben")

        ((person, state),) = stage.transport.sent
        assert person == "ben"
        assert isinstance(state, messages.StateMessage)
        assert (state.state, state.position, state.listeners) == ("playing", 30.0, 2)


async def test_the_state_is_told_every_few_seconds_and_otherwise_only_if_it_changes() -> None:
    async with staged() as stage:
        await stage.plays("A")
        stage.transport.sent.clear()

        for second in range(61):
            stage.engine.position = second * SAMPLE_RATE
            await asyncio.sleep(1.0)

        assert len(stage.transport.sent) == 61 // STATE_PERIOD
        assert len(stage.transport.states()) == 61 // STATE_PERIOD


async def test_what_does_not_change_the_state_does_not_put_it_off() -> None:
    async with staged() as stage:
        await asyncio.sleep(STATE_PERIOD)
        before = len(stage.transport.states())

        for _ in range(20):
            await asyncio.sleep(1.0)
            await stage.happens(Said("ann", "nonsense"))

        assert len(stage.transport.states()) - before == 20 // STATE_PERIOD


@pytest.mark.parametrize(
    "command", ["!pause", "!seek 1:00", "!volume 50", "!loop track", "!play B", "!stop"]
)
async def test_every_change_is_told_to_all_at_once(command: str) -> None:
    async with staged() as stage:
        await stage.plays("A")
        before = len(stage.transport.states())

        await stage.commands(command)

        assert len(stage.transport.states()) == before + 1


async def test_the_effects_reach_the_engine_in_order() -> None:
    async with staged() as stage:
        await stage.plays("list")

        for command in ("!pause", "!resume", "!seek 1:00", "!volume 50", "!skip", "!stop"):
            await stage.commands(command)

        assert stage.engine.told[1:] == [
            ("hold",),
            ("release",),
            ("seek", FIRST, 60 * SAMPLE_RATE),
            ("gain", 0.316),
            ("stop",),
            ("open", SECOND, DemoMedia(), 0),
            ("stop",),
        ]


async def test_news_of_the_engine_reaches_the_player() -> None:
    async with staged() as stage:
        await stage.plays("list")

        await stage.happens(Died(FIRST, 60 * SAMPLE_RATE))
        await stage.happens(Failed(SECOND, SourceErrorKind.GONE, "It is gone.", 0, True))
        await stage.happens(Opened(THIRD, 180.0, True, False), Ended(THIRD, 180 * SAMPLE_RATE))

        assert [entry[1:] for entry in stage.engine.told] == [
            (FIRST, DemoMedia(), 0),
            (SECOND, DemoMedia(), 60 * SAMPLE_RATE),
            (THIRD, DemoMedia(), 0),
            (PlayId(4), DemoMedia(), 0),
        ]
        assert "“A” cannot be played. It is gone." in stage.transport.events()
        assert stage.transport.states()[-1].queued == 0


async def test_a_play_that_is_paused_while_it_is_resolved_is_held_when_it_is_open() -> None:
    async with staged(sources=FakeSources(dict(FINDINGS), delay=2.0)) as stage:
        await stage.commands("!demo")
        await stage.commands("!pause")
        await asyncio.sleep(3.0)

        assert stage.engine.told == [("hold",), ("open", FIRST, DemoMedia(), 0), ("hold",)]


async def test_a_play_that_is_skipped_while_it_is_resolved_is_not_opened() -> None:
    sources = FakeSources(dict(FINDINGS), delay=2.0)
    async with staged(sources=sources) as stage:
        await stage.commands("!demo")
        await stage.commands("!demo")
        await stage.commands("!skip")
        await asyncio.sleep(5.0)

        assert stage.engine.told == [("stop",), ("open", SECOND, DemoMedia(), 0)]
        assert sources.given_up == 1


async def test_a_stop_gives_up_what_is_resolved() -> None:
    sources = FakeSources(delay=2.0)
    async with staged(sources=sources) as stage:
        await stage.commands("!demo")
        await stage.commands("!stop")

        assert sources.given_up == 1


async def test_a_play_that_was_resolved_too_late_is_not_opened() -> None:
    async with staged() as stage:
        await stage.plays("A")
        await stage.commands("!stop")

        await stage.happens(Resolved(FIRST, DemoMedia(), 0))

        assert stage.engine.told == [("open", FIRST, DemoMedia(), 0), ("stop",)]


async def test_what_cannot_be_resolved_is_told_and_passed_over() -> None:
    error = SourceError(SourceErrorKind.GONE, "The site answers 404.")
    async with staged(sources=FakeSources(media=lambda _: error)) as stage:
        await stage.commands("!demo")

        assert stage.transport.events() == [
            "“Irisa demo” cannot be played. The site answers 404.",
            replies.QUEUE_ENDED,
        ]
        assert stage.transport.states()[-1].state == "idle"


class Outage:
    """Sources that cannot be reached until a moment."""

    def __init__(self) -> None:
        self.until = 0.0
        self.asked = 0

    def media(self, _: Source) -> DemoMedia | SourceError:
        self.asked += 1
        over = asyncio.get_running_loop().time() >= self.until
        return DemoMedia() if over else NETWORK


async def test_a_track_goes_on_after_a_short_outage() -> None:
    outage = Outage()
    async with staged(sources=FakeSources(dict(FINDINGS), outage.media)) as stage:
        await stage.plays("list")
        outage.until = asyncio.get_running_loop().time() + 5.0

        await stage.happens(Failed(FIRST, NETWORK.kind, "It broke off.", 60 * SAMPLE_RATE, False))
        await asyncio.sleep(10.0)

        assert [entry[3] for entry in stage.engine.told] == [0, 60 * SAMPLE_RATE]
        assert stage.transport.events() == ["Now playing “A” (3:00), asked for by Ann."]
        assert stage.transport.states()[-1].queued == 2


async def test_a_long_outage_stops_the_music_and_a_resume_goes_on_where_it_was() -> None:
    outage = Outage()
    async with staged(sources=FakeSources(dict(FINDINGS), outage.media)) as stage:
        await stage.plays("list")
        outage.until = asyncio.get_running_loop().time() + 60.0

        await stage.happens(Failed(FIRST, NETWORK.kind, "It broke off.", 60 * SAMPLE_RATE, False))
        await asyncio.sleep(60.0)
        assert stage.transport.events()[-1] == replies.gave_up(2, 3)
        await stage.commands("!resume")

        assert stage.engine.told[-1][2:] == (DemoMedia(), 60 * SAMPLE_RATE)
        assert stage.transport.states()[-1].queued == 2


async def test_a_crash_asks_no_site_again_but_what_is_gone_does() -> None:
    outage = Outage()
    async with staged(sources=FakeSources(dict(FINDINGS), outage.media)) as stage:
        await stage.plays("A")
        await stage.happens(Died(FIRST, 60 * SAMPLE_RATE))
        assert stage.engine.told[-1] == ("open", SECOND, DemoMedia(), 60 * SAMPLE_RATE)
        assert outage.asked == 1

        await stage.happens(
            Failed(SECOND, SourceErrorKind.GONE, "It is gone.", 70 * SAMPLE_RATE, False)
        )
        await asyncio.sleep(DELAYS[-1])

        assert stage.engine.told[-1] == ("open", THIRD, DemoMedia(), 70 * SAMPLE_RATE)
        assert outage.asked == 2


async def test_a_stop_gives_up_what_waits_to_be_opened_again() -> None:
    outage = Outage()
    async with staged(sources=FakeSources(dict(FINDINGS), outage.media)) as stage:
        await stage.plays("A")
        await stage.happens(Failed(FIRST, NETWORK.kind, "It broke off.", 0, False))
        await stage.commands("!stop")
        await asyncio.sleep(10.0)

        assert stage.engine.told[1:] == [("stop",)]
        assert outage.asked == 1


async def test_the_log_tells_what_played_and_warns_of_what_did_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with staged() as stage:
        await stage.plays("A")
        await stage.happens(Failed(FIRST, SourceErrorKind.GONE, "It is gone.", 0, True))

        levels = {record.getMessage(): record.levelno for record in caplog.records}
        assert levels["lobby: Now playing “A” (3:00), asked for by Ann."] == logging.INFO
        assert levels["lobby: “A” cannot be played. It is gone."] == logging.WARNING


async def test_what_is_not_found_is_answered_with_the_reason() -> None:
    async with staged() as stage:
        await stage.commands("!play gone")
        await stage.commands("!play bug")

        assert stage.transport.replies() == ["That was removed.", replies.WENT_WRONG]


async def test_a_stop_gives_up_what_is_looked_up() -> None:
    sources = FakeSources(dict(FINDINGS), delay=10.0)
    async with staged(sources=sources) as stage:
        await stage.commands("!play A")
        await stage.commands("!stop")
        await asyncio.sleep(20.0)

        assert stage.transport.replies() == [
            "Stopped the music.",
            "The search for “A” was given up, because Ann stopped the music.",
        ]
        assert sources.given_up == 1


async def test_a_second_command_of_the_same_id_takes_no_look_up_away() -> None:
    async with staged(sources=FakeSources(dict(FINDINGS), delay=10.0)) as stage:
        for _ in range(3 * MAX_PER_PERSON):
            for text in ("!play A", "!ping"):
                message = messages.CommandMessage(id=7, text=text)
                await stage.happens(Said("ann", messages.encode(message)))
            await asyncio.sleep(11.0)

        await stage.commands("!play B")
        await asyncio.sleep(11.0)

        assert replies.TOO_MANY_LOOK_UPS not in stage.transport.replies()
        assert stage.transport.replies()[-1].startswith("“B” (3:00) is number")


async def test_the_others_are_told_who_did_what_they_hear() -> None:
    async with staged() as stage:
        await stage.joins("Ben")
        await stage.plays("A")
        sent = len(stage.transport.sent)
        await stage.commands("!pause", by="Ben")

        told = [
            (person, message.text)
            for person, message in stage.transport.sent[sent:]
            if isinstance(message, messages.EventMessage | messages.ReplyMessage)
        ]
        assert told == [
            ("ben", "Paused “A” at 0:00."),
            ("ann", "Ben: Paused “A” at 0:00."),
        ]


class FaultyEngine(FakeEngine):
    """An engine that fails when it is told the gain, or asked for the position once."""

    faulty = False

    @property
    def position(self) -> int:
        if self.faulty:
            self.faulty = False
            raise ValueError("a bug")
        return 0

    @position.setter
    def position(self, position: int) -> None:
        return

    def set_gain(self, gain: float) -> None:
        raise ValueError("another bug")


async def test_a_fault_in_a_command_is_answered_and_logged_and_the_music_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = FaultyEngine()
    async with staged(engine=engine) as stage:
        engine.faulty = True
        await stage.commands("!ping")
        await stage.commands("!ping")

        assert stage.transport.replies() == [replies.WENT_WRONG, replies.PONG]
        (fault,) = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert fault.exc_info is not None


async def test_a_fault_in_an_effect_is_logged_and_the_music_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with staged(engine=FaultyEngine()) as stage:
        await stage.commands("!volume 50")
        await stage.commands("!ping")

        assert stage.transport.replies()[-1] == replies.PONG
        assert "another bug" in caplog.text


async def test_too_many_commands_at_once_are_answered_once() -> None:
    async with staged() as stage:
        await stage.joins("Ben")
        for _ in range(BURST + 5):
            stage.room.deliver(Said("ann", '{"type":"command","id":1,"text":"ping"}'))
        await stage.commands("!ping", by="Ben")

        assert stage.transport.replies() == [replies.PONG] * BURST + [
            replies.TOO_FAST,
            replies.PONG,
        ]
        await asyncio.sleep(1.0)
        await stage.commands("!ping")
        assert stage.transport.replies()[-1] == replies.PONG


async def test_nothing_is_kept_of_who_has_left() -> None:
    async with staged() as stage:
        for _ in range(BURST + 1):
            await stage.commands("!ping")

        await stage.happens(PersonLeft("ann"))
        await stage.joins("Ann")
        await stage.commands("!ping")

        assert stage.transport.replies()[-2:] == [replies.TOO_FAST, replies.PONG]


async def test_what_is_said_beyond_the_bound_is_dropped_but_other_news_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with staged() as stage:
        for _ in range(MAX_INBOX + 5):
            stage.room.deliver(Said("ann", "nonsense"))
        await stage.happens(PersonLeft("ann"), Reachable("ben"))

        assert caplog.text.count("dropped what ann said") == 5
        assert stage.transport.sent[-1][0] == "ben"


async def test_who_sends_the_bot_away_is_answered_before_it_leaves() -> None:
    async with staged() as stage:
        await stage.plays("A")
        await stage.commands("!leave")

        assert stage.transport.replies()[-1] == replies.LEFT
        assert not stage.task.done()
        await asyncio.sleep(FAREWELL_TIME)
        assert stage.task.done()
        assert stage.transport.closed
        assert stage.engine.closed


async def test_a_guest_cannot_send_the_bot_away_from_others() -> None:
    async with staged() as stage:
        await stage.joins("Ben")
        await stage.joins("Command line", listens=False)

        await stage.commands("!leave", by="Ben")
        await stage.commands("!leave", by="Command line")

        assert stage.transport.replies() == [replies.HOST_ONLY] * 2
        await stage.happens(PersonLeft("ann"))
        await stage.commands("!leave", by="Ben")
        assert stage.room.leaving


async def test_who_becomes_the_host_may_send_the_bot_away() -> None:
    async with staged() as stage:
        await stage.joins("Ben")
        await stage.happens(PersonChanged(Person("ben", "Ben", host=True, listens=True)))

        await stage.commands("!leave", by="Ben")

        assert stage.room.leaving


async def test_a_room_that_is_lost_ends() -> None:
    async with staged() as stage:
        await stage.happens(Lost("The server is gone."))
        await asyncio.wait_for(stage.task, FAREWELL_TIME * 2)

        assert stage.transport.closed
        assert stage.engine.closed


async def test_a_room_that_cannot_be_joined_is_closed() -> None:
    stage = Stage(transport=FakeTransport(error=RoomLost("It is locked.")))

    with pytest.raises(RoomLost, match="locked"):
        await stage.task

    assert stage.transport.closed
    assert stage.engine.closed


async def test_a_room_is_left_when_nobody_has_been_there_for_long() -> None:
    async with staged() as stage:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(10 * ALONE)
        assert not stage.task.done()
        left_at = loop.time()

        await stage.happens(PersonLeft("ann"))
        await stage.joins("Command line", listens=False)
        await stage.task

        assert loop.time() - left_at == pytest.approx(ALONE + FAREWELL_TIME, abs=0.1)


async def test_who_comes_back_in_time_keeps_the_bot() -> None:
    async with staged() as stage:
        for _ in range(3):
            await stage.happens(PersonLeft("ann"))
            await asyncio.sleep(ALONE * 0.9)
            await stage.joins("Ann")

        assert not stage.task.done()


async def test_a_room_that_nobody_comes_to_is_left() -> None:
    stage = Stage()

    await asyncio.wait_for(stage.task, ALONE + 1)

    assert stage.transport.closed


async def test_who_never_connects_does_not_keep_the_bot() -> None:
    stage = Stage()
    for number in range(50):
        await stage.happens(PersonJoined(Person(f"silent{number}", "Silent", False, True)))
    loop = asyncio.get_running_loop()
    joined_at = loop.time()
    await asyncio.sleep(PATIENCE - 1)
    assert not stage.task.done()

    await stage.task

    assert loop.time() - joined_at <= PATIENCE + STATE_PERIOD + ALONE + FAREWELL_TIME


async def test_who_connects_after_leaving_does_not_keep_the_bot() -> None:
    stage = Stage()
    await stage.joins("Ann")
    await stage.happens(PersonLeft("ann"), Reachable("ann"))
    await stage.happens(PersonJoined(Person("ann", "Ann", False, True)))

    await asyncio.wait_for(stage.task, PATIENCE + STATE_PERIOD + ALONE + FAREWELL_TIME + 1)

    assert stage.transport.closed


async def test_a_cancelled_room_gives_everything_up() -> None:
    sources = FakeSources(dict(FINDINGS), delay=10.0)
    async with staged(sources=sources) as stage:
        await stage.commands("!play A")
        await stage.commands("!demo")

    assert sources.given_up == 2
    assert stage.room.leaving
    assert stage.transport.closed
    assert stage.engine.closed


async def test_the_engine_is_closed_even_if_the_transport_fails_to() -> None:
    class FaultyTransport(FakeTransport):
        async def close(self) -> None:
            raise RoomLost("The server is gone.")

    stage = Stage(transport=FaultyTransport())
    await stage.happens(Lost("The server is gone."))

    with pytest.raises(RoomLost):
        await stage.task

    assert stage.engine.closed
