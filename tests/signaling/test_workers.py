from __future__ import annotations

import pytest

from signaling.messages import ProtocolError
from signaling.workers import Workers

SUMMON_TIME = 10.0


def workers(**capacities: int) -> Workers:
    pool = Workers(SUMMON_TIME)
    for name, capacity in capacities.items():
        pool.add(name, capacity)
    return pool


def no_bot_for(pool: Workers, room: str, now: float = 0) -> bool:
    with pytest.raises(ProtocolError) as caught:
        pool.summon(room, now)
    return caught.value.code == "no-bot"


def test_the_least_loaded_worker_is_sent() -> None:
    pool = workers(busy=10, idle=10)
    pool.report("busy", 3)

    assert [pool.summon(f"room {n}", 0) for n in range(4)] == ["idle", "idle", "idle", "busy"]


def test_load_is_what_a_worker_does_of_what_it_can() -> None:
    pool = workers(small=2, large=100)
    pool.report("small", 1)
    pool.report("large", 20)

    assert pool.summon("room", 0) == "large"


def test_a_full_worker_is_not_sent() -> None:
    pool = workers(only=2)
    pool.summon("first", 0)
    pool.report("only", 2)

    assert no_bot_for(pool, "second")


def test_without_workers_there_is_no_bot() -> None:
    assert no_bot_for(workers(), "room")


def test_a_bot_on_its_way_is_not_summoned_twice() -> None:
    pool = workers(a=5, b=5)

    assert [pool.summon("room", now) for now in (0, 1, SUMMON_TIME - 1)] == ["a", None, None]


def test_who_does_not_come_is_replaced_by_another() -> None:
    pool = workers(hung=5, other=5)
    pool.report("other", 4)
    pool.summon("room", 0)

    assert pool.summon("room", SUMMON_TIME) == "other"
    assert pool.summon("elsewhere", SUMMON_TIME) == "hung"


def test_who_does_not_come_is_asked_again_if_there_is_no_other() -> None:
    pool = workers(only=1)
    pool.summon("room", 0)

    assert pool.summon("room", SUMMON_TIME) == "only"


def test_a_bot_that_never_came_takes_no_place_for_ever() -> None:
    pool = workers(only=1)
    pool.summon("left by everybody", 0)

    assert no_bot_for(pool, "room", now=SUMMON_TIME - 1)
    assert pool.summon("room", SUMMON_TIME) == "only"


def test_rooms_that_wait_for_a_dead_worker_are_told_and_others_go_there() -> None:
    pool = workers(a=5, b=5)
    pool.report("b", 1)
    pool.summon("there", 0)
    pool.arrived("there")
    pool.report("b", 5)
    pool.summon("waiting", 0)
    pool.report("b", 0)

    assert pool.remove("a") == ["waiting"]
    assert pool.summon("waiting", 1) == "b"


def test_a_bot_that_left_frees_its_place_and_can_be_summoned_again() -> None:
    pool = workers(only=1)
    pool.summon("room", 0)
    pool.arrived("room")

    pool.left("room", 0)

    assert pool.summon("room", 1) == "only"


def test_a_lost_bot_is_called_back_by_its_own_worker_however_much_that_has_to_do() -> None:
    pool = workers(own=1, idle=5)
    pool.report("idle", 5)
    pool.summon("room", 0)
    pool.arrived("room")
    pool.report("idle", 0)

    assert pool.call_back("room", 60) == "own"
    assert pool.summon("room", 61) is None
    assert pool.remove("own") == ["room"]
    assert pool.call_back("room", 62) == "idle"


def test_a_bot_is_deserted_from_its_worker_s_end_until_a_worker_comes() -> None:
    pool = workers(first=5)
    for room in ("here", "left", "taken over", "awaited"):
        pool.summon(room, 0)
    for room in ("here", "left", "taken over"):
        pool.arrived(room)
    before = pool.deserted("here")

    pool.remove("first")
    pool.left("left", 0)
    pool.arrived("taken over")
    after = [pool.deserted(room) for room in ("here", "left", "taken over", "awaited")]
    pool.add("next", 5)

    assert before is False
    assert after == [True, False, False, False]
    assert not pool.deserted("here")


def test_a_bot_that_nobody_sent_comes_and_goes_without_a_trace() -> None:
    pool = workers(only=1)

    pool.arrived("room")
    pool.left("room", 0)

    assert pool.summon("room", 0) == "only"
