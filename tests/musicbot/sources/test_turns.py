from __future__ import annotations

from collections.abc import Iterable

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from musicbot.sources.turns import MAX_SLOW, MEMORY, SLOW, Turn, Turns

PLACES = 3


def joined(turns: Turns, *rooms: str) -> list[Turn]:
    all_of_them = [Turn(room) for room in rooms]
    for turn in all_of_them:
        assert turns.join(turn) is None
    return all_of_them


def called(turns: Turns, now: float = 0.0) -> list[str]:
    """Call whoever may run; return their rooms."""
    rooms = []
    while (turn := turns.next(now)) is not None:
        rooms.append(turn.room)
    return rooms


def make_slow(turns: Turns, room: str, now: float = 0.0) -> None:
    for _ in range(MAX_SLOW):
        [turn] = joined(turns, room)
        assert turns.next(now) is turn
        turn.spent = SLOW
        turns.end(turn, now)


def test_a_room_alone_leaves_one_place_for_others() -> None:
    turns = Turns(PLACES)
    joined(turns, *"aaaa")

    assert called(turns) == ["a", "a"]

    joined(turns, "b")
    assert called(turns) == ["b"]


def test_rooms_take_turns_however_much_each_asks_for() -> None:
    turns = Turns(PLACES)
    running = joined(turns, *"aaaaabbc")
    assert called(turns) == ["a", "b", "c"]

    turns.end(running[5], 0.0)
    assert called(turns) == ["b"]
    turns.end(running[7], 0.0)
    assert called(turns) == []
    turns.end(running[0], 0.0)
    assert called(turns) == ["a"]


def test_a_room_that_runs_something_lets_rooms_that_run_nothing_go_first() -> None:
    turns = Turns(PLACES)
    _, second, third = joined(turns, *"abc")
    assert called(turns) == ["a", "b", "c"]
    joined(turns, *"ade")
    turns.end(second, 0.0)
    turns.end(third, 0.0)

    assert called(turns) == ["d", "e"]


def test_who_joins_again_goes_behind_who_waits() -> None:
    turns = Turns(2)
    first, second, *_ = joined(turns, *"abcda")
    assert called(turns) == ["a", "b"]

    turns.end(first, 0.0)
    turns.end(second, 0.0)

    assert called(turns) == ["c", "d"]


def test_of_one_room_first_come_is_first_served() -> None:
    turns = Turns(2)
    first, second = joined(turns, *"aa")

    assert turns.next(0.0) is first
    turns.end(first, 0.0)
    assert turns.next(0.0) is second


def test_a_room_with_too_many_waiting_sends_the_next_away() -> None:
    turns = Turns(PLACES, max_waiting=2)
    joined(turns, *"aab")
    another = Turn("a")

    assert turns.join(another) is another


def test_when_too_many_wait_in_all_the_latest_of_the_fullest_room_gives_way() -> None:
    turns = Turns(PLACES, max_waiting_in_all=3)
    *_, latest, _ = joined(turns, *"aab")

    assert turns.join(Turn("c")) is latest

    another = Turn("d")
    assert turns.join(another) is another


def test_who_leaves_the_line_is_not_called() -> None:
    turns = Turns(PLACES)
    first, second, _ = joined(turns, *"aab")

    turns.end(first, 0.0)
    assert called(turns) == ["a", "b"]

    turns.end(second, 0.0)
    assert called(turns) == []


def test_a_room_that_leaves_the_line_gives_its_turn_up() -> None:
    turns = Turns(PLACES)
    first, _ = joined(turns, *"ab")
    turns.end(first, 0.0)
    joined(turns, "a")

    assert called(turns) == ["b", "a"]


def test_who_was_sent_away_may_say_that_it_leaves() -> None:
    turns = Turns(PLACES, max_waiting=1)
    joined(turns, "a")
    another = Turn("a")
    turns.join(another)

    turns.end(another, 0.0)

    assert called(turns) == ["a"]


def test_a_slow_room_waits_until_nobody_else_does() -> None:
    turns = Turns(PLACES)
    make_slow(turns, "a")
    joined(turns, *"aabb")

    assert called(turns) == ["b", "b"]


def test_slow_rooms_leave_a_place_for_others_and_run_one_thing_each() -> None:
    turns = Turns(PLACES)
    for room in "abc":
        make_slow(turns, room)
    joined(turns, *"aabbcc")

    assert called(turns) == ["a", "b"]

    joined(turns, "d")
    assert called(turns) == ["d"]


def test_a_slow_room_is_forgiven_in_time() -> None:
    turns = Turns(PLACES)
    make_slow(turns, "a", now=0.0)
    assert turns.is_slow("a", MEMORY - 0.1)
    assert not turns.is_slow("a", MEMORY)

    make_slow(turns, "b", now=MEMORY)
    joined(turns, *"aab")

    assert called(turns, MEMORY) == ["a", "a"]


def test_what_is_done_in_time_makes_no_room_slow() -> None:
    turns = Turns(PLACES, slow=5.0)
    for turn in joined(turns, *"aaaa"):
        assert turns.next(0.0) is turn
        turn.spent = 4.9
        turns.end(turn, 0.0)

    assert not turns.is_slow("a", 0.0)


class AnyHistory(RuleBasedStateMachine):
    """Rooms ask, whatever they like; whoever may run is called at once."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns(PLACES, max_waiting=4, max_waiting_in_all=10)
        self.now = 0.0
        self.waiting: list[Turn] = []
        self.running: list[Turn] = []
        self.passed_by: dict[str, list[str]] = {}
        """For each room that has to be served: who was, while it waited."""

    @rule(rooms=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8))
    def join(self, rooms: list[str]) -> None:
        for turn in map(Turn, rooms):
            sent_away = self.turns.join(turn)
            self.waiting.append(turn)
            if sent_away is not None:
                self.waiting.remove(sent_away)
                assert self.most_waiting() <= self.waits(sent_away.room) + 1
            self.call()

    @precondition(lambda self: self.running)
    @rule(which=st.lists(st.integers(0, PLACES - 1), min_size=1, max_size=6), slow=st.booleans())
    def finish(self, which: list[int], slow: bool) -> None:
        for index in which[: len(self.running) + len(self.waiting)]:
            turn = self.running.pop(index % len(self.running))
            turn.spent = SLOW if slow else 0.1
            self.turns.end(turn, self.now)
            self.call()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        turn = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(turn)
        self.turns.end(turn, self.now)
        self.call()

    @rule(seconds=st.sampled_from([1.0, MEMORY]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.call()

    @invariant()
    def bounds_hold(self) -> None:
        assert len(self.running) <= PLACES
        assert len(self.waiting) <= 10
        assert self.most_waiting() <= 4

    @invariant()
    def no_room_has_all_places(self) -> None:
        rooms = [turn.room for turn in self.running]
        assert all(rooms.count(room) < PLACES for room in rooms)

    @invariant()
    def nobody_waits_beside_a_free_place_that_it_may_have(self) -> None:
        assert len(self.running) == PLACES or not list(self.due())

    @invariant()
    def who_alone_waits_is_served_even_if_it_is_slow(self) -> None:
        assert self.running or not self.waiting

    @invariant()
    def no_room_is_served_twice_while_another_is_due(self) -> None:
        for served in self.passed_by.values():
            assert len(served) == len(set(served))

    def call(self) -> None:
        self.note_due()
        while (turn := self.turns.next(self.now)) is not None:
            for room, served in self.passed_by.items():
                if room != turn.room:
                    served.append(turn.room)
            self.waiting.remove(turn)
            self.running.append(turn)
            self.note_due()

    def note_due(self) -> None:
        self.passed_by = {room: self.passed_by.get(room, []) for room in self.due()}

    def due(self) -> Iterable[str]:
        """Return the rooms that wait, run nothing, and are not slow."""
        waiting = {turn.room for turn in self.waiting}
        idle = waiting - {turn.room for turn in self.running}
        return [room for room in sorted(idle) if not self.turns.is_slow(room, self.now)]

    def waits(self, room: str) -> int:
        return sum(turn.room == room for turn in self.waiting)

    def most_waiting(self) -> int:
        return max((self.waits(turn.room) for turn in self.waiting), default=0)


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
