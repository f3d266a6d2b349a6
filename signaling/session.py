"""What one connection may say next: no socket, no task, no clock.

Rule 1: every change of state happens here, through TRANSITIONS.
Rule 2: whatever is refused raises and changes nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec.structs import replace

from signaling.limits import clean_name
from signaling.messages import (
    ClientMessage,
    Join,
    Load,
    ProtocolError,
    Rename,
    Serve,
    decode_client,
)


class State(Enum):
    """What the connection is, as far as it has said."""

    NEW = "new"
    PEER = "in a room"
    WORKER = "serving"
    OVER = "over"
    """It is being closed; what still comes is ignored."""


class Event(Enum):
    """What it does."""

    JOIN = "join"
    SERVE = "serve"
    TALK = "talk"
    """Anything that only somebody in a room may say."""
    REPORT = "report"
    END = "end"


TRANSITIONS: Final[Mapping[State, Mapping[Event, State]]] = {
    State.NEW: {Event.JOIN: State.PEER, Event.SERVE: State.WORKER, Event.END: State.OVER},
    State.PEER: {Event.TALK: State.PEER, Event.END: State.OVER},
    State.WORKER: {Event.REPORT: State.WORKER, Event.END: State.OVER},
    State.OVER: {},
}


class Session:
    """One connection, from its opening to its end.

    Args:
        token: What the server knows its bots by; None if it has none.
        from_page: Whether an allowed origin stands in the opening request.
            Browsers always send one, so only who has the token may go without.
    """

    def __init__(self, *, token: str | None, from_page: bool) -> None:
        self.state = State.NEW
        self._token = token
        self._from_page = from_page

    def read(self, text: str) -> ClientMessage:
        """Return what was said, if it may be said now; its names are clean.

        Nothing is changed before :meth:`accept`: the room may be full.

        Raises:
            ProtocolError: If it may not.
        """
        message = decode_client(text)
        if _event_of(message) not in TRANSITIONS[self.state]:
            raise ProtocolError("not-now")
        match message:
            case Join():
                return self._checked(message)
            case Serve():
                self._demand_token(message.token)
            case Rename():
                return Rename(clean_name(message.name, "bad-name"))
            case _:
                pass
        return message

    def accept(self, message: ClientMessage) -> None:
        """Take note that what was said is done.

        Raises:
            ProtocolError: If it may not be said now.
        """
        self._change(_event_of(message))

    def end(self) -> None:
        """Take note that the connection is being closed; may be called twice."""
        if self.state is not State.OVER:
            self._change(Event.END)

    def _change(self, event: Event) -> None:
        try:
            self.state = TRANSITIONS[self.state][event]
        except KeyError:
            raise ProtocolError("not-now") from None

    def _checked(self, join: Join) -> Join:
        if join.kind == "bot" or join.token is not None or not self._from_page:
            self._demand_token(join.token)
        return replace(
            join,
            room=clean_name(join.room, "bad-room"),
            name=clean_name(join.name, "bad-name"),
        )

    def _demand_token(self, given: str | None) -> None:
        # As bytes: compare_digest takes no text beyond ASCII.
        if not self._token or not hmac.compare_digest((given or "").encode(), self._token.encode()):
            raise ProtocolError("bad-token")


def _event_of(message: ClientMessage) -> Event:
    match message:
        case Join():
            return Event.JOIN
        case Serve():
            return Event.SERVE
        case Load():
            return Event.REPORT
        case _:
            return Event.TALK
