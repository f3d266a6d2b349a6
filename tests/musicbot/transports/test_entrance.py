from __future__ import annotations

import pytest
from msgspec import UNSET

from musicbot.errors import RoomLost
from musicbot.transports.entrance import enter, ice_of, is_local, origin_of, signal_in
from signaling.messages import (
    Candidate,
    Description,
    IceServer,
    Join,
    Peer,
    RelayedSignal,
    RoomInfo,
    Welcome,
)
from signaling.server import Server, Settings, running
from tests.support.product import free_port

HOME = Join(room="den", name="command line", kind="control")


async def test_the_one_who_enters_learns_who_is_there() -> None:
    async with running(Settings(port=0)) as server:
        url = f"ws://127.0.0.1:{server.port}/ws"
        async with (
            enter(url, Join(room="den", name="Ann"), origin=origin_of(url)),
            enter(url, HOME, origin=origin_of(url)) as (_, welcome),
        ):
            assert [peer.name for peer in welcome.peers] == ["Ann"]


async def test_a_server_that_lets_nobody_in_says_why() -> None:
    async with running(Settings(port=0)) as server:
        url = f"ws://127.0.0.1:{server.port}/ws"
        with pytest.raises(RoomLost, match="token"):
            async with enter(url, HOME):
                pass


async def test_a_server_that_is_not_there_is_named() -> None:
    url = f"ws://127.0.0.1:{free_port()}/ws"

    with pytest.raises(RoomLost, match=origin_of(url)):
        async with enter(url, HOME, origin=origin_of(url)):
            pass


async def test_a_connection_that_breaks_is_a_lost_room() -> None:
    async with running(Settings(port=0)) as server:
        url = f"ws://127.0.0.1:{server.port}/ws"
        with pytest.raises(RoomLost, match="restarts"):
            await stay_while_it_stops(server, url)


async def stay_while_it_stops(server: Server, url: str) -> None:
    async with enter(url, HOME, origin=origin_of(url)) as (connection, _):
        await server.stop()
        await connection.receive()


@pytest.mark.parametrize(
    ("server", "local"),
    [
        ("ws://127.0.0.1:8080/ws", True),
        ("ws://127.8.8.8/ws", True),
        ("ws://[::1]:8080/ws", True),
        ("ws://localhost/ws", True),
        ("wss://irisa.example.org/ws", False),
        ("ws://192.168.1.20:8080/ws", False),
        ("ws://localhost.example.org/ws", False),
    ],
)
def test_a_server_on_this_machine_has_peers_on_this_machine(server: str, local: bool) -> None:
    assert is_local(server) is local


@pytest.mark.parametrize(
    ("server", "origin"),
    [
        ("ws://127.0.0.1:8080/ws", "http://127.0.0.1:8080"),
        ("wss://irisa.example.org/ws", "https://irisa.example.org"),
    ],
)
def test_the_origin_is_that_of_the_servers_own_pages(server: str, origin: str) -> None:
    assert origin_of(server) == origin


def test_ice_servers_have_the_form_that_browsers_take() -> None:
    servers = (IceServer("stun:a"), IceServer(("turn:b", "turn:c"), "ann", "secret"))
    me = Peer("1", "Ann", "person", "host")
    welcome = Welcome(version=1, self_=me, room=RoomInfo("den", False), peers=(), ice=servers)

    assert ice_of(welcome) == [
        {"urls": "stun:a"},
        {"urls": ("turn:b", "turn:c"), "username": "ann", "credential": "secret"},
    ]


@pytest.mark.parametrize(
    ("description", "candidate", "said"),
    [
        (Description("answer", "v=0"), UNSET, Description("answer", "v=0")),
        (UNSET, Candidate("here"), Candidate("here")),
        (UNSET, None, None),
    ],
)
def test_a_signal_is_a_description_or_a_candidate_or_the_end_of_these(
    description: Description, candidate: Candidate, said: object
) -> None:
    signal = RelayedSignal(from_="2", description=description, candidate=candidate)

    assert signal_in(signal) == said
