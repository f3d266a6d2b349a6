"""The process that engine processes are forked from: it has loaded all that they need.

The bot runs it as a program, ``python -m musicbot.engine``, and asks for processes
over a socket. A request is a number, and with it the socket on which the new process and
the bot will talk; the same number without a socket ends that process. This program has
one thread and opens no media, so forking it is safe, and takes milliseconds where loading
takes a second.

Nobody outlives the bot: this program ends when the socket does, and its children with it.
"""

from __future__ import annotations

import gc
import logging
import os
import selectors
import signal
import socket
import struct
import traceback
from collections.abc import Callable
from functools import partial
from typing import Final

from musicbot.engine import sandbox
from musicbot.engine.worker import MakeProducer, Worker
from signaling import logs

logger = logging.getLogger(__name__)

REQUEST: Final = struct.Struct("!I")
"""The number of the process that is wanted, or wanted no more."""

NICENESS: Final = 5
"""An engine works seconds ahead; the bot has something to send every 20 ms, so it comes first."""

READY: Final = b"R"
"""What is sent once when everything is loaded."""


class ForkServer:
    """Forks processes on request.

    Args:
        control: The bot is at its other end.
        child: What a new process does with its socket.
    """

    def __init__(self, control: socket.socket, child: Callable[[socket.socket], None]) -> None:
        self._control = control
        self._child = child
        self._children: dict[int, int] = {}
        """Process ids by number."""
        self._ended: set[int] = set()
        """Process ids of those that were ended on purpose."""

    def serve(self) -> None:
        """Fork until the bot is gone, then end all that was forked."""
        wake, woken = socket.socketpair()
        for end in (wake, woken):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector, wake, woken:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            try:
                self._control.send(READY)
                while self._serve_one(selector, woken):
                    pass
            except ConnectionError:
                pass  # This, too, is how the end of the bot looks.
        for pid in self._children.values():
            os.kill(pid, signal.SIGKILL)

    def _serve_one(self, selector: selectors.BaseSelector, woken: socket.socket) -> bool:
        """Wait for something and do it; return whether to go on."""
        ready = {key.fileobj for key, _ in selector.select()}
        if woken in ready:
            woken.recv(1024)
            self._reap()
        if self._control not in ready:
            return True
        data, files, _, _ = socket.recv_fds(self._control, REQUEST.size, 1)
        if len(data) < REQUEST.size:
            return False
        (number,) = REQUEST.unpack(data)
        if files:
            self._fork(number, socket.socket(fileno=files[0]))
        else:
            self._end(number)
        return True

    def _fork(self, number: int, connection: socket.socket) -> None:
        parent = os.getpid()
        with connection:
            try:
                pid = os.fork()
            except OSError as error:
                # The bot notices by the end of the connection.
                logger.error("Cannot start an engine process: %s", error)
                return
            if pid == 0:
                self._become_child(parent, connection)
        self._children[number] = pid

    def _become_child(self, parent: int, connection: socket.socket) -> None:
        """Do the work of a child, and never return."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._control.close()
            sandbox.die_with_parent(parent)
            os.nice(NICENESS)
            self._child(connection)
            code = 0
        except BaseException:  # noqa: BLE001 - a child must never run on as a second server
            traceback.print_exc()
        finally:
            os._exit(code)

    def _end(self, number: int) -> None:
        pid = self._children.get(number)
        if pid is not None:
            # It is not reaped yet, so the id is not another's.
            self._ended.add(pid)
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        for number, pid in list(self._children.items()):
            found, status = os.waitpid(pid, os.WNOHANG)
            if not found:
                continue
            del self._children[number]
            code = os.waitstatus_to_exitcode(status)
            if code and pid not in self._ended:
                how = f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
                logger.warning("Engine process %d ended %s", pid, how)
            self._ended.discard(pid)


def serve(descriptor: int, make: MakeProducer) -> None:
    """Be the server that the bot started, and return when the bot is gone.

    Args:
        descriptor: Of the socket that the bot handed down.
        make: What the engine processes open media with.
    """
    logs.set_up("warning")
    if not _is_confinable():
        logger.warning("Engines run without a filter for system calls: libseccomp is missing here")
    gc.collect()
    # The children share what is alive with this process, for as long as nobody touches it.
    gc.freeze()
    with socket.socket(fileno=descriptor) as control:
        ForkServer(control, partial(work, make)).serve()


def work(make: MakeProducer, connection: socket.socket) -> None:
    """Be an engine process; end with the bot."""
    sandbox.confine()
    Worker(connection, make, leave=lambda: os._exit(0)).run()


def _is_confinable() -> bool:
    """Try it out in a process of its own, as it cannot be undone."""
    pid = os.fork()
    if pid == 0:
        os._exit(1 if sandbox.confine() else 0)
    return os.waitpid(pid, 0)[1] == 0
