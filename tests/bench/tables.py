"""Figures as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

from tests.bench.sender import PACKETS, Run

WAYS: Final[Mapping[str, str]] = {
    "ours": "our broadcast, packets ready",
    "documented": "aiortc as documented: MediaPlayer, MediaRelay",
    "floor": "floor: encrypt and send, no WebRTC",
}

STARVED: Final = 0.98
"""Of the packets that should have come; below it the process was too slow or had no processor."""


def speed(runs: Mapping[tuple[str, int], Sequence[Run]]) -> list[str]:
    """Return CPU time by way and number of listeners.

    Args:
        runs: All repeats by way and number of listeners.
    """
    counts = sorted({count for _, count in runs})
    ways = [way for way in WAYS if any(way == done for done, _ in runs)]
    rows = [[WAYS[way], *(_cell(runs.get((way, count), ())) for count in counts)] for way in ways]
    head = ["ms CPU per listener-second", *(f"N = {count}" for count in counts)]
    return [*_table(head, rows), "", _faults([run for some in runs.values() for run in some])]


def stalls(worst: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the worst gaps by event."""
    rows = [
        [event, f"{median(gaps):.1f}", ", ".join(f"{gap:.1f}" for gap in gaps)]
        for event, gaps in worst.items()
    ]
    head = ["meanwhile", "worst gap between packets, ms (median)", "each repeat"]
    return _table(head, rows)


def _cell(runs: Sequence[Run]) -> str:
    if not runs:
        return "–"
    cell = f"{median(run.cpu for run in runs):.2f}"
    rate = median(run.rate for run in runs)
    return cell if rate >= STARVED * PACKETS else f"{cell} (only {rate:.0f} packets/s)"


def _faults(runs: Sequence[Run]) -> str:
    packets, gaps = sum(run.packets for run in runs), sum(run.gaps for run in runs)
    failures = sum(run.failures for run in runs)
    return (
        f"{packets:,} packets arrived in {len(runs)} runs; "
        f"sequence gaps: {gaps}, authentication failures: {failures}."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_row(head), _row(["---", *["---:"] * (len(head) - 1)]), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
