from __future__ import annotations

import itertools

import pytest

from musicbot.core.player import Player
from musicbot.core.states import TRANSITIONS, Event, State
from musicbot.errors import NotNow

PAIRS = list(itertools.product(State, Event))


@pytest.mark.parametrize(
    ("state", "event"), [(state, event) for state, event in PAIRS if event in TRANSITIONS[state]]
)
def test_what_the_table_allows_changes_the_state(state: State, event: Event) -> None:
    player = Player()
    player.state = state

    player._change(event)

    assert player.state is TRANSITIONS[state][event]


@pytest.mark.parametrize(
    ("state", "event"),
    [(state, event) for state, event in PAIRS if event not in TRANSITIONS[state]],
)
def test_what_the_table_does_not_allow_is_refused_and_changes_nothing(
    state: State, event: Event
) -> None:
    player = Player()
    player.state = state

    with pytest.raises(NotNow, match=f"Cannot {event.value} while {state.value}"):
        player._change(event)

    assert player.state is state


def test_every_state_can_be_reached_and_left() -> None:
    reached = {State.IDLE}
    for _ in State:
        reached |= {after for state in reached for after in TRANSITIONS[state].values()}

    assert reached == set(State)
    assert all(set(TRANSITIONS[state].values()) - {state} for state in State)
