from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.core.times import (
    Jump,
    format_position,
    format_time,
    known_length,
    parse_time,
)
from musicbot.core.tracks import SAMPLE_RATE


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("1:30", 90),
        ("0:05", 5),
        ("90:00", 5400),
        ("1:02:03", 3723),
        ("1h2m3s", 3723),
        ("2m", 120),
        ("1h", 3600),
        ("1.5m", 90),
        ("1M 30S", 90),
        (" 1 : 30 ", 90),
        ("1:30.5", 90.5),
        ("0.25", 0.25),
    ],
)
def test_times_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_time(text) == Jump(round(seconds * SAMPLE_RATE))


@pytest.mark.parametrize(
    ("text", "seconds"), [("+10", 10), ("-10", -10), ("+1:30", 90), ("-1m", -60)]
)
def test_a_sign_makes_a_time_relative(text: str, seconds: float) -> None:
    assert parse_time(text) == Jump(round(seconds * SAMPLE_RATE), relative=True)


@pytest.mark.parametrize(
    "text",
    [
        *("", "+", "-", "abc", "1:60", "1:60:00", "1:2:3:4", "::", "5x", "1h2", "s", "--5"),
        *("1e9", "٣", "nan", "inf", "9" * 400),
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no time|59 seconds"):
        parse_time(text)


@pytest.mark.parametrize(
    ("jump", "target"),
    [(Jump(500), 500), (Jump(500, relative=True), 1500), (Jump(-5000, relative=True), 0)],
)
def test_a_jump_lands_at_or_after_the_beginning(jump: Jump, target: int) -> None:
    assert jump.target(1000) == target


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0:00"),
        (0, "0:00"),
        (9.9, "0:09"),
        (187, "3:07"),
        (3599.99, "59:59"),
        (3723, "1:02:03"),
        (360_000, "100:00:00"),
    ],
)
def test_times_are_written_as_people_read_them(seconds: float, text: str) -> None:
    assert format_time(seconds) == text
    assert format_position(round(seconds * SAMPLE_RATE)) == text


@pytest.mark.parametrize(
    "seconds", [None, math.nan, math.inf, -math.inf, 0, -1, 10**400, True, "3", [3]]
)
def test_a_length_that_makes_no_sense_is_not_known(seconds: object) -> None:
    assert known_length(seconds) is None


def test_a_length_that_makes_sense_is_kept() -> None:
    assert known_length(3) == 3.0


@given(st.integers(0, 10**9))
def test_what_is_written_can_be_read(seconds: int) -> None:
    assert parse_time(format_time(seconds)) == Jump(seconds * SAMPLE_RATE)


@given(st.text())
def test_reading_is_total(text: str) -> None:
    try:
        parse_time(text)
    except ValueError:
        return
