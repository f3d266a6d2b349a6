from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given

from musicbot.core.media import HttpMedia
from musicbot.sources.formats import (
    MAX_HEADERS,
    MAX_URL,
    finite,
    is_web_address,
    pick_format,
    to_media,
)
from tests.support.infodicts import infos


def offer(name: str, **facts: Any) -> dict[str, Any]:
    """Return an audio format over https, with some facts different."""
    plain = {
        "format_id": name,
        "url": f"https://example.org/{name}",
        "protocol": "https",
        "vcodec": "none",
    }
    return plain | facts


OPUS_160: Final = offer("opus-160", acodec="opus", abr=160)
OPUS_70: Final = offer("opus-70", acodec="opus", abr=70)
OPUS_UNKNOWN: Final = offer("opus-unknown", acodec="opus")
AAC_128: Final = offer("aac-128", acodec="mp4a.40.2", abr=128)
AAC_TOTAL_256: Final = offer("aac-total-256", acodec="mp4a.40.2", tbr=256)
MP3_UNKNOWN: Final = offer("mp3-unknown", acodec="mp3")
HLS_160: Final = offer("hls-160", acodec="mp4a.40.2", abr=160, protocol="m3u8_native")
HLS_OPUS_64: Final = offer("hls-opus-64", acodec="opus", abr=64, protocol="m3u8_native")
FILM_360: Final = offer("film-360", vcodec="avc1", acodec="mp4a.40.2", tbr=500, height=360)
FILM_720: Final = offer("film-720", vcodec="avc1", acodec="mp4a.40.2", tbr=1500, height=720)
FILM_LOW: Final = offer("film-low", vcodec="avc1", acodec="mp4a.40.2", tbr=100, abr=24)
SILENT_FILM: Final = offer("silent", vcodec="avc1", acodec="none", tbr=50)
FILE_MP3: Final = {"url": "https://example.org/a.mp3", "protocol": "https", "ext": "mp3"}
DASH: Final = offer("dash", acodec="opus", abr=160, protocol="http_dash_segments")
DRM: Final = offer("drm", acodec="opus", abr=160, has_drm=True)
LEVELLED: Final = offer("251-drc", acodec="opus", abr=160)
ELSEWHERE: Final = offer("elsewhere", acodec="opus", url="rtmp://example.org/x")
DUBBED: Final = offer("dubbed", acodec="opus", abr=190, language_preference=-1)
ORIGINAL: Final = offer("original", acodec="opus", abr=130, language_preference=10)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([AAC_128, OPUS_160], OPUS_160),
        ([OPUS_70, AAC_128], AAC_128),
        ([OPUS_70], OPUS_70),
        ([OPUS_UNKNOWN, AAC_128], OPUS_UNKNOWN),
        ([OPUS_160, OPUS_UNKNOWN], OPUS_160),
        ([AAC_128, AAC_TOTAL_256], AAC_TOTAL_256),
        ([MP3_UNKNOWN, AAC_128], AAC_128),
        ([AAC_128, AAC_128 | {"format_id": "later"}], AAC_128 | {"format_id": "later"}),
        ([HLS_OPUS_64, AAC_128], AAC_128),
        ([HLS_OPUS_64, HLS_160, FILM_720], HLS_160),
        ([FILM_720, FILM_360], FILM_360),
        ([FILM_LOW, FILM_720], FILM_720),
        ([FILM_LOW], FILM_LOW),
        ([SILENT_FILM, FILM_720], FILM_720),
        ([FILM_360, FILE_MP3], FILE_MP3),
        ([DASH, FILM_720], FILM_720),
        ([DRM, AAC_128], AAC_128),
        ([LEVELLED, OPUS_UNKNOWN], OPUS_UNKNOWN),
        ([ELSEWHERE, AAC_128], AAC_128),
        ([DUBBED, ORIGINAL], ORIGINAL),
        ([ORIGINAL, FILM_360], ORIGINAL),
        ([DASH, DRM, SILENT_FILM, ELSEWHERE], None),
        ([], None),
    ],
)
def test_the_best_sound_is_chosen(
    offered: list[dict[str, Any]], chosen: dict[str, Any] | None
) -> None:
    assert pick_format(offered) == chosen


def test_what_the_engine_needs_is_taken_from_the_format_and_its_page() -> None:
    info = {"duration": 61.5, "http_headers": {"Referer": "https://example.org/"}}
    chosen = HLS_160 | {"available_at": 1_700_000_000, "downloader_options": {"x": 1}}

    assert to_media(info, chosen, "a=b") == HttpMedia(
        url="https://example.org/hls-160",
        headers=(("Referer", "https://example.org/"), ("Cookie", "a=b")),
        hls=True,
        duration=61.5,
        available_at=1_700_000_000.0,
    )


def test_a_live_stream_has_no_duration() -> None:
    media = to_media({"is_live": True, "duration": 3.0}, AAC_128)

    assert media.live
    assert media.duration is None


@pytest.mark.parametrize(
    ("asked", "used"), [(10 << 20, 10 << 20), (0.5, None), ("many", None), (None, None)]
)
def test_the_size_of_a_chunk_is_a_whole_number_of_bytes(asked: object, used: int | None) -> None:
    chosen = AAC_128 | {"downloader_options": {"http_chunk_size": asked}}

    assert to_media({}, chosen).chunk_size == used


def test_headers_that_are_ours_or_no_headers_are_left_out() -> None:
    headers: dict[Any, Any] = {
        "User-Agent": "x",
        "Cookie": "secret",
        "Host": "elsewhere",
        "Range": "bytes=0-",
        "X-Split": "a\r\nb",
        "X Space": "a",
        "X-Long": "a" * 5000,
        "X-Letter": "ä",
        "X-Number": 3,
        7: "seven",
    }

    assert to_media({}, AAC_128 | {"http_headers": headers}).headers == (("User-Agent", "x"),)


def test_headers_are_bounded_in_number_and_the_cookie_is_kept() -> None:
    headers = {f"X-{number}": "a" for number in range(50)}

    sent = to_media({}, AAC_128 | {"http_headers": headers}, "a=b").headers

    assert len(sent) == MAX_HEADERS
    assert sent[-1] == ("Cookie", "a=b")


def test_headers_that_are_no_mapping_are_none() -> None:
    assert to_media({"http_headers": ["a"]}, AAC_128).headers == ()


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://example.org/a", True),
        ("http://[::1]:8080/", True),
        ("HTTP://example.org", True),
        ("https://example.org:0/", False),
        ("https://example.org:70000/", False),
        ("https:///a", False),
        ("http://[::1/", False),
        ("ftp://example.org/a", False),
        ("//example.org/a", False),
        ("https://example.org/" + "a" * MAX_URL, False),
        (b"https://example.org/", False),
        (None, False),
    ],
)
def test_web_addresses_are_told_from_others(url: object, is_one: bool) -> None:
    assert is_web_address(url) is is_one


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (0.5, 0.5),
        (0, None),
        (-1, None),
        (True, None),
        ("3", None),
        (float("inf"), None),
        (float("nan"), None),
        (10**400, None),
    ],
)
def test_numbers_are_told_from_nonsense(value: object, number: float | None) -> None:
    assert finite(value) == number


@given(info=infos())
def test_whatever_a_site_offers_becomes_media_or_nothing(info: dict[str, Any]) -> None:
    chosen = pick_format([info])

    if chosen is not None:
        assert is_web_address(to_media(info, chosen).url)
