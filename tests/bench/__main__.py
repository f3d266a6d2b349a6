"""Measure what a listener costs and how evenly packets leave; print Markdown.

``make bench`` takes about three minutes on two quiet cores, ``ARGS='--listeners 200'`` longer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from typing import Any, Final

from tests.bench import tables
from tests.bench.machine import description
from tests.bench.sender import Run

LISTENERS: Final = (1, 10, 50)

TIME_LIMIT: Final = 300
"""Seconds for one process."""


def main() -> None:
    """Run everything and print the tables."""
    options = _options()
    counts = sorted({*LISTENERS, *options.listeners} if not options.only else options.listeners)
    print(f"Measured on {description()}.\n")
    print("\n".join(tables.speed(_speed(counts, options.seconds, options.repeats))), flush=True)
    if not options.only:
        print()
        print("\n".join(tables.stalls(_child("stalls", str(options.repeats)))))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        *("--listeners", "-n"),
        type=int,
        action="append",
        default=[],
        help="another number of listeners, besides 1, 10 and 50",
    )
    parser.add_argument("--only", action="store_true", help="only these numbers, and no stalls")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each run")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each kind")
    return parser.parse_args()


def _speed(counts: list[int], seconds: float, repeats: int) -> dict[tuple[str, int], list[Run]]:
    """Run each way with each number of listeners, in turn, so that all have the same weather."""
    runs: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for repeat in range(repeats):
        for count in counts:
            for way in tables.WAYS:
                _tell(f"repeat {repeat + 1} of {repeats}: {way}, {count} listeners")
                runs[way, count].append(Run(**_child("sender", way, str(count), str(seconds))))
    return runs


def _child(module: str, *arguments: str) -> dict[str, Any]:
    """Run a module of the bench in a process of its own; return what it prints."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=TIME_LIMIT)
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
