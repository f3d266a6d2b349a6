"""Drives the browser room as a person would, and listens to what it plays."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.support.chromium import ARGUMENTS, find_chromium

MUSIC_TIME: Final = 20_000
"""Milliseconds until music must be heard; generous, for busy machines."""

PATIENCE: Final = 60.0
"""Seconds for what takes as long as it takes, as music does."""

MAX_TABS: Final = 40
"""No control of the page may be farther away than this."""

RATE: Final = 48_000

AriaRole = Literal["button", "textbox", "slider", "link", "combobox"]

KEEP_CONNECTIONS: Final = """
(() => {
  const Original = globalThis.RTCPeerConnection;
  globalThis.connections = [];
  globalThis.RTCPeerConnection = class extends Original {
    constructor(...args) { super(...args); globalThis.connections.push(this); }
  };
})();
"""

KEEP_VOICES: Final = """
(() => {
  const Original = globalThis.Audio;
  globalThis.voices = [];
  globalThis.Audio = class extends Original {
    constructor() { super(); globalThis.voices.push(this); }
  };
})();
"""

NO_DEVICES: Final = """
navigator.mediaDevices.getUserMedia =
  () => Promise.reject(new DOMException('denied', 'NotAllowedError'));
"""
"""A browser whose owner refuses camera and microphone."""

PICTURE_MOVES: Final = """
(tile) => {
  const video = tile.querySelector('video');
  return !video.hidden && video.getVideoPlaybackQuality().totalVideoFrames > 5;
}
"""

VOICE_SOUNDS: Final = """
async () => {
  const sounds = globalThis.voices.some(
    (voice) => !voice.paused && !voice.muted && voice.volume > 0 && voice.currentTime > 0);
  for (const connection of globalThis.connections) {
    for (const [, entry] of await connection.getStats()) {
      // Chromium's fake microphone beeps.
      if (entry.type === 'inbound-rtp' && entry.totalAudioEnergy > 1e-4) return sounds;
    }
  }
  return false;
}
"""

RECORD: Final = """
async (seconds) => {
  const [track] = document.querySelector('audio#music').srcObject.getAudioTracks();
  const wanted = Math.round(seconds * 48000);
  const channels = [new Float32Array(wanted), new Float32Array(wanted)];
  const reader = new MediaStreamTrackProcessor({ track: track.clone() }).readable.getReader();
  for (let count = 0; count < wanted;) {
    const { value } = await reader.read();
    if (value.sampleRate !== 48000 || value.numberOfChannels !== 2) throw new Error('no stereo');
    const frameCount = Math.min(value.numberOfFrames, wanted - count);
    for (const [planeIndex, channel] of channels.entries()) {
      const part = channel.subarray(count, count + frameCount);
      value.copyTo(part, { planeIndex, frameCount, format: 'f32-planar' });
    }
    count += frameCount;
    value.close();
  }
  await reader.cancel();
  return channels.map((channel) => {
    const bytes = new Uint8Array(channel.buffer);
    let text = '';
    for (let at = 0; at < bytes.length; at += 32768) {
      text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    }
    return btoa(text);
  });
}
"""
"""What the music's track is made of, before any loudspeaker's clock has its say."""

RECEIVER: Final = """
  const [track] = document.querySelector('audio#music').srcObject?.getAudioTracks() ?? [];
  const receiver = globalThis.connections
    .filter(({ connectionState }) => connectionState !== 'closed')
    .flatMap((connection) => connection.getReceivers())
    .find((candidate) => track && candidate.track.id === track.id);
"""
"""The end of the connection that brings the music."""

MUSIC_STATS: Final = f"""
async () => {{
  {RECEIVER}
  const entries = receiver ? [...(await receiver.getStats()).values()] : [];
  return entries.find(({{ type }}) => type === 'inbound-rtp') ?? null;
}}
"""

RTP_TIME: Final = f"""
() => {{
  {RECEIVER}
  return receiver.getSynchronizationSources()[0].rtpTimestamp;
}}
"""

LAST_ANSWER: Final = """
([number]) => {
  const line = document.querySelectorAll('.line-bot')[number];
  return line && !line.classList.contains('pending') && line.querySelector('.line-text').innerText;
}
"""

UNTIL: Final = """
async (argument) => {
  const check = %s;
  while (!(await check(argument))) await new Promise((resolve) => setTimeout(resolve, 50));
}
"""

Samples = NDArray[np.float32]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a headless browser with fake devices."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=[*ARGUMENTS]
        )
        try:
            yield browser
        finally:
            await browser.close()


class RoomPage:
    """One person's page."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on(
            "console",
            lambda line: self.problems.append(line.text) if line.type == "error" else None,
        )

    @property
    def music(self) -> Locator:
        """The music panel."""
        return self.page.get_by_role("region", name="Music")

    @property
    def chat(self) -> Locator:
        """The lines of the chat."""
        return self.page.get_by_role("log", name="Chat")

    def tile(self, name: str) -> Locator:
        """The tile of somebody, also if another of the name is not gone yet."""
        shown = re.compile(rf"^{re.escape(name)}( \(\d+\))?( \(you\))?$")
        return self.page.get_by_role("group", name=shown)

    def button(self, name: str) -> Locator:
        """A button by its accessible name."""
        return self.page.get_by_role("button", name=name, exact=True)

    async def join(self) -> None:
        """Fill in the lobby and join."""
        await self.page.get_by_role("textbox", name="Your name").fill(self.name)
        await self.button("Join").click()
        await expect(self.button("Leave")).to_be_visible(timeout=MUSIC_TIME)

    async def sees_moving(self, name: str) -> None:
        """Wait until somebody's picture moves."""
        tile = self.tile(name)
        await expect(tile).to_be_visible(timeout=MUSIC_TIME)
        await self.page.wait_for_function(
            PICTURE_MOVES, arg=await tile.element_handle(), timeout=MUSIC_TIME
        )

    async def hears_voice(self) -> None:
        """Wait until somebody's voice sounds."""
        await self._until(VOICE_SOUNDS)

    async def tab_to(self, role: AriaRole, name: str) -> None:
        """Go on by the tabulator key until something has the focus."""
        target = self.page.get_by_role(role, name=name, exact=True)
        for _ in range(MAX_TABS):
            await self.page.keyboard.press("Tab")
            if await target.evaluate("(element) => element === document.activeElement"):
                return
        raise AssertionError(f"The tabulator key does not reach the {role} {name!r}.")

    async def say(self, text: str) -> None:
        """Type a line into the chat."""
        box = self.page.get_by_role("textbox", name="Message")
        await box.fill(text)
        await box.press("Enter")

    async def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait for a text in the chat."""
        await expect(self.chat).to_contain_text(text, timeout=MUSIC_TIME)

    async def now_playing(self, title: str | re.Pattern[str]) -> None:
        """Wait until the music panel shows a title as playing."""
        await expect(self.music.locator(".track")).to_contain_text(title, timeout=MUSIC_TIME)
        await expect(self.music.get_by_role("button", name="Pause", exact=True)).to_be_enabled(
            timeout=MUSIC_TIME
        )

    async def add(self, text: str) -> None:
        """Type a link or words into the music panel."""
        box = self.page.get_by_role("textbox", name="Add music")
        await box.fill(text)
        await box.press("Enter")

    async def answer_to(self, text: str) -> str:
        """Type a command into the chat and return what the bot answers in the end."""
        before = await self.page.locator(".line-bot").count()
        await self.say(text)
        answer = await self.page.wait_for_function(LAST_ANSWER, arg=[before], timeout=MUSIC_TIME)
        return str(await answer.json_value())

    async def failure(self) -> str:
        """Wait until a command has failed and return the answer."""
        line = self.page.locator(".line-bot.failed .line-text").first
        await expect(line).to_be_visible(timeout=PATIENCE * 1000)
        return await line.inner_text()

    async def hears_music(self) -> None:
        """Wait until the bot's connection brings more than silence."""
        await self._until(f"async () => ((await ({MUSIC_STATS})())?.audioLevel ?? 0) > 0.01")

    async def hears_silence(self) -> None:
        """Wait until the bot's connection brings nothing but silence."""
        await self._until(f"async () => (await ({MUSIC_STATS})()).audioLevel === 0")

    async def hears_level(self, *, above: float = -999.0, below: float = 999.0) -> None:
        """Wait until the left channel is so loud, in dB."""
        async with asyncio.timeout(PATIENCE):
            while not above < _loudness((await self.record(0.2))[0]) < below:
                pass

    async def listens_on(self, seconds: float) -> None:
        """Wait until so much more of the bot's sound was played, silence included."""
        heard = (await self.music_stats())["totalSamplesReceived"]
        await self._until(
            f"async (until) => (await ({MUSIC_STATS})()).totalSamplesReceived >= until",
            heard + seconds * RATE,
        )

    async def music_stats(self) -> dict[str, Any]:
        """Return the W3C inbound-rtp statistics of the music."""
        stats = await self.page.evaluate(MUSIC_STATS)
        assert stats is not None, "no connection brings music"
        return dict(stats)

    async def rtp_time(self) -> int:
        """Return the RTP timestamp of what is heard."""
        return int(await self.page.evaluate(RTP_TIME))

    async def position(self) -> float:
        """Return the position that the page shows, in seconds."""
        value = await self.music.get_by_role("progressbar").get_attribute("aria-valuenow")
        assert value is not None
        return float(value)

    async def _until(self, check: str, argument: object = None) -> None:
        """Wait until an asynchronous check holds; Playwright does not await those of its own."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.page.evaluate(UNTIL % check, argument)
        except TimeoutError:
            page = await self.page.locator("body").aria_snapshot()
            raise AssertionError(f"{self.name} waited for {check}\n{page}") from None

    async def record(self, seconds: float) -> tuple[Samples, Samples]:
        """Record what the bot sends; return left and right at 48 kHz."""
        left, right = await self.page.evaluate(RECORD, seconds)
        return _samples(left), _samples(right)


async def open_room(
    browser: Browser, base: str, room: str, name: str, *, script: str = "", **context: Any
) -> RoomPage:
    """Open a room's page for somebody, in a profile of their own; the script runs before it."""
    profile = await browser.new_context(permissions=["camera", "microphone"], **context)
    profile.set_default_timeout(MUSIC_TIME)
    await profile.add_init_script(KEEP_CONNECTIONS + KEEP_VOICES + script)
    page = await profile.new_page()
    await page.goto(f"{base}/r/{room}")
    return RoomPage(page, name)


def _loudness(samples: Samples) -> float:
    """Return the level of a sine, in dB of full scale."""
    return float(10 * np.log10(2 * np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


def _samples(text: str) -> Samples:
    return np.frombuffer(base64.b64decode(text), dtype=np.float32)
