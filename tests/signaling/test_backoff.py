from __future__ import annotations

import pytest

from signaling.backoff import MAX_DELAY, delay_before


@pytest.mark.parametrize(
    ("attempt", "longest"), [(0, 0.5), (1, 1), (2, 2), (5, 16), (6, MAX_DELAY), (10**6, MAX_DELAY)]
)
def test_each_delay_is_twice_the_one_before_up_to_a_limit(attempt: int, longest: float) -> None:
    assert delay_before(attempt, lambda: 1.0) == longest


def test_half_of_a_delay_is_by_chance() -> None:
    assert delay_before(3, lambda: 0.0) == delay_before(3, lambda: 1.0) / 2
