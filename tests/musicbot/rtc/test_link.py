from __future__ import annotations

import asyncio
import logging
import socket

import pytest
from aiortc import RTCPeerConnection

from musicbot.rtc.candidates import MAX_CANDIDATES
from musicbot.rtc.link import Link
from tests.support.receiver import News

GOOD = "candidate:1 1 udp 2130706431 127.0.0.1 {} typ host"


def link(
    *,
    servers: list[dict[str, object]] | None = None,
    connect_time: float = 15.0,
    close_time: float = 5.0,
) -> tuple[Link, News]:
    news = News()
    made = Link(
        servers or [],
        loopback=True,
        on_lost=news.add,
        connect_time=connect_time,
        close_time=close_time,
    )
    made.connection.createDataChannel("x")
    return made, news


def remote(of: Link) -> list[int]:
    """Return the ports that would be tried."""
    return [candidate.port for candidate in of.dtls.transport.getRemoteCandidates()]


async def gather(of: RTCPeerConnection) -> str:
    await of.setLocalDescription(await of.createOffer())
    sdp: str = of.localDescription.sdp
    return sdp


async def test_what_is_not_connected_in_time_is_lost() -> None:
    made, news = link(connect_time=0.01)
    await news.wait_for("no connection within 0.01 s")
    await made.close()

    assert made.closed
    assert made.connection.connectionState == "closed"
    assert len(news.items) == 1


async def test_what_is_connected_is_not_given_up() -> None:
    made, news = link(connect_time=0.01)
    made.connected()
    expired = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.03, expired.set_result, None)
    await expired

    assert news.items == []
    await made.close()


async def test_who_closes_it_is_not_told_so() -> None:
    made, news = link()

    await made.close()
    await made.close()
    made.lose("too late")

    assert news.items == []
    assert made._timer.cancelled()


async def test_a_connection_that_ends_by_itself_is_lost_once() -> None:
    made, news = link()
    await made.connection.close()
    await made.close()

    assert news.items == ["the connection was closed"]


async def test_a_connection_that_fails_is_lost_and_closed() -> None:
    made, news = link()
    made.prepare()
    await gather(made.connection)
    made.connection._RTCPeerConnection__connectionState = "failed"  # type: ignore[attr-defined]
    made.connection.emit("connectionstatechange")
    await made.close()

    assert news.items == ["the connection failed"]
    assert made.connection.connectionState == "closed"


async def test_no_public_server_is_asked_when_none_is_given() -> None:
    made, _ = link()

    assert made.dtls.transport._connection.stun_server is None
    await made.close()


async def test_a_dead_server_costs_a_second() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        made, _ = link(servers=[{"urls": f"stun:127.0.0.1:{silent.getsockname()[1]}"}])
        made.prepare()
        start = asyncio.get_running_loop().time()
        sdp = await made.negotiate(gather(made.connection))

        assert asyncio.get_running_loop().time() - start < 3.0
        assert "127.0.0.1" in sdp
        await made.close()


async def test_closing_waits_for_a_step_that_is_under_way() -> None:
    made, _ = link()
    proceed = asyncio.Event()
    done: list[str] = []

    async def step() -> None:
        await proceed.wait()
        done.append(made.connection.signalingState)

    under_way = asyncio.create_task(made.negotiate(step()))
    await asyncio.sleep(0)
    closing = asyncio.create_task(made.close())
    await asyncio.sleep(0)
    proceed.set()
    await closing
    await under_way

    assert done == ["stable"]


async def test_a_step_is_finished_even_if_nobody_waits_for_it() -> None:
    made, _ = link()
    made.prepare()
    gathering = asyncio.create_task(made.negotiate(gather(made.connection)))
    await asyncio.sleep(0)
    gathering.cancel()
    await asyncio.wait([gathering])
    await made.close()

    assert gathering.cancelled()
    assert made.connection.iceGatheringState == "complete"


async def test_closing_goes_on_even_if_nobody_waits_for_it() -> None:
    made, _ = link()
    closing = asyncio.create_task(made.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    await made.close()

    assert made.connection.connectionState == "closed"


async def test_no_step_is_taken_when_it_is_closed() -> None:
    made, _ = link()
    await made.close()

    with pytest.raises(ConnectionError):
        await made.negotiate(gather(made.connection))


async def test_closing_has_an_end_even_if_a_step_has_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made, _ = link(close_time=0.01)
    stuck = asyncio.create_task(made.negotiate(asyncio.Event().wait()))
    await asyncio.sleep(0)

    with caplog.at_level(logging.WARNING):
        await made.close()

    assert "was not closed" in caplog.text
    for step in made._steps:
        step.cancel()
    await asyncio.wait([stuck])
    await made.connection.close()


async def test_candidates_that_come_early_wait_for_their_description() -> None:
    made, _ = link()
    for port in range(1, MAX_CANDIDATES + 10):
        await made.add_candidate(GOOD.format(port))
    early = remote(made)
    made.prepare()
    await made.add_candidates([GOOD.format(5000)])

    assert early == []
    assert remote(made) == [5000, *range(1, MAX_CANDIDATES)]
    await made.close()


async def test_useless_candidates_are_passed_over_and_do_not_count() -> None:
    made, _ = link()
    made.prepare()
    for port in range(1, MAX_CANDIDATES + 10):
        await made.add_candidate("candidate:nonsense")
        await made.add_candidate(GOOD.format(port))

    assert remote(made) == list(range(1, MAX_CANDIDATES + 1))
    await made.close()


async def test_candidates_are_passed_over_when_it_is_closed() -> None:
    made, _ = link()
    made.prepare()
    await made.close()
    await made.add_candidate(GOOD.format(5000))

    assert remote(made) == []
