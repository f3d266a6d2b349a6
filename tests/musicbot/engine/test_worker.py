from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from musicbot.core.media import Media
from musicbot.core.tracks import FRAME_SAMPLES
from musicbot.engine import messages
from musicbot.engine.messages import (
    Begun,
    Command,
    Ended,
    Failed,
    Go,
    Grant,
    News,
    Noted,
    Open,
    Opened,
    Packets,
    Started,
    Stop,
)
from musicbot.engine.webclient import WebClient
from musicbot.engine.worker import AUDIBLE, CANNOT_PLAY, MakeProducer, Worker
from musicbot.errors import SourceError, SourceErrorKind
from tests.support.fakeproducer import FakeProducer, fake, sound
from tests.support.fetching import client

N = TypeVar("N", bound=News)


class Bot:
    """The bot's end of a connection with a worker that runs in a thread."""

    def __init__(self, make: MakeProducer) -> None:
        self._connection, theirs = socket.socketpair()
        self._connection.settimeout(10)
        self._theirs = theirs
        self._inbox = messages.news()
        self._received: list[News] = []
        self.left = threading.Event()
        self._worker = Worker(theirs, make, leave=self.left.set)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def send(self, *commands: Command) -> None:
        self._connection.sendall(b"".join(map(messages.encode, commands)))

    def send_raw(self, data: bytes) -> None:
        self._connection.sendall(data)

    def open(self, options: str, *, generation: int = 1, credit: int = 10) -> None:
        """Open something; the worker begins with it, whatever it does."""
        self.send(Open(generation, messages.opening(fake(options)), 0, 1.0, credit))
        assert self.next(Begun) == Begun(generation)

    def next(self, kind: type[N]) -> N:
        """Return the next news, which is of this kind."""
        while not self._received:
            self._receive()
        news = self._received.pop(0)
        assert isinstance(news, kind), news
        return news

    def opened(self) -> Opened:
        """Return what was found out of a play; its first packets are still to be taken."""
        while not (found := [news for news in self._received if isinstance(news, Opened)]):
            self._receive()
        self._received.remove(found[0])
        return found[0]

    def frames(self, count: int, generation: int = 1) -> list[tuple[int, float]]:
        """Return frame number and loudness of the next packets."""
        found: list[tuple[int, float]] = []
        while len(found) < count:
            news = self.next(Packets)
            assert news.generation == generation
            for packet in news.packets:
                heard = sound(packet)
                assert heard is not None
                found.append((heard.position // FRAME_SAMPLES, heard.gain))
        assert len(found) == count
        return found

    def close(self) -> None:
        """Hang up, and wait until the worker has noticed."""
        self._connection.close()
        self._thread.join(10)
        self._theirs.close()
        assert not self._thread.is_alive()

    def wait(self) -> BaseException | None:
        """Wait until the worker ends; return what it raised."""
        self._thread.join(10)
        return self._failure

    def _receive(self) -> None:
        data = self._connection.recv(1 << 16)
        assert data, "The worker has hung up."
        self._received += self._inbox.feed(data)

    def _run(self) -> None:
        try:
            self._worker.run()
        except BaseException as failure:  # noqa: BLE001 - the test looks at it
            self._failure = failure


@contextmanager
def a_bot(make: MakeProducer = FakeProducer) -> Iterator[Bot]:
    bot = Bot(make)
    try:
        bot.next(Started)
        yield bot
    finally:
        bot.close()


def test_what_is_opened_is_produced_as_far_as_the_credit_goes() -> None:
    with a_bot() as bot:
        bot.open("frames=500", credit=10)

        assert bot.opened() == Opened(1, 10.0, True, False)
        assert bot.frames(10) == [(i, 1.0) for i in range(10)]
        bot.send(Grant(1, 5))
        assert bot.frames(5) == [(i, 1.0) for i in range(10, 15)]


def test_nothing_is_opened_before_it_is_heard() -> None:
    with a_bot() as bot:
        bot.open("frames=500", credit=AUDIBLE - 1)
        assert len(bot.frames(AUDIBLE - 1)) == AUDIBLE - 1

        bot.send(Grant(1, 1))

        assert bot.next(Opened).generation == 1
        assert len(bot.frames(1)) == 1


@pytest.mark.parametrize(
    ("options", "count", "kind"),
    [(f"frames={AUDIBLE - 1}", AUDIBLE - 1, Ended), ("fail=network&at=0", 0, Failed)],
)
def test_what_is_not_heard_was_never_opened(options: str, count: int, kind: type[News]) -> None:
    with a_bot() as bot:
        bot.open(options)

        assert len(bot.frames(count)) == count
        assert isinstance(bot.next(kind), kind)


def test_packets_come_many_at_a_time() -> None:
    with a_bot() as bot:
        bot.open("", credit=messages.MAX_BATCH)
        bot.opened()

        batches: list[int] = []
        while sum(batches) < messages.MAX_BATCH:
            batches.append(len(bot.next(Packets).packets))

        assert max(batches) >= 50


def test_the_end_is_told_behind_the_last_packet() -> None:
    with a_bot() as bot:
        bot.open("frames=3")

        assert len(bot.frames(3)) == 3
        assert bot.next(Ended) == Ended(1, 3 * FRAME_SAMPLES)


def test_after_the_end_one_can_go_back() -> None:
    with a_bot() as bot:
        bot.open("frames=2")
        bot.frames(2)
        bot.next(Ended)

        bot.send(Go(2, FRAME_SAMPLES, 0.5, 10))

        assert bot.frames(1, generation=2) == [(1, 0.5)]
        assert bot.next(Ended).generation == 2


def test_what_joins_the_sound_that_is_heard_begins_with_its_loudness() -> None:
    producer = Recorded()
    with a_bot(lambda *_, **__: producer) as bot:
        bot.open("")
        bot.opened()
        bot.frames(10)

        bot.send(Go(2, 960, 0.5, 1, joins=True))
        bot.frames(1, generation=2)
        bot.send(Go(3, 9_600, 1.0, 1))
        bot.frames(1, generation=3)

    assert producer.told == ["rejoin 960", "gain 0.5", "gain 1.0", "seek 9600"]


def test_what_is_opened_again_where_it_broke_off_joins_the_sound_of_before() -> None:
    producer = Recorded()
    with a_bot(lambda *_, **__: producer) as bot:
        bot.send(Open(1, messages.opening(fake("")), 960, 1.0, 1, joins=True))
        bot.next(Begun)
        bot.frames(1)

    assert producer.told == ["rejoin 960"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (SourceError(SourceErrorKind.GONE, "It is gone."), SourceErrorKind.GONE),
        (ZeroDivisionError(), SourceErrorKind.BROKEN),
    ],
)
def test_what_cannot_join_has_failed_to_open_and_is_closed(
    error: Exception, kind: SourceErrorKind
) -> None:
    producer = Recorded(error)
    with a_bot(lambda *_, **__: producer) as bot:
        bot.send(Open(1, messages.opening(fake("")), 960, 1.0, 1, joins=True))
        bot.next(Begun)
        if kind is SourceErrorKind.BROKEN:
            bot.next(Noted)

        assert bot.next(Failed).kind is kind
        assert producer.closed


class Recorded(FakeProducer):
    """Keeps what it is told."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(fake(""), client=client())
        self.error = error
        self.told: list[str] = []

    def seek(self, position: int) -> None:
        self.told.append(f"seek {position}")
        self.position = position

    def rejoin(self, position: int) -> None:
        self.told.append(f"rejoin {position}")
        if self.error is not None:
            raise self.error
        self.position = position

    def set_gain(self, gain: float) -> None:
        self.told.append(f"gain {gain}")


def test_what_cannot_seek_only_changes_its_loudness() -> None:
    with a_bot() as bot:
        bot.open("live", credit=6)
        assert bot.opened() == Opened(1, None, False, True)
        bot.frames(6)

        bot.send(Go(2, 0, 0.25, 1))

        assert bot.frames(1, generation=2) == [(6, 0.25)]


def test_what_cannot_seek_goes_back_in_what_it_remembers() -> None:
    with a_bot() as bot:
        bot.open("live", credit=5)
        bot.opened()
        bot.frames(5)

        bot.send(Go(2, 3 * FRAME_SAMPLES, 0.25, 2, joins=True))

        assert bot.frames(2, generation=2) == [(3, 0.25), (4, 0.25)]


def test_a_failure_to_open_answers_whatever_is_asked_of_the_play() -> None:
    with a_bot() as bot:
        bot.open("open=geo")
        assert bot.next(Failed) == Failed(1, SourceErrorKind.GEO, "It does not open.")

        bot.send(Go(2, 0, 1.0, 10))
        assert bot.next(Failed).generation == 2
        bot.open("frames=5", generation=3)

        assert bot.opened().generation == 3


def test_a_failure_to_read_is_told_behind_what_was_read() -> None:
    with a_bot() as bot:
        bot.open("fail=network&at=2")

        assert len(bot.frames(2)) == 2
        assert bot.next(Failed) == Failed(1, SourceErrorKind.NETWORK, "It breaks off.")
        bot.send(Go(2, 5 * FRAME_SAMPLES, 1.0, 1))
        assert bot.frames(1, generation=2) == [(5, 1.0)]


@pytest.mark.parametrize("options", ["bug=0", "bug=2"])
def test_a_bug_is_logged_and_only_that_track_fails(options: str) -> None:
    with a_bot() as bot:
        bot.open(options, credit=1 if options == "bug=0" else 3)
        if options == "bug=2":
            bot.frames(2)

        noted = bot.next(Noted)
        assert noted.level == logging.ERROR
        assert "ZeroDivisionError" in noted.text
        assert bot.next(Failed) == Failed(1, SourceErrorKind.BROKEN, CANNOT_PLAY)
        bot.open("frames=5", generation=2)
        assert bot.opened().generation == 2


@pytest.mark.parametrize("command", ["stop", "open"])
def test_what_hangs_ends_as_soon_as_it_is_not_wanted(command: str) -> None:
    producers: list[FakeProducer] = []

    def make(media: Media, *, client: WebClient, position: int, gain: float) -> FakeProducer:
        producers.append(FakeProducer(media, client=client, position=position, gain=gain))
        return producers[-1]

    with a_bot(make) as bot:
        bot.open("hang=2")
        bot.frames(2)

        if command == "stop":
            bot.send(Stop())
        bot.open("frames=5", generation=2)

        assert bot.opened().generation == 2
        assert producers[0].closed


def test_without_memory_the_process_ends() -> None:
    def make(media: Media, *, client: WebClient, position: int, gain: float) -> FakeProducer:
        raise MemoryError

    bot = Bot(make)
    bot.next(Started)
    bot.open("")

    assert isinstance(bot.wait(), MemoryError)
    bot.close()


@pytest.mark.parametrize("garbage", [b"\xff" * 8, struct.pack("!I", 1) + b"\xc1"])
def test_a_bot_out_of_order_is_left(garbage: bytes) -> None:
    with a_bot() as bot:
        bot.send_raw(garbage)

        assert bot.left.wait(10)


def test_the_worker_leaves_with_the_bot_whatever_it_does() -> None:
    bot = Bot(FakeProducer)
    bot.next(Started)
    bot.open("hang=0")

    bot.close()

    assert bot.left.is_set()
    assert bot.wait() is None
