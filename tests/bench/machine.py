"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def description() -> str:
    """Return processor, cores, interpreter, kernel and what else is going on, in one line."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, "
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.system()} {platform.release()}, "
        f"load average before it {os.getloadavg()[0]:.1f}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
