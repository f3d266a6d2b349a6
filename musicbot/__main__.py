"""The command ``musicbot``, which is ``python -m musicbot`` too."""

from __future__ import annotations

import importlib
import signal


def main() -> None:
    """Run the command line."""
    # Importing it all takes a second. Until the program can end in order, Ctrl-C just ends it,
    # instead of showing which import it came upon.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    importlib.import_module("musicbot.cli").main(prog_name="musicbot")


if __name__ == "__main__":
    main()
