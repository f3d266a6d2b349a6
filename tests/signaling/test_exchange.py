from __future__ import annotations

from typing import Final, assert_never

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from signaling import messages
from signaling.exchange import Exchange
from signaling.limits import Limits
from signaling.messages import (
    ClientMessage,
    Error,
    Join,
    Kind,
    Peer,
    PeerChanged,
    PeerJoined,
    PeerLeft,
    RelayedSignal,
    RoomChanged,
    RoomInfo,
    ServerMessage,
    Signal,
    Summoned,
    Welcome,
    encode,
)
from signaling.rooms import Close, Effect, Reason, Send

TOKEN: Final = "secret"


class Desk:
    """An exchange, and what each connection was sent."""

    def __init__(self, **limits: float) -> None:
        self.exchange = Exchange(
            limits=Limits(**limits),  # type: ignore[arg-type]
            token=TOKEN,
            ice=lambda: (),
        )
        self.now = 0.0
        self.heard: dict[str, list[ServerMessage | Close]] = {}

    def connect(self, *names: str) -> None:
        for name in names:
            self.heard[name] = []
            self.keep(self.exchange.connected(name, from_page=True, now=self.now))

    def say(self, name: str, *said: ClientMessage | str) -> None:
        for message in said:
            text = message if isinstance(message, str) else encode(message)
            self.keep(self.exchange.received(name, text, self.now))

    def enter(self, *names: str, room: str = "room", kind: Kind = "person") -> None:
        token = TOKEN if kind == "bot" else None
        for name in names:
            self.connect(name)
            self.say(name, Join(room, name, kind, token=token))

    def serve(self, name: str, capacity: int = 5) -> None:
        self.connect(name)
        self.say(name, messages.Serve(TOKEN, capacity))

    def end(self, name: str, reason: Reason = Reason.LOST) -> None:
        self.keep(self.exchange.disconnected(name, reason, self.now))

    def keep(self, effects: list[Effect]) -> None:
        for effect in effects:
            news = effect.message if isinstance(effect, Send) else effect
            self.heard[effect.to].append(news)

    def take(self, name: str) -> list[ServerMessage | Close]:
        """Return what a connection was sent since the last time."""
        taken = self.heard[name]
        self.heard[name] = []
        return taken

    def codes(self, name: str) -> list[str | int]:
        """Return the codes of the errors and the close that a connection was sent."""
        return [each.code for each in self.take(name) if isinstance(each, Error | Close)]


def test_people_in_a_room_reach_each_other() -> None:
    desk = Desk()
    desk.enter("ann", "bob")
    desk.take("bob")

    desk.say("ann", Signal("bob", candidate=None))

    assert desk.take("bob") == [RelayedSignal("ann", candidate=None)]


def test_who_says_something_wrong_at_first_is_turned_away_and_not_heard_again() -> None:
    desk = Desk()
    desk.connect("eve")

    desk.say("eve", "hello", Join("room", "eve"))

    assert desk.codes("eve") == ["bad-message", 1008]
    desk.end("eve")
    assert desk.take("eve") == []


def test_who_says_something_wrong_in_a_room_may_go_on() -> None:
    desk = Desk()
    desk.enter("ann", "bob")

    desk.say("ann", "hello", Join("room", "again"), messages.Load(3), messages.Rename("Anna"))

    assert desk.codes("ann") == ["bad-message", "not-now", "not-now"]
    assert PeerChanged(Peer("ann", "Anna", "person", "host")) in desk.take("bob")


def test_who_is_refused_by_the_room_is_turned_away() -> None:
    desk = Desk(room_peers=1)
    desk.enter("ann", "bob")

    assert desk.codes("bob") == ["room-full", 1008]
    desk.end("bob")
    assert len(desk.take("ann")) == 1


def test_who_says_nothing_is_turned_away() -> None:
    desk = Desk()
    desk.connect("ann")

    desk.keep(desk.exchange.timed_out("ann", 5))
    desk.keep(desk.exchange.timed_out("ann", 6))

    assert desk.codes("ann") == ["join-timeout", 1008]


def test_a_full_server_asks_to_come_back_later() -> None:
    desk = Desk(connections=1)
    desk.enter("ann")
    desk.connect("bob")

    assert desk.codes("bob") == ["server-full", 1013]


def test_who_leaves_is_gone_once() -> None:
    desk = Desk()
    desk.enter("ann", "bob")
    desk.take("ann")

    desk.say("bob", messages.Leave())
    desk.end("bob", Reason.LEFT)

    assert desk.take("bob")[-1] == Close("bob", 1000, "left")
    assert desk.take("ann") == [PeerLeft("bob", "left")]


def test_who_is_kicked_is_gone_once_and_not_heard_again() -> None:
    desk = Desk()
    desk.enter("ann", "bob")
    desk.take("ann")

    desk.say("ann", messages.Kick("bob"))
    desk.say("bob", Signal("ann", candidate=None))
    desk.end("bob")

    assert desk.codes("bob") == ["kicked", 1008]
    assert desk.take("ann") == [PeerLeft("bob", "kicked")]


def test_the_host_may_lock_and_hand_over() -> None:
    desk = Desk()
    desk.enter("ann", "bob")
    desk.take("bob")

    desk.say("ann", messages.Lock(locked=True), messages.MakeHost("bob"))

    assert desk.take("bob") == [
        RoomChanged(RoomInfo("room", locked=True)),
        PeerChanged(Peer("ann", "ann", "person", "guest")),
        PeerChanged(Peer("bob", "bob", "person", "host")),
    ]


def test_a_flood_is_dropped_told_and_ended() -> None:
    desk = Desk(message_rate=1, message_burst=2, abuse_time=3)
    desk.enter("ann", "bob")
    desk.take("bob")

    for _ in range(8):
        desk.say("bob", *[Signal("ann", candidate=None)] * 5)
        desk.now += 0.5

    assert desk.codes("bob") == ["too-many"] * 4 + [1013]
    heard = desk.take("ann")
    assert heard.count(RelayedSignal("bob", candidate=None)) == 4
    assert heard[-1] == PeerLeft("bob", "lost")


def test_a_summons_goes_to_the_least_loaded_worker_once() -> None:
    desk = Desk()
    desk.serve("busy")
    desk.serve("idle")
    desk.say("busy", messages.Load(2))
    desk.enter("ann", "bob")

    desk.say("ann", messages.Summon())
    desk.say("bob", messages.Summon())

    assert (desk.take("busy"), desk.take("idle")) == ([], [Summoned("room")])


def test_who_has_a_bot_needs_no_other_until_it_leaves() -> None:
    desk = Desk()
    desk.serve("worker")
    desk.enter("ann")
    desk.say("ann", messages.Summon())
    desk.enter("bot", kind="bot")

    desk.say("ann", messages.Summon())
    desk.now += 60
    desk.say("ann", messages.Summon())
    assert desk.take("worker") == [Summoned("room")]

    desk.say("bot", messages.Leave())
    desk.say("ann", messages.Summon())
    assert desk.take("worker") == [Summoned("room")]


def test_a_bot_that_is_there_takes_its_worker_s_place_as_long_as_it_stays() -> None:
    desk = Desk()
    desk.serve("worker", capacity=1)
    desk.enter("ann")
    desk.enter("eve", room="elsewhere")
    desk.say("ann", messages.Summon())
    desk.enter("bot", kind="bot")

    desk.now += 3600
    desk.say("eve", messages.Summon())
    assert desk.codes("eve") == ["no-bot"]

    desk.say("bot", messages.Leave())
    desk.say("eve", messages.Summon())
    assert desk.take("worker") == [Summoned("room"), Summoned("elsewhere")]


def test_a_bot_that_was_kicked_can_be_summoned_again() -> None:
    desk = Desk()
    desk.serve("worker")
    desk.enter("ann", "bob")
    desk.say("ann", messages.Summon())
    desk.say("ann", messages.Kick("bob"), messages.Summon())
    assert desk.take("worker") == [Summoned("room")]
    desk.enter("bot", kind="bot")

    desk.say("ann", messages.Kick("bot"), messages.Summon())

    assert desk.take("worker") == [Summoned("room")]


def test_a_bot_that_takes_over_ends_the_one_before() -> None:
    desk = Desk()
    desk.enter("ann")
    desk.enter("old", kind="bot")

    desk.enter("new", kind="bot")
    desk.end("old")

    assert desk.codes("old") == ["replaced", 4001]
    assert [type(each) for each in desk.take("ann")[-2:]] == [PeerLeft, PeerJoined]


def test_when_a_worker_dies_another_is_sent_where_its_bot_was_awaited() -> None:
    desk = Desk()
    desk.serve("first")
    desk.enter("ann")
    desk.enter("eve", room="elsewhere")
    desk.say("ann", messages.Summon())
    desk.serve("second")

    desk.end("first")

    assert desk.take("second") == [Summoned("room")]


def test_when_the_last_worker_dies_those_who_wait_are_told() -> None:
    desk = Desk()
    desk.serve("only")
    desk.enter("ann")
    desk.say("ann", messages.Summon())

    desk.end("only")

    assert desk.codes("ann") == ["no-bot"]


def test_without_a_worker_there_is_no_bot() -> None:
    desk = Desk()
    desk.enter("ann")

    desk.say("ann", messages.Summon())

    assert desk.codes("ann") == ["no-bot"]


def desk_with_music(*rooms: str) -> Desk:
    """Return a desk with a person and a bot in each room, and one worker."""
    desk = Desk()
    desk.serve("worker")
    for room in rooms:
        desk.enter(f"ann in {room}", room=room)
        desk.say(f"ann in {room}", messages.Summon())
        desk.enter(f"bot in {room}", room=room, kind="bot")
        desk.take(f"ann in {room}")
    assert desk.take("worker") == [Summoned(room) for room in rooms]
    return desk


@pytest.mark.parametrize("order", [["worker", "bot in red"], ["bot in red", "worker"]])
def test_a_bot_that_died_with_its_worker_is_back_as_soon_as_a_worker_serves(
    order: list[str],
) -> None:
    desk = desk_with_music("red")

    for name in order:
        desk.end(name)
    desk.serve("next")
    desk.serve("one more")

    assert (desk.take("next"), desk.take("one more")) == ([Summoned("red")], [])
    assert desk.codes("ann in red") == []


def test_another_worker_takes_over_at_once() -> None:
    desk = desk_with_music("red", "blue")
    desk.serve("other")

    desk.end("worker")
    assert desk.take("other") == []
    desk.end("bot in red")
    desk.end("bot in blue")

    assert desk.take("other") == [Summoned("red"), Summoned("blue")]


@pytest.mark.parametrize("bot_first", [True, False])
def test_a_worker_that_stops_in_order_has_its_rooms_taken_over_as_well(bot_first: bool) -> None:
    desk = desk_with_music("red", "blue")
    desk.say("bot in blue", messages.Leave())
    desk.now += 60

    if bot_first:
        desk.say("bot in red", messages.Leave())
    desk.end("worker", Reason.LEFT)
    if not bot_first:
        desk.say("bot in red", messages.Leave())
    desk.serve("next")

    assert desk.take("next") == [Summoned("red")]
    assert desk.codes("ann in red") == []


def test_a_bot_whose_connection_broke_is_called_back_by_the_worker_that_has_its_queue() -> None:
    desk = desk_with_music("red", "blue")
    desk.serve("idle")

    desk.end("bot in red")

    assert (desk.take("worker"), desk.take("idle")) == ([Summoned("red")], [])


def test_a_bot_that_leaves_or_is_sent_away_stays_away() -> None:
    desk = desk_with_music("red", "blue", "green")
    desk.end("worker")
    desk.serve("back again")

    desk.say("bot in red", messages.Leave())
    desk.say("ann in blue", messages.Kick("bot in blue"))
    desk.say("ann in green", messages.Leave())
    desk.end("bot in green")
    desk.serve("next")

    assert (desk.take("back again"), desk.take("next")) == ([], [])


def test_a_room_that_everybody_has_left_gets_no_bot_back() -> None:
    desk = desk_with_music("red")
    desk.end("worker")
    desk.end("bot in red")

    desk.say("ann in red", messages.Leave())
    desk.enter("eve", room="red")
    desk.serve("next")

    assert desk.take("next") == []


def test_rooms_for_which_there_is_no_place_wait_for_the_worker_after() -> None:
    desk = desk_with_music("red", "blue")
    for name in ("worker", "bot in red", "bot in blue"):
        desk.end(name)

    desk.serve("small", capacity=1)
    desk.serve("next")

    assert (desk.take("small"), desk.take("next")) == ([Summoned("red")], [Summoned("blue")])


def test_bots_that_die_again_and_again_in_a_room_are_not_sent_for_ever() -> None:
    desk = desk_with_music("red")
    deaths = 0
    desk.end("bot in red")
    while desk.take("worker"):
        deaths += 1
        desk.now += 5
        desk.enter("bot in red", room="red", kind="bot")
        desk.end("bot in red")

    assert deaths == 3
    desk.say("ann in red", messages.Summon())
    assert desk.take("worker") == [Summoned("red")]


def test_workers_that_die_of_a_room_before_they_are_in_it_are_not_sent_for_ever() -> None:
    desk = Desk()
    desk.enter("ann")
    desk.serve("worker 0")
    desk.say("ann", messages.Summon())
    deaths = 0
    while desk.take(f"worker {deaths}"):
        desk.end(f"worker {deaths}")
        deaths += 1
        desk.now += 5
        desk.serve(f"worker {deaths}")

    assert deaths == 4


ROOMS: Final = st.sampled_from(["red", "red", "red", "red", "red", "blue", "blue", "green"])
KINDS: Final = st.sampled_from(["person", "person", "person", "bot", "control"])


class View:
    """What one connection can know by what it was sent."""

    def __init__(self) -> None:
        self.room: RoomInfo | None = None
        self.peers: dict[str, Peer] = {}
        self.closed = False


class Meetings(RuleBasedStateMachine):
    """Whatever clients say in whatever order, everybody's picture of their room is true."""

    inside = Bundle("inside")
    others = Bundle("others")

    def __init__(self) -> None:
        super().__init__()
        self.exchange = Exchange(
            limits=Limits(room_peers=4, rooms=2, connections=30, message_burst=20),
            token=TOKEN,
            ice=lambda: (),
        )
        self.now = 0.0
        self.count = 0
        self.views: dict[str, View] = {}

    @rule(target=inside, room=ROOMS, kind=KINDS)
    def come_in(self, room: str, kind: Kind) -> str:
        name = self.connect(from_page=False)
        self.say(name, Join(room, name, kind, token=TOKEN))
        return name

    @rule(target=others, room=ROOMS, kind=KINDS, token=st.sampled_from([None, "no"]))
    def knock(self, room: str, kind: Kind, token: str | None) -> str:
        name = self.connect(from_page=True)
        self.say(name, Join(room, name, kind, token=token))
        return name

    @initialize(target=others)
    def begin_with_a_worker(self) -> str:
        return self.serve(early=False)

    @rule(target=others, early=st.booleans())
    def offer(self, early: bool) -> str:
        return self.serve(early=early)

    def serve(self, *, early: bool) -> str:
        name = self.connect(from_page=False)
        if early:
            self.say(name, messages.Load(1))
        self.say(name, messages.Serve(TOKEN, 2))
        return name

    @rule(target=others)
    def say_nothing(self) -> str:
        name = self.connect(from_page=True)
        self.perform(name, self.exchange.timed_out(name, self.now))
        return name

    @rule(name=inside | others, to=inside)
    def signal(self, name: str, to: str) -> None:
        self.say(name, Signal(to, candidate=None))

    @rule(name=inside, pick=st.integers(0, 4))
    def signal_somebody_here(self, name: str, pick: int) -> None:
        self.say(name, Signal(self.somebody(name, pick), candidate=None))

    @rule(name=inside, pick=st.integers(0, 4))
    def kick(self, name: str, pick: int) -> None:
        self.say(name, messages.Kick(self.somebody(name, pick)))

    @rule(name=inside, pick=st.integers(0, 4))
    def hand_over(self, name: str, pick: int) -> None:
        self.say(name, messages.MakeHost(self.somebody(name, pick)))

    @rule(name=inside, locked=st.booleans())
    def lock(self, name: str, locked: bool) -> None:
        self.say(name, messages.Lock(locked))

    @rule(name=inside)
    def summon(self, name: str) -> None:
        self.say(name, messages.Summon())

    @rule(
        name=inside,
        message=st.sampled_from(
            [
                messages.Rename("New"),
                messages.Rename(""),
                messages.Load(1),
                messages.Serve(TOKEN, 2),
                Join("red", "again"),
            ]
        ),
    )
    def talk(self, name: str, message: ClientMessage) -> None:
        self.say(name, message)

    @rule(name=inside | others, text=st.text(max_size=20))
    def babble(self, name: str, text: str) -> None:
        self.perform(name, self.exchange.received(name, text, self.now))

    @rule(name=inside)
    def leave(self, name: str) -> None:
        self.say(name, messages.Leave())

    @rule(
        name=consumes(inside) | consumes(others), reason=st.sampled_from([Reason.LEFT, Reason.LOST])
    )
    def disconnect(self, name: str, reason: Reason) -> None:
        view = self.views.pop(name)
        view.closed = True
        effects = self.exchange.disconnected(name, reason, self.now)
        assert all(effect.to != name for effect in effects)
        self.perform(name, effects)

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    def somebody(self, name: str, pick: int) -> str:
        """Return somebody in the same room; perhaps they themselves."""
        here = sorted(self.views[name].peers) or [name]
        return here[pick % len(here)]

    def connect(self, *, from_page: bool) -> str:
        self.count += 1
        name = f"peer {self.count}"
        self.views[name] = View()
        self.perform(name, self.exchange.connected(name, from_page=from_page, now=self.now))
        return name

    def say(self, name: str, message: ClientMessage) -> None:
        self.perform(name, self.exchange.received(name, encode(message), self.now))

    def perform(self, speaker: str, effects: list[Effect]) -> None:
        for effect in effects:
            view = self.views[effect.to]
            assert not view.closed, "something was sent after the close"
            if isinstance(effect, Close):
                view.closed = True
                view.room = None
                view.peers = {}
            else:
                self.hear(speaker, effect.to, view, effect.message)

    def hear(self, speaker: str, name: str, view: View, message: ServerMessage) -> None:
        match message:
            case Welcome():
                assert view.room is None
                view.room = message.room
                view.peers = {peer.id: peer for peer in (*message.peers, message.self_)}
                assert message.self_.id == name
            case PeerJoined():
                assert message.peer.id not in view.peers
                view.peers[message.peer.id] = message.peer
            case PeerChanged():
                assert message.peer.id in view.peers
                view.peers[message.peer.id] = message.peer
            case PeerLeft():
                del view.peers[message.peer]
            case RoomChanged():
                view.room = message.room
            case RelayedSignal():
                assert message.from_ == speaker
                assert message.from_ in view.peers
            case Summoned():
                assert view.room is None
                assert message.room in {room.name for room in self.exchange.rooms}
            case Error():
                assert message.code in messages.ERRORS
            case _:
                assert_never(message)

    @invariant()
    def everybody_sees_their_room_as_it_is(self) -> None:
        for name, view in self.views.items():
            room = self.exchange.rooms.of(name)
            assert view.room == (None if room is None else room.info)
            inside = {} if room is None else {peer.id: peer for peer in room.peers}
            assert view.peers == inside

    @invariant()
    def exactly_one_person_is_host_where_there_are_people(self) -> None:
        for room in self.exchange.rooms:
            people = [peer for peer in room.peers if peer.kind == "person"]
            hosts = [peer for peer in room.peers if peer.role == "host"]
            assert len(hosts) == min(1, len(people))
            assert all(peer.kind == "person" for peer in hosts)

    @invariant()
    def no_room_is_empty_too_full_or_has_two_bots(self) -> None:
        everywhere = [peer.id for room in self.exchange.rooms for peer in room.peers]
        assert len(everywhere) == len(set(everywhere))
        assert set(everywhere) <= set(self.views)
        for room in self.exchange.rooms:
            bots = [peer for peer in room.peers if peer.kind == "bot"]
            assert len(bots) <= 1
            assert 1 <= len(room.peers) <= 4 + len(bots)


TestMeetings = Meetings.TestCase
