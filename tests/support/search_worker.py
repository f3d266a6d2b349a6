"""The worker with a search that needs no internet: it asks a server on loopback.

Run as a program, with ``--search loopsearch:<address>`` to which the words are appended.
The server answers with a JSON list of objects with ``url``, ``title`` and ``duration``.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

from yt_dlp.extractor.common import InfoExtractor

from musicbot.sources.ytdlp_worker import main
from tests.support.web import Exchange, Web


class LoopSearchIE(InfoExtractor):  # type: ignore[misc]  # yt-dlp has no types
    """Searches by asking one address."""

    _VALID_URL = r"loopsearch:(?P<id>.+)"

    def _real_extract(self, url: str) -> Any:
        address = quote(self._match_id(url), safe=":/?=")
        results = self._download_json(address, "search")
        return self.playlist_result(
            self.url_result(each["url"], video_title=each["title"], duration=each["duration"])
            for each in results
        )


class HungryIE(InfoExtractor):  # type: ignore[misc]  # yt-dlp has no types
    """Takes more memory than a worker may."""

    _VALID_URL = r"hungry:"

    def _real_extract(self, url: str) -> Any:
        return {"id": str(len(bytearray(4 << 30)))}


class BusyIE(InfoExtractor):  # type: ignore[misc]  # yt-dlp has no types
    """Never comes to an end, if the time that there is for it does."""

    _VALID_URL = r"busy:"

    def _real_extract(self, url: str) -> Any:
        bounded = 0 < signal.alarm(1) <= 60
        while bounded:
            time.sleep(0.1)
        signal.alarm(0)
        return {"id": "endless", "title": "Endless"}


def serve_search(web: Web, path: str, results: Sequence[tuple[str, str, float | None]]) -> str:
    """Serve a search for titles that hold the words; return the prefix of a search.

    Args:
        web: Where.
        path: Where there.
        results: Address, title and duration of each song.
    """

    def answer(exchange: Exchange) -> None:
        words = unquote(exchange.request.path.partition("?q=")[2]).lower()
        found = [
            {"url": url, "title": title, "duration": duration}
            for url, title, duration in results
            if words in title.lower()
        ]
        exchange.reply(200, json.dumps(found).encode(), {"Content-Type": "application/json"})

    web.answer(path, answer)
    return f"loopsearch:{web.url(path)}?q="


if __name__ == "__main__":
    main(extractors=[LoopSearchIE(), HungryIE(), BusyIE()])
