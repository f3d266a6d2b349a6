from __future__ import annotations

import pytest

from musicbot.core.tracks import PlayId, Track, TrackId
from musicbot.core.turn import DELAYS, EARLY, FIRST_REOPENINGS, MAX_REOPENINGS, PROGRESS, Turn
from tests.support.players import piece, samples


def turn_of(duration: float | None = 180.0, *, live: bool = False, announced: bool = True) -> Turn:
    track = Track(TrackId(1), piece("A", duration, live=live), "Ann")
    return Turn(track, announced=announced)


def learned(turn: Turn, duration: float | None, *, live: bool = False) -> Turn:
    turn.begin(PlayId(1))
    turn.learn(duration, seekable=True, live=live)
    return turn


def test_opening_tells_what_the_source_did_not_know() -> None:
    turn = learned(turn_of(None), 200.0)

    assert turn.opened
    assert turn.seekable
    assert turn.track.piece.duration == 200.0


def test_opening_does_not_overrule_what_the_source_knew() -> None:
    assert learned(turn_of(180.0), 200.0).track.piece.duration == 180.0


@pytest.mark.parametrize(
    ("duration", "said_live", "live"),
    [(None, True, True), (200.0, True, False), (None, False, False)],
)
def test_what_has_a_length_is_not_live(duration: float | None, said_live: bool, live: bool) -> None:
    assert learned(turn_of(None), duration, live=said_live).track.piece.live is live


@pytest.mark.parametrize(
    ("stated", "found", "end", "early"),
    [
        (180.0, 180.0, 180.0, False),
        (180.0, 180.0, 180.0 - EARLY, False),
        (180.0, 180.0, 179.9 - EARLY, True),
        (180.0, None, 60.0, True),
        (None, 180.0, 60.0, True),
        (180.0, 60.0, 60.0, False),
        (60.0, 180.0, 60.0, False),
        (None, None, 60.0, False),
    ],
)
def test_an_end_is_too_early_only_before_every_known_length(
    stated: float | None, found: float | None, end: float, early: bool
) -> None:
    assert learned(turn_of(stated), found).broke_off(samples(end)) is early


def test_a_live_stream_has_no_end_of_its_own() -> None:
    assert learned(turn_of(None), None, live=True).broke_off(samples(3600))


def test_a_track_is_opened_again_only_some_times_in_a_row() -> None:
    turn = turn_of()

    again = [turn.break_off(samples(30)) for _ in range(MAX_REOPENINGS + 1)]

    assert again == [True, *[True] * (MAX_REOPENINGS - 1), False]
    assert turn.play is None
    assert turn.position == samples(30)


def test_what_nobody_heard_is_opened_again_less_often() -> None:
    turn = turn_of(announced=False)

    again = [turn.break_off(0) for _ in range(FIRST_REOPENINGS + 1)]

    assert again == [*[True] * FIRST_REOPENINGS, False]


def test_each_time_it_is_waited_longer_before_it_is_opened_again() -> None:
    turn = turn_of()
    delays = []

    while turn.break_off(samples(30)):
        delays.append(turn.delay)

    assert tuple(delays) == DELAYS


def test_after_a_crash_it_is_opened_again_at_once() -> None:
    turn = turn_of()

    turn.break_off(samples(30), crashed=True)
    assert (turn.crashed, turn.delay) == (True, 0.0)
    turn.break_off(samples(30))

    assert (turn.crashed, turn.delay) == (False, DELAYS[1])


def test_progress_lets_it_be_opened_again_as_often_as_before() -> None:
    turn = turn_of()
    position = 0.0

    for _ in range(3 * MAX_REOPENINGS):
        position += PROGRESS
        assert turn.break_off(samples(position))


def test_a_jump_is_no_progress() -> None:
    turn = turn_of()

    again = []
    for _ in range(MAX_REOPENINGS + 1):
        turn.seek(samples(100))
        again.append(turn.break_off(samples(101)))

    assert again[-1] is False


def test_a_live_stream_is_opened_again_at_its_present() -> None:
    turn = turn_of(None, live=True)

    assert turn.break_off(samples(3600))
    assert turn.position == 0
