"""``python -m musicbot.engine DESCRIPTOR``: the process that engine processes are forked from."""

from __future__ import annotations

import contextlib
import sys

from musicbot.core.media import DemoMedia
from musicbot.engine.forkserver import serve
from musicbot.engine.pipeline import Pipeline
from musicbot.engine.webclient import WebClient
from musicbot.netpolicy import NetPolicy


def warm_up() -> None:
    """Use once what is loaded at its first use, so that the children need not load it."""
    client = WebClient(NetPolicy.parse(()))
    with contextlib.closing(Pipeline(DemoMedia(), client=client, gain=0.5)) as pipeline:
        pipeline.read()


if __name__ == "__main__":
    warm_up()
    serve(int(sys.argv[1]), Pipeline)
