"""What listeners typed and the sources are still looking for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from musicbot.core import replies
from musicbot.core.effects import Request
from musicbot.errors import NotNow

MAX_PER_PERSON: Final = 5
"""Look-ups that one person may have at once."""

MAX_PER_ROOM: Final = 20
"""Look-ups that all people of a room may have at once."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """Something that is being looked for."""

    request: Request
    text: str
    """What was typed, fit to be shown."""
    next: bool
    """Whether it is to be played before the rest of the queue."""


class LookUps:
    """The look-ups under way; what is not among them any more is late news."""

    def __init__(self) -> None:
        self._pending: list[LookUp] = []

    def __len__(self) -> int:
        return len(self._pending)

    def begin(self, look_up: LookUp) -> None:
        """Remember one.

        Raises:
            NotNow: If there are too many, or one for this request already.
        """
        if any(look_up.request == pending.request for pending in self._pending):
            # The id is the client's own choice, so it may come twice.
            raise NotNow(replies.LOOKED_UP_ALREADY)
        person = look_up.request.person_id
        own = sum(pending.request.person_id == person for pending in self._pending)
        if own >= MAX_PER_PERSON or len(self._pending) >= MAX_PER_ROOM:
            raise NotNow(replies.TOO_MANY_LOOK_UPS)
        self._pending.append(look_up)

    def finish(self, request: Request) -> LookUp | None:
        """Forget one; return it, or ``None`` if it was given up before."""
        for index, look_up in enumerate(self._pending):
            if look_up.request == request:
                return self._pending.pop(index)
        return None

    def give_up(self) -> list[LookUp]:
        """Forget all; return them."""
        given_up, self._pending = self._pending, []
        return given_up
