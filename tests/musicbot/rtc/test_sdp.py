from __future__ import annotations

from musicbot.rtc.sdp import music_offer, without_candidates

OFFER = """\
v=0\r
m=audio 9 UDP/TLS/RTP/SAVPF 96 0\r
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r
a=rtpmap:96 opus/48000/2\r
a=rtpmap:0 PCMU/8000\r
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
"""


def test_the_offer_promises_stereo_and_to_send_again() -> None:
    assert music_offer(OFFER).splitlines() == [
        "v=0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 96 0",
        "a=rtpmap:96 opus/48000/2",
        "a=rtcp-fb:96 nack",
        "a=fmtp:96 minptime=10;stereo=1;sprop-stereo=1",
        "a=rtpmap:0 PCMU/8000",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    ]


def test_an_offer_without_music_stays_as_it_is() -> None:
    offer = "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"

    assert music_offer(offer) == offer


def test_candidates_are_taken_out_with_the_mark_of_their_end() -> None:
    text = "v=0\nm=audio\na=candidate:1 1 udp 5 ::1 9 typ host\na=end-of-candidates\na=mid:0\n"

    assert without_candidates(text) == (
        "v=0\r\nm=audio\r\na=mid:0\r\n",
        ["candidate:1 1 udp 5 ::1 9 typ host"],
    )
