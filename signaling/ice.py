"""The STUN and TURN servers that peers are told of: a list given at the start."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from signaling.messages import IceServer

EXAMPLE: Final = "turn:user:password@turn.example.org:3478"

_SERVER: Final = re.compile(
    r"(?P<scheme>stuns?|turns?):"
    r"(?:(?P<username>[^:@\s]+):(?P<credential>[^@\s]+)@)?"
    r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<transport>\?transport=(?:udp|tcp))?"
)
"""The URIs of RFC 7064 and RFC 7065, with a credential as other URIs have it."""


def parse_ice_server(text: str) -> IceServer:
    """Return the server that a setting names, such as ``stun:stun.example.org``.

    A TURN server's user and password stand before its host; characters that
    mean something there are percent-encoded.

    Raises:
        ValueError: If it is none; the text does not repeat the password.
    """
    match = _SERVER.fullmatch(text)
    if match is None:
        raise ValueError(f"An ICE server is written like stun:stun.example.org or {EXAMPLE}.")
    parts = match.groupdict()
    port = "" if parts["port"] is None else f":{int(parts['port'])}"
    url = f"{parts['scheme']}:{parts['host']}{port}{parts['transport'] or ''}"
    if parts["port"] is not None and not 0 < int(parts["port"]) < 65536:
        raise ValueError(f"The port of {url} must be between 1 and 65535.")
    if parts["scheme"].startswith("turn") != (parts["username"] is not None):
        raise ValueError(
            f"{url}: a TURN server needs a user and a password, a STUN server has none; "
            f"for example {EXAMPLE}."
        )
    if parts["username"] is None:
        return IceServer(url)
    return IceServer(url, unquote(parts["username"]), unquote(parts["credential"]))


def parse_ice_servers(texts: Iterable[str]) -> tuple[IceServer, ...]:
    """Return the servers that the settings name; none is fine on a local network.

    Raises:
        ValueError: If one is none.
    """
    return tuple(map(parse_ice_server, texts))
