"""Who may keep a connection open before a word is said: no socket, no task, no clock."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address

from signaling.limits import Limits


class Refusal(Enum):
    """Why somebody may not come in, in the words of HTTP."""

    FULL = "503 Service Unavailable"
    TOO_MANY = "429 Too Many Requests"


class Gate:
    """Counts what is open, whatever becomes of it: a page, a WebSocket, nothing."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.connections + limits.opening
        self._per_address = limits.per_address
        self._open: Counter[str] = Counter()

    def enter(self, address: str) -> Refusal | None:
        """Count a connection; return why it must end instead, if it must."""
        parsed = _parse(address)
        host = _host(parsed)
        if self._open.total() >= self._most:
            return Refusal.FULL
        if 0 < self._per_address <= self._open[host] and not parsed.is_loopback:
            return Refusal.TOO_MANY
        self._open[host] += 1
        return None

    def leave(self, address: str) -> None:
        """Take note that a connection that came in has ended."""
        host = _host(_parse(address))
        self._open[host] -= 1
        if not self._open[host]:
            del self._open[host]


def _parse(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def _host(address: IPv4Address | IPv6Address) -> str:
    """Return what one host has no second of."""
    if isinstance(address, IPv4Address):
        return str(address)
    # Who has one address of version 6 has 2^64 of them (RFC 6177).
    return f"{int(address) >> 64:x}/64"
