from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable

import pytest

from musicbot.core.tracks import FRAME_SAMPLES, FRAME_TIME
from musicbot.rtc.beat import Beat
from musicbot.rtc.broadcast import MAX_PAYLOAD, Broadcast, Broadcaster
from musicbot.rtc.history import History
from tests.support.processes import until


class FakeTimer:
    """A call that can be taken back."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeTimers:
    """A clock that goes on when the test says so; calls are made when they are due."""

    def __init__(self) -> None:
        self.now = 100.0
        self._count = itertools.count()
        self._calls: list[tuple[float, int, FakeTimer]] = []

    @property
    def are_running(self) -> bool:
        """Whether a call is to be made."""
        return any(timer.callback is not None for _, _, timer in self._calls)

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(callback)
        heapq.heappush(self._calls, (when, next(self._count), timer))
        return timer

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._calls and self._calls[0][0] <= end + 1e-9:
            when, _, timer = heapq.heappop(self._calls)
            self.now = max(self.now, when)
            if timer.callback is not None:
                timer.callback()
        self.now = max(self.now, end)

    def stall(self, seconds: float) -> None:
        """Let time pass in which nothing is called."""
        self.now += seconds


class FakeSink:
    """A listener that keeps what it is sent."""

    def __init__(self, timers: FakeTimers, *, error: Exception | None = None) -> None:
        self._timers = timers
        self._error = error
        self.beat: Beat | None = None
        self.history: History | None = None
        self.sent: list[tuple[bytes, int, int]] = []
        self.times: list[float] = []
        self.failures = 0
        self.closed = 0

    def start(self, history: History, beat: Beat) -> None:
        self.history, self.beat = history, beat

    def send(self, payload: bytes, number: int, time: int) -> None:
        if self._error is not None:
            raise self._error
        self.sent.append((payload, number, time))
        self.times.append(self._timers.now)

    def failed(self) -> None:
        self.failures += 1

    def close(self) -> None:
        self.closed += 1

    def steps(self) -> list[int]:
        """Return by how much the time of each packet is after that of the one before."""
        return [b[2] - a[2] for a, b in itertools.pairwise(self.sent)]


class Stage:
    """A broadcaster on a clock of its own, and its first room."""

    def __init__(self) -> None:
        self.timers = FakeTimers()
        self.broadcaster = Broadcaster(self.timers)
        self.asked = 0
        self.room = self.broadcaster.channel(self.next_payload)

    def next_payload(self) -> bytes:
        self.asked += 1
        return b"%d" % self.asked

    def listener(self, room: Broadcast | None = None) -> FakeSink:
        sink = FakeSink(self.timers)
        (room or self.room).add(sink)
        return sink


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_listener_hears_a_packet_at_once_and_then_every_20_ms(stage: Stage) -> None:
    listener = stage.listener()
    stage.timers.run(0.1)

    assert [payload for payload, _, _ in listener.sent] == [b"1", b"2", b"3", b"4", b"5", b"6"]
    assert listener.times == pytest.approx([100 + k * FRAME_TIME for k in range(6)])
    assert listener.steps() == [FRAME_SAMPLES] * 5


def test_a_late_tick_does_not_make_the_following_ones_late(stage: Stage) -> None:
    listener = stage.listener()
    stage.timers.run(0.0)
    stage.timers.stall(0.05)
    stage.timers.run(0.03)

    assert listener.times == pytest.approx([100.0, 100.05, 100.05, 100.06, 100.08])
    assert listener.steps() == [FRAME_SAMPLES] * 4
    assert stage.broadcaster.skipped == 0


def test_after_a_long_stall_time_is_given_up_and_rtp_time_moves_as_much(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    listener = stage.listener()
    stage.timers.run(0.0)

    with caplog.at_level(logging.WARNING):
        stage.timers.stall(1.0)
        stage.timers.run(0.1)

    elapsed = round((listener.times[-1] - listener.times[0]) / FRAME_TIME)
    assert sum(listener.steps()) == elapsed * FRAME_SAMPLES
    assert stage.broadcaster.skipped == sum(listener.steps()) - FRAME_SAMPLES * len(
        listener.steps()
    )
    assert stage.broadcaster.skipped >= 40 * FRAME_SAMPLES
    assert [number for _, number, _ in listener.sent] == list(range(len(listener.sent)))
    assert "Gave up" in caplog.text


def test_a_stall_that_can_be_made_up_for_is(stage: Stage) -> None:
    listener = stage.listener()
    stage.timers.run(0.0)
    stage.timers.stall(0.19)
    stage.timers.run(0.01)

    assert len(listener.sent) == 11
    assert stage.broadcaster.skipped == 0


def test_without_listeners_there_is_no_tick_and_no_room_is_asked(stage: Stage) -> None:
    stage.timers.run(1.0)

    assert not stage.timers.are_running
    assert stage.asked == 0


def test_the_tick_ends_with_the_last_listener_and_begins_with_the_next(stage: Stage) -> None:
    first = stage.listener()
    stage.timers.run(0.1)
    stage.room.remove(first)
    stage.timers.run(10.0)
    asked = stage.asked

    assert not stage.timers.are_running

    second = stage.listener()
    stage.timers.run(0.02)

    assert asked == 6
    assert [payload for payload, _, _ in second.sent] == [b"7", b"8"]
    assert first.closed == 1


def test_a_room_without_listeners_is_not_asked_while_others_are(stage: Stage) -> None:
    quiet = stage.broadcaster.channel(lambda: pytest.fail("Nobody listens there."))
    guest = FakeSink(stage.timers)
    quiet.add(guest)
    quiet.remove(guest)
    stage.listener()

    stage.timers.run(0.1)

    assert quiet.listeners == 0
    assert guest.sent == []


def test_each_room_hears_its_own_music(stage: Stage) -> None:
    other = stage.broadcaster.channel(lambda: b"other")
    here, there = stage.listener(), stage.listener(other)

    stage.timers.run(0.02)

    assert [payload for payload, _, _ in here.sent] == [b"1", b"2"]
    assert [payload for payload, _, _ in there.sent] == [b"other", b"other"]


def test_who_comes_in_the_middle_hears_the_present_packet(stage: Stage) -> None:
    early = stage.listener()
    stage.timers.run(0.1)
    late = stage.listener()
    stage.timers.run(0.02)

    assert late.sent == early.sent[-1:]
    assert late.history is early.history


def test_a_listener_who_fails_does_not_disturb_the_others(stage: Stage) -> None:
    broken = FakeSink(stage.timers, error=RuntimeError("broken"))
    stage.room.add(broken)
    listener = stage.listener()

    stage.timers.run(0.1)

    assert broken.failures == 6
    assert len(listener.sent) == 6


def test_listeners_may_come_and_go_in_the_middle_of_a_tick(stage: Stage) -> None:
    leaver = stage.listener()
    comer = FakeSink(stage.timers)

    class Usher(FakeSink):
        """Lets one go and another in while it is sent its first packet."""

        def send(self, payload: bytes, number: int, time: int) -> None:
            super().send(payload, number, time)
            if number == 0:
                stage.room.remove(leaver)
                stage.room.add(comer)

    usher = Usher(stage.timers)
    stage.room.add(usher)
    stayer = stage.listener()
    stage.timers.run(0.04)

    assert len(usher.sent) == 3
    assert stayer.sent == usher.sent
    assert len(leaver.sent) == 1
    assert comer.sent == usher.sent[1:]
    assert stage.room.listeners == 3


def test_a_listener_may_be_removed_twice(stage: Stage) -> None:
    listener = stage.listener()

    stage.room.remove(listener)
    stage.room.remove(listener)

    assert listener.closed == 1
    assert stage.room.listeners == 0


@pytest.mark.parametrize("fault", ["raises", "too long"])
def test_a_room_with_nothing_to_send_does_not_disturb_the_others(
    stage: Stage, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    def next_payload() -> bytes:
        if fault == "raises":
            raise RuntimeError("broken")
        return bytes(MAX_PAYLOAD + 1)

    broken = stage.broadcaster.channel(next_payload)
    unlucky, listener = stage.listener(broken), stage.listener()
    stage.timers.run(0.1)

    assert unlucky.sent == []
    assert broken.failures == 6
    assert len(listener.sent) == 6
    assert caplog.text.count("nothing to send") == 1


def test_the_longest_packet_is_sent(stage: Stage) -> None:
    room = stage.broadcaster.channel(lambda: bytes(MAX_PAYLOAD))
    listener = stage.listener(room)

    stage.timers.run(0.0)

    assert [len(payload) for payload, _, _ in listener.sent] == [MAX_PAYLOAD]


def test_chores_are_done_after_the_packets_of_their_tick(stage: Stage) -> None:
    listener = stage.listener()
    assert listener.beat is not None
    sent: list[int] = []
    listener.beat.after(0.04, lambda: sent.append(len(listener.sent)))

    stage.timers.run(0.1)

    assert sent == [3]


def test_chores_end_with_the_last_listener(stage: Stage) -> None:
    first = stage.listener()
    assert first.beat is not None
    first.beat.after(0.06, lambda: pytest.fail("Nobody is there for it any more."))
    stage.timers.run(0.02)
    stage.room.remove(first)
    stage.timers.run(1.0)

    second = stage.listener()
    stage.timers.run(1.0)

    assert second.sent


def test_a_chore_that_fails_does_not_disturb_the_others(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    listener = stage.listener()
    assert listener.beat is not None
    done: list[str] = []
    listener.beat.after(0.02, lambda: 1 // 0)  # type: ignore[arg-type]
    listener.beat.after(0.02, lambda: done.append("done"))

    stage.timers.run(0.1)

    assert done == ["done"]
    assert len(listener.sent) == 6
    assert "chore" in caplog.text


async def test_a_closed_broadcaster_sends_nothing_more(stage: Stage) -> None:
    listener = stage.listener()
    stage.timers.run(0.0)

    await stage.broadcaster.close()
    await stage.broadcaster.close()
    latecomer = stage.listener()
    stage.timers.run(1.0)

    assert len(listener.sent) == 1
    assert latecomer.sent == []
    assert not stage.timers.are_running


async def test_the_running_loop_paces_it_unless_told_otherwise() -> None:
    sink = FakeSink(FakeTimers())
    broadcaster = Broadcaster()
    try:
        broadcaster.channel(lambda: b"x").add(sink)

        await asyncio.wait_for(until(lambda: len(sink.sent) >= 2), 10)
    finally:
        await broadcaster.close()
