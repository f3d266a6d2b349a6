from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.core.pacing import MAX_LAG, FrameClock, Tick
from musicbot.core.tracks import FRAME_SAMPLES, FRAME_TIME, SAMPLE_RATE


def test_the_first_frame_is_due_at_once() -> None:
    clock = FrameClock()

    assert clock.start(5.0) == Tick(due=5.0, skipped_samples=0)


def test_a_clock_that_was_not_started_starts_with_the_first_frame() -> None:
    clock = FrameClock()

    assert clock.advance(7.0) == Tick(7.0)
    assert clock.advance(7.0) == Tick(7.0 + FRAME_TIME)


def test_a_late_frame_does_not_make_the_following_ones_late() -> None:
    clock = FrameClock()
    clock.start(0.0)

    ticks = [clock.advance(now) for now in (0.001, 0.055, 0.0551)]

    assert [tick.due for tick in ticks] == pytest.approx([0.02, 0.04, 0.06])
    assert [tick.skipped_samples for tick in ticks] == [0, 0, 0]


def test_the_deadline_does_not_drift_in_a_day() -> None:
    clock = FrameClock()
    due = clock.start(1000.0).due

    for _ in range(24 * 3600 * 50):
        due = clock.advance(due).due

    assert due == pytest.approx(1000.0 + 24 * 3600, abs=1e-6)


def test_what_is_late_by_less_than_the_limit_catches_up() -> None:
    clock = FrameClock()
    clock.start(0.0)

    ticks = [clock.advance(0.02 + MAX_LAG - 0.001) for _ in range(11)]

    assert ticks[0].due == pytest.approx(0.02)
    assert ticks[-1].due == pytest.approx(0.22)
    assert all(tick.skipped_samples == 0 for tick in ticks)


def test_time_lost_beyond_the_limit_is_given_up_in_whole_frames() -> None:
    clock = FrameClock()
    clock.start(0.0)

    late = clock.advance(1.0301)
    following = clock.advance(1.0301)

    assert late.due == pytest.approx(1.02)
    assert late.skipped_samples == 50 * FRAME_SAMPLES
    assert following.due == pytest.approx(1.04)
    assert following.skipped_samples == 0


def test_a_clock_can_be_started_anew() -> None:
    clock = FrameClock()
    clock.start(0.0)
    clock.advance(0.0)

    assert clock.start(9.0) == Tick(9.0)
    assert clock.advance(9.0).due == pytest.approx(9.0 + FRAME_TIME)


@given(st.floats(0, 1e6), st.lists(st.floats(0, 2), max_size=100))
def test_the_timestamp_moves_as_much_as_the_clock(origin: float, delays: list[float]) -> None:
    clock = FrameClock()
    tick = clock.start(origin)
    now, timestamp = origin, 0

    for delay in delays:
        now = max(now, tick.due) + delay
        tick = clock.advance(now)
        timestamp += FRAME_SAMPLES + tick.skipped_samples

        assert timestamp / SAMPLE_RATE == pytest.approx(tick.due - origin, abs=1e-6)
        assert now - tick.due <= MAX_LAG + 1e-6
        assert tick.due - now <= FRAME_TIME + 1e-6
