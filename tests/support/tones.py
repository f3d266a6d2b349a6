"""Music files that can be measured: one tone in the left channel, another in the right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from musicbot.opus.packets import PACKET_SAMPLES, MalformedPacket, duration

Sound = npt.NDArray[np.float32]
"""Samples; of several channels if it has two dimensions, one row for each."""

RATE: Final = 48_000

AMPLITUDE: Final = 0.5
"""Of every tone: -6.02 dBFS."""

CODECS: Final[Mapping[str, str]] = {
    ".webm": "libopus",
    ".opus": "libopus",
    ".ogg": "libopus",
    ".mp3": "libmp3lame",
    ".m4a": "aac",
    ".flac": "flac",
    ".wav": "pcm_s16le",
}
"""By the ending of the file."""

OPUS: Final = {"application": "audio", "frame_duration": "20"}

BLOCK: Final = 48_000
"""Samples made at a time."""

Wave = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
"""From times in seconds to the values of one channel."""


def tone(hertz: float) -> Wave:
    """Return a sine of this frequency."""
    return lambda time: AMPLITUDE * np.sin(2 * np.pi * hertz * time)


def make_tones(path: Path, *, left: float, right: float, seconds: float) -> Path:
    """Write a file with a tone in each channel; its ending says the format."""
    return make_sound(path, (tone(left), tone(right)), seconds=seconds)


def make_hls(folder: Path, *, left: float, right: float, seconds: float) -> Path:
    """Write the playlist ``index.m3u8`` with segments of two seconds beside it."""
    options = {
        "hls_time": "2",
        "hls_playlist_type": "vod",
        "hls_segment_filename": f"{folder}/segment%d.ts",
    }
    return make_sound(
        folder / "index.m3u8",
        (tone(left), tone(right)),
        seconds=seconds,
        codec="aac",
        container="hls",
        container_options=options,
    )


def make_sound(
    path: Path,
    waves: tuple[Wave, ...],
    *,
    seconds: float,
    codec: str | None = None,
    rate: int = RATE,
    layout: str | None = None,
    container: str | None = None,
    container_options: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Write a file with a wave in each channel."""
    codec = codec or CODECS[path.suffix]
    layout = layout or ("mono" if len(waves) == 1 else "stereo")
    with av.open(str(path), "w", container, options=dict(container_options or {})) as file:
        defaults = OPUS if codec == "libopus" else {}
        stream: Any = file.add_stream(codec, rate=rate, options={**defaults, **(options or {})})
        stream.layout = layout
        stream.bit_rate = 128_000
        # The encoder's own format; av's resampler cuts the frames to its size.
        stream.open()
        resampler = av.AudioResampler(
            stream.format, layout, rate, frame_size=stream.codec_context.frame_size or None
        )
        total = round(seconds * rate)
        for start in range(0, total, BLOCK):
            frame = _frame(waves, start, min(start + BLOCK, total), rate, layout)
            for part in resampler.resample(frame):
                file.mux(stream.encode(part))
        for part in resampler.resample(None):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return path


def write_opus(path: Path, payloads: Iterable[bytes], *, missing: range = range(0)) -> Path:
    """Write packets as they are into a file with a proper head, and leave some out."""
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream("libopus", rate=RATE, options=dict(OPUS))
        stream.layout = "stereo"
        stream.open()
        position = -312
        for number, payload in enumerate(payloads):
            packet = av.Packet(payload)
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = position
            packet.duration = _duration(payload)
            position += packet.duration
            if number not in missing:
                file.mux(packet)
    return path


def packets(path: Path) -> list[bytes]:
    """Return what is in a file, as it is."""
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


def lively(seed: int) -> Wave:
    """Return a sound of which no two moments are alike."""
    random = np.random.default_rng(seed)
    pitches = random.uniform(80, 3000, 6)
    phases = random.uniform(0, 6, 6)
    volumes = random.uniform(0.02, 0.16, 6)

    def wave(time: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        parts = [
            volume
            * np.sin(2 * np.pi * (pitch + 7 * number * time) * time + phase)
            * (1 + 0.5 * np.sin(2 * np.pi * (1 + number) * time))
            for number, (pitch, phase, volume) in enumerate(
                zip(pitches, phases, volumes, strict=True)
            )
        ]
        return np.asarray(np.sum(parts, axis=0), np.float64)

    return wave


def lag(samples: npt.ArrayLike, wave: Wave, position: int, *, most: int = 4800) -> int:
    """Return by how many samples a wave comes later than at a position of its track."""
    sound = np.asarray(samples, np.float64)
    begin = position - most
    original = wave((begin + np.arange(len(sound) + 2 * most)) / RATE)
    size = len(original) + len(sound)
    spectrum = np.fft.rfft(original, size) * np.conj(np.fft.rfft(sound, size))
    return int(most - np.argmax(np.fft.irfft(spectrum, size)[: 2 * most + 1]))


def level(samples: npt.ArrayLike, hertz: float) -> float:
    """Return how loud a tone is in the samples of one channel at 48 kHz, in dBFS."""
    sound = np.asarray(samples, np.float64).ravel()
    window = np.blackman(len(sound))
    turns = np.exp(-2j * np.pi * hertz / RATE * np.arange(len(sound)))
    amplitude = 2 * abs(np.sum(sound * window * turns)) / np.sum(window)
    return float(20 * np.log10(max(amplitude, 1e-10)))


def decode(packets: Iterable[bytes]) -> Sound:
    """Decode the packets of an Opus stream as a listener would: two channels."""
    decoder: Any = av.CodecContext.create("libopus", "r")
    decoder.sample_rate = RATE
    decoder.layout = "stereo"
    frames = [
        frame.to_ndarray().reshape(-1, 2)
        for packet in packets
        for frame in decoder.decode(av.Packet(packet))
    ]
    sound = np.concatenate(frames).T
    return (sound / 32768 if sound.dtype == np.int16 else sound).astype(np.float32)


def _duration(payload: bytes) -> int:
    try:
        return duration(payload)
    except MalformedPacket:
        return PACKET_SAMPLES


def _frame(waves: tuple[Wave, ...], start: int, stop: int, rate: int, layout: str) -> av.AudioFrame:
    time = np.arange(start, stop) / rate
    # PyAV cannot make frames of more than seven planes.
    sound = np.stack([wave(time) for wave in waves], axis=1).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="flt", layout=layout)
    frame.sample_rate, frame.pts = rate, start
    return frame
