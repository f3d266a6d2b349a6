from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from musicbot.engine.forkserver import NICENESS, READY, REQUEST, ForkServer
from tests.support.processes import until, until_gone

CHILD_TIME = 30.0
PROGRAM = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from tests.musicbot.engine.test_forkserver import serve
serve(int(sys.argv[1]))
"""


class Server:
    """A fork server in a process of its own, whose children say who they are."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair()
        self.control.settimeout(10)
        with theirs:
            # As a program, because this process has threads.
            self.process = subprocess.Popen(
                (sys.executable, "-c", PROGRAM, str(theirs.fileno())),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self.pid = self.process.pid
        assert self.control.recv(1) == READY

    def start(self, number: int) -> tuple[socket.socket, int]:
        """Start a child; return what it talks on, and its process id."""
        ours, theirs = socket.socketpair()
        ours.settimeout(10)
        with theirs:
            socket.send_fds(self.control, [REQUEST.pack(number)], [theirs.fileno()])
        return ours, int(ours.recv(100))

    def end(self, number: int) -> None:
        self.control.send(REQUEST.pack(number))


def child(connection: socket.socket) -> None:
    connection.send(b"%d" % os.getpid())
    if connection.recv(1) == b"!":
        raise ZeroDivisionError("A child fails.")
    threading.Event().wait(CHILD_TIME)


def serve(descriptor: int) -> None:
    with socket.socket(fileno=descriptor) as control:
        ForkServer(control, child).serve()


@contextmanager
def a_server() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.control.close()
        server.process.wait(10)


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as server:
        yield server


async def test_children_are_started_and_ended_by_number(server: Server) -> None:
    first, first_pid = server.start(1)
    second, second_pid = server.start(2)
    with first, second:
        server.end(1)
        server.end(99)
        await until_gone(first_pid)

        assert os.getpgid(second_pid) == os.getpgid(server.pid)
        server.end(2)
        await until_gone(second_pid)


async def test_no_child_holds_anything_of_another_open(server: Server) -> None:
    first, _ = server.start(1)
    second, _ = server.start(2)
    with first, second:
        server.end(1)

        assert first.recv(1) == b""


def test_children_leave_the_processor_to_the_bot(server: Server) -> None:
    connection, pid = server.start(1)
    with connection:
        niceness = [os.getpriority(os.PRIO_PROCESS, each) for each in (server.pid, pid)]

    assert niceness[1] == min(19, niceness[0] + NICENESS)


async def test_dead_children_are_reaped(server: Server) -> None:
    connection, pid = server.start(1)
    with connection:
        os.kill(pid, signal.SIGKILL)

        await until(lambda: not os.path.exists(f"/proc/{pid}"))


async def test_a_child_that_fails_says_why_and_the_server_goes_on(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with a_server() as server:
        connection, pid = server.start(1)
        with connection:
            connection.send(b"!")
            await until(lambda: not os.path.exists(f"/proc/{pid}"))

        again, _ = server.start(2)
        again.close()

    told = capfd.readouterr().err
    assert "A child fails." in told
    assert f"Engine process {pid} ended with code 1" in told


async def test_how_a_child_was_killed_is_told_unless_the_bot_wanted_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with a_server() as server:
        crashed, crashed_pid = server.start(1)
        ended, ended_pid = server.start(2)
        with crashed, ended:
            os.kill(crashed_pid, signal.SIGSEGV)
            server.end(2)
            await until(lambda: not os.path.exists(f"/proc/{crashed_pid}"))
            await until(lambda: not os.path.exists(f"/proc/{ended_pid}"))

    told = capfd.readouterr().err
    assert f"Engine process {crashed_pid} ended by SIGSEGV" in told
    assert str(ended_pid) not in told


async def test_nobody_outlives_the_bot() -> None:
    with a_server() as server:
        connection, pid = server.start(1)

    with connection:
        await until_gone(pid)


async def test_nobody_outlives_a_server_that_is_killed(server: Server) -> None:
    connection, pid = server.start(1)

    with connection:
        os.kill(server.pid, signal.SIGKILL)
        await until_gone(pid)
