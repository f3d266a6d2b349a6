"""Takes the picture of the README from the running product: two people, music and a queue.

python -m tests.browser.screenshot
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, expect

from tests.support.pages import RoomPage, chromium, open_room
from tests.support.product import Product, running_product
from tests.support.tones import make_tones

PICTURE: Final = Path(__file__).parents[2] / ".github" / "room.png"

SIZE: Final = {"width": 1440, "height": 900}

SONGS: Final = {
    "Claude Debussy - Clair de lune": 312,
    "Erik Satie - Gymnopédie No. 1": 185,
    "Frédéric Chopin - Nocturne in E-flat major": 273,
    "Camille Saint-Saëns - The Swan": 178,
}
"""What is in the library, and the seconds of the tones that stand for it."""

PAINTED_CAMERA: Final = """
(() => {
  const [wall, light, shirt, skin, hair] = %s;
  const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
  const paint = canvas.getContext('2d');
  const disc = (x, y, width, height, colour) => {
    paint.fillStyle = colour;
    paint.beginPath();
    paint.ellipse(x, y, width, height, 0, 0, 2 * Math.PI);
    paint.fill();
  };
  const draw = () => {
    const sway = 6 * Math.sin(performance.now() / 900);
    const room = paint.createLinearGradient(0, 0, 1280, 720);
    room.addColorStop(0, light);
    room.addColorStop(1, wall);
    paint.fillStyle = room;
    paint.fillRect(0, 0, 1280, 720);
    disc(640 + sway, 250, 165, 180, hair);
    disc(640, 800, 380, 300, shirt);
    paint.fillStyle = skin;
    paint.fillRect(585 + sway / 2, 400, 110, 130);
    disc(640 + sway, 310, 130, 165, skin);
    paint.fillStyle = hair;
    paint.beginPath();
    paint.ellipse(640 + sway, 230, 150, 110, 0, Math.PI, 2 * Math.PI);
    paint.fill();
    for (const side of [-1, 1]) disc(640 + sway + side * 48, 300, 9, 12, '#2b2030');
    paint.strokeStyle = '#2b2030';
    paint.lineWidth = 7;
    paint.lineCap = 'round';
    paint.beginPath();
    paint.arc(640 + sway, 345, 52, 0.2 * Math.PI, 0.8 * Math.PI);
    paint.stroke();
  };
  setInterval(draw, 100);
  navigator.mediaDevices.getUserMedia = async () => {
    const sound = new AudioContext().createMediaStreamDestination();
    return new MediaStream([...canvas.captureStream(10).getTracks(), ...sound.stream.getTracks()]);
  };
})();
"""
"""A camera in front of a painted person, of which Chromium's fake one knows nothing."""

ANN: Final = ["#6b4b5e", "#f0c9a0", "#3f6f8f", "#eebf9c", "#5a3325"]
BEN: Final = ["#35506b", "#bcd6d2", "#c96f4a", "#b98363", "#1f1a1c"]


async def furnish(ann: RoomPage, ben: RoomPage) -> None:
    """Bring the room into the state that the picture shows."""
    await ann.say("!play clair de lune")
    await ann.now_playing("Clair de lune")
    await ann.answer_to("!seek 1:20")
    for words in ("gymnopédie", "nocturne", "the swan"):
        await ben.add(words)
    await expect(ann.music.get_by_role("listitem")).to_have_count(3)
    await ben.say("How lovely! I added some more for later.")
    await ann.sees("How lovely!")
    await ann.say("Then we stay till The Swan :)")
    await asyncio.gather(ann.sees_moving("Ben"), ben.sees_moving("Ann"))
    # Until the picture has become sharp.
    await ann.listens_on(8.0)


async def take(browser: Browser, product: Product) -> None:
    """Let two people meet and take the picture of what one of them sees."""
    room = "quiet-river"
    ann, ben = [
        await open_room(
            browser, product.base, room, name, script=PAINTED_CAMERA % colours, viewport=SIZE
        )
        for name, colours in (("Ann", ANN), ("Ben", BEN))
    ]
    await ann.join()
    await ben.join()
    await furnish(ann, ben)
    PICTURE.parent.mkdir(exist_ok=True)
    await ann.page.screenshot(path=PICTURE)


async def main() -> None:
    """Start the product with a small library and take the picture."""
    with tempfile.TemporaryDirectory() as library:
        for name, seconds in SONGS.items():
            make_tones(Path(library) / f"{name}.opus", left=220, right=330, seconds=seconds)
        with running_product("--library", library) as product:
            async with chromium() as browser:
                await take(browser, product)


if __name__ == "__main__":
    asyncio.run(main())
