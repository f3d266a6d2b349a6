from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from musicbot.engine.fader import RAMP, Fader
from musicbot.engine.sound import from_frame, to_frame

Values = npt.NDArray[np.float32]

BLOCK = 960


def run(fader: Fader, blocks: int) -> Values:
    """Return the gain of each sample of so many blocks."""
    ones = np.ones(2 * BLOCK, np.float32).tobytes()
    data = b"".join(from_frame(fader.apply(to_frame(ones))) for _ in range(blocks))
    return np.frombuffer(data, np.float32).reshape(-1, 2)[:, 0]


@pytest.mark.parametrize("gain", [0.0, 0.1, 0.316, 1.0, 1.96])
def test_a_gain_is_a_factor(gain: float) -> None:
    assert run(Fader(gain), 3) == pytest.approx(gain)


def test_at_full_volume_nothing_is_touched() -> None:
    frame = to_frame(bytes(8 * BLOCK))

    assert Fader().apply(frame) is frame


@pytest.mark.parametrize(
    ("start", "end"), [(1.0, 0.5), (0.5, 1.0), (0.0, 1.0), (1.0, 0.0), (0.2, 1.96), (1.96, 0.2)]
)
def test_it_moves_in_a_line(start: float, end: float) -> None:
    fader = Fader(start)
    run(fader, 1)
    fader.move(end)

    values = run(fader, 5)

    assert values[0] == pytest.approx(start, abs=0.001)
    assert values[RAMP // 2] == pytest.approx((start + end) / 2, abs=0.001)
    assert values[RAMP:] == pytest.approx(end)
    assert np.abs(np.diff(values)).max() == pytest.approx(abs(end - start) / RAMP, rel=0.01)


def test_it_turns_round_where_it_is() -> None:
    fader = Fader(1.0)
    fader.move(0.0)
    run(fader, 1)
    fader.move(1.0)

    values = run(fader, 4)

    assert values[0] == pytest.approx(2 / 3, abs=0.001)
    assert values[-1] == pytest.approx(1.0)
    assert np.diff(values).min() >= 0


def test_moving_to_where_it_stands_is_nothing() -> None:
    fader = Fader(0.5)
    fader.move(0.5)

    assert run(fader, 1) == pytest.approx(0.5)


def test_back_at_full_volume_nothing_is_touched_again() -> None:
    fader = Fader(0.5)
    fader.move(1.0)
    run(fader, 3)
    frame = to_frame(bytes(8 * BLOCK))

    assert fader.apply(frame) is frame
