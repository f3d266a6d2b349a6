"""What holds of the player whatever is typed and whatever happens, early, late or twice."""

from __future__ import annotations

import itertools
from collections import Counter

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from musicbot.core import commands
from musicbot.core.effects import (
    Announce,
    Close,
    Effect,
    Find,
    Open,
    Pause,
    Reply,
    Request,
    Resume,
    Seek,
)
from musicbot.core.player import Player
from musicbot.core.playqueue import MAX_TRACKS
from musicbot.core.states import Loop, State
from musicbot.core.tracks import Piece, PlayId
from musicbot.errors import SourceErrorKind
from tests.support.players import LENGTH, piece, request, samples

TYPED = [
    *["demo"] * 3,
    *["pause"] * 3,
    "play words",
    "playnext words",
    "play",
    "resume",
    "skip",
    "stop",
    "seek 0:20",
    "loop off",
    "loop track",
    "loop queue",
    "remove 1",
    "clear",
]
"""What is typed, the more often the more it leads to."""

PEOPLE = st.sampled_from(["Ann", "Ben", "Cem"])
POSITIONS = st.sampled_from([0, samples(0.5), samples(30), samples(LENGTH), samples(2 * LENGTH)])
PIECES = st.sampled_from(
    [piece(), piece("Unknown", None), piece("Live", None, live=True), piece("Short", 0.5)]
)


class Histories(RuleBasedStateMachine):
    """Performs the effects as the room does, and watches them."""

    def __init__(self) -> None:
        super().__init__()
        self.player = Player()
        self.ids = itertools.count(1)
        self.open: PlayId | None = None
        self.plays: list[PlayId] = []
        self.sought: list[Request] = []
        self.asked: list[Request] = []
        self.finals: Counter[Request] = Counter()
        self.gave_up = False

    @rule(text=st.sampled_from(TYPED), person=PEOPLE, heard=POSITIONS)
    def somebody_types(self, text: str, person: str, heard: int) -> None:
        asked = request(next(self.ids), person)
        self.asked.append(asked)
        self.perform(commands.execute(self.player, text, asked, heard))

    @precondition(lambda self: self.sought)
    @rule(data=st.data(), found=PIECES, count=st.sampled_from([0, 1, 1, 2, 150]))
    def something_is_found(self, data: st.DataObject, found: Piece, count: int) -> None:
        sought = data.draw(st.sampled_from(self.sought))
        pieces = [found, *[piece()] * (count - 1)] if count else []
        title = "List" if count > 1 else None
        self.perform(self.player.found(sought, pieces, title))

    @precondition(lambda self: self.sought)
    @rule(data=st.data())
    def nothing_is_found(self, data: st.DataObject) -> None:
        self.perform(self.player.not_found(data.draw(st.sampled_from(self.sought)), "It is gone."))

    @precondition(lambda self: self.plays)
    @rule(
        data=st.data(),
        news=st.sampled_from(["opened", "ended", "failed", "failed for good", "died"]),
        position=POSITIONS,
        duration=st.sampled_from([None, 0.5, LENGTH]),
        live=st.booleans(),
    )
    def a_play_has_news(
        self, data: st.DataObject, news: str, position: int, duration: float | None, live: bool
    ) -> None:
        paused = self.player.state is State.PAUSED
        present = [self.open] * 3 if self.open else []
        play = data.draw(st.sampled_from([*present, *self.plays[-4:]]))
        if news == "opened":
            effects = self.player.opened(play, duration, seekable=not live, live=live)
        else:
            self.open = None if self.open == play else self.open
            effects = self.tell_end(play, news, position)
        self.perform(effects)
        assert not paused or self.player.state in (State.PAUSED, State.IDLE)

    def tell_end(self, play: PlayId, news: str, position: int) -> list[Effect]:
        if news == "ended":
            return self.player.ended(play, position)
        if news == "died":
            return self.player.died(play, position)
        for_good = news == "failed for good"
        kind = SourceErrorKind.GONE if for_good else SourceErrorKind.NETWORK
        return self.player.failed(play, kind, "It is gone.", position, permanent=for_good)

    @invariant()
    def only_the_present_play_is_open(self) -> None:
        turn = self.player._turn
        assert self.open == (turn.play if turn else None)

    @invariant()
    def what_loads_or_plays_is_open(self) -> None:
        if self.player.state in (State.LOADING, State.PLAYING):
            assert self.open is not None

    @invariant()
    def idle_means_nothing_left_to_play_unless_it_gave_up(self) -> None:
        if self.player.state is State.IDLE:
            assert self.player.track is None
            assert not self.player.queue or self.gave_up
        else:
            assert self.player.track is not None

    @invariant()
    def every_request_has_its_last_answer_or_is_looked_up(self) -> None:
        waiting = [asked for asked in self.asked if not self.finals[asked]]
        assert len(waiting) == len(self.player._look_ups)
        assert set(waiting) <= set(self.sought)
        assert set(self.finals.values()) <= {0, 1}

    @invariant()
    def the_queue_is_bounded(self) -> None:
        assert len(self.player.queue) <= MAX_TRACKS

    def teardown(self) -> None:
        """Let all that is left be played: the music comes to its end."""
        self.player.loop = Loop.OFF
        if self.player.state is State.PAUSED or self.player.queue:
            self.perform(commands.execute(self.player, "resume", request(0), 0))
        while self.open is not None:
            play = self.open
            self.perform(self.player.opened(play, LENGTH, seekable=True, live=False))
            self.open = None
            self.perform(self.player.ended(play, samples(LENGTH)))
        assert self.player.state is State.IDLE
        assert not self.player.queue

    def perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            self.perform_one(effect)

    def perform_one(self, effect: Effect) -> None:
        match effect:
            case Open(play):
                assert self.open is None
                assert play not in self.plays
                self.open = play
                self.plays.append(play)
                self.gave_up = False
            case Close(play):
                assert self.open == play
                self.open = None
            case Pause(play) | Resume(play) | Seek(play):
                assert self.open == play
            case Find(sought):
                self.sought.append(sought)
            case Reply(answered, _, text, True):
                assert len(text.splitlines()) == 1
                self.finals[answered] += 1
            case Announce(name):
                self.gave_up = name == "notice"
            case _:
                pass


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=120, stateful_step_count=50)
