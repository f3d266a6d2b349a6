from __future__ import annotations

import pytest

from musicbot.core import replies
from musicbot.core.playqueue import Page
from musicbot.core.states import Loop, State
from musicbot.core.tracks import Track, TrackId
from tests.support.players import piece, samples

SONG = Track(TrackId(1), piece("A"), "Ann")
ENDLESS = Track(TrackId(2), piece("B", None, live=True), "Ben")
UNKNOWN = Track(TrackId(3), piece("C", None), "Cem")


def test_the_fixed_answers_are_one_sentence_or_two_in_one_line() -> None:
    constants = {
        name: value for name, value in vars(replies).items() if name.isupper() and name[0] != "_"
    }
    sentences = {name: value for name, value in constants.items() if isinstance(value, str)}

    assert len(sentences) > 15
    for name, sentence in sentences.items():
        assert sentence.endswith("."), name
        assert sentence[0].isupper(), name
        assert "\n" not in sentence, name


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (replies.queued(SONG, None, None), "Starting “A” (3:00)."),
        (replies.queued(ENDLESS, None, None), "Starting “B” (live)."),
        (replies.queued(UNKNOWN, 2, None), "“C” is number 2 in the queue."),
        (replies.queued(SONG, 2, 65.0), "“A” (3:00) is number 2 in the queue, in about 1:05."),
        (
            replies.queued_many([SONG, ENDLESS], 2, None, 3),
            "Added 2 tracks, from number 3 on.",
        ),
        (
            replies.queued_many([SONG], 1, "One\nsong", None),
            "Added 1 track of “One song”, starting with “A” (3:00).",
        ),
        (replies.already(State.LOADING), "The music is loading already."),
        (replies.paused(SONG, samples(61)), "Paused “A” at 1:01."),
        (replies.resumed(SONG), "Going on with “A”."),
        (replies.skipped(SONG), "Skipped “A”."),
        (replies.stopped(0), "Stopped the music."),
        (replies.stopped(1), "Stopped the music and dropped 1 track from the queue."),
        (replies.sought(SONG, samples(60)), "“A” goes on at 1:00 of 3:00."),
        (replies.sought(UNKNOWN, samples(60)), "“C” goes on at 1:00."),
        (replies.broke_off(UNKNOWN, samples(60)), "It broke off at 1:00."),
        (replies.removed(SONG), "Removed “A” from the queue."),
        (replies.moved(SONG, 3, 1), "Moved “A” from number 3 to 1."),
        (replies.cleared(2), "Removed 2 tracks from the queue; what plays now plays on."),
        (replies.not_in_range("The page", "7", 1, 1), "The page must be the number 1, not “7”."),
        (
            replies.not_in_range("The page", "x\ny", 1, 3),
            "The page must be a number from 1 to 3, not “x y”.",
        ),
        (
            replies.gave_up(5, 1),
            "5 tracks in a row could not be played, so I stopped."
            " Try the 1 track in the queue with !resume.",
        ),
        (
            replies.gave_up(1, 2),
            "I stopped. Try the 2 tracks in the queue with !resume.",
        ),
        (replies.help_for_one("!stop", "Stop", []), "!stop: Stop."),
    ],
)
def test_an_answer_tells_what_happened(answer: str, text: str) -> None:
    assert answer == text


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            replies.now_playing(State.PLAYING, SONG, samples(65), 100, Loop.OFF),
            "Playing “A”: 1:05 of 3:00, asked for by Ann, volume 100 %.",
        ),
        (
            replies.now_playing(State.PAUSED, UNKNOWN, samples(65), 50, Loop.TRACK),
            "Paused “C”: 1:05, asked for by Cem, volume 50 %, the track is repeated.",
        ),
        (
            replies.now_playing(State.LOADING, ENDLESS, 0, 100, Loop.QUEUE),
            "Loading “B”: live, asked for by Ben, volume 100 %, the queue is repeated.",
        ),
    ],
)
def test_the_current_track_is_described(answer: str, text: str) -> None:
    assert answer == text


def test_a_page_of_the_queue_is_listed_with_numbers() -> None:
    page = Page(2, 3, 11, (SONG, UNKNOWN))

    assert replies.listed(page, 22, ENDLESS) == (
        "Now “B”. 22 tracks in the queue, page 2 of 3: 11. “A” (3:00) for Ann · 12. “C” for Cem"
    )


def test_the_only_page_needs_no_number_and_an_empty_one_is_empty() -> None:
    assert replies.listed(Page(1, 1, 1, (SONG,)), 1, None) == (
        "1 track in the queue: 1. “A” (3:00) for Ann"
    )
    assert replies.listed(Page(1, 1, 1, ()), 0, SONG) == f"Now “A”. {replies.QUEUE_EMPTY}"


def test_long_titles_are_cut_in_a_list() -> None:
    track = Track(TrackId(1), piece("A" * 100), "Ann")

    assert "A" * (replies.MAX_LISTED - 1) + "…”" in replies.listed(Page(1, 1, 1, (track,)), 1, None)


def test_a_reason_from_elsewhere_is_one_bounded_line() -> None:
    assert replies.reason("The site\nis \x1b[31mgone.") == "The site is [31mgone."
    assert len(replies.reason("x" * 10_000)) == replies.MAX_REASON


@pytest.mark.parametrize(
    ("name", "nearest", "text"),
    [
        ("plya", "play", "There is no command !plya. Did you mean !play?"),
        ("zzz", None, "There is no command !zzz. Type !help for the list of commands."),
        ("", None, replies.NO_COMMAND),
    ],
)
def test_an_unknown_command_names_the_nearest(name: str, nearest: str | None, text: str) -> None:
    assert replies.unknown_command(name, nearest) == text
