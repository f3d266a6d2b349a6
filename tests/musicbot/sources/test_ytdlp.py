from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.formats import is_web_address
from musicbot.sources.wire import Entry, Target
from musicbot.sources.ytdlp import (
    MAX_ENTRIES,
    MEDIA_LIFETIME,
    best_result,
    entries_of,
    first_of,
    lifetime,
    radio,
    stations_of,
)
from tests.support.infodicts import infos

PAGE: Final = Target("https://example.org/page")
NOW: Final = 1_700_000_000.0
SONG: Final[dict[str, Any]] = {
    "title": "A song",
    "url": "https://example.org/a.mp3",
    "protocol": "https",
    "vcodec": "none",
    "duration": 61.5,
}


def entries(info: dict[str, Any], asked: Target = PAGE) -> tuple[list[Entry], str | None]:
    return entries_of(info, asked, cookies_for=lambda url: None, now=NOW)


def reference(url: str, **facts: Any) -> dict[str, Any]:
    return {"_type": "url", "url": url} | facts


def playlist(*each: Any, **facts: Any) -> dict[str, Any]:
    return {"_type": "playlist", "entries": list(each)} | facts


def test_a_song_is_one_entry_with_its_media() -> None:
    [entry], title = entries(SONG)

    assert title is None
    assert entry.target == PAGE
    assert entry.shown == PAGE.url
    assert entry.title == "A song"
    assert entry.duration == 61.5
    assert not entry.live
    assert entry.media is not None
    assert entry.media.url == "https://example.org/a.mp3"
    assert entry.lifetime == MEDIA_LIFETIME


def test_of_many_formats_one_is_chosen() -> None:
    film = {"url": "https://example.org/film", "protocol": "https", "vcodec": "avc1"}
    sound = {"url": "https://example.org/sound", "protocol": "https", "vcodec": "none"}

    [entry], _ = entries({"title": "A film", "formats": [film, sound, "nonsense"]})

    assert entry.media is not None
    assert entry.media.url == "https://example.org/sound"


def test_the_cookies_of_exactly_the_media_are_sent() -> None:
    asked: list[str] = []

    def cookies_for(url: str) -> str:
        asked.append(url)
        return "a=b"

    [entry], _ = entries_of(SONG, PAGE, cookies_for=cookies_for, now=NOW)

    assert asked == ["https://example.org/a.mp3"]
    assert entry.media is not None
    assert entry.media.headers == (("Cookie", "a=b"),)


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        ({}, "A song"),
        ({"title": "Two\nlines\u202e and a turn"}, "Two lines and a turn"),
        ({"title": "x" * 2_000}, "x" * 299 + "…"),
        ({"title": " \n "}, "page"),
        ({"title": 7}, "page"),
        ({"title": "On air 2026-11-24 21:00", "is_live": True}, "On air"),
        ({"title": "On air 2026-11-24 21:00"}, "On air 2026-11-24 21:00"),
        ({"title": "A page (1)", "extractor_key": "HTML5MediaEmbed"}, "A page"),
        (
            {"title": "A page (1)", "extractor_key": "HTML5MediaEmbed", "playlist": "A page"},
            "A page (1)",
        ),
    ],
)
def test_a_title_is_one_line_that_says_what_it_is(facts: dict[str, Any], title: str) -> None:
    [entry], _ = entries(SONG | facts)

    assert entry.title == title


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("https://example.org/music/F%C3%BCr%20Elise.mp3?x=y", "Für Elise.mp3"),
        ("https://example.org/music/", "music"),
        ("https://example.org", "example.org"),
        ("ytsearch:words", "Untitled"),
    ],
)
def test_what_has_no_title_is_called_by_its_address(url: str, title: str) -> None:
    [entry], _ = entries(SONG | {"title": None}, Target(url))

    assert entry.title == title


def test_what_yt_dlp_appends_to_an_address_is_not_shown() -> None:
    target = Target("https://example.org/feed#__youtubedl_smuggle=%7B%7D")

    [entry], _ = entries(SONG, target)

    assert entry.shown == "https://example.org/feed"
    assert entry.target == target


def test_a_list_is_named_and_its_entries_wait_to_be_looked_at() -> None:
    one = reference("https://example.org/1", title="One", duration=60)
    live = reference("https://example.org/2", title="Two", live_status="is_live", duration=60)
    known = reference("abc", ie_key="Youtube", webpage_url="https://example.org/watch?v=abc")

    found, title = entries(playlist(one, live, known, title="Songs"))

    assert title == "Songs"
    assert found == [
        Entry(Target("https://example.org/1"), "https://example.org/1", "One", 60.0),
        Entry(Target("https://example.org/2"), "https://example.org/2", "Two", None, True),
        Entry(Target("abc", "Youtube"), "https://example.org/watch?v=abc", "watch"),
    ]


def test_entries_that_lead_to_yt_dlps_special_features_are_left_out() -> None:
    refused = [
        reference("ytsearchall:x"),
        reference("file:///etc/passwd", ie_key="Generic"),
        reference(":ythistory", ie_key=7),
        reference(""),
        reference("https://example.org/gone", title="[Private video]"),
        reference("x" * 9_000, ie_key="Youtube"),
        "nonsense",
        SONG | {"vcodec": "avc1", "acodec": "none"},
    ]

    found, _ = entries(playlist(*refused, reference("https://example.org/1")))

    assert [entry.shown for entry in found] == ["https://example.org/1"]


def test_pieces_of_a_page_are_found_again_by_their_numbers() -> None:
    found, title = entries(playlist(SONG, SONG | {"playlist_index": 7}))

    assert title == "page"
    assert [entry.target for entry in found] == [
        Target(PAGE.url, None, 1),
        Target(PAGE.url, None, 7),
    ]
    assert all(entry.media is not None for entry in found)


def test_a_list_of_one_is_no_list() -> None:
    [entry], title = entries(playlist(reference("https://example.org/1"), title="Songs"))

    assert title is None
    assert entry.shown == "https://example.org/1"


def test_a_list_is_cut() -> None:
    many = [reference(f"https://example.org/{number}") for number in range(300)]

    found, _ = entries(playlist(*many))

    assert len(found) == MAX_ENTRIES


@pytest.mark.parametrize(
    ("info", "kind"),
    [
        (playlist(), SourceErrorKind.NOTHING_FOUND),
        ({"_type": "playlist", "entries": 7}, SourceErrorKind.NOTHING_FOUND),
        ({}, SourceErrorKind.UNSUPPORTED),
        ({"formats": [{"has_drm": True}]}, SourceErrorKind.DRM),
        (SONG | {"url": "rtmp://example.org/", "_has_drm": True}, SourceErrorKind.DRM),
        (SONG | {"vcodec": "avc1", "acodec": "none"}, SourceErrorKind.UNSUPPORTED),
    ],
)
def test_what_cannot_be_played_is_explained(info: dict[str, Any], kind: SourceErrorKind) -> None:
    with pytest.raises(SourceError) as caught:
        entries(info)

    assert caught.value.kind is kind
    assert caught.value.text.endswith((".", "upload."))


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        ("https://example.org/a.mp3", MEDIA_LIFETIME),
        ("https://example.org/?expire=1700000400&x=y", 400 - 60 - 100),
        ("https://example.org/expire/1700000400/index.m3u8", 400 - 60 - 100),
        ("https://example.org/?Expires=1700000400", 400 - 60 - 100),
        ("https://example.org/?expire=1700000100", 0.0),
        ("https://example.org/?expire=1600000000", 0.0),
        ("https://example.org/?expire=1900000000", MEDIA_LIFETIME),
        ("https://example.org/?expire=never", MEDIA_LIFETIME),
        ("https://example.org/?expire=17000004000000000000", MEDIA_LIFETIME),
    ],
)
def test_an_address_is_used_until_it_expires(url: str, seconds: float) -> None:
    assert lifetime(url, NOW, 100.0) == seconds


def test_the_best_result_is_the_first_that_ends() -> None:
    live = Entry(PAGE, "", "live", live=True)
    unknown = Entry(PAGE, "", "unknown")
    song = Entry(PAGE, "", "song", 60.0)

    assert best_result([live, unknown, song]) is song
    assert best_result([live, unknown]) is live


def test_the_first_of_a_list_is_what_can_be_asked_or_is_there() -> None:
    refused = reference("ytsearchall:x")

    assert first_of(playlist(refused, reference("https://example.org/1"))) == Target(
        "https://example.org/1"
    )
    assert first_of(playlist(refused, SONG)) == SONG
    with pytest.raises(SourceError):
        first_of(playlist(refused))


def test_a_stream_that_yt_dlp_does_not_understand_is_radio() -> None:
    [entry], _ = entries(dict(radio(PAGE)))

    assert entry.live
    assert entry.media is not None
    assert entry.media.url == PAGE.url


def test_stations_are_read_from_both_kinds_of_lists() -> None:
    m3u = "#EXTM3U\r\n#EXTINF:-1,One\r\nhttp://example.org:8000/one\r\nhttp://example.org/two\r\n"
    pls = "[playlist]\nfile1 = http://example.org/one\nTitle1=One\nFile2=file:///etc/passwd\n"

    assert stations_of(m3u) == ["http://example.org:8000/one", "http://example.org/two"]
    assert stations_of(pls) == ["http://example.org/one"]
    assert stations_of("a.mp3\n../b.mp3\n") == []


@given(info=infos(), kind=st.sampled_from(("video", "playlist", "multi_video")))
def test_whatever_a_site_says_becomes_entries_or_an_error(info: dict[str, Any], kind: str) -> None:
    try:
        found, _ = entries(info | {"_type": kind})
    except SourceError:
        return

    assert found
    for entry in found:
        assert entry.title
        assert entry.shown == "" or is_web_address(entry.shown)


@given(info=infos())
def test_whatever_a_list_holds_its_first_is_told_or_an_error(info: dict[str, Any]) -> None:
    try:
        first = first_of(info | {"_type": "playlist"})
    except SourceError:
        return

    assert isinstance(first, Target | dict)
