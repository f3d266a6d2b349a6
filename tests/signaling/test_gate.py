from __future__ import annotations

import pytest

from signaling.gate import Gate, Refusal
from signaling.limits import Limits


def gate(*, most: int = 100, per_address: int = 2) -> Gate:
    return Gate(Limits(connections=most, opening=0, per_address=per_address))


@pytest.mark.parametrize(
    "addresses",
    [
        ["203.0.113.1"] * 3,
        ["203.0.113.1", "::ffff:203.0.113.1", "203.0.113.1"],
        ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"],
        ["fe80::1%eth0"] * 3,
    ],
)
def test_one_host_has_only_so_many_connections(addresses: list[str]) -> None:
    door = gate()

    assert [door.enter(each) for each in addresses] == [None, None, Refusal.TOO_MANY]
    assert door.enter("198.51.100.1") is None
    assert door.enter("2001:db8:0:1::1") is None


def test_who_leaves_makes_place() -> None:
    door = gate(most=3, per_address=2)
    for address in ("203.0.113.1", "203.0.113.1", "198.51.100.1"):
        assert door.enter(address) is None
    assert door.enter("192.0.2.1") is Refusal.FULL

    door.leave("203.0.113.1")

    assert door.enter("203.0.113.1") is None
    for address in ("203.0.113.1", "203.0.113.1", "198.51.100.1"):
        door.leave(address)
    assert [door.enter("192.0.2.1") for _ in range(3)] == [None, None, Refusal.TOO_MANY]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_a_proxy_on_this_machine_brings_as_many_as_there_is_place_for(address: str) -> None:
    door = gate(most=10)

    assert [door.enter(address) for _ in range(11)] == [None] * 10 + [Refusal.FULL]


def test_a_proxy_elsewhere_can_be_allowed_for() -> None:
    door = gate(most=10, per_address=0)

    assert [door.enter("192.0.2.1") for _ in range(11)] == [None] * 10 + [Refusal.FULL]
