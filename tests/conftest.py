"""Hooks and the few fixtures that many tests share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, settings

from tests.support.chromium import find_chromium
from tests.support.virtual_time import VirtualTimeLoop

settings.register_profile(
    "gate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("gate")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none; on CI that is a failure instead."""
    if find_chromium() is not None or os.environ.get("CI") == "true":
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no Chromium or Chrome is installed"))


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests marked ``virtual_time`` without waiting."""
    if item.get_closest_marker("virtual_time"):
        return {"virtual": VirtualTimeLoop}
    return {"real": asyncio.new_event_loop}


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test without the settings and proxies of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("MUSICBOT_", "SIGNALING_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
