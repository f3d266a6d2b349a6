from __future__ import annotations

import pytest

from musicbot.engine.id3 import tag_size


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (b"ID3\x03\0\0\0\0\0\0", 10),
        (b"ID3\x03\0\0\0\0\x01\x7f", 10 + 255),
        (b"ID3\x03\0\0\x7f\x7f\x7f\x7f", 10 + 2**28 - 1),
        (b"ID3\x04\0\x10\0\0\0\x01", 10 + 1 + 10),
    ],
    ids=["empty", "two bytes", "largest", "with a footer"],
)
def test_a_tag_says_how_long_it_is(head: bytes, size: int) -> None:
    assert tag_size(head) == size


@pytest.mark.parametrize(
    "head",
    [b"", b"ID3\x03\0\0\0\0\0", b"\xff\xfb\x90\x64".ljust(10, b"\0"), b"ID3\x03\0\0\0\0\x80\0"],
    ids=["nothing", "cut", "no tag", "no size"],
)
def test_what_is_no_tag_has_no_size(head: bytes) -> None:
    assert tag_size(head) == 0
