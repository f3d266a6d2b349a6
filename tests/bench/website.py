"""The web server of :mod:`tests.bench.stalls`: a slow page, and the music that it links to."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.support.tones import make_tones
from tests.support.web import Web


def main() -> None:
    """Print the address and serve until the standard input ends."""
    with tempfile.TemporaryDirectory() as folder, Web() as web:
        file = make_tones(Path(folder) / "music.mp3", left=440, right=880, seconds=120)
        web.file("/music.mp3", file)
        web.slow_page("/slow", web.url("/music.mp3"))
        print(web.url(""), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
