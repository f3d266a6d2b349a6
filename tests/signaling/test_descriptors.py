from __future__ import annotations

import asyncio
import errno
import logging
import subprocess
import sys

import pytest

from signaling import descriptors
from signaling.descriptors import ShortageNotice


def test_a_process_may_open_as_many_files_as_it_may_allow_itself() -> None:
    # In a process of its own: nobody can lower the limit and raise it again.
    script = (
        "import resource; from signaling.descriptors import raise_limit; "
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 200)); "
        "print(raise_limit(), raise_limit(), resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    )

    assert result.stdout == "200 200 (200, 200)\n"


async def test_a_shortage_of_files_is_told_once_in_a_while(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    notice = ShortageNotice()
    context = {"message": "accept", "exception": OSError(errno.EMFILE, "Too many open files")}

    for _ in range(100):
        notice(loop, context)
    told = caplog.messages.copy()
    monkeypatch.setattr(descriptors, "PERIOD", 0.0)
    notice(loop, context)

    assert told == ["no connection can be accepted at present: Too many open files"]
    assert len(caplog.messages) == 2


@pytest.mark.parametrize("error", [None, OSError(errno.EPIPE, "x"), ValueError("x")])
async def test_everything_else_that_goes_wrong_is_told_as_ever(
    error: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    context = {"message": "odd"} if error is None else {"message": "odd", "exception": error}

    for _ in range(2):
        ShortageNotice()(asyncio.get_running_loop(), context)

    assert [(each.name, each.levelno) for each in caplog.records] == [
        ("asyncio", logging.ERROR)
    ] * 2
