from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicbot.engine.cancellation import Cancelled
from musicbot.engine.hls import MAX_PLAYLIST, MAX_PLAYLISTS, OPTIONS, HlsOpener, absolute
from musicbot.engine.target import Headers, Target
from musicbot.engine.webclient import WebClient
from musicbot.errors import SourceError, SourceErrorKind
from musicbot.netpolicy import NetPolicy
from tests.support.fetching import client, record
from tests.support.loopback import Canary
from tests.support.web import Exchange, Faults, Web

SEGMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "ts": {"hls_segment_filename": "{}/s%d.ts"},
    "one file": {"hls_segment_filename": "{}/all.ts", "hls_flags": "single_file"},
    "mp4": {"hls_segment_filename": "{}/s%d.m4s", "hls_segment_type": "fmp4"},
    "encrypted": {"hls_segment_filename": "{}/s%d.ts", "hls_key_info_file": "{}/key.info"},
}


def write(folder: Path, kind: str = "ts") -> Path:
    """Write a playlist ``list.m3u8`` of four segments of a second."""
    (folder / "the.key").write_bytes(bytes(range(16)))
    (folder / "key.info").write_text(f"the.key\n{folder}/the.key\n")
    options = {name: value.format(folder) for name, value in SEGMENTS[kind].items()}
    options |= {"hls_time": "1", "hls_playlist_type": "vod"}
    return record(folder / "list.m3u8", "aac", container="hls", options=options)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a playlist and its segments, for tests that change neither."""
    folder = tmp_path_factory.mktemp("music")
    write(folder)
    return folder


@contextmanager
def playing(
    web: Web, path: str, *, by: WebClient | None = None, headers: Headers = ()
) -> Iterator[HlsOpener]:
    opener = HlsOpener(by or client(), Target(web.url(path), headers))
    try:
        yield opener
    finally:
        opener.close()


def packets(opener: HlsOpener) -> list[bytes]:
    """Play it all, as FFmpeg does; return what is in it."""
    with av.open(
        opener.playlist(), "r", format="hls", io_open=opener, options=dict(OPTIONS)
    ) as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio[0])]


def recorded(playlist: Path) -> list[bytes]:
    options = {"allowed_extensions": "ALL", "extension_picky": "0"}
    with av.open(str(playlist), "r", options=options) as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio[0])]


def playlist(*links: str, tags: str = "") -> bytes:
    segments = "".join(f"#EXTINF:1.0,\n{link}\n" for link in links)
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{tags}{segments}#EXT-X-ENDLIST\n".encode()


# Playing


@pytest.mark.parametrize("kind", SEGMENTS)
def test_a_playlist_is_played(kind: str, tmp_path: Path) -> None:
    expected = recorded(write(tmp_path, kind))
    with Web() as web, playing(web, "/music/list.m3u8") as opener:
        web.folder("/music", tmp_path)

        assert packets(opener) == expected
        assert len(expected) > 150
        assert opener.error is None


def test_links_are_relative_to_where_a_redirect_led(music: Path) -> None:
    expected = recorded(music / "list.m3u8")
    with Web() as web, playing(web, "/link/x") as opener:
        web.redirect("/link/x", "/music/list.m3u8")
        web.folder("/music", music)

        assert packets(opener) == expected


def test_a_playlist_may_lead_to_another(music: Path) -> None:
    expected = recorded(music / "list.m3u8")
    with Web() as web, playing(web, "/main") as opener:
        web.folder("/music", music)
        web.redirect("/variant", "/music/list.m3u8")
        web.file("/main", b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvariant\n")

        assert packets(opener) == expected


def test_a_live_playlist_is_asked_for_until_it_ends(music: Path) -> None:
    def answer(exchange: Exchange) -> None:
        links = [f"s{n}.ts" for n in range(min(2 * exchange.count, 4))]
        text = playlist(*links, tags="#EXT-X-MEDIA-SEQUENCE:0\n")
        if exchange.count < 2:
            text = text.replace(b"#EXT-X-ENDLIST\n", b"")
        exchange.reply(200, text, {})

    with Web() as web, playing(web, "/music/live") as opener:
        web.folder("/music", music)
        web.answer("/music/live", answer)

        packets(opener)

        assert web.hits("/music/live") == 2
        assert web.hits("/music/s3.ts") == 1


def test_segments_that_break_off_are_resumed(music: Path) -> None:
    expected = recorded(music / "list.m3u8")
    with Web() as web, playing(web, "/music/list.m3u8") as opener:
        web.folder("/music", music)
        segment = (music / "s2.ts").read_bytes()
        web.file("/music/s2.ts", segment, faults=Faults(drop_after=len(segment) // 2 + 1))

        assert packets(opener) == expected
        assert web.hits("/music/s2.ts") == 2


def test_secrets_are_shown_to_the_playlists_own_site_only(music: Path) -> None:
    with Web() as web, Web(host="127.0.0.2") as other:
        web.folder("/music", music)
        other.folder("/music", music)
        web.file("/list", playlist("music/s0.ts", other.url("/music/s1.ts")))
        with playing(web, "/list", headers=(("Cookie", "a=1"), ("X-Wish", "b"))) as opener:
            packets(opener)

        assert {request.headers.get("cookie") for request in web.requests} == {"a=1"}
        assert [request.headers.get("cookie") for request in other.requests] == [None]
        assert other.requests[0].headers["x-wish"] == "b"


# What is refused

HARMLESS = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ns0.ts\n"
EVIL: Final[Mapping[str, str]] = {
    "segment": HARMLESS + "#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
    "first segment": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
    "key": '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-KEY:METHOD=AES-128,URI="{}"\n'
    "#EXTINF:1,\ns0.ts\n#EXT-X-ENDLIST\n",
    "map": '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MAP:URI="{}"\n'
    "#EXTINF:1,\ns0.ts\n#EXT-X-ENDLIST\n",
    "variant": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{}\n",
    "rendition": '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="{}"\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\nharmless\n',
}


@pytest.mark.parametrize("where", EVIL)
@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f000001", "localhost", "[::ffff:127.0.0.1]"])
def test_nothing_in_a_playlist_leads_to_a_private_address(
    where: str, host: str, music: Path
) -> None:
    only = client(policy=NetPolicy.parse(["127.0.0.2"]))
    with Canary() as canary, Web(host="127.0.0.2") as web:
        web.folder("/", music)
        web.file("/harmless", playlist("s0.ts"))
        web.file("/list", EVIL[where].format(canary.url("/x.ts", host=host)).encode())
        with playing(web, "/list", by=only) as opener:
            with pytest.raises(SourceError) as caught:
                packets(opener)

            assert caught.value.kind is SourceErrorKind.BLOCKED_ADDRESS
            assert opener.error is not None
            assert opener.error.kind is SourceErrorKind.BLOCKED_ADDRESS
        assert canary.connections == 0


@pytest.mark.parametrize("where", EVIL)
def test_no_redirect_of_a_part_leads_to_a_private_address(where: str, music: Path) -> None:
    only = client(policy=NetPolicy.parse(["127.0.0.2"]))
    with Canary() as canary, Web(host="127.0.0.2") as web:
        web.folder("/", music)
        web.file("/harmless", playlist("s0.ts"))
        web.redirect("/moved.ts", canary.url())
        web.file("/list", EVIL[where].format("moved.ts").encode())
        with playing(web, "/list", by=only) as opener:
            with pytest.raises(SourceError) as caught:
                packets(opener)

            assert caught.value.kind is SourceErrorKind.BLOCKED_ADDRESS
        assert canary.connections == 0


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd",
        "file:///{secret}",
        "concat:/etc/passwd|/etc/hosts",
        "data:video/mp2t;base64,R0AREAAB",
        "crypto:/etc/passwd",
        "crypto+file:///etc/passwd",
        "cache:/etc/passwd",
        "tcp://127.0.0.1:1/x.ts",
        "udp://127.0.0.1:1/x.ts",
        "rtmp://127.0.0.1:1/x.ts",
        "ftp://127.0.0.1:1/x.ts",
        "http://[/x.ts",
    ],
)
@pytest.mark.parametrize("where", EVIL)
def test_nothing_in_a_playlist_leads_away_from_the_web(where: str, link: str, music: Path) -> None:
    with Web() as web, playing(web, "/list") as opener:
        web.folder("/", music)
        link = link.format(secret=f"{music}/s1.ts")
        web.file("/list", EVIL[where].format(link).encode())

        with pytest.raises(SourceError, match="not on the web") as caught:
            packets(opener)
        assert caught.value.kind is SourceErrorKind.UNSUPPORTED
        assert [request.path for request in web.requests] == ["/list"]


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "crypto:/etc/passwd", "crypto+file:///etc/passwd", "data:,x"]
)
def test_whatever_ffmpeg_asks_for_is_on_the_web(url: str) -> None:
    with Web() as web, playing(web, "/list") as opener:
        with pytest.raises(SourceError) as caught:
            opener(url, 1, {})
        assert caught.value.kind in (SourceErrorKind.UNSUPPORTED, SourceErrorKind.GONE)
        assert opener.error is caught.value


def test_a_segment_that_is_gone_is_no_end_of_the_music(music: Path) -> None:
    with Web() as web, playing(web, "/list.m3u8") as opener:
        web.folder("/", music)
        web.status("/s2.ts", 404)

        with pytest.raises(SourceError, match="error 404") as caught:
            packets(opener)
        assert caught.value.kind is SourceErrorKind.GONE
        assert opener.error is caught.value


def test_after_an_error_nothing_is_opened(music: Path) -> None:
    with Web() as web, playing(web, "/list") as opener:
        web.status("/gone", 404)
        with pytest.raises(SourceError):
            opener(web.url("/gone"), 1, {})

        assert opener(web.url("/other"), 1, {}).read() == b""
        assert web.hits("/other") == 0


def test_what_is_no_playlist_is_said_so() -> None:
    with Web() as web, playing(web, "/page") as opener:
        web.page("/page", "<p>Hello</p>")

        with pytest.raises(SourceError, match="no playlist") as caught:
            opener.playlist()
        assert caught.value.kind is SourceErrorKind.BROKEN


def test_a_playlist_without_end_is_given_up() -> None:
    def answer(exchange: Exchange) -> None:
        exchange.begin(200, {})
        for _ in range(MAX_PLAYLIST // 60_000 + 10):
            exchange.send(b"#EXTM3U\n" + b"#EXTINF:1,\nx.ts\n" * 4000)

    with Web() as web, playing(web, "/list") as opener:
        web.answer("/list", answer)

        with pytest.raises(SourceError, match="too long"):
            opener.playlist()


def test_a_playlist_of_very_many_playlists_is_given_up() -> None:
    with Web() as web, playing(web, "/list") as opener:
        for n in range(MAX_PLAYLISTS):
            web.file(f"/{n}", playlist("x.ts"))
        web.file("/list", playlist("x.ts"))
        opener.playlist()
        for n in range(MAX_PLAYLISTS - 1):
            opener(web.url(f"/{n}"), 1, {})

        with pytest.raises(SourceError, match="too many"):
            opener(web.url(f"/{MAX_PLAYLISTS - 1}"), 1, {})


def test_a_cancelled_playlist_opens_nothing() -> None:
    by = client()
    with Web() as web, playing(web, "/list", by=by) as opener:
        by.cancel()

        with pytest.raises(Cancelled):
            opener(web.url("/x.ts"), 1, {})
        assert web.connections == 0


# Completing links


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a.ts", "https://a.example/x/a.ts"),
        ("/a.ts?b=c", "https://a.example/a.ts?b=c"),
        ("//b.example/a.ts", "https://b.example/a.ts"),
        ("https://b.example/a.ts", "https://b.example/a.ts"),
        ("  a.ts  ", "https://a.example/x/a.ts"),
        ("", ""),
        ("# a remark", "# a remark"),
        ("#EXTINF:1.0,a.ts", "#EXTINF:1.0,a.ts"),
        (
            '#EXT-X-KEY:METHOD=AES-128,URI="the.key",IV=0x1',
            '#EXT-X-KEY:METHOD=AES-128,URI="https://a.example/x/the.key",IV=0x1',
        ),
        (
            '#EXT-X-MEDIA:TYPE=AUDIO,NAME="a,b",URI="../c.m3u8"',
            '#EXT-X-MEDIA:TYPE=AUDIO,NAME="a,b",URI="https://a.example/c.m3u8"',
        ),
        ('#EXT-X-DATERANGE:X-ASSET-URI="skip"', '#EXT-X-DATERANGE:X-ASSET-URI="skip"'),
    ],
)
def test_links_are_completed(line: str, expected: str) -> None:
    assert absolute(f"#EXTM3U\r\n{line}\r\n", "https://a.example/x/list") == f"#EXTM3U\n{expected}"


@given(st.text() | st.sampled_from(["file:///a.ts", '#EXT-X-KEY:URI="skd://a"', "http://["]))
def test_every_text_is_completed_or_refused(text: str) -> None:
    try:
        completed = absolute(text, "https://a.example/x/list")
    except SourceError:
        return
    links = [line for line in completed.splitlines() if line and not line.startswith("#")]
    assert all(link.startswith(("http://", "https://")) for link in links)
