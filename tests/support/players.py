"""Players in the states that tests begin with."""

from __future__ import annotations

from collections.abc import Iterable

from musicbot.core.effects import Effect, Open, Reply, Request
from musicbot.core.player import Player
from musicbot.core.tracks import SAMPLE_RATE, Link, Piece, PlayId

LENGTH = 180.0
"""Seconds of a piece unless a test says otherwise."""


def piece(title: str = "A", duration: float | None = LENGTH, *, live: bool = False) -> Piece:
    """Return something that can be queued."""
    return Piece(Link(f"https://example.org/{title}"), title, duration, live)


def request(id: int = 1, person: str = "Ann", *, host: bool = False) -> Request:
    """Return a command's request; the person's id is the name in small letters."""
    return Request(person.lower(), id, person, host)


def samples(seconds: float) -> int:
    """Return a time as a position."""
    return round(seconds * SAMPLE_RATE)


def playing(*titles: str) -> Player:
    """Return a player that plays the first piece; the others wait."""
    player = loading(*titles)
    player.opened(PlayId(1), None, seekable=True, live=False)
    return player


def loading(*titles: str) -> Player:
    """Return a player that opens the first piece, as play 1; the others wait."""
    player = Player()
    for title in titles:
        player.enqueue(request(), [piece(title)])
    return player


def opened(effects: Iterable[Effect]) -> PlayId:
    """Return the play that effects open."""
    (play,) = (effect.play for effect in effects if isinstance(effect, Open))
    return play


def texts(effects: Iterable[Effect]) -> list[str]:
    """Return what is answered, in order."""
    return [effect.text for effect in effects if isinstance(effect, Reply)]


def waiting(player: Player) -> list[str]:
    """Return the titles in the queue."""
    return [track.piece.title for track in player.queue]
