from __future__ import annotations

import contextlib
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.rtc.descriptions import CONTROL, MAX_DESCRIPTION, MUSIC, check

SESSION: Final = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=group:BUNDLE 0 1\n"
TRANSPORT: Final = (
    "a=ice-ufrag:abcd\na=ice-pwd:secret\na=fingerprint:sha-256 AA:BB\na=setup:active\n"
)
AUDIO: Final = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 96\na=recvonly\na=mid:0\na=rtcp-mux\na=rtpmap:96 opus/48000/2\n"
    + TRANSPORT
)
CHANNEL: Final = (
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:1\na=sctp-port:5000\n" + TRANSPORT
)
ANSWER: Final = SESSION + AUDIO + CHANNEL


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (ANSWER, MUSIC),
        (ANSWER.replace("recvonly", "sendrecv"), MUSIC),
        (ANSWER.replace("opus", "OPUS"), MUSIC),
        (SESSION + TRANSPORT + AUDIO.replace(TRANSPORT, "") + CHANNEL, MUSIC),
        (SESSION + CHANNEL, CONTROL),
    ],
)
def test_what_can_be_used_passes(text: str, kinds: tuple[str, ...]) -> None:
    check(text, kinds)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ANSWER + "a=x\n" * MAX_DESCRIPTION, "too long"),
        (ANSWER.replace("IP4", "IP5") + "c=IN IP5 x\n", "malformed"),
        (ANSWER.replace("a=rtpmap:96 opus/48000/2", "a=fmtp:96 stereo=1"), "malformed"),
        (ANSWER.replace("a=setup:active", "a=setup:sideways"), "malformed"),
        (ANSWER.replace("a=fingerprint:sha-256 AA:BB", "a=fingerprint"), "malformed"),
        (ANSWER.replace("a=sctp-port:5000", "a=sctp-port:many"), "malformed"),
        (ANSWER.replace("m=audio 9", "m=audio"), "malformed"),
        ("", "audio, application"),
        (SESSION + CHANNEL, "audio, application"),
        (ANSWER + CHANNEL, "audio, application"),
        (SESSION + CHANNEL + AUDIO, "audio, application"),
        (ANSWER.replace("m=audio 9", "m=audio 0"), "refuses the audio"),
        (ANSWER.replace("m=application 9", "m=application 0"), "refuses the application"),
        (ANSWER.replace("a=ice-ufrag:abcd\n", ""), "ICE credentials"),
        (ANSWER.replace("a=ice-pwd:secret\n", ""), "ICE credentials"),
        (ANSWER.replace("a=setup:active\n", ""), "fingerprint or role"),
        (ANSWER.replace("a=fingerprint:sha-256 AA:BB\n", ""), "fingerprint or role"),
        (ANSWER.replace("recvonly", "inactive"), "does not want"),
        (ANSWER.replace("recvonly", "sendonly"), "does not want"),
        (ANSWER.replace("a=recvonly\n", ""), "does not want"),
        (ANSWER.replace("opus/48000/2", "PCMU/8000"), "Opus"),
        (ANSWER.replace("a=sctp-port:5000\n", ""), "data channel"),
        (ANSWER.replace("5000", "65536"), "data channel"),
        (ANSWER.replace("5000", "0"), "data channel"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        check(text, MUSIC)

    assert str(caught.value).endswith(".")


@given(st.data())
def test_whatever_is_cut_or_changed_is_refused_or_passes(data: st.DataObject) -> None:
    lines = ANSWER.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        number = data.draw(st.integers(0, len(lines) - 1))
        line = lines[number]
        cut = data.draw(st.integers(0, len(line)))
        lines[number] = line[:cut] + data.draw(st.sampled_from(["", " ", ":", "/", "-1", "x"]))

    with contextlib.suppress(ValueError):
        check("\n".join(lines), MUSIC)


@given(st.text())
def test_the_check_is_total(text: str) -> None:
    with pytest.raises(ValueError, match="The session description"):
        check(text, MUSIC)
