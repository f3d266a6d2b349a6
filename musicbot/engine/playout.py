"""What a room hears next: decides about buffer, positions, and news that comes late.

No process, no clock but the ticks: commands to the engine process go to one function,
events for the room to another.

Every command that changes what is played begins a generation. Sound of an older one is
late once something else was opened or sought to. After a change of loudness it is not:
it is the same sound, and goes on until the new version takes its place in the middle.

What is buffered when the engine process dies, or when the connection to the source
breaks, is not lost. The room is told where it ends, and may open the source again from
there while it is heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from musicbot.core.media import Media
from musicbot.core.tracks import FRAME_SAMPLES, PlayId
from musicbot.engine import messages
from musicbot.engine.buffer import Buffer
from musicbot.engine.messages import Garbage
from musicbot.errors import SourceErrorKind
from musicbot.opus.packets import SILENCE

BUFFERED: Final = 150
"""Packets that are kept ahead: 3 s."""

FIRST: Final = 50
"""Packets asked for before anything is known of what is opened."""

MAX_BUFFERED: Final = 4 * BUFFERED
"""Packets that no engine in order ever has sent ahead."""

SEEK_TICKS: Final = 12
"""For so many ticks, 240 ms, the old sound goes on while another position is awaited."""

LEAD: Final = 5 * FRAME_SAMPLES
"""How far ahead a change of loudness is made, so that it is there when its turn comes."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A play is open, and heard unless it is held."""

    play: PlayId
    duration: float | None
    """In seconds; ``None`` if it is not known or there is none."""
    seekable: bool
    live: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The last packet of a play was sent."""

    play: PlayId
    position: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A play cannot go on."""

    play: PlayId
    kind: SourceErrorKind
    text: str
    """One sentence for the listeners."""
    position: int
    """Where the sound ends, in samples."""
    permanent: bool
    """Whether another attempt is in vain."""


@dataclass(frozen=True, slots=True)
class Died:
    """The engine process is gone."""

    play: PlayId
    position: int
    """Where the sound ends, in samples."""


EngineEvent = Opened | Ended | Failed | Died


@dataclass(slots=True)
class _Play:
    id: PlayId
    first: int
    """The generation in which it was opened."""
    floor: int
    """The generation that it was last opened or sought in; sound of older ones is late."""
    splices: bool
    """Whether what comes goes on where the buffered sound stops, or cuts it."""
    joined: int = 0
    """The generation of what was buffered last."""
    owed: int = FIRST
    """Packets that the engine may still send."""
    target: int | None = None
    """The position sought, for as long as the old sound is heard."""
    patience: int = 0
    """Ticks until it is cut off."""
    opened: Opened | None = None
    finale: Ended | Failed | None = None
    """What happens after the last buffered packet; nothing more comes then."""


class Playout:
    """The sound of one room.

    Args:
        send: Takes commands for the engine process.
        deliver: Takes what happens to plays.
        allow_net: Private networks that may be fetched from.
    """

    def __init__(
        self,
        send: Callable[[messages.Command], None],
        deliver: Callable[[EngineEvent], None],
        allow_net: tuple[str, ...] = (),
    ) -> None:
        self._send = send
        self._deliver = deliver
        self._allow_net = allow_net
        self._buffer = Buffer()
        self._play: _Play | None = None
        self._generation = 0
        self._gain = 1.0
        self._held = False

    @property
    def position(self) -> int:
        """Samples of the present play as last sent; those asked for until they are."""
        play = self._play
        if play is not None and play.target is not None:
            return play.target
        return self._buffer.position

    @property
    def is_idle(self) -> bool:
        """Whether the engine has nothing to do."""
        return self._play is None

    @property
    def is_starving(self) -> bool:
        """Whether the engine keeps listeners waiting who should not wait for long."""
        play = self._play
        if play is None or play.finale is not None or (play.opened and play.opened.live):
            return False
        return play.owed > 0 and not self._buffer

    def open(self, id: PlayId, media: Media, position: int) -> None:
        """Play something from a position on, instead of what plays, also after a hold."""
        self._held = False
        # After a failure this may be the same track from where it broke off.
        splices = self._play is None and len(self._buffer) > 0 and position == self._buffer.end
        if not splices:
            self._buffer.cut(position)
        generation = self._next_generation()
        self._play = _Play(id, generation, generation, splices)
        self._send(
            messages.Open(
                generation,
                messages.opening(media),
                position,
                self._gain,
                FIRST,
                self._allow_net,
                joins=splices,
            )
        )

    def seek(self, id: PlayId, position: int) -> None:
        """Go on at another position."""
        play = self._play
        if play is None or play.id != id:
            return  # It came to its end; the room has yet to hear of it.
        play.target, play.patience = position, SEEK_TICKS
        if self._held or not self._buffer:
            self._cut(play, position)
        self._go(play, position)
        play.floor, play.splices = self._generation, False

    def set_gain(self, gain: float) -> None:
        """Change the loudness by a linear factor, for this play and all that follow."""
        self._gain = gain
        play = self._play
        if play is None:
            return
        if play.target is not None:
            self._go(play, play.target)
        else:
            position = min(self._buffer.position + LEAD, self._buffer.end)
            self._go(play, position, joins=play.joined >= play.floor)

    def hold(self) -> None:
        """Send silence and stay at the position."""
        self._held = True
        if self._play is not None and self._play.target is not None:
            self._cut(self._play, self._play.target)

    def release(self) -> None:
        """Go on after :meth:`hold`."""
        self._held = False

    def stop(self) -> None:
        """Drop everything."""
        self._held = False
        self._buffer.cut(self._buffer.position)
        if self._play is not None:
            self._play = None
            self._send(messages.Stop())

    def next_payload(self) -> bytes:
        """Return the packet of the next 20 ms."""
        if self._held:
            return SILENCE
        play = self._play
        if play is not None and play.target is not None:
            play.patience -= 1
            if play.patience <= 0:
                self._cut(play, play.target)
        packet = self._buffer.pop()
        if play is not None:
            self._top_up(play)
            self._finish_if_out(play)
        return SILENCE if packet is None else packet

    def hear(
        self, news: messages.Opened | messages.Packets | messages.Ended | messages.Failed
    ) -> None:
        """Take news of the engine.

        Raises:
            Garbage: If no engine in order would say this.
        """
        play = self._play
        if play is None or self._is_late(play, news):
            return
        match news:
            case messages.Opened():
                self._opened(play, news)
            case messages.Packets():
                self._take(play, news)
            case messages.Ended(_, position):
                self._come_to_end(play, Ended(play.id, position))
            case messages.Failed(_, kind, text):
                # What is gone may be there again behind a fresh link.
                permanent = not kind.may_pass and kind is not SourceErrorKind.GONE
                position = self._end(play)
                failure = Failed(play.id, kind, text, position, permanent)
                if permanent:
                    self._come_to_end(play, failure)
                else:
                    self._finish(failure)
                    self._send(messages.Stop())
            case _:
                assert_never(news)

    def died(self) -> None:
        """Take note that the engine process is gone, and all it had not sent."""
        play = self._play
        # A play of which everything is buffered does not need it.
        if play is not None and play.finale is None:
            self._finish(Died(play.id, self._end(play)))

    def refused(self, text: str) -> None:
        """Take note that there is no engine process to be had."""
        play = self._play
        if play is not None:
            failure = Failed(play.id, SourceErrorKind.BROKEN, text, self._end(play), True)
            self._finish(failure)

    def _is_late(
        self,
        play: _Play,
        news: messages.Opened | messages.Packets | messages.Ended | messages.Failed,
    ) -> bool:
        """Return whether news is of a play, a position or a loudness that is past."""
        match news:
            case messages.Opened():
                return news.generation < play.first or play.opened is not None
            case messages.Packets():
                return news.generation < play.floor
            case _:
                return news.generation < self._generation

    def _opened(self, play: _Play, news: messages.Opened) -> None:
        play.opened = Opened(play.id, news.duration, news.seekable, news.live)
        self._deliver(play.opened)
        self._top_up(play)

    def _take(self, play: _Play, news: messages.Packets) -> None:
        if news.generation == self._generation:
            play.owed -= len(news.packets)
        if play.owed < 0 or len(self._buffer) + len(news.packets) > MAX_BUFFERED:
            raise Garbage("More packets than were asked for.")
        if news.generation == play.joined:
            self._buffer.append(news.position, news.packets)
        elif play.splices:
            if self._buffer.splice(news.position, news.packets):
                play.joined = news.generation
        else:
            if play.target is not None:
                self._cut(play, news.position)
            self._buffer.append(news.position, news.packets)
            play.joined, play.splices = news.generation, True
        self._top_up(play)

    def _come_to_end(self, play: _Play, finale: Ended | Failed) -> None:
        if play.target is not None:
            self._cut(play, play.target)
        play.finale = finale
        self._finish_if_out(play)

    def _end(self, play: _Play) -> int:
        """Return where the sound of a play that goes no further ends."""
        if play.target is not None:
            self._cut(play, play.target)
        return self._buffer.end

    def _finish_if_out(self, play: _Play) -> None:
        if play.finale is not None and not self._buffer:
            self._finish(play.finale)
            self._send(messages.Stop())

    def _finish(self, event: Ended | Failed | Died) -> None:
        self._play = None
        self._deliver(event)

    def _cut(self, play: _Play, position: int) -> None:
        play.target = None
        self._buffer.cut(position)

    def _go(self, play: _Play, position: int, *, joins: bool = False) -> None:
        play.owed = FIRST
        play.finale = None
        self._send(messages.Go(self._next_generation(), position, self._gain, FIRST, joins))

    def _top_up(self, play: _Play) -> None:
        """Ask for more as soon as less than half is left, so that it comes in bursts."""
        if play.opened is None or play.finale is not None:
            return
        ahead = len(self._buffer) + play.owed
        if ahead <= BUFFERED // 2:
            play.owed += BUFFERED - ahead
            self._send(messages.Grant(self._generation, BUFFERED - ahead))

    def _next_generation(self) -> int:
        self._generation += 1
        return self._generation
