from __future__ import annotations

import asyncio
import logging

import pytest

from musicbot.core import replies
from musicbot.core.media import DemoMedia
from musicbot.core.tracks import Demo, Link, PlayId
from musicbot.errands import ErrandEvent, Errands, Found, NotFound, NotResolved, Resolved
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.sources import Finding
from tests.support.fakes import FakeSources
from tests.support.players import piece, request

pytestmark = pytest.mark.virtual_time

FINDING = Finding((piece("A"),), None)
GONE = SourceError(SourceErrorKind.GONE, "That was removed.")
FIRST, SECOND = PlayId(1), PlayId(2)


def errands_of(sources: FakeSources) -> tuple[Errands, list[ErrandEvent]]:
    delivered: list[ErrandEvent] = []
    return Errands("lobby", sources, delivered.append), delivered


@pytest.mark.parametrize(
    ("found", "event"),
    [
        (FINDING, Found(request(), FINDING)),
        (GONE, NotFound(request(), "That was removed.")),
        (ValueError("a bug"), NotFound(request(), replies.WENT_WRONG)),
    ],
)
async def test_a_look_up_delivers_what_came_of_it(
    found: Finding | Exception, event: ErrandEvent
) -> None:
    errands, delivered = errands_of(FakeSources({"A": found}, delay=2.0))

    errands.find(request(), "A")
    await asyncio.sleep(1.9)
    assert delivered == []
    await asyncio.sleep(0.2)

    assert delivered == [event]


@pytest.mark.parametrize(
    ("media", "event"),
    [
        (DemoMedia(), Resolved(FIRST, DemoMedia(), 960)),
        (GONE, NotResolved(FIRST, SourceErrorKind.GONE, "That was removed.", 960)),
        (
            ValueError("a bug"),
            NotResolved(FIRST, SourceErrorKind.BROKEN, replies.WENT_WRONG, 960),
        ),
    ],
)
async def test_resolving_delivers_what_came_of_it(
    media: DemoMedia | Exception, event: ErrandEvent
) -> None:
    errands, delivered = errands_of(FakeSources(media=lambda _: media))

    errands.resolve(FIRST, Demo(), 960)
    await asyncio.sleep(0.1)

    assert delivered == [event]


async def test_a_source_is_resolved_after_the_delay_unless_that_is_given_up() -> None:
    sources = FakeSources()
    errands, delivered = errands_of(sources)

    errands.resolve(FIRST, Demo(), 0, delay=4.0)
    await asyncio.sleep(3.9)
    assert delivered == []
    errands.resolve(SECOND, Demo(), 0, delay=4.0)
    await asyncio.sleep(4.1)

    assert delivered == [Resolved(SECOND, DemoMedia(), 0)]


async def test_the_sources_are_told_which_room_asks() -> None:
    sources = FakeSources({"A": FINDING})
    errands, _ = errands_of(sources)

    errands.find(request(), "A")
    errands.resolve(FIRST, Demo(), 0)
    await asyncio.sleep(0.1)

    assert sources.rooms == ["lobby", "lobby"]


async def test_our_own_faults_are_logged_with_their_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errands, _ = errands_of(FakeSources({"A": GONE, "B": ValueError("a bug")}))

    errands.find(request(1), "A")
    errands.find(request(2), "B")
    await asyncio.sleep(0.1)

    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR]
    assert caplog.records[1].exc_info is not None


async def test_a_look_up_that_is_given_up_delivers_nothing() -> None:
    sources = FakeSources({"A": FINDING, "B": FINDING}, delay=2.0)
    errands, delivered = errands_of(sources)
    errands.find(request(1), "A")
    errands.find(request(2), "B")
    await asyncio.sleep(1.0)

    errands.give_up(request(1))
    await asyncio.sleep(2.0)

    assert delivered == [Found(request(2), FINDING)]
    assert sources.given_up == 1
    errands.give_up(request(2))


async def test_only_the_last_play_is_resolved() -> None:
    sources = FakeSources(delay=2.0)
    errands, delivered = errands_of(sources)
    errands.resolve(FIRST, Demo(), 0)
    await asyncio.sleep(1.0)

    errands.resolve(SECOND, Demo(), 0)
    await asyncio.sleep(3.0)
    errands.give_up_resolving()

    assert delivered == [Resolved(SECOND, DemoMedia(), 0)]
    assert sources.given_up == 1


async def test_closing_gives_everything_up() -> None:
    sources = FakeSources({"A": FINDING}, delay=2.0)
    errands, delivered = errands_of(sources)
    errands.find(request(), "A")
    errands.resolve(FIRST, Demo(), 0)
    await asyncio.sleep(1.0)

    await errands.close()
    await errands.close()
    await asyncio.sleep(3.0)

    assert delivered == []
    assert sources.given_up == 2


async def test_closing_without_any_errand_is_nothing() -> None:
    errands, delivered = errands_of(FakeSources())

    await errands.close()

    assert delivered == []


async def test_the_log_keeps_the_secrets_of_links(caplog: pytest.LogCaptureFixture) -> None:
    link = "https://ann:s3cret@example.org/song?token=s3cret"
    errands, _ = errands_of(FakeSources({link: GONE}, media=lambda _: GONE))

    errands.find(request(), link)
    errands.resolve(FIRST, Link(link, handle="s3cret"), 0)
    await asyncio.sleep(0.1)

    assert "nothing for 'https://example.org/song': That was removed." in caplog.messages
    assert "cannot open 'https://example.org/song': That was removed." in caplog.messages
    assert "s3cret" not in caplog.text
