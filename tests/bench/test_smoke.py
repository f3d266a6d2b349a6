"""The bench runs; what it measures is not looked at here."""

from __future__ import annotations

import sys
from asyncio import create_subprocess_exec, subprocess
from collections.abc import Mapping, Sequence

import pytest

from tests.bench import tables
from tests.bench.machine import description
from tests.bench.sender import Run

GOOD = Run(cpu=1.5, rate=50.0, gaps=0, failures=0, packets=100)
SLOW = Run(cpu=20.0, rate=34.0, gaps=1, failures=2, packets=1000)


def test_the_table_has_a_row_for_each_way_and_a_column_for_each_number() -> None:
    runs: Mapping[tuple[str, int], Sequence[Run]] = {
        ("ours", 1): [GOOD],
        ("ours", 50): [GOOD, GOOD, SLOW],
        ("floor", 50): [SLOW],
    }

    assert tables.speed(runs) == [
        "| ms CPU per listener-second | N = 1 | N = 50 |",
        "| --- | ---: | ---: |",
        "| our broadcast, packets ready | 1.50 | 1.50 |",
        "| floor: encrypt and send, no WebRTC | – | 20.00 (only 34 packets/s) |",
        "",
        "2,300 packets arrived in 5 runs; sequence gaps: 2, authentication failures: 4.",
    ]


def test_the_worst_gaps_are_shown_with_their_median() -> None:
    assert tables.stalls({"quiet": [22.31, 60.0, 21.0]})[2:] == [
        "| quiet | 22.3 | 22.3, 60.0, 21.0 |"
    ]


def test_the_machine_is_described_in_one_line() -> None:
    assert "cores" in description()
    assert "\n" not in description()


@pytest.mark.parametrize("way", ["ours", "floor"])
async def test_a_way_to_send_loses_nothing(way: str) -> None:
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.sender", way, "2", "0.2"), stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()

    assert process.returncode == 0
    assert b'"gaps": 0, "failures": 0' in out
