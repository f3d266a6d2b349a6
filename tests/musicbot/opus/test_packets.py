from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.opus.packets import (
    MAX_SAMPLES,
    SILENCE,
    MalformedPacket,
    PacketError,
    Repacketizer,
    Toc,
    Unjoinable,
    duration,
    frames,
    join,
    pack,
    split,
    toc,
)

Sound = npt.NDArray[np.float32]

CELT_20, CELT_10, CELT_5, CELT_2_5 = 31 << 3, 30 << 3, 29 << 3, 28 << 3
SILK_60 = 11 << 3
STEREO = 0b100


def encode(
    milliseconds: float, *, seconds: float = 0.6, bit_rate: int = 96_000, **options: str
) -> list[bytes]:
    """Encode a lively stereo sound with libopus in packets of a length."""
    encoder: Any = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = 48_000
    encoder.layout = "stereo"
    encoder.format = "flt"
    encoder.bit_rate = bit_rate
    encoder.options = {"application": "audio", "frame_duration": f"{milliseconds:g}", **options}
    encoder.open()
    size = round(milliseconds * 48)
    time = np.arange(round(seconds * 48_000) // size * size) / 48_000
    left = 0.4 * np.sin(2 * np.pi * (300 + 2_000 * time) * time)
    right = 0.3 * np.sin(2 * np.pi * 880 * time) * (np.sin(2 * np.pi * 7 * time) > 0)
    sound = np.stack([left, right], axis=1).astype(np.float32)
    packets: list[bytes] = []
    for start in range(0, len(sound), size):
        block = np.ascontiguousarray(sound[start : start + size]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="flt", layout="stereo")
        frame.sample_rate = 48_000
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def decode(packets: Iterable[bytes]) -> Sound:
    """Decode packets with libopus."""
    decoder: Any = av.CodecContext.create("libopus", "r")
    decoder.sample_rate = 48_000
    decoder.layout = "stereo"
    decoded = [
        frame.to_ndarray() for packet in packets for frame in decoder.decode(av.Packet(packet))
    ]
    return np.concatenate(decoded, axis=1)


def assert_sounds_the_same(ours: Iterable[bytes], theirs: Iterable[bytes]) -> None:
    """Assert that two streams decode to the same samples, to the bit."""
    one, other = decode(ours), decode(theirs)
    assert np.abs(other).max() > 0
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("config", "samples"),
    [
        (0, 480), (1, 960), (2, 1920), (3, 2880), (4, 480), (9, 960), (11, 2880),
        (12, 480), (13, 960), (14, 480), (15, 960),
        (16, 120), (17, 240), (18, 480), (19, 960), (28, 120), (31, 960),
    ],
)  # fmt: skip
def test_the_first_byte_tells_the_length_of_a_frame(config: int, samples: int) -> None:
    assert duration(bytes([config << 3])) == samples
    assert toc(bytes([config << 3])).samples == samples


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        (bytes([CELT_20]), 960),
        (bytes([CELT_20 | 1]), 1920),
        (bytes([CELT_20 | 2, 0]), 1920),
        (bytes([CELT_20 | 3, 6]), 5760),
        (bytes([CELT_2_5 | 3, 48]), 5760),
        (bytes([CELT_10 | 3, 0xC0 | 3, 0]), 1440),
    ],
)
def test_the_head_tells_the_length_of_a_packet(packet: bytes, samples: int) -> None:
    assert duration(packet) == samples


def test_silence_is_one_frame_of_exact_zeros() -> None:
    assert duration(SILENCE) == 960
    assert not decode([SILENCE] * 3).any()


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (bytes([CELT_20]), [b""]),
        (bytes([CELT_20]) + b"abc", [b"abc"]),
        (bytes([CELT_20 | 1]) + b"abcd", [b"ab", b"cd"]),
        (bytes([CELT_20 | 2, 3]) + b"abcd", [b"abc", b"d"]),
        (bytes([CELT_20 | 2, 1]) + b"abcd", [b"a", b"bcd"]),
        (bytes([CELT_20 | 2, 252, 1]) + b"a" * 256 + b"b", [b"a" * 256, b"b"]),
        (bytes([CELT_20 | 2, 0]) + b"abcd", [b"", b"abcd"]),
        (bytes([CELT_20 | 3, 3]) + b"abcdef", [b"ab", b"cd", b"ef"]),
        (bytes([CELT_20 | 3, 0x83, 1, 3]) + b"abcdef", [b"a", b"bcd", b"ef"]),
        (bytes([CELT_20 | 3, 0x43, 2]) + b"abcdef\0\0", [b"ab", b"cd", b"ef"]),
        (bytes([CELT_20 | 3, 0xC2, 2, 1]) + b"abc\0\0", [b"a", b"bc"]),
        (bytes([CELT_20 | 3, 0x41, 255, 3]) + b"a" + bytes(257), [b"a"]),
        (bytes([CELT_20 | 3, 0x41, 255, 0]) + b"a" + bytes(254), [b"a"]),
    ],
)
def test_a_packet_is_taken_apart(packet: bytes, expected: list[bytes]) -> None:
    assert frames(packet) == expected


@pytest.mark.parametrize(
    ("packet", "rule"),
    [
        (b"", "at least one byte"),
        (bytes([CELT_20 | 1]) + b"abc", "equal length"),
        (bytes([CELT_20 | 2]), "length of a frame"),
        (bytes([CELT_20 | 2, 252]), "length of a frame"),
        (bytes([CELT_20 | 2, 4]) + b"abc", "shorter than its frames"),
        (bytes([CELT_20 | 3]), "at least two bytes"),
        (bytes([CELT_20 | 3, 0]), "at least one frame"),
        (bytes([CELT_20 | 3, 7]) + b"abcdefg", "120 ms"),
        (bytes([SILK_60 | 3, 3]) + b"abc", "120 ms"),
        (bytes([CELT_20 | 3, 3]) + b"abcd", "equal length"),
        (bytes([CELT_20 | 3, 0x83, 1]), "length of a frame"),
        (bytes([CELT_20 | 3, 0x83, 1, 3]) + b"abc", "shorter than its frames"),
        (bytes([CELT_20 | 3, 0x41]), "length of its padding"),
        (bytes([CELT_20 | 3, 0x41, 255]), "length of its padding"),
        (bytes([CELT_20 | 3, 0x41, 2]) + b"a", "shorter than its padding"),
        (bytes([CELT_20]) + bytes(1276), "1275 bytes"),
    ],
)
def test_what_breaks_a_rule_is_refused(packet: bytes, rule: str) -> None:
    with pytest.raises(MalformedPacket, match=rule):
        frames(packet)


@pytest.mark.parametrize("packet", [b"", bytes([CELT_20 | 3]), bytes([CELT_20 | 3, 7])])
def test_a_head_without_sense_has_no_length(packet: bytes) -> None:
    with pytest.raises(MalformedPacket):
        duration(packet)


@given(st.binary(max_size=64) | st.binary(max_size=3000))
def test_taking_apart_is_total(packet: bytes) -> None:
    try:
        found = frames(packet)
    except MalformedPacket:
        with pytest.raises(MalformedPacket):
            split(packet)
        return

    assert len(found) * toc(packet).samples == duration(packet) <= MAX_SAMPLES
    assert frames(pack(toc(packet), found)) == found


@given(st.lists(st.binary(max_size=8) | st.binary(min_size=240, max_size=1275), max_size=20))
def test_repacketizing_is_total_and_loses_nothing(stream: list[bytes]) -> None:
    repacketizer = Repacketizer()
    taken: list[bytes] = []
    given: list[bytes] = []
    handed_back: list[Unjoinable] = []

    for packet in stream:
        try:
            given += frames(packet)
            ready = repacketizer.feed(packet)
            assert all(duration(made) == 960 for made in ready)
            taken += ready
        except MalformedPacket:
            continue
        except Unjoinable as error:
            handed_back.append(error)
            taken += error.packets
    taken += repacketizer.take()

    assert [frame for packet in taken for frame in frames(packet)] == given
    for unjoined in handed_back:
        assert unjoined.samples == sum(duration(packet) for packet in unjoined.packets)


@given(
    st.sampled_from(range(32)),
    st.booleans(),
    st.lists(st.integers(0, 1275), min_size=1, max_size=48),
)
def test_what_was_packed_can_be_taken_apart(config: int, stereo: bool, lengths: list[int]) -> None:
    kind = Toc(config << 3 | stereo << 2)
    parts = [bytes([i]) * length for i, length in enumerate(lengths)]
    parts = parts[: MAX_SAMPLES // kind.samples]

    packet = pack(kind, parts)

    assert toc(packet) == kind
    assert frames(packet) == parts


@pytest.mark.parametrize("length", [0, 1, 251, 252, 253, 254, 255, 256, 1274, 1275])
def test_any_length_of_a_frame_can_be_written(length: int) -> None:
    parts = [b"a" * length, b"b" * 7]

    assert frames(pack(Toc(CELT_20), parts)) == parts
    assert frames(pack(Toc(CELT_20), [*parts, b""])) == [*parts, b""]


@pytest.mark.parametrize(("milliseconds", "count"), [(20, 1), (40, 2), (60, 3), (120, 6)])
def test_a_long_packet_is_split_without_a_change_in_sound(milliseconds: int, count: int) -> None:
    long = encode(milliseconds)

    short = [part for packet in long for part in split(packet)]

    assert len(short) == len(long) * count
    assert {duration(packet) for packet in short} == {960}
    assert_sounds_the_same(short, long)


@pytest.mark.parametrize(("milliseconds", "count"), [(20, 1), (10, 2), (5, 4), (2.5, 8)])
@pytest.mark.parametrize("vbr", ["on", "off"])
def test_short_packets_are_joined_without_a_change_in_sound(
    milliseconds: float, count: int, vbr: str
) -> None:
    short = encode(milliseconds, vbr=vbr)

    long = [join(short[i : i + count]) for i in range(0, len(short), count)]

    assert {duration(packet) for packet in long} == {960}
    assert_sounds_the_same(long, short)


@pytest.mark.parametrize("milliseconds", [2.5, 5, 10, 20, 40, 60, 80, 100, 120])
def test_any_stream_becomes_packets_of_20_ms(milliseconds: float) -> None:
    stream = encode(milliseconds, seconds=1.2)
    repacketizer = Repacketizer()

    even = [made for packet in stream for made in repacketizer.feed(packet)]

    assert {duration(packet) for packet in even} == {960}
    assert repacketizer.samples == 0
    assert_sounds_the_same(even, stream)


def test_packets_of_20_ms_pass_untouched() -> None:
    padded = bytes([CELT_20 | 3, 0x41, 2]) + b"a\0\0"
    pair = bytes([CELT_10 | 3, 2]) + b"abcd"
    repacketizer = Repacketizer()

    assert repacketizer.feed(padded) == [padded]
    assert repacketizer.feed(pair) == [pair]


def test_odd_packets_are_held_until_20_ms_are_complete() -> None:
    three = bytes([CELT_10 | 3, 3]) + b"abc"
    repacketizer = Repacketizer()

    assert repacketizer.feed(three) == [bytes([CELT_10 | 1]) + b"ab"]
    assert repacketizer.samples == 480
    assert repacketizer.feed(three) == [
        bytes([CELT_10 | 1]) + b"ca",
        bytes([CELT_10 | 1]) + b"bc",
    ]
    assert repacketizer.samples == 0


def test_what_waits_can_be_taken() -> None:
    repacketizer = Repacketizer()
    repacketizer.feed(bytes([CELT_5 | 2, 1]) + b"abb")

    assert repacketizer.take() == [bytes([CELT_5 | 2, 1]) + b"abb"]
    assert repacketizer.take() == []
    assert repacketizer.samples == 0


def test_a_malformed_packet_leaves_what_waits() -> None:
    repacketizer = Repacketizer()
    repacketizer.feed(bytes([CELT_10]) + b"a")

    with pytest.raises(MalformedPacket):
        repacketizer.feed(bytes([CELT_10 | 1]) + b"b")

    assert repacketizer.feed(bytes([CELT_10]) + b"c") == [bytes([CELT_10 | 1]) + b"ac"]


@pytest.mark.parametrize("other", [CELT_10 | STEREO, CELT_5, CELT_20], ids=hex)
def test_halves_of_different_kinds_are_handed_back(other: int) -> None:
    first, second = bytes([CELT_10]) + b"a", bytes([other]) + b"b"
    repacketizer = Repacketizer()
    repacketizer.feed(first)

    with pytest.raises(Unjoinable, match="cannot be packed") as caught:
        repacketizer.feed(second)

    assert caught.value.packets == (first, second)
    assert caught.value.samples == 480 + duration(second)
    assert repacketizer.samples == 0
    with pytest.raises(Unjoinable):
        join([first, second])


def test_a_frame_of_speech_longer_than_20_ms_is_handed_back() -> None:
    speech = encode(60, application="voip", bit_rate=8_000)
    assert len(frames(speech[0])) == 1

    with pytest.raises(Unjoinable) as caught:
        split(speech[0])

    assert caught.value.packets == (speech[0],)
    assert caught.value.samples == 2880


def test_30_ms_cannot_be_split() -> None:
    packet = bytes([CELT_10 | 3, 3]) + b"abc"

    with pytest.raises(Unjoinable) as caught:
        split(packet)

    assert caught.value.packets == (packet,)
    assert caught.value.samples == 1440


@pytest.mark.parametrize("packets", [[], [bytes([CELT_20 | 3, 6]) + b"abcdef"] * 2])
def test_nothing_and_more_than_120_ms_cannot_be_joined(packets: list[bytes]) -> None:
    with pytest.raises(PacketError):
        join(packets)
