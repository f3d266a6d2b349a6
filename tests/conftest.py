"""Hooks and the few fixtures that many tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.chromium import find_chromium

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


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run every test without the settings and proxies of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("MUSICBOT_", "SIGNALING_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    yield
