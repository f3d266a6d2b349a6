from __future__ import annotations

from typing import Final

import pytest

from signaling.limits import Limits
from signaling.messages import (
    Error,
    IceServer,
    Join,
    Kind,
    Peer,
    PeerChanged,
    PeerJoined,
    PeerLeft,
    ProtocolError,
    RelayedSignal,
    RoomChanged,
    RoomInfo,
    ServerMessage,
    Signal,
    Welcome,
)
from signaling.rooms import Close, Effect, Reason, Room, Rooms, Send

ICE: Final = (IceServer("stun:stun.example.org"),)


def rooms(**limits: int) -> Rooms:
    return Rooms(Limits(**limits))


def enter(
    world: Rooms, peer_id: str, kind: Kind = "person", room: str = "room", password: str = ""
) -> list[Effect]:
    return world.join(peer_id, Join(room, peer_id.title(), kind, password=password), ICE)


def room_of(world: Rooms, peer_id: str) -> Room:
    room = world.of(peer_id)
    assert room is not None
    return room


def with_people(*names: str) -> Rooms:
    world = rooms()
    for name in names:
        enter(world, name)
    return world


def hosts(world: Rooms) -> list[str]:
    return [peer.id for room in world for peer in room.peers if peer.role == "host"]


def sent_to(effects: list[Effect], peer_id: str) -> list[ServerMessage]:
    return [each.message for each in effects if isinstance(each, Send) and each.to == peer_id]


def code_of(act: object) -> str:
    assert callable(act)
    with pytest.raises(ProtocolError) as caught:
        act()
    return caught.value.code


def test_the_newcomer_is_welcomed_before_the_others_hear_of_them() -> None:
    world = rooms()

    first = enter(world, "ann")
    second = enter(world, "bob")

    ann, bob = Peer("ann", "Ann", "person", "host"), Peer("bob", "Bob", "person", "guest")
    info = RoomInfo("room", locked=False)
    assert first == [Send("ann", Welcome(1, ann, info, (), ICE))]
    assert second == [
        Send("bob", Welcome(1, bob, info, (ann,), ICE)),
        Send("ann", PeerJoined(bob)),
    ]


def test_only_a_person_is_host_even_if_others_came_first() -> None:
    world = rooms()
    enter(world, "bot", "bot")
    enter(world, "cli", "control")

    assert hosts(world) == []
    enter(world, "ann")
    assert hosts(world) == ["ann"]


def test_when_the_host_leaves_who_has_been_there_longest_is_host() -> None:
    world = rooms()
    enter(world, "ann")
    enter(world, "bot", "bot")
    enter(world, "bob")
    enter(world, "cat")

    effects = world.leave("ann", Reason.LOST)

    assert sent_to(effects, "cat") == [
        PeerLeft("ann", "lost"),
        PeerChanged(Peer("bob", "Bob", "person", "host")),
    ]
    assert hosts(world) == ["bob"]


def test_when_a_guest_leaves_the_host_stays() -> None:
    world = with_people("ann", "bob")

    assert world.leave("bob", Reason.LEFT) == [Send("ann", PeerLeft("bob", "left"))]
    assert hosts(world) == ["ann"]


def test_a_room_ends_with_its_last_peer() -> None:
    world = with_people("ann")

    assert world.leave("ann", Reason.LEFT) == []
    assert list(world) == []
    assert world.of("ann") is None


def test_a_signal_reaches_its_receiver_only_and_bears_its_sender() -> None:
    world = with_people("ann", "bob", "cat")

    effects = room_of(world, "ann").relay("ann", Signal("bob", candidate=None))

    assert effects == [Send("bob", RelayedSignal("ann", candidate=None))]


@pytest.mark.parametrize("to", ["eve", "nobody", "ann"])
def test_nothing_leaves_the_room_or_comes_back(to: str) -> None:
    world = with_people("ann", "bob")
    enter(world, "eve", room="elsewhere")

    relay = lambda: room_of(world, "ann").relay("ann", Signal(to, candidate=None))  # noqa: E731

    assert code_of(relay) == "no-such-peer"


def test_a_new_name_is_told_to_all() -> None:
    world = with_people("ann", "bob")

    effects = room_of(world, "bob").rename("bob", "Robert")

    changed = PeerChanged(Peer("bob", "Robert", "person", "guest"))
    assert effects == [Send("ann", changed), Send("bob", changed)]


def test_a_locked_room_lets_only_the_bot_in() -> None:
    world = with_people("ann")

    effects = room_of(world, "ann").lock("ann", locked=True)

    assert effects == [Send("ann", RoomChanged(RoomInfo("room", locked=True)))]
    assert code_of(lambda: enter(world, "bob")) == "room-locked"
    assert code_of(lambda: enter(world, "cli", "control")) == "room-locked"
    assert enter(world, "bot", "bot") != []
    room_of(world, "ann").lock("ann", locked=False)
    assert enter(world, "bob") != []


def test_what_the_last_person_locked_is_open_to_the_next() -> None:
    world = rooms()
    enter(world, "ann", password="secret")
    enter(world, "bot", "bot")
    room_of(world, "ann").lock("ann", locked=True)

    effects = world.leave("ann", Reason.LEFT)

    assert sent_to(effects, "bot") == [
        PeerLeft("ann", "left"),
        RoomChanged(RoomInfo("room", locked=False)),
    ]
    assert enter(world, "bob") != []


def test_only_the_host_may_lock_kick_and_hand_over() -> None:
    world = with_people("ann", "bob")
    room = room_of(world, "bob")

    assert code_of(lambda: room.lock("bob", locked=True)) == "not-host"
    assert code_of(lambda: world.kick("bob", "ann")) == "not-host"
    assert code_of(lambda: room.make_host("bob", "bob")) == "not-host"
    assert not room.info.locked


def test_who_is_kicked_hears_why_and_is_gone() -> None:
    world = with_people("ann", "bob")

    effects = world.kick("ann", "bob")

    assert effects == [
        Send("bob", Error("kicked", "The host removed you from the room.")),
        Close("bob", 1008, "kicked"),
        Send("ann", PeerLeft("bob", "kicked")),
    ]
    assert world.of("bob") is None
    assert code_of(lambda: world.kick("ann", "bob")) == "no-such-peer"
    assert code_of(lambda: world.kick("ann", "ann")) == "no-such-peer"


def test_the_role_of_host_is_handed_to_another_person_only() -> None:
    world = with_people("ann", "bob")
    enter(world, "bot", "bot")
    room = room_of(world, "ann")

    effects = room.make_host("ann", "bob")

    assert sent_to(effects, "bot") == [
        PeerChanged(Peer("ann", "Ann", "person", "guest")),
        PeerChanged(Peer("bob", "Bob", "person", "host")),
    ]
    assert code_of(lambda: room.make_host("bob", "bot")) == "no-such-peer"
    assert code_of(lambda: room.make_host("bob", "nobody")) == "no-such-peer"
    assert code_of(lambda: room.make_host("bob", "bob")) == "no-such-peer"
    assert hosts(world) == ["bob"]


def test_a_full_room_lets_only_the_bot_in() -> None:
    world = rooms(room_peers=2)
    enter(world, "ann")
    enter(world, "cli", "control")

    assert code_of(lambda: enter(world, "bob")) == "room-full"
    enter(world, "bot", "bot")
    world.leave("cli", Reason.LEFT)
    assert enter(world, "bob") != []


def test_a_full_server_begins_no_further_room() -> None:
    world = rooms(rooms=1)
    enter(world, "ann")

    assert code_of(lambda: enter(world, "eve", room="elsewhere")) == "server-full"
    assert enter(world, "bob") != []


def test_a_bot_takes_the_place_of_the_one_before() -> None:
    world = with_people("ann")
    enter(world, "old", "bot")

    effects = enter(world, "new", "bot")

    new = Peer("new", "New", "bot", "guest")
    ann = Peer("ann", "Ann", "person", "host")
    assert effects == [
        Send("old", Error("replaced", "Another bot has taken over this room.")),
        Close("old", 4001, "replaced"),
        Send("ann", PeerLeft("old", "replaced")),
        Send("new", Welcome(1, new, RoomInfo("room", locked=False), (ann,), ICE)),
        Send("ann", PeerJoined(new)),
    ]
    assert room_of(world, "ann").bot == new
    assert world.of("old") is None


def test_the_first_person_sets_the_password() -> None:
    world = rooms()
    enter(world, "cli", "control", password="not this one")
    enter(world, "ann", password="sécret")

    assert code_of(lambda: enter(world, "bob")) == "wrong-password"
    assert code_of(lambda: enter(world, "bob", password="secret")) == "wrong-password"
    assert enter(world, "bob", password="sécret") != []
    assert enter(world, "bot", "bot") != []


def test_without_a_password_any_will_do() -> None:
    world = with_people("ann")

    assert enter(world, "bob", password="whatever") != []
