from __future__ import annotations

import asyncio
import http.client
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from signaling.web import SECURITY_HEADERS, Website, find_static
from tests.support.visitors import open_house

HOST: Final = "irisa.example:8080"


@pytest.fixture
def website(tmp_path: Path) -> Website:
    (tmp_path / "js").mkdir()
    (tmp_path / "index.html").write_text("<title>Irisa</title>")
    (tmp_path / "js/main.js").write_text("start();")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "notes.md").write_text("private")
    (tmp_path / ".secret.js").write_text("private")
    (tmp_path.parent / "outside.js").write_text("private")
    return Website(tmp_path, ["https://friend.example"])


def ask(
    website: Website, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Response:
    request = Request(path, Headers({"Host": HOST, **(headers or {})}), method)
    response = website.answer(request)
    assert response is not None
    return response


def may_connect(website: Website, *origins: str, host: tuple[str, ...] = (HOST,)) -> bool:
    headers = Headers()
    for name, values in (("Host", host), ("Origin", origins)):
        for value in values:
            headers[name] = value
    response = website.answer(Request("/ws", headers))
    assert response is None or response.status_code == 403
    return response is None


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/", "text/html; charset=utf-8", b"<title>Irisa</title>"),
        ("/index.html", "text/html; charset=utf-8", b"<title>Irisa</title>"),
        ("/r/quiet-river", "text/html; charset=utf-8", b"<title>Irisa</title>"),
        ("/r/quiet-river/", "text/html; charset=utf-8", b"<title>Irisa</title>"),
        ("/r/zo%C3%AB%20%26%2F", "text/html; charset=utf-8", b"<title>Irisa</title>"),
        ("/r/room?x=1", "text/html; charset=utf-8", b"<title>Irisa</title>"),
        ("/js/main.js", "text/javascript; charset=utf-8", b"start();"),
        ("/icon.svg", "image/svg+xml", b"<svg/>"),
        ("/healthz", "text/plain; charset=utf-8", b"ok\n"),
    ],
)
def test_what_there_is_is_served_with_its_type(
    website: Website, path: str, content_type: str, body: bytes
) -> None:
    response = ask(website, path)

    assert (response.status_code, response.body) == (200, body)
    assert response.headers["Content-Type"] == content_type
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/js",
        "/js/",
        "/notes.md",
        "/.secret.js",
        "/../outside.js",
        "/%2e%2e/outside.js",
        "/js/../../outside.js",
        "//js/main.js",
        "/js/main.js%00",
        "/r/",
        "/r/a/b",
        "/r/%0A",
        "/r/%FF",
        "/r/%E2%80%AE",
        "/r/" + "x" * 65,
        "http://irisa.example/",
        "*",
    ],
)
def test_everything_else_is_not_found(website: Website, path: str) -> None:
    assert ask(website, path).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
@pytest.mark.parametrize("path", ["/", "/ws", "/nothing"])
def test_only_reading_is_allowed(website: Website, method: str, path: str) -> None:
    response = ask(website, path, method)

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"


def test_a_head_has_the_length_but_no_body(website: Website) -> None:
    response = ask(website, "/js/main.js", "HEAD")

    assert (response.status_code, response.body) == (200, b"")
    assert response.headers["Content-Length"] == "8"


def test_what_the_browser_has_is_not_sent_again(website: Website) -> None:
    tag = ask(website, "/js/main.js").headers["ETag"]

    for known in (tag, f'"other", W/{tag}', "*"):
        response = ask(website, "/js/main.js", headers={"If-None-Match": known})
        assert (response.status_code, response.body) == (304, b"")
        assert response.headers["ETag"] == tag
    assert ask(website, "/", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/js/main.js", "/nothing", "/healthz"])
def test_every_answer_has_the_headers_that_protect(website: Website, path: str) -> None:
    headers = ask(website, path).headers

    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "'unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "origin", [f"http://{HOST}", f"https://{HOST}", "HTTP://Irisa.Example:8080"]
)
def test_the_server_s_own_pages_may_connect(website: Website, origin: str) -> None:
    assert may_connect(website, origin)
    assert website.from_page(Headers({"Host": HOST, "Origin": origin}))


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://irisa.example",
        "http://irisa.example:80",
        f"http://{HOST}.evil.example",
        f"http://{HOST}@evil.example",
        f"ftp://{HOST}",
        "https://friend.example.evil.example",
        "null",
        "http://[",
        "",
    ],
)
def test_pages_of_others_may_not(website: Website, origin: str) -> None:
    assert not may_connect(website, origin)


def test_a_host_is_the_same_in_capitals(website: Website) -> None:
    assert may_connect(website, f"http://{HOST}", host=(HOST.upper(),))
    assert may_connect(website, f"http://{HOST.upper()}")


def test_pages_of_friends_may(website: Website) -> None:
    assert may_connect(website, "https://friend.example")


def test_who_is_no_page_may_as_far_as_one_knows(website: Website) -> None:
    assert may_connect(website)
    assert not website.from_page(Headers({"Host": HOST}))


def test_who_says_two_things_at_once_may_not(website: Website) -> None:
    assert not may_connect(website, f"http://{HOST}", "http://evil.example")
    assert not may_connect(website, f"http://{HOST}", host=(HOST, "evil.example"))
    assert not may_connect(website, f"http://{HOST}", host=())


def test_an_installed_page_is_found_beside_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.web.__file__", str(tmp_path / "signaling/web.py"))
    installed = tmp_path / "signaling/static"

    assert find_static() == tmp_path / "static"
    installed.mkdir(parents=True)
    assert find_static() == installed


def test_everything_that_the_page_names_is_served() -> None:
    folder = find_static()
    website = Website(folder)
    named = re.findall(r'(?:src|href)="(/[^"]+)"', (folder / "index.html").read_text())
    named += [
        "/" + (path.parent / each).resolve().relative_to(folder.resolve()).as_posix()
        for path in folder.rglob("*.js")
        for each in re.findall(r'from "(\.[^"]+)"', path.read_text())
    ]

    missing = [path for path in named if ask(website, path).status_code != 200]

    assert len(named) > 20
    assert missing == []


async def test_the_answers_arrive() -> None:
    async with open_house() as house:

        def fetch(path: str, method: str = "GET") -> tuple[int, int, str | None]:
            connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=5)
            try:
                connection.request(method, path)
                response = connection.getresponse()
                return response.status, len(response.read()), response.getheader("Server")
            finally:
                connection.close()

        page = len((find_static() / "index.html").read_bytes())
        asked = [("/r/room", "GET"), ("/", "HEAD"), ("/no", "GET"), ("/ws", "GET"), ("/", "POST")]
        answers = [await asyncio.to_thread(fetch, *each) for each in asked]

    assert answers[0] == (200, page, None)
    assert answers[1] == (200, 0, None)
    assert [status for status, _, _ in answers[2:]] == [404, 426, 405]
