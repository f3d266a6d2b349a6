"""What the README tells is what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import readme


def test_the_tables_are_those_of_the_code() -> None:
    text = readme.README.read_text(encoding="utf-8")

    assert text == readme.up_to_date(text), "Run: make readme"


@pytest.mark.parametrize("name", readme.TABLES)
def test_a_table_that_is_out_of_date_is_replaced(name: str, tmp_path: Path) -> None:
    text = readme.README.read_text(encoding="utf-8")
    old = tmp_path / "README.md"
    old.write_text(text.replace(readme.TABLES[name](), "| old |"), encoding="utf-8")

    readme.rewrite(old)

    assert old.read_text(encoding="utf-8") == text


def test_a_missing_marker_is_told() -> None:
    with pytest.raises(ValueError, match="not found"):
        readme.up_to_date("# Nothing")
