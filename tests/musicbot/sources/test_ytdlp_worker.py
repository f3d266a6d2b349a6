"""Tests of the worker with the real yt-dlp, which is shown a web of pages on loopback."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
import pytest

from musicbot.core.media import HttpMedia
from musicbot.errors import SourceErrorKind
from musicbot.netpolicy import NetPolicy
from musicbot.sources.wire import Entry, Failed, Found, Target
from musicbot.sources.ytdlp_worker import OUT_OF_MEMORY, AddressRefused, Guard
from tests.support import search_worker
from tests.support.processes import is_running
from tests.support.real_worker import WORKER, RealWorker
from tests.support.search_worker import serve_search
from tests.support.web import SECRET, Canary, Web

Kind = SourceErrorKind

SEARCHER: Final = ("-I", search_worker.__file__)

SEGMENT: Final = b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n"


@dataclass(frozen=True, slots=True)
class World:
    """What the tests of this module share, because a worker takes a second to start."""

    web: Web
    canary: Canary
    worker: RealWorker

    def found(self, path: str) -> Found:
        reply = self.worker.look_up(self.web.url(path))
        assert isinstance(reply, Found)
        return reply

    def media(self, entry: Entry) -> HttpMedia:
        """Return how an entry is opened when its turn comes."""
        reply = self.worker.open(entry.target)
        assert isinstance(reply, Found)
        [opened] = reply.entries
        assert opened.media is not None
        return opened.media

    def failed(self, path: str) -> Failed:
        reply = self.worker.look_up(self.web.url(path))
        assert isinstance(reply, Failed)
        return reply


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Web() as web, Canary("127.0.0.2") as canary:
        search = serve_search(
            web,
            "/search",
            [
                (web.url("/live.mp3"), "A song on air", None),
                (web.url("/song.mp3"), "A song", 61.0),
                (web.url("/film.mp3"), "A song with pictures", 62.0),
            ],
        )
        with RealWorker("--search", search, program=SEARCHER) as worker:
            yield World(web, canary, worker)


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "flac", "ogg", "opus", "wav", "webm", "aac"])
def test_a_link_to_a_file_is_one_piece(world: World, suffix: str) -> None:
    path = f"/music/F%C3%BCr%20Elise.{suffix}"
    world.web.file(path, bytes(5000), f"audio/{suffix}")

    [entry] = world.found(path).entries

    assert entry.title == "Für Elise"
    assert not entry.live
    assert entry.media is not None
    assert entry.media.url == world.web.url(path)
    assert not entry.media.hls
    assert entry.lifetime > 0


def test_a_file_behind_a_redirect_is_found(world: World) -> None:
    world.web.file("/there.mp3", bytes(5000))
    world.web.redirect("/moved", "/there.mp3")

    [entry] = world.found("/moved").entries

    assert entry.shown == world.web.url("/moved")
    assert entry.media is not None
    assert entry.media.url == world.web.url("/there.mp3")


def test_radio_is_found_in_either_dialect(world: World) -> None:
    world.web.radio("/radio", bytes(50_000))
    world.web.radio("/old", bytes(50_000), old=True)

    [entry] = world.found("/radio").entries
    [old] = world.found("/old").entries

    assert entry.media is not None
    assert entry.media.url == world.web.url("/radio")
    assert old.media is not None
    assert old.media.url == world.web.url("/old")
    assert old.live


@pytest.mark.parametrize(("end", "live"), [(b"#EXT-X-ENDLIST\n", False), (b"", True)])
def test_hls_is_told_from_files_and_live_from_what_ends(
    world: World, end: bytes, live: bool
) -> None:
    world.web.file("/hls/index.m3u8", SEGMENT + end)

    [entry] = world.found("/hls/index.m3u8").entries

    assert entry.media is not None
    assert entry.media.hls
    assert entry.live is live
    assert entry.duration == (None if live else 6.0)


def test_a_page_with_a_player_is_one_piece_with_the_page_s_title(world: World) -> None:
    world.web.file("/a song.webm", bytes(5000))
    world.web.audio_page("/page", "/a song.webm", title="Some & music")

    [entry] = world.found("/page").entries

    assert entry.title == "Some & music"
    assert entry.shown == world.web.url("/page")
    assert entry.media is not None
    assert entry.media.url in (world.web.url("/a song.webm"), world.web.url("/a%20song.webm"))
    assert ("Referer", world.web.url("/page")) in entry.media.headers


def test_a_page_with_many_players_is_a_list_whose_pieces_are_found_again(world: World) -> None:
    world.web.audio_page("/three", "/1.mp3", "/2.mp3", "/3.mp3", title="Three")

    found = world.found("/three")

    assert found.title == "Three"
    assert [world.media(entry).url for entry in found.entries] == [
        world.web.url(f"/{number}.mp3") for number in (1, 2, 3)
    ]


def test_a_feed_is_listed_without_looking_at_its_entries(world: World) -> None:
    for number in (1, 2, 3):
        world.web.file(f"/episode{number}.mp3", bytes(5000))
    episodes = {f"Episode {n}": world.web.url(f"/episode{n}.mp3") for n in (1, 2, 3)}
    world.web.feed("/feed", episodes, title="A podcast")

    found = world.found("/feed")

    assert found.title == "A podcast"
    assert [entry.title for entry in found.entries] == list(episodes)
    assert world.web.hits("/episode1.mp3") == 0
    assert world.media(found.entries[2]).url == world.web.url("/episode3.mp3")
    assert world.web.hits("/episode2.mp3") == 0


def test_a_long_feed_is_cut(world: World) -> None:
    world.web.feed("/long", {f"Episode {n}": world.web.url(f"/{n}.mp3") for n in range(150)})

    assert len(world.found("/long").entries) == 100


def test_a_list_of_stations_is_read(world: World) -> None:
    world.web.radio("/station", bytes(50_000))
    lines = f"#EXTM3U\n#EXTINF:-1,One\n{world.web.url('/station')}\n"
    world.web.file("/listen.m3u", lines.encode(), "audio/x-mpegurl")

    [entry] = world.found("/listen.m3u").entries

    assert world.media(entry).url == world.web.url("/station")


def test_a_list_that_holds_itself_ends(world: World) -> None:
    world.web.file("/itself.m3u", world.web.url("/itself.m3u").encode() + b"\n", "audio/x-mpegurl")

    [entry] = world.found("/itself.m3u").entries
    reply = world.worker.open(entry.target)

    assert isinstance(reply, Failed)
    assert reply.kind is Kind.UNSUPPORTED


def test_of_a_list_that_became_one_the_first_is_opened(world: World) -> None:
    world.web.file("/only.mp3", bytes(5000))
    world.web.feed("/small", {"Only": world.web.url("/only.mp3")})

    media = world.media(Entry(Target(world.web.url("/small")), "", "Only"))

    assert media.url == world.web.url("/only.mp3")


def test_words_find_the_first_result_that_ends(world: World) -> None:
    reply = world.worker.search("a song")

    assert isinstance(reply, Found)
    [entry] = reply.entries
    assert entry.title == "A song"
    assert entry.duration == 61.0
    assert reply.title is None


def test_words_that_find_nothing_are_explained(world: World) -> None:
    reply = world.worker.search("no such thing")

    assert isinstance(reply, Failed)
    assert reply.kind is Kind.NOTHING_FOUND
    assert "words" in reply.text


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, Kind.GONE), (403, Kind.PRIVATE), (429, Kind.NETWORK), (500, Kind.NETWORK)],
)
def test_what_a_server_refuses_is_explained_without_quoting_it(
    world: World, status: int, kind: SourceErrorKind
) -> None:
    world.web.status(f"/{status}", status)

    failed = world.failed(f"/{status}")

    assert failed.kind is kind
    assert str(status) in failed.text or status == 429
    assert SECRET.decode() not in failed.text


def test_a_page_without_music_is_explained(world: World) -> None:
    world.web.page("/text", "<html><body><h1>Nothing to hear</h1></body></html>")

    assert world.failed("/text").kind is Kind.UNSUPPORTED


@pytest.mark.parametrize("kind", ["endless", "gzip_bomb"])
def test_a_page_that_does_not_end_is_given_up_and_the_worker_goes_on(
    world: World, kind: str
) -> None:
    getattr(world.web, kind)("/much")
    world.web.file("/after.mp3", bytes(5000))

    assert "too large" in world.failed("/much").text
    assert len(world.found("/after.mp3").entries) == 1


def test_redirects_in_a_circle_are_explained(world: World) -> None:
    world.web.redirect("/circle", "/circle")

    assert "circles" in world.failed("/circle").text


def test_a_redirect_to_a_file_of_this_machine_is_refused(world: World) -> None:
    world.web.redirect("/to-file", "file:///etc/passwd")

    assert world.failed("/to-file").kind is Kind.UNSUPPORTED


@pytest.mark.parametrize("url", ["http://nowhere.invalid/a.mp3", "https://127.0.0.1:{port}/x"])
def test_a_site_that_cannot_be_reached_is_explained(world: World, url: str) -> None:
    reply = world.worker.look_up(url.format(port=world.web.port))

    assert isinstance(reply, Failed)
    assert reply.kind is Kind.NETWORK


def private_pages(world: World) -> Iterator[str]:
    """Serve all ways that lead to the canary; yield their addresses."""
    target = world.canary.url("/secret.mp3")
    yield target
    for host in ("127.2", "2130706434", "0x7f000002", "[::ffff:127.0.0.2]"):
        yield world.canary.url("/secret.mp3", host=host)
    world.web.redirect("/to-private", target)
    world.web.audio_page("/private-player", target)
    world.web.page("/private-frame", f'<html><body><iframe src="{target}"></iframe></body></html>')
    master = f'#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.2"\n{target}\n'
    world.web.file("/private.m3u8", master.encode())
    world.web.file("/private.m3u", target.encode(), "audio/x-mpegurl")
    world.web.feed("/private-feed", {"Secret": target})
    for path in ("/to-private", "/private-player", "/private-frame", "/private.m3u8"):
        yield world.web.url(path)
    yield world.web.url("/private.m3u")
    yield world.web.url("/private-feed")


def test_nothing_connects_to_a_private_address_whatever_leads_there(world: World) -> None:
    kinds = set()
    for url in private_pages(world):
        reply = world.worker.look_up(url)
        if isinstance(reply, Found):
            # A list shows what it holds; its entries are refused when their turn comes.
            reply = world.worker.open(reply.entries[0].target)
        assert isinstance(reply, Failed), url
        kinds.add((reply.kind, url if reply.kind is not Kind.BLOCKED_ADDRESS else ""))

    assert kinds == {
        (Kind.BLOCKED_ADDRESS, ""),
        (Kind.UNSUPPORTED, world.web.url("/private-frame")),
    }
    assert world.canary.connections == 0


def test_a_search_that_cannot_be_reached_is_explained_to_who_typed_words() -> None:
    with Web() as web:
        gone = f"loopsearch:{web.url('/search?q=')}"
    with RealWorker("--search", gone, program=SEARCHER) as worker:
        reply = worker.search("some words")
        code = worker.end()

    assert isinstance(reply, Failed)
    assert reply.kind is Kind.NETWORK
    assert "search" in reply.text
    assert worker.ready.version
    assert code == 0


def test_a_worker_that_takes_too_much_memory_says_so_and_ends() -> None:
    with RealWorker(program=SEARCHER) as worker:
        reply = worker.look_up("hungry:")
        code = worker.end()

    assert isinstance(reply, Failed)
    assert reply.kind is Kind.UNSUPPORTED
    assert code == OUT_OF_MEMORY


def test_a_worker_that_nobody_ends_is_busy_for_a_minute_at_most() -> None:
    with RealWorker(program=SEARCHER) as worker:
        with pytest.raises(msgspec.DecodeError):
            worker.look_up("busy:")
        code = worker.end()

    assert code == -signal.SIGALRM


def test_a_worker_ends_with_whoever_started_it_even_in_the_middle_of_a_look_up() -> None:
    """The pipe to its input is held open, so its end is not what the worker notices."""
    starter = (
        "import subprocess, sys;"
        "worker = subprocess.Popen(sys.argv[1:], stdin=0, stdout=subprocess.PIPE);"
        "worker.stdout.readline();"
        "print(worker.pid, flush=True);"
        "worker.wait()"
    )
    argv = (sys.executable, "-c", starter, sys.executable, *WORKER)
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        while is_running(pid):
            threading.Event().wait(0.01)


def test_settings_that_make_no_sense_end_the_worker() -> None:
    argv = (sys.executable, *WORKER, "--allow-net=nonsense")

    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)

    assert done.returncode != 0
    assert b"is no network" in done.stderr


GUARD: Final = NetPolicy.parse(["127.0.0.1"])


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("socket.connect", (None, ("127.0.0.1", 8000))),
        ("socket.connect", (None, ("93.184.216.34", 80))),
        ("socket.sendto", (None, ("127.0.0.1", 8000))),
        ("socket.sendmsg", (None, None)),
        ("subprocess.Popen", ("/bin/deno", ["deno"], None, None)),
        ("open", ("/etc/hosts", "r", 0)),
    ],
)
def test_the_guard_lets_what_is_allowed_happen(event: str, args: tuple[object, ...]) -> None:
    guard = Guard(GUARD, "/bin/deno")

    guard(event, args)

    assert not guard.refused


@pytest.mark.parametrize(
    ("event", "address"),
    [
        ("socket.connect", ("127.0.0.2", 8000)),
        ("socket.connect", ("127.0.0.1", 22)),
        ("socket.connect", ("localhost", 8000)),
        ("socket.connect", "/run/docker.sock"),
        ("socket.sendto", ("::1", 8000, 0, 0)),
        ("socket.sendmsg", ("10.0.0.1", 53)),
    ],
)
def test_the_guard_refuses_other_addresses(event: str, address: object) -> None:
    guard = Guard(GUARD, None)

    with pytest.raises(AddressRefused):
        guard(event, (None, address))

    assert guard.refused


@pytest.mark.parametrize(
    ("event", "program"),
    [
        ("subprocess.Popen", "/bin/sh"),
        ("subprocess.Popen", "deno"),
        ("os.system", "/bin/deno"),
        ("os.exec", "/bin/deno"),
        ("os.posix_spawn", "/bin/deno"),
    ],
)
def test_the_guard_lets_no_other_program_start(event: str, program: str) -> None:
    with pytest.raises(PermissionError):
        Guard(GUARD, "/bin/deno")(event, (program, ["x"], None, None))
