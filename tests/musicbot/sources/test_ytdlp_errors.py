from __future__ import annotations

import socket
import ssl

import pytest

from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources.ytdlp_errors import Failure, is_old_radio, search_error, source_error

Kind = SourceErrorKind


def failure(text: str = "", *classes: str, status: int | None = None) -> Failure:
    return Failure(frozenset(classes), text, status)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Sign in to confirm you’re not a bot. Use --cookies", Kind.BOT_CHECK),
        ("Please complete the CAPTCHA", Kind.BOT_CHECK),
        ("Sign in to confirm your age. This video may be inappropriate", Kind.AGE),
        ("This video is age-restricted", Kind.AGE),
        ("This video is DRM protected", Kind.DRM),
        ("The uploader has not made this video available in your country", Kind.GEO),
        ("This video is not available from your location due to geo restriction", Kind.GEO),
        ("Video is geo-blocked", Kind.GEO),
        ("Private video. Sign in if you've been granted access", Kind.PRIVATE),
        ("Join this channel to get access to members-only content", Kind.PRIVATE),
        ("This track requires a premium subscription", Kind.PRIVATE),
        ("Login details are needed to download this content", Kind.PRIVATE),
        ("This live event will begin in 3 hours", Kind.GONE),
        ("The channel is not currently live", Kind.GONE),
        ("Video unavailable. This video has been removed", Kind.GONE),
        ("This clip does not exist", Kind.GONE),
        ("No video formats found!; please report this issue", Kind.UNSUPPORTED),
        ("Something else entirely", Kind.BROKEN),
    ],
)
def test_what_extractors_say_has_a_kind(said: str, kind: SourceErrorKind) -> None:
    assert source_error(failure(said)).kind is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("AddressRefused", Kind.BLOCKED_ADDRESS),
        ("GeoRestrictedError", Kind.GEO),
        ("UserNotLive", Kind.GONE),
        ("UnsupportedError", Kind.UNSUPPORTED),
        ("PageTooLarge", Kind.UNSUPPORTED),
        ("MemoryError", Kind.UNSUPPORTED),
        ("CertificateVerifyError", Kind.NETWORK),
        ("gaierror", Kind.NETWORK),
        ("InvalidURL", Kind.UNSUPPORTED),
        ("TransportError", Kind.NETWORK),
    ],
)
def test_classes_have_a_kind(name: str, kind: SourceErrorKind) -> None:
    assert source_error(failure("", name, "Exception")).kind is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, Kind.UNSUPPORTED),
        (401, Kind.PRIVATE),
        (403, Kind.PRIVATE),
        (404, Kind.GONE),
        (410, Kind.GONE),
        (429, Kind.NETWORK),
        (451, Kind.GEO),
        (500, Kind.NETWORK),
    ],
)
def test_statuses_have_a_kind(status: int, kind: SourceErrorKind) -> None:
    assert source_error(failure("HTTP Error", "HTTPError", status=status)).kind is kind


def test_what_an_extractor_says_tells_more_than_the_status() -> None:
    assert source_error(failure("This video is private", status=403)).text.startswith("That is")


@pytest.mark.parametrize(
    "said",
    [
        "Unable to download https://example.org/private/removed.mp3: timed out",
        "HTTPSConnection(host='offline.example.org', port=443): Failed to resolve",
        "ERROR: [generic] deleted-scenes: Unable to download",
    ],
)
def test_names_in_a_text_say_nothing(said: str) -> None:
    assert source_error(failure(said, "OSError")).kind is Kind.NETWORK


def test_a_refusal_on_the_way_is_the_reason_only_if_there_is_no_better_one() -> None:
    assert source_error(failure("x", "OSError"), refused=True).kind is Kind.BLOCKED_ADDRESS
    assert source_error(failure("x"), refused=True).kind is Kind.BLOCKED_ADDRESS
    assert source_error(failure("x", status=404), refused=True).kind is Kind.GONE


def test_everything_that_led_to_an_error_counts() -> None:
    class Http(Exception):
        status = 404

    class Wrapped(Exception):
        cause = Http("not found")

    outer = Exception("outer")
    outer.exc_info = (Wrapped, Wrapped("wrapped"), None)  # type: ignore[attr-defined]
    outer.__context__ = socket.gaierror("unknown")
    outer.__context__.__cause__ = outer

    found = Failure.of(outer)

    assert {"Http", "Wrapped", "gaierror", "OSError", "Exception"} <= found.classes
    assert found.status == 404
    assert "not found" in found.text
    assert source_error(found).kind is Kind.GONE


def test_a_status_that_is_no_number_is_none() -> None:
    error = ssl.SSLCertVerificationError("bad")
    error.status = "404"  # type: ignore[attr-defined]

    assert Failure.of(error).status is None
    assert source_error(Failure.of(error)).kind is Kind.NETWORK


def test_what_is_shown_quotes_no_server() -> None:
    said = "SECRET OF THE SERVER"

    shown = [source_error(failure(said, status=status)).text for status in (None, 403, 404, 500)]

    assert not any(said in text for text in shown)
    assert all(text.endswith(".") for text in shown)


@pytest.mark.parametrize("kind", SourceErrorKind)
def test_who_typed_words_is_told_about_words(kind: SourceErrorKind) -> None:
    shown = search_error(SourceError(kind, "About a link."))

    about_words = kind in (Kind.NETWORK, Kind.BROKEN, Kind.NOTHING_FOUND)
    assert shown.kind is kind
    assert (shown.text != "About a link.") is about_words


def test_old_radio_is_known_by_its_first_line() -> None:
    assert is_old_radio(failure("('Connection aborted.', BadStatusLine('ICY 200 OK\\r\\n'))"))
    assert not is_old_radio(failure("BadStatusLine('SSH-2.0')"))
