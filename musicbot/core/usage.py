"""How many arguments a command takes, read from how its usage is written.

``<n>`` must be given and ``[page]`` may be; what is written in several words,
like ``<link or words>``, takes all that is left of the line.
"""

from __future__ import annotations

import re
from typing import Final

_ARGUMENT: Final = re.compile(r"\S*?<[^>]*>|\[[^\]]*\]")


def split(usage: str, line: str) -> tuple[str, ...]:
    """Take the arguments of a command out of the rest of its line.

    Raises:
        ValueError: If there are too many or too few.
    """
    wanted = _ARGUMENT.findall(usage)
    needed = sum("<" in argument for argument in wanted)
    greedy = any(" " in argument for argument in wanted)
    given = line.strip().split(None, len(wanted) - 1) if greedy else line.split()
    if not needed <= len(given) <= len(wanted):
        raise ValueError(f"{len(given)} arguments for {usage!r}")
    return tuple(given)
