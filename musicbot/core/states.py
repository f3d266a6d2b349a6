"""What the player does, and what may follow: the table of its state machine.

:class:`musicbot.core.player.Player` alone goes by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final


class State(Enum):
    """What the player does."""

    IDLE = "idle"
    LOADING = "loading"
    PLAYING = "playing"
    PAUSED = "paused"


class Event(Enum):
    """What changes the state."""

    LOAD = "load"
    """A track is being opened."""
    PLAY = "play"
    """It is heard."""
    PAUSE = "pause"
    END = "end"
    """There is no current track any more."""


class Loop(Enum):
    """What is repeated."""

    OFF = "off"
    TRACK = "track"
    QUEUE = "queue"


TRANSITIONS: Final[Mapping[State, Mapping[Event, State]]] = {
    State.IDLE: {Event.LOAD: State.LOADING},
    State.LOADING: {
        Event.LOAD: State.LOADING,
        Event.PLAY: State.PLAYING,
        Event.PAUSE: State.PAUSED,
        Event.END: State.IDLE,
    },
    State.PLAYING: {
        Event.LOAD: State.LOADING,
        Event.PAUSE: State.PAUSED,
        Event.END: State.IDLE,
    },
    State.PAUSED: {
        Event.LOAD: State.LOADING,
        Event.PLAY: State.PLAYING,
        Event.END: State.IDLE,
    },
}
