"""``python -m musicbot`` is the command ``musicbot``."""

from __future__ import annotations

from musicbot.cli import main

if __name__ == "__main__":
    main()
