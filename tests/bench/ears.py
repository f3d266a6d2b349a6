"""Those who listen, in a process of their own: real ICE, DTLS and SRTP, but no decoding.

Run by :class:`tests.bench.crowd.Crowd`. Each line of the standard input is a request in JSON,
each line of the output its answer; the process ends with its input.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import sys
import time
from typing import Any, Final

import pylibsrtp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters

from musicbot.rtc.private import gather_hosts

BUFFER: Final = 1 << 20
"""Bytes that may wait in a socket, so that a pause of ours loses nothing."""


class Ear:
    """Decrypts and checks what one listener gets. Stands in for aiortc's SRTP session."""

    def __init__(self, session: pylibsrtp.Session) -> None:
        self._session = session
        self._sequence: int | None = None
        self._at = 0.0
        self.forget()

    def forget(self) -> None:
        """Begin to count anew; the next gap is measured from the last packet."""
        self.packets = self.gaps = self.failures = 0
        self.longest = 0.0

    def unprotect(self, data: bytes) -> bytes:
        """Take a packet; return nothing, which aiortc drops."""
        now = time.perf_counter()
        try:
            self._session.unprotect(data)
        except pylibsrtp.Error:
            self.failures += 1
            return b""
        sequence = int.from_bytes(data[2:4])
        if self._sequence is not None:
            self.gaps += (sequence - self._sequence) & 0xFFFF != 1
            self.longest = max(self.longest, now - self._at)
        self.packets += 1
        self._sequence, self._at = sequence, now
        return b""

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """Leave RTCP to aiortc."""
        clear: bytes = self._session.unprotect_rtcp(data)
        return clear


class Ears:
    """All listeners of this process."""

    def __init__(self) -> None:
        self._connections: list[RTCPeerConnection] = []
        self._ears: list[Ear] = []

    async def answer(self, sdp: str) -> dict[str, Any]:
        """Listen to whoever makes this offer."""
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        (receiver,) = connection.getReceivers()
        receiver.receive = _receive_nothing  # type: ignore[method-assign]
        dtls = receiver.transport
        gather_hosts(dtls, loopback=True, timeout=1.0)

        def listen() -> None:
            if dtls.state == "connected":
                self._ears.append(Ear(dtls._rx_srtp))
                dtls._rx_srtp = self._ears[-1]  # type: ignore[assignment]

        dtls.on("statechange", listen)
        await connection.setLocalDescription(await connection.createAnswer())
        self._connections.append(connection)
        return {"sdp": connection.localDescription.sdp}

    async def floor(self, keys: list[str]) -> dict[str, Any]:
        """Listen on a bare socket for each key."""
        ports = []
        for key in keys:
            ear = Ear(pylibsrtp.Session(policy(bytes.fromhex(key), inbound=True)))
            self._ears.append(ear)
            port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            port.setblocking(False)
            port.bind(("127.0.0.1", 0))
            asyncio.get_running_loop().add_reader(port, _read, port, ear)
            ports.append(port.getsockname()[1])
        return {"ports": ports}

    async def mark(self) -> dict[str, Any]:
        """Begin to count, without pauses of our own."""
        gc.collect()
        gc.freeze()
        for ear in self._ears:
            ear.forget()
        return {}

    async def tell(self) -> dict[str, Any]:
        """Return what was heard since the mark."""
        return {
            "listeners": len(self._ears),
            "packets": sum(ear.packets for ear in self._ears),
            "gaps": sum(ear.gaps for ear in self._ears),
            "failures": sum(ear.failures for ear in self._ears),
            "longest": max((ear.longest for ear in self._ears), default=0.0),
        }


def policy(key: bytes, *, inbound: bool) -> pylibsrtp.Policy:
    """Return how SRTP is used where there is no DTLS to agree on it."""
    kind = pylibsrtp.Policy.SSRC_ANY_INBOUND if inbound else pylibsrtp.Policy.SSRC_ANY_OUTBOUND
    return pylibsrtp.Policy(
        key=key, ssrc_type=kind, srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM
    )


def _read(port: socket.socket, ear: Ear) -> None:
    ear.unprotect(port.recv(2048))


async def _receive_nothing(parameters: RTCRtpReceiveParameters) -> None:
    """Start no decoder."""


async def main() -> None:
    """Do what the lines of the standard input say."""
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    ears = Ears()
    while line := await reader.readline():
        request: dict[str, Any] = json.loads(line)
        method = getattr(ears, request.pop("do"))
        print(json.dumps(await method(**request)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
