from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from musicbot.rtc.history import HISTORY_SIZE, History


def test_what_was_sent_is_numbered_from_zero() -> None:
    history = History()

    numbers = [history.add(b"abc", 960), history.add(b"de", 1920)]

    assert numbers == [0, 1]
    assert history.count == 2
    assert history.octets == 5
    assert history.packet(1) == (b"de", 1920)


@given(st.integers(0, 3 * HISTORY_SIZE), st.integers(-5, 4 * HISTORY_SIZE))
def test_exactly_the_last_packets_are_kept(count: int, asked: int) -> None:
    history = History()
    for number in range(count):
        history.add(b"%d" % number, number * 960)

    packet = history.packet(asked)

    if max(0, count - HISTORY_SIZE) <= asked < count:
        assert packet == (b"%d" % asked, asked * 960)
    else:
        assert packet is None
