"""How long the tag is that an MP3 may begin with; its picture may be longer than the music."""

from __future__ import annotations

from typing import Final

HEAD: Final = 10
"""Bytes that tell."""

_FOOTER: Final = 0x10
"""The flag of a tag that ends with its head once more."""


def tag_size(head: bytes) -> int:
    """Return the bytes of the tag in a file that begins like this; 0 if there is none.

    See ID3v2.4.0, 3.1: of each byte of the size seven bits count.
    """
    if len(head) < HEAD or not head.startswith(b"ID3") or max(head[6:HEAD]) > 0x7F:
        return 0
    size = sum(byte << shift for byte, shift in zip(head[6:HEAD], (21, 14, 7, 0), strict=True))
    return HEAD + size + (HEAD if head[5] & _FOOTER else 0)
