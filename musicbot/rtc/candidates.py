"""What may be used of the addresses that servers and peers name."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping, Sequence
from typing import Final

from aiortc import RTCIceCandidate, RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri
from aiortc.sdp import candidate_from_sdp

logger = logging.getLogger(__name__)

MAX_CANDIDATES: Final = 64
"""Candidates taken from one peer; each costs a check with each address of ours."""

_MAX_LENGTH: Final = 512
_COMPONENT: Final = 1
_PREFIX: Final = "candidate:"
_LOOPBACK: Final = frozenset(("127.0.0.1", "::1"))


def usable(text: str, *, loopback: bool) -> RTCIceCandidate | None:
    """Return a peer's candidate if it can be of use, else ``None``.

    Each is sent a few checks, so a peer could have us knock anywhere. Private addresses must be
    possible, since people meet in private networks; no listener is at those of this machine, of a
    single wire (where clouds keep their secrets) or of many.

    Not of use are names ending in ``.local``: looking them up asks the whole local network, and
    such a peer is found all the same, by its own checks. An empty text, which stands for the end
    of the candidates, is of none either: after it aioice would give up a peer that has only such
    names. The time to connect is limited in any case.

    Args:
        text: As a browser writes it.
        loopback: Whether peers on this machine are expected.
    """
    if not text.startswith(_PREFIX) or len(text) > _MAX_LENGTH:
        return None
    try:
        candidate = candidate_from_sdp(text.removeprefix(_PREFIX))
        address = ipaddress.ip_address(candidate.ip)
    except (AssertionError, ValueError):
        return None
    fits = (
        candidate.component == _COMPONENT
        and candidate.protocol.lower() == "udp"
        and 0 < candidate.port < 65_536
        and candidate.type in ("host", "srflx", "relay")
        and _may_be_somebody(address, loopback=loopback)
    )
    return candidate if fits else None


def ice_servers(servers: Sequence[Mapping[str, object]]) -> list[RTCIceServer]:
    """Return servers as aiortc wants them, one address each, from the form that browsers take.

    What makes no sense is left out with a warning: the others may do. Never empty-handed to
    aiortc, which would ask a public server then; an empty list says that there is none.
    """
    found = []
    for server in servers:
        urls = server.get("urls")
        several = urls if isinstance(urls, list | tuple) else ()
        for url in [urls] if isinstance(urls, str) else several:
            if not _is_server(url):
                logger.warning("This address of an ICE server is not understood: %r", url)
                continue
            username, credential = server.get("username"), server.get("credential")
            found.append(
                RTCIceServer(
                    urls=url,
                    username=username if isinstance(username, str) else None,
                    credential=credential if isinstance(credential, str) else None,
                )
            )
    return found


def _may_be_somebody(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, *, loopback: bool
) -> bool:
    """Return whether a listener can be at an address."""
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return loopback and str(address) in _LOOPBACK
    nobody = address.is_multicast or address.is_unspecified or address.is_link_local
    return not nobody and str(address) != "255.255.255.255"


def _is_server(url: object) -> bool:
    try:
        return isinstance(url, str) and bool(parse_stun_turn_uri(url))
    except ValueError:
        return False
