from __future__ import annotations

import pytest

from musicbot.core.failures import MAX_FAILURES, MAX_UNREACHED, Failures
from musicbot.core.tracks import Track, TrackId
from tests.support.players import piece

SONG = Track(TrackId(1), piece("A"), "Ann")


@pytest.mark.parametrize(("unreached", "limit"), [(False, MAX_FAILURES), (True, MAX_UNREACHED)])
def test_so_many_failures_in_a_row_are_enough(unreached: bool, limit: int) -> None:
    failures = Failures()

    enough = []
    for _ in range(limit):
        failures.add(SONG, unreached=unreached)
        enough.append(failures.are_enough)

    assert enough == [*[False] * (limit - 1), True]


def test_only_what_the_network_failed_is_kept() -> None:
    failures = Failures()

    failures.add(SONG, unreached=False)
    failures.add(SONG, unreached=True)

    assert failures.count == 2
    assert failures.unreached == [SONG]


def test_what_is_forgotten_counts_no_more() -> None:
    failures = Failures()
    for _ in range(MAX_FAILURES):
        failures.add(SONG, unreached=True)

    failures.forget()

    assert not failures.are_enough
    assert failures == Failures()
