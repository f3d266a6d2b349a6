"""A data channel that carries text, with bounds in both directions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, ParamSpec

from aiortc import RTCDataChannel

logger = logging.getLogger(__name__)

MAX_TEXT: Final = 64 * 1024
"""Bytes of the longest message, in and out."""

MAX_BUFFERED: Final = 256 * 1024
"""Bytes that may wait for a peer. When it does not read, what is said last is dropped: what waits
is on its way already, and the state of the room is said again every few seconds."""

Arguments = ParamSpec("Arguments")


class TextChannel:
    """One data channel, whichever side opened it.

    Args:
        channel: The channel.
        on_open: Called once, when messages can be sent.
        on_message: Called with each text message; others are dropped.
        on_close: Called when no more can be sent or will come.
    """

    def __init__(
        self,
        channel: RTCDataChannel,
        *,
        on_open: Callable[[], None],
        on_message: Callable[[str], None],
        on_close: Callable[[], None],
    ) -> None:
        self._channel = channel
        self._on_open = on_open
        self._on_message = on_message
        self.dropped = 0
        """Messages that were not sent or not taken."""
        channel.on("message", self._take)
        channel.on("close", on_close)
        if self.is_open:
            # Not at once: whoever is told may want to answer, and has not got this object yet.
            asyncio.get_running_loop().call_soon(self._open)
        else:
            channel.on("open", self._open)

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._channel.readyState == "open"

    def send(self, text: str) -> bool:
        """Send a message; return whether it is on its way."""
        size = len(text.encode())
        if not self.is_open or size > MAX_TEXT:
            return self._drop()
        if self._channel.bufferedAmount + size > MAX_BUFFERED:
            return self._drop()
        try:
            self._channel.send(text)
        except ValueError:
            # The other side takes only shorter ones.
            return self._drop()
        return True

    def _open(self) -> None:
        _guarded(self._on_open)

    def _take(self, message: str | bytes) -> None:
        # Cheap first: no character takes more than four bytes.
        if not isinstance(message, str) or len(message.encode()) > MAX_TEXT:
            self._drop()
            return
        _guarded(self._on_message, message)

    def _drop(self) -> bool:
        self.dropped += 1
        if self.dropped == 1:
            logger.warning("A message on channel %r was dropped", self._channel.label)
        return False


def _guarded(
    call: Callable[Arguments, None], *arguments: Arguments.args, **named: Arguments.kwargs
) -> None:
    """Call; an error stays here, since it would end aiortc's loop and so the connection."""
    try:
        call(*arguments, **named)
    except Exception:
        logger.exception("A message could not be handled")
