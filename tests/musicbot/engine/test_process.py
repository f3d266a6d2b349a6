from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from musicbot.engine import messages
from musicbot.engine.messages import Failed, Grant, News, Open, Opened, Started, Stop
from musicbot.engine.process import EngineProcess, Forks, environment
from tests.support.fakeproducer import fake, fake_forks
from tests.support.processes import is_running, until, until_gone, written

TALKS_NONSENSE = """
import socket, sys
control = socket.socket(fileno=int(sys.argv[1]))
control.send(b"R")
_, (descriptor,), _, _ = socket.recv_fds(control, 4, 1)
socket.socket(fileno=descriptor).send(b"nonsense")
control.recv(4)
"""


class Watched:
    """A process, and what became known of it."""

    def __init__(self, forks: Forks) -> None:
        self.news: list[News] = []
        self.gone: list[str] = []
        self.process = EngineProcess(forks, on_news=self.news.append, on_gone=self.gone.append)

    def open(self, options: str) -> None:
        self.process.send(Open(1, messages.opening(fake(options)), 0, 1.0, 10))

    async def pid(self) -> int:
        started = await until(lambda: self.news and self.news[0])
        assert isinstance(started, Started)
        return started.pid

    async def failure(self) -> str:
        return await until(lambda: next((n.text for n in self.news if isinstance(n, Failed)), ""))


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    forks = fake_forks()
    yield forks
    forks.close()


@asynccontextmanager
async def watched(forks: Forks) -> AsyncIterator[Watched]:
    watched = Watched(forks)
    try:
        yield watched
    finally:
        watched.process.end()


async def test_a_process_takes_commands_and_sends_news(forks: Forks) -> None:
    async with watched(forks) as engine:
        engine.open("frames=500")

        await until(lambda: len(engine.news) > 2)
        assert Opened(1, 10.0, True, False) in engine.news
        assert await engine.pid() != os.getpid()


async def test_processes_start_as_soon_as_the_program_is_ready(forks: Forks) -> None:
    await forks.warm_up()
    await forks.warm_up()

    async with watched(forks) as engine:
        assert await engine.pid()


async def test_a_process_that_is_ended_is_gone_and_says_nothing_more(forks: Forks) -> None:
    async with watched(forks) as engine:
        pid = await engine.pid()

        engine.process.end()
        engine.process.end()
        engine.open("frames=500")
        await until_gone(pid)

        assert len(engine.news) == 1
        assert engine.gone == []


async def test_a_process_that_hangs_is_ended_too(forks: Forks) -> None:
    async with watched(forks) as engine:
        pid = await engine.pid()
        os.kill(pid, signal.SIGSTOP)

        engine.process.end()

        await until_gone(pid)


async def test_the_end_of_a_process_is_noticed(forks: Forks) -> None:
    async with watched(forks) as engine:
        os.kill(await engine.pid(), signal.SIGKILL)

        await until(lambda: engine.gone)
        assert engine.gone == ["it ended"]


async def test_a_process_that_takes_no_commands_is_given_up(forks: Forks) -> None:
    async with watched(forks) as engine:
        pid = await engine.pid()
        os.kill(pid, signal.SIGSTOP)

        # More than any socket holds, and nobody waits.
        for _ in range(5_000):
            engine.process.send(Grant(1, 1))
        await until(lambda: engine.gone)

        assert len(engine.gone) == 1
        assert "takes no commands" in engine.gone[0]
        await until_gone(pid)


async def test_a_process_that_takes_half_of_a_command_is_given_up(forks: Forks) -> None:
    async with watched(forks) as engine, asyncio.timeout(20):
        pid = await engine.pid()
        os.kill(pid, signal.SIGSTOP)

        engine.open("x" * 1_000_000)
        await until(lambda: engine.gone)

        assert engine.gone == ["it takes no commands"]
        await until_gone(pid)


async def test_a_process_that_talks_nonsense_is_given_up() -> None:
    forks = Forks((sys.executable, "-c", TALKS_NONSENSE))
    async with watched(forks) as engine:
        await until(lambda: engine.gone)

    assert "A message of" in engine.gone[0]
    forks.close()


async def test_after_the_program_was_killed_another_is_started(forks: Forks) -> None:
    async with watched(forks) as engine:
        pid = await engine.pid()
        assert forks._server is not None
        os.kill(forks._server.pid, signal.SIGKILL)
        await until(lambda: engine.gone)
        assert not is_running(pid)

        async with watched(forks) as another:
            assert await another.pid() != pid


async def test_closing_ends_the_program_and_all_processes() -> None:
    forks = fake_forks()
    async with watched(forks) as engine:
        pid = await engine.pid()

        forks.close()
        forks.close()

        await until_gone(pid)
        await until(lambda: engine.gone)


async def test_a_program_that_cannot_be_started_is_an_error() -> None:
    forks = Forks(("/nowhere/python",))

    with pytest.raises(OSError, match="nowhere"):
        await forks.warm_up()
    with pytest.raises(OSError, match="nowhere"):
        Watched(forks)


async def test_a_program_that_ends_before_it_is_ready_is_an_error() -> None:
    forks = Forks((sys.executable, "-c", "pass"))

    with pytest.raises(OSError, match="before it was ready"):
        await forks.warm_up()
    forks.close()


async def test_no_descriptor_and_no_process_is_left_behind(forks: Forks) -> None:
    async with watched(forks) as engine:
        await engine.pid()
    before = len(os.listdir("/proc/self/fd"))
    assert forks._server is not None
    server = f"/proc/{forks._server.pid}"

    for _ in range(20):
        async with watched(forks) as engine:
            pid = await engine.pid()
            engine.process.send(Stop())
        await until_gone(pid)

    assert len(os.listdir("/proc/self/fd")) == before
    await until(lambda: not _children(server))
    assert len(os.listdir(f"{server}/fd")) < 16


def _children(server: str) -> str:
    return Path(f"{server}/task/{server.rpartition('/')[2]}/children").read_text()


async def test_an_engine_sees_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICBOT_TOKEN", "secret")
    forks = fake_forks()
    async with watched(forks) as engine:
        engine.open("environ")

        names = (await engine.failure()).split()
        pid = await engine.pid()
        assert "secret" not in written(Path(f"/proc/{pid}/environ"))

    assert "MUSICBOT_TOKEN" not in names
    forks.close()


def test_of_the_environment_only_what_is_needed_is_handed_down() -> None:
    outer = {"LANG": "C", "HOME": "/home", "MUSICBOT_TOKEN": "secret", "HTTP_PROXY": "x"}

    assert environment(outer) == {"LANG": "C"}


async def test_an_engine_cannot_escape(forks: Forks) -> None:
    async with watched(forks) as engine:
        engine.open("escape")

        told = await engine.failure()

    assert told == "exec PermissionError, write PermissionError, kill PermissionError"
