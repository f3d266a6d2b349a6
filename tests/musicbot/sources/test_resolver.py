from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from musicbot.errors import SourceError, SourceErrorKind
from musicbot.sources import resolver as resolver_module
from musicbot.sources.resolver import LOOK_UPS, OPENS, WORKERS, Resolver
from musicbot.sources.turns import MAX_WAITING, MAX_WAITING_IN_ALL
from musicbot.sources.wire import Found, Target
from tests.support import fake_worker
from tests.support.processes import is_running, read_when_written, until, until_gone, written
from tests.support.real_worker import WORKER
from tests.support.web import Web

FAKE: Final = (sys.executable, "-I", "-S", fake_worker.__file__)


@asynccontextmanager
async def running(argv: Sequence[str] = FAKE, **options: Any) -> AsyncIterator[Resolver]:
    resolver = Resolver(argv, {}, **options)
    try:
        async with asyncio.timeout(30):
            yield resolver
    finally:
        await resolver.close()


def answered_by(found: Found) -> int:
    """Return the process that answered."""
    return int(found.entries[0].title.split()[-1])


async def test_every_kind_of_request_is_answered_by_the_same_worker() -> None:
    async with running() as resolver:
        found = [
            await resolver.look_up(Target("one")),
            await resolver.search("two"),
            await resolver.open(Target("three")),
        ]

    assert [each.entries[0].title.split()[:2] for each in found] == [
        ["look-up", "one"],
        ["search", "two"],
        ["open", "three"],
    ]
    assert len({answered_by(each) for each in found}) == 1


async def test_a_worker_that_was_warmed_up_is_used(tmp_path: Path) -> None:
    note = tmp_path / "starts"
    async with running((*FAKE, "counts", str(note))) as resolver:
        resolver.warm_up()
        resolver.warm_up()
        await resolver.look_up(Target("one"))

    assert len(note.read_text().split()) == 1


async def test_what_the_worker_answers_instead_is_raised() -> None:
    async with running() as resolver:
        with pytest.raises(SourceError, match="Not here") as caught:
            await resolver.look_up(Target("fail"))

    assert caught.value.kind is SourceErrorKind.GEO


async def test_who_is_late_is_killed_with_all_it_started_and_the_next_is_answered(
    tmp_path: Path,
) -> None:
    note = tmp_path / "child"
    async with running(look_up_time=0.5) as resolver:
        with pytest.raises(SourceError, match="longer than") as caught:
            await resolver.look_up(Target(f"spawn {note}"))

        assert caught.value.kind is SourceErrorKind.TIMEOUT
        await until_gone(int(note.read_text()))
        assert isinstance(await resolver.open(Target("one")), Found)


async def test_a_search_has_a_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver_module, "SEARCH_TIME", 0.2)
    async with running() as resolver, asyncio.timeout(10):
        with pytest.raises(SourceError, match="longer than") as caught:
            await resolver.search("hang")

    assert caught.value.kind is SourceErrorKind.TIMEOUT


async def test_a_worker_that_dies_over_a_request_is_replaced_and_asked_again(
    tmp_path: Path,
) -> None:
    async with running() as resolver:
        found = await resolver.look_up(Target(f"die-once {tmp_path / 'died'}"))

    assert isinstance(found, Found)


async def test_what_every_worker_dies_of_is_given_up() -> None:
    async with running() as resolver:
        with pytest.raises(SourceError) as caught:
            await resolver.look_up(Target("die"))
        assert isinstance(await resolver.look_up(Target("one")), Found)

    assert caught.value.kind is SourceErrorKind.BROKEN


async def test_without_a_program_everything_is_said_to_be_broken(tmp_path: Path) -> None:
    async with running((str(tmp_path / "nothing"),)) as resolver:
        resolver.warm_up()
        with pytest.raises(SourceError) as caught:
            await resolver.look_up(Target("one"))

    assert caught.value.kind is SourceErrorKind.BROKEN


async def test_a_worker_that_was_killed_while_idle_is_replaced() -> None:
    async with running() as resolver:
        pid = answered_by(await resolver.look_up(Target("one")))
        os.kill(pid, signal.SIGKILL)
        await until_gone(pid)

        assert answered_by(await resolver.look_up(Target("two"))) != pid


async def test_a_worker_is_replaced_after_many_requests() -> None:
    async with running(max_asked=2) as resolver:
        pids = [answered_by(await resolver.look_up(Target("one"))) for _ in range(4)]

    assert pids[0] == pids[1] != pids[2] == pids[3]


async def test_a_slow_look_up_holds_up_neither_another_nor_what_is_about_to_play() -> None:
    async with running() as resolver:
        slow = asyncio.create_task(resolver.look_up(Target("hang")))

        assert isinstance(await resolver.look_up(Target("one")), Found)
        slow_too = asyncio.create_task(resolver.search("hang"))
        assert isinstance(await resolver.open(Target("two")), Found)

        await cancelled(slow, slow_too)


@pytest.mark.parametrize(("how", "patience"), [("counts", 10.0), ("counts-slowly", 0.5)])
async def test_quick_requests_wait_for_each_other_instead_of_starting_workers(
    tmp_path: Path, how: str, patience: float
) -> None:
    note = tmp_path / "starts"
    async with running((*FAKE, how, str(note)), patience=patience) as resolver:
        resolver.warm_up()
        first = [resolver.look_up(Target("one")), resolver.open(Target("two"))]
        await asyncio.gather(*first, resolver.open(Target("three")))

    assert len(written(note).split()) == 1


async def test_behind_a_slow_request_a_worker_is_warm_for_the_next(tmp_path: Path) -> None:
    note, go = tmp_path / "starts", tmp_path / "go"
    async with running((*FAKE, "counts", str(note)), foresight=0.0) as resolver:
        slow = asyncio.create_task(resolver.look_up(Target(f"wait {go}")))
        _, warm = await starts(note, 2)

        assert answered_by(await resolver.look_up(Target("one"))) == warm
        go.touch()
        await slow


async def test_no_more_workers_run_than_allowed_and_one_stays(tmp_path: Path) -> None:
    note, go = tmp_path / "starts", tmp_path / "go"
    async with running((*FAKE, "counts", str(note)), foresight=60.0) as resolver:
        opens = [resolver.open(Target(f"wait {go}"), room=f"{n}") for n in range(OPENS + 2)]
        searches = [resolver.search(f"wait {go}", room=f"{n}") for n in range(LOOK_UPS + 2)]
        tasks = [asyncio.create_task(each) for each in opens + searches]
        await starts(note, WORKERS)
        go.touch()
        found = await asyncio.gather(*tasks)

        assert len({answered_by(each) for each in found}) == len(note.read_text().split())
        pids = [int(pid) for pid in note.read_text().split()]
        assert sum(is_running(pid) for pid in pids) == 1

    assert not any(is_running(pid) for pid in pids)


async def test_who_would_wait_too_long_is_sent_away() -> None:
    async with running() as resolver:
        tasks = endless_look_ups(resolver, "evil", LOOK_UPS - 1 + MAX_WAITING)
        await asyncio.sleep(0)

        with pytest.raises(SourceError, match="Too much"):
            await resolver.look_up(Target("one"), room="evil")

        await cancelled(*tasks)
        assert isinstance(await resolver.look_up(Target("one"), room="evil"), Found)


async def test_a_room_that_fills_the_line_gives_way_to_another() -> None:
    rooms = MAX_WAITING_IN_ALL // MAX_WAITING
    async with running() as resolver:
        tasks = [*endless_look_ups(resolver, "0", 1 + MAX_WAITING)]
        tasks += endless_look_ups(resolver, "1", 2 + MAX_WAITING)
        for room in range(2, rooms):
            tasks += endless_look_ups(resolver, f"{room}", MAX_WAITING)
        await asyncio.sleep(0)
        late = asyncio.create_task(resolver.look_up(Target("one"), room="good"))

        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert not late.done()
        await cancelled(*[task for task in tasks if task not in done])

        with pytest.raises(SourceError, match="Too much"):
            done.pop().result()
        assert done == set()
        assert isinstance(await late, Found)


async def test_a_room_that_asks_for_what_never_ends_holds_up_no_other() -> None:
    async with running() as resolver:
        tasks = endless_look_ups(resolver, "evil", MAX_WAITING)
        opening = asyncio.create_task(resolver.open(Target("hang"), room="evil"))
        await asyncio.sleep(0)

        async with asyncio.timeout(10):
            for number in range(3):
                assert isinstance(await resolver.look_up(Target(f"{number}"), room="good"), Found)
                assert isinstance(await resolver.open(Target(f"{number}"), room="good"), Found)

        assert not any(task.done() for task in (*tasks, opening))
        await cancelled(*tasks, opening)


async def test_a_room_whose_look_ups_came_late_goes_last(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with running(look_up_time=1.0) as resolver:
        late = await asyncio.gather(
            *endless_look_ups(resolver, "evil", LOOK_UPS - 1), return_exceptions=True
        )
        busy = [resolver.search(f"wait {go}", room=f"{n}") for n in range(LOOK_UPS - 1)]
        tasks = [asyncio.create_task(each) for each in busy]
        last = asyncio.create_task(resolver.search("one", room="evil"))

        assert isinstance(await resolver.search("two", room="good"), Found)
        assert not last.done()
        go.touch()
        assert isinstance(await last, Found)
        await asyncio.gather(*tasks)

    assert all(isinstance(each, SourceError) for each in late)


async def test_an_answer_to_somebody_who_left_is_given_to_nobody(tmp_path: Path) -> None:
    note = tmp_path / "child"
    async with running() as resolver:
        gone = asyncio.create_task(resolver.look_up(Target(f"spawn {note}")))
        child = int(await read_when_written(note))
        await cancelled(gone)

        found = await resolver.look_up(Target("one"))

        assert found.entries[0].title.startswith("look-up one")
        await until_gone(child)


async def test_closing_after_a_start_that_failed_is_quiet(tmp_path: Path) -> None:
    async with running((str(tmp_path / "nothing"),)) as resolver:
        resolver.warm_up()
        await asyncio.sleep(0)


async def test_closing_ends_a_worker_that_is_still_starting(tmp_path: Path) -> None:
    note = tmp_path / "starts"
    async with running((*FAKE, "counts", str(note))) as resolver:
        resolver.warm_up()
        [pid] = await starts(note, 1)
    await resolver.close()
    resolver.warm_up()

    assert not is_running(pid)


async def test_a_page_that_comes_byte_by_byte_is_given_up_in_time() -> None:
    real = (sys.executable, *WORKER, "--allow-net=127.0.0.1")
    with Web() as web:
        web.drip("/drip", seconds=0.1)
        async with running(real, look_up_time=2.0) as resolver:
            began = asyncio.get_running_loop().time()
            with pytest.raises(SourceError) as caught:
                await resolver.look_up(Target(web.url("/drip")))

            assert caught.value.kind is SourceErrorKind.TIMEOUT
            assert web.hits("/drip") == 1
            assert asyncio.get_running_loop().time() - began < 15


async def starts(note: Path, count: int) -> list[int]:
    """Wait for a number of workers; return their process ids."""
    pids = await until(lambda: [p for p in [written(note).split()] if len(p) >= count])
    return [int(pid) for pid in pids[0]]


async def cancelled(*tasks: asyncio.Task[Found]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def endless_look_ups(resolver: Resolver, room: str, count: int) -> list[asyncio.Task[Found]]:
    asking = [resolver.look_up(Target("hang"), room=room) for _ in range(count)]
    return [asyncio.create_task(each) for each in asking]
