"""Lets yt-dlp read lists of radio stations, which it otherwise takes for broken HLS."""

from __future__ import annotations

from typing import Any

from yt_dlp.extractor.common import InfoExtractor

from musicbot.sources.ytdlp import stations_of


class RadioListIE(InfoExtractor):  # type: ignore[misc]  # yt-dlp has no types
    """M3U and PLS files, as the "listen" buttons of stations link to."""

    _VALID_URL = r"https?://[^?#]+/(?P<id>[^/?#]+)\.(?:m3u|pls)(?:[?#]|$)"

    def _real_extract(self, url: str) -> Any:
        name = self._match_id(url)
        text = self._download_webpage(url, name)
        if "#EXT-X-" in text:
            # It is HLS under the old name.
            return self.url_result(url, "Generic")
        return self.playlist_result([self.url_result(each) for each in stations_of(text)], name)
