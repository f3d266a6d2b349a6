"""Info dicts as no site should make them, for properties of what reads them."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

_KEYS: Final = (
    "_type", "_has_drm", "abr", "acodec", "available_at", "downloader_options", "duration",
    "entries", "ext", "extractor_key", "format_id", "formats", "has_drm", "height",
    "http_headers", "ie_key", "is_live", "language_preference", "live_status", "playlist",
    "playlist_index", "protocol", "tbr", "title", "url", "vcodec", "webpage_url",
)  # fmt: skip

_TEXTS: Final = (
    "playlist", "multi_video", "url", "url_transparent", "none", "opus", "mp3", "https",
    "m3u8_native", "is_live", "Generic", "Youtube", "HTML5MediaEmbed", "[private video]",
    "https://example.org/a.mp3", "https://example.org/?expire=1700000000", "ytsearch:x",
    "http://[", "file:///etc/passwd", "\ud800", "\u202e",
)  # fmt: skip

_plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.sampled_from(_TEXTS)
    | st.text(max_size=20)
)


def _containers(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, max_size=3) | st.dictionaries(
        st.sampled_from(_KEYS) | st.text(max_size=5), values, max_size=4
    )


_values = st.recursive(_plain, _containers, max_leaves=6)


def infos() -> st.SearchStrategy[dict[str, Any]]:
    """Return dicts of the keys of info dicts, with anything in them."""
    likely = {
        "url": st.sampled_from(_TEXTS),
        "protocol": st.sampled_from(("https", "m3u8_native", "http_dash_segments")),
        "formats": st.lists(_values, max_size=3),
        "entries": st.lists(_values, max_size=3),
    }
    return st.dictionaries(st.sampled_from(_KEYS), _values, max_size=6) | st.fixed_dictionaries(
        likely, optional={key: _values for key in _KEYS if key not in likely}
    )
