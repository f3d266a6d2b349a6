"""Ends a process whose parent is gone.

A supervisor keeps the standard input of its children open and never writes
there. However it dies, the system closes its end: reading the end of the input
is the sign to stop.
"""

from __future__ import annotations

import os
import signal
import threading


def end_with_stdin(descriptor: int = 0) -> threading.Thread:
    """Send ourselves SIGTERM as soon as the standard input ends; return the watching thread."""

    def watch() -> None:
        # Not sys.stdin, whose lock a blocked reader would hold at our own exit.
        while os.read(descriptor, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=watch, name="lifeline", daemon=True)
    thread.start()
    return thread
