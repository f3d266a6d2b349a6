"""Finds the installed Chromium or Chrome and starts it for tests."""

from __future__ import annotations

import shutil
from functools import cache
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A calm picture leaves the processors to what is tested.
    "--use-fake-device-for-media-stream=fps=10",
    "--use-fake-ui-for-media-stream",
    # Two pages on one machine without a network can only meet on loopback.
    "--allow-loopback-in-peer-connection",
)


@cache
def find_chromium() -> str | None:
    """Return the path of an installed browser, or ``None``."""
    return next(filter(None, map(shutil.which, NAMES)), None)
