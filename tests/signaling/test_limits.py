from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.limits import MAX_NAME, Limits, Meter, TokenBucket, Verdict, clean_name
from signaling.messages import ProtocolError

LIMITS = Limits(message_rate=2, message_burst=4, byte_rate=100, byte_burst=1000, abuse_time=10)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann", "Ann"),
        ("  Ann   Lee ", "Ann Lee"),
        ("Zoe\u0308", "Zoë"),
        ("x" * MAX_NAME, "x" * MAX_NAME),
        ("e\u0301" * MAX_NAME, "é" * MAX_NAME),
        ("שלום", "שלום"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("a/../b", "a/../b"),
        ("<b>", "<b>"),
    ],
)
def test_a_name_is_tidied(text: str, name: str) -> None:
    assert clean_name(text, "bad-name") == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "x" * (MAX_NAME + 1),
        "x" * 100_000,
        "two\nlines",
        "tab\there",
        "\x1b[31mred",
        "nul\0",
        "\x85",
        "line\u2028separator",
        "evil\u202etxt.exe",
        "\u2066x\u2069",
        "mark\u200f",
        "\u200b\u200d",
        "\u0301",
        "\u3000",
        "\ud800",
    ],
    ids=ascii,
)
def test_what_cannot_be_shown_is_no_name(text: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        clean_name(text, "bad-room")

    assert caught.value.code == "bad-room"


@given(st.text(max_size=100))
def test_cleaning_a_clean_name_changes_nothing(text: str) -> None:
    try:
        name = clean_name(text, "bad-name")
    except ProtocolError:
        return

    assert clean_name(name, "bad-name") == name
    assert 1 <= len(name) <= MAX_NAME
    assert unicodedata.is_normalized("NFC", name)


def test_a_bucket_is_never_fuller_than_full_and_does_not_mind_a_clock_that_stands() -> None:
    bucket = TokenBucket(rate=10, burst=5, now=100)

    bucket.take(5)

    assert bucket.fill(100.2) == pytest.approx(2)
    assert bucket.fill(99) == pytest.approx(2)
    assert not bucket.full
    assert bucket.fill(1000) == 5
    assert bucket.full


@pytest.mark.parametrize(("files", "connections"), [(1024, 896), (10**6, 20_000), (64, 1)])
def test_there_are_no_more_connections_than_the_system_allows(files: int, connections: int) -> None:
    assert Limits().within(files).connections == connections


def judge(meter: Meter, times: list[float], size: int = 10) -> list[Verdict]:
    return [meter.judge(size, now) for now in times]


def test_a_burst_passes_and_more_is_refused_until_time_has_passed() -> None:
    meter = Meter(LIMITS, now=0)

    assert judge(meter, [0, 0, 0, 0, 0]) == [Verdict.PASS] * 4 + [Verdict.WARN]
    assert judge(meter, [0.5, 0.5]) == [Verdict.PASS, Verdict.DROP]


def test_bytes_count_as_well() -> None:
    meter = Meter(LIMITS, now=0)

    assert judge(meter, [0, 0], size=600) == [Verdict.PASS, Verdict.WARN]
    assert judge(meter, [0], size=400) == [Verdict.PASS]


def test_who_floods_is_told_once_a_second_and_cut_after_a_while() -> None:
    meter = Meter(LIMITS, now=0)
    judge(meter, [0] * 4)

    verdicts = judge(meter, [tick / 10 for tick in range(100)])

    assert verdicts.count(Verdict.WARN) == 10
    assert Verdict.CUT not in verdicts
    assert judge(meter, [10, 10]) == [Verdict.PASS, Verdict.CUT]


def test_who_pauses_is_not_cut_later() -> None:
    meter = Meter(LIMITS, now=0)

    first = judge(meter, [0] * 5)
    second = judge(meter, [20] * 5)

    assert first == second == [Verdict.PASS] * 4 + [Verdict.WARN]
