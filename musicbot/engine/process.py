"""The bot's end of engine processes: starting them, talking to them, ending them."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from musicbot.engine import messages
from musicbot.engine.forkserver import READY, REQUEST
from musicbot.engine.messages import Command, Garbage, News

logger = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-I", "-m", "musicbot.engine")
"""The program that engine processes are forked from."""

INHERITED: Final = ("LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What of the environment it is given: no settings, and above all no secrets."""

START_TIME: Final = 20.0
"""Seconds for it to load everything on a slow machine."""

BLOCK: Final = 64 * 1024
"""Bytes read at once: what is done with them takes well under a millisecond."""


class Forks:
    """Starts and ends engine processes; shared by all rooms, bound to no event loop.

    Args:
        command: The program; it is given the number of a socket.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._numbers = itertools.count(1)
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._is_ready = False

    async def warm_up(self) -> None:
        """Start the program, and wait until processes start fast.

        Raises:
            OSError: If it cannot be started.
            TimeoutError: If it takes too long.
        """
        control = self._running()
        if self._is_ready:
            return
        async with asyncio.timeout(START_TIME):
            answer = await asyncio.get_running_loop().sock_recv(control, 1)
        if answer != READY:
            raise OSError("The engine's program ended before it was ready.")
        self._is_ready = True

    def start(self, connection: socket.socket) -> int:
        """Start a process that talks on a socket; return its number.

        Raises:
            OSError: If none can be started.
        """
        number = next(self._numbers)
        request = REQUEST.pack(number)
        try:
            socket.send_fds(self._running(), [request], [connection.fileno()])
        except (BrokenPipeError, ConnectionResetError):
            self.close()
            socket.send_fds(self._running(), [request], [connection.fileno()])
        return number

    def end(self, number: int) -> None:
        """End a process at once, whatever it does; nothing happens if it is gone."""
        if self._control is not None:
            try:
                self._control.send(REQUEST.pack(number))
            except OSError as error:
                # Without its server the process ends by itself.
                logger.debug("Cannot end engine %d: %s", number, error)

    def close(self) -> None:
        """End the program and all processes; may be called twice."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None
        self._is_ready = False

    def _running(self) -> socket.socket:
        """Return the socket of the program, after starting it if need be."""
        if self._server is not None and self._server.poll() is not None:
            logger.warning("The engines' server ended with code %d", self._server.returncode)
            self.close()
        if self._control is None:
            self._control = self._launch()
        return self._control

    def _launch(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            try:
                self._server = subprocess.Popen(
                    (*self._command, str(theirs.fileno())),
                    env=environment(os.environ),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        return ours


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """Return what engine processes get to see of the environment."""
    return {name: outer[name] for name in INHERITED if name in outer}


class EngineProcess:
    """One engine process, on the running event loop.

    Args:
        forks: Starts it.
        on_news: Called with what it says.
        on_gone: Called once, with the reason, if it ends without :meth:`end`. Neither is
            called from within another method.

    Raises:
        OSError: If it cannot be started.
    """

    def __init__(
        self, forks: Forks, *, on_news: Callable[[News], None], on_gone: Callable[[str], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._forks = forks
        self._on_news = on_news
        self._on_gone = on_gone
        self._inbox = messages.news()
        self._connection, theirs = socket.socketpair()
        self._connection.setblocking(False)
        try:
            with theirs:
                self._number = forks.start(theirs)
        except OSError:
            self._connection.close()
            raise
        self._ended = False
        self._loop.add_reader(self._connection, self._read)

    def send(self, command: Command) -> None:
        """Send a command; if it cannot be taken, the process is given up."""
        if self._ended:
            return
        data = messages.encode(command)
        try:
            # The socket holds hundreds of commands, and the process does nothing but
            # take them: if it is full, the process hangs.
            sent = self._connection.send(data)
        except OSError as error:
            self._loop.call_soon(self._give_up, f"it takes no commands: {error}")
        else:
            if sent < len(data):
                self._loop.call_soon(self._give_up, "it takes no commands")

    def end(self) -> None:
        """End it at once; may be called twice."""
        if self._ended:
            return
        self._ended = True
        self._loop.remove_reader(self._connection)
        self._connection.close()
        self._forks.end(self._number)

    def _read(self) -> None:
        try:
            data = self._connection.recv(BLOCK)
            if not data:
                self._give_up("it ended")
                return
            for news in self._inbox.feed(data):
                if not self._ended:
                    self._on_news(news)
        except BlockingIOError:
            pass  # It was nothing after all.
        except ConnectionError:
            self._give_up("it ended")
        except Garbage as error:
            self._give_up(f"it does not make sense: {error}")

    def _give_up(self, reason: str) -> None:
        if not self._ended:
            self.end()
            self._on_gone(reason)
