"""What each command does.

An action gets a :class:`Call` and returns effects, of which exactly one is the
answer; or it raises :exc:`UserError`, whose text is the answer. What is looked
up is answered twice: at once, and when it is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from musicbot.core import replies
from musicbot.core.effects import Announce, Effect, Leave, Reply, Request
from musicbot.core.player import Player
from musicbot.core.states import Loop, State
from musicbot.core.times import parse_time
from musicbot.core.tracks import Demo, Piece
from musicbot.core.volume import MAX_PERCENT
from musicbot.errors import BadArgument, NotNow

DEMO: Final = Piece(Demo(), "Irisa demo", 30.0)
"""The built-in piece, which needs no internet."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command as somebody gave it, its arguments counted but not yet read."""

    player: Player
    request: Request
    arguments: tuple[str, ...]
    heard: int
    """The engine's position in samples."""

    @property
    def position(self) -> int:
        """Where the current track is, in samples."""
        return self.player.position(self.heard)

    def answer(self, text: str) -> Reply:
        """Tell who gave the command."""
        return Reply(self.request, True, text)

    def done(self, text: str) -> list[Effect]:
        """Tell that something was done: who wanted it, and the others, who feel it as well."""
        told = replies.done_by(self.request.name, text)
        return [self.answer(text), Announce("notice", told, besides=self.request.person_id)]


def play(call: Call) -> list[Effect]:
    """Queue something, or without words go on."""
    if call.arguments:
        return call.player.look_up(call.request, call.arguments[0])
    player = call.player
    if player.state is State.PAUSED or (player.state is State.IDLE and player.queue):
        return resume(call)
    raise BadArgument(replies.WHAT_TO_PLAY)


def play_next(call: Call) -> list[Effect]:
    """Queue something before the rest of the queue."""
    return call.player.look_up(call.request, call.arguments[0], next=True)


def demo(call: Call) -> list[Effect]:
    """Queue the built-in piece."""
    return call.player.enqueue(call.request, [DEMO], heard=call.heard)


def pause(call: Call) -> list[Effect]:
    """Hold the current track."""
    effects = call.player.pause()
    # pause() refuses without a track.
    assert call.player.track is not None
    return [*call.done(replies.paused(call.player.track, call.position)), *effects]


def resume(call: Call) -> list[Effect]:
    """Go on after a pause, or after too many failures."""
    effects = call.player.resume()
    # resume() refuses without a track.
    assert call.player.track is not None
    return [*call.done(replies.resumed(call.player.track)), *effects]


def skip(call: Call) -> list[Effect]:
    """Go on with the next track."""
    track = call.player.track
    effects = call.player.skip(call.request)
    if not effects:
        return [call.answer(replies.SKIPPED_ALREADY)]
    # skip() refuses without a track.
    assert track is not None
    return [*call.done(replies.skipped(track)), *effects]


def stop(call: Call) -> list[Effect]:
    """Stop the music and clear the queue."""
    dropped = len(call.player.queue)
    effects = call.player.stop(call.request.name)
    return [*call.done(replies.stopped(dropped)), *effects]


def seek(call: Call) -> list[Effect]:
    """Go on at another position."""
    (text,) = call.arguments
    try:
        position = parse_time(text).target(call.position)
    except ValueError as error:
        raise BadArgument(replies.no_time(text)) from error
    effects = call.player.seek(position)
    # seek() refuses without a track.
    assert call.player.track is not None
    return [*call.done(replies.sought(call.player.track, position)), *effects]


def volume(call: Call) -> list[Effect]:
    """Change the loudness, or without a number tell it."""
    before = call.player.volume
    if not call.arguments:
        return [call.answer(replies.volume_is(before))]
    percent = _number("The volume", call.arguments[0].removesuffix("%"), 0, MAX_PERCENT)
    effects = call.player.set_volume(percent)
    return [*call.done(replies.volume_changed(before, percent)), *effects]


def loop(call: Call) -> list[Effect]:
    """Change what is repeated, or without a word tell it."""
    if not call.arguments:
        return [call.answer(replies.looped(call.player.loop))]
    words = [mode.value for mode in Loop]
    word = call.arguments[0].lower()
    if word not in words:
        raise BadArgument(replies.not_among("The loop", word, words))
    call.player.loop = Loop(word)
    return call.done(replies.looped(call.player.loop))


def list_queue(call: Call) -> list[Effect]:
    """List a page of the queue."""
    queue = call.player.queue
    text = call.arguments[0] if call.arguments else "1"
    page = queue.page(_number("The page", text, 1, queue.pages))
    return [call.answer(replies.listed(page, len(queue), call.player.track))]


def now_playing(call: Call) -> list[Effect]:
    """Describe the current track."""
    player = call.player
    if player.track is None:
        raise NotNow(replies.NOTHING_PLAYING)
    text = replies.now_playing(
        player.state, player.track, call.position, player.volume, player.loop
    )
    return [call.answer(text)]


def remove(call: Call) -> list[Effect]:
    """Take a track out of the queue."""
    (number,) = _track_numbers(call)
    return call.done(replies.removed(call.player.queue.remove(number)))


def move(call: Call) -> list[Effect]:
    """Give a track of the queue another number."""
    number, to = _track_numbers(call)
    track = call.player.queue.move(number, to)
    return call.done(replies.moved(track, number, to))


def clear(call: Call) -> list[Effect]:
    """Empty the queue."""
    _expect_queue(call)
    return call.done(replies.cleared(call.player.queue.clear()))


def shuffle(call: Call) -> list[Effect]:
    """Bring the queue into a random order, once."""
    _expect_queue(call)
    call.player.queue.shuffle()
    return call.done(replies.SHUFFLED)


def join(call: Call) -> list[Effect]:
    """Say hello: who gave the command has brought the bot already."""
    return [call.answer(replies.HERE)]


def leave(call: Call) -> list[Effect]:
    """Stop the music and leave the room."""
    return [*call.done(replies.LEFT), *call.player.end(call.request.name), Leave()]


def ping(call: Call) -> list[Effect]:
    """Answer."""
    return [call.answer(replies.PONG)]


def _track_numbers(call: Call) -> list[int]:
    _expect_queue(call)
    last = len(call.player.queue)
    return [_number("The track", text, 1, last) for text in call.arguments]


def _expect_queue(call: Call) -> None:
    if not call.player.queue:
        raise NotNow(replies.QUEUE_EMPTY)


def _number(what: str, text: str, first: int, last: int) -> int:
    # Digits of other scripts are refused, and so is what int() would take seconds to read.
    if text.isascii() and text.isdigit() and len(text) <= 9 and first <= int(text) <= last:
        return int(text)
    raise BadArgument(replies.not_in_range(what, text, first, last))
