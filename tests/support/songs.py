"""Small files with tags, for a library; made without any encoder."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Final

from mutagen.id3 import ID3, TALB, TIT2, TPE1

FRAME: Final = b"\xff\xfb\x90\x00" + bytes(413)
"""A silent MP3 frame: 1152 samples at 44.1 kHz, 128 kbit/s."""


def make_mp3(
    path: Path, *, title: str = "", artist: str = "", album: str = "", seconds: float = 2.0
) -> Path:
    """Write a silent MP3 file with the tags that are not empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(FRAME * round(seconds * 44_100 / 1152))
    tags = ID3()
    for frame, text in ((TIT2, title), (TPE1, artist), (TALB, album)):
        if text:
            tags.add(frame(encoding=3, text=[text]))
    if tags:
        tags.save(path)
    return path


def make_wav(path: Path, *, seconds: float = 1.0) -> Path:
    """Write a silent WAV file, which has no tags."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(bytes(2 * round(8_000 * seconds)))
    return path
