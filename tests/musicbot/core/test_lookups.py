from __future__ import annotations

import pytest

from musicbot.core.effects import Request
from musicbot.core.lookups import MAX_PER_PERSON, MAX_PER_ROOM, LookUp, LookUps
from musicbot.errors import NotNow
from tests.support.players import request


def look_up(asked: Request) -> LookUp:
    return LookUp(asked, "words", next=False)


def test_what_was_begun_is_finished_once() -> None:
    look_ups = LookUps()
    first, second = look_up(request(1)), look_up(request(2))
    look_ups.begin(first)
    look_ups.begin(second)

    assert look_ups.finish(request(2)) is second
    assert look_ups.finish(request(2)) is None
    assert len(look_ups) == 1


def test_one_person_may_only_have_some_at_once() -> None:
    look_ups = LookUps()
    for id in range(MAX_PER_PERSON):
        look_ups.begin(look_up(request(id)))

    with pytest.raises(NotNow, match="at once"):
        look_ups.begin(look_up(request(99)))
    look_ups.begin(look_up(request(99, "Ben")))
    look_ups.finish(request(0))
    look_ups.begin(look_up(request(99)))

    assert len(look_ups) == MAX_PER_PERSON + 1


def test_a_room_may_only_have_some_at_once() -> None:
    look_ups = LookUps()
    for id in range(MAX_PER_ROOM):
        look_ups.begin(look_up(request(1, f"Person {id}")))

    with pytest.raises(NotNow, match="at once"):
        look_ups.begin(look_up(request()))


def test_a_request_is_looked_up_once() -> None:
    look_ups = LookUps()
    look_ups.begin(look_up(request(1)))

    with pytest.raises(NotNow, match="already"):
        look_ups.begin(look_up(request(1)))

    assert len(look_ups) == 1


def test_what_is_given_up_is_late_afterwards() -> None:
    look_ups = LookUps()
    look_ups.begin(look_up(request(1)))

    assert look_ups.give_up() == [look_up(request(1))]
    assert look_ups.give_up() == []
    assert look_ups.finish(request(1)) is None
