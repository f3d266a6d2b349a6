"""What the room plays: no clock, no task, no socket.

Rule 1: the state is changed in one line, in ``_change``, as TRANSITIONS says
(:mod:`musicbot.core.states`).
Rule 2: nothing is performed here. Methods return the effects to perform, in
order; the shell (:mod:`musicbot.room`) performs them.
Rule 3: news of a play comes with its id. If that is not the present play, it was
skipped, stopped or reopened meanwhile; ``_current`` drops such news.

While paused nothing is opened. A track that breaks off or ends then is opened,
or followed, when the music is resumed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from musicbot.core import replies
from musicbot.core.effects import (
    Announce,
    Close,
    Effect,
    Find,
    GiveUp,
    Open,
    Pause,
    Reply,
    Request,
    Resume,
    Seek,
    SetVolume,
)
from musicbot.core.failures import Failures
from musicbot.core.lookups import LookUp, LookUps
from musicbot.core.playqueue import MAX_FROM_PLAYLIST, PlayQueue
from musicbot.core.states import TRANSITIONS, Event, Loop, State
from musicbot.core.texts import clean_name, clean_title
from musicbot.core.times import known_length
from musicbot.core.tracks import SAMPLE_RATE, Piece, PlayId, Track, TrackId
from musicbot.core.turn import AUDIBLE, Turn
from musicbot.core.volume import NORMAL_PERCENT
from musicbot.errors import BadArgument, NotNow, SourceErrorKind

LOOPED: Final = SAMPLE_RATE
"""Samples that a track must have lasted to be repeated, so that no loop runs idle."""


class Player:
    """The music of one room.

    Args:
        shuffler: Decides the order when the queue is shuffled.
    """

    def __init__(self, shuffler: random.Random | None = None) -> None:
        self.state = State.IDLE
        self.queue = PlayQueue(shuffler or random.Random())
        self.volume = NORMAL_PERCENT
        """In percent; holds for all tracks."""
        self.loop = Loop.OFF
        self._turn: Turn | None = None
        self._look_ups = LookUps()
        self._failures = Failures()
        self._play_ids = map(PlayId, itertools.count(1))
        self._track_ids = map(TrackId, itertools.count(1))

    @property
    def track(self) -> Track | None:
        """The current track, with what was learned on opening it."""
        return self._turn.track if self._turn else None

    def position(self, heard: int) -> int:
        """Return the position in the current track, in samples.

        Args:
            heard: What the engine says. Until it has opened the present play,
                that may still be of the one before.
        """
        if self._turn is None:
            return 0
        return heard if self._turn.opened else min(heard, self._turn.position)

    def look_up(self, request: Request, text: str, *, next: bool = False) -> list[Effect]:
        """Have something looked up; it is queued when it is found.

        Raises:
            NotNow: If the queue is full, or too much is being looked up.
        """
        self._expect_room()
        shown = clean_title(text)
        self._look_ups.begin(LookUp(request, shown, next))
        return [
            Reply(request, True, replies.looking_for(shown), done=False),
            Find(request, text),
        ]

    def found(
        self, request: Request, pieces: Sequence[Piece], playlist: str | None, heard: int = 0
    ) -> list[Effect]:
        """Queue what was looked up; the arguments are those of :meth:`enqueue`."""
        look_up = self._look_ups.finish(request)
        if look_up is None:
            return []  # It was given up on a stop, and answered then.
        if not pieces:
            return [Reply(request, False, replies.nothing_found(look_up.text))]
        try:
            return self.enqueue(request, pieces, playlist, next=look_up.next, heard=heard)
        except NotNow as error:
            return [Reply(request, False, str(error))]

    def not_found(self, request: Request, text: str) -> list[Effect]:
        """Answer a look-up that failed with the reason."""
        late = self._look_ups.finish(request) is None
        return [] if late else [Reply(request, False, replies.reason(text))]

    def enqueue(
        self,
        request: Request,
        pieces: Sequence[Piece],
        playlist: str | None = None,
        *,
        next: bool = False,
        heard: int = 0,
    ) -> list[Effect]:
        """Queue pieces, and begin with the first if nothing is playing.

        Args:
            pieces: At least one.
            playlist: The title of the playlist that they come from.
            next: Whether to play them before the rest of the queue.
            heard: The engine's position, to tell how long it will take.

        Raises:
            NotNow: If the queue is full.
        """
        self._expect_room()
        taken = pieces[: min(MAX_FROM_PLAYLIST, self.queue.free)]
        tracks = [self._make_track(piece, request.name) for piece in taken]
        idle = self.state is State.IDLE
        number = self.queue.add(tracks, next=next or idle)
        if playlist is None and len(pieces) == 1:
            wait = None if idle else self._wait(number, self.position(heard))
            text = replies.queued(tracks[0], None if idle else number, wait)
        else:
            text = replies.queued_many(tracks, len(pieces), playlist, None if idle else number)
        return [Reply(request, True, text), *(self._wake() if idle else [])]

    def pause(self) -> list[Effect]:
        """Hold the current track.

        Raises:
            NotNow: If nothing is playing, or it is paused already.
        """
        turn = self._expect_turn()
        if self.state is State.PAUSED:
            raise NotNow(replies.PAUSED_ALREADY)
        self._change(Event.PAUSE)
        # Something is open: what breaks off is reopened at once unless it is paused.
        assert turn.play is not None
        return [Pause(turn.play)]

    def resume(self) -> list[Effect]:
        """Go on after a pause, or after too many failures.

        Raises:
            NotNow: If the music is not paused.
        """
        if self.state is State.IDLE and self.queue:
            return self._wake()
        turn = self._expect_turn()
        if self.state is not State.PAUSED:
            raise NotNow(replies.already(self.state))
        if turn.play is None:
            return self._load(turn)
        self._change(Event.PLAY if turn.opened else Event.LOAD)
        return [Resume(turn.play), *self._announce(turn)]

    def skip(self, request: Request) -> list[Effect]:
        """Go on with the next track, also from a pause.

        If two people skip at once they mean the same track. So while the track
        after a skip has not begun to play, only who skipped may skip on; from
        others nothing happens and the list is empty.

        Raises:
            NotNow: If nothing is playing.
        """
        turn = self._expect_turn()
        if turn.skipper not in (None, request.person_id) and not turn.announced:
            return []
        self._failures.forget()
        closed = self._close(turn)
        self._change(Event.LOAD)
        looped = self.loop is Loop.QUEUE
        track = self.queue.rotate(turn.track) if looped else self.queue.take()
        return [*closed, *self._follow(track, skipper=request.person_id)]

    def stop(self, by: str) -> list[Effect]:
        """Stop playing, clear the queue and give up what is being looked up.

        Args:
            by: The name of who wants it.

        Raises:
            NotNow: If there is nothing to stop.
        """
        if not (self._turn or self.queue or self._look_ups):
            raise NotNow(replies.NOTHING_PLAYING)
        return self.end(by)

    def end(self, by: str) -> list[Effect]:
        """Do what :meth:`stop` does, even if there is nothing to stop."""
        effects: list[Effect] = []
        if self._turn is not None:
            effects += self._close(self._turn)
            self._turn = None
            self._change(Event.END)
        self.queue.clear()
        for each in self._look_ups.give_up():
            text = replies.given_up(each.text, clean_name(by))
            effects += [GiveUp(each.request), Reply(each.request, False, text)]
        return effects

    def seek(self, position: int) -> list[Effect]:
        """Go on at another position of the current track, in samples.

        Raises:
            NotNow: If nothing is playing yet, or what plays has no positions.
            BadArgument: If the track is shorter.
        """
        turn = self._expect_turn()
        piece = turn.track.piece
        if piece.live:
            raise NotNow(replies.LIVE)
        if piece.duration is not None and position >= piece.duration * SAMPLE_RATE:
            raise BadArgument(replies.beyond_end(position, piece.duration))
        if turn.play is not None and not turn.opened:
            raise NotNow(replies.STILL_LOADING)
        if turn.play is not None and not turn.seekable:
            raise NotNow(replies.NOT_SEEKABLE)
        turn.seek(position)
        return [Seek(play, position) for play in (turn.play,) if play is not None]

    def set_volume(self, percent: int) -> list[Effect]:
        """Change the loudness of this track and all that follow."""
        self.volume = percent
        return [SetVolume(percent)]

    def opened(
        self, play: PlayId, duration: float | None, seekable: bool, live: bool
    ) -> list[Effect]:
        """Take note that a play is heard, and what was found out about it."""
        turn = self._current(play)
        if turn is None or turn.opened:
            return []
        turn.learn(duration, seekable=seekable, live=live)
        if self.state is State.PAUSED:
            return []
        self._change(Event.PLAY)
        return self._announce(turn)

    def ended(self, play: PlayId, position: int) -> list[Effect]:
        """Go on after a play came to its end; reopen it if that is too early."""
        turn = self._current(play)
        if turn is None:
            return []
        if turn.broke_off(position):
            return self._break_off(turn, position, replies.broke_off(turn.track, position))
        if position < AUDIBLE:
            return self._fail(turn, replies.NO_SOUND)
        self._failures.forget()
        if self.loop is Loop.TRACK and position >= LOOPED:
            return self._follow(turn.track, announced=True)
        if self.loop is Loop.QUEUE and position >= LOOPED:
            return self._follow(self.queue.rotate(turn.track))
        return self._follow(self.queue.take())

    def failed(
        self, play: PlayId, kind: SourceErrorKind, text: str, position: int, *, permanent: bool
    ) -> list[Effect]:
        """Go on after a play failed, or could not be resolved; reopen it if that may help."""
        turn = self._current(play)
        if turn is None:
            return []
        if permanent:
            return self._fail(turn, text)
        return self._break_off(turn, position, text, unreached=kind.may_pass)

    def died(self, play: PlayId, position: int) -> list[Effect]:
        """Reopen a play whose engine died, where its buffered sound ends."""
        turn = self._current(play)
        if turn is None:
            return []
        return self._break_off(turn, position, replies.CRASHED, crashed=True)

    def _current(self, play: PlayId) -> Turn | None:
        """Return the turn that a play belongs to; ``None`` if its news comes too late."""
        return self._turn if self._turn and self._turn.play == play else None

    def _change(self, event: Event) -> None:
        try:
            self.state = TRANSITIONS[self.state][event]
        except KeyError:
            raise NotNow(f"Cannot {event.value} while {self.state.value}.") from None

    def _wake(self) -> list[Effect]:
        """Begin with the queue."""
        self._failures.forget()
        return self._follow(self.queue.take())

    def _follow(
        self, track: Track | None, *, skipper: str | None = None, announced: bool = False
    ) -> list[Effect]:
        """Give the turn to a track; end if there is none."""
        if track is None:
            self._turn = None
            self._change(Event.END)
            return [Announce("queue-ended", replies.QUEUE_ENDED)]
        self._turn = Turn(
            replace(track, position=0),
            position=track.position,
            skipper=skipper,
            announced=announced,
        )
        return [] if self.state is State.PAUSED else self._load(self._turn)

    def _load(self, turn: Turn, *, delay: float = 0.0) -> list[Effect]:
        self._change(Event.LOAD)
        play = next(self._play_ids)
        turn.begin(play)
        return [Open(play, turn.track, turn.position, delay, again=turn.crashed)]

    def _close(self, turn: Turn) -> list[Effect]:
        return [Close(play) for play in (turn.play,) if play is not None]

    def _announce(self, turn: Turn) -> list[Effect]:
        """Tell once that a track plays, as soon as it does."""
        if turn.announced or self.state is not State.PLAYING:
            return []
        turn.announced = True
        return [Announce("track-started", replies.started(turn.track), turn.track)]

    def _break_off(
        self,
        turn: Turn,
        position: int,
        text: str,
        *,
        crashed: bool = False,
        unreached: bool = False,
    ) -> list[Effect]:
        if not turn.break_off(position, crashed=crashed):
            return self._fail(turn, text, unreached=unreached)
        return [] if self.state is State.PAUSED else self._load(turn, delay=turn.delay)

    def _fail(self, turn: Turn, text: str, *, unreached: bool = False) -> list[Effect]:
        """Give the turn up; it is not repeated, whatever the loop."""
        self._failures.add(replace(turn.track, position=turn.position), unreached=unreached)
        failure = Announce("track-failed", replies.failed(turn.track, text), turn.track)
        if self._failures.are_enough or not self.queue:
            return [failure, *self._give_up()]
        return [failure, *self._follow(self.queue.take())]

    def _give_up(self) -> list[Effect]:
        """Stop trying; what only the network failed waits with the rest of the queue."""
        self.queue.add(self._failures.unreached[: self.queue.free], next=True)
        if not self.queue:
            return self._follow(None)
        self._turn = None
        self._change(Event.END)
        return [Announce("notice", replies.gave_up(self._failures.count, len(self.queue)))]

    def _make_track(self, piece: Piece, requester: str) -> Track:
        piece = replace(
            piece, title=clean_title(piece.title), duration=known_length(piece.duration)
        )
        return Track(next(self._track_ids), piece, clean_name(requester))

    def _wait(self, number: int, position: int) -> float | None:
        """Return the seconds until a track in the queue has its turn, if that is known."""
        tracks = [*([self._turn.track] if self._turn else []), *self.queue.before(number)]
        durations = [track.piece.duration for track in tracks]
        known = [duration for duration in durations if duration is not None]
        if self.loop is Loop.TRACK or len(known) < len(durations):
            return None
        return max(0.0, sum(known) - position / SAMPLE_RATE)

    def _expect_turn(self) -> Turn:
        if self._turn is None:
            raise NotNow(replies.NOTHING_PLAYING)
        return self._turn

    def _expect_room(self) -> None:
        if not self.queue.free:
            raise NotNow(replies.QUEUE_FULL)
