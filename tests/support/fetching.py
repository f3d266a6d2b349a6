"""What tests of fetching share: a policy for loopback, readers, certificates."""

from __future__ import annotations

import datetime
import random
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from musicbot.engine.fetch import HttpReader
from musicbot.engine.target import Headers, Target
from musicbot.engine.webclient import Timeouts, WebClient
from musicbot.engine.wire import Resolver
from musicbot.netpolicy import NetPolicy
from tests.support.loopback import Loopback

LOOPBACK: Final = NetPolicy.parse(["127.0.0.0/8"])
"""Allows what tests may connect to."""

AT_ONCE: Final = (0.0, 0.0, 0.0, 0.0, 0.0)
"""As many attempts as usual, without the waiting."""

USUAL: Final = Timeouts()

HASTY: Final = Timeouts(connect=0.3, read=0.3, slow=0.3)
"""For tests in which nothing comes."""


def noise(size: int, seed: int = 1) -> bytes:
    """Return bytes of which no two stretches are alike, the same every time."""
    return random.Random(seed).randbytes(size)


def client(
    *,
    policy: NetPolicy = LOOPBACK,
    timeouts: Timeouts = USUAL,
    resolver: Resolver | None = None,
    context: ssl.SSLContext | None = None,
) -> WebClient:
    """Return a client that may connect to loopback."""
    if resolver is None:
        return WebClient(policy, timeouts=timeouts, context=context)
    return WebClient(policy, timeouts=timeouts, resolver=resolver, context=context)


def reader(
    web: Loopback,
    path: str,
    *,
    by: WebClient | None = None,
    headers: Headers = (),
    chunk_size: int | None = None,
    part: range | None = None,
    live: bool = False,
    on_title: Callable[[str], None] | None = None,
    backoff: Sequence[float] = AT_ONCE,
) -> HttpReader:
    """Return a reader of a path that doesn't wait between attempts."""
    return HttpReader(
        by or client(),
        Target(web.url(path), headers),
        chunk_size=chunk_size,
        part=part,
        live=live,
        on_title=on_title,
        backoff=backoff,
    )


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that a server signed for itself."""

    server: ssl.SSLContext
    """What the server needs to show it."""
    trusting: ssl.SSLContext
    """What a client needs to believe it."""


def self_signed(name: str, folder: Path) -> Certificate:
    """Make a certificate for a host of this name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / f"{name}.pem"
    file.write_bytes(pem + secret)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return Certificate(server, ssl.create_default_context(cadata=pem.decode()))


def record(
    path: Path,
    codec: str,
    *,
    seconds: float = 4.0,
    container: str | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a tone of 440 Hz into a file, or a playlist with its segments beside it."""
    rate, size = 48_000, 1024
    with av.open(str(path), "w", format=container, options=options or {}) as file:
        stream = file.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "stereo"
        for start in range(0, int(seconds * rate), size):
            wave = 0.3 * np.sin(2 * np.pi * 440 / rate * np.arange(start, start + size))
            samples = np.stack([wave, wave]).astype("f4")
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = rate, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path
