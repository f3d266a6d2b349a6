from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from musicbot.core.media import DemoMedia
from musicbot.core.tracks import FRAME_SAMPLES, SAMPLE_RATE, PlayId
from musicbot.engine import messages
from musicbot.engine.buffer import CUT_FRAMES
from musicbot.engine.messages import Command, Garbage, Go, Grant, Open, Stop
from musicbot.engine.playout import (
    BUFFERED,
    FIRST,
    MAX_BUFFERED,
    SEEK_TICKS,
    Died,
    Ended,
    EngineEvent,
    Failed,
    Opened,
    Playout,
)
from musicbot.errors import SourceErrorKind
from musicbot.opus.packets import SILENCE

A, B = PlayId(1), PlayId(2)
TEN_SECONDS = 10 * SAMPLE_RATE
_PACKET = struct.Struct("!BII")


@dataclass(frozen=True)
class Heard:
    frame: int
    generation: int


class Stage:
    """A playout, and an engine that sends what the test wants."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.events: list[EngineEvent] = []
        self.playout = Playout(self.sent.append, self.events.append, ("10.0.0.0/8",))

    @property
    def generation(self) -> int:
        """The newest that the engine was told of."""
        return max((c.generation for c in self.sent if isinstance(c, Open | Go)), default=0)

    def open(self, play: PlayId = A, position: int = 0) -> None:
        self.playout.open(play, DemoMedia(), position)

    def opened(self, *, seekable: bool = True, live: bool = False) -> None:
        self.playout.hear(messages.Opened(self.generation, 60.0, seekable, live))

    def packets(self, frame: int, count: int, generation: int | None = None) -> None:
        generation = self.generation if generation is None else generation
        packets = [_PACKET.pack(0xFC, frame + i, generation) for i in range(count)]
        self.playout.hear(messages.Packets(generation, frame * FRAME_SAMPLES, packets))

    def ended(self, frame: int) -> None:
        self.playout.hear(messages.Ended(self.generation, frame * FRAME_SAMPLES))

    def failed(self, kind: SourceErrorKind) -> None:
        self.playout.hear(messages.Failed(self.generation, kind, "No."))

    def tick(self) -> Heard | None:
        packet = self.playout.next_payload()
        if packet == SILENCE:
            return None
        _, frame, generation = _PACKET.unpack(packet)
        return Heard(frame, generation)

    def ticks(self, count: int) -> list[Heard | None]:
        return [self.tick() for _ in range(count)]

    def frames(self, count: int) -> list[int | None]:
        return [None if heard is None else heard.frame for heard in self.ticks(count)]

    def granted(self) -> int:
        """Return what was granted since this was last asked."""
        grants = sum(c.credit for c in self.sent if isinstance(c, Grant))
        self.sent[:] = [c for c in self.sent if not isinstance(c, Grant)]
        return grants


def playing(count: int = FIRST, *, seekable: bool = True, live: bool = False) -> Stage:
    """Return a stage with a play that is open, with so many packets buffered."""
    stage = Stage()
    stage.open()
    stage.opened(seekable=seekable, live=live)
    for start in range(0, count, 50):
        stage.packets(start, min(50, count - start))
    stage.ticks(CUT_FRAMES)
    return stage


def test_without_a_play_there_is_silence() -> None:
    stage = Stage()

    assert stage.playout.next_payload() == SILENCE
    assert stage.playout.is_idle
    assert not stage.playout.is_starving


def test_opening_tells_the_engine_what_and_where_and_how_loud() -> None:
    stage = Stage()

    stage.playout.set_gain(0.5)
    stage.open(position=960)

    opening = messages.OfDemo(DemoMedia())
    assert stage.sent == [Open(1, opening, 960, 0.5, FIRST, ("10.0.0.0/8",))]
    assert stage.playout.position == 960
    assert stage.playout.is_starving


def test_packets_are_sent_in_order_and_the_position_moves_with_them() -> None:
    stage = playing(3)

    assert stage.events == [Opened(A, 60.0, True, False)]
    assert stage.frames(2) == [0, 1]
    assert stage.playout.position == 2 * FRAME_SAMPLES
    assert not stage.playout.is_starving


def test_when_the_buffer_is_empty_there_is_silence_and_the_position_stays() -> None:
    stage = playing(1)

    assert stage.frames(3) == [0, None, None]
    assert stage.playout.position == FRAME_SAMPLES


def test_more_is_asked_for_in_bursts_of_half_a_buffer() -> None:
    stage = playing(0)
    assert stage.granted() == BUFFERED - FIRST

    for start in range(0, BUFFERED, 50):
        stage.packets(start, 50)
    stage.ticks(BUFFERED // 2 - 1)
    assert stage.granted() == 0
    stage.ticks(1)

    assert stage.granted() == BUFFERED // 2


def test_more_than_was_asked_for_is_garbage() -> None:
    stage = playing(BUFFERED)

    with pytest.raises(Garbage):
        stage.packets(BUFFERED, 1)


def test_more_of_an_older_generation_than_was_ever_asked_for_is_garbage() -> None:
    stage = playing(BUFFERED)
    stage.playout.set_gain(0.5)

    for start in range(BUFFERED, MAX_BUFFERED, 50):
        stage.packets(start, 50, generation=1)
    with pytest.raises(Garbage):
        stage.packets(MAX_BUFFERED, 50, generation=1)


def test_a_hold_is_silent_at_once_and_goes_on_exactly_where_it_stood() -> None:
    stage = playing(10)
    stage.ticks(3)

    stage.playout.hold()
    assert stage.frames(5) == [None] * 5
    assert stage.playout.position == 3 * FRAME_SAMPLES
    stage.playout.release()

    assert stage.frames(2) == [3, 4]


def test_opening_ends_a_hold() -> None:
    stage = playing(10)
    stage.playout.hold()

    stage.open(B)
    stage.opened()
    stage.packets(0, 1)

    assert 0 in stage.frames(CUT_FRAMES + 1)


@pytest.mark.parametrize("live", [False, True])
def test_a_change_of_loudness_continues_at_the_very_frame(live: bool) -> None:
    stage = playing(50, seekable=not live, live=live)
    stage.ticks(10)

    stage.playout.set_gain(0.5)
    assert stage.sent[-1] == Go(2, 15 * FRAME_SAMPLES, 0.5, FIRST, joins=True)
    stage.ticks(2)
    stage.packets(15, 20)
    heard = stage.ticks(10)

    old = [Heard(frame, 1) for frame in (12, 13, 14)]
    assert heard == old + [Heard(frame, 2) for frame in range(15, 22)]


def test_a_change_of_loudness_that_is_late_takes_over_as_soon_as_it_can() -> None:
    stage = playing(50)
    stage.playout.set_gain(0.5)
    stage.ticks(8)

    stage.packets(5, 2)
    assert stage.ticks(1) == [Heard(8, 1)]
    stage.packets(7, 10)

    assert stage.ticks(2) == [Heard(9, 2), Heard(10, 2)]


def test_packets_on_their_way_during_a_change_of_loudness_are_not_lost() -> None:
    stage = playing(4)
    stage.playout.set_gain(0.5)

    stage.packets(4, 4, generation=1)
    assert stage.frames(6) == [0, 1, 2, 3, 4, 5]
    stage.packets(4, 6)

    assert stage.ticks(2) == [Heard(6, 2), Heard(7, 2)]


def test_the_loudness_can_change_before_a_play_is_open() -> None:
    stage = Stage()
    stage.open(position=TEN_SECONDS)

    stage.playout.set_gain(0.5)
    assert stage.sent[-1] == Go(2, TEN_SECONDS, 0.5, FIRST)
    stage.playout.hear(messages.Opened(1, 60.0, True, False))
    stage.packets(500, 3)

    assert stage.events == [Opened(A, 60.0, True, False)]
    assert stage.frames(CUT_FRAMES + 1)[-1] == 500


def test_the_old_sound_goes_on_until_the_position_sought_is_there() -> None:
    stage = playing(50)
    stage.ticks(5)

    stage.playout.seek(A, TEN_SECONDS)
    assert stage.playout.position == TEN_SECONDS
    assert stage.frames(3) == [5, 6, 7]
    stage.packets(500, 10)

    assert stage.frames(CUT_FRAMES + 2) == [None] * CUT_FRAMES + [500, 501]
    assert stage.playout.position == TEN_SECONDS + 2 * FRAME_SAMPLES


def test_the_old_sound_is_cut_off_if_the_position_sought_takes_long() -> None:
    stage = playing(50)

    stage.playout.seek(A, TEN_SECONDS)
    heard = stage.frames(SEEK_TICKS + 5)

    assert heard == [*range(SEEK_TICKS - 1), *[None] * 6]
    assert stage.playout.position == TEN_SECONDS
    stage.packets(500, 1)
    assert stage.frames(1) == [500]


def test_packets_of_before_a_seek_are_late() -> None:
    stage = playing(5)

    stage.playout.seek(A, TEN_SECONDS)
    stage.packets(5, 5, generation=1)
    stage.packets(500, 1)

    assert stage.frames(CUT_FRAMES + 2) == [None] * CUT_FRAMES + [500, None]


def test_a_change_of_loudness_during_a_seek_is_made_at_the_position_sought() -> None:
    stage = playing(50)

    stage.playout.seek(A, TEN_SECONDS)
    stage.playout.set_gain(0.5)

    assert stage.sent[-1] == Go(3, TEN_SECONDS, 0.5, FIRST)
    stage.packets(500, 2, generation=2)
    stage.packets(500, 2)
    assert stage.ticks(CUT_FRAMES + 2)[CUT_FRAMES:] == [Heard(500, 3), Heard(501, 3)]


@pytest.mark.parametrize("first", ["seek", "hold"])
def test_during_a_hold_a_seek_drops_the_old_sound_at_once(first: str) -> None:
    stage = playing(50)

    if first == "seek":
        stage.playout.seek(A, TEN_SECONDS)
        stage.playout.hold()
    else:
        stage.playout.hold()
        stage.playout.seek(A, TEN_SECONDS)
    stage.playout.release()

    assert stage.frames(3) == [None] * 3
    assert stage.playout.position == TEN_SECONDS


def test_a_seek_of_a_play_that_is_over_is_ignored() -> None:
    stage = playing(5)
    before = list(stage.sent)

    stage.playout.seek(B, TEN_SECONDS)

    assert stage.sent == before
    assert stage.frames(1) == [0]


def test_the_end_comes_with_the_last_packet() -> None:
    stage = playing(3)
    stage.ended(3)

    assert stage.frames(2) == [0, 1]
    assert stage.events[1:] == []
    assert stage.frames(2) == [2, None]

    assert stage.events[1:] == [Ended(A, 3 * FRAME_SAMPLES)]
    assert stage.sent[-1] == Stop()
    assert stage.playout.is_idle


def test_a_seek_back_revokes_the_end() -> None:
    stage = playing(3)
    stage.ended(3)

    stage.playout.seek(A, 0)
    assert stage.frames(4)[3] is None
    assert stage.events[1:] == []
    stage.packets(0, 1)
    stage.ended(1)
    stage.ticks(CUT_FRAMES + 1)

    assert stage.events[1:] == [Ended(A, FRAME_SAMPLES)]


def test_a_seek_to_the_end_ends_at_once() -> None:
    stage = playing(50)

    stage.playout.seek(A, TEN_SECONDS)
    stage.ended(500)

    assert stage.events[1:] == [Ended(A, TEN_SECONDS)]


def test_the_end_of_before_a_change_of_loudness_is_late() -> None:
    stage = playing(10)
    stage.playout.set_gain(0.5)

    stage.playout.hear(messages.Ended(1, 10 * FRAME_SAMPLES))
    stage.ticks(20)
    assert stage.events[1:] == []
    stage.ended(10)

    assert stage.events[1:] == [Ended(A, 10 * FRAME_SAMPLES)]


def test_what_can_never_be_played_fails_after_what_is_buffered() -> None:
    stage = playing(2)
    stage.failed(SourceErrorKind.BROKEN)
    assert stage.events[1:] == []

    assert stage.frames(2) == [0, 1]

    failure = Failed(A, SourceErrorKind.BROKEN, "No.", 2 * FRAME_SAMPLES, True)
    assert stage.events[1:] == [failure]
    assert stage.sent[-1] == Stop()


@pytest.mark.parametrize(
    ("kind", "permanent"),
    [
        (SourceErrorKind.NETWORK, False),
        (SourceErrorKind.TIMEOUT, False),
        (SourceErrorKind.GONE, False),
        (SourceErrorKind.UNSUPPORTED, True),
        (SourceErrorKind.BLOCKED_ADDRESS, True),
    ],
)
def test_a_failure_to_open_says_whether_another_attempt_is_in_vain(
    kind: SourceErrorKind, permanent: bool
) -> None:
    stage = Stage()
    stage.open(position=960)
    stage.failed(kind)

    assert stage.events == [Failed(A, kind, "No.", 960, permanent)]
    assert stage.playout.is_idle


def test_what_breaks_off_goes_on_without_a_gap_if_it_is_opened_again_there() -> None:
    stage = playing(10)
    stage.ticks(2)

    stage.failed(SourceErrorKind.NETWORK)
    end = 10 * FRAME_SAMPLES
    assert stage.events[1:] == [Failed(A, SourceErrorKind.NETWORK, "No.", end, False)]
    assert stage.frames(3) == [2, 3, 4]
    stage.open(B, end)
    reopened = stage.sent[-1]
    assert isinstance(reopened, Open)
    assert reopened.joins
    stage.opened()
    stage.packets(10, 5)

    assert stage.frames(10) == list(range(5, 15))


def test_what_is_opened_elsewhere_after_a_failure_cuts_the_old_sound_off() -> None:
    stage = playing(10)
    stage.failed(SourceErrorKind.NETWORK)

    stage.open(B, 0)
    stage.opened()
    stage.packets(0, 1)

    assert stage.frames(CUT_FRAMES + 1) == [None] * CUT_FRAMES + [0]


def test_a_dead_engine_loses_nothing_that_is_buffered() -> None:
    stage = playing(10)
    stage.ticks(2)

    stage.playout.died()

    assert stage.events[1:] == [Died(A, 10 * FRAME_SAMPLES)]
    assert stage.frames(9) == [*range(2, 10), None]


def test_an_engine_that_dies_during_a_seek_died_at_the_position_sought() -> None:
    stage = playing(10)
    stage.playout.seek(A, TEN_SECONDS)

    stage.playout.died()

    assert stage.events[1:] == [Died(A, TEN_SECONDS)]
    assert stage.frames(1) == [None]


def test_an_engine_that_dies_after_it_sent_everything_is_not_missed() -> None:
    stage = playing(2)
    stage.ended(2)

    stage.playout.died()
    stage.ticks(2)

    assert stage.events[1:] == [Ended(A, 2 * FRAME_SAMPLES)]


def test_an_idle_engine_dies_and_fails_unnoticed() -> None:
    stage = Stage()

    stage.playout.died()
    stage.playout.refused("No.")

    assert stage.events == []


def test_a_play_that_no_engine_can_be_started_for_fails_for_good() -> None:
    stage = Stage()
    stage.open(position=960)

    stage.playout.refused("No engine.")

    assert stage.events == [Failed(A, SourceErrorKind.BROKEN, "No engine.", 960, True)]


def test_a_stop_drops_everything_and_forgets_a_hold() -> None:
    stage = playing(10)
    stage.playout.hold()

    stage.playout.stop()
    assert stage.sent[-1] == Stop()
    assert stage.frames(3) == [None] * 3
    stage.packets(10, 5)
    stage.ended(15)

    assert stage.frames(3) == [None] * 3
    assert stage.events[1:] == []


def test_a_stop_without_a_play_needs_no_engine() -> None:
    stage = Stage()

    stage.playout.stop()

    assert stage.sent == []


def test_opening_replaces_what_plays_and_its_news_is_late() -> None:
    stage = playing(10)

    stage.open(B)
    stage.playout.hear(messages.Opened(1, 1.0, True, False))
    stage.packets(10, 5, generation=1)
    stage.playout.hear(messages.Failed(1, SourceErrorKind.BROKEN, "No."))
    assert stage.frames(3) == [None] * 3
    stage.opened()
    stage.opened()
    stage.packets(0, 1)

    assert stage.frames(1) == [0]
    assert stage.events[1:] == [Opened(B, 60.0, True, False)]


def test_a_live_stream_may_keep_listeners_waiting() -> None:
    assert playing(0).playout.is_starving
    assert not playing(0, seekable=False, live=True).playout.is_starving
    ended = playing(1)
    ended.ended(1)
    assert not ended.playout.is_starving


class ListeningMachine(RuleBasedStateMachine):
    """Whatever is done, no frame is lost or heard twice, except where somebody sought.

    The engine is a model of the real one: it produces in order, as much as it may, and
    news may be on its way for a while.
    """

    @initialize()
    def begin(self) -> None:
        self.stage = Stage()
        self.stage.open()
        self.understood = 0
        self.on_its_way: list[messages.Opened | messages.Packets] = []
        self.produced, self.credit, self.generation = 0, 0, 0
        self.expected: set[int] = {0}
        self.produce(1)

    @rule(count=st.integers(1, 40))
    def produce(self, count: int) -> None:
        """Let the engine take its commands and produce something."""
        for command in self.stage.sent[self.understood :]:
            assert not isinstance(command, Stop)
            match command:
                case Open():
                    self.produced, self.generation = 0, command.generation
                    self.credit = command.credit
                    self.on_its_way.append(messages.Opened(self.generation, None, True, False))
                case Go():
                    self.produced = command.position // FRAME_SAMPLES
                    self.generation, self.credit = command.generation, command.credit
                case Grant(generation, credit):
                    self.credit += credit if generation == self.generation else 0
                case _:
                    assert_never(command)
        self.understood = len(self.stage.sent)
        count = min(count, self.credit)
        if count:
            self.credit -= count
            packets = [_PACKET.pack(0xFC, self.produced + i, self.generation) for i in range(count)]
            position = self.produced * FRAME_SAMPLES
            self.on_its_way.append(messages.Packets(self.generation, position, packets))
            self.produced += count

    @rule(count=st.integers(1, 3))
    def arrive(self, count: int) -> None:
        for news in self.on_its_way[:count]:
            self.stage.playout.hear(news)
        del self.on_its_way[:count]

    @rule(count=st.integers(1, 30))
    def listen(self, count: int) -> None:
        for _ in range(count):
            heard = self.stage.tick()
            if heard is not None:
                assert heard.frame in self.expected
                self.expected = {heard.frame + 1, *(f for f in self.expected if f >= 1_000)}

    @rule(gain=st.sampled_from([0.25, 0.5, 1.0]))
    def change_loudness(self, gain: float) -> None:
        self.stage.playout.set_gain(gain)

    @rule(second=st.integers(20, 100))
    def seek(self, second: int) -> None:
        self.stage.playout.seek(A, second * SAMPLE_RATE)
        self.expected.add(second * 50)

    @rule()
    def hold(self) -> None:
        self.stage.playout.hold()

    @rule()
    def release(self) -> None:
        self.stage.playout.release()

    @invariant()
    def as_much_is_on_hand_as_was_asked_for(self) -> None:
        assert len(self.stage.playout._buffer) <= 2 * BUFFERED


TestListening = ListeningMachine.TestCase


@given(gains=st.lists(st.integers(0, 8), min_size=1, max_size=10))
def test_many_changes_of_loudness_in_a_row_lose_nothing(gains: list[int]) -> None:
    """As when somebody drags the slider: ticks pass between the changes."""
    stage = playing(BUFFERED)
    heard = []
    for pause in gains:
        stage.playout.set_gain(0.5)
        heard += stage.ticks(pause)
    go = stage.sent[-1]
    assert isinstance(go, Go)
    stage.packets(go.position // FRAME_SAMPLES, 40)
    heard += stage.ticks(30)

    assert [h and h.frame for h in heard] == list(range(len(heard)))
    assert heard[-1] is not None
    assert heard[-1].generation == go.generation
