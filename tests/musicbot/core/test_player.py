from __future__ import annotations

import random

import pytest

from musicbot.core import replies
from musicbot.core.effects import (
    Announce,
    Close,
    Effect,
    Find,
    Open,
    Pause,
    Reply,
    Resume,
    Seek,
    SetVolume,
)
from musicbot.core.failures import MAX_FAILURES
from musicbot.core.player import LOOPED, Player
from musicbot.core.playqueue import MAX_FROM_PLAYLIST, MAX_TRACKS
from musicbot.core.states import Loop, State
from musicbot.core.tracks import PlayId
from musicbot.core.turn import AUDIBLE, DELAYS, FIRST_REOPENINGS, MAX_REOPENINGS
from musicbot.errors import BadArgument, NotNow, SourceErrorKind
from tests.support.players import (
    LENGTH,
    loading,
    opened,
    piece,
    playing,
    request,
    samples,
    texts,
    waiting,
)

END = samples(LENGTH)
FIRST, SECOND, THIRD = PlayId(1), PlayId(2), PlayId(3)
GONE, NETWORK = SourceErrorKind.GONE, SourceErrorKind.NETWORK


def title(player: Player) -> str | None:
    return player.track.piece.title if player.track else None


def opened_last(player: Player) -> PlayId:
    turn = player._turn
    assert turn is not None
    assert turn.play is not None
    return turn.play


def announced(effects: list[Effect]) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, Announce)]


def breaks_for_want_of_network(player: Player, position: int = 0) -> list[Effect]:
    """Let whatever is opened fail, until nothing is opened any more."""
    effects: list[Effect] = []
    while player.track is not None:
        effects += player.failed(
            opened_last(player), NETWORK, "No network.", position, permanent=False
        )
        position = 0 if announced(effects) else position
    return effects


def test_what_is_asked_for_is_looked_up_and_answered_twice() -> None:
    player = Player()

    assert player.look_up(request(), "clair\nde lune") == [
        Reply(request(), True, "Looking for “clair de lune”…", done=False),
        Find(request(), "clair\nde lune"),
    ]
    assert texts(player.found(request(), [piece("A")], None)) == ["Starting “A” (3:00)."]


def test_the_first_track_is_opened_and_the_next_one_waits() -> None:
    player = Player()

    first = player.enqueue(request(), [piece("A")])
    second = player.enqueue(request(2, "Ben"), [piece("B")], heard=samples(999))

    assert player.track is not None
    assert first == [
        Reply(request(), True, "Starting “A” (3:00)."),
        Open(FIRST, player.track, 0),
    ]
    assert second == [
        Reply(request(2, "Ben"), True, "“B” (3:00) is number 1 in the queue, in about 3:00.")
    ]
    assert player.state is State.LOADING


def test_the_answer_tells_when_the_track_has_its_turn() -> None:
    player = playing("A", "B")

    (reply,) = texts(player.enqueue(request(), [piece("C", None)], heard=samples(60)))
    assert reply == "“C” is number 2 in the queue, in about 5:00."
    (reply,) = texts(player.enqueue(request(), [piece("D")], heard=samples(60)))
    assert reply == "“D” (3:00) is number 3 in the queue."


def test_nobody_knows_when_a_track_that_repeats_is_over() -> None:
    player = playing("A")
    player.loop = Loop.TRACK

    assert texts(player.enqueue(request(), [piece("B")])) == [
        "“B” (3:00) is number 1 in the queue."
    ]


def test_what_is_to_be_played_next_is_put_before_the_queue() -> None:
    player = playing("A", "B")
    player.look_up(request(7), "C", next=True)

    player.found(request(7), [piece("C"), piece("D")], "List")

    assert waiting(player) == ["C", "D", "B"]


def test_a_playlist_is_queued_as_a_whole() -> None:
    player = Player()

    effects = player.enqueue(request(), [piece("A"), piece("B"), piece("C")], "The list")

    assert texts(effects) == ["Added 3 tracks of “The list”, starting with “A” (3:00)."]
    assert (title(player), waiting(player)) == ("A", ["B", "C"])


def test_of_a_long_playlist_the_first_tracks_are_queued() -> None:
    player = playing("A")

    effects = player.enqueue(request(), [piece()] * (MAX_FROM_PLAYLIST + 1), "The list")

    assert texts(effects) == [
        "Added the first 100 of the 101 tracks of “The list”, from number 1 on."
    ]
    assert len(player.queue) == MAX_FROM_PLAYLIST


def test_a_full_queue_takes_what_fits_and_then_nothing() -> None:
    player = playing("A")
    while player.queue.free > 3:
        player.enqueue(request(), [piece()] * min(MAX_FROM_PLAYLIST, player.queue.free - 3))
    player.look_up(request(7), "words")

    assert "the first 3 of the 5 tracks" in texts(player.enqueue(request(), [piece()] * 5))[0]
    assert len(player.queue) == MAX_TRACKS
    with pytest.raises(NotNow, match="full"):
        player.enqueue(request(), [piece()])
    with pytest.raises(NotNow, match="full"):
        player.look_up(request(), "words")
    assert player.found(request(7), [piece()], None) == [
        Reply(request(7), False, replies.QUEUE_FULL)
    ]


def test_titles_names_and_lengths_of_strangers_are_made_fit() -> None:
    player = Player()

    player.enqueue(request(1, "An\nn"), [piece("A\u202eB\n" + "C" * 500, float("nan"))])

    assert player.track is not None
    assert player.track.piece.title.startswith("AB CC")
    assert len(player.track.piece.title) == 120
    assert player.track.piece.duration is None
    assert player.track.requester == "An n"


def test_nothing_found_is_told_with_the_words() -> None:
    player = Player()
    player.look_up(request(), "words")

    assert player.found(request(), [], None) == [
        Reply(request(), False, "Nothing was found for “words”. Try other words, or a link.")
    ]


def test_a_failed_look_up_is_answered_with_the_reason() -> None:
    player = Player()
    player.look_up(request(), "words")

    assert player.not_found(request(), "The site\nis gone.") == [
        Reply(request(), False, "The site is gone.")
    ]


def test_a_look_up_that_was_given_up_is_answered_once() -> None:
    player = Player()
    player.look_up(request(1), "words")
    player.look_up(request(2), "more")

    assert texts(player.stop("Ben")) == [
        "The search for “words” was given up, because Ben stopped the music.",
        "The search for “more” was given up, because Ben stopped the music.",
    ]
    assert player.found(request(1), [piece()], None) == []
    assert player.not_found(request(2), "Gone.") == []
    assert player.state is State.IDLE


def test_a_track_is_announced_when_it_is_heard() -> None:
    player = loading("A")

    effects = player.opened(FIRST, None, seekable=True, live=False)

    assert effects == [
        Announce("track-started", "Now playing “A” (3:00), asked for by Ann.", player.track)
    ]
    assert player.state is State.PLAYING
    assert player.opened(FIRST, None, seekable=True, live=False) == []


def test_the_next_track_follows_and_the_last_one_ends_the_music() -> None:
    player = playing("A", "B")

    assert opened(player.ended(FIRST, END)) == SECOND
    assert title(player) == "B"
    player.opened(SECOND, None, seekable=True, live=False)
    assert player.ended(SECOND, END) == [Announce("queue-ended", replies.QUEUE_ENDED)]
    assert (player.state, player.track) == (State.IDLE, None)


def test_the_position_is_the_engines_once_the_play_is_open() -> None:
    player = loading("A", "B")
    assert player.position(samples(99)) == 0
    player.opened(FIRST, None, seekable=True, live=False)
    assert player.position(samples(99)) == samples(99)
    player.ended(FIRST, END)
    assert player.position(END) == 0
    player.stop("Ann")
    assert player.position(END) == 0


def test_late_news_of_a_skipped_track_is_ignored() -> None:
    player = playing("A", "B")
    player.skip(request())

    assert player.opened(FIRST, 9.0, seekable=True, live=False) == []
    assert player.ended(FIRST, END) == []
    assert player.failed(FIRST, GONE, "Gone.", 0, permanent=True) == []
    assert player.died(FIRST, 0) == []
    assert title(player) == "B"
    assert player.state is State.LOADING


def test_a_pause_holds_the_play_and_a_resume_lets_it_go() -> None:
    player = playing("A")

    assert player.pause() == [Pause(FIRST)]
    with pytest.raises(NotNow, match="paused already"):
        player.pause()
    assert player.resume() == [Resume(FIRST)]
    with pytest.raises(NotNow, match="playing already"):
        player.resume()


def test_a_track_opened_during_a_pause_is_announced_on_resume() -> None:
    player = loading("A")
    player.pause()

    assert player.opened(FIRST, None, seekable=True, live=False) == []
    assert player.state is State.PAUSED
    assert player.resume() == [
        Resume(FIRST),
        Announce("track-started", "Now playing “A” (3:00), asked for by Ann.", player.track),
    ]


def test_a_pause_during_loading_ends_in_loading() -> None:
    player = loading("A")
    player.pause()

    assert player.resume() == [Resume(FIRST)]
    assert player.state is State.LOADING


@pytest.mark.parametrize("how", ["ended early", "died", "failed"])
def test_what_breaks_off_during_a_pause_is_opened_on_resume(how: str) -> None:
    player = playing("A")
    player.pause()

    if how == "ended early":
        assert player.ended(FIRST, samples(50)) == []
    elif how == "died":
        assert player.died(FIRST, samples(50)) == []
    else:
        assert player.failed(FIRST, NETWORK, "Reset.", samples(50), permanent=False) == []

    assert player.state is State.PAUSED
    assert player.track is not None
    assert player.resume() == [
        Open(SECOND, player.track, samples(50), delay=0.0, again=how == "died")
    ]


def test_a_track_that_comes_up_during_a_pause_waits_for_the_resume() -> None:
    player = playing("A", "B")
    player.pause()

    assert player.ended(FIRST, END) == []
    assert (title(player), player.state) == ("B", State.PAUSED)
    assert opened(player.resume()) == SECOND


def test_the_music_may_end_during_a_pause() -> None:
    player = playing("A")
    player.pause()

    assert player.ended(FIRST, END) == [Announce("queue-ended", replies.QUEUE_ENDED)]
    assert player.state is State.IDLE


def test_nothing_can_be_paused_or_resumed_where_nothing_plays() -> None:
    player = Player()

    for refused in (player.pause, player.resume):
        with pytest.raises(NotNow, match="Nothing is playing"):
            refused()


def test_a_skip_closes_before_it_opens() -> None:
    player = playing("A", "B")

    effects = player.skip(request())

    assert player.track is not None
    assert effects == [Close(FIRST), Open(SECOND, player.track, 0)]


def test_two_people_who_skip_at_once_skip_one_track() -> None:
    player = playing("A", "B", "C")
    player.skip(request(1, "Ann"))

    assert player.skip(request(1, "Ben")) == []
    assert title(player) == "B"
    assert opened(player.skip(request(2, "Ann"))) == THIRD
    assert title(player) == "C"


def test_who_skips_what_is_heard_skips_it() -> None:
    player = playing("A", "B", "C")
    player.skip(request(1, "Ann"))
    player.opened(SECOND, None, seekable=True, live=False)

    assert player.skip(request(1, "Ben"))[0] == Close(SECOND)


def test_skipping_the_last_track_ends_the_music() -> None:
    player = playing("A")

    assert player.skip(request()) == [
        Close(FIRST),
        Announce("queue-ended", replies.QUEUE_ENDED),
    ]
    with pytest.raises(NotNow, match="Nothing is playing"):
        player.skip(request())


def test_a_skip_ends_a_pause() -> None:
    player = playing("A", "B")
    player.pause()

    assert opened(player.skip(request())) == SECOND
    assert player.state is State.LOADING


def test_skipping_what_broke_off_during_a_pause_closes_nothing() -> None:
    player = playing("A", "B")
    player.pause()
    player.died(FIRST, samples(9))

    assert [type(effect) for effect in player.skip(request())] == [Open]


def test_a_stop_closes_and_clears() -> None:
    player = playing("A", "B")

    assert player.stop("Ann") == [Close(FIRST)]
    assert (player.state, player.track, len(player.queue)) == (State.IDLE, None, 0)
    with pytest.raises(NotNow, match="Nothing is playing"):
        player.stop("Ann")
    assert player.end("Ann") == []


def test_a_looped_track_begins_again_and_is_announced_once() -> None:
    player = playing("A", "B")
    player.loop = Loop.TRACK

    assert opened(player.ended(FIRST, END)) == SECOND
    assert title(player) == "A"
    assert player.opened(SECOND, None, seekable=True, live=False) == []


def test_a_looped_queue_goes_round() -> None:
    player = playing("A", "B")
    player.loop = Loop.QUEUE

    player.ended(FIRST, END)

    assert (title(player), waiting(player)) == ("B", ["A"])


def test_a_skip_leaves_a_looped_track_and_keeps_it_in_a_looped_queue() -> None:
    player = playing("A", "B")
    player.loop = Loop.TRACK
    player.skip(request())
    assert (title(player), waiting(player)) == ("B", [])

    player.loop = Loop.QUEUE
    player.skip(request())
    assert (title(player), waiting(player)) == ("B", [])


@pytest.mark.parametrize("loop", [Loop.TRACK, Loop.QUEUE])
def test_what_hardly_lasts_is_not_repeated(loop: Loop) -> None:
    player = Player()
    player.loop = loop
    player.enqueue(request(), [piece("A", 0.5)])
    player.opened(FIRST, None, seekable=True, live=False)

    player.ended(FIRST, LOOPED - 1)

    assert player.state is State.IDLE


@pytest.mark.parametrize("how", ["ended early", "died", "failed"])
def test_what_breaks_off_is_opened_where_it_stopped(how: str) -> None:
    player = playing("A")

    if how == "ended early":
        effects = player.ended(FIRST, samples(50))
    elif how == "died":
        effects = player.died(FIRST, samples(50))
    else:
        effects = player.failed(FIRST, NETWORK, "Reset.", samples(50), permanent=False)

    assert player.track is not None
    # A new engine plays on at once what the old one played; a site is given a moment.
    died = how == "died"
    delay = 0.0 if died else DELAYS[0]
    assert effects == [Open(SECOND, player.track, samples(50), delay, again=died)]
    assert player.position(0) == 0
    assert player.opened(SECOND, None, seekable=True, live=False) == []
    assert player.state is State.PLAYING


def test_what_breaks_off_again_and_again_is_given_up_with_the_reason() -> None:
    player = playing("A", "B")
    play = FIRST
    for _ in range(MAX_REOPENINGS):
        play = opened(player.ended(play, samples(50)))

    failed = player.track
    effects = player.ended(play, samples(50))

    assert effects[0] == Announce(
        "track-failed", "“A” cannot be played. It broke off at 0:50 of 3:00.", failed
    )
    assert title(player) == "B"


def test_what_was_never_heard_is_opened_again_only_a_few_times() -> None:
    player = loading("A", "B")
    delays = []

    while player.track and player.track.piece.title == "A":
        (*_, effect) = player.failed(opened_last(player), NETWORK, "No.", 0, permanent=False)
        assert isinstance(effect, Open)
        delays.append(effect.delay)

    assert delays == [*DELAYS[:FIRST_REOPENINGS], 0.0]
    assert title(player) == "B"


def test_an_outage_loses_no_track_and_stops_the_music_until_it_is_resumed() -> None:
    player = playing(*"ABCDEF")

    effects = breaks_for_want_of_network(player, samples(50))

    assert announced(effects) == [
        "“A” cannot be played. No network.",
        "“B” cannot be played. No network.",
        replies.gave_up(2, 6),
    ]
    assert (player.state, waiting(player)) == (State.IDLE, [*"ABCDEF"])
    (first,) = player.resume()
    assert isinstance(first, Open)
    assert (first.position, first.delay) == (samples(50), 0.0)
    assert title(player) == "A"


def test_an_outage_at_the_last_track_keeps_it_however_often_it_is_resumed() -> None:
    player = loading("A")

    for _ in range(3):
        effects = breaks_for_want_of_network(player)

        assert announced(effects)[-1] == replies.gave_up(1, 1)
        assert (player.state, waiting(player)) == (State.IDLE, ["A"])
        player.resume()


def test_after_an_outage_a_new_track_is_played_first_and_what_was_kept_follows() -> None:
    player = loading("A", "B", "C")
    breaks_for_want_of_network(player)

    play = opened(player.enqueue(request(), [piece("New")]))
    player.opened(play, None, seekable=True, live=False)
    player.ended(play, END)

    assert (title(player), waiting(player)) == ("A", ["B", "C"])


def test_a_site_that_alone_cannot_be_reached_is_passed_over() -> None:
    player = loading("A", "B", "C")
    while title(player) == "A":
        player.failed(opened_last(player), NETWORK, "No network.", 0, permanent=False)
    play = opened_last(player)
    player.opened(play, None, seekable=True, live=False)
    player.ended(play, END)

    player.failed(opened_last(player), GONE, "Gone.", 0, permanent=True)

    assert (player.state, waiting(player)) == (State.IDLE, [])


def test_what_an_outage_leaves_is_kept_only_as_far_as_there_is_room() -> None:
    player = loading("A", "B")
    while player.queue.free:
        player.enqueue(request(), [piece()] * min(MAX_FROM_PLAYLIST, player.queue.free))

    while title(player) == "A":
        player.failed(opened_last(player), NETWORK, "No network.", 0, permanent=False)
    player.enqueue(request(), [piece("C")])
    while player.track:
        player.failed(opened_last(player), NETWORK, "No network.", 0, permanent=False)

    assert len(player.queue) == MAX_TRACKS
    assert waiting(player)[0] == "A"


def test_a_permanent_failure_is_told_and_the_next_track_follows() -> None:
    player = loading("A", "B")
    failed = player.track

    effects = player.failed(FIRST, GONE, "The site\nanswers 404.", 0, permanent=True)

    assert effects[0] == Announce(
        "track-failed", "“A” cannot be played. The site answers 404.", failed
    )
    assert opened(effects) == SECOND


@pytest.mark.parametrize("position", [0, AUDIBLE - 1])
@pytest.mark.parametrize("was_opened", [True, False])
def test_a_track_without_any_sound_is_a_failure(was_opened: bool, position: int) -> None:
    player = Player()
    player.enqueue(request(), [piece("A", None)])
    if was_opened:
        player.opened(FIRST, None, seekable=True, live=False)

    assert announced(player.ended(FIRST, position)) == [
        "“A” cannot be played. There is no sound in it.",
        replies.QUEUE_ENDED,
    ]


def test_a_track_of_a_moment_is_played() -> None:
    player = Player()
    player.enqueue(request(), [piece("A", None)])
    player.opened(FIRST, 0.1, seekable=True, live=False)

    assert announced(player.ended(FIRST, AUDIBLE)) == [replies.QUEUE_ENDED]


def test_after_many_failures_in_a_row_the_rest_is_kept_for_a_resume() -> None:
    player = loading(*"ABCDEFGH")
    player.loop = Loop.QUEUE
    play = FIRST
    for _ in range(MAX_FAILURES - 1):
        play = opened(player.failed(play, GONE, "Gone.", 0, permanent=True))

    effects = player.failed(play, GONE, "Gone.", 0, permanent=True)

    assert effects[1:] == [Announce("notice", replies.gave_up(MAX_FAILURES, 3))]
    assert (player.state, waiting(player)) == (State.IDLE, ["F", "G", "H"])
    assert opened(player.resume())
    assert title(player) == "F"


def test_a_new_track_is_played_before_what_was_left_after_failures() -> None:
    player = loading(*"ABCDEFGH")
    for play in range(1, MAX_FAILURES + 1):
        player.failed(PlayId(play), GONE, "Gone.", 0, permanent=True)

    player.enqueue(request(), [piece("New")])

    assert (title(player), waiting(player)) == ("New", ["F", "G", "H"])


@pytest.mark.parametrize("event", ["ended", "skipped"])
def test_a_track_that_plays_ends_the_row_of_failures(event: str) -> None:
    player = loading(*"ABCDEFGHIJKL")
    play = FIRST
    for _ in range(MAX_FAILURES - 1):
        play = opened(player.failed(play, GONE, "Gone.", 0, permanent=True))

    if event == "ended":
        player.opened(play, None, seekable=True, live=False)
        play = opened(player.ended(play, END))
    else:
        play = opened(player.skip(request()))

    assert opened(player.failed(play, GONE, "Gone.", 0, permanent=True))


def test_a_failure_during_a_pause_brings_up_the_next_track() -> None:
    player = playing("A", "B")
    player.pause()

    (failure,) = player.failed(FIRST, GONE, "Gone.", samples(9), permanent=True)

    assert isinstance(failure, Announce)
    assert (title(player), player.state) == ("B", State.PAUSED)


def test_a_seek_goes_to_the_position() -> None:
    player = playing("A")

    assert player.seek(samples(60)) == [Seek(FIRST, samples(60))]


def test_a_seek_during_a_pause_keeps_the_pause() -> None:
    player = playing("A")
    player.pause()

    assert player.seek(samples(60)) == [Seek(FIRST, samples(60))]
    assert player.state is State.PAUSED


def test_a_seek_in_what_broke_off_during_a_pause_is_where_it_is_opened() -> None:
    player = playing("A")
    player.pause()
    player.died(FIRST, samples(9))

    assert player.seek(samples(60)) == []
    assert player.track is not None
    assert player.resume() == [Open(SECOND, player.track, samples(60), again=True)]


def test_a_seek_beyond_the_end_is_refused_with_both_times() -> None:
    player = playing("A")

    with pytest.raises(BadArgument, match=r"4:00 .* 0:00 to 3:00"):
        player.seek(samples(240))


def test_what_is_live_loading_or_not_seekable_is_not_sought_in() -> None:
    live, fixed = Player(), Player()
    live.enqueue(request(), [piece("A", None, live=True)])
    fixed.enqueue(request(), [piece("A")])
    fixed.opened(FIRST, None, seekable=False, live=False)

    for player, reason in (
        (Player(), "Nothing is playing"),
        (live, "live"),
        (fixed, "beginning to end"),
        (loading("A"), "still loading"),
    ):
        with pytest.raises(NotNow, match=reason):
            player.seek(0)


def test_a_track_that_was_sought_in_breaks_off_where_it_is() -> None:
    player = playing("A")
    player.seek(samples(100))

    effects = player.died(FIRST, samples(120))

    assert player.track is not None
    assert effects == [Open(SECOND, player.track, samples(120), again=True)]


def test_the_volume_holds_for_all_tracks() -> None:
    player = playing("A")

    assert player.set_volume(30) == [SetVolume(30)]
    assert player.volume == 30


def test_a_shuffler_may_be_given() -> None:
    player = Player(random.Random(1))
    player.enqueue(request(), [piece(str(number)) for number in range(20)])

    player.queue.shuffle()

    assert waiting(player) != [str(number) for number in range(1, 20)]
