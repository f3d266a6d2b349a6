from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.error import HTTPError

import pytest
from click.testing import CliRunner, Result
from websockets.asyncio.client import connect
from websockets.typing import Origin

from signaling.cli import main

COMMAND: Final = [sys.executable, "-m", "signaling"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def started(
    *options: str, environment: dict[str, str] | None = None, prefix: Sequence[str] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Start the server as its users do; wait until it listens."""
    process = subprocess.Popen(
        [*prefix, *COMMAND, *options],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    with process:
        try:
            assert process.stderr is not None
            assert any("listening on" in line for line in process.stderr)
            yield process
        finally:
            process.kill()


def refused(*options: str, environment: dict[str, str] | None = None) -> Result:
    result = CliRunner().invoke(main, list(options), env=environment)
    assert result.exit_code == 2
    return result


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    port = free_port()
    with started("--port", str(port)) as process:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
            assert response.read() == b"ok\n"

        began = time.monotonic()
        process.send_signal(number)

        assert process.wait(10) == 0
        assert time.monotonic() - began < 5


def test_the_settings_come_from_the_environment_too() -> None:
    port = free_port()
    environment = {
        "SIGNALING_HOST": "127.0.0.1",
        "SIGNALING_PORT": str(port),
        "SIGNALING_BOT_TOKEN": "SECRET",
        "SIGNALING_ICE_SERVER": "stun:127.0.0.1 turn:ann:SECRET@127.0.0.1:3478",
        "SIGNALING_ALLOW_ORIGIN": "https://friend.example http://[::1]:3000/",
    }
    with started("--end-with-stdin", environment=environment) as process:
        assert process.stdin is not None
        request = urllib.request.Request(f"http://127.0.0.1:{port}/ws")
        request.add_header("Origin", "https://friend.example")
        with pytest.raises(HTTPError) as caught:
            urllib.request.urlopen(request, timeout=5)
        with caught.value as answer:
            assert answer.status == 426

        process.stdin.close()

        assert process.wait(10) == 0
        assert process.stderr is not None
        assert "SECRET" not in process.stderr.read()


def test_silent_connections_keep_nobody_out() -> None:
    port = free_port()
    few_files = ["sh", "-c", 'ulimit -Hn 400; ulimit -Sn 64; exec "$@"', "sh"]
    with (
        started("--port", str(port), prefix=few_files) as process,
        contextlib.ExitStack() as silent,
    ):
        for _ in range(200):
            silent.enter_context(socket.create_connection(("127.0.0.1", port)))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as response:
            assert response.read() == b"ok\n"

        for _ in range(300):
            silent.enter_context(socket.create_connection(("127.0.0.1", port)))
        silent.close()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as response:
            assert response.read() == b"ok\n"

        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert process.stderr.read() == ""


async def test_strangers_cannot_write_lines_into_the_log() -> None:
    port = free_port()
    with started("--port", str(port), "--log-level", "debug") as process:
        url = f"ws://127.0.0.1:{port}/ws"
        async with connect(url, origin=Origin(f"http://127.0.0.1:{port}")) as websocket:
            await websocket.send(json.dumps({"type": "\x1b[31m\n2026 ERROR forged: line"}))
            await websocket.wait_closed()

        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        log = process.stderr.read()

    assert "forged: line" in log
    assert "\x1b" not in log
    assert not re.search("^2026 ERROR", log, re.MULTILINE)


def test_a_port_that_is_taken_is_told_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = refused("--port", str(port))

    assert result.output == (
        f"Error: Port {port} on 127.0.0.1 is taken by another program; "
        "choose another one with --port.\n"
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--port", "0"], "--port"),
        (["--port", "http"], "--port"),
        (["--host", "203.0.113.1"], "Cannot listen on 203.0.113.1, port 8080: .* --host"),
        (["--host", "not a host"], "Cannot listen on not a host"),
        (["--per-address", "-1"], "--per-address"),
        (["--ice-server", "turn:ann:SECRET@"], "--ice-server: An ICE server is written like"),
        (["--allow-origin", "example.org"], "--allow-origin: 'example.org' is no origin"),
        (["--allow-origin", "https://example.org/page"], "is no origin"),
        (["--allow-origin", "https://["], "is no origin"),
    ],
)
def test_settings_that_make_no_sense_are_told(options: list[str], text: str) -> None:
    output = refused(*options).output

    assert re.search(text, output)
    assert "SECRET" not in output
    assert "Traceback" not in output


def test_every_option_is_explained() -> None:
    result = CliRunner().invoke(main, ["--help"])

    assert result.exit_code == 0
    for option in (
        "--host",
        "--port",
        "--bot-token",
        "--ice-server",
        "--allow-origin",
        "--per-address",
    ):
        assert option in result.output
