from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from musicbot.rtc.control import ControlEnd
from musicbot.rtc.link import CONNECT_TIME
from musicbot.rtc.listener import Listener
from tests.support.listening import listener, on_air
from tests.support.receiver import News


@dataclass(frozen=True, slots=True)
class Pair:
    """The bot's end, the command line's end, and what they tell."""

    bot: Listener
    bot_news: News
    control: ControlEnd
    news: News


def control_end(*, connect_time: float = CONNECT_TIME) -> tuple[ControlEnd, News]:
    news = News()
    made = ControlEnd(
        ice_servers=[],
        loopback=True,
        on_open=lambda: news.add("open"),
        on_message=news.add,
        on_closed=lambda reason: news.add(("closed", reason)),
        connect_time=connect_time,
    )
    return made, news


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    bot, bot_news = listener(None)
    control, news = control_end()
    yield Pair(bot, bot_news, control, news)
    await control.close()
    await bot.close()


async def connect(pair: Pair) -> None:
    await pair.bot.accept(await pair.control.answer(await pair.bot.offer()))
    await pair.bot_news.wait_for("open")
    await pair.news.wait_for("open")


async def test_a_command_goes_there_and_its_answer_comes_back(pair: Pair) -> None:
    await connect(pair)
    asked = pair.control.send("!skip")
    await pair.bot_news.wait_for("!skip")
    answered = pair.bot.send("Skipped.")
    await pair.news.wait_for("Skipped.")

    assert asked
    assert answered
    assert not pair.bot.listens


async def test_who_is_told_that_it_is_open_can_speak_at_once() -> None:
    bot, bot_news = listener(None)
    control = ControlEnd(
        ice_servers=[],
        loopback=True,
        on_open=lambda: bot_news.add(control.send("!ping")),
        on_message=bot_news.add,
        on_closed=bot_news.add,
    )
    await bot.accept(await control.answer(await bot.offer()))
    await bot_news.wait_for("!ping")

    assert True in bot_news.items
    await control.close()
    await bot.close()


async def test_nothing_can_be_said_before_it_is_open(pair: Pair) -> None:
    assert not pair.control.send("too early")


async def test_candidates_may_come_before_and_after_the_offer(pair: Pair) -> None:
    offer = await pair.bot.offer()
    lines = offer.splitlines(keepends=True)
    candidates = [line[2:].strip() for line in lines if line.startswith("a=candidate:")]
    bare = "".join(line for line in lines if "candidate" not in line)
    await pair.control.add_candidate(candidates[0])
    answer = await pair.control.answer(bare)
    known = pair.control._link.dtls.transport.getRemoteCandidates()
    assert [str(candidate.port) for candidate in known] == [candidates[0].split()[5]]
    for candidate in [*candidates[1:], "", None]:
        await pair.control.add_candidate(candidate)
    await pair.bot.accept(answer)
    await pair.news.wait_for("open")

    assert pair.control.send("!queue")


async def test_an_offer_of_something_else_is_refused(pair: Pair) -> None:
    async with on_air() as room:
        music, _ = listener(room)
        offer = await music.offer()
        await music.close()

    with pytest.raises(ValueError, match="application"):
        await pair.control.answer(offer)
    with pytest.raises(ValueError, match="application"):
        await pair.control.answer("nonsense")


async def test_only_the_first_offer_counts(pair: Pair) -> None:
    offer = await pair.bot.offer()
    await pair.control.answer(offer)

    with pytest.raises(ValueError, match="offer before"):
        await pair.control.answer(offer)


async def test_other_channels_are_not_listened_to(pair: Pair) -> None:
    other = pair.bot._link.connection.createDataChannel("other")
    other.on("open", lambda: other.send("psst"))
    await connect(pair)
    again = pair.bot._link.connection.createDataChannel("music")
    again.on("open", lambda: again.send("me too"))
    pair.control.send("!ping")
    await pair.bot_news.wait_for("!ping")
    pair.bot.send("pong")
    await pair.news.wait_for("pong")

    assert pair.news.items == ["open", "pong"]


async def test_a_bot_that_goes_away_is_noticed(pair: Pair) -> None:
    await connect(pair)
    await pair.bot.close()
    await pair.news.until(lambda: len(pair.news.items) == 2)

    assert pair.news.items[1][0] == "closed"
    assert not pair.control.send("too late")


async def test_a_bot_that_cannot_be_reached_is_given_up(pair: Pair) -> None:
    control, news = control_end(connect_time=0.05)
    await control.answer(await pair.bot.offer())
    await news.until(lambda: bool(news.items))
    await control.close()

    assert news.items == [("closed", "no connection within 0.05 s")]


async def test_a_closed_one_answers_nothing(pair: Pair) -> None:
    offer = await pair.bot.offer()
    await pair.control.close()

    with pytest.raises(ConnectionError):
        await pair.control.answer(offer)
    assert pair.news.items == []


async def test_a_message_can_be_sent_from_within_the_news_that_it_can() -> None:
    bot, bot_news = listener(None)
    control = ControlEnd(
        ice_servers=[],
        loopback=True,
        on_open=lambda: bot_news.add(("sent", control.send("!skip"))),
        on_message=bot_news.add,
        on_closed=bot_news.add,
    )
    await bot.accept(await control.answer(await bot.offer()))
    await bot_news.wait_for(("sent", True))
    await bot_news.wait_for("!skip")
    await control.close()
    await bot.close()
