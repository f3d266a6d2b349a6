from __future__ import annotations

import pytest

from musicbot.core.permissions import Permission, may


@pytest.mark.parametrize(
    ("permission", "host", "alone", "allowed"),
    [
        (Permission.EVERYONE, False, False, True),
        (Permission.EVERYONE, True, True, True),
        (Permission.HOST, False, False, False),
        (Permission.HOST, True, False, True),
        (Permission.HOST, False, True, True),
    ],
)
def test_a_hosts_command_is_for_the_host_and_for_whoever_is_alone(
    permission: Permission, host: bool, alone: bool, allowed: bool
) -> None:
    assert may(permission, host=host, alone=alone) is allowed
