from __future__ import annotations

import pytest

from musicbot.core.headers import OUR_HEADERS, may_be_sent


@pytest.mark.parametrize(
    ("name", "value", "may"),
    [
        ("Referer", "https://example.org/", True),
        ("X_a-1", "", True),
        ("Host", "127.0.0.1", False),
        ("RANGE", "bytes=5-", False),
        ("Evil", "a\r\nHost: b", False),
        ("Evil: x\r\nHost", "b", False),
        ("", "x", False),
        ("Ümlaut", "x", False),
        ("Umlaut", "ü", False),
    ],
)
def test_a_header_is_sent_if_it_is_one_and_not_ours(name: str, value: str, may: bool) -> None:
    assert may_be_sent(name, value) is may


@pytest.mark.parametrize("name", sorted(OUR_HEADERS))
def test_ours_are_ours_in_any_case(name: str) -> None:
    assert not may_be_sent(name.title(), "x")
