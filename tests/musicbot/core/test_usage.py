from __future__ import annotations

import pytest

from musicbot.core import usage


@pytest.mark.parametrize(
    ("written", "line", "arguments"),
    [
        ("", "  ", ()),
        ("[page]", "", ()),
        ("[page]", " 2 ", ("2",)),
        ("<from> <to>", "1  2", ("1", "2")),
        ("[+|-]<time>", "+10", ("+10",)),
        ("[off|track|queue]", "off", ("off",)),
        ("<link or words>", "  clair de  lune ", ("clair de  lune",)),
        ("[link or words]", "", ()),
        ("<n> <some words>", "1 two three", ("1", "two three")),
    ],
)
def test_arguments_are_taken_as_the_usage_says(
    written: str, line: str, arguments: tuple[str, ...]
) -> None:
    assert usage.split(written, line) == arguments


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("", "1"),
        ("[page]", "1 2"),
        ("<n>", ""),
        ("<from> <to>", "1"),
        ("<from> <to>", "1 2 3"),
        ("[+|-]<time>", ""),
        ("[+|-]<time>", "+ 10"),
        ("<link or words>", " "),
    ],
)
def test_too_many_and_too_few_are_refused(written: str, line: str) -> None:
    with pytest.raises(ValueError, match="arguments for"):
        usage.split(written, line)
