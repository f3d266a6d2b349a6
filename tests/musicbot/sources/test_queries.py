from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.formats import is_web_address
from musicbot.sources.queries import MAX_WORDS, WebLink, Words, read_query


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("  http://example.org  ", "http://example.org"),
        ("<https://example.org/a>", "https://example.org/a"),
        ("< https://example.org/a >", "https://example.org/a"),
        ("<https://example.org/a> what a song", "https://example.org/a"),
        ("https://example.org/a what a song", "https://example.org/a"),
        ("HTTPS://EXAMPLE.ORG/A", "HTTPS://EXAMPLE.ORG/A"),
        ("www.example.org", "https://www.example.org"),
        ("youtu.be/dQw4w9WgXcQ", "https://youtu.be/dQw4w9WgXcQ"),
        ("example.org:8000/stream.mp3", "https://example.org:8000/stream.mp3"),
        ("<example.org/a.mp3>", "https://example.org/a.mp3"),
    ],
)
def test_web_addresses_are_links(text: str, url: str) -> None:
    assert read_query(text) == WebLink(url)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("never gonna  give\nyou up", "never gonna give you up"),
        ("AC/DC", "AC/DC"),
        ("re:stacks", "re:stacks"),
        ("Mozart: Requiem", "Mozart: Requiem"),
        ("data: the song", "data: the song"),
        ("mr. blue sky", "mr. blue sky"),
        ("example.org/a and words", "example.org/a and words"),
        (":ythistory", ":ythistory"),
        ("/etc/passwd", "/etc/passwd"),
        ("C:\\music\\a.mp3", "C:\\music\\a.mp3"),
        ("<3", "<3"),
        ("<3 is a heart", "<3 is a heart"),
        ("<clair  de lune>", "clair de lune"),
        ("<a> or <b>", "<a> or <b>"),
        ("a" * 400, "a" * MAX_WORDS),
    ],
)
def test_anything_else_is_words(text: str, words: str) -> None:
    assert read_query(text) == Words(words)


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "<file:///etc/passwd>",
        "concat:a.mp3|b.mp3",
        "subfile,,start,0,end,9,,:/etc/passwd",
        "data:audio/mpeg;base64,AAAA",
        "javascript:alert(1)",
        "rtmp://example.org/live",
        "ftp://example.org/a.mp3",
        "gopher://example.org/",
        "ytsearch5:words",
        "ytsearchall:words",
        "ytsearchdate3:words",
        "scsearch99:words",
        "spotify:track:6rqhFgbbKwnb9MLmUQDhG6",
    ],
)
def test_links_of_other_kinds_are_explained(text: str) -> None:
    with pytest.raises(SourceError, match="http:// or https://") as caught:
        read_query(text)

    assert caught.value.kind is SourceErrorKind.UNSUPPORTED


@pytest.mark.parametrize("text", ["https://", "http:/x", "https:a", "http://[::1", "http://a:b/"])
def test_a_misspelt_link_is_not_searched_for(text: str) -> None:
    with pytest.raises(SourceError, match="spelling"):
        read_query(text)


@pytest.mark.parametrize("text", ["", "  ", "\n", "<>", "< >"])
def test_nothing_is_explained_as_well(text: str) -> None:
    with pytest.raises(SourceError, match="Say what to play"):
        read_query(text)


@given(text=st.text() | st.from_regex(r"<?[a-z]{1,8}:?/{0,2}[a-z.:/ ]*>?"))
def test_every_text_is_a_link_or_words_or_explained(text: str) -> None:
    try:
        query = read_query(text)
    except SourceError:
        return

    match query:
        case WebLink(url):
            assert is_web_address(url)
        case Words(words):
            assert 0 < len(words) <= MAX_WORDS
