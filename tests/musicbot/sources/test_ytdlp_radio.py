from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import yt_dlp

from musicbot.sources.ytdlp_radio import RadioListIE
from tests.support.web import Web


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


def extract(url: str) -> Any:
    params = {"quiet": True, "proxy": "", "logger": logging.getLogger("test")}
    with yt_dlp.YoutubeDL(params, auto_init=False) as downloader:
        downloader.add_info_extractor(RadioListIE())
        return downloader.extract_info(url, download=False, process=False)


@pytest.mark.parametrize(
    ("url", "suits"),
    [
        ("http://example.org/listen.m3u", True),
        ("https://example.org/radio/listen.pls?sid=1", True),
        ("http://example.org/index.m3u8", False),
        ("http://example.org/page?list=listen.m3u", False),
        ("http://example.org/listen.pls.html", False),
    ],
)
def test_lists_of_stations_are_known_by_their_names(url: str, suits: bool) -> None:
    assert RadioListIE.suitable(url) is suits


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("listen.m3u", "#EXTM3U\nhttp://example.org/one\nhttp://example.org/two\n"),
        ("listen.pls", "[playlist]\nFile1=http://example.org/one\nFile2=http://example.org/two\n"),
    ],
)
def test_a_list_holds_the_addresses_of_its_stations(web: Web, name: str, text: str) -> None:
    web.file(f"/{name}", text.encode(), "audio/x-mpegurl")

    found = extract(web.url(f"/{name}"))

    assert found["title" if "title" in found else "id"] == "listen"
    assert [each["url"] for each in found["entries"]] == [
        "http://example.org/one",
        "http://example.org/two",
    ]


def test_hls_under_the_old_name_is_left_to_yt_dlp(web: Web) -> None:
    web.file("/listen.m3u", b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n", "audio/x-mpegurl")

    found = extract(web.url("/listen.m3u"))

    assert found["_type"] == "url"
    assert found["ie_key"] == "Generic"
