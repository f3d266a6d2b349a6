"""The README's table of settings is that of the command line."""

from __future__ import annotations

from musicbot import cli
from tests.test_readme import between


def test_the_table_of_settings_is_that_of_the_options() -> None:
    assert between("settings") == cli.settings_as_markdown()
