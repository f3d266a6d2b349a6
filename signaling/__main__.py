"""Starts the signaling server: ``python -m signaling``."""

from __future__ import annotations

from signaling.cli import main

main(prog_name="python -m signaling")
