"""Whether a peer's session description can be used at all.

aiortc's parser trusts what it reads: a line that is cut short raises whatever comes first, and
what it lets pass may fail later, in a task of its own where nobody hears of it. So a description
is looked through before aiortc may act on it.
"""

from __future__ import annotations

from typing import Final

from aiortc.sdp import MediaDescription, SessionDescription

MUSIC: Final = ("audio", "application")
"""Media sections of a connection with a listener, in order."""

CONTROL: Final = ("application",)
"""Media sections of a connection that only carries messages."""

MAX_DESCRIPTION: Final = 32 * 1024
"""Characters; a browser's answer has about 2,000."""

_BROKEN: Final = (
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    StopIteration,
    TypeError,
    ValueError,
)
"""All that aiortc's parser raises for text that is no description."""


def check(text: str, kinds: tuple[str, ...]) -> None:
    """Look through a description whose candidates were taken out.

    Args:
        text: The description.
        kinds: Which media sections it must have, in order: :data:`MUSIC` or :data:`CONTROL`.

    Raises:
        ValueError: If it cannot be used; the text is a sentence that says why.
    """
    if len(text) > MAX_DESCRIPTION:
        raise ValueError("The session description is too long.")
    try:
        description = SessionDescription.parse(text)
    except _BROKEN as error:
        raise ValueError("The session description is malformed.") from error
    if tuple(media.kind for media in description.media) != kinds:
        raise ValueError(f"The session description must have the media {', '.join(kinds)}.")
    for media in description.media:
        _check_transport(media)
        if media.kind == "audio":
            _check_music(media)
        else:
            _check_channel(media)


def _check_transport(media: MediaDescription) -> None:
    if not media.port:
        raise ValueError(f"The session description refuses the {media.kind}.")
    if media.ice is None or not (media.ice.usernameFragment and media.ice.password):
        raise ValueError("The session description lacks its ICE credentials.")
    if media.dtls is None or not media.dtls.fingerprints:
        raise ValueError("The session description lacks its DTLS fingerprint or role.")


def _check_music(media: MediaDescription) -> None:
    if media.direction not in ("recvonly", "sendrecv"):
        raise ValueError("The session description does not want to receive the music.")
    if not any(codec.mimeType.lower() == "audio/opus" for codec in media.rtp.codecs):
        raise ValueError("The session description does not accept Opus.")


def _check_channel(media: MediaDescription) -> None:
    if media.sctp_port is None or not 0 < media.sctp_port < 65_536:
        raise ValueError("The session description lacks the port of its data channel.")
