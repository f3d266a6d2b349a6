from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Final

import pytest

from musicbot.transports.line import MAX_SIGNALS, RETRY_DELAYS, Line
from signaling.messages import Candidate, Description

pytestmark = pytest.mark.virtual_time

ANSWER: Final = Description(type="answer", sdp="fine")


class FakeEnd:
    """A connection that keeps what it is told."""

    def __init__(
        self,
        *,
        on_open: Callable[[], None],
        on_message: Callable[[str], None],
        on_closed: Callable[[str], None],
    ) -> None:
        self.open = on_open
        self.say = on_message
        self.lose = on_closed
        self.told: list[str | None] = []
        self.listens = False
        self.closed = 0

    async def offer(self) -> str:
        return "offer"

    async def accept(self, sdp: str) -> None:
        if sdp == "bad":
            raise ValueError("nonsense")
        self.told.append(sdp)
        self.listens = True

    async def add_candidate(self, candidate: str | None) -> None:
        self.told.append(candidate)

    def send(self, text: str) -> bool:
        self.told.append(text)
        return True

    async def close(self) -> None:
        self.closed += 1


class Rig:
    """A line and all that it does."""

    def __init__(self, *, fails: bool = False, delay: float = 0.0) -> None:
        self.ends: list[FakeEnd] = []
        self.offered_at: list[float] = []
        self._offers: asyncio.Queue[float] = asyncio.Queue()
        self.fails = fails
        self.opened = 0
        self.heard: list[str] = []
        self.line = Line(
            "den/ann",
            self._make,
            send_offer=self._offer,
            on_open=self._open,
            on_message=self.heard.append,
            delay=delay,
        )

    def _make(
        self,
        *,
        on_open: Callable[[], None],
        on_message: Callable[[str], None],
        on_closed: Callable[[str], None],
    ) -> FakeEnd:
        end = FakeEnd(on_open=on_open, on_message=on_message, on_closed=on_closed)
        self.ends.append(end)
        return end

    async def _offer(self, sdp: str) -> None:
        self._offers.put_nowait(asyncio.get_running_loop().time())
        if self.fails:
            raise RuntimeError("a bug")

    def _open(self) -> None:
        self.opened += 1

    async def offers(self, count: int) -> None:
        """Wait until so many offers were made."""
        while len(self.offered_at) < count:
            self.offered_at.append(await self._offers.get())


async def settle() -> None:
    """Let everything happen that can happen now."""
    await asyncio.sleep(0.001)


async def test_signals_and_messages_are_handed_on() -> None:
    rig = Rig()
    await rig.offers(1)
    for signal in (ANSWER, Candidate(candidate="here"), None):
        rig.line.take(signal)
    await settle()
    rig.line.send("too early")
    rig.ends[0].open()
    rig.ends[0].say("hi")
    rig.line.send("hello")

    assert rig.ends[0].told == ["fine", "here", None, "hello"]
    assert (rig.opened, rig.heard, rig.line.listens) == (1, ["hi"], True)
    await rig.line.close()


async def test_each_attempt_waits_longer_until_one_succeeds() -> None:
    rig = Rig()
    for count in range(1, 7):
        await rig.offers(count)
        if count == 6:
            rig.ends[-1].open()
        rig.ends[-1].lose("no connection")
    await rig.offers(7)
    waited = [later - earlier for earlier, later in itertools.pairwise(rig.offered_at)]

    assert waited == pytest.approx([*RETRY_DELAYS, RETRY_DELAYS[-1], RETRY_DELAYS[0]], abs=0.1)
    assert [end.closed for end in rig.ends] == [1, 1, 1, 1, 1, 1, 0]
    await rig.line.close()


async def test_the_first_offer_may_be_made_to_wait() -> None:
    rig = Rig(delay=3)
    await rig.offers(1)

    assert rig.offered_at == pytest.approx([3], abs=0.1)
    await rig.line.close()


@pytest.mark.parametrize(
    "signal",
    [Description(type="answer", sdp="bad"), Description(type="offer", sdp="ours is the offer")],
)
async def test_a_description_that_cannot_be_used_ends_the_attempt(signal: Description) -> None:
    rig = Rig()
    await rig.offers(1)
    rig.line.take(signal)
    await rig.offers(2)

    assert rig.ends[0].closed == 1
    await rig.line.close()


async def test_a_fault_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(fails=True)
    await rig.offers(2)
    await rig.line.close()

    assert "a bug" in caplog.text
    assert all(end.closed for end in rig.ends)


async def test_what_was_said_to_the_connection_before_is_not_for_the_next() -> None:
    rig = Rig()
    await rig.offers(1)
    rig.ends[0].lose("gone")
    await settle()
    rig.line.take(ANSWER)
    await rig.offers(2)
    await settle()

    assert rig.ends[1].told == []
    await rig.line.close()


async def test_too_many_signals_are_dropped() -> None:
    rig = Rig()
    await rig.offers(1)
    for _ in range(MAX_SIGNALS + 50):
        rig.line.take(Candidate(candidate="here"))
    await settle()

    assert len(rig.ends[0].told) == MAX_SIGNALS
    await rig.line.close()


async def test_a_closed_line_is_silent() -> None:
    rig = Rig()
    await rig.offers(1)
    await rig.line.close()
    await rig.line.close()
    rig.line.send("nobody hears this")
    await asyncio.sleep(60)

    assert rig.ends[0].told == []
    assert (len(rig.ends), rig.ends[0].closed, rig.line.listens) == (1, 1, False)


async def test_a_lingering_line_ends_with_its_connection() -> None:
    rig = Rig()
    await rig.offers(1)
    closing = asyncio.create_task(rig.line.close(linger=60))
    await settle()
    assert rig.ends[0].closed == 0

    rig.ends[0].lose("the page went away")
    await closing

    assert asyncio.get_running_loop().time() < 1
    assert (len(rig.ends), rig.ends[0].closed) == (1, 1)


async def test_a_lingering_line_ends_after_its_time() -> None:
    rig = Rig()
    await rig.offers(1)
    await rig.line.close(linger=10)

    assert asyncio.get_running_loop().time() == pytest.approx(10, abs=0.1)
    assert rig.ends[0].closed == 1
