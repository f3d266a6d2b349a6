from __future__ import annotations

import logging
import subprocess
import sys
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.logs import INDENT, Formatter, visible

EVIL: Final = "\x1b[31m\r\n2026-11-24 00:00:00,000 ERROR   forged: line\x85\u2028\u202e\ud800"


def logged(error: Exception | None = None) -> list[str]:
    """Return the lines of a record whose message quotes a stranger."""
    info = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("here", logging.WARNING, __file__, 1, "said %s", (EVIL,), info)
    return Formatter().format(record).split("\n")


def test_what_a_stranger_says_is_one_line_that_tells_a_terminal_nothing() -> None:
    (line,) = logged()

    assert line.isprintable()
    assert line.endswith(
        r"WARNING here: said \x1b[31m\r\n2026-11-24 00:00:00,000 ERROR   forged: line"
        r"\x85\u2028\u202e\ud800"
    )


def test_what_an_exception_quotes_looks_like_no_line_of_the_log() -> None:
    try:
        raise ValueError(EVIL)
    except ValueError as error:
        _, *traceback = logged(error)

    assert traceback[0] == INDENT + "Traceback (most recent call last):"
    assert all(line.startswith(INDENT) and line.isprintable() for line in traceback)
    assert any("forged: line" in line for line in traceback)


@pytest.mark.parametrize("text", ["", "plain", "Zoë ♥ שלום", "C:\\new", "a  b"])
def test_what_can_be_shown_is_shown(text: str) -> None:
    assert visible(text) == text


@given(st.text(max_size=50))
def test_everything_is_made_visible(text: str) -> None:
    assert visible(text).isprintable()


def test_a_process_logs_to_its_standard_error_from_the_level_that_was_asked_for() -> None:
    script = (
        "import logging; from signaling.logs import set_up; set_up('info'); "
        "logging.info('a\\nb'); logging.debug('c')"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    )

    (line,) = result.stderr.splitlines()
    assert line.endswith("INFO    root: a\\nb")
    assert result.stdout == ""
