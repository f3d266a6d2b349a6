"""The yt-dlp worker as a process that a test asks and waits for."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from musicbot.sources import wire
from musicbot.sources.wire import Failed, Found, LookUp, Open, Ready, Request, Search, Target

WORKER: Final = ("-I", "-m", "musicbot.sources.ytdlp_worker")


class RealWorker:
    """A worker that may connect to 127.0.0.1 only."""

    def __init__(self, *options: str, program: Sequence[str] = WORKER) -> None:
        argv = (sys.executable, *program, "--allow-net=127.0.0.1", *options)
        self._ids = itertools.count(1)
        self._process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        ready = self._read()
        assert isinstance(ready, Ready)
        self.ready = ready

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def look_up(self, url: str) -> Found | Failed:
        return self._ask(LookUp(next(self._ids), Target(url)))

    def search(self, words: str) -> Found | Failed:
        return self._ask(Search(next(self._ids), words))

    def open(self, target: Target) -> Found | Failed:
        return self._ask(Open(next(self._ids), target))

    def end(self) -> int:
        """Close its input and wait until it has ended; return its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        code = self._process.wait(20)
        self._process.stdout.close()
        return code

    def _ask(self, request: Request) -> Found | Failed:
        assert self._process.stdin is not None
        self._process.stdin.write(wire.encode(request) + b"\n")
        self._process.stdin.flush()
        reply = self._read()
        assert not isinstance(reply, Ready)
        assert reply.id == request.id
        return reply

    def _read(self) -> wire.Reply:
        assert self._process.stdout is not None
        return wire.decode_reply(self._process.stdout.readline())
