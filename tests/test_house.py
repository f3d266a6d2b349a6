"""The house rules that no tool checks: size of modules, tests that mirror the tree, doors."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
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
    Path("musicbot/core/media.py"),
    Path("musicbot/core/tracks.py"),
    Path("musicbot/core/effects.py"),
    Path("musicbot/transports/interface.py"),
}
"""Modules that only declare types: there is nothing to test."""

DOORS: Final[Mapping[str, tuple[str, ...]]] = {
    "aioice": ("musicbot/rtc/*",),
    "aiortc": ("musicbot/rtc/*",),
    "pylibsrtp": ("musicbot/rtc/*",),
    "av": ("musicbot/engine/*",),
    "certifi": ("musicbot/engine/wire.py",),
    "cryptography": ("musicbot/engine/decrypt.py",),
    "pyseccomp": ("musicbot/engine/sandbox.py",),
    "mutagen": ("musicbot/sources/scan.py",),
    "yt_dlp": ("musicbot/sources/ytdlp_*.py",),
    "websockets": tuple(f"signaling/{name}.py" for name in ("server", "client", "outbox", "web")),
    "click": ("musicbot/cli.py", "signaling/cli.py"),
    # Messages are types of the house, wherever they are looked at.
    "msgspec": ("musicbot/*", "signaling/*"),
    # What outlives the process is small enough for files.
    "sqlite3": (),
}
"""Which modules may import a library. What is not listed is not for the product."""

HOUSE: Final = {"musicbot", "signaling", "_typeshed"}


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


def test_a_library_is_imported_behind_its_door_only() -> None:
    imported = [
        (path.relative_to(ROOT), library)
        for package in ("musicbot", "signaling")
        for path in sorted((ROOT / package).rglob("*.py"))
        for library in _libraries(ast.parse(path.read_text()))
        if library in DOORS or library not in sys.stdlib_module_names | HOUSE
    ]

    astray = [
        f"{path} imports {library}"
        for path, library in imported
        if not any(fnmatch(path.as_posix(), door) for door in DOORS.get(library, ()))
    ]

    assert imported
    assert astray == []


def _libraries(module: ast.Module) -> Iterator[str]:
    """Yield what a module imports, anywhere in it, by its first name."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module.partition(".")[0]


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its docstring."""
    docstring = 0
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        docstring = (first.end_lineno or 0) - first.lineno + 1
    return (node.end_lineno or 0) - node.lineno + 1 - docstring
