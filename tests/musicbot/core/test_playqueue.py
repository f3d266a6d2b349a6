from __future__ import annotations

import random

import pytest

from musicbot.core.playqueue import MAX_TRACKS, PAGE_TRACKS, PlayQueue
from musicbot.core.tracks import Track, TrackId
from tests.support.players import piece


def track(number: int) -> Track:
    return Track(TrackId(number), piece(str(number)), "Ann")


def queue_of(*numbers: int) -> PlayQueue:
    queue = PlayQueue(random.Random(1))
    queue.add([track(number) for number in numbers])
    return queue


def ids(queue: PlayQueue) -> list[int]:
    return [track.id for track in queue]


def test_tracks_are_added_at_the_end() -> None:
    queue = queue_of(1, 2)

    assert queue.add([track(3), track(4)]) == 3
    assert ids(queue) == [1, 2, 3, 4]


def test_tracks_to_be_played_next_are_added_before_all_others() -> None:
    queue = queue_of(1, 2)

    assert queue.add([track(3), track(4)], next=True) == 1
    assert ids(queue) == [3, 4, 1, 2]


def test_more_than_there_is_room_for_is_refused_as_a_whole() -> None:
    queue = queue_of(*range(MAX_TRACKS - 1))
    assert queue.free == 1

    with pytest.raises(ValueError, match="2 tracks for 1 places"):
        queue.add([track(1000), track(1001)])

    assert len(queue) == MAX_TRACKS - 1
    queue.add([track(1000)])
    assert queue.free == 0


def test_the_first_track_is_taken_until_none_is_left() -> None:
    queue = queue_of(1, 2)

    assert [queue.take(), queue.take(), queue.take()] == [track(1), track(2), None]


def test_a_rotation_gives_the_first_for_one_at_the_end() -> None:
    queue = queue_of(1, 2)

    assert queue.rotate(track(3)) == track(1)
    assert ids(queue) == [2, 3]


def test_rotating_an_empty_queue_gives_the_same_track_back() -> None:
    assert queue_of().rotate(track(1)) == track(1)


def test_a_track_is_removed_by_its_number() -> None:
    queue = queue_of(5, 6, 7)

    assert queue.remove(2) == track(6)
    assert ids(queue) == [5, 7]


@pytest.mark.parametrize(
    ("number", "to", "after"),
    [(1, 3, [6, 7, 5]), (3, 1, [7, 5, 6]), (2, 2, [5, 6, 7]), (1, 2, [6, 5, 7])],
)
def test_a_moved_track_has_the_number_that_was_asked_for(
    number: int, to: int, after: list[int]
) -> None:
    queue = queue_of(5, 6, 7)

    moved = queue.move(number, to)

    assert ids(queue) == after
    assert list(queue)[to - 1] is moved


@pytest.mark.parametrize("number", [-1, 0, 4])
def test_numbers_beyond_the_queue_are_refused(number: int) -> None:
    queue = queue_of(5, 6, 7)

    with pytest.raises(IndexError):
        queue.remove(number)
    for start, end in ((number, 1), (1, number)):
        with pytest.raises(IndexError):
            queue.move(start, end)

    assert ids(queue) == [5, 6, 7]


def test_clearing_tells_how_many_there_were() -> None:
    queue = queue_of(1, 2)

    assert queue.clear() == 2
    assert queue.clear() == 0
    assert len(queue) == 0


def test_shuffling_keeps_the_tracks_and_changes_their_order() -> None:
    queue = queue_of(*range(50))

    queue.shuffle()

    assert sorted(ids(queue)) == list(range(50))
    assert ids(queue) != list(range(50))


def test_what_comes_before_a_number() -> None:
    assert queue_of(1, 2, 3).before(3) == [track(1), track(2)]


def test_pages_show_every_track_once() -> None:
    queue = queue_of(*range(2 * PAGE_TRACKS + 1))
    pages = [queue.page(number) for number in range(1, queue.pages + 1)]

    assert [len(page.tracks) for page in pages] == [PAGE_TRACKS, PAGE_TRACKS, 1]
    assert [page.first for page in pages] == [1, PAGE_TRACKS + 1, 2 * PAGE_TRACKS + 1]
    assert [track for page in pages for track in page.tracks] == list(queue)


def test_an_empty_queue_has_one_empty_page() -> None:
    page = queue_of().page()

    assert (page.number, page.pages, page.tracks) == (1, 1, ())


@pytest.mark.parametrize("number", [0, 2])
def test_there_are_no_other_pages(number: int) -> None:
    with pytest.raises(IndexError):
        queue_of(1).page(number)
