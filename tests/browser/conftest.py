"""The product, a web server with music and a browser, for the tests in real Chromium.

All run on one loop, so that they can share the browser: each test has profiles of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from signaling.server import Settings, running
from tests.support.pages import chromium
from tests.support.product import Product, running_product
from tests.support.tones import make_hls, make_tones
from tests.support.web import Web

LENGTHS = {"webm": 90, "opus": 20, "mp3": 20, "m4a": 20, "flac": 20, "wav": 20}
"""Seconds of the songs; each takes time to make."""

WEB = "127.0.0.1"
"""The only private address that the bot may fetch from."""

ALONE_TIME = 3
"""Seconds that the bot stays alone in a room."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as needing a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(180))


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    options = ("--allow-net", f"{WEB}/32", "--alone-timeout", str(ALONE_TIME))
    with running_product(*options) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[str]:
    """Return the address of a signaling server that knows no bots."""
    async with running(Settings(port=0)) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
def web() -> Iterator[Web]:
    with Web(host=WEB) as server:
        yield server


@pytest.fixture(scope="session")
def songs(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Web:
    """Serve pages with 440 Hz on the left and 880 Hz on the right in every format."""
    folder = tmp_path_factory.mktemp("songs")
    for suffix, seconds in LENGTHS.items():
        path = make_tones(folder / f"tones.{suffix}", left=440, right=880, seconds=seconds)
        web.file(f"/tones.{suffix}", path.read_bytes())
        web.audio_page(f"/{suffix}.html", web.url(f"/tones.{suffix}"), title=f"Tones in {suffix}")
    (folder / "hls").mkdir()
    make_hls(folder / "hls", left=440, right=880, seconds=20)
    web.folder("/hls", folder / "hls")
    web.audio_page("/hls.html", web.url("/hls/index.m3u8"), title="Tones in hls")
    return web


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def browser(shared_browser: Browser) -> AsyncIterator[Browser]:
    """Return a browser without open pages; what a test leaves open is closed."""
    yield shared_browser
    for profile in shared_browser.contexts:
        await profile.close()
