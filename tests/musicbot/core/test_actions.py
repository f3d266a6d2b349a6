from __future__ import annotations

from collections.abc import Callable

import pytest

from musicbot.core import actions, replies
from musicbot.core.actions import Call
from musicbot.core.effects import (
    Announce,
    Close,
    Effect,
    Find,
    Leave,
    Open,
    Pause,
    Reply,
    Resume,
    Seek,
    SetVolume,
)
from musicbot.core.failures import MAX_FAILURES
from musicbot.core.player import Player
from musicbot.core.states import Loop
from musicbot.core.tracks import Demo, PlayId
from musicbot.errors import BadArgument, NotNow, SourceErrorKind
from tests.support.players import (
    loading,
    opened,
    piece,
    playing,
    request,
    samples,
    texts,
    waiting,
)

Action = Callable[[Call], list[Effect]]
FIRST, SECOND = PlayId(1), PlayId(2)


def call(player: Player, *arguments: str, heard: float = 0.0, person: str = "Ann") -> Call:
    return Call(player, request(7, person), arguments, samples(heard))


def done(text: str) -> Reply:
    return Reply(request(7), True, text)


def did(text: str) -> list[Effect]:
    """The answer, and what the others are told."""
    told = Announce("notice", f"Ann: {text}", besides="ann")
    return [done(text), told]


@pytest.mark.parametrize("action", [actions.play, actions.play_next])
@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("clair de lune", "clair de lune"),
        ("<3", "<3"),
    ],
)
def test_a_link_or_words_are_looked_up(action: Action, typed: str, sought: str) -> None:
    assert action(call(Player(), typed))[1:] == [Find(request(7), sought)]


def test_playing_next_is_remembered_until_it_is_found() -> None:
    player = playing("A", "B")
    actions.play_next(call(player, "words"))

    player.found(request(7), [piece("C")], None)

    assert waiting(player) == ["C", "B"]


def test_play_alone_goes_on_after_a_pause() -> None:
    player = playing("A")
    player.pause()

    assert actions.play(call(player)) == [*did("Going on with “A”."), Resume(FIRST)]


def test_play_alone_goes_on_with_what_was_left_after_failures() -> None:
    player = loading(*"ABCDEFG")
    for play in range(1, MAX_FAILURES + 1):
        player.failed(PlayId(play), SourceErrorKind.GONE, "Gone.", 0, permanent=True)

    assert opened(actions.play(call(player)))


@pytest.mark.parametrize("player", [Player(), playing("A"), loading("A")])
def test_play_alone_asks_what_to_play_otherwise(player: Player) -> None:
    with pytest.raises(BadArgument, match="Say what to play"):
        actions.play(call(player))


def test_the_demo_is_queued_without_a_look_up() -> None:
    player = Player()

    reply, opening = actions.demo(call(player))

    assert reply == done("Starting “Irisa demo” (0:30).")
    assert isinstance(opening, Open)
    assert opening.track.piece.source == Demo()


def test_pause_and_resume_name_the_track() -> None:
    player = playing("A")

    paused = actions.pause(call(player, heard=61))
    resumed = actions.resume(call(player, heard=61))

    assert paused == [*did("Paused “A” at 1:01."), Pause(FIRST)]
    assert resumed == [*did("Going on with “A”."), Resume(FIRST)]


def test_a_skip_names_what_was_skipped() -> None:
    player = playing("A")

    assert actions.skip(call(player)) == [
        *did("Skipped “A”."),
        Close(FIRST),
        Announce("queue-ended", replies.QUEUE_ENDED),
    ]


def test_a_skip_at_the_same_time_is_answered_and_skips_nothing() -> None:
    player = playing("A", "B", "C")
    actions.skip(call(player, person="Ben"))

    assert actions.skip(call(player)) == [done(replies.SKIPPED_ALREADY)]
    assert waiting(player) == ["C"]


def test_a_stop_tells_how_much_was_dropped() -> None:
    assert actions.stop(call(playing("A", "B"))) == [
        *did("Stopped the music and dropped 1 track from the queue."),
        Close(FIRST),
    ]


@pytest.mark.parametrize(
    ("typed", "position", "text"),
    [
        ("1:00", 60, "“A” goes on at 1:00 of 3:00."),
        ("+10", 40, "“A” goes on at 0:40 of 3:00."),
        ("-10", 20, "“A” goes on at 0:20 of 3:00."),
        ("-1:00", 0, "“A” goes on at 0:00 of 3:00."),
    ],
)
def test_a_seek_goes_to_a_time_or_by_one(typed: str, position: float, text: str) -> None:
    assert actions.seek(call(playing("A"), typed, heard=30)) == [
        *did(text),
        Seek(FIRST, samples(position)),
    ]


@pytest.mark.parametrize(
    ("typed", "text"), [("soon", "“soon” is no time"), ("3:00", "from 0:00 to 3:00")]
)
def test_a_seek_elsewhere_tells_what_would_do(typed: str, text: str) -> None:
    with pytest.raises(BadArgument, match=text):
        actions.seek(call(playing("A"), typed))


@pytest.mark.parametrize(("typed", "percent"), [("0", 0), ("150", 150), ("50", 50), ("50%", 50)])
def test_the_volume_is_told_with_what_it_was(typed: str, percent: int) -> None:
    assert actions.volume(call(Player(), typed)) == [
        *did(f"The volume is {percent} % instead of 100 %."),
        SetVolume(percent),
    ]


def test_the_volume_alone_is_told() -> None:
    assert actions.volume(call(Player())) == [done("The volume is 100 %.")]


@pytest.mark.parametrize("typed", ["151", "-1", "1.5", "loud", "%", "٣", "²", "9" * 5000])
def test_another_volume_names_the_range(typed: str) -> None:
    player = Player()

    with pytest.raises(BadArgument, match="The volume must be a number from 0 to 150, not"):
        actions.volume(call(player, typed))

    assert player.volume == 100


@pytest.mark.parametrize(
    ("typed", "loop", "text"),
    [
        ("off", Loop.OFF, "Nothing is repeated."),
        ("track", Loop.TRACK, "The track is repeated."),
        ("Queue", Loop.QUEUE, "The queue is repeated."),
    ],
)
def test_the_loop_is_set_and_told(typed: str, loop: Loop, text: str) -> None:
    player = Player()

    assert actions.loop(call(player, typed)) == [*did(text)]
    assert actions.loop(call(player)) == [done(text)]
    assert player.loop is loop


def test_another_loop_names_the_choices() -> None:
    with pytest.raises(BadArgument, match="must be off, track or queue, not “all”"):
        actions.loop(call(Player(), "all"))


def test_a_page_of_the_queue_is_listed() -> None:
    player = playing(*"ABCDEFGHIJKLMNOP")

    (first,) = texts(actions.list_queue(call(player)))
    (second,) = texts(actions.list_queue(call(player, "2")))

    assert first.startswith("Now “A”. 15 tracks in the queue, page 1 of 2: 1. “B” (3:00) for Ann")
    assert second.endswith("14. “O” (3:00) for Ann · 15. “P” (3:00) for Ann")


@pytest.mark.parametrize("typed", ["0", "3", "x"])
def test_another_page_names_the_range(typed: str) -> None:
    with pytest.raises(BadArgument, match="The page must be a number from 1 to 2"):
        actions.list_queue(call(playing(*"ABCDEFGHIJKLMNOP"), typed))


def test_the_current_track_is_described() -> None:
    assert texts(actions.now_playing(call(playing("A"), heard=65))) == [
        "Playing “A”: 1:05 of 3:00, asked for by Ann, volume 100 %."
    ]
    with pytest.raises(NotNow, match="Nothing is playing"):
        actions.now_playing(call(Player()))


def test_a_track_is_removed_by_its_number() -> None:
    player = playing("A", "B", "C")

    assert actions.remove(call(player, "2")) == [*did("Removed “C” from the queue.")]
    assert waiting(player) == ["B"]


def test_a_track_is_moved_to_a_number() -> None:
    player = playing("A", "B", "C")

    assert actions.move(call(player, "2", "1")) == [*did("Moved “C” from number 2 to 1.")]
    assert waiting(player) == ["C", "B"]


@pytest.mark.parametrize(
    ("action", "arguments"),
    [(actions.remove, ["3"]), (actions.move, ["1", "0"]), (actions.move, ["x", "1"])],
)
def test_another_number_names_the_range(action: Action, arguments: list[str]) -> None:
    player = playing("A", "B", "C")

    with pytest.raises(BadArgument, match="The track must be a number from 1 to 2"):
        action(call(player, *arguments))

    assert waiting(player) == ["B", "C"]


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        (actions.remove, ["1"]),
        (actions.move, ["1", "2"]),
        (actions.clear, []),
        (actions.shuffle, []),
    ],
)
def test_an_empty_queue_cannot_be_changed(action: Action, arguments: list[str]) -> None:
    with pytest.raises(NotNow, match="The queue is empty"):
        action(call(playing("A"), *arguments))


def test_clearing_keeps_what_plays() -> None:
    player = playing("A", "B", "C")

    assert actions.clear(call(player)) == [
        *did("Removed 2 tracks from the queue; what plays now plays on.")
    ]
    assert player.track is not None
    assert waiting(player) == []


def test_shuffling_keeps_all_tracks() -> None:
    player = playing("A", "B", "C")

    assert actions.shuffle(call(player)) == [*did(replies.SHUFFLED)]
    assert sorted(waiting(player)) == ["B", "C"]


def test_who_sends_the_bot_away_is_answered_before_it_leaves() -> None:
    assert actions.leave(call(playing("A", "B"))) == [*did(replies.LEFT), Close(FIRST), Leave()]
    assert actions.leave(call(Player())) == [*did(replies.LEFT), Leave()]


def test_joining_and_pinging_are_answered() -> None:
    assert actions.join(call(Player())) == [done(replies.HERE)]
    assert actions.ping(call(Player())) == [done(replies.PONG)]
