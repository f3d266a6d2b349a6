from __future__ import annotations

import pytest

from musicbot.engine.retries import PATIENCE, PROGRESS, Retries, SpeedLimit
from musicbot.errors import SourceError, SourceErrorKind

BROKEN_OFF = SourceError(SourceErrorKind.NETWORK, "The connection broke off.")


class Clock:
    """A clock that only passes while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def retries(clock: Clock) -> Retries:
    return Retries((0.0, 1.0, 2.0), clock.sleep, clock)


def test_attempts_come_ever_more_slowly_and_end() -> None:
    clock = Clock()
    waiting = retries(clock)
    waiting.gained(PROGRESS)
    for _ in range(3):
        waiting.spend(BROKEN_OFF)

    with pytest.raises(SourceError, match="broke off"):
        waiting.spend(BROKEN_OFF)
    assert clock.slept == [0.0, 1.0, 2.0]


def test_who_has_heard_nothing_yet_gets_an_answer_sooner() -> None:
    clock = Clock()
    waiting = retries(clock)
    waiting.spend(BROKEN_OFF)
    waiting.spend(BROKEN_OFF)

    with pytest.raises(SourceError):
        waiting.spend(BROKEN_OFF)


def test_who_has_waited_in_vain_is_told_at_once() -> None:
    clock = Clock()

    with pytest.raises(SourceError, match="no answer"):
        retries(clock).spend(SourceError(SourceErrorKind.TIMEOUT, "There is no answer."))
    assert clock.slept == []


def test_a_pause_in_the_middle_is_waited_for() -> None:
    clock = Clock()
    waiting = retries(clock)
    waiting.gained(PROGRESS)

    waiting.spend(SourceError(SourceErrorKind.TIMEOUT, "There is no answer."))

    assert clock.slept == [0.0]


@pytest.mark.parametrize(
    "kind",
    sorted(set(SourceErrorKind) - {SourceErrorKind.NETWORK, SourceErrorKind.TIMEOUT}, key=str),
)
def test_what_will_not_change_is_not_tried_again(kind: SourceErrorKind) -> None:
    clock = Clock()

    with pytest.raises(SourceError):
        retries(clock).spend(SourceError(kind, "No."))
    assert clock.slept == []


def test_progress_makes_up_for_failures() -> None:
    clock = Clock()
    waiting = retries(clock)
    for _ in range(20):
        waiting.gained(PROGRESS)
        waiting.spend(BROKEN_OFF)

    assert clock.slept == [0.0] * 20


def test_a_few_bytes_are_no_progress() -> None:
    clock = Clock()
    waiting = retries(clock)
    waiting.gained(PROGRESS)
    for _ in range(3):
        waiting.spend(BROKEN_OFF)
        waiting.gained(PROGRESS - 1)

    with pytest.raises(SourceError):
        waiting.spend(BROKEN_OFF)


def test_patience_ends_even_if_attempts_are_left() -> None:
    clock = Clock()
    waiting = retries(clock)
    waiting.gained(PROGRESS)
    waiting.spend(BROKEN_OFF)
    clock.now += PATIENCE + 1

    with pytest.raises(SourceError):
        waiting.spend(BROKEN_OFF)


def test_a_slow_site_is_noticed_after_a_while() -> None:
    limit = SpeedLimit(10.0)

    assert all(limit.note(1.0, 1) for _ in range(9))
    assert not limit.note(1.0, 1)


def test_the_slowest_audio_is_fast_enough() -> None:
    limit = SpeedLimit(10.0)

    assert all(limit.note(1.0, 800) for _ in range(100))


def test_a_site_is_judged_by_what_it_does_now() -> None:
    limit = SpeedLimit(10.0)
    assert limit.note(10.0, 1_000_000)

    assert not limit.note(10.0, 10)
