from __future__ import annotations

import pytest

from signaling.ice import parse_ice_server, parse_ice_servers
from signaling.messages import IceServer


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("stun:stun.example.org", IceServer("stun:stun.example.org")),
        ("stun:192.0.2.1:3478", IceServer("stun:192.0.2.1:3478")),
        ("stuns:[2001:db8::1]:5349", IceServer("stuns:[2001:db8::1]:5349")),
        ("turn:ann:pass@host:3478", IceServer("turn:host:3478", "ann", "pass")),
        (
            "turns:1700%3Aann:p%40ss:word@host:443?transport=tcp",
            IceServer("turns:host:443?transport=tcp", "1700:ann", "p@ss:word"),
        ),
    ],
)
def test_a_server_is_read_from_its_address(text: str, server: IceServer) -> None:
    assert parse_ice_server(text) == server


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stun.example.org",
        "http://example.org",
        "stun:",
        "stun:a b",
        "stun:host:port",
        "stun:host:0",
        "stun:host:70000",
        "stun:ann:SECRET@host",
        "turn:host:3478",
        "turn:ann@host",
        "turn:ann:SECRET@host?transport=sctp",
        "turn:ann:SECRET@host:99999",
    ],
)
def test_what_is_no_server_is_refused_without_repeating_its_password(text: str) -> None:
    with pytest.raises(ValueError, match=r"ICE server|port|TURN") as caught:
        parse_ice_server(text)

    assert "SECRET" not in str(caught.value)


def test_no_servers_are_fine() -> None:
    assert parse_ice_servers([]) == ()
    assert parse_ice_servers(["stun:a", "stun:b"]) == (IceServer("stun:a"), IceServer("stun:b"))
