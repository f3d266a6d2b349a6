"""Titles between the audio of a radio stream (the ICY protocol of SHOUTcast and Icecast).

After every so many bytes of audio comes a block of text: one byte with its length in
units of 16 bytes, then ``StreamTitle='…';`` padded with zeros.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

UNIT: Final = 16
"""Bytes that the length of a block counts in."""

_TITLE: Final = re.compile(rb"StreamTitle='(.*?)';", re.DOTALL)


class IcyFilter:
    """Takes the titles out of a stream.

    Args:
        interval: Bytes of audio between two blocks of text.
        on_title: Called with each title that differs from the one before.
    """

    def __init__(self, interval: int, on_title: Callable[[str], None]) -> None:
        self._interval = interval
        self._on_title = on_title
        self._audio_left = interval
        self._text_left: int | None = None
        """Bytes missing of the block; None if its length is still to come."""
        self._text = b""
        self._title = b""

    def feed(self, data: bytes) -> bytes:
        """Take what came from the network; return the audio in it."""
        if len(data) <= self._audio_left:
            self._audio_left -= len(data)
            return data
        audio = []
        while data:
            if self._audio_left:
                part, data = data[: self._audio_left], data[self._audio_left :]
                self._audio_left -= len(part)
                audio.append(part)
            else:
                data = self._take_text(data)
        return b"".join(audio)

    def _take_text(self, data: bytes) -> bytes:
        """Take what belongs to the block; return the rest."""
        if self._text_left is None:
            self._text_left = data[0] * UNIT
            data = data[1:]
        part, data = data[: self._text_left], data[self._text_left :]
        self._text += part
        self._text_left -= len(part)
        if self._text_left == 0:
            self._announce()
            self._text, self._text_left, self._audio_left = b"", None, self._interval
        return data

    def _announce(self) -> None:
        match = _TITLE.search(self._text)
        if match is None or match[1] == self._title:
            return
        self._title = match[1]
        self._on_title(_decoded(match[1]).strip())


def _decoded(text: bytes) -> str:
    """Return the text; the protocol names no encoding, and both are found."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
