from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from musicbot.config import BotConfig, ServerConfig, socket_of
from musicbot.errors import ConfigError

GOOD: dict[str, Any] = {"server": "ws://localhost:8080/ws", "token": "hush"}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"server": "http://localhost"}, "ws://"),
        ({"token": ""}, "token"),
        ({"library": Path("no such folder")}, "not a folder"),
        ({"capacity": 0}, "between 1 and"),
        ({"alone_timeout": 0.0}, "more than 0"),
        ({"allow_net": ("nonsense",)}, "nonsense"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        BotConfig(**{**GOOD, **wrong})


def test_a_port_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="65535"):
        ServerConfig(port=70_000, token="hush")


def test_no_secret_is_in_a_repr() -> None:
    server = ServerConfig(token="hush", ice_servers=("turn:user:hush@example.org",))

    assert "hush" not in repr(BotConfig(**GOOD)) + repr(server)


@pytest.mark.parametrize(
    ("host", "page", "socket"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws"),
        ("0.0.0.0", "http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws"),
        ("::1", "http://[::1]:8080", "ws://[::1]:8080/ws"),
    ],
)
def test_page_and_bot_find_a_server_that_listens_on(host: str, page: str, socket: str) -> None:
    config = ServerConfig(host=host, token="hush")

    assert (config.page, config.socket) == (page, socket)


@pytest.mark.parametrize(
    ("server", "socket"),
    [
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws"),
        ("https://irisa.example.org/r/den", "wss://irisa.example.org/ws"),
        ("ws://127.0.0.1:8080/ws", "ws://127.0.0.1:8080/ws"),
    ],
)
def test_a_server_may_be_named_as_people_see_it(server: str, socket: str) -> None:
    assert socket_of(server) == socket


@pytest.mark.parametrize("server", ["irisa.example.org", "", "http:", "ftp://irisa.example.org"])
def test_what_is_no_address_of_a_server_is_refused_with_an_example(server: str) -> None:
    with pytest.raises(ConfigError, match=r"like http://127\.0\.0\.1:8080"):
        socket_of(server)
