from __future__ import annotations

import pytest

from musicbot.core.tracks import FRAME_SAMPLES
from musicbot.rtc.beat import Beat
from musicbot.rtc.rtcp import ntp_time

SECOND = 1_000_000_000


def beat(*, now: float = 0.0, wall: int = 0) -> Beat:
    return Beat(lambda: now, lambda: wall)


def test_time_goes_on_with_what_was_sent_and_what_was_skipped() -> None:
    present = beat()

    present.advance(due=1.0, samples=FRAME_SAMPLES)
    present.advance(due=1.5, samples=25 * FRAME_SAMPLES)

    assert present.time == 26 * FRAME_SAMPLES
    assert present.due == 1.5


def test_the_time_of_day_is_that_at_which_the_tick_was_due() -> None:
    late = beat(now=10.25, wall=100 * SECOND)

    late.advance(due=10.0, samples=FRAME_SAMPLES)

    assert late.ntp == ntp_time(100 * SECOND - SECOND // 4)


@pytest.mark.parametrize(
    ("seconds", "ticks"), [(0.0, 1), (0.001, 1), (0.02, 1), (0.05, 2), (1.0, 50)]
)
def test_a_chore_is_done_as_many_ticks_later_as_fit_but_never_at_once(
    seconds: float, ticks: int
) -> None:
    present = beat()
    present.after(seconds, lambda: None)

    found = []
    for tick in range(60):
        found += [tick] * len(present.chores())
        present.advance(due=0.0, samples=FRAME_SAMPLES)

    assert found == [ticks]


def test_chores_of_one_tick_keep_their_order() -> None:
    present = beat()
    done: list[str] = []
    present.after(0.02, lambda: done.append("first"))
    present.after(0.02, lambda: done.append("second"))
    present.advance(due=0.0, samples=FRAME_SAMPLES)

    for chore in present.chores():
        chore()

    assert done == ["first", "second"]
    assert present.chores() == []


def test_chores_can_be_forgotten() -> None:
    present = beat()
    present.after(0.02, lambda: None)

    present.forget_chores()
    present.advance(due=0.0, samples=FRAME_SAMPLES)

    assert present.chores() == []
