from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from musicbot.core.tracks import FRAME_SAMPLES
from musicbot.engine.buffer import CUT_FRAMES, Buffer
from musicbot.opus.packets import SILENCE


def version(name: str, first: int, count: int) -> list[bytes]:
    """Return packets that say which frame of which version they are."""
    return [f"{name}{frame}".encode() for frame in range(first, first + count)]


def filled(count: int, *, sent: int = 0) -> Buffer:
    """Return a buffer with version A of the first frames, of which some were sent."""
    buffer = Buffer()
    buffer.append(0, version("A", 0, count))
    for _ in range(sent):
        buffer.pop()
    return buffer


def rest(buffer: Buffer) -> list[str]:
    """Return all that is still to be sent."""
    heard = []
    while (packet := buffer.pop()) is not None:
        heard.append("-" if packet == SILENCE else packet.decode())
    return heard


def frames(count: int, start: int = 0) -> int:
    return (start + count) * FRAME_SAMPLES


def test_packets_come_out_in_order_and_move_the_position() -> None:
    buffer = filled(3, sent=1)

    assert buffer.position == frames(1)
    assert buffer.end == frames(3)
    assert len(buffer) == 2
    assert rest(buffer) == ["A1", "A2"]
    assert buffer.position == buffer.end == frames(3)


def test_a_splice_begins_where_the_new_version_does() -> None:
    buffer = filled(6, sent=2)

    assert buffer.splice(frames(4), version("B", 4, 3))
    assert rest(buffer) == ["A2", "A3", "B4", "B5", "B6"]


def test_what_comes_too_late_for_a_splice_is_left_out() -> None:
    buffer = filled(6, sent=3)

    assert buffer.splice(frames(1), version("B", 1, 4))
    assert rest(buffer) == ["B3", "B4"]


def test_a_version_that_comes_too_late_as_a_whole_changes_nothing() -> None:
    buffer = filled(6, sent=3)

    assert not buffer.splice(frames(1), version("B", 1, 2))
    assert rest(buffer) == ["A3", "A4", "A5"]


def test_a_splice_beyond_the_end_goes_on_after_it() -> None:
    buffer = filled(3)

    assert buffer.splice(frames(5), version("B", 5, 1))
    assert rest(buffer) == ["A0", "A1", "A2", "B5"]
    assert buffer.position == frames(6)


def test_a_cut_is_silent_for_a_moment_and_goes_on_elsewhere() -> None:
    buffer = filled(6, sent=2)

    buffer.cut(frames(100))
    assert buffer.position == buffer.end == frames(100)
    buffer.append(frames(100), version("B", 100, 2))

    assert rest(buffer) == ["-"] * CUT_FRAMES + ["B100", "B101"]


def test_silence_does_not_move_the_position() -> None:
    buffer = Buffer()
    buffer.cut(frames(10))
    buffer.append(frames(10), version("A", 10, 1))

    assert buffer.pop() == SILENCE
    assert buffer.position == frames(10)


@given(
    count=st.integers(0, 30),
    sent=st.integers(0, 30),
    start=st.integers(0, 40),
    batches=st.lists(st.integers(1, 10), min_size=1, max_size=5),
)
def test_no_frame_is_lost_or_heard_twice_at_a_splice(
    count: int, sent: int, start: int, batches: list[int]
) -> None:
    """Wherever the new version begins, and in however many pieces it comes."""
    sent, start = min(sent, count), min(start, count)
    buffer = filled(count, sent=sent)
    taken = False
    for size in batches:
        packets = version("B", start, size)
        if taken:
            buffer.append(frames(start), packets)
        else:
            taken = buffer.splice(frames(start), packets)
        start += size

    heard = rest(buffer)

    end = start if taken else count
    assert [int(name[1:]) for name in heard] == list(range(sent, end))
    assert [name[0] for name in heard] == sorted(name[0] for name in heard)


@given(sent=st.integers(1, 9), offset=st.integers(-FRAME_SAMPLES, FRAME_SAMPLES))
def test_a_version_on_another_grid_is_off_by_half_a_frame_at_most(sent: int, offset: int) -> None:
    buffer = filled(10, sent=sent)
    start = max(0, frames(sent) + offset)

    buffer.splice(start, version("B", 0, 5))

    before, heard = buffer.position, []
    while buffer.pop() is not None:
        heard.append(buffer.position - before)
        before = buffer.position
    assert all(abs(step - FRAME_SAMPLES) <= FRAME_SAMPLES // 2 for step in heard)
