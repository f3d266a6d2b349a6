"""The bot's end of the connection with one listener, or with one who only gives commands.

It offers, once: one line of music that is only sent, and the data channel ``music``. Nothing is
negotiated again. When encryption is up, the music is heard, whatever it is in the middle of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aiortc import RTCRtpSender, RTCSessionDescription
from aiortc.rtcrtpparameters import RTCRtpCodecCapability, RTCRtpSendParameters

from musicbot.rtc import descriptions
from musicbot.rtc.broadcast import Broadcast
from musicbot.rtc.link import CONNECT_TIME, Link
from musicbot.rtc.outlet import Outlet
from musicbot.rtc.private import take_over_media
from musicbot.rtc.sdp import music_offer, without_candidates
from musicbot.rtc.textchannel import TextChannel

CHANNEL: Final = "music"
"""Label of the data channel; ordered and reliable."""


class Listener:
    """One connection, always begun by us.

    Args:
        broadcast: The music to be heard; ``None`` for a peer that only gives commands.
        ice_servers: STUN and TURN servers in the form that browsers take; may be none.
        loopback: Gather 127.0.0.1 as well, for pages on this machine.
        on_open: Called once, when messages can be sent.
        on_message: Called with each text message.
        on_closed: Called once with a reason when the connection has ended by itself, or was not
            there in time; never after :meth:`close`.
        connect_time: Seconds from now until messages must be possible.
    """

    def __init__(
        self,
        *,
        broadcast: Broadcast | None,
        ice_servers: Sequence[Mapping[str, object]],
        loopback: bool,
        on_open: Callable[[], None],
        on_message: Callable[[str], None],
        on_closed: Callable[[str], None],
        connect_time: float = CONNECT_TIME,
    ) -> None:
        self._broadcast = broadcast
        self._on_open = on_open
        self._on_closed = on_closed
        self._outlet: Outlet | None = None
        self._link = Link(
            ice_servers, loopback=loopback, on_lost=self._lost, connect_time=connect_time
        )
        connection = self._link.connection
        if broadcast is not None:
            transceiver = connection.addTransceiver("audio", direction="sendonly")
            transceiver.setCodecPreferences(_opus())
            take_over_media(transceiver, self._start)
        self._text = TextChannel(
            connection.createDataChannel(CHANNEL),
            on_open=self._open,
            on_message=on_message,
            on_close=lambda: self._link.lose("the data channel was closed"),
        )
        self._link.prepare()

    @property
    def listens(self) -> bool:
        """Whether the music is sent to them at present."""
        return self._outlet is not None

    async def offer(self) -> str:
        """Return the offer, with all our candidates; to be called once.

        Raises:
            ConnectionError: If it is closed.
        """
        return await self._link.negotiate(self._make_offer())

    async def accept(self, sdp: str) -> None:
        """Take the answer.

        Raises:
            ConnectionError: If it is closed.
            ValueError: If the answer cannot be used; the text says why. The connection must be
                closed then.
        """
        await self._link.negotiate(self._take_answer(sdp))

    async def add_candidate(self, candidate: str | None) -> None:
        """Try an address of theirs as ``RTCIceCandidate.candidate`` has it.

        The end of the candidates, ``None`` or empty, says nothing that is needed.
        """
        if candidate:
            await self._link.add_candidate(candidate)

    def send(self, text: str) -> bool:
        """Send a text message; return whether it is on its way."""
        return self._text.send(text)

    async def close(self) -> None:
        """End the connection; may be called twice, and at any time."""
        self._stop()
        await self._link.close()

    async def _make_offer(self) -> str:
        connection = self._link.connection
        offer = await connection.createOffer()
        await connection.setLocalDescription(RTCSessionDescription(music_offer(offer.sdp), "offer"))
        sdp: str = connection.localDescription.sdp
        return sdp

    async def _take_answer(self, sdp: str) -> None:
        sdp, candidates = without_candidates(sdp)
        descriptions.check(
            sdp, descriptions.CONTROL if self._broadcast is None else descriptions.MUSIC
        )
        connection = self._link.connection
        if connection.localDescription is None:
            raise ValueError("There was no offer yet.")
        if connection.signalingState != "have-local-offer":
            raise ValueError("There was an answer before.")
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        await self._link.add_candidates(candidates)

    def _start(self, parameters: RTCRtpSendParameters) -> None:
        """Let them hear the music; encryption is up."""
        if self._broadcast is None or self._link.closed:
            # It was closed while it connected.
            return
        self._outlet = Outlet(self._link.dtls, parameters)
        self._broadcast.add(self._outlet)

    def _stop(self) -> None:
        """Take them out of the broadcast, as long as what encrypts for them exists."""
        if self._broadcast is not None and self._outlet is not None:
            self._broadcast.remove(self._outlet)
        self._outlet = None

    def _open(self) -> None:
        self._link.connected()
        self._on_open()

    def _lost(self, reason: str) -> None:
        self._stop()
        self._on_closed(reason)


def _opus() -> list[RTCRtpCodecCapability]:
    capabilities = RTCRtpSender.getCapabilities("audio").codecs
    return [codec for codec in capabilities if codec.mimeType == "audio/opus"]
