from __future__ import annotations

from musicbot.errors import SourceErrorKind


def test_only_what_the_network_does_may_be_over_in_a_moment() -> None:
    passing = {kind for kind in SourceErrorKind if kind.may_pass}

    assert passing == {SourceErrorKind.NETWORK, SourceErrorKind.TIMEOUT}
