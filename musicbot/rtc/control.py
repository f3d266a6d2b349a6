"""The other end of a connection with the bot: what the command line answers with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aiortc import RTCDataChannel, RTCSessionDescription

from musicbot.rtc import descriptions
from musicbot.rtc.link import CONNECT_TIME, Link
from musicbot.rtc.listener import CHANNEL
from musicbot.rtc.sdp import without_candidates
from musicbot.rtc.textchannel import TextChannel


class ControlEnd:
    """Answers the bot's offer of a data channel.

    Args:
        ice_servers: STUN and TURN servers in the form that browsers take; may be none.
        loopback: Gather 127.0.0.1 as well, for a bot on this machine.
        on_open: Called once, when messages can be sent.
        on_message: Called with each text message.
        on_closed: Called once with a reason when the connection has ended by itself, or was not
            there in time; never after :meth:`close`.
        connect_time: Seconds from now until messages must be possible.
    """

    def __init__(
        self,
        *,
        ice_servers: Sequence[Mapping[str, object]],
        loopback: bool,
        on_open: Callable[[], None],
        on_message: Callable[[str], None],
        on_closed: Callable[[str], None],
        connect_time: float = CONNECT_TIME,
    ) -> None:
        self._on_open = on_open
        self._on_message = on_message
        self._text: TextChannel | None = None
        self._offered = False
        self._link = Link(
            ice_servers, loopback=loopback, on_lost=on_closed, connect_time=connect_time
        )
        self._link.connection.on("datachannel", self._take_channel)

    async def answer(self, offer_sdp: str) -> str:
        """Take the offer and return the answer, with all our candidates.

        Raises:
            ConnectionError: If it is closed.
            ValueError: If the offer cannot be used; the text says why. The connection must be
                closed then.
        """
        return await self._link.negotiate(self._take_offer(offer_sdp))

    async def add_candidate(self, candidate: str | None) -> None:
        """Try an address of the bot as ``RTCIceCandidate.candidate`` has it.

        The end of the candidates, ``None`` or empty, says nothing that is needed.
        """
        if candidate:
            await self._link.add_candidate(candidate)

    def send(self, text: str) -> bool:
        """Send a text message; return whether it is on its way."""
        return self._text is not None and self._text.send(text)

    async def close(self) -> None:
        """End the connection; may be called twice, and at any time."""
        await self._link.close()

    async def _take_offer(self, sdp: str) -> str:
        sdp, candidates = without_candidates(sdp)
        descriptions.check(sdp, descriptions.CONTROL)
        if self._offered:
            raise ValueError("There was an offer before.")
        self._offered = True
        connection = self._link.connection
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        self._link.prepare()
        await self._link.add_candidates(candidates)
        await connection.setLocalDescription(await connection.createAnswer())
        answer: str = connection.localDescription.sdp
        return answer

    def _take_channel(self, channel: RTCDataChannel) -> None:
        if channel.label != CHANNEL or self._text is not None:
            # There is nothing that the bot would say there.
            return
        self._text = TextChannel(
            channel,
            on_open=self._open,
            on_message=self._on_message,
            on_close=lambda: self._link.lose("the data channel was closed"),
        )

    def _open(self) -> None:
        self._link.connected()
        self._on_open()
