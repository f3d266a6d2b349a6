"""What the bot says: every sentence of the player and the commands.

Each is one line. An answer names the track it is about; a refusal says what
would work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from musicbot.core.playqueue import MAX_TRACKS, Page
from musicbot.core.states import Loop, State
from musicbot.core.texts import clean_name, clean_title, one_line, shorten
from musicbot.core.times import format_position, format_time
from musicbot.core.tracks import Piece, Track

MAX_REASON: Final = 300
"""Characters of a sentence that comes from elsewhere."""

MAX_LISTED: Final = 60
"""Characters of a title in a list."""

NOTHING_PLAYING: Final = "Nothing is playing. Add a track with !play."
QUEUE_EMPTY: Final = "The queue is empty. Add a track with !play."
QUEUE_FULL: Final = f"The queue is full: it holds {MAX_TRACKS} tracks. Wait, or !remove some."
QUEUE_ENDED: Final = "That was the last track. Add another with !play."
TOO_MANY_LOOK_UPS: Final = "Too much is being looked up at once. Try again in a moment."
LOOKED_UP_ALREADY: Final = "That is being looked up already."
PAUSED_ALREADY: Final = "The music is paused already. Try !resume."
STILL_LOADING: Final = "The track is still loading. Try again in a moment."
LIVE: Final = "This is live: there is no other place to go to."
NOT_SEEKABLE: Final = "This can only be played from beginning to end."
NO_SOUND: Final = "There is no sound in it."
CRASHED: Final = "The player crashed on it."
WHAT_TO_PLAY: Final = "Say what to play: a link or some words, as in !play clair de lune."
SKIPPED_ALREADY: Final = "That track is skipped already."
SHUFFLED: Final = "The queue is in a new order."
HERE: Final = "I am here. Add a track with !play."
LEFT: Final = "Bye. I come back with the next command."
PONG: Final = "Pong."
NO_COMMAND: Final = "Say what to do. Type !help for the list of commands."
HOST_ONLY: Final = "Only the host of the room can do that."
TOO_FAST: Final = "That was too much at once. Wait a second, then try again."
WENT_WRONG: Final = (
    "Something went wrong here, and it was logged. Try again, or try something else."
)

_DOING: Final = {State.LOADING: "Loading", State.PLAYING: "Playing", State.PAUSED: "Paused"}

_LOOPS: Final = {
    Loop.OFF: "Nothing is repeated.",
    Loop.TRACK: "The track is repeated.",
    Loop.QUEUE: "The queue is repeated.",
}


def reason(text: str) -> str:
    """Return a sentence that comes from elsewhere as it may be shown."""
    return shorten(one_line(text), MAX_REASON)


def count(number: int, noun: str) -> str:
    """Return a number with its noun: 1 track, 2 tracks."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def looking_for(text: str) -> str:
    """Tell that a look-up has begun."""
    return f"Looking for “{text}”…"


def nothing_found(text: str) -> str:
    """Tell that a look-up found nothing."""
    return f"Nothing was found for “{text}”. Try other words, or a link."


def given_up(text: str, by: str) -> str:
    """Tell that a look-up was given up because somebody ended the music."""
    return f"The search for “{text}” was given up, because {by} stopped the music."


def queued(track: Track, number: int | None, wait: float | None) -> str:
    """Tell that a track was queued.

    Args:
        track: It.
        number: Its number in the queue; ``None`` if it begins at once.
        wait: Seconds until it begins, if that is known.
    """
    if number is None:
        return f"Starting {_named(track.piece)}."
    when = "" if wait is None else f", in about {format_time(wait)}"
    return f"{_named(track.piece)} is number {number} in the queue{when}."


def queued_many(
    tracks: Sequence[Track], found: int, playlist: str | None, number: int | None
) -> str:
    """Tell that several tracks were queued.

    Args:
        tracks: Those that were.
        found: How many there would have been.
        playlist: The title of the playlist that they come from.
        number: The first one's number in the queue; ``None`` if it begins at once.
    """
    of = "" if playlist is None else f" of “{clean_title(playlist)}”"
    if len(tracks) < found:
        some = f"the first {len(tracks)} of the {count(found, 'track')}"
    else:
        some = count(len(tracks), "track")
    where = f"from number {number} on"
    if number is None:
        where = f"starting with {_named(tracks[0].piece)}"
    return f"Added {some}{of}, {where}."


def already(state: State) -> str:
    """Tell that what plays or loads needs no resuming."""
    return f"The music is {state.value} already."


def done_by(name: str, text: str) -> str:
    """Tell the others what somebody's command has done, as its answer says it."""
    return f"{clean_name(name)}: {text}"


def paused(track: Track, position: int) -> str:
    """Tell that the music was paused."""
    return f"Paused “{track.piece.title}” at {format_position(position)}."


def resumed(track: Track) -> str:
    """Tell that the music goes on."""
    return f"Going on with “{track.piece.title}”."


def skipped(track: Track) -> str:
    """Tell that a track was skipped."""
    return f"Skipped “{track.piece.title}”."


def stopped(dropped: int) -> str:
    """Tell that the music was stopped; so many tracks were waiting."""
    if not dropped:
        return "Stopped the music."
    return f"Stopped the music and dropped {count(dropped, 'track')} from the queue."


def sought(track: Track, position: int) -> str:
    """Tell that the music goes on at another position."""
    duration = track.piece.duration
    of = "" if duration is None else f" of {format_time(duration)}"
    return f"“{track.piece.title}” goes on at {format_position(position)}{of}."


def beyond_end(position: int, duration: float) -> str:
    """Tell that a position is not in the track, and which are."""
    return (
        f"{format_position(position)} is beyond the end:"
        f" the track goes from 0:00 to {format_time(duration)}."
    )


def no_time(text: str) -> str:
    """Tell how a time is written."""
    return f"“{clean_title(text)}” is no time. Write 1:30, 90 or 1m30s, or +10 or -10 from here."


def broke_off(track: Track, position: int) -> str:
    """Tell where a track broke off."""
    duration = track.piece.duration
    of = "" if duration is None else f" of {format_time(duration)}"
    return f"It broke off at {format_position(position)}{of}."


def started(track: Track) -> str:
    """Tell that a track is heard now."""
    return f"Now playing {_named(track.piece)}, asked for by {track.requester}."


def failed(track: Track, text: str) -> str:
    """Tell that a track is not played, and why in a sentence."""
    return f"“{track.piece.title}” cannot be played. {reason(text)}"


def gave_up(failures: int, left: int) -> str:
    """Tell that the player stopped trying."""
    why = "" if failures == 1 else f"{failures} tracks in a row could not be played, so "
    return f"{why}I stopped. Try the {count(left, 'track')} in the queue with !resume."


def now_playing(state: State, track: Track, position: int, volume: int, loop: Loop) -> str:
    """Describe the current track."""
    parts = [
        f"{_DOING[state]} “{track.piece.title}”: {_progress(track.piece, position)}",
        f"asked for by {track.requester}",
        f"volume {volume} %",
    ]
    if loop is not Loop.OFF:
        parts.append(f"the {loop.value} is repeated")
    return ", ".join(parts) + "."


def listed(page: Page, total: int, current: Track | None) -> str:
    """List a part of the queue, which may be empty."""
    now = f"Now “{_listed(current.piece)}”. " if current else ""
    if not total:
        return now + QUEUE_EMPTY
    entries = [f"{number}. {_entry(track)}" for number, track in enumerate(page.tracks, page.first)]
    which = f", page {page.number} of {page.pages}" if page.pages > 1 else ""
    return f"{now}{count(total, 'track')} in the queue{which}: {' · '.join(entries)}"


def removed(track: Track) -> str:
    """Tell that a track was taken out of the queue."""
    return f"Removed “{track.piece.title}” from the queue."


def moved(track: Track, number: int, to: int) -> str:
    """Tell that a track has another number."""
    return f"Moved “{track.piece.title}” from number {number} to {to}."


def cleared(dropped: int) -> str:
    """Tell that the queue was cleared."""
    return f"Removed {count(dropped, 'track')} from the queue; what plays now plays on."


def not_in_range(what: str, text: str, first: int, last: int) -> str:
    """Tell that an argument is no number of a range, and which range that is."""
    numbers = f"the number {first}" if first == last else f"a number from {first} to {last}"
    return f"{what} must be {numbers}, not “{clean_title(text)}”."


def not_among(what: str, text: str, words: Sequence[str]) -> str:
    """Tell that an argument is none of the words that it may be."""
    choice = f"{', '.join(words[:-1])} or {words[-1]}"
    return f"{what} must be {choice}, not “{clean_title(text)}”."


def looped(loop: Loop) -> str:
    """Tell what is repeated."""
    return _LOOPS[loop]


def volume_is(percent: int) -> str:
    """Tell how loud the music is."""
    return f"The volume is {percent} %."


def volume_changed(before: int, percent: int) -> str:
    """Tell how loud the music was and is."""
    return f"The volume is {percent} % instead of {before} %."


def unknown_command(name: str, nearest: str | None) -> str:
    """Tell that there is no such command, and which may be meant."""
    if not name:
        return NO_COMMAND
    hint = f"Did you mean !{nearest}?" if nearest else "Type !help for the list of commands."
    return f"There is no command !{shorten(one_line(name), MAX_LISTED)}. {hint}"


def too_long(most: int) -> str:
    """Tell how long a command may be."""
    return f"That is too long: a command has at most {most} characters."


def usage(text: str) -> str:
    """Tell how a command is written."""
    return f"Write it like this: {text}"


def help_for_all(listed: str) -> str:
    """List all commands."""
    return f"Commands: {listed}. Say !help play, for one, to learn more."


def help_for_one(usage: str, text: str, aliases: Sequence[str]) -> str:
    """Explain one command."""
    also = f" (also {', '.join(aliases)})" if aliases else ""
    return f"{usage}{also}: {text}."


def _named(piece: Piece) -> str:
    """Return the title and, if it is known, the length."""
    if piece.live:
        return f"“{piece.title}” (live)"
    return f"“{piece.title}”" + (f" ({format_time(piece.duration)})" if piece.duration else "")


def _entry(track: Track) -> str:
    length = f" ({format_time(track.piece.duration)})" if track.piece.duration else ""
    return f"“{_listed(track.piece)}”{length} for {track.requester}"


def _listed(piece: Piece) -> str:
    return shorten(piece.title, MAX_LISTED)


def _progress(piece: Piece, position: int) -> str:
    if piece.live:
        return "live"
    of = "" if piece.duration is None else f" of {format_time(piece.duration)}"
    return f"{format_position(position)}{of}"
