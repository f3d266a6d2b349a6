from __future__ import annotations

import asyncio
import gc
import os
import re
import threading
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from musicbot.rtc.listener import Listener
from tests.support.listening import connect, connected, listener, on_air
from tests.support.receiver import News, Receiver


async def test_the_offer_is_of_opus_in_stereo_that_is_only_sent_and_of_messages() -> None:
    async with on_air() as room:
        end, _ = listener(room)
        offer = await end.offer()
        await end.close()

    lines = offer.splitlines()
    (payload_type,) = re.findall(r"a=rtpmap:(\d+) ", offer)
    assert [line for line in lines if line.startswith("m=")] == [
        f"m=audio {port(offer)} UDP/TLS/RTP/SAVPF {payload_type}",
        f"m=application {port(offer)} UDP/DTLS/SCTP webrtc-datachannel",
    ]
    assert "a=sendonly" in lines
    assert f"a=rtcp-fb:{payload_type} nack" in lines
    assert f"a=fmtp:{payload_type} minptime=10;stereo=1;sprop-stereo=1" in lines
    assert "a=extmap" not in offer
    assert "127.0.0.1" in offer


async def test_what_is_sent_is_what_aiortc_believes_to_have_offered() -> None:
    async with on_air() as room:
        end, _ = listener(room)
        offer = await end.offer()

        assert end._link.connection.localDescription.sdp == offer
        await end.close()


async def test_a_listener_is_open_hears_the_music_and_can_talk() -> None:
    async with connected() as heard:
        heard.receiver.say("!play")
        await heard.news.wait_for("!play")
        sent = heard.listener.send("playing")
        await heard.receiver.news.wait_for("playing")
        await heard.receiver.heard(5)

        assert sent
        assert heard.listener.listens
        assert heard.room.listeners == 1
        assert heard.news.items == ["open", "!play"]


async def test_all_packets_have_the_payload_type_that_was_agreed_on() -> None:
    async with on_air() as room, AsyncExitStack() as stack:
        end, news = listener(room)
        stack.push_async_callback(end.close)
        receiver = Receiver()
        stack.push_async_callback(receiver.close)
        offer = (await end.offer()).replace("SAVPF 96", "SAVPF 109").replace(":96 ", ":109 ")
        await end.accept(await receiver.answer(offer))
        await news.wait_for("open")

        assert {packet.payload_type for packet in await receiver.heard(5)} == {109}


async def test_a_listener_that_goes_away_is_noticed_at_once() -> None:
    async with connected() as heard:
        await heard.receiver.heard(3)
        await heard.receiver.close()
        await heard.news.until(lambda: len(heard.news.items) == 2)

        assert heard.news.items[1][0] == "closed"
        assert not heard.listener.listens
        assert heard.room.listeners == 0
        assert not heard.listener.send("too late")


async def test_a_listener_whose_channel_is_closed_is_gone() -> None:
    async with connected() as heard:
        assert heard.receiver.channel is not None
        heard.receiver.channel.close()
        await heard.news.until(lambda: len(heard.news.items) == 2)

        assert heard.news.items[1] == ("closed", "the data channel was closed")
        assert heard.room.listeners == 0


async def test_who_does_not_answer_is_given_up() -> None:
    async with on_air() as room:
        end, news = listener(room, connect_time=0.05)
        await end.offer()
        await news.until(lambda: bool(news.items))
        await end.close()

    assert news.items == [("closed", "no connection within 0.05 s")]


async def test_who_answers_but_cannot_be_reached_is_given_up() -> None:
    async with on_air() as room:
        end, news = listener(room, connect_time=0.2)
        receiver = Receiver()
        answer = await receiver.answer(await end.offer())
        await receiver.close()
        await end.accept(answer)
        await news.until(lambda: bool(news.items))
        await end.close()

        assert [item[0] for item in news.items] == ["closed"]
        assert room.listeners == 0


async def test_an_answer_that_does_not_want_the_music_is_refused() -> None:
    async with on_air() as room:
        end, news = listener(room)
        receiver = Receiver()
        answer = await receiver.answer(await end.offer())
        for bad in ("", answer.replace("a=recvonly", "a=inactive"), answer[: len(answer) // 2]):
            with pytest.raises(ValueError, match="The session description"):
                await end.accept(bad)
        # What was refused has changed nothing.
        await end.accept(answer)
        await news.wait_for("open")
        await end.close()
        await receiver.close()


async def test_what_aiortc_refuses_is_refused() -> None:
    async with on_air() as room:
        end, _ = listener(room)
        receiver = Receiver()
        answer = await receiver.answer(await end.offer())

        with pytest.raises(ValueError, match="RTCP mux"):
            await end.accept(answer.replace("a=rtcp-mux\r\n", ""))
        await end.close()
        await receiver.close()


async def test_only_the_first_answer_counts() -> None:
    async with on_air() as room:
        end, news = listener(room)
        receiver = Receiver()
        answer = await receiver.answer(await end.offer())
        await end.accept(answer)

        with pytest.raises(ValueError, match="answer before"):
            await end.accept(answer)
        await news.wait_for("open")
        await end.close()
        await receiver.close()


async def test_an_answer_before_the_offer_is_refused() -> None:
    async with on_air() as room:
        first, _ = listener(room)
        receiver = Receiver()
        answer = await receiver.answer(await first.offer())
        second, _ = listener(room)

        with pytest.raises(ValueError, match="no offer"):
            await second.accept(answer)
        for end in (first, second, receiver):
            await end.close()


async def test_an_answer_that_wants_to_send_as_well_gets_no_decoder() -> None:
    threads = threading.active_count()
    async with on_air() as room:
        end, news = listener(room)
        receiver = Receiver()
        answer = await receiver.answer(await end.offer())
        await end.accept(answer.replace("a=recvonly", "a=sendrecv"))
        await news.wait_for("open")

        assert end.listens
        assert threading.active_count() == threads
        await end.close()
        await receiver.close()


async def test_candidates_may_come_one_by_one() -> None:
    async with on_air() as room:
        end, news = listener(room)
        receiver = Receiver()
        answer = await receiver.answer(await end.offer())
        candidates = re.findall(r"a=(candidate:.*)\r\n", answer)
        await end.accept(re.sub(r"a=(candidate:.*|end-of-candidates)\r\n", "", answer))
        for candidate in [*candidates, "candidate:nonsense", "", None]:
            await end.add_candidate(candidate)
        await news.wait_for("open")

        assert await receiver.heard(3)
        await end.close()
        await receiver.close()


async def test_candidates_of_the_answer_are_tried() -> None:
    async with on_air() as room:
        end, _ = listener(room)
        receiver = Receiver()
        answer = await receiver.answer(await end.offer())
        await end.accept(answer)

        known = end._link.dtls.transport.getRemoteCandidates()
        assert {str(candidate.port) for candidate in known} == set(
            re.findall(r"candidate:\S+ 1 udp \d+ \S+ (\d+)", answer)
        )
        await end.close()
        await receiver.close()


async def test_candidates_may_come_before_the_answer() -> None:
    async with on_air() as room:
        end, news = listener(room)
        receiver = Receiver()
        answer = await receiver.answer(await end.offer())
        for candidate in re.findall(r"a=(candidate:.*)\r\n", answer):
            await end.add_candidate(candidate)
        await end.accept(re.sub(r"a=(candidate:.*|end-of-candidates)\r\n", "", answer))
        await news.wait_for("open")
        await end.close()
        await receiver.close()


async def test_one_who_only_gives_commands_gets_no_music() -> None:
    end, _ = listener(None)
    offer = await end.offer()
    await end.close()

    assert "m=audio" not in offer
    assert "m=application" in offer
    assert not end.listens


async def test_ten_may_join_at_once_while_another_listens() -> None:
    async with on_air() as room, connected(room) as first, AsyncExitStack() as stack:
        pairs = [(*listener(room), Receiver()) for _ in range(10)]
        for end, _, receiver in pairs:
            stack.push_async_callback(end.close)
            stack.push_async_callback(receiver.close)
        await asyncio.gather(*(connect(end, receiver) for end, _, receiver in pairs))
        for _, _, receiver in pairs:
            await receiver.heard(10)

        assert room.listeners == 11
        for receiver in [first.receiver, *(receiver for _, _, receiver in pairs)]:
            assert receiver.gaps() == []
            assert receiver.failures == 0
        assert first.receiver.is_paced()


@pytest.mark.parametrize("state", ["new", "offering", "offered", "answered", "open", "lost"])
async def test_it_can_be_closed_in_any_state_and_leaves_nothing_behind(state: str) -> None:
    async with on_air() as room:
        # The first connection loads what stays.
        await go_through(room_end=listener(room), state="open")
        before = leftovers()
        await go_through(room_end=listener(room), state=state)

        assert leftovers() == before
        assert room.listeners == 0


async def test_connections_that_come_and_go_leave_nothing_behind() -> None:
    async with on_air() as room:
        await go_through(room_end=listener(room), state="open")
        before = leftovers()
        for _ in range(10):
            await go_through(room_end=listener(room), state="open")

        assert leftovers() == before


async def test_a_closed_one_takes_no_answer_and_makes_no_offer() -> None:
    async with on_air() as room:
        end, news = listener(room)
        await end.close()

        with pytest.raises(ConnectionError):
            await end.offer()
        with pytest.raises(ConnectionError):
            await end.accept("v=0\r\n")
        await end.add_candidate("candidate:1 1 udp 1 127.0.0.1 5000 typ host")
        assert not end.send("too late")
        assert news.items == []


async def test_one_that_is_closed_while_it_connects_is_not_sent_music() -> None:
    async with connected() as heard:
        end, _ = listener(heard.room)
        parameters = heard.listener._link.connection.getSenders()[0]
        await end.close()
        end._start(parameters)  # type: ignore[arg-type]

        assert not end.listens
        assert heard.room.listeners == 1


async def go_through(room_end: tuple[Listener, News], state: str) -> None:
    """Take a connection into a state and close it."""
    end, news = room_end
    receiver = Receiver()
    if state == "offering":
        offering = asyncio.create_task(end.offer())
        await asyncio.sleep(0)
        await end.close()
        await asyncio.wait([offering])
    elif state != "new":
        offer = await end.offer()
        if state != "offered":
            await end.accept(await receiver.answer(offer))
        if state in ("open", "lost"):
            await news.wait_for("open")
            await receiver.heard(2)
        if state == "lost":
            await receiver.close()
            await news.until(lambda: len(news.items) == 2)
    await end.close()
    await end.close()
    await receiver.close()


def leftovers() -> tuple[int, int, int]:
    """Return how many tasks, open files and threads there are."""
    gc.collect()
    files = Path("/proc/self/fd")
    return (
        len(asyncio.all_tasks()),
        len(os.listdir(files)) if files.is_dir() else 0,
        threading.active_count(),
    )


def port(offer: str) -> str:
    """Return the port of an offer's first line of media."""
    found = re.search(r"m=audio (\d+)", offer)
    assert found is not None
    return found[1]
