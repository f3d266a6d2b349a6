from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.core.texts import (
    MAX_NAME,
    MAX_TITLE,
    clean_name,
    clean_title,
    one_line,
    shorten,
    without_secrets,
)

ANYTHING = st.text(st.characters(codec=None, categories=None))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  A\n\tsong ", "A song"),
        ("one\u2028two\u2029three\x85four", "one two three four"),
        ("a\x1b[31mred\x07", "a [31mred"),
        ("evil\u202egnos", "evilgnos"),
        ("\u2066isolated\u2069", "isolated"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\ud800half", "half"),
        ("می‌خواهم", "می‌خواهم"),
        ("👩‍🎤", "👩‍🎤"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
)
def test_text_of_strangers_is_made_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("12345", "12345"), ("123456", "1234…"), ("123 456", "123…")]
)
def test_what_is_too_long_ends_in_an_ellipsis(text: str, shown: str) -> None:
    assert shorten(text, 5) == shown


def test_what_has_no_name_gets_one() -> None:
    assert clean_title("\u200b \n") == "Untitled"
    assert clean_name("") == "Somebody"


@given(ANYTHING)
def test_titles_and_names_are_bounded_and_can_be_sent(text: str) -> None:
    title, name = clean_title(text), clean_name(text)

    assert 1 <= len(title) <= MAX_TITLE
    assert 1 <= len(name) <= MAX_NAME
    for shown in (title, name):
        shown.encode()
        assert not {unicodedata.category(character) for character in shown} & {"Cc", "Zl", "Zp"}
        assert len(shown.splitlines()) == 1


@given(ANYTHING)
def test_what_was_cleaned_stays_as_it_is(text: str) -> None:
    assert clean_title(clean_title(text)) == clean_title(text)


@pytest.mark.parametrize(
    ("typed", "logged"),
    [
        ("https://ann:secret@example.org:8/a?b=secret#secret", "https://example.org/a"),
        ("<http://example.org/a>", "http://example.org/a"),
        ("clair de lune", "13 characters"),
        ("http://[", "8 characters"),
        ("", "0 characters"),
    ],
)
def test_a_log_names_no_secret(typed: str, logged: str) -> None:
    assert without_secrets(typed) == logged


@given(ANYTHING)
def test_what_is_logged_of_what_was_typed_is_total(text: str) -> None:
    assert without_secrets(text)
