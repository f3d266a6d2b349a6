from __future__ import annotations

from typing import Final

from musicbot.core.media import HttpMedia
from musicbot.core.tracks import Link
from musicbot.sources.fresh import FreshMedia

LINK: Final = Link("https://example.org/page")
MEDIA: Final = HttpMedia("https://example.org/a.mp3")


def test_media_are_told_once() -> None:
    fresh = FreshMedia()
    fresh.keep(LINK, MEDIA, until=10.0)

    assert fresh.take(LINK, now=9.9) == MEDIA
    assert fresh.take(LINK, now=9.9) is None


def test_media_that_expired_are_forgotten() -> None:
    fresh = FreshMedia()
    fresh.keep(LINK, MEDIA, until=10.0)

    assert fresh.take(LINK, now=10.0) is None
    assert fresh.take(LINK, now=9.0) is None


def test_pieces_of_one_page_are_told_apart() -> None:
    fresh = FreshMedia()
    fresh.keep(Link(LINK.url, "2"), MEDIA, until=10.0)

    assert fresh.take(Link(LINK.url, "1"), now=0.0) is None
    assert fresh.take(Link(LINK.url, "2"), now=0.0) == MEDIA


def test_of_too_many_the_one_looked_up_longest_ago_is_forgotten() -> None:
    fresh = FreshMedia(limit=2)
    for name in ("a", "b", "a", "c"):
        fresh.keep(Link(name), MEDIA, until=10.0)

    assert fresh.take(Link("b"), now=0.0) is None
    assert fresh.take(Link("a"), now=0.0) == MEDIA
    assert fresh.take(Link("c"), now=0.0) == MEDIA
