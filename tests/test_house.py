"""The house rules that no tool checks: size of modules, tests that mirror the tree."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
MODULES: Final = sorted(
    path.relative_to(ROOT)
    for package in ("musicbot", "signaling")
    for path in (ROOT / package).rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py")
)
SCRIPTS: Final = sorted(path.relative_to(ROOT) for path in (ROOT / "static").rglob("*.js"))
MAX_MODULE: Final = 400
MAX_FUNCTION: Final = 40

WITHOUT_DECISIONS: Final = {
    Path("musicbot/errors.py"),
    Path("musicbot/core/media.py"),
    Path("musicbot/core/tracks.py"),
    Path("musicbot/core/effects.py"),
    Path("musicbot/transports/interface.py"),
}
"""Modules that only declare types: there is nothing to test."""


@pytest.mark.parametrize("path", MODULES + SCRIPTS, ids=str)
def test_no_module_is_longer_than_a_reader_can_hold(path: Path) -> None:
    lines = (ROOT / path).read_text().count("\n")

    assert lines <= MAX_MODULE


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_function_is_longer_than_a_screen(path: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    too_long = [node.name for node in functions if _lines(node) > MAX_FUNCTION]

    assert too_long == []


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_every_module_has_its_tests(path: Path) -> None:
    if path in WITHOUT_DECISIONS:
        return

    test = ROOT / "tests" / path.parent / f"test_{path.name}"

    assert test.is_file()


def test_the_product_names_no_path_of_a_machine() -> None:
    suspicious = ("/home/", "/root/", "/work/")
    product = [ROOT / path for path in MODULES + SCRIPTS]

    guilty = [path for path in product for word in suspicious if word in path.read_text()]

    assert guilty == []


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its docstring."""
    docstring = 0
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        docstring = (first.end_lineno or 0) - first.lineno + 1
    return (node.end_lineno or 0) - node.lineno + 1 - docstring
