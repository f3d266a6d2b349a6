from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.sources.index import Shelved, Song, closest, shelve, words_of


def shelf(*names: str) -> list[Shelved]:
    return [shelve(Song(f"{name}.mp3", (0, 0), name, name)) for name in names]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Für Elise", {"fur", "elise"}),
        ("BEYONCÉ – Déjà Vu (feat. JAY-Z)", {"beyonce", "deja", "vu", "feat", "jay", "z"}),
        ("Don't Stop / Don’t Go", {"dont", "stop", "go"}),
        ("Mø_ŁÓDŹ", {"mo", "lodz"}),
        ("Straße STRASSE", {"strasse"}),
        ("ひこうき雲", {"ひこうき雲"}),
        ("Ｆｕｌｌ ﬁne", {"full", "fine"}),
        ("!?…", set()),
        ("", set()),
    ],
)
def test_words_are_those_that_a_listener_would_type(text: str, words: set[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("elise", "Für Elise"),
        ("ELISE für", "Für Elise"),
        ("fur", "Für Elise"),
        ("hello", "Hello"),
        ("hello again", "Hello again my friend"),
        ("elise hello", None),
        ("eli", None),
        ("?!", None),
    ],
)
def test_the_closest_song_with_all_words_is_found(wanted: str, found: str | None) -> None:
    songs = shelf("Für Elise", "Hello again my friend", "Hello", "Für Elise (piano and strings)")

    match = closest(songs, words_of(wanted))

    assert (match.song.title if match is not None else None) == found


def test_of_equally_close_songs_the_first_by_name_is_found() -> None:
    match = closest(shelf("song b", "song a"), words_of("song"))

    assert match is not None
    assert match.song.path == "song a.mp3"


@given(title=st.text(), data=st.data())
def test_a_song_is_found_by_any_of_its_words_in_any_case(title: str, data: st.DataObject) -> None:
    words = sorted(words_of(title))
    if not words:
        return
    some = data.draw(st.lists(st.sampled_from(words), min_size=1))

    assert closest(shelf(title), words_of(" ".join(some))) is not None
