"""The files that a process may have open: a server has one for each connection."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
from typing import Any, Final

logger = logging.getLogger(__name__)

SHORTAGE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Why a connection cannot be accepted through nobody's fault; asyncio tries again in a second."""

PERIOD: Final = 60.0
"""Seconds in which a shortage is told once; asyncio tells it a hundred times a second."""


def raise_limit() -> int:
    """Allow this process as many open files as it may allow itself; return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class ShortageNotice:
    """Handles what goes wrong in an event loop, and tells a shortage of files rarely."""

    def __init__(self) -> None:
        self._told: float | None = None

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Tell it; see :meth:`asyncio.loop.set_exception_handler`."""
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in SHORTAGE:
            loop.default_exception_handler(context)
        elif self._told is None or loop.time() - self._told >= PERIOD:
            self._told = loop.time()
            logger.error("no connection can be accepted at present: %s", error.strerror)
