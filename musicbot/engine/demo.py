"""The built-in piece: half a minute that needs no internet, the same every time.

Chords lie still on both sides, an arpeggio wanders between them, bells on the right are
answered by the left. It is computed as it is heard, a note at a time.
"""

from __future__ import annotations

import cmath
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, repeat
from operator import mul
from typing import Final, NamedTuple

from musicbot.engine.decode import Converter
from musicbot.engine.sound import SAMPLE_RATE, Sound, to_frame

RATE: Final = 16_000
"""Samples a second that are computed: nothing in it is higher than half of that."""

BEAT: Final = 10_000
"""Samples: 96 beats a minute."""

BAR: Final = 4 * BEAT

DURATION: Final = 30.0
"""Seconds: twelve bars."""

END: Final = round(DURATION * RATE)

BLOCK: Final = 1_600
"""Samples that are computed at a time."""

FADE: Final = 80
"""Samples in which a note begins and ends, so that it does not click."""

CHORDS: Final = (
    (53, 57, 60, 64), (55, 59, 62, 64), (52, 55, 59, 62), (57, 60, 64, 67),
    (53, 57, 60, 64), (55, 59, 62, 65), (55, 60, 64, 67), (57, 60, 64, 67),
    (50, 57, 60, 65), (55, 59, 62, 65), (53, 57, 60, 65), (48, 55, 60, 64),
)  # fmt: skip
"""One for each bar, in MIDI's numbers of notes: F G Em Am, F G C Am, Dm G F C."""

ROOTS: Final = (41, 43, 40, 45, 41, 43, 48, 45, 38, 43, 41, 36)

PATTERN: Final = (0, 1, 2, 3, 2, 1, 2, 3)
"""Which note of the chord is played on each half beat."""

MELODY: Final = (
    (16.0, 84), (17.5, 83), (18.0, 79), (20.0, 81), (21.5, 79), (22.0, 74),
    (24.0, 76), (25.5, 79), (26.0, 84), (28.0, 83), (29.5, 79), (30.0, 76),
    (32.0, 77), (33.5, 81), (34.0, 86), (36.0, 83), (37.5, 86), (38.0, 79),
    (40.0, 84), (41.5, 81), (42.0, 77), (44.0, 76), (44.5, 79), (45.0, 84),
)  # fmt: skip
"""Beats and notes of the bells."""

ANSWER: Final = 0.75
"""Beats after which the other side answers."""


@dataclass(frozen=True, slots=True)
class Voice:
    """An instrument."""

    partials: tuple[tuple[float, float, float], ...]
    """For each sine in a tone: its frequency (1 is that of the note), its loudness, and
    how many times a second it falls to a third (1/e)."""
    beats: float
    """How long a note lasts."""
    attack: int = FADE
    release: int = FADE
    """Samples."""


class Note(NamedTuple):
    """A tone, and when, how loud and where it is played."""

    start: int
    voice: Voice
    pitch: int
    left: float
    right: float


PAD: Final = Voice(((1, 1.2, 0), (2.003, 0.25, 0)), 4.6, attack=5_300, release=7_300)
PLUCK: Final = Voice(((1, 1, 3.5), (2, 0.45, 5), (3, 0.2, 8)), 1.75, release=800)
BASS: Final = Voice(((1, 1, 1.6), (2, 0.4, 3)), 2, attack=200, release=800)
BELL: Final = Voice(((1, 1, 2.2), (2.76, 0.3, 5), (5.4, 0.12, 9)), 2.5, release=4_000)


class Demo:
    """The piece, from some position on."""

    def __init__(self) -> None:
        self._position = 0

    def seek(self, position: int) -> None:
        """Go to a position, in samples at 48 kHz."""
        self._position = position * RATE // SAMPLE_RATE

    def sounds(self) -> Iterator[Sound]:
        """Play from here on."""
        position = self._position * SAMPLE_RATE // RATE
        converter = Converter()
        for block in self._blocks():
            for data in converter.convert(to_frame(block, RATE)):
                yield (sound := Sound(position, data))
                position = sound.end
        for data in converter.flush():
            yield Sound(position, data)

    def _blocks(self) -> Iterator[bytes]:
        notes = list(_score())
        for start in range(self._position, END, BLOCK):
            stop = min(start + BLOCK, END)
            notes = [note for note in notes if _end(note) > start]
            yield _mixed([note for note in notes if note.start < stop], start, stop)


def _score() -> Iterator[Note]:
    """Return all that is played."""
    for bar, (chord, root) in enumerate(zip(CHORDS, ROOTS, strict=True)):
        start = bar * BAR
        for number, pitch in enumerate(chord):
            side = 0.95 if number % 2 else 0.05
            yield _note(start, PAD, pitch, 0.09, side)
        for beat in (0, 2.5):
            yield _note(start + round(beat * BEAT), BASS, root, 0.22, 0.5)
        if bar < len(CHORDS) - 1:
            yield from _arpeggio(start, chord)
    for beat, pitch in MELODY:
        yield _note(round(beat * BEAT), BELL, pitch, 0.17, 0.95)
        yield _note(round((beat + ANSWER) * BEAT), BELL, pitch, 0.08, 0.05)


def _arpeggio(start: int, chord: tuple[int, ...]) -> Iterator[Note]:
    """Walk through a chord and from side to side, once in two bars."""
    for step, number in enumerate(PATTERN):
        at = start + step * BEAT // 2
        side = 0.5 - 0.5 * math.cos(math.pi * at / BAR)
        yield _note(at, PLUCK, chord[number] + 12, 0.17, side)


def _note(start: int, voice: Voice, pitch: int, volume: float, side: float) -> Note:
    """Place a note between left (0) and right (1), as loud wherever it is."""
    angle = side * math.pi / 2
    return Note(start, voice, pitch, volume * math.cos(angle), volume * math.sin(angle))


def _end(note: Note) -> int:
    return note.start + _length(note)


def _length(note: Note) -> int:
    # The last notes end with the piece.
    return min(round(note.voice.beats * BEAT), END - note.start)


def _mixed(notes: list[Note], start: int, stop: int) -> bytes:
    """Return what sounds between two positions."""
    # The left sample is the real part of a number, the right one its imaginary part.
    mix = [0j] * (stop - start)
    for note in notes:
        wave = _wave(note.voice, note.pitch, _length(note))
        begin = max(start, note.start)
        end = min(stop, _end(note))
        part = wave[begin - note.start : end - note.start]
        both = complex(note.left, note.right)
        heard = slice(begin - start, end - start)
        mix[heard] = [sum_ + both * value for sum_, value in zip(mix[heard], part, strict=True)]
    samples = array("f", bytes(8 * len(mix)))
    samples[0::2] = array("f", [sample.real for sample in mix])
    samples[1::2] = array("f", [sample.imag for sample in mix])
    return samples.tobytes()


@lru_cache(maxsize=64)
def _wave(voice: Voice, pitch: int, length: int) -> array[float]:
    """Return a tone in full: a sum of sines that fade away."""
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    partials = [_circling(hertz * ratio, decay, length) for ratio, _, decay in voice.partials]
    volumes = [loudness for _, loudness, _ in voice.partials]
    tone = array("f", bytes(4 * length))
    for volume, partial in zip(volumes, partials, strict=True):
        tone = array(
            "f", [sum_ + volume * point.imag for sum_, point in zip(tone, partial, strict=True)]
        )
    for number in range(min(voice.attack, length)):
        tone[number] *= _rise(number / voice.attack)
    for number in range(min(voice.release, length)):
        tone[-1 - number] *= _rise(number / voice.release)
    return tone


def _circling(hertz: float, decay: float, length: int) -> Iterator[complex]:
    """Return points on a circle that shrinks; their height is a sine that fades away."""
    turn = cmath.exp((2j * math.pi * hertz - decay) / RATE)
    return accumulate(repeat(turn, length - 1), mul, initial=1 + 0j)


def _rise(part: float) -> float:
    """Return a way from 0 to 1 without edges."""
    return 0.5 - 0.5 * math.cos(math.pi * part)
