from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from musicbot.core.allowance import BURST, RATE, Allowance


def test_a_burst_is_granted_and_then_no_more() -> None:
    allowance = Allowance()

    assert [allowance.take(7.0) for _ in range(BURST + 2)] == [True] * BURST + [False] * 2
    assert allowance.refusals == 2


def test_what_was_used_up_comes_back_with_time() -> None:
    allowance = Allowance()
    for _ in range(BURST + 1):
        allowance.take(0.0)

    assert allowance.take(1 / RATE)
    assert allowance.refusals == 0
    assert not allowance.take(1 / RATE)


def test_no_more_than_a_burst_is_saved_up() -> None:
    allowance = Allowance()
    allowance.take(0.0)

    assert sum(allowance.take(3600.0) for _ in range(2 * BURST)) == BURST


def test_a_clock_that_goes_back_grants_nothing() -> None:
    allowance = Allowance()
    for _ in range(BURST):
        allowance.take(100.0)

    assert not allowance.take(0.0)


@given(st.lists(st.floats(0, 3), max_size=100))
def test_in_the_long_run_only_the_rate_is_granted(pauses: list[float]) -> None:
    allowance = Allowance()
    now, granted = 0.0, 0

    for pause in pauses:
        now += pause
        granted += allowance.take(now)

    assert granted <= BURST + RATE * now
