from __future__ import annotations

import json
import subprocess
import sys

import pytest

REFUSED = (
    "os.execv('/bin/true', ['true'])",
    "os.posix_spawn('/bin/true', ['true'], {})",
    "os.fork()",
    "open('escaped', 'w')",
    "open('/dev/null', 'a')",
    "os.unlink('/nowhere')",
    "os.kill(os.getppid(), signal.SIGTERM)",
    "resource.prlimit(os.getppid(), resource.RLIMIT_CORE, limits_of_parent)",
    "resource.setrlimit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))",
    "socket.create_server(('127.0.0.1', 0))",
    "socket.socket(socket.AF_PACKET)",
    "file.write(b'x')",
    "[socket.socket() for _ in range(sandbox.MAX_FILES)]",
)
ALLOWED = (
    "open('/etc/hosts').read()",
    "__import__('wave')",
    "thread.start() or thread.join()",
    "socket.getaddrinfo('localhost', 80)",
    "socket.socket().connect_ex(('127.0.0.1', 1))",
    "os.listdir('.')",
    "resource.getrlimit(resource.RLIMIT_NOFILE)",
)
TOO_LARGE = "bytearray(sandbox.MAX_MEMORY)"

PROGRAM = """
import json, os, resource, signal, socket, sys, tempfile, threading
from musicbot.engine import sandbox

thread = threading.Thread(target=int)
file = tempfile.TemporaryFile(buffering=0)
limits_of_parent = resource.prlimit(os.getppid(), resource.RLIMIT_CORE)
sandbox._missing = {missing!r}
outcomes = {{"": str(sandbox.confine())}}
for code in {attempts!r}:
    try:
        eval(code)
    except (OSError, MemoryError) as error:
        outcomes[code] = type(error).__name__
    else:
        outcomes[code] = "done"
print(json.dumps(outcomes))
"""


def confined(*attempts: str, missing: str | None = None) -> dict[str, str]:
    """Return how attempts in the sandbox end, and under "" what the sandbox lacks."""
    program = PROGRAM.format(attempts=attempts, missing=missing)
    result = subprocess.run(
        (sys.executable, "-c", program), env={}, capture_output=True, timeout=30, check=True
    )
    outcomes: dict[str, str] = json.loads(result.stdout)
    return outcomes


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    return confined(*ALLOWED, TOO_LARGE, *REFUSED)


@pytest.mark.parametrize("attempt", REFUSED)
def test_what_an_engine_never_does_is_refused(attempt: str, outcomes: dict[str, str]) -> None:
    assert outcomes[attempt] in ("PermissionError", "OSError")


@pytest.mark.parametrize("attempt", ALLOWED)
def test_what_an_engine_does_is_allowed(attempt: str, outcomes: dict[str, str]) -> None:
    assert outcomes[attempt] == "done"


def test_memory_is_bounded(outcomes: dict[str, str]) -> None:
    assert outcomes[TOO_LARGE] == "MemoryError"


def test_the_sandbox_is_complete_here(outcomes: dict[str, str]) -> None:
    assert outcomes[""] == "None"


def test_without_a_filter_the_limits_hold() -> None:
    outcomes = confined(TOO_LARGE, "file.write(b'x')", missing="no libseccomp")

    assert outcomes == {
        "": "no libseccomp",
        TOO_LARGE: "MemoryError",
        "file.write(b'x')": "OSError",
    }


def test_an_orphan_ends_at_once() -> None:
    program = "from musicbot.engine import sandbox; sandbox.die_with_parent(1 << 30)"

    result = subprocess.run((sys.executable, "-c", program), env={}, timeout=30, check=False)

    assert result.returncode == -9
