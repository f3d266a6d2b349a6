from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from musicbot.engine.cancellation import Cancellation, Cancelled


def nothing() -> None:
    pass


def test_nothing_is_cancelled_at_first() -> None:
    cancellation = Cancellation()

    cancellation.check()
    cancellation.sleep(0)


def test_after_cancelling_everything_is_refused() -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    cancellation.cancel()

    with pytest.raises(Cancelled):
        cancellation.check()
    with pytest.raises(Cancelled):
        cancellation.sleep(60)
    with pytest.raises(Cancelled):
        cancellation.woken_by(nothing).__enter__()


def test_cancelling_ends_a_sleep() -> None:
    cancellation = Cancellation()
    with ThreadPoolExecutor(1) as executor:
        sleeping = executor.submit(cancellation.sleep, 60)
        cancellation.cancel()

        assert isinstance(sleeping.exception(10), Cancelled)


def test_whoever_blocks_is_woken() -> None:
    cancellation = Cancellation()
    blocked, woken = threading.Event(), threading.Event()

    def block() -> None:
        with cancellation.woken_by(woken.set):
            blocked.set()
            assert woken.wait(10)

    with ThreadPoolExecutor(1) as executor:
        blocking = executor.submit(block)
        assert blocked.wait(10)
        cancellation.cancel()

        assert isinstance(blocking.exception(10), Cancelled)


def test_what_fails_because_it_was_woken_counts_as_cancelled() -> None:
    cancellation = Cancellation()

    def fail() -> None:
        with cancellation.woken_by(nothing):
            cancellation.cancel()
            raise OSError("the connection is gone")

    with pytest.raises(Cancelled):
        fail()


def test_what_fails_by_itself_keeps_its_error() -> None:
    cancellation = Cancellation()

    with pytest.raises(OSError, match="gone"), cancellation.woken_by(nothing):
        raise OSError("the connection is gone")


def test_nobody_is_woken_after_the_end() -> None:
    cancellation = Cancellation()
    woken: list[str] = []
    with cancellation.woken_by(lambda: woken.append("too late")):
        pass

    cancellation.cancel()

    assert woken == []
