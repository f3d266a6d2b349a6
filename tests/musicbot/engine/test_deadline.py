from __future__ import annotations

import math

from musicbot.engine.deadline import Deadline


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_a_beginning_there_is_no_limit() -> None:
    deadline = Deadline(15.0)

    assert deadline.left == math.inf
    assert not deadline.passed


def test_time_runs_out() -> None:
    clock = Clock()
    deadline = Deadline(15.0, clock)
    deadline.begin()
    assert deadline.left == 15.0

    clock.now += 14.0
    assert deadline.left == 1.0
    assert not deadline.passed

    clock.now += 2.0
    assert deadline.left == 0.0
    assert deadline.passed


def test_what_was_lifted_limits_nothing_until_it_begins_anew() -> None:
    clock = Clock()
    deadline = Deadline(15.0, clock)
    deadline.begin()
    clock.now += 20.0

    deadline.lift()
    assert not deadline.passed

    deadline.begin()
    assert deadline.left == 15.0
