"""Which addresses the bot may connect to when a listener names one.

A link can lead anywhere: to the machine itself, to its network, to a cloud's metadata.
So every address is judged when it is about to be connected to, after names, redirects
and odd spellings have been resolved. Only public unicast addresses pass, and those that
the operator allows.

``ipaddress.is_global`` is not used: it depends on the version of Python, and lets
multicast and addresses that carry a private one inside (NAT64, 6to4) pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from musicbot.errors import ConfigError

_REFUSED_4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # "this network" (RFC 791); 0.0.0.0 reaches the machine itself
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598), some clouds' metadata
        "127.0.0.0/8",  # loopback (RFC 1122)
        "168.63.129.16/32",  # Azure's platform, reachable from inside only
        "169.254.0.0/16",  # link-local (RFC 3927), most clouds' metadata
        "172.16.0.0/12",  # private (RFC 1918)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",  # private (RFC 1918)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation (RFC 5737)
        "203.0.113.0/24",  # documentation (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved, and broadcast (RFC 1112)
    )
)

_UNICAST_6: Final = IPv6Network("2000::/3")
"""All that is handed out as public unicast (RFC 4291); everything else is refused."""

_REFUSED_6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID (RFC 2928)
        "2001:db8::/32",  # documentation (RFC 3849)
        "3fff::/20",  # documentation (RFC 9637)
    )
)

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""IPv4 behind a translator (RFC 6052)."""

# fmt: off
_REFUSED_PORTS: Final = frozenset({
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389,
    427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
    989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665,
    6666, 6667, 6668, 6669, 6679, 6697, 10080,
})
# fmt: on
"""Ports of other protocols, as browsers refuse them (Fetch standard, "port blocking").

Radio stations are found on almost any other port, so a list of allowed ones would not do.
"""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class NetPolicy:
    """Public addresses, and the networks that the operator allows besides."""

    allow: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, networks: Iterable[str]) -> NetPolicy:
        """Read the operator's networks, such as ``192.168.1.10`` or ``fd00:1::/64``.

        Raises:
            ConfigError: If one is no network.
        """
        return cls(tuple(_network(text) for text in networks))

    def allowed(self, ip: str) -> bool:
        """Return whether an address may be connected to; what is no address may not."""
        try:
            address = ip_address(ip)
        except ValueError:
            return False
        inner = _unwrapped(address)
        if any(address in network or inner in network for network in self.allow):
            return True
        if isinstance(inner, IPv4Address):
            return not any(inner in network for network in _REFUSED_4)
        return inner in _UNICAST_6 and not any(inner in network for network in _REFUSED_6)

    def port_allowed(self, port: int) -> bool:
        """Return whether a port may be connected to."""
        return 0 < port < 65536 and port not in _REFUSED_PORTS


def _network(text: str) -> Network:
    try:
        return ip_network(text.strip())
    except ValueError:
        pass
    try:
        nearest = ip_network(text.strip(), strict=False)
    except ValueError:
        raise ConfigError(
            f"{text!r} is no network; write an address like 192.168.1.10 or a network like"
            " 192.168.1.0/24."
        ) from None
    raise ConfigError(f"{text!r} has bits set beyond its prefix; did you mean {nearest}?")


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, if it does for one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address
