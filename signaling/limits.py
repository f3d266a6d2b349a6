"""What the server bears: sizes, rates, times and names."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from signaling.messages import MAX_MESSAGE, ProtocolError

MAX_NAME: Final = 64
"""Characters of a name, of a peer or a room, in normal form C."""

OWN_FILES: Final = 64
"""What a process may have open besides its connections."""

_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Turn the direction of the text around them, which is not only the name's own."""

_UNWANTED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_INVISIBLE: Final = frozenset({"C", "Z", "M"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Everything that is bounded, with what happens at the bound."""

    message_size: int = MAX_MESSAGE
    """Bytes of a message; a longer one closes the connection with 1009."""
    join_time: float = 5.0
    """Seconds from the opening of a connection to its first message; then 1008."""
    message_rate: float = 30.0
    """Messages per second of one connection; more are refused with ``too-many``."""
    message_burst: float = 120.0
    byte_rate: float = 128 * 1024
    """Bytes per second of one connection, likewise. Who may not send more than
    fits into an outbox at once cannot have a peer that reads cut by flooding it."""
    byte_burst: float = 256 * 1024
    abuse_time: float = 10.0
    """Seconds of sending too much after which the connection is closed with 1008."""
    outbox: int = 512 * 1024
    """Bytes that wait for one peer; at more it is cut and has left, as ``slow``."""
    stall_time: float = 5.0
    """Seconds that a peer may take to read one message; likewise."""
    room_peers: int = 16
    """People and control peers in a room, the bot not counted; then ``room-full``."""
    rooms: int = 10_000
    """Rooms at once; then ``server-full``, as for the connections."""
    connections: int = 20_000
    opening: int = 64
    """Connections besides those, of which nobody knows yet what they want; then 503."""
    per_address: int = 64
    """Open connections of one host; then 429. 0 for any number. This machine is not
    counted: a proxy here speaks for everybody."""
    summon_time: float = 10.0
    """Seconds that a summoned bot has to come before another worker is asked."""
    ping_time: float = 10.0
    """Seconds between pings, and for an answer: who is dead is gone in about 20 s."""
    stop_time: float = 2.0
    """Seconds that a peer has to say goodbye before it is cut."""

    def within(self, files: int) -> Limits:
        """Return the limits of a process that may have so many files open."""
        most = max(1, files - self.opening - OWN_FILES)
        return replace(self, connections=min(self.connections, most))


def clean_name(text: str, code: str) -> str:
    """Return a name in the form in which it is shown and compared.

    Args:
        text: As somebody wrote it.
        code: Of the error, if it is not fit to be a name.

    Raises:
        ProtocolError: With that code.
    """
    # Normalising makes a text at most three times shorter (Unicode, annex 15, 8).
    if len(text) > 4 * MAX_NAME or any(map(_unwanted, text)):
        raise ProtocolError(code)
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if len(name) > MAX_NAME or all(map(_invisible, name)):
        raise ProtocolError(code)
    return name


def _unwanted(character: str) -> bool:
    return character in _BIDI or unicodedata.category(character) in _UNWANTED


def _invisible(character: str) -> bool:
    return unicodedata.category(character)[0] in _INVISIBLE


class TokenBucket:
    """Allows a rate on average, and a burst at once."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled = now

    def fill(self, now: float) -> float:
        """Add what has come in since the last time; return how many tokens there are."""
        elapsed = max(0.0, now - self._filled)
        self._filled = max(now, self._filled)
        self._tokens = min(self._burst, self._tokens + elapsed * self._rate)
        return self._tokens

    def take(self, count: float) -> None:
        """Take tokens out; there must be as many."""
        self._tokens -= count

    @property
    def full(self) -> bool:
        """Whether nothing was taken for a while."""
        return self._tokens >= self._burst


class Verdict(Enum):
    """What becomes of a message, by how much its sender has been sending."""

    PASS = "pass"
    WARN = "warn"
    """Refused; the sender must be told."""
    DROP = "drop"
    """Refused; the sender was told less than a second ago."""
    CUT = "cut"
    """Refused, as so many before it that the connection must end."""


class Meter:
    """Judges how much one connection sends."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._abuse_time = limits.abuse_time
        self._messages = TokenBucket(limits.message_rate, limits.message_burst, now)
        self._bytes = TokenBucket(limits.byte_rate, limits.byte_burst, now)
        self._abused_since: float | None = None
        """When too much was sent for the first time since the sender last paused."""
        self._warned = 0.0

    def judge(self, size: int, now: float) -> Verdict:
        """Count a message of some bytes; return what becomes of it."""
        messages, sizes = self._messages.fill(now), self._bytes.fill(now)
        if self._messages.full and self._bytes.full:
            self._abused_since = None
        if messages >= 1 and sizes >= size:
            self._messages.take(1)
            self._bytes.take(size)
            return Verdict.PASS
        return self._refuse(now)

    def _refuse(self, now: float) -> Verdict:
        if self._abused_since is None:
            self._abused_since = self._warned = now
            return Verdict.WARN
        if now - self._abused_since >= self._abuse_time:
            return Verdict.CUT
        if now - self._warned < 1:
            return Verdict.DROP
        self._warned = now
        return Verdict.WARN
