from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from musicbot.engine.cancellation import Cancelled
from musicbot.engine.target import Headers, Target
from musicbot.engine.webclient import Response, Timeouts, WebClient
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.netpolicy import NetPolicy
from tests.support.fetching import HASTY, client, self_signed
from tests.support.loopback import Canary, Loopback
from tests.support.web import Exchange, Web


def get(web: Loopback, path: str, headers: Headers = (), by: WebClient | None = None) -> Response:
    return (by or client()).get(Target(web.url(path), headers), {})


def body(response: Response) -> bytes:
    try:
        return b"".join(iter(lambda: response.read(1000), b""))
    finally:
        response.close()


def test_a_page_is_fetched() -> None:
    with Web() as web:
        web.page("/", "<p>Hello</p>")
        response = get(web, "/")

        assert response.status == 200
        assert response.header("content-type").startswith("text/html")
        assert response.header("X-Nothing") == ""
        assert response.length == 12
        assert body(response) == b"<p>Hello</p>"


def test_a_closed_answer_can_be_closed_again() -> None:
    with Web() as web:
        web.page("/", "<p>Hello</p>")
        response = get(web, "/")
        response.close()
        response.close()


def test_the_host_is_asked_by_its_name_and_reached_by_its_address() -> None:
    with Web() as web:
        web.page("/", "x")
        by = client(resolver=lambda host, port: ["127.0.0.1"])
        by.get(Target(web.url("/", host="a.example")), {}).close()

        assert web.requests[0].headers["host"] == f"a.example:{web.port}"


def test_a_secure_site_is_read(tmp_path: Path) -> None:
    certificate = self_signed("a.example", tmp_path)
    with Web(tls=certificate.server) as web:
        web.page("/", "secret")
        by = client(resolver=lambda host, port: ["127.0.0.1"], context=certificate.trusting)

        assert body(by.get(Target(web.url("/", host="a.example")), {})) == b"secret"


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status: int) -> None:
    with Web() as web:
        web.redirect("/a/b", "../c?d#e", status)
        web.page("/c", "here")
        response = get(web, "/a/b")

        assert response.target.url == web.url("/c?d#e")
        assert body(response) == b"here"
        assert web.requests[1].path == "/c?d"


def test_five_redirects_are_followed_and_no_more() -> None:
    with Web() as web:
        for n in range(6):
            web.redirect(f"/{n}", f"/{n + 1}")
        web.page("/6", "here")

        assert body(get(web, "/1")) == b"here"
        with pytest.raises(SourceError, match="in circles"):
            get(web, "/0")


def test_a_redirect_to_itself_ends() -> None:
    with Web() as web:
        web.redirect("/", "/")

        with pytest.raises(SourceError, match="in circles") as caught:
            get(web, "/")
        assert caught.value.kind is SourceErrorKind.BROKEN
        assert web.hits("/") == 6


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "data:audio/ogg,x",
        "gopher://127.0.0.1/",
        "http://[",
    ],
)
def test_a_redirect_to_anything_but_the_web_is_refused(location: str) -> None:
    with Web() as web:
        web.redirect("/", location)

        with pytest.raises(SourceError) as caught:
            get(web, "/")
        assert caught.value.kind is SourceErrorKind.UNSUPPORTED


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]", "localhost", "0"],
)
def test_a_redirect_to_a_private_address_is_refused(host: str) -> None:
    with Canary() as canary, Web(host="127.0.0.2") as web:
        web.redirect("/", canary.url("/", host=host))

        with pytest.raises(SourceError) as caught:
            get(web, "/", by=client(policy=NetPolicy.parse(["127.0.0.2"])))
        assert caught.value.kind in (SourceErrorKind.BLOCKED_ADDRESS, SourceErrorKind.NETWORK)
        assert canary.connections == 0


def test_secrets_are_shown_to_their_own_site_only() -> None:
    headers = (("Cookie", "a=1"), ("Authorization", "Basic x"), ("Referer", "http://r.example/"))
    with Web() as web, Web(host="127.0.0.2") as other:
        web.redirect("/start", "/here")
        web.redirect("/here", other.url("/there"))
        other.redirect("/there", web.url("/end"))
        web.page("/end", "x")
        get(web, "/start", headers).close()

        seen = [request.headers for request in web.requests + other.requests]
        assert [
            ("cookie" in each, "authorization" in each, "referer" in each) for each in seen
        ] == [
            (True, True, True),
            (True, True, True),
            (False, False, True),
            (False, False, True),
        ]


# Answers


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, SourceErrorKind.GONE),
        (300, SourceErrorKind.GONE),
        (304, SourceErrorKind.GONE),
        (400, SourceErrorKind.GONE),
        (401, SourceErrorKind.GONE),
        (403, SourceErrorKind.GONE),
        (404, SourceErrorKind.GONE),
        (410, SourceErrorKind.GONE),
        (429, SourceErrorKind.NETWORK),
        (500, SourceErrorKind.NETWORK),
        (503, SourceErrorKind.NETWORK),
    ],
)
def test_a_refusal_is_told_without_its_text(status: int, kind: SourceErrorKind) -> None:
    with Web() as web:
        web.status("/", status)

        with pytest.raises(SourceError, match=f"error {status}") as caught:
            get(web, "/")
        assert caught.value.kind is kind
        assert "SECRET" not in caught.value.text


def test_a_redirect_without_a_place_is_a_refusal() -> None:
    with Web() as web:
        web.status("/", 302)

        with pytest.raises(SourceError, match="error 302"):
            get(web, "/")


def test_packed_answers_are_not_asked_for_and_not_taken() -> None:
    with Web() as web:
        web.gzip_bomb("/")

        with pytest.raises(SourceError, match="packed") as caught:
            get(web, "/")
        assert caught.value.kind is SourceErrorKind.UNSUPPORTED
        assert web.requests[0].headers["accept-encoding"] == "identity"


def raw(data: bytes, times: int = 1) -> Web:
    """Return a server that answers with these bytes, which need not be HTTP."""

    def answer(exchange: Exchange) -> None:
        for _ in range(times):
            exchange.send(data)
        exchange.drop()

    web = Web()
    web.answer("/", answer)
    return web


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1",
        b"HTTP/1.1 200 OK\r\nA: b",
        b"HTTP/1.1 nine OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x16\x03\x01\x02",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_no_answer(data: bytes) -> None:
    with raw(data) as web:
        with pytest.raises(SourceError, match="broke off") as caught:
            get(web, "/")
        assert caught.value.kind is SourceErrorKind.NETWORK


@pytest.mark.parametrize(
    "data",
    [b"HTTP/1.1 100 Continue\r\n\r\n", b"A: b\r\n"],
    ids=["promises", "headers"],
)
def test_a_head_without_end_ends(data: bytes) -> None:
    with raw(data, times=1_000_000) as web:
        with pytest.raises(SourceError) as caught:
            get(web, "/", by=client(timeouts=HASTY))
        assert caught.value.kind in (SourceErrorKind.NETWORK, SourceErrorKind.TIMEOUT)


def test_a_head_that_drips_ends() -> None:
    def answer(exchange: Exchange) -> None:
        while True:
            exchange.send(b"H")
            exchange.pause(0.05)

    with Web() as web:
        web.answer("/", answer)

        with pytest.raises(SourceError, match="does not answer") as caught:
            get(web, "/", by=client(timeouts=HASTY))
        assert caught.value.kind is SourceErrorKind.TIMEOUT


def test_the_status_line_of_old_radio_servers_is_understood() -> None:
    with raw(b"ICY 200 OK\r\nicy-name: Loopback FM\r\n\r\naudio") as web:
        response = get(web, "/")

        assert response.header("icy-name") == "Loopback FM"
        assert body(response) == b"audio"


@pytest.mark.parametrize(
    "data", [b"zz\r\n", b"5\r\nabc", b"5\r\nabcdefgh\r\n", b"3\r\nabc\r\n", b"-1\r\nabc\r\n"]
)
def test_broken_chunks_are_a_broken_connection(data: bytes) -> None:
    with raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data) as web:
        response = get(web, "/")

        with pytest.raises(SourceError, match="broke off"):
            body(response)


def test_after_the_deadline_nothing_is_asked() -> None:
    with Canary() as canary:
        by = client(timeouts=Timeouts(first=0.0))
        by.deadline.begin()

        with pytest.raises(SourceError, match="too slowly") as caught:
            by.get(Target(canary.url("/")), {})
        assert caught.value.kind is SourceErrorKind.BROKEN
        assert canary.connections == 0


def test_no_wait_goes_beyond_the_deadline() -> None:
    def answer(exchange: Exchange) -> None:
        exchange.begin(200, {"Content-Length": "10"})
        exchange.stall()

    def resolve(host: str, port: int) -> list[str]:
        done.wait(10)
        return []

    done = threading.Event()
    by = client(timeouts=Timeouts(first=0.3), resolver=resolve)
    with Web() as web:
        web.answer("/body", answer)
        web.answer("/head", Exchange.stall)
        started = time.monotonic()
        by.deadline.begin()
        with pytest.raises(SourceError, match="not found in time"):
            by.get(Target("http://a.example/"), {})
        by.deadline.begin()
        with pytest.raises(SourceError, match="too slowly"):
            get(web, "/head", by=by)
        by.deadline.begin()
        with pytest.raises(SourceError, match="too slowly"):
            body(get(web, "/body", by=by))
        by.deadline.begin()
        by.sleep(60)

        assert time.monotonic() - started < 3
        done.set()


def test_a_cancelled_client_asks_nothing() -> None:
    with Canary() as canary:
        by = client()
        by.cancel()

        with pytest.raises(Cancelled):
            by.get(Target(canary.url("/")), {})
        assert canary.connections == 0
