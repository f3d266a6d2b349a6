from __future__ import annotations

import threading
from collections.abc import Callable

from musicbot.core.media import DemoMedia
from musicbot.engine import messages
from musicbot.engine.desk import Desk, Read
from musicbot.engine.messages import Go, Grant, Open, Stop


def order(generation: int = 1, credit: int = 2) -> Open:
    return Open(generation, messages.opening(DemoMedia()), 0, 1.0, credit)


def begun(credit: int = 2) -> Desk:
    """Return a desk whose first play was begun."""
    desk = Desk()
    first = order(credit=credit)
    desk.take(first)
    assert desk.begin(first, lambda: None)
    return desk


def test_a_play_is_produced_as_far_as_its_credit_goes() -> None:
    desk = begun(credit=1)

    assert isinstance(desk.next_ask(), Read)
    desk.spend(1)
    desk.take(Grant(1, 1))

    assert isinstance(desk.next_ask(), Read)


def test_only_the_newest_play_is_opened() -> None:
    desk = Desk()
    first, second = order(1), order(2)
    desk.take(first)
    desk.take(second)

    assert desk.next_open() is second
    assert not desk.begin(first, lambda: None)
    assert desk.begin(second, lambda: None)


def test_another_play_or_a_stop_ends_what_the_present_one_waits_for() -> None:
    for command in (order(2), Stop()):
        cancelled: list[int] = []
        desk = Desk()
        first = order()
        desk.take(first)
        desk.begin(first, lambda cancelled=cancelled: cancelled.append(1))  # type: ignore[misc]

        desk.take(command)
        desk.take(Stop())

        assert cancelled == [1]
        assert desk.next_ask() is None


def test_of_many_positions_only_the_last_is_gone_to() -> None:
    desk = begun()
    desk.take(Go(2, 960, 1.0, 5))
    desk.take(Go(3, 1_920, 0.5, 5))

    assert desk.next_ask() == Go(3, 1_920, 0.5, 5)
    assert isinstance(desk.next_ask(), Read)


def test_after_the_end_nothing_is_read_until_the_position_changes() -> None:
    desk = begun()
    desk.end(1)
    desk.take(Grant(1, 50))
    desk.take(Go(2, 0, 1.0, 1))
    assert desk.next_ask() == Go(2, 0, 1.0, 1)

    assert isinstance(desk.next_ask(), Read)


def test_what_is_said_about_an_older_generation_is_late() -> None:
    desk = begun(credit=0)
    desk.take(Go(2, 0, 1.0, 1))
    desk.next_ask()

    desk.spend(1)
    desk.end(1)
    desk.take(Grant(1, 50))
    assert isinstance(desk.next_ask(), Read)
    desk.spend(2)

    assert blocks(desk.next_ask, until=lambda: desk.take(Stop()))


def test_a_closed_desk_wants_nothing() -> None:
    desk = begun()
    desk.close()
    desk.close()

    assert desk.next_ask() is None
    assert desk.next_open() is None


def test_whoever_waits_for_a_play_is_woken_by_it_and_by_the_end() -> None:
    desk = Desk()

    assert blocks(desk.next_open, until=lambda: desk.take(order()))
    desk.take(Stop())
    assert blocks(desk.next_open, until=desk.close)


def blocks(call: Callable[[], object], *, until: Callable[[], None]) -> bool:
    """Return whether a call blocks, and no longer than until something is done."""
    thread = threading.Thread(target=call)
    thread.start()
    thread.join(0.05)
    blocked = thread.is_alive()
    until()
    thread.join(5)
    return blocked and not thread.is_alive()
