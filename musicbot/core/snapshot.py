"""What the room plays at one moment, for the page to show."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Final

from musicbot.core.player import Player
from musicbot.core.states import Loop, State
from musicbot.core.tracks import SAMPLE_RATE, Track

MAX_SHOWN: Final = 20
"""Entries of the queue that are told; of the others only how many there are."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the player does, and how far it is."""

    state: State
    track: Track | None
    position: float
    """In seconds."""
    duration: float | None
    """Of the current track, in seconds; ``None`` if it is live or not known."""
    queue: tuple[Track, ...]
    """The first entries only."""
    queued: int
    """How many there are."""
    volume: int
    """In percent."""
    loop: Loop
    listeners: int


def snapshot(player: Player, heard: int, listeners: int) -> Snapshot:
    """Take down what a player does.

    Args:
        player: It.
        heard: The engine's position in samples.
        listeners: How many people hear it.
    """
    track = player.track
    return Snapshot(
        state=player.state,
        track=track,
        position=player.position(heard) / SAMPLE_RATE,
        duration=track.piece.duration if track else None,
        queue=tuple(islice(player.queue, MAX_SHOWN)),
        queued=len(player.queue),
        volume=player.volume,
        loop=player.loop,
        listeners=listeners,
    )
