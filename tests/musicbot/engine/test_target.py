from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.engine.target import Destination, Target
from musicbot.errors import SourceError, SourceErrorKind


@pytest.mark.parametrize(
    ("url", "destination", "authority"),
    [
        ("http://a.example", ("a.example", 80, False, "/"), "a.example"),
        ("HTTPS://A.Example/x", ("a.example", 443, True, "/x"), "a.example"),
        ("http://a.example:8000/x?y=1#z", ("a.example", 8000, False, "/x?y=1"), "a.example:8000"),
        ("https://a.example:443/?q", ("a.example", 443, True, "/?q"), "a.example"),
        ("http://a.example./x", ("a.example", 80, False, "/x"), "a.example"),
        ("http://[::1]:81/", ("::1", 81, False, "/"), "[::1]:81"),
        ("http://0x7f.1/", ("0x7f.1", 80, False, "/"), "0x7f.1"),
        ("http://bücher.example/ü b", ("xn--bcher-kva.example", 80, False, "/%C3%BC%20b"), None),
        ("http://a.example/%20%C3", ("a.example", 80, False, "/%20%C3"), "a.example"),
        ("http://user:secret@a.example/", ("a.example", 80, False, "/"), "a.example"),
        ("http://a.example/x\r\nCookie: y", ("a.example", 80, False, "/xCookie:%20y"), "a.example"),
        ("http://a.example/\0\x7f", ("a.example", 80, False, "/%00%7F"), "a.example"),
    ],
)
def test_a_link_is_taken_apart(
    url: str, destination: tuple[str, int, bool, str], authority: str | None
) -> None:
    found = Target(url).destination

    assert found == Destination(*destination)
    assert authority in (None, found.authority)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("file:///etc/passwd", "begin with http"),
        ("ftp://a.example/x", "begin with http"),
        ("concat:/a|/b", "begin with http"),
        ("data:audio/ogg;base64,T2dn", "begin with http"),
        ("crypto+http://a.example/", "begin with http"),
        ("/etc/passwd", "begin with http"),
        ("", "begin with http"),
        ("http:///x", "no link"),
        ("http://:80/", "no link"),
        ("http://a.example:99999/", "no link"),
        ("http://a.example:http/", "no link"),
        ("http://[::1/", "no link"),
        ("http://a..example/", "no link"),
        ("http://a b/", "no link"),
        ("http://a\0b/", "no link"),
        ("http://[fe80::1%25lo]/", "no link"),
        (f"http://{'a' * 64}.example/", "no link"),
    ],
)
def test_what_cannot_be_opened_is_refused(url: str, text: str) -> None:
    with pytest.raises(SourceError, match=text) as caught:
        Target(url).destination  # noqa: B018 - it is a property that raises

    assert caught.value.kind is SourceErrorKind.UNSUPPORTED


@given(st.text() | st.builds("http://{}/{}".format, st.text(), st.text()))
def test_every_text_is_a_destination_or_an_error(url: str) -> None:
    try:
        destination = Target(url).destination
    except SourceError:
        return
    assert destination.host.isascii()
    assert destination.path.isascii()
    assert destination.path.isprintable()
    assert " " not in destination.path


@given(st.text() | st.sampled_from(["file:///etc/passwd", "//b.example", "http://["]))
def test_every_redirect_leads_somewhere_or_to_an_error(location: str) -> None:
    try:
        moved = Target("http://a.example/x", (("Cookie", "secret"),)).moved(location)
    except SourceError:
        return
    assert moved.headers == () or moved.destination.host == "a.example"


SECRETS = (("Cookie", "a=1"), ("authorization", "Basic x"), ("Referer", "http://a.example/"))


@pytest.mark.parametrize(
    ("location", "url", "keeps"),
    [
        ("/y", "https://a.example/y", True),
        ("y?z", "https://a.example/x/y?z", True),
        ("//a.example/y", "https://a.example/y", True),
        ("https://A.EXAMPLE:443/y", "https://A.EXAMPLE:443/y", True),
        ("http://a.example/y", "http://a.example/y", False),
        ("https://a.example:8443/y", "https://a.example:8443/y", False),
        ("https://b.example/y", "https://b.example/y", False),
        ("https://sub.a.example/y", "https://sub.a.example/y", False),
    ],
)
def test_secrets_stay_with_their_site(location: str, url: str, keeps: bool) -> None:
    moved = Target("https://a.example/x/", SECRETS).moved(location)

    assert moved.url == url
    assert moved.headers == (SECRETS if keeps else SECRETS[2:])


def test_secrets_do_not_come_back_with_a_second_redirect() -> None:
    there = Target("https://a.example/", SECRETS).moved("https://b.example/")

    assert there.moved("https://a.example/").headers == SECRETS[2:]


def test_a_request_says_what_we_can_understand() -> None:
    headers = dict(Target("http://a.example:81/").request_headers({"Range": "bytes=0-"}))

    assert headers["Host"] == "a.example:81"
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Connection"] == "close"
    assert headers["Range"] == "bytes=0-"
    assert headers["User-Agent"]


def test_a_site_can_wish_for_headers_but_not_for_ours() -> None:
    wishes = (
        ("user-agent", "Theirs"),
        ("Referer", "http://a.example/"),
        ("Host", "127.0.0.1"),
        ("RANGE", "bytes=5-"),
        ("Accept-Encoding", "gzip"),
        ("Transfer-Encoding", "chunked"),
        ("Evil", "a\r\nHost: b"),
        ("Evil: x\r\nHost", "b"),
        ("Evil\n", "x"),
        ("", "x"),
        ("Ümlaut", "x"),
        ("Umlaut", "ü"),
    )

    headers = Target("http://a.example/", wishes).request_headers({})

    assert [name for name, _ in headers] == [
        "Host",
        "Connection",
        "Accept-Encoding",
        "Accept",
        "user-agent",
        "Referer",
    ]
    assert headers[0] == ("Host", "a.example")
