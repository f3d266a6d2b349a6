"""Starts the whole product as its users do, in processes of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

START_TIME: Final = 30.0
"""Seconds that the product has to be ready."""

STOP_TIME: Final = 20.0
"""Seconds that it has to end."""


class Product:
    """A running ``musicbot up``."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port = port
        self.base = f"http://127.0.0.1:{port}"
        self.process = process
        self.ready = threading.Event()
        self.lines: list[str] = []
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return "".join(self.lines)

    def wait_until_told(self, text: str) -> None:
        """Wait until the product has printed something."""
        with self._told:
            if not self._told.wait_for(lambda: text in self.output, START_TIME):
                raise AssertionError(f"The product does not say {text!r}:\n{self.output}")

    def command(self, *words: str, room: str) -> subprocess.CompletedProcess[str]:
        """Give a command to the bot by the command line."""
        name, *rest = words
        argv = [*MUSICBOT, name, "--room", room, "--server", self.base, *rest]
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    def descendants(self, ancestor: int | None = None) -> dict[int, str]:
        """Return the processes below this one, or another, with their command lines."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat") as file:
                        parents[int(entry)] = int(file.read().rpartition(")")[2].split()[1])
                except OSError:
                    continue
        found: dict[int, str] = {}
        rising = {ancestor or self.process.pid}
        while rising:
            rising = {pid for pid, parent in parents.items() if parent in rising}
            found.update((pid, command_line(pid)) for pid in rising)
        return found

    def find(self, command: str) -> int:
        """Return the process below this one whose command line has some text in it."""
        found = [pid for pid, line in self.descendants().items() if command in line]
        assert found, f"nothing like {command!r} runs"
        return found[0]

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it as Ctrl-C does; fail if that is not clean. It may have ended before."""
        if self.process.poll() is not None:
            return
        below = self.descendants()
        if number is signal.SIGINT:
            # As a terminal does it: to all processes that it sees as one.
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        try:
            code = self.process.wait(STOP_TIME)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"The product did not end:\n{self.output}") from None
        self._reader.join(STOP_TIME)
        assert code == 0, self.output
        assert "Traceback" not in self.output, self.output
        assert left_of(below) == {}

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                with self._told:
                    self.lines.append(line)
                    self._told.notify_all()
                if "Open http" in line:
                    self.ready.set()


MUSICBOT: Final = (sys.executable, "-m", "musicbot")


@contextmanager
def running_product(*options: str, environment: dict[str, str] | None = None) -> Iterator[Product]:
    """Run server and bot until the block ends; fail if they do not end cleanly."""
    port = free_port()
    process = subprocess.Popen(
        [*MUSICBOT, "up", "--port", str(port), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
        env={**os.environ, **(environment or {})},
    )
    product = Product(port, process)
    try:
        if not product.ready.wait(START_TIME):
            raise AssertionError(f"The product did not start:\n{product.output}")
        yield product
    finally:
        product.stop()


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def left_of(processes: dict[int, str]) -> dict[int, str]:
    """Return those that still run; a number may have gone to another program."""
    return {pid: line for pid, line in processes.items() if line and command_line(pid) == line}


def command_line(pid: int) -> str:
    """Return what a process was started with; empty if it is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
