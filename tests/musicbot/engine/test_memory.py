from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from musicbot.engine.memory import MAX_PIECES, SPAN, Memory
from musicbot.engine.sound import SAMPLE_SIZE, Sound
from musicbot.errors import SourceError, SourceErrorKind
from tests.support.tones import RATE

PIECES = [Sound(n * 960, bytes([n]) * 960 * SAMPLE_SIZE) for n in range(10)]


def short(count: int, length: int = 960) -> Iterator[Sound]:
    """Return pieces of so many samples."""
    return (Sound(n * length, bytes(length * SAMPLE_SIZE)) for n in range(count))


def broken(pieces: Iterable[Sound]) -> Iterator[Sound]:
    """Return some pieces and then fail."""
    yield from pieces
    raise SourceError(SourceErrorKind.BROKEN, "It is broken.")


def read(memory: Memory[Sound], count: int) -> list[Sound]:
    return [next(memory) for _ in range(count)]


def test_pieces_come_in_order_to_the_end() -> None:
    memory = Memory(iter(PIECES))

    assert list(memory) == PIECES
    assert next(memory, None) is None


@pytest.mark.parametrize("position", [4 * 960, 4 * 960 + 1, 5 * 960 - 1])
def test_one_goes_back_to_what_is_heard_at_a_position(position: int) -> None:
    memory = Memory(iter(PIECES))
    read(memory, 8)

    memory.back(position)

    assert list(memory) == PIECES[4:]


def test_going_back_ahead_of_where_it_is_changes_nothing() -> None:
    memory = Memory(iter(PIECES))
    read(memory, 3)
    memory.back(960)

    memory.back(5 * 960)

    assert list(memory) == PIECES[1:]


def test_after_the_end_one_can_still_go_back() -> None:
    memory = Memory(iter(PIECES))
    assert list(memory) == PIECES

    memory.back(9 * 960)

    assert list(memory) == PIECES[9:]


def test_it_knows_how_far_it_reaches_and_what_it_has() -> None:
    memory = Memory(iter(PIECES[2:]))
    assert not memory.reaches(5 * 960)
    assert not memory.has(2 * 960)

    read(memory, 3)
    for _ in range(2):
        assert memory.reaches(2 * 960)
        assert not memory.reaches(2 * 960 - 1)
        assert memory.has(4 * 960)
        assert not memory.has(4 * 960 + 1)
        memory.back(0)


@pytest.mark.parametrize("length", [120, 960, 10_000, 2 * SPAN])
def test_four_seconds_are_remembered_and_little_more(length: int) -> None:
    memory = Memory(short(10 * SPAN // length + 1, length))
    *_, last = memory

    for _ in range(2):
        memory.back(0)
        remembered = list(memory)
        assert SPAN <= last.end - remembered[0].position < SPAN + 2 * length
        assert remembered[-1] == last


@pytest.mark.parametrize("length", [0, 1])
def test_of_the_shortest_pieces_no_more_than_some_thousands_are_remembered(length: int) -> None:
    memory = Memory(Sound(n, bytes(length * SAMPLE_SIZE)) for n in range(2 * MAX_PIECES))
    assert len(list(memory)) == 2 * MAX_PIECES
    memory.back(-1)

    assert len(list(memory)) == MAX_PIECES


def test_an_error_comes_after_what_is_remembered_and_stays() -> None:
    memory = Memory(broken(PIECES))
    read(memory, 10)

    for start in (10, 10, 4):
        memory.back(start * 960)
        assert read(memory, 10 - start) == PIECES[start:]
        with pytest.raises(SourceError, match="broken"):
            next(memory)


def test_four_seconds_of_sound_are_less_than_two_megabytes() -> None:
    assert SPAN == 4 * RATE
    assert SPAN * SAMPLE_SIZE < 2_000_000
