"""Engines with real processes; most play packets that say what they are."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from musicbot.core.media import DemoMedia, FileMedia, HttpMedia, Media
from musicbot.core.tracks import FRAME_SAMPLES, SAMPLE_RATE, PlayId
from musicbot.engine.client import (
    CANNOT_START,
    Died,
    Ended,
    Engine,
    EngineEvent,
    Failed,
    Opened,
    warm_up,
)
from musicbot.engine.messages import Garbage, Noted
from musicbot.engine.process import Forks
from musicbot.errors import SourceErrorKind
from musicbot.opus.packets import SILENCE
from tests.support.fakeproducer import fake, fake_forks, sound
from tests.support.loopback import Exchange, Loopback
from tests.support.processes import is_running, until, until_gone
from tests.support.tones import Sound as Samples
from tests.support.tones import Wave, decode, lag, level, lively, make_sound, make_tones, packets

A, B = PlayId(1), PlayId(2)
TIME = 20.0
"""Seconds after which a test waits in vain; everything takes a fraction of one."""

PRE_SKIP = 312
"""Samples by which an encoder's sound is late: its look-ahead."""

E = TypeVar("E", bound=EngineEvent)


class Stage:
    """An engine, what it says, and a listener who is as fast as the engine."""

    def __init__(self, forks: Forks | None, **times: float) -> None:
        self.events: list[EngineEvent] = []
        self.engine = Engine(self.events.append, allow_net=["127.0.0.0/8"], forks=forks, **times)

    @property
    def pid(self) -> int:
        """The id of the engine's process."""
        return self._pids()[-1]

    def _pids(self) -> list[int]:
        forks = self.engine._forks
        assert forks._server is not None
        server = forks._server.pid
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        return [pid for pid in map(int, children) if is_running(pid)]

    async def hear(self, count: int) -> list[bytes]:
        """Return the next packets that are not silence."""
        heard: list[bytes] = []
        while len(heard) < count:
            packet = self.engine.next_payload()
            if packet == SILENCE:
                await asyncio.sleep(0.002)
            else:
                heard.append(packet)
        return heard

    async def frames(self, count: int) -> list[int]:
        """Return which frames the next packets of the fake producer are."""
        sounds = [sound(packet) for packet in await self.hear(count)]
        return [s.position // FRAME_SAMPLES for s in sounds if s is not None]

    async def event(self, kind: type[E]) -> E:
        """Listen until something of this kind has happened; return it."""

        def found() -> E | None:
            self.engine.next_payload()
            return self.happened(kind)

        await until(found)
        return await self.news(kind)

    async def news(self, kind: type[E]) -> E:
        """Wait until something of this kind has happened, without listening; return it."""
        await until(lambda: self.happened(kind) is not None)
        event = self.happened(kind)
        assert event is not None
        return event

    def happened(self, kind: type[E]) -> E | None:
        """Return the first event of a kind; ``None`` if there was none."""
        for event in self.events:
            if isinstance(event, kind):
                return event
        return None


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    forks = fake_forks()
    yield forks
    forks.close()


@asynccontextmanager
async def staged(forks: Forks | None, **times: float) -> AsyncIterator[Stage]:
    stage = Stage(forks, **times)
    try:
        async with asyncio.timeout(TIME):
            yield stage
    finally:
        await stage.engine.close()


async def test_what_is_opened_is_heard_from_its_beginning(forks: Forks) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake("frames=500"))

        assert await stage.frames(200) == list(range(200))
        assert stage.events == [Opened(A, 10.0, True, False)]
        assert stage.engine.position == 200 * FRAME_SAMPLES


async def test_the_end_comes_after_the_last_packet_and_the_next_track_follows(
    forks: Forks,
) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake("frames=200"))
        assert len(await stage.frames(199)) == 199
        assert stage.events[1:] == []
        await stage.frames(1)
        assert stage.events[1:] == [Ended(A, 200 * FRAME_SAMPLES)]
        pid = stage.pid

        stage.engine.open(B, fake("frames=5"))
        assert await stage.frames(5) == [0, 1, 2, 3, 4]

        assert stage.pid == pid
        assert stage.events[-2:] == [Opened(B, 0.1, True, False), Ended(B, 5 * FRAME_SAMPLES)]


async def test_a_change_of_loudness_is_heard_soon_and_loses_no_frame(forks: Forks) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake(""))
        await stage.hear(100)

        stage.engine.set_gain(0.5)
        sounds = [sound(packet) for packet in await stage.hear(300)]

        frames = [s.position // FRAME_SAMPLES for s in sounds if s]
        gains = [s.gain for s in sounds if s]
        assert frames == list(range(100, 400))
        assert gains == sorted(gains, reverse=True)
        assert gains[-1] == 0.5


async def test_a_seek_is_heard_soon_and_the_position_is_right_at_once(forks: Forks) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake(""))
        await stage.hear(10)

        stage.engine.seek(A, 60 * SAMPLE_RATE)
        assert stage.engine.position == 60 * SAMPLE_RATE
        heard = await stage.frames(200)

        assert 3000 in heard
        assert heard[heard.index(3000) :] == list(
            range(3000, 3000 + len(heard) - heard.index(3000))
        )


async def test_a_hold_keeps_everything_where_it_is(forks: Forks) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake(""))
        await stage.hear(10)

        stage.engine.hold()
        assert {stage.engine.next_payload() for _ in range(200)} == {SILENCE}
        assert stage.engine.position == 10 * FRAME_SAMPLES
        stage.engine.release()

        assert await stage.frames(2) == [10, 11]


@pytest.mark.parametrize("options", ["hang=100", "deaf=100", ""])
async def test_after_a_stop_there_is_silence_at_once(forks: Forks, options: str) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake(options))
        await stage.hear(20)

        stage.engine.stop()

        assert stage.engine.next_payload() == SILENCE
        assert stage.events == [Opened(A, 20_000.0, True, False)]


@pytest.mark.parametrize("stopped", [True, False])
async def test_something_else_can_be_opened_while_a_source_hangs(
    forks: Forks, stopped: bool
) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake("hang=20"))
        await stage.hear(20)

        if stopped:
            stage.engine.stop()
        stage.engine.open(B, fake("frames=500"))

        assert await stage.frames(1) == [0]
        assert stage.events[1:] == [Opened(B, 10.0, True, False)]


async def test_an_engine_that_cannot_let_go_is_replaced(forks: Forks) -> None:
    async with staged(forks, begin_time=0.2) as stage:
        stage.engine.open(A, fake("deaf=20"))
        await stage.hear(20)
        pid = stage.pid

        stage.engine.stop()
        stage.engine.open(B, fake("frames=500"))
        assert await stage.event(Died) == Died(B, 0)
        await until_gone(pid)
        stage.engine.open(B, fake("frames=500"))

        assert await stage.frames(1) == [0]


async def test_an_engine_that_is_killed_is_replaced_without_a_gap(
    forks: Forks, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake(""))
        await stage.hear(10)
        pid = stage.pid

        os.kill(pid, signal.SIGKILL)
        died = await stage.news(Died)
        stage.engine.open(B, fake(""), position=died.position)
        heard = await stage.frames(400)

        assert heard == list(range(10, 410))
        assert stage.pid != pid
        assert died.play == A
        assert "Lost an engine process" in caplog.text


async def test_an_engine_that_crashes_on_a_track_says_so_each_time(forks: Forks) -> None:
    async with staged(forks) as stage:
        for play in (A, B):
            stage.events.clear()
            stage.engine.open(play, fake("crash=100"), position=100 * FRAME_SAMPLES)

            assert await stage.event(Died) == Died(play, 100 * FRAME_SAMPLES)


async def test_an_engine_that_is_stuck_is_replaced(forks: Forks) -> None:
    async with staged(forks, stuck_time=0.2) as stage:
        stage.engine.open(A, fake("deaf=20"))
        await stage.hear(20)
        pid = stage.pid

        assert await stage.event(Died) == Died(A, 20 * FRAME_SAMPLES)
        await until_gone(pid)
        stage.engine.open(B, fake("frames=500"))
        assert await stage.frames(1) == [0]


async def test_who_seeks_gives_a_process_its_time_that_had_nothing_to_say(forks: Forks) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake(""))
        await stage.hear(10)
        # As if everything had been buffered for a while.
        stage.engine._heard_at -= 60

        stage.engine.hold()
        stage.engine.seek(A, 10 * SAMPLE_RATE)
        assert stage.engine._playout.is_starving
        stage.engine._look()
        stage.engine.release()

        assert await stage.frames(1) == [500]
        assert not stage.happened(Died)


async def test_each_process_may_write_some_lines_to_the_log(forks: Forks) -> None:
    async with staged(forks) as stage:
        line = Noted(logging.DEBUG, "Something.")
        for play in (A, B):
            stage.events.clear()
            stage.engine.open(play, fake(""))
            await stage.hear(1)
            for _ in range(100):
                stage.engine._hear(line)
            with pytest.raises(Garbage):
                stage.engine._hear(line)
            os.kill(stage.pid, signal.SIGKILL)
            await stage.news(Died)


async def test_an_engine_that_is_killed_while_it_has_nothing_to_do_is_not_missed(
    forks: Forks,
) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake(""))
        await stage.hear(1)
        stage.engine.stop()

        pid = stage.pid
        os.kill(pid, signal.SIGKILL)
        await until(lambda: stage.engine._process is None)
        stage.engine.open(B, fake("frames=5"))

        assert await stage.frames(5) == list(range(5))
        assert not any(isinstance(event, Died) for event in stage.events)


async def test_a_process_without_work_is_ended_after_a_while(forks: Forks) -> None:
    async with staged(forks, idle_time=0.05) as stage:
        stage.engine.open(A, fake(""))
        await stage.hear(1)
        pid = stage.pid

        stage.engine.stop()

        await until_gone(pid)
        assert stage.events == [Opened(A, 20_000.0, True, False)]


@pytest.mark.parametrize(
    ("options", "kind", "permanent"),
    [
        ("open=geo", SourceErrorKind.GEO, True),
        ("open=timeout", SourceErrorKind.TIMEOUT, False),
        ("fail=gone&at=0", SourceErrorKind.GONE, False),
        ("bug=0", SourceErrorKind.BROKEN, True),
    ],
)
async def test_a_failure_says_whether_another_attempt_is_in_vain(
    forks: Forks, options: str, kind: SourceErrorKind, permanent: bool
) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake(options))

        failure = await stage.event(Failed)
        assert (failure.play, failure.kind, failure.permanent) == (A, kind, permanent)


async def test_without_any_engine_a_play_fails_with_one_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with staged(Forks(("/nowhere/python",))) as stage:
        stage.engine.open(A, DemoMedia())

        assert stage.events == [Failed(A, SourceErrorKind.BROKEN, CANNOT_START, 0, True)]
        assert stage.engine.next_payload() == SILENCE
    assert [r.message for r in caplog.records if r.levelno >= logging.ERROR] == [
        "Cannot start an engine process: [Errno 2] No such file or directory: '/nowhere/python'"
    ]


async def test_engines_that_end_before_they_begin_are_not_started_for_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    forks = Forks((sys.executable, "-c", "pass"))
    async with staged(forks) as stage:
        while not stage.happened(Failed):
            stage.events.clear()
            stage.engine.open(A, DemoMedia())
            await until(lambda: stage.events)
            assert isinstance(stage.events[0], Died | Failed)

        assert stage.events == [Failed(A, SourceErrorKind.BROKEN, CANNOT_START, 0, True)]
    forks.close()


async def test_a_closed_engine_does_nothing_any_more(forks: Forks) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake(""))
        await stage.hear(1)
        pid = stage.pid
        before = list(stage.events)

        await stage.engine.close()
        await stage.engine.close()
        stage.engine.open(B, fake(""))
        stage.engine.seek(B, 0)
        stage.engine.set_gain(0.5)

        assert stage.engine._process is None
        assert stage.engine.next_payload() == SILENCE
        await until_gone(pid)
        assert stage.events == before


async def test_rooms_do_not_touch_each_other(forks: Forks) -> None:
    async with staged(forks) as one, staged(forks) as other:
        one.engine.open(A, fake("crash=10"))
        other.engine.open(A, fake("frames=300"))

        await one.event(Died)

        assert await other.frames(300) == list(range(300))


async def test_twenty_engines_leave_nothing_behind(forks: Forks) -> None:
    async with staged(forks) as stage:
        stage.engine.open(A, fake(""))
        await stage.hear(1)
    before = len(os.listdir("/proc/self/fd"))

    for _ in range(20):
        async with staged(forks) as stage:
            stage.engine.open(A, fake(""))
            await stage.hear(1)

    assert len(os.listdir("/proc/self/fd")) == before
    await until(lambda: not stage._pids())


async def test_engines_end_with_a_bot_that_is_killed() -> None:
    program = f"""
import asyncio, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from tests.musicbot.engine.test_client import be_killed
asyncio.run(be_killed())
"""
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert bot.stdout is not None
    async with asyncio.timeout(TIME):
        server, engine = (int(pid) for pid in (await bot.stdout.readline()).split())
        assert is_running(server)
        assert is_running(engine)

        bot.kill()
        await bot.communicate()

        await until_gone(engine)
        await until_gone(server)


async def be_killed() -> None:  # pragma: no cover - what is killed measures nothing
    """Be a bot that plays, and says which processes work for it."""
    forks = fake_forks()
    async with staged(forks) as stage:
        stage.engine.open(A, fake(""))
        await stage.hear(1)
        assert forks._server is not None
        print(forks._server.pid, stage.pid, flush=True)  # noqa: T201 - the test reads it
        await asyncio.Event().wait()


# What follows plays real media with the real program.


async def test_the_demo_is_heard() -> None:
    await warm_up()
    async with staged(None) as stage:
        stage.engine.open(A, DemoMedia())

        heard = decode(await stage.hear(100))

        assert stage.events == [Opened(A, 30.0, True, False)]
        assert abs(heard[:, SAMPLE_RATE:]).max() > 0.01


@pytest.mark.parametrize("suffix", ["webm", "mp3"])
async def test_a_file_is_heard_in_stereo(tmp_path: Path, suffix: str) -> None:
    path = make_tones(tmp_path / f"tones.{suffix}", left=440, right=880, seconds=3)
    async with staged(None) as stage:
        stage.engine.open(A, FileMedia(str(path)))

        heard = decode(await stage.hear(100))

        assert level(heard[0][SAMPLE_RATE:], 440) - level(heard[1][SAMPLE_RATE:], 440) > 60
        assert level(heard[1][SAMPLE_RATE:], 880) - level(heard[0][SAMPLE_RATE:], 880) > 60
        await stage.event(Ended)


async def test_what_passes_through_is_the_same_to_the_bit_even_if_the_engine_is_killed(
    tmp_path: Path,
) -> None:
    path = make_tones(tmp_path / "tones.ogg", left=440, right=880, seconds=6)
    media = FileMedia(str(path))
    async with staged(None) as stage:
        stage.engine.open(A, media)
        heard = await stage.hear(50)
        # This listener is faster than life; for others there always is something.
        await until(lambda: stage.engine._playout._buffer)
        os.kill(stage.pid, signal.SIGKILL)
        died = await stage.news(Died)
        stage.engine.open(B, media, position=died.position)
        heard += await stage.hear(100)

    assert heard == packets(path)[: len(heard)]


async def test_loudness_changes_in_the_midst_of_a_track_without_a_seam(tmp_path: Path) -> None:
    wave = lively(1)
    path = make_sound(tmp_path / "lively.ogg", (wave, wave), seconds=6)
    async with staged(None) as stage:
        stage.engine.open(A, FileMedia(str(path)))
        heard = await stage.hear(50)
        stage.engine.set_gain(0.999)
        heard += await stage.hear(100)
        stage.engine.set_gain(1.0)
        heard += await stage.hear(100)

    sound = decode(heard)[0]
    for second in range(1, 5):
        position = second * SAMPLE_RATE
        part = sound[position : position + SAMPLE_RATE // 2]
        assert abs(lag(part, wave, position) - PRE_SKIP) <= 1


@pytest.mark.parametrize("suffix", ["ogg", "mp3"])
async def test_a_change_of_loudness_is_no_dip(tmp_path: Path, suffix: str) -> None:
    path = make_tones(tmp_path / f"tones.{suffix}", left=440, right=440, seconds=6)
    async with staged(None) as stage:
        stage.engine.open(A, FileMedia(str(path)))
        heard = await stage.hear(25)
        stage.engine.set_gain(0.5)
        heard += await stage.hear(200)

    sound = decode(heard)[0][SAMPLE_RATE // 4 :]
    levels = [level(sound[i : i + 480], 440) for i in range(0, len(sound) - 480, 240)]
    assert levels[0] - levels[-1] == pytest.approx(6.0, abs=0.5)
    assert min(levels) > levels[-1] - 1
    assert max(levels) < levels[0] + 1


class Drip(Loopback):
    """Sends nothing but a head."""

    def take(self, exchange: Exchange) -> None:
        self.note(exchange.request)
        exchange.begin(200, {"Content-Type": "audio/mpeg"})
        exchange.stall()


async def test_a_server_that_sends_nothing_keeps_nobody_from_stopping() -> None:
    with Drip() as web:
        async with staged(None) as stage:
            media: Media = HttpMedia(web.url("/a.mp3"))
            stage.engine.open(A, media)
            await until(lambda: web.hits("/a.mp3"))

            stage.engine.stop()
            stage.engine.open(B, DemoMedia())
            await stage.hear(5)

            assert stage.events == [Opened(B, 30.0, True, False)]


class Radio(Loopback):
    """Sends some seconds at once, and the others as they pass."""

    def __init__(self, audio: bytes, seconds: float) -> None:
        super().__init__()
        self._audio = audio
        self._block = int(len(audio) / seconds / 10)

    def take(self, exchange: Exchange) -> None:
        exchange.begin(200, {"Content-Type": "audio/mpeg"})
        for start in range(0, len(self._audio), self._block):
            exchange.send(self._audio[start : start + self._block])
            exchange.pause(0.1 if start > 40 * self._block else 0)


async def live(stage: Stage, count: int) -> list[bytes]:
    """Return the next packets that are not silence, as fast as they are heard."""
    heard: list[bytes] = []
    while len(heard) < count:
        heard += await stage.hear(1)
        await asyncio.sleep(0.018)
    return heard


def delay(sound: Samples, wave: Wave, second: int, gain: float) -> float:
    """Return how long after the beginning of a second a gain is heard in a sound."""
    for frame in range(second * 50, second * 50 + 50):
        part = np.arange(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES)
        original = wave((part - PRE_SKIP) / SAMPLE_RATE)
        if np.linalg.norm(sound[part]) / np.linalg.norm(original) == pytest.approx(gain, rel=0.1):
            return (frame + 1) / 50 - second
    return 1.0


@pytest.mark.parametrize("suffix", ["ogg", "mp3"])
async def test_on_the_radio_a_change_of_loudness_is_heard_soon_and_loses_nothing(
    tmp_path: Path, suffix: str
) -> None:
    wave = lively(1)
    path = make_sound(tmp_path / f"lively.{suffix}", (wave, wave), seconds=10)
    gains = [0.5, 1.0, 0.5, 1.0]
    with Radio(path.read_bytes(), 10) as web:
        async with staged(None) as stage:
            stage.engine.open(A, HttpMedia(web.url("/"), live=True))
            heard = await live(stage, 50)
            for gain in gains:
                stage.engine.set_gain(gain)
                heard += await live(stage, 50)

    sound = decode(heard)[0]
    half = SAMPLE_RATE // 2
    # FFmpeg does not tell where in the first packet of an endless MP3 its sound begins.
    late = lag(sound[half : 2 * half], wave, half) - PRE_SKIP
    assert 0 <= late <= (500 if suffix == "mp3" else 1)
    for start in range(0, len(sound), half):
        assert abs(lag(sound[start : start + half], wave, start) - PRE_SKIP - late) <= 1
    # A machine that has other work may be late, but not each time.
    assert min(delay(sound, wave, 1 + n, gain) for n, gain in enumerate(gains)) <= 0.25
    if suffix == "ogg":
        assert heard[:45] == packets(path)[:45]
        assert heard[-20:] == packets(path)[len(heard) - 20 : len(heard)]
