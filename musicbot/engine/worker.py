"""What runs in an engine process: produces packets as the bot orders them.

Three threads share one lock. The main thread opens, seeks and produces, and may block in
doing so; one takes commands, and ends what blocks when it is no longer wanted; one sends
what was produced, many packets at a time. When the bot is gone, so is the process.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import traceback
from collections.abc import Callable
from typing import Final, Protocol

from musicbot.core.media import Media
from musicbot.core.tracks import FRAME_SAMPLES
from musicbot.engine import messages
from musicbot.engine.cancellation import Cancelled
from musicbot.engine.desk import Desk
from musicbot.engine.messages import Ended, Failed, Garbage, Go, News, Noted, Opened, Packets
from musicbot.engine.webclient import WebClient
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.netpolicy import NetPolicy

LINGER: Final = 0.02
"""Seconds for which a packet waits for others to be sent with it."""

BLOCK: Final = 64 * 1024
"""Bytes of commands read at once."""

AUDIBLE: Final = 5
"""Packets that make a play one that is heard: 0.1 s. With less it may be no music at all."""

CANNOT_PLAY: Final = "Something in it cannot be played here."


class MediaInfo(Protocol):
    """What a pipeline found out on opening."""

    @property
    def duration(self) -> float | None:
        """Length in seconds."""
        ...

    @property
    def seekable(self) -> bool:
        """Whether there are other positions to go to."""
        ...

    @property
    def live(self) -> bool:
        """Whether it has no end."""
        ...


class Producer(Protocol):
    """What makes packets; see :class:`musicbot.engine.pipeline.Pipeline`."""

    @property
    def info(self) -> MediaInfo:
        """What was found out on opening."""
        ...

    @property
    def position(self) -> int:
        """Samples of the packet that is read next."""
        ...

    def read(self) -> bytes | None:
        """Return the next packet; ``None`` at the end."""
        ...

    def seek(self, position: int) -> None:
        """Go on at another position."""
        ...

    def rejoin(self, position: int) -> None:
        """Go on at a position up to which the same sound is heard."""
        ...

    def set_gain(self, gain: float) -> None:
        """Change the loudness, from what it was."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...


class MakeProducer(Protocol):
    """Opens media."""

    def __call__(self, media: Media, *, client: WebClient, position: int, gain: float) -> Producer:
        """Open media at a position.

        Raises:
            SourceError: If it cannot be played.
            Cancelled: If it was.
        """
        ...


class Worker:
    """Produces for one room.

    Args:
        connection: The bot is at its other end.
        make: Opens media.
        leave: What to do at once when the bot is gone.
    """

    def __init__(
        self, connection: socket.socket, make: MakeProducer, *, leave: Callable[[], None]
    ) -> None:
        self._desk = Desk()
        self._outgoing = Outgoing(connection)
        self._connection = connection
        self._make = make
        self._leave = leave

    def run(self) -> None:
        """Work until the bot is gone."""
        listener = threading.Thread(target=self._listen, name="commands", daemon=True)
        sender = threading.Thread(target=self._outgoing.run, name="packets", daemon=True)
        self._outgoing.post(messages.Started(os.getpid()))
        listener.start()
        sender.start()
        try:
            while (order := self._desk.next_open()) is not None:
                self._serve(order)
        finally:
            self._outgoing.close()
            sender.join()

    def note(self, level: int, text: str) -> None:
        """Have something written to the bot's log."""
        self._outgoing.post(Noted(level, text[-20_000:]))

    def _listen(self) -> None:
        inbox = messages.commands()
        try:
            while data := self._connection.recv(BLOCK):
                for command in inbox.feed(data):
                    self._desk.take(command)
        except (OSError, Garbage):
            pass  # Without a bot in order there is nobody to produce for.
        finally:
            self._desk.close()
            self._leave()

    def _serve(self, order: messages.Open) -> None:
        """Produce one play until something else is wanted."""
        client = WebClient(NetPolicy.parse(order.allow_net))
        if not self._desk.begin(order, client.cancel):
            return
        self._outgoing.post(messages.Begun(order.generation))
        try:
            self._play(order, client)
        except Cancelled:
            pass
        except MemoryError:
            raise  # Who knows what is left: a fresh process is better.
        except Exception:  # noqa: BLE001 - the fault of one track is not the next one's
            self.note(logging.ERROR, traceback.format_exc())
            self._fail(order.generation, SourceError(SourceErrorKind.BROKEN, CANNOT_PLAY))

    def _play(self, order: messages.Open, client: WebClient) -> None:
        try:
            producer = self._open(order, client)
        except SourceError as error:
            self._fail(order.generation, error)
            return
        try:
            self._produce(producer, order.generation)
        finally:
            producer.close()

    def _open(self, order: messages.Open, client: WebClient) -> Producer:
        media = order.opening.media
        producer = self._make(media, client=client, position=order.position, gain=order.gain)
        try:
            if order.joins:
                producer.rejoin(order.position)
        except BaseException:
            producer.close()
            raise
        return producer

    def _produce(self, producer: Producer, generation: int) -> None:
        """Produce what the desk asks for, until it asks for another play."""
        reads = 0
        while (ask := self._desk.next_ask()) is not None:
            try:
                match ask:
                    case Go():
                        generation = ask.generation
                        _go(producer, ask)
                    case _:
                        reads += 1
                        self._read(producer, generation, audible=reads == AUDIBLE)
            except SourceError as error:
                self._desk.end(generation)
                self._outgoing.post(failed(generation, error))

    def _read(self, producer: Producer, generation: int, *, audible: bool) -> None:
        position = producer.position
        packet = producer.read()
        if packet is None:
            self._desk.end(generation)
            self._outgoing.post(Ended(generation, producer.position))
        else:
            if audible:
                self._outgoing.post(opened(generation, producer.info))
            self._desk.spend(generation)
            self._outgoing.post_packet(generation, position, packet)

    def _fail(self, generation: int, error: SourceError) -> None:
        """Answer every command for a play that is not open with the reason."""
        self._outgoing.post(failed(generation, error))
        self._desk.end(generation)
        while (ask := self._desk.next_ask()) is not None:
            if isinstance(ask, Go):
                self._outgoing.post(failed(ask.generation, error))
                self._desk.end(ask.generation)


class Outgoing:
    """Sends news, and packets many at a time: few large messages cost the bot least."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._changed = threading.Condition()
        self._news: list[News] = []
        self._closed = False

    def post(self, news: News) -> None:
        """Have something sent."""
        with self._changed:
            self._news.append(news)
            self._changed.notify()

    def post_packet(self, generation: int, position: int, packet: bytes) -> None:
        """Have a packet sent; how many there are at most is bounded by the bot's credit."""
        with self._changed:
            last = self._news[-1] if self._news else None
            if (
                isinstance(last, Packets)
                and last.generation == generation
                and last.position + len(last.packets) * FRAME_SAMPLES == position
                and len(last.packets) < messages.MAX_BATCH
            ):
                last.packets.append(packet)
            else:
                self._news.append(Packets(generation, position, [packet]))
                self._changed.notify()

    def close(self) -> None:
        """Let :meth:`run` end."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def run(self) -> None:
        """Send until it is closed or nobody receives."""
        try:
            while news := self._collected():
                self._connection.sendall(b"".join(map(messages.encode, news)))
        except OSError:
            pass  # The bot is gone, which whoever takes its commands notices too.

    def _collected(self) -> list[News]:
        """Wait for something to send; return it with what came within a moment after it."""
        with self._changed:
            self._changed.wait_for(lambda: self._news or self._closed)
            if not self._closed:
                self._changed.wait_for(lambda: self._closed, LINGER)
            news, self._news = self._news, []
        return news


def _go(producer: Producer, ask: Go) -> None:
    if ask.joins:
        producer.rejoin(ask.position)
    producer.set_gain(ask.gain)
    if not ask.joins and producer.info.seekable:
        producer.seek(ask.position)


def opened(generation: int, info: MediaInfo) -> Opened:
    """Return the news of what is heard."""
    return Opened(generation, info.duration, info.seekable, info.live)


def failed(generation: int, error: SourceError) -> Failed:
    """Return the news of an error."""
    return Failed(generation, error.kind, str(error)[:1_000])
