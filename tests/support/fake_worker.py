"""A worker without yt-dlp, which does to the bot what the "link" says.

Run as a program, alone: it imports nothing of the project, so that it starts at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final


def main() -> None:
    how_to_start = sys.argv[1] if len(sys.argv) > 1 else "ready"
    if how_to_start == "dies":
        sys.exit("It \x1b[31mhas\x1b[0m no yt-dlp.")
    if how_to_start in ("counts", "counts-slowly"):
        with open(sys.argv[2], "a") as starts:
            starts.write(f"{os.getpid()}\n")
    if how_to_start == "counts-slowly":
        time.sleep(0.8)
    say({"type": "ready", "version": "0", "javascript": False})
    for line in sys.stdin:
        answer(json.loads(line))


def answer(request: dict[str, Any]) -> None:
    verb, _, rest = request.get("words", request.get("target", {}).get("url")).partition(" ")
    if verb == "wait":
        wait(rest)
    elif verb == "die-once":
        die_once(rest)
    if verb in MISDEEDS:
        MISDEEDS[verb](rest)
    elif verb == "late":
        say({"type": "failed", "id": request["id"] - 1, "kind": "geo", "text": "Late."})
    elif verb == "fail":
        say({"type": "failed", "id": request["id"], "kind": "geo", "text": "Not here."})
    else:
        title = f"{request['type']} {verb} {os.getpid()}"
        if verb == "environment":
            title = " ".join(sorted(os.environ))
        entry = {"target": {"url": "x"}, "shown": "", "title": title}
        say({"type": "found", "id": request["id"], "entries": [entry]})


def say(reply: dict[str, Any]) -> None:
    write(json.dumps(reply) + "\n")


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def hang(rest: str) -> None:
    time.sleep(3600)


def spawn(note: str) -> None:
    """Start a child of the same process group, as yt-dlp starts a JavaScript runtime."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    with open(note, "w") as file:
        file.write(f"{child.pid}")
    time.sleep(3600)


def die(rest: str) -> None:
    os._exit(1)


def die_once(note: str) -> None:
    if not os.path.exists(note):
        open(note, "w").close()
        os._exit(1)


def wait(note: str) -> None:
    while not os.path.exists(note):
        time.sleep(0.01)


MISDEEDS: Final[Mapping[str, Callable[[str], object]]] = {
    "hang": hang,
    "spawn": spawn,
    "die": die,
    "nonsense": lambda rest: write("nonsense\n"),
    "shout": lambda rest: write("x" * (3 * 1024 * 1024)),
}
"""What is done instead of an answer."""


if __name__ == "__main__":
    main()
