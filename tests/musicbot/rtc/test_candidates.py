from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.rtc.candidates import ice_servers, usable

GOOD = "candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host"


def test_an_address_is_understood() -> None:
    candidate = usable(GOOD, loopback=False)

    assert candidate is not None
    assert (candidate.ip, candidate.port, candidate.type) == ("192.0.2.7", 5000, "host")


@pytest.mark.parametrize(
    "text",
    [
        "candidate:1 1 UDP 2130706431 2001:db8::1 5000 typ host",
        "candidate:1 1 udp 1 192.0.2.7 5000 typ srflx raddr 10.0.0.1 rport 9 generation 0",
        "candidate:1 1 udp 1 192.0.2.7 5000 typ relay raddr 0.0.0.0 rport 0",
    ],
)
def test_what_browsers_send_is_usable(text: str) -> None:
    assert usable(text, loopback=False) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD.removeprefix("candidate:"),
        GOOD.replace("192.0.2.7", "1234abcd-0000-4000-8000-123456789abc.local"),
        GOOD.replace("192.0.2.7", "example.org"),
        GOOD.replace(" udp", " tcp") + " tcptype active",
        GOOD.replace("candidate:1 1", "candidate:1 2"),
        GOOD.replace("5000", "0"),
        GOOD.replace("5000", "65536"),
        GOOD.replace("5000", "many"),
        GOOD.replace("host", "prflx"),
        "candidate:1 1 udp",
        GOOD + " x y" * 200,
    ],
)
def test_what_is_of_no_use_is_passed_over(text: str) -> None:
    assert usable(text, loopback=False) is None


@pytest.mark.parametrize(
    ("address", "here", "elsewhere"),
    [
        ("192.168.1.7", True, True),
        ("fd00::7", True, True),
        ("127.0.0.1", True, False),
        ("::1", True, False),
        ("::ffff:127.0.0.1", True, False),
        ("127.0.0.2", False, False),
        ("169.254.169.254", False, False),
        ("fe80::1", False, False),
        ("224.0.0.251", False, False),
        ("ff02::fb", False, False),
        ("255.255.255.255", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
    ],
)
def test_no_peer_has_us_knock_where_no_listener_can_be(
    address: str, here: bool, elsewhere: bool
) -> None:
    text = GOOD.replace("192.0.2.7", address)

    assert (usable(text, loopback=True) is not None) == here
    assert (usable(text, loopback=False) is not None) == elsewhere


@given(st.text())
def test_looking_at_a_candidate_is_total(text: str) -> None:
    usable("candidate:" + text, loopback=True)


def test_servers_are_taken_from_the_form_that_browsers_take() -> None:
    found = ice_servers(
        [
            {"urls": "stun:stun.example.org"},
            {
                "urls": ("turn:turn.example.org:3478?transport=udp", "turns:turn.example.org"),
                "username": "me",
                "credential": "secret",
            },
        ]
    )

    assert [(server.urls, server.username, server.credential) for server in found] == [
        ("stun:stun.example.org", None, None),
        ("turn:turn.example.org:3478?transport=udp", "me", "secret"),
        ("turns:turn.example.org", "me", "secret"),
    ]


@pytest.mark.parametrize(
    "servers",
    [
        [],
        [{}],
        [{"urls": None}],
        [{"urls": 5}],
        [{"urls": ["http://example.org", 5]}],
        [{"urls": "stun:"}],
        [{"urls": "turn:host:port"}],
    ],
)
def test_servers_that_make_no_sense_are_left_out(servers: Sequence[Mapping[str, object]]) -> None:
    assert ice_servers(servers) == []


def test_a_server_that_is_left_out_is_named_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        ice_servers([{"urls": "ftp://example.org"}])

    assert "ftp://example.org" in caplog.text


def test_a_username_that_is_no_text_is_left_out() -> None:
    (server,) = ice_servers([{"urls": "turn:example.org", "username": 1, "credential": 2}])

    assert (server.username, server.credential) == (None, None)
