from __future__ import annotations

import pytest

from signaling.recall import MOST, PERIOD, TOGETHER, Recall


def wanted_after(*losses: float) -> list[bool]:
    recall = Recall()
    wanted = []
    for now in losses:
        recall.lost(now)
        wanted.append(recall.wanted)
        recall.settle()
    return wanted


def test_a_bot_is_wanted_from_its_loss_until_one_is_here() -> None:
    recall = Recall()
    before = recall.wanted
    recall.lost(0)
    missed = recall.wanted
    recall.settle()

    assert (before, missed, recall.wanted) == (False, True, False)


def test_a_room_where_bots_die_again_and_again_is_given_up_until_a_minute_has_passed() -> None:
    often = [n * PERIOD / (MOST + 1) for n in range(MOST + 1)]

    assert wanted_after(*often, often[-1] + PERIOD) == [True] * MOST + [False, True]


@pytest.mark.parametrize("count", [2, 10])
def test_a_process_that_dies_with_all_its_connections_is_one_loss(count: int) -> None:
    at_once = [n * TOGETHER / 2 / count for n in range(count)]

    assert wanted_after(*at_once, 10, 20, 30) == [True] * count + [True, True, False]
