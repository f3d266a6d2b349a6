from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from musicbot.errors import SourceErrorKind
from musicbot.sources.wire import Failed, Found, LookUp, Target
from musicbot.sources.workerprocess import WorkerLost, WorkerProcess
from tests.support import fake_worker
from tests.support.processes import is_running, read_when_written, until_gone

FAKE: Final = (sys.executable, "-I", "-S", fake_worker.__file__)


@asynccontextmanager
async def running() -> AsyncIterator[WorkerProcess]:
    async with asyncio.timeout(20):
        worker = await WorkerProcess.start(FAKE, {})
        try:
            yield worker
        finally:
            await worker.end()


async def test_a_worker_answers_one_request_after_another() -> None:
    async with running() as worker:
        first = await worker.ask(LookUp(1, Target("hello")))
        second = await worker.ask(LookUp(2, Target("fail")))

    assert isinstance(first, Found)
    assert first.id == 1
    assert second == Failed(2, SourceErrorKind.GEO, "Not here.")
    assert worker.asked == 2


async def test_a_worker_that_cannot_start_leaves_its_last_words() -> None:
    with pytest.raises(WorkerLost, match=r"It \[31mhas \[0m no yt-dlp\."):
        await WorkerProcess.start((*FAKE, "dies"), {})


async def test_a_program_that_is_no_worker_is_not_taken_for_one() -> None:
    failed = b'{"type":"failed","id":1,"kind":"geo","text":"No."}'
    program = f"import time; print({failed.decode()!r}, flush=True); time.sleep(3600)"

    with pytest.raises(WorkerLost, match="before it was asked"):
        await WorkerProcess.start((sys.executable, "-I", "-S", "-c", program), {})


@pytest.mark.parametrize("link", ["die", "nonsense", "shout", "late"])
async def test_an_answer_that_is_none_loses_the_worker(link: str) -> None:
    async with running() as worker:
        with pytest.raises(WorkerLost):
            await worker.ask(LookUp(2, Target(link)))


async def test_a_worker_that_was_killed_is_lost() -> None:
    async with running() as worker:
        os.kill(worker.pid, signal.SIGKILL)
        await until_gone(worker.pid)

        with pytest.raises(WorkerLost):
            await worker.ask(LookUp(1, Target("hello")))
        assert not worker.alive


async def test_what_a_worker_started_ends_with_it(tmp_path: Path) -> None:
    note = tmp_path / "child"
    async with running() as worker:
        asking = asyncio.create_task(worker.ask(LookUp(1, Target(f"spawn {note}"))))
        child = int(await read_when_written(note))

        await worker.end()
        await worker.end()
        await until_gone(child)
        with pytest.raises(WorkerLost):
            await asking

    assert not is_running(worker.pid)


async def test_a_start_that_is_given_up_leaves_no_process(tmp_path: Path) -> None:
    note = tmp_path / "child"
    program = (
        "import os, sys, time; print(os.getpid(), file=open(sys.argv[1], 'w')); time.sleep(99)"
    )
    argv = (sys.executable, "-I", "-S", "-c", program, str(note))
    async with asyncio.timeout(20):
        starting = asyncio.create_task(WorkerProcess.start(argv, {}))
        pid = int(await read_when_written(note))
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    assert not is_running(pid)


async def test_a_worker_sees_only_the_environment_that_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MUSICBOT_TOKEN", "secret")
    program = "import os, sys; sys.exit(' '.join(sorted(os.environ)))"

    with pytest.raises(WorkerLost) as caught:
        await WorkerProcess.start((sys.executable, "-I", "-S", "-c", program), {"LANG": "C.UTF-8"})

    assert str(caught.value).endswith("said: LANG")


async def test_what_the_worker_says_is_logged_as_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG, "musicbot.sources"), pytest.raises(WorkerLost):
        await WorkerProcess.start((*FAKE, "dies"), {})

    assert "yt-dlp: It [31mhas [0m no yt-dlp." in caplog.messages
