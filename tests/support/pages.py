"""Drives the browser room as a person would, and listens to what it plays."""

from __future__ import annotations

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

MAX_TABS: Final = 40
"""No control of the page may be farther away than this."""

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
  const audio = document.querySelector('audio#music');
  const context = new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const code = `registerProcessor('tap', class extends AudioWorkletProcessor {
    process([input]) {
      if (input.length) this.port.postMessage([input[0], input[1] ?? input[0], input.length]);
      return true;
    }
  })`;
  await context.audioWorklet.addModule(
    URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
  const source = context.createMediaStreamSource(audio.srcObject);
  const tap = new AudioWorkletNode(context, 'tap', {
    numberOfInputs: 1, channelCount: 2, channelCountMode: 'explicit' });
  const wanted = seconds * 48000;
  const left = new Float32Array(wanted), right = new Float32Array(wanted);
  let count = 0;
  await new Promise((resolve) => {
    tap.port.onmessage = ({ data: [l, r] }) => {
      const room = Math.min(l.length, wanted - count);
      left.set(l.subarray(0, room), count);
      right.set(r.subarray(0, room), count);
      count += room;
      if (count >= wanted) resolve();
    };
    source.connect(tap).connect(context.destination);
  });
  await context.close();
  const text = (array) => {
    const bytes = new Uint8Array(array.buffer);
    let out = '';
    for (let i = 0; i < bytes.length; i += 32768) {
      out += String.fromCharCode(...bytes.subarray(i, i + 32768));
    }
    return btoa(out);
  };
  return [text(left), text(right)];
}
"""

MUSIC_STATS: Final = """
async () => {
  const track = document.querySelector('audio#music').srcObject.getAudioTracks()[0];
  for (const connection of globalThis.connections) {
    const receiver = connection.getReceivers().find((r) => r.track.id === track.id);
    if (!receiver || connection.connectionState === 'closed') continue;
    for (const [, entry] of await receiver.getStats()) {
      if (entry.type === 'inbound-rtp') return { ...entry };
    }
  }
  return null;
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
        """The tile of somebody."""
        return self.page.get_by_role("group", name=re.compile(rf"^{re.escape(name)}( \(you\))?$"))

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
        await self.page.wait_for_function(VOICE_SOUNDS, timeout=MUSIC_TIME)

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
        await expect(self.music).to_contain_text(title, timeout=MUSIC_TIME)
        await expect(self.music.get_by_role("button", name="Pause", exact=True)).to_be_enabled(
            timeout=MUSIC_TIME
        )

    async def hears_packets(self) -> None:
        """Wait until the music's connection brings sound."""
        await self.page.wait_for_function(
            f"async () => ((await ({MUSIC_STATS})())?.totalSamplesReceived ?? 0) > 4800",
            timeout=MUSIC_TIME,
        )

    async def music_stats(self) -> dict[str, Any]:
        """Return the W3C inbound-rtp statistics of the music."""
        stats = await self.page.evaluate(MUSIC_STATS)
        assert stats is not None, "no connection brings music"
        return dict(stats)

    async def record(self, seconds: float) -> tuple[Samples, Samples]:
        """Record what the music element is given; return left and right at 48 kHz."""
        left, right = await self.page.evaluate(RECORD, seconds)
        return _samples(left), _samples(right)


async def open_room(
    browser: Browser, base: str, room: str, name: str, *, script: str = "", **context: Any
) -> RoomPage:
    """Open a room's page for somebody, in a profile of their own; the script runs before it."""
    profile = await browser.new_context(
        permissions=["camera", "microphone"], bypass_csp=True, **context
    )
    profile.set_default_timeout(MUSIC_TIME)
    await profile.add_init_script(KEEP_CONNECTIONS + KEEP_VOICES + script)
    page = await profile.new_page()
    await page.goto(f"{base}/r/{room}")
    return RoomPage(page, name)


def _samples(text: str) -> Samples:
    return np.frombuffer(base64.b64decode(text), dtype=np.float32)
