from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.engine.icy import IcyFilter


def block(text: bytes) -> bytes:
    units = -(-len(text) // 16)
    return bytes([units]) + text.ljust(units * 16, b"\0")


def test_titles_are_taken_out_and_announced() -> None:
    titles: list[str] = []
    stream = b"aaaa" + block(b"StreamTitle='First';StreamUrl='x';") + b"bbbb" + block(b"") + b"cc"

    assert IcyFilter(4, titles.append).feed(stream) == b"aaaabbbbcc"
    assert titles == ["First"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"StreamTitle='It's a kind';", ["It's a kind"]),
        (b"StreamTitle='M\xc3\xbcsli';", ["M\u00fcsli"]),
        (b"StreamTitle='M\xfcsli';", ["M\u00fcsli"]),
        (b"StreamTitle='  padded ';", ["padded"]),
        (b"StreamTitle='';", []),
        (b"StreamUrl='x';", []),
        (b"nonsense", []),
    ],
)
def test_titles_come_in_all_kinds(text: bytes, expected: list[str]) -> None:
    titles: list[str] = []
    IcyFilter(1, titles.append).feed(b"a" + block(text))

    assert titles == expected


def test_a_title_is_announced_once_however_often_it_comes() -> None:
    titles: list[str] = []
    icy = IcyFilter(1, titles.append)
    for name in (b"A", b"A", b"B", b"A"):
        icy.feed(b"x" + block(b"StreamTitle='%s';" % name))

    assert titles == ["A", "B", "A"]


@given(
    st.lists(st.tuples(st.binary(min_size=3, max_size=3), st.text(max_size=40)), max_size=5),
    st.lists(st.integers(1, 60)),
)
def test_it_does_not_matter_how_the_stream_is_cut(
    parts: list[tuple[bytes, str]], cuts: list[int]
) -> None:
    titles: list[str] = []
    stream = b"".join(audio + block(text.encode()) for audio, text in parts)
    icy = IcyFilter(3, titles.append)
    audio = b""
    for cut in cuts:
        audio += icy.feed(stream[:cut])
        stream = stream[cut:]
    audio += icy.feed(stream)

    assert audio == b"".join(audio for audio, _ in parts)
